//! Options of the stack file on, and off again: private playback, alerts and access logs.

use crate::support::quote::{lines_with, nothing_left, nothing_to_do, whole};
use crate::support::{Cloud, StackFile, http};
use aws_sdk_s3::primitives::ByteStream;

/// RFC 9500's published test key.
const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sign/testdata");

#[tokio::test(flavor = "multi_thread")]
async fn options_come_play_and_go_again_and_nothing_of_them_is_left() {
    let cloud = Cloud::start("options").await;
    let keys = format!("  access_logs: true\n  signed_urls: {{ public_keys: [{KEYS}/rsa.pem] }}");
    let alerts = "tags: { environment: local }\nalerts: { email: oncall@example.com }";
    let with = StackFile::new(&[("  access_logs: true", &keys), ("tags: { environment: local }", alerts)]);

    let key = format!("{KEYS}/rsa.key");
    let (applied, _) = cloud.provision(&["apply", with.path(), "--yes", "--verify", "--key", &key], 0);
    let address = applied.lines().find_map(|line| line.strip_prefix("play ")).expect("it plays").trim();
    assert_eq!(status(address).await, 403, "nothing plays unsigned");
    let (again, _) = cloud.provision(&["plan", with.path()], 0);
    nothing_to_do(&again);

    forget_what_was_made(&cloud).await;
    let (off, _) = cloud.provision(&["apply", "stacks/local.yaml", "--yes", "--allow-broadening"], 0);
    // The metrics are marked by their distribution alone.
    let gone = ["delivery/distribution/metrics ", "alerts/topic ", "delivery/viewer-keys "];
    insta::assert_snapshot!(lines_with(&off, &gone), @"
    - alerts/topic                     SNS Topic                        arn:aws:sns:ap-northeast-2:111122223333:vod-local-alerts, no longer declared
    - delivery/distribution/metrics    CloudFront MonitoringSubscription <id>, no longer declared
    - delivery/viewer-keys             CloudFront KeyGroup              <id>, no longer declared
    ");
    assert_eq!(status(address).await, 200, "what is not private plays unsigned");
    let (nothing, _) = cloud.provision(&["plan", "stacks/local.yaml"], 0);
    nothing_to_do(&nothing);
    logs_outlive_their_option(&cloud).await;
    let (gone, _) = cloud.provision(&["teardown", with.path(), "--yes"], 0);
    nothing_left(&gone, "vod-local");
}

/// Makes the record what a run leaves that was killed: all it had made is found by its marks alone.
async fn forget_what_was_made(cloud: &Cloud) {
    let cx = cloud.context("vod-local").await;
    let (home, key) = (cx.scope.home_bucket(), "record.json");
    let record = cx.s3().get_object().bucket(&home).key(key).send().await.expect("there is a record");
    let text = record.body.collect().await.expect("it is read").into_bytes();
    let mut record: serde_json::Value = serde_json::from_slice(&text).expect("it is JSON");
    (record["complete"], record["resources"]) = (false.into(), serde_json::json!([]));
    let body = ByteStream::from(record.to_string().into_bytes());
    cx.s3().put_object().bucket(home).key(key).body(body).send().await.expect("it is written");
}

/// Access logs go off while there are logs: these stay, with what guards them, until they are gone by themselves.
async fn logs_outlive_their_option(cloud: &Cloud) {
    let cx = cloud.context("vod-local").await;
    let (bucket, key) = ("vod-local-logs-111122223333-ap-northeast-2", "s3/log");
    let body = ByteStream::from_static(b"who watched what");
    cx.s3().put_object().bucket(bucket).key(key).body(body).send().await.expect("a log is written");
    let without = StackFile::new(&[("  access_logs: true", "  access_logs: false")]);

    let (off, _) = cloud.provision(&["apply", without.path(), "--yes"], 0);
    insta::assert_snapshot!(lines_with(&off, &["delivery/access-logs ", "storage/logs"]), @"
    - delivery/access-logs             Logs Delivery                    <id>, no longer declared
    = storage/logs                     S3 Bucket                        vod-local-logs-111122223333-ap-northeast-2 stays: no longer declared, but it holds data
    = storage/logs/policy              S3 BucketPolicy                  vod-local-logs-111122223333-ap-northeast-2 stays: no longer declared, but it holds data
    ");
    let (kept, _) = cloud.provision(&["plan", without.path()], 0);
    insta::assert_snapshot!(whole(&kept), @"
      = storage/logs                     S3 Bucket                        vod-local-logs-111122223333-ap-northeast-2 stays: no longer declared, but it holds data
      = storage/logs/policy              S3 BucketPolicy                  vod-local-logs-111122223333-ap-northeast-2 stays: no longer declared, but it holds data
        (an apply that finds it empty deletes it: wait until its objects expire, or delete them yourself)

    nothing to do: all 31 resources are as declared
    ");

    cx.s3().delete_object().bucket(bucket).key(key).send().await.expect("the log expires");
    let (emptied, _) = cloud.provision(&["apply", without.path(), "--yes"], 0);
    insta::assert_snapshot!(whole(&emptied), @"
    storage
      - storage/logs                     S3 Bucket                        vod-local-logs-111122223333-ap-northeast-2, no longer declared
          ! All its objects must be deleted first and cannot be restored.
          ! Uploads and reads fail.
          ! Another account can take its name.
      - storage/logs/policy              S3 BucketPolicy                  vod-local-logs-111122223333-ap-northeast-2, no longer declared
          ! Access that only this policy grants is refused, also for CloudFront.
          ! Edge locations still serve what they have cached.

    2 to delete, 31 unchanged

    2 deleted

    playback          http://127.0.0.1:<port>/_viewer/<id>
    distribution      <id>
    source bucket     vod-local-source-111122223333-ap-northeast-2
    work bucket       vod-local-work-111122223333-ap-northeast-2
    output bucket     vod-local-output-111122223333-ap-northeast-2
    queue             arn:aws:mediaconvert:ap-northeast-2:111122223333:queues/vod-local-transcode
    job template      vod-local-ladder
    submit function   vod-local-submit
    publish function  vod-local-publish
    dead letters      http://127.0.0.1:<port>/111122223333/vod-local-dead-letters
    ");
}

/// What a viewer without a signature is answered.
async fn status(address: &str) -> u16 {
    http::get(address, &[]).await.status.as_u16()
}
