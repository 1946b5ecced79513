//! Moves between the engines, with videos in the buckets and a player running.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{larger, stack};
use crate::support::calls::mutating;
use crate::support::quote::{lines_with, nothing_left, nothing_to_do};
use crate::support::{Cloud, StackFile};

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
