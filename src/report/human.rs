//! A plan for people: grouped by concern, what is lost first, one line a property.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use owo_colors::OwoColorize;
use serde_json::Value;

use super::value;
use crate::model::{Changes, Known, PropertyChange};
use crate::plan::{Action, Plan, Reason, Step, Totals};

/// Tags that carry ownership; every resource has them, so nobody wants to read them.
const OWN_TAGS: &str = "Tags[provision:";

/// What becomes of what stays.
const STAYS: &str =
    "    (it goes with the first apply that finds it empty: its objects expire, or delete them yourself)";

/// The plan as text, with colours that the writer strips where they do not belong. Ends with the totals line.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    let mut text = String::new();
    for (concern, steps) in by_concern(plan) {
        let _ = writeln!(text, "{}", concern.bold());
        for step in steps {
            line(&mut text, plan, step);
        }
        text.push('\n');
    }
    for Known { address, kind, id, .. } in &plan.kept {
        let name = format!("{address:<32} {:<32}", kind.short());
        let _ = writeln!(text, "  = {name} {id} stays: no longer declared, but it holds data");
    }
    if !plan.kept.is_empty() {
        let _ = writeln!(text, "{STAYS}\n");
    }
    let _ = writeln!(text, "{}", totals(plan.totals()));
    text
}

/// The totals line, without a line end.
#[must_use]
pub(super) fn totals(totals: Totals) -> String {
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
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    parts.collect::<Vec<_>>().join(", ")
}

/// The steps to show, by concern, deletes and replacements first. The create of a replacement shows with its delete.
fn by_concern(plan: &Plan) -> BTreeMap<&str, Vec<&Step>> {
    let replaced = plan.replaced();
    let shown = plan
        .steps
        .iter()
        .filter(|step| !(matches!(step.action, Action::Create { .. }) && replaced.contains(&step.address)));
    let mut groups: BTreeMap<&str, Vec<&Step>> = BTreeMap::new();
    for step in shown {
        groups.entry(step.address.concern()).or_default().push(step);
    }
    for steps in groups.values_mut() {
        steps.sort_by_key(|step| (!matches!(step.action, Action::Delete { .. }), step.address.clone()));
    }
    groups
}

fn line(text: &mut String, plan: &Plan, step: &Step) {
    let name = format!("{:<32} {:<32}", step.address, step.kind.short());
    match &step.action {
        Action::Create { desired } => {
            let _ = writeln!(text, "  {} {}", "+".green(), format!("{name} {}", label(desired)).trim_end());
        }
        Action::Update { changes, .. } => {
            let _ = writeln!(text, "  {} {}", "~".yellow(), name.trim_end());
            properties(text, changes);
        }
        Action::Delete { seen, reason: Reason::Replacement(changes) } => {
            let forced: Vec<&str> = changes.replacing().map(|change| change.path.as_str()).collect();
            let why = format!("replaced, since {} cannot change in place ({})", forced.join(", "), seen.id);
            let _ = writeln!(text, "  {} {name} {why}", "±".red());
            properties(text, changes);
        }
        Action::Delete { seen, reason } => {
            let why = if *reason == Reason::Orphan { ", no longer declared" } else { "" };
            let _ = writeln!(text, "  {} {name} {}{why}", "-".red(), seen.id);
        }
    }
    if step.region != plan.scope.region {
        let _ = writeln!(text, "      in {}", step.region);
    }
}

/// The name that a new resource will have, where its properties say one.
fn label(desired: &Value) -> String {
    let named = |(key, value): (&String, &Value)| {
        key.ends_with("Name").then(|| value.as_str().map(str::to_owned)).flatten()
    };
    desired.as_object().and_then(|properties| properties.iter().find_map(named)).unwrap_or_default()
}

fn properties(text: &mut String, changes: &Changes) {
    let shown: Vec<&PropertyChange> =
        changes.0.iter().filter(|change| !change.path.starts_with(OWN_TAGS)).collect();
    let width = shown.iter().map(|change| change.path.chars().count()).max().unwrap_or_default().min(56);
    for change in shown {
        let (before, after) = (value::side(change.before.as_ref()), value::side(change.after.as_ref()));
        let forced = if change.replaces { "  (forces replacement)" } else { "" };
        let _ = writeln!(text, "      {:<width$}  {before} → {after}{forced}", change.path);
    }
}
