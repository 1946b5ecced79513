//! Access to AWS: clients per region, one record of every call, error classes, and the one wait loop.
//!
//! Adapters get a [`Context`]. It is cheap to clone.

mod access;
mod answer;
mod calls;
mod clock;
mod connect;
mod contents;
mod error;
#[cfg(test)]
pub(crate) mod fake_aws;
mod intact;
mod listing;
mod network;
mod profiles;
mod read_pass;
mod refused;
mod retry;
mod role_session;
mod wait;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_sdk_s3control::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use tokio_util::sync::CancellationToken;

pub use access::{Access, AskForCode, RoleToAssume, SignInFault};
pub use calls::{Call, Calls, mutates};
pub use connect::{Connection, Identity, LocalCloud, unhurried};
pub use contents::contents;
pub use error::{Class, Error, OrEmpty, Result, SdkResult, required};
pub use intact::{Stored, kept_version, s3_checksum, stored};
pub use listing::{fits_xml, listed_key};
pub use network::{Connections, Network, NetworkFault};
pub use wait::{Patience, Poll, retry_while, until};

use crate::model::{IgnoredTags, Scope};
use read_pass::ReadPass;

/// A regional view of the account: the clients of one region, and the scope for names.
#[derive(Clone)]
pub struct Context {
    /// The stack, the account and this region. Names and ARNs are made from them.
    pub scope: Scope,
    region: String,
    ignored_tags: Arc<IgnoredTags>,
    takes: Arc<OnceLock<String>>,
    packages: Option<Arc<str>>,
    connection: Arc<Connection>,
    clients: Arc<Clients>,
    notes: Option<Notes>,
    cancel: CancellationToken,
    read_pass: Option<ReadPass>,
}

/// Receives an adapter's messages about what it waits for.
pub type Notes = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Default)]
struct Clients {
    acm: OnceLock<aws_sdk_acm::Client>,
    cloudformation: OnceLock<aws_sdk_cloudformation::Client>,
    cloudfront: OnceLock<aws_sdk_cloudfront::Client>,
    cloudwatch: OnceLock<aws_sdk_cloudwatch::Client>,
    events: OnceLock<aws_sdk_eventbridge::Client>,
    iam: OnceLock<aws_sdk_iam::Client>,
    kms: OnceLock<aws_sdk_kms::Client>,
    lambda: OnceLock<aws_sdk_lambda::Client>,
    logs: OnceLock<aws_sdk_cloudwatchlogs::Client>,
    mediaconvert: OnceLock<aws_sdk_mediaconvert::Client>,
    route53: OnceLock<aws_sdk_route53::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
    s3control: OnceLock<aws_sdk_s3control::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    sqs: OnceLock<aws_sdk_sqs::Client>,
}

/// Defines the accessor of one service's client. The client is made on first use and includes the call recorder.
macro_rules! client {
    ($name:ident, $sdk:ident) => {
        /// The service's client in this context's region.
        #[must_use]
        pub fn $name(&self) -> &$sdk::Client {
            self.clients.$name.get_or_init(|| {
                let config =
                    $sdk::config::Builder::from(&self.connection.sdk_config(&self.region, stringify!($name)))
                        .interceptor(self.connection.calls().recorder())
                        .retry_classifier(retry::FullQuota)
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
        let (ignored_tags, takes) = (Arc::default(), Arc::default());
        let (packages, notes, read_pass) = (None, None, None);
        Self { scope, region, ignored_tags, takes, packages, connection, clients, notes, cancel, read_pass }
    }

    /// The same context, for functions whose packages are in this bucket instead of the stack's home bucket.
    #[must_use]
    pub fn with_packages(self, bucket: &str) -> Self {
        Self { packages: Some(bucket.into()), ..self }
    }

    /// The bucket of the functions' packages, if it is not the stack's home bucket. It may be another account's.
    #[must_use]
    pub fn packages(&self) -> Option<&str> {
        self.packages.as_deref()
    }

    /// The same context, for a stack whose resources have tags of others.
    #[must_use]
    pub fn ignoring(self, tags: Arc<IgnoredTags>) -> Self {
        Self { ignored_tags: tags, ..self }
    }

    /// The tags that others put on the stack's resources: a change keeps them.
    #[must_use]
    pub fn ignored_tags(&self) -> &IgnoredTags {
        &self.ignored_tags
    }

    /// Whether the stack may take this domain name from another distribution.
    #[must_use]
    pub fn may_take(&self, name: &str) -> bool {
        self.takes.get().is_some_and(|taken| taken == name)
    }

    /// The region of these clients.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The same context for changes. It reports to `notes` what it waits for, and stops waiting once `cancel` is
    /// cancelled. It has no read pass: a change, or a wait for one, must see the current state.
    #[must_use]
    pub fn working(&self, notes: Notes, cancel: CancellationToken) -> Self {
        Self { notes: Some(notes), cancel, read_pass: None, ..self.clone() }
    }

    /// Whether the run was interrupted. Work of many calls checks this and stops.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Reports what the run is waiting for.
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
    client!(cloudformation, aws_sdk_cloudformation);
    client!(cloudfront, aws_sdk_cloudfront);
    client!(cloudwatch, aws_sdk_cloudwatch);
    client!(events, aws_sdk_eventbridge);
    client!(iam, aws_sdk_iam);
    client!(kms, aws_sdk_kms);
    client!(lambda, aws_sdk_lambda);
    client!(logs, aws_sdk_cloudwatchlogs);
    client!(mediaconvert, aws_sdk_mediaconvert);
    client!(route53, aws_sdk_route53);
    client!(sns, aws_sdk_sns);
    client!(sqs, aws_sdk_sqs);

    /// The S3 client in this context's region. On the local cloud, buckets are addressed by path, because
    /// `bucket.127.0.0.1` is not a valid host.
    #[must_use]
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        self.clients.s3.get_or_init(|| {
            let config = aws_sdk_s3::config::Builder::from(
                &self.connection.sdk_config(&self.region, stringify!($name)),
            )
            .interceptor(self.connection.calls().recorder())
            .force_path_style(self.connection.is_local())
            .build();
            aws_sdk_s3::Client::from_conf(config)
        })
    }

    /// The client of S3's control plane in this context's region. AWS has a host per account there; a local cloud does
    /// not.
    #[must_use]
    pub fn s3control(&self) -> &aws_sdk_s3control::Client {
        self.clients.s3control.get_or_init(|| {
            let config = aws_sdk_s3control::config::Builder::from(
                &self.connection.sdk_config(&self.region, stringify!($name)),
            )
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
    ignored_tags: Arc<IgnoredTags>,
    takes: Arc<OnceLock<String>>,
    connection: Arc<Connection>,
    contexts: Arc<Mutex<BTreeMap<String, Context>>>,
    read_pass: Option<ReadPass>,
}

impl Regions {
    /// The regions of a stack: its own from the start, others when first used.
    #[must_use]
    pub fn new(connection: impl Into<Arc<Connection>>, scope: Scope) -> Self {
        Self::ignoring(connection, scope, IgnoredTags::default())
    }

    /// The same, for a stack whose resources have tags of others.
    #[must_use]
    pub fn ignoring(connection: impl Into<Arc<Connection>>, scope: Scope, tags: IgnoredTags) -> Self {
        let (connection, ignored_tags) = (connection.into(), Arc::new(tags));
        let (takes, contexts) = (Arc::default(), Arc::default());
        let regions = Self { scope, ignored_tags, takes, connection, contexts, read_pass: None };
        drop(regions.home());
        regions
    }

    /// Lets the stack take this domain name from another distribution. The first name counts.
    pub fn allow_taking(&self, name: &str) {
        drop(self.takes.set(name.to_owned()));
    }

    /// The context of a region, made on first use.
    #[must_use]
    pub fn context(&self, region: &str) -> Context {
        let mut contexts = self.contexts.lock().unwrap_or_else(PoisonError::into_inner);
        // Resources in a region have names with that region.
        let scope = || Scope { region: region.to_owned(), ..self.scope.clone() };
        let make = || {
            let context = Context::new(Arc::clone(&self.connection), scope(), region);
            let takes = Arc::clone(&self.takes);
            Context { takes, ..context.ignoring(Arc::clone(&self.ignored_tags)) }
        };
        let context = contexts.entry(region.to_owned()).or_insert_with(make).clone();
        Context { read_pass: self.read_pass.clone(), ..context }
    }

    /// The same regions for one read pass. Within it, a call that several readers need is made once
    /// ([`Context::cached`]). To see a later state, start another read pass.
    #[must_use]
    pub fn read_pass(&self) -> Self {
        Self {
            scope: self.scope.clone(),
            ignored_tags: Arc::clone(&self.ignored_tags),
            takes: Arc::clone(&self.takes),
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

    /// The contexts of all regions used so far.
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
