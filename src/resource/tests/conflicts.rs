//! Refusals that pass by themselves after a while, and some that have the same code and do not.

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

fn bucket() -> &'static dyn Adapter {
    registry().get(&Kind::new("AWS::S3::Bucket")).unwrap()
}

/// S3 may answer so for some seconds after the last version was deleted, and log files arrive late.
#[tokio::test]
async fn a_bucket_that_s3_does_not_see_empty_at_once_goes() {
    let full = || Answer::Error("BucketNotEmpty", "The bucket you tried to delete is not empty");
    let xml = |text: &str| Answer::Ok(json!(text));
    let mut script = Vec::new();
    for attempt in 0..4 {
        script.push(("GET /vod-logs?uploads", xml("<ListMultipartUploadsResult/>")));
        script.push(("GET /vod-logs?versions", xml("<ListVersionsResult/>")));
        script.push(("DELETE /vod-logs", if attempt < 3 { full() } else { xml("") }));
    }
    let (cx, stage) = play(&script).await;
    bucket().delete(&cx, "vod-logs", Removal::WithContents).await.unwrap();
    called(&stage);
    let (cx, stage) = play(&[("DELETE /vod-logs", full())]).await;
    let kept = bucket().delete(&cx, "vod-logs", Removal::OnlyEmpty).await.unwrap_err();
    assert!(kept.message.contains("stays as it is"), "{kept}");
    called(&stage);
}

#[tokio::test]
async fn a_busy_s3_is_given_time() {
    let xml = |text: &str| Answer::Ok(json!(text));
    let version = "<ListVersionsResult><IsTruncated>false</IsTruncated><Version><Key>a</Key><VersionId>v</VersionId>\
                   </Version></ListVersionsResult>";
    let busy = "<DeleteResult><Error><Key>a</Key><Code>SlowDown</Code></Error></DeleteResult>";
    let (uploads, versions, delete) =
        ("GET /vod-logs?uploads", "GET /vod-logs?versions", "POST /vod-logs?delete");
    let none = || (uploads, xml("<ListMultipartUploadsResult/>"));
    let script = [
        none(),
        (versions, xml(version)),
        (delete, xml(busy)),
        none(),
        (versions, xml(version)),
        (delete, xml("<DeleteResult/>")),
        none(),
        (versions, xml("<ListVersionsResult/>")),
        ("DELETE /vod-logs", xml("")),
    ];
    let (cx, stage) = play(&script).await;
    let began = std::time::Instant::now();
    bucket().delete(&cx, "vod-logs", Removal::WithContents).await.unwrap();
    called(&stage);
    assert!(began.elapsed() >= std::time::Duration::from_millis(500), "{:?}", began.elapsed());
}

/// CloudFront deletes no distribution that has a continuous deployment policy, and answers the code of an old ETag.
#[tokio::test]
async fn a_distribution_that_shares_its_viewers_with_another_one_can_be_deleted() {
    let live = "<Distribution><Id>E1</Id><Status>Deployed</Status><DistributionConfig><CallerReference>1</CallerReference>\
                <Comment/><Enabled>true</Enabled><ContinuousDeploymentPolicyId>trial</ContinuousDeploymentPolicyId>\
                </DistributionConfig></Distribution>";
    let script = [
        ("GET /2020-05-31/distribution/E1", Answer::Ok(json!(live))),
        ("PUT /2020-05-31/distribution/E1/config", Answer::Ok(json!(live))),
        ("DELETE /2020-05-31/distribution/E1", Answer::Ok(json!(""))),
    ];
    let (cx, stage) = play(&script).await;
    let distributions = registry().get(&Kind::new("AWS::CloudFront::Distribution")).unwrap();
    distributions.delete(&cx, "E1", Removal::OnlyEmpty).await.unwrap();
    called(&stage);
    let off = stage.lock().unwrap().bodies[1].clone();
    assert!(off.contains("<Enabled>false</Enabled>") && !off.contains("trial"), "{off}");
}
