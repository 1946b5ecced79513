//! Our references as CloudFormation's intrinsic functions.

use serde_json::{Map, Value, json};

use super::logical;
use crate::model::{Kind, OutputRef, Part, StringExpr, bundle_key};

/// How a template reads an output of a resource that it declares.
///
/// Outputs are named as `Fn::GetAtt` names them, so only the outputs that CloudFormation returns in another way are
/// listed here.
pub(super) fn read(kind: &Kind, reference: &OutputRef) -> Value {
    let id = logical::id(&reference.address);
    match (kind.as_str(), reference.attribute.as_str()) {
        ("AWS::S3::Bucket", "BucketName")
        | ("AWS::Lambda::Function", "FunctionName")
        | ("AWS::CertificateManager::Certificate", "Arn")
        | ("AWS::Logs::DeliverySource", "Name") => json!({ "Ref": id }),
        ("AWS::CloudFront::Distribution", "Arn") => {
            let arn = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/";
            json!({ "Fn::Sub": format!("{arn}${{{id}}}") })
        }
        (_, attribute) => json!({ "Fn::GetAtt": [id, attribute] }),
    }
}

/// The properties, with every reference replaced by the result of `translate`.
pub(super) fn translate(properties: &Value, translate: &dyn Fn(&OutputRef) -> Value) -> Value {
    if let Some(input) = reference(properties) {
        return join(input.parts().iter().map(|part| match part {
            Part::Literal(text) => Value::from(text.as_str()),
            Part::Ref(reference) => translate(reference),
        }));
    }
    match properties {
        Value::Object(map) => map
            .iter()
            .map(|(key, inner)| (key.clone(), self::translate(inner, translate)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(list) => list.iter().map(|inner| self::translate(inner, translate)).collect(),
        scalar => scalar.clone(),
    }
}

/// True if CloudFormation takes a property as JSON text. Our types hold such a property as JSON, so that it can refer
/// to outputs and is compared by meaning.
pub(super) fn is_text(kind: &Kind, property: &str) -> bool {
    matches!((kind.as_str(), property), ("AWS::CloudWatch::Dashboard", "DashboardBody"))
}

/// Where the code of a function is in the bucket `packages`, if the property is that. Types hold the digest of the code: Lambda says no more of it.
pub(super) fn package(packages: &str, kind: &Kind, property: &str, value: &Value) -> Option<Value> {
    if (kind.as_str(), property) != ("AWS::Lambda::Function", "Code") {
        return None;
    }
    let digest = value["Sha256"].as_str()?;
    Some(json!({ "S3Bucket": packages, "S3Key": bundle_key(digest) }))
}

/// The JSON as text, with the result of `translate` in place of each reference.
pub(super) fn text(json: &Value, translate: &dyn Fn(&OutputRef) -> Value) -> Value {
    let mut pieces = Vec::new();
    write(json, translate, &mut pieces);
    join(pieces.into_iter())
}

fn write(json: &Value, translate: &dyn Fn(&OutputRef) -> Value, pieces: &mut Vec<Value>) {
    if let Some(input) = reference(json) {
        pieces.push(Value::from("\""));
        pieces.extend(input.parts().iter().map(|part| match part {
            Part::Literal(text) => escaped(text),
            Part::Ref(reference) => match translate(reference) {
                Value::String(text) => escaped(&text),
                function => function,
            },
        }));
        pieces.push(Value::from("\""));
        return;
    }
    match json {
        Value::Object(map) => {
            for (index, (key, inner)) in map.iter().enumerate() {
                let open = if index == 0 { "{" } else { "," };
                pieces.push(Value::from(format!("{open}{}:", Value::from(key.as_str()))));
                write(inner, translate, pieces);
            }
            pieces.push(Value::from(if map.is_empty() { "{}" } else { "}" }));
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                pieces.push(Value::from(if index == 0 { "[" } else { "," }));
                write(inner, translate, pieces);
            }
            pieces.push(Value::from(if list.is_empty() { "[]" } else { "]" }));
        }
        scalar => pieces.push(Value::from(scalar.to_string())),
    }
}

/// A text escaped as inside a JSON string.
fn escaped(text: &str) -> Value {
    let quoted = Value::from(text).to_string();
    Value::from(&quoted[1..quoted.len() - 1])
}

/// The input that an object represents, if it is one.
fn reference(value: &Value) -> Option<StringExpr> {
    let (key, _) = value.as_object().filter(|map| map.len() == 1)?.iter().next()?;
    if !key.starts_with("Fn::") {
        return None;
    }
    serde_json::from_value(value.clone()).ok()
}

/// Joins the pieces to one string; adjacent texts are merged.
fn join(pieces: impl Iterator<Item = Value>) -> Value {
    let mut joined: Vec<Value> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Value::String(last)), Value::String(more)) => last.push_str(&more),
            (_, piece) => joined.push(piece),
        }
    }
    match joined.len() {
        0 => Value::from(""),
        1 => joined.remove(0),
        _ => json!({ "Fn::Join": ["", joined] }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(address: &str, attribute: &str) -> OutputRef {
        OutputRef {
            address: address.into(),
            attribute: attribute.into(),
            predicted: Some("predicted".into()),
        }
    }

    #[test]
    fn each_output_is_read_as_its_type_gives_it() {
        let read = |kind: &'static str, attribute: &str| read(&Kind::new(kind), &output("a/b", attribute));
        assert_eq!(read("AWS::S3::Bucket", "BucketName"), json!({ "Ref": "AB" }));
        assert_eq!(read("AWS::S3::Bucket", "Arn"), json!({ "Fn::GetAtt": ["AB", "Arn"] }));
        assert_eq!(read("AWS::Logs::DeliverySource", "Name"), json!({ "Ref": "AB" }));
        assert_eq!(
            read("AWS::CloudFront::Distribution", "Arn"),
            json!({ "Fn::Sub": "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${AB}" })
        );
    }

    #[test]
    fn templates_say_where_code_is() {
        let package = |kind: &'static str, property: &str| {
            package("packages", &Kind::new(kind), property, &json!({ "Sha256": "5b" }))
        };
        let place = json!({ "S3Bucket": "packages", "S3Key": "bundle/5b.zip" });
        assert_eq!(package("AWS::Lambda::Function", "Code"), Some(place));
        assert_eq!(package("AWS::Lambda::Function", "Tags"), None);
        assert_eq!(package("AWS::Lambda::Layer", "Code"), None);
    }

    #[test]
    fn joins_stay_and_texts_grow_together() {
        let properties = json!({
            "Join": StringExpr::output(output("a/b", "Arn")) + "/*",
            "List": [StringExpr::output(output("a/b", "Arn")), "plain"],
        });
        let kept = translate(&properties, &|_| json!({ "Ref": "AB" }));
        assert_eq!(
            kept,
            json!({ "Join": { "Fn::Join": ["", [{ "Ref": "AB" }, "/*"]] }, "List": [{ "Ref": "AB" }, "plain"] })
        );
        let literal = translate(&properties, &|_| json!("arn"));
        assert_eq!(literal, json!({ "Join": "arn/*", "List": ["arn", "plain"] }));
    }

    #[test]
    fn a_text_of_json_keeps_its_references() {
        let body =
            json!({ "a": [1, "x\"y", {}, []], "b": StringExpr::output(output("a/b", "Id")), "c": null });
        assert_eq!(
            text(&body, &|_| json!({ "Ref": "AB" })),
            json!({ "Fn::Join": ["", [
                r#"{"a":[1,"x\"y",{},[]],"b":""#, { "Ref": "AB" }, r#"","c":null}"#,
            ]] })
        );
        let known = text(&body, &|_| json!("i\"d"));
        let read: Value = serde_json::from_str(known.as_str().unwrap()).unwrap();
        assert_eq!(read, json!({ "a": [1, "x\"y", {}, []], "b": "i\"d", "c": null }));
    }
}
