//! Records in a zone that outlived their distribution: whose they are, the record of the last apply tells.
//!
//! A record in a zone carries no mark: it is as owned as the distribution that it leads to. Where somebody has deleted that
//! by hand, nothing in the account tells whose its records are. The last apply noted where it made each of them lead: one that
//! still leads there, where nothing is any more, is the stack's; one that somebody made to lead elsewhere is not.

use serde_json::Value;

use crate::aws::{Regions, Result};
use crate::graph::Graph;
use crate::home::{Record, Recorded};
use crate::model::{Live, Orphan, Ownership, Snapshot};
use crate::resource::route53::RecordSet;
use crate::resource::{Registry, Resource as _, cloudfront};

/// Marks those among what was seen as the stack's, and adds those that it declares no longer.
///
/// # Errors
/// When a read fails.
pub(super) async fn claim(
    regions: &Regions,
    registry: &Registry,
    graph: &Graph,
    snapshot: &mut Snapshot,
    record: &Record,
) -> Result<()> {
    for recorded in record.resources.iter().filter(|recorded| recorded.known.kind == RecordSet::KIND) {
        let known = &recorded.known;
        let is_known = |live: &Live, kind: &crate::model::Kind| live.id == known.id && *kind == known.kind;
        if snapshot.orphans.iter().any(|orphan| is_known(&orphan.live, &orphan.kind)) {
            continue;
        }
        let declared = snapshot.live.iter_mut().find(|(address, live)| {
            graph.get(address).is_some_and(|declaration| is_known(live, &declaration.kind))
        });
        if let Some((_, live)) = declared {
            if outlived(regions, recorded, live).await? {
                live.ownership = Ownership::Inherited;
            }
            continue;
        }
        let Some(adapter) = registry.get(&known.kind) else { continue };
        let Some(live) = adapter.observe(&regions.context(&known.region), &known.id).await? else { continue };
        if outlived(regions, recorded, &live).await? {
            let live = Live { ownership: Ownership::Inherited, ..live };
            let (address, kind, region) = (known.address.clone(), known.kind.clone(), known.region.clone());
            snapshot.orphans.push(Orphan { address, kind, region, live, by_hand: false });
        }
    }
    Ok(())
}

/// Whether a record leads where the last apply made it lead, to a distribution that is gone.
async fn outlived(regions: &Regions, recorded: &Recorded, live: &Live) -> Result<bool> {
    let Some(domain_name) = led(&recorded.properties, live) else { return Ok(false) };
    Ok(!cloudfront::is_there(&regions.home(), domain_name).await?)
}

/// The domain name of the distribution that a record of nobody leads to, if that is what was noted of it.
fn led<'a>(applied: &Value, live: &'a Live) -> Option<&'a str> {
    let target = live.properties.get("AliasTarget")?;
    let noted = live.ownership == Ownership::Unmarked && applied.get("AliasTarget") == Some(target);
    let distribution = target.get("HostedZoneId")?.as_str()? == cloudfront::HOSTED_ZONE;
    target.get("DNSName")?.as_str().filter(|_| noted && distribution)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Contents, Mark, Outputs, Readiness};

    fn alias(target: &Value, zone: &str) -> Value {
        let target = json!({ "DNSName": target, "HostedZoneId": zone, "EvaluateTargetHealth": false });
        json!({ "HostedZoneId": "Z1", "Name": "video.example.com", "Type": "A", "AliasTarget": target })
    }

    fn live(properties: Value, ownership: Ownership) -> Live {
        let (readiness, contents) = (Readiness::Ready, Contents::Nothing);
        let id = "Z1/video.example.com/A".to_owned();
        Live { id, properties, outputs: Outputs::new(), ownership, readiness, contents }
    }

    #[test]
    fn only_a_record_that_leads_where_it_was_made_to_lead_is_the_stack_s() {
        let (ours, other) = ("d1.cloudfront.net", "d2.cloudfront.net");
        let seen = |target: &str| alias(&json!(target), cloudfront::HOSTED_ZONE);
        let led = |applied: &Value, live: &Live| led(applied, live).map(str::to_owned);
        assert_eq!(led(&seen(ours), &live(seen(ours), Ownership::Unmarked)).as_deref(), Some(ours));
        assert_eq!(led(&seen(ours), &live(seen(other), Ownership::Unmarked)), None, "somebody moved it");
        let reference =
            alias(&json!({ "Fn::GetAtt": ["delivery/distribution", "DomainName"] }), cloudfront::HOSTED_ZONE);
        assert_eq!(led(&reference, &live(seen(ours), Ownership::Unmarked)), None, "an older record");
        let theirs = Ownership::Marked(Mark { stack: "other".into(), address: "a".into() });
        assert_eq!(led(&seen(ours), &live(seen(ours), theirs)), None, "another stack's");
        let bucket = alias(&json!("s3-website.eu-west-1.amazonaws.com"), "Z1BKCTXD74EZPE");
        assert_eq!(led(&bucket, &live(bucket.clone(), Ownership::Unmarked)), None, "no distribution");
        let plain = json!({ "Name": "video.example.com", "TTL": "60", "ResourceRecords": ["192.0.2.1"] });
        assert_eq!(led(&plain, &live(plain.clone(), Ownership::Unmarked)), None);
    }
}
