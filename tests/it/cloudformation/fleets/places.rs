//! What a template makes in each place: it knows its account and region, keeps what it retains, and is compared there.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_cloudformation::types::{StackSetOperationPreferences, Tag};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use super::{
    ACCOUNT, ACCOUNTS, Desk, EXECUTION, REGION, REGIONS, SET, client, create, deploy, elsewhere, instances,
    roles, succeeded, with_parameter, withdraw,
};

fn named(name: &str, more: &Value) -> Value {
    let mut queue = json!({ "Type": "AWS::SQS::Queue", "Properties": { "QueueName": { "Fn::Sub": name } } });
    queue.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    queue
}

/// CloudFormation as the role of a target account calls it.
async fn session(desk: &Desk, account: &str) -> aws_sdk_cloudformation::Client {
    let config = |credentials: Credentials| {
        aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&desk.cloud.endpoint)
            .build()
    };
    let sts = aws_sdk_sts::Client::new(&config(desk.cloud.credentials(ACCOUNT)));
    let call = sts.assume_role().role_arn(format!("arn:aws:iam::{account}:role/{EXECUTION}"));
    let found = call.role_session_name("test").send().await.unwrap().credentials.unwrap();
    let token = Some(found.session_token);
    let keys = Credentials::new(found.access_key_id, found.secret_access_key, token, None, "test");
    aws_sdk_cloudformation::Client::new(&config(keys))
}

async fn queues(desk: &Desk, account: &str, region: &str) -> Vec<String> {
    let cx = elsewhere(desk, account, region).await;
    let urls = cx.sqs().list_queues().send().await.unwrap().queue_urls.unwrap_or_default();
    let mut names: Vec<String> = urls.iter().map(|url| url.rsplit('/').next().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_knows_its_account_and_region_and_keeps_what_it_retains() {
    let desk = Desk::open("cfn-fleet-places", "vod-case").await;
    let accounts = &ACCOUNTS[1..];
    roles(&desk, accounts).await;
    let template = json!({
        "Conditions": {
            "IsHome": { "Fn::Equals": [{ "Ref": "AWS::Region" }, REGION] },
            "IsElsewhere": { "Fn::Not": [{ "Condition": "IsHome" }] },
        },
        "Resources": {
            "Own": named("${AWS::Partition}-${AWS::AccountId}-${AWS::Region}", &json!({})),
            "AtHome": named("home", &json!({ "Condition": "IsHome" })),
            "Encoder": { "Type": "AWS::MediaConvert::Queue", "Properties": { "Name": "vod-case", "PricingPlan": "ON_DEMAND", "Status": "ACTIVE" } },
            "Kept": named("kept", &json!({ "Condition": "IsElsewhere", "DeletionPolicy": "Retain" })),
        },
        "Outputs": { "Stack": { "Value": { "Ref": "AWS::StackId" } } },
    });
    // By URL, since it may be longer than a call: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    let mut long = template.clone();
    long["Metadata"] = json!({ "Long": "x".repeat(60_000) });
    let address = desk.put(&long).await;
    let tag = Tag::builder().key("team").value("media").build();
    let call = desk.client.create_stack_set().stack_set_name(SET).template_url(address).tags(tag);
    call.send().await.unwrap();
    succeeded(&desk, deploy(&desk, accounts).await).await;
    for account in accounts {
        for region in REGIONS {
            let other = if region == REGION { "home" } else { "kept" };
            assert_eq!(
                queues(&desk, account, region).await,
                [format!("aws-{account}-{region}"), other.to_owned()]
            );
        }
    }
    // MediaConvert's queues are of an account and a region as well.
    let encoder =
        elsewhere(&desk, accounts[1], REGIONS[1]).await.mediaconvert().get_queue().name("vod-case").send();
    let arn = encoder.await.unwrap().queue.unwrap().arn.unwrap();
    assert_eq!(arn, format!("arn:aws:mediaconvert:{}:{}:queues/vod-case", REGIONS[1], accounts[1]));
    assert!(
        desk.cx.mediaconvert().get_queue().name("vod-case").send().await.is_err(),
        "the administrator has none"
    );

    // Whoever assumes a role is in the role's account.
    let theirs = session(&desk, accounts[0]).await.describe_stacks().send().await.unwrap();
    let [stack] = theirs.stacks() else { panic!("{theirs:?}") };
    let id = stack.stack_id().unwrap();
    assert!(
        id.starts_with(&format!("arn:aws:cloudformation:{REGION}:{}:stack/StackSet-fleet-", accounts[0]))
    );
    assert_eq!(stack.outputs()[0].output_value(), Some(id));
    let [tag] = stack.tags() else { panic!("{stack:?}") };
    assert_eq!((tag.key(), tag.value()), (Some("team"), Some("media")));
    let ids: Vec<String> =
        instances(&desk).await.iter().map(|one| one.stack_id().unwrap().to_owned()).collect();
    assert!(ids.contains(&id.to_owned()));

    assert_eq!(withdraw(&desk, &accounts[..1], false).await, ("SUCCEEDED".into(), Vec::new()));
    assert_eq!(queues(&desk, accounts[0], REGIONS[0]).await, Vec::<String>::new());
    assert_eq!(queues(&desk, accounts[0], REGIONS[1]).await, ["kept"]);
    // A stack that is retained goes on without its set.
    assert_eq!(withdraw(&desk, &accounts[1..], true).await, ("SUCCEEDED".into(), Vec::new()));
    assert_eq!(queues(&desk, accounts[1], REGION).await.len(), 2);
    let theirs = client(&desk.cloud, accounts[1], REGION).describe_stacks().send().await.unwrap();
    assert_eq!(theirs.stacks()[0].stack_status().unwrap().as_str(), "CREATE_COMPLETE");
    desk.client.delete_stack_set().stack_set_name(SET).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_of_a_set_is_that_of_its_stacks() {
    let desk = Desk::open("cfn-fleet-drift", "vod-case").await;
    roles(&desk, &ACCOUNTS[..2]).await;
    create(&desk, &with_parameter()).await;
    succeeded(&desk, deploy(&desk, &ACCOUNTS[..2]).await).await;
    let cx = elsewhere(&desk, ACCOUNTS[1], REGIONS[1]).await;
    let url = cx.sqs().get_queue_url().queue_name("vod-case-q").send().await.unwrap().queue_url.unwrap();
    let change = cx.sqs().set_queue_attributes().queue_url(url);
    change.attributes(QueueAttributeName::VisibilityTimeout, "99").send().await.unwrap();

    let one = StackSetOperationPreferences::builder().max_concurrent_count(1).build();
    let call = desk.client.detect_stack_set_drift().stack_set_name(SET).operation_preferences(one);
    let operation = call.send().await.unwrap().operation_id;
    succeeded(&desk, operation.clone()).await;
    let shown: Vec<String> = instances(&desk)
        .await
        .iter()
        .map(|one| {
            let (drift, status) = (one.drift_status().unwrap().as_str(), one.status().unwrap().as_str());
            assert!(one.last_drift_check_timestamp().is_some());
            format!("{} {} {drift} {status}", one.account().unwrap(), one.region().unwrap())
        })
        .collect();
    assert_eq!(
        shown,
        [
            format!("{ACCOUNT} {REGION} IN_SYNC CURRENT"),
            format!("{ACCOUNT} eu-west-1 IN_SYNC CURRENT"),
            format!("{} {REGION} IN_SYNC CURRENT", ACCOUNTS[1]),
            format!("{} eu-west-1 DRIFTED CURRENT", ACCOUNTS[1]),
        ]
    );
    let set = desk.client.describe_stack_set().stack_set_name(SET).send().await.unwrap().stack_set.unwrap();
    let details = set.stack_set_drift_detection_details.unwrap();
    assert_eq!(details.drift_status().unwrap().as_str(), "DRIFTED");
    assert_eq!(details.drift_detection_status().unwrap().as_str(), "COMPLETED");
    assert_eq!(
        (details.drifted_stack_instances_count(), details.in_sync_stack_instances_count()),
        (Some(1), Some(3))
    );
    let call = desk.client.describe_stack_set_operation().stack_set_name(SET).set_operation_id(operation);
    let operation = call.send().await.unwrap().stack_set_operation.unwrap();
    assert_eq!(operation.action().unwrap().as_str(), "DETECT_DRIFT");
    assert_eq!(operation.stack_set_drift_detection_details.unwrap().total_stack_instances_count(), Some(4));
}
