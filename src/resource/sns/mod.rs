//! Amazon SNS.

mod subscription;
mod subscription_attributes;
mod topic;
mod topic_policy;

use std::future::Future;

pub use subscription::Subscription;
pub use topic::Topic;
pub use topic_policy::TopicPolicy;

use crate::aws::{Context, Error, Patience, Result, retry_while};

const TOPICS: &[&str] = &["arn:aws:sns:{region}:{account}:{name}"];

/// The codes with which SNS says that a topic is not there; its tagging calls have one of their own.
const ABSENT: &[&str] = &["NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException"];

/// Repeats a call on a topic while SNS does not know it yet: it was made a moment ago.
async fn once_seen<T, F>(cx: &Context, call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let unseen = |error: &Error| error.is(ABSENT);
    retry_while(cx, Patience::SECONDS, "waiting until SNS knows the topic", unseen, call).await
}
