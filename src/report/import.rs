//! What an apply with `--adopt` would make of what exists, for people: by verdict, with what it would change.

use std::fmt::Write as _;

use owo_colors::OwoColorize;

use super::human;
use super::printable::printable;
use crate::review::{Action, Import, ImportResource, ImportTotals, ImportVerdict, Property};

/// The text with colours, which the writer removes where they are not wanted. It ends with the totals line.
#[must_use]
pub fn import(import: &Import) -> String {
    let import = &*printable(import);
    let mut text = String::new();
    for verdict in
        [ImportVerdict::InTheWay, ImportVerdict::Adopt, ImportVerdict::Create, ImportVerdict::Owned]
    {
        let own: Vec<&ImportResource> =
            import.resources.iter().filter(|resource| resource.verdict == verdict).collect();
        if own.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}", heading(verdict).bold());
        for resource in own {
            self::resource(&mut text, resource, &import.region);
        }
        text.push('\n');
    }
    if !import.deleted.is_empty() {
        let _ = writeln!(text, "{}", "would be deleted".bold());
        for change in &import.deleted {
            let (address, kind, id) = (&change.address, change.type_name(), change.id.as_deref());
            let why = change.reasons.join(", ");
            let _ =
                writeln!(text, "  {} {address:<32} {kind:<32} {}, {why}", "-".red(), id.unwrap_or_default());
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{}", totals(import.totals));
    text
}

const fn heading(verdict: ImportVerdict) -> &'static str {
    match verdict {
        ImportVerdict::InTheWay => "cannot be adopted",
        ImportVerdict::Adopt => "would be adopted",
        ImportVerdict::Create => "would be created",
        ImportVerdict::Owned => "is this stack's already",
    }
}

fn totals(totals: ImportTotals) -> String {
    let ImportTotals { adopt, create, in_the_way, owned } = totals;
    human::counts(&[
        (in_the_way, "in the way"),
        (adopt, "to adopt"),
        (create, "to create"),
        (owned, "of this stack already"),
    ])
}

fn resource(text: &mut String, resource: &ImportResource, region: &str) {
    let sign = match resource.verdict {
        ImportVerdict::InTheWay => "!".red().to_string(),
        ImportVerdict::Adopt if resource.action == Some(Action::Replace) => "±".red().to_string(),
        ImportVerdict::Adopt => "←".yellow().to_string(),
        ImportVerdict::Create => "+".green().to_string(),
        ImportVerdict::Owned => "=".to_owned(),
    };
    let said: Vec<&str> = resource
        .id
        .iter()
        .chain(&resource.reasons)
        .map(String::as_str)
        .filter(|said| !said.is_empty())
        .collect();
    let kind = resource.kind.trim_start_matches("AWS::").replace("::", " ");
    let line = format!("{:<32} {kind:<32} {}", resource.address, said.join(", "));
    let _ = writeln!(text, "  {sign} {}", line.trim_end());
    if resource.region != region {
        let _ = writeln!(text, "      in {}", resource.region);
    }
    if let Some(help) = &resource.help {
        let _ = writeln!(text, "      {help}");
    }
    if resource.verdict != ImportVerdict::Adopt {
        return;
    }
    let told: Vec<Property> =
        resource.properties.iter().filter(|property| !is_tagging(property)).cloned().collect();
    human::properties(text, &told);
    human::impact(text, resource.impact.as_ref());
}

/// Whether a change only adds tags. To adopt is to set the stack's tags, so that is not told each time.
fn is_tagging(property: &Property) -> bool {
    let name = property.path.split(['[', '.']).next().unwrap_or_default();
    let before = property.before.as_ref();
    let had_none = before.is_none_or(|before| before.as_array().is_some_and(Vec::is_empty));
    name.ends_with("Tags") && had_none
}
