//! The cache of an edge: how long objects are kept, invalidations, and the size limit.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use percent_encoding::percent_decode_str;

/// Maximum size of all cached objects in bytes; the oldest are removed first.
const ROOM: usize = 256 << 20;
/// Maximum size of one cached object in bytes.
pub(super) const LARGEST: u64 = 32 << 20;

/// A cache policy's times, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ttl {
    pub(super) min: i64,
    pub(super) default: i64,
    pub(super) max: i64,
}

impl Ttl {
    /// How many seconds an object with these headers is kept, following the developer guide's "Manage how long content
    /// stays in the cache".
    pub(super) fn of(self, headers: &HeaderMap) -> i64 {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let control = text(header::CACHE_CONTROL).unwrap_or_default().to_ascii_lowercase();
        let directives = || control.split(',').map(str::trim);
        if directives().any(|one| matches!(one, "no-cache" | "no-store" | "private")) {
            return self.min;
        }
        let seconds = |name: &str| {
            directives()
                .find_map(|one| one.strip_prefix(name)?.strip_prefix('=')?.trim_matches('"').parse().ok())
        };
        if let Some(age) = seconds("s-maxage").or_else(|| seconds("max-age")) {
            return self.within(age);
        }
        let second = |text: &str| Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_second());
        let Some(expires) = text(header::EXPIRES) else { return self.default.max(self.min) };
        // A value that is not a date, such as 0, counts as expired.
        let left =
            second(expires).zip(text(header::DATE).and_then(second)).map_or(0, |(end, date)| end - date);
        self.within(left)
    }

    fn within(self, seconds: i64) -> i64 {
        seconds.min(self.max).max(self.min)
    }
}

/// The cache key of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The distribution.
    pub(super) site: String,
    /// The path, without the query.
    pub(super) path: String,
    /// The other values in the cache policy's key, as text.
    pub(super) rest: String,
}

/// A cached object.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Seconds since 1970.
    pub(super) stored: i64,
}

impl Kept {
    /// The object as a response to this request: whole, the requested range, or "not modified".
    pub(super) fn answer(
        &self,
        method: &Method,
        asked: &HeaderMap,
        x_cache: &'static str,
        age: i64,
    ) -> Response<Body> {
        let mut headers = self.headers.clone();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert("x-cache", HeaderValue::from_static(x_cache));
        if age > 0 {
            headers.insert(header::AGE, HeaderValue::from(age));
        }
        let tag = headers.get(header::ETAG);
        let (status, body) =
            if self.status == StatusCode::OK && tag.is_some() && tag == asked.get(header::IF_NONE_MATCH) {
                (StatusCode::NOT_MODIFIED, Bytes::new())
            } else {
                self.part(asked, &mut headers)
            };
        if status != StatusCode::NOT_MODIFIED {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        let mut response =
            Response::new(if method == Method::HEAD { Body::empty() } else { Body::from(body) });
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }

    fn part(&self, asked: &HeaderMap, headers: &mut HeaderMap) -> (StatusCode, Bytes) {
        let range = asked.get(header::RANGE).and_then(|value| value.to_str().ok());
        let length = self.body.len();
        let Some((first, last)) =
            range.filter(|_| self.status == StatusCode::OK).and_then(|range| span(range, length))
        else {
            return (self.status, self.body.clone());
        };
        if let Ok(value) = HeaderValue::from_str(&format!("bytes {first}-{last}/{length}")) {
            headers.insert(header::CONTENT_RANGE, value);
        }
        (StatusCode::PARTIAL_CONTENT, self.body.slice(first..=last))
    }
}

/// The first and last byte of a single satisfiable range.
fn span(range: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (first, last) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) => (first, last.min(length.checked_sub(1)?)),
        (Ok(first), Err(_)) if last.is_empty() => (first, length.checked_sub(1)?),
        (Err(_), Ok(count)) if first.is_empty() => (length.saturating_sub(count), length.checked_sub(1)?),
        _ => return None,
    };
    (first <= last).then_some((first, last))
}

#[derive(Debug, Default)]
struct Shelf {
    objects: HashMap<Key, Arc<Kept>>,
    order: VecDeque<Key>,
    bytes: usize,
    /// Counts invalidations: an object fetched before one may be out of date.
    epoch: u64,
}

impl Shelf {
    fn remove(&mut self, key: &Key) {
        if let Some(old) = self.objects.remove(key) {
            self.bytes -= old.body.len();
            self.order.retain(|kept| kept != key);
        }
    }
}

/// All cached objects.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Shelf>);

impl Cache {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The object under a key, regardless of its age.
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Kept>> {
        self.shelf().objects.get(key).cloned()
    }

    /// The value to pass to [`put`](Self::put) after fetching an object.
    pub(super) fn epoch(&self) -> u64 {
        self.shelf().epoch
    }

    /// Stores an object, unless something was invalidated since the epoch in which fetching it began.
    pub(super) fn put(&self, epoch: u64, key: Key, object: Arc<Kept>) {
        let mut shelf = self.shelf();
        if shelf.epoch != epoch {
            return;
        }
        shelf.remove(&key);
        shelf.bytes += object.body.len();
        shelf.order.push_back(key.clone());
        shelf.objects.insert(key, object);
        while shelf.bytes > ROOM {
            let Some(oldest) = shelf.order.front().cloned() else { break };
            shelf.remove(&oldest);
        }
    }

    /// Removes the objects that the paths of an invalidation match.
    pub(super) fn invalidate(&self, site: &str, paths: &[String]) {
        let mut shelf = self.shelf();
        shelf.epoch += 1;
        let hit = |key: &&Key| key.site == site && paths.iter().any(|path| speaks_of(path, &key.path));
        let gone: Vec<Key> = shelf.objects.keys().filter(hit).cloned().collect();
        gone.iter().for_each(|key| shelf.remove(key));
    }

    /// Removes everything.
    pub(super) fn clear(&self) {
        let mut shelf = self.shelf();
        *shelf = Shelf { epoch: shelf.epoch + 1, ..Shelf::default() };
    }
}

/// True if an invalidation's path matches an object's path. The first slash may be missing, and `*` at the end matches
/// any characters.
fn speaks_of(invalidated: &str, path: &str) -> bool {
    let plain =
        |text: &str| percent_decode_str(text.trim_start_matches('/')).decode_utf8_lossy().into_owned();
    match invalidated.strip_suffix('*') {
        Some(start) => plain(path).starts_with(&plain(start)),
        None => plain(invalidated) == plain(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Ttl = Ttl { min: 5, default: 10, max: 60 };

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn an_object_s_own_time_counts_within_the_policy_s() {
        let date = ("date", "Mon, 23 Nov 2026 05:00:00 GMT");
        let table: [(&[(&'static str, &str)], i64); 10] = [
            (&[], 10),
            (&[("cache-control", "max-age=20")], 20),
            (&[("cache-control", "public, max-age=31536000, immutable")], 60),
            (&[("cache-control", "max-age=0")], 5),
            (&[("cache-control", "max-age=20, s-maxage=30")], 30),
            (&[("cache-control", "no-store")], 5),
            (&[("cache-control", "Private, max-age=30")], 5),
            (&[date, ("expires", "Mon, 23 Nov 2026 05:00:40 GMT")], 40),
            (&[date, ("expires", "Mon, 23 Nov 2026 04:00:00 GMT")], 5),
            (&[date, ("expires", "0")], 5),
        ];
        for (pairs, seconds) in table {
            assert_eq!(TTL.of(&headers(pairs)), seconds, "{pairs:?}");
        }
        let never = Ttl { min: 0, default: 0, max: 0 };
        assert_eq!(never.of(&headers(&[("cache-control", "max-age=20")])), 0);
        assert_eq!(Ttl { min: 20, ..TTL }.of(&HeaderMap::new()), 20);
    }

    #[test]
    fn an_invalidation_speaks_of_a_path_or_a_beginning() {
        for (invalidated, path) in [
            ("/a/b.ts", "/a/b.ts"),
            ("a/b.ts", "/a/b.ts"),
            ("/a/*", "/a/b.ts"),
            ("/*", "/x"),
            ("/a*", "/ab"),
            ("/a%20b", "/a b"),
        ] {
            assert!(speaks_of(invalidated, path), "{invalidated} {path}");
        }
        for (invalidated, path) in [("/a", "/a/b"), ("/a/*", "/ab"), ("/*.ts", "/a.ts")] {
            assert!(!speaks_of(invalidated, path), "{invalidated} {path}");
        }
    }

    fn key(path: &str) -> Key {
        Key { site: "E1".into(), path: path.into(), rest: String::new() }
    }

    fn kept(size: usize) -> Arc<Kept> {
        let headers = headers(&[("etag", "\"1\"")]);
        Arc::new(Kept { status: StatusCode::OK, headers, body: Bytes::from(vec![7; size]), stored: 0 })
    }

    #[test]
    fn what_is_invalidated_is_gone_and_what_was_fetched_before_is_not_kept() {
        let cache = Cache::default();
        let before = cache.epoch();
        cache.put(before, key("/a/1"), kept(1));
        cache.put(before, key("/b/1"), kept(1));
        cache.invalidate("E2", &["/*".into()]);
        cache.invalidate("E1", &["/a/*".into()]);
        assert!(cache.get(&key("/a/1")).is_none() && cache.get(&key("/b/1")).is_some());
        cache.put(before, key("/a/1"), kept(1));
        assert!(cache.get(&key("/a/1")).is_none());
        cache.clear();
        assert!(cache.get(&key("/b/1")).is_none());
    }

    #[test]
    fn the_oldest_make_room() {
        let cache = Cache::default();
        for name in ["/1", "/2", "/3"] {
            cache.put(0, key(name), kept(ROOM / 2));
        }
        let there: Vec<bool> =
            ["/1", "/2", "/3"].iter().map(|name| cache.get(&key(name)).is_some()).collect();
        assert_eq!(there, [false, true, true]);
    }

    #[test]
    fn a_kept_object_answers_ranges_and_conditions() {
        let object = kept(10);
        let answer = |pairs: &[(&'static str, &str)]| {
            object.answer(&Method::GET, &headers(pairs), "Hit from cloudfront", 3)
        };
        let whole = answer(&[]);
        assert_eq!(
            (whole.status(), &whole.headers()["age"], &whole.headers()["content-length"]),
            (StatusCode::OK, &HeaderValue::from(3), &HeaderValue::from(10))
        );
        let part = answer(&[("range", "bytes=2-4")]);
        assert_eq!(
            (part.status(), &part.headers()["content-range"]),
            (StatusCode::PARTIAL_CONTENT, &HeaderValue::from_static("bytes 2-4/10"))
        );
        assert_eq!(answer(&[("if-none-match", "\"1\"")]).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(
            [span("bytes=8-", 10), span("bytes=-3", 10), span("bytes=10-", 10)],
            [Some((8, 9)), Some((7, 9)), None]
        );
    }
}
