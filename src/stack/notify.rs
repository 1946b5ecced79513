//! What the app listens to: a queue and a topic with the events of `docs/events.md`, and the rule that fills them.
//!
//! The events are on the bus in any case. A queue keeps them while the app is down.

use serde_json::json;

use super::config::StackFile;
use super::handlers::{self, Undelivered};
use super::{Declarations, Handle, names};
use crate::model::{Address, PolicyDocument, Principal, Statement, StringExpr};
use crate::resource::events::{EventPattern, Rule};
use crate::resource::sns::{Topic, TopicPolicy};
use crate::resource::sqs::{Queue, QueuePolicy};

/// What its resources are named by, after the stack.
const NAME: &str = "events";
/// The service that delivers.
const EVENTS: &str = "events.amazonaws.com";

/// The ARN of the rule that fills queue and topic, if the stack file declares one of them.
pub(super) fn rule_arn(stack: &Declarations, file: &StackFile) -> Option<StringExpr> {
    let notify = &file.notify;
    (notify.queue || notify.topic).then(|| handlers::rule_arn_on(stack, notify.bus.as_deref(), NAME))
}

/// Declares the queue, the topic and their rule, as far as the stack file wants them.
pub fn declare(stack: &mut Declarations, file: &StackFile, undelivered: &Undelivered<'_>) {
    let Some(rule) = rule_arn(stack, file) else { return };
    let queue = file.notify.queue.then(|| queue(stack, &rule));
    let topic = file.notify.topic.then(|| topic(stack, &rule));
    let targets = [
        queue.as_ref().map(|(queue, _)| ("queue", queue.arn())),
        topic.as_ref().map(|(topic, _)| ("topic", topic.output("TopicArn"))),
    ];
    let address = "notify/rule";
    let rule = Rule {
        event_bus_name: file.notify.bus.clone().unwrap_or_else(|| handlers::DEFAULT_BUS.to_owned()),
        ..handlers::rule(
            stack,
            address,
            NAME,
            "What became of videos, to the app",
            pattern(stack),
            targets.into_iter().flatten().map(|(id, arn)| undelivered.target(id, arn)),
        )
    };
    let policies = [queue.map(|(_, policy)| policy), topic.map(|(_, policy)| policy)];
    let after: Vec<Address> = policies.into_iter().flatten().chain([undelivered.policy.clone()]).collect();
    stack.declare_after(address, &rule, &after.iter().collect::<Vec<_>>());
}

fn pattern(stack: &Declarations) -> EventPattern {
    EventPattern::from(json!({
        "source": [asset::event::source(&stack.scope().stack)],
        "detail-type": asset::event::VIDEO_EVENTS,
    }))
}

/// The queue, and the address of its policy. Only the rule may send: not even those who may send to every queue of the
/// account. So an app can trust what it reads.
fn queue(stack: &mut Declarations, rule: &StringExpr) -> (Handle<Queue>, Address) {
    let address = names::EVENTS_QUEUE.as_str();
    let queue = handlers::plain_queue(stack, address, NAME);
    let queue = stack.declare(address, &queue);
    let statements = [
        delivered(&queue.arn(), "sqs:SendMessage", rule),
        Statement::deny("Others", &["sqs:SendMessage"]).to(Principal::Any).on([queue.arn()]).when(
            "Bool",
            "aws:PrincipalIsAWSService",
            ["false".into()],
        ),
        only_https(&queue.arn(), "sqs:*"),
    ];
    let policy =
        QueuePolicy { queues: [queue.output("QueueUrl")], policy_document: PolicyDocument::new(statements) };
    let policy = stack.declare("notify/queue/policy", &policy).address().clone();
    (queue, policy)
}

/// The topic, and the address of its policy. Principals of the account subscribe by their own permissions.
fn topic(stack: &mut Declarations, rule: &StringExpr) -> (Handle<Topic>, Address) {
    let address = names::EVENTS_TOPIC.as_str();
    let topic = Topic {
        topic_name: stack.name(NAME),
        display_name: None,
        kms_master_key_id: stack.key().map(Into::into),
        tags: stack.tags(address),
    };
    let topic = stack.declare(address, &topic);
    let arn = topic.output("TopicArn");
    let statements = [delivered(&arn, "sns:Publish", rule), only_https(&arn, "sns:Publish")];
    let policy = TopicPolicy { topics: [arn], policy_document: PolicyDocument::new(statements) };
    let policy = stack.declare("notify/topic/policy", &policy).address().clone();
    (topic, policy)
}

fn delivered(arn: &StringExpr, action: &str, rule: &StringExpr) -> Statement {
    Statement::allow("Rule", &[action]).to(Principal::service(EVENTS)).on([arn.clone()]).when(
        "ArnEquals",
        "aws:SourceArn",
        [rule.clone()],
    )
}

fn only_https(arn: &StringExpr, action: &str) -> Statement {
    Statement::deny("PlainHttp", &[action]).to(Principal::Any).on([arn.clone()]).when(
        "Bool",
        "aws:SecureTransport",
        ["false".into()],
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::model::{Declaration, resolve};
    use crate::stack::config;
    use crate::stack::handlers::PackageDigests;

    fn declared(notify: &str) -> Vec<Declaration> {
        let text = format!("{{ stack: vod, account: '111122223333', region: eu-west-1, notify: {notify} }}");
        let file = config::parse("stack.yaml", &text).unwrap();
        crate::stack::declare(&file, &PackageDigests::default(), None)
    }

    fn of_notify(notify: &str) -> Vec<String> {
        let all = declared(notify);
        let own = all.iter().filter(|one| one.address.concern() == "notify");
        own.map(|one| format!("{} {}", one.address, one.kind)).collect()
    }

    fn properties(list: &[Declaration], address: &str) -> Value {
        let found = list.iter().find(|one| one.address.as_str() == address).unwrap();
        resolve(&found.properties, &|_| None)
    }

    #[test]
    fn only_what_is_declared_is_made() {
        assert_eq!(of_notify("{}"), Vec::<String>::new());
        assert_eq!(of_notify("{ bus: media }"), Vec::<String>::new());
        insta::assert_snapshot!(of_notify("{ queue: true, topic: true }").join("\n"), @r"
        notify/queue AWS::SQS::Queue
        notify/queue/policy AWS::SQS::QueuePolicy
        notify/topic AWS::SNS::Topic
        notify/topic/policy AWS::SNS::TopicPolicy
        notify/rule AWS::Events::Rule
        ");
    }

    #[test]
    fn the_rule_is_on_the_bus_where_publish_puts_the_events() {
        let list = declared("{ bus: media, queue: true }");
        let rule = properties(&list, "notify/rule");
        assert_eq!(rule["EventBusName"], "media");
        insta::assert_snapshot!(rule["EventPattern"], @r#"{"detail-type":["Video Failed","Video Published","Video Refused","Video Removed"],"source":["provision.vod"]}"#);
        let arn = "arn:aws:events:eu-west-1:111122223333:rule/media/vod-events";
        let policy = properties(&list, "notify/queue/policy").to_string();
        assert!(policy.contains(&format!("\"aws:SourceArn\":[\"{arn}\"]")), "{policy}");
        let dead_letters = properties(&list, "handlers/dead-letters/policy").to_string();
        assert!(dead_letters.contains(arn), "an event that cannot be delivered is kept: {dead_letters}");
        let publish = properties(&list, "handlers/publish");
        assert_eq!(publish["Environment"]["Variables"]["EVENT_BUS"], "media");
        let role = properties(&list, "handlers/publish/role").to_string();
        assert!(role.contains("arn:aws:events:eu-west-1:111122223333:event-bus/media"), "{role}");
    }
}
