//! `AWS::CloudWatch::Alarm`: an alarm on one metric.
//!
//! Follows the CloudWatch API reference, `PutMetricAlarm`. An alarm that somebody turned into one of metric math has
//! no metric of its own and so differs from every declaration here.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{self as api, AlarmType, MetricAlarm};
use serde::{Deserialize, Serialize};

use super::{ABSENT, api_tags, owned, retag, tags_of};
use crate::aws::{Context, Result, SdkResult};
use crate::model::{ANYTHING, Allow, Changes, Input, Kind, Mark, Outputs, Permissions, Scope, Tags};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

/// An alarm on one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Alarm {
    /// Its name.
    pub alarm_name: String,
    /// What it means and what to do, for who gets the e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_description: Option<String>,
    /// Whether its actions are carried out.
    pub actions_enabled: bool,
    /// What is told when it goes off, by ARN: topics of its own region.
    #[serde(default)]
    pub alarm_actions: BTreeSet<Input>,
    /// What is told when all is well again.
    #[serde(default, rename = "OKActions")]
    pub ok_actions: BTreeSet<Input>,
    /// What is told when there is no telling.
    #[serde(default)]
    pub insufficient_data_actions: BTreeSet<Input>,
    /// The metric's namespace.
    pub namespace: String,
    /// The metric.
    pub metric_name: String,
    /// What the metric is of.
    #[serde(default)]
    pub dimensions: BTreeSet<Dimension>,
    /// How a period's values become one: `Sum`, `Average`, `Maximum`, …
    pub statistic: String,
    /// The length of a period, in seconds.
    pub period: i32,
    /// How many periods are looked at.
    pub evaluation_periods: i32,
    /// How many of them must be beyond the threshold.
    pub datapoints_to_alarm: i32,
    /// What is compared with.
    pub threshold: f64,
    /// How: `GreaterThanThreshold`, …
    pub comparison_operator: String,
    /// What a period without values counts as.
    pub treat_missing_data: TreatMissingData,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

/// One dimension of a metric.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Input,
}

/// What a period without values counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TreatMissingData {
    /// Beyond the threshold.
    Breaching,
    /// Within it.
    NotBreaching,
    /// Nothing: the state stays.
    Ignore,
    /// Unknown: CloudWatch's default.
    #[default]
    Missing,
}

impl TreatMissingData {
    const ALL: [Self; 4] = [Self::Breaching, Self::NotBreaching, Self::Ignore, Self::Missing];

    /// As the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
            Self::Ignore => "ignore",
            Self::Missing => "missing",
        }
    }
}

fn arn(scope: &Scope, name: &str) -> String {
    scope.arn("cloudwatch", &format!("alarm:{name}"))
}

fn outputs_of(scope: &Scope, name: &str) -> Outputs {
    outputs([("Arn", arn(scope, name))])
}

fn texts(inputs: &BTreeSet<Input>) -> Option<Vec<String>> {
    Some(inputs.iter().map(Input::text).collect())
}

fn inputs(texts: Option<Vec<String>>) -> BTreeSet<Input> {
    texts.unwrap_or_default().into_iter().map(Input::from).collect()
}

impl Alarm {
    fn read(found: MetricAlarm, tags: Tags) -> Self {
        let missing = found.treat_missing_data.unwrap_or_default();
        let missing = TreatMissingData::ALL.into_iter().find(|known| known.as_str() == missing);
        let dimension = |one: api::Dimension| Dimension {
            name: one.name.unwrap_or_default(),
            value: one.value.unwrap_or_default().into(),
        };
        let periods = found.evaluation_periods.unwrap_or_default();
        Self {
            alarm_name: found.alarm_name.unwrap_or_default(),
            alarm_description: found.alarm_description.filter(|text| !text.is_empty()),
            actions_enabled: found.actions_enabled.unwrap_or(true),
            alarm_actions: inputs(found.alarm_actions),
            ok_actions: inputs(found.ok_actions),
            insufficient_data_actions: inputs(found.insufficient_data_actions),
            namespace: found.namespace.unwrap_or_default(),
            metric_name: found.metric_name.unwrap_or_default(),
            dimensions: found.dimensions.unwrap_or_default().into_iter().map(dimension).collect(),
            statistic: found.statistic.map(|one| one.as_str().to_owned()).unwrap_or_default(),
            period: found.period.unwrap_or_default(),
            evaluation_periods: periods,
            // AWS's default, written out: all of them.
            datapoints_to_alarm: found.datapoints_to_alarm.unwrap_or(periods),
            threshold: found.threshold.unwrap_or_default(),
            comparison_operator: found
                .comparison_operator
                .map(|one| one.as_str().to_owned())
                .unwrap_or_default(),
            treat_missing_data: missing.unwrap_or_default(),
            tags,
        }
    }

    fn dimensions(&self) -> Vec<api::Dimension> {
        let dimension =
            |one: &Dimension| api::Dimension::builder().name(&one.name).value(one.value.text()).build();
        self.dimensions.iter().map(dimension).collect()
    }

    /// Writes the whole alarm. The tags count only for a new one: CloudWatch ignores them in an update.
    async fn put(&self, cx: &Context) -> Result<()> {
        let call = cx
            .cloudwatch()
            .put_metric_alarm()
            .alarm_name(&self.alarm_name)
            .set_alarm_description(self.alarm_description.clone())
            .actions_enabled(self.actions_enabled)
            .set_alarm_actions(texts(&self.alarm_actions))
            .set_ok_actions(texts(&self.ok_actions))
            .set_insufficient_data_actions(texts(&self.insufficient_data_actions))
            .namespace(&self.namespace)
            .metric_name(&self.metric_name)
            .set_dimensions(Some(self.dimensions()))
            .statistic(self.statistic.as_str().into())
            .period(self.period)
            .evaluation_periods(self.evaluation_periods)
            .datapoints_to_alarm(self.datapoints_to_alarm)
            .threshold(self.threshold)
            .comparison_operator(self.comparison_operator.as_str().into())
            .treat_missing_data(self.treat_missing_data.as_str())
            .set_tags(Some(api_tags(&self.tags)));
        call.send().await.named("cloudwatch:PutMetricAlarm").map(drop)
    }
}

const ALARMS: &[&str] = &["arn:aws:cloudwatch:{region}:{account}:alarm:{name}"];

impl Resource for Alarm {
    const KIND: Kind = Kind::new("AWS::CloudWatch::Alarm");
    const CREATE_ONLY: &'static [&'static str] = &["AlarmName"];
    const ALSO_IN: Option<&'static str> = Some("us-east-1");
    const PERMISSIONS: Permissions = Permissions {
        observe: &[
            Allow::new(&["cloudwatch:DescribeAlarms"], ANYTHING),
            Allow::new(&["cloudwatch:ListTagsForResource"], ALARMS),
        ],
        create: &[Allow::new(&["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"], ALARMS)],
        update: &[Allow::new(
            &["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"],
            ALARMS,
        )],
        delete: &[Allow::new(&["cloudwatch:DeleteAlarms"], ALARMS)],
        empty: &[],
        list: &[
            Allow::new(&["cloudwatch:DescribeAlarms"], ANYTHING),
            Allow::new(&["cloudwatch:ListTagsForResource"], ALARMS),
        ],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.alarm_name.clone())
    }

    fn predicted(&self, scope: &Scope) -> Outputs {
        outputs_of(scope, &self.alarm_name)
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let alarm = async {
            let call = cx.cloudwatch().describe_alarms().alarm_names(id);
            call.alarm_types(AlarmType::MetricAlarm).send().await.named("cloudwatch:DescribeAlarms")
        };
        let (alarm, tags) = tokio::try_join!(alarm, tags_of(cx, arn(&cx.scope, id)))?;
        let found = alarm.metric_alarms.unwrap_or_default().into_iter().next();
        let (Some(found), Some(tags)) = (found, tags) else { return Ok(None) };
        let properties = Self::read(found, tags);
        let ownership = properties.tags.ownership();
        Ok(Some(Observed::new(id, properties, outputs_of(&cx.scope, id), ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        desired.put(cx).await?;
        Ok(Created::new(&desired.alarm_name, outputs_of(&cx.scope, &desired.alarm_name)))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        changes: &Changes,
    ) -> Result<()> {
        if changes.0.iter().any(|change| change.property() != "Tags") {
            desired.put(cx).await?;
        }
        if changes.touches("Tags") {
            retag(cx, &arn(&cx.scope, &seen.id), &seen.properties.tags, &desired.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let call = cx.cloudwatch().delete_alarms().alarm_names(id);
        call.send().await.unless("cloudwatch:DeleteAlarms", ABSENT).map(drop)
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let call = cx.cloudwatch().describe_alarms().alarm_types(AlarmType::MetricAlarm);
        let mut pages = call.alarm_name_prefix(format!("{}-", cx.scope.stack)).into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let alarms = page.named("cloudwatch:DescribeAlarms")?.metric_alarms.unwrap_or_default();
            names.extend(alarms.into_iter().filter_map(|one| one.alarm_name));
        }
        owned(cx, names, arn).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_data_is_written_as_the_api_writes_it() {
        for known in TreatMissingData::ALL {
            assert_eq!(serde_json::to_value(known).unwrap(), known.as_str());
        }
    }

    #[test]
    fn what_cloudwatch_leaves_out_is_its_default() {
        let found = MetricAlarm::builder().alarm_name("vod-errors").evaluation_periods(3).build();
        let alarm = Alarm::read(found, Tags::default());
        assert!(alarm.actions_enabled);
        assert_eq!((alarm.datapoints_to_alarm, alarm.treat_missing_data), (3, TreatMissingData::Missing));
        assert_eq!(alarm.alarm_description, None);
    }
}
