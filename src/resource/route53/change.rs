//! Reading and changing the records of a zone, for the adapters that keep some there.

use std::time::Duration;

use aws_sdk_route53::types as sdk;

use crate::aws::{Context, Error, Patience, Poll, Result, SdkResult, retry_while, until};
use crate::model::{Allow, Only};

const ZONE: &[&str] = &["arn:aws:route53:::hostedzone/{zone}"];
/// What [`read`] needs.
pub(in crate::resource) const READ: Allow = Allow::new(&["route53:ListResourceRecordSets"], ZONE);
/// What [`change`] needs.
pub(in crate::resource) const CHANGE: Allow =
    Allow::new(&["route53:ChangeResourceRecordSets"], ZONE).only(Only::OwnRecords);
/// What it needs to wait until the change is known.
pub(in crate::resource) const FOLLOW: Allow =
    Allow::new(&["route53:GetChange"], &["arn:aws:route53:::change/*"]);

/// The zone is gone, and all its records with it.
const ABSENT: &[&str] = &["NoSuchHostedZone"];
/// Another change of the same zone is still being taken in.
const BUSY: &[&str] = &["PriorRequestNotComplete", "Throttling", "ThrottlingException"];
/// A change reaches all of Route 53's servers within a minute.
const PROPAGATION: Patience = Patience {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(5),
    limit: Duration::from_secs(300),
};

/// A name as declarations write it: lower case, without the dot at the end that Route 53 answers with.
pub(in crate::resource) fn named(answered: &str) -> String {
    answered.trim_end_matches('.').to_ascii_lowercase()
}

/// The records of a name and type, or nothing where the zone has none (or is gone).
pub(in crate::resource) async fn read(
    cx: &Context,
    zone: &str,
    name: &str,
    kind: &str,
) -> Result<Option<sdk::ResourceRecordSet>> {
    // The list begins at the name and type, so what is asked for comes first or not at all.
    let call = cx.route53().list_resource_record_sets().hosted_zone_id(zone);
    let call = call.start_record_name(name).start_record_type(kind.into()).max_items(1);
    let answer = call.send().await.unless("route53:ListResourceRecordSets", ABSENT)?;
    let listed = answer.map(|answer| answer.resource_record_sets).unwrap_or_default();
    Ok(listed.into_iter().find(|set| named(&set.name) == named(name) && set.r#type.as_str() == kind))
}

/// Makes one change and waits until all of Route 53's servers know it.
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
    let awaited = format!("waiting until zone {zone} takes changes");
    let made = retry_while(cx, Patience::SECONDS, &awaited, busy, send).await?;
    let Some(info) = made.change_info else { return Ok(()) };
    let look = || async {
        let answer = cx.route53().get_change().id(&info.id).send().await.named("route53:GetChange")?;
        Ok(match answer.change_info.map(|info| info.status) {
            Some(sdk::ChangeStatus::Pending) => {
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
    fn names_are_compared_as_dns_does() {
        assert_eq!(named("Video.Example.com."), "video.example.com");
    }
}
