//! What every operation on a stack begins with: the stack file, the connection, the declarations, and the account.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures::future::{Either, select};
use miette::Diagnostic;
use serde_json::Value;

use super::account::Account;
use super::chosen::{load, target};
use super::engine;
use super::fleet;
use super::key;
use super::store::HomeBucket;
use super::ui::{Figures, Notice, Ui};
use crate::aws::{Connection, Identity, LocalCloud, Regions};
use crate::graph::Graph;
use crate::local;
use crate::model::{IgnoredTags, Kind, Scope};
use crate::plan::Rules;
use crate::resource::route53::{self, HostedZone};
use crate::resource::{Registry, acm, cloudfront, lambda, registry};
use crate::stack::config::{self, Domain, ReservedConcurrency, StackFile};
use crate::stack::domain::{self, DomainFacts, Unusable, Zone};
use crate::stack::handlers::PackageDigests;

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
pub struct Session {
    /// The stack file.
    pub file: StackFile,
    /// The stack's account.
    pub account: Account,
    /// Where the stack file is; `None` for a stack from a saved plan.
    path: Option<PathBuf>,
    /// What to do where the credentials are of another account.
    remedy: String,
    /// The local cloud, where the stack is for one.
    pub(super) local: Option<local::Running>,
    pub(super) ui: Arc<dyn Ui>,
    /// Whether the stack may take its name from another distribution.
    pub(super) takes_name: bool,
    resources: AtomicUsize,
    began: Instant,
}

impl Drop for Session {
    fn drop(&mut self) {
        let calls = self.account.regions.connection().calls();
        self.ui.ended(Figures {
            resources: self.resources.load(Ordering::Relaxed),
            calls: calls.count(),
            round_trips: calls.round_trips(),
            took: self.began.elapsed(),
        });
    }
}

impl Session {
    /// Loads the stack file, starts the local cloud if the stack is for one, connects, and checks whose the credentials
    /// are.
    ///
    /// # Errors
    /// When the stack file cannot be used, the local cloud does not start, or the credentials are of another account.
    pub async fn open(path: &Path, ui: &Arc<dyn Ui>) -> miette::Result<Self> {
        Self::open_and(path, ui, async |_| Ok(())).await.map(|(session, ())| session)
    }

    /// The same for a command that works with one stack, or with the chosen target of a fleet.
    ///
    /// # Errors
    /// Also when the stack file declares a fleet, and no target of it is chosen.
    pub(super) async fn open_one(path: &Path, ui: &Arc<dyn Ui>, command: &str) -> miette::Result<Self> {
        let file = load(path)?;
        let one = fleet::one_stack(&file, target(), command)?;
        let remedy =
            format!("or name a target that they are of by `--target`, or correct {}", path.display());
        let mut session = Self::begin_in(&file, one, remedy, ui).await?;
        session.path = Some(path.to_owned());
        session.account.by = session.caller().await?;
        Ok(session)
    }

    /// The same; `reads`, which must only read, runs while AWS says whose the credentials are.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), else those of `reads`.
    pub async fn open_and<T>(
        path: &Path,
        ui: &Arc<dyn Ui>,
        reads: impl AsyncFnOnce(&Self) -> miette::Result<T>,
    ) -> miette::Result<(Self, T)> {
        let mut session = Self::begin(path, ui).await?;
        let (by, seen) = first(session.caller(), reads(&session)).await?;
        session.account.by = by;
        Ok((session, seen))
    }

    /// A session whose credentials have not been checked against `account:`. Trust nothing that it reads until
    /// [`caller`](Self::caller) has returned.
    pub(super) async fn begin(path: &Path, ui: &Arc<dyn Ui>) -> miette::Result<Self> {
        let remedy = format!("or correct `account:` in {}", path.display());
        let mut session = Self::begin_with(load(path)?, remedy, ui).await?;
        session.path = Some(path.to_owned());
        Ok(session)
    }

    /// The same for a stack file that is read already. `remedy` is what to do if its account is the wrong one.
    pub(super) async fn begin_with(
        file: StackFile,
        remedy: String,
        ui: &Arc<dyn Ui>,
    ) -> miette::Result<Self> {
        let declared = file.clone();
        Self::begin_in(&declared, file, remedy, ui).await
    }

    /// The same for a stack of a fleet. A local cloud is that of the fleet's own file: it has every account.
    async fn begin_in(
        declared: &StackFile,
        file: StackFile,
        remedy: String,
        ui: &Arc<dyn Ui>,
    ) -> miette::Result<Self> {
        let began = Instant::now();
        let local = if file.local { Some(start_local(declared, ui.as_ref()).await?) } else { None };
        let scope = scope(&file);
        let connection = match &local {
            Some(running) => {
                let credentials = match declared.account == file.account {
                    true => running.credentials(),
                    false => running.credentials_of(&scope.account),
                };
                let endpoint = running.endpoint.clone();
                let pace = running.status.like_aws.map(|like_aws| like_aws.pace);
                Connection::to_local(LocalCloud { endpoint, credentials, pace }, &scope.region).await
            }
            None => Connection::to_aws(&scope.region, &ui.access()).await?,
        };
        let zone_role = file.domain.as_ref().and_then(|domain| domain.zone_role.as_deref());
        let connection = connection.with_zone_role(zone_role);
        let ignored = IgnoredTags::new(file.ignore_tags.iter().cloned());
        let (regions, registry) = (Arc::new(Regions::ignoring(connection, scope, ignored)), registry());
        let store = Box::new(match &file.fleet {
            Some(fleet) => HomeBucket::of_fleet(&regions, registry, fleet),
            None => HomeBucket::new(&regions, registry),
        });
        let engine = engine::of(&file, ui);
        let account = Account { regions, registry, store, engine, by: String::new(), keeps_records: false };
        let (ui, resources) = (Arc::clone(ui), AtomicUsize::new(0));
        Ok(Self { file, account, path: None, remedy, local, ui, takes_name: false, resources, began })
    }

    /// The caller's ARN, if it is of the stack's account.
    pub(super) async fn caller(&self) -> miette::Result<String> {
        let Identity { account: found, arn } = self.account.regions.connection().identity().await?;
        let Scope { stack, account: declared, .. } = self.account.scope().clone();
        if found == declared {
            return Ok(arn);
        }
        Err(WrongAccount { remedy: self.remedy.clone(), stack, declared, found, arn }.into())
    }

    /// The stack's name.
    #[must_use]
    pub fn stack(&self) -> &str {
        self.account.stack()
    }

    /// What submit reserves. Where the stack file leaves it open, the account's quota decides: Lambda leaves a part of it to
    /// all other functions. An account with less refuses every reservation. The local cloud refuses none.
    pub(super) async fn concurrency(&self) -> miette::Result<ReservedConcurrency> {
        let wanted = self.file.handlers.reserved_concurrency;
        // The quotas of a fleet's accounts are not known here.
        if wanted != ReservedConcurrency::Auto || self.file.local || self.file.fleet.is_some() {
            return Ok(wanted);
        }
        let quota = lambda::concurrency(&self.account.regions.home()).await?;
        Ok(wanted.within(quota))
    }

    /// The stack as its removal and its outputs need it. The code does not matter, so nothing is built. Whether the stack
    /// could still get its domain does not matter either: if the zone is gone, nothing is left in it.
    ///
    /// # Errors
    /// When the hosted zones cannot be listed.
    pub async fn declare_unbuilt(&self) -> miette::Result<Graph> {
        let code = PackageDigests::default();
        let zone = async {
            let Some(domain) = &self.file.domain else { return Ok::<_, miette::Report>(None) };
            let zones = self.zones(domain).await?;
            let declared = |zone: &HostedZone| Some(&zone.name) == domain.zone.as_ref();
            let facts = DomainFacts { zones: zones.into_iter().filter(declared).collect(), holder: None };
            Ok(domain::zone(domain, self.account.scope(), &facts, None).ok().flatten())
        };
        let (zone, encryption) = tokio::join!(zone, key::resolved(self));
        let zone = zone?;
        // A key that is gone does not keep the stack from being removed.
        let encryption = encryption.unwrap_or_else(|_| self.file.encryption.clone());
        let file = StackFile { encryption, ..self.file.clone() };
        Ok(self.counted(fleet::graph_of(&file, &code, zone.as_ref())?))
    }

    /// The graph, noted as what the session is about.
    fn counted(&self, graph: Graph) -> Graph {
        self.counts(graph.len());
        graph
    }

    /// The zones that could hold the stack's name. None are looked for if it is kept elsewhere.
    async fn zones(&self, domain: &Domain) -> miette::Result<Vec<HostedZone>> {
        if domain.zone.is_none() {
            return Ok(Vec::new());
        }
        Ok(route53::zones_over(&self.account.regions.home(), &domain.name).await?)
    }

    /// The hosted zone of the stack's domain, if it has one: the account must let it have that name.
    pub(super) async fn zone(&self) -> miette::Result<Option<Zone>> {
        let Some(domain) = &self.file.domain else { return Ok(None) };
        let (cx, certificates) = (self.account.regions.home(), self.account.regions.context(acm::REGION));
        let certificate = async {
            let Some(arn) = &domain.certificate else { return Ok(None) };
            let found = acm::issued(&certificates, arn).await?;
            Ok::<_, miette::Report>(Some((arn, found)))
        };
        let holder = async { Ok(cloudfront::holder_of(&cx, &domain.name).await?) };
        let (zones, holder, certificate) = tokio::try_join!(self.zones(domain), holder, certificate)?;
        if let Some((arn, found)) = certificate {
            let now = jiff::Timestamp::now().as_second();
            let fit = domain::certified(&domain.name, arn, found.as_ref(), now);
            fit.map_err(|unusable| self.refused(unusable))?;
        }
        let local = self.local.as_ref().map(|running| running.endpoint.as_str());
        let holder = holder.filter(|_| !self.takes_name);
        let zone = domain::zone(domain, self.account.scope(), &DomainFacts { zones, holder }, local);
        zone.map_err(|unusable| self.refused(unusable))
    }

    /// Why the account does not let the stack have its name, pointing at what the stack file says.
    fn refused(&self, unusable: Unusable) -> miette::Report {
        let (key, label) = unusable.place();
        self.at(&["domain", key], label, unusable)
    }

    /// An error that points at what the stack file says.
    pub(super) fn at(
        &self,
        place: &[&str],
        label: &str,
        error: impl Diagnostic + Send + Sync + 'static,
    ) -> miette::Report {
        let Some(path) = &self.path else { return error.into() };
        let help = error.help().map(|help| help.to_string()).unwrap_or_default();
        config::against(path, place, &error.to_string(), label, &help).into()
    }

    /// How many resources the session is about; until it is known, none.
    pub(super) fn counts(&self, resources: usize) {
        self.resources.store(resources, Ordering::Relaxed);
    }
}

/// Who calls, and what was read meanwhile. The caller decides: if it is the wrong one, the reads are dropped and their errors
/// are not reported.
pub(super) async fn first<T>(
    caller: impl Future<Output = miette::Result<String>>,
    reads: impl Future<Output = miette::Result<T>>,
) -> miette::Result<(String, T)> {
    match select(pin!(caller), pin!(reads)).await {
        Either::Left((by, reads)) => Ok((by?, reads.await?)),
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

/// The scope of the stack that a file describes.
#[must_use]
pub(super) fn scope(file: &StackFile) -> Scope {
    Scope {
        stack: file.stack.to_string(),
        account: file.account.to_string(),
        region: file.region.to_string(),
    }
}

/// The local cloud that a stack asks for: the machine's own on the usual port, or, for tests and benchmarks that keep to
/// themselves, the one that `PROVISION_LOCAL` names, on any free port.
fn local_settings(file: &StackFile) -> local::CloudSettings {
    let own = local::CloudSettings {
        account: file.account.to_string(),
        region: file.region.to_string(),
        ..local::CloudSettings::default()
    };
    match std::env::var("PROVISION_LOCAL") {
        Ok(name) if !name.is_empty() => local::CloudSettings { name, ..own },
        _ => own,
    }
}

async fn start_local(file: &StackFile, ui: &dyn Ui) -> miette::Result<local::Running> {
    let settings = local_settings(file);
    let settings = local::CloudSettings { port: local::usual_port(&settings.name).await?, ..settings };
    Ok(local::ensure(&settings, &mut |text| ui.notice(Notice::LocalCloud(text))).await?)
}

#[cfg(test)]
mod tests {
    use miette::miette;

    use super::*;

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
}
