//! The status of a CloudFormation stack, and what can be done in it. Pure.

use std::fmt;

/// A stack's status in CloudFormation's words, such as `UPDATE_COMPLETE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackStatus(String);

/// What a status means for the next operation (CloudFormation user guide, "Understand stack creation events").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A first change set was made and never executed. The stack has no resources.
    Review,
    /// The stack is whole. It takes change sets.
    Steady,
    /// CloudFormation works on it.
    Working,
    /// Its creation failed. It must be deleted before it is created again.
    NotCreated,
    /// An update failed, and going back failed too. The rollback must be continued.
    RollbackFailed,
    /// Its deletion failed. It must be deleted again.
    NotDeleted,
    /// It is gone.
    Gone,
}

impl StackStatus {
    /// The status with this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// What it means.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.0.as_str() {
            "REVIEW_IN_PROGRESS" => Phase::Review,
            "DELETE_COMPLETE" => Phase::Gone,
            "DELETE_FAILED" => Phase::NotDeleted,
            "CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" => Phase::NotCreated,
            "UPDATE_FAILED" | "UPDATE_ROLLBACK_FAILED" | "IMPORT_ROLLBACK_FAILED" => Phase::RollbackFailed,
            working if working.ends_with("_IN_PROGRESS") => Phase::Working,
            _ => Phase::Steady,
        }
    }

    /// Whether what an operation had done was undone.
    #[must_use]
    pub fn is_rollback(&self) -> bool {
        self.0.ends_with("ROLLBACK_COMPLETE")
    }

    /// Whether an operation that ended with it did what it was asked for.
    #[must_use]
    pub fn is_success(&self) -> bool {
        let asked = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "DELETE_COMPLETE"];
        asked.contains(&self.0.as_str())
    }
}

impl fmt::Display for StackStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every status of the API's enumeration `StackStatus`.
    const ALL: &[(&str, Phase)] = &[
        ("CREATE_IN_PROGRESS", Phase::Working),
        ("CREATE_FAILED", Phase::NotCreated),
        ("CREATE_COMPLETE", Phase::Steady),
        ("ROLLBACK_IN_PROGRESS", Phase::Working),
        ("ROLLBACK_FAILED", Phase::NotCreated),
        ("ROLLBACK_COMPLETE", Phase::NotCreated),
        ("DELETE_IN_PROGRESS", Phase::Working),
        ("DELETE_FAILED", Phase::NotDeleted),
        ("DELETE_COMPLETE", Phase::Gone),
        ("UPDATE_IN_PROGRESS", Phase::Working),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Phase::Working),
        ("UPDATE_COMPLETE", Phase::Steady),
        ("UPDATE_FAILED", Phase::RollbackFailed),
        ("UPDATE_ROLLBACK_IN_PROGRESS", Phase::Working),
        ("UPDATE_ROLLBACK_FAILED", Phase::RollbackFailed),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Phase::Working),
        ("UPDATE_ROLLBACK_COMPLETE", Phase::Steady),
        ("REVIEW_IN_PROGRESS", Phase::Review),
        ("IMPORT_IN_PROGRESS", Phase::Working),
        ("IMPORT_COMPLETE", Phase::Steady),
        ("IMPORT_ROLLBACK_IN_PROGRESS", Phase::Working),
        ("IMPORT_ROLLBACK_FAILED", Phase::RollbackFailed),
        ("IMPORT_ROLLBACK_COMPLETE", Phase::Steady),
    ];

    #[test]
    fn every_status_of_the_api_has_a_phase() {
        for (status, phase) in ALL {
            assert_eq!(StackStatus::new(*status).phase(), *phase, "{status}");
        }
        let known: Vec<&str> = ALL.iter().map(|(status, _)| *status).collect();
        for status in aws_sdk_cloudformation::types::StackStatus::values() {
            assert!(known.contains(status), "{status} is in the SDK and not here");
        }
    }

    #[test]
    fn a_rollback_is_no_success() {
        for (status, _) in ALL {
            let success = StackStatus::new(*status).is_success();
            assert_eq!(success, status.ends_with("_COMPLETE") && !status.contains("ROLLBACK"), "{status}");
        }
    }
}
