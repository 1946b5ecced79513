//! What the tests of all targets export: the shipped stacks, and one with every option, as if they were live.

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::model::{Contents, Declaration, Outputs, Ownership, Readiness, resolve};
use crate::stack::config::{self, StackFile};
use crate::stack::domain::Zone;
use crate::stack::handlers::PackageDigests;

/// The path of what the test keys are named by.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/stacks/stack.yaml");

/// Every option that declares a resource or a property.
const EVERYTHING: &str = "
stack: vod
account: '111122223333'
region: eu-west-1
tags: { team: media, 'cost-center': '4711', 'a:b': 'c + d' }
domain: { name: video.example.com, zone: example.com }
source: { archive_after: 30d, expire_noncurrent_after: 14d, upload_origins: ['https://app.example.com'],
  on_delete: unpublish, audio: publish }
transcode: { ladder: hls-2160p, acceleration: preferred, thumbnails: { every: 10s }, loudness: -16 }
handlers: { reserved_concurrency: 5, submit: { memory: 512MiB }, publish: { timeout: 15m } }
roles: { path: /service/, permissions_boundary: 'arn:aws:iam::111122223333:policy/edge' }
encryption: { kms_key: 'arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef' }
delivery: { price_class: 200, signed_urls: { public_keys: [keys/viewer-2026.pem] }, allow_countries: [KR, NO],
  player_origins: ['https://www.example.com'], access_logs: true,
  web_acl: 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/viewers/01234567-89ab-cdef-0123-456789abcdef' }
notify: { bus: media-events, queue: true, topic: true }
alerts: { email: on-call@example.com }
";

/// A stack that is as declared.
pub(in crate::export) struct World {
    pub(in crate::export) scope: Scope,
    pub(in crate::export) graph: Graph,
    pub(in crate::export) live: BTreeMap<Address, Live>,
}

impl World {
    pub(in crate::export) fn stack(&self) -> ExportedStack<'_> {
        ExportedStack {
            scope: &self.scope,
            graph: &self.graph,
            live: &self.live,
            kept: &[],
            code: &[],
            zone_role: None,
        }
    }

    /// The world of these declarations.
    pub(in crate::export) fn of(scope: Scope, declarations: Vec<Declaration>) -> Self {
        let graph = Graph::new(declarations).unwrap();
        let mut live: BTreeMap<Address, Live> = BTreeMap::new();
        for declaration in graph.in_order() {
            let outputs = |address: &Address| live.get(address).map(|live| live.outputs.clone());
            let properties = resolve(&declaration.properties, &outputs);
            let seen = seen(&scope, declaration, properties);
            live.insert(declaration.address.clone(), seen);
        }
        Self { scope, graph, live }
    }
}

/// A declared resource as if it were live: its id, and outputs that AWS would assign.
fn seen(scope: &Scope, declaration: &Declaration, properties: Value) -> Live {
    let Declaration { address, kind, predicted, .. } = declaration;
    let made = format!("id-of-{}", address.as_str().replace('/', "-"));
    let text =
        |name: &str| properties[name].as_str().unwrap_or_else(|| panic!("{address}: {name}")).to_owned();
    let (id, assigned): (String, Vec<(&str, String)>) = match kind.as_str() {
        "AWS::S3::Bucket" => (text("BucketName"), vec![]),
        "AWS::S3::BucketPolicy" => (text("Bucket"), vec![]),
        "AWS::SQS::Queue" => (predicted["QueueUrl"].clone(), vec![]),
        "AWS::SQS::QueuePolicy" => (properties["Queues"][0].as_str().unwrap().to_owned(), vec![]),
        "AWS::Logs::LogGroup" => (text("LogGroupName"), vec![]),
        "AWS::IAM::Role" => (text("RoleName"), vec![("RoleId", "AROA0123456789EXAMPLE".to_owned())]),
        "AWS::Lambda::Function" | "AWS::Lambda::EventInvokeConfig" => (text("FunctionName"), vec![]),
        "AWS::Lambda::Permission" => (format!("{}/events-rule", text("FunctionName")), vec![]),
        "AWS::Events::Rule" => (predicted["Arn"].clone(), vec![]),
        "AWS::CertificateManager::Certificate" => {
            let arn = scope.arn_in("us-east-1", "acm", "certificate/01234567");
            (arn.clone(), vec![("Arn", arn)])
        }
        "AWS::CloudFront::Distribution" => (
            "E1EXAMPLE".to_owned(),
            vec![
                ("Id", "E1EXAMPLE".to_owned()),
                ("Arn", scope.arn_in("", "cloudfront", "distribution/E1EXAMPLE")),
                ("DomainName", "d111111abcdef8.cloudfront.net".to_owned()),
            ],
        ),
        "AWS::CloudFront::MonitoringSubscription" => (text("DistributionId"), vec![]),
        "AWS::Route53::RecordSet" => {
            (format!("{}/{}/{}", text("HostedZoneId"), text("Name"), text("Type")), vec![])
        }
        "AWS::Logs::DeliverySource" => (text("Name"), vec![("Name", text("Name"))]),
        "AWS::Logs::Delivery" => (made.clone(), vec![("DeliveryId", made)]),
        "AWS::SNS::Topic" => (predicted["TopicArn"].clone(), vec![]),
        "AWS::SNS::TopicPolicy" => (properties["Topics"][0].as_str().unwrap().to_owned(), vec![]),
        "AWS::SNS::Subscription" => {
            let id = [text("TopicArn"), text("Protocol"), text("Endpoint")].join(" ");
            (id, vec![("Arn", format!("{}:0123", text("TopicArn")))])
        }
        "AWS::CloudWatch::Alarm" => (text("AlarmName"), vec![]),
        "AWS::CloudWatch::Dashboard" => (text("DashboardName"), vec![]),
        kind if kind.starts_with("AWS::CloudFront::") => (made.clone(), vec![("Id", made)]),
        _ => (text("Name"), vec![]),
    };
    let assigned = assigned.into_iter().map(|(name, value)| (name.to_owned(), value));
    let outputs: Outputs = predicted.clone().into_iter().chain(assigned).collect();
    let (ownership, readiness, contents) = (Ownership::Inherited, Readiness::Ready, Contents::Nothing);
    Live { id, properties, outputs, ownership, readiness, contents }
}

fn world(file: &StackFile) -> World {
    let code = PackageDigests { submit: "5b".repeat(32), publish: "9b".repeat(32) };
    let zone = file.domain.as_ref().map(|_| Zone { id: "Z0123456789ABCDEFGHIJ".to_owned() });
    let scope = Scope {
        stack: file.stack.to_string(),
        account: file.account.to_string(),
        region: file.region.to_string(),
    };
    World::of(scope, crate::stack::declare(file, &code, zone.as_ref()))
}

/// A stack with every option.
pub(in crate::export) fn everything() -> World {
    world(
        &config::parse(FOLDER, EVERYTHING)
            .unwrap_or_else(|invalid| panic!("{:?}", miette::Report::new(invalid))),
    )
}

/// The shipped stacks, and the one with every option.
pub(in crate::export) fn worlds() -> Vec<World> {
    let shipped = ["local", "staging", "production"].map(|name| {
        let path = Path::new(FOLDER).with_file_name(name).with_extension("yaml");
        world(&config::load(&path).unwrap_or_else(|invalid| panic!("{:?}", miette::Report::new(invalid))))
    });
    shipped.into_iter().chain([everything()]).collect()
}

/// A resource of a stack of one or two.
pub(in crate::export) fn declared(address: &str, kind: &'static str, properties: Value) -> Declaration {
    Declaration {
        address: address.into(),
        kind: Kind::new(kind),
        region: "eu-west-1".into(),
        properties,
        predicted: Outputs::new(),
        after: std::collections::BTreeSet::new(),
        guard: crate::model::Guard::None,
    }
}

/// The world of a few resources.
pub(in crate::export) fn few(declarations: Vec<Declaration>) -> World {
    let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
    World::of(scope, declarations)
}

/// The text of a file.
pub(in crate::export) fn read(files: &[ExportFile], path: &str) -> String {
    let file = files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"));
    String::from_utf8(file.bytes.clone()).unwrap()
}

#[test]
fn what_is_not_live_is_not_exported() {
    let mut world =
        few(vec![declared("storage/work", "AWS::S3::Bucket", json!({ "BucketName": "vod-work" }))]);
    world.live.clear();
    for target in <ExportTarget as clap::ValueEnum>::value_variants() {
        let missing = Err(Error::Missing { address: "storage/work".into() });
        assert_eq!(export(*target, &world.stack()), missing);
    }
}

#[test]
fn what_a_readme_says_of_a_bucket_that_is_kept() {
    let world = everything();
    let kept = [Known {
        address: "storage/old".into(),
        kind: Kind::new("AWS::S3::Bucket"),
        region: "eu-west-1".into(),
        id: "vod-old".into(),
    }];
    let stack = ExportedStack { kept: &kept, ..world.stack() };
    for target in <ExportTarget as clap::ValueEnum>::value_variants() {
        let readme = read(&export(*target, &stack).unwrap(), "README.md");
        assert!(readme.contains("* `vod-old` (AWS::S3::Bucket)"), "{readme}");
    }
}
