//! What was done and what the account answered, as a page for a person.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::account::Account;
use super::facts::{self, Answer};
use super::limit::Ran;

/// How much of what a failed command said is shown.
const SHOWN: usize = 60;

/// The page, as it grows.
pub(crate) struct Report {
    title: String,
    steps: Vec<String>,
    faults: Vec<String>,
    details: String,
    answers: BTreeSet<Answer>,
}

impl Report {
    /// An empty one.
    pub(crate) fn new(account: &Account) -> Self {
        let zone = account.zone.as_ref().map_or("no zone".to_owned(), |zone| format!("zone {zone}"));
        Self {
            title: format!(
                "Account {}, {}, {zone}, provision {}",
                account.id,
                account.region,
                env!("CARGO_PKG_VERSION")
            ),
            steps: Vec::new(),
            faults: Vec::new(),
            details: String::new(),
            answers: BTreeSet::new(),
        }
    }

    /// Notes one command and the answers that it got. Returns whether it ended with this code.
    pub(crate) fn step(&mut self, what: &[&str], ran: &Ran, code: i32) -> bool {
        let what = what.join(" ");
        let is_good = ran.code == Some(code) && !ran.is_late;
        self.answers.extend(ran.stderr.lines().filter_map(Answer::read));
        self.steps.push(format!("{} {what}", if is_good { "ok    " } else { "FAILED" }));
        let _ = writeln!(self.details, "\n## `{what}`: {} s\n", ran.took.as_secs());
        let _ = writeln!(self.details, "```text\n{}```", ran.stdout);
        if !is_good {
            let ended = ran.code.map_or("a signal".to_owned(), |code| format!("code {code}"));
            let late = if ran.is_late { ", because its time was over" } else { "" };
            self.faults.push(format!("`{what}` ended with {ended}{late}; expected code {code}"));
            let said: Vec<&str> = ran.stderr.lines().collect();
            let last = said[said.len().saturating_sub(SHOWN)..].join("\n");
            let _ = writeln!(self.details, "\n```text\n{last}\n```");
        }
        is_good
    }

    /// Something is wrong.
    pub(crate) fn fault(&mut self, what: String) {
        self.faults.push(what);
    }

    /// Whether all went well.
    pub(crate) fn is_good(&self) -> bool {
        self.faults.is_empty()
    }

    /// What was done, a line each.
    pub(crate) fn steps(&self) -> String {
        self.steps.join("\n")
    }

    /// The refusals and absences that were answered: `Service Operation status code`.
    pub(crate) fn answers(&self) -> BTreeSet<String> {
        self.answers.iter().map(Answer::line).collect()
    }

    /// Steps and faults.
    pub(crate) fn summary(&self) -> String {
        let mut text = self.steps();
        for fault in &self.faults {
            let _ = write!(text, "\nfault: {fault}");
        }
        text
    }

    /// The whole page, as Markdown.
    pub(crate) fn text(&self) -> String {
        let Self { title, details, answers, .. } = self;
        let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        let lines: Vec<String> = answers.iter().map(Answer::line).collect();
        format!(
            "# {title}\n\n```text\n{}\n```\n\n## What was refused or absent\n\n```text\n{}\n```\n\n\
             ## What the table of facts does not hold\n\n```yaml\n{}```\n{details}",
            self.summary(),
            lines.join("\n"),
            facts::unknown(answers, &today)
        )
    }

    /// Writes the page beside the build, and returns where.
    pub(crate) fn write(&self) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("real-account");
        std::fs::create_dir_all(&folder).expect("the file system works");
        let path = folder.join(format!("{}.md", jiff::Timestamp::now().strftime("%Y-%m-%dT%H-%M-%S")));
        std::fs::write(&path, self.text()).expect("the file system works");
        path
    }
}
