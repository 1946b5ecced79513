//! A library that was there before the stack listened: its videos are found, encoded by a batch job, and told apart by what
//! became of them; all in a role that may do that and nothing else.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::quote::{errors, lines_with, whole};
use crate::support::root::Root;
use crate::support::{ACCOUNT, Cloud, REGION, StackFile};
use aws_sdk_s3::primitives::ByteStream;
use provision::local;

/// What ffmpeg makes of these inputs.
pub(crate) async fn clip(inputs: &[&str]) -> Vec<u8> {
    let ffmpeg = local::ffmpeg(&mut |_| ()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clip.mp4");
    let mut make = Command::new(ffmpeg.path());
    make.args(["-hide_banner", "-nostdin", "-v", "error"]);
    make.args(inputs.iter().flat_map(|input| ["-f", "lavfi", "-i", input]));
    make.args(["-t", "2", "-pix_fmt", "yuv420p", "-c:a", "aac"]).arg(&file);
    assert!(make.status().unwrap().success());
    std::fs::read(file).unwrap()
}

/// Puts a library into the source bucket while nobody listens.
async fn shelve(root: &Root<'_>, objects: Vec<(&str, Vec<u8>)>) {
    let events = root.cx.events();
    events.disable_rule().name("vod-local-upload").send().await.unwrap();
    for (key, body) in objects {
        let put = root.cx.s3().put_object().bucket(format!("vod-local-source-{ACCOUNT}-{REGION}")).key(key);
        put.body(ByteStream::from(body)).send().await.unwrap();
    }
    events.enable_rule().name("vod-local-upload").send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_is_encoded_once_and_what_fails_can_be_tried_again() {
    let cloud = Cloud::enforcing("library").await;
    let root = Root::of(&cloud).await;
    let stack = StackFile::new(&[("ladder: hls-720p", "ladder: [{ height: 234, max_bitrate: 145k }]")]);
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let librarian = root.role("librarian", &stack, &["library"]).await;
    let library = |arguments: &[&str], code| {
        let arguments: Vec<&str> = ["-v", "library"].into_iter().chain(arguments.iter().copied()).collect();
        root.run(&librarian, &arguments, code)
    };
    let (_, none) = library(&["status", stack.path()], 1);
    insta::assert_snapshot!(errors(&none), @"
    error: stack vod-local had no batch job in the last 90 days
    help: `provision library start STACK` starts one
    ");

    let (film, sound) = (clip(&["testsrc2=size=416x234:rate=24", "sine"]).await, clip(&["sine"]).await);
    let objects = vec![
        ("films/a b+c, \"한\".mp4", film),
        ("films/broken.mov", b"no film, whatever its name says".to_vec()),
        ("films/empty.mp4", Vec::new()),
        ("films/sound.mp4", sound),
        ("films/notes.txt", b"not a film".to_vec()),
    ];
    shelve(&root, objects).await;

    let (would, calls) = library(&["start", stack.path(), "--dry-run"], 0);
    insta::assert_snapshot!(whole(&would), @"
    source     s3://vod-local-source-111122223333-ap-northeast-2/
    to encode  3 videos, <size>
    left out   2 that are no videos, by their names or since they are empty
    ");
    assert_eq!(crate::support::calls::mutating(&calls), Vec::<&str>::new(), "a dry run changes nothing");
    let (elsewhere, _) = library(&["start", stack.path(), "--prefix", "elsewhere/"], 0);
    insta::assert_snapshot!(whole(&elsewhere), @"
    source     s3://vod-local-source-111122223333-ap-northeast-2/elsewhere/
    to encode  0 videos, 0 bytes
    nothing to do
    ");

    let (ended, _) = library(&["start", stack.path(), "--yes"], 4);
    insta::assert_snapshot!(whole(&ended), @"
    source     s3://vod-local-source-111122223333-ap-northeast-2/
    to encode  3 videos, <size>
    left out   2 that are no videos, by their names or since they are empty
    batch job  <id>
    batch job  <id> Complete
    given      2 of 3 to MediaConvert, 1 not taken
    not taken  films/sound.mp4: the file has no video track
    report     s3://vod-local-work-111122223333-ap-northeast-2/library/reports/job-<id>/
    ");
    let (status, _) = library(&["status", stack.path()], 0);
    assert!(ended.ends_with(&status), "{status}");
    let (_, over) = library(&["cancel", stack.path()], 1);
    insta::assert_snapshot!(errors(&over), @"
    error: batch job <id> cannot be cancelled: it is Complete
    help: encodes that it started continue; cancel them in the MediaConvert queue
    ");

    // What can be encoded is published, and what cannot is known for it.
    let began = Instant::now();
    loop {
        let (left, _) = library(&["start", stack.path(), "--dry-run"], 0);
        if left.contains("\nto encode  0 ") {
            insta::assert_snapshot!(whole(&left), @"
            source     s3://vod-local-source-111122223333-ap-northeast-2/
            to encode  0 videos, 0 bytes
            left out   1 published as they are
            left out   2 that failed or were refused: `--failed` tries them again
            left out   2 that are no videos, by their names or since they are empty
            nothing to do
            ");
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(300), "{left}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let (again, _) = library(&["start", stack.path(), "--failed", "--yes"], 4);
    insta::assert_snapshot!(lines_with(&again, &["to encode ", "given "]), @"
    to encode  2 videos, <size>
    given      1 of 2 to MediaConvert, 1 not taken
    ");
    let jobs = root.cx.mediaconvert().list_jobs().send().await.unwrap();
    assert_eq!(jobs.jobs().len(), 3, "the film, and twice what is broken");
    let (all, _) = library(&["start", stack.path(), "--all", "--dry-run"], 0);
    insta::assert_snapshot!(lines_with(&all, &["to encode "]), @"to encode  3 videos, <size>");

    let job = again.lines().find_map(|line| line.strip_prefix("batch job  ")).unwrap();
    let other = StackFile::new(&[("stack: vod-local", "stack: vod-other")]);
    let (_, foreign) = cloud.provision(&["library", "status", other.path(), "--job", job], 1);
    insta::assert_snapshot!(errors(&foreign), @"
    error: batch job <id> does not belong to stack vod-other
    help: `provision library status STACK` names the stack's newest job
    ");
}
