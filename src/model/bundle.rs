//! The location of a handler's deployment package in the stack's home bucket.

/// The key of a package in the home bucket, from the SHA-256 of its bytes in lower-case hexadecimal.
///
/// The key contains the digest, so new code never overwrites the code of existing functions. Lambda reports only the
/// digest of the code it runs (`CodeSha256`).
#[must_use]
pub fn bundle_key(sha256_hex: &str) -> String {
    format!("bundle/{sha256_hex}.zip")
}
