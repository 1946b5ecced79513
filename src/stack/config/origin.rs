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
#[schemars(extend("pattern" = r"^(https://[^/*\s]+|http://(([^/*\s:]+\.)?localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)$"))]
pub(super) struct UploadOrigin(pub(super) String);

impl Scalar for UploadOrigin {
    const EXAMPLE: &'static str = "\"https://app.example.com\"";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let origin = text(written)?;
        let help = "https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost";
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
    let (host, port) = host_and_port(rest);
    match port {
        Some(port) if port == default_port => {
            return Some(format!("browsers leave the port {port} out: {scheme}://{host}"));
        }
        Some(port) if port.starts_with('0') || !port.parse::<u16>().is_ok_and(|port| port > 0) => {
            return Some("the port must be 1 to 65535".to_owned());
        }
        _ => {}
    }
    if is_loopback(host) {
        return None;
    }
    // Whoever is between the page and its server could answer for the page, with the user's rights.
    let plain = || format!("anybody on the way can change a page of http: did you mean https://{rest}?");
    host_fault(host).or_else(|| (scheme == "http").then(plain))
}

/// Splits a port off. The colons of an IPv6 address are in brackets.
fn host_and_port(rest: &str) -> (&str, Option<&str>) {
    match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    }
}

/// True for the names and addresses by which a browser reaches its own machine: what is sent there leaves no machine.
fn is_loopback(host: &str) -> bool {
    let under = |name: &str| name.strip_suffix(".localhost").is_some_and(|name| host_fault(name).is_none());
    matches!(host, "localhost" | "127.0.0.1" | "[::1]") || under(host)
}

/// An origin whose pages may play videos, or `*` for every site.
#[derive(Debug, PartialEq, JsonSchema)]
#[schemars(extend("pattern" = r"^(\*|https://[^/*\s]+|http://(([^/*\s:]+\.)?localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)$"))]
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
