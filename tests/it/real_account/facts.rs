//! What the table of facts says AWS refuses with, and rows for what it does not hold.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

/// A refusal or absence that an account answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Answer {
    /// The service by the SDK's name without spaces, such as `Route53`.
    pub(crate) service: String,
    /// The operation.
    pub(crate) operation: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// AWS's error code.
    pub(crate) code: String,
}

impl Answer {
    /// Reads a line of the log of calls about a call that failed: `INFO SQS GetQueueUrl 12ms failed: 400 Code`.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let (call, answer) = line.split_once(" failed: ")?;
        let mut words = call.split_whitespace().skip_while(|word| *word != "INFO").skip(1);
        let (service, operation) = (words.next()?, words.next()?);
        let (status, code) = answer.trim().split_once(' ')?;
        Some(Self {
            service: service.to_owned(),
            operation: operation.to_owned(),
            status: status.parse().ok()?,
            code: code.to_owned(),
        })
    }

    /// It in one line.
    pub(crate) fn line(&self) -> String {
        let Self { service, operation, status, code } = self;
        format!("{service} {operation} {status} {code}")
    }

    /// A row of the table. What a person has to say is left empty, so that the row fails until somebody says it.
    fn row(&self, date: &str) -> String {
        let Self { operation, status, code, .. } = self;
        let service = iam_name(&self.service);
        format!(
            "- fact: ''\n  service: {service}\n  operation: {operation}\n  status: {status}\n  code: {code}\n  message: ''\n  \
             source: real account\n  date: '{date}'\n  kinds: []\n  then: absent\n"
        )
    }
}

/// The name of a service in IAM's actions, by that of the SDK.
fn iam_name(sdk: &str) -> String {
    match sdk {
        "CloudWatchLogs" => "logs".to_owned(),
        "EventBridge" => "events".to_owned(),
        "S3Control" => "s3".to_owned(),
        other => other.to_lowercase(),
    }
}

/// A row of the table, as far as it is needed here.
#[derive(Deserialize)]
struct Fact {
    operation: String,
    status: u16,
    code: Option<String>,
}

/// The refusals that the table holds, as operation, status and code.
fn known() -> BTreeSet<(String, u16, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws_facts/facts");
    let files = std::fs::read_dir(folder).expect("the table is there");
    let read = |path: &Path| {
        let text = std::fs::read_to_string(path).expect("it can be read");
        serde_yaml::from_str::<Vec<Fact>>(&text).expect("it holds rows")
    };
    files
        .flat_map(|file| read(&file.expect("it can be listed").path()))
        .filter_map(|fact| Some((fact.operation, fact.status, fact.code?)))
        .collect()
}

/// Those of the answers that the table does not hold, as rows to be completed and added. `date` is the day.
pub(crate) fn unknown(answers: &BTreeSet<Answer>, date: &str) -> String {
    let known = known();
    let is_unknown =
        |answer: &&Answer| !known.contains(&(answer.operation.clone(), answer.status, answer.code.clone()));
    answers.iter().filter(is_unknown).fold(String::new(), |mut rows, answer| {
        let _ = write!(rows, "{}", answer.row(date));
        rows
    })
}

#[test]
fn a_refused_call_is_read_from_the_log() {
    let line = |text: &str| Answer::read(text).map(|answer| answer.line());
    let queue = " INFO SQS GetQueueUrl 12ms failed: 400 AWS.SimpleQueueService.NonExistentQueue";
    assert_eq!(line(queue).as_deref(), Some("SQS GetQueueUrl 400 AWS.SimpleQueueService.NonExistentQueue"));
    assert_eq!(line(" INFO SQS GetQueueUrl 12ms ok"), None);
    assert_eq!(line("error: sqs:GetQueueUrl failed: no"), None);
}

#[test]
fn only_what_the_table_lacks_becomes_a_row() {
    let read = |service: &str, operation: &str, status, code: &str| Answer {
        service: service.to_owned(),
        operation: operation.to_owned(),
        status,
        code: code.to_owned(),
    };
    let known = read("S3", "GetBucketCors", 404, "NoSuchCORSConfiguration");
    let new = read("CloudWatchLogs", "DescribeLogGroups", 400, "NeverSeenException");
    let rows = unknown(&BTreeSet::from([known, new]), "2026-01-01");
    insta::assert_snapshot!(rows, @"
    - fact: ''
      service: logs
      operation: DescribeLogGroups
      status: 400
      code: NeverSeenException
      message: ''
      source: real account
      date: '2026-01-01'
      kinds: []
      then: absent
    ");
}
