//! Lambda: roles that it cannot assume, code that is not there, and destinations that a role may not reach.

use std::collections::BTreeMap;

use super::asked::Asked;
use super::ban::{Ban, Verdict};
use super::grants::{Wish, grants};
use super::members::Members;
use super::principals;
use super::state::State;

const fn invalid(name: &'static str, source: &'static str) -> Ban {
    Ban { name, code: "InvalidParameterValueException", status: 400, source }
}

const CREATE: &str = "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html";
const ASYNC: &str = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html";
const QUEUES: &str = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html";
const LIMITS: &str = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html";

static ROLE: Ban = invalid(
    "a function with a role that Lambda cannot assume",
    "https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html",
);
static CODE: Ban = invalid(
    "a function whose code is not in S3",
    "https://github.com/aws-solutions/aws-waf-security-automations/issues/135",
);
static RESERVED: Ban = invalid(
    "a reserved environment variable",
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
);
static ENVIRONMENT: Ban = invalid("more than 4 KB of environment variables", LIMITS);
static RANGE: Ban = Ban {
    name: "a timeout or memory that Lambda does not have",
    code: "ValidationException",
    status: 400,
    source: CREATE,
};
static DESTINATION: Ban = invalid("an unknown destination of failed events", ASYNC);
static DESTINATION_DENIED: Ban = invalid("a destination that the function's role may not reach", ASYNC);
static DEAD_LETTERS_DENIED: Ban =
    invalid("a dead-letter queue that the function's role may not reach", ASYNC);
static CONCURRENCY: Ban = invalid(
    "reserving the concurrency that other functions need",
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",
);
static PRINCIPAL: Ban = invalid(
    "a permission for an unknown principal",
    "https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html",
);
static SOURCE: Ban = invalid("an event source that the function's role may not read", QUEUES);
static VISIBILITY: Ban =
    invalid("a queue whose visibility timeout is shorter than the function's timeout", QUEUES);

/// The bans of this service.
pub(super) const BANS: &[&Ban] = &[
    &ROLE,
    &CODE,
    &RESERVED,
    &ENVIRONMENT,
    &RANGE,
    &DESTINATION,
    &DESTINATION_DENIED,
    &DEAD_LETTERS_DENIED,
    &CONCURRENCY,
    &PRINCIPAL,
    &SOURCE,
    &VISIBILITY,
];

/// What an account has in one region, unless AWS was asked for more.
const ACCOUNT_CONCURRENCY: i64 = 1_000;
/// What must be left to functions that reserve nothing.
const UNRESERVED: i64 = 100;

/// Refuses a call that Lambda refuses.
pub(super) async fn judge(asked: &Asked, state: &State) -> Verdict {
    let members = &asked.members;
    let name = asked.function.as_str();
    match asked.operation.as_str() {
        "CreateFunction" => {
            configuration(members)?;
            role(members, state).await?;
            dead_letters(members, name, state).await?;
            code(members, "Code/", state).await
        }
        "UpdateFunctionConfiguration" => {
            configuration(members)?;
            role(members, state).await?;
            dead_letters(members, name, state).await
        }
        "UpdateFunctionCode" => code(members, "", state).await,
        "PutFunctionEventInvokeConfig" | "UpdateFunctionEventInvokeConfig" => {
            destinations(members, name, state).await
        }
        "PutFunctionConcurrency" => {
            let wanted = members.number("ReservedConcurrentExecutions").unwrap_or_default();
            concurrency(name, wanted, &state.reserved_concurrency().await?)
        }
        "AddPermission" => principal(members, state).await,
        "CreateEventSourceMapping" => source(members, state).await,
        _ => Ok(()),
    }
}

fn configuration(members: &Members) -> Verdict {
    range("timeout", members.number("Timeout"), 1, 900)?;
    range("memorySize", members.number("MemorySize"), 128, 10_240)?;
    environment(&members.pairs("Environment/Variables").into_iter().collect())
}

fn range(member: &str, value: Option<i64>, least: i64, most: i64) -> Verdict {
    let Some(value) = value else { return Ok(()) };
    let (word, limit) = if value < least { ("greater", least) } else { ("less", most) };
    RANGE.refuse_if(!(least..=most).contains(&value), || {
        format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must have \
             value {word} than or equal to {limit}"
        )
    })
}

const KEPT: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

fn environment(variables: &BTreeMap<&str, &str>) -> Verdict {
    const SORRY: &str = "Lambda was unable to configure your environment variables because the environment variables you have provided";
    let kept: Vec<&str> = variables.keys().copied().filter(|name| KEPT.contains(name)).collect();
    RESERVED.refuse_if(!kept.is_empty(), || {
        format!(
            "{SORRY} contains reserved keys that are currently not supported for modification. Reserved keys used in \
             this request: {}",
            kept.join(", ")
        )
    })?;
    let measured = serde_json::json!(variables).to_string();
    ENVIRONMENT.refuse_if(measured.len() > 4_096, || {
        format!("{SORRY} exceeded the 4KB limit. String measured: {measured}")
    })
}

async fn role(members: &Members, state: &State) -> Verdict {
    let Some(arn) = members.text("Role") else { return Ok(()) };
    let trust = state.trust(arn.rsplit('/').next().unwrap_or_default()).await?;
    assumable(trust.as_deref(), &state.account)
}

fn assumable(trust: Option<&str>, account: &str) -> Verdict {
    let wish = Wish { service: "lambda.amazonaws.com", action: "sts:AssumeRole", source: "", account };
    let may = trust.is_some_and(|trust| grants(trust, &wish));
    ROLE.refuse_if(!may, || "The role defined for the function cannot be assumed by Lambda.".into())
}

async fn code(members: &Members, within: &str, state: &State) -> Verdict {
    let text = |member: &str| members.text(&format!("{within}{member}"));
    let (Some(bucket), Some(key)) = (text("S3Bucket"), text("S3Key")) else { return Ok(()) };
    let sorry = |code: &str, message: &str| {
        CODE.refuse(format!(
            "Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}"
        ))
    };
    if !state.has_bucket(bucket).await? {
        return Err(sorry("NoSuchBucket", "The specified bucket does not exist"));
    }
    if !state.has_object(bucket, key, text("S3ObjectVersion")).await? {
        return Err(sorry("NoSuchKey", "The specified key does not exist."));
    }
    Ok(())
}

/// The action that a function's role needs to send a failed event to something, and Lambda's words for it.
fn sending(arn: &str) -> Option<(&'static str, &'static str)> {
    match arn.split(':').nth(2)? {
        "sqs" => Some(("sqs:SendMessage", "SendMessage on SQS")),
        "sns" => Some(("sns:Publish", "Publish on SNS")),
        "lambda" => Some(("lambda:InvokeFunction", "InvokeFunction on Lambda")),
        "events" => Some(("events:PutEvents", "PutEvents on EventBridge")),
        _ => None,
    }
}

async fn destinations(members: &Members, function: &str, state: &State) -> Verdict {
    let Some(role) = state.role_of(function).await? else { return Ok(()) };
    for outcome in ["OnFailure", "OnSuccess"] {
        let Some(arn) = members.text(&format!("DestinationConfig/{outcome}/Destination")) else { continue };
        let queue = arn.split(':').nth(2) == Some("sqs");
        let unknown = queue && !state.has_queue(arn.rsplit(':').next().unwrap_or_default()).await?;
        DESTINATION.refuse_if(unknown, || format!("The destination ARN {arn} is invalid."))?;
        if let Some((action, words)) = sending(arn) {
            let denied = !state.may(&role, action, arn).await?;
            DESTINATION_DENIED.refuse_if(denied, || {
                format!("The function's execution role does not have permissions to call {words}: {arn}")
            })?;
        }
    }
    Ok(())
}

async fn dead_letters(members: &Members, function: &str, state: &State) -> Verdict {
    let Some(arn) = members.text("DeadLetterConfig/TargetArn") else { return Ok(()) };
    let role = match members.text("Role") {
        Some(role) => Some(role.to_owned()),
        None => state.role_of(function).await?,
    };
    let (Some(role), Some((action, words))) = (role, sending(arn)) else { return Ok(()) };
    DEAD_LETTERS_DENIED.refuse_if(!state.may(&role, action, arn).await?, || {
        format!("The provided execution role does not have permissions to call {words}")
    })
}

fn concurrency(function: &str, wanted: i64, reserved: &[(String, i32)]) -> Verdict {
    let others = reserved.iter().filter(|(other, _)| other != function).map(|(_, number)| i64::from(*number));
    let left = ACCOUNT_CONCURRENCY - others.sum::<i64>() - wanted;
    CONCURRENCY.refuse_if(left < UNRESERVED, || {
        format!(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution \
             below its minimum value of [{UNRESERVED}]."
        )
    })
}

async fn principal(members: &Members, state: &State) -> Verdict {
    let principal = members.text("Principal").unwrap_or_default();
    let kind = if principal.ends_with(".amazonaws.com") { "Service" } else { "AWS" };
    let document = serde_json::json!({ "Statement": { "Principal": { kind: principal } } }).to_string();
    let unknown = principals::unknown(&document, state).await?.is_some();
    PRINCIPAL.refuse_if(unknown, || {
        "The provided principal was invalid. Please check the principal and try again.".into()
    })
}

async fn source(members: &Members, state: &State) -> Verdict {
    let arn = members.text("EventSourceArn").unwrap_or_default();
    let function = members.text("FunctionName").unwrap_or_default();
    if arn.split(':').nth(2) != Some("sqs") {
        return Ok(());
    }
    let Some(role) = state.role_of(function).await? else { return Ok(()) };
    for action in ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"] {
        SOURCE.refuse_if(!state.may(&role, &format!("sqs:{action}"), arn).await?, || {
            format!("The function execution role does not have permissions to call {action} on SQS")
        })?;
    }
    let queue = state.visibility_timeout(arn.rsplit(':').next().unwrap_or_default()).await?;
    let function = state.timeout_of(function).await?;
    let (Some(queue), Some(function)) = (queue, function) else { return Ok(()) };
    VISIBILITY.refuse_if(queue < function, || {
        format!("Queue visibility timeout: {queue} seconds is less than Function timeout: {function} seconds")
    })
}

#[cfg(test)]
mod tests {
    use super::super::ban::said;
    use super::*;

    #[test]
    fn a_role_must_let_lambda_assume_it() {
        let trust = |service: &str| {
            serde_json::json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": service },
                "Action": "sts:AssumeRole" }] })
            .to_string()
        };
        assert_eq!(assumable(Some(&trust("lambda.amazonaws.com")), "1"), Ok(()));
        insta::assert_snapshot!(said(assumable(Some(&trust("s3.amazonaws.com")), "1")), @"a function with a role that Lambda cannot assume: InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda.");
        assert_eq!(said(assumable(None, "1")), said(assumable(Some("{}"), "1")));
    }

    #[test]
    fn variables_are_few_and_not_lambdas_own() {
        assert_eq!(environment(&BTreeMap::from([("QUEUE", "x")])), Ok(()));
        insta::assert_snapshot!(said(environment(&BTreeMap::from([("AWS_REGION", "x")]))), @"a reserved environment variable: InvalidParameterValueException: Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION");
        let long = "x".repeat(4_096);
        assert!(said(environment(&BTreeMap::from([("A", long.as_str())]))).starts_with("more than 4 KB"));
    }

    #[test]
    fn timeouts_and_memory_have_ranges() {
        assert_eq!(configuration(&Members::read(br#"{"Timeout": 900, "MemorySize": 128}"#)), Ok(()));
        for body in [&br#"{"Timeout": 901}"#[..], br#"{"Timeout": 0}"#, br#"{"MemorySize": 64}"#] {
            assert!(said(configuration(&Members::read(body))).starts_with("a timeout or memory"));
        }
    }

    #[test]
    fn a_hundred_stay_unreserved() {
        let reserved = [("a".to_owned(), 400), ("b".to_owned(), 400)];
        assert_eq!(concurrency("c", 100, &reserved), Ok(()));
        assert_eq!(concurrency("b", 500, &reserved), Ok(()));
        assert!(said(concurrency("c", 101, &reserved)).contains("below its minimum value of [100]"));
    }
}
