//! The names of assets, the places of their objects, and the contents of `asset.json`.
//!
//! The two handlers and the stack declaration share only this crate. Names and keys are pure functions of the upload,
//! and [`Description`] is `asset.json`. [`event`] has what the app is told. The constants are words that a lifecycle rule, an event pattern and a handler
//! must spell alike. [`printable`] is the rule for texts that uploaders chose. The flow is described in `docs/handlers.md`.

mod description;
pub mod event;
mod fault;
pub mod metadata;
pub mod output;
pub mod printable;
mod stills;
pub mod work;

pub use description::{Audio, Cause, Description, Failure, Publication, Removed, Rendition, State, Warning};
pub use fault::{is_of_the_file, of_the_file};
pub use stills::Stills;

use sha2::{Digest, Sha256};

/// Key suffixes of the files that count as video, in lower case and with the dot.
///
/// `handlers/upload-rule` matches these in any case, and submit refuses every other key. MediaConvert can read each of
/// these containers: <https://docs.aws.amazon.com/mediaconvert/latest/ug/reference-codecs-containers-input.html>.
pub const VIDEO_SUFFIXES: &[&str] = &[
    ".3g2", ".3gp", ".asf", ".avi", ".f4v", ".flv", ".m2t", ".m2ts", ".m2v", ".m4v", ".mkv", ".mov", ".mp4",
    ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".qt", ".ts", ".vob", ".webm", ".wmv",
];

/// The tag (key, value) that publish sets on a source version after publishing its asset.
///
/// The source bucket's archive rule filters on exactly this pair.
pub const PUBLISHED_TAG: (&str, &str) = ("provision:published", "true");

/// Maximum length of the readable part of an asset id, in bytes. The digest after it makes the id unique.
const SLUG_LENGTH: usize = 64;

/// Length of a run, in hexadecimal digits.
const RUN_LENGTH: usize = 12;

/// True if `key` ends in one of [`VIDEO_SUFFIXES`], in any case.
#[must_use]
pub fn is_video(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    VIDEO_SUFFIXES.iter().any(|suffix| key.ends_with(suffix))
}

/// The id of an object's asset: the key without extension, made URL-safe, and a short digest of bucket and key.
///
/// Pure, so that publishing the same key again replaces the same asset. It contains only letters (in lower case),
/// digits, `-` and `_`. A key without any of them (`영상.mp4`) is called `video`.
#[must_use]
pub fn id(bucket: &str, key: &str) -> String {
    format!("{}-{}", slug(key), &source(bucket, key)[..16])
}

/// What the ids of all keys with a prefix begin with. It may be empty.
#[must_use]
pub fn id_prefix(key_prefix: &str) -> String {
    let name = key_prefix.rfind('/').map_or(0, |slash| slash + 1);
    // The stem of a name ends at its last dot, and the rest of the key is not known.
    let end = key_prefix[name..].find('.').map_or(key_prefix.len(), |dot| name + dot);
    readable(key_prefix[..end].chars())
}

/// The whole digest of bucket and key: 64 hexadecimal digits. An id has only 16 of them, so that it stays short. A key
/// with the same id can be found with much computing, but none with the same source.
#[must_use]
pub fn source(bucket: &str, key: &str) -> String {
    digest(&[bucket, key])
}

/// The run of a source version encoded with a revision of the job template: 12 hexadecimal digits.
///
/// Every object of a run has the run's own prefix. So two uploads of one key never mix, and neither does the same
/// upload with a changed ladder.
#[must_use]
pub fn run(version: &str, revision: i64) -> String {
    digest(&[version, &revision.to_string()])[..RUN_LENGTH].to_owned()
}

/// The `ClientRequestToken` of a [`run`], which identifies version and template: 64 characters, MediaConvert's maximum.
/// A job forced by a batch job has that batch job's id in its token, so it is another job than the upload's.
#[must_use]
pub fn client_token(bucket: &str, key: &str, run: &str, forced_by: Option<&str>) -> String {
    let parts = [bucket, key, run].into_iter().chain(forced_by);
    digest(&parts.collect::<Vec<_>>())
}

/// Distinguishes two uploads of one key, from `HeadObject`'s response: the version id or, in a bucket without versions,
/// the ETag.
#[must_use]
pub fn version<'a>(version_id: Option<&'a str>, etag: Option<&'a str>) -> &'a str {
    version_id.filter(|id| *id != "null").or(etag.map(|etag| etag.trim_matches('"'))).unwrap_or("null")
}

/// True if `text` has the form of a [`run`].
#[must_use]
pub fn is_run(text: &str) -> bool {
    text.len() == RUN_LENGTH && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn slug(key: &str) -> String {
    let (folder, name) = key.rsplit_once('/').unwrap_or(("", key));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match readable(folder.chars().chain("/".chars()).chain(stem.chars())) {
        slug if slug.is_empty() => "video".to_owned(),
        slug => slug,
    }
}

/// The characters of a key as an id has them.
fn readable(chars: impl Iterator<Item = char>) -> String {
    let mut slug = String::with_capacity(SLUG_LENGTH);
    for char in chars {
        match char.to_ascii_lowercase() {
            safe @ ('a'..='z' | '0'..='9' | '_') => slug.push(safe),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
        if slug.len() == SLUG_LENGTH {
            break;
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// Digests `parts` so that two different lists of parts never give the same input.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_readable_and_fixed() {
        // A changed id would orphan every asset that is already published: these values must never change.
        assert_eq!(id("uploads", "Films/My Holiday (1).MOV"), "films-my-holiday-1-1cae17cc07a8789f");
        assert_eq!(id("uploads", "영상.mp4"), "video-f4348568dfc49f82");
        assert_eq!(id("uploads", ".mp4"), "video-759add74883632a1");
        assert_eq!(run("3HL4kqtJvjVBH40Nrjfkd", 1_700_000_000), "534e41ee7db2");
    }

    #[test]
    fn only_video_suffixes_are_video_in_any_case() {
        assert!(is_video("a/b.MP4") && is_video("x.m2ts") && is_video("y.WebM"));
        assert!(!is_video("a.jpg") && !is_video("mp4") && !is_video("a.mp4.txt"));
    }

    #[test]
    fn suffixes_are_lower_case_sorted_and_dotted() {
        assert!(VIDEO_SUFFIXES.is_sorted());
        assert!(
            VIDEO_SUFFIXES
                .iter()
                .all(|suffix| suffix.starts_with('.') && *suffix == suffix.to_ascii_lowercase())
        );
    }

    #[test]
    fn an_upload_is_told_apart_by_version_or_by_etag() {
        assert_eq!(version(Some("v1"), Some("\"e\"")), "v1");
        assert_eq!(version(Some("null"), Some("\"e\"")), "e");
        assert_eq!(version(None, None), "null");
    }

    #[test]
    fn parts_of_a_digest_do_not_run_together() {
        assert_ne!(client_token("a", "bc", "d", None), client_token("ab", "c", "d", None));
        assert_ne!(client_token("a", "b", "c", None), client_token("a", "b", "c", Some("")));
        assert_eq!(client_token("a", "b", "c", None).len(), 64);
    }

    proptest! {
        #[test]
        fn ids_are_url_safe_and_bounded(bucket in "[a-z0-9.-]{3,63}", key in "\\PC{1,300}") {
            let id = id(&bucket, &key);
            prop_assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_'));
            prop_assert!(!id.starts_with('-') && !id.contains("--") && id.len() <= SLUG_LENGTH + 17);
            prop_assert_eq!(&id, &super::id(&bucket, &key));
        }

        #[test]
        fn ids_begin_as_the_prefix_of_their_key(key in "[a-c./ 가]{1,90}", cut in 0_usize..90) {
            let prefix: String = key.chars().take(cut).collect();
            let (id, begin) = (id("bucket", &key), id_prefix(&prefix));
            prop_assert!(id.starts_with(&begin), "{id} {begin}");
        }

        #[test]
        fn distinct_keys_have_distinct_ids(a in "\\PC{1,80}", b in "\\PC{1,80}") {
            prop_assume!(a != b);
            prop_assert_ne!(id("bucket", &a), id("bucket", &b));
            prop_assert_ne!(id(&a, "key.mp4"), id(&b, "key.mp4"));
        }

        #[test]
        fn runs_differ_by_version_and_by_revision(version in "[A-Za-z0-9._]{1,32}", revision in 0_i64..4_000_000_000) {
            prop_assert_ne!(run(&version, revision), run(&version, revision + 1));
            prop_assert_ne!(run(&version, revision), run(&format!("{version}x"), revision));
            prop_assert!(is_run(&run(&version, revision)));
        }
    }
}
