//! What a new template changes: the changes of a change set. Pure.
//!
//! With property values, CloudFormation finds out what each property will be, so a dependant of what stays is left out.
//! Without them, it only looks at the templates: what reads an attribute of something that is modified is shown as well.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::fate::{Fate, fate_of, worse};
use super::functions::{Environment, KNOWN_AFTER_APPLY, KnownResource, Problem, text};
use super::handlers::HandledType;
use super::order;
use super::parameters;
use super::state::{DeclaredStack, ResourceRecord};
use super::values::{Difference, as_texts, differences, shown};

/// Where a stack is, for functions.
pub(super) struct Whereabouts<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) name: &'a str,
    pub(super) id: &'a str,
    pub(super) exports: BTreeMap<String, String>,
}

impl Whereabouts<'_> {
    /// What functions read in a template of this stack.
    pub(super) fn environment<'b>(
        &'b self,
        declared: &'b DeclaredStack,
        resource: &'b (dyn Fn(&str) -> Option<KnownResource> + Sync),
    ) -> Result<Environment<'b>, Problem> {
        let environment = Environment {
            account: self.account,
            region: self.region,
            stack_name: self.name,
            stack_id: self.id,
            parameters: parameters::typed(&declared.template, &declared.parameters),
            body: &declared.template.body,
            conditions: BTreeMap::new(),
            exports: self.exports.clone(),
            resource,
        };
        environment.with_conditions()
    }
}

/// The changes, in the order of the template: removals last.
pub(super) fn changes(
    place: &Whereabouts<'_>,
    records: &BTreeMap<String, ResourceRecord>,
    before: Option<&DeclaredStack>,
    target: &DeclaredStack,
    imports: &BTreeSet<&str>,
    types: &dyn Fn(&str) -> Option<HandledType>,
    with_values: bool,
) -> Result<Vec<Value>, Problem> {
    let comparison = Comparison { place, records, before, target, types, with_values };
    let needs = target.template.needs();
    let order = order::sorted(&needs)
        .map_err(|circle| format!("Circular dependency between resources: {circle:?}"))?;
    let mut fates: BTreeMap<String, Fate> = BTreeMap::new();
    let mut changes = BTreeMap::new();
    let mut wanted = BTreeSet::new();
    for logical in order {
        let Some((fate, change)) = comparison.of(&logical, &fates, imports.contains(logical.as_str()))?
        else {
            continue;
        };
        wanted.insert(logical.clone());
        changes.extend(change.map(|change| (logical.clone(), change)));
        fates.insert(logical, fate);
    }
    let mut all: Vec<Value> =
        target.template.section("Resources").filter_map(|(logical, _)| changes.remove(logical)).collect();
    for (logical, record) in records.iter().filter(|(logical, _)| !wanted.contains(*logical)) {
        all.push(comparison.removal(logical, record));
    }
    Ok(all.into_iter().map(|change| json!({ "Type": "Resource", "ResourceChange": change })).collect())
}

struct Comparison<'a> {
    place: &'a Whereabouts<'a>,
    records: &'a BTreeMap<String, ResourceRecord>,
    before: Option<&'a DeclaredStack>,
    target: &'a DeclaredStack,
    types: &'a dyn Fn(&str) -> Option<HandledType>,
    with_values: bool,
}

impl Comparison<'_> {
    /// What becomes of a resource, and its change if it has one; `None` if its condition does not hold.
    fn of(
        &self,
        logical: &str,
        fates: &BTreeMap<String, Fate>,
        is_import: bool,
    ) -> Result<Option<(Fate, Option<Value>)>, Problem> {
        let body = &self.target.template.body["Resources"][logical];
        let known = |name: &str| {
            let stays = matches!(fates.get(name), Some(Fate::Stays | Fate::IsModified));
            let handled = self.records.get(name).filter(|_| stays)?.handled.as_ref()?;
            Some((handled.reference.clone(), handled.attributes.clone()))
        };
        let environment = self.place.environment(self.target, &known)?;
        if !environment.is_wanted(body) {
            return Ok(None);
        }
        let kind = body["Type"].as_str().unwrap_or_default();
        let after = environment.value(&body["Properties"])?;
        let after = if after.is_null() { json!({}) } else { after };
        let existing = self.records.get(logical).filter(|record| record.handled.is_some());
        let Some(record) = existing else {
            let action = if is_import { "Import" } else { "Add" };
            let mut change = self.head(action, logical, kind, None);
            change.insert("Details".into(), json!([]));
            change.insert("Scope".into(), json!([]));
            if self.with_values {
                change.insert("AfterContext".into(), self.context(body, &after));
            }
            return Ok(Some((Fate::IsNew, Some(change.into()))));
        };
        self.modification(logical, kind, body, &after, record, fates)
    }

    fn modification(
        &self,
        logical: &str,
        kind: &str,
        body: &Value,
        after: &Value,
        record: &ResourceRecord,
        fates: &BTreeMap<String, Fate>,
    ) -> Result<Option<(Fate, Option<Value>)>, Problem> {
        let create_only = (self.types)(kind).unwrap_or_default().create_only;
        let mut details = Vec::new();
        let mut scope: BTreeSet<&str> = BTreeSet::new();
        let mut fate = Fate::Stays;
        for difference in differences(&record.properties, after) {
            let detail = self.detail(logical, body, &difference, create_only, fates);
            fate = worse(fate, fate_of(&detail));
            scope.insert("Properties");
            details.push(detail);
        }
        if !self.with_values {
            let dynamic = self.read_attributes(body, fates, &details);
            if !dynamic.is_empty() {
                fate = worse(fate, Fate::IsModified);
                scope.insert("Properties");
            }
            details.extend(dynamic);
        }
        let old_body = &record.body;
        for attribute in ["Metadata", "DeletionPolicy", "UpdateReplacePolicy"] {
            if old_body.get(attribute) != body.get(attribute) {
                scope.insert(attribute);
                fate = worse(fate, Fate::IsModified);
                details.push(self.attribute_detail(attribute, old_body.get(attribute), body.get(attribute)));
            }
        }
        if record.kind != kind {
            fate = Fate::IsReplaced;
        }
        if self.before.is_some_and(|before| before.tags != self.target.tags)
            && body["Properties"].get("Tags").is_some()
        {
            scope.insert("Tags");
            fate = worse(fate, Fate::IsModified);
            details.push(json!({ "Target": { "Attribute": "Tags", "RequiresRecreation": "Never" },
                "Evaluation": "Static", "ChangeSource": "DirectModification" }));
        }
        if fate == Fate::Stays {
            return Ok(Some((fate, None)));
        }
        let mut change = self.head("Modify", logical, kind, record.physical_id());
        let replacement = match fate {
            Fate::IsReplaced => "True",
            Fate::MayBeReplaced => "Conditional",
            _ => "False",
        };
        if fate == Fate::IsReplaced {
            let keeps = body["UpdateReplacePolicy"] == "Retain";
            change.insert(
                "PolicyAction".into(),
                json!(if keeps { "ReplaceAndRetain" } else { "ReplaceAndDelete" }),
            );
        }
        change.insert("Replacement".into(), json!(replacement));
        change.insert("Scope".into(), Vec::from_iter(scope).into());
        if !self.with_values {
            details = without_values(details);
        }
        change.insert("Details".into(), details.into());
        if self.with_values {
            change.insert("BeforeContext".into(), self.context(old_body, &record.properties));
            change.insert("AfterContext".into(), self.context(body, after));
        }
        Ok(Some((fate, Some(change.into()))))
    }

    fn removal(&self, logical: &str, record: &ResourceRecord) -> Value {
        let mut change = self.head("Remove", logical, &record.kind, record.physical_id());
        let keeps = record.is_kept_by("DeletionPolicy", false);
        change.insert("PolicyAction".into(), json!(if keeps { "Retain" } else { "Delete" }));
        change.insert("Details".into(), json!([]));
        change.insert("Scope".into(), json!([]));
        if self.with_values {
            change.insert("BeforeContext".into(), self.context(&record.body, &record.properties));
        }
        change.into()
    }

    fn head(&self, action: &str, logical: &str, kind: &str, physical: Option<&str>) -> Map<String, Value> {
        let mut change = Map::new();
        change.insert("Action".into(), json!(action));
        change.insert("LogicalResourceId".into(), json!(logical));
        if let Some(physical) = physical {
            change.insert("PhysicalResourceId".into(), json!(physical));
        }
        change.insert("ResourceType".into(), json!(kind));
        change
    }

    /// The declaration as JSON text, with every scalar as text.
    fn context(&self, body: &Value, properties: &Value) -> Value {
        let mut context = Map::from_iter([("Properties".to_owned(), as_texts(properties))]);
        for attribute in ["Metadata", "DeletionPolicy", "UpdateReplacePolicy"] {
            if let Some(value) = body.get(attribute) {
                context.insert(attribute.to_owned(), as_texts(value));
            }
        }
        Value::from(Value::from(context).to_string())
    }

    fn detail(
        &self,
        logical: &str,
        body: &Value,
        difference: &Difference,
        create_only: &[&str],
        fates: &BTreeMap<String, Fate>,
    ) -> Value {
        let name = difference.path.split('/').nth(2).unwrap_or_default().to_owned();
        let recreation = if create_only.contains(&name.as_str()) { "Always" } else { "Never" };
        let new = &body["Properties"][&name];
        let old = self
            .before
            .and_then(|before| before.template.resource(logical))
            .map(|old| &old["Properties"][&name]);
        let is_dynamic =
            difference.after.as_ref().is_some_and(|value| value.to_string().contains(KNOWN_AFTER_APPLY));
        let (source, entity) = match old {
            Some(old) if old == new => self.cause(new, fates),
            _ => ("DirectModification", None),
        };
        let mut target = json!({ "Attribute": "Properties", "Name": name, "RequiresRecreation": recreation });
        target["Path"] = json!(difference.path);
        let value = |value: &Value| json!(shown(value));
        let kind = match (&difference.before, &difference.after) {
            (None, _) => "Add",
            (_, None) => "Remove",
            _ => "Modify",
        };
        target["AttributeChangeType"] = json!(kind);
        if let Some(before) = &difference.before {
            target["BeforeValue"] = value(before);
        }
        if let Some(after) = &difference.after {
            target["AfterValue"] = value(after);
        }
        let mut detail = json!({ "Target": target, "Evaluation": if is_dynamic { "Dynamic" } else { "Static" },
            "ChangeSource": source });
        if let Some(entity) = entity {
            detail["CausingEntity"] = json!(entity);
        }
        detail
    }

    /// Why a property changes whose template stays.
    fn cause(&self, property: &Value, fates: &BTreeMap<String, Fate>) -> (&'static str, Option<String>) {
        let mut names = BTreeSet::new();
        order::references(property, &mut names);
        let old = self.before.map(|before| &before.parameters);
        let changed =
            |name: &&String| old.is_some_and(|old| old.get(*name) != self.target.parameters.get(*name));
        if let Some(parameter) =
            names.iter().filter(|name| self.target.parameters.contains_key(*name)).find(changed)
        {
            return ("ParameterReference", Some(parameter.clone()));
        }
        let moved = |name: &&String| !matches!(fates.get(*name), Some(Fate::Stays) | None);
        match names.iter().find(moved) {
            Some(name) => match attribute_of(property, name) {
                Some(attribute) => ("ResourceAttribute", Some(format!("{name}.{attribute}"))),
                None => ("ResourceReference", Some(name.clone())),
            },
            None => ("DirectModification", None),
        }
    }

    /// Properties that read an attribute of something that is modified: without values, they may change too.
    fn read_attributes(&self, body: &Value, fates: &BTreeMap<String, Fate>, told: &[Value]) -> Vec<Value> {
        let mut found = Vec::new();
        let properties = body["Properties"].as_object().into_iter().flatten();
        for (name, property) in properties {
            if told.iter().any(|detail| detail["Target"]["Name"] == name.as_str()) {
                continue;
            }
            let mut names = BTreeSet::new();
            order::references(property, &mut names);
            for other in names.iter().filter(|other| fates.get(*other) == Some(&Fate::IsModified)) {
                if let Some(attribute) = attribute_of(property, other) {
                    found.push(json!({
                        "Target": { "Attribute": "Properties", "Name": name, "RequiresRecreation": "Never" },
                        "Evaluation": "Dynamic", "ChangeSource": "ResourceAttribute",
                        "CausingEntity": format!("{other}.{attribute}"),
                    }));
                }
            }
        }
        found
    }

    fn attribute_detail(&self, attribute: &str, before: Option<&Value>, after: Option<&Value>) -> Value {
        let mut target = json!({ "Attribute": attribute, "RequiresRecreation": "Never" });
        target["Path"] = json!(format!("/{attribute}"));
        target["AttributeChangeType"] = json!(match (before, after) {
            (None, _) => "Add",
            (_, None) => "Remove",
            _ => "Modify",
        });
        if let Some(before) = before {
            target["BeforeValue"] = json!(shown(before));
        }
        if let Some(after) = after {
            target["AfterValue"] = json!(shown(after));
        }
        json!({ "Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification" })
    }
}

/// Details as an answer without property values has them.
fn without_values(details: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for mut detail in details {
        if let Some(target) = detail["Target"].as_object_mut() {
            for member in ["Path", "BeforeValue", "AfterValue", "AttributeChangeType"] {
                target.remove(member);
            }
        }
        if !kept.contains(&detail) {
            kept.push(detail);
        }
    }
    kept
}

/// The attribute of a resource that a value reads.
fn attribute_of(value: &Value, resource: &str) -> Option<String> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| attribute_of(item, resource)),
        Value::Object(members) => members.iter().find_map(|(key, inner)| match (key.as_str(), inner) {
            ("Fn::GetAtt", Value::Array(parts)) if parts.first().is_some_and(|part| part == resource) => {
                parts.get(1).map(text)
            }
            ("Fn::Sub", Value::String(pattern)) => order::placeholders(pattern)
                .find_map(|name| name.strip_prefix(resource)?.strip_prefix('.').map(str::to_owned)),
            _ => attribute_of(inner, resource),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
