//! `CreateChangeSet` and `ExecuteChangeSet`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::actual::{self, ActualState};
use super::super::compare::{self, Whereabouts};
use super::super::refusal::ApiRefusal;
use super::super::run::{self, StackWork, WorkKind, import};
use super::super::state::{ChangeSetRecord, DeclaredStack, ResourceRecord, Shelf, StackRecord, now};
use super::super::{CloudFormation, HandlerCaller, StackCaller};
use super::{Answer, is_on, required, submitted, text};
use crate::local::identifier::uuid;

const NOTHING: &str =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

/// The kinds of change sets, by `ChangeSetType`.
fn kind(form: &Value) -> Result<&'static str, ApiRefusal> {
    match text(form, "ChangeSetType") {
        None | Some("UPDATE") => Ok("UPDATE"),
        Some("CREATE") => Ok("CREATE"),
        Some("IMPORT") => Ok("IMPORT"),
        Some(other) => Err(ApiRefusal::validation(format!(
            "1 validation error detected: Value '{other}' at 'changeSetType' failed to satisfy constraint: Member must satisfy \
             enum value set: [CREATE, UPDATE, IMPORT]"
        ))),
    }
}

/// Refuses a change set that the stack's state does not allow.
fn check_state(found: Option<&StackRecord>, kind: &str, stack: &str, name: &str) -> Result<(), ApiRefusal> {
    let Some(found) = found else {
        return if kind == "UPDATE" { Err(ApiRefusal::no_stack(stack)) } else { Ok(()) };
    };
    if kind == "CREATE" && found.status != "REVIEW_IN_PROGRESS" {
        return Err(ApiRefusal::validation(format!(
            "Stack [{}] already exists and cannot be created again with the changeSet [{name}].",
            found.name
        )));
    }
    if kind != "CREATE" {
        super::stacks_begin::check_can_be_updated(found, kind == "IMPORT")?;
    }
    match found.change_sets.iter().find(|set| set.name == name && set.execution != "EXECUTE_COMPLETE") {
        Some(_) => {
            Err(ApiRefusal::new("AlreadyExistsException", format!("ChangeSet [{name}] already exists")))
        }
        None => Ok(()),
    }
}

/// `CreateChangeSet`.
pub(super) async fn create(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let (stack, name) = (required(form, "StackName")?, required(form, "ChangeSetName")?);
    super::check_name("changeSetName", name)?;
    let kind = kind(form)?;
    let template = submitted::template_text(service, caller, form).await?;
    let (before, before_role, records) = service.shelf(&caller.place, |shelf| {
        let found = shelf.find(stack);
        check_state(found, kind, stack, name)?;
        let records = found.map(|found| found.resources.clone()).unwrap_or_default();
        let role = found.and_then(|found| found.role.clone());
        Ok((found.and_then(|found| found.declared.clone()), role, records))
    })?;
    let role = text(form, "RoleARN").map(str::to_owned);
    submitted::check_role(service, caller, role.as_deref()).await?;
    let role = role.or(before_role);
    let target = submitted::declared(service, form, template, before.as_ref())?;
    let imports = imports(form)?;
    if kind == "IMPORT" {
        import::check(service, &target, &imports)?;
    } else if stack.starts_with("arn:") {
        service.shelf(&caller.place, |shelf| shelf.get(stack).map(drop))?;
    } else {
        super::check_name("stackName", stack)?;
    }
    let actual = match reverts_drift(form)? {
        true if kind == "UPDATE" => {
            let as_role = service.handler_caller(caller, role.as_deref()).await;
            Some(actual::read(service, &as_role, &records).await)
        }
        _ => None,
    };
    let id = caller.place.arn(&format!("changeSet/{name}/{}", uuid()));
    let wish = ChangeSetRecord {
        id: id.clone(),
        name: name.to_owned(),
        kind,
        status: "CREATE_COMPLETE",
        execution: "AVAILABLE",
        reason: None,
        created: now(),
        description: text(form, "Description").map(str::to_owned),
        target: Some(target),
        role,
        changes: Vec::new(),
        changes_with_values: Vec::new(),
        imports,
        on_failure: text(form, "OnStackFailure").map(str::to_owned),
        actual,
    };
    let stack_id = service.shelf(&caller.place, |shelf| add(service, caller, shelf, stack, wish))?;
    Ok(Some(json!({ "Id": id, "StackId": stack_id })))
}

/// Whether the set is to be drift-aware.
fn reverts_drift(form: &Value) -> Result<bool, ApiRefusal> {
    match text(form, "DeploymentMode") {
        None => Ok(false),
        Some("REVERT_DRIFT") => Ok(true),
        Some(other) => Err(ApiRefusal::validation(format!(
            "1 validation error detected: Value '{other}' at 'deploymentMode' failed to satisfy constraint: Member must satisfy \
             enum value set: [REVERT_DRIFT]"
        ))),
    }
}

/// `ResourcesToImport`, by logical id.
fn imports(form: &Value) -> Result<BTreeMap<String, Map<String, Value>>, ApiRefusal> {
    let mut imports = BTreeMap::new();
    for one in form["ResourcesToImport"].as_array().into_iter().flatten() {
        let logical = one["LogicalResourceId"].as_str().unwrap_or_default().to_owned();
        let identifiers = one["ResourceIdentifier"].as_object().cloned().unwrap_or_default();
        imports.insert(logical, identifiers);
    }
    Ok(imports)
}

fn add(
    service: &CloudFormation,
    caller: &StackCaller,
    shelf: &mut Shelf,
    stack: &str,
    mut set: ChangeSetRecord,
) -> Result<String, ApiRefusal> {
    check_state(shelf.find(stack), set.kind, stack, &set.name)?;
    let exports = shelf.exports();
    let managed = shelf.resources();
    if shelf.find(stack).is_none() {
        let mut made = StackRecord::new(&caller.place, stack);
        made.enter("REVIEW_IN_PROGRESS", Some("User Initiated"));
        shelf.stacks.push(made);
    }
    let found = shelf.get_mut(stack)?;
    fill(service, caller, exports, &managed, found, &mut set);
    found.change_sets.push(set);
    Ok(found.id.clone())
}

/// Finds the changes of a set, and whether it can be executed.
fn fill(
    service: &CloudFormation,
    caller: &StackCaller,
    exports: BTreeMap<String, String>,
    managed: &[ResourceRecord],
    stack: &StackRecord,
    set: &mut ChangeSetRecord,
) {
    let Some(target) = &set.target else { return };
    if let Some(transform) = target.template.transforms().first() {
        set.status = "FAILED";
        set.execution = "UNAVAILABLE";
        set.reason = Some(format!("Transform {transform} failed with: the local cloud runs no macros."));
        return;
    }
    let found = compared(service, caller, exports, stack, target, &set.imports, set.actual.as_ref());
    let problem = match found {
        Ok((plain, valued)) => {
            let is_empty =
                plain.is_empty() && valued.is_empty() && is_same_otherwise(stack.declared.as_ref(), target);
            (set.changes, set.changes_with_values) = (plain, valued);
            is_empty.then(|| NOTHING.to_owned())
        }
        Err(problem) => Some(problem),
    };
    let problem = problem.or_else(|| match set.kind {
        "IMPORT" => import::problem(managed, stack, set),
        _ => None,
    });
    if let Some(problem) = problem {
        set.status = "FAILED";
        set.execution = "UNAVAILABLE";
        set.reason = Some(problem);
    }
}

/// The changes without property values, and with them.
fn compared(
    service: &CloudFormation,
    caller: &StackCaller,
    exports: BTreeMap<String, String>,
    stack: &StackRecord,
    target: &DeclaredStack,
    imports: &BTreeMap<String, Map<String, Value>>,
    actual: Option<&BTreeMap<String, ActualState>>,
) -> Result<(Vec<Value>, Vec<Value>), String> {
    let place = Whereabouts {
        account: &caller.place.account,
        region: &caller.place.region,
        name: &stack.name,
        id: &stack.id,
        exports,
    };
    let imports: BTreeSet<&str> = imports.keys().map(String::as_str).collect();
    let records = existing(&stack.resources);
    let compared = actual.map_or_else(|| records.clone(), |actual| actual::as_they_are(&records, actual));
    let find = |with_values| {
        let types = |kind: &str| service.handlers.describe_type(kind);
        let before = stack.declared.as_ref();
        let changes = compare::changes(&place, &compared, before, target, &imports, &types, with_values)?;
        Ok::<_, String>(match actual {
            Some(actual) => actual::with_drift(changes, &records, actual, with_values),
            None => changes,
        })
    };
    Ok((find(false)?, find(true)?))
}

/// The changes of an update without a change set, or why they cannot be found.
pub(super) fn changes_of(
    service: &CloudFormation,
    caller: &StackCaller,
    exports: BTreeMap<String, String>,
    stack: &StackRecord,
    target: &DeclaredStack,
) -> (Vec<Value>, Option<String>) {
    match compared(service, caller, exports, stack, target, &BTreeMap::new(), None) {
        Ok((_, valued)) => (valued, None),
        Err(problem) => (Vec::new(), Some(problem)),
    }
}

fn existing(resources: &BTreeMap<String, ResourceRecord>) -> BTreeMap<String, ResourceRecord> {
    let exists = |(_, record): &(&String, &ResourceRecord)| record.exists();
    resources.iter().filter(exists).map(|(name, record)| (name.clone(), record.clone())).collect()
}

/// Whether what is no resource stays as well.
pub(super) fn is_same_otherwise(before: Option<&DeclaredStack>, target: &DeclaredStack) -> bool {
    before.is_some_and(|before| {
        let sections = |declared: &DeclaredStack| declared.template.body.get("Outputs").cloned();
        sections(before) == sections(target) && before.tags == target.tags
    })
}

/// `ExecuteChangeSet`.
pub(super) async fn execute(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "ChangeSetName")?;
    let role = service.shelf(&caller.place, |shelf| {
        let stack = super::change_sets::stack_of(shelf, text(form, "StackName"), name)?;
        Ok(stack.change_set(name).and_then(|set| set.role.clone()))
    })?;
    let as_role = service.handler_caller(caller, role.as_deref()).await;
    let work = service.shelf(&caller.place, |shelf| {
        let stack = super::change_sets::stack_of(shelf, text(form, "StackName"), name)?;
        begin(caller, as_role, stack, name, form)
    })?;
    run::begin(service, work);
    Ok(Some(json!({})))
}

fn begin(
    caller: &StackCaller,
    as_role: HandlerCaller,
    stack: &mut StackRecord,
    name: &str,
    form: &Value,
) -> Result<StackWork, ApiRefusal> {
    let set = stack.change_set(name).cloned().ok_or_else(|| ApiRefusal::no_change_set(name))?;
    let Some(target) = set.target.clone().filter(|_| set.execution == "AVAILABLE") else {
        let state = if set.execution == "OBSOLETE" { "OBSOLETE" } else { set.status };
        return Err(ApiRefusal::new(
            "InvalidChangeSetStatus",
            format!("ChangeSet [{}] cannot be executed in its current status of [{state}]", set.id),
        ));
    };
    if set.kind != "CREATE" {
        super::stacks_begin::check_can_be_updated(stack, set.kind == "IMPORT")?;
    }
    for other in &mut stack.change_sets {
        if other.id == set.id {
            other.execution = "EXECUTE_IN_PROGRESS";
        } else if other.execution == "AVAILABLE" {
            other.execution = "OBSOLETE";
        }
    }
    let kind = match set.kind {
        "IMPORT" => WorkKind::Import(set.imports.clone()),
        "CREATE" => WorkKind::Create,
        _ => WorkKind::Update,
    };
    let options = run::WorkOptions {
        disable_rollback: is_on(form, "DisableRollback") || set.on_failure.as_deref() == Some("DO_NOTHING"),
        delete_on_failure: set.on_failure.as_deref() == Some("DELETE"),
        retain_except_on_create: is_on(form, "RetainExceptOnCreate"),
        change_set: Some(set.id.clone()),
    };
    let token = text(form, "ClientRequestToken").map(str::to_owned);
    stack.role = set.role;
    if let Some(actual) = &set.actual {
        actual::begin_with(&mut stack.resources, actual);
    }
    Ok(run::prepare(&caller.place, as_role, stack, target, kind, options, token))
}
