//! What becomes of a fleet's targets, one line for each account or unit.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::review::{Review, TargetAction, TargetChange};

/// The targets with the same action: the sign of the action, what it is, and the account or unit with its regions.
pub(super) fn lines(review: &Review) -> Vec<(&'static str, String)> {
    let mut rows: BTreeMap<(TargetAction, &str), Vec<&str>> = BTreeMap::new();
    for TargetChange { target, region, action } in &review.targets {
        rows.entry((*action, target)).or_default().push(region);
    }
    let row = |((action, target), regions): ((TargetAction, &str), Vec<&str>)| {
        let (sign, what) = match action {
            TargetAction::Remove => ("-", "its stack is deleted"),
            TargetAction::Update => ("~", "gets the changes"),
            TargetAction::Deploy => ("+", "gets the stack, or is made current"),
        };
        (sign, format!("{target} in {}: {what}", regions.join(", ")))
    };
    rows.into_iter().map(row).collect()
}

/// The targets as text for people; nothing if none changes.
pub(super) fn write(text: &mut String, review: &Review) {
    if review.targets.is_empty() {
        return;
    }
    let _ = writeln!(text, "targets");
    for (sign, line) in lines(review) {
        let _ = writeln!(text, "  {sign} {line}");
    }
    text.push('\n');
}
