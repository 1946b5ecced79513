//! The regions that a stack can use. Not every region has MediaConvert.
//!
//! From the endpoint data of botocore 1.43 (services `mediaconvert` and `lambda`, partition `aws`); every
//! region there has Lambda.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::reader::{Scalar, Wrong, listed, nearest};
use super::tree::Text;
use super::values::text;

/// A region of AWS that has MediaConvert, such as `ap-northeast-2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Region(&'static str);

impl Region {
    /// Its code, such as `ap-northeast-2`.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// A pattern for every region.
    pub(super) const fn any() -> Self {
        Self("*")
    }

    /// Any region but these.
    pub(super) fn other_than(these: &[&str]) -> Self {
        let other = MEDIACONVERT.iter().find(|region| !these.contains(region));
        Self(other.expect("AWS has more regions than are left out"))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl JsonSchema for Region {
    fn schema_name() -> Cow<'static, str> {
        "Region".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "A region of AWS that has MediaConvert.", "enum": MEDIACONVERT })
    }
}

impl Scalar for Region {
    const EXAMPLE: &'static str = "ap-northeast-2";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let code = text(written)?;
        if let Some(region) = MEDIACONVERT.iter().find(|region| **region == code) {
            return Ok(Self(region));
        }
        Err(without(code).unwrap_or_else(|| unknown(code)))
    }
}

/// The message for an existing region without MediaConvert.
fn without(code: &str) -> Option<Wrong> {
    let (_, name, near) = WITHOUT_MEDIACONVERT.iter().find(|(region, ..)| *region == code)?;
    let says = format!("cannot be {code}: {name} has no MediaConvert");
    Some(Wrong::new(
        says,
        "nothing could transcode here",
        format!("the nearest regions that have it: {}", near.join(", ")),
    ))
}

fn unknown(code: &str) -> Wrong {
    let help = format!("allowed: {}", listed(MEDIACONVERT));
    let other = [
        ("cn-", "China"),
        ("us-gov-", "GovCloud (US)"),
        ("us-iso", "a secret region"),
        ("eusc-", "the European Sovereign Cloud"),
    ];
    if let Some((_, partition)) = other.iter().find(|(prefix, _)| code.starts_with(prefix)) {
        let says = format!("cannot be {code}: it is in {partition}");
        return Wrong::new(says, "only commercial regions of AWS are supported", help);
    }
    let near = nearest(code, MEDIACONVERT);
    let label = near.map_or_else(|| "no such region".to_owned(), |near| format!("did you mean `{near}`?"));
    Wrong::new(format!("is not a region of AWS: {code}"), label, help)
}

/// Every commercial region that has MediaConvert.
const MEDIACONVERT: &[&str] = &[
    "af-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-4",
    "ap-southeast-5",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "me-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Every other commercial region: code, name, and the nearest ones that have MediaConvert.
const WITHOUT_MEDIACONVERT: &[(&str, &str, &[&str])] = &[
    ("ap-east-1", "Asia Pacific (Hong Kong)", &["ap-southeast-1", "ap-northeast-1"]),
    ("ap-east-2", "Asia Pacific (Taipei)", &["ap-northeast-3", "ap-northeast-1"]),
    ("ap-south-2", "Asia Pacific (Hyderabad)", &["ap-south-1"]),
    ("ap-southeast-3", "Asia Pacific (Jakarta)", &["ap-southeast-1", "ap-southeast-5"]),
    ("ap-southeast-6", "Asia Pacific (New Zealand)", &["ap-southeast-2", "ap-southeast-4"]),
    ("ap-southeast-7", "Asia Pacific (Thailand)", &["ap-southeast-5", "ap-southeast-1"]),
    ("ca-west-1", "Canada West (Calgary)", &["us-west-2", "ca-central-1"]),
    ("eu-central-2", "Europe (Zurich)", &["eu-central-1", "eu-west-3"]),
    ("eu-south-1", "Europe (Milan)", &["eu-central-1", "eu-west-3"]),
    ("eu-south-2", "Europe (Spain)", &["eu-west-3", "eu-west-1"]),
    ("il-central-1", "Israel (Tel Aviv)", &["eu-central-1", "me-central-1"]),
    ("me-south-1", "Middle East (Bahrain)", &["me-central-1"]),
    ("mx-central-1", "Mexico (Central)", &["us-east-2", "us-west-1"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_disjoint_and_well_formed() {
        assert!(MEDIACONVERT.is_sorted());
        assert!(WITHOUT_MEDIACONVERT.is_sorted());
        for code in MEDIACONVERT.iter().chain(WITHOUT_MEDIACONVERT.iter().map(|(code, ..)| code)) {
            let parts: Vec<_> = code.split('-').collect();
            assert!(parts.len() == 3 && parts[2].parse::<u8>().is_ok(), "{code}");
            assert!(code.len() <= 14, "{code} makes bucket names longer than planned for");
        }
        for (code, name, near) in WITHOUT_MEDIACONVERT {
            assert!(!MEDIACONVERT.contains(code) && !name.is_empty() && !near.is_empty());
            assert!(near.iter().all(|region| MEDIACONVERT.contains(region)), "{code}");
        }
    }
}
