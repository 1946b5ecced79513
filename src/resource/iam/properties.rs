//! A role as it is declared.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{PolicyDocument, StringExpr, Tags};

/// A role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Role {
    /// Its name.
    pub role_name: String,
    /// The path before its name in the ARN, `/` by default.
    pub path: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who may assume it.
    pub assume_role_policy_document: PolicyDocument,
    /// Its inline policies, by name.
    #[serde(default)]
    pub policies: BTreeSet<Policy>,
    /// The managed policies attached to it. Empty allows none: one attached by hand is drift.
    #[serde(default)]
    pub managed_policy_arns: BTreeSet<StringExpr>,
    /// The managed policy that bounds what its policies can allow. Absent leaves the one there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<StringExpr>,
    /// How long a session may last, in seconds (3,600 to 43,200).
    pub max_session_duration: u32,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

/// An inline policy of a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Policy {
    /// Its name within the role.
    pub policy_name: String,
    /// What it allows.
    pub policy_document: PolicyDocument,
}
