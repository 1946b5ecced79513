//! Takes a domain name from another distribution in one step, so that viewers always find one that has it.
//!
//! Follows the CloudFront API reference, `UpdateDomainAssociation`, and the developer guide, "Move an alternate domain
//! name". The distribution that takes the name must have a certificate for it. Within an account this works at once. A
//! distribution of another account must be disabled before.

use aws_sdk_cloudfront::types as sdk;

use super::super::DISTRIBUTIONS;
use super::names::{has_alias, holder_of};
use super::{DEPLOYED, Distribution, GET, UNSEEN};
use crate::aws::{Context, Error, Patience, Poll, Result, SdkResult, required, until};
use crate::model::Allow;

const TAKE: &str = "cloudfront:UpdateDomainAssociation";

/// The permission to take a name. It is on every distribution: one of them has the name.
pub const TAKE_NAME: Allow = Allow::new(&[TAKE], DISTRIBUTIONS);

/// Takes each name that is new to the distribution, that the run may take, and that another distribution has.
pub(super) async fn take(cx: &Context, id: &str, seen: &Distribution, desired: &Distribution) -> Result<()> {
    let (had, wanted) = (&seen.distribution_config.aliases, &desired.distribution_config.aliases);
    for name in wanted.difference(had) {
        take_name(cx, id, name).await?;
    }
    Ok(())
}

/// Takes a name for the distribution with this id, if the run may take it and another distribution has it.
///
/// # Errors
/// When AWS refuses, or the edges do not know the distribution in time.
pub async fn take_name(cx: &Context, id: &str, name: &str) -> Result<()> {
    if !cx.may_take(name) {
        return Ok(());
    }
    let Some(holder) = holder_of(cx, name).await?.filter(|holder| holder.id != id) else { return Ok(()) };
    let taken = until(cx, TAKE, Patience::MINUTES, || step(cx, id, name)).await;
    taken.map_err(|error| explained(error, name, holder.elsewhere, id))
}

/// One step towards the name. Every edge must know the distribution before: else viewers would get errors from those that
/// do not.
pub(super) async fn step(cx: &Context, id: &str, name: &str) -> Result<Poll<()>> {
    let answer = cx.cloudfront().get_distribution().id(id).send().await.named(GET)?;
    let live = required(answer.distribution, GET, "Distribution")?;
    let etag = required(answer.e_tag, GET, "ETag")?;
    let aliases = live.distribution_config.as_ref().and_then(|config| config.aliases.as_ref());
    if has_alias(aliases, name) {
        return Ok(Poll::Done(()));
    }
    if live.status != DEPLOYED {
        return Ok(Poll::Pending(format!(
            "waiting until every edge knows the distribution that takes {name}"
        )));
    }
    let target = sdk::DistributionResourceId::builder().distribution_id(id).build();
    let call = cx.cloudfront().update_domain_association().domain(name).target_resource(target);
    match call.if_match(etag).send().await.named(TAKE) {
        Err(error) if error.is(UNSEEN) => {
            Ok(Poll::Pending("waiting until CloudFront shows the distribution as it is".to_owned()))
        }
        Err(error) => Err(error),
        Ok(moved) => required(moved.resource_id, TAKE, "ResourceId").map(|_| Poll::Done(())),
    }
}

/// AWS's refusal, with what to do. By the record, AWS knows whose the name is.
pub(super) fn explained(error: Error, name: &str, elsewhere: bool, id: &str) -> Error {
    let first = match elsewhere {
        true if !error.code.is_empty() => {
            "the other distribution is of another account, so its owner must disable it first. "
        }
        false if error.is(&["IllegalUpdate"]) => "",
        _ => return error,
    };
    let hint = format!(
        "{first}Set the DNS record `_{name}` of type TXT to the domain name of this stack's distribution (`aws cloudfront \
         get-distribution --id {id}` shows it): it proves that the name is yours. Then run the command again"
    );
    Error { hint: Some(hint), ..error }
}
