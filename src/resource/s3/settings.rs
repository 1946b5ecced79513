//! The settings of a bucket: each read with its own call, all side by side, and each written with its own.
//!
//! Calls are named by the IAM action that allows them, which S3 often calls otherwise than the operation.

use aws_sdk_s3::types as sdk;

use super::properties::Bucket;
use super::{
    BucketEncryption, CorsConfiguration, LifecycleConfiguration, LoggingConfiguration, NO_BUCKET,
    NotificationConfiguration, OwnershipControls, PublicAccessBlockConfiguration, ReplicationConfiguration,
    VersioningConfiguration, change, change_while,
};
use crate::aws::{Context, Error, Result, SdkResult};
use crate::model::{Contents, Tags};

/// A bucket's properties and whether it holds anything, or `None` if there is no such bucket. One round trip.
pub(super) async fn read(cx: &Context, name: &str) -> Result<Option<(Bucket, Contents)>> {
    let (
        versioning_configuration,
        bucket_encryption,
        ownership_controls,
        public_access_block_configuration,
        lifecycle_configuration,
        cors_configuration,
        notification_configuration,
        logging_configuration,
        replication_configuration,
        tags,
        versions,
        uploads,
    ) = tokio::try_join!(
        versioning(cx, name),
        encryption(cx, name),
        ownership(cx, name),
        public_access_block(cx, name),
        lifecycle(cx, name),
        cors(cx, name),
        notification(cx, name),
        logging(cx, name),
        replication(cx, name),
        tags(cx, name),
        holds_versions(cx, name),
        holds_uploads(cx, name),
    )?;
    // Of all these only versioning is there in every bucket, so it tells whether there is one.
    let Some(versioning_configuration) = versioning_configuration else { return Ok(None) };
    let bucket = Bucket {
        bucket_name: name.to_owned(),
        versioning_configuration,
        bucket_encryption,
        ownership_controls,
        public_access_block_configuration,
        lifecycle_configuration,
        cors_configuration,
        notification_configuration,
        logging_configuration,
        replication_configuration,
        tags,
    };
    Ok(Some((bucket, if versions || uploads { Contents::Some } else { Contents::Empty })))
}

async fn versioning(cx: &Context, name: &str) -> Result<Option<VersioningConfiguration>> {
    let call = cx.s3().get_bucket_versioning().bucket(name).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:GetBucketVersioning", NO_BUCKET)?;
    Ok(answer.map(|answer| VersioningConfiguration::from_sdk(answer.status())))
}

async fn encryption(cx: &Context, name: &str) -> Result<BucketEncryption> {
    let absent = &["NoSuchBucket", "ServerSideEncryptionConfigurationNotFoundError"];
    let call = cx.s3().get_bucket_encryption().bucket(name).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:GetEncryptionConfiguration", absent)?;
    let found = answer.as_ref().and_then(|answer| answer.server_side_encryption_configuration());
    Ok(BucketEncryption::from_sdk(found))
}

async fn ownership(cx: &Context, name: &str) -> Result<Option<OwnershipControls>> {
    let absent = &["NoSuchBucket", "OwnershipControlsNotFoundError"];
    let call = cx.s3().get_bucket_ownership_controls().bucket(name).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:GetBucketOwnershipControls", absent)?;
    Ok(answer.as_ref().and_then(|answer| OwnershipControls::from_sdk(answer.ownership_controls()?)))
}

async fn public_access_block(cx: &Context, name: &str) -> Result<Option<PublicAccessBlockConfiguration>> {
    let absent = &["NoSuchBucket", "NoSuchPublicAccessBlockConfiguration"];
    let call = cx.s3().get_public_access_block().bucket(name).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:GetBucketPublicAccessBlock", absent)?;
    let found = answer.as_ref().and_then(|answer| answer.public_access_block_configuration());
    Ok(found.map(PublicAccessBlockConfiguration::from_sdk))
}

async fn lifecycle(cx: &Context, name: &str) -> Result<Option<LifecycleConfiguration>> {
    let absent = &["NoSuchBucket", "NoSuchLifecycleConfiguration"];
    let call =
        cx.s3().get_bucket_lifecycle_configuration().bucket(name).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:GetLifecycleConfiguration", absent)?;
    Ok(answer.and_then(|answer| {
        LifecycleConfiguration::from_sdk(answer.rules(), answer.transition_default_minimum_object_size())
    }))
}

async fn cors(cx: &Context, name: &str) -> Result<Option<CorsConfiguration>> {
    let absent = &["NoSuchBucket", "NoSuchCORSConfiguration"];
    let call = cx.s3().get_bucket_cors().bucket(name).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:GetBucketCORS", absent)?;
    Ok(answer.and_then(|answer| CorsConfiguration::from_sdk(answer.cors_rules())))
}

async fn notification(cx: &Context, name: &str) -> Result<Option<NotificationConfiguration>> {
    let call =
        cx.s3().get_bucket_notification_configuration().bucket(name).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:GetBucketNotification", NO_BUCKET)?;
    Ok(answer.and_then(|answer| {
        NotificationConfiguration::from_sdk(
            answer.event_bridge_configuration(),
            answer.lambda_function_configurations(),
            answer.queue_configurations(),
            answer.topic_configurations(),
        )
    }))
}

async fn logging(cx: &Context, name: &str) -> Result<Option<LoggingConfiguration>> {
    let call = cx.s3().get_bucket_logging().bucket(name).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:GetBucketLogging", NO_BUCKET)?;
    Ok(answer.as_ref().and_then(|answer| answer.logging_enabled()).map(LoggingConfiguration::from_sdk))
}

async fn replication(cx: &Context, name: &str) -> Result<Option<ReplicationConfiguration>> {
    let absent = &["NoSuchBucket", "ReplicationConfigurationNotFoundError"];
    let call = cx.s3().get_bucket_replication().bucket(name).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:GetReplicationConfiguration", absent)?;
    let found = answer.as_ref().and_then(|answer| answer.replication_configuration());
    Ok(found.map(ReplicationConfiguration::from_sdk))
}

async fn tag_set(cx: &Context, name: &str) -> Result<Vec<sdk::Tag>> {
    let absent = &["NoSuchBucket", "NoSuchTagSet"];
    let call = cx.s3().get_bucket_tagging().bucket(name).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:GetBucketTagging", absent)?;
    Ok(answer.map(|answer| answer.tag_set).unwrap_or_default())
}

pub(super) async fn tags(cx: &Context, name: &str) -> Result<Tags> {
    Ok(tag_set(cx, name).await?.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

async fn holds_versions(cx: &Context, name: &str) -> Result<bool> {
    let call = cx.s3().list_object_versions().bucket(name).max_keys(1);
    let call = call.encoding_type(sdk::EncodingType::Url).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:ListBucketVersions", NO_BUCKET)?;
    Ok(answer.is_some_and(|page| !page.versions().is_empty() || !page.delete_markers().is_empty()))
}

async fn holds_uploads(cx: &Context, name: &str) -> Result<bool> {
    let call = cx.s3().list_multipart_uploads().bucket(name).max_uploads(1);
    let call = call.encoding_type(sdk::EncodingType::Url).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:ListBucketMultipartUploads", NO_BUCKET)?;
    Ok(answer.is_some_and(|page| !page.uploads().is_empty()))
}

/// Writes those settings of `bucket` whose top-level property `touched` names, side by side. Replication rests on versions:
/// S3 takes none of it without them, and does not let go of them before it (`InvalidBucketState`).
pub(super) async fn write(cx: &Context, bucket: &Bucket, touched: impl Fn(&str) -> bool) -> Result<()> {
    let (replication, wanted) =
        (touched("ReplicationConfiguration"), bucket.replication_configuration.as_ref());
    let ended = replication && wanted.is_none();
    when(ended, delete_replication(cx, bucket)).await?;
    tokio::try_join!(
        when(touched("VersioningConfiguration"), write_versioning(cx, bucket, ended)),
        when(touched("BucketEncryption"), write_encryption(cx, bucket)),
        when(touched("OwnershipControls"), write_ownership(cx, bucket)),
        when(touched("PublicAccessBlockConfiguration"), write_public_access_block(cx, bucket)),
        when(touched("LifecycleConfiguration"), write_lifecycle(cx, bucket)),
        when(touched("CorsConfiguration"), write_cors(cx, bucket)),
        when(touched("NotificationConfiguration"), write_notification(cx, bucket)),
        when(touched("LoggingConfiguration"), write_logging(cx, bucket)),
        when(touched("Tags"), write_tags(cx, bucket)),
    )?;
    match wanted.filter(|_| replication) {
        Some(wanted) => put_replication(cx, bucket, wanted).await,
        None => Ok(()),
    }
}

async fn when(needed: bool, write: impl Future<Output = Result<()>>) -> Result<()> {
    if needed { write.await } else { Ok(()) }
}

/// Where replication has ended only now, S3 may take a while to see that (S3 API reference, `DeleteBucketReplication`).
async fn write_versioning(cx: &Context, bucket: &Bucket, replicated: bool) -> Result<()> {
    let call = cx.s3().put_bucket_versioning().bucket(&bucket.bucket_name);
    let call = call
        .versioning_configuration(bucket.versioning_configuration.to_sdk())
        .expected_bucket_owner(&cx.scope.account);
    let unseen = |error: &Error| replicated && error.is(&["InvalidBucketState"]);
    change_while(cx, unseen, || async { call.clone().send().await.named("s3:PutBucketVersioning").map(drop) })
        .await
}

async fn write_encryption(cx: &Context, bucket: &Bucket) -> Result<()> {
    let call = cx.s3().put_bucket_encryption().bucket(&bucket.bucket_name);
    let call = call
        .server_side_encryption_configuration(bucket.bucket_encryption.to_sdk())
        .expected_bucket_owner(&cx.scope.account);
    change(cx, || async { call.clone().send().await.named("s3:PutEncryptionConfiguration").map(drop) }).await
}

async fn write_ownership(cx: &Context, bucket: &Bucket) -> Result<()> {
    let (s3, name, owner) = (cx.s3(), &bucket.bucket_name, &cx.scope.account);
    let action = "s3:PutBucketOwnershipControls";
    match &bucket.ownership_controls {
        Some(controls) => {
            let call = s3.put_bucket_ownership_controls().bucket(name).expected_bucket_owner(owner);
            let call = call.ownership_controls(controls.to_sdk());
            change(cx, || async { call.clone().send().await.named(action).map(drop) }).await
        }
        None => {
            let call = s3.delete_bucket_ownership_controls().bucket(name).expected_bucket_owner(owner);
            change(cx, || async { call.clone().send().await.named(action).map(drop) }).await
        }
    }
}

async fn write_public_access_block(cx: &Context, bucket: &Bucket) -> Result<()> {
    let (s3, name, owner) = (cx.s3(), &bucket.bucket_name, &cx.scope.account);
    let action = "s3:PutBucketPublicAccessBlock";
    match &bucket.public_access_block_configuration {
        Some(block) => {
            let call = s3.put_public_access_block().bucket(name).expected_bucket_owner(owner);
            let call = call.public_access_block_configuration(block.to_sdk());
            change(cx, || async { call.clone().send().await.named(action).map(drop) }).await
        }
        None => {
            let call = s3.delete_public_access_block().bucket(name).expected_bucket_owner(owner);
            change(cx, || async { call.clone().send().await.named(action).map(drop) }).await
        }
    }
}

async fn write_lifecycle(cx: &Context, bucket: &Bucket) -> Result<()> {
    let (s3, name, owner) = (cx.s3(), &bucket.bucket_name, &cx.scope.account);
    let action = "s3:PutLifecycleConfiguration";
    match &bucket.lifecycle_configuration {
        Some(lifecycle) => {
            let call = s3.put_bucket_lifecycle_configuration().bucket(name).expected_bucket_owner(owner);
            let call = call
                .lifecycle_configuration(lifecycle.to_sdk())
                .transition_default_minimum_object_size(lifecycle.minimum());
            change(cx, || async { call.clone().send().await.named(action).map(drop) }).await
        }
        None => {
            let call = s3.delete_bucket_lifecycle().bucket(name).expected_bucket_owner(owner);
            change(cx, || async { call.clone().send().await.named(action).map(drop) }).await
        }
    }
}

async fn write_cors(cx: &Context, bucket: &Bucket) -> Result<()> {
    let (s3, name, owner) = (cx.s3(), &bucket.bucket_name, &cx.scope.account);
    let action = "s3:PutBucketCORS";
    match &bucket.cors_configuration {
        Some(cors) => {
            let call = s3.put_bucket_cors().bucket(name).expected_bucket_owner(owner);
            let call = call.cors_configuration(cors.to_sdk());
            change(cx, || async { call.clone().send().await.named(action).map(drop) }).await
        }
        None => {
            let call = s3.delete_bucket_cors().bucket(name).expected_bucket_owner(owner);
            change(cx, || async { call.clone().send().await.named(action).map(drop) }).await
        }
    }
}

/// An empty configuration tells nobody: there is no call that deletes one.
async fn write_notification(cx: &Context, bucket: &Bucket) -> Result<()> {
    let told = bucket.notification_configuration.clone().unwrap_or_default();
    let call = cx.s3().put_bucket_notification_configuration().bucket(&bucket.bucket_name);
    let call = call.notification_configuration(told.to_sdk()).expected_bucket_owner(&cx.scope.account);
    change(cx, || async { call.clone().send().await.named("s3:PutBucketNotification").map(drop) }).await
}

/// An empty status ends the logging: there is no call that deletes it.
async fn write_logging(cx: &Context, bucket: &Bucket) -> Result<()> {
    let enabled = bucket.logging_configuration.as_ref().map(LoggingConfiguration::to_sdk);
    let status = sdk::BucketLoggingStatus::builder().set_logging_enabled(enabled).build();
    let call = cx.s3().put_bucket_logging().bucket(&bucket.bucket_name);
    let call = call.bucket_logging_status(status).expected_bucket_owner(&cx.scope.account);
    change(cx, || async { call.clone().send().await.named("s3:PutBucketLogging").map(drop) }).await
}

const WRITES_REPLICATION: &str = "s3:PutReplicationConfiguration";

/// Ends the copying; deleting what is not there succeeds.
async fn delete_replication(cx: &Context, bucket: &Bucket) -> Result<()> {
    let call = cx.s3().delete_bucket_replication().bucket(&bucket.bucket_name);
    let call = call.expected_bucket_owner(&cx.scope.account);
    change(cx, || async { call.clone().send().await.named(WRITES_REPLICATION).map(drop) }).await
}

async fn put_replication(cx: &Context, bucket: &Bucket, wanted: &ReplicationConfiguration) -> Result<()> {
    let call = cx.s3().put_bucket_replication().bucket(&bucket.bucket_name);
    let call = call.replication_configuration(wanted.to_sdk()).expected_bucket_owner(&cx.scope.account);
    change(cx, || async { call.clone().send().await.named(WRITES_REPLICATION).map(drop) }).await
}

/// The call replaces all tags, and S3 refuses it if AWS's own (`aws:cloudformation:…`) are not among them.
async fn write_tags(cx: &Context, bucket: &Bucket) -> Result<()> {
    let found = tag_set(cx, &bucket.bucket_name).await?;
    let kept = found.into_iter().filter(|tag| tag.key.starts_with("aws:"));
    let tags = sdk_tags(&bucket.tags).into_iter().chain(kept).collect();
    let tagging = sdk::Tagging::builder().set_tag_set(Some(tags)).build().expect("the tags are set");
    let call = cx.s3().put_bucket_tagging().bucket(&bucket.bucket_name).tagging(tagging);
    let call = call.expected_bucket_owner(&cx.scope.account);
    change(cx, || async { call.clone().send().await.named("s3:PutBucketTagging").map(drop) }).await
}

pub(super) fn sdk_tags(tags: &Tags) -> Vec<sdk::Tag> {
    let tag = |(key, value)| sdk::Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).map(|tag| tag.expect("key and value are set")).collect()
}
