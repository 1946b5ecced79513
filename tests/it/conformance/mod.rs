//! Walks every adapter of the registry against the local cloud: create, observe, every property changed alone, delete.
//!
//! A case per type says which properties to create it with, and how each member can be changed. The walk is the same for
//! all. A type without a case fails the test. A member of the type that no variant changes alone fails `members`, unless
//! the case says why not.

mod acm;
mod cloudformation;
mod cloudfront;
mod cloudwatch;
mod events;
mod iam;
mod ignored_tags;
mod lambda;
mod logs;
mod mediaconvert;
mod members;
mod permissions;
mod route53;
mod s3;
mod sns;
mod sqs;

use std::collections::{BTreeMap, BTreeSet};

use provision::aws::Context;
use provision::diff::diff;
use provision::model::{Address, Kind, Live, Mark, Outputs, Ownership, Tags, resolve};
use provision::resource::{Adapter, Removal, registry};
use serde_json::{Value, json};

pub(crate) use lambda::{package_digests, packages, upload_packages};
use permissions::{Seen, Watched};

/// How one type is tried.
pub(crate) struct Case {
    /// The type.
    pub(crate) kind: Kind,
    /// What must exist first, in order: type and properties. [`need`]`(n, …)` stands for an output of the n-th, in the
    /// needs after it as well as in `base` and `variants`.
    pub(crate) needs: Vec<(Kind, Value)>,
    /// The properties to create it with, every property present that has a value in the stack.
    pub(crate) base: Value,
    /// Changes to make one by one: JSON pointer into the properties and the new value (`Null` removes).
    pub(crate) variants: Vec<(&'static str, Value)>,
    /// Members that no variant can change alone, with the reason: `Member` of the properties, `Struct.Member` further down,
    /// `Struct.*` for a struct that flattens a map into itself. A reason for a member that needs none fails the test.
    pub(crate) fixed: Vec<(&'static str, &'static str)>,
}

/// The type of which a stack has at most one, under the stack's own name: no sweep has to find it.
const NAMED_AS_THE_STACK: &str = "AWS::CloudFormation::StackSet";

/// The scope's names: `vod-case-…`.
pub(crate) const STACK: &str = "vod-case";

/// Tags that mark a resource as this stack's, and one more.
pub(crate) fn tags(address: &str) -> Value {
    let mark = Mark { stack: STACK.into(), address: Address::new(address) };
    let mut pairs = mark.tags().to_vec();
    pairs.push(("team".into(), "media".into()));
    serde_json::to_value(Tags::from_iter(pairs)).unwrap()
}

/// The same tags with another team and one more.
pub(crate) fn other_tags(address: &str) -> Value {
    let mut list = tags(address);
    let entries = list.as_array_mut().unwrap();
    entries.iter_mut().find(|tag| tag["Key"] == "team").unwrap()["Value"] = json!("platform");
    entries.push(json!({ "Key": "tier", "Value": "gold" }));
    list
}

/// An output of the n-th of a case's needs, which AWS assigns when it is created.
pub(crate) fn need(index: usize, attribute: &str) -> Value {
    json!({ "Fn::GetAtt": [format!("need/{index}"), attribute] })
}

impl Case {
    /// The case with every reference to its needs replaced by what they turned out to be.
    fn resolved(&self, outputs: &dyn Fn(&Address) -> Option<Outputs>) -> Self {
        let variants = self.variants.iter().map(|(pointer, value)| (*pointer, resolve(value, outputs)));
        Self {
            kind: self.kind.clone(),
            needs: self.needs.clone(),
            base: resolve(&self.base, outputs),
            variants: variants.collect(),
            fixed: self.fixed.clone(),
        }
    }
}

/// Every case, for a context and a hosted zone.
pub(crate) fn cases(cx: &Context, zone: &str) -> Vec<Case> {
    let lists = [
        s3::cases(cx),
        sqs::cases(cx),
        iam::cases(),
        logs::cases(cx),
        mediaconvert::cases(cx),
        events::cases(cx),
        lambda::cases(cx),
        acm::cases(zone),
        cloudfront::cases(cx),
        route53::cases(zone),
        sns::cases(cx),
        cloudwatch::cases(cx),
        cloudformation::cases(cx),
    ];
    lists.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_adapter_converges() {
    let cloud = crate::support::Cloud::lenient("conformance").await;
    let cx = cloud.context(STACK).await;
    lambda::upload_packages(&cx).await;
    let zone = route53::make_zone(&cx).await;
    let cases = cases(&cx, &zone);
    let covered: BTreeSet<Kind> = cases.iter().map(|case| case.kind.clone()).collect();
    let missing: Vec<Kind> =
        registry().iter().map(Adapter::kind).filter(|kind| !covered.contains(kind)).collect();
    assert!(missing.is_empty(), "types without a case: {missing:?}");
    let only = std::env::var("CONFORMANCE_ONLY").unwrap_or_default();
    let seen = Seen::default();
    for case in cases.iter().filter(|case| case.kind.as_str().contains(&only)) {
        walk(&cx, case, &seen).await;
    }
    let tried = registry().iter().filter(|adapter| adapter.kind().as_str().contains(&only));
    let differences: Vec<String> = tried.flat_map(|adapter| seen.differences(adapter)).collect();
    assert!(differences.is_empty(), "permissions:\n{}", differences.join("\n"));
}

async fn walk(cx: &Context, case: &Case, seen: &Seen) {
    let mut parents = Vec::new();
    let mut made = BTreeMap::new();
    for (index, (kind, properties)) in case.needs.iter().enumerate() {
        let adapter = registry().get(kind).unwrap_or_else(|| panic!("no adapter for {kind}"));
        let properties = resolve(properties, &|address| made.get(address).cloned());
        let need = adapter
            .create(cx, &properties)
            .await
            .unwrap_or_else(|error| panic!("{kind} for {}: {error}", case.kind));
        made.insert(Address::new(format!("need/{index}")), need.outputs);
        parents.push((adapter, need.id));
    }
    let adapter = registry().get(&case.kind).expect("the case's type is in the registry");
    let adapter = Watched { adapter, seen };
    life(cx, &adapter, &case.resolved(&|address| made.get(address).cloned())).await;
    for (parent, id) in parents.iter().rev() {
        parent.delete(cx, id, Removal::WithContents).await.unwrap_or_else(|error| panic!("{id}: {error}"));
    }
}

async fn life(cx: &Context, adapter: &dyn Adapter, case: &Case) {
    let kind = &case.kind;
    let mark = Mark { stack: STACK.into(), address: Address::new("case") };
    let before = adapter.find(cx, &case.base, &mark).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
    assert!(before.is_none(), "{kind}: exists before it is created: {before:?}");

    let made = adapter.create(cx, &case.base).await.unwrap_or_else(|error| panic!("{kind}: create: {error}"));
    let live = expect_live(cx, adapter, &made.id, &case.base, "after create").await;
    for (name, value) in &made.outputs {
        assert_eq!(
            live.outputs.get(name),
            Some(value),
            "{kind}: output {name} differs between create and observe"
        );
    }
    let again = adapter.create(cx, &case.base).await;
    let again = again.unwrap_or_else(|error| panic!("{kind}: create after a lost answer: {error}"));
    assert_eq!(again, made, "{kind}: creating what is ours already makes another");
    if let Ownership::Marked(mark) = &live.ownership {
        let owned =
            adapter.list_owned(cx).await.unwrap_or_else(|error| panic!("{kind}: list_owned: {error}"));
        match NAMED_AS_THE_STACK == kind.as_str() {
            true => assert_eq!(owned, [], "{kind} is found by the stack's name"),
            false => {
                assert!(
                    owned.contains(&(made.id.clone(), mark.clone())),
                    "{kind}: not in the sweep: {owned:?}"
                );
            }
        }
    }
    if !matches!(live.ownership, Ownership::Marked(_)) {
        let owned: Vec<String> =
            adapter.list_owned(cx).await.unwrap().into_iter().map(|(id, _)| id).collect();
        let left_behind = kind.as_str() == "AWS::CloudFront::MonitoringSubscription";
        let expected = if left_behind { vec![made.id.clone()] } else { Vec::new() };
        assert_eq!(owned, expected, "{kind}: parts of others have no mark of their own");
    }
    let found = adapter.find(cx, &case.base, &mark).await.unwrap().map(|live| live.id);
    assert_eq!(found.as_deref(), Some(made.id.as_str()), "{kind}: find does not lead to what was created");

    for (pointer, value) in &case.variants {
        vary(cx, adapter, case, &made.id, pointer, value).await;
    }
    ignored_tags::stay(cx, adapter, case, &made.id).await;
    for round in ["first", "second"] {
        let deleted = adapter.delete(cx, &made.id, Removal::WithContents).await;
        deleted.unwrap_or_else(|error| panic!("{kind}: {round} delete: {error}"));
    }
    assert!(adapter.observe(cx, &made.id).await.unwrap().is_none(), "{kind}: is there after delete");
}

/// Changes one property, sees that the plan would notice (whether we or somebody else changed it), and changes it back.
async fn vary(cx: &Context, adapter: &dyn Adapter, case: &Case, id: &str, pointer: &str, value: &Value) {
    let kind = &case.kind;
    let mut varied = case.base.clone();
    set(&mut varied, pointer, value.clone());
    // As planning does: ids in a set have the order of what AWS assigned.
    let varied = adapter.normal()(&varied);
    assert_ne!(varied, case.base, "{kind}: the variant of {pointer} changes nothing");
    for (from, to) in [(&case.base, &varied), (&varied, &case.base)] {
        let live = expect_live(cx, adapter, id, from, pointer).await;
        let changes = diff(to, &live.properties, adapter.create_only(), adapter.write_only());
        assert!(!changes.is_empty(), "{kind}: a change of {pointer} is not seen");
        assert_eq!(
            changes.replacing().count(),
            0,
            "{kind}: {pointer} is create-only and has no place in the variants"
        );
        let updated = adapter.update(cx, &live, to, &changes).await;
        updated.unwrap_or_else(|error| panic!("{kind}: update of {pointer}: {error}"));
    }
    expect_live(cx, adapter, id, &case.base, pointer).await;
}

async fn expect_live(cx: &Context, adapter: &dyn Adapter, id: &str, desired: &Value, when: &str) -> Live {
    let kind = adapter.kind();
    let live = adapter.observe(cx, id).await.unwrap_or_else(|error| panic!("{kind}: {when}: {error}"));
    let live = live.unwrap_or_else(|| panic!("{kind}: {when}: {id} is not there"));
    let left = diff(desired, &live.properties, adapter.create_only(), adapter.write_only());
    assert!(left.is_empty(), "{kind}: {when}: differs from what was asked: {left:#?}");
    live
}

/// Writes a value at a JSON pointer; `Null` removes what is there.
pub(crate) fn set(properties: &mut Value, pointer: &str, value: Value) {
    let (parent, last) = pointer.rsplit_once('/').expect("a JSON pointer");
    let target = properties.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is not in the base"));
    match target {
        Value::Array(list) => list[last.parse::<usize>().expect("an index")] = value,
        Value::Object(map) if value.is_null() => drop(map.remove(last)),
        Value::Object(map) => drop(map.insert(last.to_owned(), value)),
        scalar => panic!("{parent} is {scalar}"),
    }
}
