//! Moves between the engines, with videos in the buckets and a player running.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aws_sdk_cloudformation::types::{Capability, ChangeSetType, ResourceToImport, StackStatus};
use provision::aws::{Connection, Context};
use serde_json::json;

use super::{larger, stack, status, updated_by_hand};
use crate::support::calls::mutating;
use crate::support::quote::{errors, lines_with, nothing_left, nothing_to_do};
use crate::support::{ACCOUNT, Cloud, StackFile};

/// Where the clip of `apply --verify` plays.
fn address(applied: &str) -> String {
    let address = applied.lines().find_map(|line| line.strip_prefix("play "));
    address.expect("the clip plays").trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_moves_there_and_back_while_its_videos_play() {
    let cloud = Cloud::start("move").await;
    let (direct, file) = (StackFile::new(&[]), stack());
    let (applied, _) = cloud.provision(&["apply", direct.path(), "--yes", "--verify"], 0);
    let player = Player::start(address(&applied));

    let (moved, said) = cloud.provision(&["-v", "move", direct.path(), "--to", "cloudformation", "--yes"], 0);
    insta::assert_snapshot!(lines_with(&moved, &["move", "Move", "engine", "storage/source ", "transcode/", "to leave"]), @"
    Move to CloudFormation: no resource is changed
      transcode/queue                  MediaConvert Queue               vod-local-transcode stays outside: CloudFormation's guide does not list its type for imports
      transcode/template               MediaConvert JobTemplate         vod-local-ladder stays outside: CloudFormation's guide does not list its type for imports
      storage/source                   S3 Bucket                        vod-local-source-111122223333-ap-northeast-2 import
      transcode/role                   IAM Role                         vod-local-transcode import
    33 to import, 3 to leave outside
    moved: stack vod-local is with CloudFormation now
    set `engine: cloudformation` in <folder>/stack.yaml
    ");
    let of_the_move = ["CreateChangeSet", "ExecuteChangeSet", "SetStackPolicy", "PutObject", "DeleteObject"];
    let touched: Vec<&str> = mutating(&said).into_iter().filter(|call| !of_the_move.contains(call)).collect();
    assert_eq!(touched, Vec::<&str>::new(), "no resource is changed");
    let (nothing, _) = cloud.provision(&["plan", file.path()], 0);
    nothing_to_do(&nothing);
    let (again, _) = cloud.provision(&["move", file.path(), "--to", "cloudformation", "--yes"], 0);
    insta::assert_snapshot!(lines_with(&again, &["nothing"]), @"nothing to move: stack vod-local is with CloudFormation");

    // From now on CloudFormation changes it.
    let longer = larger("local: true\nengine: cloudformation");
    let (_, said) = cloud.provision(&["apply", longer.path(), "--yes"], 0);
    insta::assert_snapshot!(lines_with(&said, &["handlers/submit "]), @"
    handlers/submit                  Modify: MemorySize
    handlers/submit                  changed (<n>s)
    ");

    let (moved, _) = cloud.provision(&["move", longer.path(), "--to", "direct", "--yes"], 0);
    insta::assert_snapshot!(lines_with(&moved, &["move", "Move", "engine", "storage/source ", "to release"]), @"
    Move to the direct engine: no resource is changed
      storage/source                   S3 Bucket                        vod-local-source-111122223333-ap-northeast-2 release
    33 to release
    moved: stack vod-local is with the direct engine now
    set `engine: direct` in <folder>/stack.yaml
    ");
    let same = larger("local: true");
    let (nothing, _) = cloud.provision(&["plan", same.path()], 0);
    nothing_to_do(&nothing);
    // And there once more: a deleted stack keeps nothing.
    cloud.provision(&["move", same.path(), "--to", "cloudformation", "--yes"], 0);
    nothing_to_do(&cloud.provision(&["plan", longer.path()], 0).0);
    cloud.provision(&["move", same.path(), "--to", "direct", "--yes"], 0);
    assert!(player.stop() > 3, "it played");
    let (gone, _) = cloud.provision(&["teardown", same.path(), "--yes"], 0);
    nothing_left(&gone, "vod-local");
}

/// Reads a playlist over and over. Each answer must be it.
struct Player {
    stop: Arc<AtomicBool>,
    played: Arc<AtomicUsize>,
    thread: std::thread::JoinHandle<()>,
}

impl Player {
    fn start(address: String) -> Self {
        let (stop, played) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (ends, counted) = (Arc::clone(&stop), Arc::clone(&played));
        let runtime = tokio::runtime::Handle::current();
        let thread = std::thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                let answer = runtime.block_on(crate::support::http::get(&address, &[]));
                assert_eq!(answer.status, 200, "the playlist plays all the time");
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { stop, played, thread }
    }

    /// How often it played.
    fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("each answer was the playlist");
        self.played.load(Ordering::Relaxed)
    }
}

/// Deletes the CloudFormation stacks by hand, and leaves their resources: every resource gets `DeletionPolicy: Retain` first.
async fn let_go(cloud: &Cloud, cx: &Context) {
    let other = Arc::new(Connection::to_local(cloud.target(ACCOUNT), "us-east-1").await);
    let other = Context::new(other, cx.scope.clone(), "us-east-1");
    for (cx, stack) in [(&other, "vod-local-us-east-1-after"), (cx, "vod-local")] {
        let ended = updated_by_hand(cloud, cx, stack, |template| {
            for resource in template["Resources"].as_object_mut().unwrap().values_mut() {
                resource["DeletionPolicy"] = "Retain".into();
            }
        });
        assert_eq!(ended.await, StackStatus::UpdateComplete);
        let client = cx.cloudformation();
        client.delete_stack().stack_name(stack).send().await.unwrap();
        while client.describe_stacks().stack_name(stack).send().await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

/// Somebody deleted the CloudFormation stacks, and their resources are there: the record alone says whose they are.
#[tokio::test(flavor = "multi_thread")]
async fn a_stack_whose_cloudformation_stacks_somebody_deleted_is_moved() {
    let cloud = Cloud::start("move-deleted").await;
    let cx = cloud.context("vod-local").await;
    let (direct, file) = (StackFile::new(&[]), stack());
    cloud.provision(&["apply", file.path(), "--yes"], 0);
    let_go(&cloud, &cx).await;
    let (moved, _) = cloud.provision(&["move", file.path(), "--to", "direct", "--yes"], 0);
    insta::assert_snapshot!(lines_with(&moved, &["move", "Move"]), @"
    Move to the direct engine: no resource is changed
    moved: stack vod-local is with the direct engine now
    ");
    nothing_to_do(&cloud.provision(&["plan", direct.path()], 0).0);

    cloud.provision(&["move", direct.path(), "--to", "cloudformation", "--yes"], 0);
    let_go(&cloud, &cx).await;
    let (moved, _) = cloud.provision(&["move", file.path(), "--to", "cloudformation", "--yes"], 0);
    insta::assert_snapshot!(lines_with(&moved, &["moved", "storage/source "]), @"
      storage/source                   S3 Bucket                        vod-local-source-111122223333-ap-northeast-2 import
    moved: stack vod-local is with CloudFormation now
    ");
    let longer = larger("local: true\nengine: cloudformation");
    cloud.provision(&["apply", longer.path(), "--yes"], 0);
    nothing_to_do(&cloud.provision(&["plan", longer.path()], 0).0);
}

/// Another CloudFormation stack has a resource of the stack, so the import is refused. Nothing of the move is left.
#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_refused_leaves_nothing_behind() {
    let cloud = Cloud::start("move-refused").await;
    let cx = cloud.context("vod-local").await;
    let direct = StackFile::new(&[]);
    cloud.provision(&["apply", direct.path(), "--yes"], 0);
    let resource = json!({ "Type": "AWS::IAM::Role", "DeletionPolicy": "Retain", "Properties": {
        "RoleName": "vod-local-submit", "AssumeRolePolicyDocument": {} } });
    let import = ResourceToImport::builder().logical_resource_id("Role").resource_type("AWS::IAM::Role");
    let client = cx.cloudformation();
    let set = client.create_change_set().stack_name("theirs").change_set_name("one");
    let set = set.change_set_type(ChangeSetType::Import).capabilities(Capability::CapabilityNamedIam);
    let set = set.template_body(json!({ "Resources": { "Role": resource } }).to_string());
    let set = set.resources_to_import(import.resource_identifier("RoleName", "vod-local-submit").build());
    let set = set.send().await.unwrap().id.unwrap();
    client.execute_change_set().change_set_name(set).send().await.unwrap();

    let (_, refused) = cloud.provision(&["move", direct.path(), "--to", "cloudformation", "--yes"], 1);
    insta::assert_snapshot!(errors(&refused), @"
    error: cloudformation:CreateChangeSet failed: Resources [HandlersSubmitRole] passed in ResourceToImport are already in a stack and cannot be imported.
    help: no resource was changed: mend that, then run the command again
    ");
    assert_eq!(status(&cx).await, None);
    nothing_to_do(&cloud.provision(&["plan", direct.path()], 0).0);
    nothing_left(&cloud.provision(&["teardown", direct.path(), "--yes"], 0).0, "vod-local");
}
