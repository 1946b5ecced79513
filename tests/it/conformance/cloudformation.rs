//! Cases of AWS CloudFormation.

use provision::aws::Context;
use provision::model::Kind;
use serde_json::{Value, json};

use super::{Case, STACK, other_tags, tags};

const ROLE: Kind = Kind::new("AWS::IAM::Role");

/// A role that this principal may assume.
fn role(name: &str, principal: &Value) -> (Kind, Value) {
    let statement =
        json!({ "Sid": "Assume", "Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole"] });
    let properties = json!({
        "RoleName": name,
        "Path": "/",
        "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [statement] },
        "Policies": [],
        "ManagedPolicyArns": [],
        "MaxSessionDuration": 3600,
        "Tags": tags("need"),
    });
    (ROLE, properties)
}

fn template(seconds: u32) -> Value {
    let queue = json!({ "QueueName": format!("{STACK}-q"), "VisibilityTimeout": seconds });
    Value::String(
        json!({ "Resources": { "Queue": { "Type": "AWS::SQS::Queue", "Properties": queue } } }).to_string(),
    )
}

/// The cases of this service.
pub(crate) fn cases(cx: &Context) -> Vec<Case> {
    let (account, region) = (&cx.scope.account, &cx.scope.region);
    let arn = |name: &str| format!("arn:aws:iam::{account}:role/{name}");
    let service = json!({ "Service": ["cloudformation.amazonaws.com"] });
    let root = json!({ "AWS": [format!("arn:aws:iam::{account}:root")] });
    let here = json!({ "DeploymentTargets": { "Accounts": [account] }, "Regions": [region] });
    let base = json!({
        "StackSetName": STACK,
        "Description": "Tries the adapter",
        "TemplateBody": template(30),
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "PermissionModel": "SELF_MANAGED",
        "AdministrationRoleARN": arn("vod-case-administration"),
        "ExecutionRoleName": "vod-case-execution",
        "StackInstancesGroup": [here],
        "OperationPreferences": {
            "RegionConcurrencyType": "PARALLEL",
            "RegionOrder": [region],
            "MaxConcurrentCount": 1,
            "FailureToleranceCount": 0,
            "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE",
        },
        "Tags": tags("case"),
    });
    let units = "AWS::Organizations has none here: tests/it/cloudformation/fleets.rs";
    vec![Case {
        kind: Kind::new("AWS::CloudFormation::StackSet"),
        needs: vec![
            role("vod-case-administration", &service),
            role("vod-case-execution", &root),
            role("vod-case-administration-2", &service),
            role("vod-case-execution-2", &root),
        ],
        base,
        variants: vec![
            ("/Description", json!("Tries it again")),
            ("/TemplateBody", template(60)),
            ("/Capabilities", json!(["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"])),
            ("/AdministrationRoleARN", json!(arn("vod-case-administration-2"))),
            ("/ExecutionRoleName", json!("vod-case-execution-2")),
            ("/StackInstancesGroup", json!([])),
            ("/StackInstancesGroup/0/Regions", json!(["eu-west-1", "us-west-2"])),
            ("/Tags", other_tags("case")),
        ],
        fixed: vec![
            ("AutoDeployment", units),
            ("InstancesGroup.DeploymentTargets", "other accounts need roles: tests/it/fleet"),
            ("Targets.Accounts", "likewise"),
            ("Targets.OrganizationalUnitIds", units),
        ],
    }]
}
