//! What an import needs before it begins.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::refusal::ApiRefusal;
use super::super::state::DeclaredStack;
use super::super::{CloudFormation, StackCaller};

/// Refuses resources that cannot be imported
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources.html>).
pub(in super::super) fn check(
    service: &CloudFormation,
    caller: &StackCaller,
    target: &DeclaredStack,
    imports: &BTreeMap<String, Map<String, Value>>,
    stack: &str,
) -> Result<(), ApiRefusal> {
    if imports.is_empty() {
        return Err(ApiRefusal::validation("ResourcesToImport is required for change set type IMPORT"));
    }
    for (logical, identifiers) in imports {
        check_one(service, target, logical, identifiers)?;
    }
    let existing = service.shelf(&caller.place, |shelf| {
        let found = shelf.find(stack).map(|stack| stack.resources.clone());
        found.unwrap_or_default()
    });
    let new = target.template.section("Resources").map(|(name, _)| name);
    let mut new = new.filter(|name| !existing.contains_key(*name) && !imports.contains_key(*name));
    match new.next() {
        Some(name) => Err(ApiRefusal::validation(format!(
            "You have modified resources [{name}] in your template that are not being imported. Update, create or delete \
             operations cannot be executed during import operations."
        ))),
        None => Ok(()),
    }
}

fn check_one(
    service: &CloudFormation,
    target: &DeclaredStack,
    logical: &str,
    identifiers: &Map<String, Value>,
) -> Result<(), ApiRefusal> {
    let Some(body) = target.template.resource(logical) else {
        return Err(ApiRefusal::validation(format!("Resource {logical} is not in the template")));
    };
    let kind = body["Type"].as_str().unwrap_or_default();
    let facts = service.handlers.describe_type(kind).unwrap_or_default();
    if !facts.importable {
        return Err(ApiRefusal::validation(format!("ResourceTypes [{kind}] are not supported for Import")));
    }
    if body.get("DeletionPolicy").is_none() {
        return Err(ApiRefusal::validation(
            "Resources to import must have a DeletionPolicy attribute specified in the template.",
        ));
    }
    let given: Vec<&str> = identifiers.keys().map(String::as_str).collect();
    let fits = given.len() == facts.identifiers.len() && facts.identifiers.iter().all(|name| given.contains(name));
    if fits {
        return Ok(());
    }
    Err(ApiRefusal::validation(format!(
        "Invalid resource identifiers for resource {logical}: {kind} is identified by [{}]",
        facts.identifiers.join(", ")
    )))
}
