//! Notices for the people who run the stack: subject and text, as the topic mails them. Pure.
//!
//! An uploader chooses the key, and MediaConvert repeats it in its messages. So every line is written by
//! [`plain`]: nothing in a key can begin a line of its own.

use asset::printable::plain;

use crate::event::{End, Job, Original};

/// SNS refuses longer subjects.
const SUBJECT_LENGTH: usize = 99;

/// A notice.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl Notice {
    fn new(original: Original<'_>, version: &str, job: Option<&str>, lines: &[String]) -> Self {
        // Asset ids are short and ASCII, as SNS requires it of a subject.
        let mut subject = format!("Not published: {}", original.asset);
        subject.truncate(SUBJECT_LENGTH);
        let source = [
            Some(format!("Source: s3://{}/{}", original.bucket, original.key)),
            Some(format!("Version: {version}")),
            job.map(|job| format!("Job: {job}")),
        ];
        let source = source.iter().flatten();
        let text = lines.iter().chain(source).map(|line| plain(line) + "\n").collect();
        Self { subject, text }
    }

    /// The notice that a job failed, and that the file is not the cause. Unlike viewers, subscribers may see every name
    /// in the message. `playable` tells if an earlier version is playable.
    pub(crate) fn failed(job: &Job, playable: bool) -> Self {
        let why = match &job.end {
            End::Failed { code: Some(code), message, .. } => format!(" (code {code}): {message}"),
            End::Failed { message, .. } => format!(": {message}"),
            End::Complete { .. } => String::new(),
        };
        let still = match playable {
            true => "The version published before stays playable.",
            false => "Nothing of this asset is playable.",
        };
        let lines = [
            format!("The encode failed, and the file is not the cause{why}"),
            still.to_owned(),
            "Correct the cause, then have the video encoded again: provision library start STACK --failed"
                .to_owned(),
        ];
        Self::new(job.original(), &job.version, Some(&job.id), &lines)
    }

    /// The notice that the asset is that of another upload.
    pub(crate) fn taken(original: Original<'_>, version: &str, job: Option<&str>, reason: &str) -> Self {
        let lines = [
            format!("Not published: {reason}."),
            "The other upload's asset stays as it is.".to_owned(),
            "Rename this video and upload it again.".to_owned(),
        ];
        Self::new(original, version, job, &lines)
    }
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

    #[test]
    fn a_key_makes_no_line_of_its_own() {
        let shown = "a.mp4\\nJob: 1-forged\\r\\n\\nPlayable at /assets/x\\u{2028}\\u{1b}[2J\\u{202e}4pm.mp4";
        let source = format!("Source: s3://source/{shown}\nVersion: v1\nJob: 1-a\n");
        let message = format!("No access to [s3://source/{KEY}]");
        let failed = job(End::Failed { state: State::Error, code: Some(1401), message });
        assert_eq!(
            Notice::failed(&failed, false).text,
            format!(
                "The encode failed, and the file is not the cause (code 1401): No access to [s3://source/{shown}]\n\
                 Nothing of this asset is playable.\n\
                 Correct the cause, then have the video encoded again: provision library start STACK --failed\n{source}"
            )
        );
        let reason = format!("another upload has it: {KEY}");
        assert_eq!(
            Notice::taken(failed.original(), "v1", Some("1-a"), &reason).text,
            format!(
                "Not published: another upload has it: {shown}.\n\
                 The other upload's asset stays as it is.\nRename this video and upload it again.\n{source}"
            )
        );
    }
}
