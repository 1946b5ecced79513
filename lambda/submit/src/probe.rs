//! The result of MediaConvert's Probe for a source, reduced to what the job depends on.

use aws_sdk_mediaconvert::types::{
    AspectRatio, ColorPrimaries, Container, FrameRate, ProbeResult, Track, TrackType,
    TransferCharacteristics, VideoProperties,
};

/// The facts that are known about a source.
#[derive(Debug, Clone, PartialEq)]
pub enum Probed {
    /// Probe does not know the container, but the encoder may. The whole ladder is used.
    Unknown,
    /// A container without a picture and without sound.
    NoVideo,
    /// A file with sound and no picture.
    Sound(Source),
    /// A video.
    Video(Source),
}

/// The facts about a file with a picture, with sound, or with both.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// Its first picture track, if there is one.
    pub picture: Option<Picture>,
    /// Its sound tracks, in the order of the file.
    pub sounds: Vec<Sound>,
    /// The longest length that the file says about itself or one of its tracks, in seconds.
    pub duration: Option<f64>,
    /// How long an encode of it is at least, in seconds, if all of it can be read.
    pub expected: Option<f64>,
}

/// A picture track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Picture {
    /// Its size as viewers see it: after rotation, and in square pixels.
    pub size: Option<Size>,
    /// True if its samples are square, so that it is stored in the shape in which it is seen.
    pub square: bool,
    /// Frames a second. Of a variable rate, this is the average.
    pub rate: Option<Rate>,
    /// True if its colours are not those of ordinary screens: HDR, or BT.2020.
    pub wide_colours: bool,
}

/// A width and a height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Pixels of a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
}

/// A number of frames a second, as a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Frames …
    pub numerator: u32,
    /// … in so many seconds, at least 1.
    pub denominator: u32,
}

/// A sound track.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sound {
    /// How many channels it has.
    pub channels: Option<i32>,
    /// Its language, as the file says.
    pub language: Option<String>,
}

impl Size {
    /// The same, lying on its side.
    #[must_use]
    pub const fn turned(self) -> Self {
        Self { width: self.height, height: self.width }
    }

    /// True if it is higher than wide.
    #[must_use]
    pub const fn is_upright(self) -> bool {
        self.height > self.width
    }
}

impl Rate {
    fn read(rate: &FrameRate) -> Option<Self> {
        let [numerator, denominator] = fraction(rate.numerator(), rate.denominator())?;
        Some(Self { numerator, denominator })
    }
}

/// Reads the result for one file. The video track need not be the first track.
#[must_use]
pub fn read(results: &[ProbeResult]) -> Probed {
    let Some(container) = results.first().and_then(ProbeResult::container) else {
        return Probed::Unknown;
    };
    if container.format().is_none() || container.tracks().is_empty() {
        return Probed::Unknown;
    }
    let of_type = |wanted| container.tracks().iter().filter(move |track| track.track_type() == Some(&wanted));
    let source = Source {
        picture: of_type(TrackType::Video).next().map(picture),
        sounds: of_type(TrackType::Audio).map(sound).collect(),
        duration: longest(container.duration(), container.tracks()),
        expected: expected(container),
    };
    match &source {
        Source { picture: Some(_), .. } => Probed::Video(source),
        Source { sounds, .. } if sounds.is_empty() => Probed::NoVideo,
        _ => Probed::Sound(source),
    }
}

fn longest<'t>(file: Option<f64>, tracks: impl IntoIterator<Item = &'t Track>) -> Option<f64> {
    tracks.into_iter().filter_map(Track::duration).chain(file).reduce(f64::max)
}

/// The length of the picture, else of the sound. What the file says about itself counts if it is shorter: an edit list
/// leaves parts of a track out. Captions and data may last longer than both.
fn expected(container: &Container) -> Option<f64> {
    let of_type = |wanted| {
        longest(None, container.tracks().iter().filter(move |track| track.track_type() == Some(&wanted)))
    };
    let seen = of_type(TrackType::Video).or_else(|| of_type(TrackType::Audio));
    seen.into_iter().chain(container.duration()).reduce(f64::min)
}

fn sound(track: &Track) -> Sound {
    let Some(properties) = track.audio_properties() else { return Sound::default() };
    Sound { channels: properties.channels(), language: properties.language_code().map(ToOwned::to_owned) }
}

fn picture(track: &Track) -> Picture {
    let Some(video) = track.video_properties() else {
        return Picture { size: None, square: true, rate: None, wide_colours: false };
    };
    let shape = sample_shape(video);
    let rate = video.frame_rate().or_else(|| video.codec_metadata()?.coded_frame_rate());
    Picture {
        size: seen(video, shape),
        square: shape[0] == shape[1],
        rate: rate.and_then(Rate::read),
        wide_colours: has_wide_colours(video),
    }
}

/// The width and height of a sample, in relation to each other. What the container says counts, as it does for players.
fn sample_shape(video: &VideoProperties) -> [u32; 2] {
    let read = |ratio: &AspectRatio| fraction(ratio.numerator(), ratio.denominator());
    let of_codec = || read(video.codec_metadata()?.sample_aspect_ratio()?);
    video.sample_aspect_ratio().and_then(read).or_else(of_codec).unwrap_or([1, 1])
}

/// Players stretch the lines, not the height. A phone held upright records sideways with a rotation. The job rotates the
/// picture, so width and height are swapped.
fn seen(video: &VideoProperties, [wide, high]: [u32; 2]) -> Option<Size> {
    let [width, height] = fraction(video.width(), video.height())?;
    let stretched =
        (u64::from(width) * u64::from(wide)).saturating_add(u64::from(high) / 2) / u64::from(high);
    let size = Size { width: u32::try_from(stretched.max(1)).ok()?, height };
    match video.rotation() {
        Some(90 | 270) => Some(size.turned()),
        _ => Some(size),
    }
}

/// True if the container or the codec says so. Transfer functions: PQ (also HDR10 and Dolby Vision) and HLG.
fn has_wide_colours(video: &VideoProperties) -> bool {
    let codec = video.codec_metadata();
    let transfers =
        [video.transfer_characteristics(), codec.and_then(|codec| codec.transfer_characteristics())];
    let primaries = [video.color_primaries(), codec.and_then(|codec| codec.color_primaries())];
    let hdr = [TransferCharacteristics::Smpte2084, TransferCharacteristics::AribB67];
    transfers.into_iter().flatten().any(|transfer| hdr.contains(transfer))
        || primaries.contains(&Some(&ColorPrimaries::Itu2020))
}

/// Two positive numbers that belong together.
fn fraction(above: Option<i32>, below: Option<i32>) -> Option<[u32; 2]> {
    let positive = |number: i32| u32::try_from(number).ok().filter(|number| *number > 0);
    Some([positive(above?)?, positive(below?)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_mediaconvert::types::builders::VideoPropertiesBuilder;
    use aws_sdk_mediaconvert::types::{AudioProperties, CodecMetadata, Format};

    fn video(width: i32, height: i32) -> VideoPropertiesBuilder {
        VideoProperties::builder().width(width).height(height)
    }

    fn file(tracks: impl IntoIterator<Item = Track>) -> Probed {
        let container =
            Container::builder().format(Format::Mp4).set_tracks(Some(tracks.into_iter().collect()));
        read(&[ProbeResult::builder().container(container.build()).build()])
    }

    fn track(kind: TrackType) -> aws_sdk_mediaconvert::types::builders::TrackBuilder {
        Track::builder().track_type(kind)
    }

    fn seen_as(video: VideoPropertiesBuilder) -> Picture {
        match file([track(TrackType::Video).video_properties(video.build()).build()]) {
            Probed::Video(Source { picture: Some(picture), .. }) => picture,
            other => panic!("{other:?}"),
        }
    }

    fn ratio(numerator: i32, denominator: i32) -> AspectRatio {
        AspectRatio::builder().numerator(numerator).denominator(denominator).build()
    }

    #[test]
    fn the_video_track_is_found_behind_the_audio_track() {
        let audio = AudioProperties::builder().channels(6).language_code("KOR").build();
        let probed = file([
            track(TrackType::Audio).audio_properties(audio).build(),
            track(TrackType::Video).video_properties(video(1280, 720).build()).build(),
            track(TrackType::Audio).build(),
        ]);
        let Probed::Video(source) = probed else { panic!("{probed:?}") };
        assert_eq!(source.picture.unwrap().size, Some(Size { width: 1280, height: 720 }));
        let korean = Sound { channels: Some(6), language: Some("KOR".into()) };
        assert_eq!(source.sounds, [korean, Sound::default()]);
    }

    #[test]
    fn a_picture_is_measured_as_viewers_see_it() {
        let wide = |ratio| video(720, 576).sample_aspect_ratio(ratio);
        for (stored, width, height, square) in [
            (video(1920, 1080), 1920, 1080, true),
            (video(1920, 1080).rotation(90), 1080, 1920, true),
            (video(1920, 1080).rotation(270), 1080, 1920, true),
            (video(1920, 1080).rotation(180), 1920, 1080, true),
            (wide(ratio(64, 45)), 1024, 576, false),
            (wide(ratio(64, 45)).rotation(90), 576, 1024, false),
            (wide(ratio(16, 15)), 768, 576, false),
            (wide(ratio(8, 8)), 720, 576, true),
            (wide(ratio(0, 1)), 720, 576, true),
            (video(720, 480).sample_aspect_ratio(ratio(8, 9)), 640, 480, false),
        ] {
            let picture = seen_as(stored);
            assert_eq!(
                (picture.size, picture.square),
                (Some(Size { width, height }), square),
                "{width}x{height}"
            );
        }
        assert_eq!(seen_as(VideoProperties::builder()).size, None);
    }

    #[test]
    fn the_shape_of_samples_is_the_containers_and_else_the_codecs() {
        let codec = CodecMetadata::builder().sample_aspect_ratio(ratio(64, 45)).build();
        let stored = video(720, 576).codec_metadata(codec);
        assert_eq!(seen_as(stored.clone()).size, Some(Size { width: 1024, height: 576 }));
        assert!(seen_as(stored.sample_aspect_ratio(ratio(1, 1))).square);
    }

    #[test]
    fn hdr_is_found_in_the_container_or_the_codec() {
        use TransferCharacteristics::{AribB67, Itu709, Smpte2084};
        let transfer = |transfer| video(16, 16).transfer_characteristics(transfer);
        let codec = |transfer| CodecMetadata::builder().transfer_characteristics(transfer).build();
        assert!(seen_as(transfer(Smpte2084)).wide_colours);
        assert!(seen_as(transfer(AribB67)).wide_colours);
        assert!(seen_as(transfer(Itu709).color_primaries(ColorPrimaries::Itu2020)).wide_colours);
        assert!(seen_as(video(16, 16).codec_metadata(codec(AribB67))).wide_colours);
        assert!(!seen_as(transfer(Itu709).codec_metadata(codec(Itu709))).wide_colours);
        assert!(!seen_as(video(16, 16)).wide_colours);
    }

    #[test]
    fn the_frame_rate_is_a_fraction_and_zero_is_none() {
        let rate = |numerator, denominator| {
            FrameRate::builder().numerator(numerator).denominator(denominator).build()
        };
        let measured = seen_as(video(16, 16).frame_rate(rate(30000, 1001))).rate;
        assert_eq!(measured, Some(Rate { numerator: 30000, denominator: 1001 }));
        assert_eq!(seen_as(video(16, 16).frame_rate(rate(0, 1))).rate, None);
        assert_eq!(seen_as(video(16, 16).frame_rate(rate(25, 0))).rate, None);
        let codec = CodecMetadata::builder().coded_frame_rate(rate(25, 1)).build();
        let coded = seen_as(video(16, 16).codec_metadata(codec)).rate;
        assert_eq!(coded, Some(Rate { numerator: 25, denominator: 1 }));
    }

    /// The longest and the expected length of a file with these lengths of itself, its picture, its sound, its captions.
    fn lengths(of: [Option<f64>; 4]) -> (Option<f64>, Option<f64>) {
        let [container, video, audio, captions] = of;
        let track = |kind, duration| Track::builder().track_type(kind).set_duration(duration).build();
        let file = Container::builder().format(Format::Mp4).set_duration(container);
        let file = file.tracks(track(TrackType::Video, video)).tracks(track(TrackType::Audio, audio));
        let file = file.tracks(track(TrackType::Data, captions)).build();
        match read(&[ProbeResult::builder().container(file).build()]) {
            Probed::Video(source) => (source.duration, source.expected),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_longest_length_limits_and_the_pictures_is_expected() {
        let some = Some;
        for (of, longest, expected) in [
            ([some(60.0), None, None, None], some(60.0), some(60.0)),
            // A file may lie about itself.
            ([some(1.0), some(60.0), some(3.0), None], some(60.0), some(1.0)),
            ([None, None, some(3.0), None], some(3.0), some(3.0)),
            ([None, None, None, None], None, None),
            // Captions that last longer, and an edit list that leaves the start out.
            ([some(90.0), some(60.0), some(60.0), some(90.0)], some(90.0), some(60.0)),
            ([some(50.0), some(60.0), some(50.0), None], some(60.0), some(50.0)),
            // Sound that begins late, or that a phone cut.
            ([some(60.0), some(60.0), some(20.0), None], some(60.0), some(60.0)),
        ] {
            assert_eq!(lengths(of), (longest, expected), "{of:?}");
        }
    }

    #[test]
    fn audio_alone_is_sound_and_an_unknown_container_is_unknown() {
        assert!(matches!(file([track(TrackType::Audio).build()]), Probed::Sound(_)));
        assert_eq!(file([track(TrackType::Data).build()]), Probed::NoVideo);
        assert_eq!(read(&[]), Probed::Unknown);
        let blank = ProbeResult::builder().container(Container::builder().build()).build();
        assert_eq!(read(&[blank]), Probed::Unknown);
    }
}
