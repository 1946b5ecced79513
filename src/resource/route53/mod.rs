//! Amazon Route 53. It is global: zones and records belong to the account, not to a region.

mod change;
mod own_records;
mod record_set;
mod zone;

pub(in crate::resource) use change::{CHANGE, FOLLOW, READ, change, named, read};

pub use record_set::{AliasTarget, RecordSet};
pub use zone::{FIND_ZONE, HostedZone, answering, zones_over};
