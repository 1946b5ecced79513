//! Changes of a role in the account: a boundary that somebody set, a role that is adopted, a role that is new.

use serde_json::{Value, json};

use super::script::{Answer, Line, called, play};
use crate::diff::diff;
use crate::model::{Kind, Mark};
use crate::resource::registry;

const GUARD: &str = "arn:aws:iam::111122223333:policy/guard";
const OTHER: &str = "arn:aws:iam::111122223333:policy/other";

fn xml(text: String) -> Answer {
    Answer::Ok(Value::String(text))
}

/// The answers to one look at a role that has the boundary `GUARD`.
fn reads() -> Vec<Line> {
    let trust = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D";
    let role = format!(
        "<GetRoleResponse><GetRoleResult><Role><Path>/</Path><RoleName>vod-batch</RoleName><RoleId>AROA1</RoleId>\
         <Arn>arn:aws:iam::111122223333:role/vod-batch</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>\
         <AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument><PermissionsBoundary>\
         <PermissionsBoundaryType>Policy</PermissionsBoundaryType>\
         <PermissionsBoundaryArn>{GUARD}</PermissionsBoundaryArn></PermissionsBoundary>\
         </Role></GetRoleResult></GetRoleResponse>"
    );
    let empty = |call: &str| xml(format!("<{call}Response><{call}Result/></{call}Response>"));
    vec![
        ("GetRole", xml(role)),
        ("ListRolePolicies", empty("ListRolePolicies")),
        ("ListAttachedRolePolicies", empty("ListAttachedRolePolicies")),
    ]
}

fn declared(boundary: Option<&str>) -> Value {
    let mut role = json!({
        "RoleName": "vod-batch", "Path": "/", "MaxSessionDuration": 3600, "Policies": [],
        "ManagedPolicyArns": [], "Tags": [],
        "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [] },
    });
    if let Some(arn) = boundary {
        role["PermissionsBoundary"] = json!(arn);
    }
    role
}

/// What a plan would change of the role, and the calls that an update makes.
async fn changed(desired: &Value, then: &[Line]) -> (Vec<String>, Vec<String>) {
    let script: Vec<Line> = reads().into_iter().chain(then.iter().cloned()).collect();
    let (cx, stage) = play(&script).await;
    let roles = registry().get(&Kind::new("AWS::IAM::Role")).unwrap();
    let mark = Mark { stack: "vod".into(), address: "library/batch-role".into() };
    let live = roles.find(&cx, desired, &mark).await.unwrap().unwrap();
    let changes = diff(desired, &live.properties, roles.create_only(), roles.write_only());
    roles.update(&cx, &live, desired, &changes).await.unwrap();
    (changes.0.into_iter().map(|change| change.path).collect(), called(&stage).split_off(reads().len()))
}

#[tokio::test]
async fn a_boundary_that_the_stack_does_not_declare_is_no_drift_and_stays() {
    let (changes, calls) = changed(&declared(None), &[]).await;
    assert_eq!((changes, calls), (vec![], vec![]));
}

#[tokio::test]
async fn it_stays_through_a_change_of_something_else() {
    let mut desired = declared(None);
    desired["MaxSessionDuration"] = json!(7200);
    let answer = xml("<UpdateRoleResponse><UpdateRoleResult/></UpdateRoleResponse>".to_owned());
    let (changes, calls) = changed(&desired, &[("UpdateRole", answer)]).await;
    assert_eq!((changes, calls), (vec!["MaxSessionDuration".to_owned()], vec!["UpdateRole".to_owned()]));
}

/// Printed policies allow changing only a role that has the stack's tag.
#[tokio::test]
async fn a_role_that_is_adopted_is_tagged_before_anything_else() {
    let mut desired = declared(None);
    desired["MaxSessionDuration"] = json!(7200);
    desired["Tags"] = json!([{ "Key": "provision:stack", "Value": "vod" }]);
    let answers = ["UpdateRole", "TagRole"]
        .map(|call| (call, xml(format!("<{call}Response><{call}Result/></{call}Response>"))));
    let (_, calls) = changed(&desired, &answers).await;
    assert_eq!(calls, ["TagRole", "UpdateRole"]);
}

/// A server that does not know the role yet knows neither its tag nor its boundary, and denies.
#[tokio::test]
async fn a_new_role_that_is_not_known_everywhere_yet_gets_its_policies_all_the_same() {
    let mut desired = declared(None);
    let document = json!({ "Version": "2012-10-17", "Statement": [] });
    desired["Policies"] = json!([{ "PolicyName": "access", "PolicyDocument": document }]);
    let made = "<CreateRoleResponse><CreateRoleResult><Role><Path>/</Path><RoleName>vod-batch</RoleName>\
                <RoleId>AROA1</RoleId><Arn>arn:aws:iam::111122223333:role/vod-batch</Arn>\
                <CreateDate>2026-01-01T00:00:00Z</CreateDate></Role></CreateRoleResult></CreateRoleResponse>";
    let script = [
        ("CreateRole", xml(made.to_owned())),
        ("PutRolePolicy", Answer::Error("AccessDenied", "no identity-based policy allows it")),
        ("PutRolePolicy", xml("<PutRolePolicyResponse/>".to_owned())),
    ];
    let (cx, stage) = play(&script).await;
    registry().get(&Kind::new("AWS::IAM::Role")).unwrap().create(&cx, &desired).await.unwrap();
    assert_eq!(called(&stage), ["CreateRole", "PutRolePolicy", "PutRolePolicy"]);
}

#[tokio::test]
async fn another_boundary_than_the_declared_one_is_drift() {
    let (changes, calls) = changed(&declared(Some(GUARD)), &[]).await;
    assert_eq!((changes, calls), (vec![], vec![]));
    let put = "PutRolePermissionsBoundary";
    let answer = xml(format!("<{put}Response/>"));
    let (changes, calls) = changed(&declared(Some(OTHER)), &[(put, answer)]).await;
    assert_eq!((changes, calls), (vec!["PermissionsBoundary".to_owned()], vec![put.to_owned()]));
}
