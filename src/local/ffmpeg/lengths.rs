//! How long the tracks of an MP4 or QuickTime file are, from its headers (ISO/IEC 14496-12).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The most bytes of headers that are read.
const LARGEST: u64 = 64 << 20;

/// The length of each track in seconds, in the file's order. `None` if the file has no such headers.
pub(super) fn of_tracks(file: &Path) -> std::io::Result<Option<Vec<f64>>> {
    let mut file = File::open(file)?;
    let end = file.metadata()?.len();
    let mut at = 0;
    while at + 8 <= end {
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 16];
        let read = file.read(&mut head)?;
        let Some((kind, header, size)) = box_at(&head[..read]) else { return Ok(None) };
        let size = if size == 0 { end - at } else { size };
        if kind == *b"moov" && size <= LARGEST {
            file.seek(SeekFrom::Start(at + header))?;
            let mut body = Vec::new();
            file.take(size.saturating_sub(header)).read_to_end(&mut body)?;
            return Ok(Some(tracks(&body)));
        }
        at += size.max(8);
    }
    Ok(None)
}

/// Kind, length of the header, and size of the box that begins here. A size of 0 reaches to the end.
fn box_at(bytes: &[u8]) -> Option<([u8; 4], u64, u64)> {
    let size = u64::from(u32::from_be_bytes(*bytes.first_chunk()?));
    let kind = *bytes.get(4..)?.first_chunk()?;
    if size == 1 {
        return Some((kind, 16, u64::from_be_bytes(*bytes.get(8..)?.first_chunk()?)));
    }
    Some((kind, 8, size))
}

/// The boxes in a box, with their bodies.
fn boxes(mut bytes: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let mut found = Vec::new();
    while let Some((kind, header, size)) = box_at(bytes) {
        let size = if size == 0 { bytes.len() } else { usize::try_from(size).unwrap_or(usize::MAX) };
        let header = usize::try_from(header).unwrap_or(16);
        let Some(body) = bytes.get(header..size.min(bytes.len())) else { break };
        found.push((kind, body));
        bytes = &bytes[size.min(bytes.len())..];
    }
    found
}

fn inside<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).into_iter().find_map(|(found, body)| (found == *kind).then_some(body))
}

fn tracks(movie: &[u8]) -> Vec<f64> {
    let tracks = boxes(movie).into_iter().filter(|(kind, _)| kind == b"trak");
    tracks.map(|(_, track)| inside(track, b"mdia").and_then(length).unwrap_or(0.0)).collect()
}

/// The length in a media header: version 1 has times of eight bytes.
fn length(media: &[u8]) -> Option<f64> {
    let header = inside(media, b"mdhd")?;
    let word = |at: usize| Some(u32::from_be_bytes(*header.get(at..)?.first_chunk()?));
    let (scale, units) = match header.first()? {
        1 => (word(20)?, f64::from(word(24)?).mul_add(4_294_967_296.0, f64::from(word(28)?))),
        _ => (word(12)?, f64::from(word(16)?)),
    };
    (scale > 0).then(|| units / f64::from(scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len() + 8).unwrap();
        [&size.to_be_bytes(), kind.as_slice(), body].concat()
    }

    fn track(version: u8, scale: u32, units: u32) -> Vec<u8> {
        let times: &[u8] = if version == 1 { &[0; 16] } else { &[0; 8] };
        let high: &[u8] = if version == 1 { &[0; 4] } else { &[] };
        let header = [&[version, 0, 0, 0], times, &scale.to_be_bytes(), high, &units.to_be_bytes()].concat();
        boxed(b"trak", &boxed(b"mdia", &boxed(b"mdhd", &header)))
    }

    #[test]
    fn tracks_have_the_lengths_of_their_headers() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.mp4");
        let movie = boxed(
            b"moov",
            &[boxed(b"mvhd", &[0; 20]), track(0, 600, 3000), track(1, 48_000, 96_000)].concat(),
        );
        std::fs::write(&file, [boxed(b"ftyp", b"isom"), boxed(b"mdat", &[7; 100]), movie].concat()).unwrap();
        assert_eq!(of_tracks(&file).unwrap(), Some(vec![5.0, 2.0]));
        std::fs::write(&file, b"no such headers, but long enough").unwrap();
        assert_eq!(of_tracks(&file).unwrap(), None);
    }
}
