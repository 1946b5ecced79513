//! The table of all resource types.

use std::sync::OnceLock;

use super::{
    Adapter, Erased, acm, cloudformation, cloudfront, cloudwatch, events, iam, lambda, logs, mediaconvert,
    route53, s3, sns, sqs,
};
use crate::model::Kind;

/// Every resource type that this program knows, those that others depend on first.
pub struct Registry(Vec<Box<dyn Adapter>>);

impl Registry {
    /// A table of these adapters.
    #[must_use]
    pub fn new(adapters: Vec<Box<dyn Adapter>>) -> Self {
        Self(adapters)
    }

    /// The adapter of a type.
    #[must_use]
    pub fn get(&self, kind: &Kind) -> Option<&dyn Adapter> {
        self.iter().find(|adapter| adapter.kind() == *kind)
    }

    /// All adapters, those that others depend on first. Orphans without a record are deleted from the end.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &dyn Adapter> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// A type's place in the table.
    #[must_use]
    pub fn rank(&self, kind: &Kind) -> usize {
        self.iter().position(|adapter| adapter.kind() == *kind).unwrap_or(usize::MAX)
    }
}

/// The table.
pub fn registry() -> &'static Registry {
    static TABLE: OnceLock<Registry> = OnceLock::new();
    TABLE.get_or_init(|| {
        Registry::new(vec![
            Box::new(Erased::<s3::Bucket>::new()),
            Box::new(Erased::<s3::BucketPolicy>::new()),
            Box::new(Erased::<sqs::Queue>::new()),
            Box::new(Erased::<logs::LogGroup>::new()),
            Box::new(Erased::<logs::SubscriptionFilter>::new()),
            Box::new(Erased::<mediaconvert::Queue>::new()),
            Box::new(Erased::<mediaconvert::JobTemplate>::new()),
            Box::new(Erased::<iam::Role>::new()),
            Box::new(Erased::<lambda::Function>::new()),
            Box::new(Erased::<lambda::EventInvokeConfig>::new()),
            Box::new(Erased::<events::Rule>::new()),
            Box::new(Erased::<lambda::Permission>::new()),
            Box::new(Erased::<lambda::Url>::new()),
            Box::new(Erased::<sqs::QueuePolicy>::new()),
            Box::new(Erased::<acm::Certificate>::new()),
            Box::new(Erased::<cloudfront::OriginAccessControl>::new()),
            Box::new(Erased::<cloudfront::CachePolicy>::new()),
            Box::new(Erased::<cloudfront::ResponseHeadersPolicy>::new()),
            Box::new(Erased::<cloudfront::PublicKey>::new()),
            Box::new(Erased::<cloudfront::KeyGroup>::new()),
            Box::new(Erased::<cloudfront::Distribution>::new()),
            Box::new(Erased::<route53::RecordSet>::new()),
            Box::new(Erased::<cloudfront::MonitoringSubscription>::new()),
            Box::new(Erased::<logs::DeliverySource>::new()),
            Box::new(Erased::<logs::DeliveryDestination>::new()),
            Box::new(Erased::<logs::Delivery>::new()),
            Box::new(Erased::<sns::Topic>::new()),
            Box::new(Erased::<sns::TopicPolicy>::new()),
            Box::new(Erased::<sns::Subscription>::new()),
            Box::new(Erased::<cloudwatch::Alarm>::new()),
            Box::new(Erased::<cloudwatch::Dashboard>::new()),
            Box::new(Erased::<cloudformation::StackSet>::new()),
        ])
    })
}
