//! What the CloudFront types have in common: marks in comments, ETags, counted lists, and enumerations as text.

use std::future::Future;
use std::time::Duration;

use aws_smithy_types::error::operation::BuildError;

use crate::aws::{Context, Error, Patience, Result};
use crate::model::{Mark, Ownership, Scope};

/// The result of mapping to one of the SDK's types, which check that what the API requires is there.
pub(super) type Built<T> = std::result::Result<T, BuildError>;

/// What has no tags: its ids are CloudFront's, and only its comment says whose it is.
pub(super) const UNTAGGED: &[&str] = &[
    "arn:aws:cloudfront::{account}:cache-policy/*",
    "arn:aws:cloudfront::{account}:origin-access-control/*",
    "arn:aws:cloudfront::{account}:response-headers-policy/*",
];

/// CloudFront's calls see each other's effects within seconds.
pub(super) const SETTLING: Patience = Patience {
    first: Duration::from_millis(500),
    longest: Duration::from_secs(4),
    limit: Duration::from_secs(30),
};

const STALE: &[&str] = &["PreconditionFailed", "InvalidIfMatchVersion"];

/// The error for a request that lacks what the API requires.
pub(super) fn incomplete(call: &'static str) -> impl Fn(BuildError) -> Error {
    move |error| Error::unexpected(call, error.to_string())
}

/// Makes a change that reads the ETag right before; once more if somebody else changed it in between.
pub(super) async fn with_fresh_etag<T, F>(mut change: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    match change().await {
        Err(error) if error.is(STALE) => change().await,
        outcome => outcome,
    }
}

/// Deletes something that CloudFront may think in use for a moment after its last user has gone.
pub(super) async fn when_unused<F>(cx: &Context, in_use: &'static str, delete: impl Fn() -> F) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    let passing = |error: &Error| error.is(&[in_use]);
    let awaited = "waiting until no distribution uses it any more";
    crate::aws::retry_while(cx, SETTLING, awaited, passing, || with_fresh_etag(&delete)).await
}

/// An entry in one of CloudFront's lists of things that cannot be tagged.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) comment: String,
}

/// The mark on something that cannot be tagged: its comment, and its name begins with the stack's.
pub(super) fn mark_of(name: &str, comment: &str) -> Option<Mark> {
    Mark::from_comment(comment)
        .filter(|mark| name.strip_prefix(mark.stack.as_str()).is_some_and(|rest| rest.starts_with('-')))
}

/// Whose something that cannot be tagged is.
pub(super) fn ownership(name: &str, comment: &str) -> Ownership {
    mark_of(name, comment).map_or(Ownership::Unmarked, Ownership::Marked)
}

/// The id of the entry that carries the mark, or else of the one that has the name and so is in the way.
pub(super) fn pick(listed: &[Listed], name: &str, mark: Option<&Mark>) -> Option<String> {
    let marked = |entry: &&Listed| mark.is_some() && mark_of(&entry.name, &entry.comment).as_ref() == mark;
    let found = listed.iter().find(marked).or_else(|| listed.iter().find(|entry| entry.name == name));
    found.map(|entry| entry.id.clone())
}

/// The entries that are the stack's.
pub(super) fn owned(listed: Vec<Listed>, scope: &Scope) -> Vec<(String, Mark)> {
    let ours = |entry: Listed| {
        let mark = mark_of(&entry.name, &entry.comment).filter(|mark| mark.stack == scope.stack)?;
        Some((entry.id, mark))
    };
    listed.into_iter().filter_map(ours).collect()
}

/// The id of the entry that a lost answer was about: the stack's own, under this name and mark.
pub(super) fn unanswered(listed: Vec<Listed>, scope: &Scope, name: &str, comment: &str) -> Option<String> {
    let wanted = mark_of(name, comment)?;
    owned(listed, scope).into_iter().find(|(_, mark)| *mark == wanted).map(|(id, _)| id)
}

/// Text that the API writes as empty where it means absent.
pub(super) fn filled(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// One of the SDK's lists with its quantity; the items are left out where there are none, as the API wants it.
macro_rules! counted {
    ($list:ty, $items:expr) => {{
        let items: Vec<_> = $items.into_iter().collect();
        let quantity = i32::try_from(items.len()).unwrap_or(i32::MAX);
        <$list>::builder().quantity(quantity).set_items((!items.is_empty()).then_some(items)).build()
    }};
}
pub(super) use counted;

/// Serde for one of the SDK's enumerations: its text, also one that the SDK does not know yet.
pub(super) mod word {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<E: AsRef<str>, S: Serializer>(
        word: &E,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(word.as_ref())
    }

    pub(in super::super) fn deserialize<'de, E, D>(deserializer: D) -> Result<E, D::Error>
    where
        E: for<'a> From<&'a str>,
        D: Deserializer<'de>,
    {
        String::deserialize(deserializer).map(|text| E::from(text.as_str()))
    }
}

/// Serde for an optional one.
pub(super) mod maybe_word {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in super::super) fn serialize<E: AsRef<str>, S: Serializer>(
        word: &Option<E>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        word.as_ref().map(E::as_ref).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, E, D>(deserializer: D) -> Result<Option<E>, D::Error>
    where
        E: for<'a> From<&'a str>,
        D: Deserializer<'de>,
    {
        Ok(Option::<String>::deserialize(deserializer)?.map(|text| E::from(text.as_str())))
    }
}

/// Serde for a set of them.
pub(super) mod words {
    use std::collections::BTreeSet;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<E: AsRef<str>, S: Serializer>(
        words: &BTreeSet<E>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(words.iter().map(AsRef::as_ref))
    }

    pub(in super::super) fn deserialize<'de, E, D>(deserializer: D) -> Result<BTreeSet<E>, D::Error>
    where
        E: for<'a> From<&'a str> + Ord,
        D: Deserializer<'de>,
    {
        Ok(Vec::<String>::deserialize(deserializer)?.iter().map(|text| E::from(text.as_str())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, name: &str, comment: &str) -> Listed {
        Listed { id: id.into(), name: name.into(), comment: comment.into() }
    }

    #[test]
    fn ownership_needs_the_comment_and_the_name() {
        let mark = Mark { stack: "vod".into(), address: "delivery/segments".into() };
        assert_eq!(mark_of("vod-segments", &mark.comment()), Some(mark.clone()));
        assert_eq!(mark_of("vodka-segments", &mark.comment()), None);
        assert_eq!(ownership("vod-segments", "by hand"), Ownership::Unmarked);
    }

    #[test]
    fn the_mark_finds_before_the_name_does() {
        let mark = Mark { stack: "vod".into(), address: "delivery/segments".into() };
        let renamed = entry("1", "vod-old", &mark.comment());
        let in_the_way = entry("2", "vod-segments", "by hand");
        assert_eq!(pick(&[in_the_way, renamed], "vod-segments", Some(&mark)).as_deref(), Some("1"));
        let in_the_way = entry("2", "vod-segments", "by hand");
        assert_eq!(pick(&[in_the_way], "vod-segments", Some(&mark)).as_deref(), Some("2"));
        assert_eq!(pick(&[entry("3", "other", "")], "vod-segments", None), None);
    }

    #[test]
    fn only_the_stack_s_own_are_owned() {
        let scope = Scope { stack: "vod".into(), account: "1".into(), region: "eu-west-1".into() };
        let mark = |stack: &str| Mark { stack: stack.into(), address: "a".into() };
        let listed = vec![
            entry("1", "vod-a", &mark("vod").comment()),
            entry("2", "vod-a", &mark("other").comment()),
            entry("3", "vod-a", ""),
        ];
        assert_eq!(owned(listed, &scope), vec![("1".to_owned(), mark("vod"))]);
    }
}
