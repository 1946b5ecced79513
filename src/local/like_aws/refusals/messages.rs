//! SQS and SNS: policies of queues and topics, and addresses.

use super::asked::Asked;
use super::ban::{Ban, Verdict};
use super::policy::{DocumentKind, Flaw, flaw};
use super::principals;
use super::state::State;

static QUEUE_POLICY: Ban = Ban {
    name: "a queue's policy that does not parse",
    code: "InvalidAttributeValue",
    status: 400,
    source: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
};
static QUEUE_ATTRIBUTE: Ban = Ban {
    name: "an unknown attribute of a queue",
    code: "InvalidAttributeName",
    status: 400,
    source: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
};
static QUEUE_POLICY_SIZE: Ban = Ban {
    name: "a queue's policy of more than 8,192 bytes",
    code: "InvalidAttributeValue",
    status: 400,
    source: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html",
};
static TOPIC_POLICY: Ban = Ban {
    name: "a topic's policy that does not parse",
    code: "InvalidParameter",
    status: 400,
    source: "https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html",
};
static TOPIC_POLICY_SIZE: Ban = Ban {
    name: "a topic's policy of more than 30,720 bytes",
    code: "InvalidParameter",
    status: 400,
    source: "https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html",
};
static ADDRESS: Ban = Ban {
    name: "a subscription for what is no e-mail address",
    code: "InvalidParameter",
    status: 400,
    source: "https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html",
};

/// The bans of this file.
pub(super) const BANS: &[&Ban] =
    &[&QUEUE_POLICY, &QUEUE_ATTRIBUTE, &QUEUE_POLICY_SIZE, &TOPIC_POLICY, &TOPIC_POLICY_SIZE, &ADDRESS];

const QUEUE_BYTES: usize = 8_192;
const TOPIC_BYTES: usize = 30_720;

const QUEUE_ATTRIBUTES: &[&str] = &[
    "Policy",
    "VisibilityTimeout",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "FifoQueue",
    "ContentBasedDeduplication",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "SqsManagedSseEnabled",
];

/// Refuses a call that SQS or SNS refuses.
pub(super) async fn judge(asked: &Asked, state: &State) -> Verdict {
    let members = &asked.members;
    let text = |member: &str| members.text(member).unwrap_or_default();
    match asked.call() {
        ("sqs", "CreateQueue" | "SetQueueAttributes") => {
            let attributes = members.pairs("Attributes");
            attributes.iter().try_for_each(|(name, _)| attribute(name))?;
            match attributes.into_iter().find(|(name, _)| *name == "Policy") {
                Some((_, policy)) => queue(policy, state).await,
                None => Ok(()),
            }
        }
        ("sns", "SetTopicAttributes") if text("AttributeName") == "Policy" => {
            topic(text("AttributeValue"), state).await
        }
        ("sns", "Subscribe") if text("Protocol").starts_with("email") => address(text("Endpoint")),
        _ => Ok(()),
    }
}

fn attribute(name: &str) -> Verdict {
    QUEUE_ATTRIBUTE.refuse_if(!QUEUE_ATTRIBUTES.contains(&name), || format!("Unknown Attribute {name}."))
}

async fn queue(policy: &str, state: &State) -> Verdict {
    queue_text(policy)?;
    let unknown = principals::unknown(policy, state).await?.is_some();
    QUEUE_POLICY.refuse_if(unknown, || "Invalid value for the parameter Policy.".into())
}

/// An empty policy takes away the one that is there.
fn queue_text(policy: &str) -> Verdict {
    if policy.is_empty() {
        return Ok(());
    }
    let invalid = || "Invalid value for the parameter Policy.".into();
    QUEUE_POLICY_SIZE.refuse_if(policy.len() > QUEUE_BYTES, invalid)?;
    QUEUE_POLICY.refuse_if(flaw(policy, DocumentKind::Resource("sqs")).is_some(), invalid)
}

async fn topic(policy: &str, state: &State) -> Verdict {
    topic_text(policy)?;
    let unknown = principals::unknown(policy, state).await?.is_some();
    TOPIC_POLICY.refuse_if(unknown, || "Invalid parameter: Policy Error: PrincipalNotFound".into())
}

fn topic_text(policy: &str) -> Verdict {
    let size = || format!("Invalid parameter: Policy Reason: Policy is longer than {TOPIC_BYTES} bytes");
    TOPIC_POLICY_SIZE.refuse_if(policy.len() > TOPIC_BYTES, size)?;
    match flaw(policy, DocumentKind::Resource("sns")) {
        None => Ok(()),
        Some(Flaw::Action(_)) => {
            Err(TOPIC_POLICY.refuse("Invalid parameter: Policy statement action out of service scope!"))
        }
        Some(_) => Err(TOPIC_POLICY.refuse("Invalid parameter: Policy Error: null")),
    }
}

fn address(endpoint: &str) -> Verdict {
    let parts = endpoint.split_once('@');
    let fits = parts.is_some_and(|(name, host)| {
        !name.is_empty()
            && host.contains('.')
            && !host.contains('@')
            && !endpoint.contains(char::is_whitespace)
    });
    ADDRESS.refuse_if(!fits, || "Invalid parameter: Email address".into())
}

#[cfg(test)]
mod tests {
    use super::super::ban::said;
    use super::*;
    use serde_json::{Value, json};

    fn of(statement: &Value) -> String {
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    }

    #[test]
    fn a_queues_policy_is_of_sqs() {
        let sound = json!({ "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:a:1:q" });
        assert_eq!((queue_text(&of(&sound)), queue_text("")), (Ok(()), Ok(())));
        let other = json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:sqs:a:1:q" });
        insta::assert_snapshot!(said(queue_text(&of(&other))), @"a queue's policy that does not parse: InvalidAttributeValue: Invalid value for the parameter Policy.");
        assert!(
            said(queue_text(&"x".repeat(8_193))).starts_with("a queue's policy of more than 8,192 bytes")
        );
    }

    #[test]
    fn a_topics_policy_is_of_sns() {
        let sound = json!({ "Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "arn:aws:sns:a:1:t" });
        assert_eq!(topic_text(&of(&sound)), Ok(()));
        let other = json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:sns:a:1:t" });
        insta::assert_snapshot!(said(topic_text(&of(&other))), @"a topic's policy that does not parse: InvalidParameter: Invalid parameter: Policy statement action out of service scope!");
        insta::assert_snapshot!(said(topic_text("{")), @"a topic's policy that does not parse: InvalidParameter: Invalid parameter: Policy Error: null");
        assert!(
            said(topic_text(&"x".repeat(30_721))).starts_with("a topic's policy of more than 30,720 bytes")
        );
    }

    #[test]
    fn attributes_and_addresses_have_a_form() {
        assert_eq!((attribute("RedrivePolicy"), address("a@example.com")), (Ok(()), Ok(())));
        assert!(said(attribute("Nope")).ends_with("Unknown Attribute Nope."));
        for endpoint in ["nope", "@example.com", "a@example", "a b@example.com"] {
            assert!(said(address(endpoint)).ends_with("Invalid parameter: Email address"), "{endpoint}");
        }
    }
}
