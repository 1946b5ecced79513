//! Answers that lack a member: each is an error that names call and member, never an empty text in a call or a plan.

use serde_json::{Value, json};

use super::script::{Answer, Line, called, play};
use crate::model::Kind;
use crate::resource::{Removal, registry};

fn json_of(value: Value) -> Answer {
    Answer::Ok(value)
}

fn xml(text: &str) -> Answer {
    Answer::Ok(Value::String(text.to_owned()))
}

/// What observing says when the service answers so.
async fn observed(kind: &'static str, id: &str, script: &[Line]) -> String {
    let (cx, stage) = play(script).await;
    let error = registry().get(&Kind::new(kind)).unwrap().observe(&cx, id).await.unwrap_err();
    called(&stage);
    error.to_string()
}

#[tokio::test]
async fn no_job_is_cancelled_that_has_no_id() {
    const JOBS: &str = "GET /2017-08-29/jobs";
    let queues = registry().get(&Kind::new("AWS::MediaConvert::Queue")).unwrap();
    let (cx, stage) = play(&[(JOBS, json_of(json!({ "jobs": [{ "status": "SUBMITTED" }] })))]).await;
    let error = queues.delete(&cx, "vod", Removal::WithContents).await.unwrap_err();
    assert_eq!(error.to_string(), "mediaconvert:ListJobs failed: the answer has no jobs[].id");
    assert_eq!(called(&stage), [JOBS]);
}

#[tokio::test]
async fn a_role_without_a_trust_policy_is_not_read_as_one_with_an_empty_one() {
    let role = "<GetRoleResponse><GetRoleResult><Role><Path>/</Path><RoleName>vod-batch</RoleName><RoleId>AROA1</RoleId>\
                <Arn>arn:aws:iam::111122223333:role/vod-batch</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role>\
                </GetRoleResult></GetRoleResponse>";
    let script = [
        ("GetRole", xml(role)),
        (
            "ListRolePolicies",
            xml("<ListRolePoliciesResponse><ListRolePoliciesResult/></ListRolePoliciesResponse>"),
        ),
        (
            "ListAttachedRolePolicies",
            xml(
                "<ListAttachedRolePoliciesResponse><ListAttachedRolePoliciesResult/></ListAttachedRolePoliciesResponse>",
            ),
        ),
    ];
    let said = observed("AWS::IAM::Role", "vod-batch", &script).await;
    assert_eq!(said, "iam:GetRole failed: the answer has no Role.AssumeRolePolicyDocument");
}

#[tokio::test]
async fn a_log_delivery_says_what_its_answers_lack() {
    let tags = ("ListTagsForResource", json_of(json!({ "tags": {} })));
    let source = |found: Value| [("GetDeliverySource", json_of(found)), tags.clone()];
    let lacking =
        async |found: Value| observed("AWS::Logs::DeliverySource", "vod-logs", &source(found)).await;
    let said = |member: &str| format!("logs:GetDeliverySource failed: the answer has no {member}");
    assert_eq!(lacking(json!({})).await, said("deliverySource"));
    let no_resource = json!({ "deliverySource": { "logType": "ACCESS_LOGS", "resourceArns": [] } });
    assert_eq!(lacking(no_resource).await, said("deliverySource.resourceArns"));
    let no_type = json!({ "deliverySource": { "resourceArns": ["arn:d"] } });
    assert_eq!(lacking(no_type).await, said("deliverySource.logType"));

    let delivery = json!({ "delivery": { "id": "d1", "deliveryDestinationArn": "arn:to" } });
    let script = [("GetDelivery", json_of(delivery)), tags];
    let said = observed("AWS::Logs::Delivery", "d1", &script).await;
    assert_eq!(said, "logs:GetDelivery failed: the answer has no delivery.deliverySourceName");
}

#[tokio::test]
async fn a_queue_with_an_attribute_that_is_no_number_is_not_read_as_0() {
    let attributes = json!({ "MessageRetentionPeriod": "1209600", "VisibilityTimeout": "soon" });
    let script = [
        ("GetQueueAttributes", json_of(json!({ "Attributes": attributes }))),
        ("ListQueueTags", json_of(json!({}))),
    ];
    let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/vod-dead-letters";
    let said = observed("AWS::SQS::Queue", url, &script).await;
    assert_eq!(said, "sqs:GetQueueAttributes failed: VisibilityTimeout is \"soon\", which is no number");
}
