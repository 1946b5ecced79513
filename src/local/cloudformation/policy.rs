//! Stack policies: which resources an update may touch. Pure.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html>

use serde_json::Value;

/// Whether a text fits a pattern with `*`.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn listed(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether a statement is about this action on this resource.
fn is_about(statement: &Value, action: &str, logical: &str, kind: &str) -> bool {
    let named = |list: &str, not: &str, subject: &str| match statement.get(not) {
        Some(other) => !listed(other).iter().any(|pattern| fits(pattern, subject)),
        None => listed(&statement[list]).iter().any(|pattern| fits(pattern, subject)),
    };
    let condition = &statement["Condition"];
    let of_type =
        ["StringEquals", "StringLike"].iter().find_map(|operator| condition[*operator].get("ResourceType"));
    named("Action", "NotAction", action)
        && named("Resource", "NotResource", &format!("LogicalResourceId/{logical}"))
        && of_type.is_none_or(|kinds| listed(kinds).iter().any(|pattern| fits(pattern, kind)))
}

/// Refuses a change that the policy denies, or does not allow: with a policy, what it does not allow is denied.
pub(super) fn check(policy: Option<&str>, logical: &str, kind: &str, replaces: bool) -> Result<(), String> {
    check_action(policy, logical, kind, if replaces { "Update:Replace" } else { "Update:Modify" })
}

/// The same for any action.
pub(super) fn check_action(
    policy: Option<&str>,
    logical: &str,
    kind: &str,
    action: &str,
) -> Result<(), String> {
    let Some(policy) = policy.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        return Ok(());
    };
    let statements: Vec<&Value> = match &policy["Statement"] {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    };
    let about = || {
        let numbered = statements.iter().enumerate();
        numbered.filter(|(_, statement)| is_about(statement, action, logical, kind))
    };
    let denied = about().find(|(_, statement)| statement["Effect"] == "Deny").map(|(index, _)| index + 1);
    let allowed = about().any(|(_, statement)| statement["Effect"] == "Allow");
    match denied {
        None if allowed => Ok(()),
        number => {
            let statement = number.map_or_else(String::new, |number| format!("Statement [#{number}] "));
            Err(format!(
                "Action denied by stack policy: {statement}does not allow [{action}] for resource \
                 [LogicalResourceId/{logical}];"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_policy_denies_what_it_says_and_what_it_does_not_allow() {
        let policy = json!({ "Statement": [
            { "Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*" },
            { "Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*",
                "Resource": "LogicalResourceId/Storage*", "Condition": { "StringEquals": { "ResourceType": ["AWS::S3::Bucket"] } } },
        ] })
        .to_string();
        let check = |logical: &str, kind: &str, replaces| check(Some(&policy), logical, kind, replaces);
        assert_eq!(check("StorageOutput", "AWS::S3::Bucket", false), Ok(()));
        assert_eq!(check("Other", "AWS::S3::Bucket", true), Ok(()));
        assert_eq!(check("StorageOutput", "AWS::SQS::Queue", true), Ok(()));
        assert_eq!(
            check("StorageOutput", "AWS::S3::Bucket", true).unwrap_err(),
            "Action denied by stack policy: Statement [#2] does not allow [Update:Replace] for resource \
             [LogicalResourceId/StorageOutput];"
        );
        let nothing = r#"{"Statement": []}"#;
        assert!(super::check(Some(nothing), "A", "T", false).is_err());
        assert_eq!(super::check(None, "A", "T", true), Ok(()));
    }
}
