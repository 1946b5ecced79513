//! What of the account an apply with `--adopt` would adopt, at which address, and why not. Pure.

use std::collections::BTreeMap;

use miette::Diagnostic as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Change, FORMAT_VERSION, Impact, Property, Review, name};
use crate::graph::Graph;
use crate::model::{Address, Live, Ownership, is_part, resolve};
use crate::plan::check::Refusal;

/// What an apply with `--adopt` would make of what exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Import {
    /// The version of this JSON form.
    pub format_version: u32,
    /// The version of provision that looked.
    pub provision_version: String,
    /// The name of the stack.
    pub stack: String,
    /// The AWS account ID.
    pub account: String,
    /// The stack's region.
    pub region: String,
    /// Every declared resource: those in the way first, then those to adopt, to create, and those of the stack.
    pub resources: Vec<ImportResource>,
    /// What the apply would delete: parts of adopted resources that the stack does not declare, and what the stack
    /// declared before.
    pub deleted: Vec<Change>,
    /// How many resources have which verdict.
    pub totals: ImportTotals,
}

/// What an apply with `--adopt` would make of one declared resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportVerdict {
    /// It exists and cannot be adopted; apply changes nothing while it is so.
    InTheWay,
    /// It exists and would be adopted.
    Adopt,
    /// It does not exist and would be created.
    Create,
    /// It is the stack's already.
    Owned,
}

/// A declared resource, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImportResource {
    /// Its address in the stack, such as `storage/source`.
    pub address: String,
    /// Its CloudFormation type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its region.
    pub region: String,
    /// What an apply with `--adopt` would make of it.
    pub verdict: ImportVerdict,
    /// Its physical ID or, before it exists, its future name. Null if AWS will assign the ID.
    pub id: Option<String>,
    /// Why, in words.
    pub reasons: Vec<String>,
    /// What to do, if it is in the way.
    pub help: Option<String>,
    /// What the apply would do to what exists; null for nothing.
    pub action: Option<Action>,
    /// The properties that the apply would change.
    pub properties: Vec<Property>,
    /// What viewers or uploads will notice.
    pub impact: Option<Impact>,
}

/// How many resources have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportTotals {
    /// Adopted.
    pub adopt: usize,
    /// Created.
    pub create: usize,
    /// In the way.
    pub in_the_way: usize,
    /// The stack's already.
    pub owned: usize,
}

/// What becomes of every declared resource. `review` is of the plan, and `refusals` are what a check of that plan with
/// the permission to adopt says.
#[must_use]
pub fn import(
    graph: &Graph,
    live: &BTreeMap<Address, Live>,
    review: &Review,
    refusals: &[Refusal],
) -> Import {
    let importing = Importing { graph, live, review, refusals };
    let declared = graph.in_order().map(|declaration| importing.resource(&declaration.address));
    let mut resources: Vec<ImportResource> = declared.flatten().collect();
    resources.sort_by(|one, other| (one.verdict, &one.address).cmp(&(other.verdict, &other.address)));
    let mut totals = ImportTotals::default();
    for resource in &resources {
        *match resource.verdict {
            ImportVerdict::InTheWay => &mut totals.in_the_way,
            ImportVerdict::Adopt => &mut totals.adopt,
            ImportVerdict::Create => &mut totals.create,
            ImportVerdict::Owned => &mut totals.owned,
        } += 1;
    }
    let deleted = review.changes.iter().filter(|change| change.action == Action::Delete);
    Import {
        format_version: FORMAT_VERSION,
        provision_version: review.provision_version.clone(),
        stack: review.stack.clone(),
        account: review.account.clone(),
        region: review.region.clone(),
        resources,
        deleted: deleted.cloned().collect(),
        totals,
    }
}

struct Importing<'a> {
    graph: &'a Graph,
    live: &'a BTreeMap<Address, Live>,
    review: &'a Review,
    refusals: &'a [Refusal],
}

impl Importing<'_> {
    fn resource(&self, address: &Address) -> Option<ImportResource> {
        let declaration = self.graph.get(address)?;
        let change = self.change(address);
        let (verdict, reasons, help) = self.verdict(address);
        let id = match self.live.get(address) {
            Some(seen) => Some(seen.id.clone()),
            None => name(&resolve(&declaration.properties, &|_| None)),
        };
        let change = change.filter(|_| verdict != ImportVerdict::Create);
        Some(ImportResource {
            address: address.to_string(),
            kind: declaration.kind.as_str().to_owned(),
            region: declaration.region.clone(),
            verdict,
            id,
            reasons,
            help,
            action: change.map(|change| change.action),
            properties: change.map(|change| change.properties.clone()).unwrap_or_default(),
            impact: change.and_then(|change| change.impact.clone()),
        })
    }

    fn change(&self, address: &Address) -> Option<&Change> {
        let stays = |change: &&Change| change.action != Action::Delete;
        self.review.changes.iter().filter(stays).find(|change| change.address == address.as_str())
    }

    fn verdict(&self, address: &Address) -> (ImportVerdict, Vec<String>, Option<String>) {
        let Some(seen) = self.live.get(address) else {
            return (ImportVerdict::Create, Vec::new(), None);
        };
        let refused = self.refusals.iter().filter(|refusal| refusal.address() == address);
        let refused: Vec<&Refusal> = refused.collect();
        if let Some(first) = refused.first() {
            let reasons = refused.iter().map(|refusal| refusal.reason()).collect();
            return (ImportVerdict::InTheWay, reasons, first.help().map(|help| help.to_string()));
        }
        match &seen.ownership {
            Ownership::Unmarked => (ImportVerdict::Adopt, self.replaced(address), None),
            Ownership::Marked(_) => (ImportVerdict::Owned, Vec::new(), None),
            Ownership::Inherited => {
                let Some(whole) = self.whole(address, seen) else {
                    return (ImportVerdict::Owned, Vec::new(), None);
                };
                let (verdict, _, _) = self.verdict(whole);
                let part = (verdict != ImportVerdict::Owned).then(|| format!("part of {whole}"));
                let reasons = part.into_iter().chain(self.replaced(address)).collect();
                (verdict, reasons, None)
            }
        }
    }

    /// Why what is adopted does not stay.
    fn replaced(&self, address: &Address) -> Vec<String> {
        let change = self.change(address).filter(|change| change.action == Action::Replace);
        change.map(|change| format!("replaced: {}", change.reasons.join(", "))).into_iter().collect()
    }

    /// What a part is a part of: the dependency with the longest id that its own begins with.
    fn whole(&self, address: &Address, seen: &Live) -> Option<&Address> {
        let needed = self.graph.needs(address).filter_map(|needed| Some((needed, self.live.get(needed)?)));
        let wholes = needed.filter(|(_, live)| is_part(&seen.id, &live.id));
        wholes.max_by_key(|(_, live)| live.id.len()).map(|(whole, _)| whole)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Contents, Declaration, Guard, Kind, Mark, Orphan, Readiness, Scope, Snapshot};
    use crate::plan::check::{Permits, check};
    use crate::plan::{self, Rules};
    use crate::review::{Against, review};

    fn declared(address: &str, properties: Value, after: &[&str]) -> Declaration {
        Declaration {
            address: address.into(),
            kind: Kind::new("AWS::Test::Thing"),
            region: "eu-west-1".into(),
            properties,
            after: after.iter().map(|address| Address::new(*address)).collect::<BTreeSet<_>>(),
            predicted: BTreeMap::new(),
            guard: Guard::Data,
        }
    }

    fn seen(id: &str, properties: Value, ownership: Ownership) -> Live {
        let (outputs, readiness) = (BTreeMap::new(), Readiness::Ready);
        Live { id: id.into(), properties, outputs, ownership, readiness, contents: Contents::Some }
    }

    fn of(stack: &str) -> Ownership {
        Ownership::Marked(Mark { stack: stack.into(), address: "a/b".into() })
    }

    fn rules(_: &Kind) -> Rules {
        Rules { create_only: &["Fixed"], write_only: &[], rank: 0, normal: Value::clone }
    }

    /// One line for each resource.
    fn said(declarations: Vec<Declaration>, live: Vec<(&str, Live)>, orphans: Vec<Orphan>) -> String {
        let graph = Graph::new(declarations).unwrap();
        let live: BTreeMap<Address, Live> =
            live.into_iter().map(|(address, live)| (address.into(), live)).collect();
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        let snapshot = Snapshot { live: live.clone(), orphans };
        let plan = plan::plan(&scope, &graph, &snapshot, &rules);
        let adopting =
            check(&plan, Permits { adopt: true, lose_data: false, ..Permits::default() }, &|_, _| None);
        let refusals = adopting.err().map(|found| found.refusals).unwrap_or_default();
        let review = review(&plan, &graph, Against::Account, None, &rules);
        let import = import(&graph, &live, &review, &refusals);
        let line = |one: &ImportResource| {
            let changed: Vec<&str> = one.properties.iter().map(|property| property.path.as_str()).collect();
            let (id, help) = (one.id.clone().unwrap_or_default(), one.help.as_deref().unwrap_or_default());
            let parts = [one.reasons.join("; "), changed.join(","), help.to_owned()];
            format!("{:?} {} {id} | {}", one.verdict, one.address, parts.join(" | "))
        };
        let lines = import.resources.iter().map(line);
        let deleted = import.deleted.iter().map(|change| format!("deleted {}", change.address));
        lines.chain(deleted).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_resource_has_its_verdict() {
        let mut declarations: Vec<Declaration> = ["free", "same", "ours", "theirs", "fixed"]
            .iter()
            .map(|name| declared(name, json!({ "A": 1, "Fixed": 1 }), &[]))
            .collect();
        declarations.push(declared("new", json!({ "ThingName": "vod-new" }), &[]));
        declarations.push(declared("free/part", json!({ "A": 1 }), &["free"]));
        declarations.push(declared("theirs/part", json!({ "A": 1 }), &["theirs"]));
        declarations.push(declared("ours/part", json!({ "A": 1 }), &["ours"]));
        let is = json!({ "A": 1, "Fixed": 1 });
        let live = vec![
            ("free", seen("id-free", json!({ "A": 2, "Fixed": 1 }), Ownership::Unmarked)),
            ("free/part", seen("id-free", json!({ "A": 3 }), Ownership::Inherited)),
            ("same", seen("id-same", is, Ownership::Unmarked)),
            ("ours", seen("id-ours", json!({ "A": 2, "Fixed": 1 }), of("vod"))),
            ("ours/part", seen("id-ours/part", json!({ "A": 1 }), Ownership::Inherited)),
            ("theirs", seen("id-theirs", json!({ "A": 2, "Fixed": 1 }), of("other"))),
            ("theirs/part", seen("id-theirs", json!({ "A": 1 }), Ownership::Inherited)),
            ("fixed", seen("id-fixed", json!({ "A": 1, "Fixed": 2 }), Ownership::Unmarked)),
        ];
        let orphan = Orphan {
            address: "free/by-hand".into(),
            kind: Kind::new("AWS::Test::Thing"),
            region: "eu-west-1".into(),
            live: Live {
                contents: Contents::Nothing,
                ..seen("id-free/by-hand", json!({}), Ownership::Unmarked)
            },
            by_hand: true,
        };
        insta::assert_snapshot!(said(declarations, live, vec![orphan]), @"
        InTheWay fixed id-fixed | holds objects, and the plan would replace it | Fixed | move or delete its objects yourself first, or declare it again; apply never deletes data
        InTheWay theirs id-theirs | belongs to a/b of stack other | A | it belongs to another stack: rename this one, or remove it there
        InTheWay theirs/part id-theirs | part of theirs |  | 
        Adopt free id-free |  | A | 
        Adopt free/part id-free | part of free | A | 
        Adopt same id-same |  |  | 
        Create new vod-new |  |  | 
        Owned ours id-ours |  | A | 
        Owned ours/part id-ours/part |  |  | 
        deleted free/by-hand
        ");
    }
}
