//! The account as it is, and what the last apply recorded.

use super::session::Account;
use crate::graph::Graph;
use crate::home::Record;
use crate::model::{Known, Ownership, Snapshot};
use crate::observe::{self, OrphanSource};

/// The live account and the record of the last apply.
#[derive(Debug)]
pub struct ObservedState {
    /// What is live.
    pub snapshot: Snapshot,
    /// The record of the last apply, if there is one.
    pub record: Option<Record>,
}

impl ObservedState {
    /// Reads the account once. Former resources are found from the record of a complete apply. Without one, the account is also
    /// swept for the stack's tags.
    ///
    /// # Errors
    /// When a read fails: a plan of half an account is none.
    pub(super) async fn read(account: &Account, graph: &Graph) -> miette::Result<Self> {
        let regions = account.regions.read_pass();
        let declared = observe::declared(&regions, account.registry, graph);
        let additions = observe::additions(&regions, account.registry, graph);
        let former = async {
            let record = account.store.record().await?;
            let known = record.as_ref().map(Record::known).unwrap_or_default();
            let source = match &record {
                Some(record) if record.complete => OrphanSource::Record(&known),
                _ => OrphanSource::Sweep(&known),
            };
            let former = observe::remembered(&regions, account.registry, graph, source).await?;
            Ok::<_, miette::Report>((record, former))
        };
        let (live, additions, former) = tokio::join!(declared, additions, former);
        let (live, additions, (record, former)) = (live?, additions?, former?);
        let orphans = observe::orphans(&regions, account.registry, graph, &live, former).await?;
        let mut snapshot = Snapshot { live, orphans };
        observe::add(&mut snapshot, account.stack(), additions);
        let applied: Vec<(Known, serde_json::Value)> = record.iter().flat_map(Record::resources).collect();
        observe::recover(&regions, account.registry, graph, &mut snapshot, &applied).await?;
        Ok(Self { snapshot, record })
    }

    /// Whether an apply of the stack ever ran to its end. If the record is lost but tagged resources exist, the stack counts as
    /// established: an apply writes its record before anything else, so tagged resources without a record cannot come from a
    /// first apply.
    #[must_use]
    pub fn is_established(&self) -> bool {
        let Some(record) = &self.record else {
            let orphans = self.snapshot.orphans.iter().map(|orphan| &orphan.live);
            let mut found = self.snapshot.live.values().chain(orphans);
            return found.any(|live| matches!(live.ownership, Ownership::Marked(_)));
        };
        record.established || record.complete
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::home::Run;
    use crate::model::{Contents, Live, Mark, Outputs, Readiness};

    fn state(ownership: &[Ownership], record: Option<Record>) -> ObservedState {
        let live = ownership.iter().enumerate().map(|(number, ownership)| {
            let seen = Live {
                id: number.to_string(),
                properties: json!({}),
                outputs: Outputs::new(),
                ownership: ownership.clone(),
                readiness: Readiness::Ready,
                contents: Contents::Nothing,
            };
            (number.to_string().as_str().into(), seen)
        });
        ObservedState { snapshot: Snapshot { live: live.collect(), orphans: Vec::new() }, record }
    }

    #[test]
    fn a_stack_whose_record_is_lost_counts_as_established() {
        let ours = Ownership::Marked(Mark { stack: "vod".into(), address: "a".into() });
        let record = |complete| Record::new("vod", "me", complete, Vec::new(), Run::default(), Vec::new());
        assert!(state(std::slice::from_ref(&ours), None).is_established());
        assert!(!state(&[], None).is_established(), "a first apply");
        assert!(!state(&[Ownership::Unmarked], None).is_established(), "a first apply that adopts");
        assert!(
            !state(std::slice::from_ref(&ours), Some(record(false))).is_established(),
            "a first apply goes on"
        );
        assert!(state(&[ours], Some(record(true))).is_established());
    }
}
