//! The `delivery` section: CloudFront's options, and which viewers may play.

use std::borrow::Cow;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::countries::Country;
use super::identity::{AccountId, is_account};
use super::origin::PlayerOrigin;
use super::reader::{Scalar, Table, Value, Wrong};
use super::tree::Text;
use super::values::{no_choice, text};
use super::{KeyFiles, public_key};
use crate::sign::VerifyingKey;

/// CloudFront's limit of public keys in one key group.
const MAX_KEYS: usize = 5;

/// How CloudFront delivers the videos.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub struct Delivery {
    /// From which edges viewers are served: 100 is North America, Europe and Israel, 200 adds Africa, the Middle East
    /// and most of Asia, all is everywhere.
    pub price_class: PriceClass,
    /// Viewers' URLs and cookies must be signed with one of these keys. Absent: everything plays unsigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_urls: Option<SignedUrls>,
    /// The countries viewers may be in, by ISO 3166-1 code. Absent: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Country>", extend("uniqueItems" = true, "minItems" = 1))]
    pub allow_countries: Vec<String>,
    /// Sites whose pages may play (CORS), or * alone for every site.
    #[schemars(with = "Vec<PlayerOrigin>", extend("uniqueItems" = true, "minItems" = 1))]
    pub player_origins: Vec<String>,
    /// True keeps access logs of S3 and CloudFront in a logs bucket.
    pub access_logs: bool,
    /// The ARN of a web ACL of AWS WAF for CloudFront: global, so in us-east-1, and in this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^arn:aws:wafv2:us-east-1:[0-9]{12}:global/webacl/[\w-]{1,128}/[0-9a-f-]{36}$"))]
    pub web_acl: Option<String>,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            price_class: PriceClass::default(),
            signed_urls: None,
            allow_countries: Vec::new(),
            player_origins: every_site(),
            access_logs: false,
            web_acl: None,
        }
    }
}

fn every_site() -> Vec<String> {
    vec!["*".to_owned()]
}

/// A price class of CloudFront.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum PriceClass {
    /// North America, Europe and Israel.
    #[serde(rename = "100")]
    Class100,
    /// Also Africa, the Middle East and most of Asia.
    #[serde(rename = "200")]
    Class200,
    /// Everywhere.
    #[default]
    #[serde(rename = "all")]
    All,
}

impl Scalar for PriceClass {
    const EXAMPLE: &'static str = "all";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        match written.text.as_str() {
            "100" => Ok(Self::Class100),
            "200" => Ok(Self::Class200),
            "all" => Ok(Self::All),
            other => Err(no_choice(other, &["100", "200", "all"])),
        }
    }
}

impl JsonSchema for PriceClass {
    fn schema_name() -> Cow<'static, str> {
        "PriceClass".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A price class of CloudFront.", "enum": [100, 200, "100", "200", "all"] })
    }
}

/// The keys that viewers' URLs and cookies must be signed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SignedUrls {
    /// PEM files of public keys, RSA 2048 or ECDSA P-256, relative to the stack file. Rotate by adding one, and later
    /// removing the other.
    #[schemars(with = "Vec<String>", length(min = 1, max = MAX_KEYS), extend("uniqueItems" = true))]
    pub public_keys: Vec<PathBuf>,
    /// The contents of the files, in the same order. Empty if the stack file was read without its directory.
    #[serde(skip)]
    #[schemars(skip)]
    pub pems: Vec<String>,
}

/// Reads `delivery`. `key_files` reads the public keys; with `None` they are not read.
pub(super) fn read(
    table: &Table<'_>,
    account: Option<&AccountId>,
    key_files: Option<KeyFiles<'_>>,
) -> Option<Delivery> {
    let price_class = table.or("price_class", PriceClass::default());
    let signed_urls = table.section("signed_urls", None, |table| signed_urls(table, key_files).map(Some));
    let allow_countries = table
        .get("allow_countries")
        .map_or(Some(Vec::new()), |value| filled::<Country>(&value, "every country is allowed without it"));
    let player_origins =
        table.get("player_origins").map_or(Some(None), |value| player_origins(&value).map(Some));
    let access_logs = table.or("access_logs", false);
    let web_acl = table
        .optional::<WebAcl>("web_acl")
        .filter(|acl| acl.as_ref().is_none_or(|acl| acl.belongs(table, account)));
    Some(Delivery {
        price_class: price_class?,
        signed_urls: signed_urls?,
        allow_countries: allow_countries?.into_iter().map(|Country(code)| code).collect(),
        player_origins: player_origins?.unwrap_or_else(every_site),
        access_logs: access_logs?,
        web_acl: web_acl?.map(|acl| acl.arn),
    })
}

/// A list that must not be empty, because an empty list could mean all or none.
fn filled<T: Scalar + PartialEq>(value: &Value<'_>, absent: &str) -> Option<Vec<T>> {
    let items = value.read_items::<T>()?;
    if items.is_empty() {
        let help = format!("name at least one, or remove the key: {absent}");
        value.reject(Wrong::new("must not be empty", "an empty list", help));
        return None;
    }
    Some(items)
}

fn player_origins(value: &Value<'_>) -> Option<Vec<String>> {
    let origins = filled::<PlayerOrigin>(value, "every site may play without it")?;
    let origins: Vec<_> = origins.into_iter().map(|PlayerOrigin(origin)| origin).collect();
    if origins.len() > 1 && origins.iter().any(|origin| origin == "*") {
        value.reject(Wrong::new(
            "cannot combine `*` with others",
            "`*` already means every site",
            "either [\"*\"], or the sites by name",
        ));
        return None;
    }
    Some(origins)
}

fn signed_urls(table: &Table<'_>, key_files: Option<KeyFiles<'_>>) -> Option<SignedUrls> {
    let Some(value) = table.get("public_keys") else {
        table.missing("public_keys", "[keys/viewer-2026.pem]");
        return None;
    };
    let keys = filled::<KeyFile>(&value, "nothing needs a signature without `signed_urls`")?;
    if keys.len() > MAX_KEYS {
        value.reject(Wrong::new(
            "holds too many keys",
            format!("{} keys", keys.len()),
            format!("a key group of CloudFront takes {MAX_KEYS}"),
        ));
        return None;
    }
    let pems = key_files.map_or(Some(Vec::new()), |key_files| every_key(&value, &keys, key_files));
    Some(SignedUrls { public_keys: keys.into_iter().map(|KeyFile(path)| path).collect(), pems: pems? })
}

/// The contents of the key files, if every file is valid and no two hold the same key.
fn every_key(value: &Value<'_>, keys: &[KeyFile], key_files: KeyFiles<'_>) -> Option<Vec<String>> {
    let mut pems = Vec::new();
    let mut seen = Vec::new();
    for (item, KeyFile(path)) in value.items().into_iter().flatten().zip(keys) {
        match public_key::read(&key_files.directory.join(path), key_files.read_file) {
            Ok(pem) => {
                let digest = VerifyingKey::from_pem(&pem).map(|key| key.digest()).ok();
                if seen.contains(&digest) {
                    let help = "each key once: remove this file, or put another key into it";
                    item.reject(Wrong::new("holds a key that the list has already", "the same key", help));
                }
                seen.push(digest);
                pems.push(pem);
            }
            Err(fault) => {
                let help = "a public key in PEM, RSA 2048 or ECDSA P-256, next to the stack file: openssl pkey -in viewer.key -pubout";
                item.reject(Wrong::new("is not a public key that CloudFront takes", fault, help));
            }
        }
    }
    (pems.len() == keys.len()).then_some(pems)
}

/// The path of a PEM file.
#[derive(PartialEq)]
struct KeyFile(PathBuf);

impl Scalar for KeyFile {
    const EXAMPLE: &'static str = "keys/viewer-2026.pem";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        match text(written)? {
            "" => Err(Wrong::new(
                "is not a path",
                "it is empty",
                "a path relative to the stack file, such as keys/viewer-2026.pem",
            )),
            path => Ok(Self(PathBuf::from(path))),
        }
    }
}

/// The ARN of a web ACL, and the account in it.
struct WebAcl {
    arn: String,
    account: String,
}

impl Scalar for WebAcl {
    const EXAMPLE: &'static str = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/NAME/ID";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let arn = text(written)?;
        let help = format!("the ARN of a web ACL with scope CLOUDFRONT: {}", Self::EXAMPLE);
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let label = match parts[..] {
            ["arn", "aws", "wafv2", "us-east-1", account, resource]
                if is_account(account) && is_global_acl(resource) =>
            {
                return Ok(Self { arn: arn.to_owned(), account: account.to_owned() });
            }
            ["arn", "aws", "wafv2", region, _, _] if region != "us-east-1" => {
                "CloudFront only takes global web ACLs, which are in us-east-1"
            }
            ["arn", "aws", "wafv2", _, _, resource] if resource.starts_with("regional/") => {
                "a regional one, which CloudFront does not take"
            }
            _ => "not such an ARN",
        };
        Err(Wrong::new("is not a web ACL for CloudFront", label, help))
    }
}

impl WebAcl {
    /// CloudFront only takes web ACLs of its own account.
    fn belongs(&self, table: &Table<'_>, account: Option<&AccountId>) -> bool {
        let right = account.is_none_or(|account| account.as_str() == self.account);
        if let (false, Some(value)) = (right, table.get("web_acl")) {
            let label = format!(
                "account {}, but the stack's is {}",
                self.account,
                account.map_or("", AccountId::as_str)
            );
            value.reject(Wrong::new(
                "is in another account",
                label,
                "CloudFront takes web ACLs of its own account only",
            ));
        }
        right
    }
}

fn is_global_acl(resource: &str) -> bool {
    let parts: Vec<&str> = resource.split('/').collect();
    let word = |text: &str| {
        text.len() <= 128
            && !text.is_empty()
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    let id = |text: &str| {
        text.len() == 36 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
    };
    matches!(parts[..], ["global", "webacl", name, key] if word(name) && id(key))
}
