//! Who owns the domain names of distributions: aliases, and the names that CloudFront assigns.

use aws_sdk_cloudfront::types as sdk;

use super::{Distribution, listed, tags_of};
use crate::aws::{Context, Result};
use crate::model::{Mark, Ownership};
use crate::resource::Resource as _;

/// The zone in which CloudFront keeps the domain names of distributions, the same for every account.
pub const HOSTED_ZONE: &str = "Z2FDTNDATAQYW2";

/// A distribution that has some domain name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub id: String,
    /// Who owns it.
    pub ownership: Ownership,
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

/// The distribution of this account that has an alias. Only one distribution can have it.
///
/// # Errors
/// When the distributions cannot be listed.
pub async fn holder_of(cx: &Context, alias: &str) -> Result<Option<Holder>> {
    let found = listed(cx).await?.into_iter().find(|summary| has_alias(summary, alias));
    let Some(summary) = found else { return Ok(None) };
    let ownership = ownership(cx, &summary).await?;
    Ok(Some(Holder { id: summary.id, ownership }))
}

fn has_alias(summary: &sdk::DistributionSummary, alias: &str) -> bool {
    let aliases = summary.aliases.iter().flat_map(|list| list.items());
    aliases.into_iter().any(|held| held.eq_ignore_ascii_case(alias))
}
