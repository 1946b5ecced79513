//! Who owns the domain names of distributions: aliases, and the names that CloudFront assigns.

use aws_sdk_cloudfront::types as sdk;

use super::super::DISTRIBUTIONS;
use super::{Distribution, listed, tags_of};
use crate::aws::{Context, Result, SdkResult};
use crate::model::{Allow, Mark, Ownership};
use crate::resource::Resource as _;

/// The zone in which CloudFront keeps the domain names of distributions, the same for every account.
pub const HOSTED_ZONE: &str = "Z2FDTNDATAQYW2";

const CONFLICTS: &str = "cloudfront:ListConflictingAliases";

/// A distribution that has some domain name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub id: String,
    /// Who owns it.
    pub ownership: Ownership,
    /// Whether it is of another account. Its id is half hidden then.
    pub elsewhere: bool,
}

/// Every distribution of the account.
pub(in crate::resource) async fn distributions(cx: &Context) -> Result<Vec<sdk::DistributionSummary>> {
    listed(cx).await
}

/// Who owns a listed distribution. Its comment says so, or its tags if the comment was edited.
async fn ownership(cx: &Context, summary: &sdk::DistributionSummary) -> Result<Ownership> {
    if let Some(mark) = Mark::from_comment(&summary.comment) {
        return Ok(Ownership::Marked(mark));
    }
    Ok(tags_of(cx, &summary.id).await?.map_or(Ownership::Unmarked, |tags| tags.ownership()))
}

/// Who owns the distribution with this domain name, or nothing if none of these has it.
pub(in crate::resource) async fn owner_of(
    cx: &Context,
    distributions: &[sdk::DistributionSummary],
    domain_name: &str,
) -> Result<Option<Ownership>> {
    match distributions.iter().find(|summary| summary.domain_name == domain_name) {
        Some(summary) => ownership(cx, summary).await.map(Some),
        None => Ok(None),
    }
}

/// Whether a distribution of this account has this domain name.
///
/// # Errors
/// When the distributions cannot be listed.
pub async fn is_there(cx: &Context, domain_name: &str) -> Result<bool> {
    Ok(listed(cx).await?.iter().any(|summary| summary.domain_name == domain_name))
}

/// The aliases of the stack's distributions, each with the distribution's mark.
///
/// # Errors
/// When the distributions cannot be listed.
pub(in crate::resource) async fn own_aliases(cx: &Context) -> Result<Vec<(String, Mark)>> {
    let (owned, all) = tokio::try_join!(Distribution::list_owned(cx), listed(cx))?;
    let aliases = owned.into_iter().flat_map(|(id, mark)| {
        let summaries = all.iter().filter(move |summary| summary.id == id);
        let lists = summaries.filter_map(|summary| summary.aliases.as_ref());
        lists.flat_map(|list| list.items()).map(move |alias| (alias.to_ascii_lowercase(), mark.clone()))
    });
    Ok(aliases.collect())
}

/// The distribution that has an alias. Only one can have it. One of another account is found only if CloudFront tells it.
///
/// # Errors
/// When the distributions cannot be listed.
pub async fn holder_of(cx: &Context, alias: &str) -> Result<Option<Holder>> {
    let all = listed(cx).await?;
    let Some(summary) = all.iter().find(|summary| has_alias(summary.aliases.as_ref(), alias)) else {
        return Ok(foreign_holder(cx, &all, alias).await);
    };
    let ownership = ownership(cx, summary).await?;
    Ok(Some(Holder { id: summary.id.clone(), ownership, elsewhere: false }))
}

/// The permission to find the distribution of another account that has the service's name.
pub const FIND_HOLDER: Allow = Allow::new(&[CONFLICTS], DISTRIBUTIONS);

/// The distribution of another account that has an alias. CloudFront tells it, half hidden, only to a distribution with a
/// certificate for the name. So the stack's own one must be there, as it is while a name is moved to it.
async fn foreign_holder(cx: &Context, all: &[sdk::DistributionSummary], alias: &str) -> Option<Holder> {
    let asks = |summary: &&sdk::DistributionSummary| {
        let mark = Mark::from_comment(&summary.comment);
        let certificate = summary.viewer_certificate.as_ref().and_then(|found| found.acm_certificate_arn());
        mark.is_some_and(|mark| mark.stack == cx.scope.stack) && certificate.is_some()
    };
    let own = all.iter().find(asks)?;
    let call = cx.cloudfront().list_conflicting_aliases().distribution_id(&own.id).alias(alias);
    // Only an early word: apply is told by CloudFront in any case.
    let found = call.send().await.named(CONFLICTS).ok()?.conflicting_aliases_list?.items?;
    let holder = found.into_iter().find(|one| one.alias() == Some(alias))?;
    let id = format!("{} of account {}", holder.distribution_id?, holder.account_id?);
    Some(Holder { id, ownership: Ownership::Unmarked, elsewhere: true })
}

pub(super) fn has_alias(aliases: Option<&sdk::Aliases>, alias: &str) -> bool {
    aliases.iter().flat_map(|list| list.items()).any(|held| held.eq_ignore_ascii_case(alias))
}
