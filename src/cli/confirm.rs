//! Asks before something is changed.

use std::io::{BufRead, IsTerminal, Write};

use miette::miette;

/// Whether the person agrees. Only `yes` is agreement.
///
/// # Errors
/// When there is nobody to ask.
pub(super) fn confirm(question: &str) -> miette::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(miette!(help = "run it again with `--yes`", "nobody to ask: stdin is no terminal"));
    }
    anstream::eprint!("{question} Only `yes` is taken as agreement: ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| miette!("cannot read the answer: {error}"))?;
    Ok(answer.trim() == "yes")
}
