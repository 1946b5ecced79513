//! The resource of a policy: which URLs the path opens that somebody asked to sign.
//!
//! CloudFront compares the resource with the requested URL as text. `*` matches any characters, slashes too, and `?`
//! matches any one character. So a resource is built only here, and opens at most one asset unless more is asked for.

use asset::output::ASSETS;
use miette::Diagnostic;

/// What to sign.
#[derive(Clone, Copy, Debug)]
pub struct SignRequest<'a> {
    /// The playback address, without a slash at its end.
    pub base: &'a str,
    /// The path under it, or a URL that begins with it. A `*` stands for any characters.
    pub path: &'a str,
    /// Whether to open everything in the path's folder, as cookies do.
    pub folder: bool,
    /// Whether more than one asset may be opened.
    pub whole: bool,
}

/// Why a path is not signed.
#[derive(Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum NotSigned {
    /// It is a URL of another site.
    #[error("`{url}` is not a URL of this stack, which plays at {base}")]
    #[diagnostic(help(
        "write the path alone, such as assets/ID/index.m3u8, or a URL that begins with {base}/"
    ))]
    OtherSite {
        /// The URL.
        url: String,
        /// The playback address.
        base: String,
    },
    /// It has a `?`.
    #[error("`{path}` has a `?`, which matches any one character in a policy")]
    #[diagnostic(help("leave the query string out: the distribution does not look at it"))]
    Query {
        /// The path.
        path: String,
    },
    /// It has a character that no published path has.
    #[error("`{path}` has a character that no published path has: `{character}`")]
    #[diagnostic(help("write letters, digits, `-`, `_`, `.` and `/`, and `*` for any characters"))]
    Character {
        /// The path.
        path: String,
        /// The character.
        character: String,
    },
    /// It has a part that is empty or relative.
    #[error("`{path}` has `//`, `.` or `..` in it, which no published path has")]
    #[diagnostic(help("write the path as it is published, such as assets/ID/index.m3u8"))]
    Part {
        /// The path.
        path: String,
    },
    /// It is a folder, and a URL was asked for.
    #[error("{folder} is a folder, and a URL opens one file")]
    #[diagnostic(help(
        "name the file; or say --cookies, or write {folder}*, to open everything in the folder"
    ))]
    Folder {
        /// The folder's URL.
        folder: String,
    },
    /// It is a folder with all assets in it, and a URL was asked for.
    #[error("{folder} is the folder of all assets, and a URL opens one file")]
    #[diagnostic(help(
        "name the file: assets/ID/index.m3u8; or say --cookies with assets/ID, to open all of one asset"
    ))]
    Above {
        /// The folder's URL.
        folder: String,
    },
    /// It opens more than one asset.
    #[error("this would open {resource}, which is not limited to one asset")]
    #[diagnostic(help(
        "write the asset: assets/ID for all of it, or assets/ID/index.m3u8; or say --whole to open all of {resource}"
    ))]
    Wide {
        /// What would have been opened.
        resource: String,
    },
}

impl SignRequest<'_> {
    /// The resource: a URL, or a pattern with `*`.
    ///
    /// # Errors
    /// When it would open more than was meant, or nothing that is published.
    pub fn resource(&self) -> Result<String, NotSigned> {
        let path = self.relative()?;
        well_formed(path)?;
        let pattern = self.pattern(path)?;
        let resource = format!("{}/{pattern}", self.base);
        if !self.whole && is_wide(&pattern) {
            return Err(NotSigned::Wide { resource });
        }
        Ok(resource)
    }

    /// The path below the playback address, without the slash at its beginning.
    fn relative(&self) -> Result<&str, NotSigned> {
        if !self.path.contains("://") {
            return Ok(self.path.strip_prefix('/').unwrap_or(self.path));
        }
        let url = self.path.split_at_checked(self.base.len());
        let below = url.filter(|(site, _)| site.eq_ignore_ascii_case(self.base)).map(|(_, below)| below);
        match below {
            Some("") => Ok(""),
            Some(below) if below.starts_with('/') => Ok(&below[1..]),
            _ => Err(NotSigned::OtherSite { url: shown(self.path), base: self.base.to_owned() }),
        }
    }

    /// The path, or the pattern for its folder. A path without a dot in its last part is a folder: asset ids and the
    /// folders in them have none, and all published files have one.
    fn pattern(&self, path: &str) -> Result<String, NotSigned> {
        if path.contains('*') {
            return Ok(path.to_owned());
        }
        let (parent, last) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = if last.contains('.') { parent } else { path.trim_end_matches('/') };
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        match (self.folder, last.contains('.')) {
            (true, _) => Ok(format!("{folder}*")),
            (false, true) => Ok(path.to_owned()),
            (false, false) => {
                let all = is_wide(&format!("{folder}*"));
                let folder = format!("{}/{folder}", self.base);
                Err(if all { NotSigned::Above { folder } } else { NotSigned::Folder { folder } })
            }
        }
    }
}

/// Refuses what CloudFront or a viewer may read as another path than the one written.
fn well_formed(path: &str) -> Result<(), NotSigned> {
    if path.contains('?') {
        return Err(NotSigned::Query { path: shown(path) });
    }
    let published = |c: char| c.is_ascii_alphanumeric() || "-_./*".contains(c);
    if let Some(other) = path.chars().find(|c| !published(*c)) {
        return Err(NotSigned::Character { path: shown(path), character: other.escape_debug().to_string() });
    }
    let mut parts = path.split('/');
    let relative = parts.any(|part| matches!(part, "." | ".."));
    if relative || path.starts_with('/') || path.contains("//") {
        return Err(NotSigned::Part { path: shown(path) });
    }
    Ok(())
}

/// True if a pattern can match URLs of more than one asset. A path without a wildcard opens one file.
fn is_wide(pattern: &str) -> bool {
    let one_asset =
        |below: &str| below.split_once('/').is_some_and(|(id, _)| !id.is_empty() && !id.contains('*'));
    pattern.contains('*') && !pattern.strip_prefix(ASSETS).is_some_and(one_asset)
}

/// What somebody wrote, safe to print.
fn shown(text: &str) -> String {
    text.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://v.example.com";

    /// What a path opens: as a URL, as cookies, and as cookies with `--whole`. Without the site, or the refusal.
    fn opens(path: &str) -> String {
        let open = |folder, whole| {
            let resource = SignRequest { base: BASE, path, folder, whole }.resource();
            match &resource {
                Ok(resource) => resource.strip_prefix(BASE).unwrap().to_owned(),
                Err(NotSigned::OtherSite { .. }) => "other site".to_owned(),
                Err(NotSigned::Query { .. }) => "query".to_owned(),
                Err(NotSigned::Character { character, .. }) => format!("character `{character}`"),
                Err(NotSigned::Part { .. }) => "part".to_owned(),
                Err(NotSigned::Folder { .. }) => "folder".to_owned(),
                Err(NotSigned::Above { .. }) => "folder of all".to_owned(),
                Err(NotSigned::Wide { .. }) => "WIDE".to_owned(),
            }
        };
        let columns = [open(false, false), open(false, true), open(true, false), open(true, true)];
        columns.join(" | ")
    }

    fn table(paths: &[&str]) -> String {
        let rows = paths.iter().map(|path| format!("{} | {}", shown(path), opens(path)));
        let head = "path | URL | URL --whole | --cookies | --cookies --whole".to_owned();
        std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\n")
    }

    /// What a refusal advises does not lead to the next refusal.
    #[test]
    fn the_advice_about_a_folder_is_taken() {
        let advice = |path| {
            let refused =
                SignRequest { base: BASE, path, folder: false, whole: false }.resource().unwrap_err();
            refused.help().unwrap().to_string()
        };
        let signs = |path, folder| {
            SignRequest { base: BASE, path, folder, whole: false }.resource().expect("it is advised");
        };
        assert!(advice("assets/a-1").contains("https://v.example.com/assets/a-1/*"));
        signs("https://v.example.com/assets/a-1/*", false);
        signs("assets/a-1", true);
        for above in ["", "assets", "assets/", "https://v.example.com/assets/"] {
            let advice = advice(above);
            assert!(advice.contains("assets/ID/index.m3u8") && !advice.contains('*'), "{above}: {advice}");
        }
        signs("assets/ID/index.m3u8", false);
        signs("assets/ID", true);
    }

    #[test]
    fn cookies_open_one_asset_and_a_url_opens_one_file() {
        insta::assert_snapshot!(table(&[
            "assets/a-1/index.m3u8",
            "/assets/a-1/index.m3u8",
            "assets/a-1",
            "assets/a-1/",
            "assets/a-1/0f/index_720p.m3u8",
            "assets/a-1/0f/thumbnails",
            "assets/a-1/thumbnails/frame.0.jpg",
            "https://v.example.com/assets/a-1",
            "HTTPS://V.Example.com/assets/a-1/index.m3u8",
        ]), @r"
        path | URL | URL --whole | --cookies | --cookies --whole
        assets/a-1/index.m3u8 | /assets/a-1/index.m3u8 | /assets/a-1/index.m3u8 | /assets/a-1/* | /assets/a-1/*
        /assets/a-1/index.m3u8 | /assets/a-1/index.m3u8 | /assets/a-1/index.m3u8 | /assets/a-1/* | /assets/a-1/*
        assets/a-1 | folder | folder | /assets/a-1/* | /assets/a-1/*
        assets/a-1/ | folder | folder | /assets/a-1/* | /assets/a-1/*
        assets/a-1/0f/index_720p.m3u8 | /assets/a-1/0f/index_720p.m3u8 | /assets/a-1/0f/index_720p.m3u8 | /assets/a-1/0f/* | /assets/a-1/0f/*
        assets/a-1/0f/thumbnails | folder | folder | /assets/a-1/0f/thumbnails/* | /assets/a-1/0f/thumbnails/*
        assets/a-1/thumbnails/frame.0.jpg | /assets/a-1/thumbnails/frame.0.jpg | /assets/a-1/thumbnails/frame.0.jpg | /assets/a-1/thumbnails/* | /assets/a-1/thumbnails/*
        https://v.example.com/assets/a-1 | folder | folder | /assets/a-1/* | /assets/a-1/*
        HTTPS://V.Example.com/assets/a-1/index.m3u8 | /assets/a-1/index.m3u8 | /assets/a-1/index.m3u8 | /assets/a-1/* | /assets/a-1/*
        ");
    }

    #[test]
    fn more_than_one_asset_must_be_asked_for() {
        insta::assert_snapshot!(table(&[
            "",
            "/",
            "assets",
            "assets/",
            "index.m3u8",
            "assets/index.m3u8",
            "other/index.m3u8",
            "a-1/index.m3u8",
            "https://v.example.com",
            "https://v.example.com/",
        ]), @"
        path | URL | URL --whole | --cookies | --cookies --whole
         | folder of all | folder of all | WIDE | /*
        / | folder of all | folder of all | WIDE | /*
        assets | folder of all | folder of all | WIDE | /assets/*
        assets/ | folder of all | folder of all | WIDE | /assets/*
        index.m3u8 | /index.m3u8 | /index.m3u8 | WIDE | /*
        assets/index.m3u8 | /assets/index.m3u8 | /assets/index.m3u8 | WIDE | /assets/*
        other/index.m3u8 | /other/index.m3u8 | /other/index.m3u8 | WIDE | /other/*
        a-1/index.m3u8 | /a-1/index.m3u8 | /a-1/index.m3u8 | WIDE | /a-1/*
        https://v.example.com | folder of all | folder of all | WIDE | /*
        https://v.example.com/ | folder of all | folder of all | WIDE | /*
        ");
    }

    #[test]
    fn a_wildcard_widens_unless_the_asset_is_written_out() {
        insta::assert_snapshot!(table(&[
            "*",
            "assets/*",
            "assets/a-1*",
            "assets/*-1/index.m3u8",
            "assets/*/index.m3u8",
            "assets*/a-1/index.m3u8",
            "*/a-1/*",
            "assets/a-1/*",
            "assets/a-1/*/index_720p*",
            "assets/a-1/*.ts",
            "Assets/a-1/*",
        ]), @r"
        path | URL | URL --whole | --cookies | --cookies --whole
        * | WIDE | /* | WIDE | /*
        assets/* | WIDE | /assets/* | WIDE | /assets/*
        assets/a-1* | WIDE | /assets/a-1* | WIDE | /assets/a-1*
        assets/*-1/index.m3u8 | WIDE | /assets/*-1/index.m3u8 | WIDE | /assets/*-1/index.m3u8
        assets/*/index.m3u8 | WIDE | /assets/*/index.m3u8 | WIDE | /assets/*/index.m3u8
        assets*/a-1/index.m3u8 | WIDE | /assets*/a-1/index.m3u8 | WIDE | /assets*/a-1/index.m3u8
        */a-1/* | WIDE | /*/a-1/* | WIDE | /*/a-1/*
        assets/a-1/* | /assets/a-1/* | /assets/a-1/* | /assets/a-1/* | /assets/a-1/*
        assets/a-1/*/index_720p* | /assets/a-1/*/index_720p* | /assets/a-1/*/index_720p* | /assets/a-1/*/index_720p* | /assets/a-1/*/index_720p*
        assets/a-1/*.ts | /assets/a-1/*.ts | /assets/a-1/*.ts | /assets/a-1/*.ts | /assets/a-1/*.ts
        Assets/a-1/* | WIDE | /Assets/a-1/* | WIDE | /Assets/a-1/*
        ");
    }

    #[test]
    fn what_may_be_read_as_another_path_is_refused() {
        insta::assert_snapshot!(table(&[
            "assets/a-1/index.m3u8?x=1",
            "assets/a-?/index.m3u8",
            "assets/a-1/..",
            "assets/a-1/../b-2/index.m3u8",
            "assets/./a-1/index.m3u8",
            "assets//a-1/index.m3u8",
            "//assets/a-1/index.m3u8",
            "assets/a-1//",
            "assets/a-1/%2e%2e/b-2/index.m3u8",
            "assets/a-1\\..\\b-2/index.m3u8",
            "assets/a-1/index.m3u8#t",
            "assets/a 1/index.m3u8",
            "assets/영상/index.m3u8",
            "assets/a-1/\u{1b}[2J",
            "https://v.example.com.evil/assets/a-1",
            "https://evil.example/assets/a-1",
            "http://v.example.com/assets/a-1",
            "//evil.example/assets/a-1",
        ]), @r"
        path | URL | URL --whole | --cookies | --cookies --whole
        assets/a-1/index.m3u8?x=1 | query | query | query | query
        assets/a-?/index.m3u8 | query | query | query | query
        assets/a-1/.. | part | part | part | part
        assets/a-1/../b-2/index.m3u8 | part | part | part | part
        assets/./a-1/index.m3u8 | part | part | part | part
        assets//a-1/index.m3u8 | part | part | part | part
        //assets/a-1/index.m3u8 | part | part | part | part
        assets/a-1// | part | part | part | part
        assets/a-1/%2e%2e/b-2/index.m3u8 | character `%` | character `%` | character `%` | character `%`
        assets/a-1\\..\\b-2/index.m3u8 | character `\\` | character `\\` | character `\\` | character `\\`
        assets/a-1/index.m3u8#t | character `#` | character `#` | character `#` | character `#`
        assets/a 1/index.m3u8 | character ` ` | character ` ` | character ` ` | character ` `
        assets/영상/index.m3u8 | character `영` | character `영` | character `영` | character `영`
        assets/a-1/\u{1b}[2J | character `\u{1b}` | character `\u{1b}` | character `\u{1b}` | character `\u{1b}`
        https://v.example.com.evil/assets/a-1 | other site | other site | other site | other site
        https://evil.example/assets/a-1 | other site | other site | other site | other site
        http://v.example.com/assets/a-1 | other site | other site | other site | other site
        //evil.example/assets/a-1 | part | part | part | part
        ");
    }

    #[test]
    fn a_refusal_says_what_would_be_opened_and_what_to_write() {
        let refused = |path: &str, folder| {
            let refusal = SignRequest { base: BASE, path, folder, whole: false }.resource().unwrap_err();
            format!("{refusal}\n  {}", refusal.help().unwrap())
        };
        let all = [
            refused("assets", true),
            refused("", true),
            refused("assets/a-1", false),
            refused("assets/a-1/index.m3u8?x=1", true),
            refused("assets/a-1/\u{1b}]0;x\u{7}", true),
            refused("assets/../a-1", true),
            refused("https://evil.example/\u{202e}a", true),
        ];
        insta::assert_snapshot!(all.join("\n"), @r"
        this would open https://v.example.com/assets/*, which is not limited to one asset
          write the asset: assets/ID for all of it, or assets/ID/index.m3u8; or say --whole to open all of https://v.example.com/assets/*
        this would open https://v.example.com/*, which is not limited to one asset
          write the asset: assets/ID for all of it, or assets/ID/index.m3u8; or say --whole to open all of https://v.example.com/*
        https://v.example.com/assets/a-1/ is a folder, and a URL opens one file
          name the file; or say --cookies, or write https://v.example.com/assets/a-1/*, to open everything in the folder
        `assets/a-1/index.m3u8?x=1` has a `?`, which matches any one character in a policy
          leave the query string out: the distribution does not look at it
        `assets/a-1/\u{1b}]0;x\u{7}` has a character that no published path has: `\u{1b}`
          write letters, digits, `-`, `_`, `.` and `/`, and `*` for any characters
        `assets/../a-1` has `//`, `.` or `..` in it, which no published path has
          write the path as it is published, such as assets/ID/index.m3u8
        `https://evil.example/\u{202e}a` is not a URL of this stack, which plays at https://v.example.com
          write the path alone, such as assets/ID/index.m3u8, or a URL that begins with https://v.example.com/
        ");
    }
}
