//! Where the instances of a stack set are, in the form in which CloudFormation declares it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudformation::types::DeploymentTargets;
use serde::{Deserialize, Serialize};

use super::instances::InstanceState;

/// Accounts or units, each in all of these regions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct InstancesGroup {
    /// The accounts or units.
    pub deployment_targets: Targets,
    /// The regions, sorted.
    pub regions: Vec<String>,
}

/// Accounts, or organizational units; sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Targets {
    /// The accounts of a self-managed stack set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// The units of a service-managed one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organizational_unit_ids: Vec<String>,
}

/// A target: an account or a unit, in a region.
pub(super) type Place = (String, String);

impl Targets {
    /// These accounts, or, if `by_unit`, these units.
    fn new(names: Vec<String>, by_unit: bool) -> Self {
        let (accounts, organizational_unit_ids) =
            if by_unit { (Vec::new(), names) } else { (names, Vec::new()) };
        Self { accounts, organizational_unit_ids }
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        self.accounts.iter().chain(&self.organizational_unit_ids)
    }

    /// As calls about a service-managed stack set take them. `None` for accounts: they have a member of their own.
    pub(super) fn units(&self) -> Option<DeploymentTargets> {
        let units = &self.organizational_unit_ids;
        let targets = DeploymentTargets::builder().set_organizational_unit_ids(Some(units.clone()));
        (!units.is_empty()).then(|| targets.build())
    }

    /// The accounts, as calls about a self-managed stack set take them.
    pub(super) fn accounts(&self) -> Option<Vec<String>> {
        Some(self.accounts.clone()).filter(|accounts| !accounts.is_empty())
    }
}

/// Every place of these groups: the account or unit, and the region.
#[must_use]
pub fn placed(groups: &[InstancesGroup]) -> BTreeSet<(String, String)> {
    let bare = |(name, region): Place| (name, region.split(' ').next().unwrap_or(&region).to_owned());
    written(groups).into_iter().map(bare).collect()
}

/// The places whose instances are current.
#[must_use]
pub fn current(groups: &[InstancesGroup]) -> BTreeSet<(String, String)> {
    written(groups).into_iter().filter(|(_, region)| !region.contains(' ')).collect()
}

/// A region as the seen groups have it: with the state of an instance that is not current.
pub(super) fn in_state(region: String, state: InstanceState) -> String {
    match state {
        InstanceState::Current => region,
        InstanceState::Outdated => format!("{region} OUTDATED"),
        InstanceState::Inoperable => format!("{region} INOPERABLE"),
    }
}

fn written(groups: &[InstancesGroup]) -> BTreeSet<Place> {
    let of = |group: &InstancesGroup| {
        let names = group.deployment_targets.names().cloned();
        let pairs =
            names.flat_map(|name| group.regions.iter().map(move |region| (name.clone(), region.clone())));
        pairs.collect::<Vec<_>>()
    };
    groups.iter().flat_map(of).collect()
}

/// The fewest groups that are these places, by sets of regions. One call takes one group, and no place is in two.
pub(super) fn groups(places: impl IntoIterator<Item = Place>, by_unit: bool) -> Vec<InstancesGroup> {
    let mut regions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, region) in places {
        regions.entry(name).or_default().insert(region);
    }
    let mut groups: BTreeMap<BTreeSet<String>, Vec<String>> = BTreeMap::new();
    for (name, regions) in regions {
        groups.entry(regions).or_default().push(name);
    }
    let group = |(regions, names): (BTreeSet<String>, Vec<String>)| InstancesGroup {
        deployment_targets: Targets::new(names, by_unit),
        regions: regions.into_iter().collect(),
    };
    groups.into_iter().map(group).collect()
}
