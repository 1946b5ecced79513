//! Cache behaviors: how a distribution handles requests.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, counted, empty_if_absent, filled, word, words};
use super::edge::{FunctionAssociation, LambdaFunctionAssociation, signers, to_signers};
use crate::aws::{OrEmpty, Result, required};
use crate::model::StringExpr;

/// CloudFront compresses nothing unless a behavior says so.
const COMPRESS: bool = false;

/// How a distribution handles requests for the paths of a pattern, or those that match no pattern.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CacheBehavior {
    /// The paths it is for; absent in the default behavior. `*` stands for any characters, including slashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_pattern: Option<String>,
    /// The origin's id.
    pub target_origin_id: String,
    /// How it handles plain HTTP.
    #[serde(with = "word")]
    pub viewer_protocol_policy: sdk::ViewerProtocolPolicy,
    /// The methods that viewers may use.
    #[serde(with = "words")]
    pub allowed_methods: BTreeSet<sdk::Method>,
    /// The methods whose responses are cached.
    #[serde(with = "words")]
    pub cached_methods: BTreeSet<sdk::Method>,
    /// Whether CloudFront compresses.
    pub compress: bool,
    /// The cache policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_policy_id: Option<StringExpr>,
    /// The origin request policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_request_policy_id: Option<StringExpr>,
    /// The response headers policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_headers_policy_id: Option<StringExpr>,
    /// The key groups that may sign requests. Without any, requests need no signature.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub trusted_key_groups: BTreeSet<StringExpr>,
    /// The accounts whose own key pairs may sign requests: `self`, or account ids.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub trusted_signers: BTreeSet<String>,
    /// The CloudFront functions that run.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub function_associations: BTreeSet<FunctionAssociation>,
    /// The Lambda@Edge functions that run.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub lambda_function_associations: BTreeSet<LambdaFunctionAssociation>,
    /// The real-time log configuration, which sends a record of every request to a data stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realtime_log_config_arn: Option<String>,
}

fn read_only() -> BTreeSet<sdk::Method> {
    BTreeSet::from([sdk::Method::Get, sdk::Method::Head])
}

impl CacheBehavior {
    /// Reads an origin over HTTPS through a cache policy, for the paths of a pattern or those that match no pattern.
    #[must_use]
    pub fn reads(path_pattern: Option<&str>, target_origin_id: &str, cache_policy_id: StringExpr) -> Self {
        Self {
            path_pattern: path_pattern.map(str::to_owned),
            target_origin_id: target_origin_id.to_owned(),
            viewer_protocol_policy: sdk::ViewerProtocolPolicy::RedirectToHttps,
            allowed_methods: read_only(),
            cached_methods: read_only(),
            compress: false,
            cache_policy_id: Some(cache_policy_id),
            origin_request_policy_id: None,
            response_headers_policy_id: None,
            trusted_key_groups: BTreeSet::new(),
            trusted_signers: BTreeSet::new(),
            function_associations: BTreeSet::new(),
            lambda_function_associations: BTreeSet::new(),
            realtime_log_config_arn: None,
        }
    }

    pub(super) fn read(live: sdk::CacheBehavior) -> Self {
        let path_pattern = Some(live.path_pattern.clone());
        Self { path_pattern, ..Self::read_members(live) }
    }

    /// The default behavior in the answer to `call`.
    pub(super) fn read_default(call: &'static str, live: Option<sdk::DefaultCacheBehavior>) -> Result<Self> {
        // The SDK reads an absent behavior as one without an origin.
        let live = live.filter(|live| !live.target_origin_id.is_empty());
        required(live, call, "DefaultCacheBehavior").map(Self::read_default_members)
    }

    pub(super) fn over(&self, live: Option<sdk::CacheBehavior>) -> Built<sdk::CacheBehavior> {
        let behavior = match live {
            Some(live) => live,
            None => sdk::CacheBehavior::builder()
                .path_pattern(empty_if_absent(self.path_pattern.as_deref()))
                .target_origin_id(&self.target_origin_id)
                .viewer_protocol_policy(self.viewer_protocol_policy.clone())
                .build()?,
        };
        self.members_over(behavior)
    }

    pub(super) fn default_over(
        &self,
        live: Option<sdk::DefaultCacheBehavior>,
    ) -> Built<sdk::DefaultCacheBehavior> {
        let behavior = match live {
            Some(live) => live,
            None => sdk::DefaultCacheBehavior::builder()
                .target_origin_id(&self.target_origin_id)
                .viewer_protocol_policy(self.viewer_protocol_policy.clone())
                .build()?,
        };
        self.default_members_over(behavior)
    }
}

fn methods(allowed: &BTreeSet<sdk::Method>, cached: &BTreeSet<sdk::Method>) -> Built<sdk::AllowedMethods> {
    let mut methods = counted!(sdk::AllowedMethods, allowed.iter().cloned())?;
    methods.cached_methods = Some(counted!(sdk::CachedMethods, cached.iter().cloned())?);
    Ok(methods)
}

fn key_groups(groups: &BTreeSet<StringExpr>) -> Built<sdk::TrustedKeyGroups> {
    let groups: Vec<String> = groups.iter().map(StringExpr::text).collect();
    sdk::TrustedKeyGroups::builder()
        .enabled(!groups.is_empty())
        .quantity(i32::try_from(groups.len()).unwrap_or(i32::MAX))
        .set_items((!groups.is_empty()).then_some(groups))
        .build()
}

/// The SDK has two types with the same members: the default behavior, and the other ones.
macro_rules! members {
    ($behavior:ty, $read:ident, $over:ident) => {
        impl CacheBehavior {
            fn $read(live: $behavior) -> Self {
                let (allowed, cached) = match live.allowed_methods {
                    Some(methods) => (Some(methods.items), methods.cached_methods.map(|list| list.items)),
                    None => (None, None),
                };
                let input = |id: Option<String>| filled(id.as_deref()).map(StringExpr::from);
                let groups = live.trusted_key_groups.and_then(|list| list.items).or_empty();
                Self {
                    path_pattern: None,
                    target_origin_id: live.target_origin_id,
                    viewer_protocol_policy: live.viewer_protocol_policy,
                    allowed_methods: allowed.map_or_else(read_only, |list| list.into_iter().collect()),
                    cached_methods: cached.map_or_else(read_only, |list| list.into_iter().collect()),
                    compress: live.compress.unwrap_or(COMPRESS),
                    cache_policy_id: input(live.cache_policy_id),
                    origin_request_policy_id: input(live.origin_request_policy_id),
                    response_headers_policy_id: input(live.response_headers_policy_id),
                    trusted_key_groups: groups.into_iter().map(StringExpr::from).collect(),
                    trusted_signers: signers(live.trusted_signers),
                    function_associations: FunctionAssociation::read(live.function_associations),
                    lambda_function_associations: LambdaFunctionAssociation::read(
                        live.lambda_function_associations,
                    ),
                    realtime_log_config_arn: filled(live.realtime_log_config_arn.as_deref()),
                }
            }

            #[expect(deprecated, reason = "settings from before cache policies existed contradict these")]
            fn $over(&self, live: $behavior) -> Built<$behavior> {
                let Self {
                    // The live behavior was chosen by it, or made with it.
                    path_pattern: _,
                    target_origin_id,
                    viewer_protocol_policy,
                    allowed_methods,
                    cached_methods,
                    compress,
                    cache_policy_id,
                    origin_request_policy_id,
                    response_headers_policy_id,
                    trusted_key_groups,
                    trusted_signers,
                    function_associations,
                    lambda_function_associations,
                    realtime_log_config_arn,
                } = self;
                let mut behavior = live;
                behavior.target_origin_id.clone_from(target_origin_id);
                behavior.viewer_protocol_policy = viewer_protocol_policy.clone();
                behavior.allowed_methods = Some(methods(allowed_methods, cached_methods)?);
                behavior.compress = Some(*compress);
                behavior.cache_policy_id = cache_policy_id.as_ref().map(StringExpr::text);
                behavior.origin_request_policy_id = origin_request_policy_id.as_ref().map(StringExpr::text);
                behavior.response_headers_policy_id =
                    response_headers_policy_id.as_ref().map(StringExpr::text);
                behavior.trusted_key_groups = Some(key_groups(trusted_key_groups)?);
                behavior.trusted_signers = Some(to_signers(trusted_signers)?);
                behavior.function_associations = Some(FunctionAssociation::build(function_associations)?);
                behavior.lambda_function_associations =
                    Some(LambdaFunctionAssociation::build(lambda_function_associations)?);
                behavior.realtime_log_config_arn.clone_from(realtime_log_config_arn);
                // gRPC may have been turned on by hand. CloudFront refuses it without its method.
                if !allowed_methods.contains(&sdk::Method::Post) {
                    behavior.grpc_config = None;
                }
                (behavior.forwarded_values, behavior.min_ttl) = (None, None);
                (behavior.default_ttl, behavior.max_ttl) = (None, None);
                // An update must name these, even if they are empty.
                behavior.smooth_streaming.get_or_insert_default();
                behavior.field_level_encryption_id.get_or_insert_default();
                Ok(behavior)
            }
        }
    };
}

members!(sdk::CacheBehavior, read_members, members_over);
members!(sdk::DefaultCacheBehavior, read_default_members, default_members_over);

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn behavior(path_pattern: Option<&str>) -> CacheBehavior {
        CacheBehavior {
            allowed_methods: ["OPTIONS", "HEAD", "GET"].map(sdk::Method::from).into(),
            compress: true,
            origin_request_policy_id: Some("request".into()),
            response_headers_policy_id: Some("headers".into()),
            trusted_key_groups: BTreeSet::from(["group".into()]),
            trusted_signers: BTreeSet::from(["self".to_owned()]),
            function_associations: BTreeSet::from([FunctionAssociation {
                event_type: "viewer-request".into(),
                function_arn: "arn:aws:cloudfront::111122223333:function/f".into(),
            }]),
            lambda_function_associations: BTreeSet::from([LambdaFunctionAssociation {
                event_type: "origin-response".into(),
                include_body: false,
                lambda_function_arn: "arn:aws:lambda:us-east-1:111122223333:function:f:1".into(),
            }]),
            realtime_log_config_arn: Some("arn:aws:cloudfront::111122223333:realtime-log-config/all".into()),
            ..CacheBehavior::reads(path_pattern, "output", "cache".into())
        }
    }

    fn read_default(live: sdk::DefaultCacheBehavior) -> CacheBehavior {
        CacheBehavior::read_default("cloudfront:GetDistribution", Some(live)).unwrap()
    }

    #[test]
    fn it_survives_the_way_to_the_sdk_and_back() {
        let bare = |pattern| CacheBehavior::reads(pattern, "output", "cache".into());
        for behavior in [behavior(Some("*.m3u8")), bare(Some("*.m3u8"))] {
            assert_eq!(CacheBehavior::read(behavior.over(None).unwrap()), behavior);
        }
        for behavior in [behavior(None), bare(None)] {
            assert_eq!(read_default(behavior.default_over(None).unwrap()), behavior);
        }
    }

    #[test]
    fn a_behavior_without_key_groups_trusts_no_signature() {
        let groups = key_groups(&BTreeSet::new()).unwrap();
        assert_eq!((groups.enabled, groups.quantity, groups.items), (false, 0, None));
    }

    #[test]
    fn grpc_is_removed_with_the_method_that_it_needs() {
        let every = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"].map(sdk::Method::from);
        let opened = CacheBehavior { allowed_methods: every.into(), ..behavior(None) };
        let mut live = opened.default_over(None).unwrap();
        live.grpc_config = Some(sdk::GrpcConfig::builder().enabled(true).build().unwrap());
        assert!(opened.default_over(Some(live.clone())).unwrap().grpc_config.is_some());
        assert_eq!(behavior(None).default_over(Some(live)).unwrap().grpc_config, None);
    }

    #[test]
    fn functions_and_signers_added_by_hand_are_seen_and_removed() {
        let declared = CacheBehavior::reads(None, "output", "cache".into());
        let attached = behavior(None).default_over(None).unwrap();
        assert_ne!(read_default(attached.clone()), declared);
        let updated = declared.default_over(Some(attached)).unwrap();
        let functions =
            updated.function_associations.as_ref().map(|list| (list.quantity, list.items.clone()));
        assert_eq!(functions, Some((0, None)));
        assert!(!updated.trusted_signers.as_ref().unwrap().enabled);
        assert_eq!(updated.realtime_log_config_arn, None);
        assert_eq!(read_default(updated), declared);
    }

    #[test]
    #[expect(deprecated, reason = "a distribution made by hand may still have them")]
    fn an_update_removes_what_contradicts_a_cache_policy() {
        let mut live = behavior(None).default_over(None).unwrap();
        (live.min_ttl, live.max_ttl) = (Some(0), Some(60));
        let updated = behavior(None).default_over(Some(live)).unwrap();
        assert_eq!((updated.min_ttl, updated.max_ttl), (None, None));
    }
}
