//! What people film, and what becomes of it: for each kind of file the outputs of its job, one line each.

use serde_json::{Value, json};

use super::{job, template};

/// The name of the declared audio selector.
const SELECTOR: &str = "Audio Selector 1";

/// A picture track as Probe describes it.
fn picture(width: u32, height: u32, rate: [u32; 2]) -> Value {
    let rate = json!({ "numerator": rate[0], "denominator": rate[1] });
    json!({ "width": width, "height": height, "frameRate": rate, "transferCharacteristics": "ITU_709" })
}

/// The same with other members.
fn with(mut picture: Value, members: Value) -> Value {
    let Value::Object(members) = members else { unreachable!("an object") };
    picture.as_object_mut().unwrap().extend(members);
    picture
}

/// Probe's answer for a file with this picture and sound tracks with so many channels.
fn probe(picture: Option<Value>, channels: &[u32]) -> Value {
    let picture = picture.map(|properties| json!({ "trackType": "video", "videoProperties": properties }));
    let sounds = channels
        .iter()
        .map(|channels| json!({ "trackType": "audio", "audioProperties": { "channels": channels } }));
    let tracks: Vec<Value> = picture.into_iter().chain(sounds).collect();
    json!({ "probeResults": [{ "container": { "format": "mp4", "tracks": tracks } }] })
}

fn video(width: u32, height: u32, rate: [u32; 2]) -> Value {
    probe(Some(picture(width, height, rate)), &[2])
}

fn film(width: u32, height: u32, members: Value) -> Value {
    probe(Some(with(picture(width, height, [25, 1]), members)), &[2])
}

/// Every kind of file: its name, and what Probe answers.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    let hd = |channels| probe(Some(picture(1280, 720, [25, 1])), channels);
    let bt2020 = json!({ "transferCharacteristics": "ITU_2020_10bit", "colorPrimaries": "ITU_2020" });
    vec![
        ("landscape 1920x1080 25", video(1920, 1080, [25, 1])),
        ("landscape 3840x2160 30", video(3840, 2160, [30, 1])),
        ("portrait by rotation 1920x1080 25", film(1920, 1080, json!({ "rotation": 90 }))),
        ("portrait by storage 1080x1920 30", video(1080, 1920, [30, 1])),
        ("portrait 2160x3840 59.94", video(2160, 3840, [60_000, 1001])),
        ("portrait screen 1170x2532 60", video(1170, 2532, [60, 1])),
        ("square 1080x1080 30", video(1080, 1080, [30, 1])),
        ("4:3 640x480 25", video(640, 480, [25, 1])),
        ("scope 1920x800 24", video(1920, 800, [24_000, 1001])),
        ("854x480 30", video(854, 480, [30, 1])),
        ("1278x718 30", video(1278, 718, [30, 1])),
        ("1280x720 25", video(1280, 720, [25, 1])),
        ("160x120 15", video(160, 120, [15, 1])),
        (
            "720x576 samples 64:45",
            film(720, 576, json!({ "sampleAspectRatio": { "numerator": 64, "denominator": 45 } })),
        ),
        (
            "720x576 samples 64:45, rotated",
            film(
                720,
                576,
                json!({ "sampleAspectRatio": { "numerator": 64, "denominator": 45 }, "rotation": 90 }),
            ),
        ),
        ("1920x1080 59.94", video(1920, 1080, [60_000, 1001])),
        ("1280x720 120", video(1280, 720, [120, 1])),
        ("1280x720 variable, 19.33 on average", video(1280, 720, [1933, 100])),
        ("HDR PQ", film(1280, 720, json!({ "transferCharacteristics": "SMPTE_2084" }))),
        ("HDR HLG", film(1280, 720, json!({ "transferCharacteristics": "ARIB_B67" }))),
        ("BT.2020", film(1280, 720, bt2020)),
        ("silent", hd(&[])),
        ("5.1", hd(&[6])),
        ("two mono tracks", hd(&[1, 1])),
        ("sound alone", probe(None, &[2])),
    ]
}

/// The outputs of the job for a file, one line each.
async fn outputs(ladder: &Value, probe: &Value) -> Vec<String> {
    let job = job(ladder, probe).await;
    let groups = job["settings"]["outputGroups"].as_array().unwrap();
    let sound = selected(&job["settings"]["inputs"][0]["audioSelectors"]);
    groups
        .iter()
        .flat_map(|group| group["outputs"].as_array().unwrap())
        .map(|output| {
            let name = output["nameModifier"].as_str().unwrap_or("still");
            match &output["videoDescription"] {
                // A job whose sound is made of a selector that is not there fails, or is silent.
                Value::Null => {
                    assert_eq!(output["audioDescriptions"][0]["audioSourceName"], SELECTOR);
                    format!("{name} {sound}{}", variant(output))
                }
                video => format!("{name} {}", described(video)),
            }
        })
        .collect()
}

/// Size, frame rate, quality, and what is done to the picture.
fn described(video: &Value) -> String {
    let codec = &video["codecSettings"];
    let settings = ["h264Settings", "h265Settings"].into_iter().find_map(|member| codec.get(member));
    let (rate, quality) = settings.map_or_else(Default::default, |settings| {
        let [numerator, denominator] =
            ["framerateNumerator", "framerateDenominator"].map(|member| settings[member].as_f64());
        let rate = numerator.zip(denominator).map(|(above, below)| above / below);
        let rate = rate.map_or(" follows".to_owned(), |rate| format!(" {rate:.2}"));
        (
            rate.trim_end_matches(".00").to_owned(),
            format!(" q{}", settings["qvbrSettings"]["qvbrQualityLevel"]),
        )
    });
    let fit = if video["scalingBehavior"] == "STRETCH_TO_OUTPUT" { " stretched" } else { "" };
    let corrector = &video["videoPreprocessors"]["colorCorrector"];
    let colour = if corrector["colorSpaceConversion"] == "FORCE_709" { " to BT.709" } else { "" };
    format!("{}x{}{rate}{quality}{fit}{colour}", video["width"], video["height"])
}

/// The tracks that the sound is made of.
fn selected(selectors: &Value) -> String {
    match &selectors[SELECTOR] {
        Value::Null => "no selector".to_owned(),
        selector => selector.get("tracks").map_or("default".to_owned(), |tracks| format!("tracks {tracks}")),
    }
}

fn variant(output: &Value) -> &'static str {
    let kind = &output["outputSettings"]["hlsSettings"]["audioTrackType"];
    if kind == "AUDIO_ONLY_VARIANT_STREAM" { ", variant stream" } else { "" }
}

/// The table of a ladder: the kinds that `wanted` names, or all. Kinds that have the same outputs share them.
pub(super) async fn table(ladder: &str, wanted: &[&str]) -> String {
    let ladder = template(ladder);
    let mut rows: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for (kind, probe) in all() {
        if !wanted.is_empty() && !wanted.contains(&kind) {
            continue;
        }
        let outputs = outputs(&ladder, &probe).await;
        match rows.iter_mut().find(|(_, known)| *known == outputs) {
            Some((kinds, _)) => kinds.push(kind),
            None => rows.push((vec![kind], outputs)),
        }
    }
    let row = |(kinds, outputs): (Vec<&str>, Vec<String>)| {
        format!("{}\n    {}", kinds.join(" | "), outputs.join("\n    "))
    };
    rows.into_iter().map(row).collect::<Vec<_>>().join("\n")
}
