//! The way to AWS: clients per region, one record of every call, error classes, and the one wait loop.
//!
//! [`Context`] is what adapters are given. It is cheap to clone.

mod calls;
mod clock;
mod connect;
mod error;
#[cfg(test)]
pub(crate) mod fake_aws;
mod listing;
mod read_pass;
mod wait;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_sdk_s3control::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use tokio_util::sync::CancellationToken;

pub use calls::{Call, Calls, mutates};
pub use connect::{Connection, Identity, Target, unhurried};
pub use error::{Class, Error, OrEmpty, Result, SdkResult, required};
pub use listing::{fits_xml, listed_key};
pub use wait::{Patience, Poll, retry_while, until};

use crate::model::Scope;
use read_pass::ReadPass;

/// A regional view of the account: the clients of one region, and the scope that names are made from.
#[derive(Clone)]
pub struct Context {
    /// The stack, the account and this region: what names and ARNs are made from.
    pub scope: Scope,
    region: String,
    connection: Arc<Connection>,
    clients: Arc<Clients>,
    notes: Option<Notes>,
    cancel: CancellationToken,
    read_pass: Option<ReadPass>,
}

/// Where an adapter's remarks on what it waits for go.
pub type Notes = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Default)]
struct Clients {
    acm: OnceLock<aws_sdk_acm::Client>,
    cloudfront: OnceLock<aws_sdk_cloudfront::Client>,
    cloudwatch: OnceLock<aws_sdk_cloudwatch::Client>,
    events: OnceLock<aws_sdk_eventbridge::Client>,
    iam: OnceLock<aws_sdk_iam::Client>,
    lambda: OnceLock<aws_sdk_lambda::Client>,
    logs: OnceLock<aws_sdk_cloudwatchlogs::Client>,
    mediaconvert: OnceLock<aws_sdk_mediaconvert::Client>,
    route53: OnceLock<aws_sdk_route53::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
    s3control: OnceLock<aws_sdk_s3control::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    sqs: OnceLock<aws_sdk_sqs::Client>,
}

/// Defines the accessor of one service's client, made on first use with the call recorder in it.
macro_rules! client {
    ($name:ident, $sdk:ident) => {
        /// The service's client in this context's region.
        #[must_use]
        pub fn $name(&self) -> &$sdk::Client {
            self.clients.$name.get_or_init(|| {
                let config = $sdk::config::Builder::from(&self.connection.sdk_config(&self.region))
                    .interceptor(self.connection.calls().recorder())
                    .build();
                $sdk::Client::from_conf(config)
            })
        }
    };
}

impl Context {
    /// The context of a region, over a connection that other regions share.
    #[must_use]
    pub fn new(connection: Arc<Connection>, scope: Scope, region: &str) -> Self {
        let (region, clients, cancel) = (region.to_owned(), Arc::default(), CancellationToken::new());
        Self { scope, region, connection, clients, notes: None, cancel, read_pass: None }
    }

    /// The region whose clients this is.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The same context, telling `notes` what it waits for, and waiting no longer once `cancel` is cancelled. It is of no
    /// look at the account: what changes something, or waits for it, must see what is there now.
    #[must_use]
    pub fn working(&self, notes: Notes, cancel: CancellationToken) -> Self {
        Self { notes: Some(notes), cancel, read_pass: None, ..self.clone() }
    }

    /// Whether the run was interrupted: what has many calls to make makes no more of them.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Says what is being waited for.
    pub fn note(&self, text: &str) {
        tracing::debug!("{text}");
        if let Some(notes) = &self.notes {
            notes(text);
        }
    }

    /// The connection under this context.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    client!(acm, aws_sdk_acm);
    client!(cloudfront, aws_sdk_cloudfront);
    client!(cloudwatch, aws_sdk_cloudwatch);
    client!(events, aws_sdk_eventbridge);
    client!(iam, aws_sdk_iam);
    client!(lambda, aws_sdk_lambda);
    client!(logs, aws_sdk_cloudwatchlogs);
    client!(mediaconvert, aws_sdk_mediaconvert);
    client!(route53, aws_sdk_route53);
    client!(sns, aws_sdk_sns);
    client!(sqs, aws_sdk_sqs);

    /// The S3 client in this context's region. On the local cloud buckets are addressed by path, since
    /// `bucket.127.0.0.1` is no host.
    #[must_use]
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        self.clients.s3.get_or_init(|| {
            let config = aws_sdk_s3::config::Builder::from(&self.connection.sdk_config(&self.region))
                .interceptor(self.connection.calls().recorder())
                .force_path_style(self.connection.is_local())
                .build();
            aws_sdk_s3::Client::from_conf(config)
        })
    }

    /// The client of S3's control plane in this context's region. AWS has a host for each account there, which a local cloud
    /// has not.
    #[must_use]
    pub fn s3control(&self) -> &aws_sdk_s3control::Client {
        self.clients.s3control.get_or_init(|| {
            let config = aws_sdk_s3control::config::Builder::from(&self.connection.sdk_config(&self.region))
                .interceptor(self.connection.calls().recorder());
            let config = match self.connection.local_endpoint() {
                Some(endpoint) => config.endpoint_resolver(At(endpoint.to_owned())),
                None => config,
            };
            aws_sdk_s3control::Client::from_conf(config.build())
        })
    }
}

/// One address for every request.
#[derive(Debug)]
struct At(String);

impl ResolveEndpoint for At {
    fn resolve_endpoint<'a>(&'a self, _: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(Endpoint::builder().url(self.0.clone()).build()))
    }
}

/// The contexts of every region that a run touches, over one connection.
pub struct Regions {
    scope: Scope,
    connection: Arc<Connection>,
    contexts: Arc<Mutex<BTreeMap<String, Context>>>,
    read_pass: Option<ReadPass>,
}

impl Regions {
    /// The regions of a stack: its own from the start, others as they are asked for.
    #[must_use]
    pub fn new(connection: impl Into<Arc<Connection>>, scope: Scope) -> Self {
        let regions =
            Self { scope, connection: connection.into(), contexts: Arc::default(), read_pass: None };
        drop(regions.home());
        regions
    }

    /// The context of a region, made on first use.
    #[must_use]
    pub fn context(&self, region: &str) -> Context {
        let mut contexts = self.contexts.lock().unwrap_or_else(PoisonError::into_inner);
        // What is made in a region has that region's names.
        let scope = || Scope { region: region.to_owned(), ..self.scope.clone() };
        let make = || Context::new(Arc::clone(&self.connection), scope(), region);
        let context = contexts.entry(region.to_owned()).or_insert_with(make).clone();
        Context { read_pass: self.read_pass.clone(), ..context }
    }

    /// The same regions for one look at the account, in which what several readers need is asked once ([`Context::cached`]).
    /// Whoever wants to know what is there later takes another look.
    #[must_use]
    pub fn read_pass(&self) -> Self {
        Self {
            scope: self.scope.clone(),
            connection: Arc::clone(&self.connection),
            contexts: Arc::clone(&self.contexts),
            read_pass: Some(ReadPass::default()),
        }
    }

    /// The context of the stack's own region.
    #[must_use]
    pub fn home(&self) -> Context {
        self.context(&self.scope.region)
    }

    /// The contexts of all regions asked for so far.
    #[must_use]
    pub fn all(&self) -> Vec<Context> {
        self.contexts.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The stack, account and home region.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The connection that all regions share.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}
