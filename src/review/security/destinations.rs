//! What is sent elsewhere: copies of objects, logs of viewers' requests, messages of topics, log events. And addresses
//! that lead in.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::behavior::{self, REALTIME_LOG};
use super::{BeforeAfter, Broadening, Finding, PropertyPath, entries, properties, show};

properties! {
    "AWS::S3::Bucket" {
        REPLICATION_RULES = "ReplicationConfiguration.Rules";
        REPLICATION_ID = "ReplicationConfiguration.Rules[].Id";
        REPLICATION_STATUS = "ReplicationConfiguration.Rules[].Status";
        REPLICATION_FILTER = "ReplicationConfiguration.Rules[].Filter";
        REPLICATION_PREFIX = "ReplicationConfiguration.Rules[].Prefix";
        REPLICATION_TO = "ReplicationConfiguration.Rules[].Destination";
        REPLICATION_BUCKET = "ReplicationConfiguration.Rules[].Destination.Bucket";
        REPLICATION_ACCOUNT = "ReplicationConfiguration.Rules[].Destination.Account";
    }
    "AWS::CloudFront::Distribution" {
        LOG_BUCKET = "DistributionConfig.Logging.Bucket";
        LOG_COOKIES = "DistributionConfig.Logging.IncludeCookies";
    }
    "AWS::SNS::Subscription" {
        TOPIC = "TopicArn";
        PROTOCOL = "Protocol";
        ENDPOINT = "Endpoint";
    }
    "AWS::Logs::SubscriptionFilter" {
        LOG_GROUP = "LogGroupName";
        LOG_DESTINATION = "DestinationArn";
        LOG_PATTERN = "FilterPattern";
        LOG_FIELDS = "FieldSelectionCriteria";
    }
    "AWS::Lambda::Url" {
        FUNCTION = "TargetFunctionArn";
        QUALIFIER = "Qualifier";
        AUTH_TYPE = "AuthType";
    }
}

/// Who is sent more, or may come in by a new address.
pub(super) fn findings(sides: &BeforeAfter<'_>) -> Vec<Finding> {
    let Some(after) = sides.after else { return Vec::new() };
    match sides.kind {
        "AWS::S3::Bucket" => replication(sides, after),
        "AWS::CloudFront::Distribution" => request_logs(sides, after),
        "AWS::SNS::Subscription" => subscription(sides, after).into_iter().collect(),
        "AWS::Logs::SubscriptionFilter" => filter(sides, after).into_iter().collect(),
        "AWS::Lambda::Url" => url(sides, after).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// What each enabled rule copies, and where to.
fn copies(properties: &Value) -> Vec<(&Value, Value)> {
    let what = [REPLICATION_TO, REPLICATION_FILTER, REPLICATION_PREFIX];
    entries(REPLICATION_RULES.of(properties))
        .filter(|rule| *REPLICATION_STATUS.within(rule) == "Enabled")
        .map(|rule| (rule, json!(what.map(|member| member.within(rule)))))
        .collect()
}

fn replication(sides: &BeforeAfter<'_>, after: &Value) -> Vec<Finding> {
    let before: BTreeSet<String> =
        sides.before.map(copies).unwrap_or_default().iter().map(|(_, what)| what.to_string()).collect();
    let new = copies(after).into_iter().filter(|(_, what)| !before.contains(&what.to_string()));
    new.map(|(rule, _)| {
        let bucket = show::value(REPLICATION_BUCKET.within(rule));
        let who = match REPLICATION_ACCOUNT.within(rule).as_str() {
            Some(account) => format!("{bucket} of account {account}"),
            None => bucket,
        };
        let id = REPLICATION_ID.within(rule).as_str().unwrap_or_default();
        let origin = format!("{}[{id}]: new", REPLICATION_RULES.path);
        sides.finding(Broadening::Sent, &who, &["copies of new objects"], origin)
    })
    .collect()
}

/// To whom a distribution sends what of viewers' requests, and by which property. Query strings and cookies may hold
/// signatures that let anyone play the video.
fn requests(properties: &Value) -> BTreeSet<(String, &'static str, String)> {
    const LOGS: &str = "logs of viewers' requests";
    let to = Some(LOG_BUCKET.of(properties)).filter(|bucket| !bucket.is_null());
    let to = to.map(|bucket| (show::value(bucket), LOGS, LOG_BUCKET.path.to_owned()));
    let reader =
        || to.as_ref().map_or("readers of its access logs".to_owned(), |(bucket, ..)| bucket.clone());
    let cookies = (*LOG_COOKIES.of(properties) == true)
        .then(|| (reader(), "viewers' cookies", LOG_COOKIES.path.to_owned()));
    let streams = behavior::all(properties).filter_map(|(at, behavior)| {
        let stream = Some(REALTIME_LOG.within(behavior)).filter(|stream| !stream.is_null())?;
        Some((show::value(stream), LOGS, format!("{at}.{}", REALTIME_LOG.member())))
    });
    streams.chain(cookies).chain(to.clone()).collect()
}

fn request_logs(sides: &BeforeAfter<'_>, after: &Value) -> Vec<Finding> {
    let before = sides.before.map(requests).unwrap_or_default();
    let new = requests(after).into_iter().filter(|one| !before.contains(one));
    new.map(|(who, what, at)| sides.finding(Broadening::Sent, &who, &[what], format!("{at}: new"))).collect()
}

/// Whether these properties have the same values before and after. Case does not matter in an email address. It does
/// in ARNs, patterns and the paths of webhooks.
fn same(sides: &BeforeAfter<'_>, after: &Value, members: &[PropertyPath]) -> bool {
    let text = |properties: &Value, member: &PropertyPath| {
        let text = show::value(member.of(properties));
        let protocol = PROTOCOL.of(properties).as_str();
        let mail = sides.kind == PROTOCOL.kind && protocol.is_some_and(|name| name.starts_with("email"));
        if mail { text.to_lowercase() } else { text }
    };
    sides
        .before
        .is_some_and(|before| members.iter().all(|member| text(before, member) == text(after, member)))
}

/// Which of these properties differ, each with what it was and what it will be. A new resource shows the first.
fn moved(sides: &BeforeAfter<'_>, after: &Value, members: &[PropertyPath]) -> String {
    let Some(before) = sides.before else { return format!("{}: new", members[0].path) };
    let sides = |member: &PropertyPath| {
        let (before, after) = (show::value(member.of(before)), show::value(member.of(after)));
        (before != after).then(|| format!("{}: {before} → {after}", member.path))
    };
    members.iter().filter_map(sides).collect::<Vec<_>>().join("; ")
}

/// Something is sent to a new place, or something else is sent there. `members` begin with the place and the sender.
fn sent(sides: &BeforeAfter<'_>, after: &Value, members: &[PropertyPath], what: &str) -> Option<Finding> {
    let [to, from, ..] = members else { return None };
    let who = show::value(to.of(after));
    let finding = sides.finding(Broadening::Sent, &who, &[what], moved(sides, after, members));
    let finding = Finding { resources: vec![show::value(from.of(after))], ..finding };
    (!same(sides, after, members)).then_some(finding)
}

fn subscription(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    sent(sides, after, &[ENDPOINT, TOPIC, PROTOCOL], "messages published to the topic")
}

fn filter(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    sent(sides, after, &[LOG_DESTINATION, LOG_GROUP, LOG_PATTERN, LOG_FIELDS], "log events")
}

/// An address that anyone may call is broader than one for which policies decide.
fn url(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    let open = |properties: &Value| *AUTH_TYPE.of(properties) != "AWS_IAM";
    let there = same(sides, after, &[FUNCTION, QUALIFIER]);
    let who = if open(after) { "*" } else { "anyone whom a policy allows it" };
    let origin = moved(sides, after, &[AUTH_TYPE, FUNCTION, QUALIFIER]);
    let finding = sides.finding(Broadening::Invoke, who, &["lambda:InvokeFunctionUrl"], origin);
    let finding = Finding { resources: vec![show::value(FUNCTION.of(after))], ..finding };
    let broader = !there || open(after) && !sides.before.is_some_and(open);
    broader.then_some(finding)
}
