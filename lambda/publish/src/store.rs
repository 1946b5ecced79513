//! A bucket with the few operations that publish needs: in bulk, and with limited parallelism.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, MetadataDirective, ObjectIdentifier};
use futures::{StreamExt, stream};
use handler::{ApiError, api};
use lambda_runtime::tracing;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Copies in progress at the same time. S3 allows 3,500 writes a second per prefix. At tens of milliseconds each, this
/// number keeps it busy, and 10,000 objects take well under a minute.
pub const COPIES_AT_ONCE: usize = 96;

/// How often throttled objects are tried again, in addition to the SDK's own attempts. The SDK stops retrying after
/// about a hundred throttled requests in a burst, which the first copies to a new prefix can cause.
const ROUNDS: u32 = 6;

/// Maximum number of keys in one `DeleteObjects`.
const KEYS_PER_DELETE: usize = 1000;

/// The metadata of an object (`x-amz-meta-source`) that names the upload it was made from.
pub const SOURCE: &str = "source";

/// The characters that `x-amz-copy-source` leaves unencoded.
const COPY_SOURCE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');

/// One bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    s3: Client,
    name: String,
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Size in bytes.
    pub size: i64,
    /// The ETag; equal ETags mean equal contents.
    pub etag: String,
}

/// A small object, read completely.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The contents.
    pub body: Vec<u8>,
    /// The ETag, to replace exactly this version.
    pub etag: String,
    /// The upload it was made from, if it is marked: [`asset::source`].
    pub source: Option<String>,
}

/// The condition for a write, so that one of two writers loses.
#[derive(Debug, Clone, Copy)]
pub enum Precondition<'a> {
    /// The key does not exist.
    Absent,
    /// The existing object has this ETag.
    Unchanged(&'a str),
}

impl<'a> Precondition<'a> {
    /// Requires that the key has not changed since it was read.
    #[must_use]
    pub fn still(seen: Option<&'a Stored>) -> Self {
        seen.map_or(Self::Absent, |seen| Self::Unchanged(&seen.etag))
    }
}

impl Bucket {
    /// The bucket `name`.
    #[must_use]
    pub fn new(s3: Client, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { s3, name }
    }

    fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }

    /// Every object under `prefix`, by its path relative to the prefix.
    ///
    /// # Errors
    ///
    /// If a page cannot be read.
    pub async fn list(&self, prefix: &str) -> Result<BTreeMap<String, Listed>, ApiError> {
        let mut pages = self.s3.list_objects_v2().bucket(&self.name).prefix(prefix).into_paginator().send();
        let mut found = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(api("s3:ListObjectsV2", self.url(prefix)))?;
            for object in page.contents.unwrap_or_default() {
                let Some(path) = object.key().and_then(|key| key.strip_prefix(prefix)) else {
                    continue;
                };
                let listed = Listed {
                    size: object.size().unwrap_or(0),
                    etag: object.e_tag().unwrap_or_default().to_owned(),
                };
                found.insert(path.to_owned(), listed);
            }
        }
        Ok(found)
    }

    /// Reads an object; `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub async fn get(&self, key: &str) -> Result<Option<Stored>, ApiError> {
        let answer = self.s3.get_object().bucket(&self.name).key(key).send().await;
        let answer = match answer.map_err(api("s3:GetObject", self.url(key))) {
            Ok(answer) => answer,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error),
        };
        let etag = answer.e_tag().unwrap_or_default().to_owned();
        let source = answer.metadata().and_then(|metadata| metadata.get(SOURCE)).cloned();
        let body = answer.body.collect().await.map_err(|error| ApiError {
            operation: "s3:GetObject",
            subject: self.url(key),
            code: "Interrupted".to_owned(),
            message: error.to_string(),
            status: None,
            retriable: true,
            delete_marker: false,
        })?;
        Ok(Some(Stored { body: body.to_vec(), etag, source }))
    }

    /// Writes a small object with the headers for its kind, if `precondition` holds; returns its ETag. `source` marks
    /// it with the upload it was made from.
    ///
    /// # Errors
    ///
    /// If the condition does not hold ([`ApiError::is_lost_race`]), or S3 refuses.
    pub async fn put(
        &self,
        key: &str,
        body: Vec<u8>,
        source: Option<&str>,
        precondition: Precondition<'_>,
    ) -> Result<String, ApiError> {
        let put = self
            .s3
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(asset::output::content_type(key))
            .cache_control(asset::output::cache_control(key))
            .body(ByteStream::from(body));
        let put = match source {
            Some(source) => put.metadata(SOURCE, source),
            None => put,
        };
        let put = match precondition {
            Precondition::Absent => put.if_none_match("*"),
            Precondition::Unchanged(etag) => put.if_match(etag),
        };
        let put = put.send().await.map_err(api("s3:PutObject", self.url(key)))?;
        Ok(put.e_tag().unwrap_or_default().to_owned())
    }

    /// Copies `paths` from under `from` in `source` to under `to` here, with the headers for their kinds.
    ///
    /// # Errors
    ///
    /// The first permanent failure; the rest is then abandoned. Throttled copies are tried again in another round, with
    /// half as many at once.
    pub async fn copy<'a>(
        &self,
        source: &Self,
        from: &str,
        to: &str,
        paths: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), ApiError> {
        let mut left: Vec<&str> = paths.into_iter().collect();
        for round in 0.. {
            let copies = stream::iter(left)
                .map(|path| async move {
                    (path, self.copy_one(source, format!("{from}{path}"), format!("{to}{path}")).await)
                })
                .buffer_unordered((COPIES_AT_ONCE >> round).max(1));
            let (mut copies, mut later) = (pin!(copies), Vec::new());
            while let Some((path, copied)) = copies.next().await {
                match copied {
                    Ok(()) => {}
                    Err(error) if error.retriable && round < ROUNDS => later.push(path),
                    Err(error) => return Err(error),
                }
            }
            if later.is_empty() {
                break;
            }
            pause(round, later.len()).await;
            left = later;
        }
        Ok(())
    }

    async fn copy_one(&self, source: &Self, from: String, to: String) -> Result<(), ApiError> {
        let copy_source = format!("{}/{from}", source.name);
        self.s3
            .copy_object()
            .bucket(&self.name)
            .key(&to)
            .copy_source(utf8_percent_encode(&copy_source, COPY_SOURCE).to_string())
            .metadata_directive(MetadataDirective::Replace)
            .content_type(asset::output::content_type(&to))
            .cache_control(asset::output::cache_control(&to))
            .send()
            .await
            .map(drop)
            .map_err(api("s3:CopyObject", source.url(&from)))
    }

    /// Deletes everything under `prefix`; returns the number of objects.
    ///
    /// # Errors
    ///
    /// If the listing or a deletion fails.
    pub async fn delete_under(&self, prefix: &str) -> Result<usize, ApiError> {
        let keys = self.keys(prefix).await?;
        self.delete(&keys).await?;
        Ok(keys.len())
    }

    /// The keys under `prefix`.
    ///
    /// # Errors
    ///
    /// If a page cannot be read.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>, ApiError> {
        Ok(self.list(prefix).await?.into_keys().map(|path| format!("{prefix}{path}")).collect())
    }

    /// Deletes the object with this ETag; deleting a missing key succeeds.
    ///
    /// # Errors
    ///
    /// If another object has replaced it ([`ApiError::is_lost_race`]), or S3 refuses.
    pub async fn delete_unchanged(&self, key: &str, etag: &str) -> Result<(), ApiError> {
        let delete = self.s3.delete_object().bucket(&self.name).key(key).if_match(etag).send().await;
        match delete.map_err(api("s3:DeleteObject", self.url(key))) {
            Err(error) if !error.is_missing() => Err(error),
            _ => Ok(()),
        }
    }

    /// Deletes these keys; deleting a missing key succeeds.
    ///
    /// # Errors
    ///
    /// If a call fails, or one of the keys fails permanently.
    pub async fn delete(&self, keys: &[String]) -> Result<(), ApiError> {
        for batch in keys.chunks(KEYS_PER_DELETE) {
            self.delete_batch(batch).await?;
        }
        Ok(())
    }

    async fn delete_batch(&self, keys: &[String]) -> Result<(), ApiError> {
        let mut left = keys.to_vec();
        for round in 0.. {
            let failed = self.delete_once(&left).await?;
            left.clear();
            for (key, error) in failed {
                if !error.retriable || round == ROUNDS {
                    return Err(error);
                }
                left.push(key);
            }
            if left.is_empty() {
                break;
            }
            pause(round, left.len()).await;
        }
        Ok(())
    }

    /// Deletes up to 1,000 keys; returns the keys that failed, each with its reason.
    async fn delete_once(&self, keys: &[String]) -> Result<Vec<(String, ApiError)>, ApiError> {
        let objects = keys.iter().filter_map(|key| ObjectIdentifier::builder().key(key).build().ok());
        let delete = Delete::builder().set_objects(Some(objects.collect())).quiet(true).build();
        let Ok(delete) = delete else { return Ok(Vec::new()) };
        let answer = self
            .s3
            .delete_objects()
            .bucket(&self.name)
            .delete(delete)
            .send()
            .await
            .map_err(api("s3:DeleteObjects", self.url("")))?;
        let failed = answer.errors().iter().map(|failed| {
            let (key, code) = (failed.key().unwrap_or_default(), failed.code().unwrap_or("Unknown"));
            let error = ApiError {
                operation: "s3:DeleteObjects",
                subject: self.url(key),
                code: code.to_owned(),
                message: failed.message().unwrap_or_default().to_owned(),
                status: None,
                retriable: handler::is_later(code),
                delete_marker: false,
            };
            (key.to_owned(), error)
        });
        Ok(failed.collect())
    }
}

/// Waits before the next round; the pause doubles each time.
async fn pause(round: u32, objects: usize) {
    let pause = Duration::from_secs(1 << round);
    tracing::warn!(objects, seconds = pause.as_secs(), "throttled by S3: trying again");
    tokio::time::sleep(pause).await;
}
