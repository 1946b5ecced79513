//! What is remembered of a stack set: its template, its instances, its operations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::state::{StackPlace, now, tag_list};
use super::preferences::Preferences;
use super::targets::InstanceTarget;
use crate::local::identifier::uuid;

/// An account and a region.
pub(super) type Key = (String, String);

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
    /// The roles of the self-managed model.
    pub(super) administration_role: String,
    pub(super) execution_role: String,
    /// What a service-managed set does by itself; `None` for a self-managed one.
    pub(super) auto_deployment: Option<AutoDeployment>,
    /// The units that a service-managed set follows, with the regions.
    pub(super) units: BTreeSet<(String, String)>,
    pub(super) instances: BTreeMap<Key, InstanceRecord>,
    pub(super) operations: Vec<OperationRecord>,
    /// What the last drift detection found.
    pub(super) drift: Option<Value>,
}

/// What happens when an account comes into a unit, or leaves it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct AutoDeployment {
    pub(super) is_enabled: bool,
    pub(super) retains: bool,
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
    /// The organizational unit that it was made for.
    pub(super) unit: Option<String>,
    /// What the last drift detection found, and when.
    pub(super) drift: Option<(&'static str, String)>,
}

/// An operation on a stack set.
#[derive(Debug, Clone)]
pub(super) struct OperationRecord {
    pub(super) id: String,
    pub(super) action: &'static str,
    pub(super) status: &'static str,
    pub(super) preferences: Preferences,
    pub(super) retains: Option<bool>,
    /// As the call gives them, for a service-managed set.
    pub(super) deployment_targets: Value,
    pub(super) created: String,
    pub(super) ended: Option<String>,
    pub(super) results: Vec<OperationResult>,
    pub(super) drift: Option<Value>,
    pub(super) cancel: CancellationToken,
}

/// How an operation went in one place.
#[derive(Debug, Clone)]
pub(super) struct OperationResult {
    pub(super) key: Key,
    pub(super) unit: Option<String>,
    pub(super) status: &'static str,
    pub(super) reason: Option<String>,
}

impl StackSetRecord {
    /// A self-managed set without instances.
    pub(super) fn new(place: &StackPlace, name: &str) -> Self {
        let id = format!("{name}:{}", uuid());
        Self {
            arn: place.arn(&format!("stackset/{id}")),
            id,
            name: name.to_owned(),
            status: "ACTIVE",
            description: None,
            template: String::new(),
            parameters: json!([]),
            tags: BTreeMap::new(),
            capabilities: Vec::new(),
            administration_role: format!(
                "arn:aws:iam::{}:role/{}",
                place.account,
                super::ADMINISTRATION_ROLE
            ),
            execution_role: super::EXECUTION_ROLE.to_owned(),
            auto_deployment: None,
            units: BTreeSet::new(),
            instances: BTreeMap::new(),
            operations: Vec::new(),
            drift: None,
        }
    }

    pub(super) fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }

    pub(super) fn is_service_managed(&self) -> bool {
        self.auto_deployment.is_some()
    }

    /// The operation under way.
    pub(super) fn running(&self) -> Option<&OperationRecord> {
        self.operations.iter().find(|operation| operation.ended.is_none())
    }

    pub(super) fn operation(&mut self, id: &str) -> Option<&mut OperationRecord> {
        self.operations.iter_mut().find(|operation| operation.id == id)
    }

    fn model(&self) -> &'static str {
        if self.is_service_managed() { "SERVICE_MANAGED" } else { "SELF_MANAGED" }
    }

    /// What only one of the models has.
    fn of_its_model(&self) -> Value {
        match self.auto_deployment {
            Some(AutoDeployment { is_enabled: true, retains }) => {
                json!({ "AutoDeployment": { "Enabled": true, "RetainStacksOnAccountRemoval": retains } })
            }
            Some(_) => json!({ "AutoDeployment": { "Enabled": false } }),
            None => {
                json!({ "AdministrationRoleARN": self.administration_role, "ExecutionRoleName": self.execution_role })
            }
        }
    }

    pub(super) fn described(&self) -> Value {
        let regions: BTreeSet<&str> = self.instances.keys().map(|(_, region)| region.as_str()).collect();
        let followed = self.units.iter().map(|(unit, _)| unit.as_str());
        let of_instances = self.instances.values().filter_map(|instance| instance.unit.as_deref());
        let units: BTreeSet<&str> = followed.chain(of_instances).collect();
        let shown = json!({
            "StackSetName": self.name,
            "StackSetId": self.id,
            "StackSetARN": self.arn,
            "Description": self.description,
            "Status": self.status,
            "TemplateBody": self.template,
            "Parameters": self.parameters,
            "Capabilities": self.capabilities,
            "Tags": tag_list(&self.tags),
            "PermissionModel": self.model(),
            "OrganizationalUnitIds": units,
            "ManagedExecution": { "Active": false },
            "Regions": regions,
            "StackSetDriftDetectionDetails": self.drift,
        });
        with(shown, self.of_its_model())
    }

    pub(super) fn summary(&self) -> Value {
        let drift = self.drift.as_ref();
        let mut shown = json!({
            "StackSetName": self.name,
            "StackSetId": self.id,
            "Description": self.description,
            "Status": self.status,
            "PermissionModel": self.model(),
            "DriftStatus": drift.map_or(json!("NOT_CHECKED"), |drift| drift["DriftStatus"].clone()),
            "LastDriftCheckTimestamp": drift.map(|drift| drift["LastDriftCheckTimestamp"].clone()),
            "ManagedExecution": { "Active": false },
        });
        if self.is_service_managed() {
            shown = with(shown, self.of_its_model());
        }
        shown
    }

    pub(super) fn instance(&self, key: &Key, record: &InstanceRecord) -> Value {
        let (drift, checked) =
            record.drift.clone().map_or(("NOT_CHECKED", None), |(drift, at)| (drift, Some(at)));
        json!({
            "StackSetId": self.id,
            "Account": key.0,
            "Region": key.1,
            "StackId": record.stack,
            "Status": record.status,
            "StackInstanceStatus": { "DetailedStatus": record.detailed },
            "StatusReason": record.reason,
            "ParameterOverrides": if record.overrides.is_null() { json!([]) } else { record.overrides.clone() },
            "OrganizationalUnitId": record.unit.as_deref().unwrap_or_default(),
            "DriftStatus": drift,
            "LastDriftCheckTimestamp": checked,
            "LastOperationId": record.operation,
        })
    }

    pub(super) fn operation_described(&self, operation: &OperationRecord) -> Value {
        let failed = operation.results.iter().filter(|result| result.status == "FAILED").count();
        let shown = json!({
            "OperationId": operation.id,
            "StackSetId": self.id,
            "Action": operation.action,
            "Status": operation.status,
            "OperationPreferences": operation.preferences.shown,
            "RetainStacks": operation.retains,
            "DeploymentTargets": operation.deployment_targets,
            "CreationTimestamp": operation.created,
            "EndTimestamp": operation.ended,
            "StatusDetails": { "FailedStackInstancesCount": failed },
            "StackSetDriftDetectionDetails": operation.drift,
        });
        if self.is_service_managed() { shown } else { with(shown, self.of_its_model()) }
    }
}

impl OperationRecord {
    /// An operation that begins in these places.
    pub(super) fn new(
        action: &'static str,
        id: Option<&str>,
        preferences: Preferences,
        targets: &[InstanceTarget],
    ) -> Self {
        let result = |target: &InstanceTarget| OperationResult {
            key: target.key.clone(),
            unit: target.unit.clone(),
            status: "PENDING",
            reason: None,
        };
        Self {
            id: id.map_or_else(uuid, str::to_owned),
            action,
            status: "RUNNING",
            preferences,
            retains: None,
            deployment_targets: Value::Null,
            created: now(),
            ended: None,
            results: targets.iter().map(result).collect(),
            drift: None,
            cancel: CancellationToken::new(),
        }
    }
}

/// Both objects' members.
fn with(mut shown: Value, more: Value) -> Value {
    if let (Value::Object(shown), Value::Object(more)) = (&mut shown, more) {
        shown.extend(more);
    }
    shown
}
