//! Stack name, account, region and tags.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::reader::{Scalar, Table, Wrong};
use super::region::Region;
use super::tree::Text;
use super::values::text;
use crate::model::Scope;

/// The longest stack name. With the longest region it makes a name of 62 characters for the home bucket.
pub(super) const MAX_NAME: usize = 24;
/// The longest bucket name S3 takes.
const MAX_BUCKET: usize = 63;
/// AWS allows 50 tags a resource. The others are left for ownership tags and for tags that services add.
const MAX_TAGS: usize = 40;
/// Bucket name prefixes that S3 reserves.
const RESERVED: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
/// The first word of the names of home buckets. A policy for the stack `provision` would match the home bucket of every stack.
const HOME: &str = "provision";

/// A stack's name: 3 to 24 of a-z, 0-9 and hyphen, beginning with a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("pattern" = "^[a-z](-?[a-z0-9])*$", "minLength" = 3, "maxLength" = 24))]
pub struct StackName(pub(super) String);

impl StackName {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Scalar for StackName {
    const EXAMPLE: &'static str = "vod-staging";

    /// Checks everything except the maximum length, which [`read`] checks against the bucket names.
    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let name = text(written)?;
        let Some(fault) = fault(name) else { return Ok(Self(name.to_owned())) };
        let near = suggestion(name).filter(|_| !name.chars().all(is_allowed));
        let label = near.map_or_else(|| fault.clone(), |near| format!("{fault}: did you mean {near}?"));
        let help =
            "3 to 24 of a-z, 0-9 and single hyphens, beginning with a letter and not ending with a hyphen";
        Err(Wrong::new("is not a stack name", label, help))
    }
}

/// Whether stack names may contain the character.
fn is_allowed(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

/// Why a text is not a stack name, whatever its maximum length.
pub(super) fn fault(name: &str) -> Option<String> {
    if let Some(other) = name.chars().find(|c| !is_allowed(*c)) {
        Some(format!("`{}` is not allowed", other.escape_debug()))
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        Some("it does not begin with a letter".to_owned())
    } else if name.ends_with('-') {
        Some("it ends with a hyphen".to_owned())
    } else if let Some(reserved) = RESERVED.iter().find(|reserved| name.starts_with(**reserved)) {
        Some(format!("S3 keeps names that begin with `{reserved}` for itself"))
    } else if name.split('-').next() == Some(HOME) {
        Some(format!("names that begin with `{HOME}-` are kept for the stacks' home buckets"))
    } else if name.contains("--") {
        Some("two hyphens in a row".to_owned())
    } else if name.len() < 3 {
        Some("it is shorter than 3 characters".to_owned())
    } else {
        None
    }
}

/// The name with every character that is not allowed replaced by a hyphen, if the result is a valid name.
fn suggestion(name: &str) -> Option<String> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let near = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    let good = (3..=MAX_NAME).contains(&near.len()) && near.starts_with(|c: char| c.is_ascii_lowercase());
    good.then_some(near)
}

/// An AWS account's id: 12 digits, in quotes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("pattern" = "^[0-9]{12}$"))]
pub struct AccountId(String);

impl AccountId {
    /// The 12 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A pattern for every account.
    pub(super) fn any() -> Self {
        Self("*".to_owned())
    }

    /// An account of nobody, another one for each number.
    pub(super) fn numbered(number: usize) -> Self {
        Self(format!("{number:0>12}"))
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Scalar for AccountId {
    const EXAMPLE: &'static str = "\"111122223333\"";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let id = written.text.as_str();
        let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        if written.plain && digits && id.len() <= 12 {
            let says = "must be in quotes: YAML drops the leading zeros of a number";
            let label = if id.len() == 12 {
                "a number".to_owned()
            } else {
                format!("a number of {} digits: were there zeros before it?", id.len())
            };
            return Err(Wrong::new(says, label, format!("write \"{id:0>12}\"")));
        }
        if digits && id.len() == 12 {
            return Ok(Self(id.to_owned()));
        }
        let label = match id.replace('-', "") {
            plain if plain.len() == 12 && plain != id => "leave the hyphens out".to_owned(),
            _ if digits => format!("{} digits", id.len()),
            _ => "not 12 digits".to_owned(),
        };
        Err(Wrong::new(
            "is not an account id",
            label,
            "12 digits in quotes, as `aws sts get-caller-identity` prints them",
        ))
    }
}

/// True if the text has 12 digits, as in an ARN.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The content of each of the stack's buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BucketRole {
    /// Originals.
    Source,
    /// Unpublished encodes.
    Work,
    /// Published videos.
    Output,
    /// Access logs.
    Logs,
}

impl BucketRole {
    const ALL: [Self; 4] = [Self::Source, Self::Work, Self::Output, Self::Logs];

    /// The word for this role in the bucket's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Work => "work",
            Self::Output => "output",
            Self::Logs => "logs",
        }
    }
}

/// `<stack>-<role>-<account>-<region>`.
pub(super) fn bucket_name(stack: &str, role: BucketRole, account: &str, region: &str) -> String {
    format!("{stack}-{}-{account}-{region}", role.as_str())
}

/// The prefixes of the stack's bucket names; the region follows.
pub fn bucket_prefixes(stack: &str, account: &str) -> [String; 4] {
    BucketRole::ALL.map(|role| bucket_name(stack, role, account, ""))
}

/// Where a stack is deployed.
pub(super) struct Identity {
    pub(super) stack: StackName,
    pub(super) account: AccountId,
    pub(super) region: Region,
}

pub(super) fn read(top: &Table<'_>) -> Option<Identity> {
    let stack = top.required::<StackName>("stack");
    let account = top.required::<AccountId>("account");
    let region = top.required::<Region>("region");
    let stack = stack.filter(|stack| fits(top, stack, account.as_ref(), region));
    Some(Identity { stack: stack?, account: account?, region: region? })
}

/// Checks the name's length, and reports the bucket name that would be too long.
fn fits(top: &Table<'_>, stack: &StackName, account: Option<&AccountId>, region: Option<Region>) -> bool {
    let account = account.map_or("111122223333", AccountId::as_str);
    let region = region.map_or("ap-northeast-2", Region::as_str);
    let home = Scope { stack: stack.to_string(), account: account.to_owned(), region: region.to_owned() }
        .home_bucket();
    let buckets = BucketRole::ALL.map(|role| bucket_name(stack.as_str(), role, account, region));
    let buckets: Vec<String> = buckets.into_iter().chain([home]).collect();
    let longest = buckets.iter().max_by_key(|bucket| bucket.len()).map_or("", String::as_str);
    let name = stack.as_str().len();
    if name <= MAX_NAME && longest.len() <= MAX_BUCKET {
        return true;
    }
    let over = (name.saturating_sub(MAX_NAME)).max(longest.len().saturating_sub(MAX_BUCKET));
    let help = if longest.len() > MAX_BUCKET {
        format!("S3 allows {MAX_BUCKET} characters, and the bucket {longest} would have {}", longest.len())
    } else {
        format!(
            "at most {MAX_NAME} characters, so that the names of buckets and functions fit in every region"
        )
    };
    if let Some(value) = top.get("stack") {
        value.reject(Wrong::new(
            format!("is {over} too long"),
            format!("{name} characters, {MAX_NAME} at most"),
            help,
        ));
    }
    false
}

/// A tag's value: text, in the characters AWS takes.
struct TagValue(String);

impl Scalar for TagValue {
    const EXAMPLE: &'static str = "media";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let value = text(written)?;
        match tag_fault(value, 256) {
            Some(label) => Err(Wrong::new("is not a tag value that AWS takes", label, TAG_HELP)),
            None => Ok(Self(value.to_owned())),
        }
    }
}

pub(super) const TAG_HELP: &str =
    "keys up to 128, values up to 256 characters: letters, digits, space and _ . : / = + - @";

/// What AWS does not take in a key or value of a tag.
pub(super) fn tag_fault(text: &str, longest: usize) -> Option<String> {
    let count = text.chars().count();
    if count > longest {
        return Some(format!("{count} characters"));
    }
    let other = text.chars().find(|c| !(c.is_alphanumeric() || " _.:/=+-@".contains(*c)))?;
    Some(format!("`{}` is not allowed", other.escape_debug()))
}

/// Reads `tags`.
pub(super) fn tags(table: &Table<'_>) -> Option<BTreeMap<String, String>> {
    table.free();
    let mut tags = BTreeMap::new();
    let mut complete = true;
    for value in table.entries() {
        if let Some(wrong) = key_fault(value.name(), &tags) {
            value.reject_key(wrong);
            complete = false;
        }
        if tags.len() == MAX_TAGS {
            value.reject_key(Wrong::new(
                "is one tag too many",
                "no room for it",
                format!("at most {MAX_TAGS}: AWS takes 50 a resource, and ownership needs some"),
            ));
            return None;
        }
        match value.read::<TagValue>() {
            Some(TagValue(text)) => drop(tags.insert(value.name().to_owned(), text)),
            None => complete = false,
        }
    }
    complete.then_some(tags)
}

fn key_fault(key: &str, before: &BTreeMap<String, String>) -> Option<Wrong> {
    let lower = key.to_lowercase();
    if let Some(prefix) = ["aws:", "provision:"].iter().find(|prefix| lower.starts_with(**prefix)) {
        let owner = if *prefix == "aws:" { "AWS" } else { "ownership tags, which provision writes" };
        return Some(Wrong::new(
            "cannot be a tag",
            format!("`{prefix}` is reserved for {owner}"),
            "choose another key",
        ));
    }
    if let Some(twin) = before.keys().find(|other| other.to_lowercase() == lower) {
        return Some(Wrong::new(
            format!("differs from `{twin}` only in case"),
            "IAM treats them as the same key",
            "keep one of them",
        ));
    }
    let label = if key.is_empty() { Some("it is empty".to_owned()) } else { tag_fault(key, 128) };
    label.map(|label| Wrong::new("is not a tag key that AWS takes", label, TAG_HELP))
}

/// The schema of `tags`, with AWS's limits.
pub(super) fn tags_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": MAX_TAGS,
        "propertyNames": { "minLength": 1, "maxLength": 128, "not": { "pattern": "^([aA][wW][sS]|[pP][rR][oO][vV][iI][sS][iI][oO][nN]):" } },
        "additionalProperties": { "type": "string", "maxLength": 256 }
    })
}

#[cfg(test)]
mod tests {
    use super::super::stack_name::StackPrefix;
    use super::*;

    #[test]
    fn a_prefix_is_the_beginning_of_stack_names() {
        let told = |prefix: &str| match prefix.parse::<StackPrefix>() {
            Ok(prefix) => format!("{prefix}: ok"),
            Err(error) => format!("{prefix:?}: {error}"),
        };
        let prefixes = ["vod-pr-", "v-", "vod", "", "-", "vod*-", "VOD-", "9-", "vod--", "sthree-"];
        let long = "a-preview-of-the-service-";
        let lines: Vec<String> = prefixes.into_iter().chain([long]).map(told).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        vod-pr-: ok
        v-: ok
        "vod": it does not end with a hyphen; write the beginning of stack names with a hyphen at its end, such as vod-pr-
        "": it does not end with a hyphen; write the beginning of stack names with a hyphen at its end, such as vod-pr-
        "-": it does not begin with a letter; write the beginning of stack names with a hyphen at its end, such as vod-pr-
        "vod*-": `*` is not allowed; write the beginning of stack names with a hyphen at its end, such as vod-pr-
        "VOD-": `V` is not allowed; write the beginning of stack names with a hyphen at its end, such as vod-pr-
        "9-": it does not begin with a letter; write the beginning of stack names with a hyphen at its end, such as vod-pr-
        "vod--": two hyphens in a row; write the beginning of stack names with a hyphen at its end, such as vod-pr-
        "sthree-": S3 keeps names that begin with `sthree-` for itself; write the beginning of stack names with a hyphen at its end, such as vod-pr-
        "a-preview-of-the-service-": no stack name of at most 24 characters begins with it; write the beginning of stack names with a hyphen at its end, such as vod-pr-
        "#);
    }

    #[test]
    fn a_prefix_covers_the_stacks_whose_names_begin_with_it() {
        let prefix: StackPrefix = "vod-pr-".parse().unwrap();
        for (stack, covered) in
            [("vod-pr-1", true), ("vod-pr-1-b", true), ("vod-pr", false), ("vod-prod", false)]
        {
            assert_eq!(prefix.covers(&StackName(stack.to_owned())), covered, "{stack}");
        }
    }
}
