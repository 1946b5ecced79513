//! Which rungs of the ladder a source needs: none that is enlarged, and none that holds what another one holds.

use aws_sdk_mediaconvert::types::{Output, VideoCodec, VideoDescription};

use super::shape::{enlargement, fitted, frame};
use crate::probe::Size;

/// Removes the rungs that would only repeat the picture in its own size. Of each codec these stay:
///
/// * the rungs whose box is smaller than the picture;
/// * the rungs of the next box, which holds the whole picture. It may be larger, but nothing is enlarged to fill it.
pub(super) fn choose(outputs: &mut Vec<Output>, seen: Size) {
    let rungs: Vec<Option<(VideoCodec, f64)>> = outputs.iter().map(|output| rung(output, seen)).collect();
    let next = |codec: &VideoCodec| {
        let same = rungs.iter().flatten().filter(|(other, _)| other == codec);
        same.map(|(_, enlarged)| *enlarged).filter(|enlarged| *enlarged >= 1.0).reduce(f64::min)
    };
    let needed = |rung: &Option<(VideoCodec, f64)>| match rung {
        Some((codec, enlarged)) => next(codec).is_none_or(|next| *enlarged <= next),
        None => true,
    };
    let needed: Vec<bool> = rungs.iter().map(needed).collect();
    keep(outputs, &needed);
}

/// The codec of a rung, and how much its box would enlarge the picture.
fn rung(output: &Output, seen: Size) -> Option<(VideoCodec, f64)> {
    let video = output.video_description()?;
    Some((video.codec_settings()?.codec()?.clone(), enlargement(seen, frame(video)?)))
}

/// Of rungs that would hold the same picture, keeps the one with the highest bitrate: nobody pays twice.
pub(super) fn merge(outputs: &mut Vec<Output>, seen: Size) {
    let contents: Vec<Option<Content>> =
        outputs.iter().map(|output| Content::of(output.video_description()?, seen)).collect();
    let alone = |(index, content): (usize, &Option<Content>)| {
        let Some(content) = content else { return true };
        let others = contents.iter().enumerate().filter(|(other, _)| *other != index);
        others.filter_map(|(other, content)| Some((other, content.as_ref()?))).all(|(other, same)| {
            same.picture != content.picture || (same.max_bitrate, other) < (content.max_bitrate, index)
        })
    };
    let needed: Vec<bool> = contents.iter().enumerate().map(alone).collect();
    keep(outputs, &needed);
}

/// What a rung holds.
struct Content {
    picture: Encoded,
    max_bitrate: Option<i32>,
}

/// What makes two pictures the same: size, codec, frame rate and quality level.
#[derive(PartialEq)]
struct Encoded {
    size: Size,
    codec: VideoCodec,
    rate: [Option<i32>; 2],
    quality: i32,
}

impl Content {
    /// `None` for what has no quality level, such as still pictures.
    fn of(video: &VideoDescription, seen: Size) -> Option<Self> {
        let settings = video.codec_settings()?;
        let (quality, rate, max_bitrate) = match (settings.h264_settings(), settings.h265_settings()) {
            (Some(h264), _) => (
                h264.qvbr_settings()?.qvbr_quality_level()?,
                [h264.framerate_numerator(), h264.framerate_denominator()],
                h264.max_bitrate(),
            ),
            (None, Some(h265)) => (
                h265.qvbr_settings()?.qvbr_quality_level()?,
                [h265.framerate_numerator(), h265.framerate_denominator()],
                h265.max_bitrate(),
            ),
            (None, None) => return None,
        };
        let size = fitted(seen, frame(video)?);
        let picture = Encoded { size, codec: settings.codec()?.clone(), rate, quality };
        Some(Self { picture, max_bitrate })
    }
}

fn keep(outputs: &mut Vec<Output>, needed: &[bool]) {
    let mut needed = needed.iter();
    outputs.retain(|_| needed.next().is_none_or(|needed| *needed));
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_mediaconvert::types::{H264QvbrSettings, H264Settings, VideoCodecSettings};

    fn rung(width: i32, height: i32, bits: i32, quality: i32) -> Output {
        let quality = H264QvbrSettings::builder().qvbr_quality_level(quality).build();
        let h264 = H264Settings::builder().max_bitrate(bits).qvbr_settings(quality).build();
        let codec = VideoCodecSettings::builder().codec(VideoCodec::H264).h264_settings(h264).build();
        let video = VideoDescription::builder().width(width).height(height).codec_settings(codec).build();
        Output::builder().name_modifier(format!("{height}p {bits}")).video_description(video).build()
    }

    fn ladder() -> Vec<Output> {
        let sizes = [(416, 234, 1), (640, 360, 2), (1280, 720, 3), (1280, 720, 4), (1920, 1080, 5)];
        let rungs = sizes.map(|(width, height, bits)| rung(width, height, bits, bits));
        rungs.into_iter().chain([Output::builder().name_modifier("audio").build()]).collect()
    }

    fn chosen(width: u32, height: u32) -> Vec<String> {
        let mut outputs = ladder();
        choose(&mut outputs, Size { width, height });
        outputs.iter().map(|output| output.name_modifier().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_box_that_holds_the_picture_is_the_last_one() {
        let all = ["234p 1", "360p 2", "720p 3", "720p 4", "1080p 5", "audio"];
        let to_720 = ["234p 1", "360p 2", "720p 3", "720p 4", "audio"];
        assert_eq!(chosen(3840, 2160), all);
        assert_eq!(chosen(1920, 1080), all);
        assert_eq!(chosen(1920, 800), all, "scope");
        assert_eq!(chosen(1280, 720), to_720, "no second copy of the same size");
        assert_eq!(chosen(1278, 718), to_720, "nearly fills the box");
        assert_eq!(chosen(854, 480), to_720);
        assert_eq!(chosen(160, 120), ["234p 1", "audio"], "the smallest always stays");
    }

    #[test]
    fn of_rungs_with_the_same_picture_the_better_one_stays() {
        let merged = |rungs: &[Output]| {
            let mut outputs = rungs.to_vec();
            merge(&mut outputs, Size { width: 1000, height: 600 });
            outputs.iter().map(|output| output.name_modifier().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let two = [rung(1280, 720, 3, 8), rung(1280, 720, 4, 8)];
        assert_eq!(merged(&two), ["720p 4"]);
        assert_eq!(merged(&[two[1].clone(), two[0].clone()]), ["720p 4"]);
        assert_eq!(merged(&[rung(1280, 720, 3, 7), rung(1280, 720, 4, 8)]).len(), 2, "another quality");
        assert_eq!(merged(&[rung(640, 360, 3, 8), rung(1280, 720, 4, 8)]).len(), 2, "another size");
        assert_eq!(merged(&[two[0].clone(), two[0].clone()]).len(), 1, "equal in all");
    }
}
