//! What the home bucket is told of a run: that it begins, and how it ended.

use std::collections::BTreeMap;

use super::session::{Session, Survey};
use crate::execute::Outcome;
use crate::home::{AppliedPlan, Ended, Ending, Record, Recorded, Run};
use crate::model::{Known, Scope};
use crate::plan::{Action, Plan};
use crate::resource::Resource as _;
use crate::resource::route53::RecordSet;
use crate::saved::Package;

/// A run whose begin is noted.
pub(super) struct Noted {
    run: Run,
    plans: Vec<AppliedPlan>,
    /// Whether an apply of the stack ran to its end before.
    established: bool,
    /// What carries no mark and may be made by a run that has not ended.
    begun: Vec<Known>,
}

impl Noted {
    /// Notes that a run begins: until its end is noted, the stack's resources are also looked for by their marks, so
    /// nothing that an interrupted run made is forgotten. From here on a saved plan, by its digest, counts as applied.
    pub(super) async fn begin(
        session: &Session,
        (survey, plan): (&Survey, &Plan),
        command: &str,
        saved: Option<&str>,
        packages: &[Package],
    ) -> miette::Result<Self> {
        let bundles: BTreeMap<String, String> =
            packages.iter().map(|package| (package.handler.clone(), package.sha256.clone())).collect();
        let run = Run::begin(command, saved, bundles);
        let mut plans = applied_plans(session, survey).await?;
        plans.extend(saved.zip(run.began).map(|(digest, at)| AppliedPlan {
            digest: digest.to_owned(),
            at,
            by: session.by.clone(),
        }));
        let begun = begun(session.regions.scope(), survey, plan);
        let noted = Self { run, plans, established: survey.is_established(), begun };
        noted.write(session, false, former(survey)).await?;
        Ok(noted)
    }

    /// Notes how it ended, and what exists then.
    pub(super) async fn end(
        mut self,
        session: &Session,
        plan: &Plan,
        outcome: &Outcome,
        complete: bool,
        resources: Vec<Recorded>,
    ) -> miette::Result<()> {
        if complete {
            self.begun.clear();
        }
        self.finish(session, plan, outcome, complete, resources).await
    }

    async fn finish(
        mut self,
        session: &Session,
        plan: &Plan,
        outcome: &Outcome,
        complete: bool,
        resources: Vec<Recorded>,
    ) -> miette::Result<()> {
        let how = match outcome {
            Outcome { interrupted: true, .. } => Ending::Interrupted,
            outcome if outcome.is_complete() => Ending::Complete,
            _ => Ending::Failed,
        };
        self.run.ended = Some(Ended { how, tally: outcome.tally(plan) });
        self.write(session, complete, resources).await
    }

    /// Notes how a teardown ended. Whether anything is left, the audit after it shows: until then all of it may be.
    pub(super) async fn end_teardown(
        self,
        session: &Session,
        survey: &Survey,
        plan: &Plan,
        outcome: &Outcome,
    ) -> miette::Result<()> {
        self.finish(session, plan, outcome, false, former(survey)).await
    }

    async fn write(&self, session: &Session, complete: bool, resources: Vec<Recorded>) -> miette::Result<()> {
        let (run, plans) = (self.run.clone(), self.plans.clone());
        let mut record = Record::new(session.stack(), &session.by, complete, resources, run, plans);
        record.established = complete || self.established;
        record.begun = self.begun.clone();
        Ok(session.home.put_record(&record).await?)
    }
}

fn former(survey: &Survey) -> Vec<Recorded> {
    survey.record.as_ref().map(|record| record.resources.clone()).unwrap_or_default()
}

/// The records in a zone that a plan makes, and those of runs that did not end: no sweep finds them, and one that leads to
/// a distribution which is gone could not even be told for the stack's.
fn begun(scope: &Scope, survey: &Survey, plan: &Plan) -> Vec<Known> {
    let made = plan.steps.iter().filter_map(|step| {
        let Action::Create { desired } = &step.action else { return None };
        let records =
            (step.kind == RecordSet::KIND).then(|| serde_json::from_value::<RecordSet>(desired.clone()).ok());
        Some(Known {
            address: step.address.clone(),
            kind: step.kind.clone(),
            region: step.region.clone(),
            id: records??.id(scope)?,
        })
    });
    let before = survey.record.iter().flat_map(|record| record.begun.clone());
    let mut begun: Vec<Known> = Vec::new();
    for known in before.chain(made) {
        if !begun.contains(&known) {
            begun.push(known);
        }
    }
    begun
}

/// The saved plans that were applied to the stack, before its last teardown too.
pub(super) async fn applied_plans(session: &Session, survey: &Survey) -> miette::Result<Vec<AppliedPlan>> {
    if let Some(record) = &survey.record {
        return Ok(record.plans.clone());
    }
    let last = session.home.last_record(session.stack()).await?;
    Ok(last.map(|record| record.plans).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::graph::Graph;
    use crate::model::{Snapshot, resolve};
    use crate::plan::{Rules, plan};
    use crate::resource::registry;

    /// Killed after it made the alias of one name, and applied with another one: the first must be found.
    #[test]
    fn records_in_a_zone_are_noted_before_they_are_made() {
        let (region, account) = ("eu-west-1".to_owned(), "111122223333".to_owned());
        let scope = Scope { stack: "vod".into(), account, region: region.clone() };
        let planned = |name: &str| {
            let alias = json!({ "HostedZoneId": "Z1", "Name": name, "Type": "A", "TTL": "60", "ResourceRecords": ["192.0.2.1"] });
            let declaration = crate::model::Declaration {
                address: "delivery/alias-a".into(),
                kind: RecordSet::KIND,
                region: region.clone(),
                properties: resolve(&alias, &|_| None),
                predicted: crate::model::Outputs::new(),
                after: std::collections::BTreeSet::new(),
                guard: crate::model::Guard::None,
            };
            let rules = |kind: &_| Rules {
                create_only: &[],
                write_only: &[],
                rank: 0,
                normal: registry().get(kind).unwrap().normal(),
            };
            plan(&scope, &Graph::new([declaration]).unwrap(), &Snapshot::default(), &rules)
        };
        let first =
            begun(&scope, &Survey { snapshot: Snapshot::default(), record: None }, &planned("a.example.com"));
        let mut record = Record::new("vod", "me", false, Vec::new(), Run::default(), Vec::new());
        record.begun = first;
        let survey = Survey { snapshot: Snapshot::default(), record: Some(record) };
        let both = begun(&scope, &survey, &planned("b.example.com"));
        let ids: Vec<&str> = both.iter().map(|known| known.id.as_str()).collect();
        assert_eq!(ids, ["Z1/a.example.com/A", "Z1/b.example.com/A"]);
        assert_eq!(survey.record.unwrap().known()[0].id, "Z1/a.example.com/A");
    }
}
