//! Every object that lands in the source bucket ends in a state that the app can see, and the app hears of it: real
//! handlers, real events, and the stack's own queue.

use std::process::Command;
use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::ByteStream;
use provision::aws::Context;
use provision::local;
use serde_json::Value;

use crate::support::http::get;
use crate::support::{ACCOUNT, Cloud, REGION, StackFile};

/// A cloud, and the queue that the app reads.
struct App {
    cx: Context,
    queue: String,
    playback: String,
    heard: Vec<Value>,
}

impl App {
    async fn of(cloud: &Cloud, stack: &StackFile) -> Self {
        let cx = cloud.context("vod-local").await;
        let (json, _) = cloud.provision(&["outputs", stack.path(), "--format", "json"], 0);
        let outputs: Value = serde_json::from_str(&json).unwrap();
        let playback = outputs["playback"].as_str().unwrap().to_owned();
        let queue = outputs["events_queue"].as_str().unwrap().to_owned();
        Self { cx, queue, playback, heard: Vec::new() }
    }

    async fn upload(&self, key: &str, body: impl Into<ByteStream>) {
        let put = self.cx.s3().put_object().bucket(format!("vod-local-source-{ACCOUNT}-{REGION}"));
        put.key(key).body(body.into()).send().await.unwrap();
    }

    async fn delete(&self, key: &str) {
        let delete = self.cx.s3().delete_object().bucket(format!("vod-local-source-{ACCOUNT}-{REGION}"));
        delete.key(key).send().await.unwrap();
    }

    /// The next event about a key that was not heard before.
    async fn hears(&mut self, key: &str) -> Value {
        let end = Instant::now() + Duration::from_secs(90);
        loop {
            if let Some(at) = self.heard.iter().position(|event| event["detail"]["key"] == key) {
                return self.heard.remove(at);
            }
            assert!(Instant::now() < end, "nothing is heard of {key}: {:#?}", self.heard);
            let receive = self.cx.sqs().receive_message().queue_url(&self.queue);
            let received = receive.max_number_of_messages(10).wait_time_seconds(2).send().await.unwrap();
            for message in received.messages.unwrap_or_default() {
                let delete = self.cx.sqs().delete_message().queue_url(&self.queue);
                delete.receipt_handle(message.receipt_handle.unwrap()).send().await.unwrap();
                self.heard.push(serde_json::from_str(&message.body.unwrap()).unwrap());
            }
        }
    }

    /// The `asset.json` of a key, as viewers read it.
    async fn described(&self, key: &str) -> Value {
        let asset = asset::id(&format!("vod-local-source-{ACCOUNT}-{REGION}"), key);
        let answer = get(&format!("{}/assets/{asset}/asset.json", self.playback), &[]).await;
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{key}: {error}: {}", answer.body))
    }

    /// Asserts what the app hears of a key, and that `asset.json` says the same. Returns the event's detail.
    async fn ends(&mut self, key: &str, detail_type: &str, state: &str) -> Value {
        let event = self.hears(key).await;
        assert_eq!(
            (&event["detail-type"], &event["source"]),
            (&detail_type.into(), &"provision.vod-local".into())
        );
        assert_eq!(event["detail"]["state"], state, "{event}");
        let described = self.described(key).await;
        assert_eq!((&described["state"], &described["key"]), (&state.into(), &key.into()), "{described}");
        event["detail"].clone()
    }
}

fn film(ffmpeg: &local::Ffmpeg) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.mp4");
    let mut encode = Command::new(ffmpeg.path());
    encode.args(["-hide_banner", "-nostdin", "-v", "error", "-y", "-f", "lavfi"]);
    encode.args([
        "-i",
        "testsrc2=size=320x180:rate=25",
        "-t",
        "3",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
    ]);
    assert!(encode.args(["-pix_fmt", "yuv420p"]).arg(&film).status().unwrap().success());
    std::fs::read(film).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_object_ends_in_a_state_and_the_app_hears_of_it() {
    let cloud = Cloud::start("states").await;
    let ladder = ("ladder: hls-720p", "ladder: [{ height: 144, max_bitrate: 100k }]");
    let heard = ("local: true", "local: true\nnotify: { queue: true, topic: true }");
    let removed = ("expire_noncurrent_after: 1d", "expire_noncurrent_after: 1d\n  on_delete: unpublish");
    let stack = StackFile::new(&[ladder, heard, removed]);
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let mut app = App::of(&cloud, &stack).await;
    let ffmpeg = local::ffmpeg(&mut |text| println!("{text}")).await.unwrap();
    let film = film(&ffmpeg);

    app.upload("empty.mp4", ByteStream::from_static(b"")).await;
    app.upload("photo.jpg", ByteStream::from_static(b"no photo")).await;
    app.upload("broken.mp4", ByteStream::from_static(b"no film")).await;
    app.upload("users/9f8a7b6c", film.clone()).await;
    app.upload("users/", ByteStream::from_static(b"")).await;

    let empty = app.ends("empty.mp4", "Video Refused", "refused").await;
    assert_eq!(empty["reason"], "the object is empty");
    let photo = app.ends("photo.jpg", "Video Refused", "refused").await;
    let reason = "the file is not a video that can be read, and its name has no video suffix";
    assert_eq!((&photo["reason"], photo.get("playlist")), (&reason.into(), None));
    let broken = app.ends("broken.mp4", "Video Failed", "error").await;
    assert_eq!(broken["code"], 1010);
    let published = app.ends("users/9f8a7b6c", "Video Published", "published").await;
    let playlist = format!("{}{}", app.playback, published["playlist"].as_str().unwrap());
    assert!(get(&playlist, &[]).await.body.starts_with("#EXTM3U"), "{playlist}");

    app.delete("users/9f8a7b6c").await;
    let removed = app.ends("users/9f8a7b6c", "Video Removed", "removed").await;
    assert_eq!(removed["version"], published["version"]);
    assert!(!get(&playlist, &[]).await.status.is_success(), "{playlist}");
    app.upload("users/9f8a7b6c", film).await;
    let again = app.ends("users/9f8a7b6c", "Video Published", "published").await;
    assert_ne!(again["version"], published["version"]);
    assert!(get(&playlist, &[]).await.body.starts_with("#EXTM3U"));
    assert_eq!(app.heard, Vec::<Value>::new(), "each is heard once, and nothing of a folder");
}
