//! Changes that many resources share are said once: a tag of the stack changes on every resource that has tags.

use crate::review::{Action, Change, Property};

/// From this number on, resources with the same change are one group.
const MANY: usize = 3;

/// Resources that only change in their tags, all in the same way.
pub(super) struct Alike<'a> {
    /// What changes.
    pub(super) properties: &'a [Property],
    /// The resources.
    pub(super) changes: Vec<&'a Change>,
}

/// Divides changes into single ones, in their order, and groups of equal ones.
pub(super) fn grouped(changes: &[Change]) -> (Vec<&Change>, Vec<Alike<'_>>) {
    let mut groups: Vec<Alike<'_>> = Vec::new();
    for change in changes.iter().filter(|change| only_tags(change)) {
        match groups.iter_mut().find(|group| group.properties == change.properties) {
            Some(group) => group.changes.push(change),
            None => groups.push(Alike { properties: &change.properties, changes: vec![change] }),
        }
    }
    groups.retain(|group| group.changes.len() >= MANY);
    let grouped = |change: &Change| groups.iter().any(|group| is_in(group, change));
    let own = changes.iter().filter(|change| !grouped(change)).collect();
    (own, groups)
}

fn is_in(group: &Alike<'_>, change: &Change) -> bool {
    group.changes.iter().any(|member| member.address == change.address)
}

/// True if a change says nothing except for tags.
fn only_tags(change: &Change) -> bool {
    let tag = |property: &Property| {
        let name = property.path.split(['[', '.']).next().unwrap_or_default();
        name.ends_with("Tags") && !property.forces_replacement
    };
    change.action == Action::Update
        && change.reasons.is_empty()
        && change.impact.is_none()
        && !change.properties.is_empty()
        && change.properties.iter().all(tag)
}
