//! The viewer front: plays a CloudFront distribution over HTTP on the gateway's port.
//!
//! A distribution is reached by its own domain name or an alias in the `Host` header, by
//! `<id>.cloudfront.localhost`, which browsers resolve without DNS, and by the path
//! `/_viewer/<id>/…`, which works everywhere because playlists are relative. The emulator serves the request
//! as the edge would: behaviours, origin access control and the bucket's policy decide. This front refuses what the
//! emulator lets through: distributions that are disabled or unknown, and methods that no edge takes.
//!
//! A cache of what was served belongs between [`Viewer::serve`] and the request it makes.

use std::sync::{Arc, RwLock};

use axum::body::Body;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};

use super::clients::Clients;
use super::plain::Plain;

/// The path under which every distribution can be played.
pub(super) const PREFIX: &str = "/_viewer/";

const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// What a viewer asked for, before it is known whether that exists.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    site: Named,
    path_and_query: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Named {
    Id(String),
    Host(String),
}

/// What this front knows of a distribution.
#[derive(Debug, Clone)]
struct Site {
    id: String,
    domain: String,
    aliases: Vec<String>,
    enabled: bool,
}

/// Serves distributions to viewers.
pub(super) struct Viewer {
    clients: Clients,
    http: Plain,
    upstream: String,
    /// Asked for again after every change that passes the gateway.
    sites: RwLock<Option<Arc<Vec<Site>>>>,
}

impl Viewer {
    pub(super) fn new(clients: Clients, http: Plain, upstream: String) -> Self {
        Self { clients, http, upstream, sites: RwLock::new(None) }
    }

    /// Forgets what is known of the distributions, because one may have changed.
    pub(super) fn forget(&self) {
        *self.sites.write().expect("no writer panics") = None;
    }

    /// Answers a viewer as an edge location would.
    pub(super) async fn serve(&self, target: Target, mut request: Request<Body>) -> Response<Body> {
        if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            return refusal(
                StatusCode::FORBIDDEN,
                "This distribution is not configured to allow the HTTP request method that was used for this \
                 request. The distribution supports only cachable requests.",
            );
        }
        let sites = match self.sites().await {
            Ok(sites) => sites,
            Err(why) => return refusal(StatusCode::SERVICE_UNAVAILABLE, &why),
        };
        let Some(site) = sites.iter().find(|site| site.enabled && site.is(&target.site)) else {
            return refusal(
                StatusCode::FORBIDDEN,
                "Bad request. We can't connect to the server for this app or website at this time.",
            );
        };
        let Ok(uri) = format!("{}{}", self.upstream, target.path_and_query).parse::<Uri>() else {
            return refusal(StatusCode::BAD_REQUEST, "Bad request.");
        };
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        if let Ok(host) = HeaderValue::from_str(&site.domain) {
            headers.insert(header::HOST, host);
        }
        // This loopback address stands for the edge's HTTPS one, so nothing is redirected to HTTPS;
        // a request that says it came by plain HTTP sees the redirect.
        headers.entry(FORWARDED_PROTO).or_insert(HeaderValue::from_static("https"));
        match self.http.request(request).await {
            Ok(response) => response.map(Body::new),
            Err(error) => refusal(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
        }
    }

    async fn sites(&self) -> Result<Arc<Vec<Site>>, String> {
        if let Some(sites) = &*self.sites.read().expect("no writer panics") {
            return Ok(Arc::clone(sites));
        }
        let mut sites = Vec::new();
        let mut marker = None;
        loop {
            let page = self.clients.cloudfront.list_distributions().set_marker(marker).send().await;
            let page = page.map_err(|error| format!("ListDistributions: {}", error.into_service_error()))?;
            let Some(list) = page.distribution_list() else { break };
            sites.extend(list.items().iter().map(|summary| Site {
                id: summary.id().to_owned(),
                domain: summary.domain_name().to_owned(),
                aliases: summary.aliases().map(|aliases| aliases.items().to_vec()).unwrap_or_default(),
                enabled: summary.enabled(),
            }));
            marker = list.next_marker().map(str::to_owned);
            if !list.is_truncated() || marker.is_none() {
                break;
            }
        }
        let sites = Arc::new(sites);
        *self.sites.write().expect("no writer panics") = Some(Arc::clone(&sites));
        Ok(sites)
    }
}

impl Site {
    fn is(&self, named: &Named) -> bool {
        match named {
            Named::Id(id) => self.id.eq_ignore_ascii_case(id),
            Named::Host(host) => {
                self.domain.eq_ignore_ascii_case(host)
                    || self.aliases.iter().any(|alias| alias_covers(alias, host))
            }
        }
    }
}

/// `*.example.com` covers one more label, as in a certificate.
fn alias_covers(alias: &str, host: &str) -> bool {
    match alias.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
        None => alias.eq_ignore_ascii_case(host),
    }
}

/// What a request asks of a distribution; `None` for a request to a service.
pub(super) fn target<B>(request: &Request<B>) -> Option<Target> {
    let path_and_query = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    if let Some(rest) = path_and_query.strip_prefix(PREFIX) {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (id, rest) = rest.split_at(end);
        let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
        return Some(Target { site: Named::Id(id.to_owned()), path_and_query: rest });
    }
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    let site = match host.strip_suffix(".cloudfront.localhost") {
        Some(id) => Named::Id(id.to_owned()),
        None if is_a_service(&host) => return None,
        None => Named::Host(host),
    };
    Some(Target { site, path_and_query: path_and_query.to_owned() })
}

/// Names under which the services themselves are called; any other is taken for a viewer's.
fn is_a_service(host: &str) -> bool {
    let loopback = host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[');
    loopback
        || host == "localhost"
        || host.ends_with(".localhost")
        || host.ends_with(".amazonaws.com")
        || host.ends_with(".on.aws")
        || host.ends_with(".api.aws")
}

/// An edge location's own error page.
fn refusal(status: StatusCode, why: &str) -> Response<Body> {
    let page = format!(
        "<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY>\n\
         <H1>{status} ERROR</H1>\n<H2>The request could not be satisfied.</H2>\n{why}\n\
         <PRE>Generated by cloudfront (CloudFront)</PRE>\n</BODY></HTML>\n",
        status = status.as_u16(),
    );
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/html")
        .header(header::SERVER, "CloudFront")
        .header("x-cache", "Error from cloudfront")
        .body(Body::from(page))
        .expect("the parts are constant")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: &str, uri: &str) -> Option<Target> {
        target(&Request::builder().uri(uri).header("host", host).body(()).unwrap())
    }

    #[test]
    fn a_distribution_is_named_by_path_by_id_or_by_host() {
        let id = |id: &str, rest: &str| Target { site: Named::Id(id.into()), path_and_query: rest.into() };
        assert_eq!(asked("127.0.0.1:4566", "/_viewer/E1/a/b.ts?x=1"), Some(id("E1", "/a/b.ts?x=1")));
        assert_eq!(asked("127.0.0.1:4566", "/_viewer/E1"), Some(id("E1", "/")));
        assert_eq!(asked("e1.cloudfront.localhost:4566", "/a"), Some(id("e1", "/a")));
        let host = Named::Host("d1.cloudfront.net".into());
        assert_eq!(
            asked("D1.cloudfront.net", "/a"),
            Some(Target { site: host, path_and_query: "/a".into() })
        );
    }

    #[test]
    fn a_service_is_no_distribution() {
        for host in [
            "127.0.0.1:4566",
            "localhost:4566",
            "b.s3.localhost:4566",
            "b.s3.us-east-1.amazonaws.com",
            "[::1]:80",
        ] {
            assert_eq!(asked(host, "/assets/x"), None, "{host}");
        }
    }

    #[test]
    fn a_wildcard_alias_covers_one_label() {
        assert!(alias_covers("*.example.com", "video.example.com"));
        assert!(!alias_covers("*.example.com", "a.video.example.com"));
        assert!(!alias_covers("*.example.com", "example.com"));
        assert!(alias_covers("Video.example.com", "video.example.com"));
    }
}
