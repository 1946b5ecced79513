//! Service-managed sets: the accounts of an organization, by its units.

use std::time::Duration;

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::{AccountFilterType, AutoDeployment, DeploymentTargets, PermissionModels};
use serde_json::{Value, json};

use super::{ACCOUNT, Desk, REGION, SET, bundles, elsewhere, ended, instances, line, succeeded};
use crate::support::organization;

fn call(desk: &Desk, account: &str, operation: &str, input: &Value) -> Value {
    organization::call(&desk.cloud, account, operation, input)
}

/// Asks as the management account.
fn ask(desk: &Desk, operation: &str, input: &Value) -> Value {
    call(desk, ACCOUNT, operation, input)
}

fn unit(desk: &Desk, parent: &str, name: &str) -> String {
    organization::unit(&desk.cloud, parent, name)
}

fn move_account(desk: &Desk, account: &str, from: &str, to: &str) {
    organization::move_account(&desk.cloud, account, from, to);
}

/// Makes an account in a unit.
fn account(desk: &Desk, name: &str, root: &str, unit: &str) -> String {
    organization::account(&desk.cloud, name, root, unit)
}

fn targets(unit: &str) -> DeploymentTargets {
    DeploymentTargets::builder().organizational_unit_ids(unit).build()
}

async fn make_set(desk: &Desk) -> Result<(), String> {
    let automatic = AutoDeployment::builder().enabled(true).retain_stacks_on_account_removal(false).build();
    let template = bundles::template("vod-case-bundles-${AWS::Region}").to_string();
    let call = desk.client.create_stack_set().stack_set_name(SET).template_body(template);
    let call = call.permission_model(PermissionModels::ServiceManaged).auto_deployment(automatic);
    let made = call.capabilities("CAPABILITY_NAMED_IAM".into()).send().await;
    made.map(drop).map_err(|error| error.message().unwrap_or_default().to_owned())
}

/// Waits until there are instances in these accounts and in no other, and none is worked on.
async fn settled(desk: &Desk, accounts: &[&String]) {
    let mut wanted: Vec<String> = accounts.iter().map(|account| (*account).clone()).collect();
    wanted.sort();
    for _ in 0..600 {
        let found = instances(desk).await;
        let named: Vec<String> = found.iter().map(|one| one.account().unwrap().to_owned()).collect();
        if named == wanted && found.iter().all(|one| line(one).ends_with("CURRENT SUCCEEDED")) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{wanted:?} are not the accounts of {:?}", instances(desk).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_s_accounts_get_their_stacks_and_the_management_account_gets_none() {
    let desk = Desk::open("cfn-fleet-organization", "vod-case").await;
    let stranger = "You must be the master or delegated admin account of an organization before operating a \
                    SERVICE_MANAGED stack set";
    assert_eq!(make_set(&desk).await.unwrap_err(), stranger);
    let refused = desk.client.activate_organizations_access().send().await.unwrap_err();
    assert!(refused.into_service_error().is_invalid_operation_exception());

    let made = ask(&desk, "CreateOrganization", &json!({ "FeatureSet": "ALL" }));
    let organization = made["Organization"]["Id"].as_str().unwrap().to_owned();
    assert_eq!(
        make_set(&desk).await.unwrap_err(),
        "You must enable organizations access to operate a service managed stack set"
    );
    desk.client.activate_organizations_access().send().await.unwrap();
    let access = desk.client.describe_organizations_access().send().await.unwrap();
    assert_eq!(access.status.unwrap().as_str(), "ENABLED");
    let root = ask(&desk, "ListRoots", &json!({}))["Roots"][0]["Id"].as_str().unwrap().to_owned();
    let media = unit(&desk, &root, "media");
    let within = unit(&desk, &media, "within");
    let (one, two) = (account(&desk, "one", &root, &media), account(&desk, "two", &root, &within));
    move_account(&desk, ACCOUNT, &root, &media);
    assert_eq!(
        call(&desk, &one, "DescribeOrganization", &json!({}))["Organization"]["MasterAccountId"],
        ACCOUNT
    );

    // Whoever is in the organization may read the code.
    bundles::upload(&desk, ACCOUNT).await;
    let of_it = json!({ "StringEquals": { "aws:PrincipalOrgID": organization } });
    bundles::open(&desk, ACCOUNT, json!("*"), of_it).await;
    make_set(&desk).await.unwrap();
    let create = || desk.client.create_stack_instances().stack_set_name(SET).regions(REGION);
    let by_account = create().deployment_targets(DeploymentTargets::builder().accounts(&one).build());
    assert_eq!(
        by_account.send().await.unwrap_err().message(),
        Some("StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target")
    );
    let only = DeploymentTargets::builder()
        .organizational_unit_ids(&media)
        .accounts(&two)
        .account_filter_type(AccountFilterType::Intersection)
        .build();
    succeeded(&desk, create().deployment_targets(only).send().await.unwrap().operation_id).await;
    settled(&desk, &[&two]).await;
    succeeded(&desk, create().deployment_targets(targets(&media)).send().await.unwrap().operation_id).await;
    settled(&desk, &[&one, &two]).await;
    for instance in instances(&desk).await {
        assert_eq!(instance.organizational_unit_id(), Some(media.as_str()), "the unit that was named");
    }
    assert!(bundles::code(&desk, &one, REGION).await.is_some());
    assert_eq!(bundles::code(&desk, ACCOUNT, REGION).await, None, "the management account gets none");
    let set = desk.client.describe_stack_set().stack_set_name(SET).send().await.unwrap().stack_set.unwrap();
    assert_eq!(set.permission_model().unwrap().as_str(), "SERVICE_MANAGED");
    assert_eq!(set.organizational_unit_ids(), std::slice::from_ref(&media));
    assert_eq!(set.administration_role_arn(), None);

    // Who comes gets a stack, and who goes loses it.
    let three = account(&desk, "three", &root, &within);
    settled(&desk, &[&one, &two, &three]).await;
    move_account(&desk, &one, &media, &root);
    settled(&desk, &[&two, &three]).await;
    // The set follows the unit while nobody is in it.
    move_account(&desk, &two, &within, &root);
    move_account(&desk, &three, &within, &root);
    settled(&desk, &[]).await;
    move_account(&desk, &two, &root, &media);
    settled(&desk, &[&two]).await;
    assert_eq!(bundles::code(&desk, &one, REGION).await, None);

    let call = desk.client.delete_stack_instances().stack_set_name(SET).retain_stacks(false).regions(REGION);
    let gone = call.deployment_targets(targets(&media)).send().await.unwrap().operation_id.unwrap();
    assert_eq!(ended(&desk, &gone).await, ("SUCCEEDED".into(), Vec::new()));
    desk.client.delete_stack_set().stack_set_name(SET).send().await.unwrap();
    let roles = elsewhere(&desk, &two, REGION).await.iam().list_roles().send().await.unwrap();
    assert!(roles.roles().is_empty(), "{roles:?}");
}
