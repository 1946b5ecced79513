//! Shared by the CloudFront types: waits, text that may be empty, counted lists, and enumerations as text.

use std::time::Duration;

use aws_smithy_types::error::operation::BuildError;

use crate::aws::{Error, Patience, Result, required};

/// The result of building one of the SDK's types. The SDK checks that every member that the API requires is there.
pub(super) type Built<T> = std::result::Result<T, BuildError>;

/// CloudFront's calls see each other's effects within seconds, and a certificate within a minute.
pub(super) const SETTLING: Patience = Patience {
    first: Duration::from_millis(500),
    longest: Duration::from_secs(4),
    limit: Duration::from_secs(90),
};

/// The error for a request that lacks what the API requires.
pub(super) fn incomplete(call: &'static str) -> impl Fn(BuildError) -> Error {
    move |error| Error::unexpected(call, error.to_string())
}

/// Text of an answer. CloudFront answers an absent text as an empty one, or leaves it out.
pub(super) fn filled(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Text that an answer must have. The SDK reads an absent text as an empty one if the API requires it.
pub(super) fn required_text(text: &str, call: &'static str, member: &str) -> Result<String> {
    required(filled(Some(text)), call, member)
}

/// Text of a request. CloudFront refuses an update that leaves such a member out: it must be there and empty.
pub(super) fn empty_if_absent(text: Option<&str>) -> String {
    // absent is empty: the API writes it so.
    text.unwrap_or_default().to_owned()
}

/// One of the SDK's lists with its quantity. The API wants a list without items to leave the items out.
macro_rules! counted {
    ($list:ty, $items:expr) => {{
        let items: Vec<_> = $items.into_iter().collect();
        let quantity = i32::try_from(items.len()).unwrap_or(i32::MAX);
        <$list>::builder().quantity(quantity).set_items((!items.is_empty()).then_some(items)).build()
    }};
}
pub(super) use counted;

/// Serde for one of the SDK's enumerations: its text, even if the SDK does not know it yet.
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

/// Serde for an optional enumeration.
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

/// Serde for a set of enumerations.
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
