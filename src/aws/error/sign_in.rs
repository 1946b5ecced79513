//! What a refused sign-in says: roles that may not be assumed, regions that are not enabled, and what to do about them.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};

use super::{Class, Error, from_sdk};

pub(super) const ASSUME_ROLE: &str = "sts:AssumeRole";

/// AWS's codes for a region that the account has not enabled. `STS AssumeRole` has one of its own; the others are among
/// the errors that all services share. Most services answer as if they did not know the access key.
const REGION_OFF: &[&str] = &["OptInRequired", "RegionDisabled", "RegionDisabledException"];

pub(super) fn is_region_off(error: &Error) -> bool {
    error.is(REGION_OFF)
}

/// How to look whether a region is enabled.
pub(in crate::aws) fn region_status(region: &str) -> String {
    format!("aws account get-region-opt-status --region-name {region}")
}

/// What to do where it is not.
pub(in crate::aws) fn enable_region(region: &str) -> String {
    format!(
        "enable the region (`aws account enable-region --region-name {region}`), wait until `{}` says ENABLED, then run the \
         command again. If it does already, the session token is only for regions that are enabled by default: sign in at a \
         regional endpoint of STS (`sts_regional_endpoints = regional` in the profile)",
        region_status(region)
    )
}

/// What to do where a role may not be assumed. AWS names who asked and the role.
pub(super) fn role_refused(message: &str) -> String {
    let named = |before: &str| {
        let (_, rest) = message.split_once(before)?;
        Some(rest.split_whitespace().next()?.trim_end_matches(['.', ',']))
    };
    if message.contains("MultiFactorAuthentication") {
        return "enter the code that the device shows now: each code counts once, and the device must be the one that \
                `mfa_serial` names"
            .to_owned();
    }
    let (who, role) = (named("User: ").unwrap_or("the caller"), named("on resource: ").unwrap_or("the role"));
    format!(
        "allow {who} to do `{ASSUME_ROLE}` on {role}, and name {who} in the trust policy of {role}. A missing or wrong \
         external id is refused in the same words: compare `external_id` of the profile, or `--external-id`, with the \
         trust policy. A condition on MFA, too: set `mfa_serial` in the profile"
    )
}

/// The failure of the call that assumes a role, if that is why there were no credentials.
pub(super) fn of_role<E: StdError + 'static>(error: &SdkError<E, HttpResponse>) -> Option<Error> {
    causes(error).find_map(|cause| {
        if let Some(refused) = cause.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>() {
            return Some(from_sdk(ASSUME_ROLE, refused));
        }
        let web = cause.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError, HttpResponse>>()?;
        Some(from_sdk("sts:AssumeRoleWithWebIdentity", web))
    })
}

/// The class of a call that got no answer.
pub(super) fn class<E: StdError + 'static>(error: &SdkError<E, HttpResponse>, message: &str) -> Class {
    let mut causes = causes(error);
    let of_credentials = causes.any(|cause| cause.is::<CredentialsError>());
    let is_network = |cause: &(dyn StdError + 'static)| {
        cause.downcast_ref::<ConnectorError>().is_some_and(|error| error.is_io() || error.is_timeout())
    };
    if of_credentials {
        // What gives the credentials may be unreachable itself.
        return if causes.any(is_network) { Class::Unreachable } else { Class::Credentials };
    }
    // The SDK has no typed error for a call without any source of credentials.
    if message.contains("credentials") { Class::Credentials } else { Class::Unreachable }
}

/// The causes of an error, the nearest first.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_roles_are_named() {
        let who = "arn:aws:sts::111122223333:assumed-role/deployer/me";
        let role = "arn:aws:iam::444455556666:role/vod";
        let said = format!("User: {who} is not authorized to perform: sts:AssumeRole on resource: {role}");
        let help = role_refused(&said);
        assert!(
            help.starts_with(&format!("allow {who} to do `sts:AssumeRole` on {role}, and name {who}")),
            "{help}"
        );
        assert!(help.contains("external id"), "{help}");
        let mfa = role_refused("MultiFactorAuthentication failed with invalid MFA one time pass code.");
        assert!(mfa.starts_with("enter the code"), "{mfa}");
    }
}
