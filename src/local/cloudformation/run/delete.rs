//! The deletion of a stack.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio_util::sync::CancellationToken;

use super::super::CloudFormation;
use super::super::handlers::HandlerCaller;
use super::super::state::{StackPlace, StackRecord};
use super::{Run, rollback};

/// A deletion that has begun.
pub(in super::super) struct DeletionWork {
    place: StackPlace,
    id: String,
    caller: HandlerCaller,
    retain: BTreeSet<String>,
    force: bool,
    busy: Arc<tokio::sync::Mutex<()>>,
}

/// Begins a deletion: the stack's state says so from now on, and what is under way stops.
pub(in super::super) fn prepare(
    place: &StackPlace,
    caller: HandlerCaller,
    stack: &mut StackRecord,
    retain: Vec<String>,
    force: bool,
    token: Option<&str>,
) -> DeletionWork {
    stack.cancel.cancel();
    stack.token = token.map(str::to_owned);
    stack.enter("DELETE_IN_PROGRESS", Some("User Initiated"));
    DeletionWork {
        place: place.clone(),
        id: stack.id.clone(),
        caller,
        retain: retain.into_iter().collect(),
        force,
        busy: Arc::clone(&stack.busy),
    }
}

/// Deletes a stack beside the call.
pub(in super::super) fn begin(service: &Arc<CloudFormation>, work: DeletionWork) {
    let service = Arc::clone(service);
    tokio::spawn(async move {
        let DeletionWork { place, id, caller, retain, force, busy } = work;
        let _busy = busy.lock().await;
        let cancel = CancellationToken::new();
        let run = Run { service, place, id, caller, cancel, stopping: AtomicBool::new(false) };
        run.delete(&retain, force).await;
    });
}

impl Run {
    async fn delete(&self, retain: &BTreeSet<String>, force: bool) {
        let doomed = self.stack(|stack| {
            let exists = stack.resources.iter().filter(|(_, record)| record.exists());
            exists.map(|(name, record)| (name.clone(), record.clone())).collect::<Vec<_>>()
        });
        let left_behind = self.take_doomed();
        self.remove(left_behind, "UpdateReplacePolicy", false).await;
        let failed = self.remove_but(doomed.unwrap_or_default(), "DeletionPolicy", true, false, retain).await;
        if failed.is_empty() || force {
            for name in &failed {
                self.tell(name, "DELETE_SKIPPED", None);
            }
            self.stack(|stack| stack.outputs.clear());
            self.enter("DELETE_COMPLETE", None);
        } else {
            self.enter("DELETE_FAILED", Some(&rollback::undeleted(&failed)));
        }
    }
}
