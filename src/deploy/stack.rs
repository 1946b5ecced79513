//! One CloudFormation stack: its state, its members, its protection, and its deletion.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{self, DeletionMode, TemplateStage};

use super::status::{Phase, StackStatus};
use crate::aws::{Context, Error, OrEmpty, Patience, Poll, Result, SdkResult, required, until};

/// How often a stack is looked at while CloudFormation works on it, and for how long. A distribution takes minutes, and a
/// certificate up to hours.
pub(super) const PATIENCE: Patience = Patience {
    first: std::time::Duration::from_millis(100),
    longest: std::time::Duration::from_secs(5),
    limit: std::time::Duration::from_hours(6),
};

/// A CloudFormation stack as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct StackSeen {
    /// Its name.
    pub name: String,
    /// Its ARN. It stays readable by it after its deletion.
    pub id: String,
    /// Its region.
    pub region: String,
    /// Its status.
    pub status: StackStatus,
    /// Why it has this status, in CloudFormation's words.
    pub reason: String,
    /// The values of its parameters.
    pub parameters: BTreeMap<String, String>,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it is protected against deletion.
    pub protected: bool,
}

impl StackSeen {
    fn from_sdk(stack: types::Stack, region: &str) -> Result<Self> {
        let call = "cloudformation:DescribeStacks";
        let outputs = stack.outputs.or_empty().into_iter();
        let tags = stack.tags.or_empty().into_iter();
        let parameters = stack.parameters.or_empty().into_iter();
        Ok(Self {
            name: required(stack.stack_name, call, "StackName")?,
            id: required(stack.stack_id, call, "StackId")?,
            region: region.to_owned(),
            status: StackStatus::new(required(stack.stack_status, call, "StackStatus")?.as_str()),
            reason: stack.stack_status_reason.unwrap_or_default(),
            parameters: parameters
                .filter_map(|parameter| parameter.parameter_key.zip(parameter.parameter_value))
                .collect(),
            outputs: outputs.filter_map(|output| output.output_key.zip(output.output_value)).collect(),
            tags: tags.filter_map(|tag| tag.key.zip(tag.value)).collect(),
            protected: stack.enable_termination_protection.unwrap_or_default(),
        })
    }
}

/// The stack with a name, or, by its ARN, one that may be deleted already. `None` if there is none.
///
/// # Errors
/// When the call fails.
pub async fn look(cx: &Context, name: &str) -> Result<Option<StackSeen>> {
    let call = "cloudformation:DescribeStacks";
    let answer = match cx.cloudformation().describe_stacks().stack_name(name).send().await.named(call) {
        Ok(answer) => answer,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let stack = answer.stacks.or_empty().into_iter().next();
    let seen = stack.map(|stack| StackSeen::from_sdk(stack, cx.region())).transpose()?;
    Ok(seen.filter(|seen| seen.status.phase() != Phase::Gone || name == seen.id))
}

/// CloudFormation has no code of its own for a missing stack. The text is recorded: "Stack with id vod does not exist".
pub(super) fn is_absent(error: &Error) -> bool {
    error.is(&["ValidationError"]) && error.message.contains("does not exist")
}

/// A resource of a CloudFormation stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its logical id.
    pub logical_id: String,
    /// Its physical id, once it has one.
    pub physical_id: Option<String>,
    /// Its status.
    pub status: String,
}

impl Member {
    /// Whether an update failed to change it, and the rollback failed to set it back.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.status == "UPDATE_FAILED"
    }

    /// Whether it exists, as far as CloudFormation knows.
    #[must_use]
    pub fn is_there(&self) -> bool {
        let gone = ["DELETE_COMPLETE", "DELETE_SKIPPED"].contains(&self.status.as_str());
        !gone && self.physical_id.as_ref().is_some_and(|id| !id.is_empty())
    }
}

/// The resources of a stack. None if there is no such stack.
///
/// # Errors
/// When a call fails.
pub async fn members(cx: &Context, name: &str) -> Result<Vec<Member>> {
    let call = "cloudformation:ListStackResources";
    let mut pages = cx.cloudformation().list_stack_resources().stack_name(name).into_paginator().send();
    let mut members = Vec::new();
    while let Some(page) = pages.next().await {
        let page = match page.named(call) {
            Ok(page) => page,
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        for one in page.stack_resource_summaries.or_empty() {
            members.push(Member {
                logical_id: required(one.logical_resource_id, call, "LogicalResourceId")?,
                physical_id: one.physical_resource_id,
                status: one.resource_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            });
        }
    }
    Ok(members)
}

/// The stack once CloudFormation no longer works on it. `None` if there is none.
///
/// # Errors
/// When a call fails, or it takes too long.
pub async fn steady(cx: &Context, name: &str) -> Result<Option<StackSeen>> {
    until(cx, "cloudformation:DescribeStacks", PATIENCE, || async {
        let seen = look(cx, name).await?;
        Ok(match seen {
            Some(seen) if seen.status.phase() == Phase::Working => {
                Poll::Pending(format!("waiting for CloudFormation: {} is in {}", seen.name, seen.status))
            }
            seen => Poll::Done(seen),
        })
    })
    .await
}

/// How a stack is deleted.
#[derive(Clone, Debug, Default)]
pub struct Deletion<'a> {
    /// The service role, if CloudFormation works as one.
    pub role: Option<&'a str>,
    /// Resources that stay: possible only after a deletion that failed because of them.
    pub retain: Vec<String>,
    /// Names the request, so that a repeated call does nothing twice.
    pub token: String,
}

/// Begins to delete a stack. Deleting what is not there succeeds.
///
/// # Errors
/// When the call fails.
pub async fn delete(cx: &Context, name: &str, how: Deletion<'_>) -> Result<()> {
    let call = cx.cloudformation().delete_stack().stack_name(name).client_request_token(how.token);
    let call = call.set_role_arn(how.role.map(str::to_owned));
    let retain = Some(how.retain).filter(|retain| !retain.is_empty());
    let call = call.set_retain_resources(retain).deletion_mode(DeletionMode::Standard);
    call.send().await.named("cloudformation:DeleteStack").map(drop)
}

/// Goes on with a rollback that failed. `skip` are resources that stay as they are: only those that failed to go back can
/// (CloudFormation user guide, "Continue rolling back an update").
///
/// # Errors
/// When the call fails.
pub async fn continue_rollback(
    cx: &Context,
    name: &str,
    role: Option<&str>,
    skip: Vec<String>,
    token: &str,
) -> Result<()> {
    let call = cx.cloudformation().continue_update_rollback().stack_name(name).client_request_token(token);
    let call = call.set_role_arn(role.map(str::to_owned));
    let call = call.set_resources_to_skip(Some(skip).filter(|skip| !skip.is_empty()));
    call.send().await.named("cloudformation:ContinueUpdateRollback").map(drop)
}

/// The template that a stack was deployed with last, as it was sent.
///
/// # Errors
/// When the call fails, or the template is not JSON: then this program did not write it.
pub async fn template(cx: &Context, name: &str) -> Result<serde_json::Value> {
    let call = "cloudformation:GetTemplate";
    let answer = cx.cloudformation().get_template().stack_name(name).template_stage(TemplateStage::Original);
    let text = required(answer.send().await.named(call)?.template_body, call, "TemplateBody")?;
    serde_json::from_str(&text)
        .map_err(|error| Error::unexpected(call, format!("the template of {name} is not JSON: {error}")))
}

/// Protects a stack against deletion, or no longer.
///
/// # Errors
/// When the call fails.
pub async fn protect(cx: &Context, name: &str, protected: bool) -> Result<()> {
    let call = cx.cloudformation().update_termination_protection().stack_name(name);
    let call = call.enable_termination_protection(protected);
    call.send().await.named("cloudformation:UpdateTerminationProtection").map(drop)
}

/// Sets what an update of the stack may do.
///
/// # Errors
/// When the call fails.
pub async fn set_policy(cx: &Context, name: &str, policy: &str) -> Result<()> {
    let call = cx.cloudformation().set_stack_policy().stack_name(name).stack_policy_body(policy);
    call.send().await.named("cloudformation:SetStackPolicy").map(drop)
}
