//! The contract judge: each request that the cloud of a test takes, held to AWS's published service models.
//!
//! The cloud writes its exchanges to a file. When the test is over, `tests/contract/` judges them: one process for all
//! tests, so that the models are read once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;

use super::environment::{CONTRACT, run};
use crate::support::Cloud;

/// Set to keep the exchanges of tests that passed.
const KEEP: &str = "KEEP_EXCHANGES";

/// What a cloud was asked. A test that ends without a failure fails here if a request breaks a contract.
pub(crate) struct Contract {
    log: PathBuf,
    expected: Mutex<BTreeSet<(String, String)>>,
}

impl Contract {
    /// That of the cloud of this name.
    pub(crate) fn of(cloud: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exchanges");
        fs::create_dir_all(&folder).unwrap();
        let log = folder.join(format!("{cloud}.jsonl"));
        let _ = fs::remove_file(&log);
        Self { log, expected: Mutex::default() }
    }

    /// Where the cloud writes its exchanges.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Lets a test send what AWS would not take. It fails if no such request comes.
    pub(crate) fn expect(&self, operation: &str, rule: &str) {
        unpoisoned(&self.expected).insert((operation.to_owned(), rule.to_owned()));
    }

    /// Judges nothing, since the test is about requests that AWS does not take. The reason is for the reader.
    pub(crate) fn waive(&self, why: &str) {
        println!("contract: not judged: {why}");
        let _ = fs::remove_file(&self.log);
    }

    /// What became of the requests so far.
    pub(crate) fn report(&self) -> Report {
        static JUDGE: LazyLock<Mutex<Judge>> = LazyLock::new(|| Mutex::new(Judge::start()));
        unpoisoned(&JUDGE).judge(&self.log)
    }
}

impl Drop for Contract {
    fn drop(&mut self) {
        if std::thread::panicking() || !self.log.exists() {
            return;
        }
        let report = self.report();
        let Report { judged, cut_off, operations, .. } = &report;
        println!("contract: {judged} requests judged, {} operations, {cut_off} cut off", operations.len());
        let expected = unpoisoned(&self.expected).clone();
        let (told, unexpected): (Vec<_>, Vec<_>) =
            report.violations.iter().partition(|violation| expected.contains(&violation.key()));
        let told: BTreeSet<_> = told.into_iter().map(Violation::key).collect();
        assert_eq!(told, expected, "what the judge tells, and what the test expects: {}", self.log.display());
        let said: Vec<String> = unexpected.into_iter().map(Violation::to_string).collect();
        assert!(
            said.is_empty(),
            "AWS would not take these requests, or not read them as meant (CONTRIBUTING.md, \"A contract is broken\"):\n{}\n\
             the exchanges: {}",
            said.join("\n"),
            self.log.display()
        );
        if std::env::var_os(KEEP).is_none() {
            let _ = fs::remove_file(&self.log);
        }
    }
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What became of the requests of a log.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    /// How many were judged.
    judged: usize,
    /// How many were not, because their body did not come to its end.
    cut_off: usize,
    /// How many of each operation, `service:Operation`.
    pub(crate) operations: BTreeMap<String, usize>,
    violations: Vec<Violation>,
}

/// A demand that a request does not meet.
#[derive(Debug, Deserialize)]
struct Violation {
    operation: String,
    path: String,
    rule: String,
    times: usize,
    value: String,
    demand: String,
    source: String,
}

impl Violation {
    fn key(&self) -> (String, String) {
        (self.operation.clone(), self.rule.clone())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, path, rule, times, value, demand, source } = self;
        writeln!(f, "{operation} {path}: {rule} ({times} times)")?;
        write!(f, "  sent    {value}\n  demand  {demand}\n  source  {source}")
    }
}

/// The process that judges. It ends with its stdin, and so with this one.
struct Judge {
    _process: Child,
    asks: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Judge {
    fn start() -> Self {
        let mut command = module("contract");
        let command = command.arg("--serve").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("Python starts");
        let (asks, says) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { _process: child, asks, says: BufReader::new(says) }
    }

    fn judge(&mut self, log: &Path) -> Report {
        writeln!(self.asks, "{}", log.display()).expect("the judge reads");
        let mut line = String::new();
        self.says.read_line(&mut line).expect("the judge answers");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("the judge says {line:?} ({error})"))
    }
}

/// Python, set to run a module of `tests/`.
fn module(name: &str) -> Command {
    let mut python = CONTRACT.python();
    python.env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/tests"));
    python.env("PYTHONDONTWRITEBYTECODE", "1").args(["-m", name]);
    python
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_the_local_cloud_takes_and_aws_would_not_is_told() {
    let cloud = Cloud::lenient("contract").await;
    let cx = cloud.context("vod-contract").await;
    let made = cx.logs().create_log_group().log_group_name("vod").tags("aws:team", "a;b").send().await;
    assert!(made.is_ok(), "the emulator takes any tags: {made:?}");
    cloud.provision(&["local", "stop"], 0);
    let said: Vec<String> = cloud.contract.report().violations.iter().map(Violation::to_string).collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    logs:CreateLogGroup $.tags[aws:team]: pattern (1 times)
      sent    a;b
      demand  matches ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$ (TagValue)
      source  the service model in botocore
    logs:CreateLogGroup $.tags: tag_keys (1 times)
      sent    aws:team
      demand  a key has 1 to 128 characters and does not begin with `aws:`
      source  https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
    logs:CreateLogGroup $.tags: tag_characters (1 times)
      sent    a;b
      demand  a tag has letters, digits, spaces and _.:/=+-@, at most 256 of them
      source  https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
    ");
    for rule in ["pattern", "tag_keys", "tag_characters"] {
        cloud.contract.expect("logs:CreateLogGroup", rule);
    }
}

#[test]
fn the_judge_tells_each_damage() {
    let output = run(&mut module("contract.damage"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    println!("{said}");
}
