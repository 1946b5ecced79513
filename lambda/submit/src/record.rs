//! The record of a job that was started, in the work bucket. It outlives MediaConvert's memory of request tokens, which
//! is one minute.

use asset::work;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use handler::{ApiError, api};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A job that was started.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    pub(crate) job: String,
    pub(crate) asset: String,
    /// The upload's key. Records of earlier versions lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    pub(crate) run: String,
    pub(crate) started: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) forced_by: Option<String>,
}

impl Record {
    /// The record of this run. An unreadable one counts as missing: a second encode costs less than a lost upload.
    ///
    /// # Errors
    ///
    /// If S3 does not respond.
    pub(crate) async fn read(
        s3: &Client,
        bucket: &str,
        asset: &str,
        run: &str,
    ) -> Result<Option<Self>, ApiError> {
        let key = work::record(asset, run);
        let subject = format!("s3://{bucket}/{key}");
        let record = s3.get_object().bucket(bucket).key(key).send().await;
        let body = match record.map_err(api("s3:GetObject", subject)) {
            Ok(record) => record.body.collect().await,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(body.ok().and_then(|body| serde_json::from_slice(&body.to_vec()).ok()))
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// If S3 refuses.
    pub(crate) async fn write(&self, s3: &Client, bucket: &str) -> Result<(), ApiError> {
        let key = work::record(&self.asset, &self.run);
        let put = s3.put_object().bucket(bucket).key(&key).content_type("application/json");
        let put = put.body(ByteStream::from(json!(self).to_string().into_bytes()));
        put.send().await.map(drop).map_err(api("s3:PutObject", key))
    }
}
