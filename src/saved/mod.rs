//! Saved plans: what `plan --out` writes and `apply FILE` carries out. Pure.
//!
//! A [`Saved`] plan holds the declarations, the bundles they deploy, and what the plan [`PlanFingerprint`] on as digests: what was
//! observed may be nobody else's business, so the file says whether it is still the same and not what it was. The file
//! is a zip that anybody can look into, sealed by a digest over all its bytes. Applying it needs neither the sources nor
//! a compiler: the plan is made again from these declarations and the account, and carried out only if it still rests on
//! the same.

mod archive;
mod error;
mod fingerprint;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use archive::is_saved;
pub use error::{Fault, Refused};
pub use fingerprint::{ChangedSince, PlanFingerprint};

use crate::model::{Declaration, Scope};

/// The version of the file's form. A program reads exactly its own.
pub const FORMAT: u32 = 1;
/// The version of this program. What one version planned is for that version to apply: another might read the same
/// account in another way.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a saved plan says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the file's form.
    pub format: u32,
    /// The version of this program that made it.
    pub provision: String,
    /// The stack, its account and region.
    #[serde(flatten)]
    pub scope: Scope,
    /// When it was made.
    pub made: Timestamp,
    /// Who made it: the caller's ARN.
    pub by: String,
    /// Whether it takes over what carries nobody's mark.
    pub adopt: bool,
    /// The handlers' packages, by handler.
    pub bundles: Vec<Package>,
}

/// A handler's deployment package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The handler.
    pub handler: String,
    /// The SHA-256 of the package in lower-case hexadecimal, which is also its name in the file.
    pub sha256: String,
}

/// A plan in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The stack file it was made from, in normal form.
    pub stack_file: String,
    /// What is declared, the contents of the files that the stack file names included.
    pub declarations: Vec<Declaration>,
    /// What it rests on.
    pub fingerprint: PlanFingerprint,
    /// The packages' bytes, in the manifest's order.
    pub packages: Vec<Vec<u8>>,
}

impl Saved {
    /// The file's bytes, the same for the same plan, and their digest, which is the plan's name from now on.
    ///
    /// # Errors
    /// When it cannot be written as it would have to be read.
    pub fn encode(&self) -> Result<(Vec<u8>, String), Fault> {
        archive::write(self)
    }

    /// The plan in a file, and its digest. Every byte of the file is covered by the digest.
    ///
    /// # Errors
    /// When the file is not whole, not as it was written, of another format or version, or contradicts itself.
    pub fn decode(bytes: &[u8]) -> Result<(Self, String), Fault> {
        archive::read(bytes)
    }
}
