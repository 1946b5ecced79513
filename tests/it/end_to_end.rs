//! The program as a person runs it: the README's first command, what follows it, and the teardown, on a local cloud of
//! the test's own. Real handlers, a real transcode, real playback.

use aws_sdk_s3::types::CreateBucketConfiguration;

use crate::support::calls::mutating;
use crate::support::quote::{errors, last_line, nothing_left, nothing_to_do, whole};
use crate::support::{Cloud, REGION, output};

const STACK: &str = "stacks/local.yaml";

#[tokio::test(flavor = "multi_thread")]
async fn the_stack_converges_plays_and_comes_down_again() {
    let cloud = Cloud::start("end-to-end").await;

    let (planned, calls) = cloud.provision(&["-v", "plan", STACK], 0);
    assert_eq!(mutating(&calls), Vec::<&str>::new(), "a plan changes nothing");
    insta::assert_snapshot!(last_line(&planned), @"36 to create");

    // No proxy knows the local cloud, so one that is down does no harm.
    let mut command = cloud.command(&["apply", STACK, "--yes", "--verify"]);
    command.envs(
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:9")),
    );
    let (applied, _) = output(command, 0);
    assert!(applied.contains(" created\n"), "{applied}");
    let played = applied.lines().filter(|line| line.trim_start().starts_with("plays ")).count();
    assert_eq!(played, 8, "seven pictures and the sound of hls-720p play: {applied}");
    let address = applied.lines().find_map(|line| line.strip_prefix("play ")).map(str::trim).unwrap();
    assert!(address.starts_with("http://127.0.0.1:") && address.ends_with("/index.m3u8"), "{address}");

    let (again, calls) = cloud.provision(&["-v", "apply", STACK, "--yes"], 0);
    nothing_to_do(again.split("\n\n").next().unwrap());
    assert!(calls.contains("DescribeRule"), "-v shows the calls: {calls}");
    assert_eq!(mutating(&calls), Vec::<&str>::new(), "a second apply changes nothing");

    let (json, _) = cloud.provision(&["outputs", STACK, "--format", "json"], 0);
    let outputs: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(outputs["source_bucket"], "vod-local-source-111122223333-ap-northeast-2");
    assert!(address.starts_with(outputs["playback"].as_str().unwrap()));

    // The buckets now hold the clip, what became of it, and the records of both: teardown takes all of it along.
    let (torn_down, _) = cloud.provision(&["teardown", STACK, "--yes"], 0);
    nothing_left(&torn_down, "vod-local");

    let (nothing, _) = cloud.provision(&["teardown", STACK, "--yes"], 0);
    insta::assert_snapshot!(whole(&nothing), @"
    nothing of stack vod-local is there
    audit: nothing of stack vod-local is left
    ");
    let (_, refused) = cloud.provision(&["outputs", STACK], 1);
    insta::assert_snapshot!(errors(&refused), @"
    error: stack vod-local has no distribution yet
    help: run `provision apply` first
    ");

    // `PROVISION_LOCAL` says which cloud these are about, too.
    let buckets = async || {
        let answer = cloud.context("vod-local").await.s3().list_buckets().send().await.unwrap();
        answer.buckets().len()
    };
    let here = CreateBucketConfiguration::builder().location_constraint(REGION.into()).build();
    let cx = cloud.context("vod-local").await;
    let made = cx.s3().create_bucket().bucket("another").create_bucket_configuration(here).send().await;
    made.unwrap();
    assert!(buckets().await > 0, "there is something to empty");
    insta::assert_snapshot!(cloud.provision(&["local", "reset"], 0).0, @"local cloud emptied");
    assert_eq!(buckets().await, 0);
    let (status, _) = cloud.provision(&["local", "status"], 0);
    assert!(status.contains(&cloud.endpoint), "{status}");
    assert!(status.contains(&format!("exchanges {}", cloud.contract.log().display())), "{status}");
    insta::assert_snapshot!(cloud.provision(&["local", "stop"], 0).0, @"local cloud stopped");

    // The contract judge sees what the handlers ask, too, and what our own services are asked.
    let asked = cloud.contract.report().operations;
    for operation in ["iam:CreateRole", "lambda:CreateFunction", "mediaconvert:CreateJob", "s3:PutObject"] {
        assert!(asked.contains_key(operation), "{operation}: {asked:?}");
    }
}
