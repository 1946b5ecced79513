//! A certificate that somebody else sees to: what it is good for.

use super::validation::describe;
use crate::aws::{Context, Result};

/// What ACM says of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// ACM's word for its state: `ISSUED`, `EXPIRED`, `PENDING_VALIDATION`, …
    pub status: String,
    /// When it ends, in seconds since 1970.
    pub not_after: Option<i64>,
    /// The names it covers; `*` stands for one label.
    pub names: Vec<String>,
}

/// The certificate of that ARN, which is in the context's region, or nothing if there is none.
///
/// # Errors
/// When ACM cannot be asked.
pub async fn issued(cx: &Context, arn: &str) -> Result<Option<Issued>> {
    let detail = describe(cx, arn).await?;
    Ok(detail.map(|detail| Issued {
        status: detail.status.map_or_else(String::new, |status| status.as_str().to_owned()),
        not_after: detail.not_after.map(|end| end.secs()),
        names: detail
            .domain_name
            .into_iter()
            .chain(detail.subject_alternative_names.unwrap_or_default())
            .collect(),
    }))
}

impl Issued {
    /// Whether it covers `name`, as RFC 6125 matches names: a wildcard stands for exactly one label.
    pub fn covers(&self, name: &str) -> bool {
        let parent = name.split_once('.').map_or("", |(_, parent)| parent);
        self.names.iter().any(|covered| {
            covered.eq_ignore_ascii_case(name)
                || covered.strip_prefix("*.").is_some_and(|covered| covered.eq_ignore_ascii_case(parent))
        })
    }
}
