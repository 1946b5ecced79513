//! Ways out and ways in that somebody adds by hand to what the stack declares: each is shown, and gone after an apply.

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
    assert!(nothing.contains("nothing to do: all "), "{nothing}");

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
    let filter = filter.filter_pattern("").destination_arn(cx.scope.arn("lambda", "function:theirs"));
    filter.send().await.unwrap();

    shown(&cloud, stack.path(), &queue);
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let (nothing, _) = cloud.provision(&["plan", stack.path()], 0);
    assert!(nothing.contains("nothing to do: all "), "{nothing}");
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

fn shown(cloud: &Cloud, stack: &str, queue: &str) {
    let (planned, _) = cloud.provision(&["plan", stack, "--fail-on", "broadening"], 0);
    for (address, times) in [("~ storage/", 4), ("drift   ReplicationConfiguration", 4)] {
        assert_eq!(planned.matches(address).count(), times, "{address}: {planned}");
    }
    let added = [
        "- handlers/submit/url/$LATEST".to_owned(),
        "- handlers/submit/permission/FunctionURLAllowPublicAccess".to_owned(),
        format!("- alerts/topic/subscription/sqs:{queue}"),
        format!("- alerts/topic/subscription/email:{NOSY}"),
        "- handlers/publish/logs/subscription-filter/everything".to_owned(),
    ];
    for address in &added {
        assert!(planned.contains(address), "{address}: {planned}");
    }
    assert_eq!(planned.matches("not declared: added by hand").count(), added.len(), "{planned}");
}

/// Alarms name what the stack does and holds, so who hears of them is somebody who may do more.
fn another_receiver_of_alarms_is_asked_about(cloud: &Cloud) {
    let other = alerted("other@example.com");
    let (planned, _) = cloud.provision(&["plan", other.path()], 0);
    assert!(planned.contains("other@example.com is sent messages published to the topic"), "{planned}");
    assert!(!planned.contains("missing from the account"), "the former one is there, and goes: {planned}");
    let (_, refused) = cloud.provision(&["apply", other.path(), "--yes"], 3);
    assert!(refused.contains("--allow-broadening"), "{refused}");
}
