//! The colors of an output: tone mapping of HDR, conversion to BT.709.
//!
//! Without a color corrector the samples and their tags stay as they are in the input, only with 8 bits. So a job that
//! should have converted HDR, and did not, looks as wrong here as on AWS.

use super::super::super::ffmpeg::ColorTags;
use super::super::failure::Failure;
use super::super::settings::Preprocessors;

/// The brightness of SDR white, in candela per square meter.
const WHITE: u32 = 100;

/// ffmpeg's filters for the conversion that an output asks for, if it asks for one.
pub(super) fn conversion(wanted: &Preprocessors, color: &ColorTags) -> Result<Option<String>, Failure> {
    let corrector = &wanted.color_corrector;
    match corrector.color_space_conversion.as_str() {
        "" | "NONE" => Ok(None),
        "FORCE_709" if is_hdr(color) => Ok(Some(tone_mapped(&corrector.hdr_to_sdr_tone_mapper, color))),
        "FORCE_709" => {
            let from = from(color, "bt709", "bt709", "bt709");
            Ok(Some(format!("zscale={from}:p=bt709:t=bt709:m=bt709:r=tv")))
        }
        other => Err(Failure::unsupported(&format!("the color space conversion {other}"))),
    }
}

fn is_hdr(color: &ColorTags) -> bool {
    matches!(color.transfer.as_deref(), Some("smpte2084" | "arib-std-b67"))
}

/// From light on a scene or screen to BT.709: to linear light, to the smaller gamut, under the brightness of SDR.
fn tone_mapped(mapper: &str, color: &ColorTags) -> String {
    // MediaConvert preserves the details of HLG, whatever was chosen.
    let vibrant = mapper == "VIBRANT" && color.transfer.as_deref() == Some("smpte2084");
    let curve = if vibrant { "mobius" } else { "hable" };
    let from = from(color, "bt2020", "smpte2084", "bt2020nc");
    format!(
        "zscale={from}:t=linear:npl={WHITE},format=gbrpf32le,zscale=p=bt709,tonemap=tonemap={curve}:desat=0,\
         zscale=p=bt709:t=bt709:m=bt709:r=tv"
    )
}

/// What the input's colors are, with a guess for each tag that it leaves out.
fn from(color: &ColorTags, primaries: &str, transfer: &str, matrix: &str) -> String {
    let ColorTags { primaries: p, transfer: t, matrix: m } = color;
    let or = |tag: &Option<String>, guess: &str| tag.clone().unwrap_or_else(|| guess.to_owned());
    format!("pin={}:tin={}:min={}", or(p, primaries), or(t, transfer), or(m, matrix))
}
