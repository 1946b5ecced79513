//! `provision man`: the manual pages, one for each command.

use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use miette::{IntoDiagnostic as _, WrapErr as _};

use super::Cli;
use crate::report;
use crate::report::out::outln;

/// Write the manual pages to a directory, one for each command.
///
/// For example: `provision man ~/.local/share/man/man1`, and then `man provision-plan`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The directory. It is made if it does not exist.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Writes the pages.
///
/// # Errors
/// When one cannot be written.
pub(super) fn run(args: &Args) -> miette::Result<()> {
    let directory = &args.directory;
    fs::create_dir_all(directory)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot make the directory {}", directory.display()))?;
    let pages = pages()?;
    for (name, page) in &pages {
        write(&directory.join(name), page)?;
    }
    outln!("{}", report::plain(&format!("{} pages in {}", pages.len(), directory.display())));
    Ok(())
}

fn write(path: &Path, page: &[u8]) -> miette::Result<()> {
    fs::write(path, page).into_diagnostic().wrap_err_with(|| format!("cannot write {}", path.display()))
}

/// Each page with the name of its file. A command with commands of its own has a page, and so has each of those, as with
/// `kubectl-config-view.1`. Commands that the help does not show have none.
fn pages() -> miette::Result<Vec<(String, Vec<u8>)>> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let mut pages = Vec::new();
    let mut pending = vec![program];
    while let Some(command) = pending.pop() {
        let page = clap_mangen::Man::new(command.clone());
        let mut text = Vec::new();
        page.render(&mut text).into_diagnostic()?;
        pages.push((page.get_filename(), text));
        pending.extend(command.get_subcommands().filter(|nested| !nested.is_hide_set()).cloned());
    }
    pages.sort();
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_a_page() {
        let pages = pages().unwrap();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for expected in ["provision.1", "provision-plan.1", "provision-local-start.1"] {
            assert!(names.contains(&expected), "{expected} is missing: {names:?}");
        }
        assert!(!names.contains(&"provision-local-serve.1"), "the help does not show it either");
        assert_eq!(names.len(), names.iter().collect::<std::collections::BTreeSet<_>>().len(), "{names:?}");
        let (_, plan) = pages.iter().find(|(name, _)| name == "provision-plan.1").unwrap();
        let plan = String::from_utf8_lossy(plan);
        assert!(
            plan.contains(".TH provision-plan 1") && plan.contains("\\-\\-detailed\\-exitcode"),
            "{plan}"
        );
    }
}
