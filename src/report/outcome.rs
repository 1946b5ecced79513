//! How an apply or a teardown ended, for people: root causes first.

use std::fmt::Write as _;

use miette::Diagnostic;

use crate::execute::{Outcome, StepEnding};
use crate::model::printable::{plain, plain_lines};
use crate::plan::Plan;

/// What was done in one line: `36 created, 1 changed`.
#[must_use]
pub fn summary(plan: &Plan, outcome: &Outcome) -> String {
    outcome.tally(plan).to_string()
}

/// Everything that went wrong, each root cause with its help; nothing if all went well.
#[must_use]
pub fn failures(plan: &Plan, outcome: &Outcome) -> Option<String> {
    if outcome.is_complete() {
        return None;
    }
    let mut text = String::new();
    for (name, error) in &outcome.stacks {
        cause(&mut text, &format!("CloudFormation stack {name}"), error);
    }
    for (step, ending) in plan.steps.iter().zip(&outcome.endings) {
        if let StepEnding::Failed(error) = ending {
            cause(&mut text, step.address.as_str(), error);
        }
    }
    for (address, error) in &outcome.unsettled {
        cause(&mut text, address.as_str(), error);
    }
    let not_tried = plan.steps.iter().zip(&outcome.endings).filter_map(|(step, ending)| match ending {
        StepEnding::Skipped(obstacle) => Some(format!("  {}: {obstacle}", step.address)),
        StepEnding::Interrupted => Some(format!("  {}: interrupted before it began", step.address)),
        StepEnding::Done(_) | StepEnding::Failed(_) => None,
    });
    let not_tried: Vec<String> = not_tried.collect();
    if !not_tried.is_empty() {
        let lines: Vec<_> = not_tried.iter().map(|line| plain(line)).collect();
        let _ = writeln!(text, "not tried:\n{}", lines.join("\n"));
    }
    Some(text)
}

fn cause(text: &mut String, subject: &str, error: &crate::aws::Error) {
    let _ = writeln!(text, "{}: {}", plain(subject), plain_lines(&error.to_string()));
    if let Some(help) = error.help() {
        let _ = writeln!(text, "  help: {}", plain_lines(&help.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors name object keys, and uploaders choose those.
    #[test]
    fn what_a_service_says_cannot_write_on_the_terminal() {
        let mut text = String::new();
        let error =
            crate::aws::Error::unexpected("s3:DeleteObjectVersion", "a\u{1b}[2Kb cannot be deleted\nreally");
        cause(&mut text, "storage/source", &error);
        assert_eq!(
            text,
            "storage/source: s3:DeleteObjectVersion failed: a\\u{1b}[2Kb cannot be deleted\nreally\n"
        );
    }
}
