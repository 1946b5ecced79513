//! How many stacks of an operation run at once, and how many may fail. Pure.
//!
//! CloudFormation API reference, `StackSetOperationPreferences`: both numbers count accounts in a region, percentages are
//! rounded down, and at least one stack runs. In the strict mode no more run than may still fail.

use serde_json::{Value, json};

use super::super::functions::text;
use super::super::operations::texts;
use super::super::refusal::ApiRefusal;

/// A number of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    Count(usize),
    Percentage(usize),
}

impl Share {
    fn of(self, accounts: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Percentage(percentage) => accounts * percentage / 100,
        }
    }
}

/// What a call says of its operation.
#[derive(Debug, Clone)]
pub(super) struct Preferences {
    /// As an answer has them.
    pub(super) shown: Value,
    /// Whether the regions are worked on at once.
    pub(super) is_parallel: bool,
    is_strict: bool,
    order: Vec<String>,
    tolerated: Share,
    at_once: Share,
}

impl Preferences {
    /// Reads what a call says; what it does not say is AWS's default.
    pub(super) fn read(form: &Value) -> Result<Self, ApiRefusal> {
        let wanted = &form["OperationPreferences"];
        let order = texts(wanted, "RegionOrder").into_iter().map(str::to_owned).collect();
        Ok(Self {
            shown: if wanted.is_object() { wanted.clone() } else { json!({ "RegionOrder": [] }) },
            is_parallel: one_of(wanted, "RegionConcurrencyType", ["SEQUENTIAL", "PARALLEL"])? == "PARALLEL",
            is_strict: one_of(
                wanted,
                "ConcurrencyMode",
                ["STRICT_FAILURE_TOLERANCE", "SOFT_FAILURE_TOLERANCE"],
            )? == "STRICT_FAILURE_TOLERANCE",
            order,
            tolerated: share(wanted, "FailureTolerance", 0)?,
            at_once: share(wanted, "MaxConcurrent", 1)?,
        })
    }

    /// How many of a region's accounts may fail.
    pub(super) fn tolerated(&self, accounts: usize) -> usize {
        self.tolerated.of(accounts)
    }

    /// How many of a region's accounts are worked on at once, after so many failures.
    pub(super) fn at_once(&self, accounts: usize, failures: usize) -> usize {
        let most = self.at_once.of(accounts).max(1);
        if !self.is_strict {
            return most;
        }
        most.min((self.tolerated(accounts) + 1).saturating_sub(failures).max(1))
    }

    /// Regions in the order of the preferences, others after them.
    pub(super) fn ordered(&self, mut regions: Vec<String>) -> Vec<String> {
        regions.sort();
        regions.dedup();
        let place = |region: &String| self.order.iter().position(|named| named == region);
        regions.sort_by_key(|region| place(region).unwrap_or(usize::MAX));
        regions
    }
}

/// A value of an enumeration, the first one where the call says nothing.
fn one_of<'a>(wanted: &'a Value, name: &str, values: [&'a str; 2]) -> Result<&'a str, ApiRefusal> {
    let Some(given) = wanted[name].as_str() else { return Ok(values[0]) };
    if values.contains(&given) {
        return Ok(given);
    }
    Err(violated(name, given, &format!("satisfy enum value set: [{}]", values.join(", "))))
}

/// A count or a percentage of accounts, of which a call has one.
fn share(wanted: &Value, name: &str, least: usize) -> Result<Share, ApiRefusal> {
    let number = |member: &str, most: usize| {
        let given = text(&wanted[member]);
        if given.is_empty() {
            return Ok(None);
        }
        match given.parse::<usize>() {
            Ok(number) if number < least => {
                Err(violated(member, &given, &format!("have value greater than or equal to {least}")))
            }
            Ok(number) if number > most => {
                Err(violated(member, &given, &format!("have value less than or equal to {most}")))
            }
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(violated(member, &given, &format!("have value greater than or equal to {least}"))),
        }
    };
    let (count, percentage) = (format!("{name}Count"), format!("{name}Percentage"));
    match (number(&count, usize::MAX)?, number(&percentage, 100)?) {
        (Some(_), Some(_)) => Err(ApiRefusal::validation(format!(
            "You can specify either {count} or {percentage}, but not both"
        ))),
        (Some(count), None) => Ok(Share::Count(count)),
        (None, Some(percentage)) => Ok(Share::Percentage(percentage)),
        (None, None) => Ok(Share::Count(least)),
    }
}

fn violated(name: &str, value: &str, constraint: &str) -> ApiRefusal {
    let member = format!("operationPreferences.{}{}", name[..1].to_lowercase(), &name[1..]);
    ApiRefusal::validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(preferences: &Value) -> Result<Preferences, String> {
        Preferences::read(&json!({ "OperationPreferences": preferences })).map_err(|refusal| refusal.message)
    }

    #[test]
    fn without_preferences_one_account_after_the_other_and_no_failure() {
        let preferences = Preferences::read(&json!({})).unwrap();
        assert_eq!((preferences.at_once(10, 0), preferences.tolerated(10)), (1, 0));
        assert!(!preferences.is_parallel);
    }

    #[test]
    fn strict_runs_no_more_than_may_still_fail_and_soft_runs_all() {
        let preferences = |mode: &str| {
            read(&json!({ "MaxConcurrentCount": "8", "FailureToleranceCount": "3", "ConcurrencyMode": mode }))
                .unwrap()
        };
        let at_once = |mode: &str| [0, 1, 3].map(|failures| preferences(mode).at_once(10, failures));
        assert_eq!(at_once("STRICT_FAILURE_TOLERANCE"), [4, 3, 1]);
        assert_eq!(at_once("SOFT_FAILURE_TOLERANCE"), [8, 8, 8]);
    }

    #[test]
    fn percentages_are_rounded_down_and_at_least_one_runs() {
        let preferences =
            read(&json!({ "MaxConcurrentPercentage": "40", "FailureTolerancePercentage": "40" })).unwrap();
        assert_eq!((preferences.at_once(7, 0), preferences.tolerated(7)), (2, 2));
        assert_eq!((preferences.at_once(2, 0), preferences.tolerated(2)), (1, 0));
    }

    #[test]
    fn regions_that_are_not_named_come_last() {
        let preferences = read(&json!({ "RegionOrder": ["us-west-2", "eu-west-1", "ap-south-1"] })).unwrap();
        let regions = ["eu-west-1", "us-east-1", "us-west-2", "us-east-1"].map(str::to_owned).to_vec();
        assert_eq!(preferences.ordered(regions), ["us-west-2", "eu-west-1", "us-east-1"]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        insta::assert_snapshot!(read(&json!({ "MaxConcurrentCount": "0" })).unwrap_err(), @"1 validation error detected: Value '0' at 'operationPreferences.maxConcurrentCount' failed to satisfy constraint: Member must have value greater than or equal to 1");
        insta::assert_snapshot!(read(&json!({ "FailureTolerancePercentage": "101" })).unwrap_err(), @"1 validation error detected: Value '101' at 'operationPreferences.failureTolerancePercentage' failed to satisfy constraint: Member must have value less than or equal to 100");
        insta::assert_snapshot!(read(&json!({ "RegionConcurrencyType": "BOTH" })).unwrap_err(), @"1 validation error detected: Value 'BOTH' at 'operationPreferences.regionConcurrencyType' failed to satisfy constraint: Member must satisfy enum value set: [SEQUENTIAL, PARALLEL]");
        insta::assert_snapshot!(read(&json!({ "MaxConcurrentCount": "1", "MaxConcurrentPercentage": "1" })).unwrap_err(), @"You can specify either MaxConcurrentCount or MaxConcurrentPercentage, but not both");
    }
}
