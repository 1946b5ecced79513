//! The location of a handler's deployment package in the account's home bucket.

/// The key of a package in the home bucket, from the SHA-256 of its bytes in lower-case hexadecimal.
///
/// The key contains the digest, so new code has a new key. A function's `Code.S3Key` changes exactly when its code
/// does. Lambda's `CodeSha256` leads back to the key.
#[must_use]
pub fn bundle_key(sha256_hex: &str) -> String {
    format!("bundle/{sha256_hex}.zip")
}

/// The digest in a key made by [`bundle_key`]. `None` for any other key.
#[must_use]
pub fn bundle_digest(key: &str) -> Option<&str> {
    key.strip_prefix("bundle/")?.strip_suffix(".zip")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_back_to_its_digest() {
        assert_eq!(bundle_key("0aff"), "bundle/0aff.zip");
        assert_eq!(bundle_digest("bundle/0aff.zip"), Some("0aff"));
        assert_eq!(bundle_digest("code.zip"), None);
    }
}
