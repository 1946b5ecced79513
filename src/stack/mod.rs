//! The VOD stack in code: the stack file, then one file per concern that declares its resources.

pub mod config;
mod declarations;
pub mod delivery;
pub mod handlers;
pub mod home;
pub mod keys;
pub mod ladder;
pub mod roles;
pub mod storage;
pub mod transcode;

pub use declarations::{Declarations, Handle};

use config::StackFile;
use handlers::{Code, Named, Wiring};

use crate::model::{Declaration, Scope};

/// Everything that a stack file declares, deploying this code.
#[must_use]
pub fn declare(file: &StackFile, code: &Code) -> Vec<Declaration> {
    let scope = Scope {
        stack: file.stack.to_string(),
        account: file.account.to_string(),
        region: file.region.to_string(),
    };
    let mut stack = Declarations::new(scope, file.tags.clone());
    let storage = storage::declare(&mut stack, file);
    let transcode = transcode::declare(&mut stack, file, &storage);
    let delivery = delivery::declare(&mut stack, file, storage.output.output("RegionalDomainName"));
    storage::output_policy(&mut stack, &storage, delivery.distribution.arn());
    let wiring = Wiring {
        source: named(&storage.source, "BucketName"),
        work: named(&storage.work, "BucketName"),
        output: named(&storage.output, "BucketName"),
        queue: transcode.queue.arn(),
        template: named(&transcode.template, "Name"),
        encoder: transcode.role.arn(),
        distribution: named(&delivery.distribution, "Id"),
        topic: None,
    };
    handlers::declare(&mut stack, file, &wiring, code);
    stack.finish()
}

fn named<R>(resource: &Handle<R>, attribute: &str) -> Named {
    Named { name: resource.output(attribute), arn: resource.arn() }
}
