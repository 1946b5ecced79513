//! Where S3 writes a record of every request to a bucket.

use aws_sdk_s3::types as sdk;
use serde::{Deserialize, Serialize};

use super::settings::{Setting, TargetBucket};
use crate::aws::{Context, Result, SdkResult};
use crate::model::StringExpr;
use crate::resource::s3::NO_BUCKET;

/// The server access logs of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct LoggingConfiguration {
    /// The bucket that they are written to, in the same account and region. Its policy must let
    /// `logging.s3.amazonaws.com` write.
    pub destination_bucket_name: StringExpr,
    /// The prefix of their keys.
    #[serde(default)]
    pub log_file_prefix: String,
    /// The rest of their keys. Absent: the date and a random text, all in one folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_object_key_format: Option<TargetObjectKeyFormat>,
}

/// The keys of logs that are sorted into folders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TargetObjectKeyFormat {
    /// Folders by account, region, bucket and day, as query engines want them.
    pub partitioned_prefix: PartitionedPrefix,
}

/// The day that a log's folder is named after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PartitionedPrefix {
    /// `EventTime` or `DeliveryTime`.
    pub partition_date_source: String,
}

impl TargetObjectKeyFormat {
    /// Folders by the day of the request.
    #[must_use]
    pub fn by_event_time() -> Self {
        Self { partitioned_prefix: PartitionedPrefix { partition_date_source: "EventTime".to_owned() } }
    }

    fn to_sdk(&self) -> sdk::TargetObjectKeyFormat {
        let source = self.partitioned_prefix.partition_date_source.as_str().into();
        let partitioned = sdk::PartitionedPrefix::builder().partition_date_source(source).build();
        sdk::TargetObjectKeyFormat::builder().partitioned_prefix(partitioned).build()
    }

    fn from_sdk(found: &sdk::TargetObjectKeyFormat) -> Option<Self> {
        let source = found.partitioned_prefix.as_ref()?.partition_date_source.as_ref();
        let partition_date_source = source.map_or("EventTime", |source| source.as_str()).to_owned();
        Some(Self { partitioned_prefix: PartitionedPrefix { partition_date_source } })
    }
}

impl LoggingConfiguration {
    fn to_sdk(&self) -> sdk::LoggingEnabled {
        sdk::LoggingEnabled::builder()
            .target_bucket(self.destination_bucket_name.text())
            .target_prefix(&self.log_file_prefix)
            .set_target_object_key_format(
                self.target_object_key_format.as_ref().map(TargetObjectKeyFormat::to_sdk),
            )
            .build()
            .expect("bucket and prefix are set")
    }

    fn from_sdk(found: &sdk::LoggingEnabled) -> Self {
        Self {
            destination_bucket_name: found.target_bucket.as_str().into(),
            log_file_prefix: found.target_prefix.clone(),
            target_object_key_format: found
                .target_object_key_format
                .as_ref()
                .and_then(TargetObjectKeyFormat::from_sdk),
        }
    }
}

impl Setting for Option<LoggingConfiguration> {
    const READ: &'static str = "s3:GetBucketLogging";
    const WRITE: &'static str = "s3:PutBucketLogging";

    async fn read(cx: &Context, bucket: &str) -> Result<Self> {
        let call = cx.s3().get_bucket_logging().bucket(bucket).expected_bucket_owner(&cx.scope.account);
        let answer = call.send().await.unless(Self::READ, NO_BUCKET)?;
        Ok(answer.as_ref().and_then(|answer| answer.logging_enabled()).map(LoggingConfiguration::from_sdk))
    }

    /// An empty status ends the logging: there is no call that deletes it.
    async fn write(&self, to: &TargetBucket<'_>) -> Result<()> {
        let enabled = self.as_ref().map(LoggingConfiguration::to_sdk);
        let status = sdk::BucketLoggingStatus::builder().set_logging_enabled(enabled).build();
        let call = to.cx.s3().put_bucket_logging().bucket(to.name).expected_bucket_owner(to.owner());
        let call = call.bucket_logging_status(status);
        to.send(Self::WRITE, || call.clone().send()).await
    }

    fn is_made_with_the_bucket(&self) -> bool {
        self.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logging_survives_the_sdk_and_the_simple_format_is_the_absent_one() {
        let logging = LoggingConfiguration {
            destination_bucket_name: "vod-logs".into(),
            log_file_prefix: "s3/".into(),
            target_object_key_format: Some(TargetObjectKeyFormat::by_event_time()),
        };
        assert_eq!(LoggingConfiguration::from_sdk(&logging.to_sdk()), logging);
        let simple = sdk::SimplePrefix::builder().build();
        let simple = sdk::TargetObjectKeyFormat::builder().simple_prefix(simple).build();
        assert_eq!(TargetObjectKeyFormat::from_sdk(&simple), None);
    }
}
