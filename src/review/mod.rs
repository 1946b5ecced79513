//! A plan as a reviewer judges it: what changes and why, who may do more than before, what viewers will notice. Pure.
//!
//! [`review`] derives a [`Review`] from a plan; every report renders the same one, and its JSON form is a contract with
//! other programs: members are only ever added within one [`FORMAT_VERSION`].

mod build;
mod cause;
mod impact;
mod security;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use build::{Applied, name, review};
pub use impact::impact;
pub use security::findings;

pub use crate::plan::Totals;

/// The version of the JSON form: it grows when a member changes its meaning or goes.
pub const FORMAT_VERSION: u32 = 1;

/// A plan, reviewed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// The version of this form.
    pub format_version: u32,
    /// The version of provision that made the plan.
    pub provision_version: String,
    /// The stack.
    pub stack: String,
    /// The AWS account.
    pub account: String,
    /// The stack's region.
    pub region: String,
    /// What the declaration was compared with.
    pub against: Against,
    /// Every resource that is made, changed or removed: by concern, what is lost first.
    pub changes: Vec<Change>,
    /// What is no longer declared and stays nevertheless, since it holds data.
    pub kept: Vec<Kept>,
    /// Everything that lets somebody do more than before.
    pub security: Vec<Finding>,
    /// What else is to be said of the plan: what it does not show, that it tears the stack down.
    pub notes: Vec<String>,
    /// The plan in numbers.
    pub totals: Totals,
}

/// What a declaration was compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The live account.
    Account,
    /// Another declaration, as it was named: a git revision or a file.
    Declaration(String),
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is removed.
    Delete,
    /// It is removed and made anew.
    Replace,
    /// It is changed in place.
    Update,
    /// It is made.
    Create,
}

/// What happens to one resource, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Its place in the stack, such as `storage/source`.
    pub address: String,
    /// Its CloudFormation type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The region it lives in.
    pub region: String,
    /// What happens to it.
    pub action: Action,
    /// Its physical id or, before it exists, the name it will have; absent where only AWS will know.
    pub id: Option<String>,
    /// Why, in words: the properties that force a replacement, that nothing declares it any more, …
    pub reasons: Vec<String>,
    /// The addresses of what it refers to or must come after.
    pub needs: Vec<String>,
    /// What differs. For a new resource its top-level properties, for a removed one nothing.
    pub properties: Vec<Property>,
    /// What viewers or uploads will notice.
    pub impact: Option<Impact>,
}

/// Who moved a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The declaration: it says something else than at the last apply.
    Change,
    /// The account: somebody changed it since the last apply.
    Drift,
    /// Both moved.
    Both,
    /// There is no record of a last apply to tell by, or nothing was there.
    Unknown,
}

/// One property that differs. Absent on a side means absent there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Property {
    /// Where, such as `LifecycleConfiguration.Rules[expire].Status`.
    pub path: String,
    /// What is there now.
    pub before: Option<Value>,
    /// What will be there. `{"Fn::GetAtt": [address, attribute]}` stands for what AWS has yet to assign.
    pub after: Option<Value>,
    /// Who moved it.
    pub cause: Cause,
    /// What it was at the last apply, where the account moved.
    pub applied: Option<Value>,
    /// Whether AWS cannot change it in place, so that the resource is replaced.
    pub forces_replacement: bool,
}

/// How much viewers or uploads notice of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing that works stops working.
    None,
    /// Something behaves otherwise, or takes its time.
    Notice,
    /// Something is unavailable for a while, or for good.
    Interruption,
}

/// What viewers or uploads will notice of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Impact {
    /// How much.
    pub severity: Severity,
    /// In a sentence.
    pub text: String,
}

/// How access broadens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Broadening {
    /// A statement that allows what was not allowed.
    Allow,
    /// A denial that goes or denies less.
    DenyRemoved,
    /// A condition that goes or is met by more.
    ConditionRemoved,
    /// Somebody else may take a role's place.
    Trust,
    /// Somebody may invoke a function.
    Invoke,
    /// A bucket, or what it serves, becomes reachable by more of the world.
    Exposure,
    /// Somebody is sent what is stored, said or logged.
    Sent,
}

/// Something that lets somebody do more than before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The resource whose policy or setting it is.
    pub address: String,
    /// How.
    pub broadening: Broadening,
    /// Who.
    pub principal: String,
    /// What they may do.
    pub actions: Vec<String>,
    /// To what.
    pub resources: Vec<String>,
    /// Under which conditions, one a line; none means always.
    pub conditions: Vec<String>,
    /// The statement, policy or property it comes from.
    pub origin: String,
}

/// A resource that is no longer declared and stays, since it holds data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// Its place in the stack.
    pub address: String,
    /// Its CloudFormation type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its physical id.
    pub id: String,
}

impl Change {
    /// The first segment of the address, by which reports group.
    #[must_use]
    pub fn concern(&self) -> &str {
        self.address.split('/').next().unwrap_or_default()
    }

    /// The type as people say it: `S3 Bucket`.
    #[must_use]
    pub fn type_name(&self) -> String {
        type_name(&self.kind)
    }
}

impl Kept {
    /// The type as people say it: `S3 Bucket`.
    #[must_use]
    pub fn type_name(&self) -> String {
        type_name(&self.kind)
    }
}

fn type_name(kind: &str) -> String {
    kind.trim_start_matches("AWS::").replace("::", " ")
}

impl Review {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes after which something that a bucket holds may be gone or out of reach: address and why.
    pub fn losses(&self) -> impl Iterator<Item = (&str, &str)> {
        let buckets = self.changes.iter().filter(|change| change.kind == "AWS::S3::Bucket");
        buckets.filter_map(|change| {
            let impact = change.impact.as_ref().filter(|impact| impact.severity == Severity::Interruption)?;
            (change.action == Action::Update).then_some((change.address.as_str(), impact.text.as_str()))
        })
    }
}
