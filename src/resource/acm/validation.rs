//! How a name is proved to ACM: a CNAME that ACM chooses stands in the name's zone, from the request on and for as long as
//! the certificate is to be renewed.
//!
//! ACM chooses the same CNAME for a name whenever the same account asks for it, so certificates of one name share it.

use std::time::Duration;

use aws_sdk_acm::types as sdk;
use aws_sdk_route53::types::{ChangeAction, ResourceRecord, ResourceRecordSet, RrType};

use crate::aws::{Context, Error, Patience, Poll, Result, SdkResult, until};
use crate::resource::route53::{change, named, read};

pub(super) const ABSENT: &[&str] = &["ResourceNotFoundException"];
const DESCRIBE: &str = "acm:DescribeCertificate";
const CNAME: &str = "CNAME";
const TTL: i64 = 300;
/// ACM chooses the record within seconds, though sometimes only within minutes.
const CHOICE: Patience = Patience { limit: Duration::from_secs(5 * 60), ..Patience::SECONDS };

/// The record that proves a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    name: String,
    value: String,
}

impl Proof {
    /// The record that a certificate asks for, once ACM has chosen it.
    pub(super) fn of(detail: &sdk::CertificateDetail) -> Option<Self> {
        let record =
            detail.domain_validation_options.iter().flatten().find_map(|o| o.resource_record.as_ref())?;
        Some(Self { name: named(&record.name), value: named(&record.value) })
    }

    fn is(&self, live: &ResourceRecordSet) -> bool {
        let mut values = live.resource_records.iter().flatten();
        values.next().is_some_and(|one| named(&one.value) == self.value) && values.next().is_none()
    }

    /// Whether it stands in a zone.
    pub(super) async fn stands(&self, cx: &Context, zone: &str) -> Result<bool> {
        Ok(read(cx, zone, &self.name, CNAME).await?.is_some_and(|live| self.is(&live)))
    }

    async fn write(&self, cx: &Context, zone: &str) -> Result<()> {
        if self.stands(cx, zone).await? {
            return Ok(());
        }
        const CALL: &str = "route53:ChangeResourceRecordSets";
        let incomplete = |error: aws_smithy_types::error::operation::BuildError| {
            Error::unexpected(CALL, error.to_string())
        };
        let value = ResourceRecord::builder().value(&self.value).build().map_err(incomplete)?;
        let records = ResourceRecordSet::builder()
            .name(&self.name)
            .r#type(RrType::Cname)
            .ttl(TTL)
            .resource_records(value)
            .build()
            .map_err(incomplete)?;
        // The name is ACM's own invention for this account and domain: nobody else can mean anything by it.
        change(cx, zone, ChangeAction::Upsert, records).await
    }

    /// Removes it from a zone, if it stands there.
    pub(super) async fn remove(&self, cx: &Context, zone: &str) -> Result<()> {
        match read(cx, zone, &self.name, CNAME).await?.filter(|live| self.is(live)) {
            Some(live) => change(cx, zone, ChangeAction::Delete, live).await,
            None => Ok(()),
        }
    }
}

/// Where a certificate is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It can be used.
    Issued,
    /// ACM has yet to see the proof.
    Pending,
    /// It will never be usable (again); the text says why.
    Dead(String),
}

impl Progress {
    pub(super) fn of(detail: &sdk::CertificateDetail) -> Self {
        use sdk::CertificateStatus as Status;
        match &detail.status {
            Some(Status::Issued) => Self::Issued,
            Some(Status::PendingValidation) | None => Self::Pending,
            Some(Status::Failed) => Self::Dead(failure(detail.failure_reason.as_ref())),
            Some(Status::ValidationTimedOut) => {
                Self::Dead("ACM did not find the validation record within 72 hours".to_owned())
            }
            Some(other) => Self::Dead(format!("it is {}", other.as_str())),
        }
    }
}

/// Why ACM refuses a name, with what to do where there is something to do.
fn failure(reason: Option<&sdk::FailureReason>) -> String {
    use sdk::FailureReason as Reason;
    let Some(reason) = reason else { return "ACM gives no reason".to_owned() };
    let advice = match reason {
        Reason::CaaError => ": the domain's CAA records must allow amazon.com to issue",
        Reason::DomainNotAllowed => ": ACM holds the domain for unsafe; ask AWS Support",
        Reason::InvalidPublicDomain => ": the name does not end in a public top-level domain",
        Reason::AdditionalVerificationRequired => ": ask AWS Support to verify the domain",
        _ => "",
    };
    format!("{}{advice}", reason.as_str())
}

/// What ACM says of a certificate, or nothing if there is no such certificate.
pub(super) async fn describe(cx: &Context, arn: &str) -> Result<Option<sdk::CertificateDetail>> {
    let call = cx.acm().describe_certificate().certificate_arn(arn);
    let ask = |_| async move {
        Ok(call.send().await.unless(DESCRIBE, ABSENT)?.and_then(|answer| answer.certificate))
    };
    cx.cached(DESCRIBE, arn, ask).await
}

fn dead(domain: &str, why: &str) -> Error {
    Error::unexpected("acm:RequestCertificate", format!("no certificate for {domain}: {why}"))
}

/// Puts the proof into the zone and waits until ACM has seen it and issued the certificate.
///
/// # Errors
/// When ACM will never issue it, or has not in time: then it goes on trying for three days, and running the command again
/// goes on waiting.
pub(super) async fn complete(cx: &Context, arn: &str, domain: &str, zone: &str) -> Result<()> {
    // Both the certificate and its record appear seconds after the request.
    let chosen = || async {
        let Some(detail) = describe(cx, arn).await? else {
            return Ok(Poll::Pending(format!("waiting until ACM knows the certificate of {domain}")));
        };
        match (Proof::of(&detail), Progress::of(&detail)) {
            (_, Progress::Dead(why)) => Err(dead(domain, &why)),
            (Some(proof), _) => Ok(Poll::Done(proof)),
            (None, _) => {
                Ok(Poll::Pending(format!("waiting until ACM chooses the record that proves {domain}")))
            }
        }
    };
    let proof = until(cx, DESCRIBE, CHOICE, chosen).await?;
    proof.write(cx, zone).await?;
    let issued = || async {
        let Some(detail) = describe(cx, arn).await? else {
            return Err(dead(domain, "somebody removed it while it was awaited"));
        };
        match Progress::of(&detail) {
            Progress::Issued => Ok(Poll::Done(())),
            Progress::Pending => Ok(Poll::Pending(awaited(domain, Some(&proof), zone))),
            Progress::Dead(why) => Err(dead(domain, &why)),
        }
    };
    until(cx, DESCRIBE, Patience::MINUTES, issued).await
}

/// What a certificate waits for, in words.
pub(super) fn awaited(domain: &str, proof: Option<&Proof>, zone: &str) -> String {
    match proof {
        Some(proof) => {
            format!("waiting until ACM finds the CNAME {} of zone {zone}, which proves {domain}", proof.name)
        }
        None => format!("waiting until ACM chooses the record that proves {domain}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(status: sdk::CertificateStatus) -> sdk::CertificateDetail {
        let record = sdk::ResourceRecord::builder()
            .name("_A79865eb4cd1a6ab990a45779b4e0b96.video.example.com.")
            .r#type(sdk::RecordType::Cname)
            .value("_424c7224e9b0146f9a8808af955727d0.acm-validations.aws.")
            .build()
            .unwrap();
        let option =
            sdk::DomainValidation::builder().domain_name("video.example.com").resource_record(record);
        sdk::CertificateDetail::builder()
            .status(status)
            .domain_validation_options(option.build().unwrap())
            .build()
    }

    #[test]
    fn the_proof_is_read_as_route_53_writes_it() {
        let proof = Proof::of(&detail(sdk::CertificateStatus::PendingValidation)).unwrap();
        assert_eq!(proof.name, "_a79865eb4cd1a6ab990a45779b4e0b96.video.example.com");
        let live = |values: &[&str]| {
            let values = values.iter().map(|value| ResourceRecord::builder().value(*value).build().unwrap());
            let live = ResourceRecordSet::builder().name(&proof.name).r#type(RrType::Cname);
            live.set_resource_records(Some(values.collect())).build().unwrap()
        };
        assert!(proof.is(&live(&["_424c7224e9b0146f9a8808af955727d0.acm-validations.aws."])));
        assert!(!proof.is(&live(&["elsewhere.example.com."])));
        assert!(!proof.is(&live(&[])));
        assert_eq!(Proof::of(&sdk::CertificateDetail::builder().build()), None);
    }

    #[test]
    fn the_wait_names_the_record_and_the_zone() {
        let proof = Proof::of(&detail(sdk::CertificateStatus::PendingValidation));
        insta::assert_snapshot!(awaited("video.example.com", proof.as_ref(), "Z1"), @"waiting until ACM finds the CNAME _a79865eb4cd1a6ab990a45779b4e0b96.video.example.com of zone Z1, which proves video.example.com");
    }

    #[test]
    fn only_an_issued_certificate_is_ready_and_a_dead_one_says_why() {
        use sdk::CertificateStatus as Status;
        assert_eq!(Progress::of(&detail(Status::Issued)), Progress::Issued);
        assert_eq!(Progress::of(&detail(Status::PendingValidation)), Progress::Pending);
        for status in [Status::ValidationTimedOut, Status::Expired, Status::Revoked, Status::Inactive] {
            assert!(matches!(Progress::of(&detail(status)), Progress::Dead(_)));
        }
        let mut failed = detail(Status::Failed);
        failed.failure_reason = Some(sdk::FailureReason::CaaError);
        let Progress::Dead(why) = Progress::of(&failed) else { panic!("{failed:?}") };
        assert_eq!(why, "CAA_ERROR: the domain's CAA records must allow amazon.com to issue");
    }
}
