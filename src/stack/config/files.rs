//! The texts of stack files and of the files that they name.

use std::io::{self, Read as _};
use std::path::Path;

/// Maximum size in bytes. Real stack files and keys are far smaller.
const LARGEST: u64 = 128 * 1024;

/// The text of a file. Fails if the file is too large, because reading it might not end.
pub(super) fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it is larger than {} KiB", LARGEST / 1024)));
    }
    Ok(text)
}

/// The text of a file that a stack file names. A pull request can change that name, so a pipeline must not wait for a
/// pipe or read a device.
pub(super) fn key_text(path: &Path) -> io::Result<String> {
    if std::fs::metadata(path)?.is_file() {
        text(path)
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}
