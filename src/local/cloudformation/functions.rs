//! Intrinsic functions: a template's values, as far as they are known. Pure.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::order;

/// What stands for a value that only the execution of a change set finds out.
pub(super) const KNOWN_AFTER_APPLY: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";

/// What is known of a resource: its reference and its attributes.
pub(super) type KnownResource = (String, BTreeMap<String, String>);

/// What functions read.
pub(super) struct Environment<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) stack_name: &'a str,
    pub(super) stack_id: &'a str,
    pub(super) parameters: BTreeMap<String, Value>,
    pub(super) body: &'a Value,
    pub(super) conditions: BTreeMap<String, bool>,
    /// The exports of the region's stacks.
    pub(super) exports: BTreeMap<String, String>,
    /// A resource that exists; `None` if it has yet to be made.
    pub(super) resource: &'a (dyn Fn(&str) -> Option<KnownResource> + Sync),
}

/// Why a value cannot be found out: CloudFormation's words.
pub(super) type Problem = String;

/// `AWS::NoValue`: the member is left out.
fn no_value() -> Value {
    Value::Null
}

impl<'a> Environment<'a> {
    /// Finds out which of the template's conditions hold.
    pub(super) fn with_conditions(mut self) -> Result<Self, Problem> {
        let names: Vec<String> = self
            .body
            .get("Conditions")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            let holds = self.holds(&self.body["Conditions"][&name], 0)?;
            self.conditions.insert(name, holds);
        }
        Ok(self)
    }

    /// Whether what has this body is to exist.
    pub(super) fn is_wanted(&self, body: &Value) -> bool {
        body["Condition"].as_str().is_none_or(|name| self.conditions.get(name).copied().unwrap_or(true))
    }

    fn holds(&self, condition: &Value, depth: usize) -> Result<bool, Problem> {
        if depth > 20 {
            return Err("Template error: Conditions depend on each other in a circle".into());
        }
        let one = condition.as_object().and_then(|members| members.iter().next());
        let all = |list: &Value| {
            let items = list.as_array().into_iter().flatten();
            items.map(|item| self.holds(item, depth + 1)).collect::<Result<Vec<_>, _>>()
        };
        match one {
            Some((name, Value::Array(sides))) if name == "Fn::Equals" && sides.len() == 2 => {
                Ok(self.value(&sides[0])? == self.value(&sides[1])?)
            }
            Some((name, list)) if name == "Fn::And" => Ok(all(list)?.into_iter().all(|holds| holds)),
            Some((name, list)) if name == "Fn::Or" => Ok(all(list)?.into_iter().any(|holds| holds)),
            Some((name, list)) if name == "Fn::Not" => Ok(!all(list)?.first().copied().unwrap_or(false)),
            Some((name, Value::String(other))) if name == "Condition" => {
                let other_body = self.body["Conditions"].get(other);
                let unknown = || {
                    format!(
                        "Template format error: Unresolved condition dependency {other} in the Conditions block of the template"
                    )
                };
                self.holds(other_body.ok_or_else(unknown)?, depth + 1)
            }
            _ => Err("Template error: every Conditions member must contain a condition function".into()),
        }
    }

    /// The value, with every function done.
    pub(super) fn value(&self, value: &Value) -> Result<Value, Problem> {
        match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>()?;
                Ok(items.into_iter().filter(|item| !item.is_null()).collect())
            }
            Value::Object(members) => {
                if let Some((name, argument)) = members.iter().next().filter(|_| members.len() == 1)
                    && (name == "Ref" || name.starts_with("Fn::"))
                {
                    return self.function(name, argument);
                }
                let mut done = Map::new();
                for (name, inner) in members {
                    let inner = self.value(inner)?;
                    if !inner.is_null() {
                        done.insert(name.clone(), inner);
                    }
                }
                Ok(done.into())
            }
            scalar => Ok(scalar.clone()),
        }
    }

    fn function(&self, name: &str, argument: &Value) -> Result<Value, Problem> {
        match name {
            "Ref" => self.reference(argument.as_str().unwrap_or_default()),
            "Fn::GetAtt" => {
                let (resource, attribute) = self.attribute_named(argument)?;
                self.attribute(&resource, &attribute)
            }
            "Fn::Sub" => self.substituted(argument),
            "Fn::Join" => {
                let separator = argument[0].as_str().unwrap_or_default();
                let parts = self.value(&argument[1])?;
                let parts: Vec<String> = parts.as_array().into_iter().flatten().map(text).collect();
                Ok(Value::from(parts.join(separator)))
            }
            "Fn::Split" => {
                let separator = argument[0].as_str().unwrap_or_default();
                let whole = text(&self.value(&argument[1])?);
                Ok(whole.split(separator).map(Value::from).collect())
            }
            "Fn::Select" => {
                let index = text(&self.value(&argument[0])?).parse::<usize>().unwrap_or(usize::MAX);
                let list = self.value(&argument[1])?;
                let problem =
                    || format!("Template error: Fn::Select cannot select nonexistent value at index {index}");
                list.get(index).cloned().ok_or_else(problem)
            }
            "Fn::If" => {
                let name = argument[0].as_str().unwrap_or_default();
                let holds = self.conditions.get(name).copied();
                let problem = || format!("Template error: unresolved condition dependency {name}");
                self.value(&argument[if holds.ok_or_else(problem)? { 1 } else { 2 }])
            }
            "Fn::FindInMap" => {
                let key = |index: usize| Ok::<_, Problem>(text(&self.value(&argument[index])?));
                let (map, first, second) = (key(0)?, key(1)?, key(2)?);
                let found = self.body["Mappings"].get(&map).and_then(|map| map.get(&first)?.get(&second));
                let problem =
                    || format!("Template error: Unable to get mapping for {map}::{first}::{second}");
                found.cloned().ok_or_else(problem)
            }
            "Fn::Base64" => Ok(Value::from(STANDARD.encode(text(&self.value(argument)?)))),
            "Fn::ImportValue" => {
                let name = text(&self.value(argument)?);
                let found = self.exports.get(&name).cloned();
                found.map(Value::from).ok_or_else(|| format!("No export named {name} found."))
            }
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => {
                let whole = Map::from_iter([(name.to_owned(), argument.clone())]).into();
                Ok(Value::from(self.holds(&whole, 0)?))
            }
            other => Err(format!("the local cloud does not have the function {other}")),
        }
    }

    fn attribute_named(&self, argument: &Value) -> Result<(String, String), Problem> {
        match argument {
            Value::String(path) => {
                let (resource, attribute) = path.split_once('.').unwrap_or((path, ""));
                Ok((resource.to_owned(), attribute.to_owned()))
            }
            Value::Array(parts) if parts.len() == 2 => Ok((text(&parts[0]), text(&self.value(&parts[1])?))),
            _ => Err("Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the \
                      resource attribute"
                .into()),
        }
    }

    fn reference(&self, name: &str) -> Result<Value, Problem> {
        let own = match name {
            "AWS::AccountId" => self.account,
            "AWS::Region" => self.region,
            "AWS::Partition" => "aws",
            "AWS::URLSuffix" => "amazonaws.com",
            "AWS::StackName" => self.stack_name,
            "AWS::StackId" => self.stack_id,
            "AWS::NoValue" => return Ok(no_value()),
            "AWS::NotificationARNs" => return Ok(Value::Array(Vec::new())),
            _ => match self.parameters.get(name) {
                Some(value) => return Ok(value.clone()),
                None => {
                    return Ok(
                        (self.resource)(name).map_or(KNOWN_AFTER_APPLY.into(), |(found, _)| found.into())
                    );
                }
            },
        };
        Ok(own.into())
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Result<Value, Problem> {
        let Some((_, attributes)) = (self.resource)(resource) else { return Ok(KNOWN_AFTER_APPLY.into()) };
        let kind = self.body["Resources"][resource]["Type"].as_str().unwrap_or_default();
        let problem = || format!("Resource type {kind} does not support attribute {{{attribute}}}.");
        attributes.get(attribute).cloned().map(Value::from).ok_or_else(problem)
    }

    fn substituted(&self, argument: &Value) -> Result<Value, Problem> {
        let (pattern, own) = match argument {
            Value::Array(parts) => (text(&parts[0]), parts.get(1).and_then(Value::as_object)),
            other => (text(other), None),
        };
        let mut done = String::new();
        let mut rest = pattern.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            done.push_str(before);
            let Some((name, behind)) = after.split_once('}') else { break };
            let name = name.trim();
            if let Some(literal) = name.strip_prefix('!') {
                done.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = own.and_then(|own| own.get(name)) {
                done.push_str(&text(&self.value(value)?));
            } else if let Some((resource, attribute)) = name.split_once('.') {
                done.push_str(&text(&self.attribute(resource, attribute)?));
            } else {
                done.push_str(&text(&self.reference(name)?));
            }
            rest = behind;
        }
        done.push_str(rest);
        debug_assert!(order::placeholders(&pattern).count() < 10_000, "a pattern is short");
        Ok(done.into())
    }
}

/// A scalar as text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(argument: &Value) -> Result<Value, Problem> {
        let body = json!({
            "Conditions": { "Yes": { "Fn::Equals": [{ "Ref": "P" }, "p"] }, "No": { "Fn::Not": [{ "Condition": "Yes" }] } },
            "Mappings": { "M": { "a": { "b": "c" } } },
            "Resources": { "A": { "Type": "AWS::SNS::Topic" }, "New": { "Type": "AWS::SNS::Topic" } },
        });
        let resource = |name: &str| {
            let attributes = BTreeMap::from([("TopicArn".to_owned(), "arn:a".to_owned())]);
            (name == "A").then(|| ("ref-a".to_owned(), attributes))
        };
        let environment = Environment {
            account: "111122223333",
            region: "eu-west-1",
            stack_name: "s",
            stack_id: "arn:s",
            parameters: BTreeMap::from([("P".to_owned(), json!("p")), ("L".to_owned(), json!(["x", "y"]))]),
            body: &body,
            conditions: BTreeMap::new(),
            exports: BTreeMap::from([("e".to_owned(), "exported".to_owned())]),
            resource: &resource,
        };
        environment.with_conditions()?.value(argument)
    }

    #[test]
    fn each_function_does_its_work() {
        for (argument, expected) in [
            (json!({ "Ref": "P" }), json!("p")),
            (json!({ "Ref": "A" }), json!("ref-a")),
            (json!({ "Ref": "AWS::Region" }), json!("eu-west-1")),
            (json!({ "Ref": "New" }), json!(KNOWN_AFTER_APPLY)),
            (json!({ "Fn::GetAtt": ["A", "TopicArn"] }), json!("arn:a")),
            (json!({ "Fn::GetAtt": ["New", "TopicArn"] }), json!(KNOWN_AFTER_APPLY)),
            (
                json!({ "Fn::Sub": "${A.TopicArn}/${P}/${!P}/${AWS::AccountId}" }),
                json!("arn:a/p/${P}/111122223333"),
            ),
            (json!({ "Fn::Sub": ["${Q}-${P}", { "Q": { "Ref": "A" } }] }), json!("ref-a-p")),
            (json!({ "Fn::Join": ["/", [{ "Ref": "P" }, 1, true]] }), json!("p/1/true")),
            (json!({ "Fn::Join": [",", { "Ref": "L" }] }), json!("x,y")),
            (json!({ "Fn::Select": ["1", { "Fn::Split": [",", "a,b"] }] }), json!("b")),
            (json!({ "Fn::If": ["Yes", 1, 2] }), json!(1)),
            (json!({ "Fn::If": ["No", 1, 2] }), json!(2)),
            (json!({ "X": { "Ref": "AWS::NoValue" }, "Y": 1 }), json!({ "Y": 1 })),
            (json!({ "Fn::FindInMap": ["M", "a", "b"] }), json!("c")),
            (json!({ "Fn::Base64": "a" }), json!("YQ==")),
            (json!({ "Fn::ImportValue": "e" }), json!("exported")),
        ] {
            assert_eq!(value(&argument), Ok(expected), "{argument}");
        }
    }

    #[test]
    fn what_cannot_be_found_out_is_told_in_aws_words() {
        assert_eq!(
            value(&json!({ "Fn::GetAtt": ["A", "Nope"] })).unwrap_err(),
            "Resource type AWS::SNS::Topic does not support attribute {Nope}."
        );
        assert_eq!(value(&json!({ "Fn::ImportValue": "none" })).unwrap_err(), "No export named none found.");
        assert_eq!(
            value(&json!({ "Fn::Select": ["5", ["a"]] })).unwrap_err(),
            "Template error: Fn::Select cannot select nonexistent value at index 5"
        );
    }
}
