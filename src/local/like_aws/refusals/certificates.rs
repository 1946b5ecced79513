//! ACM: a certificate that a distribution uses stays.

use aws_sdk_cloudfront::types::DistributionSummary;

use super::asked::Asked;
use super::ban::{Ban, Verdict};
use super::state::State;

static IN_USE: Ban = Ban {
    name: "deleting a certificate in use",
    code: "ResourceInUseException",
    status: 400,
    source: "https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html",
};
static NAME: Ban = Ban {
    name: "a certificate for what is no domain name",
    code: "ValidationException",
    status: 400,
    source: "https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html",
};

/// The bans of this service.
pub(super) const BANS: &[&Ban] = &[&IN_USE, &NAME];

/// Refuses a call that ACM refuses.
pub(super) async fn judge(asked: &Asked, state: &State) -> Verdict {
    match asked.operation.as_str() {
        "DeleteCertificate" => {
            let arn = asked.members.text("CertificateArn").unwrap_or_default();
            free(arn, &state.distributions().await?, &state.account)
        }
        "RequestCertificate" => ["DomainName", "SubjectAlternativeNames"]
            .into_iter()
            .flat_map(|member| asked.members.texts(member))
            .try_for_each(domain),
        _ => Ok(()),
    }
}

fn free(arn: &str, all: &[DistributionSummary], account: &str) -> Verdict {
    let uses = |distribution: &DistributionSummary| {
        let certificate = distribution.viewer_certificate.as_ref();
        certificate.and_then(|certificate| certificate.acm_certificate_arn.as_deref()) == Some(arn)
    };
    IN_USE.refuse_if(all.iter().any(uses), || format!("Certificate {arn} in account {account} is in use."))
}

/// Labels of letters, digits and hyphens; the first may be a star.
fn domain(name: &str) -> Verdict {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let plain = name.strip_prefix("*.").unwrap_or(name).trim_end_matches('.');
    let fits = name.len() <= 253 && plain.contains('.') && plain.split('.').all(label);
    NAME.refuse_if(!fits, || {
        format!(
            "1 validation error detected: Value '{name}' at 'domainName' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: (\\*\\.)?(((?!-)[A-Za-z0-9-]{{0,62}}[A-Za-z0-9])\\.)+((?!-)[A-Za-z0-9-]\
             {{1,62}}[A-Za-z0-9])"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::ban::said;
    use super::*;

    #[test]
    fn a_certificate_is_for_a_domain_name() {
        for name in ["example.com", "*.a-b.example.com"] {
            assert_eq!(domain(name), Ok(()), "{name}");
        }
        for name in ["x", "a b.example.com", "a.*.example.com", "-a.example.com", "a..example.com"] {
            assert!(said(domain(name)).starts_with("a certificate for what is no domain name"), "{name}");
        }
    }
}
