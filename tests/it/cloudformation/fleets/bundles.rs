//! The code of functions in a bucket of the administrator, from which other accounts take it.

use aws_sdk_s3::types::CreateBucketConfiguration;
use provision::model::bundle_key;
use serde_json::{Value, json};

use super::{
    ACCOUNTS, Desk, EXECUTION, REGION, REGIONS, SET, create, deploy, elsewhere, ended, instances, line, roles,
};
use crate::conformance::{package_digests, packages};
use crate::support::Cloud;

/// A function whose code is in a bucket of the region that is named so.
pub(super) fn template(bucket: &str) -> Value {
    let [digest, _] = package_digests();
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "lambda.amazonaws.com" } }] });
    let role = json!({ "Type": "AWS::IAM::Role", "Properties": {
        "RoleName": { "Fn::Sub": "vod-case-${AWS::Region}" },
        "AssumeRolePolicyDocument": trust,
    } });
    let function = json!({ "Type": "AWS::Lambda::Function", "Properties": {
        "FunctionName": "vod-case-function",
        "Role": { "Fn::GetAtt": ["Role", "Arn"] },
        "PackageType": "Zip",
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Architectures": ["x86_64"],
        "Code": { "S3Bucket": { "Fn::Sub": bucket }, "S3Key": bundle_key(&digest) },
        "MemorySize": 128,
        "Timeout": 3,
        "LoggingConfig": { "LogFormat": "JSON", "LogGroup": "/aws/lambda/vod-case-function" },
    } });
    json!({ "Resources": { "Role": role, "Function": function } })
}

fn bucket(region: &str) -> String {
    format!("vod-case-bundles-{region}")
}

/// Puts the code into a bucket of the administrator in each region. The buckets keep no versions.
pub(super) async fn upload(desk: &Desk, account: &str) {
    for region in REGIONS {
        let cx = elsewhere(desk, account, region).await;
        let place = CreateBucketConfiguration::builder().location_constraint(region.into()).build();
        let call = cx.s3().create_bucket().bucket(bucket(region)).create_bucket_configuration(place);
        call.send().await.unwrap();
        for (digest, bytes) in package_digests().iter().zip(packages()) {
            let call = cx.s3().put_object().bucket(bucket(region)).key(bundle_key(digest));
            call.body(bytes.into()).send().await.unwrap();
        }
    }
}

/// Lets a principal read the bundles, under a condition.
pub(super) async fn open(desk: &Desk, account: &str, principal: Value, condition: Value) {
    for region in REGIONS {
        let name = bucket(region);
        let mut statement = json!({ "Effect": "Allow", "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{name}/bundle/*") });
        statement["Principal"] = principal.clone();
        statement["Condition"] = condition.clone();
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
        let cx = elsewhere(desk, account, region).await;
        cx.s3().put_bucket_policy().bucket(name).policy(policy.to_string()).send().await.unwrap();
    }
}

/// The digest of the code that a function has.
pub(super) async fn code(desk: &Desk, account: &str, region: &str) -> Option<String> {
    use base64::Engine as _;
    let cx = elsewhere(desk, account, region).await;
    let call = cx.lambda().get_function_configuration().function_name("vod-case-function");
    let digest = call.send().await.ok()?.code_sha256?;
    Some(hex::encode(base64::engine::general_purpose::STANDARD.decode(digest).unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_of_the_administrator_gives_code_to_the_accounts_that_its_policy_names() {
    let desk = Desk::of(Cloud::enforcing("cfn-fleet-code").await, "vod-case").await;
    let (admin, targets) = (ACCOUNTS[0], &ACCOUNTS[1..]);
    roles(&desk, targets).await;
    upload(&desk, admin).await;
    create(&desk, &template("vod-case-bundles-${AWS::Region}")).await;

    let (status, problems) = ended(&desk, &deploy(&desk, targets).await.unwrap()).await;
    assert_eq!((status.as_str(), problems.len()), ("SUCCEEDED", 4), "all may fail: {problems:?}");
    for problem in &problems {
        assert!(problem.contains("ResourceLogicalId:Function"), "{problem}");
        assert!(problem.contains("Your access has been denied by S3"), "{problem}");
        assert!(problem.contains("HandlerErrorCode: AccessDenied"), "{problem}");
    }

    // The bucket lets both accounts read, but the role of one may not by its own policies.
    let roots: Vec<String> = targets.iter().map(|account| format!("arn:aws:iam::{account}:root")).collect();
    open(&desk, admin, json!({ "AWS": roots }), json!({})).await;
    let iam = elsewhere(&desk, targets[1], REGION).await;
    let no = json!({ "Version": "2012-10-17",
        "Statement": [{ "Effect": "Deny", "Action": "s3:GetObject", "Resource": "*" }] });
    let put = iam.iam().put_role_policy().role_name(EXECUTION).policy_name("no");
    put.policy_document(no.to_string()).send().await.unwrap();
    let (_, problems) = ended(&desk, &deploy(&desk, targets).await.unwrap()).await;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems.iter().all(|problem| problem.starts_with(targets[1])), "{problems:?}");

    iam.iam().delete_role_policy().role_name(EXECUTION).policy_name("no").send().await.unwrap();
    super::succeeded(&desk, deploy(&desk, targets).await).await;
    let lines: Vec<String> = instances(&desk).await.iter().map(line).collect();
    assert!(lines.iter().all(|line| line.ends_with("CURRENT SUCCEEDED")), "{lines:?}");
    let [digest, other] = package_digests();
    for account in targets {
        for region in REGIONS {
            assert_eq!(code(&desk, account, region).await.as_ref(), Some(&digest), "{account} {region}");
        }
    }

    // New code is taken from there as well. Lambda takes it from a bucket in its own region only.
    let update = |template: String| {
        let call = desk.client.update_stack_set().stack_set_name(SET).template_body(template);
        call.capabilities("CAPABILITY_NAMED_IAM".into()).operation_preferences(super::at_once())
    };
    let newer = template("vod-case-bundles-${AWS::Region}").to_string().replace(&digest, &other);
    super::succeeded(&desk, update(newer.clone()).send().await.unwrap().operation_id).await;
    assert_eq!(code(&desk, targets[0], REGIONS[1]).await.as_ref(), Some(&other));
    let far =
        newer.replace(&other, &digest).replace("${AWS::Region}\"},\"S3Key", &format!("{REGION}\"}},\"S3Key"));
    let (_, problems) = ended(&desk, &update(far).send().await.unwrap().operation_id.unwrap()).await;
    assert_eq!(problems.len(), 2, "{problems:?}");
    let redirected =
        |problem: &String| problem.contains("eu-west-1") && problem.contains("PermanentRedirect");
    assert!(problems.iter().all(redirected), "{problems:?}");
}
