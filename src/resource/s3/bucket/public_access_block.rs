//! What stops a bucket from ever becoming public.

use aws_sdk_s3::types as sdk;
use serde::{Deserialize, Serialize};

use super::settings::{Setting, TargetBucket};
use crate::aws::{Context, Result, SdkResult};

/// What stops the bucket from ever becoming public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PublicAccessBlockConfiguration {
    /// Public access control lists are refused.
    #[serde(default)]
    pub block_public_acls: bool,
    /// Public policies are refused.
    #[serde(default)]
    pub block_public_policy: bool,
    /// Public access control lists that exist have no effect.
    #[serde(default)]
    pub ignore_public_acls: bool,
    /// A public policy that exists lets in only the owner's account and AWS services.
    #[serde(default)]
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlockConfiguration {
    /// All four.
    pub const ALL: Self = Self {
        block_public_acls: true,
        block_public_policy: true,
        ignore_public_acls: true,
        restrict_public_buckets: true,
    };

    fn to_sdk(self) -> sdk::PublicAccessBlockConfiguration {
        sdk::PublicAccessBlockConfiguration::builder()
            .block_public_acls(self.block_public_acls)
            .block_public_policy(self.block_public_policy)
            .ignore_public_acls(self.ignore_public_acls)
            .restrict_public_buckets(self.restrict_public_buckets)
            .build()
    }

    /// A switch that the answer leaves out is off.
    fn from_sdk(found: &sdk::PublicAccessBlockConfiguration) -> Self {
        let on = |switch: Option<bool>| switch == Some(true);
        Self {
            block_public_acls: on(found.block_public_acls),
            block_public_policy: on(found.block_public_policy),
            ignore_public_acls: on(found.ignore_public_acls),
            restrict_public_buckets: on(found.restrict_public_buckets),
        }
    }
}

impl Setting for Option<PublicAccessBlockConfiguration> {
    const READ: &'static str = "s3:GetBucketPublicAccessBlock";
    const WRITE: &'static str = "s3:PutBucketPublicAccessBlock";

    async fn read(cx: &Context, bucket: &str) -> Result<Self> {
        let absent = &["NoSuchBucket", "NoSuchPublicAccessBlockConfiguration"];
        let call = cx.s3().get_public_access_block().bucket(bucket).expected_bucket_owner(&cx.scope.account);
        let answer = call.send().await.unless(Self::READ, absent)?;
        let found = answer.as_ref().and_then(|answer| answer.public_access_block_configuration());
        Ok(found.map(PublicAccessBlockConfiguration::from_sdk))
    }

    async fn write(&self, to: &TargetBucket<'_>) -> Result<()> {
        let (s3, name, owner) = (to.cx.s3(), to.name, to.owner());
        if let Some(block) = self {
            let call = s3.put_public_access_block().bucket(name).expected_bucket_owner(owner);
            let call = call.public_access_block_configuration(block.to_sdk());
            to.send(Self::WRITE, || call.clone().send()).await
        } else {
            let call = s3.delete_public_access_block().bucket(name).expected_bucket_owner(owner);
            to.send(Self::WRITE, || call.clone().send()).await
        }
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
    fn a_block_survives_the_sdk() {
        let block = PublicAccessBlockConfiguration {
            ignore_public_acls: false,
            ..PublicAccessBlockConfiguration::ALL
        };
        assert_eq!(PublicAccessBlockConfiguration::from_sdk(&block.to_sdk()), block);
    }
}
