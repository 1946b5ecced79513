//! MediaConvert's names for what ffmpeg calls otherwise: containers, codecs, colors.

/// Converts ffmpeg's name of a container to MediaConvert's.
pub(super) fn format(name: &str) -> Option<&'static str> {
    let name = name.split(',').next().unwrap_or(name);
    Some(match name {
        "mov" | "mp4" => "mp4",
        "matroska" => "matroska",
        "mxf" => "mxf",
        "wav" => "wave",
        "avi" => "avi",
        "mpegts" => "mpegts",
        "mpeg" => "mpegps",
        "mp3" => "mp3",
        "flac" => "flac",
        "asf" => "asf",
        "ogg" => "ogg",
        "aac" => "aac",
        _ => return None,
    })
}

/// Converts ffmpeg's name of a codec to MediaConvert's.
pub(super) fn codec(name: &str) -> &'static str {
    match name {
        "aac" => "AAC",
        "ac3" => "AC3",
        "eac3" => "EAC3",
        "flac" => "FLAC",
        "mp2" => "MP2",
        "mp3" => "MP3",
        "opus" => "OPUS",
        "vorbis" => "VORBIS",
        "av1" => "AV1",
        "h264" => "AVC",
        "hevc" => "HEVC",
        "mjpeg" => "MJPEG",
        "mpeg4" => "MP4V",
        "mpeg2video" => "MPEG2",
        "prores" => "PRORES",
        "theora" => "THEORA",
        "vp8" => "VP8",
        "vp9" => "VP9",
        other if other.starts_with("pcm") => "PCM",
        _ => "UNKNOWN",
    }
}

/// Converts ffmpeg's name of color primaries to MediaConvert's.
pub(super) fn primaries(name: &str) -> Option<&'static str> {
    Some(match name {
        "bt709" => "ITU_709",
        "bt470m" => "ITU_470M",
        "bt470bg" => "ITU_470BG",
        "smpte170m" => "SMPTE_170M",
        "smpte240m" => "SMPTE_240M",
        "film" => "GENERIC_FILM",
        "bt2020" => "ITU_2020",
        "smpte428" => "SMPTE_428_1",
        "smpte431" => "SMPTE_431_2",
        "smpte432" => "SMPTE_EG_432_1",
        "ebu3213" => "EBU_3213_E",
        _ => return None,
    })
}

/// Converts ffmpeg's name of transfer characteristics to MediaConvert's.
pub(super) fn transfer(name: &str) -> Option<&'static str> {
    Some(match name {
        "bt709" => "ITU_709",
        "bt470m" => "ITU_470M",
        "bt470bg" => "ITU_470BG",
        "smpte170m" => "SMPTE_170M",
        "smpte240m" => "SMPTE_240M",
        "linear" => "LINEAR",
        "log100" => "LOG10_2",
        "log316" => "LOC10_2_5",
        "iec61966-2-4" => "IEC_61966_2_4",
        "bt1361e" => "ITU_1361",
        "iec61966-2-1" => "IEC_61966_2_1",
        "bt2020-10" => "ITU_2020_10bit",
        "bt2020-12" => "ITU_2020_12bit",
        "smpte2084" => "SMPTE_2084",
        "smpte428" => "SMPTE_428_1",
        "arib-std-b67" => "ARIB_B67",
        _ => return None,
    })
}

/// Converts ffmpeg's name of matrix coefficients to MediaConvert's.
pub(super) fn matrix(name: &str) -> Option<&'static str> {
    Some(match name {
        "gbr" => "RGB",
        "bt709" => "ITU_709",
        "fcc" => "FCC",
        "bt470bg" => "ITU_470BG",
        "smpte170m" => "SMPTE_170M",
        "smpte240m" => "SMPTE_240M",
        "ycgco" => "YCgCo",
        "bt2020nc" => "ITU_2020_NCL",
        "bt2020c" => "ITU_2020_CL",
        "smpte2085" => "SMPTE_2085",
        _ => return None,
    })
}
