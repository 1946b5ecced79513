//! Every adapter against the account, one type after the other: create, read, change each property alone, delete.
//!
//! The cases are those of the conformance walk. What the account refuses is noted, and the walk goes on, so that one run
//! tells all. What only the local cloud takes on trust is left out, each with its reason.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use provision::aws::{Access, Connection, Context, Patience, Poll, until};
use provision::diff::diff;
use provision::model::{Address, Kind, Live, Mark, Outputs, Scope, resolve};
use provision::resource::{Adapter, Removal, registry};
use serde_json::{Value, json};

use super::account::Account;
use super::limit;
use super::report::Report;
use crate::conformance::{self, Case};

/// How long the walk may take. Each distribution takes some minutes to be turned off.
const LIMIT: Duration = Duration::from_secs(90 * 60);
/// What is written may be read late.
const LATE: Patience = Patience {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(5),
    limit: Duration::from_secs(90),
};

/// What is left out on AWS: the end of the type's name, the property (empty for the whole type), and why.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("Lambda::Function", "/Layers", "they are another account's"),
    ("Lambda::Function", "/VpcConfig", "the account may have no such network"),
    ("Lambda::Function", "/FileSystemConfigs", "the account has no such file system"),
    ("Lambda::Function", "/KmsKeyArn", "the account has no such key"),
    ("Lambda::Function", "/ReservedConcurrentExecutions", "a new account has none to reserve"),
    ("Lambda::Function", "/LoggingConfig/LogGroup", "the role may write to one log group"),
    ("S3::Bucket", "/ReplicationConfiguration", "it needs another bucket and a role"),
    ("S3::Bucket", "/NotificationConfiguration/LambdaConfigurations", "it needs a function"),
    ("S3::Bucket", "/LoggingConfiguration/DestinationBucketName", "it needs another bucket"),
    (
        "CloudFront::Distribution",
        "/DistributionConfig/Aliases",
        "they need a certificate; the main job has one",
    ),
    ("CloudFront::Distribution", "/DistributionConfig/ViewerCertificate", "likewise"),
    ("CloudFront::Distribution", "/DistributionConfig/WebACLId", "it needs a web ACL"),
    ("CloudFront::Distribution", "/DistributionConfig/Logging", "it needs a bucket with ACLs"),
    (
        "CloudFront::Distribution",
        "/DistributionConfig/DefaultCacheBehavior/TrustedKeyGroups",
        "it needs a key group",
    ),
    (
        "CloudFront::Distribution",
        "/DistributionConfig/DefaultCacheBehavior/TrustedSigners",
        "it names an account",
    ),
    (
        "CloudFront::Distribution",
        "/DistributionConfig/DefaultCacheBehavior/FunctionAssociations",
        "it needs a function",
    ),
    (
        "CloudFront::Distribution",
        "/DistributionConfig/DefaultCacheBehavior/LambdaFunctionAssociations",
        "likewise",
    ),
    (
        "CloudFront::Distribution",
        "/DistributionConfig/DefaultCacheBehavior/RealtimeLogConfigArn",
        "it needs a stream",
    ),
    ("Logs::DeliverySource", "", "it needs a distribution; the main job has all three"),
    ("Logs::DeliveryDestination", "", "likewise"),
    ("Logs::Delivery", "", "likewise"),
    ("Logs::SubscriptionFilter", "", "it needs a stream of Firehose"),
    ("SNS::Topic", "/KmsMasterKeyId", "the account has no such key"),
    ("SQS::Queue", "/KmsMasterKeyId", "the account has no such key"),
    ("Logs::LogGroup", "/KmsKeyId", "the account has no such key"),
];

/// Runs the walk in a process of its own, which can be ended, and which sees the account's variables alone.
pub(crate) async fn run(account: &Account, report: &mut Report) {
    let mut command = Command::new(std::env::current_exe().expect("a test knows its program"));
    let test = concat!(module_path!(), "::every_adapter");
    let test = test.split_once("::").map_or(test, |(_, test)| test);
    command.args(["--exact", test, "--ignored", "--nocapture"]).envs(account.variables());
    let ran = limit::run(command, LIMIT).await;
    let tried = ran.stdout.lines().filter(|line| line.starts_with("tried ")).count();
    if report.step(&["each", "type", "alone"], &ran, 0) && tried == 0 {
        report.fault("the walk tried nothing".to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "`real_account::in_the_account` runs it in a process of its own"]
async fn every_adapter() {
    let account = Account::from_environment().unwrap_or_else(|why| panic!("{why}"));
    let log = tracing_subscriber::fmt().with_env_filter("provision::calls=info").with_ansi(false);
    log.with_target(false).without_time().with_writer(std::io::stderr).init();
    let connection = Arc::new(Connection::to_aws(&account.region, &Access::default()).await.unwrap());
    let identity = connection.identity().await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(identity.account, account.id, "the credentials are of another account");
    let scope =
        Scope { stack: account.walked(), account: account.id.clone(), region: account.region.clone() };
    let cx = Context::new(connection, scope, account.region.as_str());
    let mut findings = Vec::new();
    conformance::upload_packages(&cx).await;
    let zone = zone(&cx, &account).await;
    let roles = roles(&cx).await;
    for case in conformance::cases(&cx, zone.as_deref().unwrap_or_default()) {
        let kind = case.kind.as_str().to_owned();
        let needs_zone = kind.contains("::Route53::") || kind.contains("::CertificateManager::");
        if !kind.contains(&account.only) || needs_zone && zone.is_none() {
            continue;
        }
        let began = Instant::now();
        if let Some(case) = on_aws(case, &account) {
            let found = Walk::new(&cx, &case).life().await;
            println!("tried {kind}: {} s, {} findings", began.elapsed().as_secs(), found.len());
            findings.extend(found);
        }
    }
    for (role, id) in roles {
        role.delete(&cx, &id, Removal::WithContents).await.unwrap_or_else(|error| panic!("{id}: {error}"));
    }
    assert!(
        findings.is_empty(),
        "the account differs from what the adapters expect:\n{}",
        findings.join("\n")
    );
}

/// The id of the account's hosted zone, if one is to be used.
async fn zone(cx: &Context, account: &Account) -> Option<String> {
    let name = account.zone.as_ref()?;
    let listed = cx.route53().list_hosted_zones_by_name().dns_name(name).max_items(1).send().await.unwrap();
    let zone = listed.hosted_zones.into_iter().next().expect("the zone is in the account");
    assert_eq!(zone.name.trim_end_matches('.'), name, "the account has no such zone");
    zone.id.rsplit('/').next().map(str::to_owned)
}

/// The roles that the cases' functions name, which may send to queues.
async fn roles(cx: &Context) -> Vec<(&'static dyn Adapter, String)> {
    let adapter = registry().get(&Kind::new("AWS::IAM::Role")).expect("roles are in the registry");
    let allow = |sid: &str, action: &str| json!({ "Sid": sid, "Effect": "Allow", "Action": [action], "Resource": ["*"] });
    let assume = json!({
        "Sid": "Assume",
        "Effect": "Allow",
        "Principal": { "Service": ["lambda.amazonaws.com"] },
        "Action": ["sts:AssumeRole"],
    });
    let statements = [allow("Send", "sqs:SendMessage"), allow("Trace", "xray:PutTraceSegments")];
    let mut made = Vec::new();
    for name in ["role", "other-role"] {
        let name = format!("{}-{name}", cx.scope.stack);
        let role = json!({
            "RoleName": name,
            "Path": "/",
            "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [assume] },
            "Policies": [{
                "PolicyName": "work",
                "PolicyDocument": { "Version": "2012-10-17", "Statement": statements },
            }],
            "ManagedPolicyArns": [],
            "MaxSessionDuration": 3600,
            "Tags": in_account(&conformance::tags("role"), &[(conformance::STACK, &cx.scope.stack)]),
        });
        let role = adapter.create(cx, &role).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        made.push((adapter, role.id));
    }
    made
}

/// The values with the account's names in them.
fn in_account(value: &Value, names: &[(&str, &str)]) -> Value {
    match value {
        Value::String(text) => {
            json!(names.iter().fold(text.clone(), |text, (from, to)| text.replace(from, to)))
        }
        Value::Array(list) => list.iter().map(|item| in_account(item, names)).collect(),
        Value::Object(map) => {
            map.iter().map(|(name, value)| (name.clone(), in_account(value, names))).collect()
        }
        plain => plain.clone(),
    }
}

/// The case as this account can have it; `None` where the whole type is left out.
fn on_aws(case: Case, account: &Account) -> Option<Case> {
    let kind = case.kind.as_str().to_owned();
    let left_out: Vec<_> = LEFT_OUT.iter().filter(|(of, ..)| kind.ends_with(of)).collect();
    for (_, pointer, why) in &left_out {
        println!("left out: {kind}{pointer}: {why}");
    }
    if left_out.iter().any(|(_, pointer, _)| pointer.is_empty()) {
        return None;
    }
    let stack = account.walked();
    let mut names =
        vec![(conformance::STACK, stack.as_str()), (crate::support::REGION, account.region.as_str())];
    names.extend(account.zone.as_deref().map(|zone| ("example.com", zone)));
    let (mut base, mut variants) = (in_account(&case.base, &names), Vec::new());
    for (_, pointer, _) in &left_out {
        remove(&mut base, pointer);
    }
    for (pointer, value) in case.variants {
        let is_left_out = left_out.iter().any(|(_, out, _)| pointer.starts_with(out));
        if !is_left_out {
            variants.push((pointer, in_account(&value, &names)));
        }
    }
    let needs = case.needs.into_iter().map(|(kind, properties)| (kind, in_account(&properties, &names)));
    Some(Case { needs: needs.collect(), base, variants, ..case })
}

fn remove(properties: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(map)) = properties.pointer_mut(parent) {
        map.remove(last);
    }
}

/// One type's life, and what was found on the way.
struct Walk<'w> {
    cx: &'w Context,
    case: &'w Case,
    findings: Vec<String>,
}

impl<'w> Walk<'w> {
    fn new(cx: &'w Context, case: &'w Case) -> Self {
        Self { cx, case, findings: Vec::new() }
    }

    fn found(&mut self, when: &str, what: impl std::fmt::Display) {
        let finding = format!("{}: {when}: {what}", self.case.kind);
        println!("{finding}");
        self.findings.push(finding);
    }

    /// Everything, with what it needs made before and removed after, however it goes.
    async fn life(mut self) -> Vec<String> {
        let mut made = BTreeMap::new();
        let mut parents: Vec<(&dyn Adapter, String)> = Vec::new();
        for (index, (kind, properties)) in self.case.needs.iter().enumerate() {
            let adapter = registry().get(kind).expect("the need's type is in the registry");
            let properties = resolve(properties, &|address| made.get(address).cloned());
            match adapter.create(self.cx, &properties).await {
                Ok(need) => {
                    made.insert(Address::new(format!("need/{index}")), need.outputs);
                    parents.push((adapter, need.id));
                }
                Err(error) => self.found(&format!("what it needs, {kind}"), error),
            }
        }
        if parents.len() == self.case.needs.len() {
            self.one(&made).await;
        }
        for (parent, id) in parents.iter().rev() {
            if let Err(error) = parent.delete(self.cx, id, Removal::WithContents).await {
                self.found(&format!("removal of {id}"), error);
            }
        }
        self.findings
    }

    async fn one(&mut self, made: &BTreeMap<Address, Outputs>) {
        let outputs = |address: &Address| made.get(address).cloned();
        let adapter = registry().get(&self.case.kind).expect("the case's type is in the registry");
        let base = adapter.normal()(&resolve(&self.case.base, &outputs));
        let id = match adapter.create(self.cx, &base).await {
            Ok(created) => created.id,
            Err(error) => return self.found("create", error),
        };
        self.owned(adapter, &id, &base).await;
        for (pointer, value) in &self.case.variants {
            let mut varied = base.clone();
            conformance::set(&mut varied, pointer, resolve(value, &outputs));
            let varied = adapter.normal()(&varied);
            for (from, to) in [(&base, &varied), (&varied, &base)] {
                if !self.change(adapter, &id, from, to, pointer).await {
                    break;
                }
            }
        }
        match adapter.delete(self.cx, &id, Removal::WithContents).await {
            Err(error) => self.found("delete", error),
            Ok(()) => self.gone(adapter, &id).await,
        }
    }

    /// What was created is found by its name and is this stack's.
    async fn owned(&mut self, adapter: &dyn Adapter, id: &str, base: &Value) {
        let mark = Mark { stack: self.cx.scope.stack.clone(), address: Address::new("case") };
        match adapter.find(self.cx, base, &mark).await {
            Ok(Some(live)) if live.id == id => {}
            Ok(other) => self.found("find", format!("leads to {:?}", other.map(|live| live.id))),
            Err(error) => self.found("find", error),
        }
    }

    /// From one state of the properties to another. Returns whether the account took it.
    async fn change(
        &mut self,
        adapter: &dyn Adapter,
        id: &str,
        from: &Value,
        to: &Value,
        pointer: &str,
    ) -> bool {
        let live = match self.read(adapter, id, from).await {
            Ok(live) => live,
            Err(error) => {
                self.found(pointer, error);
                return false;
            }
        };
        let changes = diff(to, &live.properties, adapter.create_only(), adapter.write_only());
        match adapter.update(self.cx, &live, to, &changes).await {
            Ok(()) => true,
            Err(error) => {
                self.found(pointer, error);
                false
            }
        }
    }

    /// Reads until what was written is read.
    async fn read(&self, adapter: &dyn Adapter, id: &str, written: &Value) -> provision::aws::Result<Live> {
        let look = || async {
            let Some(live) = adapter.observe(self.cx, id).await? else {
                return Ok(Poll::Pending("absent".to_owned()));
            };
            let left = diff(written, &live.properties, adapter.create_only(), adapter.write_only());
            Ok(if left.is_empty() { Poll::Done(live) } else { Poll::Pending(format!("different: {left:?}")) })
        };
        until(self.cx, "the read", LATE, look).await
    }

    async fn gone(&mut self, adapter: &dyn Adapter, id: &str) {
        let look = || async {
            let live = adapter.observe(self.cx, id).await?;
            Ok(live.map_or(Poll::Done(()), |_| Poll::Pending("there".to_owned())))
        };
        if let Err(error) = until(self.cx, "the read", LATE, look).await {
            self.found("after delete", error);
        }
    }
}
