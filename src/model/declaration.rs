//! One resource as the stack declares it, erased to JSON.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Address, Kind, Outputs};

/// What stands between a resource and its removal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Guard {
    /// Nothing: it can be made again from the declaration.
    #[default]
    None,
    /// It holds data that the declaration cannot bring back: apply never replaces or deletes it while it holds any.
    Data,
}

/// A resource that the stack declares: its place, type, region and properties, references included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Declaration {
    /// Its place in the stack.
    pub address: Address,
    /// Its CloudFormation type.
    pub kind: Kind,
    /// The region it lives in; global services are called in the region their endpoint signs for.
    pub region: String,
    /// CloudFormation's `Properties`, with references as [`super::Input`] writes them.
    pub properties: Value,
    /// Outputs that are known before the resource exists, since names are deterministic.
    pub predicted: Outputs,
    /// Resources that must stand before this one although no property names them.
    pub after: BTreeSet<Address>,
    /// What stands between it and its removal.
    pub guard: Guard,
}
