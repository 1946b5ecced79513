//! What CloudFormation has and somebody deleted: who creates it again.
//!
//! CloudFormation cannot change what is not there, and a failed change cannot be rolled back: the stack ends in
//! `UPDATE_ROLLBACK_FAILED`. So the engine creates what has a name first, by the services' APIs: with its name, it is
//! CloudFormation's again. What gets its id from AWS would not be. A drift-aware change set creates it again instead, and
//! what depends on it (CloudFormation user guide, "Using drift-aware change sets"; AWS DevOps blog, "Safely Handle
//! Configuration Drift with CloudFormation Drift-Aware Change Sets", scenario 3).

use std::collections::BTreeSet;

use super::stacks::Stacks;
use crate::cloudformation::identifiers::{Takeover, takeover};
use crate::model::{Address, Kind};
use crate::plan::{Plan, Step, StepAction};

/// The resources of a plan that CloudFormation has and somebody deleted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Gone {
    /// Those that the engine creates before the change sets.
    pub(super) restored: BTreeSet<Address>,
    /// Those that CloudFormation creates again.
    pub(super) recreated: BTreeSet<Address>,
}

impl Gone {
    /// Those of a plan. `is_named` says whether a resource has a name of its own.
    pub(super) fn of(plan: &Plan, stacks: &Stacks, is_named: &dyn Fn(&Step) -> bool) -> Self {
        let replaced = plan.replaced();
        let mut gone = Self::default();
        let mut created: BTreeSet<usize> = BTreeSet::new();
        for (number, step) in plan.steps.iter().enumerate() {
            let creates = matches!(step.action, StepAction::Create { .. });
            if !creates || replaced.contains(&step.address) || stacks.holder(&step.address).is_none() {
                continue;
            }
            // What needs something that is not there yet comes with it.
            let is_there = |need: &usize| {
                created.contains(need) || matches!(plan.steps[*need].action, StepAction::Update { .. })
            };
            if is_named(step) && step.needs.iter().all(is_there) {
                created.insert(number);
                gone.restored.insert(step.address.clone());
            } else {
                gone.recreated.insert(step.address.clone());
            }
        }
        gone
    }
}

/// What CloudFormation was to create again, and the account still lacks. Created by another API, it would have another id,
/// and the CloudFormation stack could never change it again. What has a name can be.
pub(super) fn unmade<'a>(
    rest: &'a Plan,
    recreated: &BTreeSet<Address>,
    is_named: &dyn Fn(&Step) -> bool,
) -> Option<&'a Step> {
    rest.steps.iter().find(|step| {
        let creates = matches!(step.action, StepAction::Create { .. });
        creates && recreated.contains(&step.address) && !is_named(step)
    })
}

/// Whether a drift-aware change set reads resources of this type: those whose drift CloudFormation detects (user guide,
/// "Resource type support"). The others are taken out of the stack first ([`freed`](super::freeing::freed)).
pub(super) fn is_read(kind: &Kind) -> bool {
    matches!(takeover(kind), Some(Takeover::Import(_)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::cloudformation::logical_id;
    use crate::deploy::{Member, StackSeen, StackStatus};
    use crate::model::{Guard, Scope};
    use crate::ops::engine::HeldStack;

    fn stacks(addresses: &[&str]) -> Stacks {
        let seen = StackSeen {
            name: "vod".into(),
            id: "arn:vod".into(),
            region: "eu-west-1".into(),
            status: StackStatus::new("UPDATE_COMPLETE"),
            reason: String::new(),
            parameters: BTreeMap::new(),
            outputs: BTreeMap::new(),
            tags: BTreeMap::new(),
            protected: false,
        };
        let members = addresses.iter().map(|address| {
            let logical_id = logical_id(&Address::new(*address));
            let physical_id = Some(logical_id.clone());
            let member =
                Member { logical_id: logical_id.clone(), physical_id, status: "CREATE_COMPLETE".into() };
            (logical_id, member)
        });
        Stacks::from(vec![HeldStack::new(seen, members.collect(), Vec::new())])
    }

    fn plan(steps: &[(&str, &[usize])]) -> Plan {
        let step = |(address, needs): &(&str, &[usize])| Step {
            address: Address::new(*address),
            kind: Kind::new("AWS::CloudFront::Distribution"),
            region: "eu-west-1".into(),
            action: StepAction::Create { desired: json!({}) },
            guard: Guard::None,
            needs: needs.to_vec(),
        };
        let scope = Scope { stack: "vod".into(), account: "1".into(), region: "eu-west-1".into() };
        Plan {
            scope,
            steps: steps.iter().map(step).collect(),
            unchanged: Vec::new(),
            kept: Vec::new(),
            outputs: BTreeMap::new(),
        }
    }

    #[test]
    fn what_has_a_name_is_restored_unless_it_needs_what_is_not_there_yet() {
        let plan =
            plan(&[("id/a", &[]), ("name/b", &[]), ("name/c", &[0]), ("name/d", &[1]), ("new/e", &[])]);
        let is_named = |step: &Step| step.address.as_str().starts_with("name/");
        let gone = Gone::of(&plan, &stacks(&["id/a", "name/b", "name/c", "name/d"]), &is_named);
        let set = |all: &[&str]| all.iter().map(|one| Address::new(*one)).collect::<BTreeSet<_>>();
        assert_eq!(gone, Gone { restored: set(&["name/b", "name/d"]), recreated: set(&["id/a", "name/c"]) });
    }

    #[test]
    fn what_gets_its_id_from_aws_is_created_by_cloudformation_alone() {
        let is_named = |step: &Step| step.address.as_str().starts_with("name/");
        let recreated = BTreeSet::from([Address::new("id/a"), Address::new("name/b")]);
        let unmade = |steps: &[(&str, &[usize])]| {
            unmade(&plan(steps), &recreated, &is_named).map(|step| step.address.to_string())
        };
        assert_eq!(unmade(&[("new/c", &[]), ("name/b", &[]), ("id/a", &[])]).as_deref(), Some("id/a"));
        assert_eq!(unmade(&[("new/c", &[]), ("name/b", &[])]), None);
    }

    #[test]
    fn a_certificate_is_in_no_drift_aware_change_set() {
        assert!(is_read(&Kind::new("AWS::CloudFront::Distribution")));
        assert!(!is_read(&Kind::new("AWS::CertificateManager::Certificate")));
    }
}
