//! Change sets: what CloudFormation would do for a template, and its execution.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{
    self, Capability, ChangeSetStatus, ChangeSetType, DeploymentMode, Parameter, ResourceToImport, Tag,
};

use super::stack::PATIENCE;
use crate::aws::{Context, Error, OrEmpty, Poll, Result, SdkResult, required, until};

/// What a change set is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetKind {
    /// A stack that does not exist yet.
    Create,
    /// A stack that exists.
    Update {
        /// Whether properties that somebody changed by hand are set back too, and resources created again that somebody
        /// deleted (CloudFormation user guide, "Using drift-aware change sets").
        reverts_drift: bool,
    },
    /// Live resources are taken into a stack, untouched.
    Import(Vec<Identified>),
}

/// A live resource that is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// Its logical id in the template.
    pub logical_id: String,
    /// Its type.
    pub kind: String,
    /// Its primary identifier.
    pub identifier: BTreeMap<String, String>,
}

/// Where CloudFormation takes a template from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateText {
    /// From the call, up to 51,200 bytes.
    Inline(String),
    /// From an object in S3, up to 1 MB.
    Url(String),
}

/// A change set to be made.
#[derive(Clone, Debug)]
pub struct ChangeSetRequest<'a> {
    /// The CloudFormation stack.
    pub stack: &'a str,
    /// The change set's name.
    pub name: &'a str,
    /// What it is for.
    pub kind: SetKind,
    /// The template.
    pub template: TemplateText,
    /// The values of its parameters.
    pub parameters: BTreeMap<String, String>,
    /// The stack's tags. CloudFormation puts them on its resources too.
    pub tags: BTreeMap<String, String>,
    /// The service role, if CloudFormation works as one.
    pub role: Option<&'a str>,
}

/// What a change set would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSet {
    /// Its ARN.
    pub id: String,
    /// The ARN of its stack.
    pub stack_id: String,
    /// Its changes.
    pub changes: Vec<ResourceChange>,
}

/// What a change set does with a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceChange {
    /// The logical id.
    pub logical_id: String,
    /// The type.
    pub kind: String,
    /// What is done.
    pub action: ChangeAction,
    /// The properties that it changes. Empty for a change of attributes of the template alone, such as `Metadata`.
    pub properties: Vec<String>,
}

/// What CloudFormation does with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeAction {
    /// Creates it.
    Add,
    /// Changes it.
    Modify(Replacement),
    /// Deletes it, or lets it go if the template says that it is retained.
    Remove,
    /// Takes it into the stack as it is.
    Import,
    /// Notes that it is as the template says already. A drift-aware change set resets its drift status so.
    Sync,
    /// Anything that this program does not know.
    Other,
}

/// Whether CloudFormation replaces a resource that it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// It does not.
    Never,
    /// It depends on values that are known only later.
    Maybe,
    /// It does.
    Always,
}

/// AWS's words for a change set that changes nothing. There is no code for it; both texts are recorded.
const NO_CHANGES: [&str; 2] = ["didn't contain changes", "No updates are to be performed"];

/// Makes a change set and waits until CloudFormation knows what it would do. `None` if that is nothing: then the change set
/// is discarded.
///
/// # Errors
/// When CloudFormation refuses the template, or a call fails.
pub async fn prepare(cx: &Context, request: ChangeSetRequest<'_>) -> Result<Option<ChangeSet>> {
    let call = "cloudformation:CreateChangeSet";
    let made = build(cx, request).send().await.named(call)?;
    let id = required(made.id, call, "Id")?;
    let stack_id = required(made.stack_id, call, "StackId")?;
    let described = until(cx, "cloudformation:DescribeChangeSet", PATIENCE, || async {
        let answer =
            cx.cloudformation().describe_change_set().change_set_name(&id).include_property_values(true);
        let answer = answer.send().await.named("cloudformation:DescribeChangeSet")?;
        Ok(match answer.status {
            Some(ChangeSetStatus::CreateComplete | ChangeSetStatus::Failed) => Poll::Done(answer),
            _ => Poll::Pending("waiting until CloudFormation has compared the template".to_owned()),
        })
    });
    let described = described.await?;
    if described.status == Some(ChangeSetStatus::Failed) {
        let why = described.status_reason.unwrap_or_default();
        discard(cx, &id).await?;
        return match NO_CHANGES.iter().any(|text| why.contains(text)) {
            true => Ok(None),
            false => Err(Error::unexpected(call, why)),
        };
    }
    let mut changes = described.changes.or_empty();
    let mut next = described.next_token;
    while let Some(token) = next {
        let page = cx.cloudformation().describe_change_set().change_set_name(&id).next_token(token);
        let page =
            page.include_property_values(true).send().await.named("cloudformation:DescribeChangeSet")?;
        changes.extend(page.changes.or_empty());
        next = page.next_token;
    }
    let changes = changes.into_iter().filter_map(|change| change.resource_change).map(change).collect();
    Ok(Some(ChangeSet { id, stack_id, changes }))
}

fn build(
    cx: &Context,
    request: ChangeSetRequest<'_>,
) -> aws_sdk_cloudformation::operation::create_change_set::builders::CreateChangeSetFluentBuilder {
    let call = cx.cloudformation().create_change_set().stack_name(request.stack);
    let call = call.change_set_name(request.name).capabilities(Capability::CapabilityNamedIam);
    let call = match request.template {
        TemplateText::Inline(text) => call.template_body(text),
        TemplateText::Url(url) => call.template_url(url),
    };
    let parameter = |(name, value)| Parameter::builder().parameter_key(name).parameter_value(value).build();
    let tag = |(key, value)| Tag::builder().key(key).value(value).build();
    let call = call
        .set_parameters(Some(request.parameters.into_iter().map(parameter).collect()))
        .set_tags(Some(request.tags.into_iter().map(tag).collect()))
        .set_role_arn(request.role.map(str::to_owned));
    match request.kind {
        SetKind::Create => call.change_set_type(ChangeSetType::Create),
        SetKind::Update { reverts_drift } => call
            .change_set_type(ChangeSetType::Update)
            .set_deployment_mode(reverts_drift.then_some(DeploymentMode::RevertDrift)),
        SetKind::Import(resources) => {
            let resource = |one: Identified| {
                ResourceToImport::builder()
                    .resource_type(one.kind)
                    .logical_resource_id(one.logical_id)
                    .set_resource_identifier(Some(one.identifier.into_iter().collect()))
                    .build()
            };
            let resources = resources.into_iter().map(resource).collect();
            call.change_set_type(ChangeSetType::Import).set_resources_to_import(Some(resources))
        }
    }
}

fn change(change: types::ResourceChange) -> ResourceChange {
    let replacement = match change.replacement {
        Some(types::Replacement::True) => Replacement::Always,
        Some(types::Replacement::Conditional) => Replacement::Maybe,
        _ => Replacement::Never,
    };
    let action = match change.action {
        Some(types::ChangeAction::Add) => ChangeAction::Add,
        Some(types::ChangeAction::Modify) => ChangeAction::Modify(replacement),
        Some(types::ChangeAction::Remove) => ChangeAction::Remove,
        Some(types::ChangeAction::Import) => ChangeAction::Import,
        Some(types::ChangeAction::SyncWithActual) => ChangeAction::Sync,
        // What depends on values that are known only later is a change too.
        Some(types::ChangeAction::Dynamic) => ChangeAction::Modify(Replacement::Maybe),
        _ => ChangeAction::Other,
    };
    let targets = change.details.or_empty().into_iter().filter_map(|detail| detail.target);
    let mut properties: Vec<String> = targets
        .filter(|target| {
            let attribute = target.attribute.as_ref();
            matches!(attribute, Some(types::ResourceAttribute::Properties | types::ResourceAttribute::Tags))
        })
        .filter_map(|target| target.name.or(target.path))
        .collect();
    properties.sort();
    properties.dedup();
    ResourceChange {
        logical_id: change.logical_resource_id.unwrap_or_default(),
        kind: change.resource_type.unwrap_or_default(),
        action,
        properties,
    }
}

/// Executes a change set. What a failed creation made is deleted again, also what the template retains.
///
/// # Errors
/// When CloudFormation refuses it.
pub async fn execute(cx: &Context, set: &ChangeSet, token: &str) -> Result<()> {
    let call = cx.cloudformation().execute_change_set().change_set_name(&set.id);
    let call = call.retain_except_on_create(true).client_request_token(token);
    call.send().await.named("cloudformation:ExecuteChangeSet").map(drop)
}

/// Deletes a change set that is not executed.
///
/// # Errors
/// When the call fails.
pub async fn discard(cx: &Context, id: &str) -> Result<()> {
    let call = cx.cloudformation().delete_change_set().change_set_name(id).send();
    call.await.unless("cloudformation:DeleteChangeSet", &["ChangeSetNotFound"]).map(drop)
}

/// The names of a stack's change sets.
///
/// # Errors
/// When the call fails.
pub async fn change_sets(cx: &Context, stack: &str) -> Result<Vec<String>> {
    let mut pages = cx.cloudformation().list_change_sets().stack_name(stack).into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.named("cloudformation:ListChangeSets")?;
        names.extend(page.summaries.or_empty().into_iter().filter_map(|set| set.change_set_name));
    }
    Ok(names)
}
