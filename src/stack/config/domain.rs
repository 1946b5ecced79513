//! The service's own domain name.

use schemars::JsonSchema;
use serde::Serialize;

use super::reader::{Scalar, Table, Wrong};
use super::tree::Text;
use super::values::text;

/// The most characters of a certificate's first name: ACM puts it into the common name.
const MAX_CERTIFICATE_NAME: usize = 64;

/// The name viewers use, and the hosted zone it is put into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Domain {
    /// The host name viewers use, such as video.example.com; at most 64 characters.
    #[schemars(extend("pattern" = NAME_PATTERN, "maxLength" = 64))]
    pub name: String,
    /// The public hosted zone in Route 53 that holds the name, such as example.com.
    #[schemars(extend("pattern" = NAME_PATTERN, "maxLength" = 253))]
    pub zone: String,
}

const NAME_PATTERN: &str = "^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$";

/// A DNS name of at least two labels.
struct DnsName(String);

impl Scalar for DnsName {
    const EXAMPLE: &'static str = "example.com";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let name = text(written)?;
        let fault = match name {
            name if name.ends_with('.') => Some("no dot at the end".to_owned()),
            name if !name.contains('.') => Some("a name of one label cannot be delegated".to_owned()),
            name if name.parse::<std::net::Ipv4Addr>().is_ok() => Some("this is an address".to_owned()),
            name => host_fault(name),
        };
        let help = "lower-case labels of a-z, 0-9 and hyphen, joined by dots: video.example.com";
        match fault {
            Some(label) => Err(Wrong::new("is not a domain name", label, help)),
            None => Ok(Self(name.to_owned())),
        }
    }
}

/// Why `host` is not a lower-case name of letters, digits and hyphens (RFC 1123).
pub(super) fn host_fault(host: &str) -> Option<String> {
    if host.len() > 253 {
        return Some(format!("{} characters, 253 at most", host.len()));
    }
    host.split('.').find_map(label_fault)
}

fn label_fault(label: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if label.is_empty() {
        Some("a label between the dots is empty".to_owned())
    } else if label.chars().any(|c| c.is_ascii_uppercase()) {
        Some(format!("must be lower case: {}", label.to_ascii_lowercase()))
    } else if let Some(other) = label.chars().find(|c| !allowed(*c)) {
        Some(format!("`{}` is not allowed in a name", other.escape_debug()))
    } else if label.starts_with('-') || label.ends_with('-') {
        Some(format!("the label `{label}` begins or ends with a hyphen"))
    } else if label.len() > 63 {
        Some(format!("a label of {} characters, 63 at most", label.len()))
    } else {
        None
    }
}

/// Reads `domain`.
pub(super) fn read(table: &Table<'_>) -> Option<Domain> {
    let name = table.required::<DnsName>("name");
    let zone = table.required::<DnsName>("zone");
    let (DnsName(name), DnsName(zone)) = (name?, zone?);
    let (name_value, zone_value) = (table.get("name")?, table.get("zone")?);
    let mut right = true;
    if name.len() > MAX_CERTIFICATE_NAME {
        let says = format!("is {} too long for a certificate", name.len() - MAX_CERTIFICATE_NAME);
        name_value.reject(Wrong::new(
            says,
            format!("{} characters", name.len()),
            format!("ACM takes {MAX_CERTIFICATE_NAME} at most"),
        ));
        right = false;
    }
    let inside = name == zone || name.strip_suffix(&zone).is_some_and(|rest| rest.ends_with('.'));
    if !inside {
        let wrong = Wrong::new(
            "is outside its zone",
            format!("does not end with .{zone}"),
            format!("a name in the zone, such as video.{zone}; or the zone that holds this name"),
        );
        name_value.contradicts(wrong, &zone_value, "the zone");
        right = false;
    }
    right.then_some(Domain { name, zone })
}
