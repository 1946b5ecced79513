//! The CORS rules of a bucket, as S3 applies them: which pages may send a call for an object, and read its answer.

use aws_sdk_s3::types::CorsRule;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::clients::Clients;

/// What a page sent, and a preflight request announces.
struct Asked<'a> {
    origin: &'a str,
    method: &'a str,
    /// Announced headers, in lower case.
    headers: Vec<String>,
}

impl<'a> Asked<'a> {
    fn of(parts: &'a Parts) -> Option<Self> {
        let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let origin = text(header::ORIGIN)?;
        if parts.method != Method::OPTIONS {
            return Some(Self { origin, method: parts.method.as_str(), headers: Vec::new() });
        }
        let headers = text(header::ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default().split(',');
        let headers = headers.map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty());
        let method = text(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        Some(Self { origin, method, headers: headers.collect() })
    }
}

/// The headers that let a page send this call for an object; `None` if the bucket's rules do not, or it is for something
/// else than an object.
pub(super) async fn leave(clients: &Clients, parts: &Parts) -> Option<HeaderMap> {
    let (bucket, asked) = (bucket(parts)?, Asked::of(parts)?);
    let rules = clients.s3.get_bucket_cors().bucket(bucket).send().await.ok()?;
    answer(rules.cors_rules(), &asked)
}

/// Removes what the emulator says of CORS: it opens everything to every page.
pub(super) fn forget(headers: &mut HeaderMap) {
    let names: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

/// The bucket of a call for an object, by its path or its host.
fn bucket(parts: &Parts) -> Option<String> {
    let host = parts.headers.get(header::HOST)?.to_str().ok()?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).strip_suffix(".localhost");
    let path = parts.uri.path().trim_start_matches('/');
    if let Some((bucket, rest)) = name.and_then(|name| name.split_once(".s3")) {
        let is_s3 = rest.is_empty() || rest.starts_with('.');
        return (is_s3 && !path.is_empty()).then(|| bucket.to_owned());
    }
    let (bucket, key) = path.split_once('/')?;
    (!bucket.is_empty() && !key.is_empty()).then(|| bucket.to_owned())
}

/// What the first rule that covers the call answers.
fn answer(rules: &[CorsRule], asked: &Asked<'_>) -> Option<HeaderMap> {
    let (rule, pattern) = rules.iter().find_map(|rule| {
        let pattern = rule.allowed_origins().iter().find(|pattern| covers(pattern, asked.origin))?;
        let method = rule.allowed_methods().iter().any(|method| method == asked.method);
        let headers = asked.headers.iter().all(|name| {
            rule.allowed_headers().iter().any(|pattern| covers(&pattern.to_ascii_lowercase(), name))
        });
        (method && headers).then_some((rule, pattern))
    })?;
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    if pattern == "*" {
        put(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    } else {
        put(header::ACCESS_CONTROL_ALLOW_ORIGIN, asked.origin);
        put(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    }
    put(header::ACCESS_CONTROL_ALLOW_METHODS, &rule.allowed_methods().join(", "));
    put(header::VARY, "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
    if !asked.headers.is_empty() {
        put(header::ACCESS_CONTROL_ALLOW_HEADERS, &asked.headers.join(", "));
    }
    if !rule.expose_headers().is_empty() {
        put(header::ACCESS_CONTROL_EXPOSE_HEADERS, &rule.expose_headers().join(", "));
    }
    if let Some(seconds) = rule.max_age_seconds() {
        put(header::ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
    }
    Some(headers)
}

/// Whether a pattern, which may have one `*`, covers a text.
fn covers(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => {
            let rest = text.strip_prefix(before);
            rest.is_some_and(|rest| rest.ends_with(after))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn rules() -> Vec<CorsRule> {
        let rule =
            CorsRule::builder().allowed_methods("PUT").allowed_headers("Content-*").expose_headers("ETag");
        let uploads = rule.allowed_origins("https://app.example.com").max_age_seconds(60).build().unwrap();
        let reads = CorsRule::builder().allowed_methods("GET").allowed_origins("https://*.example.org");
        vec![uploads, reads.build().unwrap()]
    }

    fn allowed(method: &str, origin: &str, announced: Option<&str>) -> Option<HeaderMap> {
        let mut headers = vec![("origin", origin)];
        let sent = match announced {
            Some(announced) => {
                headers.push(("access-control-request-method", method));
                headers.push(("access-control-request-headers", announced));
                "OPTIONS"
            }
            None => method,
        };
        answer(&rules(), &Asked::of(&parts(sent, "/b/k", &headers)).unwrap())
    }

    #[test]
    fn a_page_may_do_what_a_rule_says_and_no_more() {
        let put = allowed("PUT", "https://app.example.com", None).unwrap();
        assert_eq!(put[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://app.example.com");
        assert_eq!(put[header::ACCESS_CONTROL_EXPOSE_HEADERS], "ETag");
        let preflight = allowed("PUT", "https://app.example.com", Some("Content-Type, content-md5")).unwrap();
        assert_eq!(preflight[header::ACCESS_CONTROL_ALLOW_HEADERS], "content-type, content-md5");
        assert_eq!(preflight[header::ACCESS_CONTROL_MAX_AGE], "60");
        assert!(allowed("GET", "https://a.example.org", None).is_some());
        for (method, origin, announced) in [
            ("GET", "https://app.example.com", None),
            ("PUT", "https://app.example.com.evil.example", None),
            ("PUT", "http://app.example.com", None),
            ("PUT", "null", None),
            ("PUT", "https://app.example.com", Some("x-amz-acl")),
            ("DELETE", "https://app.example.com", Some("")),
            ("GET", "https://a.example.org.evil.example", None),
        ] {
            assert!(allowed(method, origin, announced).is_none(), "{method} {origin} {announced:?}");
        }
    }

    #[test]
    fn a_call_for_an_object_names_its_bucket() {
        let of = |host: &str, uri: &str| bucket(&parts("GET", uri, &[("host", host)]));
        assert_eq!(of("127.0.0.1:4566", "/uploads/a/b.mp4?x=1").as_deref(), Some("uploads"));
        assert_eq!(of("uploads.s3.localhost:4566", "/a.mp4").as_deref(), Some("uploads"));
        assert_eq!(of("my.uploads.s3.eu-west-1.localhost", "/a.mp4").as_deref(), Some("my.uploads"));
        for (host, uri) in [
            ("127.0.0.1", "/"),
            ("127.0.0.1", "/uploads"),
            ("127.0.0.1", "/uploads/"),
            ("b.s3.localhost", "/"),
        ] {
            assert_eq!(of(host, uri), None, "{host}{uri}");
        }
    }

    #[test]
    fn nothing_of_the_emulators_rules_is_left() {
        let mut headers = HeaderMap::new();
        for name in [
            "access-control-allow-origin",
            "access-control-allow-headers",
            "access-control-expose-headers",
            "etag",
        ] {
            headers.insert(name, HeaderValue::from_static("*"));
        }
        forget(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["etag"]);
    }
}
