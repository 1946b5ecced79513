//! The frame rate of each output: constant, and not higher than its size is worth.
//!
//! All rungs have the source's rate divided by a whole number. So their key frames coincide, and a player can switch
//! between them at every segment.

use aws_sdk_mediaconvert::types::{
    H264FramerateControl, H264FramerateConversionAlgorithm, H265FramerateControl,
    H265FramerateConversionAlgorithm, VideoDescription,
};

use crate::probe::Rate;

/// Rates of cameras and films.
const STANDARD: [Rate; 23] = [
    whole(1),
    whole(5),
    whole(10),
    whole(12),
    Rate { numerator: 25, denominator: 2 },
    Rate { numerator: 15_000, denominator: 1001 },
    whole(15),
    whole(20),
    Rate { numerator: 24_000, denominator: 1001 },
    whole(24),
    whole(25),
    Rate { numerator: 30_000, denominator: 1001 },
    whole(30),
    Rate { numerator: 48_000, denominator: 1001 },
    whole(48),
    whole(50),
    Rate { numerator: 60_000, denominator: 1001 },
    whole(60),
    whole(90),
    whole(100),
    Rate { numerator: 120_000, denominator: 1001 },
    whole(120),
    whole(240),
];
/// The rates that MediaConvert rounds a variable rate up to, if the output follows the source (user guide, "Variable
/// frame rate inputs"), and 25.
const ROUNDED_UP: [Rate; 9] =
    [whole(1), whole(5), whole(10), whole(15), whole(24), whole(25), whole(30), whole(50), whole(60)];
/// How far a measured rate may be from a standard rate. Phones write variable rates whose average is a little beside the
/// rate that they aim at: 29.5 or 30.1 for 30. Rounded up, such a film would get 50 frames a second.
const TOLERANCE: f64 = 0.02;
/// Below this many lines, Apple's table ends at 30 frames a second.
const SMOOTH_FROM: u32 = 540;

const fn whole(frames: u32) -> Rate {
    Rate { numerator: frames, denominator: 1 }
}

/// Sets the frame rate of a rung with this many lines.
pub(super) fn set(video: &mut VideoDescription, lines: u32, measured: Rate) {
    let most = if lines < SMOOTH_FROM { 30 } else { 60 };
    let Rate { numerator, denominator } = limited(constant(measured), most);
    let (numerator, denominator) = (i32::try_from(numerator).ok(), i32::try_from(denominator).ok());
    let Some(codec) = video.codec_settings.as_mut() else { return };
    if let Some(h264) = codec.h264_settings.as_mut() {
        h264.framerate_control = Some(H264FramerateControl::Specified);
        h264.framerate_conversion_algorithm = Some(H264FramerateConversionAlgorithm::DuplicateDrop);
        (h264.framerate_numerator, h264.framerate_denominator) = (numerator, denominator);
    }
    if let Some(h265) = codec.h265_settings.as_mut() {
        h265.framerate_control = Some(H265FramerateControl::Specified);
        h265.framerate_conversion_algorithm = Some(H265FramerateConversionAlgorithm::DuplicateDrop);
        (h265.framerate_numerator, h265.framerate_denominator) = (numerator, denominator);
    }
}

/// The standard rate that was measured, or nearly. What is near none is the average of a variable rate: it becomes the next
/// rate above.
fn constant(measured: Rate) -> Rate {
    let wanted = frames_a_second(measured);
    let distance = |rate: &Rate| (frames_a_second(*rate) / wanted - 1.0).abs();
    let nearest = STANDARD.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    let above = || ROUNDED_UP.into_iter().find(|rate| frames_a_second(*rate) >= wanted);
    nearest.filter(|rate| distance(rate) <= TOLERANCE).or_else(above).unwrap_or(whole(60))
}

/// The rate divided by the smallest whole number that makes it at most `most` frames a second.
fn limited(Rate { numerator, denominator }: Rate, most: u32) -> Rate {
    let divisor = numerator.div_ceil(denominator.saturating_mul(most)).max(1);
    let denominator = denominator.saturating_mul(divisor);
    let common = greatest_common_divisor(numerator, denominator);
    Rate { numerator: numerator / common, denominator: denominator / common }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

fn frames_a_second(Rate { numerator, denominator }: Rate) -> f64 {
    f64::from(numerator) / f64::from(denominator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rung_has_a_whole_part_of_the_source_s_rate() {
        let rate = |numerator, denominator, most| {
            let Rate { numerator, denominator } = limited(constant(Rate { numerator, denominator }), most);
            if denominator == 1 { numerator.to_string() } else { format!("{numerator}/{denominator}") }
        };
        for (measured, low, high) in [
            ((24_000, 1001), "24000/1001", "24000/1001"),
            ((24, 1), "24", "24"),
            ((25, 1), "25", "25"),
            ((30_000, 1001), "30000/1001", "30000/1001"),
            ((2997, 100), "30000/1001", "30000/1001"),
            ((30, 1), "30", "30"),
            ((48, 1), "24", "48"),
            ((50, 1), "25", "50"),
            ((60_000, 1001), "30000/1001", "60000/1001"),
            ((60, 1), "30", "60"),
            ((90, 1), "30", "45"),
            ((100, 1), "25", "50"),
            ((120_000, 1001), "30000/1001", "60000/1001"),
            ((120, 1), "30", "60"),
            ((240, 1), "30", "60"),
            ((1, 1), "1", "1"),
            ((25, 2), "25/2", "25/2"),
            // Averages of variable rates.
            ((1933, 100), "24", "24"),
            ((2950, 100), "30000/1001", "30000/1001"),
            ((3010, 100), "30", "30"),
            ((44, 1), "25", "50"),
            ((5880, 100), "30000/1001", "60000/1001"),
            ((87, 1), "30", "60"),
            ((1, 3), "1", "1"),
            ((2_000_000_000, 7), "30", "60"),
        ] {
            let (numerator, denominator) = measured;
            let found = (rate(numerator, denominator, 30), rate(numerator, denominator, 60));
            assert_eq!(found, (low.to_owned(), high.to_owned()), "{numerator}/{denominator}");
        }
    }

    #[test]
    fn a_rate_within_a_fiftieth_is_the_nearest_standard_rate() {
        let measured = |thousandths| constant(Rate { numerator: thousandths, denominator: 1000 });
        assert_eq!(measured(30_020), whole(30));
        assert_eq!(measured(29_980), Rate { numerator: 30_000, denominator: 1001 });
        assert_eq!(measured(29_990), whole(30));
        assert_eq!(measured(30_500), whole(30), "the average of a phone's variable rate");
        assert_eq!(measured(31_000), whole(50), "any other variable rate");
    }
}
