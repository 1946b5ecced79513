//! The `cloudformation` section: how CloudFormation works, where it is the engine.

use schemars::JsonSchema;
use serde::Serialize;

use super::identity::{AccountId, is_account};
use super::reader::{Scalar, Table, Wrong};
use super::tree::Text;
use super::values::text;
use super::{Engine, Value};

/// How CloudFormation works, where it is the engine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CloudFormationSettings {
    /// The ARN of the service role that CloudFormation works as. Absent: it works with the caller's permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^arn:aws:iam::[0-9]{12}:role/[\w+=,.@/-]{1,576}$"))]
    pub role: Option<String>,
}

impl CloudFormationSettings {
    /// Whether the section says nothing.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The ARN of a role, and the account in it.
pub(super) struct ServiceRoleArn {
    pub(super) arn: String,
    pub(super) account: String,
}

impl Scalar for ServiceRoleArn {
    const EXAMPLE: &'static str = "arn:aws:iam::111122223333:role/NAME";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let arn = text(written)?;
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let allowed = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@/-".contains(c));
        match parts[..] {
            ["arn", "aws", "iam", "", account, resource]
                if is_account(account)
                    && resource.strip_prefix("role/").is_some_and(|name| {
                        (1..=576).contains(&name.len()) && !name.ends_with('/') && allowed(name)
                    }) =>
            {
                Ok(Self { arn: arn.to_owned(), account: account.to_owned() })
            }
            _ => {
                let help =
                    format!("the ARN of a role that CloudFormation may assume, such as {}", Self::EXAMPLE);
                Err(Wrong::new("is not a role", "not such an ARN", help))
            }
        }
    }
}

/// Reads `cloudformation`.
pub(super) fn read(table: &Table<'_>, account: Option<&AccountId>) -> Option<CloudFormationSettings> {
    let role = table.optional::<ServiceRoleArn>("role")?;
    let Some(ServiceRoleArn { arn, account: of }) = role else {
        return Some(CloudFormationSettings::default());
    };
    if let (Some(own), Some(value)) = (account.filter(|own| own.as_str() != of), table.get("role")) {
        let label = format!("account {of}, but the stack's is {}", own.as_str());
        value.reject(Wrong::new("is in another account", label, "name a role of the stack's account"));
        return None;
    }
    Some(CloudFormationSettings { role: Some(arn) })
}

/// Refuses the section where another engine would ignore it.
pub(super) fn fits(section: Option<&Value<'_>>, engine: Option<Engine>) {
    if let (Some(value), Some(Engine::Direct)) = (section, engine) {
        let help = "set `engine: cloudformation`, or leave the section out";
        value.reject(Wrong::new("is only for `engine: cloudformation`", "ignored by `engine: direct`", help));
    }
}
