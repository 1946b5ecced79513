//! `AWS::Logs::Delivery`: what joins a delivery source to a delivery destination, so that logs flow.
//!
//! Follows the CloudWatch Logs API reference, `CreateDelivery` and `UpdateDeliveryConfiguration`.

use aws_sdk_cloudwatchlogs::types::{Delivery as Found, S3DeliveryConfiguration};
use serde::{Deserialize, Serialize};

use super::delivery_shared::{
    ABSENT, CONFLICT, DELIVERIES, PARTS, owned, retag, settle, settle_new, tags_of,
};
use crate::aws::{Context, OrEmpty, Result, SdkResult, required};
use crate::model::{
    ANYTHING, Allow, Changes, Kind, Mark, Only, Outputs, Permissions, Scope, StringExpr, Tags,
};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

/// At creation CloudWatch Logs puts this before the suffix path of a distribution's logs, unasked, and answers the whole. An
/// update takes the path as it is sent. (aws-cloudformation/cloudformation-coverage-roadmap#2274)
const CLOUDFRONT_PREFIX: &str = "AWSLogs/{account-id}/CloudFront/";

/// What joins a source to a destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Delivery {
    /// The source's name.
    pub delivery_source_name: StringExpr,
    /// The destination's ARN.
    pub delivery_destination_arn: StringExpr,
    /// The fields of a record, in order.
    pub record_fields: Vec<String>,
    /// What separates the fields, in formats that have a separator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_delimiter: Option<String>,
    /// Where in the bucket a file is put, behind the prefix that AWS gives the source's logs.
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

const GET: &str = "logs:GetDelivery";

/// Every delivery of the region.
async fn listed(cx: &Context) -> Result<Vec<Found>> {
    const CALL: &str = "logs:DescribeDeliveries";
    let found = cx.logs().describe_deliveries().into_paginator().items().send();
    cx.cached(CALL, "", |_| async { found.try_collect().await.named(CALL) }).await
}

impl Delivery {
    /// The delivery between the two: there is at most one. If the source's name is not known yet, any source of the stack
    /// will do. Nobody else uses the destination, so that a read need not wait for the source.
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

    fn read(found: Found, tags: Tags) -> Result<Self> {
        let source = required(found.delivery_source_name, GET, "delivery.deliverySourceName")?;
        let destination = required(found.delivery_destination_arn, GET, "delivery.deliveryDestinationArn")?;
        let s3 = found.s3_delivery_configuration;
        let hive = s3.as_ref().and_then(|s3| s3.enable_hive_compatible_path).unwrap_or(false);
        let path = s3.and_then(|s3| s3.suffix_path);
        let path = path.map(|path| path.strip_prefix(CLOUDFRONT_PREFIX).unwrap_or(&path).to_owned());
        Ok(Self {
            delivery_source_name: source.into(),
            delivery_destination_arn: destination.into(),
            record_fields: found.record_fields.or_empty(),
            field_delimiter: found.field_delimiter.filter(|text| !text.is_empty()),
            s3_suffix_path: path.filter(|path| !path.is_empty()),
            s3_enable_hive_compatible_path: hive,
            tags,
        })
    }

    /// Creates it and returns its id. If the two are joined already, it returns the id of that delivery.
    async fn begin(&self, cx: &Context) -> Result<String> {
        const CALL: &str = "logs:CreateDelivery";
        let Self {
            delivery_source_name,
            delivery_destination_arn,
            record_fields,
            field_delimiter,
            s3_suffix_path: _,
            s3_enable_hive_compatible_path: _,
            tags,
        } = self;
        let (source, destination) = (delivery_source_name.text(), delivery_destination_arn.text());
        let call = cx
            .logs()
            .create_delivery()
            .delivery_source_name(&source)
            .delivery_destination_arn(&destination)
            .set_record_fields(Some(record_fields.clone()))
            .set_field_delimiter(field_delimiter.clone())
            .s3_delivery_configuration(self.s3(""))
            .set_tags(Some(tags.to_map()));
        match call.send().await.named(CALL) {
            Ok(answer) => required(answer.delivery.and_then(|made| made.id), CALL, "delivery.id"),
            Err(error) if error.is(CONFLICT) => {
                Self::between(cx, Some(&source), &destination).await?.ok_or(error)
            }
            Err(error) => Err(error),
        }
    }
}

impl Delivery {
    /// Gives the delivery of this id what can change in place.
    async fn configure(&self, cx: &Context, id: &str) -> Result<()> {
        let Self {
            delivery_source_name: _,
            delivery_destination_arn: _,
            record_fields,
            field_delimiter,
            s3_suffix_path: _,
            s3_enable_hive_compatible_path: _,
            tags: _,
        } = self;
        let change = || async {
            let call = cx
                .logs()
                .update_delivery_configuration()
                .id(id)
                .set_record_fields(Some(record_fields.clone()))
                .set_field_delimiter(field_delimiter.clone())
                .s3_delivery_configuration(self.s3(CLOUDFRONT_PREFIX));
            call.send().await.named("logs:UpdateDeliveryConfiguration")
        };
        settle(cx, change).await.map(drop)
    }
}

impl Resource for Delivery {
    const KIND: Kind = Kind::new("AWS::Logs::Delivery");
    const CREATE_ONLY: &'static [&'static str] = &["DeliverySourceName", "DeliveryDestinationArn"];
    const ALSO_IN: Option<&'static str> = Some("us-east-1");
    /// Updates also act on the source and the destination, which carry the same tag.
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
            call.send().await.unless(GET, ABSENT)
        };
        let (Some(answer), Some(tags)) = tokio::try_join!(delivery, tags_of(cx, &arn))? else {
            return Ok(None);
        };
        let properties = Self::read(required(answer.delivery, GET, "delivery")?, tags)?;
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
        _: &Changes,
    ) -> Result<()> {
        let was = &seen.properties;
        // Tags have calls of their own: does anything else differ?
        if (Self { tags: was.tags.clone(), ..Self::clone(desired) }) != *was {
            desired.configure(cx, &seen.id).await?;
        }
        if was.tags != desired.tags {
            retag(cx, &arn(&cx.scope, &seen.id), &was.tags, &desired.tags).await?;
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
            assert_eq!(Delivery::read(found(&delivery(), prefix), Tags::default()).unwrap(), delivery());
        }
    }

    #[test]
    fn an_answer_without_an_end_is_an_error_that_names_it() {
        let read = |change: fn(&mut Found)| {
            let mut seen = found(&delivery(), "");
            change(&mut seen);
            Delivery::read(seen, Tags::default()).unwrap_err().to_string()
        };
        let said = |member: &str| format!("logs:GetDelivery failed: the answer has no delivery.{member}");
        assert_eq!(read(|seen| seen.delivery_source_name = None), said("deliverySourceName"));
        assert_eq!(read(|seen| seen.delivery_destination_arn = None), said("deliveryDestinationArn"));
    }

    #[test]
    fn no_path_of_its_own_is_none() {
        let plain = Delivery { s3_suffix_path: None, ..delivery() };
        let mut seen = found(&plain, "");
        let s3 = S3DeliveryConfiguration::builder().suffix_path(CLOUDFRONT_PREFIX).build();
        seen.s3_delivery_configuration = Some(s3);
        assert_eq!(Delivery::read(seen, Tags::default()).unwrap(), plain);
    }
}
