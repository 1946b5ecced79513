//! Who changed a property: the declaration or the account.

use serde_json::Value;

use super::Cause;
use super::path::within;
use crate::diff::diff;
use crate::model::{Changes, PropertyChange};

/// What changed since the last apply, on either side.
pub(super) struct Moves {
    /// From what was applied to what is declared.
    declaration: Changes,
    /// From what is there now back to what was applied.
    account: Changes,
}

impl Moves {
    /// Compares all three: what is declared, what was applied, what is seen.
    pub(super) fn of(desired: &Value, applied: &Value, seen: &Value) -> Self {
        Self { declaration: diff(desired, applied, &[], &[]), account: diff(applied, seen, &[], &[]) }
    }

    /// Who changed the property at this path and, if the account did, its value at the last apply.
    pub(super) fn cause(&self, path: &str) -> (Cause, Option<Value>) {
        let touches = |change: &&PropertyChange| within(&change.path, path) || within(path, &change.path);
        let declared = self.declaration.0.iter().any(|change| touches(&change));
        let account = self.account.0.iter().find(touches);
        let applied = account.filter(|change| change.path == path).and_then(|change| change.after.clone());
        match (declared, account.is_some()) {
            (true, true) => (Cause::Both, applied),
            (false, true) => (Cause::Drift, applied),
            (true, false) => (Cause::Change, None),
            (false, false) => (Cause::Unknown, None),
        }
    }
}
