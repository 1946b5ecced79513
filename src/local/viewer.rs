//! The viewer front: plays a CloudFront distribution over HTTP on the gateway's port.
//!
//! A distribution is reached by its own domain name or an alias in the `Host` header, by
//! `<id>.cloudfront.localhost`, which browsers resolve without DNS, and by the path
//! `/_viewer/<id>/…`, which works everywhere because playlists are relative. The emulator plays the way to the origin:
//! behaviours, origin access control and the bucket's policy decide. What the emulator does not know is done here:
//! distributions that are off, countries (by the header `CloudFront-Viewer-Country`), signatures, and the cache.

mod access;
mod cache;
mod site;

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt;

use super::clients::Clients;
use super::guard;
use super::plain::Plain;
use access::{Asked, Refusal};
use cache::{Cache, Kept, LARGEST};
use site::{Behavior, Site};

/// The path under which every distribution can be played.
pub(super) const PREFIX: &str = "/_viewer/";

const FORWARDED_PROTO: &str = "x-forwarded-proto";
const VIEWER_COUNTRY: &str = "cloudfront-viewer-country";

/// What `X-Cache` says.
const HIT: &str = "Hit from cloudfront";
const MISS: &str = "Miss from cloudfront";
const ERROR: &str = "Error from cloudfront";

/// What a viewer asked for, before it is known whether that exists.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    site: Named,
    path_and_query: String,
    is_by_path: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Named {
    Id(String),
    Host(String),
}

/// Serves distributions to viewers.
pub(super) struct Viewer {
    clients: Clients,
    emulator: Plain,
    upstream: String,
    /// Asked for again after every change that passes the gateway.
    sites: RwLock<Option<Arc<Vec<Site>>>>,
    cache: Cache,
    /// The invalidations that have been carried out.
    invalidations: Mutex<HashSet<String>>,
}

/// A viewer's request as it came, before it is made the origin's.
struct Visit {
    /// The path and query that the origin is asked for.
    path_and_query: String,
    method: Method,
    headers: HeaderMap,
    /// Seconds from 1970.
    now: i64,
}

impl Viewer {
    pub(super) fn new(clients: Clients, emulator: Plain, upstream: String) -> Self {
        let (cache, invalidations) = (Cache::default(), Mutex::default());
        Self { clients, emulator, upstream, sites: RwLock::new(None), cache, invalidations }
    }

    /// Forgets what is known of the distributions, because one may have changed.
    pub(super) fn forget(&self) {
        *self.sites.write().expect("no writer panics") = None;
    }

    /// Forgets everything.
    pub(super) fn reset(&self) {
        self.forget();
        self.cache.clear();
    }

    /// Carries out a distribution's invalidations that have not been yet.
    pub(super) async fn invalidate(&self, distribution: &str) -> Result<(), String> {
        let cloudfront = &self.clients.cloudfront;
        let list = cloudfront.list_invalidations().distribution_id(distribution).send().await;
        let list = list.map_err(|error| format!("ListInvalidations: {}", error.into_service_error()))?;
        let items = list.invalidation_list.and_then(|list| list.items).unwrap_or_default();
        for id in items.into_iter().map(|summary| summary.id) {
            if !self.invalidations.lock().expect("no holder panics").insert(id.clone()) {
                continue;
            }
            let one = cloudfront.get_invalidation().distribution_id(distribution).id(id).send().await;
            let one = one.map_err(|error| format!("GetInvalidation: {}", error.into_service_error()))?;
            let batch = one.invalidation.and_then(|one| one.invalidation_batch);
            let paths = batch.and_then(|batch| batch.paths).and_then(|paths| paths.items);
            self.cache.invalidate(distribution, &paths.unwrap_or_default());
        }
        Ok(())
    }

    /// Answers a viewer as an edge location would.
    pub(super) async fn serve(&self, target: Target, request: Request<Body>) -> Response<Body> {
        let sites = match self.sites().await {
            Ok(sites) => sites,
            Err(why) => return refusal(StatusCode::SERVICE_UNAVAILABLE, &why),
        };
        let Some(site) = sites.iter().find(|site| site.enabled && is(site, &target.site)) else {
            return refusal(
                StatusCode::FORBIDDEN,
                "Bad request. We can't connect to the server for this app or website at this time.",
            );
        };
        let country = request.headers().get(VIEWER_COUNTRY).and_then(|value| value.to_str().ok());
        if !site.serves(country) {
            return refusal(
                StatusCode::FORBIDDEN,
                "The Amazon CloudFront distribution is configured to block access from your country.",
            );
        }
        let path = target.path_and_query.split('?').next().unwrap_or_default();
        let Some(behavior) = site.behavior(path).filter(|behavior| behavior.takes(request.method())) else {
            return refusal(
                StatusCode::FORBIDDEN,
                "This distribution is not configured to allow the HTTP request method that was used for this \
                 request. The distribution supports only cachable requests.",
            );
        };
        let now = now();
        if let Some(keys) = &behavior.keys {
            let query = target.path_and_query.split_once('?').map_or("", |(_, query)| query);
            let presented = access::presented(query, request.headers());
            if let Err(why) = access::check(keys, &presented, &asked(site, &target, &request, now)) {
                return denial(why);
            }
        }
        let path_and_query = match &behavior.keys {
            Some(_) => access::without_signature(&target.path_and_query),
            None => target.path_and_query.clone(),
        };
        let (method, headers) = (request.method().clone(), request.headers().clone());
        self.through_cache(site, behavior, Visit { path_and_query, method, headers, now }, request).await
    }

    async fn through_cache(
        &self,
        site: &Site,
        behavior: &Behavior,
        visit: Visit,
        mut request: Request<Body>,
    ) -> Response<Body> {
        // Who says that he came by plain HTTP is redirected, which no cache answers.
        let secure = visit.headers.get(FORWARDED_PROTO).is_none_or(|proto| proto == "https");
        let key = behavior.key(site, &visit.path_and_query, &visit.headers);
        if let Some(kept) = self.cache.get(&key).filter(|_| secure) {
            let age = (visit.now - kept.stored).max(0);
            if age < site.keeps(behavior, kept.status.as_u16(), &kept.headers) {
                let x_cache = if kept.status.is_success() { HIT } else { ERROR };
                return kept.answer(&visit.method, &visit.headers, x_cache, age);
            }
        }
        let epoch = self.cache.epoch();
        let whole = secure && visit.method == Method::GET && !visit.headers.contains_key(header::RANGE);
        if whole {
            request.headers_mut().remove(header::IF_NONE_MATCH);
            request.headers_mut().remove(header::IF_MODIFIED_SINCE);
        }
        let mut response = self.origin(site, &visit.path_and_query, request).await;
        let status = response.status();
        let x_cache = if status.is_client_error() || status.is_server_error() { ERROR } else { MISS };
        response.headers_mut().insert("x-cache", HeaderValue::from_static(x_cache));
        let keeps = site.keeps(behavior, status.as_u16(), response.headers());
        let length = response.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let fits = length.and_then(|text| text.parse::<u64>().ok()).is_some_and(|length| length <= LARGEST);
        if !whole || keeps == 0 || !fits {
            return response;
        }
        let (parts, body) = response.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return refusal(StatusCode::BAD_GATEWAY, &error.to_string()),
        };
        let kept = Kept { status, headers: parts.headers, body, stored: visit.now };
        let kept = Arc::new(kept);
        self.cache.put(epoch, key, Arc::clone(&kept));
        kept.answer(&visit.method, &visit.headers, x_cache, 0)
    }

    /// What the origin answers, through the emulator.
    async fn origin(&self, site: &Site, path_and_query: &str, mut request: Request<Body>) -> Response<Body> {
        let Ok(uri) = format!("{}{path_and_query}", self.upstream).parse::<Uri>() else {
            return refusal(StatusCode::BAD_REQUEST, "Bad request.");
        };
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        if let Ok(host) = HeaderValue::from_str(&site.domain) {
            headers.insert(header::HOST, host);
        }
        // The edge signs for the origin; a viewer's own credentials are none of the origin's business.
        headers.remove(header::AUTHORIZATION);
        // This loopback address stands for the edge's HTTPS one, so nothing is redirected to HTTPS;
        // a request that says it came by plain HTTP sees the redirect.
        headers.entry(FORWARDED_PROTO).or_insert(HeaderValue::from_static("https"));
        match self.emulator.request(request).await {
            Ok(response) => response.map(Body::new),
            Err(error) => refusal(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
        }
    }

    async fn sites(&self) -> Result<Arc<Vec<Site>>, String> {
        if let Some(sites) = &*self.sites.read().expect("no writer panics") {
            return Ok(Arc::clone(sites));
        }
        let sites = Arc::new(site::read(&self.clients).await?);
        *self.sites.write().expect("no writer panics") = Some(Arc::clone(&sites));
        Ok(sites)
    }
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// The forms of the URL that a policy may name: as it was asked for here, or by the distribution's own names, in which
/// an app would sign it for AWS.
fn asked<B>(site: &Site, target: &Target, request: &Request<B>, now: i64) -> Asked {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let here = text("host").unwrap_or_default();
    let path_and_query = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    let names = std::iter::once(&site.domain).chain(&site.aliases).map(String::as_str);
    let forms = names.map(|name| (name, target.path_and_query.as_str())).chain([(here, path_and_query)]);
    let urls = forms.flat_map(|(name, path)| {
        let path = access::without_signature(path);
        ["https", "http"].map(|scheme| format!("{scheme}://{name}{path}"))
    });
    let viewer = text("x-forwarded-for").and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
    Asked { urls: urls.collect(), viewer: viewer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), now }
}

fn is(site: &Site, named: &Named) -> bool {
    match named {
        Named::Id(id) => site.id.eq_ignore_ascii_case(id),
        Named::Host(host) => {
            site.domain.eq_ignore_ascii_case(host)
                || site.aliases.iter().any(|alias| alias_covers(alias, host))
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

impl Target {
    /// Whether the path names the distribution, and not the host.
    pub(super) fn is_by_path(&self) -> bool {
        self.is_by_path
    }
}

/// What a request to this host (without its port) asks of a distribution; `None` for a request to a service.
pub(super) fn target(uri: &Uri, host: &str) -> Option<Target> {
    let path_and_query = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    if let Some(rest) = path_and_query.strip_prefix(PREFIX) {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (id, rest) = rest.split_at(end);
        let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
        return Some(Target { site: Named::Id(id.to_owned()), path_and_query: rest, is_by_path: true });
    }
    let site = match host.strip_suffix(".cloudfront.localhost") {
        Some(id) => Named::Id(id.to_owned()),
        None if guard::is_loopback(host) => return None,
        None => Named::Host(host.to_owned()),
    };
    Some(Target { site, path_and_query: path_and_query.to_owned(), is_by_path: false })
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
        .header("x-cache", ERROR)
        .body(Body::from(page))
        .expect("the parts are constant")
}

/// An edge location's answer to a request without the right signature.
fn denial(why: Refusal) -> Response<Body> {
    let (code, message) = why.code_and_message();
    let page = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    Response::builder()
        .status(StatusCode::FORBIDDEN)
        .header(header::CONTENT_TYPE, "text/xml")
        .header(header::SERVER, "CloudFront")
        .header("x-cache", ERROR)
        .body(Body::from(page))
        .expect("the parts are constant")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: &str, uri: &str) -> Option<Target> {
        target(&uri.parse().unwrap(), host)
    }

    #[test]
    fn a_distribution_is_named_by_path_by_id_or_by_host() {
        let named = |site: Named, rest: &str, is_by_path| {
            Some(Target { site, path_and_query: rest.into(), is_by_path })
        };
        let id = |id: &str| Named::Id(id.into());
        assert_eq!(asked("127.0.0.1", "/_viewer/E1/a/b.ts?x=1"), named(id("E1"), "/a/b.ts?x=1", true));
        assert_eq!(asked("127.0.0.1", "/_viewer/E1"), named(id("E1"), "/", true));
        assert_eq!(asked("e1.cloudfront.localhost", "/a"), named(id("e1"), "/a", false));
        let host = Named::Host("d1.cloudfront.net".into());
        assert_eq!(asked("d1.cloudfront.net", "/a"), named(host, "/a", false));
    }

    #[test]
    fn a_service_is_no_distribution() {
        for host in ["127.0.0.1", "localhost", "b.s3.localhost", "[::1]"] {
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
