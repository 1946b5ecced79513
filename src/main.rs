//! The program's entry: the handlers that a release carries, the exit code, and nothing else.

use std::process::ExitCode;

use provision::bundle::IncludedFolder;

/// What this program carries: nothing, unless it is built with `PROVISION_BUNDLES` (`build.rs`). It is here and not in the
/// library, so that other handlers need no more than to link again.
const INCLUDED: &[IncludedFolder] = include!(concat!(env!("OUT_DIR"), "/included.rs"));

fn main() -> ExitCode {
    provision::cli::main(INCLUDED)
}
