//! EventBridge: rules and their targets.

use std::collections::BTreeSet;

use super::asked::Asked;
use super::ban::{Ban, Verdict};
use super::state::State;

static TARGETS: Ban = Ban {
    name: "deleting a rule that has targets",
    code: "ValidationException",
    status: 400,
    source: "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html",
};
static NOTHING: Ban = Ban {
    name: "a rule without a pattern and a schedule",
    code: "ValidationException",
    status: 400,
    source: "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html",
};
static CROWD: Ban = Ban {
    name: "more than 5 targets of a rule",
    code: "LimitExceededException",
    status: 400,
    source: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
};

/// The bans of this service.
pub(super) const BANS: &[&Ban] = &[&TARGETS, &NOTHING, &CROWD];

const MOST_TARGETS: usize = 5;

/// Refuses a call that EventBridge refuses.
pub(super) async fn judge(asked: &Asked, state: &State) -> Verdict {
    let members = &asked.members;
    let bus = members.text("EventBusName");
    match asked.operation.as_str() {
        "DeleteRule" => {
            let targets = state.targets(members.text("Name").unwrap_or_default(), bus).await?;
            TARGETS.refuse_if(!targets.is_empty(), || "Rule can't be deleted since it has targets.".into())
        }
        "PutRule" => {
            let empty =
                ["EventPattern", "ScheduleExpression"].iter().all(|member| members.text(member).is_none());
            NOTHING.refuse_if(empty, || {
                "Parameter(s) EventPattern or ScheduleExpression must be specified.".into()
            })
        }
        "PutTargets" => {
            let there = state.targets(members.text("Rule").unwrap_or_default(), bus).await?;
            crowd(&members.texts("Targets/Id"), &there)
        }
        _ => Ok(()),
    }
}

/// A target of a known id replaces the one that is there.
fn crowd(more: &[&str], there: &[String]) -> Verdict {
    let all: BTreeSet<&str> = there.iter().map(String::as_str).chain(more.iter().copied()).collect();
    CROWD.refuse_if(all.len() > MOST_TARGETS, || {
        "The requested resource exceeds the maximum number allowed.".into()
    })
}

#[cfg(test)]
mod tests {
    use super::super::ban::said;
    use super::*;

    #[test]
    fn a_rule_has_five_targets() {
        let there: Vec<String> = ["1", "2", "3", "4"].map(str::to_owned).into();
        assert_eq!(crowd(&["4", "5"], &there), Ok(()));
        insta::assert_snapshot!(said(crowd(&["5", "6"], &there)), @"more than 5 targets of a rule: LimitExceededException: The requested resource exceeds the maximum number allowed.");
    }
}
