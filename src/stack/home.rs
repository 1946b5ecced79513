//! The stack's home bucket, declared like any other resource: private, versioned, encrypted, TLS only.
//!
//! Its ownership tags name no stack: it is not a part of the stack, because it must exist before the stack's first resource and
//! until after its last one. So no sweep for a stack's mark finds it, and no record can make it an orphan.

use crate::model::{Declaration, PolicyDocument, Scope};
use crate::resource::s3::{
    AbortIncompleteMultipartUpload, Bucket, BucketPolicy, LifecycleConfiguration,
    NoncurrentVersionExpiration, Rule, VersioningConfiguration,
};
use crate::stack::{Declarations, storage};

/// The stack name in the ownership tags of home buckets. No stack can have it: stack names have no underscore.
pub const STACK: &str = "provision_home";
/// How many days old versions of records are kept: the history of applies.
const HISTORY: i32 = 365;

/// The declarations of the home bucket of the scope's stack.
#[must_use]
pub fn declare(scope: &Scope) -> Vec<Declaration> {
    let name = scope.home_bucket();
    let scope = Scope { stack: STACK.to_owned(), ..scope.clone() };
    let mut stack = Declarations::new(scope, std::collections::BTreeMap::new());
    let lifecycle = LifecycleConfiguration::new([Rule {
        noncurrent_version_expiration: Some(NoncurrentVersionExpiration {
            noncurrent_days: HISTORY,
            newer_noncurrent_versions: None,
        }),
        abort_incomplete_multipart_upload: Some(AbortIncompleteMultipartUpload { days_after_initiation: 7 }),
        ..Rule::new("history")
    }]);
    let bucket = Bucket {
        versioning_configuration: VersioningConfiguration::ENABLED,
        lifecycle_configuration: Some(lifecycle),
        ..Bucket::private(&name, stack.tags("home/bucket"))
    };
    let bucket = stack.declare("home/bucket", &bucket);
    let policy = BucketPolicy {
        bucket: bucket.output("BucketName"),
        policy_document: PolicyDocument::new([storage::tls_only(&bucket)]),
    };
    stack.declare("home/bucket/policy", &policy);
    stack.finish()
}
