//! The policies that `provision permissions` prints, held against a local cloud in which IAM policies count: each command
//! runs in a role that has its policy and nothing else.

use crate::support::quote::{errors, lines_with, nothing_left, nothing_to_do};
use crate::support::root::Root;
use crate::support::{ACCOUNT, Cloud, REGION, StackFile};
use aws_sdk_s3::primitives::ByteStream;
use provision::aws::Context;

/// RFC 9500's published test key.
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sign/testdata/rsa.pem");
const STACK: &str = crate::support::root::STACK;

/// The local stack with its own name, alerts and private playback, tagged like this.
fn full(tag: &str) -> StackFile {
    let tags = format!(
        "tags: {{ {tag} }}\nalerts: {{ email: oncall@example.com }}\n\
         notify: {{ bus: media, queue: true, topic: true }}\ndomain: {{ name: video.example.com, zone: example.com }}"
    );
    let keys = format!("  access_logs: true\n  signed_urls: {{ public_keys: [{KEY}] }}");
    StackFile::new(&[("tags: { environment: local }", &tags), ("  access_logs: true", &keys)])
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_runs_with_its_policy_and_nothing_else() {
    let cloud = Cloud::enforcing("permissions").await;
    let root = Root::of(&cloud).await;
    let zone = root.cx.route53().create_hosted_zone().name("example.com").caller_reference("permissions");
    zone.send().await.unwrap();
    root.cx.events().create_event_bus().name("media").send().await.unwrap();
    let stack = full("environment: local");
    let planner = root.role("planner", &stack, &["plan"]).await;
    let applier = root.role("applier", &stack, &["apply"]).await;
    let remover = root.role("remover", &stack, &["teardown"]).await;

    let (planned, _) = root.run(&planner, &["plan", stack.path()], 0);
    assert!(planned.contains("delivery/distribution"), "{planned}");
    let (_, refused) = root.run(&planner, &["apply", stack.path(), "--yes"], 1);
    // Whom it refuses what.
    insta::assert_snapshot!(lines_with(&errors(&refused), &["nothing was changed", "GetBucketPolicy"]), @"
    error: could not read the account completely; nothing was changed
    cause: s3:GetBucketPolicy failed with AccessDenied: User: arn:aws:sts::111122223333:assumed-role/planner/test is not authorized to perform: s3:GetBucketPolicy because no identity-based policy allows the s3:GetBucketPolicy action
    help: allow `s3:GetBucketPolicy` for the identity you run as
    ");
    assert!(root.cx.s3().list_buckets().send().await.unwrap().buckets().is_empty(), "nothing was changed");

    root.run(&applier, &["apply", stack.path(), "--yes", "--allow-broadening"], 0);
    let (nothing, _) = root.run(&planner, &["plan", stack.path()], 0);
    nothing_to_do(&nothing);
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().to_str().unwrap();
    root.run(&planner, &["export", stack.path(), "--to", "cloudformation", to], 0);

    // Every taggable resource is updated, and what somebody added goes; then the options, and what was theirs with them.
    somebody_adds(&root.cx).await;
    let retagged = full("tier: gold");
    root.run(&applier, &["apply", retagged.path(), "--yes", "--allow-broadening"], 0);
    let plain = StackFile::new(&[("  access_logs: true", "  access_logs: false")]);
    root.run(&applier, &["apply", plain.path(), "--yes", "--allow-broadening"], 0);
    let (nothing, _) = root.run(&planner, &["plan", plain.path()], 0);
    nothing_to_do(&nothing);
    root.run(&applier, &["apply", stack.path(), "--yes", "--allow-broadening"], 0);

    only_teardown_removes_a_video(&root, &stack, &applier).await;
    root.run(&applier, &["apply", stack.path(), "--yes", "--allow-broadening"], 0);

    let (gone, _) = root.run(&remover, &["teardown", stack.path(), "--yes"], 0);
    nothing_left(&gone, "vod-local");
}

/// Ways out that no apply has made. Not the URL of a function: for its deletion the local cloud asks who may create one.
async fn somebody_adds(cx: &Context) {
    let topic = cx.scope.arn("sns", &format!("{STACK}-alerts"));
    let nosy = cx.sns().subscribe().topic_arn(topic).protocol("email").endpoint("nosy@example.com");
    nosy.send().await.unwrap();
    let filter = cx.logs().put_subscription_filter().log_group_name(format!("/aws/lambda/{STACK}-submit"));
    let filter = filter
        .filter_name("all")
        .filter_pattern("")
        .destination_arn(cx.scope.arn("logs", "destination:theirs"));
    filter.send().await.unwrap();
    let copies = crate::support::copies_elsewhere("arn:aws:iam::999988887777:role/theirs");
    let call = cx.s3().put_bucket_replication().bucket(format!("{STACK}-source-{ACCOUNT}-{REGION}"));
    call.replication_configuration(copies).send().await.unwrap();
}

/// Apply's policy does not let even a teardown remove what a bucket holds.
async fn only_teardown_removes_a_video(root: &Root<'_>, stack: &StackFile, applier: &[String; 3]) {
    let bucket = format!("{STACK}-source-{ACCOUNT}-{REGION}");
    let body = ByteStream::from_static(b"no video, but somebody's");
    root.cx.s3().put_object().bucket(&bucket).key("a.txt").body(body).send().await.unwrap();
    let (_, refused) = root.run(applier, &["teardown", stack.path(), "--yes"], 4);
    assert!(refused.contains("s3:DeleteObjectVersion"), "{refused}");
    root.cx.s3().head_object().bucket(&bucket).key("a.txt").send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applied_stack_is_verified_with_the_policy_for_that() {
    let cloud = Cloud::enforcing("permissions-verify").await;
    let root = Root::of(&cloud).await;
    let stack = StackFile::new(&[]);
    let both = root.role("applier", &stack, &["apply", "verify"]).await;
    let (played, _) = root.run(&both, &["apply", stack.path(), "--yes", "--verify"], 0);
    assert!(played.lines().any(|line| line.starts_with("play ")), "{played}");
    let verifier = root.role("verifier", &stack, &["verify"]).await;
    root.run(&verifier, &["verify", stack.path()], 0);
}
