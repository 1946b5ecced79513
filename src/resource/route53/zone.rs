//! Hosted zones: which of the account's hold a name. They are not declared: a zone is delegated to once, by hand, and
//! outlives every stack.

use futures::future::try_join_all;

use super::change::named;
use crate::aws::{Context, Result, SdkResult};
use crate::model::{ANYTHING, Allow};

/// What [`zones_over`] needs.
pub const FIND_ZONE: Allow = Allow::new(&["route53:ListHostedZonesByName"], ANYTHING);

/// A hosted zone of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostedZone {
    /// Its id, such as `Z0123456789ABCDEFGHIJ`.
    pub id: String,
    /// Its name, without a dot at the end.
    pub name: String,
    /// Whether only some VPCs see it.
    pub private: bool,
}

/// The names of the zones that could hold a name: itself and every name above it that can be delegated to an account.
fn candidates(name: &str) -> Vec<&str> {
    let above = name.match_indices('.').map(|(dot, _)| &name[dot + 1..]);
    std::iter::once(name).chain(above).filter(|name| name.contains('.')).collect()
}

/// Every zone of the account, public and private, whose name is this one or one above it.
///
/// # Errors
/// When a listing fails.
pub async fn zones_over(cx: &Context, name: &str) -> Result<Vec<HostedZone>> {
    let found = candidates(name).into_iter().map(|candidate| async move {
        // The list begins at the name, and zones of one name stand together.
        let call = cx.route53().list_hosted_zones_by_name().dns_name(candidate).max_items(100);
        let listed = call.send().await.named("route53:ListHostedZonesByName")?.hosted_zones;
        let zones = listed.into_iter().map(|zone| HostedZone {
            id: zone.id.rsplit('/').next().unwrap_or_default().to_owned(),
            name: named(&zone.name),
            private: zone.config.is_some_and(|config| config.private_zone),
        });
        Ok(zones.filter(|zone| zone.name == candidate).collect::<Vec<_>>())
    });
    Ok(try_join_all(found).await?.into_iter().flatten().collect())
}

/// Those of the zones over a name that the world asks for it: the public ones with the longest name. An account may
/// hold several of one name, of which only one is delegated to.
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
    fn a_name_may_be_in_any_zone_above_it_but_a_top_level_domain() {
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
