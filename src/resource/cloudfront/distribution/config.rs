//! The configuration of a distribution, and its conversion to and from the SDK's types.
//!
//! An update changes the live configuration. So a member that is not modelled here stays as it is, and so does one
//! that AWS wants to be sent back. A default that AWS answers reads the same as one that it leaves out.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, counted, empty_if_absent, filled, word};
use super::behavior::CacheBehavior;
use super::connection::{ConnectionFunctionAssociation, ViewerMtlsConfig};
use super::logs::Logging;
use super::origin::Origin;
use super::viewer::{CustomErrorResponse, Restrictions, ViewerCertificate};
use crate::aws::{OrEmpty, Result, required};
use crate::model::StringExpr;

/// A distribution has no IPv6 addresses unless its configuration says so.
const IPV6: bool = false;

/// The configuration of a distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DistributionConfig {
    /// Its comment, at most 128 characters. It holds the mark, by which the distribution is found.
    pub comment: String,
    /// Whether it serves viewers.
    pub enabled: bool,
    /// Its domain names, in addition to the one that CloudFront assigns. They need a certificate.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub aliases: BTreeSet<String>,
    /// The object that it serves for `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_root_object: Option<String>,
    /// Where it gets objects from, sorted by id.
    pub origins: BTreeSet<Origin>,
    /// How it handles requests that match no other behavior.
    pub default_cache_behavior: CacheBehavior,
    /// How it handles requests for some paths. The first match counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cache_behaviors: Vec<CacheBehavior>,
    /// How it responds to the origin's errors, sorted by their code.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub custom_error_responses: BTreeSet<CustomErrorResponse>,
    /// The newest version of HTTP that viewers can use.
    #[serde(with = "word")]
    pub http_version: sdk::HttpVersion,
    /// Whether it has IPv6 addresses.
    #[serde(rename = "IPV6Enabled")]
    pub ipv6_enabled: bool,
    /// The edge locations that it serves from.
    #[serde(with = "word")]
    pub price_class: sdk::PriceClass,
    /// Where viewers may be. Absent means everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrictions: Option<Restrictions>,
    /// Legacy standard logging.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging: Option<Logging>,
    /// Its certificate.
    pub viewer_certificate: ViewerCertificate,
    /// The web ACL that checks requests first.
    #[serde(rename = "WebACLId", default, skip_serializing_if = "Option::is_none")]
    pub web_acl_id: Option<StringExpr>,
    /// The policy that sends a share of the viewers to another distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuous_deployment_policy_id: Option<String>,
    /// Mutual TLS. Absent: viewers need no certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewer_mtls_config: Option<ViewerMtlsConfig>,
    /// The function that judges each connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_function_association: Option<ConnectionFunctionAssociation>,
}

impl DistributionConfig {
    /// The configuration of a new one.
    pub(super) fn fresh(&self, caller_reference: &str) -> Built<sdk::DistributionConfig> {
        let empty = sdk::DistributionConfig::builder()
            .caller_reference(caller_reference)
            .comment(&self.comment)
            .enabled(self.enabled);
        self.over(empty.build()?)
    }

    /// The live configuration, changed into this one.
    pub(super) fn over(&self, live: sdk::DistributionConfig) -> Built<sdk::DistributionConfig> {
        let Self {
            comment,
            enabled,
            aliases,
            default_root_object,
            origins,
            default_cache_behavior,
            cache_behaviors,
            custom_error_responses,
            http_version,
            ipv6_enabled,
            price_class,
            restrictions,
            logging,
            viewer_certificate,
            web_acl_id,
            continuous_deployment_policy_id,
            viewer_mtls_config,
            connection_function_association,
        } = self;
        let web_acl = web_acl_id.as_ref().map(StringExpr::text);
        let mut config = live;
        config.comment.clone_from(comment);
        config.enabled = *enabled;
        config.aliases = Some(counted!(sdk::Aliases, aliases.iter().cloned())?);
        config.default_root_object = Some(empty_if_absent(default_root_object.as_deref()));
        config.origins = Some(origins_over(origins, config.origins)?);
        config.origin_groups = config.origin_groups.map(|live| groups_over(origins, live)).transpose()?;
        config.default_cache_behavior =
            Some(default_cache_behavior.default_over(config.default_cache_behavior)?);
        config.cache_behaviors = Some(behaviors_over(cache_behaviors, config.cache_behaviors)?);
        config.custom_error_responses = Some(to_errors(custom_error_responses)?);
        config.http_version = Some(http_version.clone());
        config.is_ipv6_enabled = Some(*ipv6_enabled);
        config.price_class = Some(price_class.clone());
        config.restrictions = Some(Restrictions::build(restrictions.as_ref())?);
        config.logging = Some(Logging::build(logging.as_ref()));
        config.viewer_certificate = Some(viewer_certificate.build());
        config.web_acl_id = Some(empty_if_absent(web_acl.as_deref()));
        config.continuous_deployment_policy_id =
            Some(empty_if_absent(continuous_deployment_policy_id.as_deref()));
        config.viewer_mtls_config = viewer_mtls_config.as_ref().map(ViewerMtlsConfig::build).transpose()?;
        let function = connection_function_association.as_ref();
        config.connection_function_association =
            function.map(ConnectionFunctionAssociation::build).transpose()?;
        Ok(config)
    }

    /// The domain names of the buckets it reads, as far as they are known.
    pub(super) fn buckets(&self) -> BTreeSet<String> {
        self.origins.iter().filter_map(|origin| origin.domain_name.known()).collect()
    }

    /// The configuration in the answer to `call`.
    pub(super) fn read(call: &'static str, live: sdk::DistributionConfig) -> Result<Self> {
        // The SDK reads absent origins as none.
        let origins = live.origins.map(|list| list.items).filter(|items| !items.is_empty());
        let origins = required(origins, call, "Origins")?;
        let behaviors = live.cache_behaviors.and_then(|list| list.items).or_empty();
        let errors = live.custom_error_responses.and_then(|list| list.items).or_empty().into_iter();
        Ok(Self {
            comment: live.comment,
            enabled: live.enabled,
            aliases: live.aliases.and_then(|list| list.items).or_empty().into_iter().collect(),
            default_root_object: filled(live.default_root_object.as_deref()),
            origins: origins.into_iter().map(Origin::read).collect(),
            default_cache_behavior: CacheBehavior::read_default(call, live.default_cache_behavior)?,
            cache_behaviors: behaviors.into_iter().map(CacheBehavior::read).collect(),
            custom_error_responses: errors
                .map(|one| CustomErrorResponse::read(call, &one))
                .collect::<Result<_>>()?,
            http_version: read_http_version(live.http_version),
            ipv6_enabled: live.is_ipv6_enabled.unwrap_or(IPV6),
            price_class: live.price_class.unwrap_or(sdk::PriceClass::PriceClassAll),
            restrictions: Restrictions::read(live.restrictions),
            logging: Logging::read(live.logging),
            viewer_certificate: ViewerCertificate::read(live.viewer_certificate),
            web_acl_id: filled(live.web_acl_id.as_deref()).map(StringExpr::from),
            continuous_deployment_policy_id: filled(live.continuous_deployment_policy_id.as_deref()),
            viewer_mtls_config: live.viewer_mtls_config.map(ViewerMtlsConfig::read),
            connection_function_association: live
                .connection_function_association
                .map(ConnectionFunctionAssociation::read),
        })
    }
}

fn origins_over(origins: &BTreeSet<Origin>, live: Option<sdk::Origins>) -> Built<sdk::Origins> {
    let live = live.map(|list| list.items).or_empty();
    let over = |origin: &Origin| origin.over(live.iter().find(|old| old.id == origin.id).cloned());
    counted!(sdk::Origins, origins.iter().map(over).collect::<Built<Vec<_>>>()?)
}

/// The origin groups that were made by hand. One with a removed origin is left out, because CloudFront refuses it.
fn groups_over(origins: &BTreeSet<Origin>, live: sdk::OriginGroups) -> Built<sdk::OriginGroups> {
    let stays = |member: &sdk::OriginGroupMember| origins.iter().any(|origin| origin.id == member.origin_id);
    let whole = |group: &sdk::OriginGroup| group.members.iter().flat_map(|list| &list.items).all(stays);
    counted!(sdk::OriginGroups, live.items.or_empty().into_iter().filter(whole))
}

fn behaviors_over(
    behaviors: &[CacheBehavior],
    live: Option<sdk::CacheBehaviors>,
) -> Built<sdk::CacheBehaviors> {
    let live = live.and_then(|list| list.items).or_empty();
    let over = |behavior: &CacheBehavior| {
        let same = |old: &&sdk::CacheBehavior| Some(&old.path_pattern) == behavior.path_pattern.as_ref();
        behavior.over(live.iter().find(same).cloned())
    };
    counted!(sdk::CacheBehaviors, behaviors.iter().map(over).collect::<Built<Vec<_>>>()?)
}

fn to_errors(errors: &BTreeSet<CustomErrorResponse>) -> Built<sdk::CustomErrorResponses> {
    let errors = errors.iter().map(CustomErrorResponse::build);
    counted!(sdk::CustomErrorResponses, errors.collect::<Built<Vec<_>>>()?)
}

/// CloudFront writes `HTTP2` in some answers and `http2` in others.
fn read_http_version(live: Option<sdk::HttpVersion>) -> sdk::HttpVersion {
    let lower = live.map(|version| version.as_str().to_ascii_lowercase());
    lower.map_or(sdk::HttpVersion::Http2, |text| text.as_str().into())
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::behavior::tests::behavior;
    use super::super::origin::tests::origin;
    use super::*;

    pub(in super::super) fn full() -> DistributionConfig {
        DistributionConfig {
            comment: "provision:vod:delivery/distribution".into(),
            enabled: true,
            aliases: BTreeSet::from(["video.example.com".to_owned()]),
            default_root_object: Some("index.html".into()),
            origins: BTreeSet::from([origin()]),
            default_cache_behavior: behavior(None),
            cache_behaviors: vec![behavior(Some("*.m3u8")), behavior(Some("*/asset.json"))],
            custom_error_responses: [404, 403].map(|code| CustomErrorResponse::caching(code, 10)).into(),
            http_version: sdk::HttpVersion::Http2and3,
            ipv6_enabled: true,
            price_class: sdk::PriceClass::PriceClass200,
            restrictions: Some(Restrictions::only(["KR", "JP"].map(str::to_owned))),
            logging: Some(Logging {
                bucket: Some("theirs.s3.amazonaws.com".into()),
                include_cookies: true,
                prefix: "x".into(),
            }),
            viewer_certificate: ViewerCertificate::acm(
                "arn:aws:acm:us-east-1:111122223333:certificate/x".into(),
            ),
            web_acl_id: Some("arn:aws:wafv2:us-east-1:111122223333:global/webacl/x/y".into()),
            continuous_deployment_policy_id: Some("trial".into()),
            viewer_mtls_config: Some(ViewerMtlsConfig {
                mode: sdk::ViewerMtlsMode::Passthrough,
                trust_store_config: None,
            }),
            connection_function_association: Some(ConnectionFunctionAssociation { id: "cf-1".into() }),
        }
    }

    pub(in super::super) fn bare() -> DistributionConfig {
        DistributionConfig {
            aliases: BTreeSet::new(),
            default_root_object: None,
            cache_behaviors: Vec::new(),
            custom_error_responses: BTreeSet::new(),
            restrictions: None,
            logging: None,
            viewer_certificate: ViewerCertificate::cloudfront(),
            web_acl_id: None,
            continuous_deployment_policy_id: None,
            viewer_mtls_config: None,
            connection_function_association: None,
            ..full()
        }
    }

    pub(in super::super) fn read(live: sdk::DistributionConfig) -> DistributionConfig {
        DistributionConfig::read("cloudfront:GetDistribution", live).unwrap()
    }

    #[test]
    fn it_survives_the_way_to_the_sdk_and_back() {
        for config in [full(), bare()] {
            assert_eq!(read(config.fresh("once").unwrap()), config);
            let json = serde_json::to_value(&config).unwrap();
            assert_eq!(serde_json::from_value::<DistributionConfig>(json).unwrap(), config);
        }
    }

    #[test]
    fn an_update_turns_one_into_the_other_and_keeps_the_caller_reference() {
        for (from, to) in [(full(), bare()), (bare(), full())] {
            let updated = to.over(from.fresh("once").unwrap()).unwrap();
            assert_eq!(updated.caller_reference, "once");
            assert_eq!(read(updated), to);
        }
    }

    #[test]
    fn an_update_keeps_what_is_not_modelled() {
        let mut live = full().fresh("once").unwrap();
        live.staging = Some(false);
        if let Some(behavior) = &mut live.default_cache_behavior {
            behavior.field_level_encryption_id = Some("fields".into());
        }
        let updated = bare().over(live).unwrap();
        assert_eq!(updated.staging, Some(false));
        let behavior = updated.default_cache_behavior.unwrap();
        assert_eq!(behavior.field_level_encryption_id.as_deref(), Some("fields"));
    }

    #[test]
    fn an_update_removes_the_group_of_a_removed_origin() {
        let group = |id: &str, origins: [&str; 2]| {
            let member = |id: &str| sdk::OriginGroupMember::builder().origin_id(id).build().unwrap();
            let members = sdk::OriginGroupMembers::builder().quantity(2);
            let members = members.set_items(Some(origins.map(member).to_vec())).build().unwrap();
            let codes = sdk::StatusCodes::builder().quantity(1).items(403).build().unwrap();
            let criteria = sdk::OriginGroupFailoverCriteria::builder().status_codes(codes).build();
            sdk::OriginGroup::builder().id(id).members(members).failover_criteria(criteria).build().unwrap()
        };
        let own = origin().id;
        let groups = [group("spare", [&own, "by-hand"]), group("same", [&own, &own])];
        let mut live = full().fresh("once").unwrap();
        live.origin_groups = Some(counted!(sdk::OriginGroups, groups).unwrap());
        let updated = full().over(live).unwrap().origin_groups.unwrap();
        let left: Vec<_> = updated.items.iter().flatten().map(|group| group.id.as_str()).collect();
        assert_eq!((updated.quantity, left), (1, vec!["same"]));
    }

    #[test]
    fn a_member_that_is_left_out_has_the_default_of_aws() {
        let live = sdk::DistributionConfig::builder().caller_reference("once").comment("").enabled(true);
        let origin = sdk::Origin::builder().id("output").domain_name("b.s3.eu-west-1.amazonaws.com").build();
        let behavior = sdk::DefaultCacheBehavior::builder()
            .target_origin_id("output")
            .viewer_protocol_policy(sdk::ViewerProtocolPolicy::AllowAll)
            .cache_policy_id("p")
            .build();
        let live = live
            .origins(counted!(sdk::Origins, [origin.unwrap()]).unwrap())
            .default_cache_behavior(behavior.unwrap())
            .http_version("HTTP2".into())
            .build();
        insta::assert_json_snapshot!(read(live.unwrap()), @r#"
        {
          "Comment": "",
          "Enabled": true,
          "Origins": [
            {
              "Id": "output",
              "DomainName": "b.s3.eu-west-1.amazonaws.com",
              "ConnectionAttempts": 3,
              "ConnectionTimeout": 10
            }
          ],
          "DefaultCacheBehavior": {
            "TargetOriginId": "output",
            "ViewerProtocolPolicy": "allow-all",
            "AllowedMethods": [
              "GET",
              "HEAD"
            ],
            "CachedMethods": [
              "GET",
              "HEAD"
            ],
            "Compress": false,
            "CachePolicyId": "p"
          },
          "HttpVersion": "http2",
          "IPV6Enabled": false,
          "PriceClass": "PriceClass_All",
          "ViewerCertificate": {
            "CloudFrontDefaultCertificate": true,
            "MinimumProtocolVersion": "TLSv1"
          }
        }
        "#);
    }

    #[test]
    fn an_answer_without_origins_or_default_behavior_is_an_error() {
        let says = |live| {
            let read = DistributionConfig::read("cloudfront:GetDistribution", live);
            read.unwrap_err().to_string()
        };
        let whole = || full().fresh("once").unwrap();
        // The SDK reads an absent member as an empty one.
        let empty = sdk::Origins::builder().quantity(0).set_items(Some(Vec::new())).build().ok();
        for origins in [None, empty] {
            let mut live = whole();
            live.origins = origins;
            assert_eq!(says(live), "cloudfront:GetDistribution failed: the answer has no Origins");
        }
        let mut empty = whole().default_cache_behavior.unwrap();
        empty.target_origin_id = String::new();
        for default_cache_behavior in [None, Some(empty)] {
            let mut live = whole();
            live.default_cache_behavior = default_cache_behavior;
            assert_eq!(
                says(live),
                "cloudfront:GetDistribution failed: the answer has no DefaultCacheBehavior"
            );
        }
    }
}
