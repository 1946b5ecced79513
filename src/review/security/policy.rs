//! Policy documents, wherever a resource's properties have one.

use serde_json::Value;

use super::exposure::Reach;
use super::{BeforeAfter, Broadening, Finding, PropertyPath, properties, show};
use crate::diff;
use crate::model::{Effect, PolicyDocument, Statement};

properties! {
    "AWS::IAM::Role" {
        TRUST = "AssumeRolePolicyDocument";
        INLINE = "Policies[].PolicyDocument";
    }
}

/// What allows more or denies less in a resource's policy documents.
pub(super) fn findings(sides: &BeforeAfter<'_>) -> Vec<Finding> {
    let read = |properties: Option<&Value>| properties.map(Documents::of).unwrap_or_default();
    let (before, after) = (read(sides.before), read(sides.after));
    let mut found = Vec::new();
    if before.unreadable != after.unreadable {
        found.extend(
            after.unreadable.iter().chain(&before.unreadable).map(|(path, _)| unreadable(sides, path)),
        );
    }
    for trust in [true, false] {
        let comparing = Comparing { sides, trust };
        found.extend(comparing.allowed(&before.of_sort(trust), &after.of_sort(trust)));
        found.extend(comparing.denied(&before.of_sort(trust), &after.of_sort(trust)));
    }
    found
}

/// What allows more between two lists of statements, each with its path.
pub(super) fn allows(
    sides: &BeforeAfter<'_>,
    before: &[Placed],
    after: &[Placed],
    broadening: Broadening,
) -> Vec<Finding> {
    let (before, after): (Vec<&Placed>, Vec<&Placed>) = (before.iter().collect(), after.iter().collect());
    let mut found = Comparing { sides, trust: false }.allowed(&before, &after);
    found.iter_mut().for_each(|finding| finding.broadening = broadening);
    found
}

fn unreadable(sides: &BeforeAfter<'_>, path: &str) -> Finding {
    let origin = format!("{path}: not a policy that can be compared");
    sides.finding(Broadening::Allow, "unknown", &["unknown"], origin)
}

/// A statement and its path: `PolicyDocument.Statement[Read]`.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) path: String,
    pub(super) statement: Statement,
    /// Whether it is part of a role's trust policy.
    pub(super) trust: bool,
}

/// All statements of a resource.
#[derive(Default)]
struct Documents {
    statements: Vec<Placed>,
    unreadable: Vec<(String, Value)>,
}

impl Documents {
    fn of(properties: &Value) -> Self {
        let mut documents = Self::default();
        documents.collect("", properties);
        documents
    }

    fn of_sort(&self, trust: bool) -> Vec<&Placed> {
        self.statements.iter().filter(|placed| placed.trust == trust).collect()
    }

    fn collect(&mut self, path: &str, value: &Value) {
        match value {
            Value::Object(members) => {
                for (key, inner) in members {
                    let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    if key.ends_with(INLINE.name()) {
                        self.read(&at, key, inner);
                    } else {
                        self.collect(&at, inner);
                    }
                }
            }
            Value::Array(list) => {
                let identity = diff::identity(list);
                for (index, inner) in list.iter().enumerate() {
                    let name = identity.and_then(|key| inner[key].as_str()).map(str::to_owned);
                    let name = name.unwrap_or_else(|| index.to_string());
                    self.collect(&format!("{path}[{name}]"), inner);
                }
            }
            _ => {}
        }
    }

    fn read(&mut self, path: &str, key: &str, document: &Value) {
        let parsed = match document {
            Value::Null => return,
            Value::String(text) => text.parse::<PolicyDocument>(),
            other => serde_json::from_value(other.clone()),
        };
        let Ok(parsed) = parsed else { return self.unreadable.push((path.to_owned(), document.clone())) };
        for (index, statement) in parsed.statements().enumerate() {
            let name = if statement.sid.is_empty() { index.to_string() } else { statement.sid.clone() };
            self.statements.push(Placed {
                path: format!("{path}.Statement[{name}]"),
                statement: statement.clone(),
                trust: key == TRUST.name(),
            });
        }
    }
}

fn reaches<'a>(placed: &[&'a Placed], effect: Effect) -> Vec<(&'a str, Reach<'a>)> {
    let of_effect = placed.iter().filter(|placed| placed.statement.effect == effect);
    of_effect.map(|placed| (placed.path.as_str(), Reach::new(&placed.statement))).collect()
}

fn bare<'a>(reaches: &[(&str, Reach<'a>)]) -> Vec<Reach<'a>> {
    reaches.iter().map(|(_, reach)| reach.clone()).collect()
}

struct Comparing<'a> {
    sides: &'a BeforeAfter<'a>,
    trust: bool,
}

impl Comparing<'_> {
    fn allowed(&self, before: &[&Placed], after: &[&Placed]) -> Vec<Finding> {
        let before = bare(&reaches(before, Effect::Allow));
        let mut found = Vec::new();
        let after = reaches(after, Effect::Allow);
        let siblings = bare(&after);
        for (path, reach) in after {
            let gained = reach.uncovered(&before);
            if gained.is_empty() {
                continue;
            }
            let broadening = match (self.trust, Reach::reached_under_conditions(&gained, &before)) {
                (true, _) => Broadening::Trust,
                (false, true) => Broadening::ConditionRemoved,
                (false, false) => Broadening::Allow,
            };
            let what = match reach.counterpart(&before, &siblings) {
                None => "new statement".to_owned(),
                Some(was) => {
                    let mut more = was.beyond(&gained, "new");
                    more.extend(super::condition::loosened(
                        &was.statement.condition,
                        &reach.statement.condition,
                    ));
                    more.join("; ")
                }
            };
            found.push(self.finding(broadening, reach.statement, format!("{path}: {what}")));
        }
        found
    }

    fn denied(&self, before: &[&Placed], after: &[&Placed]) -> Vec<Finding> {
        if self.sides.after.is_none() && !self.sides.subject_stays {
            return Vec::new();
        }
        let after = bare(&reaches(after, Effect::Deny));
        let mut found = Vec::new();
        let before = reaches(before, Effect::Deny);
        let siblings = bare(&before);
        for (path, reach) in before {
            let lost = reach.uncovered(&after);
            if lost.is_empty() {
                continue;
            }
            let what = match reach.counterpart(&after, &siblings) {
                None => "denial removed".to_owned(),
                Some(will_be) => {
                    let mut less = will_be.beyond(&lost, "no longer denies");
                    less.extend(super::condition::tightened(
                        &reach.statement.condition,
                        &will_be.statement.condition,
                    ));
                    less.join("; ")
                }
            };
            found.push(self.finding(Broadening::DenyRemoved, reach.statement, format!("{path}: {what}")));
        }
        found
    }

    fn finding(&self, broadening: Broadening, statement: &Statement, origin: String) -> Finding {
        let holder = self.sides.name();
        let resources = show::list(&statement.resource, &statement.not_resource);
        Finding {
            address: self.sides.address.to_owned(),
            broadening,
            principal: show::who(statement, &holder),
            actions: show::list(&statement.action, &statement.not_action),
            // A trust policy names no resource: it means its role.
            resources: if resources.is_empty() { vec![holder] } else { resources },
            conditions: show::conditions(&statement.condition),
            origin,
        }
    }
}
