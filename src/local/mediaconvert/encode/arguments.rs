//! ffmpeg's arguments for one track: its codec, rate control, groups of pictures and key frames.

use super::super::super::ffmpeg::Rate;
use super::super::failure::Failure;
use super::super::settings::{AudioDescription, FrameCapture, H26x};
use super::segments::Segments;

/// Fast enough that a test waits only seconds. Faster presets drop tools that the profiles need.
const PRESET: &str = "superfast";

pub(super) fn video_arguments(
    codec: &H26x,
    hevc: bool,
    rate: Rate,
    segments: Option<&Segments>,
) -> Vec<String> {
    let mut arguments = strings(&["-c:v", if hevc { "libx265" } else { "libx264" }, "-preset", PRESET]);
    arguments.extend(quality(codec));
    let profile = match codec.codec_profile.as_str() {
        "BASELINE" => Some("baseline"),
        "HIGH" if !hevc => Some("high"),
        "MAIN" | "MAIN_MAIN" | "MAIN_HIGH" => Some("main"),
        _ => None,
    };
    if let Some(profile) = profile {
        arguments.extend(strings(&["-profile:v", profile]));
    }
    if let Some(level) = codec.codec_level.strip_prefix("LEVEL_").filter(|_| !hevc) {
        arguments.extend(["-level".into(), level.replace('_', ".")]);
    }
    let gop = match (codec.gop_size, codec.gop_size_units.as_str()) {
        (Some(size), "SECONDS") => size * rate.value(),
        (Some(size), "FRAMES") => size,
        _ => 2.0 * rate.value(),
    };
    let gop = (gop.round() as u32).max(1).to_string();
    let detect = codec.scene_change_detect != "DISABLED" && !codec.scene_change_detect.is_empty();
    if hevc {
        let open = u8::from(codec.gop_closed_cadence == Some(0));
        let cut = if detect { 40 } else { 0 };
        let parameters =
            format!("log-level=error:keyint={gop}:min-keyint={gop}:scenecut={cut}:open-gop={open}");
        arguments.extend(strings(&["-tag:v", "hvc1", "-x265-params", &parameters]));
    } else {
        arguments.extend(strings(&["-g", &gop]));
        if !detect {
            arguments.extend(strings(&["-keyint_min", &gop, "-sc_threshold", "0"]));
        }
        if codec.gop_closed_cadence != Some(0) {
            arguments.extend(strings(&["-flags", "+cgop"]));
        }
        if let Some(frames) = codec.b_frames {
            arguments.extend(["-bf".into(), frames.to_string()]);
        }
    }
    if let Some(segments) = segments.filter(|segments| !segments.whole_gops) {
        let key_frames = format!("expr:gte(t,n_forced*{})", segments.length);
        arguments.extend(["-force_key_frames".into(), key_frames]);
    }
    arguments
}

/// Converts QVBR's level (1 to 10) to a constant rate factor under the same maximum bitrate.
fn quality(codec: &H26x) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut set = |name: &str, value: u64| arguments.extend([name.to_owned(), value.to_string()]);
    let ceiling = codec.max_bitrate.or(codec.bitrate).unwrap_or(5_000_000);
    match codec.rate_control_mode.as_str() {
        "QVBR" => {
            let level = codec.qvbr_settings.qvbr_quality_level.unwrap_or(7);
            set("-crf", 39 - 2 * u64::from(level.min(10)));
        }
        _ => set("-b:v", codec.bitrate.unwrap_or(ceiling)),
    }
    set("-maxrate", ceiling);
    set("-bufsize", codec.hrd_buffer_size.unwrap_or(ceiling));
    arguments
}

pub(super) fn audio_arguments(description: &AudioDescription) -> Result<Vec<String>, Failure> {
    let codec = &description.codec_settings;
    let Some(aac) = codec.aac_settings.as_ref().filter(|_| codec.codec == "AAC") else {
        return Err(Failure::unsupported(&format!("the audio codec {}", codec.codec)));
    };
    let channels = match aac.coding_mode.as_str() {
        "CODING_MODE_1_0" => "1",
        "CODING_MODE_5_1" => "6",
        _ => "2",
    };
    let (bitrate, rate) =
        (aac.bitrate.unwrap_or(96_000).to_string(), aac.sample_rate.unwrap_or(48_000).to_string());
    Ok(strings(&["-c:a", "aac", "-b:a", &bitrate, "-ar", &rate, "-ac", channels]))
}

pub(super) fn capture_arguments(capture: &FrameCapture) -> Vec<String> {
    let quality = 2 + (100 - capture.quality.unwrap_or(80).min(100)) * 29 / 100;
    let mut arguments = strings(&["-fps_mode", "vfr", "-c:v", "mjpeg", "-q:v", &quality.to_string()]);
    if let Some(most) = capture.max_captures {
        arguments.extend(["-frames:v".into(), most.to_string()]);
    }
    arguments
}

pub(super) fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
