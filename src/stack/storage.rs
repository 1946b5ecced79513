//! The buckets: originals, unpublished encodes, published videos, and access logs.
//!
//! All four are private, encrypted and reachable over TLS only. They differ in how long they keep objects, and in who
//! is notified of them.

use std::collections::BTreeSet;

use super::config::{BucketRole, Days, StackFile};
use super::handlers::Named;
use super::{Declarations, GLOBAL, Handle, names};
use crate::model::{PolicyDocument, Principal, Statement, StringExpr};
use crate::resource::s3::{
    AbortIncompleteMultipartUpload, Bucket, BucketPolicy, CorsConfiguration, CorsRule,
    LifecycleConfiguration, LoggingConfiguration, NoncurrentVersionExpiration, NotificationConfiguration,
    Rule, TagFilter, TargetObjectKeyFormat, Transition, VersioningConfiguration,
};

/// After this many days an unfinished upload is considered abandoned.
const ABANDONED_UPLOAD: i32 = 7;
/// How many days an encode may wait to be published. The record of the upload that started it is kept as long.
const WORK: i32 = 7;
/// How many days a published object can be restored after it was deleted or replaced.
const SECOND_THOUGHTS: i32 = 7;
/// How many days access logs are kept.
const LOGS: i32 = 365;
/// The prefix of S3's access logs in the logs bucket; bucket and date follow. The CDN's logs are in the same bucket,
/// under the prefix that AWS gives them.
const ACCESS_LOGS: &str = "s3/";
/// How long a browser remembers that it may upload, in seconds.
const PREFLIGHT: i32 = 3600;

/// The declared buckets.
#[derive(Debug)]
pub struct Storage {
    /// Originals, as they were uploaded.
    pub source: Named,
    /// MediaConvert's output, and the submit handler's records.
    pub work: Handle<Bucket>,
    /// Published videos.
    pub output: Handle<Bucket>,
    /// Access logs, if they are kept.
    pub logs: Option<Logs>,
    local: bool,
}

/// Declares the buckets and their policies, except the policy of the output bucket: it needs the distribution, see
/// [`output_policy`].
pub fn declare(stack: &mut Declarations, file: &StackFile) -> Storage {
    let logs = file.delivery.access_logs.then(|| logs(stack, file));
    let own = file.source.bucket.is_none().then(|| source(stack, file));
    let own = own.map(|bucket| logged(stack, bucket, names::SOURCE.as_str(), logs.as_ref()));
    let work = logged(stack, work(stack, file), names::WORK.as_str(), logs.as_ref());
    let output = logged(stack, output(stack, file), names::OUTPUT.as_str(), logs.as_ref());
    if let Some(source) = &own {
        policy(stack, "storage/source/policy", source, secure_transport(source));
    }
    policy(stack, "storage/work/policy", &work, secure_transport(&work));
    Storage { source: originals(file, own.as_ref()), work, output, logs, local: file.local }
}

/// Declares who may read the output bucket: only CloudFront, on behalf of exactly this distribution.
///
/// CloudFront may not list the bucket, so a missing key gets the same refusal as a forbidden one. In the local cloud
/// the CDN fetches over plain HTTP, so the statement that requires TLS is left out there.
pub fn output_policy(
    stack: &mut Declarations,
    storage: &Storage,
    distribution_arn: StringExpr,
) -> Handle<BucketPolicy> {
    let read = Statement::allow("CloudFrontReads", &["s3:GetObject"])
        .to(Principal::service("cloudfront.amazonaws.com"))
        .on([storage.output.arn() + "/*"])
        .when("StringEquals", "aws:SourceArn", [distribution_arn]);
    let tls = (!storage.local).then(|| tls_only(&storage.output));
    policy(
        stack,
        "storage/output/policy",
        &storage.output,
        PolicyDocument::new(tls.into_iter().chain([read])),
    )
}

fn policy(
    stack: &mut Declarations,
    address: &str,
    bucket: &Handle<Bucket>,
    policy_document: PolicyDocument,
) -> Handle<BucketPolicy> {
    stack.declare(address, &BucketPolicy { bucket: bucket.output("BucketName"), policy_document })
}

/// The policy of a bucket that only its own account uses, and only over TLS.
pub(super) fn secure_transport(bucket: &Handle<Bucket>) -> PolicyDocument {
    PolicyDocument::new([tls_only(bucket)])
}

/// Denies unencrypted connections. A minimum version of TLS needs no statement: S3 itself requires 1.2.
pub(super) fn tls_only(bucket: &Handle<Bucket>) -> Statement {
    Statement::deny("TlsOnly", &["s3:*"]).to(Principal::Any).on([bucket.arn(), bucket.arn() + "/*"]).when(
        "Bool",
        "aws:SecureTransport",
        ["false".into()],
    )
}

fn private(stack: &Declarations, file: &StackFile, role: BucketRole) -> Bucket {
    let tags = stack.tags(&format!("storage/{}", role.as_str()));
    // S3 delivers access logs only to a bucket with SSE-S3 (S3 user guide, "Enabling Amazon S3 server access logging").
    let key = stack.key().filter(|_| role != BucketRole::Logs);
    Bucket::private(file.bucket(role), tags).with_key(key)
}

/// The bucket of originals: the stack's own, or one that exists and is not declared.
fn originals(file: &StackFile, own: Option<&Handle<Bucket>>) -> Named {
    let existing = || file.bucket(BucketRole::Source);
    match own {
        Some(bucket) => Named { name: bucket.output("BucketName"), arn: bucket.arn() },
        None => Named { name: existing().into(), arn: format!("arn:aws:s3:::{}", existing()).into() },
    }
}

/// Originals: every version is kept, because an original cannot be made again. EventBridge receives an event for every
/// upload.
fn source(stack: &Declarations, file: &StackFile) -> Bucket {
    let archive = file.source.archive_after.map(archive);
    Bucket {
        versioning_configuration: VersioningConfiguration::ENABLED,
        lifecycle_configuration: Some(LifecycleConfiguration::new(
            archive.into_iter().chain([tidy(file.source.expire_noncurrent_after.map(days))]),
        )),
        cors_configuration: uploads(&file.source.upload_origins),
        notification_configuration: Some(NotificationConfiguration::event_bridge()),
        ..private(stack, file, BucketRole::Source)
    }
}

/// Unpublished encodes: after a week, whatever is left belongs to a job that failed or was never published. If somebody
/// enables versioning, old versions are deleted too.
fn work(stack: &Declarations, file: &StackFile) -> Bucket {
    let expire = Rule {
        expiration_in_days: Some(WORK),
        noncurrent_version_expiration: noncurrent(WORK),
        abort_incomplete_multipart_upload: abandoned(),
        ..Rule::new("expire")
    };
    Bucket {
        lifecycle_configuration: Some(LifecycleConfiguration::new([expire])),
        ..private(stack, file, BucketRole::Work)
    }
}

/// Published videos. Versioning means that a catalogue deleted by mistake need not be encoded again for days. Versions
/// are kept only for a week, because a video that was taken down must disappear. Viewers cannot reach it from the start
/// (CloudFront reads current versions only), and after the week nobody can.
fn output(stack: &Declarations, file: &StackFile) -> Bucket {
    Bucket {
        versioning_configuration: VersioningConfiguration::ENABLED,
        lifecycle_configuration: Some(LifecycleConfiguration::new([tidy(Some(SECOND_THOUGHTS))])),
        ..private(stack, file, BucketRole::Output)
    }
}

/// The logs bucket and its policy: the policy must allow the log writers before logging is enabled.
#[derive(Debug)]
pub struct Logs {
    /// The bucket.
    pub bucket: Handle<Bucket>,
    /// Allows the log writers.
    pub policy: Handle<BucketPolicy>,
}

/// Access logs, kept a year. The bucket does not log itself, because each log would create another one.
fn logs(stack: &mut Declarations, file: &StackFile) -> Logs {
    let expire = Rule {
        expiration_in_days: Some(LOGS),
        noncurrent_version_expiration: noncurrent(SECOND_THOUGHTS),
        abort_incomplete_multipart_upload: abandoned(),
        ..Rule::new("expire")
    };
    let bucket = Bucket {
        lifecycle_configuration: Some(LifecycleConfiguration::new([expire])),
        ..private(stack, file, BucketRole::Logs)
    };
    let bucket = stack.declare(names::LOGS.as_str(), &bucket);
    let statements = [tls_only(&bucket), bucket_logs(stack, file, &bucket), viewer_logs(stack, &bucket)];
    let policy = policy(stack, "storage/logs/policy", &bucket, PolicyDocument::new(statements));
    Logs { bucket, policy }
}

/// Lets S3 write the logs of this stack's buckets. They are named, not referred to: they are declared after this
/// policy.
fn bucket_logs(stack: &Declarations, file: &StackFile, logs: &Handle<Bucket>) -> Statement {
    let source = file.source.bucket.is_none().then_some(BucketRole::Source);
    let logged = source.into_iter().chain([BucketRole::Work, BucketRole::Output]);
    let arns = logged.map(|role| StringExpr::from(format!("arn:aws:s3:::{}", file.bucket(role))));
    Statement::allow("S3WritesAccessLogs", &["s3:PutObject"])
        .to(Principal::service("logging.s3.amazonaws.com"))
        .on([logs.arn() + "/" + ACCESS_LOGS + "*"])
        .when("ArnLike", "aws:SourceArn", arns)
        .when("StringEquals", "aws:SourceAccount", [stack.scope().account.as_str().into()])
}

/// Lets CloudFront's standard logging (v2) write log deliveries of this account. The statement is exactly that of the
/// CloudWatch Logs user guide, "Logs sent to Amazon S3" (V2 permissions). Creating a delivery adds it to a policy that
/// lacks it, so a narrower one would be drift from then on.
fn viewer_logs(stack: &Declarations, logs: &Handle<Bucket>) -> Statement {
    let account = stack.scope().account.as_str();
    let sources = stack.scope().arn_in(GLOBAL, "logs", "delivery-source:*");
    Statement::allow("AWSLogDeliveryWrite", &["s3:PutObject"])
        .to(Principal::service("delivery.logs.amazonaws.com"))
        .on([logs.arn() + "/AWSLogs/" + account + "/*"])
        .when("StringEquals", "s3:x-amz-acl", ["bucket-owner-full-control".into()])
        .when("StringEquals", "aws:SourceAccount", [account.into()])
        .when("ArnLike", "aws:SourceArn", [sources.into()])
}

/// Declares a bucket, with access logs if there is a logs bucket.
fn logged(stack: &mut Declarations, bucket: Bucket, address: &str, logs: Option<&Logs>) -> Handle<Bucket> {
    let Some(logs) = logs else { return stack.declare(address, &bucket) };
    let logging_configuration = Some(LoggingConfiguration {
        destination_bucket_name: logs.bucket.output("BucketName"),
        log_file_prefix: ACCESS_LOGS.to_owned(),
        target_object_key_format: Some(TargetObjectKeyFormat::by_event_time()),
    });
    stack.declare_after(address, &Bucket { logging_configuration, ..bucket }, &[logs.policy.address()])
}

/// Pages of these sites may upload with URLs that the service's backend signed, in one request or in parts. The page
/// must read the parts' `ETag`s to finish the upload.
fn uploads(origins: &[String]) -> Option<CorsConfiguration> {
    let set = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let rule = || CorsRule {
        id: Some("uploads".to_owned()),
        allowed_headers: set(&["*"]),
        allowed_methods: set(&["PUT", "POST"]),
        allowed_origins: origins.iter().cloned().collect(),
        exposed_headers: set(&["ETag"]),
        max_age: Some(PREFLIGHT),
    };
    (!origins.is_empty()).then(|| CorsConfiguration { cors_rules: vec![rule()] })
}

/// Originals tagged as published by the publish handler are read again only to encode them again.
fn archive(after: Days) -> Rule {
    let (key, value) = asset::PUBLISHED_TAG;
    let transition = Transition {
        storage_class: "GLACIER_IR".to_owned(),
        transition_in_days: Some(days(after)),
        transition_date: None,
    };
    Rule {
        tag_filters: BTreeSet::from([TagFilter { key: key.to_owned(), value: value.to_owned() }]),
        transitions: BTreeSet::from([transition]),
        ..Rule::new("archive-published")
    }
}

/// Removes what a versioned bucket leaves behind: old versions, delete markers without versions, abandoned uploads.
/// This is a separate rule, because S3 allows none of this together with a tag filter.
fn tidy(keep_noncurrent: Option<i32>) -> Rule {
    Rule {
        expired_object_delete_marker: Some(true),
        noncurrent_version_expiration: keep_noncurrent.and_then(noncurrent),
        abort_incomplete_multipart_upload: abandoned(),
        ..Rule::new("tidy")
    }
}

fn noncurrent(noncurrent_days: i32) -> Option<NoncurrentVersionExpiration> {
    Some(NoncurrentVersionExpiration { noncurrent_days, newer_noncurrent_versions: None })
}

fn abandoned() -> Option<AbortIncompleteMultipartUpload> {
    Some(AbortIncompleteMultipartUpload { days_after_initiation: ABANDONED_UPLOAD })
}

/// Days as the S3 API counts them; the stack file allows only numbers that fit.
fn days(days: Days) -> i32 {
    i32::try_from(days.get()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
