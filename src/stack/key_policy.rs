//! What the policy of the team's KMS key must allow, so that the stack works, and what of it is missing. Pure.
//!
//! Each need follows AWS's document for it:
//! * CloudFront reads the output bucket (CloudFront developer guide, "Restrict access to an Amazon S3 origin", SSE-KMS).
//! * EventBridge sends to the queues and topics (SNS developer guide, "Key management"): it sends no `aws:Source…` key to
//!   KMS for topics, and a condition on one would lose every event.
//! * Alarms publish to the topic (the same).
//! * CloudWatch Logs keeps the handlers' logs (its user guide, "Encrypt log data using AWS KMS").
//! * The stack's roles read and write buckets, queues and topics. IAM allows them that only if the key's policy leaves it to
//!   IAM.
//! * Whoever applies writes to the home bucket, and gives the key to the functions. The conditions of what allows that are
//!   not judged, because the path and the tags of the caller's role are not known.

mod evaluate;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::graph::Graph;
use crate::model::{Declaration, PolicyDocument, Principal, Scope, Statement, StringExpr, resolve};
use evaluate::{Caller, KeyUse, allows, reaches, role_of};

/// The key's ARN as the graph declares it, if the stack has one.
#[must_use]
pub fn declared_key(graph: &Graph) -> Option<String> {
    // Every stack has this bucket. That of originals may be the team's.
    let work = graph.get(&super::names::WORK.address())?;
    let rule =
        "/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/KMSMasterKeyID";
    work.properties.pointer(rule)?.as_str().map(str::to_owned)
}

/// Something that must be able to use the key.
#[derive(Debug)]
struct Need {
    /// What a statement must say.
    statement: Statement,
    /// The uses that the policy must allow. It names actions without `*`.
    uses: Vec<KeyUse>,
}

/// Whose stack it is that needs a key.
#[derive(Clone, Copy, Debug)]
pub struct KeyUsers<'a> {
    /// Its stack, account and region.
    pub scope: &'a Scope,
    /// What it declares.
    pub graph: &'a Graph,
    /// The ARN of its distribution, if that exists.
    pub distribution: Option<&'a str>,
    /// The ARN of whoever applies it.
    pub by: &'a str,
}

/// The statements that the key's policy lacks.
#[must_use]
pub fn missing(policy: &PolicyDocument, users: KeyUsers<'_>) -> Vec<Statement> {
    let KeyUsers { scope, graph, distribution, by } = users;
    let needs = needs(scope, graph, distribution).into_iter();
    let unmet = needs.filter(|need| !need.uses.iter().all(|one| allows(policy, scope, one)));
    let applies = APPLIED.iter().all(|action| reaches(policy, scope, by, action));
    unmet.map(|need| need.statement).chain((!applies).then(|| whoever_applies(scope, by))).collect()
}

/// All statements, for a key whose policy cannot be read.
#[must_use]
pub fn all(users: KeyUsers<'_>) -> Vec<Statement> {
    missing(&PolicyDocument::default(), users)
}

/// What whoever applies does with the key: `provision permissions` has the same.
const APPLIED: &[&str] = &[
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GetKeyPolicy",
];

fn whoever_applies(scope: &Scope, by: &str) -> Statement {
    let roles =
        |name: &str| ["role/", "role/*/"].map(|path| scope.arn_in("", "iam", &format!("{path}{name}")));
    let identities = role_of(by).map_or_else(|| vec![by.to_owned()], |name| roles(name).to_vec());
    Statement::allow("WhoeverApplies", APPLIED).to(account(scope)).on(["*".into()]).when(
        "ArnLike",
        "aws:PrincipalArn",
        identities.into_iter().map(StringExpr::from),
    )
}

/// The account as the principal, because KMS refuses a policy that names roles which do not exist yet.
fn account(scope: &Scope) -> Principal {
    let root = scope.arn_in("", "iam", "root");
    Principal::Of([("AWS".to_owned(), [root.as_str().into()].into())].into())
}

/// Statements as they are pasted into a policy.
#[must_use]
pub fn pasted(statements: &[Statement]) -> String {
    let list: Vec<String> = statements
        .iter()
        .map(|statement| serde_json::to_string_pretty(statement).expect("statements are plain data"))
        .collect();
    list.join(",\n")
}

fn needs(scope: &Scope, graph: &Graph, distribution: Option<&str>) -> Vec<Need> {
    let of = |kind: &'static str| graph.in_order().filter(move |one| one.kind.as_str() == kind);
    let keyed = |kind, property: &'static str| {
        of(kind).any(|one| !one.properties[property].is_null() && one.region == scope.region)
    };
    let topics = keyed("AWS::SNS::Topic", "KmsMasterKeyId");
    let alarms = of("AWS::CloudWatch::Alarm").next().is_some();
    let mut needs = vec![cloudfront(scope, distribution), logs(scope, of("AWS::Logs::LogGroup"))];
    if topics || keyed("AWS::SQS::Queue", "KmsMasterKeyId") {
        needs.push(events(scope, of("AWS::Events::Rule"), topics));
    }
    if topics && alarms {
        needs.push(cloudwatch(scope));
    }
    let named = |one: &Declaration| one.predicted.get("Arn").cloned();
    let roles: Vec<String> = of("AWS::IAM::Role").filter_map(named).collect();
    needs.push(own_roles(scope, &roles, topics));
    needs
}

/// One use for each action.
fn uses(caller: &Caller, actions: &[&'static str], context: &[(&str, &str)]) -> Vec<KeyUse> {
    let context: BTreeMap<String, String> =
        context.iter().map(|(key, value)| (key.to_ascii_lowercase(), (*value).to_owned())).collect();
    let one = |action: &&'static str| KeyUse { caller: caller.clone(), action, context: context.clone() };
    actions.iter().map(one).collect()
}

fn service(name: &str, sid: &str, actions: &[&str]) -> Statement {
    Statement::allow(sid, actions).to(Principal::service(name)).on(["*".into()])
}

fn cloudfront(scope: &Scope, distribution: Option<&str>) -> Need {
    const NAME: &str = "cloudfront.amazonaws.com";
    const READ: &[&str] = &["kms:Decrypt"];
    // Its id comes with its creation. Until then only a pattern can be written.
    let any = scope.arn_in("", "cloudfront", "distribution/*");
    let arn = distribution.unwrap_or(&any);
    let operator = if distribution.is_some() { "ArnEquals" } else { "ArnLike" };
    let statement = service(NAME, "CloudFrontReads", READ).when(operator, "aws:SourceArn", [arn.into()]);
    Need { statement, uses: uses(&Caller::Service(NAME.to_owned()), READ, &[("aws:SourceArn", arn)]) }
}

fn logs<'a>(scope: &Scope, groups: impl Iterator<Item = &'a Declaration>) -> Need {
    const KEY: &str = "kms:EncryptionContext:aws:logs:arn";
    let name = format!("logs.{}.amazonaws.com", scope.region);
    let arns = groups.filter_map(|group| group.properties["LogGroupName"].as_str());
    let arns: Vec<String> = arns.map(|name| scope.arn("logs", &format!("log-group:{name}"))).collect();
    let written = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"];
    let statement = service(&name, "LogsOfHandlers", &written).when(
        "ArnEquals",
        KEY,
        arns.iter().map(|arn| StringExpr::from(arn.as_str())),
    );
    let caller = Caller::Service(name);
    let used = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"];
    let uses = arns.iter().flat_map(|arn| uses(&caller, &used, &[(KEY, arn.as_str())])).collect();
    Need { statement, uses }
}

const PUBLISH: &[&str] = &["kms:Decrypt", "kms:GenerateDataKey*"];
const PUBLISHED: &[&str] = &["kms:Decrypt", "kms:GenerateDataKey"];

fn events<'a>(scope: &Scope, rules: impl Iterator<Item = &'a Declaration>, topics: bool) -> Need {
    const NAME: &str = "events.amazonaws.com";
    let caller = Caller::Service(NAME.to_owned());
    let statement = service(NAME, "EventsReachQueuesAndTopics", PUBLISH);
    if topics {
        return Need { statement, uses: uses(&caller, PUBLISHED, &[]) };
    }
    // For a queue, a condition is no obstacle.
    let arn = |rule: &Declaration| {
        let properties = resolve(&rule.properties, &|_| None);
        let text = |member: &str| properties[member].as_str().unwrap_or_default().to_owned();
        let bus = match text("EventBusName").as_str() {
            "" | "default" => String::new(),
            bus => format!("{bus}/"),
        };
        scope.arn("events", &format!("rule/{bus}{}", text("Name")))
    };
    let account = scope.account.as_str();
    let by_rule = |rule| {
        let arn = arn(rule);
        uses(&caller, PUBLISHED, &[("aws:SourceArn", arn.as_str()), ("aws:SourceAccount", account)])
    };
    Need { statement, uses: rules.flat_map(by_rule).collect() }
}

fn cloudwatch(scope: &Scope) -> Need {
    const NAME: &str = "cloudwatch.amazonaws.com";
    let account = scope.account.as_str();
    let statement = service(NAME, "AlarmsReachTopics", PUBLISH).when(
        "StringEquals",
        "aws:SourceAccount",
        [account.into()],
    );
    let caller = Caller::Service(NAME.to_owned());
    Need { statement, uses: uses(&caller, PUBLISHED, &[("aws:SourceAccount", account)]) }
}

fn own_roles(scope: &Scope, roles: &[String], topics: bool) -> Need {
    let services: &[&str] = if topics { &["s3", "sns", "sqs"] } else { &["s3", "sqs"] };
    let by = |service: &str| format!("{service}.{}.amazonaws.com", scope.region);
    let statement = Statement::allow("RolesOfTheStack", PUBLISHED)
        .to(account(scope))
        .on(["*".into()])
        .when("ArnEquals", "aws:PrincipalArn", roles.iter().map(|role| StringExpr::from(role.as_str())))
        .when("StringEquals", "kms:ViaService", services.iter().map(|one| StringExpr::from(by(one))));
    let by_role = |role: &String| {
        let caller = Caller::Role(role.clone());
        let by_service = |service: &&str| {
            let via = by(service);
            let context = [
                ("aws:PrincipalArn", role.as_str()),
                ("aws:PrincipalAccount", scope.account.as_str()),
                ("kms:CallerAccount", scope.account.as_str()),
                ("kms:ViaService", via.as_str()),
            ];
            uses(&caller, PUBLISHED, &context)
        };
        services.iter().flat_map(by_service).collect::<Vec<_>>()
    };
    Need { statement, uses: roles.iter().flat_map(by_role).collect() }
}
