//! Sign: signed URLs, and cookies that let a player fetch a whole asset.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use miette::{Context as _, IntoDiagnostic as _, miette};

use super::outputs::Outputs;
use super::session::Session;
use super::ui::Ui;
use crate::graph::Graph;
use crate::model::Address;
use crate::observe;
use crate::sign::{PrivateKey, SignRequest, Signed, ViewerPolicy};
use crate::stack::config::{self, StackFile};
use crate::stack::keys;

pub use crate::sign::is_range;

/// How long the end-to-end check's cookies last in seconds: longer than any check does.
const CHECK_SECONDS: i64 = 3600;

/// What to sign, and for whom.
#[derive(Clone, Debug)]
pub struct Signing {
    /// The stack file.
    pub stack: PathBuf,
    /// The path under the playback address, or an URL of it. A `*` stands for any characters.
    pub path: String,
    /// The file with the private key, in PEM.
    pub key: PathBuf,
    /// The id that CloudFront gave its public half; `None` looks it up.
    pub key_id: Option<String>,
    /// How long it is valid, in seconds from now.
    pub expires_in: i64,
    /// Whether to sign cookies for the path's folder.
    pub cookies: bool,
    /// Whether more than one asset may be opened.
    pub whole: bool,
    /// The only viewers it is for: an IPv4 address or range.
    pub source_ip: Option<String>,
}

/// What was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAccess {
    /// The URLs that it opens: one, or a pattern with `*`.
    pub resource: String,
    /// What a viewer sends.
    pub sent: Sent,
}

/// What a viewer sends to show that a request is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Cookies, by name.
    Cookies(Vec<(String, String)>),
    /// A query to add to every URL that the resource matches.
    Query(String),
    /// A whole URL.
    Url {
        /// The URL.
        url: String,
        /// Whether it is a playlist: a player asks for segments too, which the URL does not open.
        playlist: bool,
    },
}

/// Signs. The account is asked only for what the arguments and the stack file do not say.
///
/// # Errors
/// When the path opens more than was asked for, the key cannot be read, or the account does not know it or the stack.
pub async fn sign(wanted: Signing, ui: &Arc<dyn Ui>) -> miette::Result<SignedAccess> {
    let key = read(&wanted.key)?;
    let file = config::load(&wanted.stack)?;
    let (base, id) = match (fixed_base(&file), wanted.key_id) {
        (Some(base), Some(id)) => (base, id),
        (base, id) => {
            let session = Session::open_one(&wanted.stack, ui, "sign").await?;
            let graph = session.declare_unbuilt().await?;
            let base = match base {
                Some(base) => base,
                None => Outputs::read(&session, &graph).await?.playback,
            };
            let id = match id {
                Some(id) => id,
                None => key_id(&session, &graph, &key).await?,
            };
            (base, id)
        }
    };
    let request =
        SignRequest { base: &base, path: &wanted.path, folder: wanted.cookies, whole: wanted.whole };
    let resource = request.resource()?;
    let expires = now() + wanted.expires_in;
    let policy = ViewerPolicy { source_ip: wanted.source_ip, ..ViewerPolicy::canned(&resource, expires) };
    let signed = Signed::new(&policy, &key, &id)?;
    Ok(SignedAccess { sent: sent(&signed, &resource, wanted.cookies), resource })
}

fn sent(signed: &Signed, resource: &str, cookies: bool) -> Sent {
    if cookies {
        Sent::Cookies(signed.cookies())
    } else if resource.contains('*') {
        Sent::Query(signed.query())
    } else {
        Sent::Url { url: signed.url(resource), playlist: resource.ends_with(".m3u8") }
    }
}

/// The stack's own domain, which needs no look-up.
pub(super) fn fixed_base(file: &StackFile) -> Option<String> {
    let domain = file.domain.as_ref().filter(|_| !file.local)?;
    Some(format!("https://{}", domain.alias()?))
}

fn read(path: &Path) -> miette::Result<PrivateKey> {
    let text = std::fs::read_to_string(path).into_diagnostic();
    let text = text.wrap_err_with(|| format!("cannot read the private key {}", path.display()))?;
    let key = PrivateKey::from_pem(&text).map_err(miette::Report::new);
    key.wrap_err_with(|| format!("cannot sign with {}", path.display()))
}

/// The id that CloudFront gave the public half of the key.
async fn key_id(session: &Session, graph: &Graph, key: &PrivateKey) -> miette::Result<String> {
    let address = Address::new(keys::address(&key.public()?.digest()));
    let Some(declaration) = graph.get(&address) else {
        return Err(miette!(
            help =
                "add its public half (openssl pkey -in KEY -pubout) to the list and apply, or say --key-id",
            "the key is not in `delivery.signed_urls.public_keys` of stack {}",
            session.stack()
        ));
    };
    let live = observe::find(&session.account.regions, session.account.registry, declaration).await?;
    live.map(|live| live.id).ok_or_else(|| {
        miette!(help = "run `provision apply` first", "CloudFront does not know the key yet ({address})")
    })
}

/// Refuses a check of a stack that plays nothing unsigned, if there is no key to sign with.
///
/// # Errors
/// The refusal.
pub fn need_key(session: &Session, key: Option<&Path>) -> miette::Result<()> {
    needs_key(&session.file, key)
}

fn needs_key(file: &StackFile, key: Option<&Path>) -> miette::Result<()> {
    if file.delivery.signed_urls.is_some() && key.is_none() {
        return Err(miette!(
            help = "say --key FILE, with the private half of one of `delivery.signed_urls.public_keys`",
            "stack {} plays nothing unsigned, so the check needs a key",
            file.stack
        ));
    }
    Ok(())
}

/// The `Cookie` header with which the end-to-end check plays a stack that plays nothing unsigned.
pub(super) async fn check_cookie(
    session: &Session,
    graph: &Graph,
    playback: &str,
    key: &Path,
) -> miette::Result<String> {
    let key = read(key)?;
    let id = key_id(session, graph, &key).await?;
    let policy = ViewerPolicy::canned(&format!("{playback}/*"), now() + CHECK_SECONDS);
    Ok(Signed::new(&policy, &key, &id)?.cookie_header())
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_stack_is_checked_with_a_key() {
        let head = "stack: vod\naccount: '111122223333'\nregion: ap-northeast-2\n";
        let file = |rest: &str| config::parse("test.yaml", &format!("{head}{rest}")).unwrap();
        let private = file("delivery: { signed_urls: { public_keys: [a.pem] } }\n");
        assert!(needs_key(&private, None).is_err());
        assert!(needs_key(&private, Some(Path::new("a.key"))).is_ok());
        assert!(needs_key(&file(""), None).is_ok());
    }

    #[test]
    fn a_stack_s_own_domain_needs_no_looking_up() {
        let head = "stack: vod\naccount: '111122223333'\nregion: ap-northeast-2\n";
        let file = |rest: &str| config::parse("test.yaml", &format!("{head}{rest}")).unwrap();
        let domain = "domain: { name: v.example.com, zone: example.com }\n";
        assert_eq!(fixed_base(&file(domain)).as_deref(), Some("https://v.example.com"));
        assert_eq!(fixed_base(&file("")), None);
    }
}
