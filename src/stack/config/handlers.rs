//! The Lambda functions between the buckets and MediaConvert.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::function_size::{self, FunctionSize};
use super::reader::{Scalar, Table, Wrong, listed};
use super::tree::Text;
use super::values::{Days, choices};

/// The Lambda functions between the buckets and MediaConvert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub struct Handlers {
    /// The processor they are built for. The local cloud uses this machine's own.
    pub architecture: FunctionArchitecture,
    /// How long CloudWatch Logs keeps their logs: one of the periods that it offers.
    #[schemars(schema_with = "retention_schema")]
    pub log_retention: Days,
    /// How many invocations of submit may run at the same time, while other uploads wait. `auto` is 5, or `none` where the
    /// account's quota is too small for a reservation.
    pub reserved_concurrency: ReservedConcurrency,
    /// The function that starts encodes: `256MiB` and `5m` if the file does not say.
    pub submit: FunctionSize,
    /// The function that publishes encodes: `1GiB` and `15m` if the file does not say.
    pub publish: FunctionSize,
}

impl Default for Handlers {
    fn default() -> Self {
        Self {
            architecture: FunctionArchitecture::default(),
            log_retention: Days::new(30),
            reserved_concurrency: ReservedConcurrency::default(),
            submit: FunctionSize::default(),
            publish: FunctionSize::default(),
        }
    }
}

/// How many invocations of submit may run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReservedConcurrency {
    /// [`USUAL`](Self::USUAL), where the account's quota is large enough for a reservation.
    #[default]
    Auto,
    /// No limit but the account's own.
    None,
    /// This many.
    Count(u16),
}

impl ReservedConcurrency {
    /// Few enough to stay near MediaConvert's rate of new jobs, and a small part of an account's usual 1,000 executions.
    pub const USUAL: u16 = 5;
    /// The executions that Lambda leaves to the functions without a reservation.
    const UNRESERVED: i32 = 100;
    const AUTO: &'static str = "auto";
    const NONE: &'static str = "none";

    /// The number to reserve, if any.
    #[must_use]
    pub const fn get(self) -> Option<u16> {
        match self {
            Self::Auto => Some(Self::USUAL),
            Self::None => None,
            Self::Count(count) => Some(count),
        }
    }

    /// The same in an account with this quota, which is not always known: `auto` is decided by it.
    #[must_use]
    pub fn within(self, quota: Option<i32>) -> Self {
        let fits = quota.is_none_or(|quota| quota >= Self::UNRESERVED + i32::from(Self::USUAL));
        if self == Self::Auto && !fits { Self::None } else { self }
    }
}

impl Serialize for ReservedConcurrency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str(Self::AUTO),
            Self::None => serializer.serialize_str(Self::NONE),
            Self::Count(count) => serializer.serialize_u16(*count),
        }
    }
}

impl JsonSchema for ReservedConcurrency {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ReservedConcurrency".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let count = schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": u16::MAX });
        let words = schemars::json_schema!({ "enum": [Self::AUTO, Self::NONE] });
        schemars::json_schema!({ "oneOf": [count, words] })
    }
}

impl Scalar for ReservedConcurrency {
    const EXAMPLE: &'static str = "5";

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        let help = "a whole number from 1 to 65535, such as 5, or `auto`, or `none`";
        match (text.text.as_str(), text.text.parse()) {
            (Self::AUTO, _) => Ok(Self::Auto),
            (Self::NONE, _) => Ok(Self::None),
            (_, Ok(0)) => Err(Wrong::new("cannot be 0", "no upload would ever be handled", help)),
            (_, Ok(count)) if text.plain => Ok(Self::Count(count)),
            _ => Err(Wrong::new("must be a whole number, auto or none", "none of them", help)),
        }
    }
}

choices! {
    /// A processor of AWS Lambda.
    #[derive(Default)]
    pub enum FunctionArchitecture {
        /// Graviton, the cheaper one.
        #[default]
        Arm64 = "arm64",
        /// Intel and AMD.
        X86_64 = "x86_64",
    }
}

/// The numbers of days PutRetentionPolicy takes.
const RETENTION: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Reads `handlers`.
pub(super) fn read(table: &Table<'_>) -> Option<Handlers> {
    let architecture = table.or("architecture", FunctionArchitecture::default());
    let log_retention = table.or("log_retention", Days::new(30)).filter(|days| offered(table, *days));
    let reserved_concurrency = table.or("reserved_concurrency", ReservedConcurrency::default());
    let size =
        |key, needs| table.section(key, FunctionSize::default(), |table| function_size::read(table, needs));
    let submit = size("submit", &function_size::SUBMIT);
    let publish = size("publish", &function_size::PUBLISH);
    Some(Handlers {
        architecture: architecture?,
        log_retention: log_retention?,
        reserved_concurrency: reserved_concurrency?,
        submit: submit?,
        publish: publish?,
    })
}

fn offered(table: &Table<'_>, days: Days) -> bool {
    if RETENTION.contains(&days.get()) {
        return true;
    }
    let longer = RETENTION.iter().find(|offered| **offered > days.get());
    let label = longer.map_or_else(
        || "longer than it offers".to_owned(),
        |longer| format!("the next longer one is {longer}d"),
    );
    if let Some(value) = table.get("log_retention") {
        let says = format!("cannot be {days}: CloudWatch Logs does not offer it");
        value.reject(Wrong::new(says, label, format!("allowed: {}", listed(&offers()))));
    }
    false
}

fn offers() -> Vec<String> {
    RETENTION.iter().map(|days| Days::new(*days).to_string()).collect()
}

fn retention_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "enum": offers() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_account_reserves_nothing_by_itself() {
        use ReservedConcurrency as Reserved;
        let within = |quota| Reserved::Auto.within(quota).get();
        assert_eq!(
            [Some(10), Some(104), Some(105), Some(1000), None].map(within),
            [None, None, Some(5), Some(5), Some(5),]
        );
        assert_eq!(Reserved::Count(3).within(Some(10)).get(), Some(3), "Lambda refuses what was asked for");
    }

    #[test]
    fn the_offers_ascend() {
        assert!(RETENTION.is_sorted_by(|a, b| a < b));
    }
}
