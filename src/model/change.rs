//! The difference between the declared and the observed state.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One property that differs. `None` means that the property is absent on that side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PropertyChange {
    /// The path: `LifecycleConfiguration.Rules[expire].Status`. List members are named by their own key if they have
    /// one.
    pub path: String,
    /// The current value.
    pub before: Option<Value>,
    /// The planned value. References that AWS has yet to assign stay references.
    pub after: Option<Value>,
    /// True if AWS cannot change it in place, so the resource must be replaced.
    pub replaces: bool,
}

impl PropertyChange {
    /// The first segment of the path: the top-level CloudFormation property.
    #[must_use]
    pub fn property(&self) -> &str {
        self.path.split(['.', '[']).next().unwrap_or_default()
    }
}

/// All differences of one resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Changes(pub Vec<PropertyChange>);

impl Changes {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anything differs under this top-level property. Adapters use it to make only the needed calls.
    #[must_use]
    pub fn touches(&self, property: &str) -> bool {
        self.0.iter().any(|change| change.property() == property)
    }

    /// Whether anything differs under any of these top-level properties.
    #[must_use]
    pub fn touches_any(&self, properties: &[&str]) -> bool {
        properties.iter().any(|property| self.touches(property))
    }

    /// The changes that force a replacement.
    pub fn replacing(&self) -> impl Iterator<Item = &PropertyChange> {
        self.0.iter().filter(|change| change.replaces)
    }
}
