//! The `roles` section: what bounds the IAM roles of the stack.

use schemars::JsonSchema;
use serde::Serialize;

use super::identity::{AccountId, is_account};
use super::reader::{Scalar, Table, Wrong};
use super::tree::Text;
use super::values::text;

/// The longest path and name of a managed policy together (IAM: 512 and 128).
const MAX_POLICY: usize = 640;

/// The IAM roles of the handlers, of MediaConvert and of S3 Batch Operations.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Roles {
    /// The ARN of a managed policy, set on every role of the stack as its permissions boundary. It must exist, in this
    /// account or as a policy of AWS. Absent: boundaries that others set stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^arn:aws:iam::([0-9]{12}|aws):policy/[\w+=,.@/-]{1,640}$"))]
    pub permissions_boundary: Option<String>,
}

/// The ARN of a managed policy, and the account in it: `aws` for a policy of AWS.
struct PolicyArn {
    arn: String,
    account: String,
}

impl Scalar for PolicyArn {
    const EXAMPLE: &'static str = "arn:aws:iam::111122223333:policy/NAME";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let arn = text(written)?;
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let label = match parts[..] {
            ["arn", "aws", "iam", "", account, resource]
                if (account == "aws" || is_account(account)) && is_policy(resource) =>
            {
                return Ok(Self { arn: arn.to_owned(), account: account.to_owned() });
            }
            ["arn", "aws", "iam", "", _, resource] if resource.starts_with("role/") => {
                "a role: a boundary is a managed policy"
            }
            _ => "not such an ARN",
        };
        let help = format!("the ARN of a managed policy, such as {}", Self::EXAMPLE);
        Err(Wrong::new("is not a managed policy", label, help))
    }
}

impl PolicyArn {
    /// IAM only takes policies of the role's account, and those of AWS.
    fn belongs(&self, table: &Table<'_>, account: Option<&AccountId>) -> bool {
        let right = self.account == "aws" || account.is_none_or(|account| account.as_str() == self.account);
        if let (false, Some(value)) = (right, table.get("permissions_boundary")) {
            let own = account.map_or("", AccountId::as_str);
            let label = format!("account {}, but the stack's is {own}", self.account);
            let help = "create the policy in the stack's account, or name a policy of AWS";
            value.reject(Wrong::new("is in another account", label, help));
        }
        right
    }
}

/// `policy/`, a path, and a name.
fn is_policy(resource: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@/-".contains(c);
    resource.strip_prefix("policy/").is_some_and(|name| {
        (1..=MAX_POLICY).contains(&name.len()) && !name.ends_with('/') && name.chars().all(allowed)
    })
}

/// Reads `roles`.
pub(super) fn read(table: &Table<'_>, account: Option<&AccountId>) -> Option<Roles> {
    let boundary = table
        .optional::<PolicyArn>("permissions_boundary")
        .filter(|arn| arn.as_ref().is_none_or(|arn| arn.belongs(table, account)));
    Some(Roles { permissions_boundary: boundary?.map(|policy| policy.arn) })
}
