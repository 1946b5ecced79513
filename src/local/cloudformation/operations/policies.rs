//! `SetStackPolicy` and `GetStackPolicy`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::refusal::ApiRefusal;
use super::super::{CloudFormation, StackCaller};
use super::{Answer, required, submitted, text};

/// The stack policy of a call.
pub(super) async fn submitted(
    service: &CloudFormation,
    caller: &StackCaller,
    form: &Value,
) -> Result<Option<String>, ApiRefusal> {
    let policy = match (text(form, "StackPolicyBody"), text(form, "StackPolicyURL")) {
        (Some(_), Some(_)) => {
            let message = "You cannot specify both StackPolicyURL and StackPolicyBody";
            return Err(ApiRefusal::validation(message));
        }
        (Some(body), None) => Some(body.to_owned()),
        (None, Some(url)) => Some(submitted::fetched(service, caller, url).await?),
        (None, None) => None,
    };
    match &policy {
        Some(policy) => check(policy).map(|()| Some(policy.clone())),
        None => Ok(None),
    }
}

/// Refuses what is no stack policy.
fn check(policy: &str) -> Result<(), ApiRefusal> {
    let refusal = || ApiRefusal::validation("Error validating stack policy: Invalid stack policy");
    let policy: Value = serde_json::from_str(policy).map_err(|_| refusal())?;
    let statements = match &policy["Statement"] {
        // `{}` takes the policy off.
        Value::Null if policy.as_object().is_some_and(serde_json::Map::is_empty) => return Ok(()),
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    let is_action =
        |action: &Value| action.as_str().is_some_and(|action| action == "*" || action.starts_with("Update:"));
    let fits = |statement: &Value| {
        let actions = ["Action", "NotAction"].iter().find_map(|name| statement.get(*name));
        let actions_fit = match actions {
            Some(Value::Array(all)) => all.iter().all(is_action),
            Some(one) => is_action(one),
            None => false,
        };
        let has_resource = statement.get("Resource").or(statement.get("NotResource")).is_some();
        let effect = matches!(statement["Effect"].as_str(), Some("Allow" | "Deny"));
        actions_fit && has_resource && effect && statement["Principal"] == "*"
    };
    if statements.iter().all(fits) { Ok(()) } else { Err(refusal()) }
}

/// `SetStackPolicy`.
pub(super) async fn set(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackName")?;
    let policy = submitted(service, caller, form).await?;
    service.shelf(&caller.place, |shelf| {
        shelf.get_mut(name)?.policy = policy.filter(|policy| policy.trim() != "{}");
        Ok(None)
    })
}

/// `GetStackPolicy`.
pub(super) fn get(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackName")?;
    service.shelf(&caller.place, |shelf| Ok(Some(json!({ "StackPolicyBody": shelf.get(name)?.policy }))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_stack_policy_is_refused() {
        let with = |action: &str, principal: &str| {
            json!({ "Statement": [{ "Effect": "Allow", "Action": action, "Principal": principal, "Resource": "*" }] })
                .to_string()
        };
        assert_eq!(check(&with("Update:*", "*")), Ok(()));
        assert_eq!(check("{}"), Ok(()));
        for wrong in [with("Delete:*", "*"), with("Update:*", "arn"), "nothing".to_owned()] {
            assert_eq!(
                check(&wrong).unwrap_err().message,
                "Error validating stack policy: Invalid stack policy"
            );
        }
    }
}
