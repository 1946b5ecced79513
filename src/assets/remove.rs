//! Takes an asset down: the stack's publish function does it, as it does when the original was deleted.

use std::time::Duration;

use asset::event::{PROVISION, REMOVAL_REQUESTED, RemovalRequest};
use aws_sdk_lambda::primitives::Blob;
use aws_smithy_types::timeout::TimeoutConfig;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Assets, Error};
use crate::aws::{self, SdkResult};

const INVOKE: &str = "lambda:InvokeFunction";
const NO_FUNCTION: &[&str] = &["ResourceNotFoundException"];

/// How long to wait for the answer: longer than the function may run.
const LONGEST: Duration = Duration::from_secs(960);

/// What publish answers to a request to take an asset down.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Answered {
    /// It is gone.
    Removed {
        /// The id.
        asset: String,
        /// How many objects were deleted.
        objects: u64,
    },
    /// Nothing is published under the key.
    Absent {
        /// The id.
        asset: String,
    },
}

impl Assets {
    /// Takes the asset of a key down. The original stays.
    ///
    /// # Errors
    /// When the stack does not exist, or its function fails or does not know the request.
    pub async fn remove(&self, key: &str) -> Result<Answered, Error> {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(LONGEST).build();
        let patient = aws_sdk_lambda::config::Builder::new().timeout_config(timeouts);
        let payload = Blob::new(request(&self.source, key).to_string());
        let invoke = self.cx.lambda().invoke().function_name(&self.publish).payload(payload).customize();
        let answer = invoke.config_override(patient).send().await.unless(INVOKE, NO_FUNCTION)?;
        let Some(answer) = answer else {
            return Err(Error::NotApplied { what: format!("function {}", self.publish) });
        };
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        match answer.function_error {
            None => read(&payload).map_err(Error::from),
            Some(kind) => Err(Error::Failed { function: self.publish.clone(), why: why(&kind, &payload) }),
        }
    }
}

/// What publish takes for a request to take an asset down.
fn request(bucket: &str, key: &str) -> Value {
    let detail = RemovalRequest { bucket: bucket.to_owned(), key: key.to_owned() };
    json!({ "detail-type": REMOVAL_REQUESTED, "source": PROVISION, "detail": detail })
}

fn read(payload: &[u8]) -> aws::Result<Answered> {
    let text = String::from_utf8_lossy(payload);
    let read = serde_json::from_slice(payload);
    read.map_err(|error| aws::Error::unexpected(INVOKE, format!("publish answered {text}: {error}")))
}

/// Why a function failed, as Lambda tells it: `{"errorType": …, "errorMessage": …}`.
fn why(kind: &str, payload: &[u8]) -> String {
    let told: Option<Value> = serde_json::from_slice(payload).ok();
    let message = told.as_ref().and_then(|told| told["errorMessage"].as_str());
    message.map_or_else(|| kind.to_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};

    use super::*;
    use crate::aws::fake_aws;

    /// A publish function that answers this. It takes only the request for `films/a.mp4`.
    async fn asked(error: Option<&'static str>, answer: &'static str) -> Result<Answered, Error> {
        let function = async move |uri: Uri, body: String| {
            assert_eq!(uri.path(), "/2015-03-31/functions/vod-publish/invocations");
            let expected = concat!(
                r#"{"detail":{"bucket":"source","key":"films/a.mp4"},"#,
                r#""detail-type":"Removal Requested","source":"provision"}"#
            );
            let asked: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(asked, serde_json::from_str::<Value>(expected).unwrap());
            let mut headers = HeaderMap::new();
            if let Some(kind) = error {
                headers
                    .insert(HeaderName::from_static("x-amz-function-error"), HeaderValue::from_static(kind));
            }
            (headers, answer)
        };
        let cx = fake_aws::regions(Router::new().fallback(function)).await.home();
        let [source, work, output] = ["source", "work", "output"].map(str::to_owned);
        Assets { cx, source, work, output, publish: "vod-publish".to_owned() }.remove("films/a.mp4").await
    }

    #[tokio::test]
    async fn what_publish_answers_is_told_and_what_it_fails_with_too() {
        let gone = asked(None, r#"{"outcome":"removed","asset":"films-a-1","objects":42}"#).await.unwrap();
        assert_eq!(gone, Answered::Removed { asset: "films-a-1".into(), objects: 42 });
        let absent = asked(None, r#"{"outcome":"absent","asset":"films-a-1"}"#).await.unwrap();
        assert_eq!(absent, Answered::Absent { asset: "films-a-1".into() });

        let failed = asked(Some("Unhandled"), r#"{"errorType":"Error","errorMessage":"S3 is away"}"#).await;
        let failed = failed.unwrap_err().to_string();
        assert_eq!(failed, "vod-publish could not take the video down: S3 is away");
        let failed = asked(Some("Unhandled"), "").await.unwrap_err().to_string();
        assert_eq!(failed, "vod-publish could not take the video down: Unhandled");
        for other in ["", "null", r#"{"outcome":"published","asset":"a"}"#] {
            let Err(Error::Aws(unread)) = asked(None, other).await else { panic!("{other} was taken") };
            assert!(unread.message.starts_with("publish answered"), "{unread}");
        }
    }
}
