//! The `alerts` section: where failure alerts are sent.

use schemars::JsonSchema;
use serde::Serialize;

use super::domain::host_fault;
use super::reader::{Scalar, Table, Wrong};
use super::tree::Text;
use super::values::text;

/// Where failure alerts are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Alerts {
    /// The e-mail address that receives alarms. Its owner must confirm the subscription once.
    #[schemars(email, length(max = 254))]
    pub email: String,
}

/// An e-mail address.
struct Email(String);

impl Scalar for Email {
    const EXAMPLE: &'static str = "media-oncall@example.com";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let address = text(written)?;
        match fault(address) {
            Some(label) => Err(Wrong::new(
                "is not an e-mail address",
                label,
                "one address, such as media-oncall@example.com",
            )),
            None => Ok(Self(address.to_owned())),
        }
    }
}

/// Accepts the addresses of RFC 5321, except quoted names and address literals, which alert lists do not use.
fn fault(address: &str) -> Option<String> {
    let Some((local, host)) = address.rsplit_once('@') else {
        return Some("there is no @".to_owned());
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if let Some(other) = local.chars().find(|c| !allowed(*c)) {
        return Some(format!("`{}` is not allowed before the @", other.escape_debug()));
    }
    if local.is_empty() || local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Some("the part before the @ is empty, or its dots are misplaced".to_owned());
    }
    if local.len() > 64 || address.len() > 254 {
        return Some("too long: 64 characters before the @, 254 in all".to_owned());
    }
    if !host.contains('.') {
        return Some("the part after the @ is not a full domain name".to_owned());
    }
    host_fault(&host.to_ascii_lowercase())
}

/// Reads `alerts`.
pub(super) fn read(table: &Table<'_>) -> Option<Alerts> {
    let Email(email) = table.required::<Email>("email")?;
    Some(Alerts { email })
}
