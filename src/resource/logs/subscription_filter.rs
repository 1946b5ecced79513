//! `AWS::Logs::SubscriptionFilter`: where a log group's events are sent as they come.
//!
//! The stack has none. Its logs name every video, so filters that nobody declared are found ([`Resource::beside`]) and go
//! with the next apply. Follows the CloudWatch Logs API reference, `PutSubscriptionFilter`, `DescribeSubscriptionFilters`.

use std::collections::BTreeSet;

use aws_sdk_cloudwatchlogs::types as sdk;
use serde::{Deserialize, Serialize};

use super::LogGroup;
use super::log_group::{ABSENT, GROUPS, settle};
use crate::aws::{Context, Result, SdkResult};
use crate::model::{Allow, Changes, Input, Kind, Mark, Only, Outputs, Ownership, Permissions, Scope};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, UndeclaredPart};

/// A group that is not there has no filters, nor has one of a class for which there are none ("only supported on the
/// Standard log class").
const NONE: &[&str] = &["ResourceNotFoundException", "ValidationException"];
/// Parts the names in an id: neither holds it.
const PARTING: char = ':';

/// Which events of a group go where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SubscriptionFilter {
    /// The group.
    pub log_group_name: Input,
    /// Its name.
    pub filter_name: String,
    /// Which events; empty means all.
    pub filter_pattern: String,
    /// The ARN of the stream, the function or the other account's destination that gets them.
    pub destination_arn: Input,
    /// The role in which they are sent, where the destination needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<Input>,
    /// Whether a stream gets them by their log stream (`ByLogStream`) or at random (`Random`).
    pub distribution: String,
    /// Whether what a transformer makes of them is sent instead.
    #[serde(default)]
    pub apply_on_transformed_logs: bool,
    /// Which events, by account and region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_selection_criteria: Option<String>,
    /// What is sent along of these.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub emit_system_fields: BTreeSet<String>,
}

fn split(id: &str) -> (&str, &str) {
    id.split_once(PARTING).unwrap_or((id, ""))
}

async fn all_of(cx: &Context, group: &str) -> Result<Vec<sdk::SubscriptionFilter>> {
    let mut pages = cx.logs().describe_subscription_filters().log_group_name(group).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let Some(page) = page.unless("logs:DescribeSubscriptionFilters", NONE)? else { break };
        all.extend(page.subscription_filters.unwrap_or_default());
    }
    Ok(all)
}

impl SubscriptionFilter {
    fn physical_id(&self) -> String {
        format!("{}{PARTING}{}", self.log_group_name.text(), self.filter_name)
    }

    fn observed(group: &str, found: sdk::SubscriptionFilter) -> Observed<Self> {
        let text = |member: Option<String>| member.filter(|text| !text.is_empty());
        let properties = Self {
            log_group_name: group.into(),
            filter_name: found.filter_name.unwrap_or_default(),
            filter_pattern: found.filter_pattern.unwrap_or_default(),
            destination_arn: found.destination_arn.unwrap_or_default().into(),
            role_arn: text(found.role_arn).map(Input::from),
            distribution: found.distribution.map_or("ByLogStream".to_owned(), |way| way.as_str().to_owned()),
            apply_on_transformed_logs: found.apply_on_transformed_logs,
            field_selection_criteria: text(found.field_selection_criteria),
            emit_system_fields: found.emit_system_fields.unwrap_or_default().into_iter().collect(),
        };
        Observed::new(properties.physical_id(), properties, Outputs::new(), Ownership::Inherited)
    }

    async fn put(&self, cx: &Context) -> Result<()> {
        let fields = self.emit_system_fields.iter().cloned().collect();
        let call = cx
            .logs()
            .put_subscription_filter()
            .log_group_name(self.log_group_name.text())
            .filter_name(&self.filter_name)
            .filter_pattern(&self.filter_pattern)
            .destination_arn(self.destination_arn.text())
            .set_role_arn(self.role_arn.as_ref().map(Input::text))
            .distribution(self.distribution.as_str().into())
            .apply_on_transformed_logs(self.apply_on_transformed_logs)
            .set_field_selection_criteria(self.field_selection_criteria.clone())
            .set_emit_system_fields(Some(fields).filter(|fields: &Vec<String>| !fields.is_empty()));
        settle(cx, || async { call.clone().send().await.named("logs:PutSubscriptionFilter").map(drop) }).await
    }
}

const PUT: Allow = Allow::new(&["logs:PutSubscriptionFilter"], GROUPS);
/// CloudWatch Logs gets the role that it sends in from whoever declares the filter.
const PASS_ROLE: Allow = Allow::new(&["iam:PassRole"], &["arn:aws:iam::{account}:role/{name}"])
    .only(Only::PassedTo("logs.amazonaws.com"))
    .with("RoleArn");

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

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let (group, name) = split(id);
        let all = all_of(cx, group).await?;
        let found = all.into_iter().find(|found| found.filter_name() == Some(name));
        Ok(found.map(|found| Self::observed(group, found)))
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
        let others = all.filter(|seen| !declared.contains(&seen.id));
        Ok(others.map(|seen| UndeclaredPart { name: seen.properties.filter_name.clone(), seen }).collect())
    }

    async fn list_owned(_: &Context) -> Result<Vec<(String, Mark)>> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_leads_back_to_group_and_name() {
        let found = sdk::SubscriptionFilter::builder().filter_name("a/copy of all").build();
        let seen = SubscriptionFilter::observed("/aws/lambda/vod-submit", found);
        assert_eq!(seen.id, "/aws/lambda/vod-submit:a/copy of all");
        assert_eq!(split(&seen.id), ("/aws/lambda/vod-submit", "a/copy of all"));
    }

    #[test]
    fn what_aws_leaves_out_is_its_default() {
        let seen = SubscriptionFilter::observed("g", sdk::SubscriptionFilter::builder().role_arn("").build());
        let read = seen.properties;
        assert_eq!((read.distribution.as_str(), &read.role_arn), ("ByLogStream", &None));
        let json = serde_json::to_value(&read).unwrap();
        assert_eq!(serde_json::from_value::<SubscriptionFilter>(json).unwrap(), read);
    }
}
