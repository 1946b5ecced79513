//! What a distribution consists of, and the way to the SDK's types and back.
//!
//! An update is written over the live configuration, so that what is not modelled here (and what AWS insists on being
//! given back) stays as it is. What AWS answers with a default, or leaves out for one, reads the same.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, counted, filled, word};
use super::behavior::CacheBehavior;
use super::logs::Logging;
use super::origin::Origin;
use super::viewer::{CustomErrorResponse, Restrictions, ViewerCertificate};
use crate::model::Input;

/// What a distribution consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DistributionConfig {
    /// Its comment, at most 128 characters: the mark, by which it is found.
    pub comment: String,
    /// Whether it serves viewers.
    pub enabled: bool,
    /// Names of its own beside the one that CloudFront assigns; they need a certificate.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub aliases: BTreeSet<String>,
    /// What it serves for `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_root_object: Option<String>,
    /// Where it gets objects from, sorted by id.
    pub origins: BTreeSet<Origin>,
    /// What it does with requests that match no other behaviour.
    pub default_cache_behavior: CacheBehavior,
    /// What it does with requests for some paths; the first match counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cache_behaviors: Vec<CacheBehavior>,
    /// What it does with the origin's errors, sorted by their code.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub custom_error_responses: BTreeSet<CustomErrorResponse>,
    /// The newest HTTP it speaks with viewers.
    #[serde(with = "word")]
    pub http_version: sdk::HttpVersion,
    /// Whether it has IPv6 addresses.
    #[serde(rename = "IPV6Enabled")]
    pub ipv6_enabled: bool,
    /// From which edges it serves.
    #[serde(with = "word")]
    pub price_class: sdk::PriceClass,
    /// Where viewers may be. Absent: everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrictions: Option<Restrictions>,
    /// Where CloudFront itself writes what viewers ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging: Option<Logging>,
    /// Its certificate.
    pub viewer_certificate: ViewerCertificate,
    /// The web ACL that judges requests first.
    #[serde(rename = "WebACLId", default, skip_serializing_if = "Option::is_none")]
    pub web_acl_id: Option<Input>,
}

impl DistributionConfig {
    /// The configuration of one that is to be created.
    pub(super) fn fresh(&self, caller_reference: &str) -> Built<sdk::DistributionConfig> {
        let empty = sdk::DistributionConfig::builder()
            .caller_reference(caller_reference)
            .comment(&self.comment)
            .enabled(self.enabled);
        self.over(empty.build()?)
    }

    /// The live configuration, changed to say what this one says.
    pub(super) fn over(&self, live: sdk::DistributionConfig) -> Built<sdk::DistributionConfig> {
        let mut config = live;
        config.comment = self.comment.clone();
        config.enabled = self.enabled;
        config.aliases = Some(counted!(sdk::Aliases, self.aliases.iter().cloned())?);
        config.default_root_object = Some(self.default_root_object.clone().unwrap_or_default());
        config.origins = Some(self.origins_over(config.origins)?);
        config.origin_groups = config.origin_groups.map(|groups| self.groups_over(groups)).transpose()?;
        config.default_cache_behavior =
            Some(self.default_cache_behavior.default_over(config.default_cache_behavior)?);
        config.cache_behaviors = Some(self.behaviors_over(config.cache_behaviors)?);
        let errors = self.custom_error_responses.iter().map(CustomErrorResponse::build);
        config.custom_error_responses =
            Some(counted!(sdk::CustomErrorResponses, errors.collect::<Built<Vec<_>>>()?)?);
        config.http_version = Some(self.http_version.clone());
        config.is_ipv6_enabled = Some(self.ipv6_enabled);
        config.price_class = Some(self.price_class.clone());
        config.restrictions = Some(Restrictions::build(self.restrictions.as_ref())?);
        config.logging = Some(Logging::build(self.logging.as_ref()));
        config.viewer_certificate = Some(self.viewer_certificate.build());
        config.web_acl_id = Some(self.web_acl_id.as_ref().map(Input::text).unwrap_or_default());
        Ok(config)
    }

    /// The domain names of the buckets it reads, as far as they are known.
    pub(super) fn buckets(&self) -> BTreeSet<String> {
        self.origins.iter().filter_map(|origin| origin.domain_name.known()).collect()
    }

    fn origins_over(&self, live: Option<sdk::Origins>) -> Built<sdk::Origins> {
        let live = live.map(|list| list.items).unwrap_or_default();
        let over = |origin: &Origin| origin.over(live.iter().find(|old| old.id == origin.id).cloned());
        counted!(sdk::Origins, self.origins.iter().map(over).collect::<Built<Vec<_>>>()?)
    }

    /// The groups that somebody made of origins, but for those of an origin that goes: CloudFront refuses such a group.
    fn groups_over(&self, live: sdk::OriginGroups) -> Built<sdk::OriginGroups> {
        let stays =
            |member: &sdk::OriginGroupMember| self.origins.iter().any(|origin| origin.id == member.origin_id);
        let whole = |group: &sdk::OriginGroup| group.members.iter().flat_map(|list| &list.items).all(stays);
        counted!(sdk::OriginGroups, live.items.into_iter().flatten().filter(whole))
    }

    fn behaviors_over(&self, live: Option<sdk::CacheBehaviors>) -> Built<sdk::CacheBehaviors> {
        let live = live.and_then(|list| list.items).unwrap_or_default();
        let over = |behavior: &CacheBehavior| {
            let pattern = behavior.path_pattern.as_deref().unwrap_or_default();
            behavior.over(live.iter().find(|old| old.path_pattern == pattern).cloned())
        };
        counted!(sdk::CacheBehaviors, self.cache_behaviors.iter().map(over).collect::<Built<Vec<_>>>()?)
    }

    /// What a live configuration says.
    pub(super) fn read(live: sdk::DistributionConfig) -> Self {
        let behaviors = live.cache_behaviors.and_then(|list| list.items).unwrap_or_default();
        let errors = live.custom_error_responses.and_then(|list| list.items).unwrap_or_default();
        Self {
            comment: live.comment,
            enabled: live.enabled,
            aliases: live.aliases.and_then(|list| list.items).into_iter().flatten().collect(),
            default_root_object: filled(live.default_root_object.as_deref()),
            origins: live.origins.into_iter().flat_map(|list| list.items).map(Origin::read).collect(),
            default_cache_behavior: CacheBehavior::read_default(live.default_cache_behavior),
            cache_behaviors: behaviors.into_iter().map(CacheBehavior::read).collect(),
            custom_error_responses: errors.into_iter().map(CustomErrorResponse::read).collect(),
            http_version: http_version(live.http_version),
            ipv6_enabled: live.is_ipv6_enabled.unwrap_or_default(),
            price_class: live.price_class.unwrap_or(sdk::PriceClass::PriceClassAll),
            restrictions: Restrictions::read(live.restrictions),
            logging: Logging::read(live.logging),
            viewer_certificate: ViewerCertificate::read(live.viewer_certificate),
            web_acl_id: filled(live.web_acl_id.as_deref()).map(Input::from),
        }
    }
}

/// CloudFront writes `HTTP2` in some answers and `http2` in others.
fn http_version(live: Option<sdk::HttpVersion>) -> sdk::HttpVersion {
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
        }
    }

    fn bare() -> DistributionConfig {
        DistributionConfig {
            aliases: BTreeSet::new(),
            default_root_object: None,
            cache_behaviors: Vec::new(),
            custom_error_responses: BTreeSet::new(),
            restrictions: None,
            logging: None,
            viewer_certificate: ViewerCertificate::cloudfront(),
            web_acl_id: None,
            ..full()
        }
    }

    #[test]
    fn it_survives_the_way_to_the_sdk_and_back() {
        for config in [full(), bare()] {
            assert_eq!(DistributionConfig::read(config.fresh("once").unwrap()), config);
            let json = serde_json::to_value(&config).unwrap();
            assert_eq!(serde_json::from_value::<DistributionConfig>(json).unwrap(), config);
        }
    }

    #[test]
    fn an_update_turns_one_into_the_other_and_keeps_the_caller_reference() {
        for (from, to) in [(full(), bare()), (bare(), full())] {
            let updated = to.over(from.fresh("once").unwrap()).unwrap();
            assert_eq!(updated.caller_reference, "once");
            assert_eq!(DistributionConfig::read(updated), to);
        }
    }

    #[test]
    fn an_update_keeps_what_is_not_modelled() {
        let mut live = full().fresh("once").unwrap();
        live.staging = Some(false);
        live.continuous_deployment_policy_id = Some("trial".into());
        if let Some(behavior) = &mut live.default_cache_behavior {
            behavior.field_level_encryption_id = Some("fields".into());
        }
        let updated = bare().over(live).unwrap();
        assert_eq!(
            (updated.staging, updated.continuous_deployment_policy_id),
            (Some(false), Some("trial".into()))
        );
        let behavior = updated.default_cache_behavior.unwrap();
        assert_eq!(behavior.field_level_encryption_id.as_deref(), Some("fields"));
    }

    #[test]
    fn logs_that_somebody_turned_on_are_seen_and_turned_off() {
        let (logs, none) = (full().logging, sdk::LoggingConfig::builder());
        let none = none.enabled(false).include_cookies(false).bucket("").prefix("").build();
        let declared = bare();
        let turned_on = DistributionConfig { logging: logs, ..bare() }.fresh("once").unwrap();
        assert_ne!(DistributionConfig::read(turned_on.clone()), declared);
        let updated = declared.over(turned_on).unwrap();
        assert_eq!(updated.logging, Some(none));
        assert_eq!(DistributionConfig::read(updated), declared);
    }

    #[test]
    fn an_update_takes_away_the_group_of_an_origin_that_goes() {
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
    fn what_is_left_out_is_aws_s_default() {
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
        insta::assert_json_snapshot!(DistributionConfig::read(live.unwrap()), @r#"
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
}
