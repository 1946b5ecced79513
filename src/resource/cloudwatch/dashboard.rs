//! `AWS::CloudWatch::Dashboard`: graphs on one page.
//!
//! CloudFormation writes the body as a string of JSON. Here it is the JSON itself, so that it can refer to other
//! resources' outputs and compares by meaning. The call makes a string of it. Follows the CloudWatch user guide,
//! "Dashboard body structure and syntax".

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{api_tags, owned, retag, settle, tags_of};
use crate::aws::{Context, Result, SdkResult, required};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Outputs, Permissions, Scope, Tags};
use crate::resource::{Created, Observed, Removal, Resolved, Resource};

/// What the calls on the dashboard itself say when it is not there.
const GONE: &[&str] = &["ResourceNotFound", "DashboardNotFoundError"];

/// A dashboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Dashboard {
    /// Its name, which only one dashboard of the account can have.
    pub dashboard_name: String,
    /// Its widgets.
    pub dashboard_body: Value,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

/// Dashboards belong to no region.
fn arn(scope: &Scope, name: &str) -> String {
    scope.arn_in("", "cloudwatch", &format!("dashboard/{name}"))
}

/// The body as CloudWatch returns it. A body that is no JSON is kept as text, and so differs from every declaration.
fn read_body(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

impl Dashboard {
    /// Writes the whole dashboard. The tags count only for a new one: CloudWatch ignores them in an update.
    async fn put(&self, cx: &Context) -> Result<()> {
        let Self { dashboard_name, dashboard_body, tags } = self;
        let call = cx.cloudwatch().put_dashboard().dashboard_name(dashboard_name);
        let call = call.dashboard_body(dashboard_body.to_string());
        let call = call.set_tags(Some(api_tags(tags)));
        settle(cx, || async { call.clone().send().await.named("cloudwatch:PutDashboard").map(drop) }).await
    }
}

/// The list searches by the stack's name alone.
const ALIKE: &[&str] = &["arn:aws:cloudwatch::{account}:dashboard/{stack}*"];
/// The stack's only one has its name.
const DASHBOARDS: &[&str] = &["arn:aws:cloudwatch::{account}:dashboard/{stack}"];

impl Resource for Dashboard {
    const KIND: Kind = Kind::new("AWS::CloudWatch::Dashboard");
    const CREATE_ONLY: &'static [&'static str] = &["DashboardName"];
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource"], DASHBOARDS)],
        create: &[Allow::new(&["cloudwatch:PutDashboard", "cloudwatch:TagResource"], DASHBOARDS)],
        update: &[Allow::new(
            &["cloudwatch:PutDashboard", "cloudwatch:TagResource", "cloudwatch:UntagResource"],
            DASHBOARDS,
        )],
        delete: &[Allow::new(&["cloudwatch:DeleteDashboards"], DASHBOARDS)],
        empty: &[],
        list: &[
            Allow::new(&["cloudwatch:ListDashboards"], ANYTHING),
            Allow::new(&["cloudwatch:ListTagsForResource"], ALIKE),
        ],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.dashboard_name.clone())
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        const CALL: &str = "cloudwatch:GetDashboard";
        let body = async {
            let call = cx.cloudwatch().get_dashboard().dashboard_name(id);
            call.send().await.unless(CALL, GONE)
        };
        let (Some(found), Some(tags)) = tokio::try_join!(body, tags_of(cx, arn(&cx.scope, id)))? else {
            return Ok(None);
        };
        let body = required(found.dashboard_body, CALL, "DashboardBody")?;
        let properties = Self { dashboard_name: id.to_owned(), dashboard_body: read_body(body), tags };
        let ownership = properties.tags.ownership();
        Ok(Some(Observed::new(id, properties, Outputs::new(), ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        desired.put(cx).await?;
        Ok(Created::new(&desired.dashboard_name, Outputs::new()))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        let Self { dashboard_name: _, dashboard_body, tags } = &**desired;
        if seen.properties.dashboard_body != *dashboard_body {
            desired.put(cx).await?;
        }
        if seen.properties.tags != *tags {
            retag(cx, &arn(&cx.scope, &seen.id), &seen.properties.tags, tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let call = cx.cloudwatch().delete_dashboards().dashboard_names(id);
        let delete = || async { call.clone().send().await.unless("cloudwatch:DeleteDashboards", GONE) };
        settle(cx, delete).await.map(drop)
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let call = cx.cloudwatch().list_dashboards().dashboard_name_prefix(&cx.scope.stack);
        let entries = call.into_paginator().items().send();
        let entries = entries.try_collect().await.named("cloudwatch:ListDashboards")?;
        owned(cx, entries.into_iter().filter_map(|entry| entry.dashboard_name), arn).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_compare_by_meaning() {
        let body = read_body(r#"{ "widgets" : [ {"y":0, "type":"text"} ] }"#.to_owned());
        assert_eq!(body, json!({ "widgets": [{ "type": "text", "y": 0 }] }));
        assert_eq!(read_body("gone wrong".to_owned()), "gone wrong");
    }

    #[test]
    fn dashboards_belong_to_no_region() {
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        assert_eq!(arn(&scope, "vod-service"), "arn:aws:cloudwatch::111122223333:dashboard/vod-service");
    }
}
