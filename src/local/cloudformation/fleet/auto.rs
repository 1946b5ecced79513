//! Automatic deployment: accounts that come into a unit of a service-managed set get its stacks, and those that leave it lose
//! them, unless the set retains them
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-manage-auto-deployment.html>).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::super::CloudFormation;
use super::super::refusal::ApiRefusal;
use super::super::state::StackPlace;
use super::operation;
use super::preferences::Preferences;
use super::records::{InstanceRecord, Key, OperationRecord, StackSetRecord};
use super::targets::InstanceTarget;

/// How long an operation under way is waited for, in looks.
const LOOKS: usize = 600;
const LOOK: Duration = Duration::from_millis(100);

/// Brings the sets of an organization after it, beside the call that changed it.
pub(in crate::local) fn organization_changed(service: &Arc<CloudFormation>) {
    let service = Arc::clone(service);
    tokio::spawn(async move {
        for (place, id) in service.automatic_sets() {
            service.follow(&place, &id).await;
        }
    });
}

/// What is to be done in a set: places to make, and places to leave.
fn differences(
    set: &StackSetRecord,
    accounts_of: &dyn Fn(&str) -> BTreeSet<String>,
) -> (Vec<InstanceTarget>, Vec<InstanceTarget>) {
    let mut wanted: BTreeMap<Key, String> = BTreeMap::new();
    for (unit, region) in &set.units {
        for account in accounts_of(unit) {
            wanted.entry((account, region.clone())).or_insert_with(|| unit.clone());
        }
    }
    let has_left = |(key, instance): &(&Key, &InstanceRecord)| {
        let unit = instance.unit.as_deref();
        !wanted.contains_key(*key) && unit.is_some_and(|unit| !accounts_of(unit).contains(&key.0))
    };
    let gone = set.instances.iter().filter(has_left);
    let gone = gone
        .map(|(key, instance)| InstanceTarget { key: key.clone(), unit: instance.unit.clone() })
        .collect();
    wanted.retain(|key, _| !set.instances.contains_key(key));
    (wanted.into_iter().map(|(key, unit)| InstanceTarget { key, unit: Some(unit) }).collect(), gone)
}

impl CloudFormation {
    fn automatic_sets(&self) -> Vec<(StackPlace, String)> {
        let all = self.stack_sets.lock().unwrap_or_else(PoisonError::into_inner);
        let is_automatic = |set: &&StackSetRecord| {
            set.is_active() && set.auto_deployment.is_some_and(|automatic| automatic.is_enabled)
        };
        let of = |(place, sets): (&StackPlace, &Vec<StackSetRecord>)| {
            sets.iter().filter(is_automatic).map(|set| (place.clone(), set.id.clone())).collect::<Vec<_>>()
        };
        all.iter().flat_map(of).collect()
    }

    async fn follow(self: &Arc<Self>, place: &StackPlace, id: &str) {
        for action in ["CREATE", "DELETE"] {
            for _ in 0..LOOKS {
                match self.follow_by(action, place, id).await {
                    Err(refusal) if refusal.code == "OperationInProgressException" => {
                        tokio::time::sleep(LOOK).await;
                    }
                    _ => break,
                }
            }
        }
    }

    /// Begins what one kind of operation has to do, if there is something.
    async fn follow_by(
        self: &Arc<Self>,
        action: &'static str,
        place: &StackPlace,
        id: &str,
    ) -> Result<(), ApiRefusal> {
        // The organization may have changed since the last look.
        let organization = self.organization_of(&place.account).await?;
        let Some(organization) = organization.filter(|_| self.has_organizations_access(&place.account))
        else {
            return Ok(());
        };
        let accounts_of = |unit: &str| organization.accounts_of(unit).unwrap_or_default();
        let due = |set: &StackSetRecord| {
            let (new, gone) = differences(set, &accounts_of);
            if action == "CREATE" { new } else { gone }
        };
        if self.set(place, id, |set| Ok(due(set).is_empty()))? {
            return Ok(());
        }
        let begun = operation::begin_in(self, place, id, &Value::Null, |set| {
            let here = due(set);
            for target in here.iter().filter(|_| action == "CREATE") {
                let instance = set.instances.entry(target.key.clone()).or_default();
                instance.unit.clone_from(&target.unit);
                instance.status = "OUTDATED";
            }
            let retains = set.auto_deployment.map(|automatic| automatic.retains);
            let operation = OperationRecord::new(action, None, Preferences::read(&json!({}))?, &here);
            Ok(OperationRecord { retains: retains.filter(|_| action == "DELETE"), ..operation })
        });
        begun.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_is_new_and_who_leaves_is_gone() {
        let place = StackPlace { account: "m".into(), region: "r".into() };
        let mut set = StackSetRecord::new(&place, "fleet");
        set.units = [("ou-a", "r"), ("ou-a", "s")].map(|(unit, region)| (unit.into(), region.into())).into();
        let instance = |unit: &str| InstanceRecord { unit: Some(unit.into()), ..InstanceRecord::default() };
        // One stays, one has left, and one was named by a unit that is followed no more.
        for (account, unit) in [("1", "ou-a"), ("2", "ou-a"), ("3", "ou-b")] {
            set.instances.insert((account.into(), "r".into()), instance(unit));
        }
        let accounts = |unit: &str| {
            let within: &[&str] = if unit == "ou-a" { &["1", "4"] } else { &["3"] };
            within.iter().map(|account| (*account).to_owned()).collect()
        };
        let (new, gone) = differences(&set, &accounts);
        let shown = |all: Vec<InstanceTarget>| {
            all.into_iter().map(|one| format!("{} {}", one.key.0, one.key.1)).collect::<Vec<_>>()
        };
        assert_eq!(
            (shown(new), shown(gone)),
            (vec!["1 s".into(), "4 r".into(), "4 s".into()], vec!["2 r".into()])
        );
    }
}
