//! What `status` prints of a fleet.

use super::{HOSTILE, cannot_act, stays_in_its_line, to_json};
use crate::cli::status;
use crate::ops::{FleetInstance, FleetStatus, InstanceState, LastOperation};

#[test]
fn statuses() {
    let of = |word: &str| FleetStatus {
        stack_set: "vod".into(),
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        instances: vec![FleetInstance {
            account: word.into(),
            region: word.into(),
            unit: Some(word.into()),
            stack: Some(format!("arn/{word}/id")),
            state: InstanceState::Outdated,
            last: word.into(),
            reason: Some(word.into()),
            drift: word.into(),
        }],
        last_operation: Some(LastOperation {
            id: word.into(),
            action: word.into(),
            status: word.into(),
            began: None,
        }),
    };
    stays_in_its_line("status", |word| status::human(&of(word)));
    cannot_act("status --format json", &to_json(&of(HOSTILE)));
}
