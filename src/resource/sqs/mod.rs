//! Amazon SQS.

mod queue;
mod queue_policy;

pub use queue::{MAXIMUM_MESSAGE_SIZE, Queue};
pub use queue_policy::QueuePolicy;
