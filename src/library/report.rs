//! The completion report of a job: the videos that submit did not accept, and why.

use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::{Error, Library};
use crate::aws;
use crate::stack::library::REPORTS;

/// A video that submit did not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Its key.
    pub key: String,
    /// The reason, from submit or Lambda.
    pub why: String,
}

/// The report's table of contents.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReportManifest {
    results: Vec<ReportPart>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReportPart {
    task_execution_status: String,
    key: String,
}

impl Library {
    /// The location of a job's report, for people.
    #[must_use]
    pub fn report_at(&self, job: &str) -> String {
        format!("s3://{}/{REPORTS}job-{job}/", self.work)
    }

    /// The videos of an ended job that submit did not accept, at most `most` of them. Empty if there is no report: S3
    /// writes one only if at least one task succeeded.
    ///
    /// # Errors
    /// When the report cannot be read.
    pub async fn failures(&self, job: &str, most: usize) -> Result<Vec<Failed>, Error> {
        let Some(contents) = self.read(&format!("{REPORTS}job-{job}/manifest.json")).await? else {
            return Ok(Vec::new());
        };
        let contents: ReportManifest = serde_json::from_slice(&contents)
            .map_err(|error| Error::Files { what: "could not read the report", why: error.to_string() })?;
        let mut failed = Vec::new();
        for part in contents.results.iter().filter(|part| part.task_execution_status == "failed") {
            let Some(rows) = self.read(&part.key).await? else { continue };
            failed.extend(parse(&rows)?);
            if failed.len() >= most {
                failed.truncate(most);
                break;
            }
        }
        Ok(failed)
    }

    async fn read(&self, key: &str) -> aws::Result<Option<Vec<u8>>> {
        aws::contents(&self.cx, &self.work, key).await
    }
}

/// The rows of a part: bucket, key, version, status, error code, HTTP status, message. They have no header. The S3 user guide
/// shows rows in which the error code and the HTTP status are the other way round.
fn parse(rows: &[u8]) -> Result<Vec<Failed>, Error> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(rows);
    let rows = reader.records().map(|row| {
        let row = row.map_err(Error::csv("could not read the report"))?;
        let cell = |number: usize| row.get(number).unwrap_or_default();
        let key = percent_decode_str(cell(1)).decode_utf8_lossy().into_owned();
        let is_number = |text: &&str| text.chars().all(|digit| digit.is_ascii_digit());
        let (numbers, words): (Vec<&str>, Vec<&str>) =
            [cell(6), cell(4), cell(5)].into_iter().filter(|cell| !cell.is_empty()).partition(is_number);
        let why = match (words.first(), numbers.first()) {
            (Some(words), _) => (*words).to_owned(),
            (None, Some(status)) => format!("HTTP {status}"),
            (None, None) => "no reason given".to_owned(),
        };
        Ok(Failed { key, why })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_which_and_why() {
        let rows = concat!(
            "b,films/a%20b.mp4,,failed,,200,\"the file has no video track, \"\"a\"\"\"\n",
            "b,c.mp4,v1,failed,ServiceException,500,\n",
            "b,d.mp4,,failed,200,PermanentFailure,\n",
            "b,e.mp4,,failed,,503,\n",
        );
        let failed = |key: &str, why: &str| Failed { key: key.into(), why: why.into() };
        assert_eq!(
            parse(rows.as_bytes()).unwrap(),
            [
                failed("films/a b.mp4", "the file has no video track, \"a\""),
                failed("c.mp4", "ServiceException"),
                failed("d.mp4", "PermanentFailure"),
                failed("e.mp4", "HTTP 503"),
            ]
        );
    }
}
