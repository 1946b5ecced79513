//! Reading and changing the records of a zone, for all adapters that have records.

use std::time::Duration;

use aws_sdk_route53::types as sdk;

use crate::aws::{Context, Error, OrEmpty, Patience, Poll, Result, SdkResult, required, retry_while, until};
use crate::model::{Allow, Only};

const ZONE: &[&str] = &["arn:aws:route53:::hostedzone/{zone}"];
/// The permission for [`read`].
pub(in crate::resource) const READ: Allow = Allow::new(&["route53:ListResourceRecordSets"], ZONE);
/// The permission for [`change`].
pub(in crate::resource) const CHANGE: Allow =
    Allow::new(&["route53:ChangeResourceRecordSets"], ZONE).only(Only::OwnRecords);
/// The permission to wait until a change is known.
pub(in crate::resource) const FOLLOW: Allow =
    Allow::new(&["route53:GetChange"], &["arn:aws:route53:::change/*"]);

/// The zone does not exist, and so none of its records.
const ABSENT: &[&str] = &["NoSuchHostedZone"];
/// Another change of the same zone is still being made.
const BUSY: &[&str] = &["PriorRequestNotComplete", "Throttling", "ThrottlingException"];
/// The type of a record that excludes all others of its name.
const CNAME: &str = "CNAME";
/// A change reaches all servers of Route 53 within a minute.
const PROPAGATION: Patience = Patience {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(5),
    limit: Duration::from_secs(300),
};

/// A name as declarations write it: in lower case, and without the dot that Route 53 adds at the end.
pub(in crate::resource) fn named(answered: &str) -> String {
    answered.trim_end_matches('.').to_ascii_lowercase()
}

/// The records of a name and type, or nothing if the zone has none or does not exist.
pub(in crate::resource) async fn read(
    cx: &Context,
    zone: &str,
    name: &str,
    kind: &str,
) -> Result<Option<sdk::ResourceRecordSet>> {
    Ok(first(cx, zone, name, kind).await?.filter(|set| set.r#type.as_str() == kind))
}

/// The first records of a name whose type is this one or comes later in the alphabet. Route 53 sorts by name and type.
async fn first(cx: &Context, zone: &str, name: &str, kind: &str) -> Result<Option<sdk::ResourceRecordSet>> {
    let call = cx.route53().list_resource_record_sets().hosted_zone_id(zone);
    let call = call.start_record_name(name).start_record_type(kind.into()).max_items(1);
    let answer = call.send().await.unless("route53:ListResourceRecordSets", ABSENT)?;
    let listed = answer.map(|answer| answer.resource_record_sets).or_empty();
    Ok(listed.into_iter().next().filter(|set| named(&set.name) == named(name)))
}

/// The records of a name and type. A CNAME of the name stands in their place: its name can have no other records.
pub(in crate::resource) async fn standing(
    cx: &Context,
    zone: &str,
    name: &str,
    kind: &str,
) -> Result<Option<sdk::ResourceRecordSet>> {
    let first = first(cx, zone, name, kind).await?;
    Ok(first.filter(|set| [kind, CNAME].contains(&set.r#type.as_str())))
}

/// Makes one change and waits until all servers of Route 53 know it.
pub(in crate::resource) async fn change(
    cx: &Context,
    zone: &str,
    action: sdk::ChangeAction,
    records: sdk::ResourceRecordSet,
) -> Result<()> {
    change_together(cx, zone, [(action, records)]).await
}

/// Makes changes that take effect together, and waits until all servers of Route 53 know them. The last one gives the wait
/// its name.
pub(in crate::resource) async fn change_together<const N: usize>(
    cx: &Context,
    zone: &str,
    changes: [(sdk::ChangeAction, sdk::ResourceRecordSet); N],
) -> Result<()> {
    const CALL: &str = "route53:ChangeResourceRecordSets";
    let incomplete =
        |error: aws_smithy_types::error::operation::BuildError| Error::unexpected(CALL, error.to_string());
    let last = changes.last().map(|(_, records)| format!("{} {}", named(&records.name), records.r#type));
    let changes = changes.into_iter().map(|(action, records)| {
        sdk::Change::builder().action(action).resource_record_set(records).build().map_err(incomplete)
    });
    let changes: Vec<sdk::Change> = changes.collect::<Result<_>>()?;
    let batch = sdk::ChangeBatch::builder().set_changes(Some(changes)).build().map_err(incomplete)?;
    let changed = last.unwrap_or_else(|| "the change".to_owned());
    let send = || async {
        let call = cx.route53().change_resource_record_sets().hosted_zone_id(zone);
        call.change_batch(batch.clone()).send().await.named(CALL)
    };
    let busy = |error: &Error| error.is(BUSY);
    let awaited = format!("waiting until zone {zone} accepts changes");
    let made = retry_while(cx, Patience::SECONDS, &awaited, busy, send).await?;
    let info = required(made.change_info, CALL, "ChangeInfo")?;
    let look = || async {
        const CALL: &str = "route53:GetChange";
        let answer = cx.route53().get_change().id(&info.id).send().await.named(CALL)?;
        Ok(match required(answer.change_info, CALL, "ChangeInfo")?.status {
            sdk::ChangeStatus::Pending => {
                Poll::Pending(format!("waiting until all name servers know {changed}"))
            }
            _ => Poll::Done(()),
        })
    };
    until(cx, "route53:GetChange", PROPAGATION, look).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_dns_compares_them() {
        assert_eq!(named("Video.Example.com."), "video.example.com");
    }
}
