//! What is remembered of a stack set: its template, its instances, its operations.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::functions::text;
use super::super::state::{StackPlace, now, tag_list};
use crate::local::identifier::uuid;

/// A stack set.
#[derive(Debug, Clone)]
pub(in super::super) struct StackSetRecord {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) status: &'static str,
    pub(super) description: Option<String>,
    pub(super) template: String,
    /// As the calls give them: `ParameterKey` and `ParameterValue`.
    pub(super) parameters: Value,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) capabilities: Vec<String>,
    pub(super) administration_role: String,
    pub(super) execution_role: String,
    pub(super) instances: BTreeMap<(String, String), InstanceRecord>,
    pub(super) operations: Vec<OperationRecord>,
}

/// A stack set's stack in an account and a region.
#[derive(Debug, Clone, Default)]
pub(super) struct InstanceRecord {
    pub(super) stack: Option<String>,
    pub(super) status: &'static str,
    pub(super) detailed: &'static str,
    pub(super) reason: Option<String>,
    pub(super) overrides: Value,
    pub(super) operation: String,
}

/// An operation on a stack set.
#[derive(Debug, Clone)]
pub(super) struct OperationRecord {
    pub(super) id: String,
    pub(super) action: &'static str,
    pub(super) status: &'static str,
    pub(super) preferences: Value,
    pub(super) retains: Option<bool>,
    pub(super) created: String,
    pub(super) ended: Option<String>,
    pub(super) results: Vec<OperationResult>,
    pub(super) cancel: CancellationToken,
}

/// How an operation went in one place.
#[derive(Debug, Clone)]
pub(super) struct OperationResult {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) status: &'static str,
    pub(super) reason: Option<String>,
}

impl StackSetRecord {
    /// A set without instances.
    pub(super) fn new(place: &StackPlace, name: &str, template: String) -> Self {
        let id = format!("{name}:{}", uuid());
        Self {
            arn: place.arn(&format!("stackset/{id}")),
            id,
            name: name.to_owned(),
            status: "ACTIVE",
            description: None,
            template,
            parameters: json!([]),
            tags: BTreeMap::new(),
            capabilities: Vec::new(),
            administration_role: format!(
                "arn:aws:iam::{}:role/{}",
                place.account,
                super::ADMINISTRATION_ROLE
            ),
            execution_role: super::EXECUTION_ROLE.to_owned(),
            instances: BTreeMap::new(),
            operations: Vec::new(),
        }
    }

    pub(super) fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }

    /// The operation under way.
    pub(super) fn running(&self) -> Option<&OperationRecord> {
        self.operations.iter().find(|operation| operation.ended.is_none())
    }

    pub(super) fn operation(&mut self, id: &str) -> Option<&mut OperationRecord> {
        self.operations.iter_mut().find(|operation| operation.id == id)
    }

    pub(super) fn described(&self) -> Value {
        let mut regions: Vec<&str> = self.instances.keys().map(|(_, region)| region.as_str()).collect();
        regions.sort_unstable();
        regions.dedup();
        json!({
            "StackSetName": self.name,
            "StackSetId": self.id,
            "StackSetARN": self.arn,
            "Description": self.description,
            "Status": self.status,
            "TemplateBody": self.template,
            "Parameters": self.parameters,
            "Capabilities": self.capabilities,
            "Tags": tag_list(&self.tags),
            "AdministrationRoleARN": self.administration_role,
            "ExecutionRoleName": self.execution_role,
            "PermissionModel": "SELF_MANAGED",
            "OrganizationalUnitIds": [],
            "ManagedExecution": { "Active": false },
            "Regions": regions,
        })
    }

    pub(super) fn summary(&self) -> Value {
        json!({
            "StackSetName": self.name,
            "StackSetId": self.id,
            "Description": self.description,
            "Status": self.status,
            "PermissionModel": "SELF_MANAGED",
            "DriftStatus": "NOT_CHECKED",
            "ManagedExecution": { "Active": false },
        })
    }

    pub(super) fn instance(&self, key: &(String, String), record: &InstanceRecord) -> Value {
        json!({
            "StackSetId": self.id,
            "Account": key.0,
            "Region": key.1,
            "StackId": record.stack,
            "Status": record.status,
            "StackInstanceStatus": { "DetailedStatus": record.detailed },
            "StatusReason": record.reason,
            "ParameterOverrides": if record.overrides.is_null() { json!([]) } else { record.overrides.clone() },
            "OrganizationalUnitId": "",
            "DriftStatus": "NOT_CHECKED",
            "LastOperationId": record.operation,
        })
    }

    pub(super) fn operation_described(&self, operation: &OperationRecord) -> Value {
        let failed = operation.results.iter().filter(|result| result.status == "FAILED").count();
        json!({
            "OperationId": operation.id,
            "StackSetId": self.id,
            "Action": operation.action,
            "Status": operation.status,
            "OperationPreferences": operation.preferences,
            "RetainStacks": operation.retains,
            "AdministrationRoleARN": self.administration_role,
            "ExecutionRoleName": self.execution_role,
            "CreationTimestamp": operation.created,
            "EndTimestamp": operation.ended,
            "StatusDetails": { "FailedStackInstancesCount": failed },
        })
    }
}

impl OperationRecord {
    /// An operation that begins in these places.
    pub(super) fn new(
        action: &'static str,
        id: Option<&str>,
        preferences: &Value,
        places: &[(String, String)],
    ) -> Self {
        let result = |(account, region): &(String, String)| OperationResult {
            account: account.clone(),
            region: region.clone(),
            status: "PENDING",
            reason: None,
        };
        Self {
            id: id.map_or_else(uuid, str::to_owned),
            action,
            status: "RUNNING",
            preferences: shown(preferences),
            retains: None,
            created: now(),
            ended: None,
            results: places.iter().map(result).collect(),
            cancel: CancellationToken::new(),
        }
    }

    /// A number of the preferences: the count, or the percentage of the accounts.
    pub(super) fn limit(&self, count: &str, percentage: &str, accounts: usize, least: usize) -> usize {
        let number = |name: &str| text(&self.preferences[name]).parse::<usize>().ok();
        let of_percentage = || number(percentage).map(|percent| accounts * percent / 100);
        number(count).or_else(of_percentage).unwrap_or(least).max(least)
    }
}

/// Preferences as an answer has them.
fn shown(preferences: &Value) -> Value {
    if preferences.is_null() { json!({ "RegionOrder": [] }) } else { preferences.clone() }
}
