//! A plan for a reviewer: what changes and why, who may do more than before, what viewers will notice. Pure.
//!
//! [`review`] derives a [`Review`] from a plan, and every report renders that one. Its JSON form is a contract with
//! other programs: within one [`FORMAT_VERSION`], members are only added.

mod build;
mod cause;
mod impact;
mod import;
mod path;
mod security;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use build::{Applied, name, review};
pub use impact::impact;
pub use import::{Import, ImportResource, ImportTotals, ImportVerdict, import};
pub use path::PropertyPath;
pub use security::findings;

pub use crate::plan::Totals;

/// The version of the JSON forms. It grows when a member gets another meaning or is removed.
pub const FORMAT_VERSION: u32 = 1;

/// All properties that the rules for impact and security name.
pub fn property_paths() -> impl Iterator<Item = PropertyPath> {
    impact::property_paths().chain(security::property_paths())
}

/// A reviewed plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// The version of this JSON form.
    pub format_version: u32,
    /// The version of provision that made the plan.
    pub provision_version: String,
    /// The name of the stack.
    pub stack: String,
    /// The AWS account ID.
    pub account: String,
    /// The stack's region.
    pub region: String,
    /// What the declaration was compared with.
    pub against: Against,
    /// Every resource that is created, changed, replaced or deleted. Concerns that lose something come first.
    pub changes: Vec<Change>,
    /// Resources that are no longer declared but stay, because they hold data.
    pub kept: Vec<Kept>,
    /// Every change that lets somebody do more than before.
    pub security: Vec<Finding>,
    /// Other remarks about the plan, such as what it does not show.
    pub notes: Vec<String>,
    /// What becomes of each target of a fleet. Those that stay as they are have no entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetChange>,
    /// How many resources have which action.
    pub totals: Totals,
    /// The digest of the file that the plan was saved to, as `apply --digest` takes it. Absent if it was not saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<String>,
}

/// What a declaration was compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The live account.
    Account,
    /// Another declaration: a git revision or a file, as it was named.
    Declaration(String),
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is deleted.
    Delete,
    /// It is deleted and created again.
    Replace,
    /// It is changed in place.
    Update,
    /// It is created.
    Create,
}

/// What happens to one resource, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Its address in the stack, such as `storage/source`.
    pub address: String,
    /// Its CloudFormation type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its region.
    pub region: String,
    /// What happens to it.
    pub action: Action,
    /// Its physical ID or, before it exists, its future name. Null if AWS will assign the ID.
    pub id: Option<String>,
    /// Why it happens, in words: the properties that force a replacement, that it is no longer declared, and so on.
    pub reasons: Vec<String>,
    /// The addresses of the resources that it depends on.
    pub needs: Vec<String>,
    /// The properties that differ. A new resource has all its top-level properties, a deleted one has none.
    pub properties: Vec<Property>,
    /// What viewers or uploads will notice.
    pub impact: Option<Impact>,
}

/// What becomes of a fleet's stack in one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct TargetChange {
    /// The account, or the organizational unit whose accounts they are.
    pub target: String,
    /// The region.
    pub region: String,
    /// What becomes of its stack.
    pub action: TargetAction,
}

/// What becomes of a target's stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetAction {
    /// It is deleted. What its template retains stays.
    Remove,
    /// It gets the changes of the template.
    Update,
    /// It is made, or made current after an operation that failed.
    Deploy,
}

/// Who changed a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The declaration: it has changed since the last apply.
    Change,
    /// The account: somebody changed it since the last apply.
    Drift,
    /// Both have changed.
    Both,
    /// There is no record of a last apply, or the property had no value.
    Unknown,
}

/// One property that differs. A side is null if the property has no value there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Property {
    /// Its path, such as `LifecycleConfiguration.Rules[expire].Status`. `CacheBehaviors[].PathPattern` is that member
    /// of all entries of the list: their order has changed.
    pub path: String,
    /// Its value now.
    pub before: Option<Value>,
    /// Its value after the plan. `{"Fn::GetAtt": [address, attribute]}` stands for what AWS will assign.
    pub after: Option<Value>,
    /// Who changed it.
    pub cause: Cause,
    /// Its value at the last apply, if the account has changed.
    pub applied: Option<Value>,
    /// True if AWS cannot change it in place, so the resource is replaced.
    pub forces_replacement: bool,
}

/// How much viewers or uploads notice of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing that works stops working.
    None,
    /// Something behaves differently, or takes some time.
    Notice,
    /// Something is unavailable for a while or permanently, or data is lost.
    Interruption,
}

/// What viewers or uploads will notice of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Impact {
    /// How severe it is.
    pub severity: Severity,
    /// What is noticed, in sentences.
    pub text: String,
}

/// How access broadens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Broadening {
    /// A statement allows something new.
    Allow,
    /// A deny statement is removed or denies less.
    DenyRemoved,
    /// A condition is removed or is met by more requests.
    ConditionRemoved,
    /// Another principal may assume a role.
    Trust,
    /// Another principal may invoke a function.
    Invoke,
    /// More of the world can reach a bucket or what it serves.
    Exposure,
    /// Objects, messages or logs are sent to somebody.
    Sent,
}

/// A change that lets somebody do more than before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The address of the resource with the policy or setting.
    pub address: String,
    /// How access broadens.
    pub broadening: Broadening,
    /// Who may do more.
    pub principal: String,
    /// What they may do.
    pub actions: Vec<String>,
    /// What they may do it to.
    pub resources: Vec<String>,
    /// The conditions, all of which must be met. None means always.
    pub conditions: Vec<String>,
    /// The statement, policy or property that broadens, and how.
    pub origin: String,
}

/// A resource that is no longer declared but stays, because it holds data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// Its address in the stack.
    pub address: String,
    /// Its CloudFormation type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its physical ID.
    pub id: String,
}

impl Change {
    /// The first segment of the address. Reports group by it.
    #[must_use]
    pub fn concern(&self) -> &str {
        self.address.split('/').next().unwrap_or_default()
    }

    /// The type for people: `S3 Bucket`.
    #[must_use]
    pub fn type_name(&self) -> String {
        type_name(&self.kind)
    }
}

impl Kept {
    /// The type for people: `S3 Bucket`.
    #[must_use]
    pub fn type_name(&self) -> String {
        type_name(&self.kind)
    }
}

fn type_name(kind: &str) -> String {
    kind.trim_start_matches("AWS::").replace("::", " ")
}

impl Review {
    /// True if there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes that may delete objects of a bucket or make them unreachable: address and reason.
    pub fn losses(&self) -> impl Iterator<Item = (&str, &str)> {
        let buckets = self.changes.iter().filter(|change| change.kind == "AWS::S3::Bucket");
        buckets.filter_map(|change| {
            let impact = change.impact.as_ref().filter(|impact| impact.severity == Severity::Interruption)?;
            (change.action == Action::Update).then_some((change.address.as_str(), impact.text.as_str()))
        })
    }
}
