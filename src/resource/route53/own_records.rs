//! Finds the stack's alias records without a record of the last apply: by the aliases that its distributions have.
//!
//! A record carries no tag. So after the record of the last apply was lost, only the live distribution leads to the names
//! that the stack no longer declares. Whether such a record is the stack's is for the record's target to say.

use super::record_set::RecordSet;
use super::{answering, zones_over};
use crate::aws::{Context, Result};
use crate::model::{Address, Mark, Ownership};
use crate::resource::{Resource as _, cloudfront};

/// The types of the records that lead viewers to a distribution.
const ADDRESSES: [&str; 2] = ["A", "AAAA"];

/// The records under the names of the stack's distributions that lead to one of these, each with a mark.
pub(super) async fn own_records(cx: &Context) -> Result<Vec<(String, Mark)>> {
    let mut found = Vec::new();
    for (alias, mark) in cloudfront::own_aliases(cx).await? {
        let zones = zones_over(cx, &alias).await?;
        let zones = answering(&zones).into_iter();
        let ids =
            zones.flat_map(|zone| ADDRESSES.map(|kind| (kind, RecordSet::id_of(&zone.id, &alias, kind))));
        for (kind, id) in ids {
            let seen = RecordSet::observe(cx, &id).await?;
            if seen.is_some_and(|seen| seen.ownership == Ownership::Inherited) {
                let address = Address::new(format!("{}/{alias}/{kind}", mark.address));
                found.push((id, Mark { address, ..mark.clone() }));
            }
        }
    }
    Ok(found)
}
