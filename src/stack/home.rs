//! The stack's home bucket, declared like any other resource: private, versioned, encrypted, TLS only.
//!
//! Its ownership tags name no stack: it is not a part of the stack, because it must exist before the stack's first resource and
//! until after its last one. So no sweep for a stack's mark finds it, and no record can make it an orphan.

use crate::model::{Declaration, PolicyDocument, Principal, Scope, Statement};
use crate::resource::s3::{
    AbortIncompleteMultipartUpload, Bucket, BucketPolicy, LifecycleConfiguration,
    NoncurrentVersionExpiration, Rule, VersioningConfiguration,
};
use crate::stack::config::{Fleet, FleetTargets};
use crate::stack::{Declarations, Handle, storage};

/// The stack name in the ownership tags of home buckets. No stack can have it: stack names have no underscore.
pub const STACK: &str = "provision_home";
/// How many days old versions of records are kept: the history of applies.
const HISTORY: i32 = 365;
/// How many days a bundle is kept after its upload. Lambda has a copy of its own. A rollback uploads a bundle again that
/// is no longer there, and a saved plan brings its own.
const BUNDLES: i32 = 30;
/// How many days a version is kept that nobody asks for: a bundle that expired, a lock that was released.
const DISCARDED: i32 = 1;

/// Who reads the bundles besides the stack's own account: those whose stacks a stack set makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Readers {
    /// Nobody.
    #[default]
    Nobody,
    /// These accounts.
    Accounts(Vec<String>),
    /// Every account of the organization with this id.
    Organization(String),
}

impl Readers {
    /// The readers of a fleet's bundles.
    #[must_use]
    pub fn of(fleet: &Fleet) -> Self {
        match &fleet.targets {
            FleetTargets::Accounts { accounts, .. } => {
                Self::Accounts(accounts.iter().map(ToString::to_string).collect())
            }
            FleetTargets::Units { organization, .. } => Self::Organization(organization.as_str().to_owned()),
        }
    }

    /// What the bucket's policy allows them. Lambda takes a bundle with the permissions of the role that makes the function.
    fn may_read(&self, bucket: &Handle<Bucket>) -> Option<Statement> {
        let read = Statement::allow("FleetReadsBundles", &["s3:GetObject"]).on([bucket.arn() + "/bundle/*"]);
        match self {
            Self::Nobody => None,
            Self::Accounts(accounts) => {
                let roots = accounts.iter().map(|account| format!("arn:aws:iam::{account}:root"));
                Some(read.to(Principal::accounts(roots)))
            }
            Self::Organization(id) => {
                Some(read.to(Principal::Any).when("StringEquals", "aws:PrincipalOrgID", [id.as_str().into()]))
            }
        }
    }
}

/// What ages in the bucket. Where two rules fit an object, S3 follows the one that expires it first. A fleet's bundles stay:
/// an account may come at any time, and gets its functions from them.
fn lifecycle(readers: &Readers) -> LifecycleConfiguration {
    let expiration = (*readers == Readers::Nobody).then_some(BUNDLES);
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
            expiration_in_days: expiration,
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
    let stack = Scope { stack: STACK.to_owned(), ..scope.clone() };
    bucket("home/bucket", &scope.home_bucket(), stack, key, &Readers::Nobody)
}

/// The stack name in the ownership tags of a fleet's bundle buckets. The stack set's region is in it: a stack set of the same
/// name may be in another region.
#[must_use]
pub fn bundles_stack(scope: &Scope) -> String {
    format!("provision_bundles.{}", scope.region)
}

/// The declarations of the buckets with a fleet's bundles, one in each region: Lambda takes code only from a bucket of its
/// region. `scope` is the stack set's.
#[must_use]
pub fn declare_bundles(scope: &Scope, regions: &[String], readers: &Readers) -> Vec<Declaration> {
    let there = |region: &String| {
        let place = Scope { region: region.clone(), ..scope.clone() };
        let stack = Scope { stack: bundles_stack(scope), ..place.clone() };
        bucket(&format!("bundles/{region}"), &place.bundle_bucket(), stack, None, readers)
    };
    regions.iter().flat_map(there).collect()
}

fn bucket(
    address: &str,
    name: &str,
    marked: Scope,
    key: Option<&str>,
    readers: &Readers,
) -> Vec<Declaration> {
    let mut stack = Declarations::new(marked, std::collections::BTreeMap::new());
    let bucket = Bucket {
        versioning_configuration: VersioningConfiguration::ENABLED,
        lifecycle_configuration: Some(lifecycle(readers)),
        ..Bucket::private(name, stack.tags(address)).with_key(key)
    };
    let bucket = stack.declare(address, &bucket);
    let statements = [storage::tls_only(&bucket)].into_iter().chain(readers.may_read(&bucket));
    let policy = BucketPolicy {
        bucket: bucket.output("BucketName"),
        policy_document: PolicyDocument::new(statements),
    };
    stack.declare(&format!("{address}/policy"), &policy);
    stack.finish()
}
