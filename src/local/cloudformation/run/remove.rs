//! Deletes resources: in parallel, each after what needs it.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;

use super::super::state::ResourceRecord;
use super::{Run, said};

impl Run {
    /// Deletes them, and returns the names of those that could not be deleted. What has the policy `Retain` stays. `own` says
    /// that they are still the stack's, which shows their status.
    pub(super) async fn remove(
        &self,
        doomed: Vec<(String, ResourceRecord)>,
        policy: &str,
        own: bool,
    ) -> BTreeSet<String> {
        self.remove_but(doomed, policy, own, false, &BTreeSet::new()).await
    }

    /// The same. `retain` are the names of those that stay, and `except_on_create` deletes new ones whatever their policy.
    pub(super) async fn remove_but(
        &self,
        doomed: Vec<(String, ResourceRecord)>,
        policy: &str,
        own: bool,
        except_on_create: bool,
        retain: &BTreeSet<String>,
    ) -> BTreeSet<String> {
        let mut left: Vec<(String, ResourceRecord)> = doomed;
        let mut under_way: Vec<(String, BTreeSet<String>)> = Vec::new();
        let mut failed: BTreeSet<String> = BTreeSet::new();
        let mut kept_needs: BTreeSet<String> = BTreeSet::new();
        let mut running: FuturesUnordered<BoxFuture<'_, (String, Option<String>)>> = FuturesUnordered::new();
        loop {
            let blocked = |name: &str| {
                let waits = |(_, record): &(String, ResourceRecord)| record.needs.contains(name);
                left.iter().any(waits)
                    || under_way.iter().any(|(_, needs)| needs.contains(name))
                    || kept_needs.contains(name)
            };
            let (ready, rest): (Vec<_>, Vec<_>) = left.iter().cloned().partition(|(name, _)| !blocked(name));
            left = rest;
            let mut skipped = false;
            for (logical, record) in ready {
                if retain.contains(&logical) || record.is_kept_by(policy, except_on_create) {
                    self.tell_removal(&logical, &record, "DELETE_SKIPPED", None, own);
                    skipped = true;
                    continue;
                }
                under_way.push((logical.clone(), record.needs.clone()));
                running.push(self.remove_one(logical, record, own).boxed());
            }
            if skipped {
                // What stays holds nothing back: what it needs may be ready now.
                continue;
            }
            let Some((logical, problem)) = running.next().await else { break };
            let at = under_way.iter().position(|(name, _)| *name == logical);
            let needs = at.map(|at| under_way.remove(at).1).unwrap_or_default();
            if problem.is_some() {
                // What it needs must stay as well.
                kept_needs.extend(needs);
                failed.insert(logical);
            }
        }
        failed
    }

    async fn remove_one(
        &self,
        logical: String,
        record: ResourceRecord,
        own: bool,
    ) -> (String, Option<String>) {
        self.tell_removal(&logical, &record, "DELETE_IN_PROGRESS", None, own);
        let Some(handled) = &record.handled else {
            self.tell_removal(&logical, &record, "DELETE_COMPLETE", None, own);
            return (logical, None);
        };
        match self.service.handlers.delete(&self.caller, &record.kind, &handled.handle).await {
            Ok(()) => {
                self.tell_removal(&logical, &record, "DELETE_COMPLETE", None, own);
                (logical, None)
            }
            Err(failure) => {
                let problem = said(&logical, &failure);
                self.tell_removal(&logical, &record, "DELETE_FAILED", Some(&problem), own);
                (logical, Some(problem))
            }
        }
    }

    fn tell_removal(
        &self,
        logical: &str,
        record: &ResourceRecord,
        status: &'static str,
        reason: Option<&str>,
        own: bool,
    ) {
        self.stack(|stack| {
            if own {
                stack.tell(logical, status, reason);
            } else {
                stack.tell_of(logical, record, status, reason);
            }
        });
    }
}
