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
