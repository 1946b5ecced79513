//! The run journal: the record that says that a run began, and the one that says how it ended.

use std::collections::BTreeMap;

use super::account::Account;
use super::declared::origins;
use super::state::ObservedState;
use crate::execute::Outcome;
use crate::home::{AppliedPlan, Ended, Ending, Record, Recorded, Run};
use crate::model::{Known, resolve};
use crate::plan::{Plan, StepAction};
use crate::saved::Package;

/// What a run is, as history shows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunKind<'a> {
    /// `apply` or `teardown`.
    pub(super) command: &'static str,
    /// The digest of the saved plan that it carries out, if it is one.
    pub(super) saved: Option<&'a str>,
    /// The packages that it deploys.
    pub(super) packages: &'a [Package],
}

/// What a run records.
pub(super) struct RunJournal {
    run: Run,
    plans: Vec<AppliedPlan>,
    /// Whether an apply of the stack ran to its end before.
    established: bool,
    /// What this run, or one that was killed, may have made of types that do not show their owner.
    begun: Vec<Known>,
}

impl RunJournal {
    /// The journal of a run that carries out this plan. `former` are the [`former_plans`], if there is no record. Nothing
    /// is written yet.
    pub(super) async fn prepare(
        account: &Account,
        (state, plan): (&ObservedState, &Plan),
        kind: RunKind<'_>,
        former: Option<Vec<AppliedPlan>>,
    ) -> miette::Result<Self> {
        let bundles: BTreeMap<String, String> =
            kind.packages.iter().map(|package| (package.handler.clone(), package.sha256.clone())).collect();
        let mut run = Run::begin(kind.command, kind.saved, bundles);
        run.origins = origins(kind.packages);
        let mut plans = match former.filter(|_| state.record.is_none()) {
            Some(plans) => plans,
            None => applied_plans(account, state).await?,
        };
        plans.extend(kind.saved.zip(run.began).map(|(digest, at)| AppliedPlan {
            digest: digest.to_owned(),
            at,
            by: account.by.clone(),
        }));
        let begun = begun(account, state, plan);
        Ok(Self { run, plans, established: state.is_established(), begun })
    }

    /// Records that the run begins. Until its end is recorded, plans also sweep the account for the stack's tags, so that
    /// what a killed run made is found. From here on a saved plan counts as applied.
    pub(super) async fn begin(&self, account: &Account, state: &ObservedState) -> miette::Result<()> {
        self.write(account, false, former(state)).await
    }

    /// Records how the run ended, and what exists now.
    pub(super) async fn end(
        mut self,
        account: &Account,
        (plan, outcome): (&Plan, &Outcome),
        exists: Exists,
    ) -> miette::Result<()> {
        let how = match outcome {
            Outcome { interrupted: true, .. } => Ending::Interrupted,
            outcome if outcome.is_complete() => Ending::Complete,
            _ => Ending::Failed,
        };
        self.run.ended = Some(Ended { how, tally: outcome.tally(plan) });
        if exists.complete {
            self.begun.clear();
        }
        self.write(account, exists.complete, exists.resources).await
    }

    async fn write(&self, account: &Account, complete: bool, resources: Vec<Recorded>) -> miette::Result<()> {
        let (run, plans) = (self.run.clone(), self.plans.clone());
        let mut record = Record::new(account.stack(), &account.by, complete, resources, run, plans);
        record.established = complete || self.established;
        record.begun = self.begun.clone();
        record.engine = Some(account.engine.kind().to_string());
        Ok(account.store.put_record(&record).await?)
    }
}

/// What exists after a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Exists {
    /// Whether the record names everything that exists, so that the next plan needs no sweep.
    pub(super) complete: bool,
    /// What exists, with the properties that were applied.
    pub(super) resources: Vec<Recorded>,
}

/// What the last record says exists.
pub(super) fn former(state: &ObservedState) -> Vec<Recorded> {
    state.record.as_ref().map(|record| record.resources.clone()).unwrap_or_default()
}

/// What a plan makes of types that do not show their owner, and what runs that did not end began to make of them: the tag
/// sweep does not find them, and once a DNS record's distribution is deleted it cannot be recognised as ours.
fn begun(account: &Account, state: &ObservedState, plan: &Plan) -> Vec<Known> {
    let made = plan.steps.iter().filter_map(|step| {
        let StepAction::Create { desired } = &step.action else { return None };
        let adapter = account.registry.get(&step.kind).filter(|adapter| !adapter.shows_owner())?;
        let id = adapter.id(&account.regions.context(&step.region), &resolve(desired, &|_| None))?;
        let (address, kind, region) = (step.address.clone(), step.kind.clone(), step.region.clone());
        Some(Known { address, kind, region, id })
    });
    let before = state.record.iter().flat_map(|record| record.begun.clone());
    let mut begun: Vec<Known> = Vec::new();
    for known in before.chain(made) {
        if !begun.contains(&known) {
            begun.push(known);
        }
    }
    begun
}

/// The plans of a deleted record, if the account as it was seen has no record. Read early: no other read needs them.
pub(super) async fn former_plans(
    account: &Account,
    seen: &ObservedState,
) -> miette::Result<Option<Vec<AppliedPlan>>> {
    match seen.record {
        Some(_) => Ok(None),
        None => applied_plans(account, seen).await.map(Some),
    }
}

/// The saved plans that were applied to the stack since it was made, even if the current record was deleted.
pub(super) async fn applied_plans(
    account: &Account,
    state: &ObservedState,
) -> miette::Result<Vec<AppliedPlan>> {
    if let Some(record) = &state.record {
        return Ok(record.plans.clone());
    }
    let last = account.store.last_record().await?;
    Ok(last.map(|record| record.plans).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::aws::{Connection, LocalCloud, Regions};
    use crate::graph::Graph;
    use crate::model::{Declaration, Guard, Outputs, Scope, Snapshot};
    use crate::ops::engine::Direct;
    use crate::ops::store::HomeBucket;
    use crate::resource::route53::RecordSet;
    use crate::resource::{Resource as _, registry};

    async fn account() -> Account {
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        let target = LocalCloud::new("http://127.0.0.1:9", &scope.account, "secret");
        let regions = Arc::new(Regions::new(Connection::to_local(target, &scope.region).await, scope));
        let store = Box::new(HomeBucket::new(&regions, registry()));
        let engine = Box::new(Direct);
        Account { regions, registry: registry(), store, engine, by: "me".into(), keeps_records: false }
    }

    /// Killed after it made the alias of one name, and applied with another one: the first must be found.
    #[tokio::test]
    async fn records_in_a_zone_are_noted_before_they_are_made() {
        let account = account().await;
        let planned = |name: &str| {
            let alias = json!({ "HostedZoneId": "Z1", "Name": name, "Type": "A", "TTL": "60", "ResourceRecords": ["192.0.2.1"] });
            let declaration = Declaration {
                address: "delivery/alias-a".into(),
                kind: RecordSet::KIND,
                region: "eu-west-1".into(),
                properties: alias,
                predicted: Outputs::new(),
                after: BTreeSet::new(),
                guard: Guard::None,
            };
            let graph = Graph::new([declaration]).unwrap();
            crate::plan::plan(account.scope(), &graph, &Snapshot::default(), &|kind| account.rules(kind))
        };
        let state = |record| ObservedState { snapshot: Snapshot::default(), record };
        let first = begun(&account, &state(None), &planned("a.example.com"));
        let mut record = Record::new("vod", "me", false, Vec::new(), Run::default(), Vec::new());
        record.begun = first;
        assert_eq!(record.known()[0].id, "Z1/a.example.com/A");
        let both = begun(&account, &state(Some(record)), &planned("b.example.com"));
        let ids: Vec<&str> = both.iter().map(|known| known.id.as_str()).collect();
        assert_eq!(ids, ["Z1/a.example.com/A", "Z1/b.example.com/A"]);
    }
}
