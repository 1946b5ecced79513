//! Statements of a function's policy, in the words of `AddPermission`, and those that this call cannot write.

use crate::model::{Effect, Principal, Statement, StringExpr};

/// The principal as `AddPermission` takes it: Lambda answers an account as the ARN of its root.
pub(super) fn principal(found: Option<&Principal>) -> String {
    let Some(Principal::Of(by_type)) = found else { return "*".to_owned() };
    let names: Vec<String> = by_type.values().flatten().map(StringExpr::text).collect();
    let text = names.join(",");
    let account = text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root"));
    account.unwrap_or(&text).to_owned()
}

/// The keys of the conditions that `AddPermission` can write, and the operators that compare as it does.
const KEYS: [&str; 6] = [
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:PrincipalOrgID",
    "lambda:EventSourceToken",
    "lambda:FunctionUrlAuthType",
    "lambda:InvokedViaFunctionUrl",
];
const OPERATORS: [&str; 5] = ["ArnEquals", "ArnLike", "Bool", "StringEquals", "StringLike"];

/// Whether `AddPermission` could have written it: it allows, and has no other conditions than that call.
pub(super) fn is_permission(statement: &Statement) -> bool {
    let Statement {
        sid: _,
        effect,
        principal: _,
        not_principal,
        action: _,
        not_action,
        resource: _,
        not_resource,
        condition,
    } = statement;
    let known = |key: &String| KEYS.iter().any(|known| known.eq_ignore_ascii_case(key));
    *effect == Effect::Allow
        && not_principal.is_none()
        && not_action.is_empty()
        && not_resource.is_empty()
        && condition
            .iter()
            .all(|(operator, keys)| OPERATORS.contains(&operator.as_str()) && keys.keys().all(known))
}

/// The value of a condition key under any operator.
pub(super) fn condition(statement: &Statement, key: &str) -> Option<String> {
    let keys = statement.condition.values().flatten();
    let (_, values) = keys.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(key))?;
    Some(values.iter().map(StringExpr::text).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_and_everybody_read_back_as_they_were_given() {
        let account = Principal::Of(
            [("AWS".to_owned(), [StringExpr::from("arn:aws:iam::111122223333:root")].into())].into(),
        );
        assert_eq!(principal(Some(&account)), "111122223333");
        assert_eq!(principal(Some(&Principal::Any)), "*");
    }
}
