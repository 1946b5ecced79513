//! The `fleet` section: the accounts and regions that a stack set brings the stack to.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::Engine;
use super::cloudformation::ServiceRoleArn;
use super::identity::AccountId;
use super::reader::{Scalar, Table, Value, Wrong};
use super::region::Region;
use super::tree::Text;
use super::values::text;

/// CloudFront's parts and their logs and alarms are in this region, whatever the stack's.
pub(super) const GLOBAL: &str = "us-east-1";

/// The policy of the bundles' buckets names each account, and S3 takes policies of 20 KB.
const MAX_ACCOUNTS: usize = 450;

/// The accounts and regions that a stack set of CloudFormation brings the stack to. The stack file's own `account` and
/// `region` are where the stack set is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Fleet {
    /// The accounts, or the units of the organization whose accounts they are.
    #[serde(flatten)]
    #[schemars(flatten)]
    pub targets: FleetTargets,
    /// The regions, in the order in which they are deployed to. Each must have MediaConvert.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub regions: Vec<Region>,
    /// In how many accounts of a region CloudFormation works at once: a number, or a percentage such as 25%.
    #[schemars(default)]
    pub max_concurrent: Share,
    /// In how many accounts of a region an operation may fail before CloudFormation stops it: a number, or a percentage.
    #[schemars(default = "Share::none")]
    pub failure_tolerance: Share,
    /// If true, all regions are deployed to at once, and not one after the other.
    #[schemars(default)]
    pub parallel_regions: bool,
}

/// Whose accounts a fleet is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum FleetTargets {
    /// Accounts with roles that the team made: the self-managed model of stack sets.
    Accounts {
        /// The accounts, 12 digits each, in quotes.
        #[schemars(length(min = 1, max = MAX_ACCOUNTS), extend("uniqueItems" = true))]
        accounts: Vec<AccountId>,
        /// The ARN of the role that stack sets work as in the stack file's account. Absent:
        /// `AWSCloudFormationStackSetAdministrationRole`.
        #[serde(skip_serializing_if = "Option::is_none")]
        administration_role: Option<String>,
        /// The name of the role in each account that does the work there. Absent: `AWSCloudFormationStackSetExecutionRole`.
        #[serde(skip_serializing_if = "Option::is_none")]
        execution_role: Option<String>,
    },
    /// Every account of these organizational units, now and later: the service-managed model of stack sets.
    Units {
        /// The units' ids, or the id of the organization's root.
        #[schemars(length(min = 1), extend("uniqueItems" = true))]
        organizational_units: Vec<UnitId>,
        /// The organization's id. Its accounts may read the handlers' bundles.
        organization: OrganizationId,
    },
}

/// A number of accounts, or a percentage of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// So many.
    Count(u32),
    /// So many of a hundred.
    Percent(u32),
}

impl Share {
    /// No account.
    pub const fn none() -> Self {
        Self::Count(0)
    }
}

impl Default for Share {
    /// One account, as AWS works by default.
    fn default() -> Self {
        Self::Count(1)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u32(*count),
            Self::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl JsonSchema for Share {
    fn schema_name() -> Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of accounts, or a percentage of them, such as 25%.",
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": 2000 },
                { "type": "string", "pattern": "^(100|[0-9]{1,2})%$" }
            ]
        })
    }
}

impl Scalar for Share {
    const EXAMPLE: &'static str = "5";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let wrong = |label: &str| {
            Wrong::new(
                "is not a number of accounts",
                label,
                "a number up to 2000, or a percentage such as 25%",
            )
        };
        let (digits, is_percentage) = match written.text.strip_suffix('%') {
            Some(digits) => (digits, true),
            None => (written.text.as_str(), false),
        };
        match (digits.parse::<u32>(), is_percentage) {
            (Ok(percent), true) if percent <= 100 => Ok(Self::Percent(percent)),
            (Ok(count), false) if count <= 2000 => Ok(Self::Count(count)),
            (Ok(_), _) => Err(wrong("too many")),
            (Err(_), _) => Err(wrong("not a whole number")),
        }
    }
}

/// The id of an organizational unit, or of the root of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("pattern" = "^(ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32})$"))]
pub struct UnitId(String);

impl UnitId {
    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Scalar for UnitId {
    const EXAMPLE: &'static str = "ou-ab12-34cd56ef";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let id = text(written)?;
        let is = |part: &str, least: usize| (least..=32).contains(&part.len()) && is_lower(part);
        let good = match id.split('-').collect::<Vec<_>>()[..] {
            ["ou", root, unit] => is(root, 4) && is(unit, 8),
            ["r", root] => is(root, 4),
            _ => false,
        };
        if good {
            return Ok(Self(id.to_owned()));
        }
        let help = format!(
            "the id of an organizational unit, such as {}, or of the root, such as r-ab12",
            Self::EXAMPLE
        );
        Err(Wrong::new("is not an organizational unit", "not such an id", help))
    }
}

/// The id of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("pattern" = "^o-[0-9a-z]{10,32}$"))]
pub struct OrganizationId(String);

impl OrganizationId {
    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Scalar for OrganizationId {
    const EXAMPLE: &'static str = "o-a1b2c3d4e5";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let id = text(written)?;
        let good =
            id.strip_prefix("o-").is_some_and(|rest| (10..=32).contains(&rest.len()) && is_lower(rest));
        if good {
            return Ok(Self(id.to_owned()));
        }
        let help = format!("`aws organizations describe-organization` prints it, such as {}", Self::EXAMPLE);
        Err(Wrong::new("is not an organization", "not such an id", help))
    }
}

fn is_lower(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// The name of a role: letters, digits and `+=,.@_-`, without a path.
struct RoleName(String);

impl Scalar for RoleName {
    const EXAMPLE: &'static str = "AWSCloudFormationStackSetExecutionRole";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let name = text(written)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if (1..=64).contains(&name.len()) && name.chars().all(allowed) {
            return Ok(Self(name.to_owned()));
        }
        let label =
            if name.starts_with("arn:") { "an ARN: each account has its own" } else { "not such a name" };
        Err(Wrong::new("is not the name of a role", label, "1 to 64 letters, digits, and + = , . @ _ -"))
    }
}

/// Reads `fleet`.
pub(super) fn read(table: &Table<'_>, account: Option<&AccountId>) -> Option<Fleet> {
    let regions = table.get("regions");
    if regions.is_none() {
        table.missing("regions", "[eu-west-1, us-west-2]");
    }
    let regions = regions.and_then(|list| some(&list, list.read_items::<Region>()?));
    let max_concurrent = table.or("max_concurrent", Share::default());
    if let (Some(Share::Count(0) | Share::Percent(0)), Some(value)) =
        (max_concurrent, table.get("max_concurrent"))
    {
        value.reject(Wrong::new(
            "must be 1 or more",
            "nothing would be deployed",
            "a number, or a percentage",
        ));
    }
    let failure_tolerance = table.or("failure_tolerance", Share::none());
    let parallel_regions = table.or("parallel_regions", false);
    let targets = targets(table, account);
    Some(Fleet {
        targets: targets?,
        regions: regions?,
        max_concurrent: max_concurrent?,
        failure_tolerance: failure_tolerance?,
        parallel_regions: parallel_regions?,
    })
}

fn targets(table: &Table<'_>, account: Option<&AccountId>) -> Option<FleetTargets> {
    let (accounts, units) = (table.get("accounts"), table.get("organizational_units"));
    if let (Some(accounts), Some(units)) = (&accounts, &units) {
        let wrong = Wrong::new(
            "cannot stand beside `fleet.accounts`",
            "units here",
            "name accounts, or units of an organization",
        );
        units.contradicts(wrong, accounts, "accounts here");
        return None;
    }
    let Some(units) = units else {
        let (organization, role) = (table.get("organization"), administration_role(table, account));
        let execution_role = table.optional::<RoleName>("execution_role");
        if let Some(organization) = organization {
            organization.reject(only("organizational_units", "the accounts are named"));
        }
        let Some(accounts) = accounts else {
            table.missing("accounts", "[\"111122223333\"]");
            return None;
        };
        let named = some(&accounts, accounts.read_items::<AccountId>()?)?;
        if named.len() > MAX_ACCOUNTS {
            let label = format!("{} accounts", named.len());
            let help = format!("at most {MAX_ACCOUNTS}: name units of an organization instead");
            accounts.reject(Wrong::new("is too long", label, help));
            return None;
        }
        let accounts = named;
        let execution_role = execution_role?.map(|RoleName(name)| name);
        return Some(FleetTargets::Accounts { accounts, administration_role: role?, execution_role });
    };
    for key in ["administration_role", "execution_role"] {
        if let Some(value) = table.get(key) {
            value.reject(only("accounts", "AWS makes the roles of an organization's units"));
        }
    }
    let organization = table.required::<OrganizationId>("organization");
    let organizational_units = some(&units, units.read_items::<UnitId>()?)?;
    Some(FleetTargets::Units { organizational_units, organization: organization? })
}

fn administration_role(table: &Table<'_>, account: Option<&AccountId>) -> Option<Option<String>> {
    let Some(role) = table.optional::<ServiceRoleArn>("administration_role")? else { return Some(None) };
    if let (Some(own), Some(value)) =
        (account.filter(|own| own.as_str() != role.account), table.get("administration_role"))
    {
        let label = format!("account {}, but the stack set's is {}", role.account, own.as_str());
        value.reject(Wrong::new("is in another account", label, "name a role of the stack file's account"));
        return None;
    }
    Some(Some(role.arn))
}

fn only(with: &str, label: &str) -> Wrong {
    Wrong::new(format!("is only for `fleet.{with}`"), label, "leave it out")
}

fn some<T>(list: &Value<'_>, items: Vec<T>) -> Option<Vec<T>> {
    if items.is_empty() {
        list.reject(Wrong::new("is empty", "no target", "name at least one"));
        return None;
    }
    Some(items)
}

/// Refuses what a fleet cannot have: what is one thing in the world, in one account, or in another region than a target.
pub(super) fn fits(top: &Table<'_>, fleet: Option<&Fleet>, engine: Option<Engine>) {
    let (Some(fleet), Some(section)) = (fleet, top.get("fleet")) else { return };
    if engine == Some(Engine::Direct) {
        let help = "add `engine: cloudformation`";
        section.reject(Wrong::new("needs `engine: cloudformation`", "a stack set of CloudFormation", help));
    }
    let within = |key: &'static str, inner: &'static str| top.get(key)?.table()?.get(inner);
    let elsewhere =
        "one stack in each target has everything: name us-east-1 as the only region, or leave it out";
    let only_global = fleet.regions.iter().all(|region| region.as_str() == GLOBAL);
    let refused = [
        (top.get("domain"), "only one distribution in the world can have a name", "leave it out"),
        (
            top.get("encryption"),
            "the key is in one account",
            "leave it out: the services encrypt with keys of their own",
        ),
        (
            within("source", "bucket"),
            "the bucket is in one account",
            "leave it out: each stack makes its own",
        ),
        (
            within("cloudformation", "role"),
            "each account has a role of its own",
            "set `fleet.execution_role`",
        ),
        (within("delivery", "web_acl"), "the web ACL is in one account", "leave it out"),
        (top.get("alerts").filter(|_| !only_global), "the CDN's alarm is in us-east-1", elsewhere),
        (
            within("delivery", "access_logs")
                .filter(|value| !only_global && value.read::<bool>() == Some(true)),
            "the viewers' logs come from us-east-1",
            elsewhere,
        ),
    ];
    for (value, label, help) in refused {
        if let Some(value) = value {
            value.reject(Wrong::new("cannot be with `fleet`", label, help));
        }
    }
}
