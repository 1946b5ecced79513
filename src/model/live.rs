//! The resources in the account, as the adapters read them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Address, Kind, Mark};

/// A resource's outputs by name: values that AWS assigns, and values that follow from names.
pub type Outputs = BTreeMap<String, String>;

/// The owner of a resource, according to its tags, comment or parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ownership {
    /// It has this program's ownership tag, which names its stack and address.
    Marked(Mark),
    /// It is a part of another resource (a bucket's policy, a function's permission) and has the same owner.
    Inherited,
    /// It is untagged: it has no ownership tag of this program.
    Unmarked,
}

impl Ownership {
    /// Whether a stack may change or delete it at this address.
    #[must_use]
    pub fn is_of(&self, stack: &str) -> bool {
        match self {
            Self::Marked(mark) => mark.stack == stack,
            Self::Inherited => true,
            Self::Unmarked => false,
        }
    }
}

/// Whether `id` belongs to a part of resource `of`. It is the same id (a bucket's policy), or begins with it (a
/// function's permission, a topic's subscription).
#[must_use]
pub fn is_part(id: &str, of: &str) -> bool {
    let rest = id.strip_prefix(of);
    rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '-'))
}

/// Whether an existing resource is ready to use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Readiness {
    /// It is ready.
    Ready,
    /// AWS is still working on it. The text says what is awaited.
    Pending(String),
    /// It will not become ready without a change. The text says why.
    Failed(String),
}

/// Whether a resource holds data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Contents {
    /// Its type holds no data.
    Nothing,
    /// It can hold data but is empty now.
    Empty,
    /// It holds data: objects, versions, delete markers or unfinished uploads.
    Some,
}

/// A resource as observed in the account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// Its physical id, as the service's calls use it.
    pub id: String,
    /// Its properties, in the same form as in a declaration.
    pub properties: Value,
    /// Its outputs.
    pub outputs: Outputs,
    /// Its owner.
    pub ownership: Ownership,
    /// Whether it is ready.
    pub readiness: Readiness,
    /// Whether it holds data.
    pub contents: Contents,
}

/// A resource that was created for the stack, according to the record or its ownership tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The address it was created for.
    pub address: Address,
    /// Its type.
    pub kind: Kind,
    /// Its region.
    pub region: String,
    /// Its physical id.
    pub id: String,
}

/// A resource of this stack that the stack no longer declares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Orphan {
    /// The address it was created for.
    pub address: Address,
    /// Its type.
    pub kind: Kind,
    /// Its region.
    pub region: String,
    /// Its current state.
    pub live: Live,
    /// True if no known apply created it: somebody added it by hand to a resource of the stack.
    #[serde(default)]
    pub by_hand: bool,
}

/// Everything observed for a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Every declared resource that exists.
    pub live: BTreeMap<Address, Live>,
    /// The stack's resources that are not declared.
    pub orphans: Vec<Orphan>,
}
