//! The outputs of a stack.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::functions::text;
use super::super::state::DeclaredStack;
use super::Run;

impl Run {
    /// An output that reads what its resource's type does not have: it fails before any resource is made.
    pub(super) fn unsupported_output(&self, target: &DeclaredStack) -> Option<String> {
        target.template.section("Outputs").find_map(|(name, output)| {
            let mut read = BTreeSet::new();
            attributes(&output["Value"], &mut read);
            read.into_iter().find_map(|(resource, attribute)| {
                let kind = target.template.body["Resources"][&resource]["Type"].as_str()?;
                let known = self.service.handlers.describe_type(kind)?.attributes;
                let problem = format!(
                    "[Error] /Outputs/{name}/Value/Fn::GetAtt: Resource type {kind} does not support attribute {{{attribute}}}."
                );
                (!known.contains(&attribute.as_str())).then_some(problem)
            })
        })
    }

    /// Finds the outputs out and keeps them.
    pub(super) fn set_outputs(&self, target: &DeclaredStack) -> Result<(), String> {
        let known = self.known();
        let read = |name: &str| known.get(name).cloned();
        let outputs = self.with_whereabouts(|place| {
            let environment = place.environment(target, &read)?;
            let mut outputs = Vec::new();
            for (name, body) in target.template.section("Outputs") {
                if !environment.is_wanted(body) {
                    continue;
                }
                let mut output =
                    json!({ "OutputKey": name, "OutputValue": text(&environment.value(&body["Value"])?) });
                if let Some(description) = body["Description"].as_str() {
                    output["Description"] = json!(description);
                }
                if let Some(export) = body.get("Export") {
                    output["ExportName"] = json!(text(&environment.value(&export["Name"])?));
                }
                outputs.push(output);
            }
            Ok::<_, String>(outputs)
        })?;
        self.stack(|stack| stack.outputs = outputs);
        Ok(())
    }
}

/// The attributes that a value reads.
fn attributes(value: &Value, found: &mut BTreeSet<(String, String)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| attributes(item, found)),
        Value::Object(members) => {
            for (key, inner) in members {
                match (key.as_str(), inner) {
                    ("Fn::GetAtt", Value::Array(parts)) if parts.len() == 2 => {
                        found.insert((text(&parts[0]), text(&parts[1])));
                    }
                    ("Fn::GetAtt", Value::String(path)) => {
                        found.extend(path.split_once('.').map(|(one, two)| (one.to_owned(), two.to_owned())));
                    }
                    _ => attributes(inner, found),
                }
            }
        }
        _ => {}
    }
}
