//! Which template declares which resource: one per region, since CloudFormation creates a stack in one region.
//!
//! Regions may depend on each other in both directions: the distribution of a stack needs its certificate, which must
//! be in us-east-1, and the alarms there need the distribution. So the resources of another region are split into two
//! templates: those needed before the home region's template, and those that come after it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Error, Outside};
use crate::graph::Graph;
use crate::model::{Address, Declaration, Scope, refs};

/// When a template is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Before the home region's, which needs its outputs.
    Before,
    /// The home region's.
    Home,
    /// After the home region's.
    After,
}

/// One template's part of a stack.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Share {
    /// The name of its CloudFormation stack: the same for all options.
    pub(super) name: String,
    /// The region where it is deployed.
    pub(super) region: String,
    /// The resources that it declares.
    pub(super) members: BTreeSet<Address>,
}

/// The parts of a stack, in the order in which they are deployed. What exists outside is in none.
pub(super) fn shares(scope: &Scope, graph: &Graph, outside: &Outside) -> Result<Vec<Share>, Error> {
    let before = before(scope, graph, outside)?;
    let mut shares: BTreeMap<(Stage, &str), BTreeSet<Address>> = BTreeMap::new();
    for declaration in graph.in_order().filter(|declared| !outside.contains_key(&declared.address)) {
        let stage = match declaration {
            home if home.region == scope.region => Stage::Home,
            early if before.contains(&early.address) => Stage::Before,
            _ => Stage::After,
        };
        shares.entry((stage, &declaration.region)).or_default().insert(declaration.address.clone());
    }
    let share = |((stage, region), members): ((Stage, &str), _)| Share {
        name: name(&scope.stack, stage, region),
        region: region.to_owned(),
        members,
    };
    Ok(shares.into_iter().map(share).collect())
}

/// The names and regions of all CloudFormation stacks that a stack can have, in the order in which they are deployed.
/// `other` is the region of what cannot be in the stack's own.
#[must_use]
pub fn stack_names(scope: &Scope, other: &str) -> Vec<(String, String)> {
    let away: &[Stage] = if other == scope.region { &[] } else { &[Stage::Before, Stage::After] };
    let mut stages: Vec<Stage> = away.iter().copied().chain([Stage::Home]).collect();
    stages.sort();
    let region = |stage| if stage == Stage::Home { &scope.region } else { other };
    stages
        .into_iter()
        .map(|stage| (name(&scope.stack, stage, region(stage)), region(stage).to_owned()))
        .collect()
}

fn name(stack: &str, stage: Stage, region: &str) -> String {
    match stage {
        Stage::Before => format!("{stack}-{region}-before"),
        Stage::Home => stack.to_owned(),
        Stage::After => format!("{stack}-{region}-after"),
    }
}

/// The resources of other regions that must exist before the home region's resources.
fn before(scope: &Scope, graph: &Graph, outside: &Outside) -> Result<BTreeSet<Address>, Error> {
    let mut before = BTreeSet::new();
    for declaration in graph.in_order().rev().filter(|declared| !outside.contains_key(&declared.address)) {
        let early = before.contains(&declaration.address);
        let home = declaration.region == scope.region;
        if !early && !home {
            continue;
        }
        for need in waits_for(declaration).filter(|need| !outside.contains_key(need)) {
            let away = graph.get(&need).is_some_and(|needed| needed.region != scope.region);
            if away {
                before.insert(need);
            } else if early {
                return Err(Error::Circle { early: declaration.address.clone(), home: need });
            }
        }
    }
    Ok(before)
}

/// What a declaration waits for: outputs that only AWS knows, and the resources that must come before it. A predicted
/// value is written out, so it orders nothing between templates.
fn waits_for(declaration: &Declaration) -> impl Iterator<Item = Address> {
    let unknown = refs(&declaration.properties).into_iter().filter(|reference| reference.predicted.is_none());
    unknown.map(|reference| reference.address).chain(declaration.after.iter().cloned())
}
