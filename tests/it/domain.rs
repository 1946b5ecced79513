//! A stack's own name from on to off again, on a local cloud: the zone is looked up, the certificate and the records come
//! with it in the right order, damage is made good, and turning it off leaves no trace. And a distribution that somebody
//! deleted: what led to it is the stack's still.

use std::collections::BTreeMap;

use crate::support::quote::{errors, lines_with, nothing_left, nothing_to_do, whole};
use crate::support::{ACCOUNT, Cloud, REGION, delete_distribution};
use aws_sdk_route53::types as dns;
use provision::aws::{Connection, Context, Regions};
use provision::execute::{Dependents, Execution, execute};
use provision::graph::Graph;
use provision::model::{Known, Scope, Snapshot};
use provision::observe::{self, OrphanSource};
use provision::plan::check::{Permits, check};
use provision::plan::{Plan, Rules, StepAction, plan};
use provision::resource::{Removal, registry, route53};
use provision::stack::config::{self, StackFile};
use provision::stack::domain::{self, DomainFacts, Zone};
use provision::stack::names;
use provision::stack::{Declarations, delivery, storage};

const STACK: &str = "vod-named";
const NAME: &str = "video.example.com";

/// The stack without its encoder and handlers, which know nothing of names and take long to build.
fn declare(file: &StackFile, scope: &Scope, zone: Option<&Zone>) -> Graph {
    let mut stack = Declarations::new(scope.clone(), BTreeMap::new());
    let storage = storage::declare(&mut stack, file);
    let own = domain::declare(&mut stack, file, zone);
    let bucket = storage.output.output("RegionalDomainName");
    let delivery = delivery::declare(&mut stack, file, bucket, own.as_ref());
    if let Some(own) = &own {
        domain::aliases(&mut stack, own, &delivery.distribution);
    }
    storage::output_policy(&mut stack, &storage, delivery.distribution.arn());
    Graph::new(stack.finish()).unwrap()
}

fn file(domain: &str) -> StackFile {
    let text = format!("stack: {STACK}\naccount: '{ACCOUNT}'\nregion: {REGION}\nlocal: true\n{domain}");
    config::parse("named.yaml", &text).unwrap()
}

/// One account, as the commands see it.
struct Account {
    regions: Regions,
    known: Vec<Known>,
}

impl Account {
    async fn open(cloud: &Cloud) -> Self {
        let target = cloud.target(ACCOUNT);
        let scope = Scope { stack: STACK.into(), account: ACCOUNT.into(), region: REGION.into() };
        let regions = Regions::new(Connection::to_local(target, REGION).await, scope);
        Self { regions, known: Vec::new() }
    }

    async fn plan(&self, graph: &Graph) -> Plan {
        let live = observe::declared(&self.regions, registry(), graph).await.unwrap();
        let memory =
            if self.known.is_empty() { OrphanSource::Sweep(&[]) } else { OrphanSource::Record(&self.known) };
        let former = observe::remembered(&self.regions, registry(), graph, memory).await.unwrap();
        let orphans = observe::orphans(&self.regions, registry(), graph, &live, former).await.unwrap();
        let rules = |kind: &_| {
            let adapter = registry().get(kind).unwrap();
            Rules {
                create_only: adapter.create_only(),
                write_only: adapter.write_only(),
                rank: registry().rank(kind),
                normal: adapter.normal(),
            }
        };
        plan(self.regions.scope(), graph, &Snapshot { live, orphans }, &rules)
    }

    /// Plans and applies, and returns the plan; remembers what there is then.
    async fn apply(&mut self, graph: &Graph) -> Plan {
        let plan = self.plan(graph).await;
        check(&plan, Permits::default(), &names::region_in).unwrap();
        let (events, _unheard) = tokio::sync::mpsc::unbounded_channel();
        let execution = Execution {
            regions: &self.regions,
            registry: registry(),
            events,
            cancel: tokio_util::sync::CancellationToken::new(),
            settle: true,
            stale: std::time::Duration::ZERO,
            dependents: Dependents::new(),
            removal: Removal::OnlyEmpty,
        };
        let outcome = execute(&execution, &plan).await;
        assert!(outcome.is_complete(), "{outcome:#?}");
        let live = observe::declared(&self.regions, registry(), graph).await.unwrap();
        let known = graph.in_order().filter_map(|declaration| {
            Some(Known {
                address: declaration.address.clone(),
                kind: declaration.kind.clone(),
                region: declaration.region.clone(),
                id: live.get(&declaration.address)?.id.clone(),
            })
        });
        self.known = known.collect();
        plan
    }

    async fn records(&self, zone: &Zone) -> Vec<String> {
        let cx = self.regions.home();
        let call = cx.route53().list_resource_record_sets().hosted_zone_id(&zone.id);
        let listed = call.send().await.unwrap().resource_record_sets;
        let records = listed.iter().map(|set| format!("{} {}", set.name, set.r#type.as_str()));
        records.filter(|record| !record.starts_with("example.com.")).collect()
    }

    async fn certificates(&self) -> usize {
        let cx = self.regions.context("us-east-1");
        cx.acm().list_certificates().send().await.unwrap().certificate_summary_list.unwrap_or_default().len()
    }
}

/// The steps of a plan in the order in which it lists them.
fn steps(plan: &Plan) -> Vec<String> {
    let verb = |action: &StepAction| match action {
        StepAction::Create { .. } => '+',
        StepAction::Update { .. } => '~',
        StepAction::Delete { .. } => '-',
    };
    plan.steps.iter().map(|step| format!("{} {}", verb(&step.action), step.address)).collect()
}

fn place(steps: &[String], step: &str) -> usize {
    steps.iter().position(|one| one == step).unwrap_or_else(|| panic!("no {step} in {steps:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_comes_and_goes() {
    let cloud = Cloud::start("domain").await;
    let mut account = Account::open(&cloud).await;
    let cx = account.regions.home();
    let named = file(&format!("domain: {{ name: {NAME}, zone: example.com }}\n"));
    let name = named.domain.clone().unwrap();

    let none = DomainFacts { zones: route53::zones_over(&cx, NAME).await.unwrap(), holder: None };
    let missing = domain::zone(&name, account.regions.scope(), &none, None).unwrap_err();
    insta::assert_snapshot!(whole(&missing.to_string()), @"account 111122223333 has no public hosted zone example.com for video.example.com");

    cx.route53().create_hosted_zone().name("example.com").caller_reference("1").send().await.unwrap();
    let facts = DomainFacts { zones: route53::zones_over(&cx, NAME).await.unwrap(), holder: None };
    let zone = domain::zone(&name, account.regions.scope(), &facts, None).unwrap().unwrap();
    let with = declare(&named, account.regions.scope(), Some(&zone));
    let without = declare(&file(""), account.regions.scope(), None);

    // A record that somebody else put there is not overwritten.
    let stranger = dns::ResourceRecordSet::builder().name(NAME).r#type(dns::RrType::A).ttl(60);
    let stranger =
        stranger.resource_records(dns::ResourceRecord::builder().value("192.0.2.1").build().unwrap());
    let stranger = stranger.build().unwrap();
    change(&cx, &zone, dns::ChangeAction::Create, stranger.clone()).await;
    let refused = check(&account.plan(&with).await, Permits::default(), &names::region_in).unwrap_err();
    assert_eq!(refused.refusals.len(), 1, "{refused:?}");
    insta::assert_snapshot!(whole(&refused.refusals[0].to_string()), @"delivery/alias-a: <id>/video.example.com/A exists, and was not made by this stack");
    change(&cx, &zone, dns::ChangeAction::Delete, stranger).await;

    let first = steps(&account.apply(&with).await);
    let (certificate, distribution) =
        (place(&first, "+ delivery/certificate"), place(&first, "+ delivery/distribution"));
    assert!(
        certificate < distribution && distribution < place(&first, "+ delivery/alias-aaaa"),
        "{first:#?}"
    );
    assert_eq!(account.records(&zone).await.len(), 3, "two aliases and the proof");
    assert_eq!(steps(&account.plan(&with).await), Vec::<String>::new(), "a second apply has nothing to do");

    // Somebody removes the proof, without which the certificate is not renewed: the plan sees it and apply repairs it.
    let call = cx.route53().list_resource_record_sets().hosted_zone_id(&zone.id).send().await.unwrap();
    let proof = call.resource_record_sets.into_iter().find(|set| set.r#type == dns::RrType::Cname).unwrap();
    change(&cx, &zone, dns::ChangeAction::Delete, proof).await;
    assert_eq!(steps(&account.apply(&with).await), ["~ delivery/certificate"]);
    assert_eq!(account.records(&zone).await.len(), 3);

    // Without the record of the last apply, the distribution's names lead to the aliases.
    let known = std::mem::take(&mut account.known);
    let forgotten = steps(&account.plan(&without).await);
    for kind in ["A", "AAAA"] {
        place(&forgotten, &format!("- delivery/distribution/{NAME}/{kind}"));
    }
    account.known = known;

    let off = steps(&account.apply(&without).await);
    let places = ["~ delivery/distribution", "- delivery/alias-a", "- delivery/certificate"];
    let places = places.map(|step| place(&off, step));
    assert!(places.is_sorted() && off.len() == 4, "{off:#?}");
    let left = account.records(&zone).await;
    assert!(
        left.len() == 1 && left[0].ends_with(" CNAME"),
        "other certificates may renew by the proof: {left:?}"
    );
    assert_eq!(account.certificates().await, 0);
    assert_eq!(steps(&account.plan(&without).await), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_led_to_a_distribution_that_is_gone_is_the_stacks_still() {
    let cloud = Cloud::start("outlived").await;
    let cx = cloud.context("vod-local").await;
    let made = cx.route53().create_hosted_zone().name("example.com").caller_reference("1").send().await;
    let zone =
        Zone { id: made.unwrap().hosted_zone.unwrap().id.trim_start_matches("/hostedzone/").to_owned() };
    let named = format!("local: true\ndomain: {{ name: {NAME}, zone: example.com }}");
    let stack = crate::support::StackFile::new(&[("local: true", &named)]);
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let records = async || {
        let call = cx.route53().list_resource_record_sets().hosted_zone_id(&zone.id).send().await;
        let sets = call.unwrap().resource_record_sets;
        sets.into_iter().filter(|set| set.alias_target.is_some()).collect::<Vec<_>>()
    };

    delete_distribution(&cx).await;
    let alias = records().await.remove(0);
    let mut moved = alias.clone();
    moved.alias_target.as_mut().unwrap().dns_name = "d0000000000000.cloudfront.net.".into();
    change(&cx, &zone, dns::ChangeAction::Upsert, moved).await;
    let (_, refused) = cloud.provision(&["apply", stack.path(), "--yes"], 3);
    insta::assert_snapshot!(errors(&refused), @"
    error: the plan is not safe, so nothing was changed
    error: delivery/alias-a: <id>/video.example.com/A exists, and was not made by this stack
    help: if it is meant to be this stack's, run again with `--adopt`; else remove it or rename the stack
    ");
    change(&cx, &zone, dns::ChangeAction::Upsert, alias).await;

    let apply = |stack: &str| cloud.provision(&["apply", stack, "--yes", "--allow-broadening"], 0).0;
    let repaired = apply(stack.path());
    insta::assert_snapshot!(lines_with(&repaired, &["delivery/distribution ", "delivery/alias-a ", "delivery/alias-aaaa "]), @"
    ~ delivery/alias-a                 Route53 RecordSet                <id>/video.example.com/A
    ~ delivery/alias-aaaa              Route53 RecordSet                <id>/video.example.com/AAAA
    + delivery/distribution            CloudFront Distribution          missing from the account since the last apply
    + delivery/distribution            * can reach it: read *.m3u8, */asset.json, *
    ");
    let (nothing, _) = cloud.provision(&["plan", stack.path()], 0);
    nothing_to_do(&nothing);

    // Nor does a stack that is given another name, or torn down, leave them behind.
    delete_distribution(&cx).await;
    let named = "local: true\ndomain: { name: other.example.com, zone: example.com }";
    let renamed = crate::support::StackFile::new(&[("local: true", named)]);
    let applied = apply(renamed.path());
    insta::assert_snapshot!(lines_with(&applied, &["delivery/alias-a"]), @"
    - delivery/alias-a                 Route53 RecordSet                <id>/video.example.com/A, no longer declared
    - delivery/alias-aaaa              Route53 RecordSet                <id>/video.example.com/AAAA, no longer declared
    + delivery/alias-a                 Route53 RecordSet                other.example.com, it takes the place of <id>/video.example.com/A
    + delivery/alias-aaaa              Route53 RecordSet                other.example.com, it takes the place of <id>/video.example.com/AAAA
    ");
    let names: Vec<String> = records().await.into_iter().map(|set| set.name).collect();
    assert_eq!(names, ["other.example.com.", "other.example.com."]);
    delete_distribution(&cx).await;
    let (gone, _) = cloud.provision(&["teardown", renamed.path(), "--yes"], 0);
    nothing_left(&gone, "vod-local");
    assert_eq!(records().await.len(), 0);
}

async fn change(cx: &Context, zone: &Zone, action: dns::ChangeAction, records: dns::ResourceRecordSet) {
    let change = dns::Change::builder().action(action).resource_record_set(records).build().unwrap();
    let batch = dns::ChangeBatch::builder().changes(change).build().unwrap();
    let call = cx.route53().change_resource_record_sets().hosted_zone_id(&zone.id).change_batch(batch);
    call.send().await.unwrap();
}
