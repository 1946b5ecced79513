//! The table of all types: which resource of Terraform's each is, how that is imported, and one row a property.

mod delivery;
mod messages;
mod processing;
mod storage;

#[cfg(test)]
pub(in crate::export::terraform) use processing::NEVER_DECLARED;

use super::rows::Row;
use crate::model::Kind;

/// What a type is in Terraform.
#[derive(Debug)]
pub(in crate::export::terraform) struct Rule {
    pub(in crate::export::terraform) kind: &'static str,
    /// The type of the resource. It begins with the provider's name.
    pub(in crate::export::terraform) resource: &'static str,
    /// Whether the resource has the argument `region`, which global services lack.
    pub(in crate::export::terraform) regional: bool,
    /// Its import id, see [`super::import`].
    pub(in crate::export::terraform) import: &'static str,
    pub(in crate::export::terraform) rows: &'static [Row],
    /// Properties that are resources of their own.
    pub(in crate::export::terraform) parts: &'static [PartRule],
}

/// A property that is a resource of its own in Terraform, or a list of them.
#[derive(Debug)]
pub(in crate::export::terraform) struct PartRule {
    pub(in crate::export::terraform) property: &'static str,
    pub(in crate::export::terraform) resource: &'static str,
    pub(in crate::export::terraform) regional: bool,
    pub(in crate::export::terraform) import: &'static str,
    /// The member of each that tells it from the others, if there are several.
    pub(in crate::export::terraform) named_by: Option<&'static str>,
    /// Arguments that are attributes of the whole resource.
    pub(in crate::export::terraform) of: &'static [(&'static str, &'static str)],
    pub(in crate::export::terraform) rows: &'static [Row],
}

/// The rule for a type. `None` if no stack declares it.
pub(in crate::export::terraform) fn rule(kind: &Kind) -> Option<&'static Rule> {
    all().find(|rule| rule.kind == kind.as_str())
}

/// Every rule.
pub(in crate::export::terraform) fn all() -> impl Iterator<Item = &'static Rule> {
    [storage::RULES, processing::RULES, delivery::RULES, messages::RULES].into_iter().flatten()
}
