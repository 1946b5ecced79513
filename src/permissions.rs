//! The IAM policies that the commands need. They combine, for one stack, the permissions that each adapter lists for
//! its verbs.
//!
//! All names of a stack begin with the stack's name. So one ARN pattern per type covers current and former resources.
//! Another stack's name may begin with it too, so a condition on the tag excludes what is another stack's. Buckets have
//! no such condition and are allowed by their exact names. See `docs/decisions/permissions-by-prefix.md`.

mod document;
mod fleets;
mod grants;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::assets;
use crate::library;
use crate::model::{Declaration, PolicyDocument, Scope, Statement};
use crate::resource::{Registry, cloudfront};
use crate::stack::config::KmsKey;
use grants::Grants;

/// The maximum length of a managed policy, without white space (IAM user guide, "IAM and AWS STS quotas").
pub const MANAGED_LIMIT: usize = 6_144;
/// The maximum length of all inline policies of a role together, without white space.
pub const INLINE_LIMIT: usize = 10_240;

/// A command that calls AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Command {
    /// Reads.
    Plan,
    /// Makes the account match; never removes what a resource holds.
    Apply,
    /// Removes the stack with all its contents.
    Teardown,
    /// Uploads a clip and waits until it is published.
    Verify,
    /// Starts encodes of the videos in the source bucket, and follows them.
    Library,
    /// Shows what became of an upload.
    Asset,
    /// Takes a video down.
    AssetRemove,
    /// `apply --move-name`, in addition to what apply needs.
    MoveName,
    /// For the app's backend: signs uploads. No command of this program.
    Upload,
    /// Moves the stack to another engine.
    Move,
    /// Reads what is live, as plan does.
    Export,
    /// Reads what could be adopted, as plan does.
    Import,
    /// For the service role that CloudFormation works as. No command of this program.
    ServiceRole,
}

/// Where the records of a stack's name are, and whose calls of Route 53 a policy allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dns<'a> {
    /// In the stack's account, if the stack has a name.
    Own,
    /// In no hosted zone that the stack knows.
    Elsewhere,
    /// In another account. Whoever runs the command may only assume this role.
    ByRole(&'a str),
    /// In another account. The policy is for the role there, and allows nothing else.
    OfRole,
}

/// Who makes the changes in the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangedBy<'a> {
    /// Whoever runs the command, by the services' APIs.
    Api,
    /// CloudFormation, as this service role, or with the permissions of whoever runs the command.
    CloudFormation(Option<&'a str>),
}

/// The stack that a policy is for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its name, account and region.
    pub scope: &'a Scope,
    /// If set, the policy is for every stack whose name begins with it. All of them declare what this one declares.
    pub prefix: Option<&'a str>,
    /// Its declarations.
    pub declarations: &'a [Declaration],
    /// Its domain name, if it has one.
    pub domain: Option<&'a str>,
    /// The id of the hosted zone of that name, if it is known.
    pub zone: Option<&'a str>,
    /// The bucket for originals, if the stack has none of its own.
    pub source: Option<&'a str>,
    /// Where that name's records are.
    pub dns: Dns<'a>,
    /// The KMS key for what it stores, if it has one.
    pub key: Option<&'a KmsKey>,
    /// Who makes its changes.
    pub changes: ChangedBy<'a>,
    /// The regions of a fleet, which have its bundles, and the account of the stack set. `None` for a stack.
    pub bundles: Option<(&'a str, &'a [String])>,
    /// Whether it is the stack of one of a fleet's targets. Its resources have another mark.
    pub in_fleet: bool,
}

/// The policy that a command needs for a stack, and no more.
#[must_use]
pub fn policy(registry: &Registry, command: Command, subject: Subject<'_>) -> PolicyDocument {
    let mut grants = Grants::new(subject);
    let command = match command {
        Command::Export | Command::Import => Command::Plan,
        other => other,
    };
    match command {
        Command::Verify => grants.verify(registry),
        Command::Library => grants.on_stack(library::PERMISSIONS),
        Command::Asset => grants.asset(registry),
        Command::AssetRemove => grants.on_stack(assets::REMOVE),
        Command::Upload => grants.by_name(assets::UPLOAD),
        Command::MoveName => grants.by_name(&[cloudfront::TAKE_NAME]),
        Command::Plan | Command::Export | Command::Import | Command::Apply | Command::Teardown => {
            grants.stack(registry, command);
            grants.home(registry, command);
            grants.deployment(command);
        }
        Command::Move => {
            grants.stack(registry, Command::Plan);
            grants.home(registry, Command::Apply);
            grants.deployment(command);
        }
        Command::ServiceRole => grants.service_role(registry),
    }
    grants.key(command);
    grants.document()
}

/// The policy as JSON. A list of one is written as its only member, which is shorter.
#[must_use]
pub fn json(policy: &PolicyDocument) -> Value {
    let mut json = serde_json::to_value(policy).expect("policies are plain data");
    let statements = json["Statement"].as_array_mut().into_iter().flatten();
    for statement in statements.filter_map(Value::as_object_mut) {
        let (lists, conditions): (Vec<_>, Vec<_>) =
            statement.iter_mut().partition(|(member, _)| *member != "Condition");
        let keys = conditions.into_iter().filter_map(|(_, operators)| operators.as_object_mut());
        let values = keys.flat_map(|operators| operators.values_mut().filter_map(Value::as_object_mut));
        let values = values.flat_map(|keys| keys.values_mut());
        lists.into_iter().map(|(_, list)| list).chain(values).for_each(unlist);
    }
    json
}

fn unlist(value: &mut Value) {
    if let Value::Array(list) = value
        && list.len() == 1
    {
        *value = list.remove(0);
    }
}

/// The length as IAM counts it: without white space.
#[must_use]
pub fn length(policy: &PolicyDocument) -> usize {
    json(policy).to_string().len()
}

/// Splits the statements into policies of at most `limit`, with a simple packing.
#[must_use]
pub fn split(policy: &PolicyDocument, limit: usize) -> Vec<PolicyDocument> {
    let mut parts: Vec<Vec<Statement>> = Vec::new();
    let fits = |part: &[Statement], more: &Statement| {
        length(&PolicyDocument::new(part.iter().chain([more]).cloned())) <= limit
    };
    let mut statements: Vec<&Statement> = policy.statements().collect();
    statements
        .sort_by_key(|statement| std::cmp::Reverse(length(&PolicyDocument::new([(*statement).clone()]))));
    for statement in statements {
        match parts.iter_mut().find(|part| fits(part, statement)) {
            Some(part) => part.push(statement.clone()),
            None => parts.push(vec![statement.clone()]),
        }
    }
    parts.into_iter().map(PolicyDocument::new).collect()
}
