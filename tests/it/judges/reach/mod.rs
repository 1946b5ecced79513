//! What the printed policies reach of other stacks and of other teams in the same account.
//!
//! Nothing but what the two lists below name, each with its reason. A policy that reaches more fails, and so does a line
//! that no policy needs any more.

mod account;
mod evaluator;

use std::collections::{BTreeMap, BTreeSet};

use provision::permissions::{self, Command, Subject};
use provision::resource::registry;
use serde_json::{Value, json};

use super::environment::ENVIRONMENT;
use account::{Stack, Thing, payments};
use evaluator::Reference;

/// Whose resources are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    /// Those of stacks whose names begin with the stack's name.
    Alike,
    /// Anybody's.
    Anybodys,
}
use Whose::{Alike, Anybodys};

/// Changes that the policies allow beyond the stack: action, whose, reason.
const CHANGES: &[(&str, Whose, &str)] = &[];

/// Reads that the policies allow beyond the stack.
const READS: &[(&str, Whose, &str)] = &[];

const COMMANDS: [Command; 5] =
    [Command::Plan, Command::Apply, Command::Teardown, Command::Verify, Command::Library];
const BOUNDARY: &str = "\nroles: { permissions_boundary: \"arn:aws:iam::444455556666:policy/edge\" }\n";

/// What a policy reaches, by action.
type Reach = BTreeMap<String, Whose>;

fn reference() -> Reference {
    let text = std::fs::read(ENVIRONMENT.authorization_reference()).unwrap();
    Reference(serde_json::from_slice(&text).unwrap())
}

fn policy(stack: &Stack, prefix: Option<&str>, command: Command) -> Value {
    let subject = Subject {
        scope: &stack.scope,
        prefix,
        declarations: &stack.declarations,
        domain: Some(stack.domain()),
        zone: None,
    };
    permissions::json(&permissions::policy(registry(), command, subject))
}

/// What the statements allow on things that are not the stack's.
fn reach(reference: &Reference, policy: &Value, own: &BTreeSet<Thing>, alike: &BTreeSet<Thing>) -> Reach {
    let others = payments();
    let mut found = Reach::new();
    for statement in policy["Statement"].as_array().unwrap() {
        let patterns = super::permissions::texts(&statement["Action"]);
        for action in patterns.iter().flat_map(|pattern| reference.actions(pattern)) {
            let all = super::permissions::texts(&statement["Resource"]).contains(&"*");
            // Without types of resources, only a condition on the request can keep an action apart.
            let whole = all && !reference.has_resources(&action) && statement["Condition"].is_null();
            let reached = |things: &BTreeSet<Thing>| {
                things.iter().any(|thing| !own.contains(thing) && reference.allows(statement, &action, thing))
            };
            let whose =
                if whole || reached(&others) { Some(Anybodys) } else { reached(alike).then_some(Alike) };
            if let Some(whose) = whose {
                let widest = found.entry(action).or_insert(whose);
                *widest = whose.max(*widest);
            }
        }
    }
    found
}

/// What each command's policy reaches: for a stack whose name begins the names of others, and for a prefix.
fn all_reaches(reference: &Reference) -> Reach {
    let [vod, staging, preview, later, bare] =
        ["vod", "vod-staging", "vod-pr-1", "vod-pr-2", "vod-pr"].map(|name| Stack::new(name, BOUNDARY));
    let of =
        |stacks: &[&Stack]| -> BTreeSet<Thing> { stacks.iter().flat_map(|stack| stack.things()).collect() };
    let cases = [
        (&vod, None, of(&[&vod]), of(&[&staging, &preview, &bare])),
        (&preview, None, of(&[&preview]), of(&[&vod, &staging, &later, &bare])),
        (&preview, Some("vod-pr-"), of(&[&preview, &later]), of(&[&vod, &staging, &bare])),
    ];
    let mut all = Reach::new();
    for (stack, prefix, own, alike) in &cases {
        for command in COMMANDS {
            for (action, whose) in reach(reference, &policy(stack, *prefix, command), own, alike) {
                let widest = all.entry(action).or_insert(whose);
                *widest = whose.max(*widest);
            }
        }
    }
    all
}

#[test]
fn no_policy_reaches_beyond_its_stack_but_where_a_reason_is_written() {
    let reference = reference();
    let (changes, reads): (Reach, Reach) =
        all_reaches(&reference).into_iter().partition(|(action, _)| reference.writes(action));
    for (found, known) in [(changes, CHANGES), (reads, READS)] {
        let known: Reach = known.iter().map(|(action, whose, _)| ((*action).to_owned(), *whose)).collect();
        let lines = |reach: &Reach| {
            reach.iter().map(|(action, whose)| format!("{action} {whose:?}\n")).collect::<String>()
        };
        pretty_assertions(&lines(&found), &lines(&known));
    }
}

fn pretty_assertions(found: &str, known: &str) {
    let only = |one: &str, other: &str| -> Vec<String> {
        one.lines().filter(|line| !other.lines().any(|known| known == *line)).map(str::to_owned).collect()
    };
    let (new, gone) = (only(found, known), only(known, found));
    assert!(
        new.is_empty() && gone.is_empty(),
        "reached without a reason: {new:#?}\nno longer reached: {gone:#?}"
    );
}

#[test]
fn every_action_works_on_the_stack_s_own_resources() {
    let reference = reference();
    let (vod, preview) = (Stack::new("vod", BOUNDARY), Stack::new("vod-pr-1", ""));
    for (stack, prefix) in [(&vod, None), (&preview, Some("vod-pr-"))] {
        let own = stack.things();
        for command in COMMANDS {
            let policy = policy(stack, prefix, command);
            let mut actions: BTreeMap<&str, bool> = BTreeMap::new();
            for statement in policy["Statement"].as_array().unwrap() {
                for action in super::permissions::texts(&statement["Action"]) {
                    let whole = super::permissions::texts(&statement["Resource"]) == ["*"];
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
    let (own, alike) = (vod.things(), staging.things());
    let apply = policy(&vod, None, Command::Apply);
    let before = reach(&reference, &apply, &own, &alike);
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
        let after = reach(&reference, &wider, &own, &alike);
        assert_ne!(before, after, "nothing was found in {statement}");
    }
}

#[test]
fn a_policy_that_loses_a_condition_is_found() {
    let reference = reference();
    let (vod, staging) = (Stack::new("vod", ""), Stack::new("vod-staging", ""));
    let (own, alike) = (vod.things(), staging.things());
    for command in [Command::Plan, Command::Apply, Command::Teardown] {
        let policy = policy(&vod, None, command);
        let before = reach(&reference, &policy, &own, &alike);
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
            assert_ne!(before, reach(&reference, &wider, &own, &alike), "{command:?}: {shown}");
        }
        assert!(tried > 0, "{command:?} has no condition on tags");
    }
}
