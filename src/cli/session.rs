//! What every command that speaks to the cloud begins with: the stack file, the connection, the declarations, and the
//! account as it is.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use futures::future::{Either, select};
use miette::{Diagnostic, miette};
use serde_json::Value;

use super::closing::Closing;
use super::remembered;
use crate::aws::{Connection, Identity, Regions, Target};
use crate::bundle::{self, Bundle};
use crate::graph::Graph;
use crate::home::{Home, Record};
use crate::local;
use crate::model::{Kind, Ownership, Scope, Snapshot};
use crate::observe::{self, OrphanSource};
use crate::plan::{self, Plan, Rules};
use crate::report::out::errln;
use crate::resource::{Registry, acm, cloudfront, registry, route53};
use crate::review::{self, Against, Review};
use crate::stack;
use crate::stack::config::{self, Architecture, Engine, StackFile};
use crate::stack::domain::{self, DomainFacts, Unusable, Zone};
use crate::stack::handlers::Code;

/// The credentials are of an account that the stack is not for.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error(
    "the credentials are of account {found} ({arn}), and stack {stack} is for account {declared}; nothing was changed"
)]
#[diagnostic(help("use credentials of {declared}, {remedy}"))]
struct WrongAccount {
    remedy: String,
    stack: String,
    declared: String,
    found: String,
    arn: String,
}

/// One run against one stack.
pub(super) struct Session {
    pub(super) file: StackFile,
    /// The stack file; none where the stack comes from a saved plan.
    path: Option<PathBuf>,
    pub(super) regions: Regions,
    pub(super) registry: &'static Registry,
    pub(super) home: Home,
    /// The caller's ARN.
    pub(super) by: String,
    /// What to do where the credentials are of another account.
    remedy: String,
    /// The local cloud, where the stack is for one.
    pub(super) local: Option<local::Running>,
    closing: Closing,
}

/// The account as it is, and what the last apply noted.
pub(super) struct Survey {
    pub(super) snapshot: Snapshot,
    pub(super) record: Option<Record>,
}

impl Survey {
    /// Whether an apply of the stack ever ran to its end. A stack whose record is lost passes for one that did: the
    /// first write of an apply is its record, so what carries the stack's mark without one is no first apply's.
    pub(super) fn is_established(&self) -> bool {
        let Some(record) = &self.record else {
            let orphans = self.snapshot.orphans.iter().map(|orphan| &orphan.live);
            let mut found = self.snapshot.live.values().chain(orphans);
            return found.any(|live| matches!(live.ownership, Ownership::Marked(_)));
        };
        record.established || record.complete
    }
}

impl Session {
    /// Loads the stack file, starts the local cloud if the stack is for one, connects, and checks whose the credentials
    /// are.
    pub(super) async fn open(path: &Path) -> miette::Result<Self> {
        Self::open_and(path, async |_| Ok(())).await.map(|(session, ())| session)
    }

    /// The same; `look`, which only reads, does so through the session while AWS says whose the credentials are.
    pub(super) async fn open_and<T>(
        path: &Path,
        look: impl AsyncFnOnce(&Self) -> miette::Result<T>,
    ) -> miette::Result<(Self, T)> {
        let mut session = Self::begin(path).await?;
        let (by, seen) = first(session.caller(), look(&session)).await?;
        session.by = by;
        Ok((session, seen))
    }

    /// A session of which nobody has checked yet whose the credentials are: nothing that it sees counts before its
    /// [`caller`](Self::caller) is known.
    pub(super) async fn begin(path: &Path) -> miette::Result<Self> {
        let remedy = format!("or correct `account:` in {}", path.display());
        let session = Self::begin_with(config::load(path)?, remedy).await?;
        Ok(Self { path: Some(path.to_owned()), ..session })
    }

    /// The same for a stack file that is read already. `remedy` is what to do if its account is the wrong one.
    pub(super) async fn begin_with(file: StackFile, remedy: String) -> miette::Result<Self> {
        let began = Instant::now();
        refuse_unbuilt(&file)?;
        let local = if file.local { Some(start_local(&file).await?) } else { None };
        let target = match &local {
            Some(running) => {
                Target::Local { endpoint: running.endpoint.clone(), account: running.account.clone() }
            }
            None => Target::Aws,
        };
        let scope = scope(&file);
        let connection = Connection::open(target, &scope.region).await;
        let connection = Arc::new(connection);
        let closing = Closing::new(Arc::clone(&connection), began);
        let regions = Regions::new(connection, scope);
        let (home, registry, by) = (Home::new(regions.home()), registry(), String::new());
        Ok(Self { file, path: None, regions, registry, home, by, remedy, local, closing })
    }

    /// The caller's ARN, if it is of the stack's account.
    pub(super) async fn caller(&self) -> miette::Result<String> {
        let Identity { account: found, arn } = self.regions.connection().identity().await?;
        let Scope { stack, account: declared, .. } = self.regions.scope().clone();
        if found == declared {
            return Ok(arn);
        }
        Err(WrongAccount { remedy: self.remedy.clone(), stack, declared, found, arn }.into())
    }

    /// The stack's name.
    pub(super) fn stack(&self) -> &str {
        &self.regions.scope().stack
    }

    /// The handlers' bundles, built where they are stale, and the stack that deploys them.
    pub(super) async fn declare(&self) -> miette::Result<(Graph, Vec<Bundle>)> {
        let (zone, (code, bundles)) = tokio::try_join!(self.zone(), code(&self.file))?;
        Ok((self.counted(Graph::new(stack::declare(&self.file, &code, zone.as_ref()))?), bundles))
    }

    /// The stack as far as its removal or its outputs need it: which code it deploys does not matter, so nothing is
    /// built. Nor does it matter whether the stack could still get its name: in a zone that is gone, nothing is left.
    pub(super) async fn declare_unbuilt(&self) -> miette::Result<Graph> {
        let code = Code::default();
        let zone = match &self.file.domain {
            Some(domain) => {
                let zones = route53::zones_over(&self.regions.home(), &domain.name).await?;
                let zones = zones.into_iter().filter(|zone| zone.name == domain.zone).collect();
                let facts = DomainFacts { zones, holder: None };
                domain::zone(domain, self.regions.scope(), &facts, None).ok()
            }
            None => None,
        };
        Ok(self.counted(Graph::new(stack::declare(&self.file, &code, zone.as_ref()))?))
    }

    /// The graph, noted as what the session is about.
    fn counted(&self, graph: Graph) -> Graph {
        self.counts(graph.len());
        graph
    }

    /// The hosted zone of the stack's domain, if it has one: the account must let it have that name.
    pub(super) async fn zone(&self) -> miette::Result<Option<Zone>> {
        let Some(domain) = &self.file.domain else { return Ok(None) };
        let (cx, certificates) = (self.regions.home(), self.regions.context(acm::REGION));
        let certificate = async {
            let Some(arn) = &domain.certificate else { return Ok(None) };
            acm::issued(&certificates, arn).await.map(|found| Some((arn, found)))
        };
        let (zones, holder) =
            (route53::zones_over(&cx, &domain.name), cloudfront::holder_of(&cx, &domain.name));
        let (zones, holder, certificate) = tokio::try_join!(zones, holder, certificate)?;
        if let Some((arn, found)) = certificate {
            let now = jiff::Timestamp::now().as_second();
            let fit = domain::certified(&domain.name, arn, found.as_ref(), now);
            fit.map_err(|unusable| self.refused(unusable))?;
        }
        let local = self.local.as_ref().map(|running| running.endpoint.as_str());
        let zone = domain::zone(domain, self.regions.scope(), &DomainFacts { zones, holder }, local);
        Ok(Some(zone.map_err(|unusable| self.refused(unusable))?))
    }

    /// Why the account does not let the stack have its name, pointing at what the stack file says.
    fn refused(&self, unusable: Unusable) -> miette::Report {
        let Some(path) = &self.path else { return unusable.into() };
        let (key, label) = unusable.place();
        let help = unusable.help().map(|help| help.to_string()).unwrap_or_default();
        config::against(path, &["domain", key], &unusable.to_string(), label, &help).into()
    }

    /// The live account and the record of the last apply. Former resources are found from a record of a complete apply,
    /// else by their marks as well.
    pub(super) async fn survey(&self, graph: &Graph) -> miette::Result<Survey> {
        let regions = self.regions.read_pass();
        let declared = observe::declared(&regions, self.registry, graph);
        let additions = observe::additions(&regions, self.registry, graph);
        let former = async {
            let record = self.home.record(self.stack()).await?;
            let known = record.as_ref().map(Record::known).unwrap_or_default();
            let memory = match &record {
                Some(record) if record.complete => OrphanSource::Record(&known),
                _ => OrphanSource::Sweep(&known),
            };
            let former = observe::remembered(&regions, self.registry, memory).await?;
            Ok::<_, miette::Report>((record, former))
        };
        let (live, additions, former) = tokio::join!(declared, additions, former);
        let (live, additions, (record, former)) = (live?, additions?, former?);
        let orphans = observe::orphans(&regions, self.registry, graph, &live, former).await?;
        let mut snapshot = Snapshot { live, orphans };
        observe::add(&mut snapshot, self.stack(), additions);
        if let Some(record) = &record {
            remembered::claim(&regions, self.registry, graph, &mut snapshot, record).await?;
        }
        Ok(Survey { snapshot, record })
    }

    /// What planning must know of a type.
    pub(super) fn rules(&self, kind: &Kind) -> Rules {
        rules(self.registry, kind)
    }

    /// The plan that makes the account as declared, and what was seen for it.
    pub(super) async fn plan(&self, graph: &Graph) -> miette::Result<(Plan, Survey)> {
        let survey = self.survey(graph).await?;
        let plan = plan::plan(self.regions.scope(), graph, &survey.snapshot, &|kind| self.rules(kind));
        Ok((plan, survey))
    }

    /// A plan as reviewers read it.
    pub(super) fn review(&self, graph: &Graph, plan: &Plan, survey: &Survey) -> Review {
        let applied = survey.record.as_ref().map(Record::applied);
        review::review(plan, graph, Against::Account, applied.as_ref(), &|kind| self.rules(kind))
    }

    /// How many resources the closing line speaks of.
    pub(super) fn counts(&self, resources: usize) {
        self.closing.counts(resources);
    }
}

/// Who calls, and what `look` saw meanwhile. Who calls decides: where that is the wrong one, what was seen is not waited for, and
/// what it failed with is not told.
pub(super) async fn first<T>(
    caller: impl Future<Output = miette::Result<String>>,
    look: impl Future<Output = miette::Result<T>>,
) -> miette::Result<(String, T)> {
    match select(pin!(caller), pin!(look)).await {
        Either::Left((by, look)) => Ok((by?, look.await?)),
        Either::Right((seen, caller)) => Ok((caller.await?, seen?)),
    }
}

/// What planning must know of a type.
pub(super) fn rules(registry: &Registry, kind: &Kind) -> Rules {
    let adapter = registry.get(kind);
    Rules {
        create_only: adapter.map_or(&[], |adapter| adapter.create_only()),
        write_only: adapter.map_or(&[], |adapter| adapter.write_only()),
        rank: registry.rank(kind),
        normal: adapter.map_or(Value::clone, |adapter| adapter.normal()),
    }
}

/// The handlers' bundles, built where they are stale, and their code as the stack deploys it.
pub(super) async fn code(file: &StackFile) -> miette::Result<(Code, Vec<Bundle>)> {
    let architecture = match stack::handlers::architecture(file) {
        Architecture::Arm64 => bundle::Architecture::Arm64,
        Architecture::X86_64 => bundle::Architecture::X86_64,
    };
    let profile = if file.local { bundle::Profile::local(architecture) } else { bundle::Profile::Lambda };
    let bundles = super::bundle::build(architecture, profile).await?;
    let digest = |handler: &str| {
        let bundle = bundles.iter().find(|bundle| bundle.handler == handler);
        bundle.map(Bundle::sha256_hex).unwrap_or_default()
    };
    Ok((Code { submit: digest("submit"), publish: digest("publish") }, bundles))
}

/// The scope of the stack that a file describes.
pub(super) fn scope(file: &StackFile) -> Scope {
    Scope {
        stack: file.stack.to_string(),
        account: file.account.to_string(),
        region: file.region.to_string(),
    }
}

/// Refuses the engine that a stack file may name but this version does not have.
fn refuse_unbuilt(file: &StackFile) -> miette::Result<()> {
    if file.engine == Engine::Direct {
        return Ok(());
    }
    Err(miette!(
        help = "use `engine: direct`, or leave `engine:` out",
        "this version of provision does not have the CloudFormation engine yet; nothing was changed"
    ))
}

/// The local cloud that a stack asks for: the machine's own on the usual port, or, for tests and benchmarks that keep to
/// themselves, the one that `PROVISION_LOCAL` names, on any free port.
fn local_settings(file: &StackFile) -> local::Settings {
    let own = local::Settings {
        account: file.account.to_string(),
        region: file.region.to_string(),
        ..local::Settings::default()
    };
    match std::env::var("PROVISION_LOCAL") {
        Ok(name) if !name.is_empty() => local::Settings { name, port: 0, ..own },
        _ => own,
    }
}

async fn start_local(file: &StackFile) -> miette::Result<local::Running> {
    let settings = local_settings(file);
    // Where it runs, it runs: the usual port may be somebody else's.
    let settings = match local::status(&settings.name, 0).await? {
        Some(_) => local::Settings { port: 0, ..settings },
        None => settings,
    };
    Ok(local::ensure(&settings, &mut |text| errln!("{text}")).await?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::home::Run;
    use crate::model::{Contents, Live, Mark, Outputs, Readiness};

    #[tokio::test]
    async fn the_account_is_looked_at_while_it_is_asked_whose_it_is() {
        let (seen, saw) = tokio::sync::oneshot::channel();
        let caller = async { saw.await.map_err(|_| miette!("nobody looked")) };
        let look = async { seen.send("me".to_owned()).map_err(|_| miette!("nobody asked")) };
        let both = tokio::time::timeout(std::time::Duration::from_secs(60), first(caller, look));
        assert_eq!(both.await.expect("one waits for the other").unwrap(), ("me".to_owned(), ()));
    }

    #[tokio::test]
    async fn the_wrong_account_ends_a_look_and_hides_what_it_failed_with() {
        let wrong = || async { Err(miette!("the wrong account")) };
        let endless = first(wrong(), std::future::pending::<miette::Result<()>>());
        assert_eq!(endless.await.unwrap_err().to_string(), "the wrong account");
        let late = async {
            tokio::task::yield_now().await;
            wrong().await
        };
        let denied = first(late, async { Err::<(), _>(miette!("access denied")) });
        assert_eq!(denied.await.unwrap_err().to_string(), "the wrong account");
        let denied = first(async { Ok("me".to_owned()) }, async { Err::<(), _>(miette!("access denied")) });
        assert_eq!(denied.await.unwrap_err().to_string(), "access denied");
    }

    fn survey(ownership: &[Ownership], record: Option<Record>) -> Survey {
        let live = ownership.iter().enumerate().map(|(number, ownership)| {
            let seen = Live {
                id: number.to_string(),
                properties: json!({}),
                outputs: Outputs::new(),
                ownership: ownership.clone(),
                readiness: Readiness::Ready,
                contents: Contents::Nothing,
            };
            (number.to_string().as_str().into(), seen)
        });
        Survey { snapshot: Snapshot { live: live.collect(), orphans: Vec::new() }, record }
    }

    #[test]
    fn a_stack_whose_record_is_lost_passes_for_one_that_was_whole() {
        let ours = Ownership::Marked(Mark { stack: "vod".into(), address: "a".into() });
        let record = |complete| Record::new("vod", "me", complete, Vec::new(), Run::default(), Vec::new());
        assert!(survey(std::slice::from_ref(&ours), None).is_established());
        assert!(!survey(&[], None).is_established(), "a first apply");
        assert!(!survey(&[Ownership::Unmarked], None).is_established(), "a first apply that adopts");
        assert!(
            !survey(std::slice::from_ref(&ours), Some(record(false))).is_established(),
            "a first apply goes on"
        );
        assert!(survey(&[ours], Some(record(true))).is_established());
    }
}
