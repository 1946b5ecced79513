//! Hosted zones: which zones of the account can hold a name. They are not declared. A zone is delegated once, by
//! hand, and outlives every stack.

use futures::future::try_join_all;

use super::change::named;
use crate::aws::{Context, Result, SdkResult, required};
use crate::model::{ANYTHING, Allow};

const LIST: &str = "route53:ListHostedZonesByName";
/// The permission for [`zones_over`].
pub const FIND_ZONE: Allow = Allow::new(&[LIST], ANYTHING);

/// A hosted zone of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostedZone {
    /// Its id, such as `Z0123456789ABCDEFGHIJ`.
    pub id: String,
    /// Its name, without a dot at the end.
    pub name: String,
    /// Whether only some VPCs can use it.
    pub private: bool,
}

/// The names of the zones that could hold a name: the name and every parent that can be delegated to an account.
fn candidates(name: &str) -> Vec<&str> {
    let above = name.match_indices('.').map(|(dot, _)| &name[dot + 1..]);
    std::iter::once(name).chain(above).filter(|name| name.contains('.')).collect()
}

/// Every zone of the account, public and private, that has this name or one of its parents.
///
/// # Errors
/// When a listing fails.
pub async fn zones_over(cx: &Context, name: &str) -> Result<Vec<HostedZone>> {
    let found = candidates(name).into_iter().map(|candidate| async move {
        // The list begins at the name, and zones of one name follow each other.
        let call = cx.route53().list_hosted_zones_by_name().dns_name(candidate).max_items(100);
        let listed = call.send().await.named(LIST)?.hosted_zones;
        let zones = listed.into_iter().map(|zone| {
            // Route 53 writes `/hostedzone/` before the id.
            let id = zone.id.rsplit_once('/').map_or(zone.id.as_str(), |(_, id)| id);
            // The SDK reads an absent id as an empty one.
            let id = required(Some(id.to_owned()).filter(|id| !id.is_empty()), LIST, "Id")?;
            let private = zone.config.is_some_and(|config| config.private_zone);
            Ok(HostedZone { id, name: named(&zone.name), private })
        });
        let same_name = |zone: &Result<HostedZone>| zone.as_ref().map_or(true, |zone| zone.name == candidate);
        zones.filter(same_name).collect::<Result<Vec<_>>>()
    });
    Ok(try_join_all(found).await?.into_iter().flatten().collect())
}

/// The zones that answer public queries for a name: the public ones with the longest name. An account may hold
/// several of one name. Only one of them is delegated.
#[must_use]
pub fn answering(zones: &[HostedZone]) -> Vec<&HostedZone> {
    let public = || zones.iter().filter(|zone| !zone.private);
    let longest = public().map(|zone| zone.name.len()).max();
    public().filter(|zone| Some(zone.name.len()) == longest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(id: &str, name: &str, private: bool) -> HostedZone {
        HostedZone { id: id.into(), name: name.into(), private }
    }

    #[test]
    fn a_name_may_be_in_any_parent_zone_except_a_top_level_domain() {
        assert_eq!(
            candidates("video.staging.example.com"),
            ["video.staging.example.com", "staging.example.com", "example.com"]
        );
        assert_eq!(candidates("example.com"), ["example.com"]);
    }

    #[test]
    fn the_longest_public_zone_answers() {
        let zones = [
            zone("Z1", "example.com", false),
            zone("Z2", "staging.example.com", false),
            zone("Z3", "video.staging.example.com", true),
        ];
        assert_eq!(answering(&zones), [&zones[1]]);
        assert_eq!(answering(&zones[2..]), Vec::<&HostedZone>::new());
        let twins = [zone("Z1", "example.com", false), zone("Z2", "example.com", false)];
        assert_eq!(answering(&twins).len(), 2);
    }
}
