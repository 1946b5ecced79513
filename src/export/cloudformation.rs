//! The templates of a stack, and for each the import change set that takes over what is live.
//!
//! CloudFormation imports first and changes after: an import may neither create nor change resources, nor add outputs
//! ("As part of the import operation, you cannot modify or add [Outputs]"). So each stack has two templates: one with what
//! can be imported, each with a `DeletionPolicy`, and the whole one that follows. Follows the CloudFormation user guide,
//! "Import AWS resources into a CloudFormation stack".

mod readme;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Error, ExportFile, ExportedStack};
use crate::cloudformation::identifiers::{ResourceToImport, Takeover, takeover, to_import};
use crate::cloudformation::{Template, logical_id, parameter_name};
use crate::model::{Address, Declaration, refs};

/// The longest template in a call (CloudFormation user guide, "Understand CloudFormation quotas").
const INLINE: usize = 51_200;

/// A stack of CloudFormation's as it takes over.
struct Imported {
    /// What it imports.
    import: Template,
    resources: Vec<ResourceToImport>,
    /// The whole stack.
    whole: Template,
    /// The values of its parameters.
    parameters: BTreeMap<String, String>,
    /// What is not imported, with what happens to it.
    others: Vec<(Address, String, &'static str)>,
    /// What may be refused, with what to do then.
    doubtful: BTreeMap<String, &'static str>,
}

/// The templates, the import files and the README.
pub(super) fn files(stack: &ExportedStack<'_>) -> Result<Vec<ExportFile>, Error> {
    let templates = stack.templates()?;
    let imported: Vec<Imported> =
        templates.into_iter().map(|template| imported(stack, template)).collect::<Result<_, _>>()?;
    let mut files = vec![ExportFile::readme(&readme::text(stack, &imported)?)];
    for one in &imported {
        let name = &one.whole.name;
        files.push(ExportFile::text(format!("{name}.import.yaml"), one.import.to_yaml()));
        files.push(ExportFile::text(format!("{name}.import.json"), pretty(&json!(one.resources))));
        files.push(ExportFile::text(format!("{name}.yaml"), one.whole.to_yaml()));
        if !one.parameters.is_empty() {
            let parameters = one.parameters.iter();
            let parameters = parameters
                .map(|(name, value)| json!({ "ParameterKey": name, "ParameterValue": value }))
                .collect();
            files.push(ExportFile::text(format!("{name}.parameters.json"), pretty(&parameters)));
        }
    }
    Ok(files)
}

fn pretty(json: &Value) -> String {
    format!("{json:#}\n")
}

fn imported(stack: &ExportedStack<'_>, whole: Template) -> Result<Imported, Error> {
    let declared: Vec<&Declaration> =
        stack.graph.in_order().filter(|declaration| is_in(&whole, declaration)).collect();
    let mut one = Imported {
        import: whole.clone(),
        resources: Vec::new(),
        parameters: parameters(stack, &whole)?,
        others: Vec::new(),
        doubtful: BTreeMap::new(),
        whole,
    };
    for declaration in declared {
        let Declaration { address, kind, .. } = declaration;
        let live = stack.live(address)?;
        let unknown = || Error::UnknownType { address: address.clone(), kind: kind.clone() };
        match (takeover(kind).ok_or_else(unknown)?, to_import(address, kind, live)) {
            (Takeover::ImportBySchema(_, otherwise), Some(resource)) => {
                one.doubtful.insert(resource.resource_type.clone(), otherwise);
                one.resources.push(resource);
            }
            (_, Some(resource)) => one.resources.push(resource),
            (Takeover::Create(why), None) => one.others.push((address.clone(), kind.to_string(), why)),
            (_, None) => one.others.push((address.clone(), kind.to_string(), readme::UNNAMED)),
        }
    }
    reduce(&mut one.import, &one.resources)?;
    Ok(one)
}

fn is_in(template: &Template, declaration: &Declaration) -> bool {
    template.body["Resources"].get(logical_id(&declaration.address)).is_some()
}

/// The values of a template's parameters, which are outputs of the templates before it.
pub(super) fn parameters(
    stack: &ExportedStack<'_>,
    template: &Template,
) -> Result<BTreeMap<String, String>, Error> {
    let wanted = template.body["Parameters"].as_object();
    let wanted: BTreeSet<&str> = wanted.into_iter().flat_map(|map| map.keys().map(String::as_str)).collect();
    let mut values = BTreeMap::new();
    for reference in stack.graph.in_order().flat_map(|declaration| refs(&declaration.properties)) {
        let name = parameter_name(&reference);
        if wanted.contains(name.as_str()) {
            let (address, attribute) = (reference.address, reference.attribute);
            let value = stack.live(&address)?.outputs.get(&attribute).cloned();
            values.insert(name, value.ok_or(Error::Unknown { address, attribute })?);
        }
    }
    Ok(values)
}

/// Leaves in a template what is imported, each with a `DeletionPolicy`.
fn reduce(template: &mut Template, resources: &[ResourceToImport]) -> Result<(), Error> {
    let ids: BTreeSet<&str> =
        resources.iter().map(|resource| resource.logical_resource_id.as_str()).collect();
    let Some(body) = template.body.as_object_mut() else { return Ok(()) };
    body.remove("Outputs");
    let all: Map<String, Value> =
        body.get_mut("Resources").and_then(Value::as_object_mut).map(std::mem::take).unwrap_or_default();
    let gone: BTreeSet<String> = all.keys().filter(|id| !ids.contains(id.as_str())).cloned().collect();
    let mut kept = Map::new();
    for (id, mut resource) in all.into_iter().filter(|(id, _)| !gone.contains(id)) {
        resource["DeletionPolicy"] = json!("Retain");
        resource["UpdateReplacePolicy"] = json!("Retain");
        if let Some(members) = resource.as_object_mut() {
            let needs = members.get_mut("DependsOn").and_then(Value::as_array_mut);
            let needs = needs.map(|needs| {
                needs.retain(|need| need.as_str().is_some_and(|need| !gone.contains(need)));
                needs.len()
            });
            if needs == Some(0) {
                members.remove("DependsOn");
            }
        }
        if refers_to(&resource["Properties"], &gone) {
            return Err(Error::Dangling { id, template: template.name.clone() });
        }
        kept.insert(id, resource);
    }
    body.insert("Resources".to_owned(), kept.into());
    Ok(())
}

/// Whether a function in a template's properties names one of these resources.
fn refers_to(value: &Value, ids: &BTreeSet<String>) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, inner)| match (key.as_str(), inner) {
            ("Ref", Value::String(id)) => ids.contains(id),
            ("Fn::GetAtt", Value::Array(list)) => {
                list.first().and_then(Value::as_str).is_some_and(|id| ids.contains(id))
            }
            ("Fn::Sub", Value::String(text)) => ids.iter().any(|id| text.contains(&format!("${{{id}}}"))),
            _ => refers_to(inner, ids),
        }),
        Value::Array(list) => list.iter().any(|inner| refers_to(inner, ids)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
