//! Lambda's refusals.

use std::time::Duration;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    DeadLetterConfig, DestinationConfig, Environment, FunctionCode, OnFailure, Runtime,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use provision::aws::Context;

use super::{Walk, role};
use crate::support::ACCOUNT;

/// An archive without files: what no rule looks at.
const EMPTY_ZIP: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// A request for a function of this name and role, which passes.
pub(super) fn create(
    cx: &Context,
    name: &str,
    role: &str,
) -> aws_sdk_lambda::operation::create_function::builders::CreateFunctionFluentBuilder {
    let code = FunctionCode::builder().zip_file(Blob::new(EMPTY_ZIP)).build();
    let call = cx.lambda().create_function().function_name(name).role(role).code(code);
    call.runtime(Runtime::from("provided.al2023")).handler("bootstrap")
}

/// Waits until a function takes changes.
async fn active(cx: &Context, name: &str) {
    for _ in 0..100 {
        let answer = cx.lambda().get_function_configuration().function_name(name).send().await;
        if answer.expect("it is there").state.is_some_and(|state| state.as_str() == "Active") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{name} is not active");
}

pub(super) async fn walk(walk: &mut Walk) {
    let cx = walk.cx.clone();
    let own = role(&cx, "functions").await;
    let make = |name: &str| create(&cx, name, &own);
    // A new role can be assumed after a moment.
    let mut made = make("films").timeout(60).send().await;
    for _ in 0..100 {
        if !made.as_ref().is_err_and(|error| error.message().is_some_and(|said| said.contains("assumed"))) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        made = make("films").timeout(60).send().await;
    }
    made.expect("a sound function is made");
    active(&cx, "films").await;

    refused!(walk, "a function's name", make(&"f".repeat(65)));
    let nobody = format!("arn:aws:iam::{ACCOUNT}:role/nobody");
    refused!(walk, "a function with a role that Lambda cannot assume", make("a").role(&nobody));
    let update = || cx.lambda().update_function_configuration().function_name("films");
    refused!(walk, "a function with a role that Lambda cannot assume", update().role(&nobody));
    let code = |bucket: &str| FunctionCode::builder().s3_bucket(bucket).s3_key("nothing.zip").build();
    refused!(walk, "a function whose code is not in S3", make("a").code(code("nowhere")));
    refused!(walk, "a function whose code is not in S3", make("a").code(code("films")));
    let variable = |name: &str, value: String| Environment::builder().variables(name, value).build();
    refused!(
        walk,
        "a reserved environment variable",
        make("a").environment(variable("AWS_REGION", "x".into()))
    );
    let long = variable("A", "x".repeat(4_096));
    refused!(walk, "more than 4 KB of environment variables", update().environment(long));
    refused!(walk, "a timeout or memory that Lambda does not have", update().timeout(901));
    refused!(walk, "a function's tags", make("a").tags("aws:x", "v"));

    cx.sqs().create_queue().queue_name("lost").send().await.expect("the queue is made");
    let queue = |name: &str| format!("arn:aws:sqs:{}:{ACCOUNT}:{name}", cx.region());
    let invoked = |arn: String| {
        let to =
            DestinationConfig::builder().on_failure(OnFailure::builder().destination(arn).build()).build();
        cx.lambda().put_function_event_invoke_config().function_name("films").destination_config(to)
    };
    refused!(walk, "an unknown destination of failed events", invoked(queue("nothing")));
    refused!(walk, "a destination that the function's role may not reach", invoked(queue("lost")));
    let letters = DeadLetterConfig::builder().target_arn(queue("lost")).build();
    refused!(
        walk,
        "a dead-letter queue that the function's role may not reach",
        update().dead_letter_config(letters)
    );
    let reserve = cx.lambda().put_function_concurrency().function_name("films");
    refused!(
        walk,
        "reserving the concurrency that other functions need",
        reserve.reserved_concurrent_executions(901)
    );
    let permit = |id: &str| {
        cx.lambda().add_permission().function_name("films").statement_id(id).action("lambda:InvokeFunction")
    };
    refused!(walk, "the id of a function's permission", permit("a b").principal("s3.amazonaws.com"));
    refused!(walk, "a permission for an unknown principal", permit("a").principal(&nobody));

    let read =
        || cx.lambda().create_event_source_mapping().function_name("films").event_source_arn(queue("lost"));
    refused!(walk, "an event source that the function's role may not read", read());
    let all = super::policy(&serde_json::json!({ "Effect": "Allow", "Action": "sqs:*", "Resource": "*" }));
    let put = cx.iam().put_role_policy().role_name("functions").policy_name("queues").policy_document(all);
    put.send().await.expect("the policy is taken");
    refused!(walk, "a queue whose visibility timeout is shorter than the function's timeout", read());
    // The policy counts after a moment.
    let sends = async { while invoked(queue("lost")).send().await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(30), sends).await.expect("a role that may send is enough");
}
