//! `AWS::CloudFront::Distribution`: what viewers request videos from.
//!
//! Follows the CloudFront API reference, `CreateDistributionWithTags` and `UpdateDistribution`. AWS assigns its id,
//! so it is found by its comment, which holds the mark. Its tags say who owns it.

mod behavior;
#[cfg(test)]
mod by_hand;
mod config;
mod connection;
mod edge;
mod logs;
mod names;
mod origin;
mod taking;
#[cfg(test)]
mod tests;
mod viewer;

use aws_sdk_cloudfront::types as sdk;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use behavior::CacheBehavior;
pub use config::DistributionConfig;
pub use connection::{ConnectionFunctionAssociation, TrustStoreConfig, ViewerMtlsConfig};
pub use edge::{FunctionAssociation, LambdaFunctionAssociation};
pub use logs::Logging;
pub use names::{FIND_HOLDER, HOSTED_ZONE, Holder, holder_of, is_there};
pub(in crate::resource) use names::{distributions, own_aliases, owner_of};
pub use origin::{Origin, OriginShield, S3OriginConfig};
pub use taking::{TAKE_NAME, take_name};
pub use viewer::{CustomErrorResponse, GeoRestriction, Restrictions, ViewerCertificate};

use super::DISTRIBUTIONS;
use super::shared::{Built, SETTLING, filled, incomplete, required_text};
use crate::aws::{Context, Error, OrEmpty, Patience, Poll, Result, SdkResult, required, retry_while, until};
use crate::model::{
    ANYTHING, Allow, Changes, Kind, Mark, Only, Outputs, Permissions, Readiness, Scope, Tags,
};
use crate::resource::sweep::without_others;
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

const ABSENT: &[&str] = &["NoSuchDistribution", "NoSuchResource"];
/// CloudFront answers these if the request refers to something that was created, or issued, a moment ago.
const NOT_SEEN_YET: &[&str] = &[
    "InvalidOrigin",
    "InvalidOriginAccessControl",
    "InvalidViewerCertificate",
    "NoSuchCachePolicy",
    "NoSuchResponseHeadersPolicy",
    "TrustedKeyGroupDoesNotExist",
];
/// CloudFront answers these if the same request has already created the distribution: it knows the reference or the
/// alias.
const REPEATED: &[&str] = &["DistributionAlreadyExists", "CNAMEAlreadyExists"];
/// CloudFront answers these while not every part of it knows the latest update: the distribution is on, or the ETag
/// is old.
const UNSEEN: &[&str] = &["DistributionNotDisabled", "InvalidIfMatchVersion", "PreconditionFailed"];
const DEPLOYED: &str = "Deployed";
const GET: &str = "cloudfront:GetDistribution";
const CREATE: &str = "cloudfront:CreateDistribution";
const UPDATE: &str = "cloudfront:UpdateDistribution";

/// A distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Distribution {
    /// Its configuration.
    pub distribution_config: DistributionConfig,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

fn arn(scope: &Scope, id: &str) -> String {
    scope.arn_in("", "cloudfront", &format!("distribution/{id}"))
}

fn outputs_of(scope: &Scope, id: &str, domain_name: String) -> Outputs {
    outputs([("Arn", arn(scope, id)), ("DomainName", domain_name), ("Id", id.to_owned())])
}

fn to_tags(tags: &Tags) -> Built<sdk::Tags> {
    let tag = |(key, value)| sdk::Tag::builder().key(key).value(value).build();
    Ok(sdk::Tags::builder().set_items(Some(tags.iter().map(tag).collect::<Built<_>>()?)).build())
}

/// The tags of a distribution, or nothing if there is no such distribution.
async fn tags_of(cx: &Context, id: &str) -> Result<Option<Tags>> {
    let call = cx.cloudfront().list_tags_for_resource().resource(arn(&cx.scope, id));
    let answer = call.send().await.unless("cloudfront:ListTagsForResource", ABSENT)?;
    let Some(answer) = answer else { return Ok(None) };
    let items = required(answer.tags, "cloudfront:ListTagsForResource", "Tags")?.items.or_empty();
    // absent is empty: a tag needs no value.
    Ok(Some(items.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())).collect()))
}

async fn listed(cx: &Context) -> Result<Vec<sdk::DistributionSummary>> {
    const CALL: &str = "cloudfront:ListDistributions";
    cx.cached(CALL, "", |cx| async move {
        let mut pages = cx.cloudfront().list_distributions().into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let list = required(page.named(CALL)?.distribution_list, CALL, "DistributionList")?;
            for summary in list.items.or_empty() {
                required_text(&summary.id, CALL, "Id")?;
                required_text(&summary.domain_name, CALL, "DomainName")?;
                found.push(summary);
            }
        }
        Ok(found)
    })
    .await
}

/// The distribution that has the mark as its comment.
///
/// The comment may have been edited by hand, and a second distribution would be expensive. So the tags of
/// distributions that read the same bucket are read too. A copy has the comment, but not the tags. A staging
/// distribution never counts.
async fn marked(
    cx: &Context,
    config: &DistributionConfig,
    mark: &Mark,
) -> Result<Option<sdk::DistributionSummary>> {
    let (comment, buckets) = (mark.comment(), config.buckets());
    let serving = listed(cx).await?.into_iter().filter(|summary| !summary.staging);
    let (mut named, mut rest): (Vec<_>, Vec<_>) = serving.partition(|summary| summary.comment == comment);
    if named.len() == 1 {
        return Ok(named.pop());
    }
    rest.retain(|summary| {
        let mut origins = summary.origins.iter().flat_map(|list| &list.items);
        origins.any(|origin| buckets.contains(&origin.domain_name))
    });
    for summary in named.iter().chain(&rest) {
        let tags = tags_of(cx, &summary.id).await?;
        if tags.and_then(|tags| Mark::from_tags(&tags)).is_some_and(|found| found == *mark) {
            return Ok(Some(summary.clone()));
        }
    }
    Ok(named.into_iter().next())
}

/// A reference for one attempt to create a distribution. Each attempt has its own, because CloudFront may remember
/// it. The SDK repeats a call with the same one, so a lost answer cannot create two distributions.
fn caller_reference(config: &DistributionConfig) -> String {
    format!("{}:{}", config.comment, Timestamp::now().as_nanosecond())
}

async fn make(cx: &Context, request: &sdk::DistributionConfigWithTags) -> Result<(String, String)> {
    let create = || async {
        let call = cx.cloudfront().create_distribution_with_tags();
        call.distribution_config_with_tags(request.clone()).send().await.named(CREATE)
    };
    let passing = |error: &Error| error.is(NOT_SEEN_YET);
    let made = retry_while(cx, SETTLING, "waiting until CloudFront sees its parts", passing, create).await?;
    let made = required(made.distribution, CREATE, "Distribution")?;
    let id = required_text(&made.id, CREATE, "Id")?;
    Ok((id, required_text(&made.domain_name, CREATE, "DomainName")?))
}

/// Creates it. If the answer was lost and the SDK has repeated the call, finds what the first call created.
async fn make_anew(cx: &Context, desired: &Distribution, mark: Option<&Mark>) -> Result<(String, String)> {
    let Distribution { distribution_config: config, tags } = desired;
    let sent = config.fresh(&caller_reference(config)).map_err(incomplete(CREATE))?;
    let tags = to_tags(tags).map_err(incomplete(CREATE))?;
    let request = sdk::DistributionConfigWithTags::builder().distribution_config(sent).tags(tags).build();
    match (make(cx, &request).await, mark) {
        (Err(error), Some(mark)) if error.is(REPEATED) => {
            let found = marked(cx, config, mark).await?.ok_or(error)?;
            Ok((found.id, found.domain_name))
        }
        (outcome, _) => outcome,
    }
}

/// One step towards its removal. It must be turned off, every edge must know that, and then it can be deleted.
async fn remove(cx: &Context, id: &str) -> Result<Poll<()>> {
    let call = cx.cloudfront().get_distribution().id(id);
    let Some(answer) = call.send().await.unless(GET, ABSENT)? else { return Ok(Poll::Done(())) };
    let live = required(answer.distribution, GET, "Distribution")?;
    let mut etag = required(answer.e_tag, GET, "ETag")?;
    let mut status = live.status;
    let mut config = required(live.distribution_config, GET, "DistributionConfig")?;
    // CloudFront deletes no distribution that has such a policy.
    let shares = filled(config.continuous_deployment_policy_id.as_deref()).is_some();
    if config.enabled || shares {
        config.enabled = false;
        config.continuous_deployment_policy_id = Some(String::new());
        let call = cx.cloudfront().update_distribution().id(id).distribution_config(config);
        let off = call.if_match(etag).send().await.named(UPDATE)?;
        status = required(off.distribution, UPDATE, "Distribution")?.status;
        etag = required(off.e_tag, UPDATE, "ETag")?;
    }
    if status != DEPLOYED {
        return Ok(Poll::Pending("waiting until the distribution is turned off at every edge".to_owned()));
    }
    let call = cx.cloudfront().delete_distribution().id(id).if_match(etag);
    call.send().await.unless("cloudfront:DeleteDistribution", ABSENT).map(|_| Poll::Done(()))
}

impl Resource for Distribution {
    const KIND: Kind = Kind::new("AWS::CloudFront::Distribution");
    const CREATE_ONLY: &'static [&'static str] = &[];
    const STABILIZES: bool = true;
    const PERMISSIONS: Permissions = Permissions {
        observe: &[
            Allow::new(&["cloudfront:ListDistributions"], ANYTHING),
            Allow::new(&["cloudfront:GetDistribution", "cloudfront:ListTagsForResource"], DISTRIBUTIONS),
        ],
        create: &[
            Allow::new(&["cloudfront:CreateDistribution"], DISTRIBUTIONS),
            Allow::new(&["cloudfront:TagResource"], DISTRIBUTIONS).only(Only::AddsStackTag),
        ],
        update: &[
            Allow::new(&["cloudfront:UpdateDistribution", "cloudfront:UntagResource"], DISTRIBUTIONS)
                .only(Only::RequiresStackTag),
            Allow::new(&["cloudfront:TagResource"], DISTRIBUTIONS).only(Only::AddsStackTag),
        ],
        delete: &[Allow::new(
            &["cloudfront:UpdateDistribution", "cloudfront:DeleteDistribution"],
            DISTRIBUTIONS,
        )
        .only(Only::RequiresStackTag)],
        empty: &[],
        list: &[
            Allow::new(&["cloudfront:ListDistributions"], ANYTHING),
            Allow::new(&["cloudfront:ListTagsForResource"], DISTRIBUTIONS),
        ],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        None
    }

    async fn find(cx: &Context, declared: &Self, mark: &Mark) -> Result<Option<String>> {
        Ok(marked(cx, &declared.distribution_config, mark).await?.map(|summary| summary.id))
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let live = async {
            let call = cx.cloudfront().get_distribution().id(id);
            call.send().await.unless(GET, ABSENT)
        };
        let (Some(live), Some(tags)) = tokio::try_join!(live, tags_of(cx, id))? else { return Ok(None) };
        let live = required(live.distribution, GET, "Distribution")?;
        let config = required(live.distribution_config, GET, "DistributionConfig")?;
        let domain_name = required_text(&live.domain_name, GET, "DomainName")?;
        let properties = Self { distribution_config: DistributionConfig::read(GET, config)?, tags };
        let ownership = properties.tags.ownership();
        let readiness = if live.status == DEPLOYED {
            Readiness::Ready
        } else {
            Readiness::Pending("the distribution is propagating to the edges".to_owned())
        };
        let outputs = outputs_of(&cx.scope, id, domain_name);
        Ok(Some(Observed::new(id, properties, outputs, ownership).with_readiness(readiness)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let mark = Mark::from_tags(&desired.tags);
        let unfinished = match &mark {
            Some(mark) => marked(cx, &desired.distribution_config, mark).await?,
            None => None,
        };
        let (id, domain_name) = match unfinished {
            Some(found) => (found.id, found.domain_name),
            None => make_anew(cx, desired, mark.as_ref()).await?,
        };
        let outputs = outputs_of(&cx.scope, &id, domain_name);
        Ok(Created::new(id, outputs))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        changes: &Changes,
    ) -> Result<()> {
        let Self { distribution_config, tags } = &**desired;
        if changes.touches("DistributionConfig") {
            taking::take(cx, &seen.id, &seen.properties, desired).await?;
            rewrite(cx, &seen.id, distribution_config).await?;
        }
        if changes.touches("Tags") {
            let resource = arn(&cx.scope, &seen.id);
            let stale = seen.properties.tags.stale(tags);
            if !stale.is_empty() {
                let keys = sdk::TagKeys::builder().set_items(Some(stale)).build();
                let call = cx.cloudfront().untag_resource().resource(&resource).tag_keys(keys);
                call.send().await.named("cloudfront:UntagResource")?;
            }
            let tags = to_tags(tags).map_err(incomplete("cloudfront:TagResource"))?;
            let call = cx.cloudfront().tag_resource().resource(&resource).tags(tags);
            call.send().await.named("cloudfront:TagResource")?;
        }
        Ok(())
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let step = || async {
            match remove(cx, id).await {
                Err(error) if error.is(UNSEEN) => {
                    Ok(Poll::Pending("waiting until CloudFront sees that the distribution is off".to_owned()))
                }
                outcome => outcome,
            }
        };
        until(cx, "cloudfront:DeleteDistribution", Patience::MINUTES, step).await
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let stack = &cx.scope.stack;
        let listed = listed(cx).await?;
        let buckets = listed.iter().flat_map(origins).filter(|name| is_of_stack(stack, name));
        let buckets = without_others(cx, buckets.map(str::to_owned).collect()).await?;
        let likely = listed.into_iter().filter(|summary| may_be_of(stack, summary, &buckets));
        let with_tags = likely.map(|summary| async move {
            let tags = tags_of(cx, &summary.id).await?;
            Ok((summary.id, tags.and_then(|tags| Mark::from_tags(&tags))))
        });
        let found = futures::future::try_join_all(with_tags).await?;
        let ours = |(id, mark): (String, Option<Mark>)| Some((id, mark.filter(|mark| mark.stack == *stack)?));
        Ok(found.into_iter().filter_map(ours).collect())
    }
}

/// Whether it is worth reading the tags: the comment is the stack's, or an origin is one of `buckets`.
fn may_be_of(stack: &str, summary: &sdk::DistributionSummary, buckets: &[String]) -> bool {
    Mark::from_comment(&summary.comment).is_some_and(|mark| mark.stack == stack)
        || origins(summary).any(|origin| buckets.iter().any(|bucket| bucket == origin))
}

fn origins(summary: &sdk::DistributionSummary) -> impl Iterator<Item = &str> {
    summary.origins.iter().flat_map(|list| &list.items).map(|origin| origin.domain_name.as_str())
}

fn is_of_stack(stack: &str, name: &str) -> bool {
    name.strip_prefix(stack).is_some_and(|rest| rest.starts_with('-'))
}

/// Changes the live configuration into the desired one.
async fn rewrite(cx: &Context, id: &str, desired: &DistributionConfig) -> Result<()> {
    let update = || async {
        let answer = cx.cloudfront().get_distribution().id(id).send().await.named(GET)?;
        let live = answer.distribution.and_then(|distribution| distribution.distribution_config);
        let live = required(live, GET, "DistributionConfig")?;
        let etag = required(answer.e_tag, GET, "ETag")?;
        let config = desired.over(live).map_err(incomplete(UPDATE))?;
        let call = cx.cloudfront().update_distribution().id(id).distribution_config(config);
        call.if_match(etag).send().await.named(UPDATE).map(drop)
    };
    // Each attempt changes the configuration that is live then. So it can be repeated if something else changed it
    // first.
    let passing = |error: &Error| error.is(NOT_SEEN_YET) || error.is(UNSEEN);
    retry_while(cx, SETTLING, "waiting until CloudFront sees its parts", passing, update).await
}
