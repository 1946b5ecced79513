//! IAM policy documents that compare by meaning.
//!
//! AWS may return a policy in another spelling: a string for a list of one, lists in another order, `AWS:SourceArn` for
//! `aws:SourceArn`, `true` for `"true"`. A [`PolicyDocument`] has one form for all spellings, made when it is built or
//! read. So an unchanged policy never shows a change. Follows the IAM user guide, "Grammar of the IAM JSON policy
//! language".

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::StringExpr;

/// Whether a statement allows or denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// Matching requests are allowed.
    Allow,
    /// Matching requests are always denied.
    Deny,
}

/// The principals of a statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// Everybody: `"*"`.
    Any,
    /// Principals by type: `Service`, `AWS`, `Federated`, `CanonicalUser`.
    Of(BTreeMap<String, BTreeSet<StringExpr>>),
}

impl Principal {
    /// An AWS service, by its principal name such as `lambda.amazonaws.com`.
    #[must_use]
    pub fn service(name: &str) -> Self {
        Self::Of(BTreeMap::from([("Service".to_owned(), BTreeSet::from([name.into()]))]))
    }

    /// Accounts, by the ARNs of their roots.
    #[must_use]
    pub fn accounts(roots: impl IntoIterator<Item = String>) -> Self {
        Self::Of(BTreeMap::from([("AWS".to_owned(), roots.into_iter().map(Into::into).collect())]))
    }
}

impl Serialize for Principal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str("*"),
            Self::Of(by_type) => by_type.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Principal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Of(BTreeMap<String, Inputs>),
        }
        match Written::deserialize(deserializer)? {
            Written::Text(text) if text == "*" => Ok(Self::Any),
            Written::Text(text) => Err(serde::de::Error::custom(format!("`{text}` is not a principal"))),
            Written::Of(by_type) => {
                Ok(Self::Of(by_type.into_iter().map(|(kind, list)| (kind, list.0)).collect()))
            }
        }
    }
}

/// A list of inputs that may be written as one string. Order and repetition have no meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
struct Inputs(BTreeSet<StringExpr>);

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let one = |value: Value| match value {
            Value::Bool(_) | Value::Number(_) => Ok(StringExpr::from(value.to_string())),
            other => serde_json::from_value(other).map_err(serde::de::Error::custom),
        };
        match Value::deserialize(deserializer)? {
            Value::Array(list) => list.into_iter().map(one).collect::<Result<_, D::Error>>().map(Self),
            single => Ok(Self(BTreeSet::from([one(single)?]))),
        }
    }
}

fn inputs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<StringExpr>, D::Error> {
    Inputs::deserialize(deserializer).map(|list| list.0)
}

/// Conditions: operator → key → values.
pub type Conditions = BTreeMap<String, BTreeMap<String, BTreeSet<StringExpr>>>;

fn conditions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Conditions, D::Error> {
    let written = BTreeMap::<String, BTreeMap<String, Inputs>>::deserialize(deserializer)?;
    let keys =
        |keys: BTreeMap<String, Inputs>| keys.into_iter().map(|(key, list)| (spell(&key), list.0)).collect();
    Ok(written.into_iter().map(|(operator, found)| (operator, keys(found))).collect())
}

/// Condition keys are compared without case. They are printed in these spellings.
const KEYS: &[&str] = &[
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:RequestTag/provision:stack",
    "aws:ResourceAccount",
    "aws:ResourceTag/provision:stack",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIp",
    "aws:SourceVpce",
    "iam:PassedToService",
    "iam:PermissionsBoundary",
    "kms:CallerAccount",
    "kms:EncryptionContext:aws:logs:arn",
    "kms:ResourceAliases",
    "kms:ViaService",
    "lambda:FunctionArn",
    "route53:ChangeResourceRecordSetsNormalizedRecordNames",
    "route53:ChangeResourceRecordSetsRecordTypes",
    "s3:ExistingObjectTag",
    "s3:prefix",
    "s3:x-amz-acl",
    "sts:ExternalId",
];

fn spell(key: &str) -> String {
    let known = KEYS.iter().find(|known| known.eq_ignore_ascii_case(key));
    known.map_or_else(|| key.to_ascii_lowercase(), |known| (*known).to_owned())
}

/// One statement of a policy. Absent members are left out when written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Statement {
    /// Its name within the policy.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sid: String,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Its principals. `None` in policies attached to a role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Principal>,
    /// The principals it excludes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_principal: Option<Principal>,
    /// Its actions.
    #[serde(default, deserialize_with = "inputs", skip_serializing_if = "BTreeSet::is_empty")]
    pub action: BTreeSet<StringExpr>,
    /// The actions it excludes.
    #[serde(default, deserialize_with = "inputs", skip_serializing_if = "BTreeSet::is_empty")]
    pub not_action: BTreeSet<StringExpr>,
    /// Its resources.
    #[serde(default, deserialize_with = "inputs", skip_serializing_if = "BTreeSet::is_empty")]
    pub resource: BTreeSet<StringExpr>,
    /// The resources it excludes.
    #[serde(default, deserialize_with = "inputs", skip_serializing_if = "BTreeSet::is_empty")]
    pub not_resource: BTreeSet<StringExpr>,
    /// When it applies.
    #[serde(default, deserialize_with = "conditions", skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: Conditions,
}

impl Statement {
    /// A statement that allows these actions.
    #[must_use]
    pub fn allow(sid: &str, actions: &[&str]) -> Self {
        Self::new(sid, Effect::Allow, actions)
    }

    /// A statement that denies these actions.
    #[must_use]
    pub fn deny(sid: &str, actions: &[&str]) -> Self {
        Self::new(sid, Effect::Deny, actions)
    }

    fn new(sid: &str, effect: Effect, actions: &[&str]) -> Self {
        Self {
            sid: sid.to_owned(),
            effect,
            principal: None,
            not_principal: None,
            action: actions.iter().map(|action| StringExpr::from(*action)).collect(),
            not_action: BTreeSet::new(),
            resource: BTreeSet::new(),
            not_resource: BTreeSet::new(),
            condition: Conditions::new(),
        }
    }

    /// The same, for this principal.
    #[must_use]
    pub fn to(mut self, principal: Principal) -> Self {
        self.principal = Some(principal);
        self
    }

    /// The same, on these resources.
    #[must_use]
    pub fn on(mut self, resources: impl IntoIterator<Item = StringExpr>) -> Self {
        self.resource.extend(resources);
        self
    }

    /// The same, only when the key has one of these values under the operator.
    #[must_use]
    pub fn when(mut self, operator: &str, key: &str, values: impl IntoIterator<Item = StringExpr>) -> Self {
        self.condition.entry(operator.to_owned()).or_default().entry(spell(key)).or_default().extend(values);
        self
    }
}

/// A policy: statements in one canonical order.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyDocument(BTreeSet<Statement>);

impl PolicyDocument {
    /// A policy with these statements, in any order.
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Self {
        Self(statements.into_iter().collect())
    }

    /// Its statements, in canonical order.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.0.iter()
    }

    /// The JSON text to send to AWS.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl std::str::FromStr for PolicyDocument {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text)
    }
}

const VERSION: &str = "2012-10-17";

impl Serialize for PolicyDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Written<'a> {
            version: &'a str,
            statement: &'a BTreeSet<Statement>,
        }
        Written { version: VERSION, statement: &self.0 }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PolicyDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Statements {
            Many(Vec<Statement>),
            One(Box<Statement>),
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Written {
            #[serde(default)]
            statement: Option<Statements>,
        }
        Ok(match Written::deserialize(deserializer)?.statement {
            None => Self::default(),
            Some(Statements::Many(list)) => Self::new(list),
            Some(Statements::One(single)) => Self::new([*single]),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_policy_are_equal() {
        let ours = PolicyDocument::new([
            Statement::allow("Read", &["s3:GetObject"])
                .to(Principal::service("cloudfront.amazonaws.com"))
                .on(["arn:aws:s3:::b/*".into()])
                .when("StringEquals", "AWS:SourceArn", ["arn:x".into()]),
            Statement::deny("Tls", &["s3:*"])
                .to(Principal::Any)
                .on(["arn:aws:s3:::b".into(), "arn:aws:s3:::b/*".into()])
                .when("Bool", "aws:SecureTransport", ["false".into()]),
        ]);
        let theirs: PolicyDocument = r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"Tls","Effect":"Deny","Principal":"*","Action":["s3:*"],
             "Resource":["arn:aws:s3:::b/*","arn:aws:s3:::b"],"Condition":{"Bool":{"AWS:securetransport":false}}},
            {"Sid":"Read","Effect":"Allow","Principal":{"Service":["cloudfront.amazonaws.com"]},
             "Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*",
             "Condition":{"StringEquals":{"aws:sourcearn":"arn:x"}}}]}"#
            .parse()
            .unwrap();
        assert_eq!(ours, theirs);
        assert_eq!(serde_json::to_value(&ours).unwrap(), serde_json::to_value(&theirs).unwrap());
    }

    #[test]
    fn a_removed_condition_is_a_difference() {
        let open = Statement::allow("Read", &["s3:GetObject"]).to(Principal::Any);
        let closed = open.clone().when("StringEquals", "aws:SourceAccount", ["1".into()]);
        assert_ne!(PolicyDocument::new([open]), PolicyDocument::new([closed]));
    }

    proptest! {
        #[test]
        fn order_and_repetition_mean_nothing(
            actions in proptest::collection::vec("[a-z0-9]{1,6}:[A-Z][a-zA-Z]{1,9}", 1..5),
            seed in any::<u64>(),
        ) {
            let mut shuffled = actions.clone();
            let turn = usize::try_from(seed % 5).unwrap() % shuffled.len();
            shuffled.rotate_left(turn);
            shuffled.push(actions[0].clone());
            let statement = |actions: &[String]| {
                Statement::allow("A", &actions.iter().map(String::as_str).collect::<Vec<_>>())
            };
            let one = PolicyDocument::new([statement(&actions), Statement::deny("B", &["x:Y"])]);
            let other = PolicyDocument::new([Statement::deny("B", &["x:Y"]), statement(&shuffled)]);
            prop_assert_eq!(&one, &other);
            prop_assert_eq!(one.to_json().parse::<PolicyDocument>().unwrap(), one);
        }
    }
}
