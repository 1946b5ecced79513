//! The RFC 6381 names of encoded streams, read from the streams.

/// AAC-LC.
pub(super) const AAC: &str = "mp4a.40.2";

/// The name of an H.264 or H.265 stream, from the bytes of a segment or header.
pub(super) fn name(bytes: &[u8], hevc: bool) -> Option<String> {
    if hevc {
        hevc_box(bytes).or_else(|| hevc_stream(bytes))
    } else {
        avc_box(bytes).or_else(|| avc_stream(bytes))
    }
}

/// Reads the sequence parameter set of an H.264 stream.
fn avc_stream(bytes: &[u8]) -> Option<String> {
    let start = bytes.windows(4).position(|window| window[..3] == [0, 0, 1] && window[3] & 0x1f == 7)?;
    avc(bytes.get(start + 4..start + 7)?)
}

fn avc_box(bytes: &[u8]) -> Option<String> {
    avc(after(bytes, b"avcC")?.get(1..4)?)
}

fn avc(profile: &[u8]) -> Option<String> {
    let [profile, constraints, level] = *profile else { return None };
    Some(format!("avc1.{profile:02x}{constraints:02x}{level:02x}"))
}

/// Reads the sequence parameter set of an H.265 stream: its type is 33, and the profile follows one byte later.
fn hevc_stream(bytes: &[u8]) -> Option<String> {
    let start =
        bytes.windows(4).position(|window| window[..3] == [0, 0, 1] && (window[3] >> 1) & 0x3f == 33)?;
    hevc(&unescape(bytes.get(start + 6..)?, 12))
}

fn hevc_box(bytes: &[u8]) -> Option<String> {
    hevc(after(bytes, b"hvcC")?.get(1..13)?)
}

/// The twelve bytes of a profile, tier and level, as ISO/IEC 14496-15 annex E names them.
fn hevc(record: &[u8]) -> Option<String> {
    let (&first, rest) = record.split_first()?;
    let compatibility = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?).reverse_bits();
    let constraints = rest.get(4..10)?;
    let level = rest.get(10)?;
    let tier = if first & 0x20 == 0 { 'L' } else { 'H' };
    let kept = constraints.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let constraints: String = constraints[..kept].iter().map(|byte| format!(".{byte:X}")).collect();
    Some(format!("hvc1.{}.{compatibility:X}.{tier}{level}{constraints}", first & 0x1f))
}

/// Removes the bytes that keep a start code from appearing inside a unit.
fn unescape(bytes: &[u8], count: usize) -> Vec<u8> {
    let mut plain = Vec::with_capacity(count);
    let mut zeros = 0;
    for &byte in bytes {
        if plain.len() == count {
            break;
        }
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        plain.push(byte);
    }
    plain
}

fn after<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    let start = bytes.windows(4).position(|window| window == name)?;
    bytes.get(start + 4..)
}

/// The ID3 tag with the start time of a raw AAC segment (RFC 8216, 3.4).
pub(super) fn timestamp_tag(seconds: f64) -> Vec<u8> {
    const OWNER: &[u8] = b"com.apple.streaming.transportStreamTimestamp\0";
    let ticks = ((seconds * 90_000.0).round() as u64) & 0x1_ffff_ffff;
    let frame = OWNER.len() as u32 + 8;
    let mut tag = b"ID3\x04\0\0".to_vec();
    tag.extend(syncsafe(frame + 10));
    tag.extend(b"PRIV");
    tag.extend(syncsafe(frame));
    tag.extend([0, 0]);
    tag.extend(OWNER);
    tag.extend(ticks.to_be_bytes());
    tag
}

fn syncsafe(number: u32) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (number >> shift & 0x7f) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_streams() {
        let stream = [0x47, 0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x67, 0x64, 0x00, 0x1f, 0xac];
        assert_eq!(name(&stream, false).as_deref(), Some("avc1.64001f"));
        let boxed = [b"....avcC\x01\x4d\x40\x1e".as_slice(), &[0xff]].concat();
        assert_eq!(name(&boxed, false).as_deref(), Some("avc1.4d401e"));
        let hevc = [0, 0, 1, 0x42, 1, 1, 0x01, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x5d, 0];
        assert_eq!(name(&hevc, true).as_deref(), Some("hvc1.1.6.L93.90"));
        assert_eq!(name(b"nothing", false), None);
    }

    #[test]
    fn a_timestamp_tag_has_the_size_it_says() {
        let tag = timestamp_tag(1.4);
        assert_eq!(tag.len(), 73);
        assert_eq!(tag[6..10], [0, 0, 0, 63]);
        assert_eq!(tag[65..], 126_000u64.to_be_bytes());
    }
}
