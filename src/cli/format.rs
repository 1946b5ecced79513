//! The two forms of a command's result: for people, and as JSON for programs.

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}
