//! `AWS::S3::Bucket`: a general purpose bucket with all of its settings.
//!
//! Follows the S3 API reference, `CreateBucket` and the calls of each setting. A bucket is made together with its tags,
//! which needs `s3:TagResource` in addition to `s3:CreateBucket`. So an apply that is interrupted before the settings are
//! written leaves a bucket with our tags, and the next plan finishes it.
//!
//! `settings` has one row for each setting, and a file of the setting's name has its type and its calls.

mod contents;
mod cors;
mod emptying;
mod encryption;
mod lifecycle;
mod logging;
mod notification;
mod ownership;
mod public_access_block;
mod replication;
mod settings;
mod tags;
mod versioning;

use std::time::Duration;

use aws_sdk_s3::types as sdk;

pub use cors::{CorsConfiguration, CorsRule};
pub use emptying::empty_except;
pub use encryption::BucketEncryption;
pub use lifecycle::{
    AbortIncompleteMultipartUpload, LifecycleConfiguration, NoncurrentVersionExpiration,
    NoncurrentVersionTransition, Rule, TagFilter, Transition,
};
pub use logging::{LoggingConfiguration, TargetObjectKeyFormat};
pub use notification::NotificationConfiguration;
pub use ownership::OwnershipControls;
pub use public_access_block::PublicAccessBlockConfiguration;
pub use replication::ReplicationConfiguration;
pub use settings::Bucket;
pub use versioning::VersioningConfiguration;

use super::{NO_BUCKET, arn, change, remove};
use crate::aws::{Class, Context, Error, OrEmpty, Patience, Result, SdkResult, required, retry_while};
use crate::model::{ANYTHING, Allow, Changes, Guard, Kind, Mark, Only, Outputs, Permissions, Scope, Tags};
use crate::resource::sweep::marked;
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};
use settings::{Former, Setting};

/// S3's answers for a bucket of another account, or of another region.
const ELSEWHERE: &[&str] = &["AccessDenied", "PermanentRedirect", "AuthorizationHeaderMalformed"];
/// How long S3 may not see that a bucket is empty, and how long late log files may fill it again.
const EMPTIED: Patience = Patience {
    first: Duration::from_millis(500),
    longest: Duration::from_secs(5),
    limit: Duration::from_secs(60),
};
const NOT_EMPTY: &[&str] = &["BucketNotEmpty"];
const DELETE: &str = "s3:DeleteBucket";

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
            bucket_encryption: BucketEncryption::sse_s3(),
            ownership_controls: Some(OwnershipControls::bucket_owner_enforced()),
            public_access_block_configuration: Some(PublicAccessBlockConfiguration::ALL),
            tags,
            ..Self::default()
        }
    }

    /// The same bucket, encrypted with this KMS key if there is one.
    #[must_use]
    pub fn with_key(self, key: Option<&str>) -> Self {
        let bucket_encryption = key.map_or(self.bucket_encryption, BucketEncryption::sse_kms);
        Self { bucket_encryption, ..self }
    }

    fn created(&self, cx: &Context) -> Created {
        Created::new(&self.bucket_name, outputs_of(&cx.scope, &self.bucket_name))
    }

    async fn call_create(&self, cx: &Context) -> Result<()> {
        // us-east-1 is the one region that must not be named.
        let region = Some(cx.region()).filter(|region| *region != "us-east-1");
        let configuration = sdk::CreateBucketConfiguration::builder()
            .set_location_constraint(region.map(Into::into))
            .set_tags(Some(tags::to_sdk(&self.tags)))
            .build();
        let call = cx
            .s3()
            .create_bucket()
            .bucket(&self.bucket_name)
            .create_bucket_configuration(configuration)
            .set_object_ownership(self.ownership_controls.as_ref().map(OwnershipControls::ownership));
        change(cx, || async { call.clone().send().await.named("s3:CreateBucket").map(drop) }).await
    }

    /// Finishes a bucket that the plan did not see. It is ours if the answer to its creation was lost.
    async fn finish(&self, cx: &Context) -> Result<Created> {
        let found = Tags::read(cx, &self.bucket_name).await?;
        if found.ownership() != self.tags.ownership() {
            let message = format!(
                "a bucket {} has appeared in this account since the plan was made: plan again to see whose it is",
                self.bucket_name
            );
            let code = "BucketAlreadyOwnedByYou".to_owned();
            return Err(Error { code, ..Error::unexpected("s3:CreateBucket", message) });
        }
        self.write(cx, Former::Unknown).await?;
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

/// Explains a bucket that S3 refuses to read: it belongs to another account, is ours in another region, or these
/// credentials lack a permission.
async fn explain(cx: &Context, name: &str, error: Error) -> Error {
    let listed = cx.s3().list_buckets().prefix(name).max_buckets(1000).send().await.named(LIST);
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

/// Why a bucket that is not empty was not deleted.
fn still_full(id: &str, removal: Removal) -> String {
    match removal {
        Removal::OnlyEmpty => format!(
            "{id} holds objects, old versions or delete markers, and stays as it is: only `teardown` takes them along"
        ),
        Removal::WithContents => format!(
            "something writes to {id} while it is emptied (access logs may arrive for hours): run teardown again later"
        ),
    }
}

async fn delete_bucket(cx: &Context, name: &str) -> Result<()> {
    let call = cx.s3().delete_bucket().bucket(name).expected_bucket_owner(&cx.scope.account);
    remove(cx, || async { call.clone().send().await.unless(DELETE, NO_BUCKET).map(drop) }).await
}

const LIST: &str = "s3:ListAllMyBuckets";
const BUCKETS: &[&str] = &["arn:aws:s3:::{bucket}"];
/// The search for the stack's buckets reads the tags of each whose name begins like theirs.
const ALIKE: &[&str] = &["arn:aws:s3:::{name}"];
const OBJECTS: &[&str] = &["arn:aws:s3:::{bucket}/*"];
/// Whoever declares replication passes S3 the role that it copies with.
const PASS_COPIER: Allow = Allow::new(&["iam:PassRole"], &["{role}"])
    .only(Only::PassedTo("s3.amazonaws.com"))
    .with("ReplicationConfiguration");

impl Resource for Bucket {
    const KIND: Kind = Kind::new("AWS::S3::Bucket");
    const CREATE_ONLY: &'static [&'static str] = &["BucketName"];
    const GUARD: Guard = Guard::Data;
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(Self::READS, BUCKETS), Allow::new(contents::READS, BUCKETS)],
        create: &[
            Allow::new(&["s3:CreateBucket", "s3:TagResource"], BUCKETS),
            Allow::new(Self::WRITES, BUCKETS),
            PASS_COPIER,
        ],
        update: &[Allow::new(Self::WRITES, BUCKETS), PASS_COPIER],
        delete: &[Allow::new(&["s3:DeleteBucket"], BUCKETS)],
        // DeleteObjects always needs the first of these, says its reference.
        empty: &[Allow::new(
            &["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"],
            OBJECTS,
        )],
        list: &[Allow::new(&[LIST], ANYTHING), Allow::new(&[Tags::READ], ALIKE)],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.bucket_name.clone())
    }

    fn predicted(&self, scope: &Scope) -> Outputs {
        outputs_of(scope, &self.bucket_name)
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        match tokio::try_join!(Self::read(cx, id), contents::contents(cx, id)) {
            Ok((properties, Some(contents))) => {
                let ownership = properties.tags.ownership();
                let seen = Observed::new(id, properties, outputs_of(&cx.scope, id), ownership);
                Ok(Some(seen.with_contents(contents)))
            }
            Ok((_, None)) => Ok(None),
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
        desired.write(cx, Former::New).await?;
        Ok(desired.created(cx))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        desired.write(cx, Former::Seen(&seen.properties)).await
    }

    async fn delete(cx: &Context, id: &str, removal: Removal) -> Result<()> {
        let delete = || async {
            if removal == Removal::WithContents {
                emptying::empty(cx, id).await?;
            }
            delete_bucket(cx, id).await
        };
        let full = |error: &Error| error.call == DELETE && error.is(NOT_EMPTY);
        let awaited = format!("waiting until S3 sees that {id} is empty");
        let passing = |error: &Error| removal == Removal::WithContents && full(error);
        match retry_while(cx, EMPTIED, &awaited, passing, delete).await {
            Err(error) if full(&error) => Err(Error { message: still_full(id, removal), ..error }),
            outcome => outcome,
        }
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let prefix = format!("{}-", cx.scope.stack);
        let call = cx.s3().list_buckets().prefix(prefix).bucket_region(cx.region()).max_buckets(1000);
        let mut pages = call.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let listed = page.named(LIST)?.buckets.or_empty().into_iter();
            let listed = listed.map(|bucket| required(bucket.name, LIST, "Bucket.Name"));
            names.extend(listed.collect::<Result<Vec<_>>>()?);
        }
        let read = |name: String| async move { Ok(Mark::from_tags(&Tags::read(cx, &name).await?)) };
        marked(cx, names, read).await
    }
}

#[cfg(test)]
mod tests;
