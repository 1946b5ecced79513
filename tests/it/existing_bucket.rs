//! A stack whose originals are in a bucket that the team has: checked first, used, and never changed.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, EventBridgeConfiguration,
    NotificationConfiguration, VersioningConfiguration,
};

use crate::support::quote::{lines_with, nothing_left, nothing_to_do};
use crate::support::{Cloud, REGION, StackFile};

const NAME: &str = "team-archive";

async fn bucket(s3: &Client) {
    let place =
        CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(REGION));
    let made = s3.create_bucket().bucket(NAME).create_bucket_configuration(place.build()).send();
    made.await.expect("a bucket is made");
    let original = ByteStream::from_static(b"a film of long ago");
    s3.put_object().bucket(NAME).key("old.mp4").body(original).send().await.expect("it takes a film");
}

async fn prepare(s3: &Client) {
    let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let set = s3.put_bucket_versioning().bucket(NAME).versioning_configuration(versions).send();
    set.await.expect("it keeps versions");
    let events = NotificationConfiguration::builder()
        .event_bridge_configuration(EventBridgeConfiguration::builder().build());
    let set = s3.put_bucket_notification_configuration().bucket(NAME);
    set.notification_configuration(events.build()).send().await.expect("it sends events");
}

#[tokio::test(flavor = "multi_thread")]
async fn originals_stay_in_the_bucket_that_the_team_has() {
    let cloud = Cloud::start("existing-bucket").await;
    let cx = cloud.context("vod-local").await;
    let s3 = cx.s3();
    let stack =
        StackFile::new(&[("source:\n  expire_noncurrent_after: 1d", "source:\n  bucket: team-archive")]);

    let (_, absent) = cloud.provision(&["plan", stack.path()], 1);
    insta::assert_snapshot!(lines_with(&absent, &["team-archive in"]), @"  × account 111122223333 has no bucket team-archive in ap-northeast-2 that these credentials can see");
    bucket(s3).await;
    let (_, unfit) = cloud.provision(&["apply", stack.path(), "--yes"], 1);
    insta::assert_snapshot!(lines_with(&unfit, &["cannot be the source", "put-bucket-versioning"]), @"
    × bucket team-archive cannot be the source: it keeps no versions, so that a replaced original would be lost; it sends no events to EventBridge, so that no upload would start an encode
          aws s3api put-bucket-versioning --bucket team-archive --versioning-configuration Status=Enabled
    ");
    let buckets = s3.list_buckets().send().await.unwrap();
    assert_eq!(buckets.buckets().len(), 1, "nothing was made");

    prepare(s3).await;
    let (applied, _) = cloud.provision(&["apply", stack.path(), "--yes", "--verify"], 0);
    assert!(applied.lines().any(|line| line.starts_with("play ")), "{applied}");
    let (again, _) = cloud.provision(&["plan", stack.path()], 0);
    nothing_to_do(&again);
    let (outputs, _) = cloud.provision(&["outputs", stack.path()], 0);
    insta::assert_snapshot!(lines_with(&outputs, &["team-archive"]), @"source bucket     team-archive");

    let (gone, _) = cloud.provision(&["teardown", stack.path(), "--yes"], 0);
    nothing_left(&gone, "vod-local");
    let old = s3.get_object().bucket(NAME).key("old.mp4").send().await.expect("the team's film is there");
    assert_eq!(old.body.collect().await.unwrap().to_vec(), b"a film of long ago");
    let policy = s3.get_bucket_policy().bucket(NAME).send().await;
    assert!(policy.is_err(), "the bucket is as it was");
}
