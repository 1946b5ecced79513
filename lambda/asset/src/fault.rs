//! Whose fault a failed job is, by MediaConvert's error code.

/// The error codes of MediaConvert that the contents of the file cause. Codes that are not here, also new ones, are the
/// service's: a job with valid settings and permissions does not end with them.
///
/// The settings of every job come from one template, and `provision verify` has encoded with it. So 1040, "settings not
/// supported, or not compatible with the input", is taken for the input's. The service opens an address in the web only
/// if the file is a playlist that names one; so the codes from 3400 to 3999 are the file's too.
///
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_error_codes.html>
const OF_THE_FILE: [i64; 9] = [
    1010, // the file cannot be opened
    1020, // no video in it
    1021, // no sound in it
    1030, // the codec or container is not supported
    1040, // it does not fit the settings
    1060, // timecodes that it does not have
    1075, // the demuxer cannot recover from it
    1076, // it ends unexpectedly
    1092, // its sound cannot be decoded
];

/// True if the contents of the file cause this error of MediaConvert.
#[must_use]
pub fn is_of_the_file(code: i64) -> bool {
    OF_THE_FILE.contains(&code) || (3400..=3999).contains(&code)
}
