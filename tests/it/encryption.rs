//! A stack with a KMS key of the team, in a local cloud that enforces IAM and the key's policy for objects of S3.

use aws_sdk_s3::types::ServerSideEncryption;
use provision::aws::Context;
use serde_json::{Value, json};

use crate::support::quote::{errors, lines_with, nothing_left, nothing_to_do};
use crate::support::root::{Root, STACK};
use crate::support::{ACCOUNT, Cloud, REGION, StackFile};

/// Makes a key with the policy that the console gives, and an alias for it. Returns its ARN.
async fn key(cx: &Context) -> String {
    let made = cx.kms().create_key().policy(policy(&[]).to_string()).send().await.unwrap();
    let arn = made.key_metadata.unwrap().arn.unwrap();
    cx.kms().create_alias().alias_name("alias/media").target_key_id(&arn).send().await.unwrap();
    arn
}

/// A key's policy that leaves the account to IAM, with these statements.
fn policy(more: &[Value]) -> Value {
    let account = json!({
        "Sid": "Account", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
    });
    let statements: Vec<&Value> = [&account].into_iter().chain(more).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The statements that were printed, as somebody pastes them.
fn pasted(said: &str) -> Vec<Value> {
    let (_, rest) = said.split_once(" lacks:\n").expect("statements are printed");
    let (statements, _) = rest.rsplit_once("\n}").expect("a statement ends");
    serde_json::from_str(&format!("[{statements}\n}}]")).expect("it is JSON as it stands")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_works_with_a_key_once_its_policy_has_what_a_plan_prints() {
    let cloud = Cloud::enforcing("encryption").await;
    let root = Root::of(&cloud).await;
    let more = "tags: { environment: local }\nencryption: { kms_key: alias/media }\n\
                alerts: { email: oncall@example.com }\nnotify: { queue: true, topic: true }";
    let stack = StackFile::new(&[("tags: { environment: local }", more)]);
    let (_, refused) = cloud.provision(&["plan", stack.path()], 1);
    insta::assert_snapshot!(errors(&refused), @"
    error: the account has no alias/media in ap-northeast-2
    help: write the key's ARN, or make the alias: `aws kms create-alias --alias-name alias/media …`
    ");

    let arn = key(&root.cx).await;
    let applier = root.role("applier", &stack, &["apply"]).await;
    let verifier = root.role("verifier", &stack, &["verify"]).await;
    let remover = root.role("remover", &stack, &["teardown"]).await;
    for command in [&["plan", stack.path()][..], &["apply", stack.path(), "--yes"]] {
        let (_, refused) = root.run(&applier, command, 3);
        insta::allow_duplicates! {
            insta::assert_snapshot!(lines_with(&errors(&refused), &["error", "help"]), @"
            error: the policy of the KMS key arn:aws:kms:ap-northeast-2:111122223333:key/<id> lacks 4 statements that the stack needs; nothing was changed
            help: have the key's owner add what is printed above to its policy (`aws kms put-key-policy`), and run this again
            ");
        }
        let sids: Vec<String> = pasted(&refused).iter().map(|one| one["Sid"].to_string()).collect();
        assert_eq!(
            sids.join(" "),
            "\"CloudFrontReads\" \"LogsOfHandlers\" \"EventsReachQueuesAndTopics\" \"AlarmsReachTopics\""
        );
    }
    assert!(root.cx.s3().list_buckets().send().await.unwrap().buckets().is_empty(), "nothing was changed");

    let (_, refused) = root.run(&applier, &["plan", stack.path()], 3);
    let put = root.cx.kms().put_key_policy().key_id(&arn).policy(policy(&pasted(&refused)).to_string());
    put.send().await.unwrap();
    root.run(&applier, &["apply", stack.path(), "--yes"], 0);
    let (played, _) = root.run(&verifier, &["verify", stack.path()], 0);
    assert!(played.lines().any(|line| line.starts_with("play ")), "{played}");
    nothing_to_do(&root.run(&applier, &["plan", stack.path()], 0).0);
    encrypted(&root.cx, &arn).await;
    not_without_the_key(&root, &stack).await;
    let (gone, _) = root.run(&remover, &["teardown", stack.path(), "--yes"], 0);
    nothing_left(&gone, STACK);
    let kept = root.cx.kms().get_key_policy().key_id(&arn).policy_name("default").send().await.unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&kept.policy.unwrap()).unwrap(),
        policy(&pasted(&refused)),
        "never changed"
    );
}

/// What is stored has the key: a video, a bundle, the queues, the topics, the logs and the variables.
async fn encrypted(cx: &Context, arn: &str) {
    let output = format!("{STACK}-output-{ACCOUNT}-{REGION}");
    let listed = cx.s3().list_objects_v2().bucket(&output).send().await.unwrap();
    let first = listed.contents().first().and_then(|object| object.key()).expect("a video is published");
    let head = cx.s3().head_object().bucket(&output).key(first).send().await.unwrap();
    assert_eq!(head.server_side_encryption, Some(ServerSideEncryption::AwsKms));
    assert_eq!(head.ssekms_key_id.as_deref(), Some(arn));
    let home = cx.s3().get_bucket_encryption().bucket(cx.scope.home_bucket()).send().await.unwrap();
    let rules = home.server_side_encryption_configuration.unwrap().rules;
    let default = rules[0].apply_server_side_encryption_by_default.clone().unwrap();
    assert_eq!(default.kms_master_key_id.as_deref(), Some(arn));
    assert_eq!(rules[0].bucket_key_enabled, Some(true));
    let function = cx.lambda().get_function().function_name(format!("{STACK}-submit")).send().await.unwrap();
    assert_eq!(function.configuration.unwrap().kms_key_arn.as_deref(), Some(arn));
    let logs = cx.logs().describe_log_groups().log_group_name_prefix(format!("/aws/lambda/{STACK}-"));
    let groups = logs.send().await.unwrap().log_groups.unwrap();
    assert!(
        groups.len() == 2 && groups.iter().all(|group| group.kms_key_id.as_deref() == Some(arn)),
        "{groups:?}"
    );
}

/// The key counts: a role that may read the bucket but not use the key reads nothing.
async fn not_without_the_key(root: &Root<'_>, stack: &StackFile) {
    let reader = root.role("reader", stack, &[]).await;
    let allow = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "s3:*", "Resource": "*" }] });
    let put = root.cx.iam().put_role_policy().role_name("reader").policy_name("s3");
    put.policy_document(allow.to_string()).send().await.unwrap();
    let (s3, home) = (root.s3_as(&reader).await, root.cx.scope.home_bucket());
    let read = s3.get_object().bucket(home).key("record.json").send().await;
    let code = read.err().and_then(|error| error.raw_response().map(|answer| answer.status().as_u16()));
    assert_eq!(code, Some(403));
}
