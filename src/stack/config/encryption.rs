//! The `encryption` section: the team's own KMS key for what the stack stores.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::identity::is_account;
use super::reader::{Scalar, Table, Wrong};
use super::region::Region;
use super::tree::Text;
use super::values::text;
use crate::model::Scope;

/// The KMS key that encrypts what the stack stores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Encryption {
    /// The ARN of a symmetric KMS key in the stack's region, or `alias/NAME`. The key is the team's own: provision never
    /// changes its policy, and a plan says what is missing in it.
    pub kms_key: KmsKey,
}

/// A KMS key as a stack file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KmsKey {
    /// By its ARN.
    Arn(String),
    /// By an alias of the stack's account and region.
    Alias(String),
}

impl KmsKey {
    /// The ARN of the key, or of its alias.
    #[must_use]
    pub fn arn(&self, scope: &Scope) -> String {
        match self {
            Self::Arn(arn) => arn.clone(),
            Self::Alias(alias) => scope.arn("kms", alias),
        }
    }

    /// The alias, if it is named by one.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        match self {
            Self::Arn(_) => None,
            Self::Alias(alias) => Some(alias),
        }
    }
}

impl Serialize for KmsKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (Self::Arn(text) | Self::Alias(text)) = self;
        serializer.serialize_str(text)
    }
}

const PATTERN: &str = "^(arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})|alias/[a-zA-Z0-9/_-]{1,250})$";

impl JsonSchema for KmsKey {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "KmsKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": PATTERN, "not": { "pattern": "^alias/aws/" } })
    }
}

const HELP: &str =
    "arn:aws:kms:REGION:ACCOUNT:key/ID, or alias/NAME; the key must be symmetric, and the team must own it";

impl Scalar for KmsKey {
    const EXAMPLE: &'static str = "alias/media";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let key = text(written)?;
        let wrong = |label: &str| Wrong::new("is not a KMS key", label, HELP);
        if let Some(name) = key.strip_prefix("alias/") {
            let fits = |c: char| c.is_ascii_alphanumeric() || "/_-".contains(c);
            return match name {
                _ if name.starts_with("aws/") => {
                    Err(wrong("a key of AWS: nobody can let CloudFront and EventBridge use it"))
                }
                _ if (1..=250).contains(&name.len()) && name.chars().all(fits) => {
                    Ok(Self::Alias(key.to_owned()))
                }
                _ => Err(wrong("not the name of an alias")),
            };
        }
        let parts: Vec<&str> = key.splitn(6, ':').collect();
        match parts[..] {
            ["arn", "aws", "kms", _, account, resource] if is_account(account) => {
                match resource.split_once('/') {
                    Some(("key", id)) if is_key_id(id) => Ok(Self::Arn(key.to_owned())),
                    Some(("alias", name)) => Err(wrong(&format!("an ARN of an alias: write alias/{name}"))),
                    _ => Err(wrong("not the ARN of a key")),
                }
            }
            _ if is_key_id(key) => Err(wrong("only the id: write the whole ARN")),
            _ => Err(wrong("neither the ARN of a key nor an alias")),
        }
    }
}

/// The id of a key: a UUID, or that of a multi-Region key.
fn is_key_id(id: &str) -> bool {
    let hex = |text: &str| text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    if let Some(multi) = id.strip_prefix("mrk-") {
        return multi.len() == 32 && hex(multi);
    }
    let lengths: Vec<usize> = id.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && id.split('-').all(hex)
}

/// Reads `encryption`.
pub(super) fn read(table: &Table<'_>, region: Option<Region>) -> Option<Encryption> {
    let kms_key = table.required::<KmsKey>("kms_key")?;
    if let (KmsKey::Arn(arn), Some(region), Some(value)) = (&kms_key, region, table.get("kms_key")) {
        let found = arn.split(':').nth(3).unwrap_or_default();
        if found != region.as_str() {
            let label = format!("{found}, but the stack's region is {}", region.as_str());
            let help = "S3, SQS, SNS, Lambda and CloudWatch Logs take only a key of their own region";
            value.reject(Wrong::new("is in another region", label, help));
            return None;
        }
    }
    Some(Encryption { kms_key })
}
