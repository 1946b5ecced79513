//! `provision validate`: stack files alone, offline.

use std::path::PathBuf;

use miette::miette;

use crate::report;
use crate::report::out::{self, outln};
use crate::stack::config::{self, StackFile};

/// Check stack files offline. All problems are reported, with line, column and allowed values.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The stack files.
    #[arg(required = true, value_name = "STACK")]
    stacks: Vec<PathBuf>,
}

/// Checks every file, whatever the others hold: one line on stdout for each good one, the problems of the others on stderr.
///
/// # Errors
/// When a file cannot be used. The problems of one bad file are the error itself; of more, they are printed as they are met.
pub async fn run(args: Args) -> miette::Result<()> {
    let count = args.stacks.len();
    let mut bad = Vec::new();
    for path in args.stacks {
        match config::load_all(&path) {
            Ok(files) => {
                for (environment, file) in &files {
                    let name = report::plain(&path.display().to_string()).into_owned();
                    let of = environment
                        .as_ref()
                        .map(|environment| format!(", {environment}"))
                        .unwrap_or_default();
                    outln!("{name}{of}: {}", verdict(file));
                }
            }
            Err(invalid) => bad.push(miette::Report::new(invalid)),
        }
    }
    if bad.len() < 2 {
        return bad.pop().map_or(Ok(()), Err);
    }
    let failed = bad.len();
    for report in bad {
        out::report(&report);
    }
    Err(miette!(
        help = "correct the problems above and run it again",
        "{failed} of {count} stack files cannot be used"
    ))
}

fn verdict(file: &StackFile) -> String {
    let place = if file.local { "the local cloud, " } else { "" };
    format!("ok (stack {}, {place}account {}, region {})", file.stack, file.account, file.region)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn shipped(name: &str) -> StackFile {
        config::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks").join(name))
            .expect("a shipped stack file is valid")
    }

    #[test]
    fn the_shipped_stacks_are_valid() {
        let verdicts = ["local.yaml", "staging.yaml", "production.yaml"].map(|name| verdict(&shipped(name)));
        insta::assert_snapshot!(verdicts.join("\n"), @r"
    ok (stack vod-local, the local cloud, account 111122223333, region ap-northeast-2)
    ok (stack vod-staging, account 111122223333, region ap-northeast-2)
    ok (stack vod-production, account 444455556666, region ap-northeast-2)
    ");
    }

    async fn failure(names: &[&str]) -> Option<String> {
        let stacks = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks");
        let args = Args { stacks: names.iter().map(|name| stacks.join(name)).collect() };
        let report = run(args).await.err()?;
        Some(report.to_string().replace(&stacks.display().to_string(), "stacks"))
    }

    #[tokio::test]
    async fn every_file_is_checked_and_any_bad_one_fails() {
        assert_eq!(failure(&["local.yaml", "staging.yaml"]).await, None);
        let one = failure(&["none.yaml", "local.yaml"]).await;
        assert_eq!(one.as_deref(), Some("cannot read the stack file stacks/none.yaml"));
        let two = failure(&["none.yaml", "local.yaml", "other.yaml"]).await;
        assert_eq!(two.as_deref(), Some("2 of 3 stack files cannot be used"));
    }
}
