//! Permissions: the least-privilege IAM policy of a command for one stack, or for all stacks with a prefix, offline.

use std::path::Path;

use miette::miette;

use super::chosen::target;
use super::fleet;
use super::session::scope;
use crate::model::{Declaration, PolicyDocument};
use crate::permissions::{self, ChangedBy, Dns, Subject};
use crate::resource::registry;
use crate::stack::config::{self, Domain, Engine, StackFile, StackPrefix};
use crate::stack::domain::Zone;
use crate::stack::handlers::PackageDigests;

pub use crate::permissions::{Command as PolicyFor, INLINE_LIMIT, MANAGED_LIMIT, json, length, split};

/// What a policy is for.
#[derive(Clone, Copy, Debug)]
pub struct PolicyRequest<'a> {
    /// The command.
    pub command: PolicyFor,
    /// If set, the policy is for every stack whose name begins with it, and not only for the one that the file declares.
    pub prefix: Option<&'a StackPrefix>,
    /// The only hosted zone that it allows, by id. Without it, it allows all.
    pub zone: Option<&'a str>,
    /// Whether it is for the role in the account of the hosted zone, which `domain.zone_role` names.
    pub zone_role: bool,
}

/// The policy that a command needs for a stack.
#[derive(Debug)]
pub struct StackPolicy {
    /// The stack's name, or a pattern of names.
    pub stack: String,
    /// The policy.
    pub policy: PolicyDocument,
    /// The role in the account of the hosted zone, if there is one and the policy is not its own.
    pub zone_role: Option<String>,
}

/// The policy that a command needs for the stack that the file at `path` declares, or for stacks like it.
///
/// # Errors
/// When the stack file cannot be used, or the prefix does not cover its stack.
pub fn permissions(path: &Path, wanted: PolicyRequest<'_>) -> miette::Result<StackPolicy> {
    let file = config::load(path)?;
    if let Some(prefix) = wanted.prefix.filter(|prefix| !prefix.covers(&file.stack)) {
        let message = format!("`stack` does not begin with {prefix}");
        let help = "the policy is for stacks that declare what this file declares: use a prefix of its name, or another file";
        return Err(config::against(path, &["stack"], &message, "outside the prefix", help).into());
    }
    let file = match OF_FLEETS.contains(&wanted.command) {
        true => file,
        false => fleet::one_stack(&file, target(), "permissions")?,
    };
    if wanted.command == PolicyFor::ServiceRole && file.cloudformation.role.is_none() && file.fleet.is_none()
    {
        let help = "set `engine: cloudformation` and `cloudformation: { role: ARN }`, or leave the role out";
        return Err(miette!(help = help, "the stack file names no service role of CloudFormation"));
    }
    let role = file.domain.as_ref().and_then(|domain| domain.zone_role.clone());
    if wanted.zone_role && role.is_none() {
        let help = "leave out --zone-role: the policy of the command allows the calls of Route 53";
        return Err(miette!(help = help, "the stack has no `domain.zone_role`"));
    }
    let zone_role = role.filter(|_| !wanted.zone_role);
    let stack = wanted.prefix.map_or_else(|| file.stack.to_string(), |prefix| format!("{prefix}*"));
    Ok(StackPolicy { stack, policy: policy(&file, wanted)?, zone_role })
}

/// The commands that a fleet has, and the role that makes its stacks.
const OF_FLEETS: [PolicyFor; 4] =
    [PolicyFor::Plan, PolicyFor::Apply, PolicyFor::Teardown, PolicyFor::ServiceRole];

fn policy(file: &StackFile, wanted: PolicyRequest<'_>) -> miette::Result<PolicyDocument> {
    let bundles = bundles(file);
    let owner = file.account.to_string();
    let target = file.fleet.as_ref().filter(|_| wanted.command == PolicyFor::ServiceRole);
    let target = target.map(|fleet| fleet.anywhere(file));
    let file = target.as_ref().unwrap_or(file);
    let scope = scope(file);
    // Neither the code nor the zone changes what is declared, only the values in it.
    let code = PackageDigests::default();
    let zone = Zone { id: wanted.zone.unwrap_or("*").to_owned() };
    let graph = fleet::graph_of(file, &code, Some(&zone))?;
    let declarations: Vec<Declaration> = graph.in_order().cloned().collect();
    let subject = Subject {
        scope: &scope,
        prefix: wanted.prefix.map(StackPrefix::as_str),
        declarations: &declarations,
        domain: file.domain.as_ref().map(|domain| domain.name.as_str()),
        zone: wanted.zone,
        source: file.source.bucket.as_deref(),
        dns: dns(file, wanted.zone_role),
        key: file.encryption.as_ref().map(|encryption| &encryption.kms_key),
        changes: match file.engine {
            Engine::Direct => ChangedBy::Api,
            // Whoever runs the command keeps the stack set.
            Engine::Cloudformation if file.fleet.is_some() => ChangedBy::Api,
            Engine::Cloudformation => ChangedBy::CloudFormation(file.cloudformation.role.as_deref()),
        },
        bundles: bundles.as_deref().map(|regions| (owner.as_str(), regions)),
        in_fleet: file.in_fleet,
    };
    Ok(permissions::policy(registry(), wanted.command, subject))
}

/// The regions of a fleet's bundles.
fn bundles(file: &StackFile) -> Option<Vec<String>> {
    let fleet = file.fleet.as_ref()?;
    Some(fleet.regions.iter().map(ToString::to_string).collect())
}

/// Where the records of the stack's name are.
fn dns(file: &StackFile, of_role: bool) -> Dns<'_> {
    match &file.domain {
        _ if of_role => Dns::OfRole,
        Some(Domain { zone_role: Some(role), .. }) => Dns::ByRole(role),
        Some(Domain { zone: None, .. }) => Dns::Elsewhere,
        _ => Dns::Own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StringExpr;

    #[test]
    fn a_prefix_must_cover_the_stack_of_the_file() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks/staging.yaml");
        let of = |prefix: &str| {
            let prefix: StackPrefix = prefix.parse().unwrap();
            let wanted = PolicyRequest {
                command: PolicyFor::Plan,
                prefix: Some(&prefix),
                zone: None,
                zone_role: false,
            };
            permissions(&path, wanted).map(|permitted| permitted.stack)
        };
        assert_eq!(of("vod-").unwrap(), "vod-*");
        let refused = format!("{:?}", of("vod-pr-").unwrap_err());
        assert!(refused.contains("`stack` does not begin with vod-pr-"), "{refused}");
    }

    fn file(domain: &str) -> StackFile {
        let text = format!("stack: vod\naccount: '111122223333'\nregion: ap-northeast-2\n{domain}\n");
        config::parse("test.yaml", &text).unwrap()
    }

    fn of(file: &StackFile, command: PolicyFor, zone_role: bool) -> Vec<String> {
        let wanted = PolicyRequest { command, prefix: None, zone: Some("Z1"), zone_role };
        let policy = policy(file, wanted).unwrap();
        policy.statements().flat_map(|statement| &statement.action).map(StringExpr::text).collect()
    }

    #[test]
    fn a_zone_of_another_account_is_the_business_of_its_role() {
        let role = "arn:aws:iam::444455556666:role/dns";
        let file =
            file(&format!("domain: {{ name: v.example.com, zone: example.com, zone_role: '{role}' }}"));
        let is_dns = |action: &String| action.starts_with("route53:");
        for command in [PolicyFor::Plan, PolicyFor::Apply, PolicyFor::Teardown, PolicyFor::Verify] {
            let own = of(&file, command, false);
            assert!(
                own.iter().any(|action| action == "sts:AssumeRole") && !own.iter().any(is_dns),
                "{own:?}"
            );
            let role = of(&file, command, true);
            assert!(!role.is_empty() && role.iter().all(is_dns), "{role:?}");
        }
        assert!(!of(&file, PolicyFor::Upload, false).iter().any(|action| action == "sts:AssumeRole"));
        let apply =
            PolicyRequest { command: PolicyFor::Apply, prefix: None, zone: Some("Z1"), zone_role: true };
        insta::assert_snapshot!(serde_json::to_string_pretty(&json(&policy(&file, apply).unwrap())).unwrap(), @r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": "route53:ChangeResourceRecordSets",
              "Resource": "arn:aws:route53:::hostedzone/Z1",
              "Condition": {
                "ForAllValues:StringEquals": {
                  "route53:ChangeResourceRecordSetsRecordTypes": [
                    "A",
                    "AAAA",
                    "CNAME"
                  ]
                },
                "ForAllValues:StringLike": {
                  "route53:ChangeResourceRecordSetsNormalizedRecordNames": [
                    "_*.v.example.com",
                    "v.example.com"
                  ]
                }
              }
            },
            {
              "Effect": "Allow",
              "Action": "route53:GetChange",
              "Resource": "arn:aws:route53:::change/*"
            },
            {
              "Effect": "Allow",
              "Action": "route53:ListHostedZonesByName",
              "Resource": "*"
            },
            {
              "Effect": "Allow",
              "Action": "route53:ListResourceRecordSets",
              "Resource": "arn:aws:route53:::hostedzone/Z1"
            }
          ]
        }
        "#);
        let own = PolicyRequest { zone_role: false, ..apply };
        let own = policy(&file, own).unwrap();
        let assume =
            own.statements().find(|one| one.action.iter().any(|action| action.text() == "sts:AssumeRole"));
        let assume = json(&PolicyDocument::new(assume.cloned())).to_string();
        let statement =
            r#"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::444455556666:role/dns"}"#;
        assert!(assume.contains(statement), "{assume}");
    }

    #[test]
    fn no_zone_is_looked_for_where_the_name_is_kept_elsewhere() {
        let arn = "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef";
        let file = file(&format!("domain: {{ name: v.example.com, certificate: '{arn}' }}"));
        let verify = of(&file, PolicyFor::Verify, false);
        assert!(!verify.iter().any(|action| action.starts_with("route53:")), "{verify:?}");
    }
}
