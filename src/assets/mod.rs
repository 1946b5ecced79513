//! One asset of a stack: what is known of it, and its removal by hand.
//!
//! [`Assets::look`] reads `asset.json`, the key's current version in the source bucket, and the records of jobs in the
//! work bucket. [`Assets::remove`] asks the stack's own publish function: it is the only writer of assets. What an asset
//! is called and where it is says `docs/assets.md`.

mod look;
mod remove;
mod status;

use miette::Diagnostic;

use crate::aws::{self, Context};
use crate::model::Allow;

pub use asset::{Rendition, Stills};
pub use look::{Found, LatestUpload};
pub use remove::Answered;
pub use status::{AssetState, AssetStatus};

/// Permissions to look at an asset. Listing is needed because S3 otherwise answers "access denied" for a missing object.
pub const LOOK: &[Allow] = &[
    Allow::new(&["s3:ListBucket"], &["arn:aws:s3:::{output}", "arn:aws:s3:::{work}"]),
    Allow::new(&["s3:ListBucketVersions"], &["arn:aws:s3:::{source}"]),
    Allow::new(&["s3:GetObject"], &["arn:aws:s3:::{output}/assets/*", "arn:aws:s3:::{work}/jobs/*"]),
];

/// Permissions to take an asset down. Whoever has them can tell publish anything.
pub const REMOVE: &[Allow] = &[Allow::new(
    &["lambda:InvokeFunction"],
    &["arn:aws:lambda:{region}:{account}:function:{stack}-publish"],
)];

/// Permissions of an app's backend that signs uploads, in one request or in parts. `s3:PutObject` starts and completes an
/// upload in parts too (S3 user guide, "Multipart upload API and permissions").
pub const UPLOAD: &[Allow] = &[Allow::new(
    &["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
    &["arn:aws:s3:::{source}/*"],
)];

/// The parts of a stack that know its assets.
#[derive(Clone)]
pub struct Assets {
    /// The stack's region.
    pub cx: Context,
    /// The source bucket's name.
    pub source: String,
    /// The work bucket's name. It holds the records of jobs.
    pub work: String,
    /// The output bucket's name.
    pub output: String,
    /// The name of the publish function.
    pub publish: String,
}

impl Assets {
    /// The id of a key's asset.
    #[must_use]
    pub fn id(&self, key: &str) -> String {
        asset::id(&self.source, key)
    }
}

/// Why an asset cannot be looked at or taken down.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// A call to AWS failed.
    #[error("could not process the asset")]
    Aws(
        #[from]
        #[diagnostic_source]
        aws::Error,
    ),
    /// The stack does not exist.
    #[error("{what} does not exist")]
    #[diagnostic(help("run `provision apply` first"))]
    NotApplied {
        /// The missing bucket or function.
        what: String,
    },
    /// The asset with this id belongs to another key.
    #[error("the id {asset} of this key is that of another key, which has the asset")]
    #[diagnostic(help(
        "rename the video and upload it again: docs/handlers.md, \"An asset belongs to its key\""
    ))]
    Taken {
        /// The id.
        asset: String,
    },
    /// A file that the handlers wrote cannot be read.
    #[error("cannot read s3://{bucket}/{key}: {why}")]
    #[diagnostic(help("somebody may have changed it; upload the video again, then publish writes it anew"))]
    Damaged {
        /// Its bucket.
        bucket: String,
        /// Its key.
        key: String,
        /// Why.
        why: String,
    },
    /// The publish function failed.
    #[error("{function} could not take the video down: {why}")]
    #[diagnostic(help(
        "see the log group /aws/lambda/{function}, then run the command again: it continues where it stopped; \
         if the function does not know the request, run `provision apply` first"
    ))]
    Failed {
        /// Its name.
        function: String,
        /// Its error.
        why: String,
    },
}
