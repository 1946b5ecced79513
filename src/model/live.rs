//! What the account holds, as the adapters read it back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Address, Kind, Mark};

/// A resource's outputs by name: what only AWS knows, and what names foretell.
pub type Outputs = BTreeMap<String, String>;

/// Whose a resource is, as its tags, comment or parent say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ownership {
    /// It carries a mark of this program: which stack and address it was made for.
    Marked(Mark),
    /// It is a part of another resource (a bucket's policy, a function's permission) and is as owned as that.
    Inherited,
    /// It carries no mark of this program.
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

/// Whether an id is that of a part of the resource with the other one: the same (a bucket's policy), or one that begins with
/// it (a function's permission, a topic's subscription).
#[must_use]
pub fn is_part(id: &str, of: &str) -> bool {
    let rest = id.strip_prefix(of);
    rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '-'))
}

/// Whether a resource that exists does its work yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Readiness {
    /// It does.
    Ready,
    /// AWS is still at it; the text says what is awaited.
    Pending(String),
    /// It will not without a change; the text says why.
    Failed(String),
}

/// Whether a resource holds data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Contents {
    /// It is of a type that holds none.
    Nothing,
    /// It could, but does not now.
    Empty,
    /// It does: objects, versions, delete markers or unfinished uploads.
    Some,
}

/// A resource as observed in the account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// Its physical id: what the service's calls name it by.
    pub id: String,
    /// Its properties, in the same type and form as a declaration's.
    pub properties: Value,
    /// Its outputs.
    pub outputs: Outputs,
    /// Whose it is.
    pub ownership: Ownership,
    /// Whether it works yet.
    pub readiness: Readiness,
    /// Whether it holds data.
    pub contents: Contents,
}

/// A resource that is known to have been made for the stack, by its record or its mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The address it was made for.
    pub address: Address,
    /// Its type.
    pub kind: Kind,
    /// Where it lives.
    pub region: String,
    /// Its physical id.
    pub id: String,
}

/// A resource of this stack that the stack no longer declares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Orphan {
    /// The address it was made for.
    pub address: Address,
    /// Its type.
    pub kind: Kind,
    /// Where it lives.
    pub region: String,
    /// What it is now.
    pub live: Live,
    /// Whether no apply is known to have made it: somebody added it to a resource of the stack.
    #[serde(default)]
    pub by_hand: bool,
}

/// Everything that was observed for a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Every declared resource that exists.
    pub live: BTreeMap<Address, Live>,
    /// What is ours but not declared.
    pub orphans: Vec<Orphan>,
}
