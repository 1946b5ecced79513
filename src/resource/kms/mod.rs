//! AWS KMS: what a stack must know of the key that its team gives it. Keys are not declared, and never changed.
//!
//! Follows the KMS API reference, `DescribeKey` and `GetKeyPolicy`.

use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeySpec, KeyState, KeyUsageType};

use crate::aws::{Context, Error, Result, SdkResult, required};
use crate::model::{Allow, Only, PolicyDocument};

const ABSENT: &[&str] = &["NotFoundException", "NotFound"];
const KEY: &[&str] = &["{key}"];

/// To look at the key.
pub const LOOK: Allow = Allow::new(&["kms:DescribeKey", "kms:GetKeyPolicy"], KEY).only(Only::OfKey);
/// To read what is encrypted with it: objects of S3, and the variables of functions.
pub const READ: Allow = Allow::new(&["kms:Decrypt"], KEY).only(Only::ThroughServices);
/// To write to buckets with it.
pub const WRITE: Allow = Allow::new(&["kms:Decrypt", "kms:GenerateDataKey"], KEY).only(Only::ThroughServices);
/// To give it to a function: Lambda makes a grant with the caller's permission (Lambda developer guide, "Securing Lambda
/// environment variables").
pub const GIVE: Allow = Allow::new(&["kms:CreateGrant", "kms:Encrypt"], KEY).only(Only::ThroughServices);
/// For those who only read objects.
pub const READ_OBJECTS: Allow = Allow::new(&["kms:Decrypt"], KEY).only(Only::ThroughS3);
/// For those who only write objects: the parts of a large one are read to join them.
pub const WRITE_OBJECTS: Allow =
    Allow::new(&["kms:Decrypt", "kms:GenerateDataKey"], KEY).only(Only::ThroughS3);

/// A KMS key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsKeyFacts {
    /// Its ARN.
    pub arn: String,
    /// Why nothing can be encrypted with it, if that is so.
    pub unusable: Option<String>,
}

/// The key with this ARN or alias, or `None`.
///
/// # Errors
/// When the call fails.
pub async fn describe(cx: &Context, key: &str) -> Result<Option<KmsKeyFacts>> {
    const CALL: &str = "kms:DescribeKey";
    let answer = cx.kms().describe_key().key_id(key).send().await.unless(CALL, ABSENT)?;
    let Some(found) = answer else { return Ok(None) };
    let found = required(found.key_metadata, CALL, "KeyMetadata")?;
    let arn = required(found.arn.clone(), CALL, "KeyMetadata.Arn")?;
    Ok(Some(KmsKeyFacts { arn, unusable: unusable(&found) }))
}

/// S3 and the others encrypt with symmetric keys only.
fn unusable(key: &KeyMetadata) -> Option<String> {
    let said = |text: &str| Some(text.to_owned());
    match (key.key_state(), key.key_usage(), key.key_spec()) {
        (Some(state), ..) if *state != KeyState::Enabled => Some(format!("its state is {}", state.as_str())),
        (_, Some(usage), _) if *usage != KeyUsageType::EncryptDecrypt => {
            Some(format!("its use is {}, not ENCRYPT_DECRYPT", usage.as_str()))
        }
        (.., Some(spec)) if *spec != KeySpec::SymmetricDefault => {
            Some(format!("it is of the kind {}, not symmetric", spec.as_str()))
        }
        _ if key.key_manager() == Some(&KeyManagerType::Aws) => {
            said("it is a key of AWS, whose policy nobody can change")
        }
        _ => None,
    }
}

/// The policy of a key of this account.
///
/// # Errors
/// When the caller may not read it, or it is of another account.
pub async fn policy(cx: &Context, arn: &str) -> Result<PolicyDocument> {
    const CALL: &str = "kms:GetKeyPolicy";
    let answer = cx.kms().get_key_policy().key_id(arn).policy_name("default").send().await.named(CALL)?;
    let text = required(answer.policy, CALL, "Policy")?;
    text.parse().map_err(|error| Error::unexpected(CALL, format!("unreadable policy: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> aws_sdk_kms::types::builders::KeyMetadataBuilder {
        let key = KeyMetadata::builder().key_id("k").key_state(KeyState::Enabled);
        key.key_usage(KeyUsageType::EncryptDecrypt).key_spec(KeySpec::SymmetricDefault)
    }

    #[test]
    fn only_a_symmetric_key_of_the_team_that_is_enabled_can_be_used() {
        let said = |key: aws_sdk_kms::types::builders::KeyMetadataBuilder| unusable(&key.build().unwrap());
        assert_eq!(said(key()), None);
        let wrong = [
            key().key_state(KeyState::PendingDeletion),
            key().key_usage(KeyUsageType::SignVerify),
            key().key_spec(KeySpec::Rsa2048),
            key().key_manager(KeyManagerType::Aws),
        ];
        insta::assert_snapshot!(wrong.map(|key| said(key).unwrap_or_default()).join("\n"), @r"
        its state is PendingDeletion
        its use is SIGN_VERIFY, not ENCRYPT_DECRYPT
        it is of the kind RSA_2048, not symmetric
        it is a key of AWS, whose policy nobody can change
        ");
    }
}
