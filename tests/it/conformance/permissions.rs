//! Holds what the adapters declare in `PERMISSIONS` to what their verbs call: nothing is called that is not declared, and
//! nothing is declared that is never called.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use provision::aws::{Context, Result};
use provision::model::{Allow, Changes, Guard, Kind, Live, Mark, Permissions};
use provision::resource::{Adapter, Created, Removal, Struct, UndeclaredPart};
use serde_json::Value;

/// A verb, as permissions tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verb {
    Observe,
    Create,
    Update,
    Delete,
    List,
}

/// What the verbs of each type were seen to need.
#[derive(Default)]
pub(crate) struct Seen(Mutex<BTreeMap<(Kind, Verb), BTreeSet<String>>>);

/// An adapter whose calls are noted. It must be the only one at work on its connection.
pub(crate) struct Watched<'w> {
    pub(crate) adapter: &'w dyn Adapter,
    pub(crate) seen: &'w Seen,
}

/// What IAM asks for when a call is made: the actions beyond those that are called what the operation is called. From the
/// Service Authorization Reference and the API references' sections on permissions.
fn actions(service: &str, operation: &str) -> Vec<String> {
    let prefix = match service {
        "CloudWatchLogs" => "logs".to_owned(),
        "EventBridge" => "events".to_owned(),
        other => other.to_lowercase(),
    };
    let named: &[&str] = match (prefix.as_str(), operation) {
        ("s3", "CreateBucket") => &["CreateBucket", "PutBucketOwnershipControls", "TagResource"],
        ("s3", "ListBuckets") => &["ListAllMyBuckets"],
        ("s3", "HeadObject") => &["GetObject"],
        ("s3", "ListObjectVersions") => &["ListBucketVersions"],
        ("s3", "ListMultipartUploads") => &["ListBucketMultipartUploads"],
        ("s3", "DeleteObjects") => &["DeleteObject", "DeleteObjectVersion"],
        ("s3", "GetBucketEncryption") => &["GetEncryptionConfiguration"],
        ("s3", "PutBucketEncryption") => &["PutEncryptionConfiguration"],
        ("s3", "GetPublicAccessBlock") => &["GetBucketPublicAccessBlock"],
        ("s3", "PutPublicAccessBlock" | "DeletePublicAccessBlock") => &["PutBucketPublicAccessBlock"],
        ("s3", "DeleteBucketOwnershipControls") => &["PutBucketOwnershipControls"],
        ("s3", "GetBucketLifecycleConfiguration") => &["GetLifecycleConfiguration"],
        ("s3", "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle") => &["PutLifecycleConfiguration"],
        ("s3", "GetBucketCors") => &["GetBucketCORS"],
        ("s3", "PutBucketCors" | "DeleteBucketCors") => &["PutBucketCORS"],
        ("s3", "GetBucketNotificationConfiguration") => &["GetBucketNotification"],
        ("s3", "PutBucketNotificationConfiguration") => &["PutBucketNotification"],
        ("s3", "GetBucketReplication") => &["GetReplicationConfiguration"],
        ("s3", "PutBucketReplication" | "DeleteBucketReplication") => &["PutReplicationConfiguration"],
        ("sqs", "CreateQueue") => &["CreateQueue", "TagQueue"],
        ("iam", "CreateRole") => &["CreateRole", "TagRole"],
        ("lambda", "GetFunction") => &["GetFunction", "ListTags"],
        ("cloudfront", "CreateDistributionWithTags") => &["CreateDistribution", "TagResource"],
        ("acm", "RequestCertificate") => &["RequestCertificate", "AddTagsToCertificate"],
        ("sns", "CreateTopic")
        | ("events", "PutRule")
        | ("cloudwatch", "PutMetricAlarm" | "PutDashboard")
        | ("logs", "CreateLogGroup" | "PutDeliverySource" | "PutDeliveryDestination" | "CreateDelivery")
        | ("mediaconvert", "CreateQueue" | "CreateJobTemplate") => &[operation, "TagResource"],
        ("lambda", "CreateFunction") => &["CreateFunction", "TagResource"],
        ("cloudformation", "CreateStackSet") => &["CreateStackSet", "TagResource"],
        ("cloudformation", "UpdateStackSet") => &["UpdateStackSet", "TagResource", "UntagResource"],
        _ => &[operation],
    };
    let mut needed: Vec<String> = named.iter().map(|action| format!("{prefix}:{action}")).collect();
    let beyond: &[&str] = match (prefix.as_str(), operation) {
        // It names a version of the package.
        ("lambda", "CreateFunction") => &["iam:PassRole", "s3:GetObjectVersion"],
        ("lambda", "UpdateFunctionConfiguration") => &["iam:PassRole"],
        ("lambda", "UpdateFunctionCode") => &["s3:GetObjectVersion"],
        ("s3", "PutBucketReplication")
        | ("logs", "PutSubscriptionFilter")
        | ("cloudformation", "CreateStackSet" | "UpdateStackSet") => &["iam:PassRole"],
        ("logs", "PutDeliverySource") => &["cloudfront:AllowVendedLogDeliveryForResource"],
        _ => &[],
    };
    needed.extend(beyond.iter().map(|action| (*action).to_owned()));
    needed
}

/// What is declared and not called here: type, action and reason.
const UNCALLED: &[(&str, &str, &str)] = &[
    ("S3::Bucket", "s3:AbortMultipartUpload", "only where an upload was left unfinished"),
    ("S3::Bucket", "s3:DeleteObject", "only where the bucket holds something"),
    ("S3::Bucket", "s3:DeleteObjectVersion", "only where the bucket holds something"),
    ("S3::Bucket", "iam:PassRole", "at creation only with replication"),
    ("S3::Bucket", "s3:PutReplicationConfiguration", "likewise"),
    ("S3::Bucket", "s3:PutBucketTagging", "at creation only where an answer was lost"),
    ("MediaConvert::Queue", "mediaconvert:CancelJob", "only where jobs are unfinished"),
    ("IAM::Role", "iam:AttachRolePolicy", "at creation only with managed policies"),
    ("Lambda::Function", "lambda:PutFunctionConcurrency", "at creation only where it is declared"),
    ("CertificateManager::Certificate", "route53:ChangeResourceRecordSets", "only where the proof is gone"),
    ("CertificateManager::Certificate", "route53:GetChange", "likewise"),
    (
        "Route53::RecordSet",
        "cloudfront:ListTagsForResource",
        "only where a distribution's comment was edited",
    ),
    (
        "Route53::RecordSet",
        "route53:ListHostedZonesByName",
        "only where a distribution of the stack has an alias",
    ),
    ("Route53::RecordSet", "route53:ListResourceRecordSets", "likewise"),
    ("Logs::LogGroup", "logs:PutLogGroupDeletionProtection", "only where somebody protected the group"),
    ("SNS::Subscription", "sns:SetSubscriptionAttributes", "only where somebody set attributes"),
];

/// A sweep of any type may ask which other stacks the account has. Every sweep lists the buckets anyway, and their type
/// declares it.
const OF_EVERY_SWEEP: &str = "s3:ListAllMyBuckets";

fn flat(lists: &[&'static [Allow]]) -> BTreeSet<String> {
    let allows = lists.iter().copied().flatten();
    allows.flat_map(|allow| allow.actions).map(|action| (*action).to_owned()).collect()
}

impl Seen {
    async fn note<T>(&self, kind: Kind, verb: Verb, cx: &Context, work: BoxFuture<'_, T>) -> T {
        let before = cx.connection().calls().count();
        let outcome = work.await;
        let calls = cx.connection().calls().list();
        let needed = calls[before..].iter().flat_map(|call| actions(&call.service, &call.operation));
        self.0.lock().unwrap().entry((kind, verb)).or_default().extend(needed);
        outcome
    }

    /// Every difference between what the type declares and what its verbs were seen to need.
    pub(crate) fn differences(&self, adapter: &dyn Adapter) -> Vec<String> {
        let (kind, needs) = (adapter.kind(), adapter.permissions());
        let reads = flat(&[needs.observe, needs.list]);
        let declared = [
            (Verb::Observe, flat(&[needs.observe])),
            (Verb::Create, flat(&[needs.create])),
            (Verb::Update, flat(&[needs.update])),
            (Verb::Delete, flat(&[needs.delete, needs.empty])),
            (Verb::List, flat(&[needs.list])),
        ];
        let seen = self.0.lock().unwrap();
        let mut found = Vec::new();
        for (verb, declared) in declared {
            let called = seen.get(&(kind.clone(), verb)).cloned().unwrap_or_default();
            let of_a_sweep = |action: &String| verb == Verb::List && action == OF_EVERY_SWEEP;
            let undeclared = called.iter().filter(|action| !declared.contains(*action));
            for action in undeclared.filter(|action| !reads.contains(*action) && !of_a_sweep(action)) {
                found.push(format!("{kind}: {verb:?} calls {action}, which it does not declare"));
            }
            let known = |action: &String| {
                let mut all = UNCALLED.iter();
                all.any(|(of, uncalled, _)| kind.as_str().ends_with(of) && uncalled == action)
            };
            for action in declared.iter().filter(|action| !called.contains(*action) && !known(action)) {
                found.push(format!("{kind}: {verb:?} declares {action}, which it does not call"));
            }
        }
        found
    }
}

impl Adapter for Watched<'_> {
    fn kind(&self) -> Kind {
        self.adapter.kind()
    }
    fn create_only(&self) -> &'static [&'static str] {
        self.adapter.create_only()
    }
    fn write_only(&self) -> &'static [&'static str] {
        self.adapter.write_only()
    }
    fn guard(&self) -> Guard {
        self.adapter.guard()
    }
    fn settles(&self) -> bool {
        self.adapter.settles()
    }
    fn normal(&self) -> fn(&Value) -> Value {
        self.adapter.normal()
    }
    fn structs(&self, properties: &Value) -> Result<Vec<Struct>> {
        self.adapter.structs(properties)
    }
    fn parent(&self) -> Option<Kind> {
        self.adapter.parent()
    }
    fn permissions(&self) -> Permissions {
        self.adapter.permissions()
    }
    fn id(&self, cx: &Context, declared: &Value) -> Option<String> {
        self.adapter.id(cx, declared)
    }
    fn find<'a>(
        &'a self,
        cx: &'a Context,
        declared: &'a Value,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<Option<Live>>> {
        self.seen.note(self.kind(), Verb::Observe, cx, self.adapter.find(cx, declared, mark)).boxed()
    }
    fn observe<'a>(&'a self, cx: &'a Context, id: &'a str) -> BoxFuture<'a, Result<Option<Live>>> {
        self.seen.note(self.kind(), Verb::Observe, cx, self.adapter.observe(cx, id)).boxed()
    }
    fn create<'a>(&'a self, cx: &'a Context, desired: &'a Value) -> BoxFuture<'a, Result<Created>> {
        self.seen.note(self.kind(), Verb::Create, cx, self.adapter.create(cx, desired)).boxed()
    }
    fn update<'a>(
        &'a self,
        cx: &'a Context,
        seen: &'a Live,
        desired: &'a Value,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<()>> {
        self.seen.note(self.kind(), Verb::Update, cx, self.adapter.update(cx, seen, desired, changes)).boxed()
    }
    fn delete<'a>(&'a self, cx: &'a Context, id: &'a str, removal: Removal) -> BoxFuture<'a, Result<()>> {
        self.seen.note(self.kind(), Verb::Delete, cx, self.adapter.delete(cx, id, removal)).boxed()
    }
    fn list_undeclared_parts<'a>(
        &'a self,
        cx: &'a Context,
        whole: &'a str,
        declared: &'a [Value],
    ) -> BoxFuture<'a, Result<Vec<UndeclaredPart<Live>>>> {
        self.seen
            .note(self.kind(), Verb::Observe, cx, self.adapter.list_undeclared_parts(cx, whole, declared))
            .boxed()
    }
    fn list_owned<'a>(&'a self, cx: &'a Context) -> BoxFuture<'a, Result<Vec<(String, Mark)>>> {
        self.seen.note(self.kind(), Verb::List, cx, self.adapter.list_owned(cx)).boxed()
    }
}
