//! `ValidateTemplate` and `GetTemplateSummary`: what a template wants, before anything is made of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::functions::text as as_text;
use super::super::refusal::ApiRefusal;
use super::super::template::StackTemplate;
use super::super::{CloudFormation, StackCaller};
use super::{Answer, submitted, text};

async fn template(
    service: &CloudFormation,
    caller: &StackCaller,
    form: &Value,
) -> Result<Option<StackTemplate>, ApiRefusal> {
    let text = submitted::template_text(service, caller, form).await?;
    text.map(|text| StackTemplate::read(&text, &|kind| service.is_known_type(kind))).transpose()
}

/// `ValidateTemplate`.
pub(super) async fn validate(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let template = template(service, caller, form).await?;
    let template = template
        .ok_or_else(|| ApiRefusal::validation("Either Template URL or Template Body must be specified."))?;
    let parameter = |(name, body): (&String, &Value)| {
        json!({
            "ParameterKey": name,
            "DefaultValue": body.get("Default").map(as_text),
            "NoEcho": as_text(&body["NoEcho"]) == "true",
            "Description": body["Description"],
        })
    };
    let (capabilities, reason) = template.capabilities();
    Ok(Some(json!({
        "Parameters": template.section("Parameters").map(parameter).collect::<Vec<_>>(),
        "Description": template.body["Description"],
        "Capabilities": Some(capabilities).filter(|all| !all.is_empty()),
        "CapabilitiesReason": reason,
        "DeclaredTransforms": Some(template.transforms()).filter(|all| !all.is_empty()),
    })))
}

/// `GetTemplateSummary`: of a template, or of a stack's.
pub(super) async fn summarise(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let template = match (template(service, caller, form).await?, text(form, "StackName")) {
        (Some(template), _) => template,
        (None, Some(name)) => service.shelf(&caller.place, |shelf| {
            let stack = shelf.find(name).ok_or_else(|| ApiRefusal::no_stack_with_id(name))?;
            let refusal = || {
                ApiRefusal::validation("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
            };
            let declared = stack.declared.as_ref().filter(|_| stack.status != "REVIEW_IN_PROGRESS");
            declared.map(|declared| declared.template.clone()).ok_or_else(refusal)
        })?,
        (None, None) => {
            return Err(ApiRefusal::validation("Either Template URL or Template Body must be specified."));
        }
    };
    Ok(Some(summary(service, &template)))
}

fn summary(service: &CloudFormation, template: &StackTemplate) -> Value {
    let parameter = |(name, body): (&String, &Value)| {
        let constraints = body.get("AllowedValues").map(|values| json!({ "AllowedValues": values }));
        json!({
            "ParameterKey": name,
            "DefaultValue": body.get("Default").map(as_text),
            "ParameterType": body["Type"],
            "NoEcho": as_text(&body["NoEcho"]) == "true",
            "Description": body["Description"],
            "ParameterConstraints": constraints.unwrap_or_else(|| json!({})),
        })
    };
    let mut by_kind: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, body) in template.section("Resources") {
        by_kind.entry(body["Type"].as_str().unwrap_or_default()).or_default().push(name);
    }
    let identifiers = by_kind.iter().filter_map(|(kind, names)| {
        let facts = service.handlers.describe_type(kind).filter(|facts| facts.importable)?;
        Some(json!({ "ResourceType": kind, "LogicalResourceIds": names, "ResourceIdentifiers": facts.identifiers }))
    });
    let (capabilities, reason) = template.capabilities();
    let metadata = template.body.get("Metadata").map(Value::to_string);
    json!({
        "Parameters": template.section("Parameters").map(parameter).collect::<Vec<_>>(),
        "Description": template.body["Description"],
        "Capabilities": Some(capabilities).filter(|all| !all.is_empty()),
        "CapabilitiesReason": reason,
        "ResourceTypes": by_kind.keys().collect::<Vec<_>>(),
        "Version": template.body["AWSTemplateFormatVersion"],
        "Metadata": metadata,
        "DeclaredTransforms": Some(template.transforms()).filter(|all| !all.is_empty()),
        "ResourceIdentifierSummaries": identifiers.collect::<Vec<_>>(),
    })
}
