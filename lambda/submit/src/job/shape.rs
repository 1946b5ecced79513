//! The shape of an output: the box of a rung is turned with the picture, and the picture is fitted into it.

use aws_sdk_mediaconvert::types::{ScalingBehavior, VideoDescription};

use crate::probe::{Picture, Size};

/// MediaConvert's least width and height.
const LEAST: u32 = 32;

/// The box of an output: the picture is fitted into it. `None` if a side follows from the source.
pub(super) fn frame(video: &VideoDescription) -> Option<Size> {
    let side = |side: Option<i32>| side.and_then(|side| u32::try_from(side).ok()).filter(|side| *side > 0);
    Some(Size { width: side(video.width())?, height: side(video.height())? })
}

/// Gives an output the box for this picture: upright for an upright picture.
///
/// MediaConvert fits by stored samples. If they are not square, the output has the fitted size of the picture as viewers
/// see it, and the samples are stretched to it.
pub(super) fn set(video: &mut VideoDescription, picture: &Picture) {
    let (Some(seen), Some(declared)) = (picture.size, frame(video)) else { return };
    let turned = if seen.is_upright() { declared.turned() } else { declared };
    let frame = if picture.square {
        turned
    } else {
        video.scaling_behavior = Some(ScalingBehavior::StretchToOutput);
        let Size { width, height } = fitted(seen, turned);
        Size { width: width.max(LEAST), height: height.max(LEAST) }
    };
    (video.width, video.height) = (i32::try_from(frame.width).ok(), i32::try_from(frame.height).ok());
}

/// How much a box enlarges the picture that fills it. Only the limiting side counts: a scope picture of 1920x800 fits a
/// box of 1920x1080 without being enlarged.
pub(super) fn enlargement(seen: Size, frame: Size) -> f64 {
    let by_width = f64::from(frame.width) / f64::from(seen.width);
    let by_height = f64::from(frame.height) / f64::from(seen.height);
    by_width.min(by_height)
}

/// The size of the picture in the box: its own shape, even, and not enlarged.
pub(super) fn fitted(seen: Size, frame: Size) -> Size {
    let [across, down] = [product(frame.width, seen.height), product(frame.height, seen.width)];
    if enlargement(seen, frame) >= 1.0 {
        Size { width: even(seen.width.into(), 1), height: even(seen.height.into(), 1) }
    } else if across <= down {
        Size { width: frame.width, height: even(product(seen.height, frame.width), seen.width) }
    } else {
        Size { width: even(product(seen.width, frame.height), seen.height), height: frame.height }
    }
}

fn product(a: u32, b: u32) -> u64 {
    u64::from(a) * u64::from(b)
}

/// The even number nearest to a fraction, at least 2.
fn even(above: u64, below: u32) -> u32 {
    let below = u64::from(below);
    let half = (above + below) / (2 * below);
    u32::try_from(half.max(1) * 2).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn size(width: u32, height: u32) -> Size {
        Size { width, height }
    }

    #[test]
    fn a_picture_keeps_its_shape_and_is_not_enlarged() {
        for (seen, frame, expected) in [
            (size(1920, 1080), size(1280, 720), size(1280, 720)),
            (size(1920, 800), size(1280, 720), size(1280, 534)),
            (size(640, 480), size(640, 360), size(480, 360)),
            (size(1080, 1920), size(720, 1280), size(720, 1280)),
            (size(1170, 2532), size(1080, 1920), size(888, 1920)),
            (size(1000, 1000), size(1280, 720), size(720, 720)),
            (size(853, 481), size(960, 540), size(854, 482)),
            (size(160, 120), size(416, 234), size(160, 120)),
            (size(8000, 2), size(416, 234), size(416, 2)),
        ] {
            assert_eq!(fitted(seen, frame), expected, "{seen:?} in {frame:?}");
        }
    }

    #[test]
    fn the_box_is_turned_with_the_picture_and_other_samples_are_stretched() {
        let set_for = |seen, square| {
            let mut video = VideoDescription::builder().width(1280).height(720).build();
            let picture = Picture { size: Some(seen), square, rate: None, wide_colours: false };
            set(&mut video, &picture);
            (frame(&video).unwrap(), video.scaling_behavior)
        };
        let stretched = Some(ScalingBehavior::StretchToOutput);
        assert_eq!(set_for(size(1920, 1080), true), (size(1280, 720), None));
        assert_eq!(set_for(size(1080, 1920), true), (size(720, 1280), None));
        assert_eq!(set_for(size(1080, 1080), true), (size(1280, 720), None));
        assert_eq!(set_for(size(1024, 576), false), (size(1024, 576), stretched.clone()));
        assert_eq!(set_for(size(1536, 1152), false), (size(960, 720), stretched.clone()));
        assert_eq!(set_for(size(1152, 1536), false), (size(720, 960), stretched.clone()));
        assert_eq!(
            set_for(size(4000, 20), false),
            (size(1280, 32), stretched),
            "the least that the API takes"
        );
    }
}
