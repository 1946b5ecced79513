//! The VOD stack in code: the stack file, then one file per concern that declares its resources.

pub mod config;
mod declarations;
mod delivery;
pub mod handlers;
pub mod home;
pub mod ladder;
mod roles;
mod storage;
mod transcode;

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
        source: Named::of(&storage.source, "BucketName"),
        work: Named::of(&storage.work, "BucketName"),
        output: Named::of(&storage.output, "BucketName"),
        queue: transcode.queue.arn(),
        template: Named::of(&transcode.template, "Name"),
        encoder: transcode.role.arn(),
        distribution: Named::of(&delivery.distribution, "Id"),
        topic: None,
    };
    handlers::declare(&mut stack, file, &wiring, code);
    stack.finish()
}
