//! Amazon SQS.

mod queue;
mod queue_policy;

pub use queue::Queue;
pub use queue_policy::QueuePolicy;
