//! A bucket as it is declared: one row for each setting, and what follows from the rows.
//!
//! Every setting has calls of its own. The setting's type says which ([`Setting`]), in its own file. From the rows follow
//! how a bucket is read, how it is written, and which IAM actions both need. A row without a `Setting` does not compile.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde::{Deserialize, Serialize};

use super::{
    BucketEncryption, CorsConfiguration, LifecycleConfiguration, LoggingConfiguration,
    NotificationConfiguration, OwnershipControls, PublicAccessBlockConfiguration, ReplicationConfiguration,
    VersioningConfiguration,
};
use crate::aws::{Context, Error, Result, SdkResult};
use crate::model::Tags;
use crate::resource::s3::change_while;

/// A setting of a bucket: a property that is read by one call and written by others.
pub(super) trait Setting: PartialEq + Sized + Sync {
    /// The IAM action that reading it needs. S3 often calls it otherwise than the operation.
    const READ: &'static str;
    /// The IAM action that writing it needs, and deleting it as well.
    const WRITE: &'static str;

    /// What the bucket of this name has. For a bucket that does not exist: what one without the setting has.
    fn read(cx: &Context, bucket: &str) -> impl Future<Output = Result<Self>> + Send;

    /// Makes it so.
    fn write(&self, to: &TargetBucket<'_>) -> impl Future<Output = Result<()>> + Send;

    /// Whether a bucket that was made this moment has it already, so that no call is needed.
    fn is_made_with_the_bucket(&self) -> bool;

    /// When it is written, in relation to the other settings.
    fn turn(&self) -> Turn {
        Turn::WithTheOthers
    }
}

/// When a setting is written. The settings of one turn are written side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Before the others, which S3 refuses while it is as it was.
    First,
    /// With all that does not depend on another.
    WithTheOthers,
    /// After the others, without which S3 refuses it.
    Last,
}

/// The bucket that a setting is written to.
pub(super) struct TargetBucket<'a> {
    pub(super) cx: &'a Context,
    pub(super) name: &'a str,
    /// Whether its replication ends with this very write.
    pub(super) ends_replication: bool,
}

impl TargetBucket<'_> {
    /// The account that must own the bucket: S3 refuses the call for anybody else's.
    pub(super) fn owner(&self) -> &str {
        &self.cx.scope.account
    }

    /// Makes a call under the name of the action that allows it, again while S3 is still settling the bucket.
    pub(super) async fn send<T, E, F>(&self, action: &'static str, call: impl Fn() -> F) -> Result<()>
    where
        F: Future<Output = std::result::Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.send_while(|_| false, action, call).await
    }

    /// The same, again while `also` says that something else is still settling as well.
    pub(super) async fn send_while<T, E, F>(
        &self,
        also: impl Fn(&Error) -> bool,
        action: &'static str,
        call: impl Fn() -> F,
    ) -> Result<()>
    where
        F: Future<Output = std::result::Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        change_while(self.cx, also, || async { call().await.named(action).map(drop) }).await
    }
}

/// What is known of the settings that a bucket has before they are written.
#[derive(Clone, Copy)]
pub(super) enum Former<'a> {
    /// These.
    Seen(&'a Bucket),
    /// Those of a bucket that was made this moment.
    New,
    /// Nothing.
    Unknown,
}

impl<'a> Former<'a> {
    /// Whether a setting has to be written.
    fn needs<S: Setting + 'a>(self, desired: &S, of: impl FnOnce(&'a Bucket) -> &'a S) -> bool {
        match self {
            Self::Seen(seen) => of(seen) != desired,
            Self::New => !desired.is_made_with_the_bucket(),
            Self::Unknown => true,
        }
    }

    /// Whether writing the desired bucket ends a replication.
    fn loses_replication(self, desired: &Bucket) -> bool {
        let replication = &desired.replication_configuration;
        replication.is_none() && self.needs(replication, |seen| &seen.replication_configuration)
    }
}

async fn when(needed: bool, write: impl Future<Output = Result<()>>) -> Result<()> {
    if needed { write.await } else { Ok(()) }
}

/// Defines [`Bucket`] by its rows, and what reads and writes all of them.
macro_rules! settings {
    ($( $(#[$attribute:meta])* $setting:ident: $type:ty, )*) => {
        /// A bucket.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct Bucket {
            /// Its name, unique among all accounts of AWS.
            pub bucket_name: String,
            $( $(#[$attribute])* pub $setting: $type, )*
        }

        impl Bucket {
            /// The IAM actions that reading all settings needs.
            pub(super) const READS: &[&str] = &[$( <$type as Setting>::READ, )*];
            /// The IAM actions that writing all settings needs.
            pub(super) const WRITES: &[&str] = &[$( <$type as Setting>::WRITE, )*];

            /// The settings of the bucket of this name, all read side by side.
            pub(super) async fn read(cx: &Context, name: &str) -> Result<Self> {
                let ( $( $setting, )* ) = tokio::try_join!( $( <$type as Setting>::read(cx, name), )* )?;
                Ok(Self { bucket_name: name.to_owned(), $( $setting, )* })
            }

            /// Writes those of its settings that are not what they were.
            pub(super) async fn write(&self, cx: &Context, former: Former<'_>) -> Result<()> {
                let Self { bucket_name: name, $( $setting, )* } = self;
                let to = TargetBucket { cx, name, ends_replication: former.loses_replication(self) };
                for turn in [Turn::First, Turn::WithTheOthers, Turn::Last] {
                    tokio::try_join!( $( when(
                        $setting.turn() == turn && former.needs($setting, |seen| &seen.$setting),
                        $setting.write(&to),
                    ), )* )?;
                }
                Ok(())
            }
        }
    };
}

settings! {
    /// Whether it keeps every version of its objects. Absent: it does not.
    #[serde(default, skip_serializing_if = "VersioningConfiguration::is_absence")]
    versioning_configuration: VersioningConfiguration,
    /// How it encrypts. Every bucket does.
    bucket_encryption: BucketEncryption,
    /// Who owns what others write. Absent: whoever wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ownership_controls: Option<OwnershipControls>,
    /// What stops it from becoming public. Absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_access_block_configuration: Option<PublicAccessBlockConfiguration>,
    /// What it does with objects as they age. Absent: it keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lifecycle_configuration: Option<LifecycleConfiguration>,
    /// Which sites' pages may use it from a browser. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cors_configuration: Option<CorsConfiguration>,
    /// Who is notified of what happens in it. Absent: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notification_configuration: Option<NotificationConfiguration>,
    /// Where S3 writes a record of every request. Absent: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logging_configuration: Option<LoggingConfiguration>,
    /// Where S3 copies new objects to. Absent: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replication_configuration: Option<ReplicationConfiguration>,
    /// Its tags.
    #[serde(default)]
    tags: Tags,
}
