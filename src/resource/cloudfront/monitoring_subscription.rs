//! `AWS::CloudFront::MonitoringSubscription`: a distribution's additional metrics, the cache hit rate among them.
//!
//! Follows the CloudFront API reference, `CreateMonitoringSubscription`. No call updates one. It is a part of its
//! distribution: it is deleted with it, and the distribution has the mark.

use std::collections::BTreeMap;

use aws_sdk_cloudfront::types as api;
use serde::{Deserialize, Serialize};

use super::shared::{SETTLING, incomplete};
use super::{DISTRIBUTIONS, Distribution};
use crate::aws::{Context, Error, Result, SdkResult, retry_while};
use crate::model::{
    ANYTHING, Address, Allow, Changes, Kind, Mark, Outputs, Ownership, Permissions, Scope, StringExpr,
};
use crate::resource::sweep::marked;
use crate::resource::{Created, Observed, Removal, Resolved, Resource};

const ABSENT: &[&str] = &["NoSuchMonitoringSubscription", "NoSuchDistribution"];
const EXISTS: &[&str] = &["MonitoringSubscriptionAlreadyExists"];
const ENABLED: &str = "Enabled";

/// The subscription to a distribution's additional metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct MonitoringSubscription {
    /// The distribution's id.
    pub distribution_id: StringExpr,
    /// The metrics it is subscribed to.
    pub monitoring_subscription: Subscribed,
}

/// The metrics that a distribution is subscribed to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Subscribed {
    /// The additional metrics.
    pub realtime_metrics_subscription_config: RealtimeMetricsSubscriptionConfig,
}

/// Whether a distribution has additional metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RealtimeMetricsSubscriptionConfig {
    /// `Enabled` or `Disabled`.
    pub realtime_metrics_subscription_status: String,
}

impl MonitoringSubscription {
    /// A distribution with additional metrics.
    #[must_use]
    pub fn enabled(distribution: StringExpr) -> Self {
        Self::with_status(distribution, ENABLED)
    }

    fn with_status(distribution: StringExpr, status: &str) -> Self {
        let config =
            RealtimeMetricsSubscriptionConfig { realtime_metrics_subscription_status: status.to_owned() };
        let monitoring_subscription = Subscribed { realtime_metrics_subscription_config: config };
        Self { distribution_id: distribution, monitoring_subscription }
    }

    /// Subscribes. An existing subscription is left as it is.
    async fn subscribe(&self, cx: &Context) -> Result<()> {
        let call = "cloudfront:CreateMonitoringSubscription";
        let Self { distribution_id, monitoring_subscription } = self;
        let Subscribed { realtime_metrics_subscription_config } = monitoring_subscription;
        let RealtimeMetricsSubscriptionConfig { realtime_metrics_subscription_status: status } =
            realtime_metrics_subscription_config;
        let config = api::RealtimeMetricsSubscriptionConfig::builder()
            .realtime_metrics_subscription_status(status.as_str().into())
            .build();
        let config = config.map_err(incomplete(call))?;
        let subscription =
            api::MonitoringSubscription::builder().realtime_metrics_subscription_config(config).build();
        let subscribe = || async {
            let request = cx.cloudfront().create_monitoring_subscription();
            let request = request.distribution_id(distribution_id.text());
            let request = request.monitoring_subscription(subscription.clone());
            request.send().await.unless(call, EXISTS).map(drop)
        };
        let unseen = |error: &Error| error.is(&["NoSuchDistribution"]);
        retry_while(cx, SETTLING, "waiting until CloudFront sees the distribution", unseen, subscribe).await
    }
}

impl Resource for MonitoringSubscription {
    const KIND: Kind = Kind::new("AWS::CloudFront::MonitoringSubscription");
    const CREATE_ONLY: &'static [&'static str] = &["DistributionId"];
    const PARENT: Option<Kind> = Some(Distribution::KIND);
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["cloudfront:GetMonitoringSubscription"], ANYTHING)],
        create: &[Allow::new(&["cloudfront:CreateMonitoringSubscription"], ANYTHING)],
        update: &[Allow::new(
            &["cloudfront:CreateMonitoringSubscription", "cloudfront:DeleteMonitoringSubscription"],
            ANYTHING,
        )],
        delete: &[Allow::new(&["cloudfront:DeleteMonitoringSubscription"], ANYTHING)],
        empty: &[],
        list: &[
            Allow::new(&["cloudfront:ListDistributions", "cloudfront:GetMonitoringSubscription"], ANYTHING),
            Allow::new(&["cloudfront:ListTagsForResource"], DISTRIBUTIONS),
        ],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        self.distribution_id.known()
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let call = cx.cloudfront().get_monitoring_subscription().distribution_id(id);
        let answer = call.send().await.unless("cloudfront:GetMonitoringSubscription", ABSENT)?;
        // Both members are optional in the API: without them, there is no subscription.
        let found = answer
            .and_then(|answer| answer.monitoring_subscription)
            .and_then(|found| found.realtime_metrics_subscription_config);
        let Some(found) = found else { return Ok(None) };
        let status = found.realtime_metrics_subscription_status;
        let properties = Self::with_status(id.into(), status.as_str());
        Ok(Some(Observed::new(id, properties, Outputs::new(), Ownership::Inherited)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        desired.subscribe(cx).await?;
        Ok(Created::new(desired.distribution_id.text(), Outputs::new()))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        Self::delete(cx, &seen.id, Removal::OnlyEmpty).await?;
        desired.subscribe(cx).await
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let call = cx.cloudfront().delete_monitoring_subscription().distribution_id(id);
        call.send().await.unless("cloudfront:DeleteMonitoringSubscription", ABSENT).map(drop)
    }

    /// Those of the stack's distributions. A run that was killed may have created one that the stack no longer
    /// declares. It stays as long as its distribution, and its metrics cost money.
    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let owned: BTreeMap<String, Mark> = Distribution::list_owned(cx).await?.into_iter().collect();
        let mark = |id: String| {
            let Mark { stack, address } = owned[&id].clone();
            async move {
                let there = Self::observe(cx, &id).await?.is_some();
                Ok(there.then(|| Mark { stack, address: Address::new(format!("{address}/metrics")) }))
            }
        };
        marked(cx, owned.keys().cloned(), mark).await
    }
}
