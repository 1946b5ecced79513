//! What a resource's policy lets a service do.

use serde_json::Value;

use super::policy::{statements, texts};

/// What a service wants to do, and for whom.
#[derive(Debug, Clone, Copy)]
pub(in crate::local) struct Wish<'a> {
    /// The service's principal.
    pub(in crate::local) service: &'a str,
    /// The action.
    pub(in crate::local) action: &'a str,
    /// The ARN of what makes the service ask: a bucket, a rule.
    pub(in crate::local) source: &'a str,
    /// The account of that.
    pub(in crate::local) account: &'a str,
}

/// Whether a resource's policy grants a wish: a statement allows it, and none denies it.
pub(in crate::local) fn grants(policy: &str, wish: &Wish<'_>) -> bool {
    let document = serde_json::from_str(policy).unwrap_or_default();
    let statements = statements(&document);
    let of = |effect: &str| {
        let applies = |statement: &&&Value| statement["Effect"] == effect && is_about(statement, wish);
        statements.iter().filter(applies).count()
    };
    of("Allow") > 0 && of("Deny") == 0
}

/// Whether a role's trust policy lets another role assume it: by that role's ARN, or by its account. Its conditions are
/// STS's to judge.
pub(in crate::local) fn trusts(policy: &str, role: &str) -> bool {
    let account = role.split(':').nth(4).unwrap_or_default();
    let root = format!("arn:aws:iam::{account}:root");
    let document = serde_json::from_str(policy).unwrap_or_default();
    let statements = statements(&document);
    let of = |effect: &str| {
        let applies = |statement: &&&Value| {
            let principal = &statement["Principal"];
            let named =
                texts(principal.get("AWS")).into_iter().any(|one| ["*", account, &root, role].contains(&one));
            let action = texts(statement.get("Action")).into_iter().any(|one| matches(one, "sts:AssumeRole"));
            statement["Effect"] == effect && action && (named || principal == "*")
        };
        statements.iter().filter(applies).count()
    };
    of("Allow") > 0 && of("Deny") == 0
}

fn is_about(statement: &Value, wish: &Wish<'_>) -> bool {
    let principal = &statement["Principal"];
    let everybody = principal == "*" || texts(principal.get("AWS")).contains(&"*");
    let named = everybody || texts(principal.get("Service")).contains(&wish.service);
    let action = texts(statement.get("Action")).into_iter().any(|action| matches(action, wish.action));
    named && action && conditions(statement).iter().all(|condition| holds(condition, wish))
}

/// Operator, key and values.
type Condition<'a> = (&'a str, String, Vec<&'a str>);

fn conditions(statement: &Value) -> Vec<Condition<'_>> {
    let by_operator = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
    by_operator
        .flat_map(|(operator, keys)| {
            let keys = keys.as_object().into_iter().flatten();
            keys.map(move |(key, values)| (operator.as_str(), key.to_ascii_lowercase(), texts(Some(values))))
        })
        .collect()
}

/// A key that a service does not send is not there: what must equal something does not hold.
fn holds((operator, key, values): &Condition<'_>, wish: &Wish<'_>) -> bool {
    let sent = match key.as_str() {
        "aws:sourcearn" => Some(wish.source),
        "aws:sourceaccount" => Some(wish.account),
        "aws:securetransport" => Some("true"),
        _ => None,
    };
    let (negated, optional) = (operator.contains("Not"), operator.ends_with("IfExists"));
    match sent {
        None => negated || optional,
        Some(sent) => values.iter().any(|value| matches(value, sent)) != negated,
    }
}

/// Whether a text has the form of a pattern with `*` and `?`. Letters may be of either case, as in actions.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Whether the pattern so far matches each beginning of the text.
    let mut reached: Vec<bool> = (0..=text.len()).map(|length| length == 0).collect();
    for letter in pattern {
        let mut next = vec![false; text.len() + 1];
        for length in 0..=text.len() {
            next[length] = match letter {
                '*' => reached[length] || (length > 0 && next[length - 1]),
                '?' => length > 0 && reached[length - 1],
                letter => length > 0 && reached[length - 1] && text[length - 1] == letter,
            };
        }
        reached = next;
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_resources_policy_grants_what_it_says() {
        let wish = |source| Wish {
            service: "s3.amazonaws.com",
            action: "lambda:InvokeFunction",
            source,
            account: "1",
        };
        let policy = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" },
            "Action": "lambda:InvokeFunction", "Resource": "f",
            "Condition": { "ArnLike": { "AWS:SourceArn": "arn:aws:s3:::b*" }, "StringEquals": { "AWS:SourceAccount": "1" } } }] });
        assert!(grants(&policy.to_string(), &wish("arn:aws:s3:::b1")));
        assert!(!grants(&policy.to_string(), &wish("arn:aws:s3:::c")));
        let other = policy.to_string().replace("s3.amazonaws.com", "events.amazonaws.com");
        assert!(!grants(&other, &wish("arn:aws:s3:::b1")));
        assert!(!grants("", &wish("arn:aws:s3:::b1")));
    }

    #[test]
    fn a_role_trusts_another_one_by_its_name_or_its_account() {
        let role = "arn:aws:iam::111122223333:role/a";
        let trust = |principal: Value, action: &str| {
            json!({ "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": action }] })
                .to_string()
        };
        for principal in [
            json!({ "AWS": "111122223333" }),
            json!({ "AWS": ["arn:aws:iam::111122223333:root"] }),
            json!({ "AWS": role }),
        ] {
            assert!(trusts(&trust(principal.clone(), "sts:AssumeRole"), role), "{principal}");
        }
        for (principal, action) in [
            (json!({ "AWS": "222233334444" }), "sts:AssumeRole"),
            (json!({ "AWS": "arn:aws:iam::111122223333:role/b" }), "sts:AssumeRole"),
            (json!({ "Service": "111122223333" }), "sts:AssumeRole"),
            (json!({ "AWS": role }), "sts:TagSession"),
        ] {
            assert!(!trusts(&trust(principal.clone(), action), role), "{principal} {action}");
        }
    }

    #[test]
    fn patterns_have_stars_and_question_marks() {
        for (pattern, text) in
            [("*", ""), ("s3:Get*", "s3:getobject"), ("a?c*", "abcd"), ("*b*", "abc"), ("abc", "abc")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a?", "a"), ("a*c", "ab"), ("abc", "ab")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
