//! What AWS answers for some moments after something was made or changed, and which no emulator does: every adapter must
//! wait it out. Each test plays a service that answers from a script.

use serde_json::{Value, json};

use super::registry;
use crate::aws::{Context, Error};
use crate::diff::diff;
use crate::model::{Contents, Kind, Live, Outputs, Ownership, Readiness};
use crate::resource::{Adapter, Created, Removal};

mod answers;
mod blind;
mod conflicts;
mod facts;
mod forgotten;
mod just_made;
mod lacking;
mod read_pass;
mod regrant;
mod roles;
mod script;
mod shared_records;

use script::{Answer, Line, called, play, stage};

/// Changes what has these properties into what also has those.
async fn update(cx: &Context, kind: &'static str, id: &str, seen: &Value, to: &Value) -> Result<(), Error> {
    let adapter = registry().get(&Kind::new(kind)).unwrap();
    let mut desired = seen.clone();
    desired.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
    replace(cx, adapter, id, seen, &desired).await
}

/// Changes what has these properties into what has those.
async fn replace(
    cx: &Context,
    adapter: &dyn Adapter,
    id: &str,
    seen: &Value,
    desired: &Value,
) -> Result<(), Error> {
    let changes = diff(desired, seen, adapter.create_only(), adapter.write_only());
    let (outputs, ownership) = (Outputs::new(), Ownership::Unmarked);
    let (id, properties) = (id.to_owned(), seen.clone());
    let (readiness, contents) = (Readiness::Ready, Contents::Nothing);
    let live = Live { id, properties, outputs, ownership, readiness, contents };
    adapter.update(cx, &live, desired, &changes).await
}

async fn create(cx: &Context, kind: &'static str, desired: Value) -> Result<Created, Error> {
    registry().get(&Kind::new(kind)).unwrap().create(cx, &desired).await
}

fn ok() -> Answer {
    Answer::Ok(json!({}))
}

#[tokio::test]
async fn a_queue_made_a_moment_ago_gets_its_policy() {
    let gone =
        Answer::Error("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.");
    let (cx, stage) = play(&[("SetQueueAttributes", gone), ("SetQueueAttributes", ok())]).await;
    let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/vod-dead-letters";
    let policy = json!({ "Queues": [url], "PolicyDocument": { "Version": "2012-10-17", "Statement": [] } });
    let made = create(&cx, "AWS::SQS::QueuePolicy", policy).await.unwrap();
    assert_eq!((made.id.as_str(), called(&stage).len()), (url, 2));
}

#[tokio::test]
async fn a_queue_of_a_name_that_was_free_only_now_is_made() {
    let recently = Answer::Error("AWS.SimpleQueueService.QueueDeletedRecently", "wait 60 seconds");
    let (cx, stage) = play(&[("CreateQueue", recently), ("CreateQueue", ok())]).await;
    let queue = json!({
        "QueueName": "vod-dead-letters", "MessageRetentionPeriod": 60, "VisibilityTimeout": 30,
        "SqsManagedSseEnabled": true,
    });
    create(&cx, "AWS::SQS::Queue", queue).await.unwrap();
    assert_eq!(called(&stage).len(), 2);
}

#[tokio::test]
async fn a_bucket_made_a_moment_ago_and_still_settling_gets_its_policy() {
    const PUT: &str = "PUT /vod-source";
    let absent = Answer::Error("NoSuchBucket", "The specified bucket does not exist");
    let busy =
        Answer::Error("OperationAborted", "A conflicting conditional operation is currently in progress");
    let (cx, stage) = play(&[(PUT, absent), (PUT, busy), (PUT, ok())]).await;
    let policy =
        json!({ "Bucket": "vod-source", "PolicyDocument": { "Version": "2012-10-17", "Statement": [] } });
    create(&cx, "AWS::S3::BucketPolicy", policy).await.unwrap();
    assert_eq!(called(&stage), [PUT, PUT, PUT]);
}

fn function() -> Value {
    json!({
        "FunctionName": "vod-submit", "Role": "arn:r", "PackageType": "Zip", "Runtime": "provided.al2023",
        "Handler": "bootstrap", "Architectures": ["arm64"], "Code": { "Sha256": "ab".repeat(32) },
        "MemorySize": 128, "Timeout": 3, "LoggingConfig": { "LogFormat": "Text", "LogGroup": "g" }, "Tags": [],
    })
}

#[tokio::test]
async fn a_bucket_goes_whatever_its_keys_are() {
    let versions = concat!(
        "<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>",
        "<Version><Key>a+b%2Bc</Key><VersionId>v1</VersionId></Version>",
        "<DeleteMarker><Key>odd%01</Key><VersionId>v2</VersionId></DeleteMarker></ListVersionsResult>",
    );
    let uploads = concat!(
        "<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>",
        "<Upload><Key>half+%02</Key><UploadId>u</UploadId></Upload></ListMultipartUploadsResult>",
    );
    let xml = |text: &str| Answer::Ok(json!(text));
    let (cx, stage) = play(&[
        ("GET /vod-source?uploads", xml(uploads)),
        ("GET /vod-source?versions", xml(versions)),
        ("DELETE /vod-source/half%20%02", xml("")),
        ("DELETE /vod-source/odd%01", xml("")),
        ("POST /vod-source?delete", xml("<DeleteResult/>")),
        ("GET /vod-source?uploads", xml("<ListMultipartUploadsResult/>")),
        ("GET /vod-source?versions", xml("<ListVersionsResult/>")),
        ("DELETE /vod-source", xml("")),
    ])
    .await;
    let buckets = registry().get(&Kind::new("AWS::S3::Bucket")).unwrap();
    buckets.delete(&cx, "vod-source", Removal::WithContents).await.unwrap();
    called(&stage);
    let bodies = stage.lock().unwrap().bodies.join("");
    assert!(
        bodies.contains("<Key>a b+c</Key><VersionId>v1</VersionId>") && !bodies.contains("v2"),
        "{bodies}"
    );
}

#[tokio::test]
async fn a_function_whose_role_was_made_a_moment_ago_is_made() {
    const MAKE: &str = "POST /2015-03-31/functions";
    let unknown = Answer::Error(
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    );
    let powerless = Answer::Error(
        "InvalidParameterValueException",
        "The provided execution role does not have permissions to call PutTraceSegments on XRAY",
    );
    const LOOK: &str = "HEAD /provision-111122223333-eu-west-1-vod/bundle/abababababababababababababababababababababababababababababababab.zip";
    const DIGEST: &str = "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=";
    let intact = Answer::Headers(&[("x-amz-version-id", "v7"), ("x-amz-checksum-sha256", DIGEST)]);
    let made = Answer::Ok(json!({ "CodeSha256": DIGEST }));
    let (cx, stage) = play(&[(LOOK, intact), (MAKE, unknown), (MAKE, powerless), (MAKE, made)]).await;
    create(&cx, "AWS::Lambda::Function", function()).await.unwrap();
    assert_eq!(called(&stage), [LOOK, MAKE, MAKE, MAKE]);
    let asked = stage.lock().unwrap().bodies.last().cloned().unwrap();
    assert!(
        asked.contains(r#""S3ObjectVersion":"v7""#),
        "Lambda takes the version that was compared: {asked}"
    );
}

#[tokio::test]
async fn versions_end_once_s3_sees_that_copying_has_ended() {
    let mut copied = json!({
        "BucketName": "vod-work", "Tags": [], "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{ "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } }],
        },
    });
    let plain = copied.clone();
    copied["VersioningConfiguration"] = json!({ "Status": "Enabled" });
    copied["ReplicationConfiguration"] = json!({ "Role": "arn:r", "Rules": [] });
    let buckets = registry().get(&Kind::new("AWS::S3::Bucket")).unwrap();
    let held = Answer::Error("InvalidBucketState", "A replication configuration is present on this bucket");
    let (end, suspend) = ("DELETE /vod-work", "PUT /vod-work");
    let (cx, stage) = play(&[(end, ok()), (suspend, held.clone()), (suspend, ok())]).await;
    replace(&cx, buckets, "vod-work", &copied, &plain).await.unwrap();
    assert_eq!(called(&stage), [end, suspend, suspend]);
    copied.as_object_mut().unwrap().remove("ReplicationConfiguration");
    let (cx, stage) = play(&[(suspend, held)]).await;
    let locked = replace(&cx, buckets, "vod-work", &copied, &plain).await.unwrap_err();
    assert_eq!((locked.code.as_str(), called(&stage).len()), ("InvalidBucketState", 1), "it does not pass");
}

const ABSENT: Answer = Answer::Error("ResourceNotFoundException", "Function not found");

#[tokio::test]
async fn a_region_without_urls_has_none_and_a_permission_that_is_missing_is_said() {
    const LIST: &str = "GET /2021-10-31/functions/vod-submit/urls";
    let urls = registry().get(&Kind::new("AWS::Lambda::Url")).unwrap();
    let unknown = "Unable to determine service/operation name to be authorized";
    let (cx, stage) = play(&[(LIST, Answer::Error("AccessDeniedException", unknown))]).await;
    assert_eq!(urls.list_undeclared_parts(&cx, "vod-submit", &[]).await.unwrap(), []);
    called(&stage);
    let denied = "User: u is not authorized to perform: lambda:ListFunctionUrlConfigs";
    let (cx, stage) = play(&[(LIST, Answer::Error("AccessDeniedException", denied))]).await;
    assert_eq!(urls.list_undeclared_parts(&cx, "vod-submit", &[]).await.unwrap_err().message, denied);
    called(&stage);
}

#[tokio::test]
async fn a_log_source_that_is_still_seen_of_another_distribution_is_not_taken_for_the_new_one() {
    let tags = json!({ "provision:stack": "vod", "provision:address": "delivery/log-source" });
    let there = |distribution: &str| {
        Answer::Ok(json!({ "deliverySource": {
            "name": "vod-access-logs", "logType": "ACCESS_LOGS", "resourceArns": [distribution],
        } }))
    };
    let tagged = Answer::Ok(json!({ "tags": tags }));
    let elsewhere =
        Answer::Error("ConflictException", "Update to existing Delivery Source with new ResourceId");
    let (put, get, list) = ("PutDeliverySource", "GetDeliverySource", "ListTagsForResource");
    let desired = json!({
        "Name": "vod-access-logs", "ResourceArn": "arn:new", "LogType": "ACCESS_LOGS",
        "Tags": [
            { "Key": "provision:stack", "Value": "vod" },
            { "Key": "provision:address", "Value": "delivery/log-source" },
        ],
    });
    let script = [
        (put, elsewhere.clone()),
        (get, there("arn:former")),
        (list, tagged.clone()),
        (put, elsewhere),
        (get, there("arn:new")),
        (list, tagged),
    ];
    let (cx, stage) = play(&script).await;
    create(&cx, "AWS::Logs::DeliverySource", desired).await.unwrap();
    let puts = called(&stage).into_iter().filter(|call| call == put).count();
    assert_eq!(puts, 2, "the second had got through, though its answer was lost");
}

#[tokio::test]
async fn a_function_made_a_moment_ago_gets_its_permission_and_its_destination() {
    const ADD: &str = "POST /2015-03-31/functions/vod-submit/policy";
    const INVOKE: &str = "PUT /2019-09-25/functions/vod-submit/event-invoke-config";
    let (cx, stage) = play(&[(ADD, ABSENT), (ADD, ok()), (INVOKE, ABSENT), (INVOKE, ok())]).await;
    let permission = json!({
        "FunctionName": "vod-submit", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com",
    });
    create(&cx, "AWS::Lambda::Permission", permission).await.unwrap();
    let config = json!({
        "FunctionName": "vod-submit", "Qualifier": "$LATEST",
        "MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600,
    });
    create(&cx, "AWS::Lambda::EventInvokeConfig", config).await.unwrap();
    assert_eq!(called(&stage), [ADD, ADD, INVOKE, INVOKE]);
}

#[tokio::test]
async fn statements_of_a_function_go_one_after_the_other() {
    let sids = ["one", "two", "three"];
    let statements = sids.map(|sid| {
        json!({ "Sid": sid, "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": "arn:f" })
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let read = ("GET /2015-03-31/functions/vod-submit/policy", Answer::Ok(json!({ "Policy": policy })));
    let removals = [
        "DELETE /2015-03-31/functions/vod-submit/policy/one",
        "DELETE /2015-03-31/functions/vod-submit/policy/two",
        "DELETE /2015-03-31/functions/vod-submit/policy/three",
    ];
    let script: Vec<Line> = (0..3).map(|_| read.clone()).chain(removals.map(|one| (one, ok()))).collect();
    let (cx, stage) = play(&script).await;
    let adapter = registry().get(&Kind::new("AWS::Lambda::Permission")).unwrap();
    let ids = sids.map(|sid| format!("vod-submit/{sid}"));
    let deletes = ids.iter().map(|id| adapter.delete(&cx, id, Removal::OnlyEmpty));
    futures::future::try_join_all(deletes).await.unwrap();
    let done = cx.connection().calls().list();
    let mut removed: Vec<_> = done.iter().filter(|call| call.operation == "RemovePermission").collect();
    removed.sort_by_key(|call| call.began);
    assert!(removed.windows(2).all(|two| two[0].began + two[0].took <= two[1].began), "{removed:?}");
    assert_eq!((removed.len(), called(&stage).len()), (3, 6));
}

fn rule() -> Value {
    json!({
        "Name": "vod-upload", "EventBusName": "default", "State": "ENABLED",
        "EventPattern": { "source": ["aws.s3"] },
        "Targets": [{ "Id": "submit", "Arn": "arn:aws:lambda:eu-west-1:111122223333:function:vod-submit" }],
    })
}

#[tokio::test]
async fn a_rule_made_a_moment_ago_gets_its_targets() {
    let absent =
        Answer::Error("ResourceNotFoundException", "Rule vod-upload does not exist on EventBus default.");
    let made = Answer::Ok(json!({ "RuleArn": "arn:aws:events:eu-west-1:111122223333:rule/vod-upload" }));
    let put = Answer::Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }));
    let (cx, stage) = play(&[("PutRule", made), ("PutTargets", absent), ("PutTargets", put)]).await;
    create(&cx, "AWS::Events::Rule", rule()).await.unwrap();
    assert_eq!(called(&stage), ["PutRule", "PutTargets", "PutTargets"]);
}

#[tokio::test]
async fn a_rule_whose_targets_were_removed_a_moment_ago_goes() {
    let held = Answer::Error("ValidationException", "Rule can't be deleted since it has targets.");
    let found = Answer::Ok(json!({ "Targets": rule()["Targets"] }));
    let removed = Answer::Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }));
    let script = [
        ("ListTargetsByRule", found),
        ("RemoveTargets", removed),
        ("DeleteRule", held),
        ("ListTargetsByRule", Answer::Ok(json!({ "Targets": [] }))),
        ("DeleteRule", ok()),
    ];
    let (cx, stage) = play(&script).await;
    let adapter = registry().get(&Kind::new("AWS::Events::Rule")).unwrap();
    let id = "arn:aws:events:eu-west-1:111122223333:rule/vod-upload";
    adapter.delete(&cx, id, Removal::OnlyEmpty).await.unwrap();
    assert_eq!(called(&stage), script.map(|(operation, _)| operation));
}

#[tokio::test]
async fn a_role_is_made_while_another_change_of_it_ends() {
    let busy = Answer::Error("ConcurrentModification", "try again");
    let made = Answer::Ok(Value::String(
        "<CreateRoleResponse><CreateRoleResult><Role><Path>/</Path><RoleName>vod-batch</RoleName><RoleId>AROA1</RoleId>\
         <Arn>arn:aws:iam::111122223333:role/vod-batch</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role>\
         </CreateRoleResult></CreateRoleResponse>"
            .into(),
    ));
    let (cx, stage) = play(&[("CreateRole", busy), ("CreateRole", made)]).await;
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }
    ] });
    let role = json!({
        "RoleName": "vod-batch", "Path": "/", "AssumeRolePolicyDocument": trust, "MaxSessionDuration": 3600,
    });
    let made = create(&cx, "AWS::IAM::Role", role).await.unwrap();
    assert_eq!((made.outputs["RoleId"].as_str(), called(&stage).len()), ("AROA1", 2));
}

#[tokio::test]
async fn a_function_whose_update_goes_on_is_tagged_after_it() {
    const TAG: &str =
        "POST /2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Avod-submit";
    let busy = Answer::Error("ResourceConflictException", "An update is in progress for resource");
    let (cx, stage) = play(&[(TAG, busy), (TAG, ok())]).await;
    let tagged = json!({ "Tags": [{ "Key": "team", "Value": "media" }] });
    update(&cx, "AWS::Lambda::Function", "vod-submit", &function(), &tagged).await.unwrap();
    assert_eq!(called(&stage), [TAG, TAG]);
}

#[tokio::test]
async fn a_queue_that_got_a_key_goes_back_to_its_own_encryption() {
    let (cx, stage) = play(&[("SetQueueAttributes", ok())]).await;
    let queue = json!({
        "QueueName": "vod-dead-letters", "MessageRetentionPeriod": 60, "VisibilityTimeout": 30,
        "SqsManagedSseEnabled": false, "KmsMasterKeyId": "alias/theirs", "Tags": [],
    });
    let own = json!({ "SqsManagedSseEnabled": true, "KmsMasterKeyId": null });
    update(&cx, "AWS::SQS::Queue", "https://queue", &queue, &own).await.unwrap();
    called(&stage);
    let sent: Value = serde_json::from_str(&stage.lock().unwrap().bodies[0]).unwrap();
    assert_eq!(sent["Attributes"]["SqsManagedSseEnabled"], "true");
    assert_eq!(sent["Attributes"]["KmsMasterKeyId"], "");
}
