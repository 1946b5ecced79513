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
    // The list begins at the name and type. So their records come first, if there are any.
    let call = cx.route53().list_resource_record_sets().hosted_zone_id(zone);
    let call = call.start_record_name(name).start_record_type(kind.into()).max_items(1);
    let answer = call.send().await.unless("route53:ListResourceRecordSets", ABSENT)?;
    let listed = answer.map(|answer| answer.resource_record_sets).or_empty();
    Ok(listed.into_iter().find(|set| named(&set.name) == named(name) && set.r#type.as_str() == kind))
}

/// Makes one change and waits until all servers of Route 53 know it.
pub(in crate::resource) async fn change(
    cx: &Context,
    zone: &str,
    action: sdk::ChangeAction,
    records: sdk::ResourceRecordSet,
) -> Result<()> {
    const CALL: &str = "route53:ChangeResourceRecordSets";
    let incomplete =
        |error: aws_smithy_types::error::operation::BuildError| Error::unexpected(CALL, error.to_string());
    let (name, kind) = (named(&records.name), records.r#type.clone());
    let change =
        sdk::Change::builder().action(action).resource_record_set(records).build().map_err(incomplete)?;
    let batch = sdk::ChangeBatch::builder().changes(change).build().map_err(incomplete)?;
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
                Poll::Pending(format!("waiting until all name servers know {name} {kind}"))
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
