//! A handler's deployment package: where it is in the stack's home bucket, and what it was built from.

use serde::{Deserialize, Serialize};

/// What a package was built from. The same sources give another package with another compiler. So both are recorded
/// apart, and only other sources are a change (`docs/decisions/same-sources-are-no-change.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeOrigin {
    /// A digest of the handlers' sources and of the way they are built, in lower-case hexadecimal.
    pub sources: String,
    /// The compiler, by the first line that it says of itself.
    pub toolchain: String,
}

/// The key of a package in the home bucket, from the SHA-256 of its bytes in lower-case hexadecimal.
///
/// The key contains the digest, so new code never overwrites the code of existing functions. Lambda reports only the
/// digest of the code it runs (`CodeSha256`).
#[must_use]
pub fn bundle_key(sha256_hex: &str) -> String {
    format!("bundle/{sha256_hex}.zip")
}

/// The longest template in bytes that a call takes; a longer one goes by its URL in S3 (CloudFormation quotas).
pub const INLINE_TEMPLATE: usize = 51_200;

/// The key of a CloudFormation template with this SHA-256 in a home bucket.
#[must_use]
pub fn template_key(sha256_hex: &str) -> String {
    format!("template/{sha256_hex}.json")
}
