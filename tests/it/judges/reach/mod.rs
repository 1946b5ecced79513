//! What the printed policies reach of other stacks and of other teams in the same account.
//!
//! Nothing but what the two lists below name, each with its reason. A policy that reaches more fails, and so does a line
//! that no policy needs any more.

mod account;
mod evaluator;
mod reasons;

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum as _;
use provision::permissions::{self, ChangedBy, Command, Dns, Subject};
use provision::resource::registry;
use serde_json::{Value, json};

use super::environment::ENVIRONMENT;
use super::permissions::texts;
use account::{Stack, Thing, payments, untagged};
use evaluator::Reference;
use reasons::Whose::{self, Alike, Anybodys};
use reasons::{CHANGES, Known, READS, UNTAGGED};

const BOUNDARY: &str = "\nroles: { permissions_boundary: \"arn:aws:iam::444455556666:policy/edge\" }\n";

/// What is reached that is not the stack's, by action.
type Reach = BTreeMap<String, BTreeSet<Thing>>;

fn reference() -> Reference {
    let text = std::fs::read(ENVIRONMENT.authorization_reference()).unwrap();
    Reference(serde_json::from_slice(&text).unwrap())
}

fn policy(stack: &Stack, prefix: Option<&str>, command: Command) -> Value {
    let subject = Subject {
        changes: ChangedBy::Api,
        bundles: None,
        in_fleet: false,
        scope: &stack.scope,
        prefix,
        declarations: &stack.declarations,
        domain: Some(stack.domain()),
        zone: None,
        source: None,
        dns: Dns::Own,
        key: None,
    };
    permissions::json(&permissions::policy(registry(), command, subject))
}

/// What the statements allow on things that are not the stack's.
fn reach(reference: &Reference, policy: &Value, own: &BTreeSet<Thing>, others: &BTreeSet<Thing>) -> Reach {
    let mut found = Reach::new();
    for statement in policy["Statement"].as_array().unwrap() {
        for action in texts(&statement["Action"]).iter().flat_map(|pattern| reference.actions(pattern)) {
            let allowed =
                |thing: &&Thing| !own.contains(*thing) && reference.allows(statement, &action, thing);
            let mut reached: BTreeSet<Thing> = others.iter().filter(allowed).cloned().collect();
            // Without types of resources, only a condition on the request can keep an action apart.
            let all = texts(&statement["Resource"]).contains(&"*");
            if all && !reference.has_resources(&action) && statement["Condition"].is_null() {
                reached.insert(Thing { arn: "*".to_owned(), stack: None, record: None });
            }
            if !reached.is_empty() {
                found.entry(action).or_default().extend(reached);
            }
        }
    }
    found
}

fn things(stacks: &[&Stack]) -> BTreeSet<Thing> {
    stacks.iter().flat_map(|stack| stack.things()).collect()
}

/// What all policies reach: for a stack whose name begins the names of others, for a preview, and for a prefix.
fn all_reaches(reference: &Reference) -> BTreeMap<String, Whose> {
    let [vod, staging, preview, later, bare] =
        ["vod", "vod-staging", "vod-pr-1", "vod-pr-2", "vod-pr"].map(|name| Stack::new(name, BOUNDARY));
    let cases = [
        (&vod, None, things(&[&vod]), things(&[&staging, &preview, &bare])),
        (&preview, None, things(&[&preview]), things(&[&vod, &staging, &later, &bare])),
        (&preview, Some("vod-pr-"), things(&[&preview, &later]), things(&[&vod, &staging, &bare])),
    ];
    let strangers = payments();
    let mut all = BTreeMap::new();
    for (stack, prefix, own, alike) in &cases {
        let others = alike.union(&strangers).cloned().collect();
        for &command in Command::value_variants() {
            for (action, things) in reach(reference, &policy(stack, *prefix, command), own, &others) {
                let anybodys = things.iter().any(|thing| thing.arn == "*" || strangers.contains(thing));
                let whose = if anybodys { Anybodys } else { Alike };
                let widest = all.entry(action).or_insert(whose);
                *widest = whose.max(*widest);
            }
        }
    }
    all
}

/// The changes that the policies of a stack, or of a prefix, allow on single untagged resources.
fn changes_of_untagged(reference: &Reference, more: &str) -> BTreeSet<String> {
    let [vod, preview] = ["vod", "vod-pr-1"].map(|name| Stack::new(name, more));
    let mut all = BTreeSet::new();
    for (stack, prefix) in [(&vod, None), (&preview, Some("vod-pr-"))] {
        for &command in Command::value_variants() {
            let found = reach(reference, &policy(stack, prefix, command), &stack.things(), &untagged());
            let named = |things: &BTreeSet<Thing>| things.iter().any(|thing| thing.arn != "*");
            let changes =
                found.into_iter().filter(|(action, things)| reference.writes(action) && named(things));
            all.extend(changes.map(|(action, _)| action));
        }
    }
    all
}

fn known(rows: &[Known]) -> BTreeSet<String> {
    let lines = |(whose, _, actions): &Known| -> Vec<String> {
        actions.iter().map(|action| format!("{action}: {whose:?}")).collect()
    };
    rows.iter().flat_map(lines).collect()
}

#[test]
fn no_policy_reaches_beyond_its_stack_but_where_a_reason_is_written() {
    let reference = reference();
    let found: BTreeSet<(bool, String)> = all_reaches(&reference)
        .into_iter()
        .map(|(action, whose)| (reference.writes(&action), format!("{action}: {whose:?}")))
        .collect();
    let written = known(CHANGES).into_iter().map(|line| (true, line));
    let written: BTreeSet<(bool, String)> =
        written.chain(known(READS).into_iter().map(|line| (false, line))).collect();
    let new: Vec<_> = found.difference(&written).collect();
    let gone: Vec<_> = written.difference(&found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "reached without a reason: {new:#?}\nno longer reached: {gone:#?}"
    );
}

#[test]
fn what_is_untagged_is_changed_only_where_a_reason_is_written() {
    let reference = reference();
    let written: BTreeSet<String> =
        UNTAGGED.iter().flat_map(|(_, actions)| actions.iter().map(|action| (*action).to_owned())).collect();
    for more in ["", BOUNDARY] {
        assert_eq!(changes_of_untagged(&reference, more), written, "{more}");
    }
}

#[test]
fn every_action_works_on_the_stack_s_own_resources() {
    let reference = reference();
    let (vod, preview) = (Stack::new("vod", BOUNDARY), Stack::new("vod-pr-1", ""));
    for (stack, prefix) in [(&vod, None), (&preview, Some("vod-pr-"))] {
        let own = stack.things();
        for &command in Command::value_variants() {
            let policy = policy(stack, prefix, command);
            let mut actions: BTreeMap<&str, bool> = BTreeMap::new();
            for statement in policy["Statement"].as_array().unwrap() {
                for action in texts(&statement["Action"]) {
                    let whole = texts(&statement["Resource"]) == ["*"];
                    let works = whole || own.iter().any(|thing| reference.allows(statement, action, thing));
                    *actions.entry(action).or_default() |= works;
                }
            }
            let idle: Vec<&&str> =
                actions.iter().filter(|(_, works)| !**works).map(|(action, _)| action).collect();
            assert!(idle.is_empty(), "{command:?} {prefix:?}: {idle:?}");
        }
    }
}

#[test]
fn a_policy_that_is_widened_by_one_statement_is_found() {
    let reference = reference();
    let (vod, staging) = (Stack::new("vod", ""), Stack::new("vod-staging", ""));
    let (own, others) = (vod.things(), staging.things().union(&payments()).cloned().collect());
    let apply = policy(&vod, None, Command::Apply);
    let before = reach(&reference, &apply, &own, &others);
    let allow =
        |action: &str, resource: &str| json!({ "Effect": "Allow", "Action": action, "Resource": resource });
    let own_tag = |operator: &str| json!({ operator: { "aws:ResourceTag/provision:stack": "vod" } });
    let mut conditioned = allow("s3:DeleteObject", "arn:aws:s3:::vod-*/*");
    conditioned["Condition"] = own_tag("StringEqualsIfExists");
    let mut like = allow("sqs:DeleteQueue", "arn:aws:sqs:*:*:vod-*");
    like["Condition"] = json!({ "StringLike": { "aws:ResourceTag/provision:stack": "vod*" } });
    for statement in [
        allow("s3:DeleteObject", "arn:aws:s3:::vod-*/*"),
        conditioned,
        allow("s3:GetObject", "arn:aws:s3:::vod-*/*"),
        allow("s3:PutBucketPolicy", "*"),
        allow("iam:PutRolePolicy", "arn:aws:iam::444455556666:role/vod-*"),
        allow("iam:PassRole", "arn:aws:iam::444455556666:role/vod-*"),
        allow("lambda:UpdateFunctionCode", "arn:aws:lambda:*:*:function:*"),
        allow("sqs:*", "*"),
        allow("cloudfront:DeleteDistribution", "*"),
        allow("logs:DeleteLogGroup", "arn:aws:logs:*:*:log-group:*"),
        allow("iam:CreateUser", "*"),
        allow("*", "*"),
        like,
    ] {
        let mut wider = apply.clone();
        wider["Statement"].as_array_mut().unwrap().push(statement.clone());
        let after = reach(&reference, &wider, &own, &others);
        assert_ne!(before, after, "nothing was found in {statement}");
    }
}

#[test]
fn a_policy_that_loses_a_condition_is_found() {
    let reference = reference();
    let (vod, staging) = (Stack::new("vod", ""), Stack::new("vod-staging", ""));
    let (own, others) = (vod.things(), staging.things().union(&payments()).cloned().collect());
    for command in [Command::Plan, Command::Apply, Command::Teardown] {
        let policy = policy(&vod, None, command);
        let before = reach(&reference, &policy, &own, &others);
        let mut tried = 0;
        for number in 0..policy["Statement"].as_array().unwrap().len() {
            let mut wider = policy.clone();
            let statement = wider["Statement"][number].as_object_mut().unwrap();
            let by_tag = |condition: &Value| condition.to_string().contains("aws:ResourceTag/");
            if !statement.remove("Condition").as_ref().is_some_and(by_tag) {
                continue;
            }
            tried += 1;
            let shown = json!(statement);
            assert_ne!(before, reach(&reference, &wider, &own, &others), "{command:?}: {shown}");
        }
        assert!(tried > 0, "{command:?} has no condition on tags");
    }
}
