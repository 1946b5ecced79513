//! The places that a call names: each account in each region.

use serde_json::Value;

use super::super::operations::texts;
use super::super::refusal::ApiRefusal;
use super::records::{Key, StackSetRecord};
use crate::local::accounts::is_account;

/// A place of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InstanceTarget {
    pub(super) key: Key,
    /// The organizational unit or the root that it was named by.
    pub(super) unit: Option<String>,
}

/// Refuses what a set of this permission model cannot be given.
/// The text is recorded: <https://github.com/aws/aws-cli/issues/8248>.
pub(super) fn check_model(is_service_managed: bool, form: &Value) -> Result<(), ApiRefusal> {
    let by_unit = !texts(&form["DeploymentTargets"], "OrganizationalUnitIds").is_empty();
    let by_account =
        !texts(form, "Accounts").is_empty() || !texts(&form["DeploymentTargets"], "Accounts").is_empty();
    let (model, target) = match is_service_managed {
        true if by_account && !by_unit => ("SERVICE_MANAGED", "OrganizationalUnit"),
        false if by_unit => ("SELF_MANAGED", "Account"),
        _ => return Ok(()),
    };
    Err(ApiRefusal::validation(format!(
        "StackSets with {model} permission model can only have {target} as target"
    )))
}

/// The accounts of a call.
pub(super) fn accounts(form: &Value) -> Result<Vec<String>, ApiRefusal> {
    let (own, targets) = (texts(form, "Accounts"), &form["DeploymentTargets"]);
    if !own.is_empty() && !targets.is_null() {
        return Err(ApiRefusal::validation(
            "You can specify either Accounts or DeploymentTargets, but not both.",
        ));
    }
    let accounts = if own.is_empty() { texts(targets, "Accounts") } else { own };
    if let Some(wrong) = accounts.iter().find(|account| !is_account(account)) {
        return Err(ApiRefusal::validation(format!(
            "1 validation error detected: Value '[{wrong}]' at 'accounts' failed to satisfy constraint: Member must satisfy \
             constraint: [Member must satisfy regular expression pattern: ^[0-9]{{12}}$]"
        )));
    }
    Ok(accounts.into_iter().map(str::to_owned).collect())
}

/// Each account in each region that a call names.
pub(super) fn of_accounts(accounts: &[(String, Option<String>)], form: &Value) -> Vec<InstanceTarget> {
    let regions = texts(form, "Regions");
    let place = |(account, unit): &(String, Option<String>), region: &&str| InstanceTarget {
        key: (account.clone(), (*region).to_owned()),
        unit: unit.clone(),
    };
    accounts.iter().flat_map(|one| regions.iter().map(move |region| place(one, region))).collect()
}

/// The places of a set that has them already.
pub(super) fn of_instances(set: &StackSetRecord) -> Vec<InstanceTarget> {
    let place = |(key, instance): (&Key, &super::records::InstanceRecord)| InstanceTarget {
        key: key.clone(),
        unit: instance.unit.clone(),
    };
    set.instances.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn accounts_are_named_once_and_have_twelve_digits() {
        let named = |form: Value| accounts(&form).map_err(|refusal| refusal.message);
        assert_eq!(named(json!({ "Accounts": ["111122223333"] })).unwrap(), ["111122223333"]);
        assert_eq!(
            named(json!({ "DeploymentTargets": { "Accounts": ["111122223333"] } })).unwrap(),
            ["111122223333"]
        );
        let twice =
            json!({ "Accounts": ["111122223333"], "DeploymentTargets": { "Accounts": ["111122223333"] } });
        assert!(named(twice).unwrap_err().contains("but not both"));
        assert!(named(json!({ "Accounts": ["1111"] })).unwrap_err().contains("'[1111]' at 'accounts'"));
    }

    #[test]
    fn each_model_has_targets_of_its_own() {
        let by_unit = json!({ "DeploymentTargets": { "OrganizationalUnitIds": ["ou-a"] } });
        let by_account = json!({ "DeploymentTargets": { "Accounts": ["111122223333"] } });
        assert!(check_model(true, &by_unit).is_ok() && check_model(false, &by_account).is_ok());
        let refused = |managed: bool, form: &Value| check_model(managed, form).unwrap_err().message;
        insta::assert_snapshot!(refused(true, &by_account), @"StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target");
        insta::assert_snapshot!(refused(false, &by_unit), @"StackSets with SELF_MANAGED permission model can only have Account as target");
    }
}
