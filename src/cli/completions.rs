//! `provision completions`: what a shell needs to complete this program's commands and options.

use std::io;

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use super::Cli;
use crate::report::out::out;

/// Print the completions for a shell.
///
/// For example: `provision completions bash > ~/.local/share/bash-completion/completions/provision`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(args: &Args) {
    out!("{}", script(args.shell));
}

fn script(shell: Shell) -> String {
    let mut script = io::Cursor::new(Vec::new());
    generate(shell, &mut Cli::command(), "provision", &mut script);
    String::from_utf8_lossy(&script.into_inner()).into_owned()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn each_shell_gets_every_command() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for command in Cli::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }
}
