//! What an import needs before it begins.
//!
//! What is refused follows "Import AWS resources into a CloudFormation stack"
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources.html>). Of the texts, only that about
//! resources of another stack was seen on AWS (aws-cloudformation/cloudformation-coverage-roadmap, issue 1607).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::CloudFormation;
use super::super::handlers::is_same_identifier;
use super::super::refusal::ApiRefusal;
use super::super::state::{ChangeSetRecord, DeclaredStack, ResourceRecord, StackRecord};

/// Refuses a call whose resources cannot be imported.
pub(in super::super) fn check(
    service: &CloudFormation,
    target: &DeclaredStack,
    imports: &BTreeMap<String, Map<String, Value>>,
) -> Result<(), ApiRefusal> {
    if imports.is_empty() {
        return Err(ApiRefusal::validation("ResourcesToImport is required for change set type IMPORT"));
    }
    imports.iter().try_for_each(|(logical, identifiers)| check_one(service, target, logical, identifiers))
}

fn check_one(
    service: &CloudFormation,
    target: &DeclaredStack,
    logical: &str,
    identifiers: &Map<String, Value>,
) -> Result<(), ApiRefusal> {
    let Some(body) = target.template.resource(logical) else {
        let message = format!("Resources [{logical}] passed in ResourcesToImport are not in the template");
        return Err(ApiRefusal::validation(message));
    };
    let kind = body["Type"].as_str().unwrap_or_default();
    let facts = service.handlers.describe_type(kind).unwrap_or_default();
    if !facts.importable {
        return Err(ApiRefusal::validation(format!("ResourceTypes [{kind}] are not supported for Import")));
    }
    if body.get("DeletionPolicy").is_none() {
        return Err(ApiRefusal::validation(format!(
            "The following resources to import [{logical}] must have DeletionPolicy attribute specified in the template."
        )));
    }
    let given: Vec<&str> = identifiers.keys().map(String::as_str).collect();
    // A record set without SetIdentifier is identified by the others.
    let needed = facts.identifiers.iter().filter(|name| **name != "SetIdentifier" || given.contains(name));
    let needed: Vec<&str> = needed.copied().collect();
    if given.len() == needed.len() && needed.iter().all(|name| given.contains(name)) {
        return Ok(());
    }
    Err(ApiRefusal::validation(format!(
        "Invalid resource identifiers for resource {logical}: {kind} is identified by [{}]",
        facts.identifiers.join(", ")
    )))
}

/// Whether these identifiers are of a resource.
fn is_named(record: &ResourceRecord, identifiers: &Map<String, Value>) -> bool {
    let Some(handled) = &record.handled else { return false };
    let is_it = |(name, value): (&String, &Value)| {
        let own = record.properties[name].as_str().or(handled.attributes.get(name).map(String::as_str));
        value.as_str().is_some_and(|value| is_same_identifier(own.unwrap_or(&handled.reference), value))
    };
    identifiers.iter().all(is_it)
}

/// Why a set of changes is no import: it may change nothing else, and what it takes may be of no stack. `managed` is what the
/// stacks of the region have.
pub(in super::super) fn problem(
    managed: &[ResourceRecord],
    stack: &StackRecord,
    set: &ChangeSetRecord,
) -> Option<String> {
    let names = |wanted: &dyn Fn(&Value) -> bool| {
        let changes = set.changes_with_values.iter().map(|change| &change["ResourceChange"]);
        let named =
            changes.filter(|change| wanted(change)).filter_map(|change| change["LogicalResourceId"].as_str());
        named.collect::<Vec<_>>().join(", ")
    };
    let is_managed = |(logical, identifiers): &(&String, &Map<String, Value>)| {
        let kind = set.target.as_ref().and_then(|target| target.template.resource(logical)?["Type"].as_str());
        stack.resources.get(*logical).is_some_and(ResourceRecord::exists)
            || managed
                .iter()
                .any(|record| Some(record.kind.as_str()) == kind && is_named(record, identifiers))
    };
    let own: Vec<&str> = set.imports.iter().filter(is_managed).map(|(name, _)| name.as_str()).collect();
    if !own.is_empty() {
        let own = own.join(", ");
        return Some(format!(
            "Resources [{own}] passed in ResourceToImport are already in a stack and cannot be imported."
        ));
    }
    let others = names(&|change| change["Action"] != "Import");
    if !others.is_empty() {
        return Some(format!(
            "You have modified resources [{others}] in your template that are not being imported. Update, create or delete \
             operations cannot be executed during import operations."
        ));
    }
    let outputs = |declared: Option<&DeclaredStack>| {
        declared.and_then(|declared| declared.template.body.get("Outputs").cloned())
    };
    (outputs(stack.declared.as_ref()) != outputs(set.target.as_ref()))
        .then(|| "As part of the import operation, you cannot modify or add [Outputs]".to_owned())
}
