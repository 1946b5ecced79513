//! The files that HLS playlists refer to, and the one change that publishing makes to them. Pure.
//!
//! `m3u8-rs` parses; the change is made in the text, so that tags unknown to the parser are kept.

use std::collections::BTreeSet;

use asset::{Audio, Rendition};
use m3u8_rs::{AlternativeMedia, AlternativeMediaType, MediaPlaylist, VariantStream};
use percent_encoding::percent_decode_str;

/// A playlist that cannot be published.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlaylistError {
    /// It is not a playlist of the expected kind.
    #[error("{0} is not a valid {1} playlist")]
    Invalid(String, &'static str),
    /// It refers to a file outside its run, where nothing is checked or copied.
    #[error("{0} refers to {1}, which is not inside its own folder")]
    Outside(String, String),
    /// It has no end tag, so the encode is not finished.
    #[error("{0} has no EXT-X-ENDLIST: it is not a finished title")]
    Unfinished(String),
    /// It has no entries.
    #[error("{0} has no entries")]
    Empty(String),
}

/// A multivariant playlist: its renditions and the playlists that it refers to.
#[derive(Debug, Clone, PartialEq)]
pub struct Multivariant {
    /// The video renditions.
    pub renditions: Vec<Rendition>,
    /// The audio renditions.
    pub audio: Vec<Audio>,
    /// Every playlist that it refers to, as paths from its own folder.
    pub playlists: BTreeSet<String>,
}

/// Reads the multivariant playlist `name`.
///
/// # Errors
///
/// If it is not a multivariant playlist, has no variant, refers to a file outside its folder, or could not be relocated.
pub fn multivariant(name: &str, text: &[u8]) -> Result<Multivariant, PlaylistError> {
    let parsed = read(name, text)?;
    // It is parsed as a whole and relocated line by line. Where the two do not find the same addresses, viewers would
    // be sent to files that nothing has checked.
    let relocated = read(name, relocate(&String::from_utf8_lossy(text), MOVED).as_bytes())?;
    let folder = name.len() - name.rsplit('/').next().map_or(0, str::len);
    let moved = |file: &String| format!("{}{MOVED}/{}", &file[..folder], &file[folder..]);
    let expected: BTreeSet<String> = parsed.playlists.iter().map(moved).collect();
    if relocated.playlists != expected {
        return Err(PlaylistError::Invalid(name.to_owned(), "multivariant"));
    }
    Ok(parsed)
}

/// A folder to try a relocation with.
const MOVED: &str = "moved";

fn read(name: &str, text: &[u8]) -> Result<Multivariant, PlaylistError> {
    let (_, parsed) = m3u8_rs::parse_master_playlist(text)
        .map_err(|_| PlaylistError::Invalid(name.to_owned(), "multivariant"))?;
    if !text.starts_with(b"#EXTM3U") || parsed.variants.is_empty() {
        return Err(PlaylistError::Empty(name.to_owned()));
    }
    let variants = parsed.variants.iter().map(|variant| variant.uri.as_str());
    let media = parsed.alternatives.iter().filter_map(|media| media.uri.as_deref());
    let playlists = variants.chain(media).map(|uri| resolve(name, uri)).collect::<Result<_, _>>()?;
    Ok(Multivariant {
        renditions: parsed.variants.iter().filter_map(rendition).collect(),
        audio: parsed.alternatives.iter().filter_map(audio).collect(),
        playlists,
    })
}

fn rendition(variant: &VariantStream) -> Option<Rendition> {
    (!variant.is_i_frame).then(|| Rendition {
        uri: variant.uri.clone(),
        bandwidth: variant.bandwidth,
        average_bandwidth: variant.average_bandwidth,
        width: variant.resolution.map(|size| size.width),
        height: variant.resolution.map(|size| size.height),
        codecs: variant.codecs.clone(),
        frame_rate: variant.frame_rate,
    })
}

fn audio(media: &AlternativeMedia) -> Option<Audio> {
    if media.media_type != AlternativeMediaType::Audio {
        return None;
    }
    Some(Audio {
        uri: media.uri.clone()?,
        group: media.group_id.clone(),
        name: media.name.clone(),
        language: media.language.clone(),
    })
}

/// The files that the media playlist `name` refers to: segments, initialization sections, keys. Paths are relative to
/// the same folder as `name`.
///
/// # Errors
///
/// If it is not a media playlist, is empty or unfinished, or refers to a file outside its folder.
pub fn media(name: &str, text: &[u8]) -> Result<BTreeSet<String>, PlaylistError> {
    let (_, parsed): (_, MediaPlaylist) =
        m3u8_rs::parse_media_playlist(text).map_err(|_| PlaylistError::Invalid(name.to_owned(), "media"))?;
    if parsed.segments.is_empty() {
        return Err(PlaylistError::Empty(name.to_owned()));
    }
    if !parsed.end_list {
        return Err(PlaylistError::Unfinished(name.to_owned()));
    }
    let mut files = BTreeSet::new();
    for segment in &parsed.segments {
        files.insert(resolve(name, &segment.uri)?);
        if let Some(map) = &segment.map {
            files.insert(resolve(name, &map.uri)?);
        }
        if let Some(uri) = segment.key.as_ref().and_then(|key| key.uri.as_deref()) {
            files.insert(resolve(name, uri)?);
        }
    }
    Ok(files)
}

/// Resolves `uri` in the playlist `name` to a path from the same folder as `name`.
fn resolve(name: &str, uri: &str) -> Result<String, PlaylistError> {
    let outside = || PlaylistError::Outside(name.to_owned(), uri.to_owned());
    let decoded = percent_decode_str(uri).decode_utf8().map_err(|_| outside())?;
    // A quoted address with a line end in it (RFC 8216 has none) would be two addresses once it is relocated.
    let escapes = decoded.contains(char::is_control)
        || decoded.contains("://")
        || decoded.starts_with('/')
        || decoded.split('/').any(|part| matches!(part, "" | "." | ".."));
    if escapes {
        return Err(outside());
    }
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    Ok(match folder {
        "" => decoded.into_owned(),
        folder => format!("{folder}/{decoded}"),
    })
}

/// The multivariant playlist as served from the folder above its run: `run/` is added to every address.
#[must_use]
pub fn relocate(text: &str, run: &str) -> String {
    let mut served = String::with_capacity(text.len() + 512);
    for line in text.lines() {
        if line.trim().is_empty() || line.starts_with("#EXT") {
            // Only tags have a URI attribute, and no tag has two.
            served.push_str(&line.replacen("URI=\"", &format!("URI=\"{run}/"), 1));
        } else if line.starts_with('#') {
            served.push_str(line);
        } else {
            served.push_str(run);
            served.push('/');
            served.push_str(line.trim());
        }
        served.push('\n');
    }
    served
}

/// The run that a served multivariant playlist refers to.
#[must_use]
pub fn run_of(served: &str) -> Option<&str> {
    let address = served.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'))?;
    let (run, _) = address.split_once('/')?;
    asset::is_run(run).then_some(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MULTIVARIANT: &str = r#"#EXTM3U
#EXT-X-VERSION:4
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Default",LANGUAGE="eng",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="index_audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=3514800,AVERAGE-BANDWIDTH=2913306,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio"
index_720p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=501600,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO="audio"
index_360p.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=80000,CODECS="avc1.4d401e",RESOLUTION=640x360,URI="index_360p_iframe.m3u8"
"#;

    const MEDIA: &str = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-PLAYLIST-TYPE:VOD\n\
        #EXT-X-MAP:URI=\"init.cmfv\"\n#EXTINF:6.0,\na_00001.m4s\n#EXTINF:4.0,\na%2000002.m4s\n#EXT-X-ENDLIST\n";

    #[test]
    fn a_multivariant_playlist_gives_renditions_audio_and_every_playlist() {
        let parsed = multivariant("index.m3u8", MULTIVARIANT.as_bytes()).unwrap();
        let names: Vec<_> = parsed.playlists.iter().map(String::as_str).collect();
        assert_eq!(
            names,
            ["index_360p.m3u8", "index_360p_iframe.m3u8", "index_720p.m3u8", "index_audio.m3u8"]
        );
        assert_eq!(parsed.renditions.len(), 2);
        let expected = Rendition {
            uri: "index_720p.m3u8".into(),
            bandwidth: 3_514_800,
            average_bandwidth: Some(2_913_306),
            width: Some(1280),
            height: Some(720),
            codecs: Some("avc1.64001f,mp4a.40.2".into()),
            frame_rate: Some(29.970),
        };
        assert_eq!(parsed.renditions[0], expected);
        assert_eq!(parsed.audio[0].language.as_deref(), Some("eng"));
    }

    #[test]
    fn a_media_playlist_gives_segments_and_initialisation_in_its_folder() {
        let files = media("hd/index.m3u8", MEDIA.as_bytes()).unwrap();
        let files: Vec<_> = files.iter().map(String::as_str).collect();
        assert_eq!(files, ["hd/a 00002.m4s", "hd/a_00001.m4s", "hd/init.cmfv"]);
    }

    #[test]
    fn what_is_not_a_finished_title_is_refused() {
        let read = |text: &str| media("a.m3u8", text.as_bytes()).unwrap_err();
        assert_eq!(read(&MEDIA.replace("#EXT-X-ENDLIST\n", "")), PlaylistError::Unfinished("a.m3u8".into()));
        assert_eq!(read("#EXTM3U\n#EXT-X-ENDLIST\n"), PlaylistError::Empty("a.m3u8".into()));
        assert!(multivariant("index.m3u8", b"<html>").is_err());
        assert!(multivariant("index.m3u8", b"").is_err());
    }

    #[test]
    fn addresses_outside_the_folder_are_refused() {
        for uri in ["../x.ts", "/x.ts", "https://elsewhere/x.ts", "a/../../x.ts", "%2e%2e/x.ts"] {
            let text = MEDIA.replace("a_00001.m4s", uri);
            assert_eq!(
                media("a.m3u8", text.as_bytes()).unwrap_err(),
                PlaylistError::Outside("a.m3u8".into(), uri.into())
            );
        }
    }

    #[test]
    fn an_address_of_two_lines_is_refused() {
        for uri in ["in\nit.cmfv", "in%0Ait.cmfv", "in\u{1b}it.cmfv"] {
            let text = MEDIA.replace("init.cmfv", uri);
            assert_eq!(
                media("a.m3u8", text.as_bytes()).unwrap_err(),
                PlaylistError::Outside("a.m3u8".into(), uri.into())
            );
        }
    }

    /// Found by fuzzing: to the parser, the last tag is the only address; line by line, it is another one.
    const AMBIGUOUS: &str = "#EXTM3U\n#EXT-X-VERSIO\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXTN:4\n\
        #EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MEDTYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Default\",LANGUAGE=\"eng\",\
        DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"_audio.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=3514800,\
        AVERAGE-BANDWIDTH=2913306,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=29.970,\
        AUDIO=\"audio\"\nindex_720p.m3u8\n#EXT-X-stream\rinfSTREAM-INF:BANDWIDTH=501600,\
        CODECS=\"avc1.4d401e,mp4a.40.2\",RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO=\"audio\"\nindex_360p.m3u8\n\
        #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=80000,CODECS=\"avc1.4d401e\",RESOLUTION=640x360,URI=\"index_360p_[";

    #[test]
    fn what_cannot_be_relocated_is_refused() {
        // Both are readable, and disagree.
        let served = relocate(AMBIGUOUS, "0123456789ab");
        let found = |text: &str| read("index.m3u8", text.as_bytes()).map(|read| read.playlists);
        assert_ne!(found(AMBIGUOUS).unwrap().len(), 0);
        assert!(found(&served).unwrap().iter().all(|file| !file.contains('#')));
        let refused = multivariant("index.m3u8", AMBIGUOUS.as_bytes());
        assert_eq!(refused.unwrap_err(), PlaylistError::Invalid("index.m3u8".into(), "multivariant"));
        assert!(multivariant("hd/index.m3u8", MULTIVARIANT.as_bytes()).is_ok());
    }

    #[test]
    fn relocating_prefixes_every_address_and_changes_nothing_else() {
        let served = relocate(MULTIVARIANT, "0123456789ab");
        assert_eq!(run_of(&served), Some("0123456789ab"));
        assert_eq!(served.replace("0123456789ab/", ""), MULTIVARIANT);
        assert_eq!(served.matches("0123456789ab/").count(), 4);
        let parsed = multivariant("index.m3u8", served.as_bytes()).unwrap();
        assert!(parsed.playlists.iter().all(|uri| uri.starts_with("0123456789ab/index_")));
    }

    #[test]
    fn a_playlist_that_publish_did_not_write_has_no_run() {
        assert_eq!(run_of(MULTIVARIANT), None);
        assert_eq!(run_of("#EXTM3U\nother/index.m3u8\n"), None);
        assert_eq!(run_of(""), None);
    }
}
