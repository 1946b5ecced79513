//! What goes elsewhere by itself: copies of objects, records of viewers' requests, messages of topics, log events; and
//! addresses that lead in.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{BeforeAfter, Broadening, Finding, show};

/// Who is sent more, or may come in by a new address.
pub(super) fn findings(sides: &BeforeAfter<'_>) -> Vec<Finding> {
    let Some(after) = sides.after else { return Vec::new() };
    match sides.kind {
        "AWS::S3::Bucket" => replication(sides, after),
        "AWS::CloudFront::Distribution" => records(sides, after),
        "AWS::SNS::Subscription" => subscription(sides, after).into_iter().collect(),
        "AWS::Logs::SubscriptionFilter" => filter(sides, after).into_iter().collect(),
        "AWS::Lambda::Url" => url(sides, after).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// What each enabled rule copies, and where to.
fn copies(properties: &Value) -> Vec<(&Value, Value)> {
    let rules = properties["ReplicationConfiguration"]["Rules"].as_array();
    let enabled = rules.into_iter().flatten().filter(|rule| rule["Status"] == "Enabled");
    enabled.map(|rule| (rule, json!([rule["Destination"], rule["Filter"], rule["Prefix"]]))).collect()
}

fn replication(sides: &BeforeAfter<'_>, after: &Value) -> Vec<Finding> {
    let before: BTreeSet<String> =
        sides.before.map(copies).unwrap_or_default().iter().map(|(_, what)| what.to_string()).collect();
    let new = copies(after).into_iter().filter(|(_, what)| !before.contains(&what.to_string()));
    new.map(|(rule, _)| {
        let bucket = show::value(&rule["Destination"]["Bucket"]);
        let who = match rule["Destination"]["Account"].as_str() {
            Some(account) => format!("{bucket} of account {account}"),
            None => bucket,
        };
        let id = rule["Id"].as_str().unwrap_or_default();
        let origin = format!("ReplicationConfiguration.Rules[{id}]: new");
        sides.finding(Broadening::Sent, &who, &["copies of new objects"], origin)
    })
    .collect()
}

/// To whom a distribution sends what of viewers' requests, and by which property. Their query strings and cookies may hold
/// signatures by which anybody plays.
fn recorded(properties: &Value) -> BTreeSet<(String, &'static str, String)> {
    const REQUESTS: &str = "records of viewers' requests";
    let config = &properties["DistributionConfig"];
    let logging = &config["Logging"];
    let to = logging.get("Bucket").filter(|bucket| !bucket.is_null());
    let to = to.map(|bucket| (show::value(bucket), REQUESTS, "Logging.Bucket".to_owned()));
    let reader =
        || to.as_ref().map_or("readers of its access logs".to_owned(), |(bucket, ..)| bucket.clone());
    let cookies = (logging["IncludeCookies"] == true)
        .then(|| (reader(), "viewers' cookies", "Logging.IncludeCookies".to_owned()));
    let listed = config["CacheBehaviors"].as_array().into_iter().flatten();
    let streams = listed.chain([&config["DefaultCacheBehavior"]]).filter_map(|behavior| {
        let stream = behavior.get("RealtimeLogConfigArn").filter(|stream| !stream.is_null())?;
        let path = behavior["PathPattern"].as_str().unwrap_or("*");
        Some((show::value(stream), REQUESTS, format!("CacheBehavior[{path}].RealtimeLogConfigArn")))
    });
    streams.chain(cookies).chain(to.clone()).collect()
}

fn records(sides: &BeforeAfter<'_>, after: &Value) -> Vec<Finding> {
    let before = sides.before.map(recorded).unwrap_or_default();
    let new = recorded(after).into_iter().filter(|one| !before.contains(one));
    new.map(|(who, what, at)| {
        sides.finding(Broadening::Sent, &who, &[what], format!("DistributionConfig.{at}: new"))
    })
    .collect()
}

/// Whether these members say the same before and after. Case is no matter in an e-mail address; in ARNs, patterns of events
/// and the paths of hooks it is.
fn same(sides: &BeforeAfter<'_>, after: &Value, members: &[&str]) -> bool {
    let told = |properties: &Value, member: &str| {
        let told = show::value(&properties[member]);
        let mail = properties["Protocol"].as_str().is_some_and(|protocol| protocol.starts_with("email"));
        if mail { told.to_lowercase() } else { told }
    };
    sides
        .before
        .is_some_and(|before| members.iter().all(|member| told(before, member) == told(after, member)))
}

/// Where a member stood and what it will be.
fn moved(sides: &BeforeAfter<'_>, after: &Value, member: &str) -> String {
    match sides.before.map(|before| show::value(&before[member])) {
        Some(before) => format!("{member}: {before} gives way to {}", show::value(&after[member])),
        None => format!("{member}: new"),
    }
}

fn subscription(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    let who = show::value(&after["Endpoint"]);
    let actions = ["what is published to the topic"];
    let finding = sides.finding(Broadening::Sent, &who, &actions, moved(sides, after, "Endpoint"));
    let finding = Finding { resources: vec![show::value(&after["TopicArn"])], ..finding };
    (!same(sides, after, &["TopicArn", "Protocol", "Endpoint"])).then_some(finding)
}

fn filter(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    let who = show::value(&after["DestinationArn"]);
    let origin = moved(sides, after, "DestinationArn");
    let finding = sides.finding(Broadening::Sent, &who, &["log events"], origin);
    let finding = Finding { resources: vec![show::value(&after["LogGroupName"])], ..finding };
    let members = ["LogGroupName", "DestinationArn", "FilterPattern", "FieldSelectionCriteria"];
    (!same(sides, after, &members)).then_some(finding)
}

/// An address at which anybody may call is broader than one at which policies decide.
fn url(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    let open = |properties: &Value| properties["AuthType"] != "AWS_IAM";
    let there = same(sides, after, &["TargetFunctionArn", "Qualifier"]);
    let who = if open(after) { "*" } else { "whoever a policy allows it" };
    let origin = moved(sides, after, "AuthType");
    let finding = sides.finding(Broadening::Invoke, who, &["lambda:InvokeFunctionUrl"], origin);
    let finding = Finding { resources: vec![show::value(&after["TargetFunctionArn"])], ..finding };
    let broader = !there || open(after) && !sides.before.is_some_and(open);
    broader.then_some(finding)
}
