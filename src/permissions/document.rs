//! Writes collected permissions as statements, as few as possible: a policy's length is limited.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Only, PolicyDocument, STACK_TAG, Statement, StringExpr};

/// What the conditions compare with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditions<'a> {
    /// The stack's name, or a pattern of names.
    pub(super) stack: &'a str,
    /// The stack in the ownership tags of its resources.
    pub(super) mark: &'a str,
    /// Whether it is a pattern.
    pub(super) is_pattern: bool,
    /// The service's domain name.
    pub(super) domain: &'a str,
    /// The permissions boundary of the stack's roles.
    pub(super) boundary: &'a str,
    /// The stack's region.
    pub(super) region: &'a str,
    /// The alias of the stack's KMS key, if the stack file names it by one.
    pub(super) alias: Option<&'a str>,
}

/// ARNs by action, condition and source list.
type Needed = BTreeMap<(&'static str, Only, &'static [&'static str]), BTreeSet<String>>;

/// One statement for all actions with the same resources and condition.
pub(super) fn document(needed: Needed, conditions: Conditions<'_>) -> PolicyDocument {
    let mut open: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for ((action, only, _), arns) in &needed {
        if *only == Only::Always {
            open.entry(action).or_default().extend(arns.iter().cloned());
        }
    }
    let mut grouped: BTreeMap<(Only, BTreeSet<String>), BTreeSet<&'static str>> = BTreeMap::new();
    for ((action, only, _), arns) in needed {
        let wider = open.get(action).into_iter().flatten();
        let covered = |arn: &String| {
            wider.clone().any(|other| covers(other, arn) && (only != Only::Always || other != arn))
        };
        let arns: BTreeSet<String> = arns.into_iter().filter(|arn| !covered(arn)).collect();
        if !arns.is_empty() {
            grouped.entry((only, arns)).or_default().insert(action);
        }
    }
    let own = format!("{}-*", conditions.stack);
    let statements = joined(grouped, &own).into_iter().map(|group| {
        let actions: Vec<&str> = group.actions.into_iter().collect();
        let statement = Statement::allow("", &actions).on(group.arns.into_iter().map(StringExpr::from));
        conditions.on(statement, group.only)
    });
    PolicyDocument::new(statements)
}

/// The content of one statement.
struct Group {
    only: Only,
    arns: BTreeSet<String>,
    actions: BTreeSet<&'static str>,
}

impl Group {
    /// Whether a group can be joined to it. Actions of one service never act on resources of another, so the union of
    /// groups of different services allows no more than the two. `*` matches all services, so such groups are never
    /// joined, nor is `sts:AssumeRole`. Groups of one service are joined only if all of its resources are the stack's
    /// `own` by name, and no other stack's. Those of IAM are not: roles are read on two paths and made on one.
    fn takes(&self, other: &Self, own: &str) -> bool {
        // `sts:AssumeRole` acts on roles, which are resources of IAM.
        let open = |group: &Self| group.arns.contains("*") || group.actions.contains("sts:AssumeRole");
        let services = |group: &Self| -> BTreeSet<Option<&'static str>> {
            group.actions.iter().map(|action| action.split(':').next()).collect()
        };
        let shared: Vec<_> = services(self).intersection(&services(other)).copied().collect();
        let mut arns = self.arns.iter().chain(&other.arns);
        let apart = shared.is_empty()
            || self.only == Only::NoOtherStackTag
                && arns.all(|arn| {
                    let service = arn.split(':').nth(2);
                    !shared.contains(&service) || arn.contains(own) && service != Some("iam")
                });
        self.only == other.only && !open(self) && !open(other) && apart
    }
}

/// The groups, joined where that changes nothing.
fn joined(grouped: BTreeMap<(Only, BTreeSet<String>), BTreeSet<&'static str>>, own: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for ((only, arns), actions) in grouped {
        let group = Group { only, arns, actions };
        match groups.iter_mut().find(|earlier| earlier.takes(&group, own)) {
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
pub(super) fn covers(pattern: &str, arn: &str) -> bool {
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

impl Conditions<'_> {
    fn on(self, statement: Statement, only: Only) -> Statement {
        let own = || [StringExpr::from(self.mark)];
        let (resource_tag, request_tag) =
            (format!("aws:ResourceTag/{STACK_TAG}"), format!("aws:RequestTag/{STACK_TAG}"));
        // `StringEquals` takes a `*` literally.
        let (is, is_if_there) = if self.is_pattern {
            ("StringLike", "StringLikeIfExists")
        } else {
            ("StringEquals", "StringEqualsIfExists")
        };
        match only {
            Only::Always => statement,
            Only::RequiresStackTag => statement.when(is, &resource_tag, own()),
            Only::NoOtherStackTag => statement.when(is_if_there, &resource_tag, own()),
            Only::AddsStackTag => {
                statement.when(is, &request_tag, own()).when(is_if_there, &resource_tag, own())
            }
            Only::WithinBoundary => self.bounded(statement).when(is_if_there, &resource_tag, own()),
            Only::OwnWithinBoundary => self.bounded(statement).when(is, &resource_tag, own()),
            Only::PassedTo(service) => {
                statement.when("StringEquals", "iam:PassedToService", [StringExpr::from(service)])
            }
            Only::OfKey => self.of_key(statement, &[]),
            Only::ThroughServices => self.of_key(statement, &["lambda", "s3"]),
            Only::ThroughS3 => self.of_key(statement, &["s3"]),
            Only::OwnRecords => self.own_records(statement),
        }
    }

    fn bounded(self, statement: Statement) -> Statement {
        statement.when("StringEquals", "iam:PermissionsBoundary", [StringExpr::from(self.boundary)])
    }

    fn of_key(self, statement: Statement, services: &[&str]) -> Statement {
        let statement = match self.alias {
            Some(alias) => statement.when("ForAnyValue:StringEquals", "kms:ResourceAliases", [alias.into()]),
            None => statement,
        };
        let by = |service: &&str| StringExpr::from(format!("{service}.{}.amazonaws.com", self.region));
        match services {
            [] => statement,
            _ => statement.when("StringEquals", "kms:ViaService", services.iter().map(by)),
        }
    }

    fn own_records(self, statement: Statement) -> Statement {
        let names = [self.domain.to_owned(), format!("_*.{}", self.domain)].map(StringExpr::from);
        let types = ["A", "AAAA", "CNAME"].map(StringExpr::from);
        let key = "route53:ChangeResourceRecordSetsNormalizedRecordNames";
        statement.when("ForAllValues:StringLike", key, names).when(
            "ForAllValues:StringEquals",
            "route53:ChangeResourceRecordSetsRecordTypes",
            types,
        )
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
    fn groups_are_joined_only_if_that_allows_no_more() {
        let group =
            |only, arn: &str, action| Group { only, arns: [arn.to_owned()].into(), actions: [action].into() };
        let takes = |one: &Group, other: &Group| one.takes(other, "vod-*");
        let first = group(Only::RequiresStackTag, "arn:aws:acm:*", "acm:DeleteCertificate");
        assert!(takes(&first, &group(Only::RequiresStackTag, "arn:aws:logs:*", "logs:DeleteDelivery")));
        let same = group(Only::RequiresStackTag, "arn:aws:acm:x", "acm:RemoveTagsFromCertificate");
        assert!(!takes(&first, &same));
        assert!(!takes(&first, &group(Only::AddsStackTag, "arn:aws:logs:*", "logs:TagResource")));
        assert!(!takes(&first, &group(Only::RequiresStackTag, "*", "logs:DeleteDelivery")));
        assert!(takes(&group(Only::Always, "a", "a:B"), &group(Only::Always, "c", "c:D")));
        assert!(!takes(&group(Only::Always, "a", "a:B"), &group(Only::Always, "c", "a:D")));

        let own = |arn: &str, action| group(Only::NoOtherStackTag, arn, action);
        let groups = own("arn:aws:logs:r:1:log-group:vod-*", "logs:DeleteLogGroup");
        assert!(takes(&groups, &own("arn:aws:logs:r:1:delivery-source:vod-*", "logs:TagResource")));
        assert!(!takes(&groups, &own("arn:aws:logs:r:1:delivery:*", "logs:CreateDelivery")));
    }
}
