//! AWS CloudFormation: stack sets, which bring one template to many accounts and regions.

mod group;
mod instances;
mod operation;
mod preferences;
mod properties;
mod stack_set;

pub use group::{InstancesGroup, Targets, current, placed};
pub use instances::{Instance, InstanceState, instances};
pub use operation::{LastOperation, last_operation};
pub use preferences::OperationPreferences;
pub use properties::{ADMINISTRATION_ROLE, AutoDeployment, EXECUTION_ROLE, PermissionModel, StackSet};
pub use stack_set::STATUS;
