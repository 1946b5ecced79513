//! What the service remembers: stacks with their resources, events and change sets, by account and region.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::actual::ActualState;
use super::handlers::HandledResource;
use super::refusal::ApiRefusal;
use super::template::StackTemplate;
use crate::local::identifier::uuid;

/// The type of a stack in its own events.
pub(super) const STACK: &str = "AWS::CloudFormation::Stack";

/// The time as CloudFormation writes it.
pub(super) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// An account and a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StackPlace {
    pub(super) account: String,
    pub(super) region: String,
}

impl StackPlace {
    pub(super) fn arn(&self, resource: &str) -> String {
        format!("arn:aws:cloudformation:{}:{}:{resource}", self.region, self.account)
    }
}

/// What a stack is to be: a template with what it was given.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DeclaredStack {
    pub(super) template: StackTemplate,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) capabilities: Vec<String>,
}

impl DeclaredStack {
    pub(super) fn description(&self) -> Option<&str> {
        self.template.body["Description"].as_str()
    }
}

/// A resource of a stack.
#[derive(Debug, Clone, Default)]
pub(super) struct ResourceRecord {
    pub(super) kind: String,
    pub(super) status: &'static str,
    pub(super) reason: Option<String>,
    pub(super) at: String,
    /// `None` until it exists.
    pub(super) handled: Option<HandledResource>,
    /// The properties that it was made or changed with, without functions. While a drift-aware change set is executed, those
    /// that it really has.
    pub(super) properties: Value,
    /// The properties of the last deployment, while `properties` are those that it really has.
    pub(super) deployed: Option<Value>,
    /// Its declaration in the template.
    pub(super) body: Value,
    /// What it needs.
    pub(super) needs: BTreeSet<String>,
    /// Whether this stack's first operation, or this update, made it.
    pub(super) is_new: bool,
    /// Whether a drift-aware change set under way found that somebody deleted it.
    pub(super) is_gone: bool,
    pub(super) drift: Option<Value>,
}

impl ResourceRecord {
    pub(super) fn physical_id(&self) -> Option<&str> {
        self.handled.as_ref().map(|handled| handled.physical_id.as_str())
    }

    /// Whether it is there, and the stack's.
    pub(super) fn exists(&self) -> bool {
        self.handled.is_some()
            && !self.is_gone
            && !matches!(self.status, "DELETE_COMPLETE" | "DELETE_SKIPPED")
    }

    /// Whether what has this policy stays.
    pub(super) fn is_kept_by(&self, policy: &str, retain_except_on_create: bool) -> bool {
        match self.body[policy].as_str() {
            Some("Retain") => !(self.is_new && retain_except_on_create),
            Some("RetainExceptOnCreate") => !self.is_new,
            _ => false,
        }
    }
}

/// One line of a stack's history.
#[derive(Debug, Clone)]
pub(super) struct StackEvent {
    pub(super) id: String,
    pub(super) logical: String,
    pub(super) physical: String,
    pub(super) kind: String,
    pub(super) status: &'static str,
    pub(super) reason: Option<String>,
    pub(super) at: String,
    pub(super) token: Option<String>,
    pub(super) properties: Option<String>,
}

/// A change set, or the stack operation that one becomes.
#[derive(Debug, Clone)]
pub(super) struct ChangeSetRecord {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) execution: &'static str,
    pub(super) reason: Option<String>,
    pub(super) created: String,
    pub(super) description: Option<String>,
    pub(super) target: Option<DeclaredStack>,
    pub(super) role: Option<String>,
    pub(super) changes: Vec<Value>,
    /// The same with property values.
    pub(super) changes_with_values: Vec<Value>,
    pub(super) imports: BTreeMap<String, serde_json::Map<String, Value>>,
    pub(super) on_failure: Option<String>,
    /// What each resource was when the set was made, if the set is drift-aware.
    pub(super) actual: Option<BTreeMap<String, ActualState>>,
}

/// A stack.
#[derive(Debug, Clone)]
pub(super) struct StackRecord {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: &'static str,
    pub(super) reason: Option<String>,
    pub(super) created: String,
    pub(super) updated: Option<String>,
    pub(super) deleted: Option<String>,
    pub(super) declared: Option<DeclaredStack>,
    /// What was declared before the operation under way or failed.
    pub(super) before: Option<DeclaredStack>,
    pub(super) role: Option<String>,
    pub(super) disable_rollback: bool,
    pub(super) is_protected: bool,
    pub(super) policy: Option<String>,
    pub(super) resources: BTreeMap<String, ResourceRecord>,
    /// The resources before the update that failed, while it is not rolled back.
    pub(super) resources_before: BTreeMap<String, ResourceRecord>,
    /// What replacements left behind, until an update or its rollback cleans up.
    pub(super) doomed: Vec<(String, ResourceRecord)>,
    pub(super) outputs: Vec<Value>,
    pub(super) events: Vec<StackEvent>,
    pub(super) change_sets: Vec<ChangeSetRecord>,
    pub(super) token: Option<String>,
    pub(super) cancel: CancellationToken,
    pub(super) drift_detections: BTreeMap<String, Value>,
    pub(super) drift: Option<(&'static str, String)>,
    /// Held by the operation under way.
    pub(super) busy: Arc<tokio::sync::Mutex<()>>,
}

impl StackRecord {
    /// A stack that has nothing yet.
    pub(super) fn new(place: &StackPlace, name: &str) -> Self {
        Self {
            id: place.arn(&format!("stack/{name}/{}", uuid())),
            name: name.to_owned(),
            status: "REVIEW_IN_PROGRESS",
            reason: None,
            created: now(),
            updated: None,
            deleted: None,
            declared: None,
            before: None,
            role: None,
            disable_rollback: false,
            is_protected: false,
            policy: None,
            resources: BTreeMap::new(),
            resources_before: BTreeMap::new(),
            doomed: Vec::new(),
            outputs: Vec::new(),
            events: Vec::new(),
            change_sets: Vec::new(),
            token: None,
            cancel: CancellationToken::new(),
            drift_detections: BTreeMap::new(),
            drift: None,
            busy: Arc::default(),
        }
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.status == "DELETE_COMPLETE"
    }

    pub(super) fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != "REVIEW_IN_PROGRESS"
    }

    /// A new status of the stack, with its event.
    pub(super) fn enter(&mut self, status: &'static str, reason: Option<&str>) {
        self.status = status;
        self.reason = reason.map(str::to_owned);
        let (logical, physical) = (self.name.clone(), self.id.clone());
        self.log(&logical, &physical, STACK, status, reason, None);
        if status == "DELETE_COMPLETE" {
            self.deleted = Some(now());
        }
    }

    /// A new status of a resource, with its event.
    pub(super) fn tell(&mut self, logical: &str, status: &'static str, reason: Option<&str>) {
        let Some(record) = self.resources.get_mut(logical) else { return };
        record.status = status;
        record.reason = reason.map(str::to_owned);
        record.at = now();
        let (kind, physical) = (record.kind.clone(), record.physical_id().unwrap_or_default().to_owned());
        let properties = record.properties.to_string();
        self.log(logical, &physical, &kind, status, reason, Some(properties));
    }

    /// A new status of a resource that is no longer, or not yet again, the stack's one of that name.
    pub(super) fn tell_of(
        &mut self,
        logical: &str,
        record: &ResourceRecord,
        status: &'static str,
        reason: Option<&str>,
    ) {
        let physical = record.physical_id().unwrap_or_default();
        self.log(logical, physical, &record.kind, status, reason, Some(record.properties.to_string()));
    }

    fn log(
        &mut self,
        logical: &str,
        physical: &str,
        kind: &str,
        status: &'static str,
        reason: Option<&str>,
        properties: Option<String>,
    ) {
        let id = match kind {
            STACK => uuid(),
            _ => format!("{logical}-{status}-{}", now()),
        };
        self.events.push(StackEvent {
            id,
            logical: logical.to_owned(),
            physical: physical.to_owned(),
            kind: kind.to_owned(),
            status,
            reason: reason.map(str::to_owned),
            at: now(),
            token: self.token.clone(),
            properties,
        });
    }

    pub(super) fn change_set(&self, name: &str) -> Option<&ChangeSetRecord> {
        self.change_sets.iter().rev().find(|set| set.name == name || set.id == name)
    }
}

/// The stacks of one place, those that were deleted too.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) stacks: Vec<StackRecord>,
}

impl Shelf {
    /// By name, a stack that is not deleted; by id, any.
    pub(super) fn find(&self, stack: &str) -> Option<&StackRecord> {
        let is_it = |one: &&StackRecord| one.id == stack || (one.name == stack && !one.is_deleted());
        self.stacks.iter().rev().find(is_it)
    }

    pub(super) fn find_mut(&mut self, stack: &str) -> Option<&mut StackRecord> {
        let is_it = |one: &&mut StackRecord| one.id == stack || (one.name == stack && !one.is_deleted());
        self.stacks.iter_mut().rev().find(is_it)
    }

    pub(super) fn get(&self, stack: &str) -> Result<&StackRecord, ApiRefusal> {
        self.find(stack).ok_or_else(|| ApiRefusal::no_stack(stack))
    }

    pub(super) fn get_mut(&mut self, stack: &str) -> Result<&mut StackRecord, ApiRefusal> {
        self.find_mut(stack).ok_or_else(|| ApiRefusal::no_stack(stack))
    }

    /// The resources of all stacks. A deleted stack has none: what it retained is free.
    pub(super) fn resources(&self) -> Vec<ResourceRecord> {
        let stacks = self.stacks.iter().filter(|stack| !stack.is_deleted());
        let all = stacks.flat_map(|stack| stack.resources.values());
        all.filter(|record| record.exists()).cloned().collect()
    }

    /// The exports of all stacks.
    pub(super) fn exports(&self) -> BTreeMap<String, String> {
        let outputs = self.stacks.iter().filter(|stack| !stack.is_deleted()).flat_map(|stack| &stack.outputs);
        let pair = |output: &Value| {
            Some((output["ExportName"].as_str()?.to_owned(), output["OutputValue"].as_str()?.to_owned()))
        };
        outputs.filter_map(pair).collect()
    }
}

/// Tags in the API's form.
pub(super) fn tag_list(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}
