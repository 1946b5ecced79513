//! The keys of private playback are rotated: CloudFront deploys the distribution again, and apply waits for that.

use crate::support::{Cloud, StackFile};

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sign/testdata");

/// The stack whose viewers' URLs these keys sign.
fn signed_by(keys: &[&str]) -> StackFile {
    let keys: Vec<String> = keys.iter().map(|key| format!("{KEYS}/{key}.pem")).collect();
    let keys = format!("  access_logs: true\n  signed_urls: {{ public_keys: [{}] }}", keys.join(", "));
    StackFile::new(&[("  access_logs: true", &keys)])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_rotates_keys_waits_until_the_edges_know_the_new_ones() {
    let cloud = Cloud::at_pace("rotation", 20).await;
    let cx = cloud.context("vod-local").await;
    let [old, both, new] = [&["rsa"][..], &["rsa", "p256"], &["p256"]].map(signed_by);
    cloud.provision(&["apply", old.path(), "--yes"], 0);
    let status = async || {
        let listed = cx.cloudfront().list_distributions().send().await.unwrap().distribution_list;
        listed.unwrap().items.unwrap().remove(0).status
    };
    assert_eq!(status().await, "Deployed");
    let rotate = |stack: &StackFile, more: &[&str]| {
        let arguments = ["-vv", "apply", stack.path(), "--yes", "--allow-broadening"];
        cloud.provision(&[&arguments, more].concat(), 0).1
    };
    let told = rotate(&both, &["--no-wait"]);
    assert!(told.contains("UpdateKeyGroup") && !told.contains("UpdateDistribution"), "{told}");
    // A list may be of a moment before.
    let mut seen = status().await;
    for _ in 0..40 {
        if seen == "InProgress" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        seen = status().await;
    }
    assert_eq!(seen, "InProgress", "the distribution has not changed, and is deployed again");
    let told = rotate(&new, &[]);
    assert!(told.contains("UpdateKeyGroup") && !told.contains("UpdateDistribution"), "{told}");
    assert_eq!(status().await, "Deployed");
    assert!(told.contains("propagating to the edges"), "{told}");
}
