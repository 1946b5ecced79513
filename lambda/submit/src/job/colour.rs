//! The colours of an output: what 8-bit video and still pictures cannot show is mapped to BT.709.

use aws_sdk_mediaconvert::types::{
    ColorCorrector, ColorSpaceConversion, H264CodecProfile, H265CodecProfile, HdrToSdrToneMapper,
    VideoDescription, VideoPreprocessor,
};

/// Maps HDR and BT.2020 to BT.709 in an 8-bit output. Without it MediaConvert would keep the colour space of the source,
/// and the picture would be grey on most screens.
pub(super) fn to_bt709(video: &mut VideoDescription) {
    if !is_eight_bit(video) {
        return;
    }
    let corrector = ColorCorrector::builder()
        .color_space_conversion(ColorSpaceConversion::Force709)
        .hdr_to_sdr_tone_mapper(HdrToSdrToneMapper::PreserveDetails);
    video.video_preprocessors.get_or_insert_with(|| VideoPreprocessor::builder().build()).color_corrector =
        Some(corrector.build());
}

/// Only the 10-bit profiles of H.264 and HEVC can carry HDR.
fn is_eight_bit(video: &VideoDescription) -> bool {
    let codec = video.codec_settings();
    let avc = codec.and_then(|codec| codec.h264_settings()?.codec_profile());
    let hevc = codec.and_then(|codec| codec.h265_settings()?.codec_profile());
    !matches!(avc, Some(H264CodecProfile::High10Bit | H264CodecProfile::High42210Bit))
        && !matches!(
            hevc,
            Some(
                H265CodecProfile::Main10Main
                    | H265CodecProfile::Main10High
                    | H265CodecProfile::Main42210BitMain
                    | H265CodecProfile::Main42210BitHigh
            )
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_mediaconvert::types::{H265Settings, VideoCodecSettings};

    fn corrected(codec: VideoCodecSettings) -> Option<ColorCorrector> {
        let mut video = VideoDescription::builder().codec_settings(codec).build();
        to_bt709(&mut video);
        video.video_preprocessors?.color_corrector
    }

    #[test]
    fn eight_bits_are_mapped_and_ten_bits_stay() {
        let hevc = |profile| {
            let settings = H265Settings::builder().codec_profile(profile).build();
            corrected(VideoCodecSettings::builder().h265_settings(settings).build())
        };
        let mapped = hevc(H265CodecProfile::MainMain).unwrap();
        assert_eq!(mapped.color_space_conversion(), Some(&ColorSpaceConversion::Force709));
        assert_eq!(mapped.hdr_to_sdr_tone_mapper(), Some(&HdrToSdrToneMapper::PreserveDetails));
        assert_eq!(hevc(H265CodecProfile::Main10High), None);
        assert!(corrected(VideoCodecSettings::builder().build()).is_some(), "a still picture");
    }
}
