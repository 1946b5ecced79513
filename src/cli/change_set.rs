//! A CloudFormation change set beside the plan, as a person reads it.

use crate::ops::{Agreement, ChangeAction, Replacement, Verdict};
use crate::report;

/// What a change set would do: a line a resource, with where it differs from the plan.
pub(super) fn text(stack: &str, region: &str, verdicts: &[Verdict]) -> String {
    // What CloudFormation leaves to provision is no difference: the plan is carried out.
    let differs = |verdict: &&Verdict| verdict.agreement != Agreement::Agrees && verdict.says.is_some();
    let differ = verdicts.iter().filter(differs).count();
    let agrees = match differ {
        0 => "it agrees with the plan".to_owned(),
        1 => "it differs from the plan in 1 resource".to_owned(),
        more => format!("it differs from the plan in {more} resources"),
    };
    let mut lines = vec![format!("CloudFormation's change set for {stack} in {region}: {agrees}")];
    for Verdict { address, says, properties, agreement, .. } in verdicts {
        let says = match says {
            None => "no change".to_owned(),
            Some(says) if properties.is_empty() => word(*says).to_owned(),
            Some(says) => format!("{}: {}", word(*says), properties.join(", ")),
        };
        let how = match agreement {
            Agreement::Agrees => String::new(),
            Agreement::Differs(how) | Agreement::Refused(how) => format!(" ({how})"),
        };
        lines.push(format!("  {address:<32} {says}{how}"));
    }
    lines.iter().map(|line| report::plain(line)).collect::<Vec<_>>().join("\n")
}

fn word(action: ChangeAction) -> &'static str {
    match action {
        ChangeAction::Add => "Add",
        ChangeAction::Modify(Replacement::Never) => "Modify",
        ChangeAction::Modify(Replacement::Maybe) => "Modify, perhaps with a replacement",
        ChangeAction::Modify(Replacement::Always) => "Replace",
        ChangeAction::Remove => "Remove",
        ChangeAction::Import => "Import",
        ChangeAction::Sync => "no change, its drift is noted",
        ChangeAction::Other => "unknown to this version",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::PlannedAction;

    #[test]
    fn each_resource_has_a_line_and_says_where_it_differs() {
        let verdict = |address: &str, says, properties: &[&str], agreement| Verdict {
            address: address.into(),
            planned: PlannedAction::Update,
            says,
            properties: properties.iter().map(|one| (*one).to_owned()).collect(),
            agreement,
        };
        let modify = Some(ChangeAction::Modify(Replacement::Never));
        let all = [
            verdict("handlers/submit", modify, &["Code", "Timeout"], Agreement::Agrees),
            verdict("storage/work", None, &[], Agreement::Differs("provision makes it itself")),
        ];
        insta::assert_snapshot!(text("vod", "eu-west-1", &all), @"
        CloudFormation's change set for vod in eu-west-1: it agrees with the plan
          handlers/submit                  Modify: Code, Timeout
          storage/work                     no change (provision makes it itself)
        ");
        let replaced = Some(ChangeAction::Modify(Replacement::Maybe));
        let differs = verdict("storage/work", replaced, &[], Agreement::Differs("perhaps"));
        let told = text("vod", "eu-west-1", &[differs]);
        assert!(told.contains("eu-west-1: it differs from the plan in 1 resource\n"), "{told}");
    }
}
