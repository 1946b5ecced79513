//! What a service says of something that another step of the same run made a moment ago: it does not exist. That passes.

use super::*;

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:vod-alerts";

/// Creates something whose first call is refused like this and whose second one is not.
async fn made(kind: &'static str, desired: Value, call: &'static str, refusal: (&'static str, &'static str)) {
    let refused = Answer::Error(refusal.0, refusal.1);
    let answer = match call {
        "Subscribe" => Answer::Ok(json!("<SubscribeResponse><SubscribeResult/></SubscribeResponse>")),
        _ => ok(),
    };
    let (cx, stage) = play(&[(call, refused), (call, answer)]).await;
    create(&cx, kind, desired).await.unwrap();
    assert_eq!(called(&stage), [call, call]);
}

#[tokio::test]
async fn a_topic_made_a_moment_ago_gets_its_policy_and_its_subscription() {
    let unknown = ("NotFound", "Topic does not exist");
    let policy = json!({ "Topics": [TOPIC], "PolicyDocument": { "Version": "2012-10-17", "Statement": [] } });
    made("AWS::SNS::TopicPolicy", policy, "SetTopicAttributes", unknown).await;
    let subscription = json!({ "TopicArn": TOPIC, "Protocol": "email", "Endpoint": "a@example.com" });
    made("AWS::SNS::Subscription", subscription, "Subscribe", unknown).await;
}

#[tokio::test]
async fn a_bucket_made_a_moment_ago_receives_logs() {
    let unknown = ("ResourceNotFoundException", "The specified bucket does not exist.");
    let destination = json!({
        "Name": "vod-access-logs", "DestinationResourceArn": "arn:aws:s3:::vod-logs", "OutputFormat": "w3c", "Tags": [],
    });
    made("AWS::Logs::DeliveryDestination", destination, "PutDeliveryDestination", unknown).await;
}

#[tokio::test]
async fn a_log_group_made_a_moment_ago_gets_its_retention() {
    const KEEP: &str = "PutRetentionPolicy";
    let unknown = Answer::Error("ResourceNotFoundException", "The specified log group does not exist.");
    let (cx, stage) = play(&[("CreateLogGroup", ok()), (KEEP, unknown), (KEEP, ok())]).await;
    let group = json!({ "LogGroupName": "/aws/lambda/vod-submit", "LogGroupClass": "STANDARD", "RetentionInDays": 30 });
    create(&cx, "AWS::Logs::LogGroup", group).await.unwrap();
    assert_eq!(called(&stage), ["CreateLogGroup", KEEP, KEEP]);
}
