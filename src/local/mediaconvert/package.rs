//! Turns ffmpeg's files into MediaConvert's: names, playlists, and the details in the job's final status.

mod cuts;

use std::path::{Path, PathBuf};

use cuts::{Cut, join_short_ends};
use serde_json::{Map, Value, json};

use super::super::ffmpeg::Media;
use super::codec;
use super::encode::{EncodeKind, Plan, Rendition, SEGMENTS_START};
use super::failure::Failure;
use super::naming::{Destination, Object};
use super::playlist::{self, Segment, Sound, Variant};
use super::settings::{Output, OutputGroup, Segmented, Settings};

/// The audio group of outputs that do not name one.
const AUDIO_GROUP: &str = "program_audio_0";
/// The start of raw AAC segments on the clock of the MPEG-2 TS segments: the encoder's priming of 1024 samples comes
/// before the input's beginning. A sound that begins late has silence before it.
const AAC_START: f64 = SEGMENTS_START - 1024.0 / 48_000.0;
/// The code of the warnings about an output that has nothing in the input. AWS's choice among its codes is not known.
const NOTHING_TO_ENCODE: u32 = 230_001;
/// How many bytes of a stream are read to find its codec's name.
const HEAD: usize = 64 << 10;

/// A file and its destination.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) file: PathBuf,
    pub(super) object: Object,
    pub(super) content_type: &'static str,
}

impl Upload {
    pub(super) fn is_playlist(&self) -> bool {
        self.content_type == PLAYLIST
    }
}

const PLAYLIST: &str = "application/vnd.apple.mpegurl";

/// Everything that a job produced.
#[derive(Debug, Default)]
pub(super) struct Packaged {
    pub(super) uploads: Vec<Upload>,
    /// `outputGroupDetails` of the job.
    pub(super) details: Vec<Value>,
    /// `outputGroupDetails` of the event, which also contain file names.
    pub(super) event_details: Vec<Value>,
    pub(super) warnings: Vec<JobWarning>,
    /// The length of the longest rendition in seconds. A damaged input may promise more.
    longest: Option<f64>,
}

/// What is wrong with a job that completes.
#[derive(Debug)]
pub(super) struct JobWarning {
    pub(super) code: u32,
    /// How often it happened.
    pub(super) count: usize,
    pub(super) message: String,
}

/// Names the files that `plan` made in `work`, and writes the playlists into the same directory.
pub(super) async fn package(
    settings: &Settings,
    media: &Media,
    plan: &Plan,
    work: &Path,
) -> Result<Packaged, Failure> {
    let input = settings.inputs.first().map_or("", |input| input.file_input.as_str());
    let mut packaged = Packaged::default();
    for (index, group) in settings.output_groups.iter().enumerate() {
        let destination = destination(group);
        let Some(named) = Destination::parse(destination, input) else {
            return Err(Failure::new(1040, format!("the destination {destination} is not in S3")));
        };
        let made: Vec<&Rendition> =
            plan.renditions.iter().filter(|rendition| rendition.group == index).collect();
        let mut group = Group {
            group,
            media,
            work,
            named,
            packaged: &mut packaged,
            cuts: Vec::new(),
            target: 1,
            variants: Vec::new(),
            sounds: Vec::new(),
        };
        group.package(index, &made).await?;
    }
    Ok(packaged)
}

fn destination(group: &OutputGroup) -> &str {
    let settings = &group.output_group_settings;
    let file = settings.file_group_settings.as_ref().map(|file| &file.destination);
    segmented(group).map(|segmented| &segmented.destination).or(file).map_or("", String::as_str)
}

fn segmented(group: &OutputGroup) -> Option<&Segmented> {
    let settings = &group.output_group_settings;
    settings.hls_group_settings.as_ref().or(settings.cmaf_group_settings.as_ref())
}

struct Group<'a> {
    group: &'a OutputGroup,
    media: &'a Media,
    work: &'a Path,
    named: Destination,
    packaged: &'a mut Packaged,
    /// The segments of each segmented rendition, by the number of its output.
    cuts: Vec<(usize, Vec<Cut>)>,
    /// The target duration: the same for all playlists of a set (RFC 8216, 6.2.4).
    target: u64,
    variants: Vec<Variant>,
    sounds: Vec<Sound>,
}

impl Group<'_> {
    async fn package(&mut self, index: usize, made: &[&Rendition]) -> Result<(), Failure> {
        self.cut(made).await?;
        let (mut details, mut event_details) = (Vec::new(), Vec::new());
        for (number, output) in self.group.outputs.iter().enumerate() {
            let Some(rendition) = made.iter().find(|rendition| rendition.output == number) else {
                let message = format!("output {number} of group {index} has nothing in the input");
                self.packaged.warnings.push(JobWarning { code: NOTHING_TO_ENCODE, count: 1, message });
                continue;
            };
            let (path, duration) = match rendition.kind {
                EncodeKind::File => self.file(rendition, output)?,
                EncodeKind::Captures => self.captures(rendition, output)?,
                EncodeKind::Ts | EncodeKind::Aac | EncodeKind::Cmaf => {
                    self.segments(rendition, output).await?
                }
            };
            let mut detail = Map::new();
            detail.insert("durationInMs".into(), ((duration * 1000.0).round() as u64).into());
            if let Some((width, height)) = rendition.size {
                detail.insert("videoDetails".into(), json!({ "widthInPx": width, "heightInPx": height }));
            }
            details.push(Value::Object(detail.clone()));
            detail.insert("outputFilePaths".into(), json!([path.uri()]));
            event_details.push(Value::Object(detail));
        }
        let mut event = json!({ "outputDetails": event_details, "type": event_type(self.group) });
        if !self.variants.is_empty() || !self.sounds.is_empty() {
            event["playlistFilePaths"] = json!([self.multivariant(index)?.uri()]);
        }
        self.packaged.details.push(json!({ "outputDetails": details }));
        self.packaged.event_details.push(event);
        Ok(())
    }

    /// Finds the segments, joins ends that are too short, and takes the longest of what is left as the target.
    async fn cut(&mut self, made: &[&Rendition]) -> Result<(), Failure> {
        for rendition in made.iter().filter(|rendition| rendition.is_segmented()) {
            self.cuts.push((rendition.output, cuts::of(rendition, self.work)?));
        }
        let settings = segmented(self.group);
        let shortest = settings.map_or(0.0, |group| group.min_final_segment_length);
        join_short_ends(&mut self.cuts, shortest).await?;
        let mode = settings.map_or("", |group| &group.target_duration_compatibility_mode);
        let durations = self.cuts.iter().flat_map(|(_, cuts)| cuts).map(|cut| cut.duration);
        self.target = playlist::target(durations, mode == "SPEC_COMPLIANT");
        Ok(())
    }

    fn upload(&mut self, file: PathBuf, name: &str, content_type: &'static str) -> Object {
        let object = self.named.object(name);
        self.packaged.uploads.push(Upload { file, object: object.clone(), content_type });
        object
    }

    fn file(&mut self, rendition: &Rendition, output: &Output) -> Result<(Object, f64), Failure> {
        let name = self.named.name(&output.name_modifier);
        let extension = output.extension.as_deref().unwrap_or("mp4");
        let file = self.work.join(format!("{}.mp4", rendition.stem()));
        file.metadata()?;
        Ok((self.upload(file, &format!("{name}.{extension}"), "video/mp4"), self.length()))
    }

    fn captures(&mut self, rendition: &Rendition, output: &Output) -> Result<(Object, f64), Failure> {
        let name = self.named.name(&output.name_modifier);
        let extension = output.extension.as_deref().unwrap_or("jpg");
        let mut last = None;
        for number in 0.. {
            let file = self.work.join(format!("{}.{number:07}.jpg", rendition.stem()));
            if !file.exists() {
                break;
            }
            last = Some(self.upload(file, &format!("{name}.{number:07}.{extension}"), "image/jpeg"));
        }
        let last = last.ok_or_else(|| Failure::new(1040, "no frame was captured"))?;
        Ok((last, self.length()))
    }

    /// The length of what has no segments to count.
    fn length(&self) -> f64 {
        self.packaged.longest.or(self.media.duration).unwrap_or(0.0)
    }

    async fn segments(&mut self, rendition: &Rendition, output: &Output) -> Result<(Object, f64), Failure> {
        let name = self.named.name(&output.name_modifier);
        let (extension, content_type) = container(rendition);
        let local = rendition.playlist(self.work);
        let cuts = self.cuts.iter().find(|(output, _)| *output == rendition.output);
        let cuts = cuts.map(|(_, cuts)| cuts.clone()).unwrap_or_default();
        let mut segments = Vec::new();
        let mut start = AAC_START;
        for (index, Cut { duration, file }) in cuts.into_iter().enumerate() {
            if rendition.kind == EncodeKind::Aac {
                tag(&file, start).await?;
            }
            start += duration;
            let digits = if rendition.kind == EncodeKind::Cmaf { 9 } else { 5 };
            let segment = format!("{name}_{:0digits$}.{extension}", index + 1);
            segments.push(Segment { size: file.metadata()?.len(), name: segment.clone(), duration });
            self.upload(file, &segment, content_type);
        }
        let header = self.header(rendition, &name, extension, content_type);
        let whole = segmented(self.group).is_some_and(|group| group.manifest_duration_format == "INTEGER");
        let header_name = header.as_ref().map(|(_, name)| name.as_str());
        std::fs::write(&local, playlist::media(&segments, self.target, header_name, whole))?;
        let uri = format!("{name}.m3u8");
        let object = self.upload(local, &uri, PLAYLIST);
        let head = header.map(|(file, _)| file).or_else(|| {
            let first = self.work.join(format!("{}_00001.ts", rendition.stem()));
            first.exists().then_some(first)
        });
        self.describe(rendition, output, &uri, &segments, head.as_deref())?;
        let seconds = segments.iter().map(|segment| segment.duration).sum();
        self.packaged.longest = Some(self.packaged.longest.map_or(seconds, |longest| longest.max(seconds)));
        Ok((object, seconds))
    }

    fn header(
        &mut self,
        rendition: &Rendition,
        name: &str,
        extension: &str,
        content_type: &'static str,
    ) -> Option<(PathBuf, String)> {
        let file = self.work.join(format!("{}init.mp4", rendition.stem()));
        let name = format!("{name}init.{extension}");
        (rendition.kind == EncodeKind::Cmaf).then(|| {
            self.upload(file.clone(), &name, content_type);
            (file, name)
        })
    }

    /// Records a rendition for the multivariant playlist.
    fn describe(
        &mut self,
        rendition: &Rendition,
        output: &Output,
        uri: &str,
        segments: &[Segment],
        head: Option<&Path>,
    ) -> Result<(), Failure> {
        let (peak, average) = playlist::bandwidth(segments, self.target);
        let group = output.audio_group();
        let description = output.audio_descriptions.first();
        let track = group.audio_track_type.as_deref().unwrap_or("ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT");
        if rendition.size.is_none() && track != "AUDIO_ONLY_VARIANT_STREAM" {
            let source = self.media.audio.first().map_or("und", |audio| audio.language.as_str());
            let given = description.and_then(|description| description.language_code.as_deref());
            let mode = description.and_then(|description| description.codec_settings.aac_settings.as_ref());
            self.sounds.push(Sound {
                group: group.audio_group_id.clone().unwrap_or_else(|| AUDIO_GROUP.into()),
                name: description
                    .and_then(|description| description.stream_name.clone())
                    .unwrap_or_else(|| "Alternate Audio".into()),
                language: given.unwrap_or(source).to_lowercase(),
                channels: match mode.map_or("", |aac| aac.coding_mode.as_str()) {
                    "CODING_MODE_1_0" => 1,
                    "CODING_MODE_5_1" => 6,
                    _ => 2,
                },
                default: track == "ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT",
                autoselect: track != "ALTERNATE_AUDIO_NOT_AUTO_SELECT",
                uri: uri.into(),
                peak,
                average,
                codec: codec::AAC.into(),
            });
            return Ok(());
        }
        let mut codecs = Vec::new();
        if rendition.size.is_some() {
            let bytes = head.map(std::fs::read).transpose()?.unwrap_or_default();
            let name = codec::name(&bytes[..bytes.len().min(HEAD)], rendition.hevc);
            codecs.push(name.ok_or_else(|| Failure::new(1999, format!("{uri} has no parameter set")))?);
        }
        if rendition.has_audio {
            codecs.push(codec::AAC.into());
        }
        let sets =
            group.audio_rendition_sets.as_deref().and_then(|sets| sets.split(',').next()).map(str::trim);
        let audio = (!rendition.has_audio).then(|| sets.unwrap_or(AUDIO_GROUP).to_owned());
        let (size, rate) = (rendition.size, rendition.rate);
        self.variants.push(Variant { uri: uri.into(), peak, average, codecs, size, rate, audio });
        Ok(())
    }

    fn multivariant(&mut self, index: usize) -> Result<Object, Failure> {
        if self.variants.is_empty() {
            // Without pictures, the audio renditions become the variants.
            self.variants = self.sounds.drain(..).map(sound_alone).collect();
        }
        let file = self.work.join(format!("g{index}.m3u8"));
        std::fs::write(&file, playlist::multivariant(&self.variants, &self.sounds))?;
        let name = format!("{}.m3u8", self.named.name(""));
        Ok(self.upload(file, &name, PLAYLIST))
    }
}

fn sound_alone(sound: Sound) -> Variant {
    let Sound { uri, peak, average, codec, .. } = sound;
    Variant { uri, peak, average, codecs: vec![codec], size: None, rate: None, audio: None }
}

fn container(rendition: &Rendition) -> (&'static str, &'static str) {
    match (rendition.kind, rendition.size) {
        (EncodeKind::Aac, _) => ("aac", "audio/aac"),
        (EncodeKind::Cmaf, Some(_)) => ("cmfv", "video/mp4"),
        (EncodeKind::Cmaf, None) => ("cmfa", "audio/mp4"),
        _ => ("ts", "video/mp2t"),
    }
}

fn event_type(group: &OutputGroup) -> &'static str {
    match group.output_group_settings.r#type.as_str() {
        "HLS_GROUP_SETTINGS" => "HLS_GROUP",
        "CMAF_GROUP_SETTINGS" => "CMAF_GROUP",
        _ => "FILE_GROUP",
    }
}

/// Adds the time stamp to a raw AAC segment.
async fn tag(file: &Path, seconds: f64) -> Result<(), Failure> {
    let sound = tokio::fs::read(file).await?;
    let tagged = [codec::timestamp_tag(seconds), sound].concat();
    Ok(tokio::fs::write(file, tagged).await?)
}
