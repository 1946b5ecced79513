//! The versions of one object in the home bucket: how they are listed, and how an object is erased with all of them.

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use super::{Home, NO_BUCKET};
use crate::aws::{Error, OrEmpty, Result, SdkResult, required};

const LIST: &str = "s3:ListBucketVersions";
const DELETE: &str = "s3:DeleteObjectVersion";
/// How many versions one request deletes at most.
const BATCH: usize = 1000;

/// Where a listing of versions continues.
#[derive(Default)]
pub(super) struct Marker(Option<String>, Option<String>);

/// A version or delete marker of an object.
struct Version {
    id: String,
    is_current: bool,
    /// A delete marker has none.
    etag: Option<String>,
}

impl Home {
    /// A page of the versions of the keys that begin like this, and where the next one begins. No page if there is no
    /// bucket. S3 lists the newest version of a key first.
    pub(super) async fn version_page(
        &self,
        key: &str,
        at: Marker,
    ) -> Result<Option<(ListObjectVersionsOutput, Option<Marker>)>> {
        let call = self.cx.s3().list_object_versions().bucket(&self.bucket).prefix(key);
        let call = call.expected_bucket_owner(&self.cx.scope.account);
        let call = call.set_key_marker(at.0).set_version_id_marker(at.1);
        let mut page = match call.send().await.unless(LIST, NO_BUCKET) {
            Ok(Some(page)) => page,
            Ok(None) => return Ok(None),
            Err(error) => return Err(self.explain(error).await),
        };
        let next = (page.next_key_marker.take(), page.next_version_id_marker.take());
        let more = page.is_truncated == Some(true);
        Ok(Some((page, more.then_some(Marker(next.0, next.1)))))
    }

    /// Deletes every version of an object whose current version has this ETag. The current one goes last, so that no former
    /// one takes its place. An object that somebody has replaced stays.
    pub(super) async fn erase(&self, key: &str, etag: &str) -> Result<()> {
        let (current, former): (Vec<_>, Vec<_>) =
            self.every_version(key).await?.into_iter().partition(|one| one.is_current);
        let bare = |etag: &str| etag.trim_matches('"').to_owned();
        if !current.iter().all(|one| one.etag.as_deref().map(bare) == Some(bare(etag))) {
            return Ok(());
        }
        for batch in former.chunks(BATCH).chain(current.chunks(BATCH)) {
            self.delete_versions(key, batch).await?;
        }
        Ok(())
    }

    /// All versions and delete markers of one key.
    async fn every_version(&self, key: &str) -> Result<Vec<Version>> {
        let mut all = Vec::new();
        let mut next = Some(Marker::default());
        while let Some(at) = next.take() {
            let Some((page, following)) = self.version_page(key, at).await? else { break };
            let versions = page.versions.or_empty().into_iter();
            let versions = versions.map(|one| (one.key, one.version_id, one.is_latest, one.e_tag));
            let markers = page.delete_markers.or_empty().into_iter();
            let markers = markers.map(|one| (one.key, one.version_id, one.is_latest, None));
            let listed = versions.chain(markers).filter(|(found, ..)| found.as_deref() == Some(key));
            for (_, id, is_latest, etag) in listed {
                let id = required(id, LIST, "VersionId")?;
                all.push(Version { id, is_current: is_latest == Some(true), etag });
            }
            next = following;
        }
        Ok(all)
    }

    async fn delete_versions(&self, key: &str, batch: &[Version]) -> Result<()> {
        let incomplete = |error: BuildError| Error::unexpected(DELETE, error.to_string());
        let one = |version: &Version| ObjectIdentifier::builder().key(key).version_id(&version.id).build();
        let objects = batch.iter().map(one).collect::<std::result::Result<_, _>>().map_err(incomplete)?;
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(incomplete)?;
        let call = self.cx.s3().delete_objects().bucket(&self.bucket).delete(delete);
        let answer = call.expected_bucket_owner(&self.cx.scope.account).send().await.named(DELETE)?;
        match answer.errors().first() {
            Some(failed) => {
                let message = failed.message().unwrap_or("S3 gives no reason");
                Err(Error::unexpected(DELETE, format!("{key}: {message}")))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::body::Bytes;
    use axum::extract::State;
    use axum::http::{Method, Uri};
    use axum::response::{IntoResponse, Response};

    use crate::home::LOCK_KEY;
    use crate::home::tests::home;

    type Deleted = Arc<Mutex<Vec<Vec<String>>>>;

    fn version(kind: &str, key: &str, id: &str, latest: bool) -> String {
        format!(
            "<{kind}><Key>{key}</Key><VersionId>{id}</VersionId><IsLatest>{latest}</IsLatest><ETag>&quot;{id}&quot;</ETag></{kind}>"
        )
    }

    /// Two pages: the lock is at version `v4`; `v3` is a delete marker; another key begins like the lock's.
    async fn answer(State(deleted): State<Deleted>, method: Method, uri: Uri, body: Bytes) -> Response {
        if method == Method::POST {
            let body = String::from_utf8(body.to_vec()).unwrap();
            let ids =
                body.split("<VersionId>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
            deleted.lock().unwrap().push(ids.collect());
            return "<DeleteResult></DeleteResult>".into_response();
        }
        let second = uri.query().is_some_and(|query| query.contains("version-id-marker=v3"));
        let (versions, more) = if second {
            let former =
                [version("Version", LOCK_KEY, "v2", false), version("Version", LOCK_KEY, "v1", false)];
            ([former.concat(), version("Version", "lock.json.old", "w1", true)].concat(), "")
        } else {
            let newest = version("Version", LOCK_KEY, "v4", true);
            let next =
                "<NextKeyMarker>lock.json</NextKeyMarker><NextVersionIdMarker>v3</NextVersionIdMarker>";
            (newest + &version("DeleteMarker", LOCK_KEY, "v3", false), next)
        };
        let truncated = !second;
        let listed = "ListVersionsResult";
        format!("<{listed}><IsTruncated>{truncated}</IsTruncated>{more}{versions}</{listed}>").into_response()
    }

    /// What is deleted, request by request, if the lock was written with this ETag.
    async fn erased(etag: &str) -> Vec<Vec<String>> {
        let deleted = Deleted::default();
        let home = home(Router::new().fallback(answer).with_state(Arc::clone(&deleted))).await;
        home.erase(LOCK_KEY, etag).await.unwrap();
        deleted.lock().unwrap().clone()
    }

    #[tokio::test]
    async fn an_object_goes_with_all_its_versions_and_the_current_one_last() {
        let [former, current] = &erased("\"v4\"").await[..] else { panic!("two requests") };
        assert_eq!((former.len(), current.as_slice()), (3, &["v4".to_owned()][..]));
    }

    #[tokio::test]
    async fn an_object_that_somebody_replaced_stays_with_all_its_versions() {
        assert_eq!(erased("\"v2\"").await, Vec::<Vec<String>>::new());
    }
}
