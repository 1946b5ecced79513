//! The instances of a stack set: one stack in each account and region.

use serde::Serialize;

use super::group::Place;
use crate::aws::{Context, OrEmpty, Result, SdkResult, required};

const ABSENT: &[&str] = &["StackSetNotFoundException"];
const SUSPENDED: &str = "SKIPPED_SUSPENDED_ACCOUNT";

/// How an instance is, in relation to its stack set (CloudFormation API reference, `StackInstance`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceState {
    /// It has the stack set's template.
    Current,
    /// An operation failed or was stopped before it got that.
    Outdated,
    /// Its deletion failed. Updates leave it out.
    Inoperable,
}

/// An instance of a stack set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Instance {
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The unit of the organization that it was deployed for, in a service-managed stack set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The ARN of its stack, once it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// How it is.
    pub state: InstanceState,
    /// How the last operation on it ended, in CloudFormation's words: `SUCCEEDED`, `FAILED`, `CANCELLED`.
    pub last: String,
    /// Why, in CloudFormation's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether it differed from its template when drift was looked for last, in CloudFormation's words: `NOT_CHECKED` as a rule.
    pub drift: String,
}

impl Instance {
    /// The account or unit, and the region.
    pub(super) fn place(&self) -> Place {
        (self.unit.clone().unwrap_or_else(|| self.account.clone()), self.region.clone())
    }
}

/// The instances of the stack set with this name, by account and region. None if there is no such stack set.
///
/// # Errors
/// When a call fails.
pub async fn instances(cx: &Context, name: &str) -> Result<Vec<Instance>> {
    const CALL: &str = "cloudformation:ListStackInstances";
    let mut pages = cx.cloudformation().list_stack_instances().stack_set_name(name).into_paginator().send();
    let mut instances = Vec::new();
    while let Some(page) = pages.next().await {
        let Some(page) = page.unless(CALL, ABSENT)? else { return Ok(Vec::new()) };
        for one in page.summaries.or_empty() {
            let detailed = one.stack_instance_status.and_then(|status| status.detailed_status);
            instances.push(Instance {
                account: required(one.account, CALL, "Account")?,
                region: required(one.region, CALL, "Region")?,
                unit: one.organizational_unit_id.filter(|unit| !unit.is_empty()),
                stack: one.stack_id.filter(|stack| !stack.is_empty()),
                state: match required(one.status, CALL, "Status")?.as_str() {
                    // AWS leaves suspended accounts out of every operation.
                    _ if detailed.as_ref().is_some_and(|status| status.as_str() == SUSPENDED) => {
                        InstanceState::Current
                    }
                    "CURRENT" => InstanceState::Current,
                    "INOPERABLE" => InstanceState::Inoperable,
                    _ => InstanceState::Outdated,
                },
                last: detailed.map_or_else(|| "PENDING".to_owned(), |status| status.as_str().to_owned()),
                reason: one.status_reason.filter(|reason| !reason.is_empty()),
                drift: one
                    .drift_status
                    .map_or_else(|| "NOT_CHECKED".to_owned(), |status| status.as_str().to_owned()),
            });
        }
    }
    instances.sort_by(|one, other| (&one.account, &one.region).cmp(&(&other.account, &other.region)));
    Ok(instances)
}
