//! What the commands print of change sets and moves, with texts of somebody who wants to write on the reader's terminal.

use super::super::super::{change_set, move_stack};
use super::stays_in_its_line;
use crate::model::Kind;
use crate::ops::{Agreement, ChangeAction, EngineKind, MoveAction, MoveStep, PlannedAction, Verdict};

#[test]
fn change_sets_and_moves() {
    let verdict = |word: &str, agreement| Verdict {
        address: word.into(),
        planned: PlannedAction::Update,
        says: Some(ChangeAction::Add),
        properties: vec![word.to_owned()],
        agreement,
    };
    stays_in_its_line("change_set", |word| {
        let verdicts = [Agreement::Agrees, Agreement::Refused("it is")].map(|one| verdict(word, one));
        change_set::text(word, word, &verdicts)
    });
    let step = |word: &str, action| MoveStep {
        address: word.into(),
        kind: Kind::new("AWS::S3::Bucket"),
        id: word.to_owned(),
        action,
    };
    let actions = [MoveAction::Import, MoveAction::StayOutside("it is"), MoveAction::Release];
    stays_in_its_line("move_stack", |word| {
        move_stack::text(EngineKind::Direct, &actions.map(|action| step(word, action)))
    });
}
