//! The proxies of the environment, and which requests they are for.
//!
//! `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy` are read, in lower case before upper case, as curl does. Requests
//! to this machine, to its metadata service and to the credential service of its container use none.

use std::ffi::OsString;

use aws_smithy_http_client::proxy::ProxyConfig;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::{Host, Url};

use super::{NetworkFault, Variables};

/// How a request leaves this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Direct,
    HttpProxy,
    HttpsProxy,
}

/// The proxies, and what is asked without them.
#[derive(Debug)]
pub(super) struct Proxies {
    http: Option<ProxyConfig>,
    https: Option<ProxyConfig>,
    excepted: Vec<Exception>,
    /// Hosts that give this machine its credentials.
    own: Vec<String>,
}

/// Variables with the address of a service that gives credentials. The SDK asks only hosts near this machine, or by HTTPS.
const OF_CREDENTIALS: [&str; 2] = ["AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];

impl Proxies {
    pub(super) const fn none() -> Self {
        Self { http: None, https: None, excepted: Vec::new(), own: Vec::new() }
    }

    /// # Errors
    /// When an address cannot be used.
    pub(super) fn from(variables: Variables<'_>) -> Result<Self, NetworkFault> {
        // In a CGI program, `HTTP_PROXY` is a header that the client sent: https://httpoxy.org
        let cgi = variables("REQUEST_METHOD").is_some();
        let http: &[&str] = if cgi { &["http_proxy"] } else { &["http_proxy", "HTTP_PROXY"] };
        let all = &["all_proxy", "ALL_PROXY"];
        let proxy = |names: &[&'static str]| {
            let Some((variable, value)) = first(variables, names).or_else(|| first(variables, all)) else {
                return Ok(None);
            };
            address(&value).map(Some).map_err(|why| NetworkFault::Proxy { variable, why })
        };
        let excepted =
            first(variables, &["no_proxy", "NO_PROXY"]).map(|(_, value)| value).unwrap_or_default();
        let hosts = OF_CREDENTIALS.iter().filter_map(|name| {
            let address = Url::parse(variables(name)?.to_str()?).ok()?;
            address.host_str().map(str::to_owned)
        });
        Ok(Self {
            https: proxy(&["https_proxy", "HTTPS_PROXY"])?,
            http: proxy(http)?,
            excepted: excepted.to_string_lossy().split(',').filter_map(Exception::read).collect(),
            own: hosts.collect(),
        })
    }

    /// How a request to this address leaves the machine.
    pub(super) fn way(&self, address: &str) -> Way {
        let Ok(uri) = address.parse::<Uri>() else { return Way::Direct };
        let way = match uri.scheme_str() {
            Some("https") if self.https.is_some() => Way::HttpsProxy,
            Some("http") if self.http.is_some() => Way::HttpProxy,
            _ => return Way::Direct,
        };
        let host = uri.host().unwrap_or_default();
        let own = is_near(host) || self.own.iter().any(|own| own.eq_ignore_ascii_case(host));
        if own || self.excepted.iter().any(|one| one.covers(&uri)) { Way::Direct } else { way }
    }

    pub(super) fn config(&self, way: Way) -> ProxyConfig {
        let proxy = match way {
            Way::Direct => None,
            Way::HttpProxy => self.http.clone(),
            Way::HttpsProxy => self.https.clone(),
        };
        proxy.unwrap_or_else(ProxyConfig::disabled)
    }
}

/// The first of these variables that is set, with its name.
fn first(variables: Variables<'_>, names: &[&'static str]) -> Option<(&'static str, OsString)> {
    names.iter().find_map(|name| Some((*name, variables(name)?)))
}

/// A proxy for everything that is sent to it. Which requests these are, [`Proxies::way`] decides.
fn address(value: &OsString) -> Result<ProxyConfig, String> {
    let text = value.to_str().ok_or("it is not UTF-8")?.trim();
    // As curl, the AWS CLI takes an address without a scheme for one with `http`.
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let address = Url::parse(&whole).map_err(|error| error.to_string())?;
    match address.scheme() {
        "http" | "https" => {}
        scheme if scheme.starts_with("socks") => {
            return Err(format!("it is a SOCKS proxy ({scheme}), and only HTTP proxies are supported"));
        }
        scheme => return Err(format!("its scheme is {scheme}, not http or https")),
    }
    ProxyConfig::all(address.as_str()).map_err(|_| "it has no host".to_owned())
}

/// Whether a host is this machine (RFC 6761, 6.3 for the name), or only this machine reaches it: the metadata service of EC2
/// and the credential services of ECS and EKS have link-local addresses, or `fd00:ec2::/32` in IPv6.
pub(super) fn is_near(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_link_local(),
        Ok(Host::Ipv6(ip)) => ip.is_loopback() || ip.segments()[..2] == [0xfd00, 0xec2],
        Ok(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Err(_) => false,
    }
}

/// An entry of `NO_PROXY`: a name with all names under it, an address, a network, or `*`; with a port, that port alone.
#[derive(Debug)]
struct Exception {
    /// It catches what the entry does not cover.
    rest: Matcher,
    port: Option<u16>,
}

impl Exception {
    fn read(entry: &str) -> Option<Self> {
        let entry = entry.trim();
        let host = entry.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (host, port) = match host {
            Some((host, port)) => (host, port.strip_prefix(':')),
            // In an IPv6 address without brackets, a colon begins no port.
            None if entry.matches(':').count() > 1 => (entry, None),
            None => entry.split_once(':').map_or((entry, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map(str::parse).transpose().ok()?;
        // Browsers and the SDKs of some languages write `*.example.com`.
        let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
        let rest = Matcher::builder().all("http://proxy").no(host).build();
        (!host.is_empty()).then_some(Self { rest, port })
    }

    fn covers(&self, uri: &Uri) -> bool {
        let of_scheme = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(of_scheme);
        self.port.is_none_or(|only| only == port) && self.rest.intercept(uri).is_none()
    }
}
