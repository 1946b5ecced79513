//! What a distribution uses cannot be deleted.

use aws_sdk_cloudfront::types::DistributionSummary;

use super::super::asked::Asked;
use super::super::ban::{Ban, Verdict};
use super::super::state::State;

/// What a distribution may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Used {
    AccessControl,
    CachePolicy,
    HeadersPolicy,
    RequestPolicy,
}

/// The call that deletes a part, and its refusal.
struct Row {
    operation: &'static str,
    part: Used,
    ban: Ban,
    message: &'static str,
}

static ROWS: [Row; 4] = [
    Row {
        operation: "DeleteOriginAccessControl",
        part: Used::AccessControl,
        ban: Ban {
            name: "deleting an origin access control in use",
            code: "OriginAccessControlInUse",
            status: 409,
            source: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteOriginAccessControl.html",
        },
        message: "Cannot delete the origin access control because it's in use by one or more distributions.",
    },
    Row {
        operation: "DeleteCachePolicy",
        part: Used::CachePolicy,
        ban: Ban {
            name: "deleting a cache policy in use",
            code: "CachePolicyInUse",
            status: 409,
            source: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteCachePolicy.html",
        },
        message: "Cannot delete the cache policy because it is attached to one or more cache behaviors.",
    },
    Row {
        operation: "DeleteResponseHeadersPolicy",
        part: Used::HeadersPolicy,
        ban: Ban {
            name: "deleting a response headers policy in use",
            code: "ResponseHeadersPolicyInUse",
            status: 409,
            source: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteResponseHeadersPolicy.html",
        },
        message: "Cannot delete the response headers policy because it is attached to one or more cache behaviors in \
                  a CloudFront distribution.",
    },
    Row {
        operation: "DeleteOriginRequestPolicy",
        part: Used::RequestPolicy,
        ban: Ban {
            name: "deleting an origin request policy in use",
            code: "OriginRequestPolicyInUse",
            status: 409,
            source: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteOriginRequestPolicy.html",
        },
        message: "Cannot delete the origin request policy because it is attached to one or more cache behaviors.",
    },
];

/// The bans of this file.
pub(super) fn bans() -> impl Iterator<Item = &'static Ban> {
    ROWS.iter().map(|row| &row.ban)
}

/// Judges a deletion; other calls pass.
pub(super) async fn judge(asked: &Asked, state: &State) -> Verdict {
    let Some(row) = ROWS.iter().find(|row| row.operation == asked.operation) else { return Ok(()) };
    free(row, &asked.id, &state.distributions().await?)
}

fn free(row: &'static Row, id: &str, all: &[DistributionSummary]) -> Verdict {
    let used = all.iter().any(|distribution| uses(distribution, row.part).contains(&id));
    row.ban.refuse_if(used, || row.message.into())
}

/// The ids of the parts of this kind that a distribution uses.
fn uses(distribution: &DistributionSummary, part: Used) -> Vec<&str> {
    let origins = distribution.origins.iter().flat_map(|origins| &origins.items);
    let first = distribution.default_cache_behavior.as_ref();
    let others = distribution.cache_behaviors.as_ref().and_then(|behaviours| behaviours.items.as_ref());
    let others = others.into_iter().flatten();
    let ids: Vec<Option<&String>> = match part {
        Used::AccessControl => origins.map(|origin| origin.origin_access_control_id.as_ref()).collect(),
        Used::CachePolicy => others
            .map(|behaviour| behaviour.cache_policy_id.as_ref())
            .chain(first.map(|behaviour| behaviour.cache_policy_id.as_ref()))
            .collect(),
        Used::HeadersPolicy => others
            .map(|behaviour| behaviour.response_headers_policy_id.as_ref())
            .chain(first.map(|behaviour| behaviour.response_headers_policy_id.as_ref()))
            .collect(),
        Used::RequestPolicy => others
            .map(|behaviour| behaviour.origin_request_policy_id.as_ref())
            .chain(first.map(|behaviour| behaviour.origin_request_policy_id.as_ref()))
            .collect(),
    };
    ids.into_iter().flatten().map(String::as_str).collect()
}
