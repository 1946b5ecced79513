//! The destinations and names of outputs, as MediaConvert builds them.
//!
//! A destination `s3://bucket/prefix/base` gives `prefix/base<modifier>.m3u8`. If it ends in `/`, the base is the
//! input's file name without its extension.

/// A bucket and a key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Object {
    pub(super) bucket: String,
    pub(super) key: String,
}

impl Object {
    /// Reads `s3://bucket/key`.
    pub(super) fn parse(uri: &str) -> Option<Self> {
        let (bucket, key) = uri.strip_prefix("s3://")?.split_once('/')?;
        let named = !bucket.is_empty() && !key.is_empty();
        named.then(|| Self { bucket: bucket.into(), key: key.into() })
    }

    /// `s3://bucket/key`.
    pub(super) fn uri(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }
}

/// An output group's destination.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Destination {
    bucket: String,
    /// With its trailing slash, or empty.
    prefix: String,
    base: String,
}

impl Destination {
    /// Reads a group's destination for the input at `input`; `None` if it is not an S3 URI.
    pub(super) fn parse(destination: &str, input: &str) -> Option<Self> {
        let (bucket, key) = destination.strip_prefix("s3://")?.split_once('/')?;
        let (prefix, base) = match key.rsplit_once('/') {
            Some((prefix, base)) => (format!("{prefix}/"), base),
            None => (String::new(), key),
        };
        let base = if base.is_empty() { stem(input) } else { base };
        (!bucket.is_empty()).then(|| Self { bucket: bucket.into(), prefix, base: base.into() })
    }

    /// The file name of an output, without the part after its name: `base<modifier>`.
    pub(super) fn name(&self, modifier: &str) -> String {
        format!("{}{modifier}", self.base)
    }

    /// The object for a file of this group.
    pub(super) fn object(&self, file: &str) -> Object {
        Object { bucket: self.bucket.clone(), key: format!("{}{file}", self.prefix) }
    }
}

fn stem(uri: &str) -> &str {
    let name = uri.rsplit('/').next().unwrap_or(uri);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_names_its_files() {
        let named = Destination::parse("s3://work/a/b/index", "s3://in/x.mp4").unwrap();
        assert_eq!(named.name("_720"), "index_720");
        assert_eq!(named.object("index_720_00001.ts").uri(), "s3://work/a/b/index_720_00001.ts");
        let folder = Destination::parse("s3://work/a/", "s3://in/some/film.final.mp4").unwrap();
        assert_eq!(folder.object(&folder.name("")).key, "a/film.final");
        let root = Destination::parse("s3://work/index", "s3://in/x.mp4").unwrap();
        assert_eq!(root.object("index.m3u8").key, "index.m3u8");
        assert_eq!(Destination::parse("https://work/a", "x"), None);
    }

    #[test]
    fn an_input_is_a_bucket_and_a_key() {
        assert_eq!(
            Object::parse("s3://b/k/x.mp4"),
            Some(Object { bucket: "b".into(), key: "k/x.mp4".into() })
        );
        for bad in ["s3://b", "s3://b/", "s3:///k", "https://b/k"] {
            assert_eq!(Object::parse(bad), None, "{bad}");
        }
    }
}
