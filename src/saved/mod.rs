//! Saved plans: `plan --out` writes them and `apply FILE` carries them out. Pure.
//!
//! A [`Saved`] plan holds the declarations, the bundles they deploy, and a [`PlanFingerprint`] of the state the plan
//! depends on. The fingerprint holds digests only, because the observed state may be confidential. The file is a
//! readable zip, sealed by a digest over all its bytes. The seal detects damage. Only a person or a pipeline that kept
//! the [`Digest`] can tell that it is the plan that was reviewed. Applying it needs neither the sources nor a compiler. The plan
//! is made again from these declarations and the account, and carried out only if its fingerprint is the same.

mod archive;
mod digest;
mod error;
mod fingerprint;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use archive::is_saved;
pub use digest::{Digest, NoDigest};
pub use error::{BrokenPlan, StalePlan};
pub use fingerprint::{ChangedSince, PlanFingerprint};

use crate::model::{CodeOrigin, Declaration, Scope};

/// The version of the file's format. A program reads only its own.
pub const FORMAT: u32 = 1;
/// The version of this program, with its commit. Only the version that made a plan may apply it: another one might read
/// the same account differently.
pub const VERSION: &str = crate::model::VERSION;

/// The description of a saved plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the file's format.
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
    /// Whether it adopts untagged resources.
    pub adopt: bool,
    /// The handlers' packages in the file, by handler.
    pub bundles: Vec<Package>,
    /// Packages that functions run already and keep. They are not in the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Package>,
}

/// A handler's deployment package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The handler.
    pub handler: String,
    /// The SHA-256 of the package in lower-case hexadecimal, which is also its name in the file.
    pub sha256: String,
    /// What it was built from; a package of an older version does not say.
    #[serde(flatten)]
    pub origin: Option<CodeOrigin>,
}

/// A plan in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// Its description.
    pub manifest: Manifest,
    /// The stack file it was made from, in normal form.
    pub stack_file: String,
    /// The declarations, including the contents of files that the stack file names.
    pub declarations: Vec<Declaration>,
    /// The state it depends on.
    pub fingerprint: PlanFingerprint,
    /// The packages' bytes, in the manifest's order.
    pub packages: Vec<Vec<u8>>,
}

impl Saved {
    /// The file's bytes and their digest, which names the plan from now on. The same plan gives the same bytes.
    ///
    /// # Errors
    /// When the written plan could not be read back unchanged.
    pub fn encode(&self) -> Result<(Vec<u8>, Digest), BrokenPlan> {
        archive::write(self)
    }

    /// The plan in a file, and its digest. Every byte of the file is covered by the digest.
    ///
    /// # Errors
    /// When the file is incomplete, altered, of another format or version, or contradicts itself.
    pub fn decode(bytes: &[u8]) -> Result<(Self, Digest), BrokenPlan> {
        archive::read(bytes)
    }

    /// The plan in a file, if its digest is `reviewed`. The digest is compared before anything in the file is read: whoever
    /// can write the file can also seal it.
    ///
    /// # Errors
    /// When its digest is another one, and as [`decode`](Self::decode).
    pub fn decode_reviewed(bytes: &[u8], reviewed: Digest) -> Result<Self, BrokenPlan> {
        let found = archive::digest(bytes)?;
        if found != reviewed {
            return Err(BrokenPlan::NotReviewed { found, reviewed });
        }
        archive::read(bytes).map(|(saved, _)| saved)
    }
}
