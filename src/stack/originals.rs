//! Whether a bucket that exists can be the source of a stack. It is looked up by the commands, and never changed.

use miette::Diagnostic;

use crate::model::Scope;
use crate::resource::s3::ExistingBucket;

/// Why a bucket cannot hold a stack's originals.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableBucket {
    /// There is none that the caller can see.
    #[error("account {account} has no bucket {name} in {region} that these credentials can see")]
    Absent {
        /// The account.
        account: String,
        /// The bucket.
        name: String,
        /// The region.
        region: String,
    },
    /// It lacks something.
    #[error("bucket {name} cannot be the source: {}", .faults.join("; "))]
    Unfit {
        /// The bucket.
        name: String,
        /// What is wrong, each with what follows from it.
        faults: Vec<&'static str>,
        /// Commands that mend it.
        commands: Vec<String>,
    },
    /// The stack's roles cannot read what is in it.
    #[error("bucket {name} encrypts objects with the KMS key {key}, which is not the stack's")]
    Encrypted {
        /// The bucket.
        name: String,
        /// The key.
        key: String,
    },
}

impl UnusableBucket {
    /// The label to show at `source.bucket`.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Absent { .. } => "not found",
            Self::Unfit { .. } => "not ready",
            Self::Encrypted { .. } => "not readable",
        }
    }
}

impl Diagnostic for UnusableBucket {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let help = match self {
            Self::Absent { .. } => "the bucket must be in the stack's account and region, and the caller needs \
                                    s3:GetBucketVersioning, s3:GetBucketNotification and \
                                    s3:GetEncryptionConfiguration on it; or remove `source.bucket`: then the stack \
                                    makes one"
                .to_owned(),
            Self::Unfit { commands, .. } => {
                format!("provision does not change this bucket. Run:\n{}", commands.join("\n"))
            }
            Self::Encrypted { .. } => "its roles could not read the originals: set `encryption.kms_key` and the \
                                       bucket's default encryption to the ARN of the same key, or use a bucket with \
                                       SSE-S3"
                .to_owned(),
        };
        Some(Box::new(help))
    }
}

/// Checks that a bucket has what the stack needs of its source. `own_key` is the ARN of the stack's KMS key.
///
/// # Errors
/// When it lacks something, with the commands that mend it.
pub fn usable(
    name: &str,
    scope: &Scope,
    own_key: Option<&str>,
    found: Option<&ExistingBucket>,
) -> Result<(), UnusableBucket> {
    let name = name.to_owned();
    let Some(found) = found else {
        let (account, region) = (scope.account.clone(), scope.region.clone());
        return Err(UnusableBucket::Absent { account, name, region });
    };
    let ExistingBucket { is_versioned, sends_events, kms_key } = found;
    let mut faults = Vec::new();
    let mut commands = Vec::new();
    if !is_versioned {
        faults.push("it keeps no versions, so that a replaced original would be lost");
        commands.push(format!(
            "aws s3api put-bucket-versioning --bucket {name} --versioning-configuration Status=Enabled"
        ));
    }
    if !sends_events {
        faults.push("it sends no events to EventBridge, so that no upload would start an encode");
        commands.push(format!(
            "aws s3api get-bucket-notification-configuration --bucket {name}  # what it prints must stay; add \
             \"EventBridgeConfiguration\": {{}} to it and set it by put-bucket-notification-configuration"
        ));
    }
    if !faults.is_empty() {
        return Err(UnusableBucket::Unfit { name, faults, commands });
    }
    match kms_key.as_deref().filter(|key| own_key.is_none_or(|own| !is_key(own, key))) {
        Some(key) => Err(UnusableBucket::Encrypted { name, key: key.to_owned() }),
        None => Ok(()),
    }
}

/// Whether a bucket names the key with this ARN: by the ARN, or by its id alone.
fn is_key(arn: &str, named: &str) -> bool {
    named == arn || arn.rsplit('/').next() == Some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/k-1";
    const READY: ExistingBucket = ExistingBucket { is_versioned: true, sends_events: true, kms_key: None };

    fn said(found: Option<&ExistingBucket>) -> String {
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        match usable("media", &scope, Some(KEY), found) {
            Ok(()) => "usable".to_owned(),
            Err(error) => format!("{error}\n{}", error.help().unwrap()),
        }
    }

    #[test]
    fn a_bucket_that_has_everything_can_be_the_source() {
        assert_eq!(said(Some(&READY)), "usable");
        for own in [KEY, "k-1"] {
            assert_eq!(said(Some(&ExistingBucket { kms_key: Some(own.into()), ..READY })), "usable", "{own}");
        }
    }

    #[test]
    fn what_is_missing_is_said_with_the_commands_that_mend_it() {
        let bare = ExistingBucket { is_versioned: false, sends_events: false, ..READY };
        insta::assert_snapshot!(said(Some(&bare)), @r#"
        bucket media cannot be the source: it keeps no versions, so that a replaced original would be lost; it sends no events to EventBridge, so that no upload would start an encode
        provision does not change this bucket. Run:
        aws s3api put-bucket-versioning --bucket media --versioning-configuration Status=Enabled
        aws s3api get-bucket-notification-configuration --bucket media  # what it prints must stay; add "EventBridgeConfiguration": {} to it and set it by put-bucket-notification-configuration
        "#);
        insta::assert_snapshot!(said(None), @"
        account 111122223333 has no bucket media in eu-west-1 that these credentials can see
        the bucket must be in the stack's account and region, and the caller needs s3:GetBucketVersioning, s3:GetBucketNotification and s3:GetEncryptionConfiguration on it; or remove `source.bucket`: then the stack makes one
        ");
        let encrypted = ExistingBucket { kms_key: Some("alias/media".into()), ..READY };
        insta::assert_snapshot!(said(Some(&encrypted)), @"
        bucket media encrypts objects with the KMS key alias/media, which is not the stack's
        its roles could not read the originals: set `encryption.kms_key` and the bucket's default encryption to the ARN of the same key, or use a bucket with SSE-S3
        ");
    }
}
