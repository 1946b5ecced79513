//! `AWS::S3::BucketPolicy`: who may do what with a bucket.

use serde::{Deserialize, Serialize};

use super::{Bucket, change, remove};
use crate::aws::{Context, Error, Result, SdkResult};
use crate::model::{
    Allow, Changes, Kind, Mark, Outputs, Ownership, Permissions, PolicyDocument, Scope, StringExpr,
};
use crate::resource::{Created, Observed, Removal, Resolved, Resource};

const ABSENT: &[&str] = &["NoSuchBucketPolicy", "NoSuchBucket"];

/// The policy of one bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct BucketPolicy {
    /// The bucket's name.
    pub bucket: StringExpr,
    /// The policy.
    pub policy_document: PolicyDocument,
}

const BUCKETS: &[&str] = &["arn:aws:s3:::{bucket}"];

impl Resource for BucketPolicy {
    const KIND: Kind = Kind::new("AWS::S3::BucketPolicy");
    const CREATE_ONLY: &'static [&'static str] = &["Bucket"];
    const PARENT: Option<Kind> = Some(Bucket::KIND);
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["s3:GetBucketPolicy"], BUCKETS)],
        create: &[Allow::new(&["s3:PutBucketPolicy"], BUCKETS)],
        update: &[Allow::new(&["s3:PutBucketPolicy"], BUCKETS)],
        delete: &[Allow::new(&["s3:DeleteBucketPolicy"], BUCKETS)],
        empty: &[],
        list: &[],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.bucket.text())
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let call = cx.s3().get_bucket_policy().bucket(id).expected_bucket_owner(&cx.scope.account);
        let answer = call.send().await.unless("s3:GetBucketPolicy", ABSENT)?;
        let Some(text) = answer.and_then(|answer| answer.policy) else { return Ok(None) };
        let policy_document = text.parse().map_err(|error| {
            Error::unexpected("s3:GetBucketPolicy", format!("unreadable policy of {id}: {error}"))
        })?;
        let properties = Self { bucket: id.into(), policy_document };
        Ok(Some(Observed::new(id, properties, Outputs::new(), Ownership::Inherited)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let Self { bucket, policy_document } = &**desired;
        let bucket = bucket.text();
        let call = cx.s3().put_bucket_policy().bucket(&bucket).expected_bucket_owner(&cx.scope.account);
        let call = call.policy(policy_document.to_json());
        change(cx, || async { call.clone().send().await.named("s3:PutBucketPolicy").map(drop) }).await?;
        Ok(Created::new(bucket, Outputs::new()))
    }

    async fn update(cx: &Context, _: &Observed<Self>, desired: &Resolved<Self>, _: &Changes) -> Result<()> {
        Self::create(cx, desired).await.map(drop)
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let call = cx.s3().delete_bucket_policy().bucket(id).expected_bucket_owner(&cx.scope.account);
        remove(cx, || async { call.clone().send().await.unless("s3:DeleteBucketPolicy", ABSENT).map(drop) })
            .await
    }

    async fn list_owned(_: &Context) -> Result<Vec<(String, Mark)>> {
        Ok(Vec::new())
    }
}
