//! Policy documents as AWS reads them when they are written: their grammar.
//!
//! Follows the IAM user guide, "Grammar of the IAM JSON policy language".

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What a document is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentKind {
    /// A role, as what it may do.
    Identity,
    /// A role, as who may assume it.
    Trust,
    /// A resource of this service.
    Resource(&'static str),
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It is not a JSON object.
    NotJson,
    /// A member is unknown, or has another form.
    Syntax(String),
    /// A statement lacks this member.
    Missing(&'static str),
    /// A statement has this member, which documents of this kind must not have.
    Prohibited(&'static str),
    /// The effect is neither `Allow` nor `Deny`.
    Effect(String),
    /// An action has no service, or is none of the service that the document is for.
    Action(String),
    /// A resource is not an ARN.
    NotArn(String),
    /// A statement's name has other characters than letters and digits.
    SidCharacters,
    /// Two statements have one name.
    SidTwice,
    /// There is no such operator of conditions.
    Operator(String),
}

const STATEMENT: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// The first thing that is wrong with a document.
pub(super) fn flaw(text: &str, kind: DocumentKind) -> Option<Flaw> {
    let Ok(Value::Object(document)) = serde_json::from_str(text) else { return Some(Flaw::NotJson) };
    let unknown = document.keys().find(|key| !["Version", "Id", "Statement"].contains(&key.as_str()));
    if let Some(key) = unknown {
        return Some(Flaw::Syntax(key.clone()));
    }
    let version = document.get("Version").and_then(Value::as_str);
    if document.contains_key("Version") && !matches!(version, Some("2012-10-17" | "2008-10-17")) {
        return Some(Flaw::Syntax("Version".into()));
    }
    let statements = statements(&document);
    if statements.is_empty() {
        return Some(Flaw::Missing("Statement"));
    }
    let mut names = BTreeSet::new();
    let twice = statements
        .iter()
        .filter_map(|statement| statement.get("Sid").and_then(Value::as_str))
        .any(|name| !name.is_empty() && !names.insert(name));
    statements
        .iter()
        .find_map(|statement| statement_flaw(statement, kind))
        .or(twice.then_some(Flaw::SidTwice))
}

fn statement_flaw(statement: &Value, kind: DocumentKind) -> Option<Flaw> {
    let Value::Object(members) = statement else { return Some(Flaw::Syntax("Statement".into())) };
    if let Some(key) = members.keys().find(|key| !STATEMENT.contains(&key.as_str())) {
        return Some(Flaw::Syntax(key.clone()));
    }
    let Some(effect) = members.get("Effect").and_then(Value::as_str) else {
        return Some(Flaw::Missing("Effect"));
    };
    if !["Allow", "Deny"].contains(&effect) {
        return Some(Flaw::Effect(effect.into()));
    }
    lacking(members, kind)
        .or_else(|| name_flaw(members, kind))
        .or_else(|| action_flaw(members, kind))
        .or_else(|| resource_flaw(members))
        .or_else(|| operator_flaw(members))
}

fn lacking(members: &Map<String, Value>, kind: DocumentKind) -> Option<Flaw> {
    let has = |one: &str, other: &str| members.contains_key(one) || members.contains_key(other);
    let (principal, resource) = (has("Principal", "NotPrincipal"), has("Resource", "NotResource"));
    if kind == DocumentKind::Identity && principal {
        return Some(Flaw::Prohibited("Principal"));
    }
    if kind != DocumentKind::Identity && !principal {
        return Some(Flaw::Missing("Principal"));
    }
    if !has("Action", "NotAction") {
        return Some(Flaw::Missing("Action"));
    }
    match (kind, resource) {
        (DocumentKind::Trust, true) => Some(Flaw::Prohibited("Resource")),
        (DocumentKind::Identity | DocumentKind::Resource(_), false) => Some(Flaw::Missing("Resource")),
        _ => None,
    }
}

/// S3, SQS and SNS take any text; IAM takes letters and digits.
fn name_flaw(members: &Map<String, Value>, kind: DocumentKind) -> Option<Flaw> {
    let name = members.get("Sid").and_then(Value::as_str).unwrap_or_default();
    let strict = !matches!(kind, DocumentKind::Resource(_));
    (strict && !name.chars().all(|letter| letter.is_ascii_alphanumeric())).then_some(Flaw::SidCharacters)
}

fn action_flaw(members: &Map<String, Value>, kind: DocumentKind) -> Option<Flaw> {
    let wrong = |action: &&str| match (action.split_once(':'), kind) {
        _ if *action == "*" => kind == DocumentKind::Trust,
        (None, _) => true,
        (Some((service, _)), DocumentKind::Trust) => !service.eq_ignore_ascii_case("sts"),
        (Some((service, _)), DocumentKind::Resource(own)) => !service.eq_ignore_ascii_case(own),
        (Some((service, name)), DocumentKind::Identity) => service.is_empty() || name.is_empty(),
    };
    let actions = ["Action", "NotAction"].into_iter().flat_map(|key| texts(members.get(key)));
    actions.into_iter().find(wrong).map(|action| Flaw::Action(action.into()))
}

fn resource_flaw(members: &Map<String, Value>) -> Option<Flaw> {
    let mut resources = ["Resource", "NotResource"].into_iter().flat_map(|key| texts(members.get(key)));
    let wrong = |resource: &&str| {
        *resource != "*" && !(resource.starts_with("arn:") && resource.splitn(6, ':').count() == 6)
    };
    resources.find(wrong).map(|resource| Flaw::NotArn(resource.into()))
}

const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
];

fn operator_flaw(members: &Map<String, Value>) -> Option<Flaw> {
    let conditions = members.get("Condition")?;
    let Value::Object(conditions) = conditions else { return Some(Flaw::Syntax("Condition".into())) };
    let unknown = |operator: &&String| {
        let name = operator.strip_prefix("ForAllValues:").or_else(|| operator.strip_prefix("ForAnyValue:"));
        let name = name.unwrap_or(operator);
        let name = name.strip_suffix("IfExists").unwrap_or(name);
        !OPERATORS.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    conditions.keys().find(unknown).map(|operator| Flaw::Operator(operator.clone()))
}

/// The principals that a document names: their types and themselves. `"*"` is everybody, and is left out.
pub(super) fn principals(text: &str) -> Vec<(String, String)> {
    let document = serde_json::from_str(text).unwrap_or_default();
    let named = |statement: &Value| {
        let by_type =
            ["Principal", "NotPrincipal"].into_iter().filter_map(|key| statement.get(key)?.as_object());
        let pairs = by_type.flat_map(|by_type| {
            let each = |(kind, list)| {
                texts(Some(list)).into_iter().map(move |one| (String::clone(kind), one.to_owned()))
            };
            by_type.iter().flat_map(each)
        });
        pairs.collect::<Vec<_>>()
    };
    statements(&document).into_iter().flat_map(named).filter(|(_, one)| one != "*").collect()
}

/// Every resource that a document names.
pub(super) fn resources(text: &str) -> Vec<String> {
    let document = serde_json::from_str(text).unwrap_or_default();
    let statements = statements(&document);
    let named = statements.iter().flat_map(|statement| {
        ["Resource", "NotResource"].into_iter().flat_map(|key| texts(statement.get(key)))
    });
    named.map(str::to_owned).collect()
}

/// The actions and the resources of each statement.
pub(super) fn actions_on_resources(text: &str) -> Vec<(Vec<String>, Vec<String>)> {
    let document = serde_json::from_str(text).unwrap_or_default();
    let owned =
        |statement: &Value, key: &str| texts(statement.get(key)).into_iter().map(str::to_owned).collect();
    let pair = |statement| (owned(statement, "Action"), owned(statement, "Resource"));
    statements(&document).into_iter().map(pair).collect()
}

pub(super) fn statements(document: &Map<String, Value>) -> Vec<&Value> {
    match document.get("Statement") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

/// A text, or the texts of a list.
pub(super) fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(one) => one.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flaw_of(statement: &Value, kind: DocumentKind) -> Option<Flaw> {
        flaw(&json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string(), kind)
    }

    #[test]
    fn documents_that_parse_have_no_flaw() {
        let may = json!({ "Sid": "a1", "Effect": "Allow", "Action": ["s3:Get*", "*"], "Resource": "arn:aws:s3:::b/*" });
        assert_eq!(flaw_of(&may, DocumentKind::Identity), None);
        let trust = json!({ "Effect": "Allow", "Principal": { "Service": "x" }, "Action": "sts:AssumeRole" });
        assert_eq!(flaw_of(&trust, DocumentKind::Trust), None);
        let open = json!({ "Sid": "a b", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b",
            "Condition": { "ForAnyValue:StringLikeIfExists": { "aws:x": "y" } } });
        assert_eq!(flaw_of(&open, DocumentKind::Resource("s3")), None);
    }

    #[test]
    fn each_flaw_is_found() {
        let sound = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" });
        let with = |key: &str, value: Value| {
            let mut changed = sound.clone();
            changed[key] = value;
            flaw_of(&changed, DocumentKind::Identity)
        };
        assert_eq!(with("Effect", json!("Perhaps")), Some(Flaw::Effect("Perhaps".into())));
        assert_eq!(with("Principal", json!("*")), Some(Flaw::Prohibited("Principal")));
        assert_eq!(with("Action", json!("GetObject")), Some(Flaw::Action("GetObject".into())));
        assert_eq!(with("Resource", json!("bucket/x")), Some(Flaw::NotArn("bucket/x".into())));
        assert_eq!(with("Sid", json!("a-b")), Some(Flaw::SidCharacters));
        assert_eq!(with("Sidd", json!("a")), Some(Flaw::Syntax("Sidd".into())));
        assert_eq!(with("Condition", json!({ "StringIs": {} })), Some(Flaw::Operator("StringIs".into())));
        assert_eq!(flaw("{", DocumentKind::Identity), Some(Flaw::NotJson));
        assert_eq!(flaw("{\"Statement\": []}", DocumentKind::Identity), Some(Flaw::Missing("Statement")));
        let twice = json!({ "Sid": "a", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" });
        assert_eq!(
            flaw(&json!({ "Statement": [twice, twice] }).to_string(), DocumentKind::Identity),
            Some(Flaw::SidTwice)
        );
        assert_eq!(flaw_of(&sound, DocumentKind::Resource("s3")), Some(Flaw::Missing("Principal")));
        let of_another =
            json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*" });
        assert_eq!(
            flaw_of(&of_another, DocumentKind::Resource("sqs")),
            Some(Flaw::Action("s3:GetObject".into()))
        );
        assert_eq!(flaw_of(&of_another, DocumentKind::Trust), Some(Flaw::Prohibited("Resource")));
    }

    #[test]
    fn principals_are_named_with_their_types() {
        let document =
            json!({ "Statement": { "Principal": { "AWS": ["*", "1"], "Service": "a" } } }).to_string();
        assert_eq!(principals(&document), [("AWS".into(), "1".into()), ("Service".into(), "a".into())]);
    }
}
