//! A policy document, as somebody wrote it in the account.

use crate::model::PolicyDocument;

/// The canonical form of a policy is its own canonical form: so an unchanged policy never shows a change.
pub fn policy(data: &[u8]) {
    let Ok(policy) = serde_json::from_slice::<PolicyDocument>(data) else { return };
    let canonical = serde_json::to_value(&policy).expect("a policy can be written");
    let again: PolicyDocument =
        serde_json::from_value(canonical.clone()).expect("what was written can be read");
    assert_eq!(serde_json::to_value(&again).expect("a policy can be written"), canonical);
    assert_eq!(again, policy);
}
