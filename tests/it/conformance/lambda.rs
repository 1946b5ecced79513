//! Cases of AWS Lambda.

use std::io::{Cursor, Write as _};

use aws_sdk_s3::types::{BucketVersioningStatus, Tag, Tagging, VersioningConfiguration};
use provision::aws::{Context, s3_checksum};
use provision::diff::diff;
use provision::model::{Kind, bundle_key};
use provision::resource::{Removal, registry};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Case, STACK, need, other_tags, tags};
use crate::support::Cloud;
use crate::support::quote::whole;

const FUNCTION: Kind = Kind::new("AWS::Lambda::Function");
const PERMISSION: Kind = Kind::new("AWS::Lambda::Permission");
const URL: Kind = Kind::new("AWS::Lambda::Url");
const QUEUE: Kind = Kind::new("AWS::SQS::Queue");
const NAME: &str = "vod-case-function";
/// Two programs, so that code can change.
const PROGRAMS: [&str; 2] = ["#!/bin/sh\nexit 0\n", "#!/bin/sh\nexit 1\n"];

fn package(program: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", options.last_modified_time(zip::DateTime::DEFAULT)).unwrap();
    zip.write_all(program.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

fn digest(package: &[u8]) -> String {
    hex::encode(Sha256::digest(package))
}

/// The programs, as packages.
pub(crate) fn packages() -> [Vec<u8>; 2] {
    PROGRAMS.map(package)
}

/// The digests of the programs.
pub(crate) fn package_digests() -> [String; 2] {
    PROGRAMS.map(|program| digest(&package(program)))
}

/// Puts the programs where functions take their code from, as an apply does before anything else.
pub(crate) async fn upload_packages(cx: &Context) {
    let bucket = cx.scope.home_bucket();
    let region = cx.region().into();
    let location =
        aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint(region).build();
    let made = cx.s3().create_bucket().bucket(&bucket).create_bucket_configuration(location).send().await;
    let there = |error: &aws_sdk_s3::operation::create_bucket::CreateBucketError| {
        error.is_bucket_already_owned_by_you()
    };
    assert!(
        made.is_ok() || made.as_ref().is_err_and(|error| error.as_service_error().is_some_and(there)),
        "{made:?}"
    );
    // It is this stack's, so that a teardown removes it.
    let mark = cx.scope.mark(&"home/bucket".into()).tags();
    let tags = mark.map(|(key, value)| Tag::builder().key(key).value(value).build().expect("both are set"));
    let tagging = Tagging::builder().set_tag_set(Some(tags.to_vec())).build().expect("it has tags");
    cx.s3().put_bucket_tagging().bucket(&bucket).tagging(tagging).send().await.unwrap();
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let versioning = cx.s3().put_bucket_versioning().bucket(&bucket).versioning_configuration(enabled);
    versioning.send().await.unwrap();
    for program in PROGRAMS {
        let package = package(program);
        let call = cx.s3().put_object().bucket(&bucket).key(bundle_key(&digest(&package)));
        let call = call.checksum_sha256(s3_checksum(&digest(&package)).unwrap());
        call.body(package.into()).send().await.unwrap();
    }
}

fn code(program: &str) -> Value {
    json!({ "Sha256": digest(&package(program)) })
}

/// A version of another account's layer: the local cloud takes it without its content.
fn layer(cx: &Context, name: &str) -> String {
    format!("arn:aws:lambda:{}:999999999999:layer:{name}:1", cx.region())
}

fn file_system(cx: &Context, access_point: &str) -> String {
    cx.scope.arn("elasticfilesystem", &format!("access-point/{access_point}"))
}

fn role(cx: &Context, name: &str) -> String {
    cx.scope.arn_in("", "iam", &format!("role/{name}"))
}

fn function(cx: &Context) -> Value {
    json!({
        "FunctionName": NAME,
        "Description": "A case",
        "Role": role(cx, "vod-case-role"),
        "PackageType": "Zip",
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Architectures": ["x86_64"],
        "Code": code(PROGRAMS[0]),
        "MemorySize": 256,
        "Timeout": 60,
        "EphemeralStorage": { "Size": 512 },
        "Environment": { "Variables": { "QUEUE": "arn:queue", "ROLE": "arn:role" } },
        "LoggingConfig": {
            "LogFormat": "JSON",
            "LogGroup": "/aws/lambda/vod-case-function",
            "ApplicationLogLevel": "INFO",
            "SystemLogLevel": "WARN",
        },
        "TracingConfig": { "Mode": "Active" },
        "ReservedConcurrentExecutions": 5,
        "Layers": [layer(cx, "ffmpeg"), layer(cx, "fonts")],
        "DeadLetterConfig": { "TargetArn": cx.scope.arn("sqs", "vod-case-queue") },
        "VpcConfig": {
            "SecurityGroupIds": ["sg-1"],
            "SubnetIds": ["subnet-1", "subnet-2"],
            "Ipv6AllowedForDualStack": false,
        },
        "FileSystemConfigs": [{
            "Arn": file_system(cx, "fsap-0123456789abcdef0"),
            "LocalMountPath": "/mnt/media",
        }],
        "KmsKeyArn": cx.scope.arn("kms", "key/11112222-3333-4444-5555-666677778888"),
        "Tags": tags("case"),
    })
}

/// A function as plain as another case needs one.
fn plain_function(cx: &Context) -> Value {
    let mut plain = function(cx);
    let optional = [
        "ReservedConcurrentExecutions",
        "Layers",
        "DeadLetterConfig",
        "VpcConfig",
        "FileSystemConfigs",
        "KmsKeyArn",
    ];
    plain.as_object_mut().unwrap().retain(|name, _| !optional.contains(&name.as_str()));
    plain
}

fn queue(name: &str) -> (Kind, Value) {
    let properties = json!({
        "QueueName": name,
        "MessageRetentionPeriod": 3600,
        "VisibilityTimeout": 30,
        "MaximumMessageSize": 1_048_576,
        "DelaySeconds": 0,
        "ReceiveMessageWaitTimeSeconds": 0,
        "SqsManagedSseEnabled": true,
        "Tags": tags("queue"),
    });
    (QUEUE, properties)
}

/// The cases of this service.
pub(crate) fn cases(cx: &Context) -> Vec<Case> {
    vec![function_case(cx), invoke_case(cx), permission_case(cx), url_case(cx)]
}

fn function_case(cx: &Context) -> Case {
    Case {
        kind: FUNCTION,
        needs: vec![queue("vod-case-queue"), queue("vod-case-other")],
        base: function(cx),
        variants: vec![
            ("/Description", json!("")),
            ("/Role", json!(role(cx, "vod-case-other-role"))),
            ("/Runtime", json!("provided.al2")),
            ("/Handler", json!("start")),
            ("/Architectures", json!(["arm64"])),
            ("/Code", code(PROGRAMS[1])),
            ("/MemorySize", json!(1024)),
            ("/Timeout", json!(900)),
            ("/EphemeralStorage/Size", json!(1024)),
            ("/Environment/Variables/QUEUE", json!("arn:other")),
            ("/Environment/Variables/ROLE", Value::Null),
            ("/Environment", Value::Null),
            ("/LoggingConfig/LogGroup", json!("/other")),
            ("/LoggingConfig/ApplicationLogLevel", json!("DEBUG")),
            ("/LoggingConfig/SystemLogLevel", json!("INFO")),
            ("/LoggingConfig", json!({ "LogFormat": "Text", "LogGroup": "/other" })),
            ("/TracingConfig/Mode", json!("PassThrough")),
            ("/ReservedConcurrentExecutions", json!(6)),
            ("/ReservedConcurrentExecutions", Value::Null),
            ("/Layers", json!([layer(cx, "fonts"), layer(cx, "ffmpeg")])),
            ("/Layers", Value::Null),
            ("/DeadLetterConfig/TargetArn", json!(cx.scope.arn("sqs", "vod-case-other"))),
            ("/DeadLetterConfig", Value::Null),
            ("/VpcConfig/SecurityGroupIds", json!(["sg-2"])),
            ("/VpcConfig/SubnetIds", json!(["subnet-2"])),
            ("/VpcConfig/Ipv6AllowedForDualStack", json!(true)),
            ("/VpcConfig", Value::Null),
            ("/FileSystemConfigs/0/Arn", json!(file_system(cx, "fsap-0fedcba9876543210"))),
            ("/FileSystemConfigs/0/LocalMountPath", json!("/mnt/other")),
            ("/FileSystemConfigs", Value::Null),
            ("/KmsKeyArn", Value::Null),
            ("/Tags", other_tags("case")),
        ],
        fixed: vec![(
            "LoggingConfig.LogFormat",
            "text has no levels, so the variant of the whole `LoggingConfig` changes format and levels together",
        )],
    }
}

fn invoke_case(cx: &Context) -> Case {
    let to = |name: &str| json!({ "Destination": cx.scope.arn("sqs", name) });
    Case {
        kind: Kind::new("AWS::Lambda::EventInvokeConfig"),
        needs: vec![queue("vod-case-queue"), queue("vod-case-other"), (FUNCTION, plain_function(cx))],
        base: json!({
            "FunctionName": NAME,
            "Qualifier": "$LATEST",
            "MaximumRetryAttempts": 2,
            "MaximumEventAgeInSeconds": 21600,
            "DestinationConfig": { "OnFailure": to("vod-case-queue") },
        }),
        variants: vec![
            ("/MaximumRetryAttempts", json!(0)),
            ("/MaximumEventAgeInSeconds", json!(3600)),
            ("/DestinationConfig/OnFailure", to("vod-case-other")),
            ("/DestinationConfig/OnSuccess", to("vod-case-other")),
            ("/DestinationConfig", Value::Null),
        ],
        fixed: vec![],
    }
}

fn permission_case(cx: &Context) -> Case {
    Case {
        kind: PERMISSION,
        needs: vec![(FUNCTION, plain_function(cx))],
        base: json!({
            "FunctionName": NAME,
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
            "SourceArn": cx.scope.arn("events", "rule/vod-case-upload"),
            "SourceAccount": cx.scope.account,
        }),
        variants: vec![],
        fixed: vec![],
    }
}

fn url_case(cx: &Context) -> Case {
    Case {
        kind: URL,
        needs: vec![(FUNCTION, plain_function(cx))],
        base: json!({
            "TargetFunctionArn": need(0, "Arn"),
            "AuthType": "AWS_IAM",
            "Cors": { "AllowCredentials": true, "AllowMethods": ["GET"], "AllowOrigins": ["https://app.example.com"] },
            "InvokeMode": "BUFFERED",
        }),
        variants: vec![
            ("/AuthType", json!("NONE")),
            ("/Cors", Value::Null),
            ("/Cors/AllowCredentials", json!(false)),
            ("/Cors/AllowHeaders", json!(["x-watch"])),
            ("/Cors/AllowMethods", json!(["GET", "POST"])),
            ("/Cors/AllowOrigins", json!(["*"])),
            ("/Cors/ExposeHeaders", json!(["etag"])),
            ("/Cors/MaxAge", json!(60)),
            ("/InvokeMode", json!("RESPONSE_STREAM")),
        ],
        fixed: vec![],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn code_and_configuration_change_together() {
    let cloud = Cloud::lenient("lambda-code").await;
    let cx = cloud.context(STACK).await;
    upload_packages(&cx).await;
    let adapter = registry().get(&FUNCTION).unwrap();
    let mut desired = plain_function(&cx);
    desired["FunctionName"] = json!("vod-case-together");
    let made = adapter.create(&cx, &desired).await.unwrap();
    desired["Code"] = code(PROGRAMS[1]);
    desired["Environment"]["Variables"]["TOPIC"] = json!("arn:topic");
    desired["ReservedConcurrentExecutions"] = json!(7);
    let live = adapter.observe(&cx, &made.id).await.unwrap().unwrap();
    let changes = diff(&desired, &live.properties, adapter.create_only(), adapter.write_only());
    assert_eq!(changes.0.len(), 3, "{changes:?}");
    adapter.update(&cx, &live, &desired, &changes).await.unwrap();
    let live = adapter.observe(&cx, &made.id).await.unwrap().unwrap();
    assert_eq!(live.properties, normal(&desired));
    let owned = adapter.list_owned(&cx).await.unwrap();
    assert!(owned.contains(&(made.id.clone(), cx.scope.mark(&"case".into()))), "{owned:?}");
    adapter.delete(&cx, &made.id, Removal::OnlyEmpty).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_somebody_uploaded_differs_by_its_digest_and_is_replaced() {
    let cloud = Cloud::lenient("lambda-by-hand").await;
    let cx = cloud.context(STACK).await;
    upload_packages(&cx).await;
    let adapter = registry().get(&FUNCTION).unwrap();
    let mut desired = plain_function(&cx);
    desired["FunctionName"] = json!("vod-case-by-hand");
    let made = adapter.create(&cx, &desired).await.unwrap();

    // It was never an object in the home bucket, so a plan must name no key.
    let by_hand = package("#!/bin/sh\nexit 7\n");
    let call = cx.lambda().update_function_code().function_name(&made.id);
    call.zip_file(by_hand.clone().into()).send().await.unwrap();
    let live = adapter.observe(&cx, &made.id).await.unwrap().unwrap();
    let changes = diff(&desired, &live.properties, adapter.create_only(), adapter.write_only());
    let [change] = &changes.0[..] else { panic!("{changes:#?}") };
    assert_eq!(change.path, "Code.Sha256");
    assert_eq!(change.before, Some(json!(digest(&by_hand))));
    assert_eq!(change.after, Some(json!(digest(&package(PROGRAMS[0])))));

    adapter.update(&cx, &live, &desired, &changes).await.unwrap();
    let live = adapter.observe(&cx, &made.id).await.unwrap().unwrap();
    assert_eq!(live.properties["Code"], desired["Code"]);
    adapter.delete(&cx, &made.id, Removal::OnlyEmpty).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_is_not_what_its_key_says_is_never_given_to_lambda() {
    let cloud = Cloud::lenient("lambda-update").await;
    let cx = cloud.context(STACK).await;
    upload_packages(&cx).await;
    let name = "vod-case-false";
    let mut desired = plain_function(&cx);
    desired["FunctionName"] = json!(name);
    let wanted = desired["Code"]["Sha256"].as_str().unwrap().to_owned();
    let adapter = registry().get(&FUNCTION).unwrap();
    let is_told = |error: &provision::aws::Error| {
        insta::assert_snapshot!(whole(&error.to_string()), @"s3:GetObject failed: s3://provision-111122223333-ap-northeast-2-vod-case/bundle/<digest>.zip is not what was uploaded, so Lambda was not given it: run the command again, which uploads it again");
    };
    // With a checksum of its own, and without one.
    let foreign = package("#!/bin/sh\nexit 7\n");
    for checksum in [Some(s3_checksum(&digest(&foreign)).unwrap()), None] {
        let call = cx.s3().put_object().bucket(cx.scope.home_bucket()).key(bundle_key(&wanted));
        call.body(foreign.clone().into()).set_checksum_sha256(checksum).send().await.unwrap();
        let error = adapter.create(&cx, &desired).await.unwrap_err();
        insta::allow_duplicates! { is_told(&error) };
        assert!(adapter.observe(&cx, name).await.unwrap().is_none(), "no function was made");
    }
    upload_packages(&cx).await;
    adapter.create(&cx, &desired).await.unwrap();
    let live = adapter.observe(&cx, name).await.unwrap().unwrap();
    let mut changed = desired.clone();
    changed["Code"]["Sha256"] = json!(digest(&package(PROGRAMS[1])));
    let key = bundle_key(changed["Code"]["Sha256"].as_str().unwrap());
    cx.s3().put_object().bucket(cx.scope.home_bucket()).key(key).body(foreign.into()).send().await.unwrap();
    let changes = diff(&changed, &live.properties, adapter.create_only(), adapter.write_only());
    let error = adapter.update(&cx, &live, &changed, &changes).await.unwrap_err();
    insta::allow_duplicates! { is_told(&error) };
    let still = adapter.observe(&cx, name).await.unwrap().unwrap();
    assert_eq!(still.properties["Code"], desired["Code"], "the code is what it was");
    adapter.delete(&cx, name, Removal::OnlyEmpty).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_under_cloudformations_id_is_found_and_removed_and_others_stay() {
    let cloud = Cloud::lenient("lambda-statement").await;
    let cx = cloud.context(STACK).await;
    upload_packages(&cx).await;
    let name = "vod-case-statements";
    let function = registry().get(&FUNCTION).unwrap();
    let mut declared = plain_function(&cx);
    declared["FunctionName"] = json!(name);
    function.create(&cx, &declared).await.unwrap();
    let source = cx.scope.arn("events", "rule/vod-case-upload");
    let allow = |sid: &str| {
        let call = cx.lambda().add_permission().function_name(name).statement_id(sid);
        call.action("lambda:InvokeFunction").principal("events.amazonaws.com")
    };
    allow("stack-Permission-1K9").source_arn(&source).source_account(&cx.scope.account).send().await.unwrap();
    allow("by-hand").send().await.unwrap();

    let permission = registry().get(&PERMISSION).unwrap();
    let mut desired = permission_case(&cx).base;
    desired["FunctionName"] = json!(name);
    let mark = cx.scope.mark(&"case".into());
    let live = permission.find(&cx, &desired, &mark).await.unwrap().unwrap();
    assert_eq!(live.properties, desired);
    let others = permission.list_undeclared_parts(&cx, name, std::slice::from_ref(&desired)).await.unwrap();
    let [by_hand] = &others[..] else { panic!("{others:?}") };
    assert_eq!(by_hand.name, "by-hand");
    assert_eq!(by_hand.seen.properties["Principal"], "events.amazonaws.com");
    permission.delete(&cx, &live.id, Removal::OnlyEmpty).await.unwrap();
    assert!(permission.find(&cx, &desired, &mark).await.unwrap().is_none());
    let left = cx.lambda().get_policy().function_name(name).send().await.unwrap().policy.unwrap();
    assert!(left.contains("by-hand") && !left.contains("1K9"), "{left}");
    function.delete(&cx, name, Removal::OnlyEmpty).await.unwrap();
}

/// A declaration in the form in which `observe` writes it.
fn normal(declared: &Value) -> Value {
    let typed: provision::resource::lambda::Function = serde_json::from_value(declared.clone()).unwrap();
    serde_json::to_value(typed).unwrap()
}
