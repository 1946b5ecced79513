//! The picture of an output: its codec, its size and shape, its rate.

use super::super::super::ffmpeg::{Rate, Video};
use super::super::failure::Failure;
use super::super::settings::{FrameCapture, H26x, VideoDescription};

/// The rates that MediaConvert gives to a picture with a variable rate, if the output follows the source.
const FOLLOWED: [u32; 8] = [1, 5, 10, 15, 24, 30, 50, 60];

/// The codec's settings, and whether it is H.265.
pub(super) fn codec(description: &VideoDescription) -> Result<(&H26x, bool), Failure> {
    let settings = &description.codec_settings;
    let (settings, hevc) = match settings.codec.as_str() {
        "H_264" => (settings.h264_settings.as_ref(), false),
        "H_265" => (settings.h265_settings.as_ref(), true),
        other => return Err(Failure::unsupported(&format!("the video codec {other}"))),
    };
    let Some(settings) = settings else {
        return Err(Failure::unsupported("a video codec without settings"));
    };
    match settings.interlace_mode.as_str() {
        "" | "PROGRESSIVE" => Ok((settings, hevc)),
        other => Err(Failure::unsupported(&format!("a picture of fields ({other})"))),
    }
}

/// How a picture fits an output's frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    /// The picture's size. Its samples are square.
    pub(super) picture: (u32, u32),
    /// The frame's size: the rest is black.
    pub(super) frame: (u32, u32),
}

/// How a picture that is shown as wide and high as `shown` fits an output. A side that the output leaves out follows the
/// picture's shape; so do both sides if the picture is to fit.
pub(super) fn fit(description: &VideoDescription, (wide, high): (f64, f64)) -> Result<Fit, Failure> {
    let even = |side: f64| ((side / 2.0).round() as u32).max(1) * 2;
    let whole = |size| Ok(Fit { picture: size, frame: size });
    let behavior = description.scaling_behavior.as_str();
    let (width, height) = match (description.width, description.height) {
        (Some(width), Some(height)) => (width, height),
        (Some(width), None) => return whole((width, even(f64::from(width) * high / wide))),
        (None, Some(height)) => return whole((even(f64::from(height) * wide / high), height)),
        (None, None) => return whole((even(wide), even(high))),
    };
    let largest = (f64::from(width) / wide).min(f64::from(height) / high);
    let scaled = |factor: f64| (even(wide * factor), even(high * factor));
    match behavior {
        "STRETCH_TO_OUTPUT" => whole((width, height)),
        "FIT" => whole(scaled(largest)),
        "FIT_NO_UPSCALE" => whole(scaled(largest.min(1.0))),
        "" | "DEFAULT" => {
            let (across, down) = scaled(largest);
            Ok(Fit { picture: (across.min(width), down.min(height)), frame: (width, height) })
        }
        other => Err(Failure::unsupported(&format!("the scaling behavior {other}"))),
    }
}

impl Fit {
    /// ffmpeg's filters.
    pub(super) fn filters(&self) -> String {
        let ((width, height), (wide, high)) = (self.picture, self.frame);
        let scale = format!("scale={width}:{height},setsar=1");
        if self.picture == self.frame { scale } else { format!("{scale},pad={wide}:{high}:-1:-1") }
    }
}

/// The rate of an output's frames.
pub(super) fn rate(codec: &H26x, video: &Video) -> Result<Rate, Failure> {
    match codec.framerate_conversion_algorithm.as_str() {
        "" | "DUPLICATE_DROP" => {}
        other => return Err(Failure::unsupported(&format!("the frame rate conversion {other}"))),
    }
    Ok(match (codec.framerate_control.as_str(), codec.framerate_numerator, codec.framerate_denominator) {
        ("SPECIFIED", Some(numerator), Some(denominator)) => Rate { numerator, denominator },
        _ if video.varies => followed(video.rate),
        _ => video.rate,
    })
}

/// An average, rounded up.
fn followed(average: Rate) -> Rate {
    let above = FOLLOWED.into_iter().find(|rate| f64::from(*rate) >= average.value());
    Rate { numerator: above.unwrap_or(60), denominator: 1 }
}

/// One picture at the start and then one per interval, for any source frame rate.
pub(super) fn captured(capture: &FrameCapture) -> String {
    let (numerator, denominator) =
        (capture.framerate_numerator.unwrap_or(1), capture.framerate_denominator.unwrap_or(1));
    let seconds = f64::from(denominator) / f64::from(numerator.max(1));
    format!("select='isnan(prev_selected_t)+gte(t-prev_selected_t\\,{seconds})'")
}
