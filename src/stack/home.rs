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
/// How many days a bundle is kept after its upload. Lambda has a copy of its own. A rollback uploads a bundle again that
/// is no longer there, and a saved plan brings its own.
const BUNDLES: i32 = 30;
/// How many days a version is kept that nobody asks for: a bundle that expired, a lock that was released.
const DISCARDED: i32 = 1;

/// What ages in the bucket. Where two rules fit an object, S3 follows the one that expires it first.
fn lifecycle() -> LifecycleConfiguration {
    let former = |noncurrent_days| {
        Some(NoncurrentVersionExpiration { noncurrent_days, newer_noncurrent_versions: None })
    };
    LifecycleConfiguration::new([
        Rule {
            noncurrent_version_expiration: former(HISTORY),
            abort_incomplete_multipart_upload: Some(AbortIncompleteMultipartUpload {
                days_after_initiation: 7,
            }),
            expired_object_delete_marker: Some(true),
            ..Rule::new("history")
        },
        Rule {
            prefix: Some("bundle/".to_owned()),
            expiration_in_days: Some(BUNDLES),
            noncurrent_version_expiration: former(DISCARDED),
            ..Rule::new("bundles")
        },
        Rule {
            prefix: Some("template/".to_owned()),
            expiration_in_days: Some(BUNDLES),
            noncurrent_version_expiration: former(DISCARDED),
            ..Rule::new("templates")
        },
        Rule {
            prefix: Some("lock.json".to_owned()),
            noncurrent_version_expiration: former(DISCARDED),
            ..Rule::new("locks")
        },
    ])
}

/// The declarations of the home bucket of the scope's stack. `key` is the ARN of the stack's KMS key.
#[must_use]
pub fn declare(scope: &Scope, key: Option<&str>) -> Vec<Declaration> {
    let name = scope.home_bucket();
    let scope = Scope { stack: STACK.to_owned(), ..scope.clone() };
    let mut stack = Declarations::new(scope, std::collections::BTreeMap::new());
    let bucket = Bucket {
        versioning_configuration: VersioningConfiguration::ENABLED,
        lifecycle_configuration: Some(lifecycle()),
        ..Bucket::private(&name, stack.tags("home/bucket")).with_key(key)
    };
    let bucket = stack.declare("home/bucket", &bucket);
    let policy = BucketPolicy {
        bucket: bucket.output("BucketName"),
        policy_document: PolicyDocument::new([storage::tls_only(&bucket)]),
    };
    stack.declare("home/bucket/policy", &policy);
    stack.finish()
}
