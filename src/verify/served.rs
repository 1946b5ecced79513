//! Checks the headers of every answer: its content type, its cache time, and that players may read it.
//!
//! Publishing an asset sets the first two, the distribution the third. Without the first and the third a browser plays
//! nothing. Without the second, a replaced video stays in caches.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use asset::output;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName};

use super::fault::{Authority, Fault};

/// The faults of all answers so far. Each fault is kept once, with the first file and the number of files.
#[derive(Debug, Default)]
pub(super) struct Served {
    wrong: Mutex<BTreeMap<String, (String, usize)>>,
}

impl Served {
    /// Checks the answer for `path` to a player from `origin`.
    pub(super) fn note(&self, path: &str, headers: &HeaderMap, origin: &str) {
        for what in wrong(path, headers, origin) {
            let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
            wrong.entry(what).or_insert_with(|| (path.to_owned(), 0)).1 += 1;
        }
    }

    /// The faults found.
    pub(super) fn faults(self) -> Vec<Fault> {
        let wrong = self.wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
        let fault = |(what, (path, count)): (String, (String, usize))| {
            let others = if count > 1 { format!(", also in {} more", count - 1) } else { String::new() };
            let playlist = path.rsplit('/').next().unwrap_or(&path).to_owned();
            Fault { playlist, rule: Authority::Stack, what: format!("{what}{others}") }
        };
        wrong.into_iter().map(fault).collect()
    }
}

fn wrong(path: &str, headers: &HeaderMap, origin: &str) -> Vec<String> {
    let said =
        |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("absent");
    let mut wrong = Vec::new();
    let (kind, wanted) = (said(&CONTENT_TYPE), output::content_type(path));
    if kind.split(';').next().map(str::trim) != Some(wanted) {
        wrong.push(format!("Content-Type is {kind}, and must be {wanted}"));
    }
    let (kept, wanted) = (said(&CACHE_CONTROL), output::cache_control(path));
    if kept != wanted {
        wrong.push(format!("Cache-Control is {kept}, and must be {wanted}"));
    }
    let allowed = said(&ACCESS_CONTROL_ALLOW_ORIGIN);
    if allowed != "*" && allowed != origin {
        wrong.push(format!(
            "Access-Control-Allow-Origin is {allowed}, and players of {origin} may not read it"
        ));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAYER: &str = "https://player.example";

    fn answer(kind: &str, kept: &str, allowed: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        headers.insert(CACHE_CONTROL, kept.parse().unwrap());
        if let Some(allowed) = allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_segment_and_a_playlist_as_they_are_published_are_right() {
        let segment = answer("video/mp2t", output::IMMUTABLE, Some("*"));
        assert_eq!(wrong("/a/b_00001.ts", &segment, PLAYER), Vec::<String>::new());
        let playlist = answer("application/vnd.apple.mpegurl; charset=utf-8", output::BRIEF, Some(PLAYER));
        assert_eq!(wrong("/a/index.m3u8", &playlist, PLAYER), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_is_said_once_with_how_often() {
        let served = Served::default();
        for number in 1..=3 {
            let path = format!("/assets/a/b_0000{number}.ts");
            served.note(&path, &answer("binary/octet-stream", output::BRIEF, None), PLAYER);
        }
        let said: Vec<String> = served.faults().iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(said.join("\n"), @"
        b_00001.ts: Access-Control-Allow-Origin is absent, and players of https://player.example may not read it, also in 2 more
        b_00001.ts: Cache-Control is public, max-age=10, and must be public, max-age=31536000, immutable, also in 2 more
        b_00001.ts: Content-Type is binary/octet-stream, and must be video/mp2t, also in 2 more
        ");
    }
}
