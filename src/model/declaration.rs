//! One resource as the stack declares it, erased to JSON.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Address, Kind, Outputs};

/// Protection of a resource against removal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Guard {
    /// None: it can be created again from the declaration.
    #[default]
    None,
    /// It may hold data that the declaration cannot restore. Apply never replaces or deletes it while it holds any.
    Data,
}

/// A resource that the stack declares: its address, type, region and properties, including references.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Declaration {
    /// Its address in the stack.
    pub address: Address,
    /// Its CloudFormation type.
    pub kind: Kind,
    /// Its region. Global services are called in the region that their endpoint signs for.
    pub region: String,
    /// CloudFormation's `Properties`, with references as [`super::StringExpr`] writes them.
    pub properties: Value,
    /// Outputs that are known before the resource exists, because names are deterministic.
    pub predicted: Outputs,
    /// Resources that must exist before this one although no property refers to them.
    pub after: BTreeSet<Address>,
    /// Its protection against removal.
    pub guard: Guard,
}
