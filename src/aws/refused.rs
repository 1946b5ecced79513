//! What to do about a sign-in that AWS refused, by where the credentials come from.

use super::access::{Origin, SignInWay};
use super::error::{enable_region, region_status};
use super::{Class, Error};

/// The regions that every account has from the beginning. All that came after March 20, 2019 must be enabled (AWS account
/// management guide, "Enable or disable AWS Regions in your account").
const ENABLED: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// AWS's codes for a session that is over.
const EXPIRED: &[&str] = &["ExpiredToken", "ExpiredTokenException", "RequestExpired"];
/// AWS's codes for a signature that does not fit the key.
const SIGNATURE: &[&str] = &["InvalidSignatureException", "SignatureDoesNotMatch"];

/// Whether an account must enable a region before it can be used.
pub(super) fn must_be_enabled(region: &str) -> bool {
    !ENABLED.contains(&region)
}

/// A region that refuses the credentials of an account that is known elsewhere.
pub(super) fn region_off(error: Error, region: &str, account: &str) -> Error {
    let message = format!(
        "region {region} is not enabled in account {account}: us-east-1 accepts these credentials ({})",
        error.message
    );
    Error { message, hint: Some(enable_region(region)), ..error }
}

/// The error, with what to do.
pub(super) fn explained(error: Error, origin: &Origin, region: &str) -> Error {
    if error.class != Class::Credentials {
        return error;
    }
    let hint = if error.is(EXPIRED) || error.code.is_empty() {
        again(origin, error.code.is_empty())
    } else if error.is_unknown_key() {
        Some(unknown_key(origin, region))
    } else if error.is(SIGNATURE) {
        Some(format!(
            "the secret access key in {} does not belong to its access key, or the clock of this machine is wrong",
            place(origin)
        ))
    } else {
        None
    };
    let hint = hint.or(error.hint);
    Error { hint, ..error }
}

/// How to sign in again. `none` if there are no credentials at all.
fn again(origin: &Origin, none: bool) -> Option<String> {
    Some(match origin {
        Origin::Profile(name, SignInWay::Sso) => format!(
            "sign in again: `aws sso login --profile {name}`; if that does not help, IAM Identity Center does not assign its \
             `sso_account_id` and `sso_role_name` to you"
        ),
        Origin::Profile(name, SignInWay::Login) => format!(
            "sign in: run `aws login --profile {name}` (AWS CLI 2.32 or newer), then the command again; if that does not \
             help, your identity lacks `signin:CreateOAuth2Token` (managed policy SignInLocalDevelopmentAccess)"
        ),
        Origin::Profile(name, SignInWay::Process) => format!(
            "run the command that `credential_process` of profile {name} names: it must print credentials that have not \
             expired, as JSON"
        ),
        Origin::Profile(name, SignInWay::Key | SignInWay::Nothing) if none => {
            format!(
                "profile {name} gives no credentials: `aws configure list --profile {name}` shows what it has"
            )
        }
        Origin::Profile(name, SignInWay::Key | SignInWay::Nothing) => {
            format!(
                "the session of profile {name} is over: sign in again with what wrote it to ~/.aws/credentials"
            )
        }
        Origin::Environment => {
            "the session in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN is over: set \
                                new ones, or unset them and name a profile (`--profile NAME`)"
                .to_owned()
        }
        Origin::Machine => return None,
    })
}

fn unknown_key(origin: &Origin, region: &str) -> String {
    let key = format!(
        "AWS does not know the access key in {}: it was deleted, is not active, or belongs to another partition of AWS; use \
         another one, or `--profile NAME`",
        place(origin)
    );
    if must_be_enabled(region) {
        return format!("{key}. A region that is not enabled answers the same: `{}`", region_status(region));
    }
    key
}

/// Where an access key is, in words.
fn place(origin: &Origin) -> String {
    match origin {
        Origin::Environment => "AWS_ACCESS_KEY_ID".to_owned(),
        Origin::Profile(name, _) => format!("profile {name}"),
        Origin::Machine => "this machine's credentials".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(code: &str, origin: &Origin, region: &str) -> String {
        let error = Error {
            class: Class::Credentials,
            code: code.into(),
            ..Error::unexpected("sts:GetCallerIdentity", "no")
        };
        explained(error, origin, region).hint.unwrap_or_default()
    }

    #[test]
    fn each_way_to_sign_in_has_its_advice() {
        let of = |code: &str, way| hint(code, &Origin::Profile("work".into(), way), "eu-west-1");
        for code in ["", "ExpiredToken"] {
            assert!(of(code, SignInWay::Sso).starts_with("sign in again: `aws sso login --profile work`"));
            assert!(of(code, SignInWay::Login).starts_with("sign in: run `aws login --profile work`"));
            assert!(of(code, SignInWay::Process).contains("`credential_process` of profile work"));
        }
        assert!(of("", SignInWay::Nothing).starts_with("profile work gives no credentials"));
        assert!(of("ExpiredToken", SignInWay::Key).starts_with("the session of profile work is over"));
        assert!(
            hint("ExpiredToken", &Origin::Environment, "eu-west-1").contains("AWS_SESSION_TOKEN is over")
        );
        assert_eq!(hint("", &Origin::Machine, "eu-west-1"), "");
        assert!(of("SignatureDoesNotMatch", SignInWay::Key).contains("secret access key in profile work"));
    }

    #[test]
    fn only_a_region_that_can_be_off_is_named_for_an_unknown_key() {
        let of = |region| hint("InvalidClientTokenId", &Origin::Environment, region);
        assert!(of("eu-west-1").starts_with("AWS does not know the access key in AWS_ACCESS_KEY_ID"));
        assert!(!of("eu-west-1").contains("enabled"));
        assert!(of("me-central-1").contains("get-region-opt-status --region-name me-central-1"));
    }
}
