//! `provision import`: what of an account would be adopted under which address, and why not. It changes nothing.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Tag, Tagging};
use aws_sdk_sqs::types::QueueAttributeName;
use provision::review::{Import, ImportVerdict};

use crate::support::calls::mutating;
use crate::support::quote::{errors, last_line, lines_with, whole};
use crate::support::{Cloud, StackFile};

const OUTPUT: &str = "vod-local-output-111122223333-ap-northeast-2";
const SOURCE: &str = "vod-local-source-111122223333-ap-northeast-2";

/// An import, which must make no mutating call.
fn import(cloud: &Cloud, arguments: &[&str], code: i32) -> (String, String) {
    let (stdout, stderr) = cloud.provision(&[&["-v", "import"], arguments].concat(), code);
    assert!(stderr.contains("GetCallerIdentity"), "-v shows calls: {stderr}");
    assert_eq!(mutating(&stderr), Vec::<&str>::new(), "an import changes nothing");
    (stdout, stderr)
}

fn verdicts(text: &str, address: &str) -> ImportVerdict {
    let import: Import = serde_json::from_str(text).unwrap();
    import.resources.iter().find(|resource| resource.address == address).unwrap().verdict
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_shows_what_would_be_adopted_and_changes_nothing() {
    let cloud = Cloud::start("import").await;
    let stack = StackFile::new(&[]);
    let (empty, told) = import(&cloud, &[stack.path()], 0);
    insta::assert_snapshot!(format!("{}\n{}", last_line(&empty), lines_with(&told, &["nothing was"])), @"
    36 to create
    nothing was changed, and there is nothing to adopt
    ");

    let cx = cloud.context("vod-local").await;
    let queue = cx.sqs().create_queue().queue_name("vod-local-dead-letters");
    queue.attributes(QueueAttributeName::MessageRetentionPeriod, "60").send().await.unwrap();
    for bucket in [OUTPUT, SOURCE] {
        let place = BucketLocationConstraint::ApNortheast2;
        let place = CreateBucketConfiguration::builder().location_constraint(place).build();
        cx.s3().create_bucket().bucket(bucket).create_bucket_configuration(place).send().await.unwrap();
    }
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().unwrap();
    let theirs = [tag("provision:stack", "vod-other"), tag("provision:address", "storage/output")];
    let tags = Tagging::builder().set_tag_set(Some(theirs.into())).build().unwrap();
    cx.s3().put_bucket_tagging().bucket(OUTPUT).tagging(tags).send().await.unwrap();

    let (text, told) = import(&cloud, &[stack.path()], 3);
    let (head, rest) = text.split_once("would be created").unwrap();
    insta::assert_snapshot!(whole(head), @r#"
    cannot be adopted
      ! storage/output                   S3 Bucket                        vod-local-output-111122223333-ap-northeast-2, belongs to storage/output of stack vod-other
          it belongs to another stack: rename this one, or remove it there

    would be adopted
      ← handlers/dead-letters            SQS Queue                        https://sqs.ap-northeast-2.amazonaws.com/111122223333/vod-local-dead-letters
          differs MessageRetentionPeriod  1m → 14d
          differs SqsManagedSseEnabled    false → true
          ! The change takes up to a minute to take effect everywhere.
          ! Only new messages are affected by the changed encryption.
      ← storage/source                   S3 Bucket                        vod-local-source-111122223333-ap-northeast-2
          differs VersioningConfiguration                                   (none) → {Status: "Enabled"}
          differs BucketEncryption.ServerSideEncryptionConfiguration[0].BlockedEncryptionTypes  (none) → {EncryptionType: ["SSE-C"]}
          differs PublicAccessBlockConfiguration
                    + BlockPublicAcls: true
                    + BlockPublicPolicy: true
                    + IgnorePublicAcls: true
                    + RestrictPublicBuckets: true
          differs LifecycleConfiguration
                    + Rules:
                    + - Id: tidy
                    +   Status: Enabled
                    +   ExpiredObjectDeleteMarker: true
                    +   NoncurrentVersionExpiration:
                    +     NoncurrentDays: 1
                    +   AbortIncompleteMultipartUpload:
                    +     DaysAfterInitiation: 7
          differs NotificationConfiguration                                 (none) → {EventBridgeConfiguration: {EventBridgeEnabled: true}}
          differs LoggingConfiguration
                    + DestinationBucketName: vod-local-logs-111122223333-ap-northeast-2
                    + LogFilePrefix: s3/
                    + TargetObjectKeyFormat:
                    +   PartitionedPrefix:
                    +     PartitionDateSource: EventTime
          ! Noncurrent versions are permanently deleted sooner.
          ! Existing versions that are old enough are deleted too.
          ! Multipart uploads that take longer than this are aborted, and their parts are deleted.
          ! New lifecycle rules take effect after some minutes.
          ! Versioning takes up to 15 minutes to take effect.
          ! AWS advises not to write objects before that.
          ! Only new objects are encrypted this way.
          ! Existing objects stay as they are.
          ! Public access to the bucket is refused.
          ! It takes about five minutes until EventBridge gets events.
          ! Objects uploaded before that start nothing: upload them again.
          ! The receivers or the events of notifications change.
          ! Some requests of the next hour may still be logged as before.
    "#);
    insta::assert_snapshot!(lines_with(rest, &["storage/output", "storage/work ", "in the way"]), @"
      + storage/output/policy            S3 BucketPolicy
      + storage/work                     S3 Bucket                        vod-local-work-111122223333-ap-northeast-2
    1 in the way, 2 to adopt, 33 to create
    ");
    insta::assert_snapshot!(errors(&told), @"
    error: a resource is in the way, so `apply --adopt` would change nothing
    help: do what the list says, and run this again
    ");
    let (json, _) = import(&cloud, &[stack.path(), "--format", "json"], 3);
    let found = ["storage/output", "storage/source", "storage/source/policy", "handlers/submit"];
    let found = found.map(|address| verdicts(&json, address));
    use ImportVerdict::{Adopt, Create, InTheWay, Owned};
    assert_eq!(found, [InTheWay, Adopt, Create, Create]);

    cx.s3().delete_bucket().bucket(OUTPUT).send().await.unwrap();
    let (_, told) = import(&cloud, &[stack.path()], 0);
    assert!(told.contains(" --adopt\n"), "{told}");
    cloud.provision(&["apply", stack.path(), "--yes", "--adopt", "--allow-broadening"], 0);
    let (json, _) = import(&cloud, &[stack.path(), "--format", "json"], 0);
    let found = ["storage/source", "storage/source/policy", "handlers/dead-letters", "handlers/submit"];
    assert_eq!(found.map(|address| verdicts(&json, address)), [Owned; 4]);
    let (all, told) = import(&cloud, &[stack.path()], 0);
    insta::assert_snapshot!(format!("{}\n{}", last_line(&all), lines_with(&told, &["nothing was"])), @"
    36 of this stack already
    nothing was changed, and there is nothing to adopt
    ");
}
