//! What viewers or uploads will notice of a change.

use super::{Action, Impact, Property};

/// What viewers or uploads will notice when a resource of this CloudFormation type is so changed, if anything is worth
/// saying. `properties` are those that differ.
#[must_use]
pub fn impact(_kind: &str, _action: Action, _properties: &[Property]) -> Option<Impact> {
    None
}
