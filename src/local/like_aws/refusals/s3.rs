//! S3: a bucket's policy, rules, notifications and logs.

mod lifecycle;
mod policy;

use super::asked::Asked;
use super::ban::{Ban, Verdict};
use super::grants::{Wish, grants};
use super::members::Members;
use super::state::State;

static NOTIFICATION: Ban = Ban {
    name: "a bucket's notification to a function that does not permit it",
    code: "InvalidArgument",
    status: 400,
    source: "https://repost.aws/knowledge-center/unable-validate-destination-s3",
};
static LOG_BUCKET: Ban = Ban {
    name: "access logs to an unknown bucket",
    code: "InvalidTargetBucketForLogging",
    status: 400,
    source: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html",
};
static LOG_PERMISSION: Ban = Ban {
    name: "access logs to a bucket whose policy does not permit them",
    code: "InvalidTargetBucketForLogging",
    status: 400,
    source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html",
};
static CORS_METHOD: Ban = Ban {
    name: "a CORS rule with an unknown method",
    code: "InvalidRequest",
    status: 400,
    source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html",
};
static CORS_ORIGIN: Ban = Ban {
    name: "a CORS origin with two stars",
    code: "InvalidRequest",
    status: 400,
    source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html",
};
static KEY: Ban = Ban {
    name: "a key of more than 1,024 bytes",
    code: "KeyTooLongError",
    status: 400,
    source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html",
};

/// The bans of this service.
pub(super) fn bans() -> Vec<&'static Ban> {
    let own: [&Ban; 6] = [&NOTIFICATION, &LOG_BUCKET, &LOG_PERMISSION, &CORS_METHOD, &CORS_ORIGIN, &KEY];
    own.into_iter().chain(policy::BANS.iter().copied()).chain(lifecycle::BANS.iter().copied()).collect()
}

const LONGEST_KEY: usize = 1_024;

/// Refuses a call that S3 refuses.
pub(super) async fn judge(asked: &Asked, state: &State) -> Verdict {
    let bucket = asked.bucket.as_str();
    match asked.operation.as_str() {
        "PutBucketPolicy" => policy::judge(&asked.text, bucket, state).await,
        "PutBucketLifecycleConfiguration" => lifecycle::judge(&asked.members),
        "PutBucketCors" => cors(&asked.members),
        "PutBucketLogging" => logging(&asked.members, bucket, state).await,
        "PutBucketNotificationConfiguration" => notification(&asked.members, bucket, state).await,
        "PutObject" | "CopyObject" | "CreateMultipartUpload" => key(&asked.key),
        _ => Ok(()),
    }
}

fn key(key: &str) -> Verdict {
    KEY.refuse_if(key.len() > LONGEST_KEY, || "Your key is too long".into())
}

fn cors(members: &Members) -> Verdict {
    const RULE: &str = "CORSConfiguration/CORSRule";
    let methods = members.texts(&format!("{RULE}/AllowedMethod"));
    let unknown =
        methods.into_iter().find(|method| !["GET", "PUT", "POST", "DELETE", "HEAD"].contains(method));
    CORS_METHOD.refuse_if(unknown.is_some(), || {
        let method = unknown.unwrap_or_default();
        format!("Found unsupported HTTP method in CORS config. Unsupported method is {method}")
    })?;
    let origins = members.texts(&format!("{RULE}/AllowedOrigin"));
    let starry = origins.into_iter().find(|origin| origin.matches('*').count() > 1);
    CORS_ORIGIN.refuse_if(starry.is_some(), || {
        format!("AllowedOrigin \"{}\" can not have more than one wildcard.", starry.unwrap_or_default())
    })
}

async fn logging(members: &Members, bucket: &str, state: &State) -> Verdict {
    const TO: &str = "BucketLoggingStatus/LoggingEnabled";
    let Some(target) = members.text(&format!("{TO}/TargetBucket")) else { return Ok(()) };
    let there = state.has_bucket(target).await?;
    LOG_BUCKET.refuse_if(!there, || "The target bucket for logging does not exist".into())?;
    let source = format!("arn:aws:s3:::{bucket}");
    let wish = Wish {
        service: "logging.s3.amazonaws.com",
        action: "s3:PutObject",
        source: &source,
        account: &state.account,
    };
    let permitted = grants(&state.bucket_policy(target).await?.unwrap_or_default(), &wish);
    LOG_PERMISSION.refuse_if(!permitted, || {
        "You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket".into()
    })
}

async fn notification(members: &Members, bucket: &str, state: &State) -> Verdict {
    let functions = members.texts("NotificationConfiguration/CloudFunctionConfiguration/CloudFunction");
    let source = format!("arn:aws:s3:::{bucket}");
    for function in functions {
        let policy = state.function_policy(function).await?.unwrap_or_default();
        let wish = Wish {
            service: "s3.amazonaws.com",
            action: "lambda:InvokeFunction",
            source: &source,
            account: &state.account,
        };
        NOTIFICATION.refuse_if(!grants(&policy, &wish), || {
            "Unable to validate the following destination configurations".into()
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::ban::said;
    use super::*;

    #[test]
    fn a_key_has_a_size_in_bytes() {
        assert_eq!(key(&"k".repeat(1_024)), Ok(()));
        insta::assert_snapshot!(said(key(&"é".repeat(513))), @"a key of more than 1,024 bytes: KeyTooLongError: Your key is too long");
    }

    #[test]
    fn cors_rules_have_known_methods_and_one_star() {
        let rule = |method: &str, origin: &str| {
            let text = format!(
                "<CORSConfiguration><CORSRule><AllowedMethod>{method}</AllowedMethod>\
                 <AllowedOrigin>{origin}</AllowedOrigin></CORSRule></CORSConfiguration>"
            );
            said(cors(&Members::read(text.as_bytes())))
        };
        assert_eq!(rule("GET", "https://*.example.com"), "passed");
        insta::assert_snapshot!(rule("PATCH", "*"), @"a CORS rule with an unknown method: InvalidRequest: Found unsupported HTTP method in CORS config. Unsupported method is PATCH");
        insta::assert_snapshot!(rule("GET", "https://*.*.com"), @r#"a CORS origin with two stars: InvalidRequest: AllowedOrigin "https://*.*.com" can not have more than one wildcard."#);
    }
}
