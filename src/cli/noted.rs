//! What the home bucket is told of a run: that it begins, and how it ended.

use std::collections::BTreeMap;

use super::session::{Session, Survey};
use crate::execute::Outcome;
use crate::home::{AppliedPlan, Ended, Ending, Record, Recorded, Run};
use crate::plan::Plan;
use crate::saved::Package;

/// A run whose begin is noted.
pub(super) struct Noted {
    run: Run,
    plans: Vec<AppliedPlan>,
    /// Whether an apply of the stack ran to its end before.
    established: bool,
}

impl Noted {
    /// Notes that a run begins: until its end is noted, the stack's resources are also looked for by their marks, so
    /// nothing that an interrupted run made is forgotten. From here on a saved plan, by its digest, counts as applied.
    pub(super) async fn begin(
        session: &Session,
        survey: &Survey,
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
        let noted = Self { run, plans, established: survey.is_established() };
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
        self.end(session, plan, outcome, false, former(survey)).await
    }

    async fn write(&self, session: &Session, complete: bool, resources: Vec<Recorded>) -> miette::Result<()> {
        let (run, plans) = (self.run.clone(), self.plans.clone());
        let mut record = Record::new(session.stack(), &session.by, complete, resources, run, plans);
        record.established = complete || self.established;
        Ok(session.home.put_record(&record).await?)
    }
}

fn former(survey: &Survey) -> Vec<Recorded> {
    survey.record.as_ref().map(|record| record.resources.clone()).unwrap_or_default()
}

/// The saved plans that were applied to the stack, before its last teardown too.
pub(super) async fn applied_plans(session: &Session, survey: &Survey) -> miette::Result<Vec<AppliedPlan>> {
    if let Some(record) = &survey.record {
        return Ok(record.plans.clone());
    }
    let last = session.home.last_record(session.stack()).await?;
    Ok(last.map(|record| record.plans).unwrap_or_default())
}
