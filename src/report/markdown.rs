//! A plan as a comment on a pull request: totals and dangers first, details folded, never longer than allowed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::human::{cause, notes, sign, totals};
use super::markup::{cell, code, fence, heading, inline};
use super::picture::Picture;
use super::printable::printable;
use super::targets;
use super::value::{self, Drawn, Fate};
use crate::model::printable::{plain, plain_lines};
use crate::review::{Action, Against, Change, Finding, Property, Review, Severity};

/// How much is shown. Each step leaves out what matters least in the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    /// Everything.
    Whole,
    /// No picture.
    NoPicture,
    /// New resources are counted by concern.
    CreatesCounted,
    /// Long values are left out.
    NoLongValues,
    /// Changes in place are one line each.
    UpdatesNamed,
    /// Changes in place are counted.
    UpdatesCounted,
}

const STEPS: [Detail; 6] = [
    Detail::Whole,
    Detail::NoPicture,
    Detail::CreatesCounted,
    Detail::NoLongValues,
    Detail::UpdatesNamed,
    Detail::UpdatesCounted,
];

/// The plan as Markdown of at most `max_bytes` bytes. If it does not fit, harmless parts are left out first, and the
/// text says so. Deletes, replacements and who may do more are shortened last.
#[must_use]
pub fn markdown(review: &Review, max_bytes: usize) -> String {
    let review = &*printable(review);
    for detail in STEPS {
        let text = render(review, detail);
        if text.len() <= max_bytes {
            return text;
        }
    }
    cut(&shortest(review), max_bytes)
}

/// The plan with all left out that may be left out.
pub(super) fn shortest(review: &Review) -> String {
    render(review, Detail::UpdatesCounted)
}

/// A stack that cannot be planned, and why, in Markdown of at most `max_bytes` bytes.
#[must_use]
pub fn unplanned(file: &str, why: &str, max_bytes: usize) -> String {
    let why = plain_lines(why);
    let (head, fence) = (format!("### {}: cannot be planned\n\n", code(&plain(file))), fence(&why));
    let room = max_bytes.saturating_sub(head.len() + 2 * fence.len() + "text\n\n\n\n".len());
    let why = &why[..why.floor_char_boundary(room)];
    format!("{head}{fence}text\n{why}\n{fence}\n\n")
}

/// The first lines of a text and a last one that says that there are more. A folded part without content is left out.
pub(super) fn cut(text: &str, max_bytes: usize) -> String {
    const MORE: &str =
        "\n**Cut here: the plan is too long for this comment. Run `provision plan` to read all of it.**\n";
    let mut open = Open::default();
    let (mut at, mut kept, mut closing) = (0, 0, String::new());
    for line in text.split_inclusive('\n') {
        at += line.len();
        open.read(line);
        if at + open.closing().len() + MORE.len() > max_bytes {
            break;
        }
        if open.may_end() {
            (kept, closing) = (at, open.closing());
        }
    }
    text[..kept].to_owned() + &closing + MORE
}

/// What is open after a line of Markdown.
#[derive(Default)]
struct Open {
    /// A folded part, and how many lines of content it has so far.
    folded: Option<usize>,
    /// A fence of so many backticks.
    fence: Option<usize>,
    /// The rows of a table.
    rows: bool,
}

impl Open {
    fn read(&mut self, line: &str) {
        let ticks = line.chars().take_while(|letter| *letter == '`').count();
        if line.starts_with("<details>") {
            *self = Self { folded: Some(0), ..Self::default() };
        } else if line.starts_with("</details>") {
            *self = Self::default();
        } else if self.fence.is_none() && ticks > 2 {
            self.fence = Some(ticks);
        } else if self.fence == Some(ticks) {
            self.fence = None;
        } else if line.starts_with("|---") {
            self.rows = true;
        } else if self.fence.is_some() || self.rows {
            self.folded = self.folded.map(|content| content + 1);
        }
    }

    /// Whether the text may end here: nothing is open, or what is open has content.
    fn may_end(&self) -> bool {
        self.folded != Some(0)
    }

    /// The lines that close what is open.
    fn closing(&self) -> String {
        let fence = self.fence.map(|ticks| format!("{}\n", "`".repeat(ticks)));
        let folded = self.folded.map(|_| "</details>\n".to_owned());
        fence.into_iter().chain(folded).collect()
    }
}

fn render(review: &Review, detail: Detail) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "### {}\n\n**{}**\n", title(review), totals(review.totals));
    if let Some(digest) = &review.saved {
        let _ = writeln!(text, "Saved as {}\n", code(digest));
    }
    dangers(&mut text, review);
    for kept in &review.kept {
        let _ = writeln!(
            text,
            "- {} ({}) stays: no longer declared, but it holds data",
            code(&kept.address),
            inline(&kept.id)
        );
    }
    if !review.kept.is_empty() {
        text.push('\n');
    }
    for (sign, line) in targets::lines(review) {
        let _ = writeln!(text, "- `{sign}` {}", inline(&line));
    }
    if !review.targets.is_empty() {
        text.push('\n');
    }
    for note in &review.notes {
        let _ = writeln!(text, "_{}_\n", inline(note));
    }
    security(&mut text, &review.security);
    changes(&mut text, review, detail);
    if detail < Detail::NoPicture && !review.changes.is_empty() {
        let picture = Picture::changed(review).mermaid();
        let _ = writeln!(
            text,
            "<details><summary>picture of what changes</summary>\n\n```mermaid\n{picture}```\n</details>\n"
        );
    }
    if let Some(said) = left_out(detail) {
        let _ = writeln!(text, "_Shortened to fit: {said}. Run `provision plan` to read all of it._");
    }
    text
}

fn title(review: &Review) -> String {
    let Review { stack, account, region, .. } = review;
    match &review.against {
        Against::Account => {
            format!("Plan of {} in account {}, {}", code(stack), inline(account), inline(region))
        }
        Against::Declaration(base) => {
            format!("{} compared with {}, without the account", code(stack), code(base))
        }
    }
}

const fn left_out(detail: Detail) -> Option<&'static str> {
    match detail {
        Detail::Whole => None,
        Detail::NoPicture => Some("the picture is left out"),
        Detail::CreatesCounted => Some("the picture is left out and new resources are counted"),
        Detail::NoLongValues => {
            Some("the picture and long values are left out, and new resources are counted")
        }
        Detail::UpdatesNamed => {
            Some("the picture and all values are left out, and new resources are counted")
        }
        Detail::UpdatesCounted => Some("only deletes, replacements and who may do more are listed"),
    }
}

/// What a reviewer must not miss.
fn dangers(text: &mut String, review: &Review) {
    let of = |action: Action| review.changes.iter().filter(move |change| change.action == action);
    let mut lines = Vec::new();
    for change in of(Action::Delete) {
        lines.push(format!("deletes {} ({})", code(&change.address), inline(&why(change))));
    }
    for change in of(Action::Replace) {
        lines.push(format!("replaces {} ({})", code(&change.address), inline(&why(change))));
    }
    for change in &review.changes {
        if let Some(impact) =
            change.impact.as_ref().filter(|impact| impact.severity == Severity::Interruption)
        {
            lines.push(format!("{}: {}", code(&change.address), inline(&impact.text)));
        }
    }
    if !review.security.is_empty() {
        lines.push(format!("lets somebody do more than before, {}", ways(review.security.len())));
    }
    if lines.is_empty() {
        return;
    }
    text.push_str("> [!CAUTION]\n");
    for line in lines {
        let _ = writeln!(text, "> - {line}");
    }
    text.push('\n');
}

/// How many ways there are, in words.
fn ways(count: usize) -> String {
    if count == 1 { "in 1 way".to_owned() } else { format!("in {count} ways") }
}

fn why(change: &Change) -> String {
    if change.reasons.is_empty() { change.type_name() } else { change.reasons.join(", ") }
}

/// The table of who may do more.
fn security(text: &mut String, findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    let _ = writeln!(text, "<details><summary>who may do more than before ({})</summary>\n", findings.len());
    text.push_str("| where | who | may | on | if |\n|---|---|---|---|---|\n");
    for Finding { address, principal, actions, resources, conditions, .. } in findings {
        let cells = [
            address.clone(),
            principal.clone(),
            actions.join(", "),
            resources.join(", "),
            conditions.join("; "),
        ];
        let _ = writeln!(text, "| {} |", cells.map(|text| cell(&text)).join(" | "));
    }
    text.push_str("\n</details>\n\n");
}

/// All changes, folded by concern.
fn changes(text: &mut String, review: &Review, detail: Detail) {
    let mut concerns: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in &review.changes {
        concerns.entry(change.concern()).or_default().push(change);
    }
    for (concern, changes) in concerns {
        let body = body(review, &changes, detail);
        let fence = fence(&body);
        let _ = writeln!(
            text,
            "<details><summary>{} ({})</summary>\n\n{fence}diff\n{body}{fence}\n</details>\n",
            heading(concern),
            changes.len()
        );
    }
}

fn body(review: &Review, changes: &[&Change], detail: Detail) -> String {
    let mut text = String::new();
    let (mut created, mut updated) = (0, 0);
    for change in changes {
        match change.action {
            Action::Create if detail >= Detail::CreatesCounted => created += 1,
            Action::Update if detail >= Detail::UpdatesCounted => updated += 1,
            _ => resource(&mut text, review, change, detail),
        }
    }
    for (count, what) in [(updated, "changed in place"), (created, "created")] {
        if count > 0 {
            let _ = writeln!(text, "… {count} {what}");
        }
    }
    text
}

fn resource(text: &mut String, review: &Review, change: &Change, detail: Detail) {
    // `diff` colours lines by their first letter. It has none for a change in place.
    let sign = match change.action {
        Action::Update => "!",
        Action::Replace => "-",
        other => sign(other),
    };
    let replaced = if change.action == Action::Replace { "replaced " } else { "" };
    let id = change.id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    let region =
        if change.region == review.region { String::new() } else { format!(" in {}", change.region) };
    let _ = writeln!(text, "{sign} {replaced}{} {}{id}{region}", change.address, change.type_name());
    if change.action != Action::Create && detail < Detail::UpdatesNamed {
        change.properties.iter().for_each(|property| self::property(text, property, detail));
    }
    if let Some(impact) = change.impact.as_ref().filter(|impact| impact.severity > Severity::None) {
        for sentence in impact.text.split_inclusive(". ") {
            let _ = writeln!(text, "#     {}", sentence.trim_end());
        }
    }
}

fn property(text: &mut String, property: &Property, detail: Detail) {
    let (path, cause, notes) = (&property.path, cause(property.cause), notes(property));
    match value::draw(path, property.before.as_ref(), property.after.as_ref()) {
        Drawn::Short { before, after } => {
            let _ = writeln!(text, "      {cause} {path}: {before} → {after}{notes}");
        }
        Drawn::Long(_) if detail >= Detail::NoLongValues => {
            let _ = writeln!(text, "      {cause} {path}: a long value{notes}");
        }
        Drawn::Long(lines) => {
            let _ = writeln!(text, "      {cause} {path}{notes}");
            for (fate, line) in lines {
                let sign = match fate {
                    Fate::Stays | Fate::LeftOut => ' ',
                    Fate::Goes => '-',
                    Fate::Comes => '+',
                };
                let _ = writeln!(text, "{sign}         {line}");
            }
        }
    }
}
