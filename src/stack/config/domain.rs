//! The service's own domain name.

use schemars::JsonSchema;
use serde::Serialize;

use super::identity::{AccountId, is_account};
use super::reader::{Scalar, Table, Wrong};
use super::tree::Text;
use super::values::text;

/// The maximum length of a certificate's first name: ACM uses it as the common name.
const MAX_CERTIFICATE_NAME: usize = 64;

/// The domain name that viewers use, and the hosted zone that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("anyOf" = [{ "required": ["zone"] }, { "required": ["certificate"] }]),
    extend("dependentRequired" = { "zone_role": ["zone"] })
)]
pub struct Domain {
    /// The host name viewers use, such as video.example.com; at most 64 characters.
    #[schemars(extend("pattern" = NAME_PATTERN, "maxLength" = 64))]
    pub name: String,
    /// The public hosted zone in Route 53 that holds the name, such as example.com. Absent: the name is kept elsewhere,
    /// and `outputs` prints the records to set there; `certificate` is required then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = NAME_PATTERN, "maxLength" = 253))]
    pub zone: Option<String>,
    /// The ARN of a role in the account that holds the zone. Route 53 is called as this role. Absent: the zone is in the
    /// stack's account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^arn:aws:iam::[0-9]{12}:role/[\w+=,.@/-]{1,576}$"))]
    pub zone_role: Option<String>,
    /// The ARN of an ACM certificate that covers the name, in us-east-1 and this account. Absent: a certificate is
    /// created.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^arn:aws:acm:us-east-1:[0-9]{12}:certificate/[0-9a-f-]{36}$"))]
    pub certificate: Option<String>,
    /// Whether the distribution takes the name. With `false` it gets only the certificate, so that a name that another
    /// distribution has can be moved here without a gap.
    #[serde(skip_serializing_if = "Clone::clone")]
    #[schemars(default = "takes_the_name")]
    pub alias: bool,
}

const fn takes_the_name() -> bool {
    true
}

impl Domain {
    /// The name, if the distribution takes it.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        self.alias.then_some(self.name.as_str())
    }

    /// The account that holds the zone, if it is not the stack's.
    #[must_use]
    pub fn zone_account(&self) -> Option<&str> {
        self.zone_role.as_ref()?.split(':').nth(4)
    }
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

/// The ARN of a certificate, and the account in it.
struct CertificateArn {
    arn: String,
    account: String,
}

impl Scalar for CertificateArn {
    const EXAMPLE: &'static str =
        "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let arn = text(written)?;
        let parts: Vec<&str> = arn.split(':').collect();
        let label = match parts[..] {
            ["arn", "aws", "acm", "us-east-1", account, resource]
                if is_account(account) && is_certificate(resource) =>
            {
                return Ok(Self { arn: arn.to_owned(), account: account.to_owned() });
            }
            ["arn", "aws", "acm", region, _, _] if region != "us-east-1" => {
                "CloudFront only takes certificates of us-east-1, for every stack region"
            }
            _ => "not such an ARN",
        };
        let help = format!(
            "the ARN of an ACM certificate, such as {}; without this key one is created",
            Self::EXAMPLE
        );
        Err(Wrong::new("is not a certificate for CloudFront", label, help))
    }
}

impl CertificateArn {
    /// CloudFront only takes certificates of its own account.
    fn belongs(&self, table: &Table<'_>, account: Option<&AccountId>) -> bool {
        let right = account.is_none_or(|account| account.as_str() == self.account);
        if let (false, Some(value)) = (right, table.get("certificate")) {
            let own = account.map_or("", AccountId::as_str);
            let label = format!("account {}, but the stack's is {own}", self.account);
            let help = "request or import it in the stack's account, or remove the key: then one is created";
            value.reject(Wrong::new("is in another account", label, help));
        }
        right
    }
}

/// The ARN of a role.
struct RoleArn(String);

impl Scalar for RoleArn {
    const EXAMPLE: &'static str = "arn:aws:iam::444455556666:role/dns";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let arn = text(written)?;
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        match parts[..] {
            ["arn", "aws", "iam", "", account, role] if is_account(account) && is_role(role) => {
                Ok(Self(arn.to_owned()))
            }
            _ => {
                let help = format!(
                    "the ARN of a role in the account that holds the zone, such as {}; without this key, the zone is in \
                     the stack's account",
                    Self::EXAMPLE
                );
                Err(Wrong::new("is not a role", "not such an ARN", help))
            }
        }
    }
}

/// `role/`, a path, and a name (IAM: at most 512 and 64 characters).
fn is_role(resource: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@/-".contains(c);
    resource.strip_prefix("role/").is_some_and(|name| {
        (1..=576).contains(&name.len()) && !name.ends_with('/') && name.chars().all(allowed)
    })
}

/// `certificate/` and a UUID.
fn is_certificate(resource: &str) -> bool {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c) || c == '-';
    resource.strip_prefix("certificate/").is_some_and(|id| id.len() == 36 && id.chars().all(hex))
}

/// Returns why `host` is not a lower-case name of letters, digits and hyphens (RFC 1123).
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
pub(super) fn read(table: &Table<'_>, account: Option<&AccountId>) -> Option<Domain> {
    let name = table.required::<DnsName>("name");
    let zone = table.optional::<DnsName>("zone");
    let role = table.optional::<RoleArn>("zone_role");
    let certificate = table
        .optional::<CertificateArn>("certificate")
        .filter(|arn| arn.as_ref().is_none_or(|arn| arn.belongs(table, account)));
    let alias = table.or("alias", takes_the_name());
    // Without a certificate, the zone holds the record that proves the name.
    if table.get("zone").is_none() && table.get("certificate").is_none() {
        table.missing("zone", DnsName::EXAMPLE);
        return None;
    }
    let (DnsName(name), zone, role, certificate, alias) = (name?, zone?, role?, certificate?, alias?);
    let (zone, zone_role) = (zone.map(|DnsName(zone)| zone), role.map(|RoleArn(arn)| arn));
    let fits = fits_certificate(table, &name);
    let inside = zone.as_ref().is_none_or(|zone| is_inside(table, &name, zone));
    let has_zone = zone.is_some() || zone_role.is_none() || {
        let wrong = Wrong::new("has no zone", "whose zone?", "add `zone`, or remove this key");
        table.get("zone_role")?.reject(wrong);
        false
    };
    let certificate = certificate.map(|certificate| certificate.arn);
    (fits && inside && has_zone).then_some(Domain { name, zone, zone_role, certificate, alias })
}

/// Whether a name can be the first of a certificate.
fn fits_certificate(table: &Table<'_>, name: &str) -> bool {
    let fits = name.len() <= MAX_CERTIFICATE_NAME;
    if let (false, Some(value)) = (fits, table.get("name")) {
        let says = format!("is {} too long for a certificate", name.len() - MAX_CERTIFICATE_NAME);
        let (label, help) =
            (format!("{} characters", name.len()), format!("ACM takes {MAX_CERTIFICATE_NAME} at most"));
        value.reject(Wrong::new(says, label, help));
    }
    fits
}

/// Whether a name is in a zone.
fn is_inside(table: &Table<'_>, name: &str, zone: &str) -> bool {
    let inside = name == zone || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'));
    if let (false, Some(name_value), Some(zone_value)) = (inside, table.get("name"), table.get("zone")) {
        let wrong = Wrong::new(
            "is outside its zone",
            format!("does not end with .{zone}"),
            format!("a name in the zone, such as video.{zone}; or the zone that holds this name"),
        );
        name_value.contradicts(wrong, &zone_value, "the zone");
    }
    inside
}
