//! A bucket as publish uses it: few operations, in bulk, bounded in parallel.

use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, MetadataDirective, ObjectIdentifier};
use futures::{StreamExt, TryStreamExt, stream};
use handler::{ApiError, api};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Copies under way at once. S3 takes 3,500 writes a second on a prefix; at tens of milliseconds each, this many keep
/// it busy and 10,000 objects take well under a minute.
pub const COPIES_AT_ONCE: usize = 96;

/// The most keys that one `DeleteObjects` takes.
const KEYS_PER_DELETE: usize = 1000;

/// What `x-amz-copy-source` leaves as it is.
const COPY_SOURCE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');

/// One bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    s3: Client,
    name: String,
}

/// What a listing says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Size in bytes.
    pub size: i64,
    /// The ETag; equal ETags are equal contents.
    pub etag: String,
}

/// A small object, read whole.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The contents.
    pub body: Vec<u8>,
    /// The ETag, to replace exactly this.
    pub etag: String,
}

/// What must be true for a write to take place, so that of two writers one loses.
#[derive(Debug, Clone, Copy)]
pub enum Precondition<'a> {
    /// There is nothing under the key.
    Absent,
    /// What is there has this ETag.
    Unchanged(&'a str),
}

impl<'a> Precondition<'a> {
    /// That the key is still as it was read.
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

    /// Every object under `prefix`, by its path from there.
    ///
    /// # Errors
    ///
    /// When a page cannot be read.
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

    /// Reads an object; `None` when it is not there.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn get(&self, key: &str) -> Result<Option<Stored>, ApiError> {
        let answer = self.s3.get_object().bucket(&self.name).key(key).send().await;
        let answer = match answer.map_err(api("s3:GetObject", self.url(key))) {
            Ok(answer) => answer,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error),
        };
        let etag = answer.e_tag().unwrap_or_default().to_owned();
        let body = answer.body.collect().await.map_err(|error| ApiError {
            operation: "s3:GetObject",
            subject: self.url(key),
            code: "Interrupted".to_owned(),
            message: error.to_string(),
            status: None,
            retriable: true,
        })?;
        Ok(Some(Stored { body: body.to_vec(), etag }))
    }

    /// Writes a small object with the headers of its kind, if `precondition` holds.
    ///
    /// # Errors
    ///
    /// When it does not ([`ApiError::is_lost_race`]), or S3 refuses.
    pub async fn put(
        &self,
        key: &str,
        body: Vec<u8>,
        precondition: Precondition<'_>,
    ) -> Result<(), ApiError> {
        let put = self
            .s3
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(asset::output::content_type(key))
            .cache_control(asset::output::cache_control(key))
            .body(ByteStream::from(body));
        let put = match precondition {
            Precondition::Absent => put.if_none_match("*"),
            Precondition::Unchanged(etag) => put.if_match(etag),
        };
        put.send().await.map(drop).map_err(api("s3:PutObject", self.url(key)))
    }

    /// Copies `paths` from under `from` in `source` to under `to` here, with the headers of their kinds.
    ///
    /// # Errors
    ///
    /// The first that fails; the rest is then abandoned.
    pub async fn copy(
        &self,
        source: &Self,
        from: &str,
        to: &str,
        paths: impl IntoIterator<Item = &str>,
    ) -> Result<(), ApiError> {
        stream::iter(paths)
            .map(|path| self.copy_one(source, format!("{from}{path}"), format!("{to}{path}")))
            .buffer_unordered(COPIES_AT_ONCE)
            .try_collect::<()>()
            .await
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

    /// Deletes everything under `prefix`; returns how many objects that were.
    ///
    /// # Errors
    ///
    /// When the listing or a deletion fails.
    pub async fn delete_under(&self, prefix: &str) -> Result<usize, ApiError> {
        let keys: Vec<_> =
            self.list(prefix).await?.into_keys().map(|path| format!("{prefix}{path}")).collect();
        for batch in keys.chunks(KEYS_PER_DELETE) {
            self.delete(batch).await?;
        }
        Ok(keys.len())
    }

    /// Deletes up to 1,000 keys; deleting what is not there succeeds.
    ///
    /// # Errors
    ///
    /// When the call fails, or one of the keys does.
    pub async fn delete(&self, keys: &[String]) -> Result<(), ApiError> {
        let objects = keys.iter().filter_map(|key| ObjectIdentifier::builder().key(key).build().ok());
        let delete = Delete::builder().set_objects(Some(objects.collect())).quiet(true).build();
        let Ok(delete) = delete else { return Ok(()) };
        let answer = self
            .s3
            .delete_objects()
            .bucket(&self.name)
            .delete(delete)
            .send()
            .await
            .map_err(api("s3:DeleteObjects", self.url("")))?;
        let Some(first) = answer.errors().first() else {
            return Ok(());
        };
        let code = first.code().unwrap_or("Unknown");
        Err(ApiError {
            operation: "s3:DeleteObjects",
            subject: self.url(first.key().unwrap_or_default()),
            code: code.to_owned(),
            message: first.message().unwrap_or_default().to_owned(),
            status: None,
            retriable: matches!(code, "InternalError" | "SlowDown" | "ServiceUnavailable"),
        })
    }
}
