//! Origins: where a distribution gets objects from.

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, counted, empty_if_absent, filled};
use crate::model::StringExpr;

/// How often CloudFront tries to connect by default.
const ATTEMPTS: i32 = 3;
/// How long an attempt may take by default, in seconds.
const TIMEOUT: i32 = 10;

/// Where a distribution gets objects from: an S3 bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Origin {
    /// The id that behaviors refer to.
    pub id: String,
    /// The bucket's regional domain name.
    pub domain_name: StringExpr,
    /// The prefix of every path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_path: Option<String>,
    /// The origin access control that signs requests to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_access_control_id: Option<StringExpr>,
    /// Present if it is a bucket.
    #[serde(rename = "S3OriginConfig", default, skip_serializing_if = "Option::is_none")]
    pub s3_origin_config: Option<S3OriginConfig>,
    /// How often CloudFront tries to connect (1 to 3).
    #[serde(default = "attempts")]
    pub connection_attempts: i32,
    /// How long one attempt may take, in seconds (1 to 10).
    #[serde(default = "timeout")]
    pub connection_timeout: i32,
    /// An additional cache in front of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_shield: Option<OriginShield>,
}

/// The settings of an origin that is a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct S3OriginConfig {
    /// The older way to sign requests. Empty with an origin access control.
    #[serde(default)]
    pub origin_access_identity: String,
}

/// An additional cache in front of an origin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OriginShield {
    /// Whether it is on.
    pub enabled: bool,
    /// The region it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_shield_region: Option<String>,
}

fn attempts() -> i32 {
    ATTEMPTS
}

fn timeout() -> i32 {
    TIMEOUT
}

impl Origin {
    /// A bucket by its regional domain name, read through an origin access control.
    #[must_use]
    pub fn bucket(id: &str, domain_name: StringExpr, origin_access_control_id: StringExpr) -> Self {
        Self {
            id: id.to_owned(),
            domain_name,
            origin_path: None,
            origin_access_control_id: Some(origin_access_control_id),
            s3_origin_config: Some(S3OriginConfig::default()),
            connection_attempts: ATTEMPTS,
            connection_timeout: TIMEOUT,
            origin_shield: None,
        }
    }

    pub(super) fn read(live: sdk::Origin) -> Self {
        Self {
            id: live.id,
            domain_name: live.domain_name.into(),
            origin_path: filled(live.origin_path.as_deref()),
            origin_access_control_id: filled(live.origin_access_control_id.as_deref()).map(StringExpr::from),
            s3_origin_config: live
                .s3_origin_config
                .map(|s3| S3OriginConfig { origin_access_identity: s3.origin_access_identity }),
            connection_attempts: live.connection_attempts.unwrap_or(ATTEMPTS),
            connection_timeout: live.connection_timeout.unwrap_or(TIMEOUT),
            origin_shield: live.origin_shield.filter(|shield| shield.enabled).map(|shield| OriginShield {
                enabled: shield.enabled,
                origin_shield_region: shield.origin_shield_region,
            }),
        }
    }

    pub(super) fn over(&self, live: Option<sdk::Origin>) -> Built<sdk::Origin> {
        let Self {
            id,
            domain_name,
            origin_path,
            origin_access_control_id,
            s3_origin_config,
            connection_attempts,
            connection_timeout,
            origin_shield,
        } = self;
        let mut origin = match live {
            Some(live) => live,
            None => sdk::Origin::builder().id(id).domain_name(domain_name.text()).build()?,
        };
        origin.domain_name = domain_name.text();
        origin.origin_path = Some(empty_if_absent(origin_path.as_deref()));
        if origin.custom_headers.is_none() {
            origin.custom_headers = Some(counted!(sdk::CustomHeaders, [])?);
        }
        let access_control = origin_access_control_id.as_ref().map(StringExpr::text);
        origin.origin_access_control_id = Some(empty_if_absent(access_control.as_deref()));
        origin.s3_origin_config = s3_origin_config.as_ref().map(|s3| s3.over(origin.s3_origin_config));
        // The origin may have been changed into another kind by hand. CloudFront refuses one of two kinds.
        (origin.custom_origin_config, origin.vpc_origin_config) = (None, None);
        origin.connection_attempts = Some(*connection_attempts);
        origin.connection_timeout = Some(*connection_timeout);
        origin.origin_shield = Some(OriginShield::build(origin_shield.as_ref())?);
        Ok(origin)
    }
}

impl S3OriginConfig {
    fn over(&self, live: Option<sdk::S3OriginConfig>) -> sdk::S3OriginConfig {
        let Self { origin_access_identity } = self;
        let empty = || sdk::S3OriginConfig::builder().origin_access_identity("").build();
        let mut config = live.unwrap_or_else(empty);
        config.origin_access_identity.clone_from(origin_access_identity);
        config
    }
}

impl OriginShield {
    fn build(declared: Option<&Self>) -> Built<sdk::OriginShield> {
        let off = Self { enabled: false, origin_shield_region: None };
        let Self { enabled, origin_shield_region } = declared.unwrap_or(&off);
        let built = sdk::OriginShield::builder().enabled(*enabled);
        built.set_origin_shield_region(origin_shield_region.clone()).build()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn origin() -> Origin {
        Origin {
            origin_path: Some("/assets".into()),
            connection_attempts: 2,
            connection_timeout: 5,
            origin_shield: Some(OriginShield {
                enabled: true,
                origin_shield_region: Some("ap-northeast-2".into()),
            }),
            ..Origin::bucket("output", "out.s3.ap-northeast-2.amazonaws.com".into(), "E1".into())
        }
    }

    #[test]
    fn it_survives_the_way_to_the_sdk_and_back() {
        let bare = Origin::bucket("output", "out.s3.ap-northeast-2.amazonaws.com".into(), "E1".into());
        for origin in [origin(), bare] {
            assert_eq!(Origin::read(origin.over(None).unwrap()), origin);
        }
    }

    #[test]
    fn an_update_turns_an_origin_of_another_kind_into_a_bucket_again() {
        let mut live = origin().over(None).unwrap();
        live.s3_origin_config = None;
        let custom = sdk::CustomOriginConfig::builder().http_port(80).https_port(443);
        let custom = custom.origin_protocol_policy(sdk::OriginProtocolPolicy::HttpsOnly);
        live.custom_origin_config = Some(custom.build().unwrap());
        assert_ne!(Origin::read(live.clone()), origin());
        let updated = origin().over(Some(live)).unwrap();
        assert_eq!((&updated.custom_origin_config, &updated.vpc_origin_config), (&None, &None));
        assert_eq!(Origin::read(updated), origin());
    }

    #[test]
    fn an_update_keeps_what_is_not_modelled() {
        let mut live = origin().over(None).unwrap();
        live.response_completion_timeout = Some(60);
        let s3 = sdk::S3OriginConfig::builder().origin_access_identity("old").origin_read_timeout(45);
        live.s3_origin_config = Some(s3.build());
        let updated = origin().over(Some(live)).unwrap();
        assert_eq!(updated.response_completion_timeout, Some(60));
        let s3 = updated.s3_origin_config.unwrap();
        assert_eq!((s3.origin_access_identity.as_str(), s3.origin_read_timeout), ("", Some(45)));
    }
}
