//! The keys in the output bucket, and the headers that viewers and CloudFront get with the objects.
//!
//! Runs are immutable. Only the multivariant playlist and `asset.json` are ever replaced
//! (`docs/decisions/published-layout.md`).

/// `Cache-Control` of objects that never change under their name: segments and thumbnails.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// `Cache-Control` of playlists and of `asset.json`: seconds.
pub const BRIEF: &str = "public, max-age=10";

/// The prefix of all assets.
pub const ASSETS: &str = "assets/";

/// The prefix of an asset, with a trailing slash.
#[must_use]
pub fn prefix(asset: &str) -> String {
    format!("{ASSETS}{asset}/")
}

/// The prefix of one run of an asset, with a trailing slash.
#[must_use]
pub fn run_prefix(asset: &str, run: &str) -> String {
    format!("{ASSETS}{asset}/{run}/")
}

/// The key of the multivariant playlist: the address for players.
#[must_use]
pub fn playlist(asset: &str) -> String {
    format!("{ASSETS}{asset}/index.m3u8")
}

/// The key of `asset.json`.
#[must_use]
pub fn description(asset: &str) -> String {
    format!("{ASSETS}{asset}/asset.json")
}

/// The `Content-Type` for a key, by its extension.
#[must_use]
pub fn content_type(key: &str) -> &'static str {
    match extension(key) {
        "m3u8" => "application/vnd.apple.mpegurl",
        "ts" => "video/mp2t",
        "mp4" | "m4s" | "m4v" | "cmfv" => "video/mp4",
        "m4a" | "cmfa" => "audio/mp4",
        "aac" => "audio/aac",
        "vtt" => "text/vtt",
        "jpg" | "jpeg" => "image/jpeg",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}

/// The `Cache-Control` for a key, by its extension.
#[must_use]
pub fn cache_control(key: &str) -> &'static str {
    match extension(key) {
        "m3u8" | "json" => BRIEF,
        _ => IMMUTABLE,
    }
}

fn extension(key: &str) -> &str {
    key.rsplit_once('.').map_or("", |(_, extension)| extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_follow_the_kind_of_file() {
        let headers = |key| (content_type(key), cache_control(key));
        assert_eq!(headers("a/b_00001.ts"), ("video/mp2t", IMMUTABLE));
        assert_eq!(headers("a/index.m3u8"), ("application/vnd.apple.mpegurl", BRIEF));
        assert_eq!(headers("a/asset.json"), ("application/json", BRIEF));
        assert_eq!(headers("a/frame.0000000.jpg"), ("image/jpeg", IMMUTABLE));
        assert_eq!(headers("a/init.cmfv"), ("video/mp4", IMMUTABLE));
        assert_eq!(headers("a/key"), ("application/octet-stream", IMMUTABLE));
    }
}
