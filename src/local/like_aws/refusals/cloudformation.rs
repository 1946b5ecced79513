//! CloudFormation: templates that do not hold together, and capabilities that nobody gave. JSON templates only.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::asked::Asked;
use super::ban::{Ban, Verdict};

const REFERENCE: &str =
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html";
const FORMAT: &str =
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html";

static CAPABILITY: Ban = Ban {
    name: "a template with IAM resources, without the capability",
    code: "InsufficientCapabilitiesException",
    status: 400,
    source: REFERENCE,
};
static NOTHING: Ban =
    Ban { name: "a template without resources", code: "ValidationError", status: 400, source: FORMAT };
static TYPE: Ban =
    Ban { name: "a resource without a type", code: "ValidationError", status: 400, source: FORMAT };
static REF: Ban =
    Ban { name: "a template that refers to nothing", code: "ValidationError", status: 400, source: FORMAT };

/// The bans of this service.
pub(super) const BANS: &[&Ban] = &[&CAPABILITY, &NOTHING, &TYPE, &REF];

/// Refuses a call that CloudFormation refuses.
pub(super) fn judge(asked: &Asked) -> Verdict {
    if !["CreateStack", "UpdateStack", "CreateChangeSet"].contains(&asked.operation.as_str()) {
        return Ok(());
    }
    let body = asked.members.text("TemplateBody").unwrap_or_default();
    let Ok(Value::Object(template)) = serde_json::from_str(body) else { return Ok(()) };
    format(&template)?;
    let given = asked.members.texts("Capabilities/member");
    match needed(&template).filter(|needed| !given.contains(needed) && !given.contains(&NAMED)) {
        Some(needed) => Err(CAPABILITY.refuse(format!("Requires capabilities : [{needed}]"))),
        None => Ok(()),
    }
}

const NAMED: &str = "CAPABILITY_NAMED_IAM";
const NAMES: &[&str] = &["RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName"];

fn resources(template: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    template.get("Resources").and_then(Value::as_object).into_iter().flatten()
}

/// The capability that a template needs.
fn needed(template: &Map<String, Value>) -> Option<&'static str> {
    let of_iam =
        |resource: &&Value| resource["Type"].as_str().is_some_and(|kind| kind.starts_with("AWS::IAM::"));
    let found: Vec<&Value> = resources(template).map(|(_, resource)| resource).filter(of_iam).collect();
    let named =
        found.iter().any(|resource| NAMES.iter().any(|name| resource["Properties"].get(name).is_some()));
    let capability = if named { NAMED } else { "CAPABILITY_IAM" };
    (!found.is_empty()).then_some(capability)
}

fn format(template: &Map<String, Value>) -> Verdict {
    let empty = resources(template).next().is_none();
    NOTHING.refuse_if(empty, || {
        "Template format error: At least one Resources member must be defined.".into()
    })?;
    let typeless = resources(template).find(|(_, resource)| resource.get("Type").is_none());
    TYPE.refuse_if(typeless.is_some(), || {
        let name = typeless.map(|(name, _)| name.as_str()).unwrap_or_default();
        format!(
            "Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
        )
    })?;
    let parameters = template.get("Parameters").and_then(Value::as_object).into_iter().flatten();
    let known: BTreeSet<&str> =
        resources(template).chain(parameters).map(|(name, _)| name.as_str()).collect();
    let mut wanted = BTreeSet::new();
    resources(template).for_each(|(_, resource)| references(resource, &mut wanted));
    let missing: Vec<&str> = wanted.difference(&known).copied().collect();
    REF.refuse_if(!missing.is_empty(), || {
        format!(
            "Template format error: Unresolved resource dependencies [{}] in the Resources block of the template",
            missing.join(", ")
        )
    })
}

/// What `Ref`, `Fn::GetAtt` and `DependsOn` name, without pseudo parameters.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            for (key, value) in members {
                match (key.as_str(), value) {
                    ("Ref" | "DependsOn", Value::String(name)) if !name.starts_with("AWS::") => {
                        found.insert(name);
                    }
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        found.extend(parts.first().and_then(Value::as_str));
                    }
                    ("Fn::GetAtt", Value::String(name)) => found.extend(name.split('.').next()),
                    ("DependsOn", Value::Array(names)) => {
                        found.extend(names.iter().filter_map(Value::as_str));
                    }
                    _ => references(value, found),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::asked::asked;
    use super::super::ban::said;
    use super::*;
    use serde_json::json;
    use url::form_urlencoded::byte_serialize;

    fn judged(template: &Value, capabilities: &[&str]) -> String {
        let template: String = byte_serialize(template.to_string().as_bytes()).collect();
        let given = capabilities.iter().enumerate();
        let given: String =
            given.map(|(index, name)| format!("&Capabilities.member.{}={name}", index + 1)).collect();
        said(judge(&asked("cloudformation", "CreateStack", &format!("TemplateBody={template}{given}"))))
    }

    #[test]
    fn named_roles_need_the_capability_for_names() {
        let named =
            json!({ "Resources": { "R": { "Type": "AWS::IAM::Role", "Properties": { "RoleName": "r" } } } });
        assert_eq!(judged(&named, &[NAMED]), "passed");
        insta::assert_snapshot!(judged(&named, &["CAPABILITY_IAM"]), @"a template with IAM resources, without the capability: InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]");
        let unnamed = json!({ "Resources": { "R": { "Type": "AWS::IAM::Role", "Properties": {} } } });
        assert_eq!(
            (judged(&unnamed, &["CAPABILITY_IAM"]), judged(&unnamed, &[NAMED])),
            ("passed".into(), "passed".into())
        );
        assert!(judged(&unnamed, &[]).ends_with("Requires capabilities : [CAPABILITY_IAM]"));
    }

    #[test]
    fn a_template_holds_together() {
        insta::assert_snapshot!(judged(&json!({}), &[]), @"a template without resources: ValidationError: Template format error: At least one Resources member must be defined.");
        insta::assert_snapshot!(judged(&json!({ "Resources": { "A": {} } }), &[]), @"a resource without a type: ValidationError: Template format error: [/Resources/A] Every Resources object must contain a Type member.");
        let wanting = json!({ "Parameters": { "P": {} }, "Resources": { "A": { "Type": "T", "DependsOn": ["B"],
            "Properties": { "X": [{ "Ref": "C" }, { "Ref": "P" }, { "Ref": "AWS::Region" }, { "Fn::GetAtt": ["A", "Arn"] }] } } } });
        insta::assert_snapshot!(judged(&wanting, &[]), @"a template that refers to nothing: ValidationError: Template format error: Unresolved resource dependencies [B, C] in the Resources block of the template");
    }
}
