//! What a new template does to a resource: it stays, is modified, replaced or new. Pure.

use serde_json::Value;

/// What becomes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    IsModified,
    MayBeReplaced,
    IsReplaced,
    IsNew,
}

/// What a detail of a change does to its resource.
pub(super) fn fate_of(detail: &Value) -> Fate {
    match (detail["Target"]["RequiresRecreation"].as_str(), detail["Evaluation"].as_str()) {
        (Some("Always"), Some("Static")) => Fate::IsReplaced,
        (Some("Always"), _) => Fate::MayBeReplaced,
        _ => Fate::IsModified,
    }
}

/// The one of two fates that changes more.
pub(super) fn worse(one: Fate, other: Fate) -> Fate {
    let rank = |fate| match fate {
        Fate::Stays => 0,
        Fate::IsModified => 1,
        Fate::MayBeReplaced => 2,
        Fate::IsReplaced => 3,
        Fate::IsNew => 4,
    };
    if rank(other) > rank(one) { other } else { one }
}
