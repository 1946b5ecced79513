//! `provision sign`: a signed URL, or the cookies that let a player fetch all of an asset.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use miette::{Context as _, IntoDiagnostic as _, miette};

use super::outputs::Outputs;
use super::session::Session;
use crate::graph::Graph;
use crate::model::Address;
use crate::report::out::{errln, outln};
use crate::sign::{Policy, PrivateKey, Signed, folder, is_range};
use crate::stack::config::{self, StackFile};
use crate::stack::keys;

/// How long the end-to-end check's cookies last: longer than any check does.
const CHECK_SECONDS: i64 = 3600;

/// Sign a URL, or cookies, for one path of the service.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// What to sign: `assets/<asset>/index.m3u8`. A `*` in it stands for any characters.
    path: String,
    /// The private key, in PEM.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The id that CloudFront gave its public half. Without it, it is looked up.
    #[arg(long, value_name = "ID")]
    key_id: Option<String>,
    /// How long it is valid: 90s, 30m, 2h, 7d.
    #[arg(long, value_name = "TIME", default_value = "2h", value_parser = seconds)]
    expires: i64,
    /// Print cookies for everything in the path's folder, which HLS needs, instead of a URL.
    #[arg(long)]
    cookies: bool,
    /// The only viewers it is for: an IPv4 address or range.
    #[arg(long, value_name = "CIDR", value_parser = range)]
    ip: Option<String>,
}

/// Signs what was asked for and prints it.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    let key = read(&args.key)?;
    let file = config::load(&args.stack)?;
    let (base, id) = match (fixed_base(&file), args.key_id) {
        (Some(base), Some(id)) => (base, id),
        (base, id) => {
            let session = Session::open(&args.stack).await?;
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
    let path = args.path.strip_prefix(&base).unwrap_or(&args.path).trim_start_matches('/');
    let expires = now() + args.expires;
    let policy = |path: &str| Policy {
        source_ip: args.ip.clone(),
        ..Policy::canned(&format!("{base}/{path}"), expires)
    };
    if args.cookies {
        let signed = Signed::new(&policy(&folder(path)), &key, &id)?;
        for (name, value) in signed.cookies() {
            outln!("{name}={value}");
        }
        return Ok(());
    }
    let policy = policy(path);
    let signed = Signed::new(&policy, &key, &id)?;
    if policy.resource.contains('*') {
        errln!("add this to any URL like {}:", policy.resource);
        outln!("{}", signed.query());
    } else {
        if path.ends_with(".m3u8") {
            errln!("this URL alone does not play: a player asks for segments too, so use --cookies");
        }
        outln!("{}", signed.url(&policy.resource));
    }
    Ok(())
}

/// The stack's own domain, which needs no looking up.
fn fixed_base(file: &StackFile) -> Option<String> {
    let domain = file.domain.as_ref().filter(|_| !file.local)?;
    Some(format!("https://{}", domain.name))
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
            "the key is none of stack {}'s `delivery.signed_urls.public_keys`",
            session.stack()
        ));
    };
    let live = crate::observe::find(&session.regions, session.registry, declaration).await?;
    live.map(|live| live.id).ok_or_else(|| {
        miette!(help = "run `provision apply` first", "CloudFront does not know the key yet ({address})")
    })
}

/// Refuses a check of a stack that plays nothing unsigned, if there is no key to sign with.
pub(super) fn need_key(file: &StackFile, key: Option<&Path>) -> miette::Result<()> {
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
    let policy = Policy::canned(&format!("{playback}/*"), now() + CHECK_SECONDS);
    Ok(Signed::new(&policy, &key, &id)?.cookie_header())
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no time: write 90s, 30m, 2h or 7d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    if number == 0 { Err(wrong()) } else { Ok(i64::from(number) * unit) }
}

fn range(text: &str) -> Result<String, String> {
    if is_range(text) { Ok(text.to_owned()) } else { Err(format!("`{text}` is no IPv4 address or range")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("30m"), Ok(1800));
        assert_eq!(seconds("2h"), Ok(7200));
        assert_eq!(seconds("7d"), Ok(604_800));
        for wrong in ["", "h", "2", "-1h", "0s", "2w", "2é"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_private_stack_is_checked_with_a_key() {
        let head = "stack: vod\naccount: '111122223333'\nregion: ap-northeast-2\n";
        let file = |rest: &str| config::parse("test.yaml", &format!("{head}{rest}")).unwrap();
        let private = file("delivery: { signed_urls: { public_keys: [a.pem] } }\n");
        assert!(need_key(&private, None).is_err());
        assert!(need_key(&private, Some(Path::new("a.key"))).is_ok());
        assert!(need_key(&file(""), None).is_ok());
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
