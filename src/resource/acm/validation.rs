//! DNS validation: a CNAME record that ACM chooses must be in the name's zone, from the request on and as long as the
//! certificate is to be renewed.
//!
//! ACM chooses the same record each time the same account asks for the same name, in every region, and for its wildcard.
//! So certificates share it, and it is never removed.

use std::time::Duration;

use aws_sdk_acm::types as sdk;
use aws_sdk_route53::types::{ChangeAction, ResourceRecord, ResourceRecordSet, RrType};

use crate::aws::{Context, Error, Patience, Poll, Result, SdkResult, required, until};
use crate::resource::route53::{change, named, read};

pub(super) const ABSENT: &[&str] = &["ResourceNotFoundException"];
pub(super) const DESCRIBE: &str = "acm:DescribeCertificate";
const CNAME: &str = "CNAME";
const TTL: i64 = 300;
/// ACM mostly chooses the record within seconds, but sometimes it needs minutes.
const CHOICE: Patience = Patience { limit: Duration::from_secs(5 * 60), ..Patience::SECONDS };

/// The record that validates a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    name: String,
    value: String,
}

impl Proof {
    /// The record that a certificate needs, once ACM has chosen it.
    pub(super) fn of(detail: &sdk::CertificateDetail) -> Option<Self> {
        let record =
            detail.domain_validation_options.iter().flatten().find_map(|o| o.resource_record.as_ref())?;
        Some(Self { name: named(&record.name), value: named(&record.value) })
    }

    fn is(&self, live: &ResourceRecordSet) -> bool {
        let mut values = live.resource_records.iter().flatten();
        values.next().is_some_and(|one| named(&one.value) == self.value) && values.next().is_none()
    }

    /// Whether it is in a zone.
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
        // ACM has invented the name for this account and domain, so no other record can have it.
        change(cx, zone, ChangeAction::Upsert, records).await
    }
}

/// How far a certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It can be used.
    Issued,
    /// ACM has not found the record yet.
    Pending,
    /// It cannot be used and never will be. The text says why.
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

/// Why ACM refuses a name, and what to do about it.
fn failure(reason: Option<&sdk::FailureReason>) -> String {
    use sdk::FailureReason as Reason;
    let Some(reason) = reason else { return "ACM gives no reason".to_owned() };
    let advice = match reason {
        Reason::CaaError => ": the domain's CAA records must allow amazon.com to issue",
        Reason::DomainNotAllowed => ": ACM considers the domain unsafe; ask AWS Support",
        Reason::InvalidPublicDomain => ": the name does not end in a public top-level domain",
        Reason::AdditionalVerificationRequired => ": ask AWS Support to verify the domain",
        _ => "",
    };
    format!("{}{advice}", reason.as_str())
}

/// The details of a certificate, or nothing if it does not exist.
pub(super) async fn describe(cx: &Context, arn: &str) -> Result<Option<sdk::CertificateDetail>> {
    let call = cx.acm().describe_certificate().certificate_arn(arn);
    let ask = |_| async move {
        let answer = call.send().await.unless(DESCRIBE, ABSENT)?;
        answer.map(|answer| required(answer.certificate, DESCRIBE, "Certificate")).transpose()
    };
    cx.cached(DESCRIBE, arn, ask).await
}

fn dead(domain: &str, why: &str) -> Error {
    Error::unexpected("acm:RequestCertificate", format!("no certificate for {domain}: {why}"))
}

/// Writes the record into the zone and waits until ACM has found it and issued the certificate.
///
/// # Errors
/// When ACM will never issue it, or has not issued it in time. ACM tries for three days: running the command again waits
/// again.
pub(super) async fn complete(cx: &Context, arn: &str, domain: &str, zone: &str) -> Result<()> {
    // The certificate and its record appear seconds after the request.
    let chosen = || async {
        let Some(detail) = describe(cx, arn).await? else {
            return Ok(Poll::Pending(format!("waiting until ACM knows the certificate of {domain}")));
        };
        match (Proof::of(&detail), Progress::of(&detail)) {
            (_, Progress::Dead(why)) => Err(dead(domain, &why)),
            (Some(proof), _) => Ok(Poll::Done(proof)),
            (None, _) => {
                Ok(Poll::Pending(format!("waiting until ACM chooses the record that validates {domain}")))
            }
        }
    };
    let proof = until(cx, DESCRIBE, CHOICE, chosen).await?;
    proof.write(cx, zone).await?;
    let issued = || async {
        let Some(detail) = describe(cx, arn).await? else {
            return Err(dead(domain, "it was deleted while this run waited for it"));
        };
        match Progress::of(&detail) {
            Progress::Issued => Ok(Poll::Done(())),
            Progress::Pending => Ok(Poll::Pending(awaited(domain, Some(&proof), zone))),
            Progress::Dead(why) => Err(dead(domain, &why)),
        }
    };
    until(cx, DESCRIBE, Patience::MINUTES, issued).await
}

/// What a certificate waits for, in words. The zone is empty if it is not known.
pub(super) fn awaited(domain: &str, proof: Option<&Proof>, zone: &str) -> String {
    match proof {
        Some(proof) => {
            format!(
                "waiting until ACM finds the CNAME {} in zone {zone}, which validates {domain}",
                proof.name
            )
        }
        None => format!("waiting until ACM chooses the record that validates {domain}"),
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
    fn the_record_is_read_as_route_53_writes_it() {
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
        insta::assert_snapshot!(awaited("video.example.com", proof.as_ref(), "Z1"), @"waiting until ACM finds the CNAME _a79865eb4cd1a6ab990a45779b4e0b96.video.example.com in zone Z1, which validates video.example.com");
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
