//! What the first segment of a rendition is, by the parameter sets of its codecs.

use std::path::Path;

use tokio::process::Command;

use super::{Picture, Sound, Stream, input, run};
use crate::local::{ColorTags, Film};

/// The streams of a first segment.
pub(super) async fn describe(ffmpeg: &Path, header: Option<&Path>, file: &Path) -> Result<Stream, String> {
    let mut command = Command::new(ffmpeg);
    command.args(["-hide_banner", "-nostdin", "-i"]).arg(input(header, file));
    // The filter prints every field of the parameter sets, with the names of the codecs' standards.
    command.args(["-map", "0", "-c", "copy", "-frames:v", "1", "-t", "1", "-bsf:v", "trace_headers"]);
    command.args(["-f", "null", "-"]);
    let (_, said) = run(command).await?;
    described(&said)
}

/// Reads ffmpeg's list of streams and its trace of the parameter sets.
fn described(said: &str) -> Result<Stream, String> {
    let mut stream = Stream::default();
    // The text after this line describes the output.
    let (input, _) = said.split_once("Output #0").unwrap_or((said, ""));
    let shown = Film::printed(input).and_then(|film| film.picture);
    for line in input.lines().map(str::trim).filter(|line| line.starts_with("Stream #0:")) {
        if let Some((_, text)) = line.split_once(": Video: ") {
            let codec = codec(text, said).ok_or_else(|| format!("it has no parameter set: {line}"))?;
            let size = text.split([',', ' ']).find_map(size).ok_or_else(|| format!("no size: {line}"))?;
            let (sample, color) =
                shown.clone().map_or(((1, 1), ColorTags::default()), |shown| (shown.sample, shown.color));
            stream.picture = Some(Picture { codec, size, sample, color, rate: None });
        } else if let Some((_, text)) = line.split_once(": Audio: ") {
            let codec = sound_codec(text).ok_or_else(|| format!("an unknown kind of sound: {line}"))?;
            stream.sound = Some(Sound { codec: codec.to_owned(), channels: channels(text), quiet: 0.0 });
        }
    }
    match (&stream.picture, &stream.sound) {
        (None, None) => Err("it has neither a picture nor sound".to_owned()),
        _ => Ok(stream),
    }
}

fn size(word: &str) -> Option<(u32, u32)> {
    let (width, height) = word.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

/// The RFC 6381 name of AAC, by its audio object type (ISO/IEC 14496-3).
fn sound_codec(text: &str) -> Option<&'static str> {
    [("aac (LC)", "mp4a.40.2"), ("aac (HE-AAC)", "mp4a.40.5"), ("aac (HE-AACv2)", "mp4a.40.29")]
        .into_iter()
        .find_map(|(name, codec)| text.starts_with(name).then_some(codec))
}

fn channels(text: &str) -> u32 {
    let layouts = [(", mono", 1), (", stereo", 2), (", 5.1", 6), (", 7.1", 8)];
    layouts.into_iter().find_map(|(name, count)| text.contains(name).then_some(count)).unwrap_or_default()
}

/// The RFC 6381 name of a picture stream, from the traced fields of its parameter sets.
fn codec(text: &str, trace: &str) -> Option<String> {
    let field = |name: &str| {
        let mut lines = trace.lines().filter_map(|line| {
            let (before, value) = line.rsplit_once(" = ")?;
            before.split_whitespace().any(|word| word == name).then_some(value)
        });
        lines.next()?.trim().parse::<u32>().ok()
    };
    if text.starts_with("h264") {
        let flags = (0..6).map(|bit| field(&format!("constraint_set{bit}_flag")).map(|set| set << (7 - bit)));
        let constraints = flags.sum::<Option<u32>>()?;
        return Some(format!(
            "avc1.{:02x}{constraints:02x}{:02x}",
            field("profile_idc")?,
            field("level_idc")?
        ));
    }
    if !text.starts_with("hevc") {
        return None;
    }
    // ISO/IEC 14496-15, annex E: the compatibility flags in reverse, and the constraint bytes without trailing zeros.
    let compatible = (0..32)
        .map(|bit| field(&format!("general_profile_compatibility_flag[{bit}]")).map(|set| set << bit))
        .sum::<Option<u32>>()?;
    let tier = if field("general_tier_flag")? == 0 { 'L' } else { 'H' };
    let source =
        ["progressive_source", "interlaced_source", "non_packed_constraint", "frame_only_constraint"];
    let source = source
        .iter()
        .enumerate()
        .map(|(bit, name)| field(&format!("general_{name}_flag")).map(|set| set << (7 - bit)))
        .sum::<Option<u32>>()?;
    let constraints = if source == 0 { String::new() } else { format!(".{source:X}") };
    let (profile, level) = (field("general_profile_idc")?, field("general_level_idc")?);
    Some(format!("hvc1.{profile}.{compatible:X}.{tier}{level}{constraints}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_named_by_their_parameter_sets() {
        let field = |name: &str, value: u32| format!("[trace_headers @ 0x55] 8  {name}   01 = {value}\n");
        let mut said = String::from(
            "Input #0, mpegts, from 'a.ts':\n  Stream #0:0[0x100]: Video: h264 (Main) ([27][0][0][0] / 0x001B), yuv420p(tv, bt2020nc/bt2020/arib-std-b67, progressive), 416x234 [SAR 64:45 DAR 16:9], 23.98 fps\n\
             Output #0, null, to 'pipe:':\n  Stream #0:0: Video: h264 (Main), yuv420p, 1x1\n",
        );
        said += &field("profile_idc", 77);
        for (bit, value) in [0, 1, 0, 0, 0, 0].into_iter().enumerate() {
            said += &field(&format!("constraint_set{bit}_flag"), value);
        }
        said += &field("level_idc", 13);
        let picture = described(&said).unwrap().picture.unwrap();
        assert_eq!((picture.sample, picture.color.transfer.as_deref()), ((64, 45), Some("arib-std-b67")));
        assert_eq!((picture.codec.as_str(), picture.size), ("avc1.4d400d", (416, 234)));

        let sound = "  Stream #0:0: Audio: aac (LC), 48000 Hz, stereo, fltp, 160 kb/s\n";
        let sound = described(sound).unwrap().sound.unwrap();
        assert_eq!((sound.codec.as_str(), sound.channels), ("mp4a.40.2", 2));
        assert!(described("nothing").is_err());
    }
}
