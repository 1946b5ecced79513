//! The IAM policies that the commands need. They combine, for one stack, the permissions that each adapter lists for
//! its verbs.
//!
//! All names of a stack begin with the stack's name. So one ARN pattern per type covers current and former resources.
//! See `docs/decisions/permissions-by-prefix.md`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::home;
use crate::library;
use crate::model::{
    Allow, ArnVariables, Declaration, Input, Only, Permissions, PolicyDocument, STACK_TAG, Scope, Statement,
};
use crate::resource::{Adapter, Registry, route53};
use crate::stack::home as home_stack;
use crate::stack::names::{self, NotDeclared};
use crate::verify;

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
}

/// The stack that a policy is for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its name, account and region.
    pub scope: &'a Scope,
    /// Its declarations.
    pub declarations: &'a [Declaration],
    /// Its domain name, if it has one.
    pub domain: Option<&'a str>,
    /// The id of the hosted zone of that name, if it is known.
    pub zone: Option<&'a str>,
}

/// The policy that a command needs for a stack, and no more.
///
/// # Errors
/// When the declarations lack a bucket that every stack has.
pub fn policy(
    registry: &Registry,
    command: Command,
    subject: Subject<'_>,
) -> Result<PolicyDocument, NotDeclared> {
    let bucket = |of| names::output_among(subject.declarations.iter(), of, "BucketName");
    let buckets = [bucket(names::SOURCE)?, bucket(names::WORK)?, bucket(names::OUTPUT)?];
    let mut grants = Grants { subject, buckets, needed: BTreeMap::new() };
    match command {
        Command::Verify => grants.verify(registry),
        Command::Library => grants.on_stack(library::PERMISSIONS),
        Command::Plan | Command::Apply | Command::Teardown => {
            grants.stack(registry, command);
            grants.home(registry, command);
        }
    }
    Ok(grants.document())
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

/// The permissions collected so far: ARNs by action, condition and source list.
struct Grants<'a> {
    subject: Subject<'a>,
    /// The names of the source, work and output bucket.
    buckets: [String; 3],
    needed: BTreeMap<(&'static str, Only, &'static [&'static str]), BTreeSet<String>>,
}

impl Grants<'_> {
    /// Every type is read and may have former resources to delete. Only declared types are created and updated.
    fn stack(&mut self, registry: &Registry, command: Command) {
        for adapter in registry.iter() {
            let needs = adapter.permissions();
            let regions = self.regions(adapter);
            self.add_all(&[needs.observe, needs.list], &regions, &[]);
            match command {
                Command::Plan | Command::Verify | Command::Library => {}
                Command::Apply => {
                    self.add_declared(adapter, &needs);
                    self.add_all(&[needs.delete], &regions, &[]);
                }
                Command::Teardown => self.add_all(&[needs.delete, needs.empty], &regions, &[]),
            }
        }
        if self.subject.domain.is_some() {
            self.add(&route53::FIND_ZONE, &self.variables(&self.subject.scope.region), &[]);
        }
    }

    fn add_declared(&mut self, adapter: &dyn Adapter, needs: &Permissions) {
        let kind = adapter.kind();
        let all = self.subject.declarations.iter();
        let declared: Vec<&Declaration> = all.filter(|declaration| declaration.kind == kind).collect();
        let regions: BTreeSet<String> =
            declared.iter().map(|declaration| declaration.region.clone()).collect();
        self.add_all(&[needs.create, needs.update], &regions, &declared);
    }

    /// The stack's home bucket. Every command except plan creates it if missing. Teardown removes it in the end.
    fn home(&mut self, registry: &Registry, command: Command) {
        let scope = self.subject.scope;
        let variables = ArnVariables { name: scope.home_bucket(), ..self.variables(&scope.region) };
        let declarations = home_stack::declare(scope);
        for declaration in &declarations {
            let Some(adapter) = registry.get(&declaration.kind) else { continue };
            let needs = adapter.permissions();
            let mut lists = Vec::new();
            if command != Command::Plan {
                lists.extend([needs.observe, needs.create, needs.update]);
            }
            if command == Command::Teardown {
                lists.extend([needs.delete, needs.empty]);
            }
            for allow in lists.into_iter().flatten() {
                self.add(allow, &variables, &[declaration]);
            }
        }
        let own: &[&[Allow]] = match command {
            Command::Plan | Command::Verify | Command::Library => &[home::READ],
            Command::Apply => &[home::READ, home::LOCK, home::KEEP],
            Command::Teardown => &[home::READ, home::LOCK, home::NOTE],
        };
        for allow in own.iter().copied().flatten() {
            self.add(allow, &variables, &[]);
        }
    }

    /// Permissions of `verify`: to find the distribution, the signing keys, and the two buckets.
    fn verify(&mut self, registry: &Registry) {
        let looked_up = ["AWS::CloudFront::Distribution", "AWS::CloudFront::PublicKey"];
        for adapter in registry.iter().filter(|adapter| looked_up.contains(&adapter.kind().as_str())) {
            if self.subject.declarations.iter().any(|declaration| declaration.kind == adapter.kind()) {
                self.add_all(&[adapter.permissions().observe], &self.regions(adapter), &[]);
            }
        }
        self.on_stack(verify::PERMISSIONS);
    }

    /// Permissions on the stack's buckets, which are found by name, and on its zone.
    fn on_stack(&mut self, needed: &[Allow]) {
        let variables = self.variables(&self.subject.scope.region);
        for allow in needed {
            self.add(allow, &variables, &[]);
        }
        if self.subject.domain.is_some() {
            self.add(&route53::FIND_ZONE, &variables, &[]);
        }
    }

    /// The regions where resources of a type are looked for.
    fn regions(&self, adapter: &dyn Adapter) -> BTreeSet<String> {
        let home = self.subject.scope.region.clone();
        adapter.also_in().map(str::to_owned).into_iter().chain([home]).collect()
    }

    fn variables(&self, region: &str) -> ArnVariables {
        let Scope { stack, account, .. } = self.subject.scope;
        let [source, work, output] = self.buckets.clone();
        ArnVariables {
            account: account.clone(),
            region: region.to_owned(),
            stack: stack.clone(),
            name: format!("{stack}-*"),
            home: self.subject.scope.home_bucket(),
            zone: self.subject.zone.unwrap_or("*").to_owned(),
            source,
            work,
            output,
        }
    }

    fn add_all(&mut self, lists: &[&[Allow]], regions: &BTreeSet<String>, declared: &[&Declaration]) {
        for region in regions {
            let variables = self.variables(region);
            for allow in lists.iter().copied().flatten() {
                self.add(allow, &variables, declared);
            }
        }
    }

    fn add(&mut self, allow: &Allow, variables: &ArnVariables, declared: &[&Declaration]) {
        let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        let has = |property| {
            let mut values = declared.iter().filter_map(|one| one.properties.get(property));
            values.any(|value| !empty(value))
        };
        // Without a domain name, the stack's records cannot be distinguished from other records.
        let unknown = allow.only == Only::OwnRecords && self.subject.domain.is_none();
        if unknown || allow.with.is_some_and(|property| !has(property)) {
            return;
        }
        for action in allow.actions {
            let arns = self.needed.entry((action, allow.only, allow.on)).or_default();
            arns.extend(allow.on.iter().map(|arn| variables.fill(arn)));
        }
    }

    /// One statement for all actions with the same resources and condition.
    fn document(self) -> PolicyDocument {
        let mut open: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for ((action, only, _), arns) in &self.needed {
            if *only == Only::Always {
                open.entry(action).or_default().extend(arns.iter().cloned());
            }
        }
        let mut grouped: BTreeMap<(Only, BTreeSet<String>), BTreeSet<&'static str>> = BTreeMap::new();
        for ((action, only, _), arns) in self.needed {
            let wider = open.get(action).into_iter().flatten();
            let covered = |arn: &String| {
                wider.clone().any(|other| covers(other, arn) && (only != Only::Always || other != arn))
            };
            let arns: BTreeSet<String> = arns.into_iter().filter(|arn| !covered(arn)).collect();
            if !arns.is_empty() {
                grouped.entry((only, arns)).or_default().insert(action);
            }
        }
        let statements = joined(grouped).into_iter().map(|group| {
            let actions: Vec<&str> = group.actions.into_iter().collect();
            let statement = Statement::allow("", &actions).on(group.arns.into_iter().map(Input::from));
            conditioned(statement, group.only, self.subject)
        });
        PolicyDocument::new(statements)
    }
}

/// The content of one statement.
struct Group {
    only: Only,
    arns: BTreeSet<String>,
    actions: BTreeSet<&'static str>,
}

impl Group {
    /// Whether a group of other services can be joined to it. Actions of one service never act on resources of another,
    /// so the union allows no more than the two. `*` matches all services, so such groups are never joined.
    fn takes(&self, other: &Self) -> bool {
        let open = |group: &Self| group.arns.contains("*");
        let service = |action: &&'static str| action.split(':').next();
        let services: BTreeSet<_> = self.actions.iter().map(service).collect();
        self.only != Only::Always
            && self.only == other.only
            && !open(self)
            && !open(other)
            && !other.actions.iter().map(service).any(|service| services.contains(&service))
    }
}

/// The groups. Those with a condition are joined if that changes nothing, because conditions are long.
fn joined(grouped: BTreeMap<(Only, BTreeSet<String>), BTreeSet<&'static str>>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for ((only, arns), actions) in grouped {
        let group = Group { only, arns, actions };
        match groups.iter_mut().find(|earlier| earlier.takes(&group)) {
            Some(earlier) => {
                earlier.arns.extend(group.arns);
                earlier.actions.extend(group.actions);
            }
            None => groups.push(group),
        }
    }
    groups
}

/// Whether a pattern matches everything that another pattern matches.
fn covers(pattern: &str, arn: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == arn };
    let Some(mut left) = arn.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

fn conditioned(statement: Statement, only: Only, subject: Subject<'_>) -> Statement {
    let stack = || [Input::from(subject.scope.stack.as_str())];
    match only {
        Only::Always => statement,
        Only::RequiresStackTag => {
            statement.when("StringEquals", &format!("aws:ResourceTag/{STACK_TAG}"), stack())
        }
        Only::AddsStackTag => statement
            .when("StringEquals", &format!("aws:RequestTag/{STACK_TAG}"), stack())
            .when("StringEqualsIfExists", &format!("aws:ResourceTag/{STACK_TAG}"), stack()),
        Only::PassedTo(service) => {
            statement.when("StringEquals", "iam:PassedToService", [Input::from(service)])
        }
        Only::OwnRecords => {
            let domain = subject.domain.unwrap_or_default();
            let names = [domain.to_owned(), format!("_*.{domain}")].map(Input::from);
            let types = ["A", "AAAA", "CNAME"].map(Input::from);
            statement
                .when(
                    "ForAllValues:StringLike",
                    "route53:ChangeResourceRecordSetsNormalizedRecordNames",
                    names,
                )
                .when("ForAllValues:StringEquals", "route53:ChangeResourceRecordSetsRecordTypes", types)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_pattern_covers_a_narrower_one() {
        assert!(covers("*", "arn:aws:s3:::vod-*"));
        assert!(covers("arn:aws:s3:::vod*", "arn:aws:s3:::vod-*"));
        assert!(covers("a:log-group:*vod-*", "a:log-group:/aws/lambda/vod-*"));
        assert!(covers("a:x", "a:x") && !covers("a:x", "a:xy"));
        assert!(!covers("arn:aws:s3:::vod-*", "arn:aws:s3:::vod*"));
        assert!(!covers("a:*:x", "a:b:y"));
    }

    #[test]
    fn only_other_services_and_equal_conditions_are_joined() {
        let group =
            |only, arn: &str, action| Group { only, arns: [arn.to_owned()].into(), actions: [action].into() };
        let first = group(Only::RequiresStackTag, "arn:aws:acm:*", "acm:DeleteCertificate");
        assert!(first.takes(&group(Only::RequiresStackTag, "arn:aws:logs:*", "logs:DeleteDelivery")));
        assert!(!first.takes(&group(
            Only::RequiresStackTag,
            "arn:aws:acm:x",
            "acm:RemoveTagsFromCertificate"
        )));
        assert!(!first.takes(&group(Only::AddsStackTag, "arn:aws:logs:*", "logs:TagResource")));
        assert!(!first.takes(&group(Only::RequiresStackTag, "*", "logs:DeleteDelivery")));
        assert!(!group(Only::Always, "a", "a:B").takes(&group(Only::Always, "c", "c:D")));
    }
}
