//! Whether a key's policy allows a use, as far as it can be told without asking AWS.
//!
//! A condition on a key whose value is not known here counts as not met, for an `Allow` as for a `Deny`. So a policy is
//! only called complete if it certainly is.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Effect, PolicyDocument, Principal, Scope, Statement, StringExpr, key_matches};

/// Who uses a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// A service of AWS, by its principal name.
    Service(String),
    /// A role of the stack's account, by its ARN.
    Role(String),
}

/// One use of a key.
#[derive(Clone, Debug)]
pub(super) struct KeyUse {
    pub(super) caller: Caller,
    pub(super) action: &'static str,
    /// What is known of the request, by condition keys in lower case.
    pub(super) context: BTreeMap<String, String>,
}

/// Whether a policy certainly allows a use.
pub(super) fn allows(policy: &PolicyDocument, scope: &Scope, wanted: &KeyUse) -> bool {
    let fits = |statement: &&Statement| {
        is_for(statement, scope, wanted) && has_action(statement, wanted.action) && is_met(statement, wanted)
    };
    let any = |effect: Effect| policy.statements().filter(|one| one.effect == effect).any(|one| fits(&one));
    any(Effect::Allow) && !any(Effect::Deny)
}

/// Whether a policy could let this identity do an action: it or its account is named, whatever the conditions. Without
/// that, no policy of IAM can allow it.
pub(super) fn reaches(policy: &PolicyDocument, scope: &Scope, identity: &str, action: &str) -> bool {
    let root = scope.arn_in("", "iam", "root");
    let named = |one: String| {
        one == "*" || one == root || one == scope.account || one == identity || is_role_of(&one, identity)
    };
    let is_for = |statement: &Statement| match &statement.principal {
        Some(Principal::Any) => true,
        Some(Principal::Of(by_type)) => by_type.get("AWS").into_iter().flat_map(texts).any(&named),
        None => false,
    };
    let mut allowing = policy.statements().filter(|statement| statement.effect == Effect::Allow);
    allowing.any(|statement| is_for(statement) && has_action(statement, action))
}

/// Whether this is the ARN of the role that a session works as. A session's ARN does not have the role's path.
fn is_role_of(arn: &str, session: &str) -> bool {
    let name = role_of(session);
    arn.contains(":role/") && name.is_some() && arn.rsplit('/').next() == name
}

/// The name of the role that a session works as.
pub(super) fn role_of(session: &str) -> Option<&str> {
    session.split_once(":assumed-role/")?.1.split('/').next()
}

fn texts(list: &BTreeSet<StringExpr>) -> impl Iterator<Item = String> {
    list.iter().map(StringExpr::text)
}

fn is_for(statement: &Statement, scope: &Scope, wanted: &KeyUse) -> bool {
    let by_type = match &statement.principal {
        Some(Principal::Any) => return true,
        Some(Principal::Of(by_type)) => by_type,
        None => return false,
    };
    let named = |kind: &str| by_type.get(kind).into_iter().flat_map(texts).collect::<Vec<_>>();
    match &wanted.caller {
        Caller::Service(name) => named("Service").contains(name),
        Caller::Role(arn) => {
            let root = scope.arn_in("", "iam", "root");
            named("AWS").iter().any(|one| one == "*" || one == arn || *one == scope.account || *one == root)
        }
    }
}

fn has_action(statement: &Statement, action: &str) -> bool {
    let matches = |list: &BTreeSet<StringExpr>| {
        let action = action.to_ascii_lowercase();
        texts(list).any(|pattern| key_matches(&pattern.to_ascii_lowercase(), &action))
    };
    if statement.not_action.is_empty() { matches(&statement.action) } else { !matches(&statement.not_action) }
}

/// Whether every condition is certainly met.
fn is_met(statement: &Statement, wanted: &KeyUse) -> bool {
    let mut all = statement.condition.iter().flat_map(|(operator, keys)| {
        keys.iter().map(move |(key, values)| (operator.as_str(), key.to_ascii_lowercase(), values))
    });
    all.all(|(operator, key, values)| {
        let Some(found) = wanted.context.get(&key) else { return false };
        let operator = operator.rsplit(':').next().unwrap_or(operator);
        let values: Vec<String> = texts(values).collect();
        match operator.strip_suffix("IfExists").unwrap_or(operator) {
            "StringEquals" => values.contains(found),
            "StringEqualsIgnoreCase" => values.iter().any(|one| one.eq_ignore_ascii_case(found)),
            "StringLike" | "ArnLike" | "ArnEquals" => values.iter().any(|one| key_matches(one, found)),
            "StringNotEquals" => !values.contains(found),
            "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => {
                !values.iter().any(|one| key_matches(one, found))
            }
            _ => false,
        }
    })
}
