//! An organization on a local cloud. The program has no SDK of AWS Organizations, so botocore makes the calls.

use std::process::Command;

use serde_json::{Value, json};

use super::{ACCOUNT, Cloud, output, python};

const CALL: &str = r"
import botocore, botocore.session, json, sys
client = botocore.session.get_session().create_client('organizations', region_name='us-east-1')
answer = getattr(client, botocore.xform_name(sys.argv[1]))(**json.loads(sys.argv[2]))
print(json.dumps(answer, default=str))
";

/// Calls Organizations as an account.
pub(crate) fn call(cloud: &Cloud, account: &str, operation: &str, input: &Value) -> Value {
    let mut command = Command::new(python());
    command.args(["-c", CALL, operation, &input.to_string()]);
    command.envs(cloud.environment_as_on_aws(account));
    serde_json::from_str(&output(command, 0).0).unwrap()
}

/// Makes an organizational unit.
pub(crate) fn unit(cloud: &Cloud, parent: &str, name: &str) -> String {
    let made = call(cloud, ACCOUNT, "CreateOrganizationalUnit", &json!({ "ParentId": parent, "Name": name }));
    made["OrganizationalUnit"]["Id"].as_str().unwrap().to_owned()
}

/// Moves an account to another unit.
pub(crate) fn move_account(cloud: &Cloud, account: &str, from: &str, to: &str) {
    let input = json!({ "AccountId": account, "SourceParentId": from, "DestinationParentId": to });
    call(cloud, ACCOUNT, "MoveAccount", &input);
}

/// Makes an account in a unit.
pub(crate) fn account(cloud: &Cloud, name: &str, root: &str, unit: &str) -> String {
    let input = json!({ "AccountName": name, "Email": format!("{name}@example.com") });
    let made = call(cloud, ACCOUNT, "CreateAccount", &input);
    let id = made["CreateAccountStatus"]["AccountId"].as_str().unwrap().to_owned();
    move_account(cloud, &id, root, unit);
    id
}
