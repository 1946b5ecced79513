//! Templates: read from JSON or YAML, and held to the rules that every template has. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::order;
use super::refusal::ApiRefusal;

/// The longest template in a call, and behind a URL, in bytes
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>).
pub(super) const LONGEST_BODY: usize = 51_200;
pub(super) const LONGEST_BY_URL: usize = 1_048_576;

const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];
const ATTRIBUTES: &[&str] = &[
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
];
/// The properties with which an IAM resource has a name.
const IAM_NAMES: &[&str] = &["RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName"];

/// A template that holds together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StackTemplate {
    /// As it was given.
    pub(super) text: String,
    /// With the long forms of all functions.
    pub(super) body: Value,
}

impl StackTemplate {
    /// Reads a template and checks it.
    pub(super) fn read(text: &str, is_known: &dyn Fn(&str) -> bool) -> Result<Self, ApiRefusal> {
        let body = parsed(text)?;
        let Value::Object(sections) = &body else {
            return Err(ApiRefusal::format("unsupported structure."));
        };
        check(sections, is_known)?;
        Ok(Self { text: text.to_owned(), body })
    }

    /// The members of a section.
    pub(super) fn section(&self, name: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.body.get(name).and_then(Value::as_object).into_iter().flatten()
    }

    /// The declaration of a resource.
    pub(super) fn resource(&self, logical: &str) -> Option<&Value> {
        self.body["Resources"].get(logical)
    }

    /// The macros that it wants to be transformed by.
    pub(super) fn transforms(&self) -> Vec<String> {
        fn nested(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Array(items) => items.iter().for_each(|item| nested(item, found)),
                Value::Object(members) => {
                    for (key, inner) in members {
                        if key == "Fn::Transform" {
                            found.extend(inner["Name"].as_str().map(str::to_owned));
                        }
                        nested(inner, found);
                    }
                }
                _ => {}
            }
        }
        let mut found: Vec<String> = match self.body.get("Transform") {
            Some(Value::String(name)) => vec![name.clone()],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::Object(one)) => {
                one.get("Name").and_then(Value::as_str).map(str::to_owned).into_iter().collect()
            }
            _ => Vec::new(),
        };
        nested(&self.body["Resources"], &mut found);
        found
    }

    /// The capabilities that a caller must give, and why.
    pub(super) fn capabilities(&self) -> (Vec<&'static str>, Option<String>) {
        let of_iam =
            |resource: &&Value| resource["Type"].as_str().is_some_and(|kind| kind.starts_with("AWS::IAM::"));
        let iam: Vec<&Value> =
            self.section("Resources").map(|(_, resource)| resource).filter(of_iam).collect();
        let is_named =
            |resource: &&Value| IAM_NAMES.iter().any(|name| resource["Properties"].get(name).is_some());
        let mut needed = Vec::new();
        if !iam.is_empty() {
            needed.push(if iam.iter().any(is_named) { "CAPABILITY_NAMED_IAM" } else { "CAPABILITY_IAM" });
        }
        let kinds: BTreeSet<&str> = iam.iter().filter_map(|resource| resource["Type"].as_str()).collect();
        let mut reasons = Vec::new();
        if !kinds.is_empty() {
            let kinds = Vec::from_iter(kinds).join(", ");
            reasons.push(format!("The following resource(s) require capabilities: [{kinds}]"));
        }
        let transforms = self.transforms();
        if !transforms.is_empty() {
            needed.push("CAPABILITY_AUTO_EXPAND");
            reasons
                .push(format!("The following transforms require capabilities: [{}]", transforms.join(", ")));
        }
        (needed, (!reasons.is_empty()).then(|| reasons.join(" ")))
    }

    /// Refuses a call that does not give what the template needs.
    pub(super) fn check_capabilities(&self, given: &[&str]) -> Result<(), ApiRefusal> {
        let has = |needed: &str| {
            given.contains(&needed) || (needed == "CAPABILITY_IAM" && given.contains(&"CAPABILITY_NAMED_IAM"))
        };
        let missing: Vec<&str> = self.capabilities().0.into_iter().filter(|needed| !has(needed)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!("Requires capabilities : [{}]", missing.join(", "));
        Err(ApiRefusal::new("InsufficientCapabilitiesException", message))
    }

    /// What each resource needs first, by logical ids.
    pub(super) fn needs(&self) -> BTreeMap<String, BTreeSet<String>> {
        let declared: BTreeSet<&str> = self.section("Resources").map(|(name, _)| name.as_str()).collect();
        let needs = |(name, body): (&String, &Value)| (name.clone(), order::needs(body, &declared));
        self.section("Resources").map(needs).collect()
    }
}

fn parsed(text: &str) -> Result<Value, ApiRefusal> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            ApiRefusal::format(format!("JSON not well-formed. (line {line}, column {column})"))
        });
    }
    let yaml: serde_yaml::Value = serde_yaml::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        ApiRefusal::format(format!("YAML not well-formed. (line {line}, column {column})"))
    })?;
    long_form(yaml)
}

/// YAML as JSON: `!Ref A` is `{"Ref": "A"}`.
fn long_form(yaml: serde_yaml::Value) -> Result<Value, ApiRefusal> {
    use serde_yaml::Value as Yaml;
    Ok(match yaml {
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let name =
                if matches!(name, "Ref" | "Condition") { name.to_owned() } else { format!("Fn::{name}") };
            let value = match (name.as_str(), long_form(tagged.value)?) {
                ("Fn::GetAtt", Value::String(path)) => match path.split_once('.') {
                    Some((resource, attribute)) => Value::from(vec![resource, attribute]),
                    None => Value::from(path),
                },
                (_, value) => value,
            };
            Map::from_iter([(name, value)]).into()
        }
        Yaml::Mapping(members) => {
            let pair = |(key, value): (Yaml, Yaml)| {
                let key = match key {
                    Yaml::String(text) => text,
                    other => serde_yaml::to_string(&other).unwrap_or_default().trim().to_owned(),
                };
                Ok((key, long_form(value)?))
            };
            members.into_iter().map(pair).collect::<Result<Map<_, _>, ApiRefusal>>()?.into()
        }
        Yaml::Sequence(items) => items.into_iter().map(long_form).collect::<Result<Vec<_>, _>>()?.into(),
        scalar => serde_json::to_value(&scalar)
            .map_err(|error| ApiRefusal::format(format!("YAML not well-formed. {error}")))?,
    })
}

fn check(sections: &Map<String, Value>, is_known: &dyn Fn(&str) -> bool) -> Result<(), ApiRefusal> {
    let strange: Vec<&str> =
        sections.keys().map(String::as_str).filter(|name| !SECTIONS.contains(name)).collect();
    if !strange.is_empty() {
        let message = format!("Invalid template property or properties [{}]", strange.join(", "));
        return Err(ApiRefusal::validation(message));
    }
    let resources = sections.get("Resources").and_then(Value::as_object).filter(|all| !all.is_empty());
    let Some(resources) = resources else {
        return Err(ApiRefusal::format("At least one Resources member must be defined."));
    };
    for (name, resource) in resources {
        check_resource(name, resource)?;
    }
    for (name, resource) in resources {
        if let Some(place) = null(resource, &format!("/Resources/{name}")) {
            return Err(ApiRefusal::format(format!("[{place}] 'null' values are not allowed in templates")));
        }
    }
    let unknown: BTreeSet<&str> = resources
        .values()
        .filter_map(|resource| resource["Type"].as_str())
        .filter(|kind| !is_known(kind))
        .collect();
    if !unknown.is_empty() {
        let kinds = Vec::from_iter(unknown).join(", ");
        return Err(ApiRefusal::format(format!("Unrecognized resource types: [{kinds}]")));
    }
    check_references(sections, resources)
}

fn check_resource(name: &str, resource: &Value) -> Result<(), ApiRefusal> {
    if !name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return Err(ApiRefusal::format(format!("Resource name {name} is non alphanumeric.")));
    }
    let Some(members) = resource.as_object() else {
        return Err(ApiRefusal::format(format!("[/Resources/{name}] resource definition is malformed")));
    };
    if !members.contains_key("Type") {
        let message = format!("[/Resources/{name}] Every Resources object must contain a Type member.");
        return Err(ApiRefusal::format(message));
    }
    match members.keys().find(|key| !ATTRIBUTES.contains(&key.as_str())) {
        Some(strange) => {
            Err(ApiRefusal::validation(format!("Invalid template resource property '{strange}'")))
        }
        None => Ok(()),
    }
}

/// Where a null is.
fn null(value: &Value, place: &str) -> Option<String> {
    match value {
        Value::Null => Some(place.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| null(item, &format!("{place}/{index}")))
        }
        Value::Object(members) => {
            members.iter().find_map(|(name, inner)| null(inner, &format!("{place}/{name}")))
        }
        _ => None,
    }
}

fn check_references(sections: &Map<String, Value>, resources: &Map<String, Value>) -> Result<(), ApiRefusal> {
    let parameters = sections.get("Parameters").and_then(Value::as_object).into_iter().flatten();
    let known: BTreeSet<&str> =
        resources.keys().map(String::as_str).chain(parameters.map(|(name, _)| name.as_str())).collect();
    for (block, value) in [("Resources", sections.get("Resources")), ("Outputs", sections.get("Outputs"))] {
        let Some(value) = value else { continue };
        if let Some(name) = undefined_attribute(value, resources) {
            let message =
                format!("Template error: instance of Fn::GetAtt references undefined resource {name}");
            return Err(ApiRefusal::validation(message));
        }
        let mut wanted = BTreeSet::new();
        for entry in value.as_object().into_iter().flatten().map(|(_, entry)| entry) {
            order::references(entry, &mut wanted);
            match &entry["DependsOn"] {
                Value::String(name) => drop(wanted.insert(name.clone())),
                Value::Array(names) => {
                    wanted.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                _ => {}
            }
        }
        let missing: Vec<&str> =
            wanted.iter().map(String::as_str).filter(|name| !known.contains(name)).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            let message =
                format!("Unresolved resource dependencies [{missing}] in the {block} block of the template");
            return Err(ApiRefusal::format(message));
        }
    }
    let declared: BTreeSet<&str> = resources.keys().map(String::as_str).collect();
    let needs = resources.iter().map(|(name, body)| (name.clone(), order::needs(body, &declared))).collect();
    order::sorted(&needs).map(drop).map_err(|circle| {
        ApiRefusal::validation(format!("Circular dependency between resources: [{}]", circle.join(", ")))
    })
}

/// A name in a `Fn::GetAtt` that is no resource.
fn undefined_attribute<'a>(value: &'a Value, resources: &Map<String, Value>) -> Option<&'a str> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| undefined_attribute(item, resources)),
        Value::Object(members) => members.iter().find_map(|(key, inner)| {
            let named = match (key.as_str(), inner) {
                ("Fn::GetAtt", Value::Array(parts)) => parts.first().and_then(Value::as_str),
                ("Fn::GetAtt", Value::String(path)) => path.split('.').next(),
                _ => None,
            };
            named
                .filter(|name| !resources.contains_key(*name))
                .or_else(|| undefined_attribute(inner, resources))
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
