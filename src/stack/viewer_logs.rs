//! CloudFront's access logs (standard logging, v2), delivered to the logs bucket.
//!
//! A delivery source (the distribution), a delivery destination (the bucket) and a delivery that joins them. All three
//! are in us-east-1, where CloudFront's logs come from, regardless of the bucket's region.

use super::storage::Logs;
use super::{Declarations, GLOBAL, Handle};
use crate::model::StringExpr;
use crate::resource::logs::{Delivery, DeliveryDestination, DeliverySource};

const SOURCE: &str = "delivery/access-logs/source";
const DESTINATION: &str = "delivery/access-logs/destination";
const DELIVERY: &str = "delivery/access-logs";

/// The fields of a log record: who requested what, when, from where, and the response and its speed.
///
/// Without the query string and the cookies: with signed URLs these hold signatures, and anybody could play with them
/// until they expire.
const FIELDS: [&str; 23] = [
    "date",
    "time",
    "x-edge-location",
    "sc-bytes",
    "c-ip",
    "c-country",
    "asn",
    "cs-method",
    "cs(Host)",
    "cs-uri-stem",
    "sc-status",
    "cs(Referer)",
    "cs(User-Agent)",
    "x-edge-result-type",
    "x-edge-detailed-result-type",
    "x-edge-request-id",
    "cs-protocol",
    "cs-protocol-version",
    "time-taken",
    "time-to-first-byte",
    "sc-content-type",
    "sc-range-start",
    "sc-range-end",
];

/// Files by distribution and hour, so that a day can be found, queried or deleted by prefix.
const PATH: &str = "{DistributionId}/{yyyy}/{MM}/{dd}/{HH}";

/// Declares the delivery of a distribution's logs into the logs bucket.
pub fn declare(stack: &mut Declarations, logs: &Logs, distribution: StringExpr) -> Handle<Delivery> {
    let name = stack.name("access-logs");
    let source = DeliverySource {
        name: name.clone(),
        resource_arn: distribution,
        log_type: "ACCESS_LOGS".to_owned(),
        tags: stack.tags(SOURCE),
    };
    let source = stack.declare_in(GLOBAL, SOURCE, &source);
    let destination = DeliveryDestination {
        name,
        destination_resource_arn: logs.bucket.arn(),
        output_format: "w3c".to_owned(),
        tags: stack.tags(DESTINATION),
    };
    let destination = stack.declare_in(GLOBAL, DESTINATION, &destination);
    let delivery = Delivery {
        delivery_source_name: source.output("Name"),
        delivery_destination_arn: destination.arn(),
        record_fields: FIELDS.map(str::to_owned).to_vec(),
        field_delimiter: Some("\t".to_owned()),
        s3_suffix_path: Some(PATH.to_owned()),
        s3_enable_hive_compatible_path: false,
        tags: stack.tags(DELIVERY),
    };
    // The bucket's policy must allow the delivery first.
    stack.add(GLOBAL, DELIVERY, &delivery, &[logs.policy.address()])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;
    use crate::graph::Graph;
    use crate::model::{Address, Contents, Live, Outputs, Ownership, Readiness, Scope, Snapshot, resolve};
    use crate::plan::{Rules, StepAction, plan};
    use crate::resource::registry;
    use crate::stack::{config, storage};

    const DISTRIBUTION: &str = "arn:aws:cloudfront::111122223333:distribution/";

    /// The resources of viewers' logs and their dependencies, for the distribution with this id.
    fn graph(distribution: &str) -> Graph {
        let text =
            "stack: vod\naccount: '111122223333'\nregion: eu-west-1\ndelivery: { access_logs: true }\n";
        let file = config::parse("vod.yaml", text).unwrap();
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        let mut stack = Declarations::new(scope, BTreeMap::new());
        let storage = storage::declare(&mut stack, &file);
        let logs = storage.logs.as_ref().unwrap();
        declare(&mut stack, logs, format!("{DISTRIBUTION}{distribution}").into());
        Graph::new(stack.finish()).unwrap()
    }

    /// All of them as they are after an apply.
    fn live(graph: &Graph) -> BTreeMap<Address, Live> {
        let mut outputs: BTreeMap<Address, Outputs> = BTreeMap::new();
        let mut live = BTreeMap::new();
        for declaration in graph.in_order() {
            let adapter = registry().get(&declaration.kind).unwrap();
            let properties = resolve(&declaration.properties, &|address| outputs.get(address).cloned());
            let mut own = declaration.predicted.clone();
            own.extend(properties["Name"].as_str().map(|name| ("Name".to_owned(), name.to_owned())));
            outputs.insert(declaration.address.clone(), own.clone());
            let one = Live {
                id: declaration.address.to_string(),
                properties: adapter.normal()(&properties),
                outputs: own,
                ownership: Ownership::Inherited,
                readiness: Readiness::Ready,
                contents: Contents::Nothing,
            };
            live.insert(declaration.address.clone(), one);
        }
        live
    }

    fn steps(graph: &Graph, live: BTreeMap<Address, Live>) -> Vec<String> {
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        let rules = |kind: &_| {
            let adapter = registry().get(kind).unwrap();
            let (create_only, write_only) = (adapter.create_only(), adapter.write_only());
            Rules { create_only, write_only, rank: registry().rank(kind), normal: adapter.normal() }
        };
        let snapshot = Snapshot { live, orphans: Vec::new() };
        let plan = plan(&scope, graph, &snapshot, &rules);
        let verb = |action: &StepAction| match action {
            StepAction::Create { .. } => '+',
            StepAction::Update { .. } => '~',
            StepAction::Delete { .. } => '-',
        };
        plan.steps.iter().map(|step| format!("{} {}", verb(&step.action), step.address)).collect()
    }

    #[test]
    fn a_distribution_made_anew_takes_the_delivery_of_its_logs_along() {
        let before = graph("E1");
        assert_eq!(steps(&before, live(&before)), Vec::<String>::new());
        assert_eq!(
            steps(&graph("E2"), live(&before)),
            [format!("- {DELIVERY}"), format!("- {SOURCE}"), format!("+ {SOURCE}"), format!("+ {DELIVERY}"),],
            "CloudWatch Logs deletes no source that has a delivery"
        );
    }

    #[test]
    fn a_delivery_names_its_source_and_its_destination() {
        let delivery = |graph: &Graph| -> Value {
            live(graph).remove(&DELIVERY.into()).map(|live| live.properties).unwrap()
        };
        let delivery = delivery(&graph("E1"));
        assert_eq!(delivery["DeliverySourceName"], "vod-access-logs");
        assert_eq!(
            delivery["DeliveryDestinationArn"],
            "arn:aws:logs:us-east-1:111122223333:delivery-destination:vod-access-logs"
        );
    }
}
