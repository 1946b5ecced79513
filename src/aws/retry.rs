//! Which failed calls are made again, and how.

use std::time::Duration;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::retry::RetryConfig;
use serde_json::Value;

/// With the SDK's pauses, the last attempt is about half a minute after the first.
const ATTEMPTS: u32 = 8;

/// AWS's code for a full quota of CloudWatch Logs, EventBridge and ACM. The SDK takes it for throttling.
const QUOTA: &str = "LimitExceededException";

/// How calls to AWS are made again: each on its own, with pauses that double.
///
/// Not in the SDK's adaptive mode. After one throttled answer, that mode limits all calls of the service to about one a
/// second, and the first look makes a hundred calls at once.
pub(super) fn of_aws() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS)
}

/// How calls to the local cloud are made again: as often, because it may throttle as AWS does. The pauses are short, because
/// a local cloud that refuses a connection has stopped, and they only hide that.
pub(super) fn of_local_cloud() -> RetryConfig {
    of_aws().with_initial_backoff(Duration::from_millis(25))
}

/// Reports a full quota at once. No later attempt can succeed.
#[derive(Debug)]
pub(super) struct FullQuota;

impl ClassifyRetry for FullQuota {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let failed = context.output_or_error().is_some_and(|outcome| outcome.is_err());
        let body = context.response().and_then(|response| response.body().bytes());
        match body.and_then(code) {
            Some(code) if failed && code == QUOTA => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "full quota"
    }
}

/// The error code in a body of AWS's JSON protocols. A namespace may stand before it.
fn code(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let code = body.get("__type")?.as_str()?;
    code.rsplit('#').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use axum::Router;
    use axum::extract::State;
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Response};
    use serde_json::json;

    use super::*;
    use crate::aws::fake_aws;

    type Count = Arc<AtomicUsize>;

    /// The first answer is throttled, all later ones are not.
    async fn busy(State(asked): State<Count>) -> Response {
        match asked.fetch_add(1, Ordering::Relaxed) {
            0 => {
                let error =
                    "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
                (StatusCode::SERVICE_UNAVAILABLE, error).into_response()
            }
            _ => "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>".into_response(),
        }
    }

    #[tokio::test]
    async fn one_throttled_answer_slows_down_one_call() {
        let asked = Count::default();
        let answers = Router::new().fallback(busy).with_state(Arc::clone(&asked));
        let regions = fake_aws::regions(answers).await;
        let config = regions.connection().sdk_config("eu-west-1", "s3");
        let config =
            aws_sdk_s3::config::Builder::from(&config).retry_config(of_aws()).force_path_style(true).build();
        let s3 = aws_sdk_s3::Client::from_conf(config);
        let began = Instant::now();
        let look = || futures::future::join_all((0..20).map(|_| s3.list_objects_v2().bucket("b").send()));
        for outcome in look().await.into_iter().chain(look().await) {
            outcome.unwrap();
        }
        assert_eq!(asked.load(Ordering::Relaxed), 41, "one call was made again");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }

    async fn full(State(asked): State<Count>) -> Response {
        asked.fetch_add(1, Ordering::Relaxed);
        let error =
            json!({ "__type": "com.amazonaws.events#LimitExceededException", "message": "300 rules" });
        (StatusCode::BAD_REQUEST, error.to_string()).into_response()
    }

    #[tokio::test]
    async fn a_full_quota_is_told_at_once() {
        let asked = Count::default();
        let answers = Router::new().fallback(full).with_state(Arc::clone(&asked));
        let cx = fake_aws::regions(answers).await.home();
        cx.events().put_rule().name("vod-upload").send().await.unwrap_err();
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}
