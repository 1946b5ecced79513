//! A template's resources as declarations, with functions written as text, for comparing templates with each other. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::model::{Declaration, Guard, Kind, Outputs};

/// The resources of a template of this program. `region` is where they are said to be. A function of the template becomes
/// the text that `Fn::Sub` would have for it: `${StorageSource.Arn}/*`.
#[must_use]
pub fn plain(body: &Value, region: &str) -> Vec<Declaration> {
    let resources = body["Resources"].as_object().into_iter().flatten();
    let declaration = |(id, resource): (&String, &Value)| {
        let kind = Kind::named(resource["Type"].as_str()?);
        let address = resource["Metadata"]["provision"]["Address"].as_str().unwrap_or(id);
        let retained = resource["DeletionPolicy"].as_str().is_some_and(|policy| policy.starts_with("Retain"));
        Some(Declaration {
            address: address.into(),
            properties: code(&kind, text(&resource["Properties"])),
            kind,
            region: region.to_owned(),
            predicted: Outputs::new(),
            after: BTreeSet::new(),
            guard: if retained { Guard::Data } else { Guard::None },
        })
    };
    resources.filter_map(declaration).collect()
}

/// The code of a function as declarations have it: its digest, which is in the bundle's key.
fn code(kind: &Kind, mut properties: Value) -> Value {
    if kind.as_str() == "AWS::Lambda::Function" {
        let key = properties["Code"]["S3Key"].as_str().unwrap_or_default();
        let digest = key.rsplit('/').next().and_then(|file| file.strip_suffix(".zip")).map(str::to_owned);
        if let Some(digest) = digest {
            properties["Code"] = json!({ "Sha256": digest });
        }
    }
    properties
}

fn text(value: &Value) -> Value {
    match value {
        Value::Object(members) if members.len() == 1 => {
            function(members).unwrap_or_else(|| self::members(members))
        }
        Value::Object(members) => self::members(members),
        Value::Array(items) => items.iter().map(text).collect(),
        scalar => scalar.clone(),
    }
}

fn members(members: &Map<String, Value>) -> Value {
    members.iter().map(|(name, value)| (name.clone(), text(value))).collect::<Map<_, _>>().into()
}

fn function(members: &Map<String, Value>) -> Option<Value> {
    let (name, input) = members.iter().next()?;
    let written = match (name.as_str(), input) {
        ("Ref", Value::String(id)) => format!("${{{id}}}"),
        ("Fn::GetAtt", Value::Array(path)) => {
            let path: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
            format!("${{{}}}", path.join("."))
        }
        ("Fn::Sub", Value::String(text)) => text.replace("${!", "${"),
        ("Fn::Join", Value::Array(parts)) => {
            let pieces = parts.get(1)?.as_array()?.iter().map(text);
            pieces.map(|piece| piece.as_str().map(str::to_owned)).collect::<Option<String>>()?
        }
        _ => return None,
    };
    Some(Value::String(written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_become_texts() {
        let body = json!({ "Resources": { "Role": {
            "Type": "AWS::IAM::Role",
            "DeletionPolicy": "RetainExceptOnCreate",
            "Metadata": { "provision": { "Address": "handlers/role" } },
            "Properties": {
                "RoleName": { "Fn::Sub": "vod-${AWS::Region}-${!aws:username}" },
                "Arn": { "Fn::Join": ["", [{ "Fn::GetAtt": ["Bucket", "Arn"] }, "/*"]] },
                "Account": { "Ref": "AWS::AccountId" },
                "Condition": { "StringEquals": { "aws:SourceAccount": "1" } },
            },
        } } });
        let [one] = &plain(&body, "eu-west-1")[..] else { panic!("one resource") };
        assert_eq!((one.address.as_str(), one.guard), ("handlers/role", Guard::Data));
        assert_eq!(
            one.properties,
            json!({
                "RoleName": "vod-${AWS::Region}-${aws:username}",
                "Arn": "${Bucket.Arn}/*",
                "Account": "${AWS::AccountId}",
                "Condition": { "StringEquals": { "aws:SourceAccount": "1" } },
            })
        );
    }

    #[test]
    fn code_is_its_digest() {
        let body = json!({ "Resources": { "F": {
            "Type": "AWS::Lambda::Function",
            "Properties": { "Code": { "S3Bucket": { "Fn::Sub": "b-${AWS::Region}" }, "S3Key": "bundle/5b.zip" } },
        } } });
        assert_eq!(plain(&body, "eu-west-1")[0].properties, json!({ "Code": { "Sha256": "5b" } }));
    }
}
