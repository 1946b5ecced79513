//! The files of an output: their kind, and ffmpeg's arguments for them.

use std::path::Path;

use super::super::failure::Failure;
use super::super::settings::{Output, OutputGroup};
use super::Rendition;
use super::arguments::strings;

/// How many seconds the clock of every segmented output is ahead of the input's.
///
/// This must be later than any negative time stamp at the start of an encoder's output. Otherwise the muxer shifts each
/// rendition by its own frame reordering, and sound and picture drift apart. At 1 frame a second that is 3 seconds.
const OFFSET: f64 = 10.0;
/// What the muxer of MPEG-2 TS adds to it.
const MUXER_DELAY: f64 = 1.4;
/// When the input's beginning is on the clock of MPEG-2 TS segments, in seconds.
pub(in super::super) const SEGMENTS_START: f64 = OFFSET + MUXER_DELAY;

/// The files of an output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum EncodeKind {
    /// MPEG-2 TS segments and a playlist.
    Ts,
    /// Raw AAC segments and a playlist.
    Aac,
    /// Fragmented MP4 segments, their initialization section and a playlist.
    Cmaf,
    /// One MP4 file.
    File,
    /// Numbered JPEG files.
    Captures,
}

/// What kind of files an output has.
pub(super) fn kind(group: &OutputGroup, output: &Output) -> Result<EncodeKind, Failure> {
    let capture =
        output.video_description.as_ref().is_some_and(|video| video.codec_settings.codec == "FRAME_CAPTURE");
    let raw = output.output_settings.hls_settings.audio_only_container.as_deref() != Some("M2TS");
    match group.output_group_settings.r#type.as_str() {
        "HLS_GROUP_SETTINGS" if output.video_description.is_none() && raw => Ok(EncodeKind::Aac),
        "HLS_GROUP_SETTINGS" => Ok(EncodeKind::Ts),
        "CMAF_GROUP_SETTINGS" => Ok(EncodeKind::Cmaf),
        "FILE_GROUP_SETTINGS" if capture => Ok(EncodeKind::Captures),
        "FILE_GROUP_SETTINGS" if output.container_settings.container == "MP4" => Ok(EncodeKind::File),
        other => Err(Failure::unsupported(&format!(
            "{other} with container {}",
            output.container_settings.container
        ))),
    }
}

/// The files of one rendition.
pub(super) struct Files<'a> {
    pub(super) work: &'a Path,
    pub(super) rendition: &'a Rendition,
    /// Seconds after which it is cut.
    pub(super) seconds: f64,
}

impl Files<'_> {
    fn name(&self, suffix: &str) -> String {
        self.work.join(format!("{}{suffix}", self.rendition.stem())).display().to_string()
    }

    /// ffmpeg's arguments.
    pub(super) fn arguments(&self) -> Vec<String> {
        let playlist = self.rendition.playlist(self.work).display().to_string();
        match self.rendition.kind {
            EncodeKind::Ts => [self.hls("_%05d.ts"), vec![playlist]].concat(),
            EncodeKind::Cmaf => {
                let header = format!("{}init.mp4", self.rendition.stem());
                let kind = strings(&["-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", &header]);
                [self.hls("_%09d.m4s"), kind, vec![playlist]].concat()
            }
            EncodeKind::Aac => {
                let seconds = self.seconds.to_string();
                let list = strings(&["-f", "segment", "-segment_format", "adts", "-segment_time", &seconds]);
                let start = strings(&["-segment_start_number", "1", "-segment_list_type", "m3u8"]);
                [list, start, vec!["-segment_list".into(), playlist, self.name("_%05d.aac")]].concat()
            }
            EncodeKind::File => strings(&["-movflags", "+faststart", "-f", "mp4", &self.name(".mp4")]),
            EncodeKind::Captures => strings(&["-f", "image2", "-start_number", "0", &self.name(".%07d.jpg")]),
        }
    }

    fn hls(&self, segment: &str) -> Vec<String> {
        let (seconds, offset) = (self.seconds.to_string(), OFFSET.to_string());
        let mut arguments = strings(&["-f", "hls", "-hls_time", &seconds, "-hls_list_size", "0"]);
        arguments.extend(strings(&["-hls_playlist_type", "vod", "-start_number", "1"]));
        let segment = self.name(segment);
        arguments.extend(strings(&["-output_ts_offset", &offset, "-hls_segment_filename", &segment]));
        arguments
    }
}
