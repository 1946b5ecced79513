//! What of a policy is different for a fleet.

use super::grants::Grants;
use crate::model::{ArnVariables, Scope};
use crate::resource::cloudformation::StackSet;
use crate::resource::{Adapter, Registry, Resource as _};

impl Grants<'_> {
    /// Whether the stack is a fleet: it declares a stack set.
    pub(super) fn is_fleet(&self) -> bool {
        self.subject.declarations.iter().any(|declaration| declaration.kind == StackSet::KIND)
    }

    /// The types that a stack can have. A fleet has a stack set, and no other stack has one.
    pub(super) fn adapters<'r>(&self, registry: &'r Registry) -> Vec<&'r dyn Adapter> {
        let is_fleet = self.is_fleet();
        registry.iter().filter(|adapter| (adapter.kind() == StackSet::KIND) == is_fleet).collect()
    }

    /// The placeholders of each bucket with a fleet's bundles.
    pub(super) fn bundles(&self) -> Vec<ArnVariables> {
        let Some((account, regions)) = self.subject.bundles else { return Vec::new() };
        let variables = |region: &String| {
            let place = Scope { account: account.to_owned(), region: region.clone(), ..self.scope.clone() };
            let home = place.bundle_bucket();
            ArnVariables { buckets: vec![home.clone()], home, ..self.variables(region) }
        };
        regions.iter().map(variables).collect()
    }
}
