//! The organization whose accounts a service-managed set is for, as the emulator's Organizations has it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, header};
use serde_json::{Value, json};

use super::super::operations::{text, texts};
use super::super::refusal::ApiRefusal;
use super::super::{CloudFormation, StackCaller};
use super::{Answer, refused};
use crate::local::plain;
use crate::local::signature::{hash, sign};

/// How long the emulator may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Organizations is signed for this region, wherever it is called from.
const REGION: &str = "us-east-1";

/// An organization's tree. The root is a unit of its own here.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Organization {
    management: String,
    /// Units within a unit.
    units: BTreeMap<String, Vec<String>>,
    /// The active accounts directly in a unit.
    accounts: BTreeMap<String, Vec<String>>,
}

impl Organization {
    /// The accounts of a unit and of the units in it; `None` if there is no such unit. Stack sets are never deployed to the
    /// management account (API reference, `DeploymentTargets`).
    pub(super) fn accounts_of(&self, unit: &str) -> Option<BTreeSet<String>> {
        let own = self.accounts.get(unit)?.iter().filter(|account| **account != self.management).cloned();
        let within = self.units.get(unit).into_iter().flatten();
        let inner = within.filter_map(|inner| self.accounts_of(inner)).flatten();
        Some(own.chain(inner).collect())
    }

    /// The accounts that a call targets, each with the unit that names it. `accounts` filter them.
    pub(super) fn targets(
        &self,
        targets: &Value,
        accounts: &[String],
    ) -> Result<Vec<(String, Option<String>)>, ApiRefusal> {
        let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
        for unit in texts(targets, "OrganizationalUnitIds") {
            let within = self.accounts_of(unit);
            let within = within.ok_or_else(|| {
                ApiRefusal::validation(format!(
                    "Organizational unit {unit} does not exist in the organization"
                ))
            })?;
            for account in within {
                found.entry(account).or_insert_with(|| Some(unit.to_owned()));
            }
        }
        match text(targets, "AccountFilterType").unwrap_or("UNION") {
            "NONE" => {}
            "INTERSECTION" => found.retain(|account, _| accounts.contains(account)),
            "DIFFERENCE" => found.retain(|account, _| !accounts.contains(account)),
            "UNION" => {
                for account in accounts.iter().filter(|account| **account != self.management) {
                    let unit = self.accounts.iter().find(|(_, within)| within.contains(account));
                    let unit = unit.map(|(unit, _)| unit.clone());
                    let missing =
                        || ApiRefusal::validation(format!("Account {account} is not in the organization"));
                    let unit = unit.ok_or_else(missing)?;
                    found.entry(account.clone()).or_insert(Some(unit));
                }
            }
            other => {
                return Err(ApiRefusal::validation(format!(
                    "1 validation error detected: Value '{other}' at 'deploymentTargets.accountFilterType' failed to \
                     satisfy constraint: Member must satisfy enum value set: [DIFFERENCE, INTERSECTION, UNION, NONE]"
                )));
            }
        }
        Ok(found.into_iter().collect())
    }
}

impl CloudFormation {
    /// Asks Organizations, as an account. A refusal is its code.
    async fn organizations(&self, account: &str, operation: &str, input: Value) -> Result<Value, String> {
        let host = self.endpoint.split_once("://").map_or(self.endpoint.as_str(), |(_, host)| host);
        let body = input.to_string();
        let request = Request::post(format!("{}/", self.endpoint))
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
            .header("x-amz-target", format!("AWSOrganizationsV20161128.{operation}"))
            .header(header::HOST, HeaderValue::from_str(host).map_err(|error| error.to_string())?)
            .body(())
            .map_err(|error| error.to_string())?;
        let (mut parts, ()) = request.into_parts();
        sign(&mut parts, &hash(body.as_bytes()), &self.secret.credentials(account), REGION, "organizations");
        let request = Request::from_parts(parts, Body::from(body));
        let answer = plain::exchange(&self.http, request, PATIENCE).await?;
        let found: Value = serde_json::from_slice(answer.body()).map_err(|error| error.to_string())?;
        match answer.status().is_success() {
            true => Ok(found),
            false => Err(found["__type"].as_str().unwrap_or_default().to_owned()),
        }
    }

    /// The organization of an account; `None` if it is in none.
    pub(super) async fn organization_of(&self, account: &str) -> Result<Option<Organization>, ApiRefusal> {
        let unanswered = |why: String| refused(500, "InternalFailure", why);
        let own = match self.organizations(account, "DescribeOrganization", json!({})).await {
            Err(code) if code == "AWSOrganizationsNotInUseException" => return Ok(None),
            found => found.map_err(unanswered)?,
        };
        let management = own["Organization"]["MasterAccountId"].as_str().unwrap_or_default().to_owned();
        let mut organization = Organization { management, ..Organization::default() };
        let ask = |operation: &'static str, input: Value| {
            let management = organization.management.clone();
            async move { self.organizations(&management, operation, input).await.map_err(unanswered) }
        };
        let named = |list: &Value, member: &str| -> Vec<String> {
            let all = list.as_array().into_iter().flatten();
            all.filter_map(|one| one[member].as_str()).map(str::to_owned).collect()
        };
        let (mut units, mut accounts) = (BTreeMap::new(), BTreeMap::new());
        let mut open = named(&ask("ListRoots", json!({})).await?["Roots"], "Id");
        while let Some(parent) = open.pop() {
            let input = json!({ "ParentId": parent });
            let within = ask("ListOrganizationalUnitsForParent", input.clone()).await?;
            let within = named(&within["OrganizationalUnits"], "Id");
            open.extend(within.iter().cloned());
            units.insert(parent.clone(), within);
            let found = ask("ListAccountsForParent", input).await?;
            let all = found["Accounts"].as_array().into_iter().flatten();
            let active = all.filter(|account| account["Status"] == "ACTIVE").cloned().collect();
            accounts.insert(parent, named(&active, "Id"));
        }
        organization.units = units;
        organization.accounts = accounts;
        Ok(Some(organization))
    }
}

/// The organization of a caller who may operate service-managed sets. The texts are recorded:
/// <https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/799>,
/// <https://github.com/pepperize/cdk-organizations/issues/1718>.
pub(super) async fn operated(
    service: &CloudFormation,
    caller: &StackCaller,
    form: &Value,
) -> Result<Organization, ApiRefusal> {
    let account = &caller.place.account;
    let own = service.organization_of(account).await?.filter(|own| own.management == *account);
    let Some(own) = own.filter(|_| text(form, "CallAs") != Some("DELEGATED_ADMIN")) else {
        return Err(ApiRefusal::validation(
            "You must be the master or delegated admin account of an organization before operating a SERVICE_MANAGED stack \
             set",
        ));
    };
    if !service.has_organizations_access(account) {
        let message = "You must enable organizations access to operate a service managed stack set";
        return Err(ApiRefusal::validation(message));
    }
    Ok(own)
}

impl CloudFormation {
    /// Whether an account has let stack sets into its organization.
    pub(super) fn has_organizations_access(&self, account: &str) -> bool {
        self.organizations_access.lock().unwrap_or_else(PoisonError::into_inner).contains(account)
    }

    /// Refuses whoever does not manage an organization.
    async fn check_manages(&self, account: &str) -> Result<(), ApiRefusal> {
        match self.organization_of(account).await? {
            Some(own) if own.management == account => Ok(()),
            _ => Err(refused(
                400,
                "InvalidOperationException",
                "You must be the master account of an organization to manage organizations access",
            )),
        }
    }
}

/// `ActivateOrganizationsAccess`.
pub(super) async fn activate(service: &CloudFormation, caller: &StackCaller) -> Answer {
    service.check_manages(&caller.place.account).await?;
    let mut all = service.organizations_access.lock().unwrap_or_else(PoisonError::into_inner);
    all.insert(caller.place.account.clone());
    Ok(Some(json!({})))
}

/// `DeactivateOrganizationsAccess`.
pub(super) async fn deactivate(service: &CloudFormation, caller: &StackCaller) -> Answer {
    service.check_manages(&caller.place.account).await?;
    service.organizations_access.lock().unwrap_or_else(PoisonError::into_inner).remove(&caller.place.account);
    Ok(Some(json!({})))
}

/// `DescribeOrganizationsAccess`.
pub(super) async fn describe(service: &CloudFormation, caller: &StackCaller) -> Answer {
    service.check_manages(&caller.place.account).await?;
    let is_on = service.has_organizations_access(&caller.place.account);
    Ok(Some(json!({ "Status": if is_on { "ENABLED" } else { "DISABLED" } })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization() -> Organization {
        let map = |pairs: &[(&str, &[&str])]| {
            let one = |(unit, within): &(&str, &[&str])| {
                ((*unit).to_owned(), within.iter().map(|one| (*one).to_owned()).collect())
            };
            pairs.iter().map(one).collect()
        };
        Organization {
            management: "m".into(),
            units: map(&[("r", &["a", "b"]), ("a", &["c"]), ("b", &[]), ("c", &[])]),
            accounts: map(&[("r", &["m"]), ("a", &["1"]), ("b", &["2", "3"]), ("c", &["4"])]),
        }
    }

    fn targets(targets: &Value) -> Vec<String> {
        let accounts: Vec<String> = texts(targets, "Accounts").into_iter().map(str::to_owned).collect();
        let found = organization().targets(targets, &accounts).unwrap();
        found.into_iter().map(|(account, unit)| format!("{account} of {}", unit.unwrap())).collect()
    }

    #[test]
    fn a_unit_has_the_accounts_of_the_units_in_it_and_never_the_management_account() {
        assert_eq!(targets(&json!({ "OrganizationalUnitIds": ["a"] })), ["1 of a", "4 of a"]);
        assert_eq!(
            targets(&json!({ "OrganizationalUnitIds": ["r"] })),
            ["1 of r", "2 of r", "3 of r", "4 of r"]
        );
        let unknown = organization().targets(&json!({ "OrganizationalUnitIds": ["z"] }), &[]).unwrap_err();
        assert!(unknown.message.contains("z does not exist"));
    }

    #[test]
    fn accounts_filter_those_of_the_units() {
        let with = |filter: &str, accounts: &[&str]| {
            targets(
                &json!({ "OrganizationalUnitIds": ["b"], "AccountFilterType": filter, "Accounts": accounts }),
            )
        };
        assert_eq!(with("INTERSECTION", &["2", "4"]), ["2 of b"]);
        assert_eq!(with("DIFFERENCE", &["2", "4"]), ["3 of b"]);
        assert_eq!(with("UNION", &["4"]), ["2 of b", "3 of b", "4 of c"]);
        assert_eq!(with("NONE", &[]), ["2 of b", "3 of b"]);
    }
}
