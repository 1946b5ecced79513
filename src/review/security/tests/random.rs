//! Rules for every policy: spelling broadens nothing, and what is added or no longer denied is found.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::policies::{POLICY, policy, with};
use super::*;

fn some(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(of, 1..=of.len()).prop_shuffle()
}

/// Random statements, and one of their spellings: lists of one may be strings.
fn statement() -> impl Strategy<Value = Value> {
    let spell = |list: Vec<&'static str>, bare: bool| match (list.as_slice(), bare) {
        ([one], true) => json!(one),
        _ => json!(list),
    };
    let condition = proptest::option::of(some(&["arn:one", "arn:two"]));
    (
        any::<bool>(),
        some(&["s3:GetObject", "s3:PutObject", "s3:List*", "sqs:SendMessage"]),
        some(&["arn:aws:s3:::a", "arn:aws:s3:::a/*", "arn:aws:s3:::b"]),
        some(&["lambda.amazonaws.com", "events.amazonaws.com"]),
        condition,
        any::<bool>(),
    )
        .prop_map(move |(allow, actions, resources, services, condition, bare)| {
            let statement = json!({
                "Effect": if allow { "Allow" } else { "Deny" },
                "Action": spell(actions, bare),
                "Resource": spell(resources, bare),
                "Principal": { "Service": spell(services, bare) },
                "Condition": condition.map(|values| json!({ "ArnLike": { "aws:SourceArn": spell(values, bare) } })),
            });
            with(statement, json!({}))
        })
}

/// The same statement in another spelling: lists reversed, strings as lists, keys in capitals.
fn respelt(statement: &Value) -> Value {
    let list = |value: &Value| match value {
        Value::Array(list) => Value::Array(list.iter().rev().cloned().collect()),
        single => json!([single]),
    };
    let condition = statement
        .get("Condition")
        .map(|found| json!({ "ArnLike": { "AWS:SOURCEARN": list(&found["ArnLike"]["aws:SourceArn"]) } }));
    let again = json!({
        "Condition": condition, "Action": list(&statement["Action"]), "Resource": list(&statement["Resource"]),
        "Principal": { "Service": list(&statement["Principal"]["Service"]) },
    });
    with(statement.clone(), again)
}

proptest! {
    #[test]
    fn equal_policies_broaden_nothing(statements in proptest::collection::vec(statement(), 0..5)) {
        let again: Vec<Value> = statements.iter().rev().map(respelt).collect();
        prop_assert_eq!(updated(POLICY, &policy(&json!(statements)), &policy(&json!(again))), []);
    }

    #[test]
    fn anything_added_is_found_and_its_removal_is_not(
        statements in proptest::collection::vec(statement(), 1..4),
        at in any::<proptest::sample::Index>(),
        side in 0..3usize,
    ) {
        let before = policy(&json!(statements));
        let mut wider = statements.clone();
        let wide = at.get(&statements).clone();
        let allow = json!({ "Effect": "Allow" });
        let wide = match side {
            0 => with(wide, json!({ "Action": "iam:PassRole" })),
            1 => with(wide, json!({ "Resource": "arn:aws:s3:::z" })),
            _ => with(wide, json!({ "Principal": { "AWS": "444455556666" } })),
        };
        wider.push(with(wide, allow));
        let after = policy(&json!(wider));
        let found = updated(POLICY, &before, &after);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].broadening, Broadening::Allow);
        prop_assert_eq!(updated(POLICY, &after, &before), []);
    }

    #[test]
    fn a_denial_that_goes_is_found(statements in proptest::collection::vec(statement(), 0..4)) {
        let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*" });
        let mut all = statements.clone();
        all.push(deny);
        let found = updated(POLICY, &policy(&json!(all)), &policy(&json!(statements)));
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].broadening, Broadening::DenyRemoved);
    }
}
