//! Evaluates a policy as IAM does, for one action on one resource. Whatever the caller writes into a request counts as
//! written in the way that the policy wants it.
//!
//! Follows the IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements: Condition operators".

use serde_json::Value;

use super::super::permissions::{kind, texts};
use super::account::Thing;

const RESOURCE_TAG: &str = "aws:ResourceTag/provision:stack";
const RECORD_NAMES: &str = "route53:ChangeResourceRecordSetsNormalizedRecordNames";
/// Keys whose values are in the request.
const REQUESTED: [&str; 4] = [
    "aws:RequestTag/provision:stack",
    "iam:PassedToService",
    "iam:PermissionsBoundary",
    "route53:ChangeResourceRecordSetsRecordTypes",
];

/// AWS's Service Authorization Reference.
pub(super) struct Reference(pub(super) Value);

impl Reference {
    /// Whether an action changes something. Actions that the reference does not know do.
    pub(super) fn writes(&self, action: &str) -> bool {
        let (service, operation) = action.split_once(':').unwrap();
        let level = self.0[service]["privileges"][operation]["access_level"].as_str();
        !matches!(level, Some("Read" | "List"))
    }

    /// The actions that a pattern stands for.
    pub(super) fn actions(&self, pattern: &str) -> Vec<String> {
        if !pattern.contains('*') {
            return vec![pattern.to_owned()];
        }
        let services = self.0.as_object().unwrap().iter();
        let all = services.flat_map(|(service, known)| {
            let operations = known["privileges"].as_object().into_iter().flatten();
            operations.map(move |(operation, _)| format!("{service}:{operation}"))
        });
        all.filter(|action| matches(pattern, action)).collect()
    }

    /// Whether an action is about single resources at all.
    pub(super) fn has_resources(&self, action: &str) -> bool {
        let (service, operation) = action.split_once(':').unwrap();
        let types = self.0[service]["privileges"][operation]["resource_types"].as_object();
        types.is_none_or(|types| types.keys().any(|name| !name.is_empty()))
    }

    /// The tag that IAM sees when an action is about a resource. The reference says which types have it. The tags of a
    /// role do not count when it is passed (IAM user guide, "Granting permissions to pass a role").
    fn tag<'a>(&self, action: &str, thing: &'a Thing) -> Option<&'a str> {
        let service = thing.arn.split(':').nth(2).unwrap();
        let known = self.0[service]["resources"].as_object().unwrap();
        let named = kind(&thing.arn);
        let keys = known
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(named))
            .map(|(_, kind)| &kind["condition_keys"]);
        let seen = keys.is_some_and(|keys| texts(keys).iter().any(|key| key.starts_with("aws:ResourceTag/")));
        thing.stack.as_deref().filter(|_| seen && action != "iam:PassRole")
    }

    /// Whether a statement allows an action on a resource.
    pub(super) fn allows(&self, statement: &Value, action: &str, thing: &Thing) -> bool {
        assert_eq!(statement["Effect"], "Allow", "the judge knows no other statements");
        assert!(statement["NotAction"].is_null() && statement["NotResource"].is_null());
        let names = |member: &str, text: &str| texts(&statement[member]).iter().any(|one| matches(one, text));
        let service = |text: &str, at: usize| text.split(':').nth(at).unwrap().to_owned();
        service(action, 0) == service(&thing.arn, 2)
            && names("Action", action)
            && names("Resource", &thing.arn)
            && self.meets(&statement["Condition"], action, thing)
    }

    fn meets(&self, conditions: &Value, action: &str, thing: &Thing) -> bool {
        let operators = conditions.as_object().into_iter().flatten();
        let mut all = operators.flat_map(|(operator, keys)| {
            keys.as_object()
                .unwrap()
                .iter()
                .map(move |(key, values)| (operator.as_str(), key.as_str(), texts(values)))
        });
        all.all(|(operator, key, values)| match key {
            RESOURCE_TAG => holds(operator, &values, self.tag(action, thing)),
            RECORD_NAMES => {
                holds(operator.trim_start_matches("ForAllValues:"), &values, thing.record.as_deref())
            }
            key if REQUESTED.contains(&key) => true,
            key => panic!("the judge does not know the condition key {key}"),
        })
    }
}

fn holds(operator: &str, wanted: &[&str], found: Option<&str>) -> bool {
    let Some(found) = found else { return operator.ends_with("IfExists") };
    match operator.trim_end_matches("IfExists") {
        "StringEquals" => wanted.contains(&found),
        "StringLike" => wanted.iter().any(|pattern| matches(pattern, found)),
        other => panic!("the judge does not know the operator {other}"),
    }
}

/// Whether a pattern with `*` and `?` matches a text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut star, mut from) = (0, None, 0);
    let mut place = 0;
    while place < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some(at);
                from = place;
                at += 1;
            }
            Some(char) if *char == '?' || *char == text[place] => {
                at += 1;
                place += 1;
            }
            _ => {
                let Some(last) = star else { return false };
                at = last + 1;
                from += 1;
                place = from;
            }
        }
    }
    pattern[at..].iter().all(|char| *char == '*')
}

#[test]
fn patterns_match_as_iam_matches() {
    for (pattern, text, expected) in [
        ("vod-*", "vod-", true),
        ("vod-*", "vod", false),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-b-b", false),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*", "", true),
        ("abc", "abcd", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
    }
}
