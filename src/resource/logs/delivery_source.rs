//! `AWS::Logs::DeliverySource`: something that has logs to deliver, such as a distribution.
//!
//! CloudFront's are in us-east-1. Follows the CloudWatch Logs API reference, `PutDeliverySource`.

use serde::{Deserialize, Serialize};

use super::delivery_shared::{ABSENT, CONFLICT, NAMED, PARTS, owned, retag, settle, settle_new, tags_of};
use crate::aws::{Context, Error, OrEmpty, Result, SdkResult, required};
use crate::model::{
    ANYTHING, Allow, Changes, Kind, Mark, Only, Outputs, Permissions, Scope, StringExpr, Tags,
};
use crate::resource::cloudfront::DISTRIBUTIONS;
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

/// Something that has logs to deliver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeliverySource {
    /// Its name.
    pub name: String,
    /// The ARN of what has the logs. The published schema allows to change it in place, but the service refuses ("create a
    /// new Delivery Source instead").
    pub resource_arn: StringExpr,
    /// Which of its logs: `ACCESS_LOGS`.
    pub log_type: String,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

fn arn(scope: &Scope, name: &str) -> String {
    scope.arn("logs", &format!("delivery-source:{name}"))
}

const GET: &str = "logs:GetDeliverySource";

/// What CloudWatch Logs says if another source has the resource. The code is that of conflicts that pass by themselves.
const OCCUPIED: &str = "already been used in another Delivery Source";

fn outputs_of(scope: &Scope, name: &str) -> Outputs {
    outputs([("Arn", arn(scope, name)), ("Name", name.to_owned())])
}

/// Delivering the logs of a resource takes a permission of the service that has the resource.
const DELIVER: Allow =
    Allow::new(&["cloudfront:AllowVendedLogDeliveryForResource"], DISTRIBUTIONS).only(Only::NoOtherStackTag);

impl DeliverySource {
    /// Whether another one has the same owner and the same logs.
    fn is_as(&self, other: &Self) -> bool {
        self.tags.ownership() == other.tags.ownership()
            && (&self.resource_arn, &self.log_type) == (&other.resource_arn, &other.log_type)
    }
}

/// The error that names the source which has the resource already, if CloudWatch Logs lists one.
async fn occupied(cx: &Context, error: Error, desired: &DeliverySource) -> Error {
    let resource = desired.resource_arn.text();
    let sources = cx.logs().describe_delivery_sources().into_paginator().items().send();
    let Ok(sources) = sources.try_collect().await else { return error };
    let other = sources.into_iter().filter(|source| source.resource_arns().contains(&resource));
    let other = other.filter_map(|source| source.name).find(|name| *name != desired.name);
    let Some(other) = other else { return error };
    let message = format!(
        "{resource} has the delivery source {other} already, and can have only one: delete that one's deliveries, then \
         `aws logs delete-delivery-source --region us-east-1 --name {other}`; or turn `access_logs` off"
    );
    Error::unexpected(error.call, message)
}

impl Resource for DeliverySource {
    const KIND: Kind = Kind::new("AWS::Logs::DeliverySource");
    const CREATE_ONLY: &'static [&'static str] = &["Name", "ResourceArn"];
    const ALSO_IN: Option<&'static str> = Some("us-east-1");
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["logs:GetDeliverySource", "logs:ListTagsForResource"], PARTS)],
        create: &[
            Allow::new(&["logs:PutDeliverySource"], PARTS),
            Allow::new(&["logs:TagResource"], NAMED),
            DELIVER,
        ],
        update: &[
            Allow::new(&["logs:PutDeliverySource"], PARTS),
            Allow::new(&["logs:TagResource", "logs:UntagResource"], NAMED),
            DELIVER,
        ],
        delete: &[Allow::new(&["logs:DeleteDeliverySource"], PARTS)],
        empty: &[],
        list: &[
            Allow::new(&["logs:DescribeDeliverySources"], ANYTHING),
            Allow::new(&["logs:ListTagsForResource"], PARTS),
        ],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.name.clone())
    }

    /// Without the name, although that is known. CloudWatch Logs deletes no source that has deliveries, so replacing a
    /// source must replace its deliveries. A delivery does so if the name of its source is not known yet.
    fn predicted(&self, scope: &Scope) -> Outputs {
        outputs([("Arn", arn(scope, &self.name))])
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let arn = arn(&cx.scope, id);
        let source = async {
            let call = cx.logs().get_delivery_source().name(id);
            call.send().await.unless(GET, ABSENT)
        };
        let (Some(answer), Some(tags)) = tokio::try_join!(source, tags_of(cx, &arn))? else {
            return Ok(None);
        };
        let found = required(answer.delivery_source, GET, "deliverySource")?;
        let resource = found.resource_arns.or_empty().into_iter().next();
        let properties = Self {
            name: id.to_owned(),
            resource_arn: required(resource, GET, "deliverySource.resourceArns")?.into(),
            log_type: required(found.log_type, GET, "deliverySource.logType")?,
            tags,
        };
        let ownership = properties.tags.ownership();
        Ok(Some(Observed::new(id, properties, outputs_of(&cx.scope, id), ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let Self { name, resource_arn, log_type, tags } = &**desired;
        let put = || async {
            let call = cx
                .logs()
                .put_delivery_source()
                .name(name)
                .resource_arn(resource_arn.text())
                .log_type(log_type)
                .set_tags(Some(tags.to_map()));
            match call.send().await.named("logs:PutDeliverySource") {
                // The first attempt may have got through. But the conflict may also be with a deleted source of this name,
                // which is seen for some moments more: CloudWatch Logs does not let a source change its resource.
                Err(error) if error.message.contains(OCCUPIED) => Err(occupied(cx, error, desired).await),
                Err(error) if error.is(CONFLICT) => match Self::observe(cx, &desired.name).await? {
                    Some(there) if there.properties.is_as(desired) => Ok(()),
                    _ => Err(error),
                },
                answer => answer.map(drop),
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
        let Self { name, resource_arn, log_type, tags } = &**desired;
        if seen.properties.log_type != *log_type {
            let put = || async {
                let call = cx.logs().put_delivery_source().name(name);
                let call = call.resource_arn(resource_arn.text()).log_type(log_type);
                call.send().await.named("logs:PutDeliverySource")
            };
            settle(cx, put).await?;
        }
        if seen.properties.tags != *tags {
            retag(cx, &arn(&cx.scope, &seen.id), &seen.properties.tags, tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let delete = || async {
            let call = cx.logs().delete_delivery_source().name(id);
            call.send().await.unless("logs:DeleteDeliverySource", ABSENT)
        };
        settle(cx, delete).await.map(drop)
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let prefix = format!("{}-", cx.scope.stack);
        let found = cx.logs().describe_delivery_sources().into_paginator().items().send();
        let found = found.try_collect().await.named("logs:DescribeDeliverySources")?;
        let names = found.into_iter().filter_map(|source| source.name);
        owned(cx, names.filter(|name| name.starts_with(&prefix)), arn).await
    }
}
