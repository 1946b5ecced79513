//! The `source` section: archiving, retention, upload origins, limits and deletions of the bucket of originals, and
//! what is taken.

use schemars::JsonSchema;
use serde::Serialize;

use super::identity::{Identity, bucket_prefixes};
use super::origin::UploadOrigin;
use super::reader::{Scalar, Table, Wrong};
use super::size::{Size, SizeUnit};
use super::tree::Text;
use super::values::{Days, Period, TimeUnit, choices, text};

/// A hundred years: a larger number is a typing error.
const MAX_DAYS: u32 = 36_500;
/// The largest object of S3 for most of its life, and enough for hours of studio masters.
const MAX_SIZE: Size = Size::new(5, SizeUnit::Tebi);
/// Longer than any film. What is longer is a mistake, or an attempt to make the stack encode for days.
const MAX_DURATION: Period = Period::new(24, TimeUnit::Hour);

/// The bucket of originals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub struct Source {
    /// The name of a bucket that exists in the stack's account and region, for originals. The stack reads it and never
    /// changes it. Absent: the stack has a bucket of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"))]
    pub bucket: Option<String>,
    /// How long after its upload a published original moves to Glacier Instant Retrieval, such as 30d. 0d moves it with
    /// the next run of the lifecycle rules. Absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive_after: Option<Days>,
    /// How long a replaced or deleted version is kept, such as 30d. Absent: forever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expire_noncurrent_after: Option<Days>,
    /// Sites whose pages may upload from the browser (CORS), such as `https://app.example.com`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<UploadOrigin>", extend("uniqueItems" = true))]
    pub upload_origins: Vec<String>,
    /// The largest upload that is transcoded, 1MiB to 50TiB. A larger one is refused: it stays in the bucket, and no
    /// encode starts.
    pub max_size: Size,
    /// The longest video that is transcoded, 1s to 48h. A longer one is refused, as far as the file says how long it is.
    /// An encode that turns out to be longer is not published.
    pub max_duration: Period,
    /// What becomes of a file with sound and no picture.
    pub audio: AudioFiles,
    /// What becomes of a published video whose original is deleted.
    pub on_delete: OnDelete,
}

choices! {
    /// What becomes of a file with sound and no picture.
    #[derive(Default)]
    pub enum AudioFiles {
        /// It is refused: it stays in the bucket, and no encode starts.
        #[default]
        Refuse = "refuse",
        /// Its sound is published.
        Publish = "publish",
    }
}

choices! {
    /// What becomes of a published video whose original is deleted.
    #[derive(Default)]
    pub enum OnDelete {
        /// It stays playable.
        #[default]
        Keep = "keep",
        /// Its renditions and stills are deleted, at the edges too.
        Unpublish = "unpublish",
    }
}

impl Default for Source {
    fn default() -> Self {
        Self {
            bucket: None,
            archive_after: None,
            expire_noncurrent_after: None,
            upload_origins: Vec::new(),
            max_size: MAX_SIZE,
            max_duration: MAX_DURATION,
            audio: AudioFiles::default(),
            on_delete: OnDelete::default(),
        }
    }
}

/// Reads `source`.
pub(super) fn read(table: &Table<'_>, identity: Option<&Identity>) -> Option<Source> {
    let bucket = table.optional::<BucketName>("bucket");
    let named = bucket.as_ref().and_then(Option::as_ref);
    let leaves_own = named.is_none_or(|name| is_not_own(table, name, identity));
    let leaves_theirs = named.is_none() || leaves_the_bucket(table);
    let archive_after = days(table, "archive_after", 0);
    let expire_noncurrent_after = days(table, "expire_noncurrent_after", 1);
    let upload_origins =
        table.get("upload_origins").map_or(Some(Vec::new()), |value| value.read_items::<UploadOrigin>());
    let max_size = table.or("max_size", MAX_SIZE).filter(|size| size_fits(table, *size));
    let max_duration = table.or("max_duration", MAX_DURATION).filter(|time| duration_fits(table, *time));
    let audio = table.or("audio", AudioFiles::default());
    let on_delete = table.or("on_delete", OnDelete::default());
    if !(leaves_own && leaves_theirs) {
        return None;
    }
    Some(Source {
        bucket: bucket?.map(|BucketName(name)| name),
        archive_after: archive_after?,
        expire_noncurrent_after: expire_noncurrent_after?,
        upload_origins: upload_origins?.into_iter().map(|UploadOrigin(origin)| origin).collect(),
        max_size: max_size?,
        max_duration: max_duration?,
        audio: audio?,
        on_delete: on_delete?,
    })
}

/// The name of a bucket.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
struct BucketName(String);

impl Scalar for BucketName {
    const EXAMPLE: &'static str = "media-archive";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let name = text(written)?;
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
        let alphanumeric = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let ends = alphanumeric(name.chars().next()) && alphanumeric(name.chars().next_back());
        let label = match name {
            _ if name.starts_with("arn:") || name.starts_with("s3:") => "only its last part is the name",
            _ if (3..=63).contains(&name.len())
                && name.chars().all(allowed)
                && ends
                && !name.contains("..") =>
            {
                return Ok(Self(name.to_owned()));
            }
            _ => "3 to 63 lower-case letters, digits, . and -",
        };
        let help = "the name of a bucket in the stack's account and region, such as media-archive";
        Err(Wrong::new("is not the name of a bucket", label, help))
    }
}

/// Refuses a bucket that the stack makes. What publish writes to it would be an upload, and the stack would remove its own
/// bucket of originals as one that is no longer declared.
fn is_not_own(table: &Table<'_>, BucketName(name): &BucketName, identity: Option<&Identity>) -> bool {
    let Some(identity) = identity else { return true };
    let own = bucket_prefixes(identity.stack.as_str(), identity.account.as_str());
    let is_own = own.iter().any(|prefix| name.starts_with(prefix.as_str()));
    if let (true, Some(value)) = (is_own, table.get("bucket")) {
        let help = "remove the key: the stack makes this bucket itself; or name a bucket of yours";
        value.reject(Wrong::new("is a bucket of the stack's own", "made by the stack", help));
    }
    !is_own
}

/// What the stack sets on its own bucket only.
const OF_OWN_BUCKET: [&str; 3] = ["archive_after", "expire_noncurrent_after", "upload_origins"];

/// Refuses what would change a bucket that is not the stack's.
fn leaves_the_bucket(table: &Table<'_>) -> bool {
    let set = OF_OWN_BUCKET.iter().filter_map(|key| Some((key, table.get(key)?)));
    let set = set.map(|(key, value)| {
        let help =
            "the stack never changes `source.bucket`: set this on the bucket itself, and remove the key here";
        value.reject(Wrong::new(
            "cannot be set together with `source.bucket`",
            "would change the bucket",
            help,
        ));
        key
    });
    set.count() == 0
}

fn size_fits(table: &Table<'_>, size: Size) -> bool {
    let (least, most) = (Size::new(1, SizeUnit::Mebi), Size::new(50, SizeUnit::Tebi));
    let label = match size.bytes() {
        bytes if bytes < least.bytes() => "too small for a video",
        bytes if bytes > most.bytes() => "larger than any object of S3",
        _ => return true,
    };
    if let Some(value) = table.get("max_size") {
        value.reject(Wrong::new(format!("cannot be {size}"), label, format!("{least} to {most}")));
    }
    false
}

fn duration_fits(table: &Table<'_>, time: Period) -> bool {
    let (least, most) = (Period::new(1, TimeUnit::Second), Period::new(48, TimeUnit::Hour));
    if (least.seconds()..=most.seconds()).contains(&time.seconds()) {
        return true;
    }
    if let Some(value) = table.get("max_duration") {
        let label = if time.seconds() == 0 { "too short for a video" } else { "too long for one video" };
        value.reject(Wrong::new(format!("cannot be {time}"), label, format!("{least} to {most}")));
    }
    false
}

/// S3 allows 0 days for a transition to Glacier Instant Retrieval, but at least 1 for an expiration.
fn days(table: &Table<'_>, key: &'static str, least: u32) -> Option<Option<Days>> {
    let days = table.optional::<Days>(key)?;
    let wrong = days.filter(|days| !(least..=MAX_DAYS).contains(&days.get()));
    if let (Some(days), Some(value)) = (wrong, table.get(key)) {
        let label = if days.get() < least { "too soon" } else { "longer than a hundred years" };
        value.reject(Wrong::new(format!("cannot be {days}"), label, format!("{least}d to {MAX_DAYS}d")));
        return None;
    }
    Some(days)
}
