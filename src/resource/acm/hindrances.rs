//! What stands in the way of a certificate: of its deletion, and of its renewal.

use aws_sdk_acm::types as sdk;

use super::validation::describe;
use crate::aws::{Context, Error, OrEmpty, Result};

/// What is awaited if a certificate in use is to be deleted. ACM refuses that for minutes after no distribution refers to it.
///
/// # Errors
/// `refused`, with what uses it, if that is no distribution: nothing of the stack lets go of it then.
pub(super) async fn released(cx: &Context, arn: &str, refused: Error) -> Result<String> {
    let users = describe(cx, arn).await?.and_then(|detail| detail.in_use_by).or_empty();
    let others: Vec<&str> =
        users.iter().map(String::as_str).filter(|user| !user.contains(":cloudfront:")).collect();
    if others.is_empty() {
        return Ok("waiting until no edge of CloudFront uses the certificate".to_owned());
    }
    let message = format!("{}; take the certificate off {} first", refused.message, others.join(", "));
    Err(Error { message, ..refused })
}

/// What stands in the way of a renewal. ACM tries for two months, and nobody notices until the certificate expires.
pub(super) fn renewal_trouble(name: &str, detail: &sdk::CertificateDetail) -> Option<String> {
    use sdk::RenewalStatus::{Failed, PendingValidation};
    let renewal = detail.renewal_summary.as_ref()?;
    if ![Failed, PendingValidation].contains(&renewal.renewal_status) {
        return None;
    }
    let reason = renewal.renewal_status_reason.as_ref().map(|reason| format!(" ({})", reason.as_str()));
    let (status, reason) = (renewal.renewal_status.as_str(), reason.into_iter().collect::<String>());
    Some(format!(
        "the certificate of {name} is not renewed: ACM says {status}{reason}. Check that {name} is delegated to the zone, \
         and that its CAA records allow amazon.com"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewal_that_does_not_come_is_told_before_the_certificate_expires() {
        let told = |status: sdk::RenewalStatus| {
            let renewal = sdk::RenewalSummary::builder()
                .renewal_status(status)
                .set_domain_validation_options(Some(Vec::new()))
                .renewal_status_reason(sdk::FailureReason::CaaError)
                .updated_at(aws_smithy_types::DateTime::from_secs(0));
            let detail = sdk::CertificateDetail::builder().renewal_summary(renewal.build().unwrap());
            renewal_trouble("video.example.com", &detail.build())
        };
        assert!(told(sdk::RenewalStatus::Failed).unwrap().contains("ACM says FAILED (CAA_ERROR)"));
        assert!(told(sdk::RenewalStatus::PendingValidation).is_some());
        assert_eq!(told(sdk::RenewalStatus::Success), None);
        assert_eq!(told(sdk::RenewalStatus::PendingAutoRenewal), None);
    }
}
