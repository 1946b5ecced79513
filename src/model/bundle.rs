//! Where a handler's deployment package lies in the account's home bucket.

/// The key of a package in the home bucket, from the SHA-256 of its bytes in lower-case hexadecimal.
///
/// The key is the digest, so new code never overwrites the code that functions were made from. Lambda says of the code
/// that it runs only the digest (`CodeSha256`).
#[must_use]
pub fn bundle_key(sha256_hex: &str) -> String {
    format!("bundle/{sha256_hex}.zip")
}
