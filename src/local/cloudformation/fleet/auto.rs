//! Automatic deployment: accounts that come into a unit of a service-managed set get its stacks, and those that leave it lose
//! them, unless the set retains them
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-manage-auto-deployment.html>).

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::super::CloudFormation;
use super::super::state::StackPlace;
use super::operation;
use super::preferences::Preferences;
use super::records::{Key, OperationRecord, StackSetRecord};
use super::targets::Target;

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
fn differences(set: &StackSetRecord, wanted: &BTreeSet<(String, String)>) -> (Vec<Target>, Vec<Target>) {
    let regions: BTreeSet<&String> = set.instances.keys().map(|(_, region)| region).collect();
    let accounts: BTreeSet<&String> = wanted.iter().map(|(account, _)| account).collect();
    let new = wanted.iter().flat_map(|(account, unit)| {
        regions
            .iter()
            .map(move |region| Target { key: (account.clone(), (*region).clone()), unit: Some(unit.clone()) })
    });
    let new = new.filter(|target| !set.instances.contains_key(&target.key)).collect();
    let gone = set.instances.iter().filter(|((account, _), _)| !accounts.contains(account));
    let gone = gone.map(|(key, instance)| Target { key: key.clone(), unit: instance.unit.clone() });
    (new, gone.collect())
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
        if !self.has_organizations_access(&place.account) {
            return;
        }
        let Ok(Some(organization)) = self.organization_of(&place.account).await else { return };
        for action in ["CREATE", "DELETE"] {
            for _ in 0..LOOKS {
                let begun = operation::begin_in(self, place, id, &Value::Null, |set| {
                    let units: BTreeSet<String> =
                        set.instances.values().filter_map(|instance| instance.unit.clone()).collect();
                    let within = |unit: &String| {
                        let accounts = organization.accounts_of(unit).unwrap_or_default();
                        accounts.into_iter().map(|account| (account, unit.clone())).collect::<Vec<Key>>()
                    };
                    let (new, gone) = differences(set, &units.iter().flat_map(within).collect());
                    let here = if action == "CREATE" { new } else { gone };
                    for target in here.iter().filter(|_| action == "CREATE") {
                        let instance = set.instances.entry(target.key.clone()).or_default();
                        instance.unit.clone_from(&target.unit);
                        instance.status = "OUTDATED";
                    }
                    let retains = set.auto_deployment.is_some_and(|automatic| automatic.retains);
                    let preferences = Preferences::read(&json!({}))?;
                    let operation = OperationRecord::new(action, None, preferences, &here);
                    let retains = (action == "DELETE").then_some(retains);
                    Ok(OperationRecord { retains, ..operation })
                });
                match begun {
                    Err(refusal) if refusal.code == "OperationInProgressException" => {
                        tokio::time::sleep(LOOK).await;
                    }
                    _ => break,
                }
            }
        }
    }
}
