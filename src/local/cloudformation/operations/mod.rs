//! The calls of the API, and what they have in common.

mod change_sets;
mod change_sets_begin;
mod drift;
mod policies;
mod stacks;
mod stacks_begin;
pub(super) mod submitted;
mod summaries;
mod views;

use std::sync::Arc;

use serde_json::Value;

use super::refusal::ApiRefusal;
use super::{CloudFormation, StackCaller, fleet};
pub(super) use drift::detect as detect_drift;
pub(super) use stacks_begin::{begin_stack, begin_stack_update, delete_stack};

/// What an operation answers: its result, or nothing where the operation has none.
type Answer = Result<Option<Value>, ApiRefusal>;

/// Answers a call.
pub(super) async fn answer(
    service: &Arc<CloudFormation>,
    caller: &StackCaller,
    operation: &str,
    form: &Value,
) -> Answer {
    if let Some(answer) = fleet::answer(service, caller, operation, form).await {
        return answer;
    }
    match operation {
        "CreateChangeSet" => change_sets_begin::create(service, caller, form).await,
        "DescribeChangeSet" => change_sets::describe(service, caller, form),
        "ExecuteChangeSet" => change_sets_begin::execute(service, caller, form).await,
        "DeleteChangeSet" => change_sets::delete(service, caller, form),
        "ListChangeSets" => change_sets::list(service, caller, form),
        "DescribeStacks" => stacks::describe(service, caller, form),
        "ListStacks" => stacks::list(service, caller, form),
        "CreateStack" => stacks_begin::create(service, caller, form).await,
        "UpdateStack" => stacks_begin::update(service, caller, form).await,
        "DeleteStack" => stacks_begin::delete(service, caller, form).await,
        "CancelUpdateStack" => stacks_begin::cancel(service, caller, form),
        "ContinueUpdateRollback" => stacks_begin::continue_rollback(service, caller, form).await,
        "RollbackStack" => stacks_begin::rollback(service, caller, form).await,
        "SetStackPolicy" => policies::set(service, caller, form).await,
        "GetStackPolicy" => policies::get(service, caller, form),
        "ValidateTemplate" => summaries::validate(service, caller, form).await,
        "GetTemplateSummary" => summaries::summarise(service, caller, form).await,
        "DetectStackDrift" => drift::detect(service, caller, form).await,
        "DetectStackResourceDrift" => drift::detect_one(service, caller, form).await,
        "DescribeStackDriftDetectionStatus" => drift::status(service, caller, form),
        "DescribeStackResourceDrifts" => drift::describe(service, caller, form),
        "DescribeStackEvents" => views::events(service, caller, form),
        "DescribeStackResource" => views::resource(service, caller, form),
        "DescribeStackResources" => views::resources(service, caller, form),
        "ListStackResources" => views::resource_list(service, caller, form),
        "GetTemplate" => views::template(service, caller, form),
        "UpdateTerminationProtection" => stacks::protect(service, caller, form),
        other => Err(ApiRefusal::new(
            "InvalidAction",
            format!("Could not find operation {other} for version 2010-05-15"),
        )),
    }
}

/// A parameter of a call.
pub(super) fn text<'a>(form: &'a Value, name: &str) -> Option<&'a str> {
    form[name].as_str().filter(|text| !text.is_empty())
}

/// A parameter that must be there.
pub(super) fn required<'a>(form: &'a Value, name: &str) -> Result<&'a str, ApiRefusal> {
    text(form, name).ok_or_else(|| {
        let member = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
        ApiRefusal::validation(format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// Refuses a name that is none.
pub(super) fn check_name(member: &str, name: &str) -> Result<(), ApiRefusal> {
    let starts = name.chars().next().is_some_and(|first| first.is_ascii_alphabetic());
    let rest = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    if starts && rest && name.len() <= 128 {
        return Ok(());
    }
    Err(ApiRefusal::validation(format!(
        "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: Member must satisfy regular \
         expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    )))
}

/// A switch of a call.
pub(super) fn is_on(form: &Value, name: &str) -> bool {
    form[name].as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// A list of texts.
pub(super) fn texts<'a>(form: &'a Value, name: &str) -> Vec<&'a str> {
    form[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// One page of a list, and the token of the next. A token is the number of the first item.
pub(super) fn page(
    items: Vec<Value>,
    token: Option<&str>,
    size: usize,
) -> Result<(Vec<Value>, Option<String>), ApiRefusal> {
    let from = match token {
        None => 0,
        Some(token) => token.parse().map_err(|_| ApiRefusal::validation("Invalid NextToken"))?,
    };
    let next = (from + size < items.len()).then(|| (from + size).to_string());
    Ok((items.into_iter().skip(from).take(size).collect(), next))
}
