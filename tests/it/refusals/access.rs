//! IAM's refusals.

use aws_sdk_iam::types::Tag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use serde_json::json;

use super::{Walk, policy, role, trust};
use crate::support::ACCOUNT;

pub(super) async fn walk(walk: &mut Walk) {
    let iam = walk.cx.iam().clone();
    role(&walk.cx, "access").await;
    let create =
        |name: &str| iam.create_role().role_name(name).assume_role_policy_document(trust("s3.amazonaws.com"));
    refused!(walk, "a role's name", create(&"r".repeat(65)));
    refused!(walk, "a trust policy that does not parse", create("a").assume_role_policy_document("{"));
    let unknown = trust("lamda.amazonaws.com");
    refused!(
        walk,
        "a trust policy for an unknown principal",
        create("a").assume_role_policy_document(unknown)
    );
    let nobody = json!({ "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:role/nobody") },
        "Action": "sts:AssumeRole" });
    refused!(
        walk,
        "a trust policy for an unknown principal",
        create("a").assume_role_policy_document(policy(&nobody))
    );
    let long = json!({ "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" }, "Action": "sts:AssumeRole",
        "Condition": { "StringEquals": { "aws:SourceArn": "x".repeat(2_048) } } });
    refused!(
        walk,
        "a trust policy of more than 2,048 characters",
        iam.update_assume_role_policy().role_name("access").policy_document(policy(&long))
    );
    let nothing = format!("arn:aws:iam::{ACCOUNT}:policy/nothing");
    refused!(walk, "an unknown permissions boundary", create("a").permissions_boundary(&nothing));
    refused!(walk, "a session of less than 1 hour or more than 12", create("a").max_session_duration(60));
    let tag = |key: &str| Tag::builder().key(key).value("v").build().expect("it has both");
    refused!(walk, "a role's tags", create("a").tags(tag("aws:x")));
    let many = (0..51).map(|number| tag(&format!("k{number}"))).collect();
    refused!(walk, "more than 50 tags of a role", create("a").set_tags(Some(many)));

    let put = |name: &str, text: &str| {
        iam.put_role_policy().role_name("access").policy_name(name).policy_document(text)
    };
    let open = json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*" });
    refused!(walk, "a role's policy that does not parse", put("p", &policy(&open)));
    let sound = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" });
    refused!(walk, "the name of a role's policy", put("a b", &policy(&sound)));
    let large = |size| {
        policy(
            &json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{}", "b".repeat(size)) }),
        )
    };
    put("one", &large(9_000)).send().await.expect("one policy fits");
    refused!(walk, "more than 10,240 characters of inline policies in a role", put("two", &large(2_000)));

    let attach = |arn: &str| iam.attach_role_policy().role_name("access").policy_arn(arn);
    refused!(walk, "attaching an unknown policy", attach(&nothing));
    for number in 0..10 {
        let made = iam.create_policy().policy_name(format!("p{number}")).policy_document(policy(&sound));
        let arn = made.send().await.expect("it is made").policy.and_then(|policy| policy.arn);
        attach(&arn.expect("it has an ARN")).send().await.expect("ten fit");
    }
    refused!(
        walk,
        "more than 10 managed policies at a role",
        attach("arn:aws:iam::aws:policy/ReadOnlyAccess")
    );
}
