//! The Lambda functions between the buckets and MediaConvert.

use schemars::JsonSchema;
use serde::Serialize;

use super::reader::{Table, Wrong, listed};
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
}

impl Default for Handlers {
    fn default() -> Self {
        Self { architecture: FunctionArchitecture::default(), log_retention: Days::new(30) }
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
    Some(Handlers { architecture: architecture?, log_retention: log_retention? })
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
    fn the_offers_ascend() {
        assert!(RETENTION.is_sorted_by(|a, b| a < b));
    }
}
