//! Where the outputs of a group are cut into segments.

use super::super::settings::{OutputGroup, Segmented};

/// How a group cuts its outputs.
pub(super) struct Segments {
    pub(super) length: f64,
    pub(super) whole_gops: bool,
    pub(super) gop: Option<f64>,
}

impl Segments {
    /// Seconds after which ffmpeg may cut at the next key frame.
    pub(super) fn cut(&self, rate: Option<f64>) -> f64 {
        match (rate, self.gop) {
            (Some(rate), Some(gop)) if self.whole_gops => {
                let gop = (gop * rate).round() / rate;
                // Slightly less, so that rounding of time stamps does not cost a whole GOP. The margin must be tiny,
                // because ffmpeg counts every cut from the beginning. Half a frame would add up to a GOP within a
                // quarter of an hour.
                (self.length / gop - 1e-6).ceil() * gop - 1e-4
            }
            _ => self.length,
        }
    }
}

/// How `group` cuts its outputs, if it cuts them.
pub(super) fn segmented(group: &OutputGroup) -> Option<Segments> {
    let settings = &group.output_group_settings;
    let hls = settings.hls_group_settings.as_ref().filter(|_| settings.r#type == "HLS_GROUP_SETTINGS");
    let cmaf = settings.cmaf_group_settings.as_ref().filter(|_| settings.r#type == "CMAF_GROUP_SETTINGS");
    let Segmented { segment_length, segment_length_control, .. } = hls.or(cmaf)?;
    let gop = group.outputs.iter().find_map(|output| {
        let settings = &output.video_description.as_ref()?.codec_settings;
        let settings = settings.h264_settings.as_ref().or(settings.h265_settings.as_ref())?;
        settings.gop_size.filter(|_| settings.gop_size_units == "SECONDS")
    });
    let length = f64::from(segment_length.unwrap_or(10));
    Some(Segments { length, whole_gops: segment_length_control == "GOP_MULTIPLE", gop })
}
