//! The `roles` section: where the IAM roles of the stack are, and what bounds them.

use schemars::JsonSchema;
use serde::Serialize;

use super::identity::{AccountId, is_account};
use super::reader::{Scalar, Table, Wrong};
use super::tree::Text;
use super::values::text;

/// The longest path and name of a managed policy together (IAM: 512 and 128).
const MAX_POLICY: usize = 640;

/// The longest path (IAM).
const MAX_PATH: usize = 512;
/// The paths of roles that only AWS makes.
const RESERVED: [&str; 2] = ["/aws-service-role/", "/aws-reserved/"];

/// The IAM roles of the handlers, of MediaConvert and of S3 Batch Operations.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Roles {
    /// The IAM path of every role of the stack, such as `/service/`. Absent: `/`. Another path replaces the roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^/([\w+=,.@-]+/)*$", "maxLength" = MAX_PATH))]
    pub path: Option<String>,
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

/// A path of IAM. `*`, `?` and `$` are left out, although IAM takes them: they mean something else in policies.
struct Path(String);

impl Scalar for Path {
    const EXAMPLE: &'static str = "/service/";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let path = text(written)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        let inner = path.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let label = match inner {
            _ if path == "/" => return Ok(Self(path.to_owned())),
            _ if path.len() > MAX_PATH => format!("{} characters", path.len()),
            _ if RESERVED.iter().any(|reserved| path.starts_with(reserved)) => {
                "reserved for roles that AWS makes".to_owned()
            }
            None if path.is_empty() => "it is empty".to_owned(),
            None => format!("did you mean /{}/?", path.trim_matches('/')),
            Some(inner) if inner.split('/').any(str::is_empty) => {
                "an empty part between two slashes".to_owned()
            }
            Some(inner) => match inner.chars().find(|c| !allowed(*c) && *c != '/') {
                Some(other) => format!("`{}` is not allowed", other.escape_debug()),
                None => return Ok(Self(path.to_owned())),
            },
        };
        let help = "begins and ends with a slash, such as /service/; letters, digits and _ + = , . @ -";
        Err(Wrong::new("is not a path of IAM roles", label, help))
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
    let path = table.optional::<Path>("path");
    let boundary = table
        .optional::<PolicyArn>("permissions_boundary")
        .filter(|arn| arn.as_ref().is_none_or(|arn| arn.belongs(table, account)));
    Some(Roles {
        path: path?.map(|Path(path)| path),
        permissions_boundary: boundary?.map(|policy| policy.arn),
    })
}
