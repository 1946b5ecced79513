//! `AWS::Lambda::EventInvokeConfig`: how often Lambda tries asynchronous events, and where it sends them in the end.
//!
//! Follows the Lambda API reference, `PutFunctionEventInvokeConfig`.

use aws_sdk_lambda::types as sdk;
use serde::{Deserialize, Serialize};

use super::{ABSENT, FUNCTIONS, Function, patiently, patiently_if_new};
use crate::aws::{Context, Result, SdkResult};
use crate::model::{Allow, Changes, Kind, Mark, Only, Outputs, Ownership, Permissions, Scope, StringExpr};
use crate::resource::{Created, Observed, Removal, Resolved, Resource};

/// The unpublished version, which a function's name alone means.
const LATEST: &str = "$LATEST";
/// Lambda's defaults.
const RETRIES: i32 = 2;
const MAXIMUM_AGE: i32 = 6 * 60 * 60;

/// How a function's asynchronous events are tried, and where they are sent in the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EventInvokeConfig {
    /// The function's name.
    pub function_name: StringExpr,
    /// The version or alias: `$LATEST`.
    pub qualifier: String,
    /// How often a failed event is tried again (0 to 2).
    pub maximum_retry_attempts: i32,
    /// How long an event may wait, in seconds (60 to 21,600).
    pub maximum_event_age_in_seconds: i32,
    /// Where events are sent after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_config: Option<DestinationConfig>,
}

/// Where events are sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DestinationConfig {
    /// Those that failed for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<Destination>,
    /// Those that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_success: Option<Destination>,
}

/// One destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Destination {
    /// The ARN of a queue, topic, event bus, bucket or function.
    pub destination: StringExpr,
}

impl Destination {
    fn from_sdk(arn: Option<&str>) -> Option<Self> {
        arn.filter(|arn| !arn.is_empty()).map(|arn| Self { destination: arn.into() })
    }
}

impl DestinationConfig {
    fn to_sdk(&self) -> sdk::DestinationConfig {
        let Self { on_failure, on_success } = self;
        let failure = on_failure.as_ref().map(|Destination { destination }| {
            sdk::OnFailure::builder().destination(destination.text()).build()
        });
        let success = on_success.as_ref().map(|Destination { destination }| {
            sdk::OnSuccess::builder().destination(destination.text()).build()
        });
        sdk::DestinationConfig::builder().set_on_failure(failure).set_on_success(success).build()
    }

    /// Lambda answers empty objects for what was not set.
    fn from_sdk(found: &sdk::DestinationConfig) -> Option<Self> {
        let read = Self {
            on_failure: Destination::from_sdk(found.on_failure().and_then(|to| to.destination())),
            on_success: Destination::from_sdk(found.on_success().and_then(|to| to.destination())),
        };
        (read != Self::default()).then_some(read)
    }
}

/// The function and, unless it is [`LATEST`], the qualifier that calls take.
fn split(id: &str) -> (&str, Option<&str>) {
    id.split_once(':').map_or((id, None), |(function, qualifier)| (function, Some(qualifier)))
}

impl EventInvokeConfig {
    fn physical_id(&self) -> String {
        let function = self.function_name.text();
        if self.qualifier == LATEST { function } else { format!("{function}:{}", self.qualifier) }
    }
}

impl Resource for EventInvokeConfig {
    const KIND: Kind = Kind::new("AWS::Lambda::EventInvokeConfig");
    const CREATE_ONLY: &'static [&'static str] = &["FunctionName", "Qualifier"];
    const PARENT: Option<Kind> = Some(Function::KIND);
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["lambda:GetFunctionEventInvokeConfig"], FUNCTIONS)],
        create: &[Allow::new(&["lambda:PutFunctionEventInvokeConfig"], FUNCTIONS)],
        update: &[Allow::new(&["lambda:PutFunctionEventInvokeConfig"], FUNCTIONS)],
        delete: &[
            Allow::new(&["lambda:DeleteFunctionEventInvokeConfig"], FUNCTIONS).only(Only::RequiresStackTag)
        ],
        empty: &[],
        list: &[],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.physical_id())
    }

    fn parent_id(_: &Scope, id: &str) -> Option<String> {
        Some(split(id).0.to_owned())
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let (function, qualifier) = split(id);
        let call = cx
            .lambda()
            .get_function_event_invoke_config()
            .function_name(function)
            .set_qualifier(qualifier.map(str::to_owned));
        let answer = call.send().await.unless("lambda:GetFunctionEventInvokeConfig", ABSENT)?;
        let Some(found) = answer else { return Ok(None) };
        let properties = Self {
            function_name: function.into(),
            qualifier: qualifier.unwrap_or(LATEST).to_owned(),
            maximum_retry_attempts: found.maximum_retry_attempts.unwrap_or(RETRIES),
            maximum_event_age_in_seconds: found.maximum_event_age_in_seconds.unwrap_or(MAXIMUM_AGE),
            destination_config: found.destination_config.as_ref().and_then(DestinationConfig::from_sdk),
        };
        Ok(Some(Observed::new(id, properties, Outputs::new(), Ownership::Inherited)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let Self {
            function_name: _,
            qualifier: _,
            maximum_retry_attempts,
            maximum_event_age_in_seconds,
            destination_config,
        } = &**desired;
        let id = desired.physical_id();
        let (function, qualifier) = split(&id);
        let call = cx
            .lambda()
            .put_function_event_invoke_config()
            .function_name(function)
            .set_qualifier(qualifier.map(str::to_owned))
            .maximum_retry_attempts(*maximum_retry_attempts)
            .maximum_event_age_in_seconds(*maximum_event_age_in_seconds)
            .set_destination_config(destination_config.as_ref().map(DestinationConfig::to_sdk));
        patiently_if_new(cx, || async {
            call.clone().send().await.named("lambda:PutFunctionEventInvokeConfig").map(drop)
        })
        .await?;
        Ok(Created::new(id, Outputs::new()))
    }

    /// The call that makes one replaces one.
    async fn update(cx: &Context, _: &Observed<Self>, desired: &Resolved<Self>, _: &Changes) -> Result<()> {
        Self::create(cx, desired).await.map(drop)
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let (function, qualifier) = split(id);
        let call = cx
            .lambda()
            .delete_function_event_invoke_config()
            .function_name(function)
            .set_qualifier(qualifier.map(str::to_owned));
        patiently(cx, || async {
            call.clone().send().await.unless("lambda:DeleteFunctionEventInvokeConfig", ABSENT).map(drop)
        })
        .await
    }

    async fn list_owned(_: &Context) -> Result<Vec<(String, Mark)>> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_destinations_are_none() {
        let empty = sdk::DestinationConfig::builder()
            .on_failure(sdk::OnFailure::builder().build())
            .on_success(sdk::OnSuccess::builder().build())
            .build();
        assert_eq!(DestinationConfig::from_sdk(&empty), None);
        let queue = DestinationConfig {
            on_failure: Destination::from_sdk(Some("arn:aws:sqs:ap-northeast-2:111122223333:q")),
            on_success: None,
        };
        assert_eq!(DestinationConfig::from_sdk(&queue.to_sdk()), Some(queue));
    }

    #[test]
    fn the_functions_name_alone_is_its_latest_version() {
        assert_eq!(split("vod-submit"), ("vod-submit", None));
        assert_eq!(split("vod-submit:live"), ("vod-submit", Some("live")));
    }
}
