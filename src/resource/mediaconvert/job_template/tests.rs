//! Tests of job templates against a MediaConvert that answers settings as they were sent.

use std::sync::{Arc, Mutex};

use aws_sdk_mediaconvert::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::mirror::tests::Sample;
use super::*;
use crate::diff::diff;

/// A MediaConvert that keeps one template and returns its settings as they were sent, as AWS does.
#[derive(Clone, Debug, Default)]
struct Echo(Arc<Mutex<Value>>);

impl HttpConnector for Echo {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut kept = self.0.lock().unwrap();
        if request.method() == "POST" {
            *kept = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        }
        let body = json!({ "jobTemplate": *kept }).to_string();
        let mut answer = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body));
        answer.headers_mut().insert("content-type", "application/json");
        HttpConnectorFuture::ready(Ok(answer))
    }
}

impl Echo {
    fn client(&self) -> Client {
        let connector = self.clone();
        let config = aws_sdk_mediaconvert::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("ap-northeast-2"))
            .credentials_provider(Credentials::new("111122223333", "test", None, None, "test"))
            .http_client(http_client_fn(move |_: &HttpConnectorSettings, _| {
                SharedHttpConnector::new(connector.clone())
            }))
            .build();
        Client::from_conf(config)
    }

    /// What is observed of a template with these settings after it was created, as JSON.
    fn returned(&self, settings: &JobTemplateSettings) -> Value {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (client, template) = (self.client(), template(settings));
        runtime.block_on(create(&client, &template)).unwrap();
        self.observed(&runtime, &client)
    }

    fn observed(&self, runtime: &tokio::runtime::Runtime, client: &Client) -> Value {
        let (live, settings) = runtime.block_on(get(client, "vod-ladder")).unwrap().unwrap();
        let tags = TagMap::from(crate::model::Tags::from_iter([("team", "media")]));
        serde_json::to_value(JobTemplate::from_sdk("vod-ladder", live, settings, tags)).unwrap()
    }
}

fn template(settings: &JobTemplateSettings) -> JobTemplate {
    let value = json!({
        "Name": "vod-ladder",
        "Description": "d",
        "Category": "c",
        "Queue": "arn:aws:mediaconvert:ap-northeast-2:111122223333:queues/vod",
        "Priority": 3,
        "AccelerationSettings": { "Mode": "PREFERRED" },
        "StatusUpdateInterval": "SECONDS_60",
        "HopDestinations": [{ "Queue": "q", "Priority": 1, "WaitMinutes": 15 }],
        "SettingsJson": settings,
        "Tags": { "team": "media" },
    });
    serde_json::from_value(value).unwrap()
}

/// Takes away the members that `keep` says no to.
fn thin(value: &mut Value, keep: &mut impl FnMut() -> bool) {
    match value {
        Value::Object(members) => {
            members.retain(|_, _| keep());
            members.values_mut().for_each(|member| thin(member, keep));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| thin(item, keep)),
        _ => {}
    }
}

#[test]
fn every_member_survives_the_wire() {
    let settings = JobTemplateSettings::sample();
    let declared = serde_json::to_value(template(&settings)).unwrap();
    assert_eq!(Echo::default().returned(&settings), declared);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_choice_of_members_survives_the_wire(choices in proptest::collection::vec(any::<bool>(), 400)) {
        let mut json = serde_json::to_value(JobTemplateSettings::sample()).unwrap();
        let mut choices = choices.into_iter().cycle();
        thin(&mut json, &mut || choices.next().unwrap());
        let settings: JobTemplateSettings = serde_json::from_value(json).unwrap();
        let declared = serde_json::to_value(template(&settings)).unwrap();
        prop_assert_eq!(Echo::default().returned(&settings), declared);
    }
}

#[test]
fn members_set_by_hand_are_drift_at_their_place() {
    let echo = Echo::default();
    let declared = serde_json::to_value(template(&JobTemplateSettings::sample())).unwrap();
    echo.returned(&JobTemplateSettings::sample());
    {
        let mut kept = echo.0.lock().unwrap();
        kept["settings"]["adAvailOffset"] = json!(5);
        kept["settings"]["outputGroups"][0]["outputs"][1]["videoDescription"]["crop"] = json!({ "x": 8 });
        kept["settings"]["inputs"][0]["audioSelectors"]["by hand"] = json!({ "offset": 1 });
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let changes = diff(&declared, &echo.observed(&runtime, &echo.client()), &[], &[]);
    let lines: Vec<String> = changes
        .0
        .iter()
        .map(|change| format!("{} {}", change.path, change.before.as_ref().unwrap()))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    SettingsJson.Inputs[0].AudioSelectors.by hand {"Offset":1}
    SettingsJson.OutputGroups[0].Outputs[1].VideoDescription.Crop {"X":8}
    SettingsJson.AdAvailOffset 5
    "#);
}
