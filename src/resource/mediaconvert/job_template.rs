//! `AWS::MediaConvert::JobTemplate`: how every original is transcoded.
//!
//! Follows the MediaConvert API reference, `jobTemplates`. The settings stand in [`super::settings`].

use aws_sdk_mediaconvert::Client;
use aws_sdk_mediaconvert::types;
use serde::{Deserialize, Serialize};

use super::mirror::ToSdk;
use super::raw::RawAnswer;
use super::settings::JobTemplateSettings;
use super::{ABSENT, CONFLICT, NAMED, TagMap, tags};
use crate::aws::{Context, Error, Result, SdkResult};
use crate::model::{ANYTHING, Allow, Changes, Input, Kind, Mark, Only, Outputs, Permissions, Scope};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

const GET: &str = "mediaconvert:GetJobTemplate";

/// A job template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct JobTemplate {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it is filed under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The ARN of the queue its jobs go to.
    pub queue: Input,
    /// Its jobs' place in the queue, -50 to 50; the highest first.
    pub priority: i32,
    /// Whether jobs use accelerated transcoding.
    pub acceleration_settings: AccelerationSettings,
    /// How often a job reports its progress, such as `SECONDS_60`.
    pub status_update_interval: String,
    /// The queues that jobs go to when they have waited too long.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hop_destinations: Vec<HopDestination>,
    /// How jobs transcode.
    pub settings_json: JobTemplateSettings,
    /// Its tags.
    #[serde(default)]
    pub tags: TagMap,
}

/// Whether jobs use accelerated transcoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AccelerationSettings {
    /// `DISABLED`, `PREFERRED` or `ENABLED`.
    pub mode: String,
}

/// A queue that a job goes to when it has waited too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct HopDestination {
    /// The queue's ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Input>,
    /// The job's priority there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// The minutes that are too long, 1 to 4320.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_minutes: Option<i32>,
}

fn arn(scope: &Scope, name: &str) -> String {
    scope.arn("mediaconvert", &format!("jobTemplates/{name}"))
}

fn outputs_of(scope: &Scope, name: &str) -> Outputs {
    outputs([("Arn", arn(scope, name)), ("Name", name.to_owned())])
}

fn acceleration(mode: &str) -> types::AccelerationSettings {
    types::AccelerationSettings::builder().mode(mode.into()).build()
}

impl JobTemplate {
    fn hops(&self) -> Vec<types::HopDestination> {
        let hop = |hop: &HopDestination| {
            types::HopDestination::builder()
                .set_queue(hop.queue.as_ref().map(Input::text))
                .set_priority(hop.priority)
                .set_wait_minutes(hop.wait_minutes)
                .build()
        };
        self.hop_destinations.iter().map(hop).collect()
    }

    fn from_sdk(
        name: &str,
        live: types::JobTemplate,
        settings_json: JobTemplateSettings,
        tags: TagMap,
    ) -> Self {
        let hop = |hop: types::HopDestination| HopDestination {
            queue: hop.queue.map(Input::from),
            priority: hop.priority,
            wait_minutes: hop.wait_minutes,
        };
        let present = |text: Option<String>| text.filter(|text| !text.is_empty());
        let mode = live.acceleration_settings.and_then(|settings| settings.mode);
        let interval = live.status_update_interval.unwrap_or(types::StatusUpdateInterval::Seconds60);
        Self {
            name: name.to_owned(),
            description: present(live.description),
            category: present(live.category),
            queue: live.queue.unwrap_or_default().into(),
            priority: live.priority.unwrap_or_default(),
            acceleration_settings: AccelerationSettings {
                mode: mode.unwrap_or(types::AccelerationMode::Disabled).as_str().to_owned(),
            },
            status_update_interval: interval.as_str().to_owned(),
            hop_destinations: live.hop_destinations.unwrap_or_default().into_iter().map(hop).collect(),
            settings_json,
            tags,
        }
    }
}

/// The live template of a name, and its settings as MediaConvert sent them.
async fn get(client: &Client, name: &str) -> Result<Option<(types::JobTemplate, JobTemplateSettings)>> {
    let raw = RawAnswer::default();
    let call = client.get_job_template().name(name).customize().interceptor(raw.clone());
    let Some(answer) = call.send().await.unless(GET, ABSENT)? else { return Ok(None) };
    let template = answer.job_template.ok_or_else(|| Error::unexpected(GET, "no template in it"))?;
    let settings =
        raw.json().and_then(|mut json| serde_json::from_value(json["JobTemplate"]["Settings"].take()));
    let settings = settings.map_err(|error| Error::unexpected(GET, format!("settings: {error}")))?;
    Ok(Some((template, settings)))
}

async fn create(client: &Client, desired: &JobTemplate) -> Result<()> {
    let call = client
        .create_job_template()
        .name(&desired.name)
        .set_description(desired.description.clone())
        .set_category(desired.category.clone())
        .queue(desired.queue.text())
        .priority(desired.priority)
        .acceleration_settings(acceleration(&desired.acceleration_settings.mode))
        .status_update_interval(desired.status_update_interval.as_str().into())
        .set_hop_destinations(Some(desired.hops()).filter(|hops| !hops.is_empty()))
        .settings(desired.settings_json.to_sdk())
        .set_tags(Some(desired.tags.to_map()));
    call.send().await.named("mediaconvert:CreateJobTemplate").map(drop)
}

impl Resource for JobTemplate {
    const KIND: Kind = Kind::new("AWS::MediaConvert::JobTemplate");
    const CREATE_ONLY: &'static [&'static str] = &["Name"];
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["mediaconvert:GetJobTemplate", "mediaconvert:ListTagsForResource"], NAMED)],
        create: &[
            Allow::new(&["mediaconvert:CreateJobTemplate"], ANYTHING).only(Only::AddsStackTag),
            Allow::new(&["mediaconvert:TagResource"], NAMED),
        ],
        update: &[Allow::new(
            &["mediaconvert:UpdateJobTemplate", "mediaconvert:TagResource", "mediaconvert:UntagResource"],
            NAMED,
        )],
        delete: &[Allow::new(&["mediaconvert:DeleteJobTemplate"], NAMED)],
        empty: &[],
        list: &[
            Allow::new(&["mediaconvert:ListJobTemplates"], ANYTHING),
            Allow::new(&["mediaconvert:ListTagsForResource"], NAMED),
        ],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.name.clone())
    }

    fn predicted(&self, scope: &Scope) -> Outputs {
        outputs_of(scope, &self.name)
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let arn = arn(&cx.scope, id);
        let (template, tags) = tokio::try_join!(get(cx.mediaconvert(), id), tags::list(cx, &arn))?;
        let (Some((template, settings)), Some(tags)) = (template, tags) else { return Ok(None) };
        let properties = Self::from_sdk(id, template, settings, tags);
        let ownership = properties.tags.ownership();
        Ok(Some(Observed::new(id, properties, outputs_of(&cx.scope, id), ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        if let Err(error) = create(cx.mediaconvert(), desired).await {
            let seen = if error.is(CONFLICT) { Self::observe(cx, &desired.name).await? } else { None };
            if seen.is_none_or(|seen| seen.properties.tags.ownership() != desired.tags.ownership()) {
                return Err(error);
            }
        }
        Ok(Created::new(&desired.name, outputs_of(&cx.scope, &desired.name)))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        changes: &Changes,
    ) -> Result<()> {
        if changes.0.iter().any(|change| change.property() != "Tags") {
            // Members left out of the request stay as they are, so all are sent; what is to go, as empty.
            let emptied = |was: bool| was.then(String::new);
            let was = &seen.properties;
            let call = cx
                .mediaconvert()
                .update_job_template()
                .name(&seen.id)
                .set_description(desired.description.clone().or(emptied(was.description.is_some())))
                .set_category(desired.category.clone().or(emptied(was.category.is_some())))
                .queue(desired.queue.text())
                .priority(desired.priority)
                .acceleration_settings(acceleration(&desired.acceleration_settings.mode))
                .status_update_interval(desired.status_update_interval.as_str().into())
                .set_hop_destinations(
                    Some(desired.hops()).filter(|hops| !hops.is_empty() || !was.hop_destinations.is_empty()),
                )
                .settings(desired.settings_json.to_sdk());
            call.send().await.named("mediaconvert:UpdateJobTemplate")?;
        }
        if changes.touches("Tags") {
            tags::update(cx, &arn(&cx.scope, &seen.id), &seen.properties.tags, &desired.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let call = cx.mediaconvert().delete_job_template().name(id);
        call.send().await.unless("mediaconvert:DeleteJobTemplate", ABSENT).map(drop)
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let call = cx.mediaconvert().list_job_templates().max_results(20);
        let mut pages = call.into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(template) = pages.next().await {
            names.extend(template.named("mediaconvert:ListJobTemplates")?.name);
        }
        tags::owned(cx, names, |name| arn(&cx.scope, name)).await
    }
}

#[cfg(test)]
mod tests {
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
}
