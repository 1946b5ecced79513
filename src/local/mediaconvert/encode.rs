//! A job's settings as one ffmpeg command: every output of every group from a single decode.

mod arguments;
mod segments;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use arguments::{audio_arguments, capture_arguments, strings, video_arguments};
use segments::{Segments, segmented};

use super::super::ffmpeg::{Media, Rate, Video};
use super::failure::Failure;
use super::settings::{FrameCapture, H26x, Output, OutputGroup, Settings, VideoDescription};

/// How many seconds the clock of every segmented output is ahead of the input's.
const OFFSET: &str = "1";

/// The command to run and the renditions that it makes.
#[derive(Debug)]
pub(super) struct Plan {
    /// ffmpeg's arguments.
    pub(super) arguments: Vec<String>,
    /// One for each output that has a source in the input, in the settings' order.
    pub(super) renditions: Vec<Rendition>,
}

/// An output, as stored in the working directory.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rendition {
    /// Index of the output group, and of the output in it.
    pub(super) group: usize,
    pub(super) output: usize,
    pub(super) kind: EncodeKind,
    /// Width and height, if it has a picture.
    pub(super) size: Option<(u32, u32)>,
    /// Frames per second, if it has moving pictures.
    pub(super) rate: Option<f64>,
    pub(super) hevc: bool,
    pub(super) has_audio: bool,
}

/// The files of an output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum EncodeKind {
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

impl Rendition {
    /// True if it is cut into segments.
    pub(super) fn is_segmented(&self) -> bool {
        matches!(self.kind, EncodeKind::Ts | EncodeKind::Aac | EncodeKind::Cmaf)
    }

    /// The prefix of all its files in the working directory.
    pub(super) fn stem(&self) -> String {
        format!("g{}o{}", self.group, self.output)
    }

    /// The playlist that ffmpeg writes.
    pub(super) fn playlist(&self, work: &Path) -> PathBuf {
        work.join(format!("{}.m3u8", self.stem()))
    }
}

/// Plans the transcode of `input` into `work`.
pub(super) fn plan(settings: &Settings, media: &Media, input: &Path, work: &Path) -> Result<Plan, Failure> {
    let mut builder =
        Builder { media, work, chains: Vec::new(), outputs: Vec::new(), renditions: Vec::new() };
    let turn = settings.inputs.first().is_some_and(|input| input.video_selector.rotate == "AUTO");
    for (group_index, group) in settings.output_groups.iter().enumerate() {
        for (index, output) in group.outputs.iter().enumerate() {
            builder.output(group_index, group, index, output, turn)?;
        }
    }
    if builder.renditions.is_empty() {
        return Err(Failure::new(1404, "the input has neither a picture nor a sound for any output"));
    }
    let mut arguments =
        strings(&["-hide_banner", "-nostdin", "-loglevel", "error", "-y", "-progress", "pipe:1"]);
    if !turn {
        arguments.push("-noautorotate".into());
    }
    arguments.extend(["-i".into(), input.display().to_string()]);
    if let Some(graph) = builder.graph() {
        arguments.extend(["-filter_complex".into(), graph]);
    }
    arguments.extend(builder.outputs);
    Ok(Plan { arguments, renditions: builder.renditions })
}

struct Builder<'a> {
    media: &'a Media,
    work: &'a Path,
    chains: Vec<String>,
    outputs: Vec<String>,
    renditions: Vec<Rendition>,
}

impl Builder<'_> {
    fn output(
        &mut self,
        group_index: usize,
        group: &OutputGroup,
        index: usize,
        output: &Output,
        turn: bool,
    ) -> Result<(), Failure> {
        let picture = output.video_description.as_ref().zip(self.media.video.as_ref());
        let sound = output.audio_descriptions.first().filter(|_| !self.media.audio.is_empty());
        if picture.is_none() && sound.is_none() {
            return Ok(());
        }
        let mut rendition = Rendition {
            group: group_index,
            output: index,
            kind: kind(group, output)?,
            size: None,
            rate: None,
            hevc: false,
            has_audio: sound.is_some(),
        };
        let segmented = segmented(group);
        let mut arguments = Vec::new();
        if let Some((description, video)) = picture {
            let size = size(description, source_size(video, turn));
            rendition.size = Some(size);
            if rendition.kind == EncodeKind::Captures {
                let capture = description.codec_settings.frame_capture_settings.clone().unwrap_or_default();
                self.chain(&rendition, &capture_chain(description, size, &capture), &mut arguments);
                arguments.extend(capture_arguments(&capture));
            } else {
                let (codec, hevc) = codec(description)?;
                let rate = rate(codec, video);
                rendition.rate = Some(rate.value());
                rendition.hevc = hevc;
                let chain = format!(
                    "fps={}/{},{},format=yuv420p",
                    rate.numerator,
                    rate.denominator,
                    scale(description, size)
                );
                self.chain(&rendition, &chain, &mut arguments);
                arguments.extend(video_arguments(codec, hevc, rate, segmented.as_ref()));
            }
        }
        if let Some(description) = sound {
            arguments.extend(["-map".into(), format!("0:{}", self.media.audio[0].index)]);
            arguments.extend(audio_arguments(description)?);
        }
        arguments.extend(self.container(&rendition, segmented.as_ref()));
        self.outputs.extend(arguments);
        self.renditions.push(rendition);
        Ok(())
    }

    fn chain(&mut self, rendition: &Rendition, filters: &str, arguments: &mut Vec<String>) {
        let label = rendition.stem();
        self.chains.push(format!("{filters}[{label}]"));
        arguments.extend(["-map".into(), format!("[{label}]")]);
    }

    fn graph(&self) -> Option<String> {
        let video = self.media.video.as_ref().filter(|_| !self.chains.is_empty())?;
        let ends: String = (0..self.chains.len()).map(|index| format!("[i{index}]")).collect();
        let chains = self.chains.iter().enumerate().map(|(index, chain)| format!(";[i{index}]{chain}"));
        Some(format!("[0:{}]split={}{ends}{}", video.index, self.chains.len(), chains.collect::<String>()))
    }

    fn container(&self, rendition: &Rendition, segmented: Option<&Segments>) -> Vec<String> {
        let file =
            |suffix: &str| self.work.join(format!("{}{suffix}", rendition.stem())).display().to_string();
        // Sound is cut at the same times as the picture.
        let rate = rendition.rate.or(self.media.video.as_ref().map(|video| video.rate.value()));
        let seconds = segmented.map_or(6.0, |segments| segments.cut(rate)).to_string();
        let playlist = rendition.playlist(self.work).display().to_string();
        let hls = |segment: &str| {
            let segment = file(segment);
            let mut arguments = strings(&["-f", "hls", "-hls_time", &seconds, "-hls_list_size", "0"]);
            arguments.extend(strings(&["-hls_playlist_type", "vod", "-start_number", "1"]));
            // This must be later than any negative time stamp at the start of an encoder's output. Otherwise the muxer
            // shifts each rendition by its own frame reordering, and sound and picture drift apart.
            arguments.extend(strings(&["-output_ts_offset", OFFSET, "-hls_segment_filename", &segment]));
            arguments
        };
        match rendition.kind {
            EncodeKind::Ts => [hls("_%05d.ts"), vec![playlist]].concat(),
            EncodeKind::Cmaf => {
                let header = format!("{}init.mp4", rendition.stem());
                let kind = strings(&["-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", &header]);
                [hls("_%09d.m4s"), kind, vec![playlist]].concat()
            }
            EncodeKind::Aac => {
                let list = strings(&["-f", "segment", "-segment_format", "adts", "-segment_time", &seconds]);
                let start = strings(&["-segment_start_number", "1", "-segment_list_type", "m3u8"]);
                [list, start, vec!["-segment_list".into(), playlist, file("_%05d.aac")]].concat()
            }
            EncodeKind::File => strings(&["-movflags", "+faststart", "-f", "mp4", &file(".mp4")]),
            EncodeKind::Captures => strings(&["-f", "image2", "-start_number", "0", &file(".%07d.jpg")]),
        }
    }
}

fn kind(group: &OutputGroup, output: &Output) -> Result<EncodeKind, Failure> {
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

fn codec(description: &VideoDescription) -> Result<(&H26x, bool), Failure> {
    let settings = &description.codec_settings;
    let (settings, hevc) = match settings.codec.as_str() {
        "H_264" => (settings.h264_settings.as_ref(), false),
        "H_265" => (settings.h265_settings.as_ref(), true),
        other => return Err(Failure::unsupported(&format!("the video codec {other}"))),
    };
    settings
        .map(|settings| (settings, hevc))
        .ok_or_else(|| Failure::unsupported("a video codec without settings"))
}

fn source_size(video: &Video, turn: bool) -> (u32, u32) {
    if turn && video.rotation % 180 != 0 { (video.height, video.width) } else { (video.width, video.height) }
}

/// The scaling behaviors that keep the shape with a smaller frame, instead of filling it with black.
const FITTING: [&str; 2] = ["FIT", "FIT_NO_UPSCALE"];

/// The size of an output's frame. A missing side follows the source's shape; so do both sides if the picture is to fit.
fn size(description: &VideoDescription, (width, height): (u32, u32)) -> (u32, u32) {
    let even = |side: f64| ((side / 2.0).round() as u32).max(1) * 2;
    let (wide, high) = (f64::from(width), f64::from(height));
    let behavior = description.scaling_behavior.as_str();
    match (description.width, description.height) {
        (Some(width), Some(height)) if FITTING.contains(&behavior) => {
            let fits = (f64::from(width) / wide).min(f64::from(height) / high);
            let factor = if behavior == "FIT" { fits } else { fits.min(1.0) };
            (even(wide * factor), even(high * factor))
        }
        (Some(width), Some(height)) => (width, height),
        (Some(width), None) => (width, even(f64::from(width) * high / wide)),
        (None, Some(height)) => (even(f64::from(height) * wide / high), height),
        (None, None) => (even(wide), even(high)),
    }
}

fn scale(description: &VideoDescription, (width, height): (u32, u32)) -> String {
    let both = description.width.is_some() && description.height.is_some();
    let behavior = description.scaling_behavior.as_str();
    if both && behavior != "STRETCH_TO_OUTPUT" && !FITTING.contains(&behavior) {
        // The default keeps the shape and fills the rest of the frame with black.
        let fit = format!("scale={width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2");
        return format!("{fit},pad={width}:{height}:-1:-1,setsar=1");
    }
    format!("scale={width}:{height},setsar=1")
}

fn rate(codec: &H26x, video: &Video) -> Rate {
    match (codec.framerate_control.as_str(), codec.framerate_numerator, codec.framerate_denominator) {
        ("SPECIFIED", Some(numerator), Some(denominator)) => Rate { numerator, denominator },
        _ => video.rate,
    }
}

/// One picture at the start and then one per interval, for any source frame rate.
fn capture_chain(description: &VideoDescription, size: (u32, u32), capture: &FrameCapture) -> String {
    let (numerator, denominator) =
        (capture.framerate_numerator.unwrap_or(1), capture.framerate_denominator.unwrap_or(1));
    let seconds = f64::from(denominator) / f64::from(numerator.max(1));
    let select = format!("select='isnan(prev_selected_t)+gte(t-prev_selected_t\\,{seconds})'");
    format!("{select},{},format=yuvj420p", scale(description, size))
}
