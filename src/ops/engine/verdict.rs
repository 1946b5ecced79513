//! A change set held against the plan: where CloudFormation does what was agreed to, and where not. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::deploy::{ChangeAction, Replacement, ResourceChange};
use crate::model::{Address, Guard};
use crate::plan::{Plan, Reason, Step, StepAction};

/// What the plan does at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlannedAction {
    /// Nothing.
    Nothing,
    /// Creates it.
    Create,
    /// Changes it.
    Update,
    /// Deletes and creates it.
    Replace,
    /// Deletes it.
    Delete,
    /// It is no longer declared and stays, because it holds data.
    Keep,
}

/// What CloudFormation would do with one resource, beside what the plan does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The resource.
    pub address: Address,
    /// What the plan does.
    pub planned: PlannedAction,
    /// What CloudFormation would do. `None`: nothing.
    pub says: Option<ChangeAction>,
    /// The properties that CloudFormation would change.
    pub properties: Vec<String>,
    /// Whether they agree.
    pub agreement: Agreement,
}

/// Whether a change set does what was agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// It does.
    Agrees,
    /// It differs without harm. The text says how.
    Differs(&'static str),
    /// It would do what nobody agreed to. The text says what.
    Refused(&'static str),
}

/// The verdicts on one template, in the order of addresses. `members` are the addresses of the template's resources and of
/// those that CloudFormation has so far, by logical id. `freed` are those that were deleted before, because their names are
/// used again.
pub(in crate::ops) fn verdicts(
    plan: &Plan,
    members: &BTreeMap<String, Address>,
    freed: &BTreeMap<String, Address>,
    changes: &[ResourceChange],
) -> Vec<Verdict> {
    let kept: BTreeSet<&Address> = plan.kept.iter().map(|known| &known.address).collect();
    let changes: BTreeMap<&str, &ResourceChange> =
        changes.iter().map(|change| (change.logical_id.as_str(), change)).collect();
    let mut verdicts: Vec<Verdict> = Vec::new();
    for (logical_id, address) in members {
        let steps: Vec<&Step> = plan.steps.iter().filter(|step| step.address == *address).collect();
        let planned = match planned(&steps) {
            PlannedAction::Nothing if kept.contains(address) => PlannedAction::Keep,
            PlannedAction::Replace if freed.contains_key(logical_id) => PlannedAction::Create,
            planned => planned,
        };
        let change = changes.get(logical_id.as_str());
        let says = change.map(|change| change.action);
        if planned == PlannedAction::Nothing && says.is_none() {
            continue;
        }
        let properties = change.map(|change| change.properties.clone()).unwrap_or_default();
        let guarded = steps.iter().any(|step| step.guard == Guard::Data);
        let agreement = agreement(planned, says, properties.is_empty(), guarded);
        verdicts.push(Verdict { address: address.clone(), planned, says, properties, agreement });
    }
    // Somebody else may have added resources to the stack: nothing may happen to them.
    for change in changes.values().filter(|change| !members.contains_key(&change.logical_id)) {
        let (address, planned) = (Address::new(&change.logical_id), PlannedAction::Nothing);
        let (says, properties) = (Some(change.action), change.properties.clone());
        let agreement = agreement(planned, says, properties.is_empty(), false);
        verdicts.push(Verdict { address, planned, says, properties, agreement });
    }
    verdicts.sort_by(|one, other| one.address.cmp(&other.address));
    verdicts
}

/// The verdicts on a change set that only deletes resources whose names are used again.
pub(in crate::ops) fn freeing(freed: &BTreeMap<String, Address>, changes: &[ResourceChange]) -> Vec<Verdict> {
    let verdicts = changes.iter().map(|change| {
        let freed = freed.get(&change.logical_id);
        let agreement = match (freed, change.action) {
            (Some(_), ChangeAction::Remove) => Agreement::Agrees,
            (None, ChangeAction::Modify(Replacement::Never) | ChangeAction::Sync) => {
                Agreement::Differs("it reads a value of what is deleted, and the value is the same")
            }
            _ => Agreement::Refused("CloudFormation would not only delete what is created again"),
        };
        Verdict {
            address: freed.cloned().unwrap_or_else(|| Address::new(&change.logical_id)),
            planned: if freed.is_some() { PlannedAction::Replace } else { PlannedAction::Nothing },
            says: Some(change.action),
            properties: change.properties.clone(),
            agreement,
        }
    });
    verdicts.collect()
}

fn planned(steps: &[&Step]) -> PlannedAction {
    let replaces =
        |step: &&&Step| matches!(step.action, StepAction::Delete { reason: Reason::Replacement(_), .. });
    if steps.iter().any(|step| replaces(&step)) {
        return PlannedAction::Replace;
    }
    match steps.first().map(|step| &step.action) {
        None => PlannedAction::Nothing,
        Some(StepAction::Create { .. }) => PlannedAction::Create,
        Some(StepAction::Update { .. }) => PlannedAction::Update,
        Some(StepAction::Delete { .. }) => PlannedAction::Delete,
    }
}

fn agreement(
    planned: PlannedAction,
    says: Option<ChangeAction>,
    only_attributes: bool,
    guarded: bool,
) -> Agreement {
    use Agreement::{Agrees, Differs, Refused};
    use ChangeAction::{Add, Import, Modify, Remove, Sync};
    use PlannedAction::{Create, Delete, Keep, Nothing, Replace, Update};
    // What is only noted is not changed.
    match (planned, says.filter(|says| *says != Sync)) {
        (Create, Some(Add))
        | (Update, Some(Modify(Replacement::Never)))
        | (Replace, Some(Modify(Replacement::Always | Replacement::Maybe)))
        | (Delete | Keep, Some(Remove)) => Agrees,
        (Update, Some(Modify(Replacement::Maybe))) if !guarded => {
            Differs("CloudFormation decides while it works whether to replace it")
        }
        (Nothing, Some(Modify(Replacement::Never))) if only_attributes => Agrees,
        (Nothing, Some(Modify(Replacement::Never | Replacement::Maybe))) => {
            Differs("not in the plan: it is live as declared, and CloudFormation sends it again")
        }
        (Update, None) => Differs("CloudFormation sees no change: provision makes it itself"),
        (Replace, None) => Differs("CloudFormation sees no change: provision replaces it itself"),
        (Create, Some(Modify(Replacement::Never | Replacement::Maybe)) | None) => {
            Differs("CloudFormation has it already, and it is not there: provision creates it itself")
        }
        (Create, Some(Modify(Replacement::Always))) if !guarded => {
            Differs("it is gone, and CloudFormation creates it again")
        }
        (Delete, None) => Differs("it is not in CloudFormation: provision deletes it itself"),
        (Keep, None) => Agrees,
        (_, Some(Modify(Replacement::Always | Replacement::Maybe))) => {
            Refused("CloudFormation would replace it")
        }
        (_, Some(Remove)) => Refused("CloudFormation would delete it"),
        (_, Some(Add)) => Refused("CloudFormation would create it, and it is there already"),
        (Replace, Some(Modify(Replacement::Never))) => {
            Differs("CloudFormation changes it in place: provision replaces it if that is not enough")
        }
        (Delete | Keep, Some(Modify(_))) => Refused("CloudFormation would change it, and the plan does not"),
        (_, Some(Import)) => Refused("CloudFormation would import it"),
        (_, Some(ChangeAction::Other | Sync)) => {
            Refused("CloudFormation would do what this version does not know")
        }
        (Nothing, None) => Agrees,
    }
}

/// The addresses that CloudFormation would do something to that nobody agreed to, with what that is.
pub(in crate::ops) fn refused(verdicts: &[Verdict]) -> Vec<(&Address, &'static str)> {
    let refused = verdicts.iter().filter_map(|verdict| match verdict.agreement {
        Agreement::Refused(why) => Some((&verdict.address, why)),
        _ => None,
    });
    refused.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL_PLANNED: [PlannedAction; 6] = [
        PlannedAction::Nothing,
        PlannedAction::Create,
        PlannedAction::Update,
        PlannedAction::Replace,
        PlannedAction::Delete,
        PlannedAction::Keep,
    ];
    const ALL_SAID: [Option<ChangeAction>; 9] = [
        None,
        Some(ChangeAction::Add),
        Some(ChangeAction::Modify(Replacement::Never)),
        Some(ChangeAction::Modify(Replacement::Maybe)),
        Some(ChangeAction::Modify(Replacement::Always)),
        Some(ChangeAction::Remove),
        Some(ChangeAction::Import),
        Some(ChangeAction::Other),
        Some(ChangeAction::Sync),
    ];

    /// Rows are what the plan does, columns what CloudFormation says: `=` agrees, `~` differs, `!` is refused.
    #[test]
    fn what_somebody_else_added_to_the_stack_is_not_deleted() {
        let scope =
            crate::model::Scope { stack: "vod".into(), account: "1".into(), region: "eu-west-1".into() };
        let plan = Plan {
            scope,
            steps: Vec::new(),
            unchanged: Vec::new(),
            kept: Vec::new(),
            outputs: BTreeMap::new(),
        };
        let theirs = ResourceChange {
            logical_id: "Mine".into(),
            kind: "AWS::SQS::Queue".into(),
            action: ChangeAction::Remove,
            properties: Vec::new(),
        };
        let verdicts = verdicts(&plan, &BTreeMap::new(), &BTreeMap::new(), &[theirs]);
        assert_eq!(refused(&verdicts), [(&Address::new("Mine"), "CloudFormation would delete it")]);
    }

    #[test]
    fn no_resource_is_lost_or_replaced_that_the_plan_keeps() {
        let mark = |planned, says, guarded| match agreement(planned, says, false, guarded) {
            Agreement::Agrees => '=',
            Agreement::Differs(_) => '~',
            Agreement::Refused(_) => '!',
        };
        let row = |planned| {
            let marks: String = ALL_SAID.map(|says| mark(planned, says, false)).iter().collect();
            format!("{planned:?} {marks}")
        };
        insta::assert_snapshot!(ALL_PLANNED.map(row).join("\n"), @"
        Nothing =!~~!!!!=
        Create ~=~~~!!!~
        Update ~!=~!!!!~
        Replace ~!~==!!!~
        Delete ~!!!!=!!~
        Keep =!!!!=!!=
        ");
        for says in [Replacement::Maybe, Replacement::Always] {
            let verdict = agreement(PlannedAction::Update, Some(ChangeAction::Modify(says)), false, true);
            assert!(matches!(verdict, Agreement::Refused(_)), "a bucket is never replaced");
        }
        let again = Some(ChangeAction::Modify(Replacement::Always));
        let verdict = agreement(PlannedAction::Create, again, false, true);
        assert!(matches!(verdict, Agreement::Refused(_)), "a bucket is created again by its name first");
    }

    #[test]
    fn names_are_freed_without_another_change() {
        let freed = BTreeMap::from([("AOne".to_owned(), Address::new("a/one"))]);
        let change = |logical_id: &str, action| ResourceChange {
            logical_id: logical_id.into(),
            kind: "AWS::Logs::DeliverySource".into(),
            action,
            properties: Vec::new(),
        };
        let judged = |logical_id, action| {
            let verdicts = freeing(&freed, &[change(logical_id, action)]);
            refused(&verdicts).is_empty()
        };
        assert!(judged("AOne", ChangeAction::Remove));
        assert!(judged("ATwo", ChangeAction::Modify(Replacement::Never)));
        for action in ALL_SAID.into_iter().flatten().filter(|action| *action != ChangeAction::Remove) {
            assert!(!judged("AOne", action), "{action:?}");
        }
        for action in [
            ChangeAction::Remove,
            ChangeAction::Add,
            ChangeAction::Modify(Replacement::Maybe),
            ChangeAction::Modify(Replacement::Always),
        ] {
            assert!(!judged("ATwo", action), "{action:?}");
        }
    }
}
