//! What a drift-aware change set compares a template with: the stack's resources as they are when the set is made.
//!
//! From "Using drift-aware change sets"
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html>): what somebody changed
//! is set back, and what somebody deleted is created again. Immutable and write-only properties and tags that the template
//! does not name are compared with the last deployment. After a failure, resources go back to what they were before. Which
//! action AWS shows for a resource that is created again is not documented: here it is `Add`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::CloudFormation;
use super::drift::named;
use super::handlers::{HandledType, HandlerCaller};
use super::state::{ResourceRecord, now};
use super::values::{Difference, differences, shown};

/// How often a resource is looked at that does not show. Answers may be old.
const LOOKS: usize = 20;
/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// A resource as it was when a change set was made.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ActualState {
    /// Somebody deleted it.
    Deleted,
    /// It was read: its properties as the template would say them, and where they differ from the last deployment.
    Read { properties: Value, drifted: Vec<Difference> },
    /// Its type has no read handler.
    Unsupported,
    /// The read failed.
    Unknown,
}

impl ActualState {
    /// `ResourceDriftStatus`.
    fn status(&self) -> &'static str {
        match self {
            Self::Deleted => "DELETED",
            Self::Read { drifted, .. } if drifted.is_empty() => "IN_SYNC",
            Self::Read { .. } => "MODIFIED",
            Self::Unsupported => "UNSUPPORTED",
            Self::Unknown => "UNKNOWN",
        }
    }

    fn drifted(&self) -> &[Difference] {
        match self {
            Self::Read { drifted, .. } => drifted,
            _ => &[],
        }
    }
}

/// Reads the resources of a stack.
pub(super) async fn read(
    service: &CloudFormation,
    caller: &HandlerCaller,
    records: &BTreeMap<String, ResourceRecord>,
) -> BTreeMap<String, ActualState> {
    let looks = records.iter().filter(|(_, record)| record.exists()).map(|(logical, record)| async move {
        (logical.clone(), of_resource(service, caller, record).await)
    });
    futures::future::join_all(looks).await.into_iter().collect()
}

async fn of_resource(
    service: &CloudFormation,
    caller: &HandlerCaller,
    record: &ResourceRecord,
) -> ActualState {
    let facts = service.handlers.describe_type(&record.kind).unwrap_or_default();
    if !facts.importable {
        return ActualState::Unsupported;
    }
    let handle = record.handled.as_ref().map(|handled| handled.handle.clone()).unwrap_or_default();
    for _ in 0..LOOKS {
        match service.handlers.read(caller, &record.kind, &handle, &record.properties).await {
            Ok(Some((expected, actual))) => return compared(&record.properties, &expected, &actual, &facts),
            Ok(None) => tokio::time::sleep(PAUSE).await,
            Err(_) => return ActualState::Unknown,
        }
    }
    ActualState::Deleted
}

/// What was read of a resource, as its template would say it.
fn compared(declared: &Value, expected: &Value, actual: &Value, facts: &HandledType) -> ActualState {
    let (expected, mut actual) = named(declared, expected, actual, facts.write_only);
    for name in facts.create_only {
        if let Some(value) = expected.get(name) {
            actual[*name] = value.clone();
        }
    }
    only_named_tags(&expected, &mut actual);
    let drifted = differences(&expected, &actual);
    let mut properties = declared.clone();
    drifted.iter().for_each(|difference| adopt(&mut properties, &actual, difference));
    ActualState::Read { properties, drifted }
}

/// Leaves out the tags that the template does not name.
fn only_named_tags(expected: &Value, actual: &mut Value) {
    let Value::Array(wanted) = &expected["Tags"] else { return };
    if let Some(Value::Array(tags)) = actual.get_mut("Tags") {
        tags.retain(|tag| wanted.iter().any(|one| one["Key"] == tag["Key"]));
    }
}

/// Puts an actual value where the template has another one.
fn adopt(properties: &mut Value, actual: &Value, difference: &Difference) {
    let path = difference.path.strip_prefix("/Properties").unwrap_or(&difference.path);
    if let (Some(place), Some(value)) = (properties.pointer_mut(path), &difference.after) {
        *place = value.clone();
        return;
    }
    // A member that one side lacks: the whole property.
    let name = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match actual.get(name) {
        Some(value) => properties[name] = value.clone(),
        None => drop(properties.as_object_mut().map(|all| all.remove(name))),
    }
}

/// The records of a stack as they are, for the comparison.
pub(super) fn as_they_are(
    records: &BTreeMap<String, ResourceRecord>,
    actual: &BTreeMap<String, ActualState>,
) -> BTreeMap<String, ResourceRecord> {
    let mut records = records.clone();
    for (logical, state) in actual {
        match (records.get_mut(logical), state) {
            (Some(record), ActualState::Deleted) => record.handled = None,
            (Some(record), ActualState::Read { properties, .. }) => record.properties = properties.clone(),
            _ => {}
        }
    }
    records
}

/// Lets an operation begin with the resources as they are.
pub(super) fn begin_with(
    records: &mut BTreeMap<String, ResourceRecord>,
    actual: &BTreeMap<String, ActualState>,
) {
    for (logical, state) in actual {
        match (records.get_mut(logical), state) {
            (Some(record), ActualState::Deleted) => record.is_gone = true,
            (Some(record), ActualState::Read { properties, drifted }) if !drifted.is_empty() => {
                let deployed = std::mem::replace(&mut record.properties, properties.clone());
                record.deployed = Some(deployed);
            }
            _ => {}
        }
    }
}

/// The changes of a drift-aware set: each with the drift of its resource, and those that only reset a drift status.
pub(super) fn with_drift(
    mut changes: Vec<Value>,
    records: &BTreeMap<String, ResourceRecord>,
    actual: &BTreeMap<String, ActualState>,
    with_values: bool,
) -> Vec<Value> {
    let mut told = Vec::new();
    for change in changes.iter_mut().map(|change| &mut change["ResourceChange"]) {
        let logical = change["LogicalResourceId"].as_str().unwrap_or_default().to_owned();
        if let Some(state) = actual.get(&logical) {
            change["ResourceDriftStatus"] = json!(state.status());
            if with_values {
                let details = change["Details"].as_array_mut().into_iter().flatten();
                details.for_each(|detail| explain(&mut detail["Target"], state));
            }
        }
        told.push(logical);
    }
    let same =
        actual.iter().filter(|(logical, state)| !state.drifted().is_empty() && !told.contains(logical));
    changes.extend(same.filter_map(|(logical, state)| {
        Some(json!({ "Type": "Resource", "ResourceChange": synced(logical, records.get(logical)?, state) }))
    }));
    changes
}

/// Says where the values of a property come from.
fn explain(target: &mut Value, state: &ActualState) {
    if target["Attribute"] != "Properties" {
        return;
    }
    let is_read = matches!(state, ActualState::Read { .. });
    target["BeforeValueFrom"] = json!(if is_read { "ACTUAL_STATE" } else { "PREVIOUS_DEPLOYMENT_STATE" });
    target["AfterValueFrom"] = json!("TEMPLATE");
    let path = target["Path"].as_str().unwrap_or_default();
    if let Some(difference) = state.drifted().iter().find(|difference| difference.path == path) {
        target["Drift"] = drift(difference);
    }
}

fn drift(difference: &Difference) -> Value {
    let value = |value: &Option<Value>| value.as_ref().map(shown);
    json!({ "PreviousValue": value(&difference.before), "ActualValue": value(&difference.after),
        "DriftDetectionTimestamp": now() })
}

/// The template says now what somebody set by hand: only the drift status changes.
fn synced(logical: &str, record: &ResourceRecord, state: &ActualState) -> Value {
    let details = state.drifted().iter().map(|difference| {
        let name = difference.path.split('/').nth(2);
        json!({ "Target": { "Attribute": "Properties", "Name": name, "Path": difference.path,
            "RequiresRecreation": "Never", "AttributeChangeType": "SyncWithActual", "Drift": drift(difference) },
            "Evaluation": "Static", "ChangeSource": "NoModification" })
    });
    json!({ "Action": "SyncWithActual", "LogicalResourceId": logical, "PhysicalResourceId": record.physical_id(),
        "ResourceType": record.kind, "Scope": ["Properties"], "Details": details.collect::<Vec<_>>(),
        "ResourceDriftStatus": state.status() })
}

/// `StackDriftStatus` of the set.
pub(super) fn stack_status(actual: &BTreeMap<String, ActualState>) -> &'static str {
    let is_drifted = |state: &ActualState| matches!(state.status(), "DELETED" | "MODIFIED");
    if actual.values().any(is_drifted) { "DRIFTED" } else { "IN_SYNC" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: HandledType = HandledType {
        required: &[],
        attributes: &[],
        identifiers: &[],
        name: None,
        create_only: &["Name"],
        write_only: &["Secret"],
        importable: true,
    };

    #[test]
    fn what_is_immutable_secret_or_tagged_by_others_is_as_it_was_deployed() {
        let tag = |key: &str, value: &str| json!({ "Key": key, "Value": value });
        let declared =
            json!({ "Name": "a", "Secret": "s", "Size": 1, "Rules": { "A": 1 }, "Tags": [tag("k", "v")] });
        let read = json!({ "Name": "b", "Secret": null, "Size": 2, "Rules": { "A": 1, "Default": 2 },
            "Tags": [tag("k", "v"), tag("theirs", "x")] });
        let found = compared(&declared, &declared, &read, &FACTS);
        let ActualState::Read { properties, drifted } = &found else { panic!("{found:?}") };
        let mut expected = declared.clone();
        expected["Size"] = json!(2);
        assert_eq!(properties, &expected);
        assert_eq!(drifted.len(), 1, "{drifted:?}");
        assert_eq!(found.status(), "MODIFIED");
        assert_eq!(compared(&declared, &declared, &declared, &FACTS).status(), "IN_SYNC");
    }

    #[test]
    fn a_property_that_somebody_removed_is_not_there() {
        let declared = json!({ "Rules": { "A": 1, "B": 2 }, "Gone": true });
        let found = compared(&declared, &declared, &json!({ "Rules": { "A": 1 } }), &FACTS);
        let ActualState::Read { properties, .. } = &found else { panic!("{found:?}") };
        assert_eq!(properties, &json!({ "Rules": { "A": 1 } }));
    }

    #[test]
    fn a_template_that_says_what_somebody_set_only_resets_the_drift() {
        let (declared, read) = (json!({ "Size": 1 }), json!({ "Size": 2 }));
        let state = compared(&declared, &declared, &read, &FACTS);
        let record = ResourceRecord { kind: "T".into(), properties: declared, ..ResourceRecord::default() };
        let records = BTreeMap::from([("A".to_owned(), record)]);
        let actual = BTreeMap::from([("A".to_owned(), state)]);
        let changes = with_drift(Vec::new(), &records, &actual, true);
        let change = &changes[0]["ResourceChange"];
        assert_eq!(
            (
                &change["Action"],
                &change["ResourceDriftStatus"],
                &change["Details"][0]["Target"]["Drift"]["ActualValue"]
            ),
            (&json!("SyncWithActual"), &json!("MODIFIED"), &json!("2"))
        );
        assert_eq!(stack_status(&actual), "DRIFTED");
    }
}
