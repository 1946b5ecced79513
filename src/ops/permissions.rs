//! Permissions: the least-privilege IAM policy of a command for one stack, or for all stacks with a prefix, offline.

use std::path::Path;

use super::session::scope;
use crate::model::PolicyDocument;
use crate::permissions::{self, Subject};
use crate::resource::registry;
use crate::stack;
use crate::stack::config::{self, StackFile, StackPrefix};
use crate::stack::domain::Zone;
use crate::stack::handlers::Code;

pub use crate::permissions::{Command as PolicyFor, INLINE_LIMIT, MANAGED_LIMIT, json, length, split};

/// What a policy is for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The command.
    pub command: PolicyFor,
    /// If set, the policy is for every stack whose name begins with it, and not only for the one that the file declares.
    pub prefix: Option<&'a StackPrefix>,
    /// The only hosted zone that it allows, by id. Without it, it allows all.
    pub zone: Option<&'a str>,
}

/// The policy that a command needs for a stack.
#[derive(Debug)]
pub struct StackPolicy {
    /// The stack's name, or a pattern of names.
    pub stack: String,
    /// The policy.
    pub policy: PolicyDocument,
}

/// The policy that a command needs for the stack that the file at `path` declares, or for stacks like it.
///
/// # Errors
/// When the stack file cannot be used, or the prefix does not cover its stack.
pub fn permissions(path: &Path, wanted: Wanted<'_>) -> miette::Result<StackPolicy> {
    let file = config::load(path)?;
    if let Some(prefix) = wanted.prefix.filter(|prefix| !prefix.covers(&file.stack)) {
        let message = format!("`stack` does not begin with {prefix}");
        let help = "the policy is for stacks that declare what this file declares: use a prefix of its name, or another file";
        return Err(config::against(path, &["stack"], &message, "outside the prefix", help).into());
    }
    let stack = wanted.prefix.map_or_else(|| file.stack.to_string(), |prefix| format!("{prefix}*"));
    Ok(StackPolicy { stack, policy: policy(&file, wanted) })
}

fn policy(file: &StackFile, wanted: Wanted<'_>) -> PolicyDocument {
    let scope = scope(file);
    // Neither the code nor the zone changes what is declared, only the values in it.
    let code = Code::default();
    let zone = Zone { id: wanted.zone.unwrap_or("*").to_owned() };
    let declarations = stack::declare(file, &code, Some(&zone));
    let subject = Subject {
        scope: &scope,
        prefix: wanted.prefix.map(StackPrefix::as_str),
        declarations: &declarations,
        domain: file.domain.as_ref().map(|domain| domain.name.as_str()),
        zone: wanted.zone,
    };
    permissions::policy(registry(), wanted.command, subject)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn stack(name: &str) -> StackFile {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks/staging.yaml");
        let text = std::fs::read_to_string(path).unwrap();
        let line = text.lines().find(|line| line.starts_with("stack: ")).unwrap();
        config::parse("stack.yaml", &text.replace(line, &format!("stack: {name}"))).unwrap()
    }

    fn texts(value: &Value) -> Vec<&str> {
        match value {
            Value::String(one) => vec![one],
            list => list.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect(),
        }
    }

    /// Whether a pattern of IAM matches a text.
    fn matches(pattern: &str, text: &str) -> bool {
        let Some((begin, rest)) = pattern.split_once('*') else { return pattern == text };
        let Some(text) = text.strip_prefix(begin) else { return false };
        (0..=text.len()).any(|at| matches(rest, &text[at..]))
    }

    /// The actions that a policy allows on the home bucket of a stack, or on what it holds.
    fn allowed_in(home: &str, policy: &Value) -> Vec<String> {
        let objects = ["", "/lock.json", "/record.json", "/bundle/00.zip"];
        let arns = objects.map(|object| format!("arn:aws:s3:::{home}{object}"));
        let statements = policy["Statement"].as_array().unwrap().iter();
        let reach = statements.filter(|one| {
            texts(&one["Resource"]).iter().any(|pattern| arns.iter().any(|arn| matches(pattern, arn)))
        });
        let actions = reach.flat_map(|one| texts(&one["Action"])).filter(|action| action.starts_with("s3:"));
        // IAM knows no bucket for these.
        let of_account = ["s3:ListAllMyBuckets", "s3:CreateJob", "s3:ListJobs"];
        actions.filter(|action| !of_account.contains(action)).map(str::to_owned).collect()
    }

    #[test]
    fn no_policy_reaches_the_home_bucket_of_another_stack() {
        let names = ["vod", "vod-staging", "vod-staging-2"];
        let commands =
            [PolicyFor::Plan, PolicyFor::Apply, PolicyFor::Teardown, PolicyFor::Verify, PolicyFor::Library];
        for (own, command) in names.iter().flat_map(|own| commands.map(|command| (*own, command))) {
            let policy = json(&policy(&stack(own), command, None).unwrap());
            for name in names {
                let allowed = allowed_in(&scope(&stack(name)).home_bucket(), &policy);
                let needs_home = !matches!(command, PolicyFor::Verify | PolicyFor::Library);
                assert_eq!(
                    allowed.is_empty(),
                    name != own || !needs_home,
                    "{command:?} of {own}: {name}: {allowed:?}"
                );
            }
        }
    }

    #[test]
    fn no_stack_can_be_called_like_a_home_bucket() {
        for name in ["provision", "provision-111122223333", "provision-x"] {
            let text = format!("stack: {name}\naccount: \"111122223333\"\nregion: eu-west-1\n");
            let refused = config::parse("stack.yaml", &text).unwrap_err();
            assert!(format!("{refused:?}").contains("home buckets"), "{refused:?}");
        }
        assert_eq!(stack("provisioner").stack.to_string(), "provisioner");
    }
}
