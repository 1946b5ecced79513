//! The refusals of EventBridge, SQS, SNS and CloudWatch Logs, but for deliveries.

use aws_sdk_eventbridge::types::{Tag, Target};
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use serde_json::json;

use super::{Walk, policy};
use crate::support::ACCOUNT;

pub(super) async fn walk(walk: &mut Walk) {
    rules(walk).await;
    queues(walk).await;
    topics(walk).await;
    let logs = walk.cx.logs().clone();
    refused!(walk, "a log group's name", logs.create_log_group().log_group_name("a b"));
    refused!(walk, "a log group's tags", logs.create_log_group().log_group_name("a").tags("aws:x", "v"));
    logs.create_log_group().log_group_name("group").send().await.expect("it is made");
    let function = format!("arn:aws:lambda:{}:{ACCOUNT}:function:films", walk.cx.region());
    let filter = logs.put_subscription_filter().log_group_name("group").filter_name("f").filter_pattern("");
    refused!(
        walk,
        "a subscription filter for a function that does not permit it",
        filter.destination_arn(function)
    );
}

async fn rules(walk: &mut Walk) {
    let events = walk.cx.events().clone();
    let put = |name: &str| events.put_rule().name(name).event_pattern("{\"source\":[\"aws.s3\"]}");
    put("films").send().await.expect("a sound rule is made");
    refused!(walk, "a rule's name", put("a b"));
    refused!(walk, "a rule without a pattern and a schedule", events.put_rule().name("a"));
    let tag = Tag::builder().key("aws:x").value("v").build().expect("it has both");
    refused!(walk, "a rule's tags", put("a").tags(tag));
    let target = |id: &str| {
        let arn = format!("arn:aws:sqs:{}:{ACCOUNT}:lost", walk.cx.region());
        Target::builder().id(id).arn(arn).build().expect("it has both")
    };
    let lead = |ids: &[&str]| {
        let targets = ids.iter().map(|id| target(id)).collect();
        events.put_targets().rule("films").set_targets(Some(targets))
    };
    let (wrong, six) = (lead(&["a b"]), lead(&["1", "2", "3", "4", "5", "6"]));
    lead(&["1"]).send().await.expect("one target fits");
    refused!(walk, "a target's id", wrong);
    refused!(walk, "more than 5 targets of a rule", six);
    refused!(walk, "deleting a rule that has targets", events.delete_rule().name("films"));
}

async fn queues(walk: &mut Walk) {
    let sqs = walk.cx.sqs().clone();
    let make = |name: &str| sqs.create_queue().queue_name(name);
    refused!(walk, "a queue's name", make("a b"));
    refused!(walk, "a queue's tags", make("a").tags("aws:x", "v"));
    refused!(
        walk,
        "an unknown attribute of a queue",
        make("a").attributes(QueueAttributeName::from("Nope"), "1")
    );
    let made = make("with-policy").send().await.expect("it is made");
    let set = |text: String| {
        let call = sqs.set_queue_attributes().set_queue_url(made.queue_url.clone());
        call.attributes(QueueAttributeName::Policy, text)
    };
    refused!(walk, "a queue's policy that does not parse", set("{".into()));
    refused!(walk, "a queue's policy of more than 8,192 bytes", set("x".repeat(8_193)));
}

async fn topics(walk: &mut Walk) {
    let sns = walk.cx.sns().clone();
    let make = |name: &str| sns.create_topic().name(name);
    let made = make("alarms").send().await.expect("it is made");
    let topic = made.topic_arn.expect("an answer has it");
    refused!(walk, "a topic's name", make("a b"));
    let tag =
        |key: &str| aws_sdk_sns::types::Tag::builder().key(key).value("v").build().expect("it has both");
    refused!(walk, "a topic's tags", make("a").tags(tag("aws:x")));
    let many = (0..51).map(|number| tag(&format!("k{number}"))).collect();
    refused!(walk, "more than 50 tags of a topic", make("a").set_tags(Some(many)));
    let set = |text: String| {
        sns.set_topic_attributes().topic_arn(&topic).attribute_name("Policy").attribute_value(text)
    };
    let other = json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": topic });
    refused!(walk, "a topic's policy that does not parse", set(policy(&other)));
    refused!(walk, "a topic's policy of more than 30,720 bytes", set("x".repeat(30_721)));
    let subscribe = sns.subscribe().topic_arn(&topic).protocol("email").endpoint("nobody");
    refused!(walk, "a subscription for what is no e-mail address", subscribe);
}
