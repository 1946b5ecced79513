//! What IAM must allow for the calls that this program makes, as data beside the calls.
//!
//! Actions are IAM's, which are not always the names of the API's operations. Resources are ARNs with placeholders, since
//! one table serves every stack; [`ArnVariables`] says what they stand for. Follows the Service Authorization Reference.

/// Resources whose ARNs nothing can foretell, and actions that AWS grants on everything or not at all.
pub const ANYTHING: &[&str] = &["*"];

/// Actions on resources, perhaps under a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allow {
    /// IAM actions: `sqs:CreateQueue`.
    pub actions: &'static [&'static str],
    /// ARNs with the placeholders of [`ArnVariables`].
    pub on: &'static [&'static str],
    /// The condition.
    pub only: Only,
    /// The property that a declaration must have for this to be needed.
    pub with: Option<&'static str>,
}

/// The condition under which something is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Only {
    /// None: the ARNs say all.
    Always,
    /// The resource carries the stack's tag. For resources whose ids AWS assigns.
    RequiresStackTag,
    /// The call gives the resource the stack's tag, and it carries no other stack's.
    AddsStackTag,
    /// The role is passed to this service.
    PassedTo(&'static str),
    /// The records are those of the service's own name: its addresses, and the proof of its certificate.
    OwnRecords,
}

impl Allow {
    /// These actions on these resources, unconditionally.
    #[must_use]
    pub const fn new(actions: &'static [&'static str], on: &'static [&'static str]) -> Self {
        Self { actions, on, only: Only::Always, with: None }
    }

    /// The same, only under this condition.
    #[must_use]
    pub const fn only(self, only: Only) -> Self {
        Self { only, ..self }
    }

    /// The same, needed only where a declaration has this property.
    #[must_use]
    pub const fn with(self, property: &'static str) -> Self {
        Self { with: Some(property), ..self }
    }
}

/// What each verb of a resource type needs beyond reading: the verbs that change something also read.
#[derive(Clone, Copy, Debug)]
pub struct Permissions {
    /// To find and observe one.
    pub observe: &'static [Allow],
    /// To create one.
    pub create: &'static [Allow],
    /// To update one.
    pub update: &'static [Allow],
    /// To delete one that holds nothing.
    pub delete: &'static [Allow],
    /// To remove what one holds, which apply never does.
    pub empty: &'static [Allow],
    /// To list the stack's own.
    pub list: &'static [Allow],
}

/// What the placeholders of ARNs stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArnVariables {
    /// `{account}`.
    pub account: String,
    /// `{region}`.
    pub region: String,
    /// `{stack}`: the stack's name.
    pub stack: String,
    /// `{name}`: the names that resources have, mostly a pattern that ends with `*`.
    pub name: String,
    /// `{home}`: the account's home bucket in the stack's region.
    pub home: String,
    /// `{zone}`: the id of the hosted zone of the service's name, or `*` where it is not known.
    pub zone: String,
    /// `{source}`: the bucket that takes the originals.
    pub source: String,
    /// `{work}`: the bucket that encodes go through.
    pub work: String,
    /// `{output}`: the bucket that holds what is published.
    pub output: String,
}

impl ArnVariables {
    /// An ARN without placeholders.
    #[must_use]
    pub fn fill(&self, arn: &str) -> String {
        let Self { account, region, stack, name, home, zone, source, work, output } = self;
        let values = [
            ("{account}", account),
            ("{region}", region),
            ("{stack}", stack),
            ("{name}", name),
            ("{home}", home),
            ("{zone}", zone),
            ("{source}", source),
            ("{work}", work),
            ("{output}", output),
        ];
        values.into_iter().fold(arn.to_owned(), |arn, (placeholder, value)| arn.replace(placeholder, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_has_its_value() {
        let variables = ArnVariables {
            account: "1".into(),
            region: "2".into(),
            stack: "3".into(),
            name: "4".into(),
            home: "5".into(),
            zone: "6".into(),
            source: "7".into(),
            work: "8".into(),
            output: "9".into(),
        };
        let all = "{account}{region}{stack}{name}{home}{zone}{source}{work}{output}";
        assert_eq!(variables.fill(all), "123456789");
        assert_eq!(variables.fill("*"), "*");
    }
}
