//! What the CloudFront types have in common: ETags, what is in use, counted lists, and enumerations as text.

use std::future::Future;
use std::time::Duration;

use aws_smithy_types::error::operation::BuildError;

use crate::aws::{Context, Error, Patience, Result};

/// The result of mapping to one of the SDK's types, which check that what the API requires is there.
pub(super) type Built<T> = std::result::Result<T, BuildError>;

/// CloudFront's calls see each other's effects within seconds, and a certificate within a minute.
pub(super) const SETTLING: Patience = Patience {
    first: Duration::from_millis(500),
    longest: Duration::from_secs(4),
    limit: Duration::from_secs(90),
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
