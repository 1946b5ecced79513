//! How what is declared differs from what is seen.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One property that differs. Absent on a side means absent there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PropertyChange {
    /// Where: `LifecycleConfiguration.Rules[expire].Status`; list members by their own key where they have one.
    pub path: String,
    /// What is there now.
    pub before: Option<Value>,
    /// What will be there; references that AWS has yet to assign stand as references.
    pub after: Option<Value>,
    /// Whether AWS cannot change it in place, so that the resource must be replaced.
    pub replaces: bool,
}

impl PropertyChange {
    /// The first segment of the path: the top-level CloudFormation property.
    #[must_use]
    pub fn property(&self) -> &str {
        self.path.split(['.', '[']).next().unwrap_or_default()
    }
}

/// All that differs in one resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Changes(pub Vec<PropertyChange>);

impl Changes {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anything differs under this top-level property: adapters call only what it needs.
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
