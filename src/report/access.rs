//! Who may do more than before, for people: a line or two for what a new resource grants, all details for what grows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use owo_colors::OwoColorize;

use crate::review::{Action, Broadening, Finding, Review};

/// The longest line of a list of actions, and where it begins.
const WIDTH: usize = 88;
const INDENT: usize = 39;

/// Writes the table; nothing if nobody may do more.
pub(super) fn write(text: &mut String, review: &Review) {
    if review.security.is_empty() {
        return;
    }
    let _ = writeln!(text, "{}", "who may do more than before".bold());
    let created: BTreeSet<&str> = review
        .changes
        .iter()
        .filter(|change| change.action == Action::Create)
        .map(|change| change.address.as_str())
        .collect();
    let (new, grown): (Vec<&Finding>, Vec<&Finding>) =
        review.security.iter().partition(|finding| created.contains(finding.address.as_str()));
    for finding in grown {
        whole(text, finding);
    }
    for ((address, principal, broadening), actions) in by_principal(&new) {
        let head = format!("{principal} {}", verb(broadening));
        let mut lines = wrapped(head, &actions.difference(&implied(broadening)).copied().collect::<Vec<_>>());
        let first = lines.remove(0);
        let _ = writeln!(text, "  {} {address:<32} {first}", "+".red());
        for line in lines {
            let _ = writeln!(text, "{:INDENT$}{line}", "");
        }
    }
    text.push('\n');
}

/// A finding with all its details, for a resource that exists already.
fn whole(text: &mut String, finding: &Finding) {
    let Finding { address, broadening, principal, actions, resources, conditions, origin } = finding;
    let may = verb(*broadening);
    let _ = writeln!(text, "  {} {address:<32} {principal} {may} {}", "!".red(), actions.join(", "));
    for resource in resources {
        let _ = writeln!(text, "      on {resource}");
    }
    for condition in conditions {
        let _ = writeln!(text, "      if {condition}");
    }
    let _ = writeln!(text, "      {origin}");
}

const fn verb(broadening: Broadening) -> &'static str {
    match broadening {
        Broadening::Allow | Broadening::ConditionRemoved => "may",
        Broadening::DenyRemoved => "is no longer denied",
        Broadening::Trust => "may assume it",
        Broadening::Invoke => "may invoke it",
        Broadening::Exposure => "can reach it:",
        Broadening::Sent => "is sent",
    }
}

/// Actions that the verb already says.
fn implied(broadening: Broadening) -> BTreeSet<&'static str> {
    match broadening {
        Broadening::Trust => BTreeSet::from(["sts:AssumeRole"]),
        Broadening::Invoke => BTreeSet::from(["lambda:InvokeFunction"]),
        _ => BTreeSet::new(),
    }
}

type Grantee<'a> = (&'a str, &'a str, Broadening);

/// What new resources allow, by resource and principal.
fn by_principal<'a>(new: &[&'a Finding]) -> BTreeMap<Grantee<'a>, BTreeSet<&'a str>> {
    let mut table: BTreeMap<Grantee<'a>, BTreeSet<&'a str>> = BTreeMap::new();
    for Finding { address, principal, broadening, actions, .. } in new {
        let row = table.entry((address, principal, *broadening)).or_default();
        row.extend(actions.iter().map(String::as_str));
    }
    table
}

/// A head and the words after it, in lines of limited length.
fn wrapped(head: String, words: &[&str]) -> Vec<String> {
    let mut lines = vec![head];
    for (number, word) in words.iter().enumerate() {
        let comma = if number + 1 < words.len() { "," } else { "" };
        match lines.last_mut() {
            Some(line) if line.len() + word.len() + 2 <= WIDTH => {
                line.push(' ');
                line.push_str(word);
                line.push_str(comma);
            }
            _ => lines.push(format!("{word}{comma}")),
        }
    }
    lines
}
