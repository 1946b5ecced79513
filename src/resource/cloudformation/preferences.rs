//! How an operation goes through the accounts and regions of a stack set.

use aws_sdk_cloudformation::types::{RegionConcurrencyType, StackSetOperationPreferences};
use serde::{Deserialize, Serialize};

/// How an operation goes through accounts and regions (CloudFormation API reference, `StackSetOperationPreferences`). A stack
/// set does not keep them: each operation gets them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OperationPreferences {
    /// `SEQUENTIAL` or `PARALLEL`: one region after the other, or all at once.
    pub region_concurrency_type: String,
    /// The order of the regions.
    pub region_order: Vec<String>,
    /// In how many accounts of a region it works at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrent_count: Option<i32>,
    /// The same as a percentage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrent_percentage: Option<i32>,
    /// In how many accounts of a region it may fail before it stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_tolerance_count: Option<i32>,
    /// The same as a percentage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_tolerance_percentage: Option<i32>,
    /// `SOFT_FAILURE_TOLERANCE`: it works in as many accounts as it may, whatever has failed. AWS's default works in at most one
    /// account more than may still fail.
    pub concurrency_mode: String,
}

impl Default for OperationPreferences {
    /// As AWS works by default: one account after the other, in one region after the other, until one fails.
    fn default() -> Self {
        Self {
            region_concurrency_type: "SEQUENTIAL".to_owned(),
            region_order: Vec::new(),
            max_concurrent_count: None,
            max_concurrent_percentage: None,
            failure_tolerance_count: None,
            failure_tolerance_percentage: None,
            concurrency_mode: "STRICT_FAILURE_TOLERANCE".to_owned(),
        }
    }
}

impl OperationPreferences {
    /// For a removal: everywhere at once, until one fails.
    pub(super) fn removal() -> Self {
        Self {
            region_concurrency_type: "PARALLEL".to_owned(),
            max_concurrent_percentage: Some(100),
            concurrency_mode: "SOFT_FAILURE_TOLERANCE".to_owned(),
            ..Self::default()
        }
    }

    /// For an operation in these regions. An order may only name regions that the operation is for.
    pub(super) fn within(&self, regions: &[String]) -> StackSetOperationPreferences {
        let Self {
            region_concurrency_type,
            region_order,
            max_concurrent_count,
            max_concurrent_percentage,
            failure_tolerance_count,
            failure_tolerance_percentage,
            concurrency_mode,
        } = self;
        let order: Vec<String> =
            region_order.iter().filter(|region| regions.contains(region)).cloned().collect();
        StackSetOperationPreferences::builder()
            .region_concurrency_type(RegionConcurrencyType::from(region_concurrency_type.as_str()))
            .set_region_order(Some(order).filter(|order| !order.is_empty()))
            .set_max_concurrent_count(*max_concurrent_count)
            .set_max_concurrent_percentage(*max_concurrent_percentage)
            .set_failure_tolerance_count(*failure_tolerance_count)
            .set_failure_tolerance_percentage(*failure_tolerance_percentage)
            .concurrency_mode(concurrency_mode.as_str().into())
            .build()
    }
}
