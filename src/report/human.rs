//! A plan for people: by concern, what is lost first, one line per property, and a table of who may do more.

use std::fmt::Write as _;

use owo_colors::OwoColorize;

use super::access;
use super::grouping::{self, Alike};
use super::printable::printable;
use super::targets;
use super::value::{self, Drawn, Fate};
use crate::review::{Action, Cause, Change, Impact, Kept, Property, Review, Severity, Totals};

/// What will happen to resources that stay.
const STAYS: &str =
    "    (an apply that finds it empty deletes it: wait until its objects expire, or delete them yourself)";

/// The plan as text with colours, which the writer removes where they are not wanted. It ends with the totals line.
#[must_use]
pub fn human(review: &Review) -> String {
    let review = &*printable(review);
    let mut text = String::new();
    let mut concern = "";
    let (own, groups) = grouping::grouped(&review.changes);
    for change in own {
        let its = change.concern();
        if its != concern {
            let gap = if concern.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}{}", its.bold());
            concern = its;
        }
        resource(&mut text, review, change);
    }
    for group in &groups {
        self::group(&mut text, review, group, !concern.is_empty());
    }
    if !review.changes.is_empty() {
        text.push('\n');
    }
    targets::write(&mut text, review);
    kept(&mut text, &review.kept);
    access::write(&mut text, review);
    for note in &review.notes {
        let _ = writeln!(text, "note: {note}");
    }
    let _ = writeln!(text, "{}", totals(review.totals));
    text
}

/// The totals line, without a line end.
#[must_use]
pub fn totals(totals: Totals) -> String {
    let Totals { create, update, replace, delete, unchanged } = totals;
    if create + update + replace + delete == 0 {
        return format!("nothing to do: all {unchanged} resources are as declared");
    }
    let parts = [
        (create, "to create"),
        (update, "to change"),
        (replace, "to replace"),
        (delete, "to delete"),
        (unchanged, "unchanged"),
    ];
    counts(&parts)
}

/// How many of each, without those of which there are none.
#[must_use]
pub fn counts(parts: &[(usize, &str)]) -> String {
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    parts.collect::<Vec<_>>().join(", ")
}

/// The sign of an action in front of its resource.
pub(super) const fn sign(action: Action) -> &'static str {
    match action {
        Action::Delete => "-",
        Action::Replace => "±",
        Action::Update => "~",
        Action::Create => "+",
    }
}

fn coloured(action: Action) -> String {
    let sign = sign(action);
    match action {
        Action::Delete | Action::Replace => sign.red().to_string(),
        Action::Update => sign.yellow().to_string(),
        Action::Create => sign.green().to_string(),
    }
}

fn resource(text: &mut String, review: &Review, change: &Change) {
    let why = match (change.action, &change.reasons[..]) {
        (_, []) => None,
        (Action::Replace, reasons) => Some(format!("replaced: {}", reasons.join(", "))),
        (_, reasons) => Some(reasons.join(", ")),
    };
    named(text, review, change, why);
    if change.action != Action::Create {
        properties(text, &change.properties);
    }
    impact(text, change.impact.as_ref());
}

/// What viewers or uploads will notice, one line for each sentence.
pub(super) fn impact(text: &mut String, impact: Option<&Impact>) {
    let Some(impact) = impact.filter(|impact| impact.severity > Severity::None) else { return };
    for sentence in impact.text.split_inclusive(". ") {
        let said = format!("! {}", sentence.trim_end());
        let said = if impact.severity == Severity::Interruption { said.red().to_string() } else { said };
        let _ = writeln!(text, "      {said}");
    }
}

/// The line that names a resource, and one with its region if that is not the stack's.
fn named(text: &mut String, review: &Review, change: &Change, why: Option<String>) {
    let said: Vec<String> = change.id.clone().into_iter().chain(why).collect();
    let line = format!("{:<32} {:<32} {}", change.address, change.type_name(), said.join(", "));
    let _ = writeln!(text, "  {} {}", coloured(change.action), line.trim_end());
    if change.region != review.region {
        let _ = writeln!(text, "      in {}", change.region);
    }
}

/// Resources with the same change: what changes, and which they are.
fn group(text: &mut String, review: &Review, group: &Alike<'_>, gap: bool) {
    let gap = if gap { "\n" } else { "" };
    let _ =
        writeln!(text, "{gap}{}", format!("only tags change, in {} resources", group.changes.len()).bold());
    properties(text, group.properties);
    for change in &group.changes {
        named(text, review, change, None);
    }
}

/// One line for each property, or several for a long value.
pub(super) fn properties(text: &mut String, properties: &[Property]) {
    let width =
        properties.iter().map(|property| property.path.chars().count()).max().unwrap_or_default().min(56);
    for property in properties {
        let (path, cause, notes) = (&property.path, cause(property.cause), notes(property));
        match value::draw(path, property.before.as_ref(), property.after.as_ref()) {
            Drawn::Short { before, after } => {
                let _ = writeln!(text, "      {cause:<7} {path:<width$}  {before} → {after}{notes}");
            }
            Drawn::Long(lines) => {
                let _ = writeln!(text, "      {cause:<7} {path}{notes}");
                for (fate, line) in lines {
                    let line = match fate {
                        Fate::Stays | Fate::LeftOut => format!("  {line}"),
                        Fate::Goes => format!("- {line}").red().to_string(),
                        Fate::Comes => format!("+ {line}").green().to_string(),
                    };
                    let _ = writeln!(text, "                {line}");
                }
            }
        }
    }
}

/// Who changed a property, in a word.
pub(super) const fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Change => "change",
        Cause::Drift => "drift",
        Cause::Both => "both",
        Cause::Unknown => "differs",
    }
}

/// Other remarks about a property, with spaces before them.
pub(super) fn notes(property: &Property) -> String {
    let mut notes = Vec::new();
    if property.forces_replacement {
        notes.push("forces replacement".to_owned());
    }
    if property.cause == Cause::Both {
        let applied = value::line(&property.path, property.applied.as_ref()).replace('\n', "\\n");
        notes.push(format!("the account changed too: {applied} at the last apply"));
    }
    if notes.is_empty() { String::new() } else { format!("  ({})", notes.join("; ")) }
}

fn kept(text: &mut String, kept: &[Kept]) {
    for one in kept {
        let Kept { address, id, .. } = one;
        let name = format!("{address:<32} {:<32}", one.type_name());
        let _ = writeln!(text, "  = {name} {id} stays: no longer declared, but it holds data");
    }
    if !kept.is_empty() {
        let _ = writeln!(text, "{STAYS}\n");
    }
}
