//! What AWS rolls out again because something else changes: a distribution, after a change of its key group.

use std::collections::BTreeMap;

use crate::execute::{Dependent, Dependents};
use crate::graph::Graph;
use crate::model::{Address, Declaration, Kind, Live};
use crate::plan::Plan;
use crate::resource::{Adapter, Registry};

/// The live resources that AWS rolls out again when the plan changes something that they refer to. One that the plan changes
/// itself is awaited anyway.
pub(super) fn dependents(
    registry: &Registry,
    graph: &Graph,
    plan: &Plan,
    live: &BTreeMap<Address, Live>,
) -> Dependents {
    let is = |kind: &Kind, what: fn(&dyn Adapter) -> bool| registry.get(kind).is_some_and(what);
    let unchanged = |address: &&Address| plan.unchanged.contains(address);
    let settling = |address: &Address| {
        let (declared, live) = (graph.get(address)?, live.get(address)?);
        let Declaration { kind, region, .. } = declared;
        let dependent = Dependent { kind: kind.clone(), region: region.clone(), id: live.id.clone() };
        is(kind, |adapter| adapter.settles()).then_some(dependent)
    };
    let of = |declared: &Declaration| {
        let found = graph.dependents(&declared.address).filter(unchanged).filter_map(settling);
        (declared.address.clone(), found.collect())
    };
    graph.in_order().filter(|declared| is(&declared.kind, |adapter| adapter.unsettles())).map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Contents, Guard, Outputs, Ownership, Readiness, Scope};
    use crate::resource::registry;

    fn declared(address: &str, kind: &'static str, properties: Value) -> Declaration {
        Declaration {
            address: Address::new(address),
            kind: Kind::new(kind),
            region: "us-east-1".into(),
            properties,
            predicted: Outputs::new(),
            after: BTreeSet::new(),
            guard: Guard::None,
        }
    }

    fn live(address: &str) -> (Address, Live) {
        let live = Live {
            id: format!("id of {address}"),
            properties: json!({}),
            outputs: Outputs::new(),
            ownership: Ownership::Unmarked,
            readiness: Readiness::Ready,
            contents: Contents::Nothing,
        };
        (Address::new(address), live)
    }

    #[test]
    fn a_distribution_depends_on_its_keys_and_policies_and_no_function_on_its_logs() {
        let refers = |to: &str| json!({ "To": { "Fn::GetAtt": [to, "Id"] } });
        let graph = Graph::new([
            declared("keys", "AWS::CloudFront::KeyGroup", json!({})),
            declared("distribution", "AWS::CloudFront::Distribution", refers("keys")),
            declared("policy", "AWS::S3::BucketPolicy", refers("distribution")),
            declared("logs", "AWS::Logs::LogGroup", json!({})),
            declared("function", "AWS::Lambda::Function", refers("logs")),
        ])
        .unwrap();
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "us-east-1".into() };
        let all = ["keys", "distribution", "policy", "logs", "function"];
        let live: BTreeMap<Address, Live> = all.map(live).into();
        let mut plan = Plan {
            scope,
            steps: vec![],
            unchanged: all.map(Address::new).to_vec(),
            kept: vec![],
            outputs: BTreeMap::new(),
        };
        let found = |plan: &Plan| {
            let found = dependents(registry(), &graph, plan, &live).into_iter();
            let ids = |found: Vec<Dependent>| found.into_iter().map(|one| one.id).collect::<Vec<_>>();
            found.map(|(address, found)| (address.to_string(), ids(found))).collect::<Vec<_>>()
        };
        assert_eq!(found(&plan), [("keys".to_owned(), vec!["id of distribution".to_owned()])]);
        plan.unchanged.retain(|address| address.as_str() != "distribution");
        assert_eq!(found(&plan), [("keys".to_owned(), vec![])], "its own step is awaited");
    }
}
