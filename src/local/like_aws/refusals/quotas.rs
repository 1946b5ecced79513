//! Quotas of an account. Each can be set, so that a test can exhaust it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::asked::Asked;
use super::ban::{Ban, Verdict};
use super::state::State;

/// A number of things that an account may have.
#[derive(Debug)]
pub(super) struct Quota {
    /// What it is called when it is set.
    pub(super) name: &'static str,
    /// AWS's default.
    usual: usize,
    service: &'static str,
    operations: &'static [&'static str],
    /// The member that names the new thing. One that is there already is no new one.
    member: &'static str,
    ban: Ban,
    message: &'static str,
}

const CLOUDFRONT: &str =
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html";

const fn of_cloudfront(
    name: &'static str,
    usual: usize,
    operations: &'static [&'static str],
    member: &'static str,
    refusal: (&'static str, &'static str),
    message: &'static str,
) -> Quota {
    let ban = Ban { name: refusal.0, code: refusal.1, status: 400, source: CLOUDFRONT };
    Quota { name, usual, service: "cloudfront", operations, member, ban, message }
}

static QUOTAS: [Quota; 10] = [
    of_cloudfront(
        "distributions",
        500,
        &["CreateDistribution", "CreateDistributionWithTags"],
        "",
        ("too many distributions", "TooManyDistributions"),
        "Processing your request will cause you to exceed the maximum number of distributions allowed.",
    ),
    of_cloudfront(
        "cache-policies",
        20,
        &["CreateCachePolicy"],
        "CachePolicyConfig/Name",
        ("too many cache policies", "TooManyCachePolicies"),
        "You have reached the maximum number of cache policies for this AWS account.",
    ),
    of_cloudfront(
        "response-headers-policies",
        20,
        &["CreateResponseHeadersPolicy"],
        "ResponseHeadersPolicyConfig/Name",
        ("too many response headers policies", "TooManyResponseHeadersPolicies"),
        "You have reached the maximum number of response headers policies for this AWS account.",
    ),
    of_cloudfront(
        "origin-access-controls",
        100,
        &["CreateOriginAccessControl"],
        "OriginAccessControlConfig/Name",
        ("too many origin access controls", "TooManyOriginAccessControls"),
        "The number of origin access controls in your AWS account exceeds the maximum allowed.",
    ),
    of_cloudfront(
        "key-groups",
        10,
        &["CreateKeyGroup"],
        "KeyGroupConfig/Name",
        ("too many key groups", "TooManyKeyGroups"),
        "You have reached the maximum number of key groups for this AWS account.",
    ),
    of_cloudfront(
        "public-keys",
        10,
        &["CreatePublicKey"],
        "PublicKeyConfig/Name",
        ("too many public keys", "TooManyPublicKeys"),
        "You have reached the maximum number of public keys for this AWS account.",
    ),
    Quota {
        name: "roles",
        usual: 1_000,
        service: "iam",
        operations: &["CreateRole"],
        member: "RoleName",
        ban: Ban {
            name: "too many roles",
            code: "LimitExceeded",
            status: 409,
            source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
        },
        message: "Cannot exceed quota for RolesPerAccount.",
    },
    Quota {
        name: "rules",
        usual: 300,
        service: "events",
        operations: &["PutRule"],
        member: "Name",
        ban: Ban {
            name: "too many rules",
            code: "LimitExceededException",
            status: 400,
            source: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
        },
        message: "The requested resource exceeds the maximum number allowed.",
    },
    Quota {
        name: "certificates",
        usual: 2_500,
        service: "acm",
        operations: &["RequestCertificate"],
        member: "",
        ban: Ban {
            name: "too many certificates",
            code: "LimitExceededException",
            status: 400,
            source: "https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html",
        },
        message: "Error: you have reached your limit of certificates in the last year.",
    },
    Quota {
        name: "buckets",
        usual: 10_000,
        service: "s3",
        operations: &["CreateBucket"],
        member: "",
        ban: Ban {
            name: "too many buckets",
            code: "TooManyBuckets",
            status: 400,
            source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/BucketRestrictions.html",
        },
        message: "You have attempted to create more buckets than allowed",
    },
];

/// The bans of this file.
pub(super) fn bans() -> impl Iterator<Item = &'static Ban> {
    QUOTAS.iter().map(|quota| &quota.ban)
}

/// Quotas that were set.
#[derive(Debug, Default)]
pub(in crate::local) struct Quotas(Mutex<BTreeMap<&'static str, usize>>);

impl Quotas {
    /// Sets a quota; `false` if there is none of this name.
    pub(in crate::local) fn set(&self, name: &str, most: usize) -> bool {
        let Some(quota) = QUOTAS.iter().find(|quota| quota.name == name) else { return false };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(quota.name, most);
        true
    }

    /// Every quota is AWS's default again.
    pub(in crate::local) fn reset(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn most(&self, quota: &Quota) -> usize {
        let set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        set.get(quota.name).copied().unwrap_or(quota.usual)
    }
}

/// Refuses what would exceed a quota.
pub(super) async fn judge(asked: &Asked, state: &State, quotas: &Quotas) -> Verdict {
    let (service, operation) = asked.call();
    let found = QUOTAS.iter().find(|quota| quota.service == service && quota.operations.contains(&operation));
    let Some(quota) = found else { return Ok(()) };
    let new = match quota.member {
        "" if service == "s3" => asked.bucket.as_str(),
        "" => "",
        member => asked.members.text(member).unwrap_or_default(),
    };
    fits(quota, quotas.most(quota), new, &state.names(quota.name).await?)
}

fn fits(quota: &'static Quota, most: usize, new: &str, there: &[String]) -> Verdict {
    let again = there.iter().any(|name| name == new);
    quota.ban.refuse_if(!again && there.len() >= most, || quota.message.into())
}

#[cfg(test)]
mod tests {
    use super::super::ban::said;
    use super::*;

    #[test]
    fn a_quota_is_for_what_is_new() {
        let there = ["a".to_owned(), "b".to_owned()];
        let quota = QUOTAS.iter().find(|quota| quota.name == "rules").unwrap();
        assert_eq!((fits(quota, 3, "c", &there), fits(quota, 2, "b", &there)), (Ok(()), Ok(())));
        insta::assert_snapshot!(said(fits(quota, 2, "c", &there)), @"too many rules: LimitExceededException: The requested resource exceeds the maximum number allowed.");
    }

    #[test]
    fn quotas_are_set_by_name_and_reset() {
        let (quotas, roles) = (Quotas::default(), QUOTAS.iter().find(|quota| quota.name == "roles").unwrap());
        assert_eq!(quotas.most(roles), 1_000);
        assert!(quotas.set("roles", 2) && !quotas.set("rolls", 2));
        assert_eq!(quotas.most(roles), 2);
        quotas.reset();
        assert_eq!(quotas.most(roles), 1_000);
    }
}
