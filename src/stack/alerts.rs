//! Failure alerts: topics with an e-mail subscription, alarms that publish to them, and a dashboard.
//!
//! An alarm can publish only to a topic of its own region, and CloudFront's metrics are in us-east-1. So there are two
//! topics unless the stack itself is in us-east-1, and the subscriber confirms two e-mails. A stack without `alerts`
//! has none of this.
//!
//! Without `encryption`, the topics have no KMS key: CloudWatch cannot use the AWS-managed key of SNS, so alarms would fail
//! to publish. With it, the topic in the stack's region has the team's key. The one in us-east-1 would need a key there. Its
//! messages hold names and numbers of alarms, and leave SNS as plain e-mail anyway. At rest SNS encrypts its disks.

mod dashboard;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::config::StackFile;
use super::handlers::HandlerResources;
use super::{Declarations, GLOBAL, Handle};
use crate::model::{PolicyDocument, Principal, Statement, StringExpr, Tags};
use crate::resource::cloudfront::Distribution;
use crate::resource::cloudwatch::{Alarm, Dimension, TreatMissingData};
use crate::resource::lambda::Function;
use crate::resource::mediaconvert::Queue;
use crate::resource::sns::{Subscription, Topic, TopicPolicy};

const CLOUDWATCH: &str = "cloudwatch.amazonaws.com";
const FIVE_MINUTES: i32 = 300;
/// The percentage of viewers' requests that may fail before the alarm goes off: one in twenty.
const FAILED_REQUESTS: f64 = 5.0;

/// The topics that alarms publish to.
#[derive(Debug)]
pub struct Topics {
    /// In the stack's region: for the alarms there and for the publish handler's notices.
    pub topic: Handle<Topic>,
    /// In us-east-1, for the CDN's alarm. `None` if the stack itself is in us-east-1.
    pub cdn: Option<Handle<Topic>>,
}

/// The resources that the alarms watch.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// The functions and their dead-letter queue.
    pub handlers: &'a HandlerResources,
    /// The queue of jobs.
    pub queue: &'a Handle<Queue>,
    /// The distribution that serves viewers.
    pub distribution: &'a Handle<Distribution>,
}

/// Declares the topics, if the stack file has `alerts`. Call this before declaring the handlers, because the publish
/// handler needs a topic. Call [`declare`] after them.
pub fn topics(stack: &mut Declarations, file: &StackFile) -> Option<Topics> {
    let email = &file.alerts.as_ref()?.email;
    let home = stack.scope().region.clone();
    let topic = topic(stack, &home, "alerts/topic", "alerts", email);
    let cdn = (home != GLOBAL).then(|| self::topic(stack, GLOBAL, "alerts/cdn-topic", "cdn-alerts", email));
    Some(Topics { topic, cdn })
}

/// Declares the alarms and the dashboard.
pub fn declare(stack: &mut Declarations, topics: &Topics, watched: Watched<'_>) {
    let Watched { handlers, distribution, .. } = watched;
    let home = stack.scope().region.clone();
    let region = RegionAlarms { name: &home, topic: &topics.topic };
    let errors = |name: &str, function: &Handle<Function>| function_errors(stack, name, function);
    let alarms = [errors("submit", &handlers.submit), errors("publish", &handlers.publish)];
    let alarms = alarms.into_iter().chain([dead_letters(stack, handlers), failed_jobs(stack)]);
    for alarm in alarms.collect::<Vec<_>>() {
        region.declare(stack, alarm);
    }
    let cdn = RegionAlarms { name: GLOBAL, topic: topics.cdn.as_ref().unwrap_or(&topics.topic) };
    let failed = failed_requests(stack, distribution);
    cdn.declare(stack, failed);
    dashboard::declare(stack, watched);
}

/// A topic, its policy and its e-mail subscription.
fn topic(stack: &mut Declarations, region: &str, address: &str, name: &str, email: &str) -> Handle<Topic> {
    let topic = Topic {
        topic_name: stack.name(name),
        // The sender name of the e-mails.
        display_name: Some(stack.scope().stack.clone()),
        // A topic takes only a key of its own region.
        kms_master_key_id: stack.key().filter(|_| region == stack.scope().region).map(Into::into),
        tags: stack.tags(address),
    };
    let topic = stack.declare_in(region, address, &topic);
    let policy = TopicPolicy {
        topics: [topic.output("TopicArn")],
        policy_document: publishers(&stack.scope().account, &topic.output("TopicArn")),
    };
    stack.declare_in(region, &format!("{address}/policy"), &policy);
    let subscription = Subscription::to_all(topic.output("TopicArn"), "email", email);
    stack.declare_in(region, &format!("{address}/subscription"), &subscription);
    topic
}

/// Alarms of this account may publish. The publish handler is allowed by its own role, which is enough within one
/// account. A role named here would have to exist before the topic, but its own policy names the topic.
fn publishers(account: &str, topic: &StringExpr) -> PolicyDocument {
    let alarms = Statement::allow("Alarms", &["sns:Publish"])
        .to(Principal::service(CLOUDWATCH))
        .on([topic.clone()])
        .when("StringEquals", "aws:SourceAccount", [account.into()]);
    let plain = Statement::deny("PlainHttp", &["sns:Publish"]).to(Principal::Any).on([topic.clone()]).when(
        "Bool",
        "aws:SecureTransport",
        ["false".into()],
    );
    PolicyDocument::new([alarms, plain])
}

/// A region's alarms, and the topic they publish to.
struct RegionAlarms<'a> {
    name: &'a str,
    topic: &'a Handle<Topic>,
}

impl RegionAlarms<'_> {
    fn declare(&self, stack: &mut Declarations, (address, alarm): (String, Alarm)) -> Handle<Alarm> {
        let told = BTreeSet::from([self.topic.output("TopicArn")]);
        let alarm =
            Alarm { alarm_actions: told.clone(), ok_actions: told, tags: stack.tags(&address), ..alarm };
        stack.declare_in(self.name, &address, &alarm)
    }
}

/// A metric and its dimension.
struct Metric {
    namespace: &'static str,
    name: &'static str,
    of: Vec<(&'static str, StringExpr)>,
    statistic: &'static str,
}

impl Metric {
    fn dimensions(&self) -> BTreeSet<Dimension> {
        let dimension =
            |(name, value): &(&str, StringExpr)| Dimension { name: (*name).to_owned(), value: value.clone() };
        self.of.iter().map(dimension).collect()
    }
}

/// An alarm that goes off as soon as the metric is above zero. Everything counted here is a failure. It clears after
/// five minutes without one; missing data counts as no failure.
fn any(stack: &Declarations, name: &str, description: &str, metric: &Metric) -> (String, Alarm) {
    let alarm = Alarm {
        alarm_name: stack.name(name),
        alarm_description: Some(description.to_owned()),
        actions_enabled: true,
        alarm_actions: BTreeSet::new(),
        ok_actions: BTreeSet::new(),
        insufficient_data_actions: BTreeSet::new(),
        namespace: metric.namespace.to_owned(),
        metric_name: metric.name.to_owned(),
        dimensions: metric.dimensions(),
        statistic: metric.statistic.to_owned(),
        unit: None,
        period: FIVE_MINUTES,
        evaluation_periods: 1,
        datapoints_to_alarm: 1,
        threshold: 0.0,
        comparison_operator: "GreaterThanThreshold".to_owned(),
        treat_missing_data: TreatMissingData::NotBreaching,
        tags: Tags::default(),
    };
    (format!("alerts/{name}"), alarm)
}

fn function_errors(stack: &Declarations, name: &str, function: &Handle<Function>) -> (String, Alarm) {
    let metric = Metric {
        namespace: "AWS/Lambda",
        name: "Errors",
        of: vec![("FunctionName", function.output("FunctionName"))],
        statistic: "Sum",
    };
    let log = format!("/aws/lambda/{}", stack.name(name));
    let description = format!("The {name} handler failed. Its log {log} says why; Lambda tries again twice.");
    any(stack, &format!("{name}-errors"), &description, &metric)
}

fn dead_letters(stack: &Declarations, handlers: &HandlerResources) -> (String, Alarm) {
    let metric = Metric {
        namespace: "AWS/SQS",
        name: "ApproximateNumberOfMessagesVisible",
        of: vec![("QueueName", handlers.dead_letters.output("QueueName"))],
        statistic: "Maximum",
    };
    let queue = stack.name("dead-letters");
    let description = format!(
        "An upload or a finished job was given up after all retries. The messages in {queue} are the events, kept for 14 days."
    );
    any(stack, "dead-letters", &description, &metric)
}

/// Publish counts the jobs that failed and whose file is not the cause. MediaConvert's own count has users' broken files
/// too, which are normal.
fn failed_jobs(stack: &Declarations) -> (String, Alarm) {
    let metric = Metric {
        namespace: "provision",
        name: "ServiceFailures",
        of: vec![("Stack", stack.scope().stack.as_str().into())],
        statistic: "Sum",
    };
    let description = "A video could not be encoded, and its file is not the cause. The notice, and the job in MediaConvert's console, say why.";
    any(stack, "failed-jobs", description, &metric)
}

/// Requests fail because of an error on our side. One failed request in a quiet hour is a high rate, so the alarm needs
/// two of three periods.
fn failed_requests(stack: &Declarations, distribution: &Handle<Distribution>) -> (String, Alarm) {
    let metric = Metric {
        namespace: "AWS/CloudFront",
        name: "5xxErrorRate",
        of: vec![("DistributionId", distribution.output("Id")), ("Region", "Global".into())],
        statistic: "Average",
    };
    let description = "More than one in twenty viewers' requests fails with a server error.";
    let (address, alarm) = any(stack, "cdn-errors", description, &metric);
    let alarm = Alarm { threshold: FAILED_REQUESTS, evaluation_periods: 3, datapoints_to_alarm: 2, ..alarm };
    (address, alarm)
}
