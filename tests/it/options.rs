//! Options of the stack file on, and off again: private playback, alerts and access logs.

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
    assert!(again.contains("nothing to do: all "), "{again}");

    forget_what_was_made(&cloud).await;
    let (off, _) = cloud.provision(&["apply", "stacks/local.yaml", "--yes", "--allow-broadening"], 0);
    assert!(off.contains("- delivery/distribution/metrics "), "what only its distribution marks: {off}");
    assert!(off.contains("- alerts/topic ") && off.contains("- delivery/viewer-keys "), "{off}");
    assert_eq!(status(address).await, 200, "what is not private plays unsigned");
    let (nothing, _) = cloud.provision(&["plan", "stacks/local.yaml"], 0);
    assert!(nothing.contains("nothing to do: all "), "{nothing}");
    logs_outlive_their_option(&cloud).await;
    let (gone, _) = cloud.provision(&["teardown", with.path(), "--yes"], 0);
    assert!(gone.ends_with("audit: nothing of stack vod-local is left\n"), "{gone}");
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
    assert!(off.contains("- delivery/access-logs ") && off.contains("= storage/logs "), "{off}");
    assert!(!off.contains("- storage/logs"), "{off}");
    let (kept, _) = cloud.provision(&["plan", without.path()], 0);
    assert!(kept.contains("= storage/logs/policy ") && kept.contains("nothing to do: all "), "{kept}");

    cx.s3().delete_object().bucket(bucket).key(key).send().await.expect("the log expires");
    let (emptied, _) = cloud.provision(&["apply", without.path(), "--yes"], 0);
    assert!(emptied.contains("- storage/logs ") && !emptied.contains(" stays"), "{emptied}");
}

/// What a viewer without a signature is answered.
async fn status(address: &str) -> u16 {
    http::get(address, &[]).await.status.as_u16()
}
