//! Times the pure part of a plan: graph, diff and plan at 100, 1,000 and 10,000 resources.

use std::collections::{BTreeMap, BTreeSet};

use divan::{Bencher, black_box};
use provision::diff::diff;
use provision::graph::Graph;
use provision::model::{
    Contents, Declaration, Guard, Kind, Live, Mark, Outputs, Ownership, Readiness, Scope, Snapshot,
};
use provision::plan::{Rules, plan};
use serde_json::{Value, json};

const SIZES: [usize; 3] = [100, 1_000, 10_000];

fn address(number: usize) -> String {
    format!("group-{}/resource-{number}", number % 10)
}

fn properties(number: usize, reference: &Value) -> Value {
    json!({
        "Name": address(number),
        "Reference": reference,
        "Retention": number % 30,
        "Policy": { "Version": "2012-10-17", "Statement": [{ "Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject"] }] },
        "Tags": [{ "Key": "provision:stack", "Value": "vod" }, { "Key": "team", "Value": "media" }],
    })
}

/// Resources that refer to earlier ones, three levels deep on average.
fn declarations(size: usize) -> Vec<Declaration> {
    let declaration = |number: usize| Declaration {
        address: address(number).as_str().into(),
        kind: Kind::new("AWS::Bench::Thing"),
        region: "ap-northeast-2".into(),
        properties: properties(number, &json!({ "Fn::GetAtt": [address(number / 2), "Id"] })),
        predicted: Outputs::new(),
        after: BTreeSet::new(),
        guard: Guard::None,
    };
    let mut list: Vec<Declaration> = (0..size).map(declaration).collect();
    list[0].properties["Reference"] = json!("root");
    list
}

/// All of them live; every tenth differs.
fn snapshot(size: usize) -> Snapshot {
    let live = (0..size).map(|number| {
        let reference = if number == 0 { json!("root") } else { json!(format!("id-{}", number / 2)) };
        let mut properties = properties(number, &reference);
        if number % 10 == 0 {
            properties["Retention"] = json!(99);
        }
        let live = Live {
            id: format!("id-{number}"),
            properties,
            outputs: Outputs::from([("Id".to_owned(), format!("id-{number}"))]),
            ownership: Ownership::Marked(Mark {
                stack: "vod".into(),
                address: address(number).as_str().into(),
            }),
            readiness: Readiness::Ready,
            contents: Contents::Nothing,
        };
        (address(number).as_str().into(), live)
    });
    Snapshot { live: live.collect::<BTreeMap<_, _>>(), orphans: Vec::new() }
}

fn rules(_: &Kind) -> Rules {
    Rules { create_only: &["Name"], write_only: &[], rank: 0, normal: Value::clone }
}

#[divan::bench(args = SIZES)]
fn graph(bencher: Bencher<'_, '_>, size: usize) {
    bencher.with_inputs(|| declarations(size)).bench_values(Graph::new);
}

#[divan::bench(args = SIZES)]
fn differences(bencher: Bencher<'_, '_>, size: usize) {
    let (declared, live) = (declarations(size), snapshot(size));
    let pairs: Vec<(&Value, &Value)> = declared
        .iter()
        .map(|declaration| (&declaration.properties, &live.live[&declaration.address].properties))
        .collect();
    bencher.bench(|| {
        pairs.iter().map(|(desired, seen)| diff(desired, seen, &["Name"], &[]).0.len()).sum::<usize>()
    });
}

#[divan::bench(args = SIZES)]
fn plans(bencher: Bencher<'_, '_>, size: usize) {
    let scope =
        Scope { stack: "vod".into(), account: "111122223333".into(), region: "ap-northeast-2".into() };
    let graph = Graph::new(declarations(size)).expect("the declarations form an order");
    let live = snapshot(size);
    bencher.bench(|| plan(&scope, black_box(&graph), black_box(&live), &rules));
}

fn main() {
    divan::main();
}
