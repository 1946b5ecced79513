//! Web origins for CORS rules.

use schemars::JsonSchema;

use super::domain::host_fault;
use super::reader::{Scalar, Wrong};
use super::tree::Text;
use super::values::text;

/// An origin as browsers send it: scheme, host, and the port if it is not the scheme's default.
///
/// Never `*`: uploads use a user's permissions, and other sites must not use those.
#[derive(Debug, PartialEq, JsonSchema)]
#[schemars(extend("pattern" = r"^https?://[^/*\s]+$"))]
pub(super) struct UploadOrigin(pub(super) String);

impl Scalar for UploadOrigin {
    const EXAMPLE: &'static str = "\"https://app.example.com\"";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let origin = text(written)?;
        let help = "scheme://host or scheme://host:port, lower case, without path and trailing slash: https://app.example.com";
        match fault(origin) {
            Some(label) => Err(Wrong::new("is not an origin", label, help)),
            None => Ok(Self(origin.to_owned())),
        }
    }
}

/// Returns why `origin` would never equal the value that a browser sends.
fn fault(origin: &str) -> Option<String> {
    if origin.contains('*') {
        return Some("`*` is not allowed here: name each origin".to_owned());
    }
    let Some((scheme, rest)) = origin.split_once("://") else {
        return Some(format!("no scheme: did you mean https://{}?", origin.trim_end_matches('/')));
    };
    let default_port = match scheme {
        "https" => "443",
        "http" => "80",
        _ => return Some("the scheme must be https or http".to_owned()),
    };
    if let Some((host, path)) = rest.split_once('/') {
        let label = if path.is_empty() { "no trailing slash" } else { "no path" };
        return Some(format!("{label}: did you mean {scheme}://{host}?"));
    }
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (rest, None),
    };
    match port {
        Some(port) if port == default_port => {
            return Some(format!("browsers leave the port {port} out: {scheme}://{host}"));
        }
        Some(port) if port.starts_with('0') || !port.parse::<u16>().is_ok_and(|port| port > 0) => {
            return Some("the port must be 1 to 65535".to_owned());
        }
        _ => {}
    }
    host_fault(host)
}

/// An origin whose pages may play videos, or `*` for every site.
#[derive(Debug, PartialEq, JsonSchema)]
#[schemars(extend("pattern" = r"^(\*|https?://[^/*\s]+)$"))]
pub(super) struct PlayerOrigin(pub(super) String);

impl Scalar for PlayerOrigin {
    const EXAMPLE: &'static str = "\"https://www.example.com\"";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        if written.text == "*" {
            return Ok(Self("*".to_owned()));
        }
        UploadOrigin::scalar(written).map(|UploadOrigin(origin)| Self(origin))
    }
}
