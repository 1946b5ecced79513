//! What makes a template one, as recorded on AWS.

use super::*;
use serde_json::json;

fn read(text: &str) -> Result<StackTemplate, ApiRefusal> {
    StackTemplate::read(text, &|kind| kind.starts_with("AWS::"))
}

fn said(template: &Value) -> String {
    match read(&template.to_string()) {
        Ok(_) => "passed".into(),
        Err(refusal) => {
            assert_eq!((refusal.status.as_u16(), refusal.code), (400, "ValidationError"));
            refusal.message
        }
    }
}

fn resource(members: Value) -> Value {
    let mut body = json!({ "Type": "AWS::SNS::Topic" });
    let Value::Object(members) = members else { panic!("it is an object") };
    body.as_object_mut().unwrap().extend(members);
    json!({ "Resources": { "A": body } })
}

#[test]
fn a_template_that_does_not_hold_together_is_refused_in_aws_words() {
    for (template, message) in [
        (json!({}), "Template format error: At least one Resources member must be defined."),
        (json!({ "Resources": {} }), "Template format error: At least one Resources member must be defined."),
        (
            json!({ "Resources": { "A": {} } }),
            "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
        ),
        (
            resource(
                json!({ "DependsOn": ["B"], "Properties": { "X": [{ "Ref": "C" }, { "Ref": "AWS::Region" }] } }),
            ),
            "Template format error: Unresolved resource dependencies [B, C] in the Resources block of the template",
        ),
        (resource(json!({ "Invalid": 1 })), "Invalid template resource property 'Invalid'"),
        (
            resource(json!({ "Properties": { "X": { "Y": null } } })),
            "Template format error: [/Resources/A/Properties/X/Y] 'null' values are not allowed in templates",
        ),
        (
            json!({ "Resources": { "a-b": { "Type": "AWS::SNS::Topic" } } }),
            "Template format error: Resource name a-b is non alphanumeric.",
        ),
        (
            json!({ "Resources": { "A": { "Type": "No::Such::Type" } } }),
            "Template format error: Unrecognized resource types: [No::Such::Type]",
        ),
        (
            resource(json!({ "Properties": { "X": { "Fn::GetAtt": ["B", "Arn"] } } })),
            "Template error: instance of Fn::GetAtt references undefined resource B",
        ),
        (
            resource(json!({ "Properties": { "X": { "Ref": "A" } } })),
            "Circular dependency between resources: [A]",
        ),
        (resource(json!({ "DeletionPolicy": "Retain" })), "passed"),
    ] {
        assert_eq!(said(&template), message);
    }
    let error = read("{\"Resources\": {\"A\": nope}}").unwrap_err();
    assert_eq!(error.message, "Template format error: JSON not well-formed. (line 1, column 22)");
}

#[test]
fn yaml_has_short_forms() {
    let text = "Resources:\n  A:\n    Type: AWS::SNS::Topic\n  B:\n    Type: AWS::SQS::Queue\n    Properties:\n      \
                X: !GetAtt A.TopicArn\n      Y: !Join ['-', [!Ref A, b]]\n      Z: !Sub '${A}-c'\n";
    assert_eq!(
        read(text).unwrap().body["Resources"]["B"]["Properties"],
        json!({ "X": { "Fn::GetAtt": ["A", "TopicArn"] }, "Y": { "Fn::Join": ["-", [{ "Ref": "A" }, "b"]] },
            "Z": { "Fn::Sub": "${A}-c" } })
    );
}

#[test]
fn named_roles_need_the_capability_for_names() {
    let needs = |properties: Value, given: &[&str]| {
        let template =
            json!({ "Resources": { "R": { "Type": "AWS::IAM::Role", "Properties": properties } } });
        match read(&template.to_string()).unwrap().check_capabilities(given) {
            Ok(()) => "passed".to_owned(),
            Err(refusal) => format!("{}: {}", refusal.code, refusal.message),
        }
    };
    let named = json!({ "RoleName": "r" });
    assert_eq!(needs(named.clone(), &["CAPABILITY_NAMED_IAM"]), "passed");
    assert_eq!(
        needs(named, &["CAPABILITY_IAM"]),
        "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]"
    );
    assert_eq!(needs(json!({}), &["CAPABILITY_IAM"]), "passed");
    assert_eq!(needs(json!({}), &["CAPABILITY_NAMED_IAM"]), "passed");
    assert_eq!(
        needs(json!({}), &[]),
        "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_IAM]"
    );
}
