//! Tags: how many, which keys, which characters.

use std::collections::BTreeSet;

use super::asked::Asked;
use super::ban::{Ban, Verdict};

/// Where the tags of a call are.
enum TagsAt {
    /// Elements with `Key` and `Value`.
    Pairs(&'static str),
    /// A map.
    Map(&'static str),
}

/// The tags that a call may set, and how its service refuses them.
struct Row {
    service: &'static str,
    operations: &'static [&'static str],
    place: TagsAt,
    ban: &'static Ban,
    too_many: &'static Ban,
}

const LIMIT: usize = 50;

macro_rules! bans {
    ($($ban:ident: $name:literal, $code:literal, $source:literal;)+) => {
        $(static $ban: Ban = Ban { name: $name, code: $code, status: 400, source: $source };)+
        /// The bans of this file.
        pub(super) const BANS: &[&Ban] = &[$(&$ban),+];
    };
}

bans! {
    S3: "a bucket's tags", "InvalidTag",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html";
    S3_MANY: "more than 50 tags of a bucket", "InvalidTag",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html";
    IAM: "a role's tags", "InvalidInput",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html";
    IAM_MANY: "more than 50 tags of a role", "ValidationError",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagRole.html";
    LAMBDA: "a function's tags", "InvalidParameterValueException",
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html";
    EVENTS: "a rule's tags", "ValidationException",
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-tagging.html";
    SQS: "a queue's tags", "InvalidParameterValue",
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-tags.html";
    SNS: "a topic's tags", "InvalidParameter",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html";
    SNS_MANY: "more than 50 tags of a topic", "TagLimitExceeded",
        "https://docs.aws.amazon.com/sns/latest/api/API_TagResource.html";
    ACM: "a certificate's tags", "InvalidTagException",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_AddTagsToCertificate.html";
    ACM_MANY: "more than 50 tags of a certificate", "TooManyTagsException",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_AddTagsToCertificate.html";
    CLOUDFRONT: "a distribution's tags", "InvalidTagging",
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/tagging.html";
    LOGS: "a log group's tags", "InvalidParameterException",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html";
}

const ROWS: &[Row] = &[
    Row::new("s3", &["CreateBucket"], TagsAt::Pairs("CreateBucketConfiguration/Tags/Tag"), &S3, &S3_MANY),
    Row::new("s3", &["PutBucketTagging"], TagsAt::Pairs("Tagging/TagSet/Tag"), &S3, &S3_MANY),
    Row::new(
        "iam",
        &["CreateRole", "TagRole", "CreatePolicy"],
        TagsAt::Pairs("Tags/member"),
        &IAM,
        &IAM_MANY,
    ),
    Row::new("lambda", &["CreateFunction", "TagResource"], TagsAt::Map("Tags"), &LAMBDA, &LAMBDA),
    Row::new("events", &["PutRule", "TagResource"], TagsAt::Pairs("Tags"), &EVENTS, &EVENTS),
    Row::new("sqs", &["CreateQueue"], TagsAt::Map("tags"), &SQS, &SQS),
    Row::new("sqs", &["TagQueue"], TagsAt::Map("Tags"), &SQS, &SQS),
    Row::new("sns", &["CreateTopic", "TagResource"], TagsAt::Pairs("Tags/member"), &SNS, &SNS_MANY),
    Row::new("acm", &["RequestCertificate", "AddTagsToCertificate"], TagsAt::Pairs("Tags"), &ACM, &ACM_MANY),
    Row::new(
        "cloudfront",
        &["CreateDistributionWithTags"],
        TagsAt::Pairs("DistributionConfigWithTags/Tags/Items/Tag"),
        &CLOUDFRONT,
        &CLOUDFRONT,
    ),
    Row::new("cloudfront", &["TagResource"], TagsAt::Pairs("Tags/Items/Tag"), &CLOUDFRONT, &CLOUDFRONT),
    Row::new("logs", &["CreateLogGroup", "TagResource"], TagsAt::Map("tags"), &LOGS, &LOGS),
];

impl Row {
    const fn new(
        service: &'static str,
        operations: &'static [&'static str],
        place: TagsAt,
        ban: &'static Ban,
        too_many: &'static Ban,
    ) -> Self {
        Self { service, operations, place, ban, too_many }
    }
}

/// Refuses tags that the call's service refuses.
pub(super) fn judge(asked: &Asked) -> Verdict {
    let (service, operation) = asked.call();
    let rows = ROWS.iter().filter(|row| row.service == service && row.operations.contains(&operation));
    for row in rows {
        let tags = pairs(asked, &row.place);
        row.too_many.refuse_if(tags.len() > LIMIT, || {
            format!("The number of tags exceeds the limit of {LIMIT} tags")
        })?;
        if let Some(why) = wrong(&tags) {
            return Err(row.ban.refuse(why));
        }
    }
    Ok(())
}

fn pairs(asked: &Asked, place: &TagsAt) -> Vec<(String, String)> {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    match place {
        TagsAt::Map(path) => asked.members.pairs(path).into_iter().map(owned).collect(),
        TagsAt::Pairs(path) => {
            let tags = asked.members.each(path);
            tags.iter()
                .map(|tag| {
                    owned((tag.text("Key").unwrap_or_default(), tag.text("Value").unwrap_or_default()))
                })
                .collect()
        }
    }
}

/// What is wrong with some tags, in S3's words, which say most.
fn wrong(tags: &[(String, String)]) -> Option<String> {
    let mut keys = BTreeSet::new();
    tags.iter().find_map(|(key, value)| {
        if key.to_ascii_lowercase().starts_with("aws:") {
            Some("System tags cannot be added/updated by requester".to_owned())
        } else if key.is_empty() || key.chars().count() > 128 || !fits(key) {
            Some(format!("The TagKey you have provided is invalid: {key}"))
        } else if value.chars().count() > 256 || !fits(value) {
            Some(format!("The TagValue you have provided is invalid: {value}"))
        } else if !keys.insert(key) {
            Some(format!("Cannot provide multiple Tags with the same key: {key}"))
        } else {
            None
        }
    })
}

/// Letters, digits, spaces and `_.:/=+-@` of any language: what all services take.
fn fits(text: &str) -> bool {
    text.chars().all(|letter| letter.is_alphanumeric() || " _.:/=+-@".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::super::asked::asked;
    use super::super::ban::said;
    use super::*;

    fn function(tags: &str) -> String {
        said(judge(&asked("lambda", "CreateFunction", &format!("{{\"Tags\": {tags}}}"))))
    }

    #[test]
    fn usual_tags_pass() {
        assert_eq!(function(r#"{"provision:address": "handlers/submit", "Straße 1": ""}"#), "passed");
        assert_eq!(function("{}"), "passed");
    }

    #[test]
    fn reserved_long_and_strange_tags_are_refused() {
        insta::assert_snapshot!(function(r#"{"AWS:x": "1"}"#), @"a function's tags: InvalidParameterValueException: System tags cannot be added/updated by requester");
        insta::assert_snapshot!(function(r#"{"a(b)": "1"}"#), @"a function's tags: InvalidParameterValueException: The TagKey you have provided is invalid: a(b)");
        insta::assert_snapshot!(function(r#"{"a": "b,c"}"#), @"a function's tags: InvalidParameterValueException: The TagValue you have provided is invalid: b,c");
        let long = format!("{{\"{}\": \"\"}}", "k".repeat(129));
        assert!(function(&long).contains("The TagKey you have provided is invalid"));
    }

    #[test]
    fn too_many_tags_have_a_code_of_their_own() {
        let tag = |number| format!("<Tag><Key>k{number}</Key><Value>v</Value></Tag>");
        let bucket = |count| {
            let tags: String = (0..count).map(tag).collect();
            let body = format!("<Tagging><TagSet>{tags}</TagSet></Tagging>");
            said(judge(&asked("s3", "PutBucketTagging", &body)))
        };
        assert_eq!(bucket(50), "passed");
        insta::assert_snapshot!(bucket(51), @"more than 50 tags of a bucket: InvalidTag: The number of tags exceeds the limit of 50 tags");
    }

    #[test]
    fn a_key_may_come_once() {
        let body = "Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.2.Key=a&Tags.member.2.Value=2";
        insta::assert_snapshot!(said(judge(&asked("iam", "TagRole", body))), @"a role's tags: InvalidInput: Cannot provide multiple Tags with the same key: a");
    }
}
