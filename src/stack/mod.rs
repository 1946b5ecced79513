//! The VOD stack in code: the stack file, then one file per concern that declares its resources.

pub mod alerts;
pub mod config;
mod declarations;
pub mod delivery;
pub mod domain;
pub mod fleet;
pub mod handlers;
pub mod home;
pub mod key_policy;
pub mod keys;
pub mod ladder;
pub mod library;
pub mod names;
pub mod notify;
pub mod originals;
pub mod roles;
pub mod storage;
#[cfg(test)]
mod tests;
pub mod transcode;
pub mod viewer_logs;

pub use declarations::{Declarations, Handle};

use alerts::Watched;
use config::StackFile;
use domain::Zone;
use handlers::{Named, PackageDigests, Wiring};

use crate::model::{Declaration, Scope};

/// The region of the resources that CloudFront depends on, in every stack.
const GLOBAL: &str = "us-east-1";

/// Everything that a stack file declares, with these deployment packages. Without a zone, the domain is left out.
#[must_use]
pub fn declare(file: &StackFile, code: &PackageDigests, zone: Option<&Zone>) -> Vec<Declaration> {
    let scope = Scope {
        stack: file.stack.to_string(),
        account: file.account.to_string(),
        region: file.region.to_string(),
    };
    let boundary = file.roles.permissions_boundary.as_deref();
    let key = file.encryption.as_ref().map(|encryption| encryption.kms_key.arn(&scope));
    let stack = Declarations::new(scope, file.tags.clone()).encrypted(key.as_deref());
    let stack = stack.bounded(boundary).on_path(file.roles.path.as_deref());
    let mut stack = stack.of_fleet(file.in_fleet);
    let storage = storage::declare(&mut stack, file);
    let transcode = transcode::declare(&mut stack, file, &storage);
    let domain = domain::declare(&mut stack, file, zone);
    let bucket = storage.output.output("RegionalDomainName");
    let delivery = delivery::declare(&mut stack, file, bucket, domain.as_ref());
    if let Some(domain) = &domain {
        domain::aliases(&mut stack, domain, &delivery.distribution);
    }
    storage::output_policy(&mut stack, &storage, delivery.distribution.arn());
    if let Some(logs) = &storage.logs {
        viewer_logs::declare(&mut stack, logs, delivery.distribution.arn());
    }
    let topics = alerts::topics(&mut stack, file);
    let wiring = Wiring {
        source: storage.source.clone(),
        work: named(&storage.work, "BucketName"),
        output: named(&storage.output, "BucketName"),
        queue: transcode.queue.arn(),
        template: named(&transcode.template, "Name"),
        encoder: transcode.role.arn(),
        distribution: named(&delivery.distribution, "Id"),
        topic: topics.as_ref().map(|topics| topics.topic.output("TopicArn")),
    };
    let handlers = handlers::declare(&mut stack, file, &wiring, code);
    notify::declare(&mut stack, file, &handlers.undelivered());
    library::declare(&mut stack, &storage, &handlers.submit);
    if let Some(topics) = &topics {
        let watched =
            Watched { handlers: &handlers, queue: &transcode.queue, distribution: &delivery.distribution };
        alerts::declare(&mut stack, topics, watched);
    }
    stack.finish()
}

fn named<R>(resource: &Handle<R>, attribute: &str) -> Named {
    Named { name: resource.output(attribute), arn: resource.arn() }
}
