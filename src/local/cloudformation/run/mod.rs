//! Stack operations: they run beside the calls, and tell by events how far they are.
//!
//! [`converge`] makes the resources as a template declares them, [`remove`] deletes those that are to go, [`rollback`] goes
//! back after a failure.

mod converge;
pub(super) mod delete;
pub(super) mod import;
mod outputs;
mod remove;
pub(super) mod rollback;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::CloudFormation;
use super::handlers::{HandledType, HandlerCaller, HandlerErrorCode, HandlerFailure};
use super::state::{DeclaredStack, ResourceRecord, StackPlace, StackRecord, now};
use crate::local::identifier::uuid;

/// What an operation does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum WorkKind {
    Create,
    Update,
    /// The identifiers of what is imported, by logical id.
    Import(BTreeMap<String, Map<String, Value>>),
}

/// What the call says of failures.
#[derive(Debug, Clone, Default)]
pub(super) struct WorkOptions {
    pub(super) disable_rollback: bool,
    pub(super) delete_on_failure: bool,
    pub(super) retain_except_on_create: bool,
    pub(super) change_set: Option<String>,
}

/// An operation that has begun.
pub(super) struct StackWork {
    place: StackPlace,
    id: String,
    caller: HandlerCaller,
    target: DeclaredStack,
    kind: WorkKind,
    options: WorkOptions,
    cancel: CancellationToken,
    busy: Arc<tokio::sync::Mutex<()>>,
}

/// Begins an operation: the stack's state says so from now on.
pub(super) fn prepare(
    place: &StackPlace,
    caller: HandlerCaller,
    stack: &mut StackRecord,
    target: DeclaredStack,
    kind: WorkKind,
    options: WorkOptions,
    token: Option<String>,
) -> StackWork {
    let status = match kind {
        WorkKind::Create => "CREATE_IN_PROGRESS",
        WorkKind::Update => "UPDATE_IN_PROGRESS",
        WorkKind::Import(_) => "IMPORT_IN_PROGRESS",
    };
    stack.token = token;
    stack.updated = Some(now());
    stack.disable_rollback = options.disable_rollback;
    let declared = stack.declared.replace(target.clone());
    // After a failure without rollback, what was before it stays what a rollback goes back to.
    if stack.status != "UPDATE_FAILED" {
        stack.before = declared;
        stack.resources_before = stack.resources.clone();
    }
    for record in stack.resources.values_mut() {
        (record.is_new, record.deployed) = (false, None);
    }
    stack.cancel = CancellationToken::new();
    stack.enter(status, Some("User Initiated"));
    StackWork {
        place: place.clone(),
        id: stack.id.clone(),
        caller,
        target,
        kind,
        options,
        cancel: stack.cancel.clone(),
        busy: Arc::clone(&stack.busy),
    }
}

/// Runs an operation beside the call.
pub(super) fn begin(service: &Arc<CloudFormation>, work: StackWork) {
    let service = Arc::clone(service);
    tokio::spawn(async move {
        let busy = Arc::clone(&work.busy);
        let _busy = busy.lock().await;
        let StackWork { place, id, caller, target, kind, options, cancel, .. } = work;
        let run = Run { service, place, id, caller, cancel, stopping: AtomicBool::new(false) };
        run.carry_out(&target, &kind, &options).await;
        // `RetainExceptOnCreate` is about the operation that created a resource, and about no later one.
        run.stack(|stack| stack.resources.values_mut().for_each(|record| record.is_new = false));
        run.note_execution(options.change_set.as_deref());
    });
}

/// An operation under way.
struct Run {
    service: Arc<CloudFormation>,
    place: StackPlace,
    id: String,
    caller: HandlerCaller,
    cancel: CancellationToken,
    /// Set by the first failure: what is under way ends as cancelled.
    stopping: AtomicBool,
}

impl Run {
    fn stack<T>(&self, work: impl FnOnce(&mut StackRecord) -> T) -> Option<T> {
        self.service.stack(&self.place, &self.id, work)
    }

    fn enter(&self, status: &'static str, reason: Option<&str>) {
        self.stack(|stack| stack.enter(status, reason));
    }

    fn tell(&self, logical: &str, status: &'static str, reason: Option<&str>) {
        self.stack(|stack| stack.tell(logical, status, reason));
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn type_of(&self, kind: &str) -> HandledType {
        self.service.handlers.describe_type(kind).unwrap_or_default()
    }

    fn doom(&self, logical: &str, record: ResourceRecord) {
        self.stack(|stack| stack.doomed.push((logical.to_owned(), record)));
    }

    fn take_doomed(&self) -> Vec<(String, ResourceRecord)> {
        self.stack(|stack| std::mem::take(&mut stack.doomed)).unwrap_or_default()
    }

    async fn carry_out(&self, target: &DeclaredStack, kind: &WorkKind, options: &WorkOptions) {
        let ended = match self.unsupported_output(target) {
            Some(problem) => Err(converge::StackFault::Problem(problem)),
            None => self.converge(target, kind).await,
        };
        let ended = ended.and_then(|()| self.set_outputs(target).map_err(converge::StackFault::Problem));
        match (ended, kind) {
            // Somebody deletes the stack meanwhile.
            (Err(converge::StackFault::Superseded), _) => {}
            (Ok(()), WorkKind::Create) => self.enter("CREATE_COMPLETE", None),
            (Ok(()), WorkKind::Import(_)) => self.enter("IMPORT_COMPLETE", None),
            (Ok(()), WorkKind::Update) => self.clean_up(target, options).await,
            (Err(fault), WorkKind::Create) => self.creation_failed(&fault, options).await,
            (Err(fault), WorkKind::Update) => self.update_failed(&fault, options).await,
            (Err(fault), WorkKind::Import(_)) => self.import_failed(&fault),
        }
    }

    /// Deletes what an update leaves behind.
    async fn clean_up(&self, target: &DeclaredStack, _: &WorkOptions) {
        self.enter("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None);
        let wanted: BTreeSet<String> = self.wanted(target);
        let gone = self.stack(|stack| {
            let is_gone = |(logical, record): &(&String, &ResourceRecord)| {
                !wanted.contains(*logical) && record.exists()
            };
            let gone: Vec<_> = stack
                .resources
                .iter()
                .filter(is_gone)
                .map(|(name, record)| (name.clone(), record.clone()))
                .collect();
            stack.resources.retain(|logical, _| wanted.contains(logical));
            gone
        });
        let replaced = self.take_doomed();
        let removed = self.remove(gone.unwrap_or_default(), "DeletionPolicy", false).await;
        let replaced = self.remove(replaced, "UpdateReplacePolicy", false).await;
        let reason = "Update successful. One or more resources could not be deleted.";
        let all_gone = removed.is_empty() && replaced.is_empty();
        self.enter("UPDATE_COMPLETE", (!all_gone).then_some(reason));
    }

    /// The set that was executed is no longer under way.
    fn note_execution(&self, change_set: Option<&str>) {
        self.stack(|stack| {
            let failed = stack.status.contains("ROLLBACK") || stack.status.ends_with("FAILED");
            let id = change_set.unwrap_or_default();
            if let Some(set) = stack.change_sets.iter_mut().find(|set| set.id == id) {
                set.execution = if failed { "EXECUTE_FAILED" } else { "EXECUTE_COMPLETE" };
            }
        });
    }
}

/// A handler's failure as events show it.
fn said(logical: &str, failure: &HandlerFailure) -> String {
    match failure {
        HandlerFailure::Properties(problem) => {
            format!("Properties validation failed for resource {logical} with message:\n[{problem}]")
        }
        HandlerFailure::Service(code, message) => {
            let code = match code {
                HandlerErrorCode::AlreadyExists => "AlreadyExists",
                HandlerErrorCode::NotFound => "NotFound",
                HandlerErrorCode::AccessDenied => "AccessDenied",
                HandlerErrorCode::InvalidRequest => "InvalidRequest",
                HandlerErrorCode::NotStabilized => "NotStabilized",
                HandlerErrorCode::GeneralServiceException => "GeneralServiceException",
            };
            let token = uuid();
            format!(
                "Resource handler returned message: \"{message}\" (RequestToken: {token}, HandlerErrorCode: {code})"
            )
        }
    }
}
