//! Who watched what: CloudFront's access logs (standard logging, v2), delivered to the logs bucket.
//!
//! A delivery source (the distribution), a delivery destination (the bucket) and a delivery that joins them. All three
//! are in us-east-1, where CloudFront's logs come from, whatever the bucket's region.

use super::storage::Logs;
use super::{Declarations, GLOBAL, Handle};
use crate::model::Input;
use crate::resource::logs::{Delivery, DeliveryDestination, DeliverySource};

const SOURCE: &str = "delivery/access-logs/source";
const DESTINATION: &str = "delivery/access-logs/destination";
const DELIVERY: &str = "delivery/access-logs";

/// What a record says: who asked for what, when, what was answered, how fast, and from where.
///
/// Without the query string and the cookies: there, viewers of signed URLs carry what lets anybody play until it
/// expires, and a log must not be a ring of keys.
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
pub fn declare(stack: &mut Declarations, logs: &Logs, distribution: Input) -> Handle<Delivery> {
    let name = stack.name("access-logs");
    let source = DeliverySource {
        name: name.clone(),
        resource_arn: distribution,
        log_type: "ACCESS_LOGS".to_owned(),
        tags: stack.tags(SOURCE),
    };
    let source_handle = stack.declare_in(GLOBAL, SOURCE, &source);
    let destination = DeliveryDestination {
        name: name.clone(),
        destination_resource_arn: logs.bucket.arn(),
        output_format: "w3c".to_owned(),
        tags: stack.tags(DESTINATION),
    };
    let destination = stack.declare_in(GLOBAL, DESTINATION, &destination);
    let delivery = Delivery {
        delivery_source_name: name.into(),
        delivery_destination_arn: destination.arn(),
        record_fields: FIELDS.map(str::to_owned).to_vec(),
        field_delimiter: Some("\t".to_owned()),
        s3_suffix_path: Some(PATH.to_owned()),
        s3_enable_hive_compatible_path: false,
        tags: stack.tags(DELIVERY),
    };
    // The delivery names its source, and needs the bucket's policy to let it in.
    stack.add(GLOBAL, DELIVERY, &delivery, &[source_handle.address(), logs.policy.address()])
}
