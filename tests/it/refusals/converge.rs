//! A stack with every option, on a cloud that refuses what AWS refuses: it comes, needs no change, changes, and goes.

use crate::support::quote::{nothing_left, nothing_to_do};
use crate::support::{Cloud, StackFile};

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sign/testdata");

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_with_every_option_is_refused_nothing() {
    let cloud = Cloud::like_aws("converge").await;
    let cx = cloud.context("vod-local").await;
    let zone = cx.route53().create_hosted_zone().name("example.com").caller_reference("zone");
    zone.send().await.expect("the zone is made");
    let delivery =
        format!("  access_logs: true\n  signed_urls: {{ public_keys: [{KEYS}/rsa.pem, {KEYS}/p256.pem] }}");
    let more = "tags: { environment: local }\nalerts: { email: oncall@example.com }\n\
                domain: { name: video.example.com, zone: example.com }";
    let with = StackFile::new(&[("  access_logs: true", &delivery), ("tags: { environment: local }", more)]);
    cloud.provision(&["apply", with.path(), "--yes"], 0);
    let (again, _) = cloud.provision(&["plan", with.path()], 0);
    nothing_to_do(&again);
    // One key is taken out of its group, and the name goes: in the order that AWS allows.
    let delivery = format!("  access_logs: true\n  signed_urls: {{ public_keys: [{KEYS}/p256.pem] }}");
    let fewer = "tags: { environment: other }\nalerts: { email: other@example.com }";
    let without =
        StackFile::new(&[("  access_logs: true", &delivery), ("tags: { environment: local }", fewer)]);
    cloud.provision(&["apply", without.path(), "--yes", "--allow-broadening"], 0);
    // XML cannot hold this key: listings that do not encode it cannot be read.
    let source = "vod-local-source-111122223333-ap-northeast-2";
    cx.s3().put_object().bucket(source).key("a\u{1b}b").send().await.expect("it is written");
    let (gone, _) = cloud.provision(&["teardown", without.path(), "--yes"], 0);
    nothing_left(&gone, "vod-local");
}
