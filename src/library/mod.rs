//! Encodes a library that is already in the source bucket. Finds the videos that are not published yet, and creates an
//! S3 Batch Operations job that calls submit for each.
//!
//! [`Library::choose`] writes the manifest and [`Library::begin`] starts the job. [`Library::look`] reads its progress,
//! [`Library::failures`] its report. Follows the S3 user guide, "Performing object operations in bulk with Batch
//! Operations".

mod choose;
mod job;
mod listing;
mod report;

use miette::Diagnostic;

use crate::aws::{self, Context};
use crate::model::{Allow, Only};

pub use choose::{Choice, Counts, Wanted};
pub use job::{Job, JobState, Started};
pub use report::Failed;

/// The service that assumes the jobs' role.
const BATCH: &str = "batchoperations.s3.amazonaws.com";

/// Permissions to encode a library. Listing is needed because S3 otherwise answers "access denied" for a missing
/// object.
pub const PERMISSIONS: &[Allow] = &[
    Allow::new(&["s3:ListBucket"], &["arn:aws:s3:::{output}", "arn:aws:s3:::{work}"]),
    Allow::new(&["s3:ListBucketVersions"], &["arn:aws:s3:::{source}"]),
    Allow::new(&["s3:GetObject"], &["arn:aws:s3:::{output}/assets/*"]),
    Allow::new(&["s3:PutObject"], &["arn:aws:s3:::{work}/library/manifests/*"]),
    Allow::new(&["s3:GetObject"], &["arn:aws:s3:::{work}/library/reports/*"]),
    Allow::new(&["s3:CreateJob", "s3:ListJobs"], &["*"]),
    Allow::new(&["s3:DescribeJob", "s3:UpdateJobStatus"], &["arn:aws:s3:{region}:{account}:job/*"]),
    Allow::new(&["iam:PassRole"], &["arn:aws:iam::{account}:role{path}{stack}-batch"])
        .only(Only::PassedTo(BATCH)),
];

/// The parts of a stack that encode a library.
#[derive(Clone)]
pub struct Library {
    /// The stack's region.
    pub cx: Context,
    /// The source bucket's name.
    pub source: String,
    /// The work bucket's name. It holds manifests and reports.
    pub work: String,
    /// The output bucket's name.
    pub output: String,
    /// The ARN of the submit function.
    pub submit: String,
    /// The ARN of the role that jobs assume.
    pub role: String,
}

/// Why a library cannot be encoded or read.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// A call to AWS failed.
    #[error("could not process the library")]
    Aws(
        #[from]
        #[diagnostic_source]
        aws::Error,
    ),
    /// The stack does not exist.
    #[error("bucket {bucket} does not exist")]
    #[diagnostic(help("run `provision apply` first"))]
    NotApplied {
        /// The missing bucket.
        bucket: String,
    },
    /// There is no such job.
    #[error("this account has no batch job {job} in {region}")]
    #[diagnostic(help("`provision library status STACK` names the stack's newest job"))]
    NoJob {
        /// Its id.
        job: String,
        /// The region that was searched.
        region: String,
    },
    /// The job belongs to another stack.
    #[error("batch job {job} does not belong to stack {stack}")]
    #[diagnostic(help("`provision library status STACK` names the stack's newest job"))]
    Foreign {
        /// Its id.
        job: String,
        /// The stack.
        stack: String,
    },
    /// The job has ended, so there is nothing to cancel.
    #[error("batch job {job} cannot be cancelled: it is {status}")]
    #[diagnostic(help("encodes that it started continue; cancel them in the MediaConvert queue"))]
    Over {
        /// Its id.
        job: String,
        /// Its final status, in AWS's word.
        status: String,
    },
    /// The manifest file cannot be written, or the report cannot be read.
    #[error("{what}: {why}")]
    #[diagnostic(help("check that the disk has room for one line per video"))]
    Files {
        /// The action that failed.
        what: &'static str,
        /// Why it failed.
        why: String,
    },
}

impl Error {
    fn files(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::Files { what, why: error.to_string() }
    }

    fn csv(what: &'static str) -> impl FnOnce(csv::Error) -> Self {
        move |error| Self::Files { what, why: error.to_string() }
    }
}
