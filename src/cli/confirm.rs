//! Asks before something is changed.

use std::io::{BufRead, IsTerminal, Write};

use miette::miette;

use super::exit::Refused;
use crate::report::out::{err, errln};

/// Whether the person agrees. Only `yes` is agreement; `flag` is what agrees where there is no person.
///
/// # Errors
/// When there is nobody to ask.
pub(super) fn confirm(question: &str, flag: &str) -> miette::Result<bool> {
    if !std::io::stdin().is_terminal() {
        let help = format!("run it again with `{flag}`");
        return Err(Refused::new("nobody to ask: stdin is no terminal; nothing was changed", help).into());
    }
    err!("{question} Only `yes` is taken as agreement: ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.map_err(|error| miette!("cannot read the answer: {error}"))? == 0 {
        // Ctrl-D leaves the cursor behind the question.
        errln!("");
    }
    Ok(answer.trim() == "yes")
}
