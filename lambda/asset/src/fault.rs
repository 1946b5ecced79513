//! Whose fault a failed job is, by MediaConvert's error code.

/// The error codes of MediaConvert that the contents of the file cause, each with words that an app can show. Codes that are not here, also new ones, are the
/// service's: a job with valid settings and permissions does not end with them.
///
/// The settings of every job come from one template, and `provision verify` has encoded with it. So 1040, "settings not
/// supported, or not compatible with the input", is taken for the input's. The service opens an address in the web only
/// if the file is a playlist that names one; so the codes from 3400 to 3999 are the file's too.
///
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_error_codes.html>
const OF_THE_FILE: [(i64, &str); 9] = [
    (1010, "the file cannot be opened: it is damaged, or not a video"),
    (1020, "there is no video in the file"),
    (1021, "there is no sound in the file"),
    (1030, "the format of the file is not supported"),
    (1040, "the video in the file is of a kind that is not supported"),
    (1060, "the file lacks the timecodes that it refers to"),
    (1075, "the file is damaged"),
    (1076, "the file is cut off: it ends unexpectedly"),
    (1092, "the sound in the file cannot be decoded"),
];

/// What an app can show for the codes of a playlist.
const PLAYLIST: &str = "the file is a playlist, and what it names cannot be opened";

/// Why a file cannot be encoded, in words that an app can show. `None` if the contents of the file do not cause this error
/// of MediaConvert.
#[must_use]
pub fn of_the_file(code: i64) -> Option<&'static str> {
    let known = OF_THE_FILE.iter().find(|(known, _)| *known == code).map(|(_, words)| *words);
    known.or_else(|| (3400..=3999).contains(&code).then_some(PLAYLIST))
}

/// True if the contents of the file cause this error of MediaConvert.
#[must_use]
pub fn is_of_the_file(code: i64) -> bool {
    of_the_file(code).is_some()
}
