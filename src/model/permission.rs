//! The IAM permissions that this program's calls need, as data next to the calls.
//!
//! Actions are IAM's; they do not always have the names of the API's operations. Resources are ARNs with placeholders,
//! because one table serves every stack. [`ArnVariables`] explains the placeholders. Follows the Service Authorization
//! Reference.

/// For resources with unpredictable ARNs, and for actions that AWS grants only on everything.
pub const ANYTHING: &[&str] = &["*"];

/// Actions on resources, with an optional condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allow {
    /// IAM actions: `sqs:CreateQueue`.
    pub actions: &'static [&'static str],
    /// ARNs with the placeholders of [`ArnVariables`].
    pub on: &'static [&'static str],
    /// The condition.
    pub only: Only,
    /// Needed only if a declaration has this property.
    pub with: Option<&'static str>,
}

/// The condition of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Only {
    /// No condition.
    Always,
    /// The resource has the stack's tag. For resources with ids that AWS assigns.
    RequiresStackTag,
    /// The call adds the stack's tag, and the resource has no other stack's tag.
    AddsStackTag,
    /// The resource has no other stack's tag. For resources whose names begin with the stack's name: the name of another
    /// stack may begin with it, too.
    NoOtherStackTag,
    /// The same, and the new role has the permissions boundary that the stack declares, if it declares one.
    WithinBoundary,
    /// The role has the stack's tag, and the permissions boundary that the stack declares, if it declares one.
    OwnWithinBoundary,
    /// The role is passed to this service.
    PassedTo(&'static str),
    /// The key is the stack's: by its ARN, or by its alias.
    OfKey,
    /// The same, and S3 or Lambda uses it for the caller.
    ThroughServices,
    /// The same, and S3 uses it for the caller.
    ThroughS3,
    /// The records belong to the service's domain name: its addresses, and the validation of its certificate.
    OwnRecords,
}

impl Allow {
    /// These actions on these resources, unconditionally.
    #[must_use]
    pub const fn new(actions: &'static [&'static str], on: &'static [&'static str]) -> Self {
        Self { actions, on, only: Only::Always, with: None }
    }

    /// The same with this condition.
    #[must_use]
    pub const fn only(self, only: Only) -> Self {
        Self { only, ..self }
    }

    /// The same, needed only if a declaration has this property.
    #[must_use]
    pub const fn with(self, property: &'static str) -> Self {
        Self { with: Some(property), ..self }
    }
}

/// The permissions of each verb of a resource type. Verbs that change something also need `observe`.
#[derive(Clone, Copy, Debug)]
pub struct Permissions {
    /// To find and observe a resource.
    pub observe: &'static [Allow],
    /// To create one.
    pub create: &'static [Allow],
    /// To update one.
    pub update: &'static [Allow],
    /// To delete an empty one.
    pub delete: &'static [Allow],
    /// To remove its contents. Apply never does that.
    pub empty: &'static [Allow],
    /// To list the stack's resources.
    pub list: &'static [Allow],
}

/// The values of the placeholders in ARNs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArnVariables {
    /// `{account}`.
    pub account: String,
    /// `{region}`.
    pub region: String,
    /// `{stack}`: the stack's name.
    pub stack: String,
    /// `{path}`: the IAM path of the stack's roles, with its slashes.
    pub path: String,
    /// `{name}`: the name of resources, usually a pattern that ends with `*`.
    pub name: String,
    /// `{home}`: the stack's home bucket.
    pub home: String,
    /// `{zone}`: the id of the hosted zone of the domain name, or `*` if it is not known.
    pub zone: String,
    /// `{source}`: the bucket for the originals.
    pub source: String,
    /// `{work}`: the bucket for encodes in progress.
    pub work: String,
    /// `{output}`: the bucket for published videos.
    pub output: String,
    /// `{bucket}`: each of these buckets. S3 does not tell IAM whose a bucket is, so only exact names keep buckets apart.
    pub buckets: Vec<String>,
    /// `{role}`: the ARN of each role that declared resources work as. IAM cannot limit `iam:PassRole` by a role's tags.
    pub roles: Vec<String>,
    /// `{key}`: the ARN of the stack's KMS key, if it has one. For an alias, all keys: a condition names the alias.
    pub keys: Vec<String>,
}

impl ArnVariables {
    /// The ARNs that an ARN with placeholders stands for. Only `{bucket}`, `{role}` and `{key}` can stand for several, or for none.
    #[must_use]
    pub fn fill(&self, arn: &str) -> Vec<String> {
        let Self {
            account,
            region,
            stack,
            path,
            name,
            home,
            zone,
            source,
            work,
            output,
            buckets,
            roles,
            keys,
        } = self;
        let values = [
            ("{account}", account),
            ("{region}", region),
            ("{stack}", stack),
            ("{path}", path),
            ("{name}", name),
            ("{home}", home),
            ("{zone}", zone),
            ("{source}", source),
            ("{work}", work),
            ("{output}", output),
        ];
        let arn = values
            .into_iter()
            .fold(arn.to_owned(), |arn, (placeholder, value)| arn.replace(placeholder, value));
        let each = |arn: &str, placeholder: &str, values: &[String]| -> Vec<String> {
            if !arn.contains(placeholder) {
                return vec![arn.to_owned()];
            }
            values.iter().map(|value| arn.replace(placeholder, value)).collect()
        };
        let arns = each(&arn, "{bucket}", buckets);
        let arns = arns.iter().flat_map(|arn| each(arn, "{role}", roles));
        arns.flat_map(|arn| each(&arn, "{key}", keys)).collect()
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
            path: "/".into(),
            name: "4".into(),
            home: "5".into(),
            zone: "6".into(),
            source: "7".into(),
            work: "8".into(),
            output: "9".into(),
            buckets: vec!["b".into(), "c".into()],
            roles: Vec::new(),
            keys: vec!["k".into()],
        };
        let all = "{account}{region}{stack}{path}{name}{home}{zone}{source}{work}{output}";
        assert_eq!(variables.fill(all), ["123/456789"]);
        assert_eq!(variables.fill("{bucket}/*"), ["b/*", "c/*"]);
        assert_eq!(variables.fill("{role}"), Vec::<String>::new());
        assert_eq!(variables.fill("{key}"), ["k"]);
        assert_eq!(variables.fill("*"), ["*"]);
    }
}
