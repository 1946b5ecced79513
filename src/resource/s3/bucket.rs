//! `AWS::S3::Bucket`: a general purpose bucket with all of its settings.
//!
//! Follows the S3 API reference, `CreateBucket` and the calls of each setting. A bucket is made together with its tags,
//! which takes `s3:TagResource` beside `s3:CreateBucket`: so an apply that is interrupted between the bucket and its
//! settings leaves one that carries our mark, and the next plan finishes it.

use aws_sdk_s3::types as sdk;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::{
    Bucket, BucketEncryption, NO_BUCKET, OwnershipControls, PublicAccessBlockConfiguration,
    VersioningConfiguration, arn, change, emptying, remove, settings,
};
use crate::aws::{Class, Context, Error, Result, SdkResult};
use crate::model::{ANYTHING, Allow, Changes, Guard, Kind, Mark, Only, Outputs, Permissions, Scope, Tags};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

/// What S3 answers for a bucket of another account, or of another region.
const ELSEWHERE: &[&str] = &["AccessDenied", "PermanentRedirect", "AuthorizationHeaderMalformed"];
/// How many buckets' tags are read at once in a sweep.
const TAG_READS: usize = 16;
/// How often a bucket that was emptied is found filled again before that is an error.
const DELETIONS: usize = 3;

fn outputs_of(scope: &Scope, name: &str) -> Outputs {
    outputs([
        ("Arn", arn(name)),
        ("BucketName", name.to_owned()),
        ("DomainName", format!("{name}.s3.amazonaws.com")),
        ("RegionalDomainName", format!("{name}.s3.{}.amazonaws.com", scope.region)),
    ])
}

impl Bucket {
    /// A private bucket of this name as every bucket of a stack should be: encrypted, owned by its account alone, never
    /// public.
    #[must_use]
    pub fn private(name: impl Into<String>, tags: Tags) -> Self {
        Self {
            bucket_name: name.into(),
            versioning_configuration: VersioningConfiguration::default(),
            bucket_encryption: BucketEncryption::sse_s3(),
            ownership_controls: Some(OwnershipControls::bucket_owner_enforced()),
            public_access_block_configuration: Some(PublicAccessBlockConfiguration::ALL),
            lifecycle_configuration: None,
            cors_configuration: None,
            notification_configuration: None,
            logging_configuration: None,
            replication_configuration: None,
            tags,
        }
    }

    fn created(&self, cx: &Context) -> Created {
        Created::new(&self.bucket_name, outputs_of(&cx.scope, &self.bucket_name))
    }

    /// Whether a bucket that was made this moment needs a call for this setting.
    fn adds(&self, property: &str) -> bool {
        match property {
            // Made with it.
            "Tags" => false,
            "OwnershipControls" => self.ownership_controls.is_none(),
            "VersioningConfiguration" => !self.versioning_configuration.is_absence(),
            "LifecycleConfiguration" => self.lifecycle_configuration.is_some(),
            "CorsConfiguration" => self.cors_configuration.is_some(),
            "NotificationConfiguration" => self.notification_configuration.is_some(),
            "LoggingConfiguration" => self.logging_configuration.is_some(),
            "ReplicationConfiguration" => self.replication_configuration.is_some(),
            // AWS's defaults for these have changed over the years: said outright.
            _ => true,
        }
    }

    async fn call_create(&self, cx: &Context) -> Result<()> {
        // us-east-1 is the one region that must not be named.
        let region = Some(cx.region()).filter(|region| *region != "us-east-1");
        let configuration = sdk::CreateBucketConfiguration::builder()
            .set_location_constraint(region.map(Into::into))
            .set_tags(Some(settings::sdk_tags(&self.tags)))
            .build();
        let call = cx
            .s3()
            .create_bucket()
            .bucket(&self.bucket_name)
            .create_bucket_configuration(configuration)
            .set_object_ownership(self.ownership_controls.as_ref().map(OwnershipControls::ownership));
        change(cx, || async { call.clone().send().await.named("s3:CreateBucket").map(drop) }).await
    }

    /// Finishes a bucket that is there although the plan saw none: ours, if an answer was lost on the way.
    async fn finish(&self, cx: &Context) -> Result<Created> {
        let found = settings::tags(cx, &self.bucket_name).await?;
        if found.ownership() != self.tags.ownership() {
            let message = format!(
                "a bucket {} has appeared in this account since the plan was made: plan again to see whose it is",
                self.bucket_name
            );
            let code = "BucketAlreadyOwnedByYou".to_owned();
            return Err(Error { code, ..Error::unexpected("s3:CreateBucket", message) });
        }
        settings::write(cx, self, |_| true).await?;
        Ok(self.created(cx))
    }
}

/// Names are shared by all accounts, so somebody else may have this one.
fn taken(call: &'static str, name: &str) -> Error {
    let message = format!(
        "another AWS account has a bucket {name}, and no two buckets may share a name: choose another `stack` in the stack file"
    );
    Error { code: "BucketAlreadyExists".to_owned(), ..Error::unexpected(call, message) }
}

/// Says what a bucket that answers only with refusals is: somebody else's, ours in another region, or not for these
/// credentials, which is all that a missing permission tells of a bucket that is not listed.
async fn explain(cx: &Context, name: &str, error: Error) -> Error {
    let listed = cx.s3().list_buckets().prefix(name).send().await.named("s3:ListAllMyBuckets");
    let Ok(listed) = listed else { return error };
    let ours = listed.buckets().iter().find(|bucket| bucket.name() == Some(name));
    let Some(ours) = ours else {
        return if error.lacks_permission() { error } else { taken(error.call, name) };
    };
    match ours.bucket_region() {
        Some(region) if region != cx.region() => {
            let message = format!(
                "the bucket {name} of this account is in {region}, not in {}: remove it there, or choose another `stack`",
                cx.region()
            );
            Error { class: Class::Refused, message, ..error }
        }
        _ => error,
    }
}

async fn delete_bucket(cx: &Context, name: &str) -> Result<()> {
    let call = cx.s3().delete_bucket().bucket(name).expected_bucket_owner(&cx.scope.account);
    remove(cx, || async { call.clone().send().await.unless("s3:DeleteBucket", NO_BUCKET).map(drop) }).await
}

const BUCKETS: &[&str] = &["arn:aws:s3:::{name}"];
const OBJECTS: &[&str] = &["arn:aws:s3:::{name}/*"];
/// The settings are written by calls that the reference knows under these actions, deleting ones included.
const SETTINGS: &[&str] = &[
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketCORS",
    "s3:PutBucketNotification",
    "s3:PutBucketLogging",
    "s3:PutReplicationConfiguration",
    "s3:PutBucketTagging",
];
/// S3 gets the role that it copies in from whoever declares it.
const PASS_COPIER: Allow = Allow::new(&["iam:PassRole"], &["arn:aws:iam::{account}:role/{name}"])
    .only(Only::PassedTo("s3.amazonaws.com"))
    .with("ReplicationConfiguration");

impl Resource for Bucket {
    const KIND: Kind = Kind::new("AWS::S3::Bucket");
    const CREATE_ONLY: &'static [&'static str] = &["BucketName"];
    const GUARD: Guard = Guard::Data;
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(
            &[
                "s3:GetBucketVersioning",
                "s3:GetEncryptionConfiguration",
                "s3:GetBucketOwnershipControls",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetLifecycleConfiguration",
                "s3:GetBucketCORS",
                "s3:GetBucketNotification",
                "s3:GetBucketLogging",
                "s3:GetReplicationConfiguration",
                "s3:GetBucketTagging",
                "s3:ListBucketVersions",
                "s3:ListBucketMultipartUploads",
            ],
            BUCKETS,
        )],
        create: &[
            Allow::new(&["s3:CreateBucket", "s3:TagResource"], BUCKETS),
            Allow::new(SETTINGS, BUCKETS),
            PASS_COPIER,
        ],
        update: &[Allow::new(SETTINGS, BUCKETS), PASS_COPIER],
        delete: &[Allow::new(&["s3:DeleteBucket"], BUCKETS)],
        // The reference of DeleteObjects asks for the first of these always.
        empty: &[Allow::new(
            &["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"],
            OBJECTS,
        )],
        list: &[
            Allow::new(&["s3:ListAllMyBuckets"], ANYTHING),
            Allow::new(&["s3:GetBucketTagging"], BUCKETS),
        ],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.bucket_name.clone())
    }

    fn predicted(&self, scope: &Scope) -> Outputs {
        outputs_of(scope, &self.bucket_name)
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        match settings::read(cx, id).await {
            Ok(Some((properties, contents))) => {
                let ownership = properties.tags.ownership();
                let seen = Observed::new(id, properties, outputs_of(&cx.scope, id), ownership);
                Ok(Some(seen.with_contents(contents)))
            }
            Ok(None) => Ok(None),
            Err(error) if error.is(ELSEWHERE) => Err(explain(cx, id, error).await),
            Err(error) => Err(error),
        }
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        match desired.call_create(cx).await {
            Ok(()) => {}
            Err(error) if error.is(&["BucketAlreadyOwnedByYou"]) => return desired.finish(cx).await,
            Err(error) if error.is(&["BucketAlreadyExists"]) => {
                return Err(taken(error.call, &desired.bucket_name));
            }
            Err(error) => return Err(error),
        }
        settings::write(cx, desired, |property| desired.adds(property)).await?;
        Ok(desired.created(cx))
    }

    async fn update(
        cx: &Context,
        _: &Observed<Self>,
        desired: &Resolved<Self>,
        changes: &Changes,
    ) -> Result<()> {
        settings::write(cx, desired, |property| changes.touches(property)).await
    }

    async fn delete(cx: &Context, id: &str, removal: Removal) -> Result<()> {
        for attempt in 1.. {
            if removal == Removal::WithContents {
                emptying::empty(cx, id).await?;
            }
            match delete_bucket(cx, id).await {
                Err(error) if error.is(&["BucketNotEmpty"]) => {
                    if removal == Removal::OnlyEmpty || attempt == DELETIONS {
                        let message = format!(
                            "{id} holds objects, old versions or delete markers, and stays as it is: only `teardown` takes them along"
                        );
                        return Err(Error { message, ..error });
                    }
                }
                outcome => return outcome,
            }
        }
        Ok(())
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let prefix = format!("{}-", cx.scope.stack);
        let call = cx.s3().list_buckets().prefix(prefix).bucket_region(cx.region()).max_buckets(1000);
        let mut pages = call.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let listed = page.named("s3:ListAllMyBuckets")?.buckets.unwrap_or_default();
            names.extend(listed.into_iter().filter_map(|bucket| bucket.name));
        }
        let marked = stream::iter(names)
            .map(|name| async move {
                let mark = Mark::from_tags(&settings::tags(cx, &name).await?);
                Ok(mark.filter(|mark| mark.stack == cx.scope.stack).map(|mark| (name, mark)))
            })
            .buffer_unordered(TAG_READS);
        marked.try_filter_map(|owned| std::future::ready(Ok(owned))).try_collect().await
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::{StatusCode, Uri};
    use axum::response::IntoResponse;

    use super::*;
    use crate::aws::fake_aws;

    /// What is said of the bucket `vod-source` where S3 refuses to read it so, and this is the account's one bucket.
    async fn refused(message: &'static str, listed: &'static str) -> Error {
        let answer = move |uri: Uri| async move {
            match uri.path() {
                "/" => format!("<ListAllMyBucketsResult><Buckets><Bucket><Name>{listed}</Name></Bucket></Buckets></ListAllMyBucketsResult>").into_response(),
                _ => (StatusCode::FORBIDDEN, format!("<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>")).into_response(),
            }
        };
        let cx = fake_aws::regions(Router::new().fallback(answer)).await.home();
        Bucket::observe(&cx, "vod-source").await.map(drop).unwrap_err()
    }

    #[tokio::test]
    async fn a_missing_permission_is_told_from_a_bucket_of_another_account() {
        const MISSING: &str = "User: me is not authorized to perform: s3:GetBucketX on resource: vod-source because no \
                               identity-based policy allows the s3:GetBucketX action";
        // Another account of the organization.
        const THEIRS: &str = "User: me is not authorized to perform: s3:GetBucketX on resource: vod-source because no \
                              resource-based policy allows the s3:GetBucketX action";
        for (message, listed) in
            [(MISSING, "vod-other"), (MISSING, "vod-source"), ("Access Denied", "vod-source")]
        {
            let error = refused(message, listed).await;
            assert_eq!((error.class, error.message.as_str()), (Class::Denied, message), "{listed}");
        }
        for message in ["Access Denied", THEIRS] {
            let error = refused(message, "vod-other").await;
            assert_eq!(
                (error.class, error.code.as_str()),
                (Class::Refused, "BucketAlreadyExists"),
                "{message}"
            );
            assert!(error.message.starts_with("another AWS account has a bucket vod-source"), "{error}");
        }
    }

    fn scope() -> Scope {
        Scope { stack: "vod".into(), account: "111122223333".into(), region: "ap-northeast-2".into() }
    }

    #[test]
    fn names_foretell_every_output() {
        let outputs = Bucket::private("vod-source", Tags::default()).predicted(&scope());
        insta::assert_json_snapshot!(outputs, @r#"
        {
          "Arn": "arn:aws:s3:::vod-source",
          "BucketName": "vod-source",
          "DomainName": "vod-source.s3.amazonaws.com",
          "RegionalDomainName": "vod-source.s3.ap-northeast-2.amazonaws.com"
        }
        "#);
    }

    #[test]
    fn absent_versioning_and_suspended_versioning_are_one_declaration() {
        let mut json = serde_json::to_value(Bucket::private("b", Tags::default())).unwrap();
        let plain: Bucket = serde_json::from_value(json.clone()).unwrap();
        json["VersioningConfiguration"] = serde_json::json!({ "Status": "Suspended" });
        assert_eq!(serde_json::from_value::<Bucket>(json).unwrap(), plain);
    }

    #[test]
    fn a_name_that_somebody_else_has_is_said_so() {
        insta::assert_snapshot!(
            taken("s3:CreateBucket", "vod-source"),
            @"s3:CreateBucket failed with BucketAlreadyExists: another AWS account has a bucket vod-source, and no two buckets may share a name: choose another `stack` in the stack file"
        );
    }
}
