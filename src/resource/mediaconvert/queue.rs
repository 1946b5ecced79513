//! `AWS::MediaConvert::Queue`: where jobs wait for capacity.
//!
//! Follows the MediaConvert API reference, `queues`. The account's quota limits how many jobs run at once.

use aws_sdk_mediaconvert::types::{JobStatus, PricingPlan, QueueStatus};
use serde::{Deserialize, Serialize};

use super::{ABSENT, CONFLICT, JOBS, NAMED, TagMap, tags};
use crate::aws::{Context, Patience, Result, SdkResult, required, retry_while};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Only, Outputs, Permissions, Scope};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

/// A queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `ON_DEMAND` or `RESERVED`.
    pub pricing_plan: String,
    /// `ACTIVE`, or `PAUSED`, when jobs wait.
    pub status: String,
    /// How many of its jobs run at once. Nothing takes this off a queue, so absent leaves what there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent_jobs: Option<i32>,
    /// Its tags.
    #[serde(default)]
    pub tags: TagMap,
}

fn arn(scope: &Scope, name: &str) -> String {
    scope.arn("mediaconvert", &format!("queues/{name}"))
}

fn outputs_of(scope: &Scope, name: &str) -> Outputs {
    outputs([("Arn", arn(scope, name)), ("Name", name.to_owned())])
}

fn from_sdk(name: &str, queue: aws_sdk_mediaconvert::types::Queue, tags: TagMap) -> Queue {
    Queue {
        name: name.to_owned(),
        description: queue.description.filter(|text| !text.is_empty()),
        pricing_plan: queue.pricing_plan.unwrap_or(PricingPlan::OnDemand).as_str().to_owned(),
        status: queue.status.unwrap_or(QueueStatus::Active).as_str().to_owned(),
        concurrent_jobs: queue.concurrent_jobs,
        tags,
    }
}

impl Resource for Queue {
    const KIND: Kind = Kind::new("AWS::MediaConvert::Queue");
    const CREATE_ONLY: &'static [&'static str] = &["Name", "PricingPlan"];
    const LEFT_ALONE: &'static [&'static str] = &["ConcurrentJobs"];
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["mediaconvert:GetQueue", "mediaconvert:ListTagsForResource"], NAMED)],
        create: &[
            Allow::new(&["mediaconvert:CreateQueue"], ANYTHING).only(Only::AddsStackTag),
            Allow::new(&["mediaconvert:TagResource"], NAMED),
        ],
        update: &[Allow::new(
            &["mediaconvert:UpdateQueue", "mediaconvert:TagResource", "mediaconvert:UntagResource"],
            NAMED,
        )],
        delete: &[Allow::new(&["mediaconvert:DeleteQueue"], NAMED)],
        empty: &[
            Allow::new(&["mediaconvert:ListJobs"], NAMED),
            Allow::new(&["mediaconvert:CancelJob"], JOBS),
        ],
        list: &[
            Allow::new(&["mediaconvert:ListQueues"], ANYTHING),
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
        const CALL: &str = "mediaconvert:GetQueue";
        let arn = arn(&cx.scope, id);
        let queue = async { cx.mediaconvert().get_queue().name(id).send().await.unless(CALL, ABSENT) };
        let (Some(queue), Some(tags)) = tokio::try_join!(queue, tags::list(cx, &arn))? else {
            return Ok(None);
        };
        let properties = from_sdk(id, required(queue.queue, CALL, "queue")?, tags);
        let ownership = properties.tags.ownership();
        Ok(Some(Observed::new(id, properties, outputs_of(&cx.scope, id), ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let Self { name, description, pricing_plan, status, concurrent_jobs, tags } = &**desired;
        let call = cx
            .mediaconvert()
            .create_queue()
            .name(name)
            .set_description(description.clone())
            .pricing_plan(pricing_plan.as_str().into())
            .status(status.as_str().into())
            .set_concurrent_jobs(*concurrent_jobs)
            .set_tags(Some(tags.to_map()));
        if let Err(error) = call.send().await.named("mediaconvert:CreateQueue") {
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
        let Self { name: _, description, pricing_plan: _, status, concurrent_jobs, tags } = &**desired;
        if (&was.description, &was.status, &was.concurrent_jobs) != (description, status, concurrent_jobs) {
            let call = cx
                .mediaconvert()
                .update_queue()
                .name(&seen.id)
                // absent is empty: that removes the description
                .description(description.as_deref().unwrap_or(""))
                .status(status.as_str().into())
                .set_concurrent_jobs(*concurrent_jobs);
            call.send().await.named("mediaconvert:UpdateQueue")?;
        }
        if was.tags != *tags {
            tags::update(cx, &arn(&cx.scope, &seen.id), &was.tags, tags).await?;
        }
        Ok(())
    }

    /// MediaConvert keeps a queue that has unfinished jobs. They are awaited for a while or, if the contents of the queue
    /// may be removed with it, cancelled.
    async fn delete(cx: &Context, id: &str, removal: Removal) -> Result<()> {
        let delete = || async {
            if removal == Removal::WithContents {
                cancel_jobs(cx, id).await?;
            }
            cx.mediaconvert().delete_queue().name(id).send().await.unless("mediaconvert:DeleteQueue", ABSENT)
        };
        let awaited = "waiting until the queue's jobs have ended";
        retry_while(cx, Patience::SECONDS, awaited, |error| error.is(CONFLICT), delete).await.map(drop)
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let mut pages = cx.mediaconvert().list_queues().max_results(20).into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(queue) = pages.next().await {
            names.extend(queue.named("mediaconvert:ListQueues")?.name);
        }
        tags::owned(cx, names, |name| arn(&cx.scope, name)).await
    }
}

/// Cancels the jobs that the queue has not finished.
async fn cancel_jobs(cx: &Context, name: &str) -> Result<()> {
    const LIST: &str = "mediaconvert:ListJobs";
    for status in [JobStatus::Submitted, JobStatus::Progressing] {
        let call = cx.mediaconvert().list_jobs().queue(arn(&cx.scope, name)).status(status).max_results(20);
        let mut jobs = call.into_paginator().items().send();
        while let Some(job) = jobs.next().await {
            let Some(job) = job.unless(LIST, ABSENT)? else { return Ok(()) };
            let call = cx.mediaconvert().cancel_job().id(required(job.id, LIST, "jobs[].id")?);
            // A job that has ended meanwhile cannot be cancelled any more, and need not be.
            let ended = ["NotFoundException", "ConflictException", "BadRequestException"];
            call.send().await.unless("mediaconvert:CancelJob", &ended)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mediaconvert_leaves_out_is_its_default() {
        let live =
            aws_sdk_mediaconvert::types::Queue::builder().name("vod-transcode").description("").build();
        let queue = from_sdk("vod-transcode", live, TagMap::default());
        assert_eq!(
            serde_json::to_value(queue).unwrap(),
            serde_json::json!({ "Name": "vod-transcode", "PricingPlan": "ON_DEMAND", "Status": "ACTIVE", "Tags": {} })
        );
    }
}
