//! Ways out and ways in that somebody adds by hand to what the stack declares: each is shown, and gone after an apply.

use crate::support::quote::{errors, nothing_to_do, whole};
use crate::support::{ACCOUNT, Cloud, REGION, StackFile};
use aws_sdk_lambda::types::FunctionUrlAuthType;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use provision::aws::Context;

const SUBMIT: &str = "vod-local-submit";
const LOGS: &str = "/aws/lambda/vod-local-publish";
const NOSY: &str = "nosy@example.com";

fn alerted(email: &str) -> StackFile {
    let tags = format!("tags: {{ environment: local }}\nalerts: {{ email: {email} }}");
    StackFile::new(&[("tags: { environment: local }", &tags)])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leads_out_or_in_beside_the_declaration_is_shown_and_removed() {
    let cloud = Cloud::start("exposure").await;
    let stack = alerted("oncall@example.com");
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let (nothing, _) = cloud.provision(&["plan", stack.path()], 0);
    nothing_to_do(&nothing);

    let cx = cloud.context("vod-local").await;
    // Buckets with versions and without.
    for bucket in ["source", "work", "output", "logs"] {
        copy_elsewhere(&cx, &format!("vod-local-{bucket}-{ACCOUNT}-{REGION}")).await;
    }
    let made = cx.lambda().create_function_url_config().function_name(SUBMIT);
    made.auth_type(FunctionUrlAuthType::None).send().await.unwrap();
    let open =
        cx.lambda().add_permission().function_name(SUBMIT).statement_id("FunctionURLAllowPublicAccess");
    let open = open.action("lambda:InvokeFunctionUrl").principal("*");
    open.function_url_auth_type(FunctionUrlAuthType::None).send().await.unwrap();
    let topic = cx.scope.arn("sns", "vod-local-alerts");
    let queue = cx.scope.arn("sqs", "theirs");
    for (protocol, endpoint) in [("sqs", queue.as_str()), ("email", NOSY)] {
        cx.sns().subscribe().topic_arn(&topic).protocol(protocol).endpoint(endpoint).send().await.unwrap();
    }
    let filter = cx.logs().put_subscription_filter().log_group_name(LOGS).filter_name("everything");
    let filter = filter.filter_pattern("").destination_arn(cx.scope.arn("logs", "destination:theirs"));
    filter.send().await.unwrap();

    let (planned, _) = cloud.provision(&["plan", stack.path(), "--fail-on", "broadening"], 0);
    insta::assert_snapshot!(whole(&planned), @r#"
    alerts
      - alerts/topic/subscription/email:nosy@example.com SNS Subscription                 arn:aws:sns:ap-northeast-2:111122223333:vod-local-alerts email nosy@example.com, not declared: added by hand
          ! The address gets no more notifications unless it subscribes and confirms again.
      - alerts/topic/subscription/sqs:arn:aws:sqs:ap-northeast-2:111122223333:theirs SNS Subscription                 arn:aws:sns:ap-northeast-2:111122223333:vod-local-alerts sqs arn:aws:sqs:ap-northeast-2:111122223333:theirs, not declared: added by hand
          ! The address gets no more notifications unless it subscribes and confirms again.

    handlers
      - handlers/publish/logs/subscription-filter/everything Logs SubscriptionFilter          /aws/lambda/vod-local-publish:everything, not declared: added by hand
          ! The destination gets no more log events.
          ! They stay in their log group.
      - handlers/submit/permission/FunctionURLAllowPublicAccess Lambda Permission                vod-local-submit/FunctionURLAllowPublicAccess, not declared: added by hand
          ! Callers that need this permission are refused.
          ! Rules do not retry: they send the event to the dead-letter queue.
      - handlers/submit/url/$LATEST      Lambda Url                       arn:aws:lambda:ap-northeast-2:111122223333:function:vod-local-submit, not declared: added by hand
          ! The address is permanently lost, and calls to it fail.
          ! Uploads and jobs reach the function as before.

    storage
      ~ storage/logs                     S3 Bucket                        vod-local-logs-111122223333-ap-northeast-2
          drift   VersioningConfiguration   {Status: "Enabled"} → (none)
          drift   ReplicationConfiguration
                    - Role: arn:aws:iam::111122223333:role/theirs
                    - Rules:
                    - - Id: all
                    -   Status: Enabled
                    -   Priority: 1
                    -   Filter: {}
                    -   Destination:
                    -     Bucket: arn:aws:s3:::theirs
                    -   DeleteMarkerReplication:
                    -     Status: Disabled
          ! From now on, an upload to an existing key permanently replaces the object.
          ! Existing versions stay.
          ! New objects are copied to another place or not at all.
          ! Existing copies stay.
      ~ storage/output                   S3 Bucket                        vod-local-output-111122223333-ap-northeast-2
          drift   ReplicationConfiguration
                    - Role: arn:aws:iam::111122223333:role/theirs
                    - Rules:
                    - - Id: all
                    -   Status: Enabled
                    -   Priority: 1
                    -   Filter: {}
                    -   Destination:
                    -     Bucket: arn:aws:s3:::theirs
                    -   DeleteMarkerReplication:
                    -     Status: Disabled
          ! New objects are copied to another place or not at all.
          ! Existing copies stay.
      ~ storage/source                   S3 Bucket                        vod-local-source-111122223333-ap-northeast-2
          drift   ReplicationConfiguration
                    - Role: arn:aws:iam::111122223333:role/theirs
                    - Rules:
                    - - Id: all
                    -   Status: Enabled
                    -   Priority: 1
                    -   Filter: {}
                    -   Destination:
                    -     Bucket: arn:aws:s3:::theirs
                    -   DeleteMarkerReplication:
                    -     Status: Disabled
          ! New objects are copied to another place or not at all.
          ! Existing copies stay.
      ~ storage/work                     S3 Bucket                        vod-local-work-111122223333-ap-northeast-2
          drift   VersioningConfiguration   {Status: "Enabled"} → (none)
          drift   ReplicationConfiguration
                    - Role: arn:aws:iam::111122223333:role/theirs
                    - Rules:
                    - - Id: all
                    -   Status: Enabled
                    -   Priority: 1
                    -   Filter: {}
                    -   Destination:
                    -     Bucket: arn:aws:s3:::theirs
                    -   DeleteMarkerReplication:
                    -     Status: Disabled
          ! From now on, an upload to an existing key permanently replaces the object.
          ! Existing versions stay.
          ! New objects are copied to another place or not at all.
          ! Existing copies stay.

    4 to change, 5 to delete, 45 unchanged
    "#);
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let (nothing, _) = cloud.provision(&["plan", stack.path()], 0);
    nothing_to_do(&nothing);
    assert!(cx.lambda().get_function_url_config().function_name(SUBMIT).send().await.is_err());
    let filters = cx.logs().describe_subscription_filters().log_group_name(LOGS).send().await.unwrap();
    assert_eq!(filters.subscription_filters(), []);

    another_receiver_of_alarms_is_asked_about(&cloud);
}

/// Somebody copies all that comes to a bucket of theirs.
async fn copy_elsewhere(cx: &Context, bucket: &str) {
    let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let call = cx.s3().put_bucket_versioning().bucket(bucket).versioning_configuration(versions);
    call.send().await.unwrap();
    let all = crate::support::copies_elsewhere(&cx.scope.arn_in("", "iam", "role/theirs"));
    let call = cx.s3().put_bucket_replication().bucket(bucket).replication_configuration(all);
    call.send().await.unwrap();
}

/// Alarms name what the stack does and holds, so who hears of them is somebody who may do more.
fn another_receiver_of_alarms_is_asked_about(cloud: &Cloud) {
    let other = alerted("other@example.com");
    let (planned, _) = cloud.provision(&["plan", other.path()], 0);
    // The former one is there, and goes.
    insta::assert_snapshot!(whole(&planned), @"
    alerts
      - alerts/cdn-topic/subscription    SNS Subscription                 arn:aws:sns:us-east-1:111122223333:vod-local-cdn-alerts email oncall@example.com, no longer declared
          in us-east-1
          ! The address gets no more notifications unless it subscribes and confirms again.
      - alerts/topic/subscription        SNS Subscription                 arn:aws:sns:ap-northeast-2:111122223333:vod-local-alerts email oncall@example.com, no longer declared
          ! The address gets no more notifications unless it subscribes and confirms again.
      + alerts/cdn-topic/subscription    SNS Subscription                 it takes the place of arn:aws:sns:us-east-1:111122223333:vod-local-cdn-alerts email oncall@example.com
          in us-east-1
          ! An email address gets nothing until its owner confirms.
      + alerts/topic/subscription        SNS Subscription                 it takes the place of arn:aws:sns:ap-northeast-2:111122223333:vod-local-alerts email oncall@example.com
          ! An email address gets nothing until its owner confirms.

    who may do more than before
      + alerts/cdn-topic/subscription    other@example.com is sent messages published to the topic
      + alerts/topic/subscription        other@example.com is sent messages published to the topic

    2 to create, 2 to delete, 47 unchanged
    ");
    let (_, refused) = cloud.provision(&["apply", other.path(), "--yes"], 3);
    insta::assert_snapshot!(errors(&refused), @"
    error: confirmation needed, but stdin is not a terminal; nothing was changed
    help: run it again with `--allow-broadening`
    ");
}
