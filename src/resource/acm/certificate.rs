//! `AWS::CertificateManager::Certificate`: a public certificate for one domain name, validated by DNS.
//!
//! Follows the ACM API reference, `RequestCertificate`. As in CloudFormation, the validation record is a part of the
//! certificate. It is written into the zone that `DomainValidationOptions` names. The certificate counts as created
//! when it is issued, because CloudFront refuses one that is not. As in CloudFormation, the record outlives the certificate.
//!
//! `ValidationMethod` reads as `DNS` only while the certificate is issued and its record is in the zone. So apply
//! repairs an interrupted wait, and a record that was removed by hand, which would end renewals.
//!
//! A certificate that failed, timed out, expired or was revoked is not found. Another one is requested, the
//! distribution gets that one, and the dead one is deleted as an orphan. The same happens if its name, key or zone
//! changes.

use std::time::Duration;

use aws_sdk_acm::types as sdk;
use futures::future::{join_all, try_join_all};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::hindrances::{released, renewal_trouble};
use super::inventory::{LIST, ZONE_TAG, algorithm, listed, tag, tags_of};
use super::validation::{ABSENT, DESCRIBE, Progress, Proof, awaited, complete, describe};
use crate::aws::{Context, Error, Patience, Poll, Result, SdkResult, required, until};
use crate::model::{
    ANYTHING, Allow, Changes, Kind, Mark, Only, Outputs, Permissions, Readiness, Scope, Tags,
};
use crate::resource::route53;
use crate::resource::sweep::marked;
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

/// The region of certificates for CloudFront, whatever the stack's region.
pub const REGION: &str = "us-east-1";
/// The only validation method that needs no manual step.
const DNS: &str = "DNS";
/// ACM answers these while the edges of CloudFront still use a certificate.
const HELD: &[&str] = &["ResourceInUseException", "ConflictException"];
const RELEASE: Patience = Patience {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(15),
    limit: Duration::from_secs(20 * 60),
};

/// A public certificate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Certificate {
    /// The domain name it is for.
    pub domain_name: String,
    /// How the name is validated: `DNS`. Absent while it is not validated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_method: Option<String>,
    /// Where it is validated: one zone for the name.
    pub domain_validation_options: Vec<DomainValidationOption>,
    /// The algorithm of its key, such as `RSA_2048`.
    pub key_algorithm: String,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

/// The zone in which a name is validated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DomainValidationOption {
    /// The name.
    pub domain_name: String,
    /// The zone.
    pub hosted_zone_id: String,
}

impl Certificate {
    /// A certificate for a name that is validated in this zone. Its key is RSA 2048, which every player supports.
    #[must_use]
    pub fn proved_in(zone: &str, domain_name: &str, tags: Tags) -> Self {
        Self {
            domain_name: domain_name.to_owned(),
            validation_method: Some(DNS.to_owned()),
            domain_validation_options: options(domain_name, zone),
            key_algorithm: "RSA_2048".to_owned(),
            tags,
        }
    }

    /// The zone in which its name is validated.
    fn zone(&self) -> Result<&str> {
        let says = || Error::unexpected("provision", format!("no zone is declared for {}", self.domain_name));
        self.domain_validation_options.first().map(|option| option.hosted_zone_id.as_str()).ok_or_else(says)
    }

    /// Its tags, and the one that the adapter adds.
    fn all_tags(&self) -> Result<Vec<sdk::Tag>> {
        let pairs = self.tags.iter().chain([(ZONE_TAG, self.zone()?)]);
        pairs.map(|(key, value)| tag(key, Some(value))).collect()
    }
}

fn options(domain_name: &str, zone: &str) -> Vec<DomainValidationOption> {
    vec![DomainValidationOption { domain_name: domain_name.to_owned(), hosted_zone_id: zone.to_owned() }]
}

fn outputs_of(arn: &str) -> Outputs {
    outputs([("Arn", arn.to_owned())])
}

/// A token for one attempt. ACM remembers it for an hour and would answer with a certificate that was deleted since.
/// The SDK repeats a call with the same token.
fn idempotency_token() -> String {
    format!("provision{:x}", Timestamp::now().as_nanosecond())
}

async fn request(cx: &Context, desired: &Certificate) -> Result<String> {
    const CALL: &str = "acm:RequestCertificate";
    let Certificate {
        domain_name,
        // There is no other method.
        validation_method: _,
        // A tag holds the zone, together with the other tags.
        domain_validation_options: _,
        key_algorithm,
        tags: _,
    } = desired;
    let call = cx.acm().request_certificate().domain_name(domain_name);
    let call =
        call.validation_method(sdk::ValidationMethod::Dns).key_algorithm(key_algorithm.as_str().into());
    let call = call.idempotency_token(idempotency_token()).set_tags(Some(desired.all_tags()?));
    required(call.send().await.named(CALL)?.certificate_arn, CALL, "CertificateArn")
}

/// Writes the validation record and waits until the certificate is issued. One that will never be issued is deleted.
async fn prove(cx: &Context, arn: &str, desired: &Certificate) -> Result<()> {
    let outcome = complete(cx, arn, &desired.domain_name, desired.zone()?).await;
    if outcome.is_err()
        && let Ok(Some(detail)) = describe(cx, arn).await
        && matches!(Progress::of(&detail), Progress::Dead(_))
    {
        // If this fails too, the next plan finds an orphan. The first error says why the certificate failed.
        drop(Certificate::delete(cx, arn, Removal::OnlyEmpty).await);
    }
    outcome
}

/// The certificates of this name and key that are issued or on their way, with any owner, and whether they are issued.
async fn likely(cx: &Context, declared: &Certificate) -> Result<Vec<(bool, String)>> {
    use sdk::CertificateStatus::{Issued, PendingValidation};
    let fits = |summary: &sdk::CertificateSummary| {
        let key = algorithm(summary.key_algorithm.as_ref());
        summary.domain_name.as_deref() == Some(&declared.domain_name)
            && key.is_none_or(|key| key == declared.key_algorithm)
    };
    let found = listed(cx, &[Issued, PendingValidation]).await?.into_iter().filter(fits);
    found
        .map(|one| Ok((one.status == Some(Issued), required(one.certificate_arn, LIST, "CertificateArn")?)))
        .collect()
}

/// The one of these that has the mark and is validated in the declared zone. An issued one comes first.
async fn own(
    cx: &Context,
    likely: &[(bool, String)],
    declared: &Certificate,
    mark: &Mark,
) -> Result<Option<String>> {
    let with_tags = likely
        .iter()
        .map(|(issued, arn)| async move { tags_of(cx, arn).await.map(|tags| (*issued, arn.clone(), tags)) });
    let declared_zone = declared.zone()?;
    let ours = try_join_all(with_tags).await?.into_iter().filter_map(|(issued, arn, tags)| {
        let (tags, zone) = tags?;
        let here = zone.is_none_or(|zone| zone == declared_zone);
        (here && Mark::from_tags(&tags).as_ref() == Some(mark)).then_some((issued, arn))
    });
    Ok(ours.max().map(|(_, arn)| arn))
}

/// The value that `ValidationMethod` reads as.
fn method(detail: &sdk::CertificateDetail, stands: bool) -> Option<String> {
    let option = detail.domain_validation_options.iter().flatten().next();
    let other = option.and_then(|option| option.validation_method.as_ref());
    match other.filter(|other| **other != sdk::ValidationMethod::Dns) {
        Some(other) => Some(other.as_str().to_owned()),
        None => (stands && Progress::of(detail) == Progress::Issued).then(|| DNS.to_owned()),
    }
}

/// The sweep reads the tags of every certificate in the list.
const CERTIFICATES: &[&str] = &["arn:aws:acm:{region}:{account}:certificate/*"];

const OURS: &[&str] = &["arn:aws:acm:us-east-1:{account}:certificate/*"];

impl Resource for Certificate {
    const KIND: Kind = Kind::new("AWS::CertificateManager::Certificate");
    const CREATE_ONLY: &'static [&'static str] = &["DomainName", "DomainValidationOptions", "KeyAlgorithm"];
    /// ACM does not know the zone. `find` and `ValidationMethod` check it.
    const WRITE_ONLY: &'static [&'static str] = &["DomainValidationOptions"];

    const ALSO_IN: Option<&'static str> = Some(REGION);
    const PERMISSIONS: Permissions = Permissions {
        observe: &[
            Allow::new(&["acm:ListCertificates"], ANYTHING),
            Allow::new(&["acm:DescribeCertificate", "acm:ListTagsForCertificate"], CERTIFICATES),
            route53::READ,
        ],
        create: &[
            Allow::new(&["acm:RequestCertificate"], ANYTHING).only(Only::AddsStackTag),
            Allow::new(&["acm:AddTagsToCertificate"], OURS).only(Only::AddsStackTag),
            route53::CHANGE,
            route53::FOLLOW,
        ],
        update: &[
            Allow::new(&["acm:AddTagsToCertificate"], OURS).only(Only::AddsStackTag),
            Allow::new(&["acm:RemoveTagsFromCertificate"], OURS).only(Only::RequiresStackTag),
            route53::CHANGE,
            route53::FOLLOW,
        ],
        delete: &[
            Allow::new(&["acm:DeleteCertificate"], OURS).only(Only::RequiresStackTag),
            Allow::new(&["acm:DescribeCertificate"], CERTIFICATES),
        ],
        empty: &[],
        list: &[
            Allow::new(&["acm:ListCertificates"], ANYTHING),
            Allow::new(&["acm:ListTagsForCertificate"], CERTIFICATES),
        ],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        None
    }

    async fn find(cx: &Context, declared: &Self, mark: &Mark) -> Result<Option<String>> {
        let likely = likely(cx, declared).await?;
        // `observe` describes the one that is found. Each is described here already, while its tags are read, so that
        // one round trip is enough. `observe` reports an error of these calls.
        let told = join_all(likely.iter().map(|(_, arn)| describe(cx, arn)));
        tokio::join!(own(cx, &likely, declared, mark), told).0
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let (Some(detail), Some((tags, zone))) = tokio::try_join!(describe(cx, id), tags_of(cx, id))? else {
            return Ok(None);
        };
        let proof = Proof::of(&detail);
        let stands = match (&proof, &zone) {
            (Some(proof), Some(zone)) => proof.stands(cx, zone).await?,
            _ => false,
        };
        let domain_name = required(detail.domain_name.clone(), DESCRIBE, "DomainName")?;
        if let Some(trouble) = renewal_trouble(&domain_name, &detail) {
            tracing::warn!("{trouble}");
        }
        // absent is empty: without the tag the zone is not known, and it is not compared.
        let zone = zone.unwrap_or_default();
        let readiness = match Progress::of(&detail) {
            Progress::Issued => Readiness::Ready,
            Progress::Pending => Readiness::Pending(awaited(&domain_name, proof.as_ref(), &zone)),
            Progress::Dead(why) => Readiness::Failed(why),
        };
        let properties = Self {
            validation_method: method(&detail, stands),
            domain_validation_options: options(&domain_name, &zone),
            key_algorithm: required(algorithm(detail.key_algorithm.as_ref()), DESCRIBE, "KeyAlgorithm")?,
            tags,
            domain_name,
        };
        let ownership = properties.tags.ownership();
        Ok(Some(Observed::new(id, properties, outputs_of(id), ownership).with_readiness(readiness)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let unfinished = match Mark::from_tags(&desired.tags) {
            Some(mark) => own(cx, &likely(cx, desired).await?, desired, &mark).await?,
            None => None,
        };
        let arn = match unfinished {
            Some(arn) => arn,
            None => request(cx, desired).await?,
        };
        prove(cx, &arn, desired).await?;
        let outputs = outputs_of(&arn);
        Ok(Created::new(arn, outputs))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        changes: &Changes,
    ) -> Result<()> {
        let Self {
            domain_name: _,
            validation_method: _,
            domain_validation_options: _,
            key_algorithm: _,
            tags,
        } = &**desired;
        if changes.touches("Tags") {
            let stale = seen.properties.tags.stale(tags);
            let stale = stale.iter().map(|key| tag(key, None)).collect::<Result<Vec<_>>>()?;
            if !stale.is_empty() {
                let call = cx.acm().remove_tags_from_certificate().certificate_arn(&seen.id);
                call.set_tags(Some(stale)).send().await.named("acm:RemoveTagsFromCertificate")?;
            }
        }
        if changes.touches_any(&["Tags", "ValidationMethod"]) {
            let call = cx.acm().add_tags_to_certificate().certificate_arn(&seen.id);
            call.set_tags(Some(desired.all_tags()?)).send().await.named("acm:AddTagsToCertificate")?;
        }
        if changes.touches("ValidationMethod") {
            if let Some(other) = &seen.properties.validation_method {
                let says = format!("{} is validated by {other}, which cannot be changed; delete it", seen.id);
                return Err(Error::unexpected("provision", says));
            }
            prove(cx, &seen.id, desired).await?;
        }
        Ok(())
    }

    /// The validation record stays. Other certificates of the account renew by the same one: those of the same name in any
    /// region, and wildcards of it.
    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        const CALL: &str = "acm:DeleteCertificate";
        let delete = || async {
            let call = cx.acm().delete_certificate().certificate_arn(id);
            match call.send().await.unless(CALL, ABSENT) {
                Err(error) if error.is(HELD) => released(cx, id, error).await.map(Poll::Pending),
                outcome => outcome.map(|_| Poll::Done(())),
            }
        };
        until(cx, CALL, RELEASE, delete).await
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let listed = listed(cx, &[]).await?.into_iter();
        let arns = listed.map(|summary| required(summary.certificate_arn, LIST, "CertificateArn"));
        let arns: Vec<String> = arns.collect::<Result<_>>()?;
        let read = |arn: String| async move {
            Ok(tags_of(cx, &arn).await?.and_then(|(tags, _)| Mark::from_tags(&tags)))
        };
        marked(cx, arns, read).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(status: sdk::CertificateStatus, by: sdk::ValidationMethod) -> sdk::CertificateDetail {
        let option = sdk::DomainValidation::builder().domain_name("video.example.com").validation_method(by);
        let option = option.build().unwrap();
        sdk::CertificateDetail::builder().status(status).domain_validation_options(option).build()
    }

    #[test]
    fn it_is_validated_while_it_is_issued_and_its_record_is_in_the_zone() {
        use sdk::CertificateStatus::{Issued, PendingValidation};
        let dns = |status| detail(status, sdk::ValidationMethod::Dns);
        assert_eq!(method(&dns(Issued), true).as_deref(), Some("DNS"));
        assert_eq!(method(&dns(Issued), false), None, "renewal would fail");
        assert_eq!(method(&dns(PendingValidation), true), None, "CloudFront would refuse it");
        assert_eq!(method(&detail(Issued, sdk::ValidationMethod::Email), true).as_deref(), Some("EMAIL"));
    }

    #[test]
    fn keys_are_compared_as_they_are_requested() {
        assert_eq!(algorithm(Some(&"RSA-2048".into())).as_deref(), Some("RSA_2048"));
        assert_eq!(algorithm(Some(&sdk::KeyAlgorithm::EcPrime256v1)).as_deref(), Some("EC_prime256v1"));
    }

    #[test]
    fn it_is_requested_with_the_mark_and_the_zone() {
        let mark = Mark { stack: "vod".into(), address: "delivery/certificate".into() };
        let certificate =
            Certificate::proved_in("Z1", "video.example.com", mark.tags().into_iter().collect());
        let tags = certificate.all_tags().unwrap();
        let pairs: Vec<_> = tags.iter().map(|tag| (tag.key(), tag.value().unwrap())).collect();
        assert_eq!(
            pairs,
            [
                ("provision:address", "delivery/certificate"),
                ("provision:stack", "vod"),
                ("provision:hosted-zone", "Z1"),
            ]
        );
        let token = idempotency_token();
        assert!(token.len() <= 32 && token.chars().all(|c| c.is_ascii_alphanumeric()), "{token}");
    }
}
