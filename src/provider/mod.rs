//! The resource handlers of the local cloud's CloudFormation: this program's adapters, as CloudFormation calls its own.
//!
//! CloudFormation's properties are the adapters' properties, but for a few forms ([`forms`]), and each type has its way to
//! be named ([`types`]). What this cannot prove stands in `docs/decisions/cloudformation-is-answered-here.md`.

mod forms;
mod types;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Map, Value};

use crate::aws::{self, Class, Connection, Context, LocalCloud, Patience, Poll};
use crate::diff::diff;
use crate::local::{
    HandledResource, HandledType, HandlerCaller, HandlerErrorCode, HandlerFailure, ResourceHandlers,
    is_same_identifier,
};
use crate::model::{Live, Mark, Outputs, Readiness, Scope, Tags};
use crate::resource::{Adapter, Removal, registry};

/// Types whose creation sets what there is: the policy of a queue or topic.
const SET: [&str; 2] = ["AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"];

/// How long a new resource may not be shown yet, in looks.
const UNSEEN: usize = 20;

/// The handlers of all types that this program has adapters of.
#[derive(Default)]
pub struct Provider {
    contexts: Mutex<BTreeMap<(String, String, String), Context>>,
}

/// A resource's adapter with what its calls need.
struct Handled<'a> {
    adapter: &'static dyn Adapter,
    kind: &'a str,
    cx: Context,
}

type Outcome<T> = Result<T, HandlerFailure>;

impl Provider {
    /// Handlers that have called nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    async fn handled<'a>(
        &self,
        caller: &HandlerCaller,
        kind: &'a str,
        stack: &str,
        packages: Option<&str>,
    ) -> Outcome<Handled<'a>> {
        let unknown = || invalid(format!("the local cloud has no handlers of {kind}"));
        let adapter =
            registry().iter().find(|adapter| adapter.kind().as_str() == kind).ok_or_else(unknown)?;
        let cx = self.context(caller, stack).await;
        let cx = match packages {
            Some(bucket) => cx.with_packages(bucket),
            None => cx,
        };
        Ok(Handled { adapter, kind, cx })
    }

    /// A context for a caller's calls, for resources of this stack.
    async fn context(&self, caller: &HandlerCaller, stack: &str) -> Context {
        let HandlerCaller { endpoint, credentials, account, region, pace } = caller;
        let key = (credentials.access_key_id().to_owned(), region.clone(), stack.to_owned());
        let known = self.contexts.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        // Every session has a key id of its own.
        if let Some(context) = known {
            return context;
        }
        let cloud = LocalCloud { endpoint: endpoint.clone(), credentials: credentials.clone(), pace: *pace };
        let connection = Connection::to_local_as(cloud, region).await;
        let scope = Scope { stack: stack.to_owned(), account: account.clone(), region: region.clone() };
        let context = Context::new(Arc::new(connection), scope, region);
        self.contexts.lock().unwrap_or_else(PoisonError::into_inner).insert(key, context.clone());
        context
    }

    /// The adapter and the properties in its form.
    async fn with_properties<'a>(
        &self,
        caller: &HandlerCaller,
        kind: &'a str,
        properties: &Value,
    ) -> Outcome<(Handled<'a>, Value)> {
        let (packages, properties) = forms::to_adapter(kind, properties).map_err(invalid)?;
        let handled = self.handled(caller, kind, &mark(&properties).stack, packages.as_deref()).await?;
        let normal = (handled.adapter.normal())(&properties);
        // What the type cannot read comes back from `normal` as it is; `structs` says why.
        if let Err(error) = handled.adapter.structs(&properties) {
            return Err(HandlerFailure::Properties(forms::schema_problem(&error.message)));
        }
        Ok((handled, normal))
    }
}

impl Handled<'_> {
    async fn observed(&self, handle: &str) -> Outcome<Option<Live>> {
        self.adapter.observe(&self.cx, handle).await.map_err(|error| failure(&error))
    }

    fn resource(&self, handle: &str, properties: &Value, outputs: &Outputs) -> HandledResource {
        types::resource(self.kind, handle, properties, outputs)
    }

    /// The one that is there already.
    async fn existing(&self, properties: &Value) -> Outcome<Option<Live>> {
        match self.adapter.id(&self.cx, properties) {
            Some(id) => self.observed(&id).await,
            None => self
                .adapter
                .find(&self.cx, properties, &mark(properties))
                .await
                .map_err(|error| failure(&error)),
        }
    }

    async fn create(&self, properties: &Value) -> Outcome<HandledResource> {
        // The adapters go on with an unfinished resource of ours; CloudFormation never does. Only policies of queues and
        // topics are set, whatever was there.
        if !SET.contains(&self.kind)
            && let Some(live) = self.existing(properties).await?
        {
            let message = format!(
                "Resource of type '{}' with identifier '{}' already exists.",
                self.kind,
                types::resource(self.kind, &live.id, properties, &live.outputs).physical_id
            );
            return Err(HandlerFailure::Service(HandlerErrorCode::AlreadyExists, message));
        }
        let made = self.adapter.create(&self.cx, properties).await.map_err(|error| failure(&error))?;
        Ok(self.resource(&made.id, properties, &made.outputs))
    }

    async fn update(&self, handle: &str, before: &Value, properties: &Value) -> Outcome<HandledResource> {
        let Some(seen) = self.seen(handle, properties).await? else { return Err(self.not_found(handle)) };
        let (create_only, write_only) = (self.adapter.create_only(), self.adapter.write_only());
        let mut changes = diff(properties, &seen.properties, create_only, write_only);
        // What is seen may be from before the last change: then the declarations tell what changes.
        let declared = diff(properties, before, create_only, write_only);
        let new =
            declared.0.into_iter().filter(|change| !changes.0.iter().any(|seen| seen.path == change.path));
        let new: Vec<_> = new.collect();
        let seen = if new.is_empty() { seen } else { Live { properties: before.clone(), ..seen } };
        changes.0.extend(new);
        if !changes.is_empty() {
            self.adapter
                .update(&self.cx, &seen, properties, &changes)
                .await
                .map_err(|error| failure(&error))?;
        }
        Ok(self.resource(handle, properties, &seen.outputs))
    }

    /// The live one, without what its declaration leaves to others.
    async fn seen(&self, handle: &str, properties: &Value) -> Outcome<Option<Live>> {
        match self.adapter.id(&self.cx, properties).filter(|id| id == handle) {
            Some(_) => self
                .adapter
                .find(&self.cx, properties, &mark(properties))
                .await
                .map_err(|error| failure(&error)),
            None => self.observed(handle).await,
        }
    }

    fn not_found(&self, handle: &str) -> HandlerFailure {
        let message = format!("Resource of type '{}' with identifier '{handle}' was not found.", self.kind);
        HandlerFailure::Service(HandlerErrorCode::NotFound, message)
    }

    async fn settle(&self, handle: &str) -> Outcome<()> {
        if !self.adapter.settles() && !types::is_awaited(self.kind) {
            return Ok(());
        }
        let mut unseen = 0;
        let settled = aws::until(&self.cx, "provision", Patience::MINUTES, || {
            unseen += 1;
            let give_up = unseen > UNSEEN;
            async move {
                match self.adapter.observe(&self.cx, handle).await?.map(|live| live.readiness) {
                    Some(Readiness::Ready) => Ok(Poll::Done(())),
                    Some(Readiness::Pending(awaited)) => Ok(Poll::Pending(awaited)),
                    Some(Readiness::Failed(why)) => Err(aws::Error::unexpected("provision", why)),
                    None if give_up => {
                        Err(aws::Error::unexpected("provision", format!("{handle} is not there")))
                    }
                    None => Ok(Poll::Pending(format!("waiting until {handle} is shown"))),
                }
            }
        });
        settled.await.map_err(|error| HandlerFailure::Service(HandlerErrorCode::NotStabilized, error.message))
    }

    async fn found(&self, identifiers: &Map<String, Value>, properties: &Value) -> Outcome<HandledResource> {
        let text = |name: &str| identifiers.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let named = types::handle(self.kind, &text);
        let handle = self.adapter.id(&self.cx, properties).or(named);
        let shown = Value::from(identifiers.clone()).to_string();
        let live = match &handle {
            Some(handle) => self.observed(handle).await?,
            None => None,
        };
        let Some(live) = live else { return Err(self.not_found(&shown)) };
        let resource = self.resource(&live.id, properties, &live.outputs);
        let is_it = |(name, value): (&String, &Value)| {
            let own = properties.get(name).and_then(Value::as_str);
            let own = own.or_else(|| resource.attributes.get(name).map(String::as_str));
            own.is_none_or(|own| value.as_str().is_some_and(|value| is_same_identifier(own, value)))
        };
        if identifiers.iter().all(is_it) { Ok(resource) } else { Err(self.not_found(&shown)) }
    }
}

/// The mark in a resource's tags or comment: the adapters look for it where AWS assigns the id.
fn mark(properties: &Value) -> Mark {
    fn commented(value: &Value) -> Option<Mark> {
        match value {
            Value::String(text) => Mark::from_comment(text),
            Value::Object(members) => members.values().find_map(commented),
            _ => None,
        }
    }
    let listed = serde_json::from_value::<Tags>(properties["Tags"].clone()).ok();
    let mapped = || serde_json::from_value::<BTreeMap<String, String>>(properties["Tags"].clone()).ok();
    let tags = listed.or_else(|| mapped().map(Tags::from_iter));
    let marked = tags.as_ref().and_then(Mark::from_tags).or_else(|| commented(properties));
    marked.unwrap_or_else(|| Mark { stack: String::new(), address: "".into() })
}

fn invalid(message: impl Into<String>) -> HandlerFailure {
    HandlerFailure::Service(HandlerErrorCode::InvalidRequest, message.into())
}

/// A service's error as a handler returns it.
fn failure(error: &aws::Error) -> HandlerFailure {
    let code = match error.class {
        Class::Denied | Class::Credentials => HandlerErrorCode::AccessDenied,
        _ if error.code.contains("AlreadyExist") || error.code.contains("AlreadyOwned") => {
            HandlerErrorCode::AlreadyExists
        }
        Class::Refused if error.code.contains("Invalid") || error.code.contains("Malformed") => {
            HandlerErrorCode::InvalidRequest
        }
        _ => HandlerErrorCode::GeneralServiceException,
    };
    let status = if error.code.is_empty() { String::new() } else { format!(" ({})", error.code) };
    HandlerFailure::Service(code, format!("{}{status}", error.message))
}

impl ResourceHandlers for Provider {
    fn describe_type(&self, kind: &str) -> Option<HandledType> {
        let adapter = registry().iter().find(|adapter| adapter.kind().as_str() == kind)?;
        Some(types::describe(adapter.kind().as_str(), adapter.create_only(), adapter.write_only()))
    }

    fn create<'a>(
        &'a self,
        caller: &'a HandlerCaller,
        kind: &'a str,
        properties: &'a Value,
    ) -> BoxFuture<'a, Outcome<HandledResource>> {
        async move {
            let (handled, properties) = self.with_properties(caller, kind, properties).await?;
            handled.create(&properties).await
        }
        .boxed()
    }

    fn settle<'a>(
        &'a self,
        caller: &'a HandlerCaller,
        kind: &'a str,
        handle: &'a str,
    ) -> BoxFuture<'a, Outcome<()>> {
        async move { self.handled(caller, kind, "", None).await?.settle(handle).await }.boxed()
    }

    fn update<'a>(
        &'a self,
        caller: &'a HandlerCaller,
        kind: &'a str,
        handle: &'a str,
        before: &'a Value,
        properties: &'a Value,
    ) -> BoxFuture<'a, Outcome<HandledResource>> {
        async move {
            let (handled, properties) = self.with_properties(caller, kind, properties).await?;
            let before = forms::to_adapter(kind, before).map(|(_, before)| before).unwrap_or_default();
            handled.update(handle, &(handled.adapter.normal())(&before), &properties).await
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        caller: &'a HandlerCaller,
        kind: &'a str,
        handle: &'a str,
    ) -> BoxFuture<'a, Outcome<()>> {
        async move {
            let handled = self.handled(caller, kind, "", None).await?;
            handled
                .adapter
                .delete(&handled.cx, handle, Removal::OnlyEmpty)
                .await
                .map_err(|error| failure(&error))
        }
        .boxed()
    }

    fn read<'a>(
        &'a self,
        caller: &'a HandlerCaller,
        kind: &'a str,
        handle: &'a str,
        declared: &'a Value,
    ) -> BoxFuture<'a, Outcome<Option<(Value, Value)>>> {
        async move {
            let (handled, expected) = self.with_properties(caller, kind, declared).await?;
            Ok(handled.seen(handle, &expected).await?.map(|live| (expected, live.properties)))
        }
        .boxed()
    }

    fn find<'a>(
        &'a self,
        caller: &'a HandlerCaller,
        kind: &'a str,
        identifiers: &'a Map<String, Value>,
        properties: &'a Value,
    ) -> BoxFuture<'a, Outcome<HandledResource>> {
        async move {
            let (handled, properties) = self.with_properties(caller, kind, properties).await?;
            handled.found(identifiers, &properties).await
        }
        .boxed()
    }
}

/// The adapters have every type of the table, and no other.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    #[test]
    fn every_adapter_has_a_row() {
        let provider = Provider::new();
        for adapter in registry().iter() {
            let kind: Kind = adapter.kind();
            let described = provider.describe_type(kind.as_str()).unwrap();
            assert!(!described.identifiers.is_empty(), "{kind} has no row in types.rs");
        }
        assert!(provider.describe_type("AWS::EC2::Instance").is_none());
    }

    #[test]
    fn a_mark_is_found_in_tags_of_both_forms_and_in_comments() {
        let expected = Mark { stack: "s".into(), address: "a/b".into() };
        let tags = serde_json::json!({ "provision:stack": "s", "provision:address": "a/b" });
        let list: Value = tags
            .as_object()
            .unwrap()
            .iter()
            .map(|(k, v)| serde_json::json!({ "Key": k, "Value": v }))
            .collect();
        for properties in [
            serde_json::json!({ "Tags": tags }),
            serde_json::json!({ "Tags": list }),
            serde_json::json!({ "Config": { "Comment": "provision:s:a/b" } }),
        ] {
            assert_eq!(mark(&properties), expected);
        }
    }
}
