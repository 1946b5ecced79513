//! Makes the resources of a stack as its template declares them: in parallel, each after what it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;
use serde_json::{Map, Value, json};

use super::super::compare::Whereabouts;
use super::super::functions::KnownResource;
use super::super::handlers::{HandledResource, HandlerFailure};
use super::super::policy;
use super::super::state::{DeclaredStack, ResourceRecord, now};
use super::super::values::is_same;
use super::{Run, WorkKind, said};

/// Why a stack is not as declared.
#[derive(Debug, PartialEq)]
pub(super) enum StackFault {
    /// These resources failed: to create, and to update.
    Failed { created: BTreeSet<String>, updated: BTreeSet<String> },
    /// The template as a whole.
    Problem(String),
    /// Somebody cancelled the update.
    Cancelled,
    /// Somebody deletes the stack.
    Superseded,
}

impl StackFault {
    /// CloudFormation's reason for the stack.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Failed { created, updated } => {
                let list = |what: &str, names: &BTreeSet<String>| {
                    let names = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                    if names.is_empty() {
                        return String::new();
                    }
                    format!("The following resource(s) failed to {what}: [{names}]. ")
                };
                list("create", created) + &list("update", updated)
            }
            Self::Problem(problem) => format!("{problem} "),
            Self::Cancelled => "User Initiated ".to_owned(),
            Self::Superseded => String::new(),
        }
    }
}

/// What is done with a resource.
enum ResourceStep {
    Keep,
    Create,
    Import(Map<String, Value>),
    /// With the properties before.
    Update(HandledResource, Value),
    Replace,
}

/// A resource's end: whether it was to be created or updated, and the failure.
struct Ended {
    logical: String,
    creates: bool,
    problem: Option<String>,
}

impl Run {
    /// The names of the resources whose conditions hold.
    pub(super) fn wanted(&self, target: &DeclaredStack) -> BTreeSet<String> {
        let nothing = |_: &str| None;
        let all = || target.template.section("Resources");
        self.with_whereabouts(|place| {
            let environment = place.environment(target, &nothing).ok();
            let holds = |body: &Value| environment.as_ref().is_none_or(|known| known.is_wanted(body));
            all().filter(|(_, body)| holds(body)).map(|(name, _)| name.clone()).collect()
        })
    }

    pub(super) fn with_whereabouts<T>(&self, work: impl FnOnce(&Whereabouts<'_>) -> T) -> T {
        let (name, exports) = self.service.shelf(&self.place, |shelf| {
            let name = shelf.find(&self.id).map(|stack| stack.name.clone()).unwrap_or_default();
            (name, shelf.exports())
        });
        let place = Whereabouts {
            account: &self.place.account,
            region: &self.place.region,
            name: &name,
            id: &self.id,
            exports,
        };
        work(&place)
    }

    /// What exists, as functions read it.
    pub(super) fn known(&self) -> BTreeMap<String, KnownResource> {
        let known = self.stack(|stack| {
            let one = |(logical, record): (&String, &ResourceRecord)| {
                let handled = record.handled.as_ref().filter(|_| record.exists())?;
                Some((logical.clone(), (handled.reference.clone(), handled.attributes.clone())))
            };
            stack.resources.iter().filter_map(one).collect()
        });
        known.unwrap_or_default()
    }

    /// Makes everything as declared. After the first failure, nothing else begins.
    pub(super) async fn converge(&self, target: &DeclaredStack, kind: &WorkKind) -> Result<(), StackFault> {
        let wanted = self.wanted(target);
        self.check_removals(&wanted)?;
        let needs: BTreeMap<String, BTreeSet<String>> = target.template.needs();
        let mut pending: BTreeSet<String> = wanted.clone();
        let mut done: BTreeSet<String> = BTreeSet::new();
        let mut running: FuturesUnordered<BoxFuture<'_, Ended>> = FuturesUnordered::new();
        let mut under_way: BTreeMap<String, bool> = BTreeMap::new();
        let (mut created, mut updated) = (BTreeSet::new(), BTreeSet::new());
        loop {
            if !self.is_stopping() && !self.cancel.is_cancelled() {
                let is_ready = |name: &&String| {
                    needs[*name].iter().all(|need| done.contains(need) || !wanted.contains(need))
                };
                let ready: Vec<String> = pending.iter().filter(is_ready).cloned().collect();
                for logical in ready {
                    pending.remove(&logical);
                    let step = self.begin_step(target, kind, &logical, &needs[&logical]);
                    under_way.insert(logical.clone(), step.1);
                    running.push(step.0);
                }
            }
            let Some(Ended { logical, creates, problem }) = running.next().await else { break };
            under_way.remove(&logical);
            match problem {
                None => drop(done.insert(logical)),
                Some(_) if self.is_stopping() => {}
                Some(problem) => {
                    self.stopping.store(true, Ordering::SeqCst);
                    let failed = match kind {
                        WorkKind::Import(_) => "IMPORT_FAILED",
                        _ if creates => "CREATE_FAILED",
                        _ => "UPDATE_FAILED",
                    };
                    self.tell(&logical, failed, Some(&problem));
                    let list = if creates { &mut created } else { &mut updated };
                    list.insert(logical);
                    for (other, creates) in &under_way {
                        let (status, reason) = match creates {
                            true => ("CREATE_FAILED", "Resource creation cancelled"),
                            false => ("UPDATE_FAILED", "Resource update cancelled"),
                        };
                        self.tell(other, status, Some(reason));
                        let list = if *creates { &mut created } else { &mut updated };
                        list.insert(other.clone());
                    }
                }
            }
        }
        if !created.is_empty() || !updated.is_empty() {
            return Err(StackFault::Failed { created, updated });
        }
        if pending.is_empty() {
            return Ok(());
        }
        let deletes = self.stack(|stack| stack.status == "DELETE_IN_PROGRESS").unwrap_or(true);
        Err(if deletes { StackFault::Superseded } else { StackFault::Cancelled })
    }

    /// Refuses to remove what the stack's policy keeps.
    fn check_removals(&self, wanted: &BTreeSet<String>) -> Result<(), StackFault> {
        let denied = self.stack(|stack| {
            let policy = stack.policy.clone();
            let gone =
                stack.resources.iter().filter(|(name, record)| !wanted.contains(*name) && record.exists());
            let denied = gone.filter_map(|(name, record)| {
                let checked = policy::check_action(policy.as_deref(), name, &record.kind, "Update:Delete");
                Some((name.clone(), checked.err()?))
            });
            let denied: Vec<(String, String)> = denied.collect();
            denied.iter().for_each(|(name, problem)| stack.tell(name, "UPDATE_FAILED", Some(problem)));
            denied.into_iter().map(|(name, _)| name).collect::<BTreeSet<String>>()
        });
        let updated = denied.unwrap_or_default();
        if updated.is_empty() {
            Ok(())
        } else {
            Err(StackFault::Failed { created: BTreeSet::new(), updated })
        }
    }

    /// Begins with a resource. The second value says whether it is created.
    fn begin_step<'a>(
        &'a self,
        target: &DeclaredStack,
        kind: &WorkKind,
        logical: &str,
        needs: &BTreeSet<String>,
    ) -> (BoxFuture<'a, Ended>, bool) {
        let known = self.known();
        let body = target.template.body["Resources"][logical].clone();
        let read = |name: &str| known.get(name).cloned();
        let properties = self.with_whereabouts(|place| {
            let environment = place.environment(target, &read)?;
            environment.value(&body["Properties"])
        });
        let logical = logical.to_owned();
        let (properties, problem) = match properties {
            Ok(Value::Null) => (json!({}), None),
            Ok(properties) => (properties, None),
            Err(problem) => (json!({}), Some(problem)),
        };
        let import = match kind {
            WorkKind::Import(imports) => imports.get(&logical).cloned(),
            _ => None,
        };
        let planned = self.plan_step(&logical, &body, &properties, needs, import);
        let (step, creates, problem) = match (planned, problem) {
            (Ok((step, creates)), problem) => (step, creates, problem),
            (Err(problem), _) => (ResourceStep::Keep, false, Some(problem)),
        };
        if let Some(problem) = problem {
            let ended = Ended { logical, creates, problem: Some(problem) };
            return (async move { ended }.boxed(), creates);
        }
        let kind = body["Type"].as_str().unwrap_or_default().to_owned();
        let work = async move {
            let problem = self.take_step(step, &logical, &kind, &properties).await.err();
            Ended { logical, creates, problem }
        };
        (work.boxed(), creates)
    }

    /// Decides what is done with a resource, and writes it down.
    fn plan_step(
        &self,
        logical: &str,
        body: &Value,
        properties: &Value,
        needs: &BTreeSet<String>,
        import: Option<Map<String, Value>>,
    ) -> Result<(ResourceStep, bool), String> {
        let kind = body["Type"].as_str().unwrap_or_default().to_owned();
        let facts = self.type_of(&kind);
        let policy = self.stack(|stack| stack.policy.clone()).flatten();
        let planned = self.stack(|stack| {
            let fresh = ResourceRecord {
                kind: kind.clone(),
                at: now(),
                properties: properties.clone(),
                body: body.clone(),
                needs: needs.clone(),
                is_new: true,
                ..ResourceRecord::default()
            };
            let existing = stack.resources.get_mut(logical).filter(|record| record.exists());
            let Some(record) = existing else {
                stack.resources.insert(logical.to_owned(), fresh);
                return Ok((import.map_or(ResourceStep::Create, ResourceStep::Import), true));
            };
            let differs = |name: &str| !is_same(&record.properties[name], &properties[name]);
            let replaces = record.kind != kind || facts.create_only.iter().any(|name| differs(name));
            if !replaces && is_same(&record.properties, properties) {
                record.body = body.clone();
                record.needs = needs.clone();
                return Ok((ResourceStep::Keep, false));
            }
            policy::check(policy.as_deref(), logical, &kind, replaces)?;
            if !replaces {
                let handled = record.handled.clone().unwrap_or_default();
                let before = std::mem::replace(&mut record.properties, properties.clone());
                record.body = body.clone();
                record.needs = needs.clone();
                return Ok((ResourceStep::Update(handled, before), false));
            }
            let custom = facts.name.and_then(|name| properties[name].as_str().filter(|_| !differs(name)));
            if let Some(name) = custom.filter(|_| record.kind == kind) {
                return Err(format!(
                    "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {name} and \
                     update the stack again."
                ));
            }
            let old = std::mem::replace(record, ResourceRecord { is_new: false, ..fresh });
            stack.doomed.push((logical.to_owned(), old));
            Ok((ResourceStep::Replace, false))
        });
        planned.unwrap_or_else(|| Err("the local cloud was emptied".to_owned()))
    }

    async fn take_step(
        &self,
        step: ResourceStep,
        logical: &str,
        kind: &str,
        properties: &Value,
    ) -> Result<(), String> {
        let failed = |failure: HandlerFailure| said(logical, &failure);
        match step {
            ResourceStep::Keep => Ok(()),
            ResourceStep::Create => {
                self.tell(logical, "CREATE_IN_PROGRESS", None);
                self.check_required(kind, properties)?;
                let handled =
                    self.service.handlers.create(&self.caller, kind, properties).await.map_err(failed)?;
                let handle = self.made(logical, handled);
                self.progress(logical, "CREATE_IN_PROGRESS", Some("Resource creation Initiated"));
                self.service.handlers.settle(&self.caller, kind, &handle).await.map_err(failed)?;
                self.progress(logical, "CREATE_COMPLETE", None);
                Ok(())
            }
            ResourceStep::Replace => {
                let reason =
                    "Requested update requires the creation of a new physical resource; hence creating one.";
                self.tell(logical, "UPDATE_IN_PROGRESS", Some(reason));
                self.check_required(kind, properties)?;
                let handled =
                    self.service.handlers.create(&self.caller, kind, properties).await.map_err(failed)?;
                let handle = self.made(logical, handled);
                self.progress(logical, "UPDATE_IN_PROGRESS", Some("Resource creation Initiated"));
                self.service.handlers.settle(&self.caller, kind, &handle).await.map_err(failed)?;
                self.progress(logical, "UPDATE_COMPLETE", None);
                Ok(())
            }
            ResourceStep::Update(handled, before) => {
                self.tell(logical, "UPDATE_IN_PROGRESS", None);
                self.check_required(kind, properties)?;
                let update =
                    self.service.handlers.update(&self.caller, kind, &handled.handle, &before, properties);
                let handle = self.made(logical, update.await.map_err(failed)?);
                self.service.handlers.settle(&self.caller, kind, &handle).await.map_err(failed)?;
                self.progress(logical, "UPDATE_COMPLETE", None);
                Ok(())
            }
            ResourceStep::Import(identifiers) => {
                self.tell(logical, "IMPORT_IN_PROGRESS", None);
                let find = self.service.handlers.find(&self.caller, kind, &identifiers, properties);
                let handled = find.await.map_err(failed)?;
                self.made(logical, handled);
                self.progress(logical, "IMPORT_IN_PROGRESS", Some("Resource import started."));
                self.progress(logical, "IMPORT_COMPLETE", Some("Resource import completed."));
                Ok(())
            }
        }
    }

    fn check_required(&self, kind: &str, properties: &Value) -> Result<(), String> {
        let missing = self.type_of(kind).required.iter().find(|name| properties.get(**name).is_none());
        match missing {
            Some(name) => Err(format!("Property validation failure: [The property {{/{name}}} is required]")),
            None => Ok(()),
        }
    }

    /// Writes down that a resource exists. Returns its handle.
    fn made(&self, logical: &str, handled: HandledResource) -> String {
        let handle = handled.handle.clone();
        self.stack(|stack| {
            if let Some(record) = stack.resources.get_mut(logical) {
                record.handled = Some(handled);
            }
        });
        handle
    }

    /// Tells how far a resource is, unless it was told to be cancelled.
    fn progress(&self, logical: &str, status: &'static str, reason: Option<&str>) {
        if !self.is_stopping() {
            self.tell(logical, status, reason);
        }
    }
}
