//! What the buckets of a library hold, by listings: a page for a thousand objects, and no call for each of them.

use std::collections::HashSet;

use asset::output;
use aws_sdk_s3::types::EncodingType;

use super::{Error, Library};
use crate::aws::{self, OrEmpty, SdkResult, listed_key, required};

const NO_BUCKET: &[&str] = &["NoSuchBucket"];
/// How many digits of an asset's id are its digest.
const DIGITS: usize = 16;

/// The assets of the output bucket, by the digests in their ids: a million of them take some 20 MB.
#[derive(Debug, Default)]
pub(super) struct Assets(HashSet<u64>);

impl Assets {
    fn digest(id: &str) -> Option<u64> {
        let digits = id.len().checked_sub(DIGITS).and_then(|start| id.get(start..))?;
        u64::from_str_radix(digits, 16).ok()
    }

    /// Whether something may be published under this id. Only its `asset.json` says what.
    pub(super) fn may_have(&self, id: &str) -> bool {
        Self::digest(id).is_none_or(|digest| self.0.contains(&digest))
    }
}

/// The current version of an object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SourceVersion {
    pub(super) key: String,
    pub(super) bytes: u64,
    pub(super) version: String,
}

/// Where a listing of versions continues.
#[derive(Debug, Default)]
pub(super) struct Marker(Option<String>, Option<String>);

impl Library {
    /// The assets of the keys with this prefix, and perhaps others.
    pub(super) async fn assets(&self, prefix: &str) -> Result<Assets, Error> {
        let begin = format!("{}{}", output::ASSETS, asset::id_prefix(prefix));
        let list = self.cx.s3().list_objects_v2().bucket(&self.output).prefix(begin).delimiter("/");
        let mut pages = list.expected_bucket_owner(&self.cx.scope.account).into_paginator().send();
        let mut assets = Assets::default();
        while let Some(page) = pages.next().await {
            let Some(page) = page.unless("s3:ListBucket", NO_BUCKET)? else {
                return Err(Error::NotApplied { bucket: self.output.clone() });
            };
            let folders = page.common_prefixes.or_empty().into_iter().filter_map(|one| one.prefix);
            assets.0.extend(folders.filter_map(|folder| Assets::digest(folder.trim_end_matches('/'))));
        }
        Ok(assets)
    }

    /// A page of the current versions of the keys with this prefix, and where the next page begins. An object whose newest
    /// version is a delete marker has none.
    pub(super) async fn sources(
        &self,
        prefix: &str,
        at: Marker,
    ) -> Result<(Vec<SourceVersion>, Option<Marker>), Error> {
        const LIST: &str = "s3:ListBucketVersions";
        let list = self.cx.s3().list_object_versions().bucket(&self.source).prefix(prefix);
        // Keys may contain characters that XML cannot.
        let list = list.encoding_type(EncodingType::Url).set_key_marker(at.0).set_version_id_marker(at.1);
        let list = list.expected_bucket_owner(&self.cx.scope.account).send().await;
        let Some(page) = list.unless(LIST, NO_BUCKET)? else {
            return Err(Error::NotApplied { bucket: self.source.clone() });
        };
        let listed = |key: &str| listed_key(key, page.encoding_type.as_ref());
        let more = page.is_truncated == Some(true);
        let next =
            more.then(|| Marker(page.next_key_marker.as_deref().map(listed), page.next_version_id_marker));
        let current = page.versions.or_empty().into_iter().filter(|one| one.is_latest == Some(true));
        let sources = current.map(|one| {
            let size = required(one.size, LIST, "Size")?;
            Ok(SourceVersion {
                key: listed(&required(one.key, LIST, "Key")?),
                bytes: u64::try_from(size).unwrap_or_default(),
                version: asset::version(one.version_id.as_deref(), one.e_tag.as_deref()).to_owned(),
            })
        });
        Ok((sources.collect::<aws::Result<_>>()?, next))
    }
}
