//! AWS's published resource schemas, as cfn-lint ships them: which properties there are, and which cannot be changed in
//! place.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use provision::cloudformation::identifiers::{Takeover, takeover};
use provision::local::ResourceHandlers;
use provision::provider::Provider;
use provision::resource::registry;
use serde_json::Value;

use super::environment::ENVIRONMENT;
use super::stacks::{self, STACKS};

/// Where our types differ from the schemas: type, property, and why.
const DEVIATIONS: &[(&str, &str, &str)] = &[
    ("AWS::S3::Bucket", "BucketNamePrefix", UNMODELLED),
    ("AWS::S3::Bucket", "BucketNamespace", UNMODELLED),
    ("AWS::SQS::Queue", "FifoQueue", UNMODELLED),
    ("AWS::Lambda::Function", "TenancyConfig", UNMODELLED),
    ("AWS::CertificateManager::Certificate", "CertificateAuthorityArn", UNMODELLED),
    ("AWS::CertificateManager::Certificate", "CertificateExport", UNMODELLED),
    ("AWS::CertificateManager::Certificate", "SubjectAlternativeNames", UNMODELLED),
    ("AWS::Route53::RecordSet", "HostedZoneName", UNMODELLED),
    ("AWS::Logs::DeliveryDestination", "DeliveryDestinationType", UNMODELLED),
    ("AWS::SNS::Topic", "FifoTopic", UNMODELLED),
    (
        "AWS::Logs::DeliverySource",
        "ResourceArn",
        "the service refuses another resource: \"create a new Delivery Source instead\"",
    ),
    ("AWS::SQS::QueuePolicy", "Queues", "the policy is found by its queue: another queue is another policy"),
    ("AWS::Logs::LogGroup", "LogGroupClass", "the API has no call that changes the class of a log group"),
    (
        "AWS::MediaConvert::Queue",
        "PricingPlan",
        "UpdateQueue cannot make an on-demand queue a reserved one or back",
    ),
];

/// Our type does not have the property, so no declaration can change it.
const UNMODELLED: &str = "not modelled";

pub(super) struct Schemas {
    region: String,
    files: BTreeMap<String, String>,
}

impl Schemas {
    pub(super) fn of(region: &str) -> Self {
        let path = ENVIRONMENT.schemas().join("providers").join(format!("{region}.json"));
        let files = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        Self { region: region.to_owned(), files }
    }

    pub(super) fn get(&self, kind: &str) -> Value {
        let file = self.files.get(kind);
        let file = file.unwrap_or_else(|| panic!("{} has no schema of {kind}", self.region));
        let path = ENVIRONMENT.schemas().join("resources").join(format!("{file}.json"));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }
}

/// The top-level properties that a list of pointers names: `/properties/Name` but not `/properties/A/B`.
fn top_level(schema: &Value, list: &str) -> BTreeSet<String> {
    let pointers = schema[list].as_array().into_iter().flatten().filter_map(Value::as_str);
    let names = pointers.filter_map(|pointer| pointer.strip_prefix("/properties/"));
    names.filter(|name| !name.contains('/')).map(str::to_owned).collect()
}

#[test]
fn what_cannot_be_changed_in_place_is_what_the_schemas_say() {
    let schemas = Schemas::of("us-east-1");
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for adapter in registry().iter() {
        let kind = adapter.kind();
        let schema = schemas.get(kind.as_str());
        let ours: BTreeSet<String> = adapter.create_only().iter().map(|name| (*name).to_owned()).collect();
        let mut theirs = top_level(&schema, "createOnlyProperties");
        let conditional = top_level(&schema, "conditionalCreateOnlyProperties");
        theirs.extend(conditional.iter().filter(|name| ours.contains(*name)).cloned());
        for name in ours.symmetric_difference(&theirs) {
            let deviation =
                DEVIATIONS.iter().position(|(of, property, _)| *of == kind.as_str() && property == name);
            match deviation {
                Some(at) => drop(used.insert(at)),
                None => {
                    let whose = if ours.contains(name) { "we" } else { "the schema" };
                    wrong.push(format!("{kind}.{name}: only {whose} call it create-only"));
                }
            }
        }
    }
    wrong.extend(modelled_after_all());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(used.len(), DEVIATIONS.len(), "an exception that none needs any more: {DEVIATIONS:?}");
}

/// Properties of a primary identifier that are left out of an import.
const NOT_IDENTIFYING: [(&str, &str); 1] = [("AWS::Route53::RecordSet", "SetIdentifier")];

/// CloudFormation imports what it can read, by the primary identifier.
#[test]
fn resources_are_imported_by_the_primary_identifiers_of_the_schemas() {
    let schemas = Schemas::of("us-east-1");
    let mut left_out = 0;
    for adapter in registry().iter() {
        let kind = adapter.kind();
        let schema = schemas.get(kind.as_str());
        let takeover = takeover(&kind).unwrap();
        let readable = schema["handlers"].get("read").is_some();
        assert_eq!(readable, !matches!(takeover, Takeover::Create(_)), "{kind}: {takeover:?}");
        if !readable {
            continue;
        }
        let mut theirs = top_level(&schema, "primaryIdentifier");
        for (_, property) in NOT_IDENTIFYING.iter().filter(|(of, _)| *of == kind.as_str()) {
            assert!(theirs.remove(*property), "{kind}.{property}");
            left_out += 1;
        }
        let ours: BTreeSet<String> =
            takeover.identifier().iter().map(|part| part.property.to_owned()).collect();
        assert_eq!(ours, theirs, "{kind}");
    }
    assert_eq!(left_out, NOT_IDENTIFYING.len());
}

/// Exceptions that call a property not modelled although a declaration writes it.
fn modelled_after_all() -> Vec<String> {
    let declarations: Vec<_> =
        STACKS.iter().flat_map(|stack| stacks::declarations(&stacks::file(stack))).collect();
    let unmodelled = DEVIATIONS.iter().filter(|(.., reason)| *reason == UNMODELLED);
    let written = unmodelled.filter(|(kind, property, _)| {
        let mut of = declarations.iter().filter(|declaration| declaration.kind.as_str() == *kind);
        of.any(|declaration| declaration.properties.get(property).is_some())
    });
    written
        .map(|(kind, property, _)| format!("{kind}.{property} is modelled: name it in CREATE_ONLY"))
        .collect()
}

/// Attributes that the template reference documents although the schema has them as properties.
const DOCUMENTED: &[(&str, &str)] = &[
    ("AWS::MediaConvert::JobTemplate", "Name"),
    ("AWS::MediaConvert::Queue", "Name"),
    ("AWS::SNS::Topic", "TopicName"),
    ("AWS::SQS::Queue", "QueueName"),
];

#[test]
fn the_local_cloudformation_names_resources_as_the_schemas_do() {
    let schemas = Schemas::of("us-east-1");
    let mut wrong = Vec::new();
    for adapter in registry().iter() {
        let kind = adapter.kind();
        let (schema, ours) =
            (schemas.get(kind.as_str()), Provider::new().describe_type(kind.as_str()).unwrap());
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
        let required: BTreeSet<String> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        if set(ours.required) != required {
            wrong.push(format!("{kind} requires {required:?}"));
        }
        let identifiers = top_level(&schema, "primaryIdentifier");
        if set(ours.identifiers) != identifiers {
            wrong.push(format!("{kind} is identified by {identifiers:?}"));
        }
        // An import reads what is there.
        let reads = schema["handlers"].get("read").is_some();
        if ours.importable != reads {
            wrong.push(format!("{kind} has a read handler: {reads}"));
        }
        let read_only = top_level(&schema, "readOnlyProperties");
        let documented = |name: &&str| DOCUMENTED.contains(&(kind.as_str(), name));
        let unknown = ours.attributes.iter().filter(|name| !read_only.contains(**name) && !documented(name));
        wrong.extend(unknown.map(|name| format!("{kind} has no attribute {name}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_schemas_know_every_property() {
    let mut unknown = BTreeSet::new();
    for template in STACKS.iter().flat_map(|stack| stacks::templates(stack)) {
        let schemas = Schemas::of(&template.region);
        for (id, resource) in template.body["Resources"].as_object().unwrap() {
            let kind = resource["Type"].as_str().unwrap();
            let schema = schemas.get(kind);
            let mut found = Vec::new();
            walk(&schema, &[&schema], &resource["Properties"], "", &mut found);
            unknown.extend(found.into_iter().map(|path| format!("{kind}{path} ({id} of {})", template.name)));
        }
    }
    let unknown: Vec<_> = unknown.into_iter().collect();
    assert!(unknown.is_empty(), "no such property:\n{}", unknown.join("\n"));
}

/// Names the members of `value` that none of these alternative schemas knows.
fn walk(root: &Value, schemas: &[&Value], value: &Value, path: &str, unknown: &mut Vec<String>) {
    let schemas: Vec<&Value> = schemas.iter().flat_map(|schema| alternatives(root, schema)).collect();
    match value {
        Value::Object(members) if members.keys().all(|key| key == "Ref" || key.starts_with("Fn::")) => {}
        Value::Object(members) => {
            for (name, inner) in members {
                let path = format!("{path}/{name}");
                let known: Vec<&Value> = schemas.iter().filter_map(|schema| member(schema, name)).collect();
                if !known.is_empty() {
                    walk(root, &known, inner, &path, unknown);
                } else if !schemas.iter().any(|schema| is_open(schema)) {
                    unknown.push(path);
                }
            }
        }
        Value::Array(items) => {
            let items_of: Vec<&Value> = schemas.iter().filter_map(|schema| schema.get("items")).collect();
            for item in items {
                walk(root, &items_of, item, &format!("{path}/*"), unknown);
            }
        }
        _ => {}
    }
}

/// A schema, what it refers to, and the alternatives that it names.
pub(super) fn alternatives<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let mut found = vec![schema];
    if let Some(target) =
        schema["$ref"].as_str().and_then(|pointer| root.pointer(pointer.trim_start_matches('#')))
    {
        found.extend(alternatives(root, target));
    }
    for list in ["oneOf", "anyOf", "allOf"] {
        let inner = schema[list].as_array().into_iter().flatten();
        found.extend(inner.flat_map(|schema| alternatives(root, schema)));
    }
    found
}

pub(super) fn member<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let patterns = || schema["patternProperties"].as_object().into_iter().flat_map(|map| map.values()).next();
    schema["properties"].get(name).or_else(patterns)
}

/// Whether a schema leaves the members of an object to the user: a JSON document such as a policy.
fn is_open(schema: &Value) -> bool {
    let object = match &schema["type"] {
        Value::String(name) => name == "object",
        Value::Array(names) => names.iter().any(|name| name == "object"),
        _ => false,
    };
    object && schema.get("properties").is_none() && schema["additionalProperties"] != Value::Bool(false)
}
