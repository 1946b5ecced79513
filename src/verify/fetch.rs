//! Fetches a published rendition set as a player does: the multivariant playlist, every media playlist in it, and every
//! segment in these. All come from the viewer's address.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use m3u8_rs::{MasterPlaylist, MediaPlaylist, VariantStream};
use url::Url;

use super::fault::Fault;
use super::http::Client;
use super::served::Served;
use super::{Error, Stage};

/// How long one file may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many segments are fetched at once, as a browser would.
const AT_ONCE: usize = 6;
/// The first line of every playlist (RFC 8216, 4.3.1.1).
const FIRST_LINE: &[u8] = b"#EXTM3U";

/// One rendition on disk.
#[derive(Debug)]
pub(super) struct Fetched {
    /// Where it was fetched from.
    pub(super) address: String,
    /// Its address in the multivariant playlist.
    pub(super) uri: String,
    /// Its playlist, as it was fetched.
    pub(super) media: MediaPlaylist,
    /// Its segments on disk, in the playlist's order.
    pub(super) files: Vec<PathBuf>,
    /// The header of its segments on disk, if these are fragmented MP4.
    pub(super) header: Option<PathBuf>,
    /// Its description from the multivariant playlist: `1280x720 4.5 Mbit/s`, or the audio group's name.
    pub(super) label: String,
    /// Whether it has a picture.
    pub(super) picture: bool,
    /// A local playlist of the fetched segments.
    pub(super) playlist: PathBuf,
    /// Its length according to its playlist, in seconds.
    pub(super) seconds: f64,
    /// How many segments it has.
    pub(super) segments: usize,
    /// Their size.
    pub(super) bytes: u64,
}

/// All renditions of an asset on disk.
#[derive(Debug)]
pub(super) struct Set {
    /// The playlist that names them.
    pub(super) multivariant: MasterPlaylist,
    /// One for each picture and audio rendition.
    pub(super) renditions: Vec<Fetched>,
    /// Faults in the headers of the answers.
    pub(super) faults: Vec<Fault>,
    /// How long fetching took.
    pub(super) took: Duration,
}

fn unplayable(address: &Url, why: &dyn Display) -> Error {
    Error::Unplayable { address: address.to_string(), why: why.to_string() }
}

/// Fetches everything that the multivariant playlist at `base` refers to into `folder`.
///
/// # Errors
/// When a file is missing, or is not a playlist.
pub(super) async fn fetch(
    base: &Url,
    stage: &Stage<'_>,
    folder: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Set, Error> {
    let began = Instant::now();
    let viewer = Viewer::new(stage);
    let text = viewer.get(base).await?;
    let (_, multivariant) = m3u8_rs::parse_master_playlist(&text)
        .ok()
        .filter(|_| text.starts_with(FIRST_LINE))
        .ok_or_else(|| unplayable(base, &"it is not a multivariant playlist"))?;
    let mut renditions = Vec::new();
    for (number, (uri, label, picture)) in named(&multivariant).into_iter().enumerate() {
        progress(&format!("fetching {uri}"));
        let target = base.join(&uri).map_err(|error| unplayable(base, &error))?;
        let folder = folder.join(format!("rendition-{number}"));
        renditions.push(rendition(&viewer, target, uri, label, picture, &folder).await?);
    }
    if renditions.is_empty() {
        return Err(unplayable(base, &"it names no rendition"));
    }
    Ok(Set { multivariant, renditions, faults: viewer.served.faults(), took: began.elapsed() })
}

/// The media playlists in a multivariant playlist: address, label, and whether there is a picture.
fn named(multivariant: &MasterPlaylist) -> Vec<(String, String, bool)> {
    let video = multivariant.variants.iter().filter(|variant| !variant.is_i_frame).map(|variant| {
        let size =
            variant.resolution.map(|size| format!("{}x{}", size.width, size.height)).unwrap_or_default();
        let picture = has_picture(variant);
        let size = if picture { size } else { "audio".to_owned() };
        (variant.uri.clone(), format!("{size} {:.1} Mbit/s", variant.bandwidth as f64 / 1e6), picture)
    });
    let audio = multivariant.alternatives.iter().filter_map(|alternative| {
        Some((alternative.uri.clone()?, format!("audio {}", alternative.name), false))
    });
    video.chain(audio).collect()
}

/// Whether a variant says that it has a picture. One that says nothing has one.
fn has_picture(variant: &VariantStream) -> bool {
    let sounds = ["mp4a.", "ac-3", "ec-3", "opus", "fLaC"];
    let is_sound = |codec: &str| sounds.iter().any(|sound| codec.trim().starts_with(sound));
    variant.resolution.is_some()
        || variant.codecs.as_deref().is_none_or(|codecs| !codecs.split(',').all(is_sound))
}

/// A player on a site, and the answers it got.
struct Viewer<'a> {
    client: Client,
    origin: &'a str,
    cookie: Option<&'a str>,
    served: Served,
}

impl<'a> Viewer<'a> {
    fn new(stage: &Stage<'a>) -> Self {
        let client = Client::new(PATIENCE, stage.cx.connection().network());
        Self { client, origin: stage.player, cookie: stage.cookie, served: Served::default() }
    }

    async fn get(&self, address: &Url) -> Result<Vec<u8>, Error> {
        let cookie = self.cookie.map(|cookie| ("cookie", cookie));
        let headers: Vec<_> = std::iter::once(("origin", self.origin)).chain(cookie).collect();
        let answer = self.client.get(address, &headers).await.map_err(|why| unplayable(address, &why))?;
        if !answer.status.is_success() {
            return Err(unplayable(address, &format!("the viewer's address answers {}", answer.status)));
        }
        self.served.note(address.path(), &answer.headers, self.origin);
        Ok(answer.body.to_vec())
    }
}

async fn rendition(
    viewer: &Viewer<'_>,
    address: Url,
    uri: String,
    label: String,
    picture: bool,
    folder: &Path,
) -> Result<Fetched, Error> {
    let text = viewer.get(&address).await?;
    let (_, playlist) = m3u8_rs::parse_media_playlist(&text)
        .ok()
        .filter(|_| text.starts_with(FIRST_LINE))
        .ok_or_else(|| unplayable(&address, &"it is not a media playlist"))?;
    if playlist.segments.is_empty() || !playlist.end_list {
        return Err(unplayable(&address, &"it is not a complete video (no segments, or no EXT-X-ENDLIST)"));
    }
    tokio::fs::create_dir_all(folder).await.map_err(|error| unplayable(&address, &error))?;
    let sizes: Vec<u64> = stream::iter(parts(&playlist))
        .map(|(uri, name)| {
            let target = address.join(&uri).map_err(|error| unplayable(&address, &error));
            async move { save(viewer, target?, &folder.join(name)).await }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let segments = &playlist.segments;
    let files: Vec<PathBuf> = segments.iter().map(|segment| folder.join(file_name(&segment.uri))).collect();
    let header = segments.iter().find_map(|segment| Some(folder.join(file_name(&segment.map.as_ref()?.uri))));
    let local = folder.join("local.m3u8");
    write_local(playlist.clone(), &local).map_err(|error| unplayable(&address, &error))?;
    Ok(Fetched {
        address: address.to_string(),
        uri,
        label,
        picture,
        playlist: local,
        seconds: segments.iter().map(|segment| f64::from(segment.duration)).sum(),
        segments: segments.len(),
        bytes: sizes.iter().sum(),
        files,
        header,
        media: playlist,
    })
}

/// Every file that a media playlist names, each once, with a name for it on disk.
fn parts(playlist: &MediaPlaylist) -> Vec<(String, String)> {
    let maps = playlist.segments.iter().filter_map(|segment| segment.map.as_ref().map(|map| map.uri.clone()));
    let segments = playlist.segments.iter().map(|segment| segment.uri.clone());
    let mut uris: Vec<String> = Vec::new();
    for uri in maps.chain(segments) {
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    uris.into_iter().map(|uri| (uri.clone(), file_name(&uri))).collect()
}

fn file_name(uri: &str) -> String {
    uri.split(['?', '#']).next().unwrap_or(uri).replace(['/', '\\', ':'], "_")
}

async fn save(viewer: &Viewer<'_>, address: Url, file: &Path) -> Result<u64, Error> {
    let bytes = viewer.get(&address).await?;
    if bytes.is_empty() {
        return Err(unplayable(&address, &"it is empty"));
    }
    tokio::fs::write(file, &bytes).await.map_err(|error| unplayable(&address, &error))?;
    Ok(bytes.len() as u64)
}

fn write_local(mut playlist: MediaPlaylist, file: &Path) -> std::io::Result<()> {
    for segment in &mut playlist.segments {
        segment.uri = file_name(&segment.uri);
        if let Some(map) = &mut segment.map {
            map.uri = file_name(&map.uri);
        }
    }
    playlist.write_to(&mut std::fs::File::create(file)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_may_be_sound_alone() {
        let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=130000,CODECS=\"mp4a.40.2\"\na.m3u8\n\
                    #EXT-X-STREAM-INF:BANDWIDTH=1300000,CODECS=\"avc1.4d401e,mp4a.40.2\",RESOLUTION=640x360\nb.m3u8\n\
                    #EXT-X-STREAM-INF:BANDWIDTH=1300000\nc.m3u8\n";
        let (_, multivariant) = m3u8_rs::parse_master_playlist(text.as_bytes()).unwrap();
        let named: Vec<(String, bool)> =
            named(&multivariant).into_iter().map(|(_, label, picture)| (label, picture)).collect();
        let expected = [("audio 0.1 Mbit/s", false), ("640x360 1.3 Mbit/s", true), (" 1.3 Mbit/s", true)];
        assert_eq!(named, expected.map(|(label, picture)| (label.to_owned(), picture)));
    }
}
