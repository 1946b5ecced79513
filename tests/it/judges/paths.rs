//! AWS's published resource schemas of the paths that reviews know by heart: those of the facts about impact, those of
//! the security rules, and the members by which lists are matched. A typo in one of them fails here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use provision::diff::{self, IDENTITIES};
use provision::model::{Declaration, Statement};
use provision::resource::registry;
use provision::review::{PropertyPath, property_paths};
use serde_json::Value;

use super::schemas::{Schemas, alternatives, member};
use super::stacks::{self, STACKS};

#[test]
fn reviews_only_name_properties_and_values_that_the_schemas_know() {
    let schemas = Schemas::of("us-east-1");
    let paths: Vec<PropertyPath> = property_paths().collect();
    assert!(paths.len() > 200, "only {} paths", paths.len());
    let problems = paths.iter().filter_map(|path| {
        let problem = problem(&schemas.get(path.kind), path)?;
        Some(format!("{} {}: {problem}", path.kind, path.path))
    });
    let problems: BTreeSet<String> = problems.collect();
    assert!(problems.is_empty(), "{}", problems.into_iter().collect::<Vec<_>>().join("\n"));
}

/// What a schema says against a path or one of its values.
fn problem(root: &Value, path: &PropertyPath) -> Option<String> {
    let mut found = alternatives(root, root);
    for segment in path.path.split('.') {
        let name = segment.strip_suffix("[]").unwrap_or(segment);
        found = members(root, &found, name);
        if found.is_empty() {
            return Some(format!("there is no {name}"));
        }
        if segment != name {
            let entries = found.iter().filter_map(|schema| schema.get("items"));
            found = entries.flat_map(|schema| alternatives(root, schema)).collect();
            if found.is_empty() {
                return Some(format!("{name} is not a list"));
            }
        }
    }
    let known: Vec<&Value> = found.iter().filter_map(|schema| schema["enum"].as_array()).flatten().collect();
    let unknown =
        path.values.iter().find(|value| !known.is_empty() && !known.iter().any(|one| one == *value));
    unknown.map(|value| format!("{value} is not one of its values"))
}

fn members<'a>(root: &'a Value, schemas: &[&'a Value], name: &str) -> Vec<&'a Value> {
    let found = schemas.iter().filter_map(|schema| member(schema, name));
    found.flat_map(|schema| alternatives(root, schema)).collect()
}

/// Rules read properties by the constants that the test above sees, and by nothing else.
#[test]
fn security_rules_read_properties_only_by_their_tables() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/review/security");
    let files =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut direct = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let read = |line: &&str| {
            let indexed = line.match_indices("[\"").any(|(at, _)| {
                line[..at].ends_with(|letter: char| letter.is_alphanumeric() || "_])".contains(letter))
            });
            indexed || line.contains(".get(\"") || line.contains(".pointer(")
        };
        direct.extend(code.lines().filter(read).map(|line| format!("{}: {}", file.display(), line.trim())));
    }
    assert!(direct.is_empty(), "name these in a table of properties:\n{}", direct.join("\n"));
}

/// The properties of everything that the shipped stacks declare.
fn declared() -> Vec<Declaration> {
    STACKS.iter().flat_map(|stack| stacks::declarations(&stacks::file(stack))).collect()
}

/// Calls `visit` with each list of objects in a value, and where it is.
fn lists<'a>(path: &str, value: &'a Value, visit: &mut dyn FnMut(&str, &'a [Value])) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members.iter().filter(|(name, _)| !name.starts_with("Fn::")) {
                lists(&format!("{path}.{name}"), inner, visit);
            }
        }
        Value::Array(list) if list.iter().all(Value::is_object) && !list.is_empty() => {
            // References are values, not entries with members.
            if !list.iter().any(|one| one.as_object().unwrap().keys().all(|key| key.starts_with("Fn::"))) {
                visit(path, list);
            }
            list.iter().for_each(|inner| lists(&format!("{path}[]"), inner, visit));
        }
        _ => {}
    }
}

/// Whether a schema has a list of objects with this member.
fn lists_by(root: &Value, schema: &Value, name: &str) -> bool {
    let entry = schema["items"].is_object()
        && alternatives(root, &schema["items"]).iter().any(|entry| entry["properties"].get(name).is_some());
    let inner = || match schema {
        Value::Object(members) => members.values().any(|inner| lists_by(root, inner, name)),
        Value::Array(list) => list.iter().any(|inner| lists_by(root, inner, name)),
        _ => false,
    };
    entry || inner()
}

/// A statement of a policy is JSON to the schemas. Members of job settings are too, but AWS's model of the MediaConvert
/// API judges those of the declarations.
#[test]
fn lists_are_only_matched_by_members_that_they_have() {
    let schemas = Schemas::of("us-east-1");
    let published: Vec<Value> =
        registry().iter().map(|adapter| schemas.get(adapter.kind().as_str())).collect();
    let statement = serde_json::to_value(Statement::allow("Read", &["s3:GetObject"])).unwrap();
    let mut settings = BTreeSet::<String>::new();
    for declaration in declared() {
        lists("", &declaration.properties["SettingsJson"], &mut |_, list| {
            let entries = list.iter().filter_map(Value::as_object);
            settings.extend(entries.flat_map(|entry| entry.keys().cloned()));
        });
    }
    let unknown: Vec<&str> = IDENTITIES
        .iter()
        .copied()
        .filter(|name| !published.iter().any(|root| lists_by(root, root, name)))
        .filter(|name| !settings.contains(*name) && statement.get(name).is_none())
        .collect();
    assert!(unknown.is_empty(), "no list has entries with {unknown:?}");
}

/// Lists whose entries have no name of their own: type, path, and why.
const BY_INDEX: &[(&str, &str, &str)] = &[
    ("AWS::S3::Bucket", ".OwnershipControls.Rules", ONE),
    ("AWS::S3::Bucket", ".BucketEncryption.ServerSideEncryptionConfiguration", ONE),
    ("AWS::MediaConvert::JobTemplate", ".SettingsJson.Inputs", ONE),
    (
        "AWS::MediaConvert::JobTemplate",
        ".SettingsJson.OutputGroups[].Outputs",
        "thumbnails have one, without a name",
    ),
    ("AWS::MediaConvert::JobTemplate", ".SettingsJson.OutputGroups[].Outputs[].AudioDescriptions", ONE),
    ("AWS::CloudWatch::Dashboard", ".DashboardBody.widgets", "a dashboard is compared as text, line by line"),
];

/// There is never more than one entry.
const ONE: &str = "it has one entry";

#[test]
fn the_entries_of_declared_lists_are_named_in_plans() {
    let (mut unnamed, mut used) = (BTreeSet::new(), BTreeSet::new());
    for Declaration { kind, properties, .. } in declared() {
        lists("", &properties, &mut |path, list| {
            let excused = BY_INDEX.iter().position(|(of, at, _)| *of == kind.as_str() && *at == path);
            match (diff::identity(list), excused) {
                (Some(_), _) => {}
                (None, Some(at)) => drop(used.insert(at)),
                (None, None) => drop(unnamed.insert(format!("{kind} {path}: {}", list[0]))),
            }
        });
    }
    let unnamed: Vec<_> = unnamed.into_iter().collect();
    assert!(unnamed.is_empty(), "add what tells their entries apart to IDENTITIES:\n{}", unnamed.join("\n"));
    assert_eq!(used.len(), BY_INDEX.len(), "an exception that none needs any more: {BY_INDEX:?}");
}
