//! The comparison of a stack's resources with what they were declared to be.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::CloudFormation;
use super::handlers::HandlerCaller;
use super::state::{ResourceRecord, StackPlace, now};
use super::values::{differences, shown};

/// Compares a stack's resources beside the call.
pub(super) fn begin(
    service: &Arc<CloudFormation>,
    place: &StackPlace,
    stack: &str,
    caller: HandlerCaller,
    wanted: Vec<String>,
    detection: String,
) {
    let (service, place, id) = (Arc::clone(service), place.clone(), stack.to_owned());
    tokio::spawn(async move {
        let records = service.stack(&place, &id, |stack| {
            let exists = |(name, record): &(&String, &ResourceRecord)| {
                record.exists() && (wanted.is_empty() || wanted.contains(name))
            };
            stack
                .resources
                .iter()
                .filter(exists)
                .map(|(name, record)| (name.clone(), record.clone()))
                .collect::<Vec<_>>()
        });
        let compared = records.unwrap_or_default().into_iter().map(|(logical, record)| {
            let (service, caller, id) = (&service, &caller, &id);
            async move {
                let found = of_resource(service, caller, id, &logical, &record).await;
                (logical, found)
            }
        });
        let found = futures::future::join_all(compared).await;
        let drifted = found.iter().filter(|(_, drift)| {
            matches!(drift["StackResourceDriftStatus"].as_str(), Some("MODIFIED" | "DELETED"))
        });
        let count = drifted.count();
        service.stack(&place, &id, |stack| {
            for (logical, drift) in found {
                if let Some(record) = stack.resources.get_mut(&logical) {
                    record.drift = Some(drift);
                }
            }
            let status = if count == 0 { "IN_SYNC" } else { "DRIFTED" };
            stack.drift = Some((status, now()));
            let done = json!({ "DetectionStatus": "DETECTION_COMPLETE", "StackDriftStatus": status,
                "DriftedStackResourceCount": count, "Timestamp": now() });
            stack.drift_detections.insert(detection, done);
        });
    });
}

/// The drift of one resource.
pub(super) async fn of_resource(
    service: &CloudFormation,
    caller: &HandlerCaller,
    stack: &str,
    logical: &str,
    record: &ResourceRecord,
) -> Value {
    let handle = record.handled.as_ref().map(|handled| handled.handle.clone()).unwrap_or_default();
    let facts = service.handlers.describe_type(&record.kind).unwrap_or_default();
    let mut drift = json!({
        "StackId": stack,
        "LogicalResourceId": logical,
        "PhysicalResourceId": record.physical_id(),
        "ResourceType": record.kind,
        "Timestamp": now(),
    });
    if !facts.importable {
        // Types without a read handler.
        drift["StackResourceDriftStatus"] = json!("NOT_CHECKED");
        return drift;
    }
    match service.handlers.read(caller, &record.kind, &handle, &record.properties).await {
        Ok(Some((expected, actual))) => {
            let (expected, actual) = named(&record.properties, &expected, &actual, facts.write_only);
            let found: Vec<Value> = differences(&expected, &actual).iter().map(difference).collect();
            let status = if found.is_empty() { "IN_SYNC" } else { "MODIFIED" };
            drift["StackResourceDriftStatus"] = json!(status);
            drift["ExpectedProperties"] = json!(expected.to_string());
            drift["ActualProperties"] = json!(actual.to_string());
            drift["PropertyDifferences"] = found.into();
        }
        Ok(None) => drift["StackResourceDriftStatus"] = json!("DELETED"),
        // AWS shows such a resource as not checked as well.
        Err(_) => drift["StackResourceDriftStatus"] = json!("NOT_CHECKED"),
    }
    drift
}

fn difference(found: &super::values::Difference) -> Value {
    let path = found.path.strip_prefix("/Properties").unwrap_or(&found.path).to_owned();
    let kind = match (&found.before, &found.after) {
        (None, _) => "ADD",
        (_, None) => "REMOVE",
        _ => "NOT_EQUAL",
    };
    let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "null".to_owned(), shown);
    json!({ "PropertyPath": path, "ExpectedValue": value(&found.before), "ActualValue": value(&found.after),
        "DifferenceType": kind })
}

/// Both sides, reduced to what the template names and a read returns.
pub(super) fn named(
    template: &Value,
    expected: &Value,
    actual: &Value,
    write_only: &[&str],
) -> (Value, Value) {
    let (mut ours, mut theirs) = (Map::new(), Map::new());
    for (name, declared) in template.as_object().into_iter().flatten() {
        if write_only.contains(&name.as_str()) || name == "Code" {
            continue;
        }
        let side = |side: &Value| side.get(name).map(|value| reduced(declared, value));
        ours.extend(side(expected).map(|value| (name.clone(), value)));
        theirs.extend(side(actual).map(|value| (name.clone(), value)));
    }
    (ours.into(), theirs.into())
}

/// A value, without the members that the template does not name.
fn reduced(declared: &Value, value: &Value) -> Value {
    match (declared, value) {
        (Value::Object(names), Value::Object(members)) => {
            let kept = members
                .iter()
                .filter_map(|(name, inner)| Some((name.clone(), reduced(names.get(name)?, inner))));
            kept.collect::<Map<_, _>>().into()
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_template_names_is_compared() {
        let template = json!({ "A": { "B": 1 }, "Code": 1, "W": 1 });
        let expected = json!({ "A": { "B": 1, "Default": 2 }, "Code": 1, "W": 1, "Other": 3 });
        let actual = json!({ "A": { "B": 5, "Default": 7 }, "Code": 2, "Other": 4 });
        let (ours, theirs) = named(&template, &expected, &actual, &["W"]);
        assert_eq!((&ours, &theirs), (&json!({ "A": { "B": 1 } }), &json!({ "A": { "B": 5 } })));
        let found: Vec<Value> = differences(&ours, &theirs).iter().map(difference).collect();
        assert_eq!(
            found,
            [
                json!({ "PropertyPath": "/A/B", "ExpectedValue": "1", "ActualValue": "5", "DifferenceType": "NOT_EQUAL" })
            ]
        );
    }
}
