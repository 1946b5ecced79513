//! Who owns what others write into a bucket.

use aws_sdk_s3::types as sdk;
use serde::{Deserialize, Serialize};

use super::settings::{Setting, TargetBucket};
use crate::aws::{Context, Result, SdkResult, required};

/// Who owns what others write into the bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OwnershipControls {
    /// Exactly one rule.
    pub rules: [OwnershipRule; 1],
}

/// The rule of [`OwnershipControls`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OwnershipRule {
    /// `BucketOwnerEnforced`, `BucketOwnerPreferred` or `ObjectWriter`.
    pub object_ownership: String,
}

impl OwnershipControls {
    /// The bucket's owner owns everything in it, and access control lists have no effect.
    #[must_use]
    pub fn bucket_owner_enforced() -> Self {
        Self { rules: [OwnershipRule { object_ownership: "BucketOwnerEnforced".to_owned() }] }
    }

    /// As the call that makes a bucket takes it.
    pub(super) fn ownership(&self) -> sdk::ObjectOwnership {
        self.rules[0].object_ownership.as_str().into()
    }

    fn to_sdk(&self) -> sdk::OwnershipControls {
        let rule = sdk::OwnershipControlsRule::builder().object_ownership(self.ownership()).build();
        sdk::OwnershipControls::builder()
            .rules(rule.expect("its one member is set"))
            .build()
            .expect("its one member is set")
    }

    fn from_sdk(found: &sdk::OwnershipControls) -> Result<Self> {
        let rule = required(found.rules.first(), Option::<Self>::READ, "OwnershipControls.Rules")?;
        let object_ownership = rule.object_ownership.as_str().to_owned();
        Ok(Self { rules: [OwnershipRule { object_ownership }] })
    }
}

impl Setting for Option<OwnershipControls> {
    const READ: &'static str = "s3:GetBucketOwnershipControls";
    const WRITE: &'static str = "s3:PutBucketOwnershipControls";

    async fn read(cx: &Context, bucket: &str) -> Result<Self> {
        let absent = &["NoSuchBucket", "OwnershipControlsNotFoundError"];
        let call = cx.s3().get_bucket_ownership_controls().bucket(bucket);
        let call = call.expected_bucket_owner(&cx.scope.account);
        let answer = call.send().await.unless(Self::READ, absent)?;
        let found = answer.as_ref().and_then(|answer| answer.ownership_controls());
        found.map(OwnershipControls::from_sdk).transpose()
    }

    async fn write(&self, to: &TargetBucket<'_>) -> Result<()> {
        let (s3, name, owner) = (to.cx.s3(), to.name, to.owner());
        if let Some(controls) = self {
            let call = s3.put_bucket_ownership_controls().bucket(name).expected_bucket_owner(owner);
            let call = call.ownership_controls(controls.to_sdk());
            to.send(Self::WRITE, || call.clone().send()).await
        } else {
            let call = s3.delete_bucket_ownership_controls().bucket(name).expected_bucket_owner(owner);
            to.send(Self::WRITE, || call.clone().send()).await
        }
    }

    /// Where the call that makes a bucket names no ownership, S3 enforces the bucket's owner.
    fn is_made_with_the_bucket(&self) -> bool {
        self.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ownership_survives_the_sdk() {
        let owner = OwnershipControls::bucket_owner_enforced();
        assert_eq!(OwnershipControls::from_sdk(&owner.to_sdk()).unwrap(), owner);
    }
}
