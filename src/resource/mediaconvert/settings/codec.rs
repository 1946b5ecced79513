//! The settings of a job template's codecs: H.264, HEVC, still pictures and AAC.

use crate::resource::mediaconvert::mirror::mirror;

mirror! {
    /// A video codec and its settings.
    VideoCodecSettings {
        /// `H_264`, `H_265` or `FRAME_CAPTURE`.
        codec: String,
        /// H.264.
        h264_settings: H264Settings,
        /// HEVC.
        h265_settings: H265Settings,
        /// Still pictures.
        frame_capture_settings: FrameCaptureSettings,
    }

    /// H.264.
    H264Settings {
        /// The profile.
        codec_profile: String,
        /// The level, or `AUTO`.
        codec_level: String,
        /// How many passes, and how they trade time for quality.
        quality_tuning_level: String,
        /// `VBR`, `CBR` or `QVBR`.
        rate_control_mode: String,
        /// The most bits per second.
        max_bitrate: i32,
        /// Bits of the decoder's buffer.
        hrd_buffer_size: i32,
        /// The quality that QVBR aims for.
        qvbr_settings: H264QvbrSettings,
        /// The length of a group of pictures.
        gop_size: f64,
        /// The unit of that length.
        gop_size_units: String,
        /// How many groups of pictures there are for each closed one.
        gop_closed_cadence: i32,
        /// Whether scene changes get an I-frame of their own.
        scene_change_detect: String,
        /// The fewest frames between two IDR frames.
        min_i_interval: i32,
        /// B-frames between reference frames.
        number_b_frames_between_reference_frames: i32,
        /// Where the frame rate comes from.
        framerate_control: String,
        /// Where the shape of pixels comes from.
        par_control: String,
        /// The width of a pixel …
        par_numerator: i32,
        /// … and its height.
        par_denominator: i32,
        /// Progressive or interlaced.
        interlace_mode: String,
        /// How quantisation adapts.
        adaptive_quantization: String,
    }

    /// The quality that QVBR aims for in H.264.
    H264QvbrSettings {
        /// The quality, 1 to 10.
        qvbr_quality_level: i32,
    }

    /// HEVC.
    H265Settings {
        /// The profile and tier.
        codec_profile: String,
        /// The level, or `AUTO`.
        codec_level: String,
        /// How many passes, and how they trade time for quality.
        quality_tuning_level: String,
        /// `VBR`, `CBR` or `QVBR`.
        rate_control_mode: String,
        /// The most bits per second.
        max_bitrate: i32,
        /// Bits of the decoder's buffer.
        hrd_buffer_size: i32,
        /// The quality that QVBR aims for.
        qvbr_settings: H265QvbrSettings,
        /// The length of a group of pictures.
        gop_size: f64,
        /// The unit of that length.
        gop_size_units: String,
        /// How many groups of pictures there are for each closed one.
        gop_closed_cadence: i32,
        /// Whether scene changes get an I-frame of their own.
        scene_change_detect: String,
        /// The fewest frames between two IDR frames.
        min_i_interval: i32,
        /// B-frames between reference frames.
        number_b_frames_between_reference_frames: i32,
        /// Where the frame rate comes from.
        framerate_control: String,
        /// Where the shape of pixels comes from.
        par_control: String,
        /// The width of a pixel …
        par_numerator: i32,
        /// … and its height.
        par_denominator: i32,
        /// Progressive or interlaced.
        interlace_mode: String,
        /// How quantisation adapts.
        adaptive_quantization: String,
        /// Where parameter sets are stored in MP4.
        write_mp4_packaging_type: String,
    }

    /// The quality that QVBR aims for in HEVC.
    H265QvbrSettings {
        /// The quality, 1 to 10.
        qvbr_quality_level: i32,
    }

    /// Still pictures: one every `FramerateDenominator / FramerateNumerator` seconds.
    FrameCaptureSettings {
        /// See the type.
        framerate_numerator: i32,
        /// See the type.
        framerate_denominator: i32,
        /// How many at most.
        max_captures: i32,
        /// JPEG quality, 1 to 100.
        quality: i32,
    }

    /// An audio codec and its settings.
    AudioCodecSettings {
        /// `AAC`.
        codec: String,
        /// AAC.
        aac_settings: AacSettings,
    }

    /// AAC.
    AacSettings {
        /// The profile.
        codec_profile: String,
        /// The channels.
        coding_mode: String,
        /// `CBR` or `VBR`.
        rate_control_mode: String,
        /// Bits per second.
        bitrate: i32,
        /// Samples per second.
        sample_rate: i32,
        /// MPEG-2 or MPEG-4.
        specification: String,
        /// Whether the raw stream is framed.
        raw_format: String,
    }
}
