//! What comes after a failure.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio_util::sync::CancellationToken;

use super::super::CloudFormation;
use super::super::handlers::HandlerCaller;
use super::super::state::{ResourceRecord, StackPlace};
use super::converge::StackFault;
use super::{Run, WorkOptions, said};

/// Goes back after a failure that was left as it was, or after a rollback that failed. `skip` are resources that are left as
/// they are.
pub(in super::super) fn begin(
    service: &Arc<CloudFormation>,
    place: StackPlace,
    id: String,
    caller: HandlerCaller,
    skip: BTreeSet<String>,
    token: Option<&str>,
) {
    let cancel = CancellationToken::new();
    let run =
        Run { service: Arc::clone(service), place, id, caller, cancel, stopping: AtomicBool::new(false) };
    let token = token.map(str::to_owned);
    let begun = run.stack(|stack| {
        stack.token = token;
        let is_creation = stack.status == "CREATE_FAILED";
        let status = if is_creation { "ROLLBACK_IN_PROGRESS" } else { "UPDATE_ROLLBACK_IN_PROGRESS" };
        stack.enter(status, Some("User Initiated"));
        (is_creation, Arc::clone(&stack.busy))
    });
    let Some((is_creation, busy)) = begun else { return };
    tokio::spawn(async move {
        let _busy = busy.lock().await;
        let options = WorkOptions::default();
        if is_creation {
            run.roll_creation_back(&options, "ROLLBACK_COMPLETE", "ROLLBACK_FAILED").await;
        } else {
            run.roll_update_back(&skip, &options).await;
        }
    });
}

impl Run {
    /// A creation that failed: everything is deleted again, unless the caller wants to look at it.
    pub(super) async fn creation_failed(&self, fault: &StackFault, options: &WorkOptions) {
        let reason = fault.reason();
        if options.disable_rollback {
            return self.enter("CREATE_FAILED", Some(&reason));
        }
        let (begins, ends, fails, what) = if options.delete_on_failure {
            ("DELETE_IN_PROGRESS", "DELETE_COMPLETE", "DELETE_FAILED", "Delete")
        } else {
            ("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "Rollback")
        };
        self.enter(begins, Some(&format!("{reason}{what} requested by user.")));
        self.roll_creation_back(options, ends, fails).await;
    }

    pub(super) async fn roll_creation_back(
        &self,
        options: &WorkOptions,
        ends: &'static str,
        fails: &'static str,
    ) {
        let made = self.stack(|stack| {
            let made = stack.resources.iter().filter(|(_, record)| record.exists());
            made.map(|(name, record)| (name.clone(), record.clone())).collect::<Vec<_>>()
        });
        let except = options.retain_except_on_create;
        let failed =
            self.remove_but(made.unwrap_or_default(), "DeletionPolicy", true, except, &BTreeSet::new()).await;
        match failed.is_empty() {
            true => self.enter(ends, None),
            false => self.enter(fails, Some(&undeleted(&failed))),
        }
    }

    /// An update that failed: everything becomes again what it was, unless the caller wants to go on from here.
    pub(super) async fn update_failed(&self, fault: &StackFault, options: &WorkOptions) {
        let reason = fault.reason();
        if options.disable_rollback {
            return self.enter("UPDATE_FAILED", Some(&reason));
        }
        self.enter("UPDATE_ROLLBACK_IN_PROGRESS", Some(&reason));
        self.roll_update_back(&BTreeSet::new(), options).await;
    }

    /// Goes back to what was before the update. `skip` are resources that are left as they are.
    pub(super) async fn roll_update_back(&self, skip: &BTreeSet<String>, options: &WorkOptions) {
        let names = self.stack(|stack| {
            stack.declared = stack.before.clone();
            stack.resources_before.keys().cloned().collect::<Vec<_>>()
        });
        let mut failed = BTreeSet::new();
        for logical in names.unwrap_or_default() {
            if !self.restore(&logical, skip.contains(&logical)).await {
                failed.insert(logical);
            }
        }
        if !failed.is_empty() {
            let names = failed.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let reason = format!("The following resource(s) failed to update: [{names}]. ");
            return self.enter("UPDATE_ROLLBACK_FAILED", Some(&reason));
        }
        let new = self.stack(|stack| {
            let old = &stack.resources_before;
            let is_new =
                |(name, record): &(&String, &ResourceRecord)| !old.contains_key(*name) && record.exists();
            let new: Vec<_> = stack
                .resources
                .iter()
                .filter(is_new)
                .map(|(name, record)| (name.clone(), record.clone()))
                .collect();
            let kept: BTreeSet<String> = old.keys().cloned().collect();
            stack.resources.retain(|name, _| kept.contains(name));
            new
        });
        self.enter("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None);
        let doomed: Vec<_> = self.take_doomed().into_iter().chain(new.unwrap_or_default()).collect();
        let except = options.retain_except_on_create;
        self.remove_but(doomed, "DeletionPolicy", false, except, &BTreeSet::new()).await;
        self.enter("UPDATE_ROLLBACK_COMPLETE", None);
    }

    /// Makes a resource again what it was before the update. Says whether it is.
    async fn restore(&self, logical: &str, skip: bool) -> bool {
        let found = self.stack(|stack| {
            let old = stack.resources_before.get(logical).cloned()?;
            Some((old, stack.resources.get(logical).cloned()))
        });
        let Some((old, current)) = found.flatten() else { return true };
        let handle = |record: &ResourceRecord| record.handled.as_ref().map(|handled| handled.handle.clone());
        let put_back = |mut old: ResourceRecord| {
            // What it really had is set back. What the stack knows of it is the last deployment.
            if let Some(deployed) = old.deployed.take() {
                old.properties = deployed;
            }
            old.is_gone = false;
            self.stack(|stack| stack.resources.insert(logical.to_owned(), old));
        };
        let Some(current) = current else {
            put_back(old);
            return true;
        };
        if old.is_gone {
            // It was gone before the update: what was created in its place is deleted.
            if current.exists() {
                self.doom(logical, current);
            }
            put_back(old);
            return true;
        }
        if current.kind != old.kind || handle(&current) != handle(&old) {
            // A replacement: the old one was not deleted yet. The list of what a replacement leaves behind has it.
            let mut doomed = self.take_doomed();
            doomed.retain(|(name, _)| name != logical);
            doomed.into_iter().for_each(|(name, record)| self.doom(&name, record));
            if current.exists() {
                self.doom(logical, current);
            }
            put_back(old);
            self.tell(logical, "UPDATE_COMPLETE", None);
            return true;
        }
        if current.properties == old.properties {
            put_back(old);
            return true;
        }
        if skip {
            put_back(old);
            self.tell(logical, "UPDATE_COMPLETE", None);
            return true;
        }
        self.tell(logical, "UPDATE_IN_PROGRESS", None);
        let handle = handle(&old).unwrap_or_default();
        match self
            .service
            .handlers
            .update(&self.caller, &old.kind, &handle, &current.properties, &old.properties)
            .await
        {
            Ok(_) => {
                put_back(old);
                self.tell(logical, "UPDATE_COMPLETE", None);
                true
            }
            Err(failure) => {
                self.tell(logical, "UPDATE_FAILED", Some(&said(logical, &failure)));
                false
            }
        }
    }

    /// An import that failed: nothing is touched, the stack forgets what it took.
    pub(super) fn import_failed(&self, fault: &StackFault) {
        self.enter("IMPORT_ROLLBACK_IN_PROGRESS", Some(&fault.reason()));
        self.stack(|stack| {
            let new: Vec<String> = stack
                .resources
                .keys()
                .filter(|name| !stack.resources_before.contains_key(*name))
                .cloned()
                .collect();
            for name in new {
                stack.tell(&name, "IMPORT_ROLLBACK_COMPLETE", None);
                stack.resources.remove(&name);
            }
            stack.declared = stack.before.clone();
        });
        self.enter("IMPORT_ROLLBACK_COMPLETE", None);
    }
}

/// CloudFormation's reason for a stack that is not gone.
pub(super) fn undeleted(names: &BTreeSet<String>) -> String {
    let names = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    format!("The following resource(s) failed to delete: [{names}]. ")
}
