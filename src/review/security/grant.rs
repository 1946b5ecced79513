//! What grants beside policy documents: a role's managed policies and boundary, a function's permissions and role.

use std::collections::BTreeSet;

use serde_json::Value;

use super::policy::{self, Placed};
use super::{BeforeAfter, Broadening, Finding, show};
use crate::model::{Input, Principal, Statement};

/// What these let somebody do more.
pub(super) fn findings(sides: &BeforeAfter<'_>) -> Vec<Finding> {
    match sides.kind {
        "AWS::IAM::Role" => role(sides),
        "AWS::Lambda::Permission" => permission(sides),
        "AWS::Lambda::Function" => function(sides).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn texts(properties: Option<&Value>, member: &str) -> BTreeSet<String> {
    let list = properties.and_then(|properties| properties.get(member)).and_then(Value::as_array);
    list.into_iter().flatten().map(show::value).collect()
}

fn text(properties: Option<&Value>, member: &str) -> Option<String> {
    properties?.get(member).filter(|found| !found.is_null()).map(show::value)
}

fn role(sides: &BeforeAfter<'_>) -> Vec<Finding> {
    let (before, after) = (texts(sides.before, "ManagedPolicyArns"), texts(sides.after, "ManagedPolicyArns"));
    let mut found: Vec<Finding> = after
        .difference(&before)
        .map(|policy| Finding {
            resources: vec!["all that it names".to_owned()],
            ..sides.finding(
                Broadening::Allow,
                &sides.name(),
                &[&format!("all that {policy} allows")],
                format!("ManagedPolicyArns: new {policy}"),
            )
        })
        .collect();
    found.extend(boundary(sides));
    found
}

/// A boundary that goes, or gives way to one that cannot be compared from here.
fn boundary(sides: &BeforeAfter<'_>) -> Option<Finding> {
    let before = text(sides.before, "PermissionsBoundary")?;
    sides.after?;
    let what = match text(sides.after, "PermissionsBoundary") {
        Some(after) if after == before => return None,
        Some(after) => format!("{before} gives way to {after}"),
        None => format!("{before} removed"),
    };
    let actions = ["all that its policies allow, beyond the boundary"];
    let origin = format!("PermissionsBoundary: {what}");
    let finding = sides.finding(Broadening::DenyRemoved, &sides.name(), &actions, origin);
    Some(Finding { resources: vec!["all that they name".to_owned()], ..finding })
}

fn permission(sides: &BeforeAfter<'_>) -> Vec<Finding> {
    let placed = |properties: Option<&Value>| -> Vec<Placed> {
        let statement = properties.map(statement);
        let placed = |statement| Placed { path: "Permission".to_owned(), statement, trust: false };
        statement.map(placed).into_iter().collect()
    };
    policy::allows(sides, &placed(sides.before), &placed(sides.after), Broadening::Invoke)
}

/// The statement of the function's policy that a permission is, as `AddPermission` writes it.
fn statement(properties: &Value) -> Statement {
    let input =
        |member: &str| -> Option<Input> { serde_json::from_value(properties.get(member)?.clone()).ok() };
    let principal = match text(Some(properties), "Principal").unwrap_or_default() {
        any if any == "*" => Principal::Any,
        service if service.contains('.') && !service.starts_with("arn:") => Principal::service(&service),
        account => Principal::Of([("AWS".to_owned(), BTreeSet::from([account.into()]))].into()),
    };
    let action = text(Some(properties), "Action").unwrap_or_default();
    let mut statement = Statement::allow("", &[&action]).to(principal).on(input("FunctionName"));
    for (member, operator, key) in [
        ("SourceArn", "ArnLike", "aws:SourceArn"),
        ("SourceAccount", "StringEquals", "aws:SourceAccount"),
        ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
        ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ] {
        statement = match input(member) {
            Some(value) => statement.when(operator, key, [value]),
            None => statement,
        };
    }
    match properties.get("InvokedViaFunctionUrl") {
        Some(Value::Bool(true)) => {
            statement.when("Bool", "lambda:InvokedViaFunctionUrl", [Input::from("true")])
        }
        _ => statement,
    }
}

/// Code that runs as another role.
fn function(sides: &BeforeAfter<'_>) -> Option<Finding> {
    let (before, after) = (text(sides.before, "Role")?, text(sides.after, "Role")?);
    let origin = format!("Role: {before} gives way to {after}");
    let actions = format!("all that {after} may");
    let finding = sides.finding(Broadening::Allow, &sides.name(), &[&actions], origin);
    (before != after).then_some(Finding { resources: vec!["all that it names".to_owned()], ..finding })
}
