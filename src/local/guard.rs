//! Who may call what: every request passes here before anything is done for it.
//!
//! * A name that DNS may lead to this machine (rebinding) reaches nothing but a distribution of that name.
//! * A page of another origin reaches distributions, and the S3 objects that the bucket's CORS rules open to it.
//! * Every other call must be signed with the secret of the instance ([`Secret`]).

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::answer;
use super::secret::Secret;
use super::signature::{Claim, Fault, hash};
use super::viewer::{self, Target};

/// Paths of the local cloud itself.
pub(super) const OWN: &str = "/_provision/";
/// The largest body that is read before its signature is checked. S3's are not read at all.
pub(super) const LARGEST: usize = 128 << 20;

/// Whom a request is for.
#[derive(Debug, PartialEq)]
pub(super) enum Route {
    /// The local cloud itself.
    Own,
    /// A distribution.
    Viewer(Target),
    /// A service of AWS.
    Service,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denial {
    /// It names another host than this machine.
    Host,
    /// It asks for a path of the emulator itself, which only the gateway may call.
    Path,
    /// A page of another origin sent it.
    Origin,
    /// It may not do this with this key.
    Key,
    /// It is not signed, or not rightly.
    Signature(Fault),
    /// Its body cannot be read.
    Body,
}

impl Denial {
    /// The error that the caller reads.
    pub(super) fn answer(self, parts: &Parts) -> Response<Body> {
        const HOW: &str = "run `provision local env` for the address and the credentials";
        let (status, code) = match self {
            Self::Host | Self::Path | Self::Origin | Self::Key => (StatusCode::FORBIDDEN, "AccessDenied"),
            Self::Signature(Fault::Missing) => (StatusCode::FORBIDDEN, "MissingAuthenticationToken"),
            Self::Signature(Fault::Incomplete(_)) => (StatusCode::FORBIDDEN, "IncompleteSignature"),
            Self::Signature(Fault::Expired) => (StatusCode::FORBIDDEN, "RequestExpired"),
            Self::Signature(Fault::Mismatch) => (StatusCode::FORBIDDEN, "SignatureDoesNotMatch"),
            Self::Body => (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge"),
        };
        let why = match self {
            Self::Host => "the local cloud answers at loopback addresses and their names only".to_owned(),
            Self::Path => "this path is the emulator's own; it is not a service of AWS".to_owned(),
            Self::Origin => {
                "the local cloud answers no page of another origin; an S3 object is open to the origins \
                             in its bucket's CORS rules"
                    .to_owned()
            }
            Self::Key => format!("only the account's own key may do this: {HOW}"),
            Self::Signature(Fault::Missing) => format!("the local cloud takes signed calls only: {HOW}"),
            Self::Signature(Fault::Incomplete(part)) => format!("the signature lacks {part}: {HOW}"),
            Self::Signature(Fault::Expired) => {
                "the signature is of another time than now; sign again".to_owned()
            }
            Self::Signature(Fault::Mismatch) => {
                format!(
                    "the signature is not made with a key of this local cloud, or the call was changed: {HOW}"
                )
            }
            Self::Body => format!("the body cannot be read, or is larger than {} MiB", LARGEST >> 20),
        };
        answer::error(parts, status, code, &why)
    }
}

impl From<Fault> for Denial {
    fn from(fault: Fault) -> Self {
        Self::Signature(fault)
    }
}

/// Whom a request is for, if its host may ask for that.
pub(super) fn route(parts: &Parts) -> Result<Route, Denial> {
    let host = host(&parts.headers).ok_or(Denial::Host)?;
    let by_path = is_loopback(&host);
    if parts.uri.path().starts_with(OWN) {
        return if by_path { Ok(Route::Own) } else { Err(Denial::Host) };
    }
    if is_of_the_emulator(parts.uri.path()) {
        return Err(Denial::Path);
    }
    match viewer::target(&parts.uri, &host) {
        Some(target) if by_path || !target.is_by_path() => Ok(Route::Viewer(target)),
        None if by_path => Ok(Route::Service),
        _ => Err(Denial::Host),
    }
}

/// Whether a path, decoded as the emulator decodes it, is one of its own routes. As a key of S3 it would be one as well.
fn is_of_the_emulator(path: &str) -> bool {
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    ["/_ministack", "/_localstack"].iter().any(|own| path.starts_with(own))
}

/// The one host that a request names, without its port.
pub(super) fn host(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (all.next(), all.next()) else { return None };
    let host = host.to_str().ok()?;
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    name.bytes().all(allowed).then(|| name.trim_end_matches('.').to_ascii_lowercase())
}

/// Whether a name always means this machine: no DNS server can lead it elsewhere (RFC 6761, 6.3).
pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    address.is_ok_and(|address| address.is_loopback()) || host == "localhost" || host.ends_with(".localhost")
}

/// Whether a page of another origin sent it. A program sends neither header.
pub(super) fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |value: Option<&axum::http::HeaderValue>| {
        value.and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let own = text(headers.get(header::HOST)).map(|host| format!("http://{host}"));
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let of_another = origins.any(|origin| text(Some(origin)) != own);
    let mut sites = headers.get_all("sec-fetch-site").iter();
    of_another || sites.any(|site| site != "same-origin" && site != "none")
}

/// Takes a request if it is signed with a key of this instance: its body, and who signed it.
///
/// The body of a call to S3 is not read: its signature covers what the call declares of it.
pub(super) async fn admit(secret: &Secret, parts: &Parts, body: Body) -> Result<(Body, Claim), Denial> {
    let claim = Claim::of(parts)?;
    let (content, body) = if let Some(content) = claim.content(parts)? {
        (content, body)
    } else {
        let bytes = Limited::new(body, LARGEST)
            .collect()
            .await
            .map_err(|error| unreadable(error.as_ref()))?
            .to_bytes();
        (hash(&bytes), Body::from(bytes))
    };
    let now = jiff::Timestamp::now().as_second();
    claim.check(parts, &content, &secret.of_key(&claim.key_id), now)?;
    Ok((body, claim))
}

fn unreadable(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Denial {
    if !error.is::<LengthLimitError>() {
        tracing::warn!("a body cannot be read: {error}");
    }
    Denial::Body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = axum::http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_a_name_of_this_machine_reaches_the_services() {
        let route = |host: &str, path: &str| super::route(&parts(path, &[("host", host)]));
        for host in [
            "127.0.0.1:4566",
            "127.9.9.9",
            "localhost:4566",
            "LOCALHOST.",
            "b.s3.localhost:80",
            "[::1]:4566",
            "[::1]",
        ] {
            assert_eq!(route(host, "/bucket/key"), Ok(Route::Service), "{host}");
            assert_eq!(route(host, "/_provision/status"), Ok(Route::Own), "{host}");
            assert!(matches!(route(host, "/_viewer/E1/a"), Ok(Route::Viewer(_))), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:4566",
            "192.0.2.1",
            "localhost.evil.example",
            "xlocalhost",
            "127.0.0.1.nip.io",
            "0.0.0.0",
            "s3.amazonaws.com",
            "[::2]",
            "",
        ] {
            assert_eq!(route(host, "/_provision/status"), Err(Denial::Host), "{host}");
            assert_eq!(route(host, "/_viewer/E1/a"), Err(Denial::Host), "{host}");
            // A distribution may have this name; a service never has.
            assert!(matches!(route(host, "/2015-03-31/functions"), Ok(Route::Viewer(_))), "{host}");
        }
        let id = route("e1.cloudfront.localhost:4566", "/a");
        assert!(matches!(id, Ok(Route::Viewer(_))), "{id:?}");
        assert_eq!(super::route(&parts("/", &[])), Err(Denial::Host));
        assert_eq!(
            super::route(&parts("/", &[("host", "localhost"), ("host", "evil.example")])),
            Err(Denial::Host)
        );
    }

    #[test]
    fn nobody_calls_the_emulator_s_own_routes_and_a_host_is_a_name() {
        let route = |host: &str, path: &str| super::route(&parts(path, &[("host", host)]));
        for path in ["/_ministack/reset", "/%5Fministack/sqs/messages", "/_localstack/health"] {
            assert_eq!(route("127.0.0.1:4566", path), Err(Denial::Path), "{path}");
            assert_eq!(route("bucket.s3.localhost:4566", path), Err(Denial::Path), "a key of S3: {path}");
        }
        assert_eq!(route("127.0.0.1:4566", "/bucket/_ministack/reset"), Ok(Route::Service));
        for host in ["127.0.0.1:4566/_viewer/E1/a.localhost", "a?b.localhost", "a@b.localhost"] {
            assert_eq!(route(host, "/_viewer/E1/a"), Err(Denial::Host), "{host}");
        }
    }

    #[test]
    fn a_page_of_another_origin_is_told_from_a_program() {
        const HOST: (&str, &str) = ("host", "127.0.0.1:4566");
        let foreign =
            |headers: &[(&str, &str)]| is_foreign(&parts("/", &[&[HOST], headers].concat()).headers);
        assert!(!foreign(&[]), "a program");
        assert!(!foreign(&[("sec-fetch-site", "none")]), "an address that was typed");
        assert!(!foreign(&[("origin", "http://127.0.0.1:4566"), ("sec-fetch-site", "same-origin")]));
        for origin in [
            "http://127.0.0.1:3000",
            "http://localhost:4566",
            "https://127.0.0.1:4566",
            "https://evil.example",
            "null",
            "",
            "http://127.0.0.1:4566.evil.example",
        ] {
            assert!(foreign(&[("origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site", "", "whatever-comes"] {
            assert!(foreign(&[("sec-fetch-site", site)]), "{site}");
        }
        assert!(foreign(&[("origin", "http://127.0.0.1:4566"), ("origin", "https://evil.example")]));
    }

    #[tokio::test]
    async fn a_call_is_taken_with_a_key_of_this_instance_alone() {
        let (own, other) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        let call = |secret: &Secret, id: &str| {
            let mut parts = parts("/2015-03-31/functions", &[("host", "127.0.0.1:4566")]);
            let body = b"{}";
            super::super::signature::sign(
                &mut parts,
                &hash(body),
                &secret.credentials(id),
                "us-east-1",
                "lambda",
            );
            parts
        };
        let (body, claim) = admit(&own, &call(&own, "111122223333"), Body::from("{}")).await.unwrap();
        assert_eq!(claim.key_id, "111122223333");
        assert_eq!(body.collect().await.unwrap().to_bytes(), "{}");
        let denied =
            async |parts: Parts, body: &'static str| admit(&own, &parts, Body::from(body)).await.unwrap_err();
        let mismatch = Denial::Signature(Fault::Mismatch);
        assert_eq!(denied(call(&other, "111122223333"), "{}").await, mismatch);
        assert_eq!(denied(call(&own, "111122223333"), "{ }").await, mismatch);
        let unsigned = parts("/2015-03-31/functions", &[("host", "127.0.0.1:4566")]);
        assert_eq!(denied(unsigned, "{}").await, Denial::Signature(Fault::Missing));
    }

    #[test]
    fn a_refusal_says_how_to_call() {
        let answer = |denial: Denial| {
            let answer = denial.answer(&parts("/2015-03-31/functions", &[]));
            (answer.status().as_u16(), answer.headers()["x-amzn-errortype"].to_str().unwrap().to_owned())
        };
        assert_eq!(answer(Denial::Host), (403, "AccessDenied".to_owned()));
        assert_eq!(answer(Denial::Signature(Fault::Missing)), (403, "MissingAuthenticationToken".to_owned()));
        assert_eq!(answer(Denial::Signature(Fault::Mismatch)), (403, "SignatureDoesNotMatch".to_owned()));
    }
}
