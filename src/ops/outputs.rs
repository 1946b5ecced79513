//! The addresses and names that an app, a player and an operator need.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use miette::miette;
use serde::Serialize;

use super::session::Session;
use super::ui::Ui;
use crate::graph::Graph;
use crate::model::{Address, Outputs as Values};
use crate::observe;
use crate::stack::config::Domain;
use crate::stack::names;

/// What a stack is reached by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outputs {
    /// The viewer's base address, without a trailing slash: assets play at `<playback>/assets/<asset>/index.m3u8`.
    pub playback: String,
    /// The CloudFront distribution's id.
    pub distribution: String,
    /// The records to set where the stack's name is kept, if that is not a hosted zone of the stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<DnsRecord>,
    /// The bucket for originals.
    pub source_bucket: String,
    /// The bucket that MediaConvert writes to.
    pub work_bucket: String,
    /// The bucket that viewers read through CloudFront.
    pub output_bucket: String,
    /// The bucket for access logs, if the stack keeps them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs_bucket: Option<String>,
    /// The ARN of MediaConvert's queue.
    pub queue: String,
    /// The name of MediaConvert's job template.
    pub job_template: String,
    /// The function that starts encodes.
    pub submit_function: String,
    /// The function that publishes encodes.
    pub publish_function: String,
    /// The URL of the queue for events that no handler could process.
    pub dead_letter_queue: String,
    /// The URL of the queue with the app's events, if the stack has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events_queue: Option<String>,
    /// The ARN of the topic with the app's events, if the stack has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events_topic: Option<String>,
}

/// A record that leads viewers to the distribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DnsRecord {
    /// The name that viewers use.
    pub name: String,
    /// The distribution's own name: the value of a CNAME, or the target of an alias for A and AAAA.
    pub target: String,
}

/// The outputs of the stack that the file at `path` declares.
///
/// # Errors
/// When the stack file cannot be used, or the stack has no distribution.
pub async fn outputs(path: &Path, ui: &Arc<dyn Ui>) -> miette::Result<Outputs> {
    let session = Session::open_one(path, ui, "outputs").await?;
    let graph = session.declare_unbuilt().await?;
    Outputs::read(&session, &graph).await
}

impl Outputs {
    /// The outputs of an applied stack. Names predict all but the distribution's, so only that is looked up.
    ///
    /// # Errors
    /// When the stack has no distribution, or it cannot be read.
    pub async fn read(session: &Session, graph: &Graph) -> miette::Result<Self> {
        let declared = graph.get(&names::DISTRIBUTION.address());
        let live = match declared {
            Some(declaration) => {
                observe::find(&session.account.regions, session.account.registry, declaration).await?
            }
            None => None,
        };
        Self::of(session, graph, live.map(|live| live.outputs).as_ref())
    }

    /// The same from outputs that are known from a run.
    pub(super) fn known(
        session: &Session,
        graph: &Graph,
        live: &BTreeMap<Address, Values>,
    ) -> miette::Result<Self> {
        Self::of(session, graph, live.get(&names::DISTRIBUTION.address()))
    }

    fn of(session: &Session, graph: &Graph, distribution: Option<&Values>) -> miette::Result<Self> {
        let Some(distribution) = distribution else {
            return Err(miette!(
                help = "run `provision apply` first",
                "stack {} has no distribution yet",
                session.stack()
            ));
        };
        let assigned = |name: &str| {
            let value = distribution.get(name).cloned();
            value.ok_or_else(|| miette!("the distribution of stack {} has no {name}", session.stack()))
        };
        let id = assigned("Id")?;
        let named = |of, attribute| names::output(graph, of, attribute);
        let optional = |of: names::StackAddress, attribute| {
            graph.get(&of.address()).map(|_| named(of, attribute)).transpose()
        };
        let alias = session.file.domain.as_ref().and_then(Domain::alias);
        let elsewhere = session.file.domain.as_ref().is_some_and(|domain| domain.zone.is_none());
        let dns = match alias.filter(|_| elsewhere) {
            Some(name) => Some(DnsRecord { name: name.to_owned(), target: assigned("DomainName")? }),
            None => None,
        };
        let playback = match (&session.local, alias) {
            (Some(running), _) => running.viewer(&id),
            (None, Some(name)) => format!("https://{name}"),
            (None, None) => format!("https://{}", assigned("DomainName")?),
        };
        Ok(Self {
            playback,
            distribution: id,
            source_bucket: names::source_bucket(graph)?,
            dns,
            work_bucket: named(names::WORK, "BucketName")?,
            output_bucket: named(names::OUTPUT, "BucketName")?,
            logs_bucket: optional(names::LOGS, "BucketName")?,
            queue: named(names::QUEUE, "Arn")?,
            job_template: named(names::TEMPLATE, "Name")?,
            submit_function: named(names::SUBMIT, "FunctionName")?,
            publish_function: named(names::PUBLISH, "FunctionName")?,
            dead_letter_queue: reachable(session, named(names::DEAD_LETTERS, "QueueUrl")?),
            events_queue: optional(names::EVENTS_QUEUE, "QueueUrl")?.map(|url| reachable(session, url)),
            events_topic: optional(names::EVENTS_TOPIC, "TopicArn")?,
        })
    }
}

/// A queue's URL as its readers reach it: on the local cloud, not on AWS's host.
fn reachable(session: &Session, url: String) -> String {
    let path = url.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
    match (&session.local, path) {
        (Some(running), Some((_, path))) => format!("{}/{path}", running.endpoint),
        _ => url,
    }
}
