//! A stack set as it is declared and as AWS answers it, and its members as calls take them. Pure.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudformation::types::{self, Capability, PermissionModels};
use serde::{Deserialize, Serialize};

use super::group::{InstancesGroup, Place, groups, in_state};
use super::instances::{Instance, InstanceState};
use super::preferences::OperationPreferences;
use crate::aws::{OrEmpty, Result, required};
use crate::model::Tags;

/// The role of the administrator's account in the self-managed model, if none is named.
pub const ADMINISTRATION_ROLE: &str = "AWSCloudFormationStackSetAdministrationRole";
/// The role of each target's account in the self-managed model, if none is named.
pub const EXECUTION_ROLE: &str = "AWSCloudFormationStackSetExecutionRole";

/// Whose roles a stack set works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PermissionModel {
    /// Roles that the team made in each account.
    SelfManaged,
    /// Roles that the organization makes in each account.
    ServiceManaged,
}

/// What happens to accounts that come into a unit, or leave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AutoDeployment {
    /// Whether an account that comes gets a stack.
    pub enabled: bool,
    /// Whether the stack of an account that leaves stays.
    #[serde(default)]
    pub retain_stacks_on_account_removal: bool,
}

/// A stack set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StackSet {
    /// Its name.
    pub stack_set_name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The template as JSON text, without spaces and with sorted members.
    pub template_body: String,
    /// What the template may do: `CAPABILITY_NAMED_IAM`. Sorted.
    pub capabilities: Vec<String>,
    /// Whose roles it works with.
    pub permission_model: PermissionModel,
    /// The ARN of the role that it works as, in the self-managed model.
    #[serde(default, rename = "AdministrationRoleARN", skip_serializing_if = "Option::is_none")]
    pub administration_role_arn: Option<String>,
    /// The name of the role of each account, in the self-managed model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_role_name: Option<String>,
    /// What happens to accounts that come and go, in the service-managed model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_deployment: Option<AutoDeployment>,
    /// Where its instances are, in as few groups as possible. Seen: a region in which one is not current has its state, such
    /// as `eu-west-1 OUTDATED`.
    pub stack_instances_group: Vec<InstancesGroup>,
    /// How operations go through accounts and regions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_preferences: Option<OperationPreferences>,
    /// Its tags, which its stacks and their resources get too.
    #[serde(default)]
    pub tags: Tags,
}

/// JSON text in the one form that this program writes. Another text is kept, and so differs from every declaration.
fn normal(text: String) -> String {
    serde_json::from_str::<serde_json::Value>(&text).map_or(text, |json| json.to_string())
}

impl StackSet {
    pub(super) fn from_sdk(set: types::StackSet, seen: &[Instance]) -> Result<Self> {
        const CALL: &str = "cloudformation:DescribeStackSet";
        let model = set.permission_model.unwrap_or(PermissionModels::SelfManaged);
        let by_unit = model == PermissionModels::ServiceManaged;
        let mut capabilities: Vec<String> =
            set.capabilities.or_empty().into_iter().map(|one| one.as_str().to_owned()).collect();
        capabilities.sort_unstable();
        let units = set.organizational_unit_ids.or_empty();
        Ok(Self {
            stack_set_name: required(set.stack_set_name, CALL, "StackSetName")?,
            description: set.description.filter(|text| !text.is_empty()),
            template_body: normal(required(set.template_body, CALL, "TemplateBody")?),
            capabilities,
            permission_model: if by_unit {
                PermissionModel::ServiceManaged
            } else {
                PermissionModel::SelfManaged
            },
            administration_role_arn: set.administration_role_arn.filter(|_| !by_unit),
            execution_role_name: set.execution_role_name.filter(|_| !by_unit),
            auto_deployment: set.auto_deployment.filter(|_| by_unit).map(|auto| AutoDeployment {
                enabled: auto.enabled == Some(true),
                retain_stacks_on_account_removal: auto.retain_stacks_on_account_removal == Some(true),
            }),
            stack_instances_group: groups(places_seen(seen, &units, &set.regions.or_empty()), by_unit),
            operation_preferences: None,
            tags: set.tags.or_empty().into_iter().filter_map(|tag| tag.key.zip(tag.value)).collect(),
        })
    }

    pub(super) fn preferences(&self, regions: &[String]) -> types::StackSetOperationPreferences {
        self.all_preferences().within(regions)
    }

    /// How operations go; as AWS works by default if nothing is declared.
    pub(super) fn all_preferences(&self) -> OperationPreferences {
        self.operation_preferences.as_ref().map_or_else(OperationPreferences::default, Clone::clone)
    }

    pub(super) fn by_unit(&self) -> bool {
        self.permission_model == PermissionModel::ServiceManaged
    }

    pub(super) fn api_auto_deployment(&self) -> Option<types::AutoDeployment> {
        let AutoDeployment { enabled, retain_stacks_on_account_removal: retain } =
            self.auto_deployment.as_ref()?;
        let auto = types::AutoDeployment::builder().enabled(*enabled);
        // AWS refuses the second where the first is off.
        Some(auto.set_retain_stacks_on_account_removal(enabled.then_some(*retain)).build())
    }

    pub(super) fn api_model(&self) -> PermissionModels {
        if self.by_unit() { PermissionModels::ServiceManaged } else { PermissionModels::SelfManaged }
    }

    pub(super) fn api_capabilities(&self) -> Vec<Capability> {
        self.capabilities.iter().map(|one| Capability::from(one.as_str())).collect()
    }
}

/// The places of the set, those that are not current with their state. A unit without an account has no instance: it is
/// wherever the set is, for what comes.
fn places_seen(seen: &[Instance], units: &[String], regions: &[String]) -> BTreeSet<Place> {
    let mut states: BTreeMap<Place, InstanceState> = BTreeMap::new();
    for instance in seen {
        let worst = states.entry(instance.place()).or_insert(instance.state);
        *worst = instance.state.max(*worst);
    }
    let has_account = |unit: &String| seen.iter().any(|instance| instance.unit.as_ref() == Some(unit));
    for unit in units.iter().filter(|unit| !has_account(unit)) {
        let places = regions.iter().map(|region| (unit.clone(), region.clone()));
        states.extend(places.map(|place| (place, InstanceState::Current)));
    }
    states.into_iter().map(|((name, region), state)| (name, in_state(region, state))).collect()
}

/// Tags as calls take them.
pub(super) fn api_tags(tags: &Tags) -> Vec<types::Tag> {
    tags.iter().map(|(key, value)| types::Tag::builder().key(key).value(value).build()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(account: &str, unit: Option<&str>, region: &str, state: InstanceState) -> Instance {
        Instance {
            account: account.into(),
            region: region.into(),
            unit: unit.map(str::to_owned),
            stack: None,
            state,
            last: "SUCCEEDED".into(),
            reason: None,
            drift: "NOT_CHECKED".into(),
        }
    }

    fn seen(instances: &[Instance], units: &[&str], regions: &[&str]) -> Vec<String> {
        let texts = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let places = places_seen(instances, &texts(units), &texts(regions));
        places.into_iter().map(|(name, region)| format!("{name} {region}")).collect()
    }

    #[test]
    fn what_is_not_current_is_there_and_differs() {
        use InstanceState::{Current, Inoperable, Outdated};
        let found = [
            instance("1", None, "eu-west-1", Current),
            instance("2", None, "eu-west-1", Outdated),
            instance("3", None, "us-west-2", Inoperable),
        ];
        assert_eq!(
            seen(&found, &[], &["eu-west-1", "us-west-2"]),
            ["1 eu-west-1", "2 eu-west-1 OUTDATED", "3 us-west-2 INOPERABLE"]
        );
    }

    /// A region that came with another unit is not taken for one of this unit.
    #[test]
    fn a_unit_is_where_its_accounts_have_stacks() {
        use InstanceState::{Current, Outdated};
        let found = [
            instance("1", Some("ou-a"), "eu-west-1", Current),
            instance("2", Some("ou-a"), "eu-west-1", Outdated),
            instance("3", Some("ou-b"), "us-west-2", Current),
        ];
        assert_eq!(
            seen(&found, &["ou-a", "ou-b", "ou-empty"], &["eu-west-1", "us-west-2"]),
            ["ou-a eu-west-1 OUTDATED", "ou-b us-west-2", "ou-empty eu-west-1", "ou-empty us-west-2"]
        );
    }
}
