//! A bucket's policy: its grammar, its resources, its principals, its size.

use super::super::ban::{Ban, Verdict};
use super::super::grants::matches;
use super::super::policy::{DocumentKind, Flaw, actions_on_resources, flaw, resources};
use super::super::principals;
use super::super::state::State;

const fn malformed(name: &'static str, source: &'static str) -> Ban {
    Ban { name, code: "MalformedPolicy", status: 400, source }
}

const GUIDE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html";
const ANSWERS: &str = "https://repost.aws/knowledge-center/s3-invalid-principal-in-policy-error";

static TEXT: Ban = malformed("a bucket policy that does not parse", GUIDE);
static RESOURCE: Ban = malformed("a bucket policy for another bucket", GUIDE);
static ACTION: Ban = malformed("an action that applies to none of its resources", GUIDE);
static PRINCIPAL: Ban = malformed("a bucket policy for an unknown principal", ANSWERS);
static SIZE: Ban = malformed("a bucket policy of more than 20 KB", GUIDE);

/// The bans of this file.
pub(super) const BANS: &[&Ban] = &[&TEXT, &RESOURCE, &ACTION, &PRINCIPAL, &SIZE];

const MOST_BYTES: usize = 20 * 1_024;

/// Refuses a policy that S3 refuses.
pub(super) async fn judge(text: &str, bucket: &str, state: &State) -> Verdict {
    plain(text, bucket)?;
    let unknown = principals::unknown(text, state).await?.is_some();
    PRINCIPAL.refuse_if(unknown, || "Invalid principal in policy".into())
}

fn plain(text: &str, bucket: &str) -> Verdict {
    SIZE.refuse_if(text.len() > MOST_BYTES, || {
        format!("Policies may not exceed the maximum allowed size of {MOST_BYTES} bytes.")
    })?;
    if let Some(flaw) = flaw(text, DocumentKind::Resource("s3")) {
        return Err(TEXT.refuse(words(&flaw)));
    }
    let foreign = resources(text).iter().any(|resource| !is_of(resource, bucket));
    RESOURCE.refuse_if(foreign, || "Policy has invalid resource".into())?;
    let idle = actions_on_resources(text).iter().any(|(actions, resources)| {
        !resources.is_empty() && actions.iter().any(|action| !applies(action, resources))
    });
    ACTION.refuse_if(idle, || "Action does not apply to any resource(s) in statement".into())
}

/// The bucket itself, or its objects; stars may stand in the keys.
fn is_of(resource: &str, bucket: &str) -> bool {
    let name = resource.strip_prefix("arn:aws:s3:::").unwrap_or_default();
    name.split('/').next().is_some_and(|name| matches(name, bucket))
}

/// Actions on objects; the others are on buckets.
const ON_OBJECTS: &[&str] = &[
    "s3:AbortMultipartUpload",
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersion",
    "s3:DeleteObjectVersionTagging",
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectAttributes",
    "s3:GetObjectLegalHold",
    "s3:GetObjectRetention",
    "s3:GetObjectTagging",
    "s3:GetObjectTorrent",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionAttributes",
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionTagging",
    "s3:InitiateReplication",
    "s3:ListMultipartUploadParts",
    "s3:ObjectOwnerOverrideToBucketOwner",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionAcl",
    "s3:PutObjectVersionTagging",
    "s3:ReplicateDelete",
    "s3:ReplicateObject",
    "s3:ReplicateTags",
    "s3:RestoreObject",
];

/// Whether an action is on one of these resources. One with a star may be on either kind.
fn applies(action: &str, resources: &[String]) -> bool {
    if action.contains(['*', '?']) {
        return true;
    }
    let on_objects = ON_OBJECTS.iter().any(|known| known.eq_ignore_ascii_case(action));
    resources.iter().any(|resource| {
        let objects = resource.contains('/') || resource.ends_with('*');
        let buckets = !resource.contains('/');
        if on_objects { objects } else { buckets }
    })
}

/// S3's words for a flaw.
fn words(flaw: &Flaw) -> String {
    match flaw {
        Flaw::NotJson => "Policies must be valid JSON and the first byte must be '{'".into(),
        Flaw::Syntax(member) => format!("Unknown field {member}"),
        Flaw::Missing(member) => format!("Missing required field {member}"),
        Flaw::Prohibited(member) => format!("Has prohibited field {member}"),
        Flaw::Effect(effect) => format!("Invalid effect: {effect}"),
        Flaw::Action(_) => "Policy has invalid action".into(),
        Flaw::NotArn(_) => "Policy has invalid resource".into(),
        Flaw::Operator(operator) => format!("Invalid Condition type : {operator}"),
        Flaw::SidCharacters | Flaw::SidTwice => "Statement IDs (SID) must be unique.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::ban::said;
    use super::*;
    use serde_json::{Value, json};

    fn judged(change: &[(&str, Value)]) -> String {
        let mut statement = json!({ "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::films", "arn:aws:s3:::films/a/*"] });
        for (key, value) in change {
            statement[*key] = value.clone();
        }
        said(plain(&json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string(), "films"))
    }

    #[test]
    fn a_policy_is_for_its_bucket() {
        assert_eq!(judged(&[]), "passed");
        assert_eq!(
            judged(&[("Action", json!("s3:*")), ("Resource", json!("arn:aws:s3:::films/*"))]),
            "passed"
        );
        insta::assert_snapshot!(judged(&[("Resource", json!(["arn:aws:s3:::film", "arn:aws:s3:::films/*"]))]), @"a bucket policy for another bucket: MalformedPolicy: Policy has invalid resource");
    }

    #[test]
    fn each_action_has_a_resource() {
        insta::assert_snapshot!(judged(&[("Resource", json!("arn:aws:s3:::films/*"))]), @"an action that applies to none of its resources: MalformedPolicy: Action does not apply to any resource(s) in statement");
        assert!(
            judged(&[("Resource", json!("arn:aws:s3:::films"))])
                .starts_with("an action that applies to none")
        );
    }

    #[test]
    fn a_policy_that_does_not_parse_is_told_in_s3s_words() {
        insta::assert_snapshot!(said(plain("nope", "films")), @"a bucket policy that does not parse: MalformedPolicy: Policies must be valid JSON and the first byte must be '{'");
        assert!(judged(&[("Action", json!("sqs:SendMessage"))]).ends_with("Policy has invalid action"));
        assert!(judged(&[("Condition", json!({ "Nope": {} }))]).ends_with("Invalid Condition type : Nope"));
        assert!(said(plain(&"x".repeat(20_481), "films")).starts_with("a bucket policy of more than 20 KB"));
    }
}
