//! The account as it is, and what the last apply recorded.

use serde_json::Value;

use super::account::Account;
use crate::graph::Graph;
use crate::home::Record;
use crate::model::{Address, Known, Live, Ownership, Snapshot};
use crate::observe::{self, OrphanSource};
use crate::review::{Change, Finding, Review};

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

    /// The findings that must be agreed to on their own. While a stack was never whole, everything in it is new and asked for.
    /// But what the account shows to be whole is not new, whatever the record says.
    pub(super) fn broadenings<'a>(&self, graph: &Graph, review: &'a Review) -> Vec<&'a Finding> {
        let established = self.is_established();
        let is_of = |finding: &Finding, change: &Change| change.address == finding.address;
        let on_whole = |finding: &Finding| {
            let changes = &mut review.changes.iter().filter(|change| is_of(finding, change));
            changes.any(|change| self.is_whole(graph, change))
        };
        review.security.iter().filter(|finding| established || on_whole(finding)).collect()
    }

    /// Whether what a change is about exists and was whole before this run, by what the account shows.
    ///
    /// Only a first apply that was killed leaves something half-made. It carries the stack's mark, because the mark is set at
    /// creation. And nothing that depends on it exists, because a run starts dependents only after a resource is whole.
    fn is_whole(&self, graph: &Graph, change: &Change) -> bool {
        let address = Address::new(&change.address);
        let Some(live) = self.snapshot.live.get(&address) else {
            return self.snapshot.orphans.iter().any(|orphan| orphan.address == address);
        };
        match live.ownership {
            // Somebody else made it, or one call made it as a part of something.
            Ownership::Unmarked | Ownership::Inherited => true,
            Ownership::Marked(_) => {
                let mut dependents = graph.dependents(&address).peekable();
                match dependents.peek() {
                    Some(_) => dependents.any(|dependent| self.snapshot.live.contains_key(dependent)),
                    None => changes_a_value(live, change),
                }
            }
        }
    }
}

/// Whether a change is about a property that has a value. What a killed creation left out has none.
fn changes_a_value(live: &Live, change: &Change) -> bool {
    let has_value = |path: &str| match live.properties.get(path.split(['.', '[']).next().unwrap_or(path)) {
        None | Some(Value::Null) => false,
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
        Some(_) => true,
    };
    change.properties.iter().any(|property| has_value(&property.path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::home::Run;
    use crate::model::{Contents, Declaration, Guard, Kind, Mark, Outputs, Readiness};

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

    /// A plan that changes a property of what is at this address, and gives more access by it.
    fn broader(address: &str, property: &str) -> Review {
        let change = json!({
            "address": address, "type": "AWS::IAM::Role", "region": "eu-west-1", "action": "update", "id": null,
            "reasons": [], "needs": [], "impact": null, "properties": [{
                "path": property, "before": null, "after": "more", "cause": "unknown", "applied": null,
                "forces_replacement": false,
            }],
        });
        let finding = json!({
            "address": address, "broadening": "allow", "principal": "role", "actions": [], "resources": [],
            "conditions": [], "origin": property,
        });
        let totals = json!({ "create": 0, "update": 1, "replace": 0, "delete": 0, "unchanged": 0 });
        serde_json::from_value(json!({
            "format_version": 1, "provision_version": "0", "stack": "vod", "account": "111122223333",
            "region": "eu-west-1", "against": "account", "changes": [change], "kept": [], "security": [finding],
            "notes": [], "totals": totals,
        }))
        .unwrap()
    }

    #[test]
    fn the_account_says_what_is_whole_and_not_the_record() {
        let mark = || Ownership::Marked(Mark { stack: "vod".into(), address: "a".into() });
        let asks = |live: &[Ownership], declared: &[(&str, &str)], property: &str| {
            let graph = Graph::new(declared.iter().map(|(address, after)| Declaration {
                address: (*address).into(),
                kind: Kind::new("AWS::IAM::Role"),
                region: "eu-west-1".into(),
                properties: json!({}),
                predicted: Outputs::new(),
                after: after.split_terminator(' ').map(Into::into).collect(),
                guard: Guard::None,
            }));
            let record = Record::new("vod", "me", false, Vec::new(), Run::default(), Vec::new());
            let mut state = state(live, Some(record));
            for seen in state.snapshot.live.values_mut() {
                seen.properties = json!({ "Policies": ["read"], "ManagedPolicyArns": [] });
            }
            !state.broadenings(&graph.unwrap(), &broader("0", property)).is_empty()
        };
        let needed = &[("0", ""), ("1", "0")];
        assert!(asks(&[mark(), mark()], needed, "ManagedPolicyArns"), "what needs it is there");
        assert!(!asks(&[mark()], needed, "Policies[x]"), "what needs it is not there yet");
        let last = &[("0", "")];
        assert!(asks(&[mark()], last, "Policies[x]"), "it has policies already");
        assert!(!asks(&[mark()], last, "ManagedPolicyArns"), "it has none yet");
        assert!(asks(&[Ownership::Inherited], last, "ManagedPolicyArns"), "a part");
        assert!(asks(&[Ownership::Unmarked], needed, "ManagedPolicyArns"), "it is adopted");
        assert!(!asks(&[], needed, "Policies[x]"), "it is new");
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
