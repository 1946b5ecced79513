//! Sign-in: whose credentials the calls use.
//!
//! The SDK's default chain finds them. This module adds what the AWS CLI has and the chain lacks: `--profile` that counts
//! before the environment, MFA, the length of a session, and a role to assume on top of it all.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use miette::Diagnostic;

use super::network::{Network, NetworkFault};
use super::profiles::{Base, Profiles, RoleOfProfile};
use super::role_session::RoleSession;

/// Asks for the code that an MFA device shows. It gets the device's ARN, and returns the code, or why nobody can be asked.
pub type AskForCode = Arc<dyn Fn(&str) -> Result<String, String> + Send + Sync>;

/// Which identity to use. By default, it is the one that the SDK finds.
#[derive(Clone, Default)]
pub struct Access {
    /// The profile; it counts before the environment.
    pub profile: Option<String>,
    /// A role to assume with these credentials, such as one in another account.
    pub role: Option<RoleToAssume>,
    /// How to ask for the code of an MFA device.
    pub ask: Option<AskForCode>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("profile", &self.profile)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleToAssume {
    /// Its ARN.
    pub arn: String,
    /// The external id that its trust policy wants, if it wants one.
    pub external_id: Option<String>,
}

/// Why nobody can sign in.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum SignInFault {
    /// A setting of the network.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] NetworkFault),
    /// The profile is nowhere.
    #[error("there is no profile {name} in ~/.aws/config and ~/.aws/credentials")]
    #[diagnostic(help("{said_by} names it; {known}"))]
    NoProfile {
        /// Its name.
        name: String,
        /// What names it.
        said_by: &'static str,
        /// Which there are.
        known: String,
    },
    /// The files cannot be read.
    #[error("cannot read ~/.aws/config and ~/.aws/credentials, so there is no profile {name}")]
    #[diagnostic(help("`aws configure list-profiles` says what is wrong in them"))]
    Unreadable {
        /// The profile's name.
        name: String,
    },
    /// A device's code is needed, and there is none.
    #[error("profile {profile} needs the code of the MFA device {device}: {why}")]
    #[diagnostic(help(
        "run it at a terminal, or sign in first: `eval \"$(aws configure export-credentials --profile {profile} --format \
         env)\"` asks for the code; then run the command again without `--profile`"
    ))]
    NoCode {
        /// The profile.
        profile: String,
        /// The device's ARN.
        device: String,
        /// Why.
        why: String,
    },
    /// The role of the profile was refused, with its code.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Refused(super::Error),
}

/// Where the credentials come from, as far as what to do about them depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// `AWS_ACCESS_KEY_ID`.
    Environment,
    /// A profile, and how it signs in.
    Profile(String, SignInWay),
    /// The machine: a container, an instance, a token of a pipeline. Or a local cloud.
    Machine,
}

/// How a profile gets its first credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignInWay {
    Sso,
    Login,
    Process,
    /// By an access key, or by a role.
    Key,
    /// It says nothing of credentials.
    Nothing,
}

/// An identity that was found, with the network it is reached by.
pub(super) struct SignedIn {
    pub(super) network: Network,
    pub(super) origin: Origin,
    profile: Option<String>,
    profiles: Option<Profiles>,
    role: Option<RoleToAssume>,
    ask: Option<AskForCode>,
}

impl SignedIn {
    /// Finds out which identity to use. It makes no call.
    ///
    /// # Errors
    /// When the profile does not exist, or a setting of the network cannot be used.
    pub(super) async fn with(access: &Access) -> Result<Self, SignInFault> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (of_flag, of_variable) = (access.profile.as_deref(), variable("AWS_PROFILE"));
        let has_key = variable("AWS_ACCESS_KEY_ID").is_some();
        let profiles = Profiles::read(of_flag).await;
        let network = Profiles::network(profiles.as_ref())?;
        let named = of_flag.map(|name| (name, "`--profile`"));
        let named = named.or(of_variable.as_deref().filter(|_| !has_key).map(|name| (name, "AWS_PROFILE")));
        if let Some((name, said_by)) = named {
            exists(profiles.as_ref(), name, said_by)?;
        }
        // As in the SDK and the AWS CLI, an access key in the environment counts before a profile that only AWS_PROFILE names.
        let by_key = has_key && of_flag.is_none();
        let origin = match &profiles {
            _ if by_key => Origin::Environment,
            Some(set) if set.has(set.selected()) => match set.origin() {
                // Nobody chose it, and what it lacks may come from elsewhere.
                Origin::Profile(_, SignInWay::Nothing) if named.is_none() => Origin::Machine,
                origin => origin,
            },
            _ => Origin::Machine,
        };
        let profiles = profiles.filter(|_| !by_key);
        let (profile, role, ask) = (access.profile.clone(), access.role.clone(), access.ask.clone());
        Ok(Self { network, origin, profile, profiles, role, ask })
    }

    /// The profile whose settings count for the SDK, if it was named on the command line.
    pub(super) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The SDK's configuration with the credentials of this identity. It asks for the code of an MFA device now: later, the
    /// person watches something else.
    ///
    /// # Errors
    /// When a code is needed and nobody can be asked, or it is refused.
    pub(super) async fn sign(&self, config: SdkConfig) -> Result<SdkConfig, SignInFault> {
        let (base, roles) = match &self.profiles {
            Some(profiles) => profiles.roles(),
            None => (Base::Sdk, Vec::new()),
        };
        let mut provider = match base {
            Base::Key(key) => Some(SharedCredentialsProvider::new(key)),
            // The default chain looks into the environment before it looks into the profile. And it would refresh the
            // session of `aws login` in the stack's region.
            Base::Profile(name)
                if self.profile.is_some() || !roles.is_empty() || self.of_login(&name).is_some() =>
            {
                Some(self.of_profile(&name, &config))
            }
            Base::Sdk if self.profile.is_some() => Some(self.of_profile(self.name(), &config)),
            Base::Profile(_) | Base::Sdk => config.credentials_provider(),
        };
        for role in roles {
            let Some(before) = provider else { break };
            provider = Some(self.assume(role, &config, before).await?);
        }
        if let (Some(before), Some(role)) = (&provider, &self.role) {
            let role = RoleOfProfile {
                arn: role.arn.clone(),
                external_id: role.external_id.clone(),
                ..RoleOfProfile::default()
            };
            provider = Some(SharedCredentialsProvider::new(RoleSession::new(role, &config, before.clone())));
        }
        Ok(match provider {
            Some(provider) => config.into_builder().credentials_provider(provider).build(),
            None => config,
        })
    }

    fn name(&self) -> &str {
        self.profiles.as_ref().map_or("default", Profiles::selected)
    }

    /// The profile's session of `aws login`, if it has one.
    fn of_login(&self, name: &str) -> Option<&str> {
        self.profiles.as_ref()?.get(name, "login_session")
    }

    /// A session of `aws login` was made in the region of the profile, and is refreshed there.
    fn of_profile(&self, name: &str, config: &SdkConfig) -> SharedCredentialsProvider {
        let own = self.of_login(name).and_then(|_| self.profiles.as_ref()?.get(name, "region"));
        let region = own.map(|region| Region::new(region.to_owned()));
        let settings = ProviderConfig::without_region()
            .with_region(region.or_else(|| config.region().cloned()))
            .with_http_client(self.network.client())
            .with_behavior_version(Some(BehaviorVersion::latest()));
        let provider = ProfileFileCredentialsProvider::builder().profile_name(name).configure(&settings);
        SharedCredentialsProvider::new(provider.build())
    }

    async fn assume(
        &self,
        role: RoleOfProfile,
        config: &SdkConfig,
        before: SharedCredentialsProvider,
    ) -> Result<SharedCredentialsProvider, SignInFault> {
        let Some(device) = role.mfa_serial.clone() else {
            return Ok(SharedCredentialsProvider::new(RoleSession::new(role, config, before)));
        };
        let no_code =
            |why| SignInFault::NoCode { profile: self.name().to_owned(), device: device.clone(), why };
        let (ask, asked) = (self.ask.clone(), device.clone());
        let answer = tokio::task::spawn_blocking(move || match ask {
            Some(ask) => ask(&asked),
            None => Err("nobody can be asked".to_owned()),
        });
        let code = answer.await.unwrap_or_else(|_| Err("the question was interrupted".to_owned()));
        let code = code.map_err(no_code)?;
        let session = RoleSession::new(role, config, before).with_code(code.trim().to_owned());
        let credentials = session.begin().await.map_err(SignInFault::Refused)?;
        Ok(SharedCredentialsProvider::new(credentials))
    }
}

/// # Errors
/// When there is no profile of this name.
fn exists(profiles: Option<&Profiles>, name: &str, said_by: &'static str) -> Result<(), SignInFault> {
    let name = name.to_owned();
    let Some(profiles) = profiles else { return Err(SignInFault::Unreadable { name }) };
    if profiles.has(&name) {
        return Ok(());
    }
    let known = match &profiles.names()[..] {
        [] => "there is none; `aws configure sso` makes one".to_owned(),
        names => format!("there are: {}", names.join(", ")),
    };
    Err(SignInFault::NoProfile { name, said_by, known })
}

impl Profiles {
    /// The profile in use, and how the first of its chain signs in.
    fn origin(&self) -> Origin {
        let first = match self.roles().0 {
            Base::Profile(name) => name,
            Base::Key(_) | Base::Sdk => self.selected().to_owned(),
        };
        let has = |key| self.get(&first, key).is_some();
        let way = if has("sso_session") || has("sso_start_url") {
            SignInWay::Sso
        } else if has("login_session") {
            SignInWay::Login
        } else if has("credential_process") {
            SignInWay::Process
        } else if has("aws_access_key_id") || has("role_arn") {
            SignInWay::Key
        } else {
            SignInWay::Nothing
        };
        Origin::Profile(first, way)
    }
}

/// The time limit of calls that sign in.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The region of STS that answers for every account.
pub(super) fn enabled_everywhere() -> Region {
    Region::from_static("us-east-1")
}
