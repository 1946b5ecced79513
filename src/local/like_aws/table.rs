//! The rules of `--like-aws` as Markdown, for `docs/local-cloud.md`.

use std::fmt::Write as _;

use super::lag::LAGS;
use super::limits::{ASSUMED, RATES};
use super::waits::WAITS;

/// Three tables: what takes time, which reads lag, and how many calls a second are taken. A row each, with its source.
#[must_use]
pub fn rules_as_markdown() -> String {
    let mut text = String::from("| what takes time | seconds | meanwhile | source |\n|---|---|---|---|\n");
    for wait in WAITS {
        let seconds = match wait.seconds {
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        let _ = writeln!(text, "| {} | {seconds} | {} | {} |", wait.name, wait.seen, link(wait.source));
    }
    text.push_str("\n| reads that lag | seconds at most | source |\n|---|---|---|\n");
    for lag in LAGS {
        let _ =
            writeln!(text, "| {} | {} | {} |", calls(lag.service, lag.reads), lag.seconds, link(lag.source));
    }
    text.push_str("\n| calls | a second | at once | beyond | source |\n|---|---|---|---|---|\n");
    for rate in RATES {
        let calls = calls(rate.service, rate.operations);
        let (code, status) = (rate.code, rate.status);
        let _ = writeln!(
            text,
            "| {calls} | {} | {} | {status} `{code}` | {} |",
            rate.per_second,
            rate.burst,
            link(rate.source)
        );
    }
    text
}

/// The operations of a service, or those that no row above names.
fn calls(service: &str, operations: &[&str]) -> String {
    match operations {
        [] => format!("{service}: what is not named above"),
        some => format!("{service}: {}", some.join(", ")),
    }
}

/// A link that is called as the last part of its page, or the word for what has none.
fn link(source: &str) -> String {
    if source == ASSUMED {
        return source.to_owned();
    }
    let page = source.rsplit('/').next().unwrap_or(source);
    let name = page.split(['.', '#']).next().unwrap_or(page);
    format!("[{name}]({source})")
}
