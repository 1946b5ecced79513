//! The `source` section: archiving, retention and upload origins of the bucket of originals.

use schemars::JsonSchema;
use serde::Serialize;

use super::origin::UploadOrigin;
use super::reader::{Table, Wrong};
use super::values::Days;

/// A hundred years: a larger number is a typing error.
const MAX_DAYS: u32 = 36_500;

/// The bucket of originals.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Source {
    /// How long after its upload a published original moves to Glacier Instant Retrieval, such as 30d. 0d moves it with
    /// the next run of the lifecycle rules. Absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive_after: Option<Days>,
    /// How long a replaced or deleted version is kept, such as 30d. Absent: forever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expire_noncurrent_after: Option<Days>,
    /// Sites whose pages may upload from the browser (CORS), such as `https://app.example.com`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, with = "Vec<UploadOrigin>", extend("uniqueItems" = true))]
    pub upload_origins: Vec<String>,
}

/// Reads `source`.
pub(super) fn read(table: &Table<'_>) -> Option<Source> {
    let archive_after = days(table, "archive_after", 0);
    let expire_noncurrent_after = days(table, "expire_noncurrent_after", 1);
    let upload_origins =
        table.get("upload_origins").map_or(Some(Vec::new()), |value| value.read_items::<UploadOrigin>());
    Some(Source {
        archive_after: archive_after?,
        expire_noncurrent_after: expire_noncurrent_after?,
        upload_origins: upload_origins?.into_iter().map(|UploadOrigin(origin)| origin).collect(),
    })
}

/// S3 allows 0 days for a transition to Glacier Instant Retrieval, but at least 1 for an expiration.
fn days(table: &Table<'_>, key: &'static str, least: u32) -> Option<Option<Days>> {
    let days = table.optional::<Days>(key)?;
    let wrong = days.filter(|days| !(least..=MAX_DAYS).contains(&days.get()));
    if let (Some(days), Some(value)) = (wrong, table.get(key)) {
        let label = if days.get() < least { "too soon" } else { "longer than a hundred years" };
        value.reject(Wrong::new(format!("cannot be {days}"), label, format!("{least}d to {MAX_DAYS}d")));
        return None;
    }
    Some(days)
}
