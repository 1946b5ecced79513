//! The addresses of resources that other modules look up, and the region in the stack's bucket names.

use serde_json::Value;

use crate::graph::Graph;
use crate::model::{Address, Declaration, Scope};
use crate::stack::config::bucket_prefixes;

/// The address of a resource that most stacks declare. Lookups go through [`output`], so that a missing resource is an
/// error and not an empty name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackAddress(pub(super) &'static str);

/// The stack's own bucket for originals: see [`source_bucket`].
pub const SOURCE: StackAddress = StackAddress("storage/source");
/// The bucket that MediaConvert writes to.
pub const WORK: StackAddress = StackAddress("storage/work");
/// The bucket that viewers read through CloudFront.
pub const OUTPUT: StackAddress = StackAddress("storage/output");
/// The bucket for access logs.
pub const LOGS: StackAddress = StackAddress("storage/logs");
/// The rule for uploads.
pub const UPLOAD_RULE: StackAddress = StackAddress("handlers/upload-rule");
/// MediaConvert's queue.
pub const QUEUE: StackAddress = StackAddress("transcode/queue");
/// MediaConvert's job template.
pub const TEMPLATE: StackAddress = StackAddress("transcode/template");
/// The handler that starts encodes.
pub const SUBMIT: StackAddress = StackAddress("handlers/submit");
/// The handler that publishes encodes.
pub const PUBLISH: StackAddress = StackAddress("handlers/publish");
/// The queue for events that no handler could process.
pub const DEAD_LETTERS: StackAddress = StackAddress("handlers/dead-letters");
/// The queue that the app reads, if the stack has one.
pub const EVENTS_QUEUE: StackAddress = StackAddress("notify/queue");
/// The topic that the app subscribes to, if the stack has one.
pub const EVENTS_TOPIC: StackAddress = StackAddress("notify/topic");
/// The role of S3 Batch Operations.
pub const BATCH_ROLE: StackAddress = StackAddress("library/batch-role");
/// The stack set of a fleet.
pub const FLEET: StackAddress = StackAddress("fleet/set");
/// The CloudFront distribution, whose id AWS assigns.
pub const DISTRIBUTION: StackAddress = StackAddress("delivery/distribution");

impl StackAddress {
    /// The address as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The address.
    #[must_use]
    pub fn address(self) -> Address {
        Address::new(self.0)
    }
}

/// A resource that every stack has is not declared: the declarations come from a damaged or foreign plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("the stack declares no {address} with a known {attribute}")]
#[diagnostic(help("make the plan again with this version of provision"))]
pub struct NotDeclared {
    address: Address,
    attribute: &'static str,
}

/// An output of a declared resource that its name predicts, such as `BucketName` or `Arn`.
///
/// # Errors
/// When the resource is not declared, or its name does not predict the output.
pub fn output(graph: &Graph, of: StackAddress, attribute: &'static str) -> Result<String, NotDeclared> {
    output_among(graph.in_order(), of, attribute)
}

/// The same for declarations that are not in a graph yet.
///
/// # Errors
/// When the resource is not declared, or its name does not predict the output.
pub fn output_among<'a>(
    mut declarations: impl Iterator<Item = &'a Declaration>,
    of: StackAddress,
    attribute: &'static str,
) -> Result<String, NotDeclared> {
    let declared = declarations.find(|declaration| declaration.address.as_str() == of.as_str());
    let value = declared.and_then(|declaration| declaration.predicted.get(attribute));
    value.cloned().ok_or_else(|| NotDeclared { address: of.address(), attribute })
}

/// The bucket for originals. If the stack has none of its own, the rule for uploads names it.
///
/// # Errors
/// When neither is declared.
pub fn source_bucket(graph: &Graph) -> Result<String, NotDeclared> {
    let own = output(graph, SOURCE, "BucketName");
    own.or_else(|missing| {
        let rule = graph.get(&UPLOAD_RULE.address());
        let named = rule.and_then(|rule| rule.properties.pointer("/EventPattern/detail/bucket/name/0"));
        named.and_then(Value::as_str).map(str::to_owned).ok_or(missing)
    })
}

/// The region in the names of the stack's buckets in a text, if it is not the scope's region. If a bucket of the
/// scope's own region is named, the text belongs to this stack and the result is `None`.
#[must_use]
pub fn region_in(text: &str, Scope { stack, account, region: here }: &Scope) -> Option<String> {
    let mut other = None;
    for prefix in bucket_prefixes(stack, account) {
        for (at, _) in text.match_indices(&prefix) {
            let rest = &text[at + prefix.len()..];
            let end = rest.find(|char: char| !char.is_ascii_alphanumeric() && char != '-');
            let region = &rest[..end.unwrap_or(rest.len())];
            if region == here {
                return None;
            }
            other = Some(region.to_owned());
        }
    }
    other
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::stack::config;
    use crate::stack::domain::Zone;
    use crate::stack::handlers::PackageDigests;

    const ALL: [StackAddress; 11] = [
        SOURCE,
        WORK,
        OUTPUT,
        LOGS,
        QUEUE,
        TEMPLATE,
        SUBMIT,
        PUBLISH,
        DEAD_LETTERS,
        BATCH_ROLE,
        DISTRIBUTION,
    ];

    #[test]
    fn every_shipped_stack_declares_every_named_resource() {
        for name in ["local.yaml", "staging.yaml", "production.yaml"] {
            let file =
                config::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks").join(name)).unwrap();
            let zone = Zone { id: "Z1".into() };
            let graph =
                Graph::new(crate::stack::declare(&file, &PackageDigests::default(), Some(&zone))).unwrap();
            for named in ALL {
                assert!(graph.get(&named.address()).is_some(), "{name}: {}", named.as_str());
            }
            let source = output(&graph, SOURCE, "BucketName").unwrap();
            assert_eq!(source, file.bucket(config::BucketRole::Source));
        }
    }

    #[test]
    fn what_is_not_declared_has_no_empty_name() {
        let missing = output(&Graph::new([]).unwrap(), SOURCE, "BucketName").unwrap_err();
        assert_eq!(missing.to_string(), "the stack declares no storage/source with a known BucketName");
    }

    #[test]
    fn a_bucket_name_tells_the_region() {
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        let told = |text: &str| region_in(text, &scope);
        assert_eq!(told("arn:aws:s3:::vod-work-111122223333-us-west-2/*").as_deref(), Some("us-west-2"));
        assert_eq!(told("vod-work-111122223333-us-west-2 vod-logs-111122223333-eu-west-1"), None);
        assert_eq!(told("vod-work-444455556666-us-west-2"), None);
    }
}
