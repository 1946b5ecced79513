//! Two stacks of one account, `vod` and `vod-staging`. Whoever may apply or tear down the first one cannot change the second
//! one, whose names begin like the first one's. The local cloud holds every call to the printed policies.
//!
//! Not here: MediaConvert, which checks no permissions there, and EventBridge, whose tags the local cloud does not compare.
//! What policies allow on paper is judged in `judges/reach`.

use aws_config::SdkConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use provision::aws::Context;

use crate::support::quote::nothing_to_do;
use crate::support::root::Root;
use crate::support::{Cloud, StackFile};

/// Who would take the role over.
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"999988887777"}}]}"#;
const GRANT: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
const ANYBODY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*","Principal":"*"}]}"#;

/// The code of the error with which a call was refused, or its HTTP status; empty if it was not refused.
fn code<T, E: ProvideErrorMetadata>(answer: Result<T, SdkError<E, HttpResponse>>) -> String {
    let Err(error) = answer else { return String::new() };
    let status = error.raw_response().map(|response| format!("HTTP {}", response.status()));
    error.code().map(str::to_owned).or(status).unwrap_or_else(|| "no answer".to_owned())
}

/// Whether IAM refused it. CloudFront's refusals have no code in the local cloud.
fn is_denied(code: &str) -> bool {
    code.starts_with("AccessDenied") || code.starts_with("HTTP 403")
}

/// What is attacked.
struct Victim {
    stack: &'static str,
    /// The address of its queue for dead letters.
    queue: String,
    distribution: String,
    distribution_arn: String,
}

impl Victim {
    async fn of(cx: &Context, stack: &'static str) -> Self {
        let queue =
            cx.sqs().get_queue_url().queue_name(format!("{stack}-dead-letters")).send().await.unwrap();
        let listed = cx.cloudfront().list_distributions().send().await.unwrap();
        let found = listed.distribution_list.unwrap().items.unwrap().remove(0);
        Self { stack, queue: queue.queue_url.unwrap(), distribution: found.id, distribution_arn: found.arn }
    }

    /// Its handlers' role and function. Returns the code of each call's error.
    async fn handler(&self, config: &SdkConfig) -> Vec<(&'static str, String)> {
        let (iam, lambda) = (aws_sdk_iam::Client::new(config), aws_sdk_lambda::Client::new(config));
        let name = &format!("{}-submit", self.stack);
        let own = aws_sdk_iam::types::Tag::builder().key("provision:stack").value("vod").build().unwrap();
        let add = lambda.add_permission().function_name(name).statement_id("x").principal("*");
        let mine = [("provision:stack".to_owned(), "vod".to_owned())].into();
        let arn = lambda_arn(name);
        vec![
            (
                "iam:UpdateAssumeRolePolicy",
                code(iam.update_assume_role_policy().role_name(name).policy_document(TRUST).send().await),
            ),
            (
                "iam:PutRolePolicy",
                code(
                    iam.put_role_policy()
                        .role_name(name)
                        .policy_name("x")
                        .policy_document(GRANT)
                        .send()
                        .await,
                ),
            ),
            (
                "iam:DeleteRolePolicy",
                code(iam.delete_role_policy().role_name(name).policy_name("access").send().await),
            ),
            ("iam:TagRole", code(iam.tag_role().role_name(name).tags(own).send().await)),
            (
                "iam:UntagRole",
                code(iam.untag_role().role_name(name).tag_keys("provision:stack").send().await),
            ),
            ("iam:DeleteRole", code(iam.delete_role().role_name(name).send().await)),
            (
                "lambda:UpdateFunctionCode",
                code(
                    lambda
                        .update_function_code()
                        .function_name(name)
                        .zip_file(b"x".to_vec().into())
                        .send()
                        .await,
                ),
            ),
            (
                "lambda:UpdateFunctionConfiguration",
                code(lambda.update_function_configuration().function_name(name).timeout(1).send().await),
            ),
            ("lambda:AddPermission", code(add.action("lambda:InvokeFunction").send().await)),
            (
                "lambda:TagResource",
                code(lambda.tag_resource().resource(arn).set_tags(Some(mine)).send().await),
            ),
            ("lambda:DeleteFunction", code(lambda.delete_function().function_name(name).send().await)),
        ]
    }

    /// What feeds the handlers and what viewers reach. Returns the code of each call's error.
    async fn rest(&self, config: &SdkConfig) -> Vec<(&'static str, String)> {
        let sqs = aws_sdk_sqs::Client::new(config);
        let (logs, cloudfront) =
            (aws_sdk_cloudwatchlogs::Client::new(config), aws_sdk_cloudfront::Client::new(config));
        let group = format!("/aws/lambda/{}-submit", self.stack);
        let tag =
            aws_sdk_cloudfront::types::Tag::builder().key("provision:stack").value("vod").build().unwrap();
        let tags = aws_sdk_cloudfront::types::Tags::builder().items(tag).build();
        let open =
            sqs.set_queue_attributes().queue_url(&self.queue).attributes(QueueAttributeName::Policy, ANYBODY);
        vec![
            ("sqs:SetQueueAttributes", code(open.send().await)),
            ("sqs:DeleteQueue", code(sqs.delete_queue().queue_url(&self.queue).send().await)),
            ("logs:DeleteLogGroup", code(logs.delete_log_group().log_group_name(group).send().await)),
            (
                "cloudfront:TagResource",
                code(cloudfront.tag_resource().resource(&self.distribution_arn).tags(tags).send().await),
            ),
            (
                "cloudfront:DeleteDistribution",
                code(cloudfront.delete_distribution().id(&self.distribution).if_match("x").send().await),
            ),
        ]
    }

    async fn attacked(&self, config: &SdkConfig) -> Vec<(&'static str, String)> {
        let mut codes = self.handler(config).await;
        codes.extend(self.rest(config).await);
        codes
    }
}

fn lambda_arn(name: &str) -> String {
    format!("arn:aws:lambda:{}:{}:function:{name}", crate::support::REGION, crate::support::ACCOUNT)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_change_one_stack_cannot_change_another_whose_names_begin_alike() {
    let cloud = Cloud::enforcing("stacks-apart").await;
    let root = Root::of(&cloud).await;
    let [vod, staging] =
        ["stack: vod", "stack: vod-staging"].map(|name| StackFile::new(&[("stack: vod-local", name)]));
    cloud.provision(&["apply", staging.path(), "--yes"], 0);
    let cx = cloud.context("vod-staging").await;
    let victim = Victim::of(&cx, "vod-staging").await;
    for command in ["apply", "teardown"] {
        let credentials = root.role(&format!("vod-{command}"), &vod, &[command]).await;
        let config = root.config_as(&credentials).await;
        let codes = victim.attacked(&config).await;
        let open: Vec<_> = codes.iter().filter(|(_, code)| !is_denied(code)).collect();
        assert!(open.is_empty(), "{command} of vod changes vod-staging: {open:?}");
    }
    let (nothing, _) = cloud.provision(&["plan", staging.path()], 0);
    nothing_to_do(&nothing);
    // The same calls are refused to nobody who may make them.
    let config = root.config().await;
    let denied: Vec<_> =
        victim.attacked(&config).await.into_iter().filter(|(_, code)| is_denied(code)).collect();
    assert!(denied.is_empty(), "{denied:?}");
}
