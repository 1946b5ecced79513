//! Declarations as CloudFormation templates. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::parts::{self, Share};
use super::{exceptions, intrinsics, logical};
use crate::graph::Graph;
use crate::model::printable::{escaped_json, harmless};
use crate::model::{Address, Declaration, Guard, OutputRef, Outputs, Scope, refs};

/// Why a stack cannot be written as templates.
#[derive(Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    /// The resources of two regions depend on each other in a circle.
    #[error(
        "{early} must be created before the stack's own region, but needs {home} there first: no order of templates works"
    )]
    #[diagnostic(help(
        "declare both in one region, or refer to one by a name that is known in advance; `provision apply` works without templates"
    ))]
    Circle {
        /// The resource of another region that the home region waits for.
        early: Address,
        /// The resource of the home region that it waits for.
        home: Address,
    },
}

/// A template, to be deployed as one CloudFormation stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// The name of the CloudFormation stack.
    pub name: String,
    /// The region to deploy it in.
    pub region: String,
    /// The addresses of its resources by their logical ids.
    pub members: BTreeMap<String, Address>,
    /// The template.
    pub body: Value,
}

impl Template {
    /// The names of its parameters: outputs of the other templates.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.body["Parameters"].as_object().into_iter().flat_map(|all| all.keys()).map(String::as_str)
    }

    /// The same, in which every resource says what its deletion does, and without outputs: CloudFormation imports only with
    /// such a template (CloudFormation user guide, "Considerations during an import operation"). `policy` is what a
    /// resource without a policy gets.
    #[must_use]
    pub fn with_deletion_policy(&self, policy: &str) -> Self {
        let mut template = self.clone();
        for resource in template.resources_mut() {
            resource.entry("DeletionPolicy").or_insert_with(|| json!(policy));
            resource.entry("UpdateReplacePolicy").or_insert_with(|| json!(policy));
        }
        template
    }

    /// The same with another description, for whoever reads the CloudFormation stack.
    #[must_use]
    pub fn described(mut self, description: &str) -> Self {
        self.body["Description"] = json!(description);
        self
    }

    /// The same without outputs.
    #[must_use]
    pub fn without_outputs(mut self) -> Self {
        self.body.as_object_mut().map(|body| body.remove("Outputs"));
        self
    }

    /// The same with these resources only.
    #[must_use]
    pub fn only(mut self, kept: &dyn Fn(&Address) -> bool) -> Self {
        self.members.retain(|_, address| kept(address));
        let members = &self.members;
        if let Some(resources) = self.body["Resources"].as_object_mut() {
            resources.retain(|id, _| members.contains_key(id));
        }
        self
    }

    fn resources_mut(&mut self) -> impl Iterator<Item = &mut Map<String, Value>> {
        let resources = self.body["Resources"].as_object_mut();
        resources.into_iter().flat_map(|all| all.values_mut()).filter_map(Value::as_object_mut)
    }

    /// The template as JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{}\n", escaped_json(&format!("{:#}", self.body)))
    }

    /// The template as YAML text, with a comment that names its stack and region.
    ///
    /// # Panics
    /// Never: every JSON value is YAML.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let text = serde_yaml::to_string(&marked(&self.body)).expect("every JSON value is YAML");
        let text = SWITCHES.iter().fold(text, |text, word| text.replace(&mark(word), &format!("'{word}'")));
        // The writer of YAML leaves characters without a glyph as they are. JSON with escapes for them is YAML too.
        let text = if harmless(&text) == text { text } else { self.to_json() };
        format!("# {} in {}\n{text}", self.name, self.region)
    }
}

/// Words that are switches in YAML 1.1, which CloudFormation reads, and texts in YAML 1.2, which is written. Norway is one.
const SWITCHES: [&str; 16] =
    ["y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"];

/// What stands for such a word until it is written in quotes.
fn mark(word: &str) -> String {
    format!("provision-quotes-{word}-here")
}

/// The value with a mark in the place of each text that is such a word.
fn marked(value: &Value) -> Value {
    match value {
        Value::String(text) if SWITCHES.contains(&text.as_str()) => mark(text).into(),
        Value::Array(list) => list.iter().map(marked).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, inner)| (name.clone(), marked(inner))).collect::<Map<_, _>>().into()
        }
        scalar => scalar.clone(),
    }
}

/// The templates of a stack, in the order in which they are deployed: the home region's, and before and after it those
/// of other regions. A value that one template needs from another is the other's output and its own parameter, both
/// with the same name.
///
/// # Errors
/// When resources of two regions depend on each other so that no order of templates works.
pub fn synth(scope: &Scope, graph: &Graph) -> Result<Vec<Template>, Error> {
    synth_without(scope, graph, &Outside::new())
}

/// Live resources that are in no template, with their outputs.
pub type Outside = BTreeMap<Address, Outputs>;

/// The templates of a stack without the resources that exist outside of CloudFormation. The templates have the values of
/// their outputs.
///
/// # Errors
/// Those of [`synth`].
pub fn synth_without(scope: &Scope, graph: &Graph, outside: &Outside) -> Result<Vec<Template>, Error> {
    synth_from(scope, graph, outside, &scope.home_bucket())
}

/// The templates of a stack whose functions have their code in this bucket.
///
/// # Errors
/// Those of [`synth`].
pub fn synth_target(scope: &Scope, graph: &Graph, packages: &str) -> Result<Vec<Template>, Error> {
    synth_from(scope, graph, &Outside::new(), packages)
}

fn synth_from(
    scope: &Scope,
    graph: &Graph,
    outside: &Outside,
    packages: &str,
) -> Result<Vec<Template>, Error> {
    let shares = parts::shares(scope, graph, outside)?;
    let stack = Stack { scope, packages, graph, outside };
    let exported = shares.iter().flat_map(|share| stack.foreign(share)).collect();
    let templates = shares.iter().map(|share| Template {
        name: share.name.clone(),
        region: share.region.clone(),
        members: share.members.iter().map(|address| (logical::id(address), address.clone())).collect(),
        body: stack.template(share, &exported),
    });
    Ok(templates.collect())
}

/// What templates are made from.
struct Stack<'a> {
    scope: &'a Scope,
    /// The bucket with the functions' code.
    packages: &'a str,
    graph: &'a Graph,
    outside: &'a Outside,
}

impl Stack<'_> {
    /// The outputs of other templates that a part's resources need and that only AWS knows.
    fn foreign(&self, share: &Share) -> BTreeSet<OutputRef> {
        let declarations = share.members.iter().filter_map(|address| self.graph.get(address));
        let references = declarations.flat_map(|declaration| refs(&declaration.properties));
        references
            .filter(|reference| reference.predicted.is_none())
            .filter(|reference| !share.members.contains(&reference.address))
            .filter(|reference| !self.outside.contains_key(&reference.address))
            .collect()
    }

    fn template(&self, share: &Share, exported: &BTreeSet<OutputRef>) -> Value {
        let mut sections = Map::new();
        let mut section = |name: &str, value: Value| drop(sections.insert(name.to_owned(), value));
        section("AWSTemplateFormatVersion", json!("2010-09-09"));
        section(
            "Description",
            json!(format!("{}, declared by provision: change its stack file, not this", share.name)),
        );
        section("Metadata", metadata(self.scope, share));
        let parameters: Map<_, _> = self.foreign(share).iter().map(parameter).collect();
        if !parameters.is_empty() {
            section("Parameters", parameters.into());
        }
        let declarations = share.members.iter().filter_map(|address| self.graph.get(address));
        let resources: Map<_, _> = declarations
            .map(|declaration| (logical::id(&declaration.address), self.resource(share, declaration)))
            .collect();
        section("Resources", resources.into());
        let mine = exported.iter().filter(|reference| share.members.contains(&reference.address));
        let outputs: Map<_, _> = mine.filter_map(|reference| output(self.graph, reference)).collect();
        if !outputs.is_empty() {
            section("Outputs", outputs.into());
        }
        sections.into()
    }

    fn resource(&self, share: &Share, declaration: &Declaration) -> Value {
        let mut body = Map::new();
        let mut attribute = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
        attribute("Type", json!(declaration.kind.as_str()));
        let depends_on = depends_on(share, declaration);
        if !depends_on.is_empty() {
            attribute("DependsOn", depends_on.into());
        }
        // The policy of a bucket guards what it holds, so it stays as long as the bucket.
        if declaration.guard == Guard::Data || declaration.kind.as_str() == "AWS::S3::BucketPolicy" {
            attribute("DeletionPolicy", json!("Retain"));
            attribute("UpdateReplacePolicy", json!("Retain"));
        }
        attribute("Metadata", resource_metadata(declaration));
        let read = |reference: &OutputRef| self.read(share, reference);
        attribute("Properties", properties(self.packages, declaration, &read));
        body.into()
    }

    /// How a resource of a part reads an output.
    fn read(&self, share: &Share, reference: &OutputRef) -> Value {
        let live = || self.outside.get(&reference.address)?.get(&reference.attribute);
        match self.graph.get(&reference.address) {
            Some(target) if share.members.contains(&target.address) => {
                intrinsics::read(&target.kind, reference)
            }
            _ => match reference.predicted.as_ref().or_else(live) {
                Some(value) => json!(value),
                None => json!({ "Ref": logical::export(&reference.address, &reference.attribute) }),
            },
        }
    }
}

/// The account and region of the template, because its names and policies contain them.
fn metadata(scope: &Scope, share: &Share) -> Value {
    json!({
        "provision": {
            "Stack": scope.stack,
            "Account": scope.account,
            "Region": share.region,
            "Version": env!("CARGO_PKG_VERSION"),
        },
    })
}

fn parameter(reference: &OutputRef) -> (String, Value) {
    let name = logical::export(&reference.address, &reference.attribute);
    let description =
        format!("{} of {}: the output {name} of its template", reference.attribute, reference.address);
    (name, json!({ "Type": "String", "Description": description }))
}

fn output(graph: &Graph, reference: &OutputRef) -> Option<(String, Value)> {
    let kind = &graph.get(&reference.address)?.kind;
    let description = format!("{} of {}", reference.attribute, reference.address);
    let name = logical::export(&reference.address, &reference.attribute);
    Some((name, json!({ "Description": description, "Value": intrinsics::read(kind, reference) })))
}

fn properties(packages: &str, declaration: &Declaration, read: &dyn Fn(&OutputRef) -> Value) -> Value {
    let mut properties = intrinsics::translate(&declaration.properties, read);
    for (name, value) in properties.as_object_mut().into_iter().flatten() {
        if intrinsics::is_text(&declaration.kind, name) {
            *value = intrinsics::text(&declaration.properties[name], read);
        }
        if let Some(package) = intrinsics::package(packages, &declaration.kind, name, value) {
            *value = package;
        }
    }
    properties
}

/// Resources that must come first although no property refers to them. References order by themselves.
fn depends_on(share: &Share, declaration: &Declaration) -> Vec<String> {
    let referred: BTreeSet<_> =
        refs(&declaration.properties).into_iter().map(|reference| reference.address).collect();
    let silent = declaration.after.iter().filter(|address| !referred.contains(*address));
    silent.filter(|address| share.members.contains(*address)).map(logical::id).collect()
}

/// Its address, and the checkov checks to skip, each with the reason.
fn resource_metadata(declaration: &Declaration) -> Value {
    let mut metadata = json!({ "provision": { "Address": declaration.address.as_str() } });
    let skip: Vec<Value> = exceptions::of(declaration)
        .map(|exception| json!({ "id": exception.check, "comment": exception.reason }))
        .collect();
    if !skip.is_empty() {
        metadata["checkov"] = json!({ "skip": skip });
    }
    metadata
}

#[cfg(test)]
mod tests;
