//! `AWS::Logs::SubscriptionFilter`: where a log group's events are sent as they arrive.
//!
//! The stack has none. Its logs name every video, so the next apply finds and removes filters that nobody declared
//! ([`Resource::list_undeclared_parts`]). Follows the CloudWatch Logs API reference, `PutSubscriptionFilter`, `DescribeSubscriptionFilters`.

use std::collections::BTreeSet;

use aws_sdk_cloudwatchlogs::types as sdk;
use serde::{Deserialize, Serialize};

use super::LogGroup;
use super::log_group::{ABSENT, GROUPS, settle};
use crate::aws::{Context, OrEmpty, Result, SdkResult, required};
use crate::model::{Allow, Changes, Kind, Mark, Only, Outputs, Ownership, Permissions, Scope, StringExpr};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, UndeclaredPart};

/// A group that is not there has no filters. Nor has a group of a class without them ("only supported on the Standard log
/// class").
const NONE: &[&str] = &["ResourceNotFoundException", "ValidationException"];
/// Separates the names in an id: neither contains it.
const SEPARATOR: char = ':';

/// Which events of a group are sent where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SubscriptionFilter {
    /// The group.
    pub log_group_name: StringExpr,
    /// Its name.
    pub filter_name: String,
    /// Which events. Empty means all.
    pub filter_pattern: String,
    /// The ARN of the stream, the function or the other account's destination that gets them.
    pub destination_arn: StringExpr,
    /// The role in which they are sent, where the destination needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<StringExpr>,
    /// How the shards of a Kinesis stream share them: by log stream (`ByLogStream`) or at random (`Random`).
    pub distribution: String,
    /// Whether the transformed events are sent rather than the original ones.
    #[serde(default)]
    pub apply_on_transformed_logs: bool,
    /// Which events, by the account and region that they are from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_selection_criteria: Option<String>,
    /// Which of `@aws.account` and `@aws.region` are sent with each event.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub emit_system_fields: BTreeSet<String>,
}

fn split(id: &str) -> (&str, &str) {
    id.split_once(SEPARATOR).unwrap_or((id, ""))
}

const LIST: &str = "logs:DescribeSubscriptionFilters";

async fn all_of(cx: &Context, group: &str) -> Result<Vec<sdk::SubscriptionFilter>> {
    let mut pages = cx.logs().describe_subscription_filters().log_group_name(group).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let Some(page) = page.unless(LIST, NONE)? else { break };
        all.extend(page.subscription_filters.or_empty());
    }
    Ok(all)
}

impl SubscriptionFilter {
    fn physical_id(&self) -> String {
        format!("{}{SEPARATOR}{}", self.log_group_name.text(), self.filter_name)
    }

    fn observed(group: &str, found: sdk::SubscriptionFilter) -> Result<Observed<Self>> {
        let text = |member: Option<String>| member.filter(|text| !text.is_empty());
        let destination = required(found.destination_arn, LIST, "subscriptionFilters[].destinationArn")?;
        let properties = Self {
            log_group_name: group.into(),
            filter_name: required(found.filter_name, LIST, "subscriptionFilters[].filterName")?,
            // absent is empty: both match every event
            filter_pattern: found.filter_pattern.unwrap_or_default(),
            destination_arn: destination.into(),
            role_arn: text(found.role_arn).map(StringExpr::from),
            distribution: found.distribution.map_or("ByLogStream".to_owned(), |way| way.as_str().to_owned()),
            apply_on_transformed_logs: found.apply_on_transformed_logs,
            field_selection_criteria: text(found.field_selection_criteria),
            emit_system_fields: found.emit_system_fields.or_empty().into_iter().collect(),
        };
        Ok(Observed::new(properties.physical_id(), properties, Outputs::new(), Ownership::Inherited))
    }

    async fn put(&self, cx: &Context) -> Result<()> {
        let Self {
            log_group_name,
            filter_name,
            filter_pattern,
            destination_arn,
            role_arn,
            distribution,
            apply_on_transformed_logs,
            field_selection_criteria,
            emit_system_fields,
        } = self;
        let fields = (!emit_system_fields.is_empty()).then(|| emit_system_fields.iter().cloned().collect());
        let call = cx
            .logs()
            .put_subscription_filter()
            .log_group_name(log_group_name.text())
            .filter_name(filter_name)
            .filter_pattern(filter_pattern)
            .destination_arn(destination_arn.text())
            .set_role_arn(role_arn.as_ref().map(StringExpr::text))
            .distribution(distribution.as_str().into())
            .apply_on_transformed_logs(*apply_on_transformed_logs)
            .set_field_selection_criteria(field_selection_criteria.clone())
            .set_emit_system_fields(fields);
        settle(cx, || async { call.clone().send().await.named("logs:PutSubscriptionFilter").map(drop) }).await
    }
}

const PUT: Allow = Allow::new(&["logs:PutSubscriptionFilter"], GROUPS);
/// The caller passes CloudWatch Logs the role that it sends with.
const PASS_ROLE: Allow =
    Allow::new(&["iam:PassRole"], &["{role}"]).only(Only::PassedTo("logs.amazonaws.com")).with("RoleArn");

impl Resource for SubscriptionFilter {
    const KIND: Kind = Kind::new("AWS::Logs::SubscriptionFilter");
    const CREATE_ONLY: &'static [&'static str] = &["FilterName", "LogGroupName"];
    const PARENT: Option<Kind> = Some(LogGroup::KIND);
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["logs:DescribeSubscriptionFilters"], GROUPS)],
        create: &[PUT, PASS_ROLE],
        update: &[PUT, PASS_ROLE],
        delete: &[Allow::new(&["logs:DeleteSubscriptionFilter"], GROUPS)],
        empty: &[],
        list: &[],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.physical_id())
    }

    fn parent_id(_: &Scope, id: &str) -> Option<String> {
        Some(split(id).0.to_owned())
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let (group, name) = split(id);
        let all = all_of(cx, group).await?;
        let found = all.into_iter().find(|found| found.filter_name() == Some(name));
        found.map(|found| Self::observed(group, found)).transpose()
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        desired.put(cx).await?;
        Ok(Created::new(desired.physical_id(), Outputs::new()))
    }

    async fn update(cx: &Context, _: &Observed<Self>, desired: &Resolved<Self>, _: &Changes) -> Result<()> {
        desired.put(cx).await
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let (group, name) = split(id);
        let call = cx.logs().delete_subscription_filter().log_group_name(group).filter_name(name);
        let delete =
            || async { call.clone().send().await.unless("logs:DeleteSubscriptionFilter", ABSENT).map(drop) };
        settle(cx, delete).await
    }

    async fn list_undeclared_parts(
        cx: &Context,
        whole: &str,
        declared: &[Self],
    ) -> Result<Vec<UndeclaredPart<Observed<Self>>>> {
        let declared: Vec<String> = declared.iter().map(Self::physical_id).collect();
        let all = all_of(cx, whole).await?.into_iter().map(|found| Self::observed(whole, found));
        let all = all.collect::<Result<Vec<_>>>()?;
        let others = all.into_iter().filter(|seen| !declared.contains(&seen.id));
        Ok(others.map(|seen| UndeclaredPart { name: seen.properties.filter_name.clone(), seen }).collect())
    }

    async fn list_owned(_: &Context) -> Result<Vec<(String, Mark)>> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> sdk::SubscriptionFilter {
        sdk::SubscriptionFilter::builder().filter_name(name).destination_arn("arn:d").build()
    }

    #[test]
    fn the_id_leads_back_to_group_and_name() {
        let seen = SubscriptionFilter::observed("/aws/lambda/vod-submit", found("a/copy of all")).unwrap();
        assert_eq!(seen.id, "/aws/lambda/vod-submit:a/copy of all");
        assert_eq!(split(&seen.id), ("/aws/lambda/vod-submit", "a/copy of all"));
    }

    #[test]
    fn what_aws_leaves_out_is_its_default() {
        let mut bare = found("all");
        bare.role_arn = Some(String::new());
        let read = SubscriptionFilter::observed("g", bare).unwrap().properties;
        assert_eq!((read.distribution.as_str(), &read.role_arn), ("ByLogStream", &None));
        let json = serde_json::to_value(&read).unwrap();
        assert_eq!(serde_json::from_value::<SubscriptionFilter>(json).unwrap(), read);
    }

    #[test]
    fn an_answer_without_a_name_or_a_destination_is_an_error_that_names_it() {
        let error = |change: fn(&mut sdk::SubscriptionFilter)| {
            let mut found = found("all");
            change(&mut found);
            SubscriptionFilter::observed("g", found).unwrap_err().message
        };
        let said = |member: &str| format!("the answer has no subscriptionFilters[].{member}");
        assert_eq!(error(|found| found.filter_name = None), said("filterName"));
        assert_eq!(error(|found| found.destination_arn = None), said("destinationArn"));
    }
}
