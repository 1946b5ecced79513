//! Delivers `MediaConvert Job State Change` events to the targets of EventBridge's rules.
//!
//! Only AWS may put events of source `aws.mediaconvert` on a bus, and the emulator enforces that. So this service does
//! the work of the bus. It reads the default bus's enabled rules, lets the emulator match their patterns, and sends the
//! event to each target. Functions are invoked asynchronously.

use aws_sdk_eventbridge::types::{Rule, RuleState, Target};
use aws_sdk_lambda::types::InvocationType;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::super::clients::Clients;
use super::super::identifier::uuid;
use super::super::like_aws::refusals::{Wish, grants};
use super::Place;
use super::state::Job;

/// An event about a job; `more` is added to its detail.
pub(super) fn envelope(place: &Place, job: &Job, status: &str, more: Map<String, Value>) -> Value {
    let now = jiff::Timestamp::now();
    let mut detail = json!({
        "timestamp": now.as_millisecond(),
        "accountId": place.account,
        "queue": job.queue(),
        "jobId": job.id(),
        "status": status,
        "userMetadata": job.value.get("userMetadata").cloned().unwrap_or_else(|| json!({})),
    });
    if let Value::Object(detail) = &mut detail {
        detail.extend(more);
    }
    json!({
        "version": "0",
        "id": uuid(),
        "detail-type": "MediaConvert Job State Change",
        "source": "aws.mediaconvert",
        "account": place.account,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": place.region,
        "resources": [place.arn("jobs", job.id())],
        "detail": detail,
    })
}

/// Delivers every event, in order.
pub(super) async fn deliver_all(clients: Clients, mut queue: UnboundedReceiver<Value>) {
    while let Some(event) = queue.recv().await {
        if let Err(why) = deliver(&clients, &event).await {
            tracing::error!(status = %event["detail"]["status"], job = %event["detail"]["jobId"], "event not delivered: {why}");
        }
    }
}

async fn deliver(clients: &Clients, event: &Value) -> Result<(), String> {
    let text = event.to_string();
    for rule in matching(clients, &text).await? {
        let name = rule.name().unwrap_or_default();
        let mut next = None;
        loop {
            let page = clients.events.list_targets_by_rule().rule(name).set_next_token(next).send().await;
            let page =
                page.map_err(|error| format!("ListTargetsByRule {name}: {}", error.into_service_error()))?;
            for target in page.targets() {
                // If one target cannot be reached, the others still get the event.
                if let Err(why) = hand_over(clients, &rule, target, event, &text).await {
                    tracing::error!(rule = name, target = target.arn(), "event not delivered: {why}");
                }
            }
            next = page.next_token().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
    }
    Ok(())
}

async fn matching(clients: &Clients, event: &str) -> Result<Vec<Rule>, String> {
    let mut matching = Vec::new();
    let mut next = None;
    loop {
        let page = clients.events.list_rules().set_next_token(next).send().await;
        let page = page.map_err(|error| format!("ListRules: {}", error.into_service_error()))?;
        for rule in page.rules().iter().filter(|rule| rule.state() != Some(&RuleState::Disabled)) {
            let Some(pattern) = rule.event_pattern() else { continue };
            let test = clients.events.test_event_pattern().event_pattern(pattern).event(event).send().await;
            if test.map_err(|error| format!("TestEventPattern: {}", error.into_service_error()))?.result() {
                matching.push(rule.clone());
            }
        }
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            return Ok(matching);
        }
    }
}

async fn hand_over(
    clients: &Clients,
    rule: &Rule,
    target: &Target,
    event: &Value,
    text: &str,
) -> Result<(), String> {
    let payload = input(target, event, text)?;
    let arn = target.arn();
    match arn.split(':').nth(2) {
        Some("lambda") => {
            permitted(clients, arn, rule.arn().unwrap_or_default()).await?;
            let invoke = clients.lambda.invoke().function_name(arn).invocation_type(InvocationType::Event);
            let sent = invoke.payload(payload.into_bytes().into()).send().await;
            sent.map(|_| ()).map_err(|error| format!("Invoke: {}", error.into_service_error()))
        }
        Some("sqs") => {
            let queue = arn.rsplit(':').next().unwrap_or_default();
            let found = clients.sqs.get_queue_url().queue_name(queue).send().await;
            let found = found.map_err(|error| format!("GetQueueUrl: {}", error.into_service_error()))?;
            let message = clients.sqs.send_message().set_queue_url(found.queue_url).message_body(payload);
            let group = target.sqs_parameters().and_then(|parameters| parameters.message_group_id());
            let sent = message.set_message_group_id(group.map(str::to_owned)).send().await;
            sent.map(|_| ()).map_err(|error| format!("SendMessage: {}", error.into_service_error()))
        }
        other => {
            Err(format!("the local cloud sends MediaConvert's events to lambda and sqs, not to {other:?}"))
        }
    }
}

/// EventBridge invokes functions whose policy lets it, for this rule. It sends no `aws:SourceAccount`.
async fn permitted(clients: &Clients, function: &str, rule: &str) -> Result<(), String> {
    let answer = clients.lambda.get_policy().function_name(function).send().await;
    let answer = answer.map_err(|error| format!("GetPolicy: {}", error.into_service_error()))?;
    let wish =
        Wish { service: "events.amazonaws.com", action: "lambda:InvokeFunction", source: rule, account: "" };
    let may = answer.policy().is_some_and(|policy| grants(policy, &wish));
    if may { Ok(()) } else { Err(format!("the function's policy does not permit the rule {rule}")) }
}

/// The input for a target: the event, a part of it, or a constant.
fn input(target: &Target, event: &Value, text: &str) -> Result<String, String> {
    if let Some(constant) = target.input() {
        return Ok(constant.to_owned());
    }
    if target.input_transformer().is_some() {
        return Err("the local cloud does not transform MediaConvert's events".into());
    }
    let Some(path) = target.input_path() else { return Ok(text.to_owned()) };
    let members = path.strip_prefix('$').unwrap_or(path).split('.').filter(|member| !member.is_empty());
    Ok(members.fold(event, |value, member| &value[member]).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::mediaconvert::state::Tags;
    use tokio_util::sync::CancellationToken;

    #[test]
    fn an_event_has_the_documented_shape() {
        let place = Place {
            account: "111122223333".into(),
            region: "us-west-2".into(),
            endpoint: String::new(),
            work: std::path::PathBuf::new(),
        };
        let value = json!({ "id": "1-abc", "queue": "arn:q", "userMetadata": { "asset": "a" } });
        let Value::Object(value) = value else { panic!("an object") };
        let job = Job { value, tags: Tags::new(), cancel: CancellationToken::new() };
        let more = json!({ "errorCode": 1010, "errorMessage": "no" });
        let Value::Object(more) = more else { panic!("an object") };
        let mut event = envelope(&place, &job, "ERROR", more);
        assert_eq!(event["id"].as_str().unwrap().len(), 36);
        assert!(event["time"].as_str().unwrap().ends_with('Z'));
        assert!(event["detail"]["timestamp"].is_i64());
        event["id"] = "".into();
        event["time"] = "".into();
        event["detail"]["timestamp"] = 0.into();
        insta::assert_snapshot!(serde_json::to_string_pretty(&event).unwrap(), @r#"
        {
          "version": "0",
          "id": "",
          "detail-type": "MediaConvert Job State Change",
          "source": "aws.mediaconvert",
          "account": "111122223333",
          "time": "",
          "region": "us-west-2",
          "resources": [
            "arn:aws:mediaconvert:us-west-2:111122223333:jobs/1-abc"
          ],
          "detail": {
            "timestamp": 0,
            "accountId": "111122223333",
            "queue": "arn:q",
            "jobId": "1-abc",
            "status": "ERROR",
            "userMetadata": {
              "asset": "a"
            },
            "errorCode": 1010,
            "errorMessage": "no"
          }
        }
        "#);
    }

    #[test]
    fn a_target_receives_the_part_it_asks_for() {
        let target = |path: Option<&str>| {
            Target::builder().id("1").arn("arn").set_input_path(path.map(Into::into)).build().unwrap()
        };
        let event = json!({ "detail": { "jobId": "1" } });
        assert_eq!(input(&target(Some("$.detail")), &event, "all").unwrap(), r#"{"jobId":"1"}"#);
        assert_eq!(input(&target(None), &event, "all").unwrap(), "all");
    }
}
