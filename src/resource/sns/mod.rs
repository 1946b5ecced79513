//! Amazon SNS.

mod subscription;
mod topic;
mod topic_policy;

pub use subscription::Subscription;
pub use topic::Topic;
pub use topic_policy::TopicPolicy;

const TOPICS: &[&str] = &["arn:aws:sns:{region}:{account}:{name}"];

/// The codes with which SNS says that a topic is not there; its tagging calls have one of their own.
const ABSENT: &[&str] = &["NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException"];
