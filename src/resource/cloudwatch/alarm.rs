//! `AWS::CloudWatch::Alarm`: an alarm on one metric.
//!
//! Follows the CloudWatch API reference, `PutMetricAlarm`. If somebody turned the alarm into one on metric math, on an
//! anomaly or on a query, it has no metric of its own. Then it differs from every declaration here.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder as PutMetricAlarm;
use aws_sdk_cloudwatch::types::{self as api, AlarmType, MetricAlarm};
use serde::{Deserialize, Serialize};

use super::{ABSENT, api_tags, owned, retag, tags_of};
use crate::aws::{Context, Error, OrEmpty, Result, SdkResult, required};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Outputs, Permissions, Scope, StringExpr, Tags};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

/// An alarm on one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Alarm {
    /// Its name.
    pub alarm_name: String,
    /// What it means and what to do, for the reader of the e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_description: Option<String>,
    /// Whether its actions are carried out.
    pub actions_enabled: bool,
    /// The ARNs that are notified when it goes off: topics of its own region.
    #[serde(default)]
    pub alarm_actions: BTreeSet<StringExpr>,
    /// The ARNs that are notified when all is well again.
    #[serde(default, rename = "OKActions")]
    pub ok_actions: BTreeSet<StringExpr>,
    /// The ARNs that are notified when there is too little data to tell.
    #[serde(default)]
    pub insufficient_data_actions: BTreeSet<StringExpr>,
    /// The metric's namespace.
    pub namespace: String,
    /// The metric.
    pub metric_name: String,
    /// What the metric measures, such as one function.
    #[serde(default)]
    pub dimensions: BTreeSet<Dimension>,
    /// How a period's values become one: `Sum`, `Average`, `Maximum`, …
    pub statistic: String,
    /// The unit of the values that count. Absent, all count. With a unit that the metric does not have there is no data, and
    /// the alarm never goes off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The length of a period, in seconds.
    pub period: i32,
    /// How many of the latest periods count.
    pub evaluation_periods: i32,
    /// How many of them must be beyond the threshold.
    pub datapoints_to_alarm: i32,
    /// What a period's value is compared with.
    pub threshold: f64,
    /// How it is compared: `GreaterThanThreshold`, …
    pub comparison_operator: String,
    /// How a period without values counts.
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
    pub value: StringExpr,
}

/// How a period without values counts.
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

fn texts(inputs: &BTreeSet<StringExpr>) -> Option<Vec<String>> {
    Some(inputs.iter().map(StringExpr::text).collect())
}

fn inputs(texts: Option<Vec<String>>) -> BTreeSet<StringExpr> {
    texts.or_empty().into_iter().map(StringExpr::from).collect()
}

const READ: &str = "cloudwatch:DescribeAlarms";

/// A member that every alarm on one metric has.
fn of_metric<T: Default>(on_metric: bool, value: Option<T>, member: &str) -> Result<T> {
    if on_metric {
        return required(value, READ, &format!("MetricAlarms[].{member}"));
    }
    // absent is empty: alarms on metric math, anomalies and queries lack it, and differ by that
    Ok(value.unwrap_or_default())
}

fn missing_data(found: Option<&str>) -> Result<TreatMissingData> {
    let Some(text) = found else { return Ok(TreatMissingData::default()) };
    let known = TreatMissingData::ALL.into_iter().find(|known| known.as_str() == text);
    known.ok_or_else(|| Error::unexpected(READ, format!("TreatMissingData is {text:?}, which is unknown")))
}

impl Alarm {
    fn read(found: MetricAlarm, tags: Tags) -> Result<Self> {
        let on_metric = found.metric_name.is_some();
        let dimension = |one: api::Dimension| {
            let name = required(one.name, READ, "MetricAlarms[].Dimensions[].Name")?;
            let value = required(one.value, READ, "MetricAlarms[].Dimensions[].Value")?;
            Ok(Dimension { name, value: value.into() })
        };
        let dimensions = found.dimensions.or_empty().into_iter().map(dimension);
        // A percentile stands in a member of its own.
        let statistic = found.statistic.map(|one| one.as_str().to_owned()).or(found.extended_statistic);
        let operator = found.comparison_operator.map(|one| one.as_str().to_owned());
        let periods = of_metric(on_metric, found.evaluation_periods, "EvaluationPeriods")?;
        Ok(Self {
            alarm_name: required(found.alarm_name, READ, "MetricAlarms[].AlarmName")?,
            alarm_description: found.alarm_description.filter(|text| !text.is_empty()),
            actions_enabled: found.actions_enabled.unwrap_or(true),
            alarm_actions: inputs(found.alarm_actions),
            ok_actions: inputs(found.ok_actions),
            insufficient_data_actions: inputs(found.insufficient_data_actions),
            namespace: of_metric(on_metric, found.namespace, "Namespace")?,
            metric_name: of_metric(on_metric, found.metric_name, "MetricName")?,
            dimensions: dimensions.collect::<Result<_>>()?,
            statistic: of_metric(on_metric, statistic, "Statistic")?,
            unit: found.unit.map(|unit| unit.as_str().to_owned()),
            period: of_metric(on_metric, found.period, "Period")?,
            evaluation_periods: periods,
            // AWS's default, written out: all of them.
            datapoints_to_alarm: found.datapoints_to_alarm.unwrap_or(periods),
            threshold: of_metric(on_metric, found.threshold, "Threshold")?,
            comparison_operator: of_metric(on_metric, operator, "ComparisonOperator")?,
            treat_missing_data: missing_data(found.treat_missing_data.as_deref())?,
            tags,
        })
    }

    /// Writes the whole alarm. The tags count only for a new one: CloudWatch ignores them in an update.
    async fn put(&self, cx: &Context) -> Result<()> {
        let call = self.fill(cx.cloudwatch().put_metric_alarm());
        call.send().await.named("cloudwatch:PutMetricAlarm").map(drop)
    }

    fn fill(&self, call: PutMetricAlarm) -> PutMetricAlarm {
        let Self {
            alarm_name,
            alarm_description,
            actions_enabled,
            alarm_actions,
            ok_actions,
            insufficient_data_actions,
            namespace,
            metric_name,
            dimensions,
            statistic,
            unit,
            period,
            evaluation_periods,
            datapoints_to_alarm,
            threshold,
            comparison_operator,
            treat_missing_data,
            tags,
        } = self;
        let dimension =
            |Dimension { name, value }: &Dimension| api::Dimension::builder().name(name).value(value.text());
        call.alarm_name(alarm_name)
            .set_alarm_description(alarm_description.clone())
            .actions_enabled(*actions_enabled)
            .set_alarm_actions(texts(alarm_actions))
            .set_ok_actions(texts(ok_actions))
            .set_insufficient_data_actions(texts(insufficient_data_actions))
            .namespace(namespace)
            .metric_name(metric_name)
            .set_dimensions(Some(dimensions.iter().map(|one| dimension(one).build()).collect()))
            .statistic(statistic.as_str().into())
            .set_unit(unit.as_deref().map(Into::into))
            .period(*period)
            .evaluation_periods(*evaluation_periods)
            .datapoints_to_alarm(*datapoints_to_alarm)
            .threshold(*threshold)
            .comparison_operator(comparison_operator.as_str().into())
            .treat_missing_data(treat_missing_data.as_str())
            .set_tags(Some(api_tags(tags)))
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
            call.alarm_types(AlarmType::MetricAlarm).send().await.named(READ)
        };
        let (alarm, tags) = tokio::try_join!(alarm, tags_of(cx, arn(&cx.scope, id)))?;
        let found = alarm.metric_alarms.or_empty().into_iter().next();
        let (Some(found), Some(tags)) = (found, tags) else { return Ok(None) };
        let properties = Self::read(found, tags)?;
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
        _: &Changes,
    ) -> Result<()> {
        let was = &seen.properties;
        // Tags have calls of their own: does anything else differ?
        if (Self { tags: was.tags.clone(), ..Self::clone(desired) }) != *was {
            desired.put(cx).await?;
        }
        if was.tags != desired.tags {
            retag(cx, &arn(&cx.scope, &seen.id), &was.tags, &desired.tags).await?;
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
            for found in page.named(READ)?.metric_alarms.or_empty() {
                names.push(required(found.alarm_name, READ, "MetricAlarms[].AlarmName")?);
            }
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

    /// All that CloudWatch always answers about an alarm on one metric.
    fn bare() -> MetricAlarm {
        MetricAlarm::builder()
            .alarm_name("vod-errors")
            .namespace("AWS/Lambda")
            .metric_name("Errors")
            .statistic("Sum".into())
            .period(60)
            .evaluation_periods(3)
            .threshold(0.0)
            .comparison_operator("GreaterThanThreshold".into())
            .build()
    }

    #[test]
    fn what_cloudwatch_leaves_out_is_its_default() {
        let alarm = Alarm::read(bare(), Tags::default()).unwrap();
        assert!(alarm.actions_enabled);
        assert_eq!((alarm.datapoints_to_alarm, alarm.treat_missing_data), (3, TreatMissingData::Missing));
        assert_eq!((alarm.alarm_description, alarm.unit), (None, None));
    }

    #[test]
    fn a_unit_that_silences_an_alarm_is_a_difference() {
        let mut found = bare();
        found.unit = Some(api::StandardUnit::Percent);
        let silenced = Alarm::read(found, Tags::default()).unwrap();
        let declared = Alarm::read(bare(), Tags::default()).unwrap();
        assert_eq!((silenced.unit.as_deref(), &declared.unit), (Some("Percent"), &None));
        assert_ne!(silenced, declared);
    }

    #[test]
    fn an_answer_without_a_member_is_an_error_that_names_it() {
        let error = |change: fn(&mut MetricAlarm)| {
            let mut found = bare();
            change(&mut found);
            Alarm::read(found, Tags::default()).unwrap_err().to_string()
        };
        let said = |member: &str| {
            format!("cloudwatch:DescribeAlarms failed: the answer has no MetricAlarms[].{member}")
        };
        assert_eq!(error(|found| found.threshold = None), said("Threshold"));
        assert_eq!(error(|found| found.period = None), said("Period"));
        assert_eq!(error(|found| found.alarm_name = None), said("AlarmName"));
        let unknown = error(|found| found.treat_missing_data = Some("perhaps".into()));
        assert!(unknown.ends_with(r#"TreatMissingData is "perhaps", which is unknown"#), "{unknown}");
    }

    #[test]
    fn one_that_somebody_put_on_something_else_is_read_and_differs() {
        let declared = Alarm::read(bare(), Tags::default()).unwrap();
        let math = MetricAlarm::builder().alarm_name("vod-errors").evaluation_periods(3).build();
        assert_ne!(Alarm::read(math, Tags::default()).unwrap(), declared);
        let mut percentile = bare();
        (percentile.statistic, percentile.extended_statistic) = (None, Some("p99".into()));
        assert_eq!(Alarm::read(percentile, Tags::default()).unwrap().statistic, "p99");
    }
}
