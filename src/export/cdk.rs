//! An app of the Cloud Development Kit in Python, whose constructs are the resources of the templates one by one (L1). It
//! synthesises to the same templates, so it goes on where an import of the templates ends.
//!
//! Constructs take the names of CloudFormation's properties in another case: the keywords of a call `in_snake_case`, the
//! members of a property `inCamelCase`. Documents in JSON, such as policies, keep their names.

mod names;
mod python;
mod readme;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Error, ExportFile, ExportedStack, exported_by};
use crate::cloudformation::{Template, logical_id};
use names::{camel, construct, module, snake, variable};
use python::Code;

/// The version of the library that the app was made for.
pub(super) const LIBRARY: &str = "2.275.0";
/// The earliest Python that it runs with.
pub(super) const PYTHON: &str = "3.10";

/// What the tools make and no repository should hold.
const IGNORED: &str = ".venv/\n__pycache__/\ncdk.out/\n";

/// Properties that are JSON documents or maps of texts: the names in them are not CloudFormation's.
const DOCUMENTS: [&str; 8] = [
    "AssumeRolePolicyDocument",
    "EventPattern",
    "FilterPolicy",
    "PolicyDocument",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SettingsJson",
    "Variables",
];

/// The app and its README.
pub(super) fn files(stack: &ExportedStack<'_>) -> Result<Vec<ExportFile>, Error> {
    let templates = stack.templates()?;
    let mut parameters = Vec::new();
    for template in &templates {
        parameters.push(super::cloudformation::parameters(stack, template)?);
    }
    for declaration in stack.graph.in_order() {
        stack.live(&declaration.address)?;
    }
    let readme = readme::text(stack, &templates, &parameters);
    Ok(vec![
        ExportFile::readme(&readme),
        ExportFile::text(".gitignore", IGNORED),
        ExportFile::text("app.py", app(stack, &templates)),
        ExportFile::text("cdk.json", "{\n  \"app\": \"python3 app.py\"\n}\n"),
        ExportFile::text("requirements.txt", format!("aws-cdk-lib~={LIBRARY}\nconstructs~=10.8\n")),
    ])
}

/// The whole program.
fn app(stack: &ExportedStack<'_>, templates: &[Template]) -> String {
    let modules: BTreeSet<String> =
        stack.graph.in_order().map(|declaration| module(declaration.kind.as_str())).collect();
    let mut text = format!(
        "\"\"\"The stack {}, {}.\"\"\"\n\nimport aws_cdk as cdk\nfrom aws_cdk import (\n",
        stack.scope.stack,
        exported_by()
    );
    modules.iter().for_each(|module| text.push_str(&format!("    {module},\n")));
    text.push_str(")\nfrom constructs import Construct\n");
    for template in templates {
        text.push_str("\n\n");
        text.push_str(&class(stack, template));
    }
    text.push_str("\n\napp = cdk.App(analytics_reporting=False)\n");
    for template in templates {
        text.push_str(&format!("{}(app)\n", class_name(template)));
    }
    text.push_str("app.synth()\n");
    text
}

fn class_name(template: &Template) -> String {
    let words = template.name.split('-');
    words.map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// One stack.
fn class(stack: &ExportedStack<'_>, template: &Template) -> String {
    let Template { name, region, body, members: _ } = template;
    let account = &stack.scope.account;
    let mut text = format!(
        "class {}(cdk.Stack):\n    def __init__(self, scope: Construct) -> None:\n        super().__init__(\n            \
         scope,\n            {},\n            env=cdk.Environment(account={}, region={}),\n            \
         synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False),\n        )\n",
        class_name(template),
        python::text(name),
        python::text(account),
        python::text(region),
    );
    let ids: BTreeSet<String> = members(body, "Parameters").map(|(id, _)| id.clone()).collect();
    let plain = Writer { known: &BTreeMap::new(), parameters: &ids };
    let options = [
        ("template_format_version", "AWSTemplateFormatVersion"),
        ("description", "Description"),
        ("metadata", "Metadata"),
    ];
    for (option, section) in options {
        let value = plain.raw(&body[section]).render(2);
        text.push_str(&format!("        self.template_options.{option} = {value}\n"));
    }
    let mut known = BTreeMap::new();
    for (id, parameter) in members(body, "Parameters") {
        let own = variable(id);
        let arguments = plain.keywords(parameter);
        text.push_str(&format!(
            "\n        {own} = {}\n",
            python::call("cdk.CfnParameter", id, &arguments, 2)
        ));
        text.push_str(&format!("        {own}.override_logical_id({})\n", python::text(id)));
        known.insert(id.clone(), own);
    }
    let resources = &body["Resources"];
    for declaration in stack.graph.in_order() {
        let id = logical_id(&declaration.address);
        let Some(resource) = resources.get(&id) else { continue };
        let writer = Writer { known: &known, parameters: &ids };
        text.push('\n');
        text.push_str(&writer.resource(&id, declaration.kind.as_str(), resource));
        known.insert(id.clone(), variable(&id));
    }
    let writer = Writer { known: &known, parameters: &ids };
    for (id, output) in members(body, "Outputs") {
        let arguments = writer.keywords(output);
        let made = python::call("cdk.CfnOutput", &format!("{id}Output"), &arguments, 2);
        text.push_str(&format!("\n        {}_output = {made}\n", variable(id)));
        text.push_str(&format!(
            "        {}_output.override_logical_id({})\n",
            variable(id),
            python::text(id)
        ));
    }
    text
}

fn members<'a>(body: &'a Value, section: &str) -> impl Iterator<Item = (&'a String, &'a Map<String, Value>)> {
    let section = body[section].as_object();
    section.into_iter().flatten().filter_map(|(id, member)| Some((id, member.as_object()?)))
}

/// What writes values. `known` are the variables of what was made already, by logical id.
struct Writer<'a> {
    known: &'a BTreeMap<String, String>,
    parameters: &'a BTreeSet<String>,
}

impl Writer<'_> {
    fn resource(&self, id: &str, kind: &str, resource: &Value) -> String {
        let own = variable(id);
        let properties = resource["Properties"].as_object().cloned().unwrap_or_default();
        let arguments = self.keywords(&properties);
        let mut text = format!("        {own} = {}\n", python::call(&construct(kind), id, &arguments, 2));
        let mut line = |line: String| text.push_str(&format!("        {own}.{line}\n"));
        line(format!("override_logical_id({})", python::text(id)));
        for need in resource["DependsOn"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            line(format!("add_resource_dependency({})", variable(need)));
        }
        for (attribute, option) in
            [("DeletionPolicy", "deletion_policy"), ("UpdateReplacePolicy", "update_replace_policy")]
        {
            if let Some(policy) = resource[attribute].as_str() {
                line(format!("cfn_options.{option} = cdk.CfnDeletionPolicy.{}", policy.to_uppercase()));
            }
        }
        if let Some(metadata) = resource.get("Metadata") {
            line(format!("cfn_options.metadata = {}", self.raw(metadata).render(2)));
        }
        text
    }

    /// The properties as keywords of a call.
    fn keywords(&self, properties: &Map<String, Value>) -> Vec<(String, Code)> {
        let keyword = |(name, value): (&String, &Value)| (snake(&camel(name)), self.member(name, value));
        properties.iter().map(keyword).collect()
    }

    /// A property: the names in it are CloudFormation's, unless it is a document.
    fn member(&self, name: &str, value: &Value) -> Code {
        let is_map = name == "Tags" && value.is_object();
        if DOCUMENTS.contains(&name) || is_map { self.raw(value) } else { self.typed(value) }
    }

    fn typed(&self, value: &Value) -> Code {
        if let Some(function) = self.function(value) {
            return function;
        }
        match value {
            Value::Object(members) => Code::Dict(
                members.iter().map(|(name, inner)| (camel(name), self.member(name, inner))).collect(),
            ),
            Value::Array(list) => Code::List(list.iter().map(|inner| self.typed(inner)).collect()),
            scalar => Code::scalar(scalar),
        }
    }

    /// A value whose names stay as they are.
    fn raw(&self, value: &Value) -> Code {
        if let Some(function) = self.function(value) {
            return function;
        }
        match value {
            Value::Object(members) => {
                Code::Dict(members.iter().map(|(name, inner)| (name.clone(), self.raw(inner))).collect())
            }
            Value::Array(list) => Code::List(list.iter().map(|inner| self.raw(inner)).collect()),
            scalar => Code::scalar(scalar),
        }
    }

    /// An intrinsic function as the library writes it.
    fn function(&self, value: &Value) -> Option<Code> {
        let (name, argument) = value.as_object().filter(|map| map.len() == 1)?.iter().next()?;
        match (name.as_str(), argument) {
            ("Ref", Value::String(id)) => {
                let own = self.known.get(id)?;
                Some(Code::Expression(if self.parameters.contains(id) {
                    format!("{own}.value_as_string")
                } else {
                    format!("{own}.ref")
                }))
            }
            ("Fn::GetAtt", Value::Array(of)) => {
                let own = self.known.get(of.first()?.as_str()?)?;
                let attribute = python::text(of.get(1)?.as_str()?);
                Some(Code::Expression(format!("{own}.get_att({attribute}).to_string()")))
            }
            ("Fn::Join", Value::Array(of)) => {
                let pieces = of.get(1)?.as_array()?.iter().map(|piece| self.raw(piece)).collect();
                let separator = Code::scalar(of.first()?);
                Some(Code::Call("cdk.Fn.join", vec![separator, Code::List(pieces)]))
            }
            ("Fn::Sub", Value::String(_)) => Some(Code::Call("cdk.Fn.sub", vec![Code::scalar(argument)])),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
