//! The stack set of a fleet, which brings the stack's template to accounts and regions.

use serde_json::Value;

use super::config::{Fleet, FleetTargets, Share, StackFile};
use super::{Declarations, names};
use crate::model::{Declaration, Scope};
use crate::resource::cloudformation::{
    ADMINISTRATION_ROLE, AutoDeployment, EXECUTION_ROLE, InstancesGroup, OperationPreferences,
    PermissionModel, StackSet, Targets,
};

/// What a fleet is in the account and region of its stack file: the stack set with this template.
#[must_use]
pub fn declare(file: &StackFile, fleet: &Fleet, template: &Value) -> Vec<Declaration> {
    let scope = Scope {
        stack: file.stack.to_string(),
        account: file.account.to_string(),
        region: file.region.to_string(),
    };
    let mut stack = Declarations::new(scope, file.tags.clone());
    let address = names::FLEET.as_str();
    let own = StackSet {
        stack_set_name: file.stack.to_string(),
        description: Some(format!("{}, declared by provision", file.stack)),
        template_body: template.to_string(),
        capabilities: vec!["CAPABILITY_NAMED_IAM".to_owned()],
        permission_model: PermissionModel::ServiceManaged,
        administration_role_arn: None,
        execution_role_name: None,
        auto_deployment: None,
        stack_instances_group: vec![group(fleet)],
        operation_preferences: Some(preferences(fleet)),
        tags: stack.tags(address),
    };
    let set = match &fleet.targets {
        FleetTargets::Units { .. } => {
            // An account that leaves keeps its videos, and what serves them.
            let auto_deployment = AutoDeployment { enabled: true, retain_stacks_on_account_removal: true };
            StackSet { auto_deployment: Some(auto_deployment), ..own }
        }
        FleetTargets::Accounts { administration_role, execution_role, .. } => {
            let usual = || stack.scope().arn_in("", "iam", &format!("role/{ADMINISTRATION_ROLE}"));
            StackSet {
                permission_model: PermissionModel::SelfManaged,
                administration_role_arn: Some(administration_role.clone().unwrap_or_else(usual)),
                execution_role_name: Some(
                    execution_role.clone().unwrap_or_else(|| EXECUTION_ROLE.to_owned()),
                ),
                ..own
            }
        }
    };
    stack.declare(address, &set);
    stack.finish()
}

fn group(fleet: &Fleet) -> InstancesGroup {
    let mut regions: Vec<String> = fleet.regions.iter().map(ToString::to_string).collect();
    regions.sort_unstable();
    let (mut accounts, mut units): (Vec<String>, Vec<String>) = match &fleet.targets {
        FleetTargets::Accounts { accounts, .. } => {
            (accounts.iter().map(ToString::to_string).collect(), Vec::new())
        }
        FleetTargets::Units { organizational_units, .. } => {
            (Vec::new(), organizational_units.iter().map(|unit| unit.as_str().to_owned()).collect())
        }
    };
    accounts.sort_unstable();
    units.sort_unstable();
    InstancesGroup { deployment_targets: Targets { accounts, organizational_unit_ids: units }, regions }
}

fn preferences(fleet: &Fleet) -> OperationPreferences {
    let count = |share: Share| match share {
        Share::Count(count) => (i32::try_from(count).ok(), None),
        Share::Percent(percent) => (None, i32::try_from(percent).ok()),
    };
    let (max_concurrent_count, max_concurrent_percentage) = count(fleet.max_concurrent);
    let (failure_tolerance_count, failure_tolerance_percentage) = count(fleet.failure_tolerance);
    OperationPreferences {
        region_concurrency_type: if fleet.parallel_regions { "PARALLEL" } else { "SEQUENTIAL" }.to_owned(),
        region_order: fleet.regions.iter().map(ToString::to_string).collect(),
        max_concurrent_count,
        max_concurrent_percentage,
        failure_tolerance_count,
        failure_tolerance_percentage,
        concurrency_mode: "SOFT_FAILURE_TOLERANCE".to_owned(),
    }
}
