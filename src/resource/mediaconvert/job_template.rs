//! `AWS::MediaConvert::JobTemplate`: how every original is transcoded.
//!
//! Follows the MediaConvert API reference, `jobTemplates`. The settings are in [`super::settings`].

use aws_sdk_mediaconvert::Client;
use aws_sdk_mediaconvert::types;
use serde::{Deserialize, Serialize};

use super::mirror::ToSdk;
use super::raw::RawAnswer;
use super::settings::JobTemplateSettings;
use super::{ABSENT, CONFLICT, NAMED, TagMap, tags};
use crate::aws::{Context, Error, OrEmpty, Result, SdkResult, required};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Only, Outputs, Permissions, Scope, StringExpr};
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
    /// The category under which the console lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The ARN of the queue that its jobs are sent to.
    pub queue: StringExpr,
    /// The priority of its jobs in the queue, -50 to 50. The highest is first.
    pub priority: i32,
    /// Whether jobs use accelerated transcoding.
    pub acceleration_settings: AccelerationSettings,
    /// How often a job reports its progress, such as `SECONDS_60`.
    pub status_update_interval: String,
    /// The queues that jobs are moved to when they have waited too long.
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

/// A queue that a job is moved to when it has waited too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct HopDestination {
    /// The queue's ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<StringExpr>,
    /// The job's priority there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// After how many minutes, 1 to 4320.
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
        let hop = |HopDestination { queue, priority, wait_minutes }: &HopDestination| {
            types::HopDestination::builder()
                .set_queue(queue.as_ref().map(StringExpr::text))
                .set_priority(*priority)
                .set_wait_minutes(*wait_minutes)
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
            queue: hop.queue.map(StringExpr::from),
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
            // absent is empty: a template without a queue means the account's default queue
            queue: live.queue.unwrap_or_default().into(),
            // absent is empty: MediaConvert's default is 0
            priority: live.priority.unwrap_or(0),
            acceleration_settings: AccelerationSettings {
                mode: mode.unwrap_or(types::AccelerationMode::Disabled).as_str().to_owned(),
            },
            status_update_interval: interval.as_str().to_owned(),
            hop_destinations: live.hop_destinations.or_empty().into_iter().map(hop).collect(),
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
    let template = required(answer.job_template, GET, "jobTemplate")?;
    let settings =
        raw.json().and_then(|mut json| serde_json::from_value(json["JobTemplate"]["Settings"].take()));
    let settings = settings.map_err(|error| Error::unexpected(GET, format!("settings: {error}")))?;
    Ok(Some((template, settings)))
}

async fn create(client: &Client, desired: &JobTemplate) -> Result<()> {
    let JobTemplate {
        name,
        description,
        category,
        queue,
        priority,
        acceleration_settings: AccelerationSettings { mode },
        status_update_interval,
        hop_destinations,
        settings_json,
        tags,
    } = desired;
    let call = client
        .create_job_template()
        .name(name)
        .set_description(description.clone())
        .set_category(category.clone())
        .queue(queue.text())
        .priority(*priority)
        .acceleration_settings(acceleration(mode))
        .status_update_interval(status_update_interval.as_str().into())
        .set_hop_destinations((!hop_destinations.is_empty()).then(|| desired.hops()))
        .settings(settings_json.to_sdk())
        .set_tags(Some(tags.to_map()));
    call.send().await.named("mediaconvert:CreateJobTemplate").map(drop)
}

/// Changes everything but the tags. MediaConvert keeps the members that a call leaves out, so all are sent; what is to be
/// removed is sent empty.
async fn change(client: &Client, was: &JobTemplate, desired: &JobTemplate) -> Result<()> {
    let JobTemplate {
        name,
        description,
        category,
        queue,
        priority,
        acceleration_settings: AccelerationSettings { mode },
        status_update_interval,
        hop_destinations,
        settings_json,
        tags: _,
    } = desired;
    let emptied = |was: bool| was.then(String::new);
    let hops = !hop_destinations.is_empty() || !was.hop_destinations.is_empty();
    let call = client
        .update_job_template()
        .name(name)
        .set_description(description.clone().or(emptied(was.description.is_some())))
        .set_category(category.clone().or(emptied(was.category.is_some())))
        .queue(queue.text())
        .priority(*priority)
        .acceleration_settings(acceleration(mode))
        .status_update_interval(status_update_interval.as_str().into())
        .set_hop_destinations(hops.then(|| desired.hops()))
        .settings(settings_json.to_sdk());
    call.send().await.named("mediaconvert:UpdateJobTemplate").map(drop)
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
        _: &Changes,
    ) -> Result<()> {
        let was = &seen.properties;
        // Tags have calls of their own: does anything else differ?
        if (Self { tags: was.tags.clone(), ..Self::clone(desired) }) != *was {
            change(cx.mediaconvert(), was, desired).await?;
        }
        if was.tags != desired.tags {
            tags::update(cx, &arn(&cx.scope, &seen.id), &was.tags, &desired.tags).await?;
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
mod tests;
