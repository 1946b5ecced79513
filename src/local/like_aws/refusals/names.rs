//! Names: how long they may be, and of which characters.

use super::asked::Asked;
use super::ban::{Ban, Verdict};

/// A member that names something.
struct Row {
    service: &'static str,
    operations: &'static [&'static str],
    member: &'static str,
    most: usize,
    /// Characters beside letters and digits.
    signs: &'static str,
    ban: &'static Ban,
}

macro_rules! names {
    ($($ban:ident: $name:literal, $code:literal, $source:literal,
        $service:literal $operations:expr, $member:literal, $most:literal, $signs:literal;)+) => {
        $(static $ban: Ban = Ban { name: $name, code: $code, status: 400, source: $source };)+
        /// The bans of this file.
        pub(super) const BANS: &[&Ban] = &[$(&$ban),+];
        const ROWS: &[Row] = &[$(Row {
            service: $service, operations: &$operations, member: $member, most: $most, signs: $signs, ban: &$ban,
        }),+];
    };
}

names! {
    ROLE: "a role's name", "ValidationError",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html",
        "iam" ["CreateRole"], "RoleName", 64, "_+=,.@-";
    ROLE_POLICY: "the name of a role's policy", "ValidationError",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html",
        "iam" ["PutRolePolicy"], "PolicyName", 128, "_+=,.@-";
    FUNCTION: "a function's name", "ValidationException",
        "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html",
        "lambda" ["CreateFunction"], "FunctionName", 64, "-_";
    STATEMENT: "the id of a function's permission", "ValidationException",
        "https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html",
        "lambda" ["AddPermission"], "StatementId", 100, "-_";
    EVENT_RULE: "a rule's name", "ValidationException",
        "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html",
        "events" ["PutRule"], "Name", 64, ".-_";
    TARGET: "a target's id", "ValidationException",
        "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html",
        "events" ["PutTargets"], "Targets/Id", 64, ".-_";
    QUEUE: "a queue's name", "InvalidParameterValue",
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
        "sqs" ["CreateQueue"], "QueueName", 80, "-_.";
    TOPIC: "a topic's name", "InvalidParameter",
        "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html",
        "sns" ["CreateTopic"], "Name", 256, "-_.";
    LOG_GROUP: "a log group's name", "InvalidParameterException",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
        "logs" ["CreateLogGroup"], "logGroupName", 512, ".-_/#";
    DELIVERY_SOURCE: "the name of a delivery source", "ValidationException",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html",
        "logs" ["PutDeliverySource"], "name", 60, "-_";
    DELIVERY_DESTINATION: "the name of a delivery destination", "ValidationException",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliveryDestination.html",
        "logs" ["PutDeliveryDestination"], "name", 60, "-_";
    ACCESS_CONTROL: "the name of an origin access control", "InvalidArgument",
        "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html",
        "cloudfront" ["CreateOriginAccessControl", "UpdateOriginAccessControl"],
        "OriginAccessControlConfig/Name", 64, "-_.: ";
    CACHE_POLICY: "the name of a cache policy", "InvalidArgument",
        "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CachePolicyConfig.html",
        "cloudfront" ["CreateCachePolicy", "UpdateCachePolicy"], "CachePolicyConfig/Name", 128, "-_";
    HEADERS_POLICY: "the name of a response headers policy", "InvalidArgument",
        "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ResponseHeadersPolicyConfig.html",
        "cloudfront" ["CreateResponseHeadersPolicy", "UpdateResponseHeadersPolicy"],
        "ResponseHeadersPolicyConfig/Name", 128, "-_";
}

/// Refuses names that the call's service refuses.
pub(super) fn judge(asked: &Asked) -> Verdict {
    let (service, operation) = asked.call();
    let rows = ROWS.iter().filter(|row| row.service == service && row.operations.contains(&operation));
    for row in rows {
        for name in asked.members.texts(row.member) {
            row.ban.refuse_if(!fits(name, row), || message(name, row))?;
        }
    }
    Ok(())
}

fn fits(name: &str, row: &Row) -> bool {
    // A function may be named by its ARN.
    let long = name.len() > row.most && !name.starts_with("arn:");
    let letters = name.chars().all(|letter| letter.is_ascii_alphanumeric() || row.signs.contains(letter));
    !long && (letters || name.starts_with("arn:"))
}

fn message(name: &str, row: &Row) -> String {
    let Row { member, most, signs, .. } = row;
    if name.len() > *most {
        let wanted = format!("Member must have length less than or equal to {most}");
        format!(
            "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: {wanted}"
        )
    } else {
        let wanted = format!("Member must satisfy regular expression pattern: [a-zA-Z0-9{signs}]+");
        format!(
            "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: {wanted}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::asked::asked;
    use super::super::ban::said;
    use super::*;

    fn role(name: &str) -> String {
        said(judge(&asked("iam", "CreateRole", &format!("RoleName={name}"))))
    }

    #[test]
    fn names_fit_their_length_and_characters() {
        assert_eq!(role(&"r".repeat(64)), "passed");
        insta::assert_snapshot!(role("a%20b"), @"a role's name: ValidationError: 1 validation error detected: Value 'a b' at 'RoleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_+=,.@-]+");
        assert!(role(&"r".repeat(65)).ends_with("Member must have length less than or equal to 64"));
    }

    #[test]
    fn each_name_of_a_list_is_judged() {
        let body = r#"{"Targets": [{"Id": "good"}, {"Id": "not good"}]}"#;
        assert!(said(judge(&asked("events", "PutTargets", body))).starts_with("a target's id"));
    }
}
