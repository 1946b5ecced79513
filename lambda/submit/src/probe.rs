//! The result of MediaConvert's Probe for a source, reduced to what the job depends on.

use aws_sdk_mediaconvert::types::{Container, ProbeResult, Track, TrackType, VideoProperties};

/// The facts that are known about a source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Probed {
    /// Probe does not know the container, but the encoder may. The whole ladder is used.
    Unknown,
    /// A container without a picture.
    NoVideo,
    /// A video.
    Video(Source),
}

/// The facts about a video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Source {
    /// Width and height in pixels as viewers see them, that is, after rotation.
    pub size: Option<(i32, i32)>,
    /// True if there is sound.
    pub has_audio: bool,
    /// Length in seconds, as far as the file says.
    pub duration: Option<f64>,
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
    let Some(video) = of_type(TrackType::Video).next() else {
        return Probed::NoVideo;
    };
    Probed::Video(Source {
        size: video.video_properties().and_then(displayed_size),
        has_audio: of_type(TrackType::Audio).next().is_some(),
        duration: length(container),
    })
}

/// The longest length that the file says about itself or one of its tracks.
fn length(container: &Container) -> Option<f64> {
    let tracks = container.tracks().iter().filter_map(Track::duration);
    tracks.chain(container.duration()).reduce(f64::max)
}

/// A phone held upright records sideways with a rotation. The job rotates the picture, so width and height are swapped.
fn displayed_size(video: &VideoProperties) -> Option<(i32, i32)> {
    let (width, height) = (video.width()?, video.height()?);
    match video.rotation() {
        Some(90 | 270) => Some((height, width)),
        _ => Some((width, height)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use aws_sdk_mediaconvert::types::Format;

    /// A probed file: the video's width, height and rotation, and whether there is audio (as the first track).
    pub(crate) fn result(video: Option<(i32, i32, Option<i32>)>, audio: bool) -> ProbeResult {
        let mut container = Container::builder().format(Format::Mp4);
        if audio {
            container = container.tracks(Track::builder().track_type(TrackType::Audio).build());
        }
        if let Some((width, height, rotation)) = video {
            let properties =
                VideoProperties::builder().width(width).height(height).set_rotation(rotation).build();
            container = container
                .tracks(Track::builder().track_type(TrackType::Video).video_properties(properties).build());
        }
        ProbeResult::builder().container(container.build()).build()
    }

    fn video(size: (i32, i32), has_audio: bool) -> Probed {
        Probed::Video(Source { size: Some(size), has_audio, duration: None })
    }

    #[test]
    fn the_video_track_is_found_behind_the_audio_track() {
        let probed = read(&[result(Some((1280, 720, None)), true)]);
        assert_eq!(probed, video((1280, 720), true));
    }

    #[test]
    fn rotation_swaps_the_sides() {
        let probed = |rotation| read(&[result(Some((1920, 1080, Some(rotation))), false)]);
        assert_eq!(probed(90), video((1080, 1920), false));
        assert_eq!(probed(180), video((1920, 1080), false));
    }

    #[test]
    fn the_longest_length_counts() {
        let track = |kind, duration| Track::builder().track_type(kind).set_duration(duration).build();
        let length = |container: Option<f64>, video, audio| {
            let file = Container::builder().format(Format::Mp4).set_duration(container);
            let file = file.tracks(track(TrackType::Video, video)).tracks(track(TrackType::Audio, audio));
            match read(&[ProbeResult::builder().container(file.build()).build()]) {
                Probed::Video(source) => source.duration,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(length(Some(60.0), None, None), Some(60.0));
        assert_eq!(length(Some(1.0), Some(60.0), Some(3.0)), Some(60.0), "a file may lie about itself");
        assert_eq!(length(None, None, Some(3.0)), Some(3.0));
        assert_eq!(length(None, None, None), None);
    }

    #[test]
    fn audio_alone_is_no_video_and_an_unknown_container_is_unknown() {
        assert_eq!(read(&[result(None, true)]), Probed::NoVideo);
        assert_eq!(read(&[]), Probed::Unknown);
        let blank = ProbeResult::builder().container(Container::builder().build()).build();
        assert_eq!(read(&[blank]), Probed::Unknown);
    }
}
