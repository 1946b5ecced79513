//! What is known of an asset, whether something is published or not.

use asset::{Description, output, work};
use aws_sdk_s3::types::EncodingType;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Assets, Error};
use crate::aws::{self, OrEmpty, SdkResult, listed_key, required};

const NO_BUCKET: &[&str] = &["NoSuchBucket"];

/// What is known of an asset.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its id.
    pub asset: String,
    /// Its `asset.json`, if there is one.
    pub description: Option<Description>,
    /// The upload that `asset.json` does not know yet, if there is one.
    pub latest: Option<LatestUpload>,
}

/// An upload of which no outcome is known yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LatestUpload {
    /// The source version.
    pub version: String,
    /// When it was uploaded.
    pub uploaded: Timestamp,
    /// The MediaConvert job that encodes it. `None` if submit has not started one.
    pub job: Option<String>,
}

/// What is needed of the record that submit writes of a job.
#[derive(Deserialize)]
struct JobRecord {
    job: String,
    key: Option<String>,
}

impl Assets {
    /// What is known of a key's asset.
    ///
    /// # Errors
    /// When the stack does not exist, its buckets cannot be read, or the asset belongs to another key.
    pub async fn look(&self, key: &str) -> Result<Found, Error> {
        let asset = self.id(key);
        let (description, latest) = tokio::try_join!(self.description(&asset), self.current(key))?;
        if description.as_ref().is_some_and(|description| description.key != key) {
            return Err(Error::Taken { asset });
        }
        let unknown =
            latest.filter(|latest| !description.as_ref().is_some_and(|it| knows(it, &latest.version)));
        let latest = match unknown {
            Some(latest) => {
                Some(LatestUpload { job: self.job(&asset, key, latest.uploaded).await?, ..latest })
            }
            None => None,
        };
        Ok(Found { asset, description, latest })
    }

    async fn description(&self, asset: &str) -> Result<Option<Description>, Error> {
        let key = output::description(asset);
        let Some(text) = self.contents(&self.output, &key).await? else { return Ok(None) };
        let read = serde_json::from_slice(&text);
        read.map(Some).map_err(|error| self.damaged(&self.output, key, &error))
    }

    /// The current version of a key. An object whose newest version is a delete marker has none.
    async fn current(&self, key: &str) -> Result<Option<LatestUpload>, Error> {
        const LIST: &str = "s3:ListBucketVersions";
        // Versions of this very key come first, the newest before the others.
        let list = self.cx.s3().list_object_versions().bucket(&self.source).prefix(key).max_keys(2);
        // Keys may contain characters that XML cannot.
        let list = list.encoding_type(EncodingType::Url).expected_bucket_owner(&self.cx.scope.account);
        let Some(page) = list.send().await.unless(LIST, NO_BUCKET)? else {
            return Err(Error::NotApplied { what: format!("bucket {}", self.source) });
        };
        let is_it = |name: Option<&str>| {
            name.is_some_and(|name| listed_key(name, page.encoding_type.as_ref()) == key)
        };
        let mut versions = page.versions.or_empty().into_iter();
        let Some(one) = versions.find(|one| one.is_latest == Some(true) && is_it(one.key.as_deref())) else {
            return Ok(None);
        };
        let modified = required(one.last_modified, LIST, "LastModified")?;
        let version = asset::version(one.version_id.as_deref(), one.e_tag.as_deref()).to_owned();
        Ok(Some(LatestUpload { version, uploaded: timestamp(modified, LIST)?, job: None }))
    }

    /// The newest job that was started for a key since then.
    async fn job(&self, asset: &str, key: &str, since: Timestamp) -> Result<Option<String>, Error> {
        const LIST: &str = "s3:ListBucket";
        let list = self.cx.s3().list_objects_v2().bucket(&self.work).prefix(work::records(asset));
        let mut pages = list.expected_bucket_owner(&self.cx.scope.account).into_paginator().send();
        let mut newest: Option<(Timestamp, String)> = None;
        while let Some(page) = pages.next().await {
            let Some(page) = page.unless(LIST, NO_BUCKET)? else {
                return Err(Error::NotApplied { what: format!("bucket {}", self.work) });
            };
            for object in page.contents.or_empty() {
                let written = timestamp(required(object.last_modified, LIST, "LastModified")?, LIST)?;
                let place = required(object.key, LIST, "Key")?;
                if written >= since && newest.as_ref().is_none_or(|(other, _)| written > *other) {
                    newest = Some((written, place));
                }
            }
        }
        let Some((_, place)) = newest else { return Ok(None) };
        // It may be gone by now: publish deletes the record of a job that failed.
        let Some(text) = self.contents(&self.work, &place).await? else { return Ok(None) };
        let record: JobRecord =
            serde_json::from_slice(&text).map_err(|error| self.damaged(&self.work, place, &error))?;
        let is_its = record.key.as_deref().is_none_or(|of| of == key);
        Ok(is_its.then_some(record.job))
    }

    async fn contents(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, Error> {
        match aws::contents(&self.cx, bucket, key).await {
            Err(error) if error.is(NO_BUCKET) => Err(Error::NotApplied { what: format!("bucket {bucket}") }),
            read => Ok(read?),
        }
    }

    fn damaged(&self, bucket: &str, key: String, error: &serde_json::Error) -> Error {
        Error::Damaged { bucket: bucket.to_owned(), key, why: error.to_string() }
    }
}

/// Whether `asset.json` tells what became of a version.
fn knows(description: &Description, version: &str) -> bool {
    let published = description.published.as_ref().map(|published| published.version.as_str());
    let failed = description.failure.as_ref().map(|failure| failure.version.as_str());
    let removed = description.removed.as_ref().map(|removed| removed.version.as_str());
    [published, failed, removed].contains(&Some(version))
}

fn timestamp(time: aws_sdk_s3::primitives::DateTime, call: &'static str) -> aws::Result<Timestamp> {
    let read = Timestamp::from_second(time.secs());
    read.map_err(|error| aws::Error::unexpected(call, format!("LastModified is no time: {error}")))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::{StatusCode, Uri};
    use axum::response::{IntoResponse as _, Response};
    use serde_json::{Value, json};

    use super::*;
    use crate::aws::fake_aws;

    const KEY: &str = "films/a b.mp4";
    const UPLOADED: &str = "2026-01-01T10:00:00.000Z";

    /// What the three buckets hold, as S3 tells it.
    #[derive(Clone, Default)]
    struct Buckets {
        versions: String,
        records: String,
        description: Option<Value>,
    }

    fn version(key: &str, id: &str, is_latest: bool) -> String {
        format!(
            "<Version><Key>{}</Key><VersionId>{id}</VersionId><IsLatest>{is_latest}</IsLatest>\
             <LastModified>{UPLOADED}</LastModified><ETag>e</ETag><Size>7</Size></Version>",
            key.replace('/', "%2F").replace(' ', "+")
        )
    }

    fn record(run: &str, written: &str) -> String {
        let key = work::record(&asset::id("source", KEY), run);
        format!("<Contents><Key>{key}</Key><LastModified>{written}</LastModified></Contents>")
    }

    impl Buckets {
        fn answer(&self, uri: &Uri) -> Response {
            let query = uri.query().unwrap_or_default();
            let missing = || (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response();
            match uri.path().trim_end_matches('/') {
                "/source" if query.contains("prefix=films%2Fa%20b.mp4") => format!(
                    "<ListVersionsResult><EncodingType>url</EncodingType>{}</ListVersionsResult>",
                    self.versions
                )
                .into_response(),
                "/work" if query.contains("prefix=jobs%2Ffilms-a-b-") => {
                    format!("<ListBucketResult>{}</ListBucketResult>", self.records).into_response()
                }
                path if path.starts_with("/work/jobs/") => {
                    let run = path.rsplit('/').next().unwrap().trim_end_matches(".json");
                    json!({ "job": format!("job of {run}"), "key": KEY, "run": run })
                        .to_string()
                        .into_response()
                }
                path if path.ends_with("/asset.json") => {
                    self.description.as_ref().map_or_else(missing, |text| text.to_string().into_response())
                }
                path => panic!("asked for {path}?{query}"),
            }
        }

        async fn look(self) -> Result<Found, Error> {
            let answers = Router::new().fallback(async move |uri: Uri| self.answer(&uri));
            let cx = fake_aws::regions(answers).await.home();
            let [source, work, output, publish] = ["source", "work", "output", "publish"].map(str::to_owned);
            Assets { cx, source, work, output, publish }.look(KEY).await
        }

        /// The version and the job of the upload whose outcome is not known.
        async fn latest(self) -> Option<(String, Option<String>)> {
            self.look().await.unwrap().latest.map(|latest| (latest.version, latest.job))
        }
    }

    #[tokio::test]
    async fn an_upload_waits_until_a_job_was_started_after_it() {
        let uploaded = || Buckets {
            versions: version(KEY, "v2", true) + &version(KEY, "v1", false),
            ..Buckets::default()
        };
        let waits = || Some(("v2".to_owned(), None));
        assert_eq!(uploaded().latest().await, waits());
        let earlier = record("of-v1", "2026-01-01T09:59:59.000Z");
        let before = Buckets { records: earlier.clone(), ..uploaded() };
        assert_eq!(before.latest().await, waits(), "the job of an earlier upload");
        let (first, second) =
            (record("first", "2026-01-01T10:00:02.000Z"), record("second", "2026-01-01T10:00:09.000Z"));
        let encodes = Buckets { records: first + &second + &earlier, ..uploaded() };
        assert_eq!(encodes.latest().await, Some(("v2".to_owned(), Some("job of second".to_owned()))));
    }

    #[tokio::test]
    async fn a_key_without_a_current_version_has_no_upload() {
        assert_eq!(Buckets::default().latest().await, None);
        let longer = Buckets { versions: version("films/a b.mp4.mp4", "v1", true), ..Buckets::default() };
        assert_eq!(longer.latest().await, None, "another key begins with this one");
        let deleted = Buckets { versions: version(KEY, "v1", false), ..Buckets::default() };
        assert_eq!(deleted.latest().await, None, "its newest version is a delete marker");
    }

    #[tokio::test]
    async fn what_asset_json_tells_is_no_upload_without_an_outcome() {
        let failure =
            |version: &str| json!({ "state": "error", "version": version, "message": "", "failed": "" });
        let removed = json!({ "version": "v3", "cause": "requested", "removed": "" });
        let described = |key: &str| json!({ "asset": "a", "state": "error", "key": key, "failure": failure("v1"), "removed": removed });
        let of = |id: &str, key: &str| Buckets {
            versions: version(KEY, id, true),
            description: Some(described(key)),
            ..Buckets::default()
        };
        assert_eq!(of("v1", KEY).latest().await, None);
        assert_eq!(of("v3", KEY).latest().await, None);
        assert_eq!(of("v2", KEY).latest().await, Some(("v2".to_owned(), None)));
        let taken = of("v1", "other.mp4").look().await.unwrap_err();
        assert!(matches!(taken, Error::Taken { .. }), "{taken}");
    }
}
