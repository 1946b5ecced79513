//! What opens a bucket or a topic: its public access block, access control lists, cross-origin rules, its keys.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{BeforeAfter, Broadening, Finding, PropertyPath, entries, pattern, properties};

properties! {
    "AWS::S3::Bucket" {
        PUBLIC_ACCESS = "PublicAccessBlockConfiguration";
        BLOCK_ACLS = "PublicAccessBlockConfiguration.BlockPublicAcls";
        BLOCK_POLICY = "PublicAccessBlockConfiguration.BlockPublicPolicy";
        IGNORE_ACLS = "PublicAccessBlockConfiguration.IgnorePublicAcls";
        RESTRICT = "PublicAccessBlockConfiguration.RestrictPublicBuckets";
        OBJECT_OWNERSHIP = "OwnershipControls.Rules[].ObjectOwnership";
        ENCRYPTION = "BucketEncryption.ServerSideEncryptionConfiguration[].ServerSideEncryptionByDefault.SSEAlgorithm";
        CORS_RULES = "CorsConfiguration.CorsRules";
        CORS_ORIGINS = "CorsConfiguration.CorsRules[].AllowedOrigins";
        CORS_METHODS = "CorsConfiguration.CorsRules[].AllowedMethods";
        CORS_HEADERS = "CorsConfiguration.CorsRules[].AllowedHeaders";
        CORS_EXPOSED = "CorsConfiguration.CorsRules[].ExposedHeaders";
    }
    "AWS::SNS::Topic" {
        TOPIC_KEY = "KmsMasterKeyId";
    }
    "AWS::SQS::Queue" {
        QUEUE_KEY = "KmsMasterKeyId";
    }
}

/// What opens a bucket or a topic further. A new one is compared with what AWS makes of a new bucket: closed.
pub(super) fn findings(sides: &BeforeAfter<'_>) -> Vec<Finding> {
    let Some(after) = sides.after else { return Vec::new() };
    match sides.kind {
        "AWS::S3::Bucket" => {
            let single = [public_access(sides, after), lists(sides, after), keys(sides, after)];
            single.into_iter().flatten().chain(cors(sides, after)).collect()
        }
        "AWS::SNS::Topic" => key_lost(sides, after, &TOPIC_KEY, TOPIC).into_iter().collect(),
        "AWS::SQS::Queue" => key_lost(sides, after, &QUEUE_KEY, QUEUE).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The flags of the public access block, and what each of them stops.
const FLAGS: [(PropertyPath, &str); 4] = [
    (BLOCK_ACLS, "grant public access with access control lists"),
    (BLOCK_POLICY, "grant public access with a bucket policy"),
    (IGNORE_ACLS, "use access that public access control lists grant"),
    (RESTRICT, "use access that a public bucket policy grants, from any account"),
];

fn public_access(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    let on = |properties: &Value, flag: &PropertyPath| *flag.of(properties) == true;
    let was_on = |flag: &PropertyPath| sides.before.is_none_or(|before| on(before, flag));
    let lost: Vec<_> = FLAGS.iter().filter(|(flag, _)| was_on(flag) && !on(after, flag)).collect();
    let flags: Vec<&str> = lost.iter().map(|(flag, _)| flag.name()).collect();
    let actions: Vec<&str> = lost.iter().map(|(_, action)| *action).collect();
    let origin = format!("{}: {} off", PUBLIC_ACCESS.path, flags.join(", "));
    (!lost.is_empty()).then(|| sides.finding(Broadening::Exposure, "*", &actions, origin))
}

/// Ownership, strictest first; absent is AWS's oldest default, the last.
const OWNERSHIP: [&str; 3] = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"];

fn ownership(properties: &Value) -> usize {
    let found = OBJECT_OWNERSHIP.of(properties).as_str();
    OWNERSHIP.iter().position(|name| found == Some(name)).unwrap_or(OWNERSHIP.len() - 1)
}

fn lists(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    let (before, after) = (sides.before.map_or(0, ownership), ownership(after));
    let origin = format!("{}: {} → {}", OBJECT_OWNERSHIP.path, OWNERSHIP[before], OWNERSHIP[after]);
    let actions = ["grant access with access control lists"];
    (after > before)
        .then(|| sides.finding(Broadening::Exposure, "anyone who can write objects", &actions, origin))
}

/// Without a KMS key, reading an object needs no permission for the key.
fn keys(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    let kms = |properties: &Value| {
        let found = ENCRYPTION.of(properties).as_str();
        found.is_some_and(|algorithm| algorithm.starts_with("aws:kms"))
    };
    let lost = sides.before.is_some_and(kms) && !kms(after);
    let origin = "BucketEncryption: new objects are no longer encrypted with a KMS key".to_owned();
    let actions = ["read new objects without permission for the KMS key"];
    lost.then(|| sides.finding(Broadening::Exposure, "anyone who can read the bucket", &actions, origin))
}

/// Who may do what once a topic or a queue has lost its key.
type Freed = (&'static str, &'static str);
const TOPIC: Freed = ("anyone who can use the topic", "publish without permission for the KMS key");
const QUEUE: Freed = ("anyone who can use the queue", "send and receive without permission for the KMS key");

fn key_lost(
    sides: &BeforeAfter<'_>,
    after: &Value,
    key: &PropertyPath,
    (who, action): Freed,
) -> Option<Finding> {
    let keyed = |properties: &Value| !key.of(properties).is_null();
    let lost = sides.before.is_some_and(keyed) && !keyed(after);
    let origin = format!("{}: removed", key.path);
    lost.then(|| sides.finding(Broadening::Exposure, who, &[action], origin))
}

/// A list of texts.
pub(super) fn set(list: &Value) -> BTreeSet<String> {
    entries(list).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What pages of a site may do by one cross-origin rule.
#[derive(Debug, Default)]
pub(super) struct Cors {
    pub(super) origins: BTreeSet<String>,
    pub(super) methods: BTreeSet<String>,
    /// Request headers.
    pub(super) headers: BTreeSet<String>,
    /// Response headers that scripts may read.
    pub(super) exposed: BTreeSet<String>,
    pub(super) credentials: bool,
}

impl Cors {
    fn of_rule(rule: &Value) -> Self {
        Self {
            origins: set(CORS_ORIGINS.within(rule)),
            methods: set(CORS_METHODS.within(rule)),
            headers: set(CORS_HEADERS.within(rule)),
            exposed: set(CORS_EXPOSED.within(rule)),
            credentials: true,
        }
    }

    /// The origins that this rule lets do something which none of the former rules lets them do.
    pub(super) fn gained(&self, before: &[Self]) -> Vec<&str> {
        let within = |inner: &BTreeSet<String>, outer: &BTreeSet<String>| {
            inner.iter().all(|inner| {
                outer.iter().any(|outer| {
                    outer == "ALL" || pattern::covers(&outer.to_lowercase(), &inner.to_lowercase())
                })
            })
        };
        let one = |text: &String| BTreeSet::from([text.clone()]);
        let may = |origin: &String, method: &String| {
            before.iter().any(|rule| {
                within(&one(origin), &rule.origins)
                    && within(&one(method), &rule.methods)
                    && within(&self.headers, &rule.headers)
                    && within(&self.exposed, &rule.exposed)
                    && (rule.credentials || !self.credentials)
            })
        };
        let gains = |origin: &&String| self.methods.iter().any(|method| !may(origin, method));
        self.origins.iter().filter(gains).map(String::as_str).collect()
    }
}

fn cors(sides: &BeforeAfter<'_>, after: &Value) -> Vec<Finding> {
    let rules =
        |properties: &Value| -> Vec<Cors> { entries(CORS_RULES.of(properties)).map(Cors::of_rule).collect() };
    let before = sides.before.map(rules).unwrap_or_default();
    rules(after)
        .iter()
        .filter_map(|rule| {
            let gained = rule.gained(&before);
            let methods: Vec<&str> = rule.methods.iter().map(String::as_str).collect();
            let origin = format!("{}: more access for {}", CORS_RULES.path, gained.join(", "));
            let who = format!("pages of {}", gained.join(", "));
            (!gained.is_empty()).then(|| sides.finding(Broadening::Exposure, &who, &methods, origin))
        })
        .collect()
}
