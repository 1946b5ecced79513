//! What grants in addition to policy documents: a role's managed policies and boundary, a function's permissions and
//! role.

use std::collections::BTreeSet;

use serde_json::Value;

use super::policy::{self, Placed};
use super::{BeforeAfter, Broadening, Finding, PropertyPath, entries, properties, show};
use crate::model::{Principal, Statement, StringExpr};

properties! {
    "AWS::IAM::Role" {
        MANAGED_POLICIES = "ManagedPolicyArns";
        BOUNDARY = "PermissionsBoundary";
    }
    "AWS::Lambda::Permission" {
        PRINCIPAL = "Principal";
        ACTION = "Action";
        INVOKED = "FunctionName";
        SOURCE_ARN = "SourceArn";
        SOURCE_ACCOUNT = "SourceAccount";
        ORGANIZATION = "PrincipalOrgID";
        EVENT_SOURCE = "EventSourceToken";
        URL_AUTH = "FunctionUrlAuthType";
        BY_URL = "InvokedViaFunctionUrl";
    }
    "AWS::Lambda::Function" {
        ROLE = "Role";
    }
}

/// What of these lets somebody do more.
pub(super) fn findings(sides: &BeforeAfter<'_>) -> Vec<Finding> {
    match sides.kind {
        "AWS::IAM::Role" => role(sides),
        "AWS::Lambda::Permission" => permission(sides),
        "AWS::Lambda::Function" => function(sides).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn text(properties: Option<&Value>, property: PropertyPath) -> Option<String> {
    Some(property.of(properties?)).filter(|found| !found.is_null()).map(show::value)
}

fn role(sides: &BeforeAfter<'_>) -> Vec<Finding> {
    let policies = |side: Option<&Value>| -> BTreeSet<String> {
        side.map(|side| entries(MANAGED_POLICIES.of(side)).map(show::value).collect()).unwrap_or_default()
    };
    let mut found: Vec<Finding> = policies(sides.after)
        .difference(&policies(sides.before))
        .map(|policy| Finding {
            resources: vec!["everything that it names".to_owned()],
            ..sides.finding(
                Broadening::Allow,
                &sides.name(),
                &[&format!("everything that {policy} allows")],
                format!("{}: new {policy}", MANAGED_POLICIES.path),
            )
        })
        .collect();
    found.extend(boundary(sides));
    found
}

/// A boundary that is removed, or replaced by one that cannot be compared from here.
fn boundary(sides: &BeforeAfter<'_>) -> Option<Finding> {
    let before = text(sides.before, BOUNDARY)?;
    sides.after?;
    let what = match text(sides.after, BOUNDARY) {
        Some(after) if after == before => return None,
        Some(after) => format!("{before} → {after}"),
        None => format!("{before} removed"),
    };
    let actions = ["everything that its policies allow, beyond the boundary"];
    let origin = format!("{}: {what}", BOUNDARY.path);
    let finding = sides.finding(Broadening::DenyRemoved, &sides.name(), &actions, origin);
    Some(Finding { resources: vec!["everything that they name".to_owned()], ..finding })
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
    let input = |property: PropertyPath| -> Option<StringExpr> {
        serde_json::from_value(property.of(properties).clone()).ok()
    };
    let principal = match text(Some(properties), PRINCIPAL).unwrap_or_default() {
        any if any == "*" => Principal::Any,
        service if service.contains('.') && !service.starts_with("arn:") => Principal::service(&service),
        account => Principal::Of([("AWS".to_owned(), BTreeSet::from([account.into()]))].into()),
    };
    let action = text(Some(properties), ACTION).unwrap_or_default();
    let mut statement = Statement::allow("", &[&action]).to(principal).on(input(INVOKED));
    for (property, operator, key) in [
        (SOURCE_ARN, "ArnLike", "aws:SourceArn"),
        (SOURCE_ACCOUNT, "StringEquals", "aws:SourceAccount"),
        (ORGANIZATION, "StringEquals", "aws:PrincipalOrgID"),
        (EVENT_SOURCE, "StringEquals", "lambda:EventSourceToken"),
        (URL_AUTH, "StringEquals", "lambda:FunctionUrlAuthType"),
    ] {
        statement = match input(property) {
            Some(value) => statement.when(operator, key, [value]),
            None => statement,
        };
    }
    match BY_URL.of(properties) {
        Value::Bool(true) => {
            statement.when("Bool", "lambda:InvokedViaFunctionUrl", [StringExpr::from("true")])
        }
        _ => statement,
    }
}

/// Code that runs as another role.
fn function(sides: &BeforeAfter<'_>) -> Option<Finding> {
    let (before, after) = (text(sides.before, ROLE)?, text(sides.after, ROLE)?);
    let origin = format!("{}: {before} → {after}", ROLE.path);
    let actions = format!("everything that {after} may do");
    let finding = sides.finding(Broadening::Allow, &sides.name(), &[&actions], origin);
    (before != after).then_some(Finding { resources: vec!["everything that it names".to_owned()], ..finding })
}
