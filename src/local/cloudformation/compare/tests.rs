//! Which changes a new template has, as recorded on AWS.

use super::*;
use crate::local::cloudformation::handlers::HandledResource;
use crate::local::cloudformation::template::StackTemplate;

const TOPIC: &str = "AWS::SNS::Topic";

fn declared(resources: Value, parameters: &[(&str, &str)]) -> DeclaredStack {
    let names: Map<String, Value> =
        parameters.iter().map(|(name, _)| ((*name).to_owned(), json!({ "Type": "String" }))).collect();
    let mut body = json!({ "Parameters": names });
    body["Resources"] = resources;
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    DeclaredStack {
        template: StackTemplate { text: body.to_string(), body },
        parameters: parameters.collect(),
        tags: BTreeMap::new(),
        capabilities: Vec::new(),
    }
}

/// What exists after the template was applied: every topic has its logical id as its ARN.
fn applied(declared: &DeclaredStack) -> BTreeMap<String, ResourceRecord> {
    let mut records = BTreeMap::new();
    let place = place();
    let known = |name: &str| {
        Some((format!("arn:{name}"), BTreeMap::from([("TopicName".to_owned(), name.to_owned())])))
    };
    let environment = place.environment(declared, &known).unwrap();
    for (name, body) in declared.template.section("Resources") {
        let (reference, attributes) = known(name).unwrap();
        let handled = HandledResource {
            handle: reference.clone(),
            physical_id: reference.clone(),
            reference,
            attributes,
        };
        let properties = environment.value(&body["Properties"]).unwrap();
        let record = ResourceRecord {
            kind: body["Type"].as_str().unwrap().to_owned(),
            status: "CREATE_COMPLETE",
            handled: Some(handled),
            properties,
            body: body.clone(),
            ..ResourceRecord::default()
        };
        records.insert(name.clone(), record);
    }
    records
}

fn place() -> Whereabouts<'static> {
    Whereabouts {
        account: "111122223333",
        region: "eu-west-1",
        name: "s",
        id: "arn:s",
        exports: BTreeMap::new(),
    }
}

fn of(before: Option<&DeclaredStack>, target: &DeclaredStack, with_values: bool) -> Vec<Value> {
    let records = before.map(applied).unwrap_or_default();
    let types = |_: &str| Some(HandledType { create_only: &["TopicName"], ..HandledType::default() });
    let found = changes(&place(), &records, before, target, &BTreeSet::new(), &types, with_values);
    found.unwrap().into_iter().map(|change| change["ResourceChange"].clone()).collect()
}

fn topic(properties: Value) -> Value {
    let mut body = json!({ "Type": TOPIC });
    body["Properties"] = properties;
    body
}

#[test]
fn what_is_new_is_added_with_what_it_will_be() {
    let target = declared(json!({ "Foo": topic(json!({ "TopicName": "topic-1" })) }), &[]);
    assert_eq!(
        of(None, &target, true),
        [
            json!({ "Action": "Add", "LogicalResourceId": "Foo", "ResourceType": TOPIC, "Details": [], "Scope": [],
            "AfterContext": "{\"Properties\":{\"TopicName\":\"topic-1\"}}" })
        ]
    );
    assert!(of(None, &target, false)[0].get("AfterContext").is_none());
    assert_eq!(of(Some(&target), &target, true), [Value::Null; 0]);
}

#[test]
fn a_replacement_shows_both_contexts_and_its_policy_action() {
    let before = declared(json!({ "Foo": topic(json!({ "TopicName": "topic-1" })) }), &[]);
    let target = declared(json!({ "Foo": topic(json!({ "TopicName": "topic-2" })) }), &[]);
    assert_eq!(
        of(Some(&before), &target, true),
        [json!({
            "Action": "Modify", "LogicalResourceId": "Foo", "PhysicalResourceId": "arn:Foo", "ResourceType": TOPIC,
            "PolicyAction": "ReplaceAndDelete", "Replacement": "True", "Scope": ["Properties"],
            "Details": [{ "Target": { "Attribute": "Properties", "Name": "TopicName", "RequiresRecreation": "Always",
                "Path": "/Properties/TopicName", "AttributeChangeType": "Modify", "BeforeValue": "topic-1",
                "AfterValue": "topic-2" }, "Evaluation": "Static", "ChangeSource": "DirectModification" }],
            "BeforeContext": "{\"Properties\":{\"TopicName\":\"topic-1\"}}",
            "AfterContext": "{\"Properties\":{\"TopicName\":\"topic-2\"}}",
        })]
    );
    let plain = &of(Some(&before), &target, false)[0]["Details"][0]["Target"];
    assert_eq!(
        plain,
        &json!({ "Attribute": "Properties", "Name": "TopicName", "RequiresRecreation": "Always" })
    );
}

#[test]
fn a_dependant_of_what_is_replaced_is_known_after_apply() {
    let stack = |name: &str| {
        declared(
            json!({ "A": topic(json!({ "TopicName": name })), "B": topic(json!({ "DisplayName": { "Ref": "A" } })) }),
            &[],
        )
    };
    let changes = of(Some(&stack("a")), &stack("b"), true);
    let detail = &changes[1]["Details"][0];
    assert_eq!(detail["Target"]["AfterValue"], KNOWN_AFTER_APPLY);
    assert_eq!(detail["Target"]["BeforeValue"], "arn:A");
    assert_eq!(
        (&detail["Evaluation"], &detail["ChangeSource"], &detail["CausingEntity"]),
        (&json!("Dynamic"), &json!("ResourceReference"), &json!("A"))
    );
    assert_eq!(changes[1]["Replacement"], "False");
}

#[test]
fn the_set_of_changes_differs_without_values() {
    let stack = |text: &str| {
        let other = topic(json!({ "DisplayName": { "Fn::GetAtt": ["A", "TopicName"] } }));
        declared(json!({ "A": topic(json!({ "DisplayName": text })), "B": other }), &[])
    };
    let names = |changes: Vec<Value>| {
        changes
            .iter()
            .map(|change| change["LogicalResourceId"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(of(Some(&stack("a")), &stack("b"), true)), ["A"]);
    let plain = of(Some(&stack("a")), &stack("b"), false);
    assert_eq!(plain[1]["Details"][0]["Evaluation"], "Dynamic");
    assert_eq!(plain[1]["Details"][0]["CausingEntity"], "A.TopicName");
    assert_eq!(names(plain), ["A", "B"]);
}

#[test]
fn a_parameter_is_named_as_the_cause_and_what_is_gone_is_removed() {
    let resources = |more: bool| {
        let mut all = json!({ "A": topic(json!({ "DisplayName": { "Ref": "P" } })) });
        if more {
            all["Old"] = topic(json!({}));
        }
        all
    };
    let before = declared(resources(true), &[("P", "one")]);
    let target = declared(resources(false), &[("P", "two")]);
    let changes = of(Some(&before), &target, true);
    assert_eq!(changes[0]["Details"][0]["ChangeSource"], "ParameterReference");
    assert_eq!(changes[0]["Details"][0]["CausingEntity"], "P");
    assert_eq!((&changes[1]["Action"], &changes[1]["PolicyAction"]), (&json!("Remove"), &json!("Delete")));
}

#[test]
fn nested_members_have_paths_and_numbers_are_text() {
    let before = declared(json!({ "A": topic(json!({ "L": [{ "K": 1 }, { "K": 2 }], "M": true })) }), &[]);
    let target = declared(
        json!({ "A": topic(json!({ "L": [{ "K": 1 }, { "K": 3 }], "M": "true", "N": { "O": 1 } })) }),
        &[],
    );
    let changes = of(Some(&before), &target, true);
    let shown: Vec<String> = changes[0]["Details"]
        .as_array()
        .unwrap()
        .iter()
        .map(|detail| {
            let target = &detail["Target"];
            format!(
                "{} {} {} {}",
                target["Path"], target["AttributeChangeType"], target["BeforeValue"], target["AfterValue"]
            )
        })
        .collect();
    assert_eq!(
        shown,
        [r#""/Properties/L/1/K" "Modify" "2" "3""#, r#""/Properties/N" "Add" null "{\"O\":\"1\"}""#,]
    );
}
