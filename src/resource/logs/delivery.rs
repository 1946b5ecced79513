//! `AWS::Logs::Delivery`: what joins a delivery source to a delivery destination, so that logs flow.
//!
//! Follows the CloudWatch Logs API reference, `CreateDelivery` and `UpdateDeliveryConfiguration`.

use aws_sdk_cloudwatchlogs::types::{Delivery as Found, S3DeliveryConfiguration};
use serde::{Deserialize, Serialize};

use super::delivery_shared::{
    ABSENT, CONFLICT, DELIVERIES, PARTS, owned, retag, settle, settle_new, tags_of,
};
use crate::aws::{Context, Error, Result, SdkResult};
use crate::model::{ANYTHING, Allow, Changes, Input, Kind, Mark, Only, Outputs, Permissions, Scope, Tags};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

/// Puts the suffix path of a distribution's logs in a bucket behind this at creation, unasked, and returns it so; an
/// update takes the path as it stands. (aws-cloudformation/cloudformation-coverage-roadmap#2274)
const CLOUDFRONT_PREFIX: &str = "AWSLogs/{account-id}/CloudFront/";

/// What joins a source to a destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Delivery {
    /// The source's name.
    pub delivery_source_name: Input,
    /// The destination's ARN.
    pub delivery_destination_arn: Input,
    /// What a record says, in order.
    pub record_fields: Vec<String>,
    /// What parts the fields, in formats that have such a thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_delimiter: Option<String>,
    /// Where in the bucket a file goes, behind the prefix that AWS gives the source's logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_suffix_path: Option<String>,
    /// Whether paths name their parts (`year=2026`), as Apache Hive wants them.
    pub s3_enable_hive_compatible_path: bool,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

fn arn(scope: &Scope, id: &str) -> String {
    scope.arn("logs", &format!("delivery:{id}"))
}

fn outputs_of(scope: &Scope, id: &str) -> Outputs {
    outputs([("Arn", arn(scope, id)), ("DeliveryId", id.to_owned())])
}

/// Every delivery of the region.
async fn listed(cx: &Context) -> Result<Vec<Found>> {
    const CALL: &str = "logs:DescribeDeliveries";
    let found = cx.logs().describe_deliveries().into_paginator().items().send();
    cx.cached(CALL, "", |_| async { found.try_collect().await.named(CALL) }).await
}

impl Delivery {
    /// The delivery between the two, of which there is one at most. Where the source's name is not known yet, any source of
    /// the stack's will do: the destination is the stack's alone, so that a look need not wait for the source.
    async fn between(cx: &Context, source: Option<&str>, destination: &str) -> Result<Option<String>> {
        let own = format!("{}-", cx.scope.stack);
        let comes = |name: &str| source.map_or_else(|| name.starts_with(&own), |source| name == source);
        let joins = |one: &Found| {
            one.delivery_source_name().is_some_and(comes)
                && one.delivery_destination_arn() == Some(destination)
        };
        Ok(listed(cx).await?.into_iter().find(joins).and_then(|one| one.id))
    }

    fn s3(&self, prefix: &str) -> S3DeliveryConfiguration {
        S3DeliveryConfiguration::builder()
            .set_suffix_path(self.s3_suffix_path.as_ref().map(|path| format!("{prefix}{path}")))
            .enable_hive_compatible_path(self.s3_enable_hive_compatible_path)
            .build()
    }

    fn read(found: Found, tags: Tags) -> Self {
        let s3 = found.s3_delivery_configuration;
        let hive = s3.as_ref().and_then(|s3| s3.enable_hive_compatible_path).unwrap_or_default();
        let path = s3.and_then(|s3| s3.suffix_path);
        let path = path.map(|path| path.strip_prefix(CLOUDFRONT_PREFIX).unwrap_or(&path).to_owned());
        Self {
            delivery_source_name: found.delivery_source_name.unwrap_or_default().into(),
            delivery_destination_arn: found.delivery_destination_arn.unwrap_or_default().into(),
            record_fields: found.record_fields.unwrap_or_default(),
            field_delimiter: found.field_delimiter.filter(|text| !text.is_empty()),
            s3_suffix_path: path.filter(|path| !path.is_empty()),
            s3_enable_hive_compatible_path: hive,
            tags,
        }
    }

    /// Creates it and returns its id; the one that is there already if the two are joined.
    async fn begin(&self, cx: &Context) -> Result<String> {
        let (source, destination) = (self.delivery_source_name.text(), self.delivery_destination_arn.text());
        let call = cx
            .logs()
            .create_delivery()
            .delivery_source_name(&source)
            .delivery_destination_arn(&destination)
            .set_record_fields(Some(self.record_fields.clone()))
            .set_field_delimiter(self.field_delimiter.clone())
            .s3_delivery_configuration(self.s3(""))
            .set_tags(Some(self.tags.to_map()));
        match call.send().await.named("logs:CreateDelivery") {
            Ok(answer) => answer
                .delivery
                .and_then(|made| made.id)
                .ok_or_else(|| Error::unexpected("logs:CreateDelivery", "the answer names no delivery")),
            Err(error) if error.is(CONFLICT) => {
                Self::between(cx, Some(&source), &destination).await?.ok_or(error)
            }
            Err(error) => Err(error),
        }
    }
}

impl Resource for Delivery {
    const KIND: Kind = Kind::new("AWS::Logs::Delivery");
    const CREATE_ONLY: &'static [&'static str] = &["DeliverySourceName", "DeliveryDestinationArn"];
    const ALSO_IN: Option<&'static str> = Some("us-east-1");
    /// What changes one that is there acts on the source and the destination as well, which carry the same tag.
    const PERMISSIONS: Permissions = Permissions {
        observe: &[
            Allow::new(&["logs:DescribeDeliveries"], ANYTHING),
            Allow::new(&["logs:GetDelivery", "logs:ListTagsForResource"], PARTS),
        ],
        create: &[
            Allow::new(&["logs:CreateDelivery"], PARTS),
            Allow::new(&["logs:TagResource"], DELIVERIES).only(Only::AddsStackTag),
        ],
        update: &[
            Allow::new(&["logs:UpdateDeliveryConfiguration", "logs:UntagResource"], PARTS)
                .only(Only::RequiresStackTag),
            Allow::new(&["logs:TagResource"], DELIVERIES).only(Only::AddsStackTag),
        ],
        delete: &[Allow::new(&["logs:DeleteDelivery"], PARTS).only(Only::RequiresStackTag)],
        empty: &[],
        list: &[
            Allow::new(&["logs:DescribeDeliveries"], ANYTHING),
            Allow::new(&["logs:ListTagsForResource"], PARTS),
        ],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        None
    }

    async fn find(cx: &Context, declared: &Self, _: &Mark) -> Result<Option<String>> {
        let Some(destination) = declared.delivery_destination_arn.known() else { return Ok(None) };
        Self::between(cx, declared.delivery_source_name.known().as_deref(), &destination).await
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let arn = arn(&cx.scope, id);
        let delivery = async {
            let call = cx.logs().get_delivery().id(id);
            call.send().await.unless("logs:GetDelivery", ABSENT)
        };
        let (delivery, tags) = tokio::try_join!(delivery, tags_of(cx, &arn))?;
        let found = delivery.and_then(|answer| answer.delivery);
        let (Some(found), Some(tags)) = (found, tags) else { return Ok(None) };
        let properties = Self::read(found, tags);
        let ownership = properties.tags.ownership();
        Ok(Some(Observed::new(id, properties, outputs_of(&cx.scope, id), ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let id = settle_new(cx, || desired.begin(cx)).await?;
        let outputs = outputs_of(&cx.scope, &id);
        Ok(Created::new(id, outputs))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        changes: &Changes,
    ) -> Result<()> {
        if changes.0.iter().any(|change| change.property() != "Tags") {
            let change = || async {
                let call = cx
                    .logs()
                    .update_delivery_configuration()
                    .id(&seen.id)
                    .set_record_fields(Some(desired.record_fields.clone()))
                    .set_field_delimiter(desired.field_delimiter.clone())
                    .s3_delivery_configuration(desired.s3(CLOUDFRONT_PREFIX));
                call.send().await.named("logs:UpdateDeliveryConfiguration")
            };
            settle(cx, change).await?;
        }
        if changes.touches("Tags") {
            retag(cx, &arn(&cx.scope, &seen.id), &seen.properties.tags, &desired.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let delete = || async {
            cx.logs().delete_delivery().id(id).send().await.unless("logs:DeleteDelivery", ABSENT)
        };
        settle(cx, delete).await.map(drop)
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let prefix = format!("{}-", cx.scope.stack);
        let found = listed(cx).await?;
        let ours = |one: &Found| one.delivery_source_name().is_some_and(|name| name.starts_with(&prefix));
        owned(cx, found.into_iter().filter(ours).filter_map(|one| one.id), arn).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        Delivery {
            delivery_source_name: "vod-access-logs".into(),
            delivery_destination_arn: "arn:aws:logs:us-east-1:111122223333:delivery-destination:vod".into(),
            record_fields: vec!["date".into(), "time".into()],
            field_delimiter: Some("\t".into()),
            s3_suffix_path: Some("{DistributionId}/{yyyy}".into()),
            s3_enable_hive_compatible_path: false,
            tags: Tags::default(),
        }
    }

    fn found(declared: &Delivery, prefix: &str) -> Found {
        Found::builder()
            .delivery_source_name(declared.delivery_source_name.text())
            .delivery_destination_arn(declared.delivery_destination_arn.text())
            .set_record_fields(Some(declared.record_fields.clone()))
            .set_field_delimiter(declared.field_delimiter.clone())
            .s3_delivery_configuration(declared.s3(prefix))
            .build()
    }

    #[test]
    fn the_prefix_that_aws_adds_is_no_difference() {
        for prefix in ["", CLOUDFRONT_PREFIX] {
            assert_eq!(Delivery::read(found(&delivery(), prefix), Tags::default()), delivery());
        }
    }

    #[test]
    fn no_path_of_its_own_is_none() {
        let plain = Delivery { s3_suffix_path: None, ..delivery() };
        let mut seen = found(&plain, "");
        let s3 = S3DeliveryConfiguration::builder().suffix_path(CLOUDFRONT_PREFIX).build();
        seen.s3_delivery_configuration = Some(s3);
        assert_eq!(Delivery::read(seen, Tags::default()), plain);
    }
}
