//! `AWS::Logs::DeliveryDestination`: where logs are delivered to, and in which format.
//!
//! Follows the CloudWatch Logs API reference, `PutDeliveryDestination`.

use aws_sdk_cloudwatchlogs::types::DeliveryDestinationConfiguration;
use serde::{Deserialize, Serialize};

use super::delivery_shared::{
    ABSENT, CONFLICT, NAMED, PARTS, is_ours, owned, retag, settle, settle_new, tags_of,
};
use crate::aws::{Context, Error, Result, SdkResult, required};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Outputs, Permissions, Scope, StringExpr, Tags};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

/// Where logs are delivered to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeliveryDestination {
    /// Its name.
    pub name: String,
    /// The ARN of what takes the logs: a bucket.
    pub destination_resource_arn: StringExpr,
    /// Their format: `json`, `plain`, `w3c`, `raw` or `parquet`.
    pub output_format: String,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

fn arn(scope: &Scope, name: &str) -> String {
    scope.arn("logs", &format!("delivery-destination:{name}"))
}

const GET: &str = "logs:GetDeliveryDestination";

fn outputs_of(scope: &Scope, name: &str) -> Outputs {
    outputs([("Arn", arn(scope, name))])
}

impl DeliveryDestination {
    async fn put(&self, cx: &Context) -> Result<()> {
        let Self { name, destination_resource_arn, output_format, tags } = self;
        let to = DeliveryDestinationConfiguration::builder()
            .destination_resource_arn(destination_resource_arn.text())
            .build()
            .map_err(|error| Error::unexpected("logs:PutDeliveryDestination", error.to_string()))?;
        let call = cx
            .logs()
            .put_delivery_destination()
            .name(name)
            .output_format(output_format.as_str().into())
            .delivery_destination_configuration(to)
            .set_tags(Some(tags.to_map()));
        call.send().await.named("logs:PutDeliveryDestination").map(drop)
    }
}

impl Resource for DeliveryDestination {
    const KIND: Kind = Kind::new("AWS::Logs::DeliveryDestination");
    const CREATE_ONLY: &'static [&'static str] = &["Name", "DestinationResourceArn", "OutputFormat"];
    const ALSO_IN: Option<&'static str> = Some("us-east-1");
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["logs:GetDeliveryDestination", "logs:ListTagsForResource"], PARTS)],
        create: &[
            Allow::new(&["logs:PutDeliveryDestination"], PARTS),
            Allow::new(&["logs:TagResource"], NAMED),
        ],
        update: &[Allow::new(&["logs:TagResource", "logs:UntagResource"], NAMED)],
        delete: &[Allow::new(&["logs:DeleteDeliveryDestination"], PARTS)],
        empty: &[],
        list: &[
            Allow::new(&["logs:DescribeDeliveryDestinations"], ANYTHING),
            Allow::new(&["logs:ListTagsForResource"], PARTS),
        ],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.name.clone())
    }

    fn predicted(&self, scope: &Scope) -> Outputs {
        outputs_of(scope, &self.name)
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let arn = arn(&cx.scope, id);
        let destination = async {
            let call = cx.logs().get_delivery_destination().name(id);
            call.send().await.unless(GET, ABSENT)
        };
        let (Some(answer), Some(tags)) = tokio::try_join!(destination, tags_of(cx, &arn))? else {
            return Ok(None);
        };
        let found = required(answer.delivery_destination, GET, "deliveryDestination")?;
        let to = found.delivery_destination_configuration.map(|to| to.destination_resource_arn);
        let format = found.output_format.map(|one| one.as_str().to_owned());
        let properties = Self {
            name: id.to_owned(),
            // absent is empty: a destination in X-Ray has no resource
            destination_resource_arn: to.unwrap_or_default().into(),
            // absent is empty: the format is optional, and X-Ray has none
            output_format: format.unwrap_or_default(),
            tags,
        };
        let ownership = properties.tags.ownership();
        Ok(Some(Observed::new(id, properties, outputs_of(&cx.scope, id), ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let put = || async {
            match desired.put(cx).await {
                Err(error) if error.is(CONFLICT) => {
                    let ours = is_ours(cx, &arn(&cx.scope, &desired.name), &desired.tags).await?;
                    if ours { Ok(()) } else { Err(error) }
                }
                answer => answer,
            }
        };
        settle_new(cx, put).await?;
        Ok(Created::new(&desired.name, outputs_of(&cx.scope, &desired.name)))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        // All but the tags is create-only.
        let Self { name: _, destination_resource_arn: _, output_format: _, tags } = &**desired;
        retag(cx, &arn(&cx.scope, &seen.id), &seen.properties.tags, tags).await
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let delete = || async {
            let call = cx.logs().delete_delivery_destination().name(id);
            call.send().await.unless("logs:DeleteDeliveryDestination", ABSENT)
        };
        settle(cx, delete).await.map(drop)
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let prefix = format!("{}-", cx.scope.stack);
        let found = cx.logs().describe_delivery_destinations().into_paginator().items().send();
        let found = found.try_collect().await.named("logs:DescribeDeliveryDestinations")?;
        let names = found.into_iter().filter_map(|destination| destination.name);
        owned(cx, names.filter(|name| name.starts_with(&prefix)), arn).await
    }
}
