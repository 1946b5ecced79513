//! The local cloud's CloudFormation, called by AWS's SDK: stacks and change sets over real templates.

mod drift;
mod failures;
mod fleets;
mod live;
mod real_stack;
mod rollbacks;
mod sets;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::operation::create_change_set::builders::CreateChangeSetFluentBuilder;
use aws_sdk_cloudformation::types::{
    Capability, Change, ChangeSetType, DeploymentMode, Parameter, Stack, StackEvent,
};
use provision::aws::Context;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Cloud, REGION};

/// How many change sets were made: each has a name of its own.
static SETS: AtomicUsize = AtomicUsize::new(0);

/// A cloud with a client of its CloudFormation.
struct Desk {
    cloud: Cloud,
    client: Client,
    cx: Context,
}

/// A client of CloudFormation in a region.
fn client(cloud: &Cloud, account: &str, region: &str) -> Client {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(cloud.credentials(account)))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(&cloud.endpoint)
        .build();
    Client::new(&config)
}

impl Desk {
    async fn open(test: &str, stack: &str) -> Self {
        Self::of(Cloud::lenient(test).await, stack).await
    }

    /// The desk of a cloud.
    async fn of(cloud: Cloud, stack: &str) -> Self {
        let cx = cloud.context(stack).await;
        Self { client: client(&cloud, ACCOUNT, REGION), cloud, cx }
    }

    /// Puts a template where a call can name it, and returns its address.
    async fn put(&self, template: &Value) -> String {
        let bucket = "templates-of-the-test";
        let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
            .location_constraint(REGION.into())
            .build();
        let made =
            self.cx.s3().create_bucket().bucket(bucket).create_bucket_configuration(place).send().await;
        drop(made);
        let text = template.to_string();
        let key = format!("{}.json", SETS.load(Ordering::Relaxed));
        self.cx
            .s3()
            .put_object()
            .bucket(bucket)
            .key(&key)
            .body(text.into_bytes().into())
            .send()
            .await
            .unwrap();
        format!("https://{bucket}.s3.{REGION}.amazonaws.com/{key}")
    }

    /// Makes a change set and returns its id, with the reason where it failed.
    async fn propose(&self, stack: &str, kind: ChangeSetType, template: &Value) -> Result<String, String> {
        self.propose_with(stack, kind, template, Vec::new()).await
    }

    async fn propose_with(
        &self,
        stack: &str,
        kind: ChangeSetType,
        template: &Value,
        parameters: Vec<Parameter>,
    ) -> Result<String, String> {
        let call = self.set(stack, template).await.change_set_type(kind).set_parameters(Some(parameters));
        self.made(call).await
    }

    /// Makes a drift-aware change set.
    async fn propose_reverting(&self, stack: &str, template: &Value) -> Result<String, String> {
        let call = self.set(stack, template).await.deployment_mode(DeploymentMode::RevertDrift);
        self.made(call.change_set_type(ChangeSetType::Update)).await
    }

    async fn set(&self, stack: &str, template: &Value) -> CreateChangeSetFluentBuilder {
        let name = format!("set-{}", number());
        let url = self.put(template).await;
        let call = self.client.create_change_set().stack_name(stack).change_set_name(name);
        call.capabilities(Capability::CapabilityNamedIam).template_url(url)
    }

    async fn made(&self, call: CreateChangeSetFluentBuilder) -> Result<String, String> {
        let id = call.send().await.map_err(|error| format!("{error:?}"))?.id.unwrap();
        let set = self.client.describe_change_set().change_set_name(&id).send().await.unwrap();
        match set.status.unwrap().as_str() {
            "CREATE_COMPLETE" => Ok(id),
            _ => Err(set.status_reason.unwrap_or_default()),
        }
    }

    /// The changes of a set, with property values.
    async fn changes(&self, set: &str) -> Vec<Change> {
        let mut all = Vec::new();
        let mut token = None;
        loop {
            let call = self.client.describe_change_set().change_set_name(set).include_property_values(true);
            let page = call.set_next_token(token).send().await.unwrap();
            all.extend(page.changes.unwrap_or_default());
            token = page.next_token;
            if token.is_none() {
                return all;
            }
        }
    }

    async fn execute(&self, stack: &str, set: &str) -> Stack {
        self.client.execute_change_set().change_set_name(set).send().await.unwrap();
        self.ended(stack).await
    }

    /// Makes a stack as a template declares it, or changes it.
    async fn deploy(&self, stack: &str, kind: ChangeSetType, template: &Value) -> Stack {
        let set = self.propose(stack, kind, template).await.unwrap();
        self.execute(stack, &set).await
    }

    /// The stack once its operation has ended.
    async fn ended(&self, stack: &str) -> Stack {
        for _ in 0..1200 {
            let answer = self.client.describe_stacks().stack_name(stack).send().await.unwrap();
            let found = answer.stacks.unwrap().remove(0);
            if !found.stack_status.as_ref().unwrap().as_str().ends_with("_IN_PROGRESS") {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{stack} does not end");
    }

    /// The events, oldest first: resource, status, reason.
    async fn events(&self, stack: &str) -> Vec<StackEvent> {
        let mut pages = self.client.describe_stack_events().stack_name(stack).into_paginator().items().send();
        let mut events = Vec::new();
        while let Some(event) = pages.next().await {
            events.push(event.unwrap());
        }
        events.reverse();
        events
    }

    /// The events of one resource or of the stack, as lines.
    async fn told(&self, stack: &str, logical: &str) -> Vec<String> {
        let events = self.events(stack).await;
        let of = events.iter().filter(|event| event.logical_resource_id() == Some(logical));
        of.map(|event| {
            let status = event.resource_status.as_ref().unwrap().as_str();
            match event.resource_status_reason() {
                Some(reason) => format!("{status}: {reason}"),
                None => status.to_owned(),
            }
        })
        .collect()
    }

    async fn delete(&self, stack: &Stack) -> Stack {
        let id = stack.stack_id().unwrap();
        self.client.delete_stack().stack_name(id).send().await.unwrap();
        self.ended(id).await
    }
}

fn status(stack: &Stack) -> &str {
    stack.stack_status.as_ref().unwrap().as_str()
}

/// A number that no other change set of these tests has.
fn number() -> usize {
    SETS.fetch_add(1, Ordering::Relaxed)
}

/// A template's queue, as its resources.
fn queue(name: &str, more: Value) -> Value {
    let mut properties = json!({ "QueueName": name });
    let Value::Object(more) = more else { panic!("it is an object") };
    properties.as_object_mut().unwrap().extend(more);
    json!({ "Queue": { "Type": "AWS::SQS::Queue", "Properties": properties } })
}

/// The properties of a bucket.
fn bucket(name: &str) -> Value {
    json!({ "BucketName": name })
}

/// A template with these resources.
fn with(resources: &[Value]) -> Value {
    let all = resources.iter().filter_map(Value::as_object).flatten();
    json!({ "Resources": all.map(|(name, body)| (name.clone(), body.clone())).collect::<serde_json::Map<_, _>>() })
}

/// A template's log group, as its resources.
fn log_group(name: &str, days: u32) -> Value {
    let tags = json!([{ "Key": "of", "Value": "the test" }]);
    let properties = json!({ "LogGroupName": name, "RetentionInDays": days, "Tags": tags });
    json!({ "Logs": { "Type": "AWS::Logs::LogGroup", "Properties": properties } })
}

/// Waits for a queue's timeout. Reads may be late, as AWS's are.
async fn is_timeout(desk: &Desk, expected: &str) {
    let mut seen = timeout(desk).await;
    for _ in 0..100 {
        if seen == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        seen = timeout(desk).await;
    }
    assert_eq!(seen, expected);
}

async fn timeout(desk: &Desk) -> String {
    let url = desk.cx.sqs().get_queue_url().queue_name("vod-case-q").send().await.unwrap().queue_url.unwrap();
    let name = aws_sdk_sqs::types::QueueAttributeName::VisibilityTimeout;
    let call = desk.cx.sqs().get_queue_attributes().queue_url(url).attribute_names(name.clone());
    call.send().await.unwrap().attributes.unwrap()[&name].clone()
}
