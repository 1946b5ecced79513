//! A job's settings as one ffmpeg command: every output of every group from a single decode.

mod arguments;
mod color;
mod container;
mod picture;
mod segments;
mod sound;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use arguments::{audio_arguments, capture_arguments, strings, video_arguments};
use container::{Files, kind};
use segments::segmented;
use sound::Selected;

use super::super::ffmpeg::{FieldOrder, Media, Video};
use super::failure::Failure;
use super::settings::{Output, OutputGroup, Settings, VideoDescription};

pub(super) use container::{EncodeKind, SEGMENTS_START};

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
    let source = settings.inputs.first().cloned().unwrap_or_default();
    let turn = source.video_selector.rotate == "AUTO";
    let mut builder = Builder {
        media,
        work,
        turn,
        selected: sound::select(&source.audio_selectors, media)?,
        pictures: Vec::new(),
        sounds: Vec::new(),
        outputs: Vec::new(),
        renditions: Vec::new(),
    };
    for (group_index, group) in settings.output_groups.iter().enumerate() {
        for (index, output) in group.outputs.iter().enumerate() {
            builder.output(group_index, group, index, output)?;
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
    arguments.extend(["-filter_complex".into(), builder.graph()]);
    arguments.extend(builder.outputs);
    Ok(Plan { arguments, renditions: builder.renditions })
}

/// The filters of one picture.
struct PictureChain {
    /// Its rate and its size.
    fitted: String,
    /// Its colors, if they are converted.
    converted: Option<String>,
    /// Its samples, and its label.
    end: String,
}

struct Builder<'a> {
    media: &'a Media,
    work: &'a Path,
    /// Whether the picture is turned as the file says.
    turn: bool,
    selected: Selected,
    /// The filters of each picture, and of each sound.
    pictures: Vec<PictureChain>,
    sounds: Vec<String>,
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
    ) -> Result<(), Failure> {
        let picture = output.video_description.as_ref().zip(self.media.video.as_ref());
        let sound = output.audio_descriptions.first();
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
        let mut arguments = Vec::new();
        if let Some((description, video)) = picture {
            arguments.extend(self.picture(&mut rendition, group, description, video)?);
        }
        if let Some(description) = sound {
            let heard = self.selected.heard(description);
            let filters = sound::filters(&heard, description, self.length());
            let label = format!("{}s", rendition.stem());
            self.sounds.push(format!("{filters}[{label}]"));
            arguments.extend(["-map".into(), format!("[{label}]")]);
            arguments.extend(audio_arguments(description)?);
        }
        arguments.extend(self.container(&rendition, group));
        self.outputs.extend(arguments);
        self.renditions.push(rendition);
        Ok(())
    }

    /// The filters of a picture, and its arguments.
    fn picture(
        &mut self,
        rendition: &mut Rendition,
        group: &OutputGroup,
        description: &VideoDescription,
        video: &Video,
    ) -> Result<Vec<String>, Failure> {
        let shown = if self.turn { video.displayed() } else { video.stretched() };
        let fit = picture::fit(description, shown)?;
        rendition.size = Some(fit.frame);
        let (scaled, label) = (fit.filters(), rendition.stem());
        let converted = color::conversion(&description.video_preprocessors, &video.color)?;
        let (fitted, samples, arguments) = if rendition.kind == EncodeKind::Captures {
            let capture = description.codec_settings.frame_capture_settings.clone().unwrap_or_default();
            (format!("{},{scaled}", picture::captured(&capture)), "yuvj420p", capture_arguments(&capture))
        } else {
            let (codec, hevc) = picture::codec(description)?;
            let rate = picture::rate(codec, video)?;
            rendition.rate = Some(rate.value());
            rendition.hevc = hevc;
            let fitted = format!("fps={}/{},{scaled}", rate.numerator, rate.denominator);
            (fitted, "yuv420p", video_arguments(codec, hevc, rate, segmented(group).as_ref()))
        };
        let end = format!("format={samples}[{label}]");
        self.pictures.push(PictureChain { fitted, converted, end });
        Ok([vec!["-map".into(), format!("[{label}]")], arguments].concat())
    }

    fn container(&self, rendition: &Rendition, group: &OutputGroup) -> Vec<String> {
        // Sound is cut at the same times as the picture.
        let pictures = || self.renditions.iter().filter(|made| made.group == rendition.group);
        let rate = rendition.rate.or_else(|| pictures().find_map(|made| made.rate));
        let seconds = segmented(group).map_or(6.0, |segments| segments.cut(rate));
        Files { work: self.work, rendition, seconds }.arguments()
    }

    /// Seconds that silence lasts in the place of a sound.
    fn length(&self) -> f64 {
        let picture = self.media.video.as_ref().and_then(|video| video.duration);
        picture.or(self.media.duration).unwrap_or(1.0)
    }

    /// The conversion of colors that every picture has. Tone mapping is slow, so it is done once where it can be.
    fn shared_conversion(&self) -> Option<&str> {
        let first = self.pictures.first()?.converted.as_deref()?;
        self.pictures.iter().all(|picture| picture.converted.as_deref() == Some(first)).then_some(first)
    }

    fn graph(&self) -> String {
        let mut chains = Vec::new();
        if let Some(video) = self.media.video.as_ref().filter(|_| !self.pictures.is_empty()) {
            let ends: String = (0..self.pictures.len()).map(|index| format!("[i{index}]")).collect();
            // Fields of two moments become a frame of one before anything is scaled.
            let whole = match video.order {
                FieldOrder::Progressive => "",
                FieldOrder::Top => "bwdif=mode=send_frame:parity=tff:deint=all,",
                FieldOrder::Bottom => "bwdif=mode=send_frame:parity=bff:deint=all,",
            };
            let shared =
                self.shared_conversion().map(|all| format!("{all},format=yuv420p,")).unwrap_or_default();
            chains.push(format!("[0:{}]{whole}{shared}split={}{ends}", video.index, self.pictures.len()));
        }
        let own = self.shared_conversion().is_none();
        for (index, PictureChain { fitted, converted, end }) in self.pictures.iter().enumerate() {
            let converted = converted.as_ref().filter(|_| own).map(|filters| format!("{filters},"));
            chains.push(format!("[i{index}]{fitted},{}{end}", converted.unwrap_or_default()));
        }
        chains.extend(self.sounds.iter().cloned());
        chains.join(";")
    }
}
