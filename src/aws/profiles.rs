//! The profiles in `~/.aws/config` and `~/.aws/credentials`, as far as the SDK does not read them itself.

use std::borrow::Cow;
use std::time::Duration;

use aws_config::profile::{Profile, ProfileSet, load};
use aws_credential_types::Credentials;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};

use super::network::{Network, NetworkFault};

/// The profiles, and which one is in use.
#[derive(Debug)]
pub(super) struct Profiles(ProfileSet);

/// What a chain of roles begins with.
#[derive(Debug)]
pub(super) enum Base {
    /// This profile's own credentials, whatever gives them.
    Profile(String),
    /// The access key in the profile that assumes a role with it.
    Key(Credentials),
    /// The SDK reads it: `credential_source`, or a mistake in the files that it tells.
    Sdk,
}

/// A role that a profile assumes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RoleOfProfile {
    pub(super) arn: String,
    pub(super) external_id: Option<String>,
    pub(super) session: Option<String>,
    pub(super) duration: Option<Duration>,
    /// The device whose code is needed.
    pub(super) mfa_serial: Option<String>,
}

impl Profiles {
    /// The files, with this profile selected, or the one that `AWS_PROFILE` names. `None` if they cannot be read: the SDK
    /// says why when it needs them.
    pub(super) async fn read(selected: Option<&str>) -> Option<Self> {
        let selected = selected.map(|name| Cow::Owned(name.to_owned()));
        let set = load(&Fs::real(), &Env::real(), &EnvConfigFiles::default(), selected).await;
        set.ok().map(Self)
    }

    /// The name of the profile in use.
    pub(super) fn selected(&self) -> &str {
        self.0.selected_profile()
    }

    /// The names of all profiles.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.profiles().collect();
        names.sort_unstable();
        names
    }

    fn profile(&self, name: &str) -> Option<&Profile> {
        self.0.get_profile(name)
    }

    /// Whether there is a profile of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.profile(name).is_some()
    }

    /// A key of a profile.
    pub(super) fn get(&self, profile: &str, key: &str) -> Option<&str> {
        self.profile(profile)?.get(key)
    }

    /// The network that the environment and the profile in use describe.
    ///
    /// # Errors
    /// When one of its settings cannot be used.
    pub(super) fn network(profiles: Option<&Self>) -> Result<Network, NetworkFault> {
        let ca_bundle =
            profiles.and_then(|set| Some((set.selected(), set.get(set.selected(), "ca_bundle")?)));
        Network::from(&|name| std::env::var_os(name).filter(|value| !value.is_empty()), ca_bundle)
    }

    /// The roles that the profile in use assumes one after the other, and what the first is assumed with. As in the SDK, an
    /// access key in a later profile ends the chain.
    pub(super) fn roles(&self) -> (Base, Vec<RoleOfProfile>) {
        let (mut name, mut roles, mut seen) = (self.selected(), Vec::new(), Vec::new());
        loop {
            let Some(profile) = self.profile(name).filter(|_| !seen.contains(&name)) else {
                return (Base::Sdk, Vec::new());
            };
            seen.push(name);
            let key = key(profile);
            let role = profile.get("role_arn").filter(|_| profile.get("web_identity_token_file").is_none());
            let Some(arn) = role.filter(|_| seen.len() == 1 || key.is_none()) else {
                roles.reverse();
                // The SDK would assume the role of this profile, too.
                let own = key.filter(|_| role.is_some());
                return (own.map_or_else(|| Base::Profile(name.to_owned()), Base::Key), roles);
            };
            roles.push(RoleOfProfile::read(arn, profile));
            match (profile.get("source_profile"), profile.get("credential_source"), key) {
                (Some(own), None, Some(key)) if own == name => {
                    roles.reverse();
                    return (Base::Key(key), roles);
                }
                (Some(next), None, _) if next != name => name = next,
                _ => return (Base::Sdk, Vec::new()),
            }
        }
    }
}

impl RoleOfProfile {
    fn read(arn: &str, profile: &Profile) -> Self {
        let text = |key| profile.get(key).map(str::to_owned);
        let seconds = |text: &str| text.parse().ok().map(Duration::from_secs);
        Self {
            arn: arn.to_owned(),
            external_id: text("external_id"),
            session: text("role_session_name"),
            duration: profile.get("duration_seconds").and_then(seconds),
            mfa_serial: text("mfa_serial"),
        }
    }
}

/// The access key in a profile.
fn key(profile: &Profile) -> Option<Credentials> {
    let text = |key| profile.get(key).map(str::to_owned);
    let (id, secret) = (text("aws_access_key_id")?, text("aws_secret_access_key")?);
    Some(Credentials::new(id, secret, text("aws_session_token"), None, "profile"))
}

#[cfg(test)]
mod tests {
    use aws_runtime::env_config::file::EnvConfigFileKind;

    use super::*;

    async fn profiles(selected: &'static str, config: &str) -> Profiles {
        let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, config).build();
        let none = Env::from_slice(&[]);
        Profiles(load(&Fs::real(), &none, &files, Some(selected.into())).await.unwrap())
    }

    const FILES: &str = "
[profile base]
sso_session = company
[profile middle]
role_arn = arn:aws:iam::111122223333:role/middle
source_profile = base
mfa_serial = arn:aws:iam::111122223333:mfa/me
duration_seconds = 7200
[profile last]
role_arn = arn:aws:iam::444455556666:role/last
source_profile = middle
external_id = e-1
[profile own]
role_arn = arn:aws:iam::444455556666:role/own
source_profile = own
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = secret
[profile of-key]
role_arn = arn:aws:iam::444455556666:role/of-key
source_profile = own
[profile instance]
role_arn = arn:aws:iam::444455556666:role/instance
credential_source = Ec2InstanceMetadata
[profile circle]
role_arn = arn:aws:iam::444455556666:role/circle
source_profile = circle-back
[profile circle-back]
role_arn = arn:aws:iam::444455556666:role/back
source_profile = circle
";

    #[tokio::test]
    async fn a_chain_of_roles_begins_at_its_end() {
        let (base, roles) = profiles("last", FILES).await.roles();
        assert!(matches!(base, Base::Profile(name) if name == "base"));
        let [middle, last] = &roles[..] else { panic!("{roles:?}") };
        assert_eq!(middle.mfa_serial.as_deref(), Some("arn:aws:iam::111122223333:mfa/me"));
        assert_eq!(middle.duration, Some(Duration::from_secs(7200)));
        assert_eq!(
            (last.arn.as_str(), last.external_id.as_deref()),
            ("arn:aws:iam::444455556666:role/last", Some("e-1"))
        );
    }

    #[tokio::test]
    async fn a_chain_ends_at_an_access_key() {
        let (base, roles) = profiles("own", FILES).await.roles();
        assert!(matches!(base, Base::Key(key) if key.access_key_id() == "AKIAIOSFODNN7EXAMPLE"));
        assert_eq!(roles.len(), 1);
        let (base, roles) = profiles("of-key", FILES).await.roles();
        assert!(matches!(base, Base::Key(_)));
        assert_eq!(roles.len(), 1);
        let (base, roles) = profiles("base", FILES).await.roles();
        assert!(matches!(base, Base::Profile(name) if name == "base"));
        assert_eq!(roles, []);
    }

    #[tokio::test]
    async fn what_only_the_sdk_knows_is_left_to_it() {
        for name in ["instance", "circle", "nowhere"] {
            let (base, roles) = profiles(name, FILES).await.roles();
            assert!(matches!(base, Base::Sdk) && roles.is_empty(), "{name}");
        }
    }
}
