//! A playlist of an encode: publish reads it from the work bucket and serves it.

use std::collections::BTreeSet;

use crate::publish::playlist::{media, multivariant, relocate, run_of};

/// A run, as `asset::run` makes them.
const RUN: &str = "0123456789ab";

/// No address leads out of the playlist's folder. Once it is relocated, each address leads to the same file of the run.
pub fn playlist(data: &[u8]) {
    if let Ok(files) = media("hd/index.m3u8", data) {
        files.iter().for_each(|file| inside("hd/", file));
    }
    let Ok(parsed) = multivariant("index.m3u8", data) else { return };
    parsed.playlists.iter().for_each(|file| inside("", file));
    let Ok(text) = std::str::from_utf8(data) else { return };
    let served = relocate(text, RUN);
    let again = match multivariant("index.m3u8", served.as_bytes()) {
        Ok(again) => again,
        Err(error) => panic!("what is served is no playlist: {error}\n{served}"),
    };
    let expected: BTreeSet<String> = parsed.playlists.iter().map(|file| format!("{RUN}/{file}")).collect();
    assert_eq!(again.playlists, expected, "{served}");
    if let Some(run) = run_of(&served) {
        assert_eq!(run, RUN);
    }
}

fn inside(folder: &str, file: &str) {
    let rest = file.strip_prefix(folder).unwrap_or_else(|| panic!("{file} is not in {folder}"));
    let escapes = rest.contains("://") || rest.split('/').any(|part| matches!(part, "" | "." | ".."));
    assert!(!escapes, "{file} leads out of its folder");
}
