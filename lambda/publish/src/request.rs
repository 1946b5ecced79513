//! Publish's input: a job that ended, an upload that submit refused, an original that was deleted, or a request to take
//! an asset down.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>,
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_event_list.html>

use asset::Cause;
use asset::event::{PROVISION, REMOVAL_REQUESTED, Refusal, RemovalRequest, UPLOAD_REFUSED};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::event::{Job, Original};

/// Why an object was deleted, if nobody asked for it.
const LIFECYCLE: &str = "Lifecycle Expiration";

/// How an object was deleted, if no delete marker hides it.
const PERMANENTLY: &str = "Permanently Deleted";

/// A payload, recognized by its detail type.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// A job that submit started has ended.
    Ended(Box<Job>),
    /// Submit refused an upload.
    Refused(Refusal),
    /// An asset is to be taken down.
    Removal(Removal),
    /// It is about nothing that submit started, or a lifecycle rule deleted it.
    Foreign,
}

/// An asset that is to be taken down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The asset id.
    pub asset: String,
    /// The source bucket.
    pub bucket: String,
    /// The source key.
    pub key: String,
    /// Why.
    pub cause: Cause,
    /// The version that was deleted permanently, if the deletion named one.
    pub erased: Option<String>,
}

/// A payload that is not for publish.
#[derive(Debug, thiserror::Error)]
#[error(
    "the payload is none of these: a MediaConvert job with status COMPLETE, ERROR or CANCELED, a refused upload, a deleted object, a request to take a video down; check the rule or program that sent it"
)]
pub struct UnknownPayload(#[source] pub(crate) Option<serde_json::Error>);

/// The detail of S3's event. The key is plain here: EventBridge does not encode it.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Deleted {
    bucket: DeletedFrom,
    object: DeletedObject,
    /// `DeleteObject` or `Lifecycle Expiration`.
    reason: Option<String>,
    /// `Permanently Deleted` or `Delete Marker Created`. The version id is that of the marker then.
    deletion_type: Option<String>,
}

#[derive(Deserialize)]
struct DeletedFrom {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct DeletedObject {
    key: String,
    version_id: Option<String>,
}

impl Request {
    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// If it is not one of those that the stack's rules and program send.
    pub fn parse(mut payload: Value) -> Result<Self, UnknownPayload> {
        match payload["detail-type"].as_str() {
            Some("MediaConvert Job State Change") => {
                Ok(Job::parse(detail(&mut payload)?)?.map_or(Self::Foreign, |job| Self::Ended(Box::new(job))))
            }
            Some(UPLOAD_REFUSED) => {
                let refusal: Refusal = detail(&mut payload)?;
                let fits = refusal.asset == asset::id(&refusal.bucket, &refusal.key);
                Ok(if fits { Self::Refused(refusal) } else { Self::Foreign })
            }
            Some("Object Deleted") => Ok(detail::<Deleted>(&mut payload)?.into()),
            Some(REMOVAL_REQUESTED) if payload["source"] == PROVISION => {
                let RemovalRequest { bucket, key } = detail(&mut payload)?;
                Ok(Self::Removal(Removal::new(bucket, key, Cause::Requested)))
            }
            _ => Err(UnknownPayload(None)),
        }
    }

    /// The original that it is about.
    #[must_use]
    pub fn original(&self) -> Option<Original<'_>> {
        match self {
            Self::Ended(job) => Some(job.original()),
            Self::Refused(Refusal { asset, bucket, key, .. })
            | Self::Removal(Removal { asset, bucket, key, .. }) => Some(Original { asset, bucket, key }),
            Self::Foreign => None,
        }
    }
}

impl From<Deleted> for Request {
    fn from(deleted: Deleted) -> Self {
        let Deleted { bucket, object, reason, deletion_type } = deleted;
        if reason.is_some_and(|reason| reason == LIFECYCLE) {
            return Self::Foreign;
        }
        let erased = object.version_id.filter(|_| deletion_type.is_some_and(|kind| kind == PERMANENTLY));
        Self::Removal(Removal { erased, ..Removal::new(bucket.name, object.key, Cause::Deleted) })
    }
}

impl Removal {
    fn new(bucket: String, key: String, cause: Cause) -> Self {
        Self { asset: asset::id(&bucket, &key), bucket, key, cause, erased: None }
    }
}

fn detail<T: DeserializeOwned>(payload: &mut Value) -> Result<T, UnknownPayload> {
    serde_json::from_value(payload["detail"].take()).map_err(|error| UnknownPayload(Some(error)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_asset_of_a_deleted_object_is_that_of_its_key() {
        let deleted = include_str!("../tests/fixtures/object-deleted.json");
        let request = Request::parse(serde_json::from_str(deleted).unwrap()).unwrap();
        let Request::Removal(removal) = request else { panic!("{request:?}") };
        assert_eq!((removal.bucket.as_str(), removal.key.as_str()), ("source", "films/holiday.mp4"));
        assert_eq!(removal.asset, asset::id("source", "films/holiday.mp4"));
        assert_eq!((removal.cause, removal.erased), (Cause::Deleted, None), "a marker hides every version");
    }

    #[test]
    fn a_permanent_deletion_names_its_version_and_a_lifecycle_takes_nothing_down() {
        let mut deleted: Value =
            serde_json::from_str(include_str!("../tests/fixtures/object-deleted.json")).unwrap();
        deleted["detail"]["deletion-type"] = json!("Permanently Deleted");
        let request = Request::parse(deleted.clone()).unwrap();
        let Request::Removal(removal) = request else { panic!("{request:?}") };
        assert_eq!(removal.erased.as_deref(), Some("1QW9g1Z99LUNbvaaYVpW9xDlOLU.qxgF"));
        deleted["detail"]["reason"] = json!("Lifecycle Expiration");
        assert_eq!(Request::parse(deleted).unwrap(), Request::Foreign);
    }

    #[test]
    fn a_request_of_another_program_takes_nothing_down() {
        let request = |source: &str| {
            let detail = json!({"bucket": "source", "key": "a.mp4"});
            Request::parse(json!({"detail-type": "Removal Requested", "source": source, "detail": detail}))
        };
        assert!(matches!(request("provision").unwrap(), Request::Removal(_)));
        assert!(request("other").is_err());
    }

    #[test]
    fn a_refusal_whose_asset_does_not_fit_its_key_is_not_ours() {
        let refused = |asset: &str| {
            let detail = json!({
                "asset": asset, "bucket": "source", "key": "a.txt", "version": "v1", "reason": "no", "time": "t",
            });
            Request::parse(json!({"detail-type": "Upload Refused", "detail": detail})).unwrap()
        };
        assert!(matches!(refused(&asset::id("source", "a.txt")), Request::Refused(_)));
        assert_eq!(refused("films-holiday-12f4bc2e79f8f0a1"), Request::Foreign);
    }
}
