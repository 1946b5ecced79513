//! Notices for the people who run the stack: subject and text, as the topic mails them. Pure.
//!
//! An uploader chooses the key, and MediaConvert repeats it in its messages. So every line is written by
//! [`plain`]: nothing in a key can begin a line of its own.

use asset::printable::plain;
use asset::{Description, Failure, output};

use crate::event::{End, Job};

/// SNS refuses longer subjects.
const SUBJECT_LENGTH: usize = 99;

/// A notice.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl Notice {
    fn new(what: &str, job: &Job, lines: &[String]) -> Self {
        // Asset ids are short and ASCII, as SNS requires it of a subject.
        let mut subject = format!("{what}: {}", job.asset);
        subject.truncate(SUBJECT_LENGTH);
        let source = [
            format!("Source: s3://{}/{}", job.bucket, job.key),
            format!("Version: {}", job.version),
            format!("Job: {}", job.id),
        ];
        let text = lines.iter().chain(&source).map(|line| plain(line) + "\n").collect();
        Self { subject, text }
    }

    /// The notice of how a job ended. `description` is the asset's now.
    pub(crate) fn ended(job: &Job, description: &Description) -> Self {
        let failure = description.failure.as_ref().filter(|failure| failure.job.as_deref() == Some(&job.id));
        match (&job.end, failure) {
            // Unlike viewers, subscribers may see every name in the message.
            (End::Failed { code, message, .. }, _) => {
                let code = code.map(|code| format!(" (code {code})")).unwrap_or_default();
                let why = format!("The encode failed{code}: {message}");
                Self::new("Not published", job, &[why, still(description)])
            }
            (End::Complete { .. }, Some(Failure { message, .. })) => {
                let why = format!("The encode was not published: {message}");
                Self::new("Not published", job, &[why, still(description)])
            }
            (End::Complete { .. }, None) => Self::published(job, description),
        }
    }

    fn published(job: &Job, description: &Description) -> Self {
        let Some(published) = &description.published else { return Self::new("Changed", job, &[]) };
        let heights = published.renditions.iter().filter_map(|rendition| rendition.height);
        let heights: Vec<String> = heights.map(|height| format!("{height}p")).collect();
        let lines = [
            format!("Playable at /{}", output::playlist(&job.asset)),
            format!("Renditions: {}", heights.join(" ")),
        ];
        Self::new("Published", job, &lines)
    }

    /// The notice that the asset is that of another upload.
    pub(crate) fn refused(job: &Job, reason: &str) -> Self {
        let lines = [
            format!("Not published: {reason}."),
            "The other upload's asset stays as it is.".to_owned(),
            "Rename this video and upload it again.".to_owned(),
        ];
        Self::new("Not published", job, &lines)
    }
}

fn still(description: &Description) -> String {
    let still = match description.published {
        Some(_) => "The version published before stays playable.",
        None => "Nothing of this asset is playable.",
    };
    still.to_owned()
}

#[cfg(test)]
mod tests {
    use asset::State;

    use super::*;

    const KEY: &str = "a.mp4\nJob: 1-forged\r\n\nPlayable at /assets/x\u{2028}\u{1b}[2J\u{202e}4pm.mp4";

    fn job(end: End) -> Job {
        Job {
            id: "1-a".into(),
            asset: "a-1".into(),
            run: "r".into(),
            bucket: "source".into(),
            key: KEY.into(),
            version: "v1".into(),
            revision: 1,
            expected: None,
            account: None,
            ended: String::new(),
            end,
        }
    }

    fn description(failure: Option<Failure>) -> Description {
        Description {
            asset: "a-1".into(),
            state: State::Error,
            key: KEY.into(),
            published: None,
            failure,
            removed: None,
        }
    }

    #[test]
    fn a_key_makes_no_line_of_its_own() {
        let shown = "a.mp4\\nJob: 1-forged\\r\\n\\nPlayable at /assets/x\\u{2028}\\u{1b}[2J\\u{202e}4pm.mp4";
        let source = format!("Source: s3://source/{shown}\nVersion: v1\nJob: 1-a\n");
        let message = format!("Unable to open input file [s3://source/{KEY}]");
        let failed = job(End::Failed { state: State::Error, code: Some(1040), message });
        assert_eq!(
            Notice::ended(&failed, &description(None)).text,
            format!(
                "The encode failed (code 1040): Unable to open input file [s3://source/{shown}]\n\
                 Nothing of this asset is playable.\n{source}"
            )
        );
        let complete = job(End::Complete { duration: Some(9.0), warnings: Vec::new() });
        assert_eq!(
            Notice::refused(&complete, &format!("another upload has it: {KEY}")).text,
            format!(
                "Not published: another upload has it: {shown}.\n\
                 The other upload's asset stays as it is.\nRename this video and upload it again.\n{source}"
            )
        );
    }

    #[test]
    fn a_complete_encode_that_is_not_published_is_a_failure() {
        let complete = job(End::Complete { duration: Some(9.0), warnings: Vec::new() });
        let failure = |job: &str| Failure {
            state: State::Error,
            version: "v1".into(),
            job: Some(job.into()),
            code: None,
            message: "it is too long".into(),
            failed: String::new(),
        };
        let told = |job: &str| Notice::ended(&complete, &description(Some(failure(job))));
        assert_eq!(told("1-a").subject, "Not published: a-1");
        assert!(told("1-a").text.starts_with("The encode was not published: it is too long\nNothing of"));
        assert_eq!(told("1-b").subject, "Changed: a-1", "the failure of another job");
    }
}
