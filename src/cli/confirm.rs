//! Asks before something is changed.

use std::io::{BufRead, IsTerminal};

use miette::miette;

use crate::ops::Refused;
use crate::report::out::{err, errln};

/// Whether the person agrees. Only `yes` counts. `flag` agrees beforehand, where there is no terminal.
///
/// # Errors
/// When there is nobody to ask.
pub(super) fn confirm(question: &str, flag: &str) -> miette::Result<bool> {
    if !std::io::stdin().is_terminal() {
        let help = format!("run it again with `{flag}`");
        return Err(Refused::new(
            "confirmation needed, but stdin is not a terminal; nothing was changed",
            help,
        )
        .into());
    }
    err!("{question} Enter `yes` to continue: ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.map_err(|error| miette!("cannot read the answer: {error}"))? == 0 {
        // Ctrl-D leaves the cursor behind the question.
        errln!("");
    }
    Ok(answer.trim() == "yes")
}
