//! Reads what a role has: its inline policies, its managed policies, its tags.

use std::collections::BTreeSet;

use aws_sdk_iam::types::{AttachedPolicy, Tag};
use futures::{StreamExt, TryStreamExt, stream};
use percent_encoding::percent_decode_str;

use super::properties::Policy;
use crate::aws::{Context, Error, OrEmpty, Result, SdkResult, required};
use crate::model::{PolicyDocument, StringExpr, Tags};

/// IAM's codes for something that does not exist.
pub(super) const ABSENT: &[&str] = &["NoSuchEntity"];
/// How many calls are under way at once.
const ABREAST: usize = 8;

/// A policy from IAM's answers, which percent-encode it (RFC 3986).
pub(super) fn document(call: &'static str, encoded: &str) -> Result<PolicyDocument> {
    let text = percent_decode_str(encoded).decode_utf8_lossy();
    text.parse().map_err(|error| Error::unexpected(call, format!("unreadable policy: {error}")))
}

pub(super) async fn inline_names(cx: &Context, role: &str) -> Result<Vec<String>> {
    let pages = cx.iam().list_role_policies().role_name(role).into_paginator().items().send();
    Ok(pages.try_collect().await.unless("iam:ListRolePolicies", ABSENT)?.or_empty())
}

pub(super) async fn inline_policies(cx: &Context, role: &str) -> Result<BTreeSet<Policy>> {
    let names = inline_names(cx, role).await?;
    let read = |name: String| async move {
        let call = cx.iam().get_role_policy().role_name(role).policy_name(&name);
        let Some(answer) = call.send().await.unless("iam:GetRolePolicy", ABSENT)? else { return Ok(None) };
        let policy_document = document("iam:GetRolePolicy", &answer.policy_document)?;
        Ok(Some(Policy { policy_name: name, policy_document }))
    };
    stream::iter(names)
        .map(read)
        .buffer_unordered(ABREAST)
        .try_filter_map(|found| async { Ok(found) })
        .try_collect()
        .await
}

pub(super) async fn attached(cx: &Context, role: &str) -> Result<BTreeSet<StringExpr>> {
    const CALL: &str = "iam:ListAttachedRolePolicies";
    let pages = cx.iam().list_attached_role_policies().role_name(role).into_paginator().items().send();
    let found = pages.try_collect().await.unless(CALL, ABSENT)?.or_empty();
    let arn = |policy: AttachedPolicy| required(policy.policy_arn, CALL, "AttachedPolicies[].PolicyArn");
    found.into_iter().map(|policy| arn(policy).map(StringExpr::from)).collect()
}

pub(super) fn tags_of(found: Option<Vec<Tag>>) -> Tags {
    found.or_empty().into_iter().map(|tag| (tag.key, tag.value)).collect()
}
