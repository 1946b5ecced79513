//! A stack around the account in memory: a source, its encodes, and a player.

use asset::{Description, output, work};
use publish::{Publisher, Settings};
use serde_json::{Value, json};

use super::Cloud;

pub(crate) const COMPLETE: &str = include_str!("../fixtures/complete.json");
pub(crate) const ERROR: &str = include_str!("../fixtures/error.json");
pub(crate) const CANCELED: &str = include_str!("../fixtures/canceled.json");

pub(crate) const KEY: &str = "films/holiday.mp4";
pub(crate) const ASSET: &str = "films-holiday-12f4bc2e79f8f0a1";
pub(crate) const REVISION: i64 = 1_700_000_000;
/// The longest video to publish, in seconds.
const LONGEST: u64 = 3600;

const MULTIVARIANT: &str = "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-INDEPENDENT-SEGMENTS\n\
    #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Default\",DEFAULT=YES,AUTOSELECT=YES,URI=\"index_audio.m3u8\"\n\
    #EXT-X-STREAM-INF:BANDWIDTH=3514800,AVERAGE-BANDWIDTH=2913306,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO=\"audio\"\n\
    index_720p.m3u8\n\
    #EXT-X-STREAM-INF:BANDWIDTH=501600,CODECS=\"avc1.4d401e,mp4a.40.2\",RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO=\"audio\"\n\
    index_360p.m3u8\n";

pub(crate) fn run(version: &str) -> String {
    asset::run(version, REVISION)
}

/// The documented event, changed to another version of the source and so to another run.
pub(crate) fn event(fixture: &str, version: &str, revision: i64) -> Value {
    let mut event: Value = serde_json::from_str(fixture).unwrap();
    let metadata = &mut event["detail"]["userMetadata"];
    metadata["version"] = json!(version);
    metadata["revision"] = json!(revision.to_string());
    event["detail"]["jobId"] = json!(format!("job-{version}-{revision}"));
    event
}

pub(crate) fn complete(version: &str) -> Value {
    event(COMPLETE, version, REVISION)
}

pub(crate) struct Stack {
    pub(crate) cloud: Cloud,
    publisher: Publisher,
}

impl Stack {
    /// An account with a source at `version`, and its finished encode in the work bucket.
    pub(crate) fn with_encode(version: &str) -> Self {
        let cloud = Cloud::default();
        let settings = Settings {
            work_bucket: "work".into(),
            output_bucket: "output".into(),
            distribution: "EDFDVBD6EXAMPLE".into(),
            stack: "vod".into(),
            event_bus: Some("media".into()),
            unpublish: true,
            topic: Some("arn:aws:sns:us-west-2:111122223333:alerts".into()),
            max_duration: Some(LONGEST),
        };
        let publisher = Publisher::new(settings, cloud.s3(), cloud.cloudfront(), cloud.events(), cloud.sns());
        let stack = Self { cloud, publisher };
        stack.upload(version);
        stack.encode(version, REVISION);
        stack
    }

    pub(crate) fn upload(&self, version: &str) {
        let mut state = self.cloud.state();
        state.versions.insert(format!("source/{KEY}"), version.into());
        state.tags = vec![("owner".into(), "media".into())];
    }

    /// Writes the files that MediaConvert would write.
    pub(crate) fn encode(&self, version: &str, revision: i64) {
        let prefix = format!("work/{}", work::prefix(ASSET, &asset::run(version, revision)));
        let put = |name: &str, body: &str| self.cloud.put(&format!("{prefix}{name}"), body);
        put("index.m3u8", MULTIVARIANT);
        for rendition in ["720p", "360p", "audio"] {
            let segments = ["00001", "00002"].map(|number| format!("index_{rendition}_{number}.ts"));
            let entries = segments.each_ref().map(|name| format!("#EXTINF:6.0,\n{name}\n")).concat();
            let playlist = format!("#EXTM3U\n#EXT-X-TARGETDURATION:6\n{entries}#EXT-X-ENDLIST\n");
            put(&format!("index_{rendition}.m3u8"), &playlist);
            for name in segments {
                put(&name, &format!("{name} of {version}"));
            }
        }
        put("thumbnails/frame.0000000.jpg", "picture");
        put("thumbnails/frame.0000001.jpg", "picture");
    }

    pub(crate) async fn tell(&self, event: Value) -> Result<Value, String> {
        self.publisher.answer(event).await.map_err(|error| error.to_string())
    }

    /// The detail types of the events for the app so far, each with its version.
    pub(crate) fn told(&self) -> Vec<String> {
        let state = self.cloud.state();
        state
            .events
            .iter()
            .map(|(kind, detail)| format!("{kind} {}", detail["version"].as_str().unwrap()))
            .collect()
    }

    pub(crate) async fn publish(&self, version: &str) {
        let outcome = self.tell(complete(version)).await.unwrap();
        assert_eq!(outcome["outcome"], "published", "{outcome}");
        self.cloud.changes();
    }

    pub(crate) fn description(&self) -> Description {
        let body = self.cloud.body(&format!("output/{}", output::description(ASSET))).unwrap();
        serde_json::from_str(&body).unwrap()
    }

    /// The files that a player would fetch, starting from the multivariant playlist; panics where it would stall.
    pub(crate) fn play(&self) -> Vec<String> {
        let base = format!("output/{}", output::prefix(ASSET));
        let fetch = |path: &str| {
            self.cloud
                .body(&format!("{base}{path}"))
                .unwrap_or_else(|| panic!("a player would meet a missing {path}"))
        };
        let index = fetch("index.m3u8");
        let playlists = publish::playlist::multivariant("index.m3u8", index.as_bytes()).unwrap().playlists;
        let segments =
            playlists.iter().flat_map(|name| publish::playlist::media(name, fetch(name).as_bytes()).unwrap());
        segments.map(|name| fetch(&name)).collect()
    }
}
