//! Amazon CloudWatch Logs.

mod delivery;
mod delivery_destination;
mod delivery_shared;
mod delivery_source;
mod log_group;
mod subscription_filter;

pub use delivery::Delivery;
pub use delivery_destination::DeliveryDestination;
pub use delivery_source::DeliverySource;
pub use log_group::{LogGroup, LogGroupClass};
pub use subscription_filter::SubscriptionFilter;
