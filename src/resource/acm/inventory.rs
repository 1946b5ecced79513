//! The certificates of the account and their tags, which say who owns them.

use aws_sdk_acm::types as sdk;

use super::validation::ABSENT;
use crate::aws::{Context, Error, OrEmpty, Result, SdkResult};
use crate::model::Tags;

pub(super) const LIST: &str = "acm:ListCertificates";
/// The tag that holds the zone of the validation record, because ACM does not know it. The adapter adds it.
pub(super) const ZONE_TAG: &str = "provision:hosted-zone";

pub(super) fn tag(key: &str, value: Option<&str>) -> Result<sdk::Tag> {
    let tag = sdk::Tag::builder().key(key).set_value(value.map(str::to_owned)).build();
    tag.map_err(|error| Error::unexpected("acm:AddTagsToCertificate", error.to_string()))
}

/// `DescribeCertificate` answers `RSA-2048` for what is requested as `RSA_2048`.
pub(super) fn algorithm(answered: Option<&sdk::KeyAlgorithm>) -> Option<String> {
    answered.map(|algorithm| algorithm.as_str().replace('-', "_"))
}

/// A certificate's tags, and the zone from the adapter's own tag.
pub(super) async fn tags_of(cx: &Context, arn: &str) -> Result<Option<(Tags, Option<String>)>> {
    const CALL: &str = "acm:ListTagsForCertificate";
    let call = cx.acm().list_tags_for_certificate().certificate_arn(arn);
    let ask = |_| async move { Ok(call.send().await.unless(CALL, ABSENT)?.map(|answer| answer.tags)) };
    Ok(cx.cached(CALL, arn, ask).await?.map(|tags| {
        // absent is empty: a tag needs no value.
        let pairs = tags.or_empty().into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default()));
        let (own, tags): (Vec<_>, Vec<_>) = pairs.partition(|(key, _)| key == ZONE_TAG);
        (tags.into_iter().collect(), own.into_iter().next().map(|(_, zone)| zone))
    }))
}

/// The certificates in these states, with any key. Without the filter, the list leaves out most key algorithms.
pub(super) async fn listed(
    cx: &Context,
    states: &[sdk::CertificateStatus],
) -> Result<Vec<sdk::CertificateSummary>> {
    let keys = sdk::KeyAlgorithm::values().iter().map(|name| sdk::KeyAlgorithm::from(*name)).collect();
    let call =
        cx.acm().list_certificates().includes(sdk::Filters::builder().set_key_types(Some(keys)).build());
    let call = call.set_certificate_statuses((!states.is_empty()).then(|| states.to_vec()));
    let mut pages = call.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page.named(LIST)?.certificate_summary_list.or_empty());
    }
    Ok(found)
}
