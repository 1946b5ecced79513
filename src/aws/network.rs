//! How this machine reaches other machines: through which proxy, and which authorities it trusts.
//!
//! Both follow what curl and the AWS CLI read. [`Network`] is made once, before the first call, so that a wrong value is
//! an error that names its variable. Every call of the program uses it: those of AWS's services, those of the SDK's
//! credential chain, and the requests of `verify`.

mod authorities;
mod proxies;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use miette::Diagnostic;

use proxies::{Proxies, Way};

/// Reads a variable of the environment. An empty one counts as unset.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// A setting of the network that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum NetworkFault {
    /// The address of a proxy.
    #[error("{variable} is not the address of a proxy: {why}")]
    #[diagnostic(help(
        "set {variable} to `http://HOST:PORT`, with `USER:PASSWORD@` before HOST if the proxy asks for them (special \
         characters as %XX); or unset it"
    ))]
    Proxy {
        /// The variable.
        variable: &'static str,
        /// Why. It does not show the value, which may hold a password.
        why: String,
    },
    /// The authorities to trust.
    #[error("{setting} is {path}, {why}")]
    #[diagnostic(help(
        "set {setting} to a file with the certificates of the authorities to trust, in PEM; or unset it, then those of \
         this machine count"
    ))]
    Authorities {
        /// The variable, or the key and the profile.
        setting: String,
        /// Its value.
        path: String,
        /// Why.
        why: String,
    },
    /// The machine has none.
    #[error("this machine has no certificates of authorities, so no server can be trusted")]
    #[diagnostic(help(
        "install the package `ca-certificates`, or set SSL_CERT_FILE to a file with such certificates, in PEM"
    ))]
    NoAuthorities,
}

/// Proxies and trusted authorities. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct Network(Arc<Settings>);

#[derive(Debug)]
struct Settings {
    proxies: Proxies,
    trusted: TrustStore,
}

impl Network {
    /// Without proxies, and with no authority: for a local cloud, which is on this machine and has no TLS.
    #[must_use]
    pub fn direct() -> Self {
        Self(Arc::new(Settings { proxies: Proxies::none(), trusted: TrustStore::empty() }))
    }

    /// What the environment says. `ca_bundle` is the key of that name in the profile in use, with the profile's name.
    ///
    /// # Errors
    /// When a proxy's address or a file of certificates cannot be used.
    pub(super) fn from(
        variables: Variables<'_>,
        ca_bundle: Option<(&str, &str)>,
    ) -> Result<Self, NetworkFault> {
        let proxies = Proxies::from(variables)?;
        let trusted = authorities::trusted(variables, ca_bundle)?;
        Ok(Self(Arc::new(Settings { proxies, trusted })))
    }

    /// Connections with these time limits, kept open between requests.
    #[must_use]
    pub fn connections(&self, settings: HttpConnectorSettings) -> Connections {
        let [direct, http, https] = Default::default();
        Connections { network: self.clone(), settings, direct, http, https }
    }

    /// The same for the SDK, which asks for connections with each client's time limits.
    pub(super) fn client(&self) -> impl HttpClient + 'static {
        SdkConnections { network: self.clone(), made: Mutex::default() }
    }

    fn connector(&self, way: Way, settings: &HttpConnectorSettings) -> Connector {
        let trusted = TlsContext::builder().with_trust_store(self.0.trusted.clone());
        let mut builder = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .connector_settings(settings.clone())
            .proxy_config(self.0.proxies.config(way));
        if let Ok(trusted) = trusted.build() {
            builder = builder.tls_context(trusted);
        }
        builder.build()
    }
}

/// Connections through the proxy that is right for each request, or through none. Each kind is made on first use.
#[derive(Debug)]
pub struct Connections {
    network: Network,
    settings: HttpConnectorSettings,
    direct: OnceLock<Connector>,
    http: OnceLock<Connector>,
    https: OnceLock<Connector>,
}

impl HttpConnector for Connections {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let way = self.network.0.proxies.way(request.uri());
        let connector = match way {
            Way::Direct => &self.direct,
            Way::HttpProxy => &self.http,
            Way::HttpsProxy => &self.https,
        };
        connector.get_or_init(|| self.network.connector(way, &self.settings)).call(request)
    }
}

type TimeLimits = (Option<Duration>, Option<Duration>);

/// The connections of the SDK's clients: those with the same time limits share them.
struct SdkConnections {
    network: Network,
    made: Mutex<HashMap<TimeLimits, SharedHttpConnector>>,
}

impl fmt::Debug for SdkConnections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SdkConnections").field(&self.network).finish()
    }
}

impl HttpClient for SdkConnections {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let limits = (settings.connect_timeout(), settings.read_timeout());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || SharedHttpConnector::new(self.network.connections(settings.clone()));
        made.entry(limits).or_insert_with(make).clone()
    }
}

#[cfg(test)]
mod tests;
