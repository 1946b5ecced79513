//! A certificate that the stack uses but does not manage.

use super::validation::{DESCRIBE, describe};
use crate::aws::{Context, OrEmpty, Result, required};

/// The state of a certificate and the names it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its status in ACM: `ISSUED`, `EXPIRED`, `PENDING_VALIDATION`, …
    pub status: String,
    /// When it expires, in seconds since 1970.
    pub not_after: Option<i64>,
    /// The names it covers. `*` stands for one label.
    pub names: Vec<String>,
}

/// The certificate with this ARN, in the context's region, or nothing if it does not exist.
///
/// # Errors
/// When ACM cannot be asked, or its answer lacks status or name.
pub async fn issued(cx: &Context, arn: &str) -> Result<Option<Issued>> {
    let Some(detail) = describe(cx, arn).await? else { return Ok(None) };
    let domain_name = required(detail.domain_name, DESCRIBE, "DomainName")?;
    let others = detail.subject_alternative_names.or_empty();
    Ok(Some(Issued {
        status: required(detail.status, DESCRIBE, "Status")?.as_str().to_owned(),
        not_after: detail.not_after.map(|end| end.secs()),
        names: std::iter::once(domain_name).chain(others).collect(),
    }))
}

impl Issued {
    /// Whether it covers `name`. As in RFC 6125, a wildcard stands for exactly one label.
    pub fn covers(&self, name: &str) -> bool {
        let parent = name.split_once('.').map(|(_, parent)| parent);
        self.names.iter().any(|covered| match (covered.strip_prefix("*."), parent) {
            (Some(covered), Some(parent)) => covered.eq_ignore_ascii_case(parent),
            _ => covered.eq_ignore_ascii_case(name),
        })
    }
}
