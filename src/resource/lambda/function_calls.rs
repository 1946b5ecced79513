//! The calls that make and change a function.

use aws_sdk_lambda::operation::create_function::builders::CreateFunctionFluentBuilder as CreateFunction;
use aws_sdk_lambda::operation::update_function_code::builders::UpdateFunctionCodeFluentBuilder as UpdateCode;
use aws_sdk_lambda::types as sdk;

use super::function_rows::ToRequest;
use super::function_state::readiness;
use super::{Code, Function, patiently, patiently_if_new};
use crate::aws::{Context, Error, Patience, Poll, Result, SdkResult, Stored, stored, until};
use crate::model::{Readiness, Scope, Tags, bundle_key};

/// A function's ARN.
pub(super) fn arn(scope: &Scope, name: &str) -> String {
    scope.arn("lambda", &format!("function:{name}"))
}

/// The object that a package is taken from: a version of it that was compared with the digest. Nobody can change a version,
/// so Lambda takes the bytes that were compared. Of another bucket than the home bucket nothing is known before; what Lambda
/// took is compared after.
pub(super) struct Package {
    bucket: String,
    key: String,
    version: Option<String>,
}

impl Package {
    /// The package, in the bucket that the context names.
    async fn of(cx: &Context, code: &Code) -> Result<Self> {
        match cx.packages() {
            Some(bucket) => {
                Ok(Self { bucket: bucket.to_owned(), key: bundle_key(&code.sha256), version: None })
            }
            None => Self::checked(cx, code).await,
        }
    }

    /// The package in the home bucket, if S3 says that its bytes have the digest. It was uploaded a moment ago, and S3 may
    /// not show it yet.
    async fn checked(cx: &Context, code: &Code) -> Result<Self> {
        const CALL: &str = "s3:GetObject";
        let (bucket, key) = (cx.scope.home_bucket(), bundle_key(&code.sha256));
        let found = until(cx, CALL, Patience::SECONDS, || async {
            Ok(match stored(cx, &bucket, &key, &code.sha256).await? {
                Stored::Missing => Poll::Pending(format!("waiting until S3 shows s3://{bucket}/{key}")),
                Stored::Other => Poll::Done(None),
                Stored::Intact(version) => Poll::Done(Some(version)),
            })
        });
        match found.await? {
            Some(version) => Ok(Self { bucket, key, version: Some(version) }),
            None => {
                let message = format!(
                    "s3://{bucket}/{key} is not what was uploaded, so Lambda was not given it: run the command again, \
                     which uploads it again"
                );
                Err(Error::unexpected(CALL, message))
            }
        }
    }
}

/// A call that tells Lambda which code to take.
pub(super) trait CodeCall {
    /// Says where the code is.
    fn package(self, code: &Code, package: &Package) -> Self;
    /// Says which processor it is built for.
    fn processor(self, architectures: &[String; 1], package: &Package) -> Self;
}

impl CodeCall for CreateFunction {
    fn package(self, _: &Code, Package { bucket, key, version }: &Package) -> Self {
        let code = sdk::FunctionCode::builder().s3_bucket(bucket).s3_key(key);
        self.code(code.set_s3_object_version(version.clone()).build())
    }

    fn processor(self, [architecture]: &[String; 1], _: &Package) -> Self {
        self.architectures(architecture.as_str().into())
    }
}

impl CodeCall for UpdateCode {
    fn package(self, _: &Code, Package { bucket, key, version }: &Package) -> Self {
        self.s3_bucket(bucket).s3_key(key).set_s3_object_version(version.clone())
    }

    fn processor(self, [architecture]: &[String; 1], _: &Package) -> Self {
        self.architectures(architecture.as_str().into())
    }
}

impl Function {
    pub(super) async fn call_create(&self, cx: &Context, package: &Package) -> Result<()> {
        const CALL: &str = "lambda:CreateFunction";
        let answer = self.put_all(package, cx.lambda().create_function()).send().await.named(CALL)?;
        self.code.verify(CALL, answer.code_sha256)
    }

    /// The package that its code is taken from.
    pub(super) async fn package(&self, cx: &Context) -> Result<Package> {
        Package::of(cx, &self.code).await
    }

    pub(super) async fn update_configuration(&self, cx: &Context, seen: &Self) -> Result<()> {
        let call = cx.lambda().update_function_configuration().function_name(&self.function_name);
        let call = self.put_configuration(seen, call);
        // Lambda encrypts the variables with another key only if it gets them.
        let call = if self.kms_key_arn == seen.kms_key_arn {
            call
        } else {
            call.environment(self.environment.to_request())
        };
        patiently(cx, || async {
            call.clone().send().await.named("lambda:UpdateFunctionConfiguration").map(drop)
        })
        .await
    }

    pub(super) async fn update_code(&self, cx: &Context) -> Result<()> {
        const CALL: &str = "lambda:UpdateFunctionCode";
        let call = cx.lambda().update_function_code().function_name(&self.function_name);
        let call = self.put_code(&self.package(cx).await?, call);
        let answer = patiently(cx, || async { call.clone().send().await.named(CALL) }).await?;
        self.code.verify(CALL, answer.code_sha256)
    }

    pub(super) async fn reserve(&self, cx: &Context) -> Result<()> {
        let name = &self.function_name;
        patiently_if_new(cx, || async {
            match self.reserved_concurrent_executions {
                Some(limit) => {
                    let call = cx.lambda().put_function_concurrency().function_name(name);
                    let answer = call.reserved_concurrent_executions(limit).send().await;
                    answer.named("lambda:PutFunctionConcurrency").map(drop)
                }
                None => {
                    let call = cx.lambda().delete_function_concurrency().function_name(name);
                    call.send().await.named("lambda:DeleteFunctionConcurrency").map(drop)
                }
            }
        })
        .await
    }

    pub(super) async fn retag(&self, cx: &Context, seen: &Tags) -> Result<()> {
        let arn = arn(&cx.scope, &self.function_name);
        let call = cx.lambda().tag_resource().resource(&arn).set_tags(Some(self.tags.to_map()));
        patiently(cx, || async { call.clone().send().await.named("lambda:TagResource").map(drop) }).await?;
        let stale = seen.stale(&self.tags);
        if stale.is_empty() {
            return Ok(());
        }
        let call = cx.lambda().untag_resource().resource(arn).set_tag_keys(Some(stale));
        patiently(cx, || async { call.clone().send().await.named("lambda:UntagResource").map(drop) }).await
    }

    /// Waits until the function accepts another update. It also does after a failed one: the next may repair it.
    pub(super) async fn updated(cx: &Context, name: &str) -> Result<()> {
        const CALL: &str = "lambda:GetFunction";
        until(cx, CALL, Patience::SECONDS, || async {
            let answer = cx.lambda().get_function().function_name(name).send().await.named(CALL)?;
            Ok(match answer.configuration.as_ref().map(readiness) {
                Some(Readiness::Pending(awaited)) => Poll::Pending(awaited),
                _ => Poll::Done(()),
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::http::StatusCode;
    use axum::response::IntoResponse;

    use super::*;
    use crate::aws::fake_aws;

    /// What becomes of a package whose object S3 shows at the second look, with this checksum.
    async fn checked(checksum: &'static str) -> Result<String> {
        let looks = Arc::new(AtomicUsize::new(0));
        let answer = move || async move {
            match looks.fetch_add(1, Ordering::Relaxed) {
                0 => StatusCode::NOT_FOUND.into_response(),
                _ => [("x-amz-version-id", "v1"), ("x-amz-checksum-sha256", checksum)].into_response(),
            }
        };
        let cx = fake_aws::regions(Router::new().fallback(answer)).await.home();
        Package::of(&cx, &Code { sha256: "00".repeat(32) }).await.map(|package| package.version.unwrap())
    }

    #[tokio::test]
    async fn a_package_that_s3_does_not_show_yet_is_waited_for_and_another_one_is_refused() {
        let own = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        assert_eq!(checked(own).await.unwrap(), "v1");
        let other = checked("n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=").await.unwrap_err();
        assert!(other.message.contains("is not what was uploaded"), "{other}");
    }

    #[tokio::test]
    async fn of_another_bucket_lambda_takes_what_is_there() {
        let cx = fake_aws::regions(Router::new()).await.home().with_packages("theirs");
        let found = Package::of(&cx, &Code { sha256: "ab".into() }).await.unwrap();
        assert_eq!(
            (found.bucket.as_str(), found.key.as_str(), found.version),
            ("theirs", "bundle/ab.zip", None)
        );
    }
}
