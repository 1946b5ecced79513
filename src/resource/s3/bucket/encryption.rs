//! How a bucket encrypts what is written to it.
//!
//! Every bucket has such a setting, and SSE-S3 is the default. See the S3 user guide, "Setting default server-side
//! encryption behavior" and "Blocking or unblocking SSE-C for a general purpose bucket".

use std::collections::BTreeSet;

use aws_sdk_s3::types as sdk;
use serde::{Deserialize, Serialize};

use super::settings::{Setting, TargetBucket};
use crate::aws::{Context, Result, SdkResult};
use crate::model::StringExpr;

/// The default encryption of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct BucketEncryption {
    /// Exactly one rule.
    pub server_side_encryption_configuration: [EncryptionRule; 1],
}

/// The rule of a [`BucketEncryption`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EncryptionRule {
    /// The algorithm and key.
    pub server_side_encryption_by_default: EncryptionByDefault,
    /// Whether S3 derives object keys from a key of the bucket, which makes KMS cheaper. It has no effect without KMS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bucket_key_enabled: bool,
    /// What writers may not ask for instead. Absent: they may ask for anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_encryption_types: Option<BlockedEncryptionTypes>,
}

/// The algorithm and key of an [`EncryptionRule`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncryptionByDefault {
    /// `AES256` (SSE-S3), `aws:kms` or `aws:kms:dsse`.
    #[serde(rename = "SSEAlgorithm")]
    pub sse_algorithm: String,
    /// The ARN of the KMS key; absent with KMS means the account's `aws/s3` key.
    #[serde(rename = "KMSMasterKeyID", default, skip_serializing_if = "Option::is_none")]
    pub kms_master_key_id: Option<StringExpr>,
}

/// Encryption that writers may not ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct BlockedEncryptionTypes {
    /// `SSE-C` is all that can be blocked.
    pub encryption_type: BTreeSet<String>,
}

/// SSE-S3 with nothing blocked: what S3 does where nothing is set.
impl Default for BucketEncryption {
    fn default() -> Self {
        Self::rule("AES256", None, false, None)
    }
}

impl BucketEncryption {
    /// SSE-S3, with SSE-C blocked: an object under a key that only its writer has would be lost to the service. It is
    /// what S3 gives to new buckets since April 2026.
    #[must_use]
    pub fn sse_s3() -> Self {
        let blocked = BlockedEncryptionTypes { encryption_type: BTreeSet::from(["SSE-C".to_owned()]) };
        Self::rule("AES256", None, false, Some(blocked))
    }

    /// A KMS key, with SSE-C blocked as well. S3 derives the keys of objects from a key of the bucket, so that KMS is asked
    /// for few of them.
    #[must_use]
    pub fn sse_kms(key: &str) -> Self {
        let [rule] = Self::sse_s3().server_side_encryption_configuration;
        Self::rule("aws:kms", Some(key.to_owned()), true, rule.blocked_encryption_types)
    }

    fn rule(
        algorithm: &str,
        key: Option<String>,
        bucket_key_enabled: bool,
        blocked_encryption_types: Option<BlockedEncryptionTypes>,
    ) -> Self {
        let server_side_encryption_by_default = EncryptionByDefault {
            sse_algorithm: algorithm.to_owned(),
            kms_master_key_id: key.map(StringExpr::from),
        };
        Self {
            server_side_encryption_configuration: [EncryptionRule {
                server_side_encryption_by_default,
                bucket_key_enabled,
                blocked_encryption_types,
            }],
        }
    }

    fn to_sdk(&self) -> sdk::ServerSideEncryptionConfiguration {
        let rule = &self.server_side_encryption_configuration[0];
        let by_default = &rule.server_side_encryption_by_default;
        let by_default = sdk::ServerSideEncryptionByDefault::builder()
            .sse_algorithm(by_default.sse_algorithm.as_str().into())
            .set_kms_master_key_id(by_default.kms_master_key_id.as_ref().map(StringExpr::text))
            .build()
            .expect("the algorithm is set");
        // Always sent: S3 keeps the former value where the call leaves it out.
        let none = BTreeSet::from(["NONE".to_owned()]);
        let blocked =
            rule.blocked_encryption_types.as_ref().map_or(&none, |blocked| &blocked.encryption_type);
        let blocked = blocked.iter().map(|name| name.as_str().into()).collect();
        let rule = sdk::ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(by_default)
            .bucket_key_enabled(rule.bucket_key_enabled)
            .blocked_encryption_types(
                sdk::BlockedEncryptionTypes::builder().set_encryption_type(Some(blocked)).build(),
            );
        sdk::ServerSideEncryptionConfiguration::builder()
            .rules(rule.build())
            .build()
            .expect("the one rule is set")
    }

    /// What the account has. Buckets from before 2023 answer nothing, which means SSE-S3.
    fn from_sdk(found: Option<&sdk::ServerSideEncryptionConfiguration>) -> Self {
        let rule = found.and_then(|found| found.rules.first());
        let by_default = rule.and_then(|rule| rule.apply_server_side_encryption_by_default.as_ref());
        let algorithm = by_default.map_or("AES256", |by_default| by_default.sse_algorithm.as_str());
        let key = by_default.and_then(|by_default| by_default.kms_master_key_id.clone());
        let bucket_key = rule.and_then(|rule| rule.bucket_key_enabled) == Some(true);
        let blocked = rule.and_then(|rule| rule.blocked_encryption_types.as_ref());
        let blocked: BTreeSet<String> = blocked
            .into_iter()
            .flat_map(|blocked| blocked.encryption_type())
            .map(|name| name.as_str().to_owned())
            .filter(|name| name != "NONE")
            .collect();
        let blocked = (!blocked.is_empty()).then_some(BlockedEncryptionTypes { encryption_type: blocked });
        // A bucket key has no effect without KMS, so it is no difference.
        Self::rule(algorithm, key, bucket_key && algorithm != "AES256", blocked)
    }
}

impl Setting for BucketEncryption {
    const READ: &'static str = "s3:GetEncryptionConfiguration";
    const WRITE: &'static str = "s3:PutEncryptionConfiguration";

    async fn read(cx: &Context, bucket: &str) -> Result<Self> {
        let absent = &["NoSuchBucket", "ServerSideEncryptionConfigurationNotFoundError"];
        let call = cx.s3().get_bucket_encryption().bucket(bucket).expected_bucket_owner(&cx.scope.account);
        let answer = call.send().await.unless(Self::READ, absent)?;
        let found = answer.as_ref().and_then(|answer| answer.server_side_encryption_configuration());
        Ok(Self::from_sdk(found))
    }

    async fn write(&self, to: &TargetBucket<'_>) -> Result<()> {
        let call = to.cx.s3().put_bucket_encryption().bucket(to.name).expected_bucket_owner(to.owner());
        let call = call.server_side_encryption_configuration(self.to_sdk());
        to.send(Self::WRITE, || call.clone().send()).await
    }

    /// AWS's default for new buckets has changed over the years: it is always written.
    fn is_made_with_the_bucket(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encryption_survives_the_sdk() {
        let open = BucketEncryption::rule("AES256", None, false, None);
        let kms = BucketEncryption::rule("aws:kms", Some("arn:aws:kms:::key/1".into()), true, None);
        let ours = BucketEncryption::sse_kms("arn:aws:kms:::key/1");
        for encryption in [BucketEncryption::sse_s3(), open, kms, ours] {
            assert_eq!(BucketEncryption::from_sdk(Some(&encryption.to_sdk())), encryption);
        }
    }

    #[test]
    fn it_reads_as_cloudformation_writes_it() {
        insta::assert_json_snapshot!(BucketEncryption::sse_s3(), @r#"
        {
          "ServerSideEncryptionConfiguration": [
            {
              "ServerSideEncryptionByDefault": {
                "SSEAlgorithm": "AES256"
              },
              "BlockedEncryptionTypes": {
                "EncryptionType": [
                  "SSE-C"
                ]
              }
            }
          ]
        }
        "#);
    }
}
