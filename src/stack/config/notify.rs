//! The `notify` section: where the app hears what became of its videos.

use schemars::JsonSchema;
use serde::Serialize;

use super::reader::{Scalar, Table, Wrong};
use super::tree::Text;
use super::values::text;

/// The longest name of a bus.
const MAX_NAME: usize = 256;

/// Where the app hears what became of its videos.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub struct Notify {
    /// The name of an EventBridge bus in the stack's account and region, which must exist. Absent: the default bus.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^[.\w-]{1,256}$"))]
    pub bus: Option<String>,
    /// If true, the stack has an SQS queue with the events.
    pub queue: bool,
    /// If true, the stack has an SNS topic with the events.
    pub topic: bool,
}

/// The name of a bus.
struct BusName(String);

impl Scalar for BusName {
    const EXAMPLE: &'static str = "media-events";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let name = text(written)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let label = match name {
            "default" => "leave it out: this is the bus without it",
            _ if name.starts_with("arn:") => "an ARN: only its last part is the name",
            _ if name.starts_with("aws.") => "AWS's own: no event can be put there",
            _ if (1..=MAX_NAME).contains(&name.len()) && name.chars().all(allowed) => {
                return Ok(Self(name.to_owned()));
            }
            _ => "1 to 256 letters, digits, and . _ -",
        };
        let help = "the name of a bus of the stack's account and region, such as media-events";
        Err(Wrong::new("is not the name of a bus", label, help))
    }
}

/// Reads `notify`.
pub(super) fn read(table: &Table<'_>) -> Option<Notify> {
    let bus = table.optional::<BusName>("bus");
    let (queue, topic) = (table.or("queue", false), table.or("topic", false));
    Some(Notify { bus: bus?.map(|BusName(name)| name), queue: queue?, topic: topic? })
}
