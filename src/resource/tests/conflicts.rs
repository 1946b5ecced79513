//! Refusals that do not pass by themselves, although AWS gives them the code of others that do.

use super::*;

/// As after somebody turned the logs on in the console.
#[tokio::test]
async fn a_distribution_whose_logs_another_source_has_is_told_with_that_source() {
    let used = "This ResourceId has already been used in another Delivery Source in this account.";
    let other =
        json!({ "name": "CreatedByCloudFront-E1", "resourceArns": ["arn:d"], "logType": "ACCESS_LOGS" });
    let script = [
        ("PutDeliverySource", Answer::Error("ConflictException", used)),
        ("DescribeDeliverySources", Answer::Ok(json!({ "deliverySources": [other] }))),
    ];
    let (cx, stage) = play(&script).await;
    let desired =
        json!({ "Name": "vod-access-logs", "ResourceArn": "arn:d", "LogType": "ACCESS_LOGS", "Tags": [] });
    let refused = create(&cx, "AWS::Logs::DeliverySource", desired).await.unwrap_err();
    assert!(refused.message.contains("--name CreatedByCloudFront-E1"), "{refused}");
    assert_eq!(called(&stage).len(), 2, "the conflict does not pass");
}
