//! What `apply` takes from a stack file or from a saved plan, and how a plan is saved.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{IntoDiagnostic as _, Report, WrapErr as _, miette};
use tempfile::TempDir;

use super::apply::ApplyRequest;
use super::bundle::HandlerCode;
use super::chosen;
use super::converge::without_volatile;
use super::declared::DeclaredStack;
use super::journal;
use super::name_move::NameMove;
use super::session::{self, Session};
use super::state::ObservedState;
use super::ui::{Notice, Ui};
use crate::graph::Graph;
use crate::model::Scope;
use crate::plan::Plan;
use crate::saved::{
    BrokenPlan, ChangedSince, Digest, FORMAT, Manifest, Package, PlanFingerprint, Saved, StalePlan, VERSION,
    is_saved,
};
use crate::stack::config::{self, StackFile};
use crate::stack::domain;

/// What is to be applied: a stack as its file declares it now, or a plan that was saved.
pub(super) struct ApplySource {
    pub(super) session: Session,
    /// Whether to adopt existing untagged resources. A saved plan decides it itself.
    pub(super) adopt: bool,
    plan: Option<Opened>,
}

/// A saved plan, and where it came from.
struct Opened {
    saved: Saved,
    digest: String,
    path: PathBuf,
}

/// The stack, and the code that it deploys.
pub(super) struct Declared {
    pub(super) graph: Graph,
    pub(super) packages: Vec<Package>,
    /// The file of each package, in the same order. `None` for code that a function runs already.
    pub(super) files: Vec<Option<PathBuf>>,
    /// Where those of a saved plan are unpacked.
    pub(super) _folder: Option<TempDir>,
}

impl Declared {
    fn new(graph: Graph, code: Vec<HandlerCode>, folder: Option<TempDir>) -> Self {
        let (packages, files) = code.into_iter().map(|code| (code.package, code.file)).unzip();
        Self { graph, packages, files, _folder: folder }
    }
}

impl ApplySource {
    /// Opens the file at `path`, a stack file or a saved plan, and connects to its account. `reads`, which must only read,
    /// runs while AWS says whose the credentials are.
    pub(super) async fn open_and<T>(
        request: ApplyRequest<'_>,
        ui: &Arc<dyn Ui>,
        reads: impl AsyncFnOnce(&Self) -> miette::Result<T>,
    ) -> miette::Result<(Self, T)> {
        let mut source = Self::begin(request, ui).await?;
        let (by, seen) = session::first(source.session.caller(), reads(&source)).await?;
        source.session.account.by = by;
        Ok((source, seen))
    }

    async fn begin(request: ApplyRequest<'_>, ui: &Arc<dyn Ui>) -> miette::Result<Self> {
        let ApplyRequest { path, adopt, digest: reviewed, name } = request;
        if !is_plan(path) {
            // A stack file in the place of the reviewed plan is no way around its digest.
            if reviewed.is_some() {
                return Err(Report::new(BrokenPlan::NoPlan)).wrap_err_with(|| unusable(path));
            }
            let session = name.of(Session::begin(path, ui).await?);
            return Ok(Self { session, adopt, plan: None });
        }
        if name != NameMove::No {
            let help = "move the name by the stack file: `provision apply STACK --move-name`";
            return Err(miette!(help = help, "a saved plan moves no name")).wrap_err_with(|| unusable(path));
        }
        if chosen::is_named() {
            let help = "leave out --name, or make a plan with it";
            return Err(miette!(help = help, "a saved plan has the name of its stack"))
                .wrap_err_with(|| unusable(path));
        }
        if config::chosen_environment().is_some() {
            return Err(miette!(
                help = "leave out --env",
                "a saved plan is for the environment that it was made for"
            ))
            .wrap_err_with(|| unusable(path));
        }
        let (saved, file, digest) = read(path, reviewed).wrap_err_with(|| unusable(path))?;
        let Manifest { provision, scope, made, by, adopt: planned, .. } = &saved.manifest;
        if adopt && !planned {
            return Err(Report::new(StalePlan::Adopt)).wrap_err_with(|| unusable(path));
        }
        let adopt = *planned;
        ui.notice(Notice::SavedPlan { stack: &scope.stack, made: *made, by, version: provision, digest });
        let digest = digest.hex();
        let remedy = "or make, review and apply a plan for the account you mean".to_owned();
        let session = Session::begin_with(file, remedy, ui).await?;
        Ok(Self { session, adopt, plan: Some(Opened { saved, digest, path: path.to_owned() }) })
    }

    /// The saved plan's digest, if it is one.
    pub(super) fn digest(&self) -> Option<&str> {
        self.plan.as_ref().map(|plan| plan.digest.as_str())
    }

    /// What is declared, and the plan of it: with bundles built where they are stale, or exactly as it was saved.
    pub(super) async fn planned(&self) -> miette::Result<(Declared, Plan, ObservedState)> {
        let Some(Opened { saved, .. }) = &self.plan else {
            let (DeclaredStack { graph, code }, plan, state) = self.session.planned().await?;
            return Ok((Declared::new(graph, code, None), plan, state));
        };
        let declared = self.unpack(saved)?;
        let graph = &declared.graph;
        let (zone, fit, planned) = tokio::join!(
            self.same_zone(graph),
            self.session.originals(graph),
            self.session.account.plan(graph)
        );
        zone?;
        fit?;
        let (plan, state) = planned?;
        Ok((declared, plan, state))
    }

    /// What a saved plan declares, with its packages in files.
    fn unpack(&self, saved: &Saved) -> miette::Result<Declared> {
        let graph = Graph::new(saved.declarations.iter().cloned())?;
        self.session.counts(graph.len());
        let folder = tempfile::tempdir().into_diagnostic()?;
        let kept =
            saved.manifest.kept.iter().map(|package| HandlerCode { package: package.clone(), file: None });
        let mut code: Vec<HandlerCode> = kept.collect();
        for (package, bytes) in saved.manifest.bundles.iter().zip(&saved.packages) {
            let path = folder.path().join(format!("{}.zip", package.sha256));
            std::fs::write(&path, bytes).into_diagnostic()?;
            code.push(HandlerCode { package: package.clone(), file: Some(path) });
        }
        Ok(Declared::new(graph, code, Some(folder)))
    }

    /// Passes when the hosted zone that answers for the stack's name is the one that a saved plan's records are declared in.
    /// A stack file's declarations were made for the zone that was looked up for them.
    pub(super) async fn same_zone(&self, graph: &Graph) -> miette::Result<()> {
        if self.plan.is_none() {
            return Ok(());
        }
        let Some(zone) = self.session.zone().await? else { return Ok(()) };
        let elsewhere = domain::records_elsewhere(graph, &zone);
        let moved = elsewhere.into_iter().map(|address| ChangedSince {
            address,
            how: format!("the hosted zone for it is {} now", zone.id),
        });
        let moved = moved.collect();
        self.refuse(moved)
    }

    /// Passes when the plan is as it was saved and was not applied before; a stack file's always is.
    pub(super) async fn still_holds(&self, state: &ObservedState, plan: &Plan) -> miette::Result<()> {
        let Some(Opened { saved, digest, .. }) = &self.plan else { return Ok(()) };
        let plans = journal::applied_plans(&self.session.account, state).await?;
        if let Some(applied) = plans.into_iter().find(|applied| applied.digest == *digest) {
            return Err(self.unusable(StalePlan::Applied { at: applied.at, by: applied.by }));
        }
        self.refuse(saved.fingerprint.changes_since(&PlanFingerprint::of(&without_volatile(plan))))
    }

    fn refuse(&self, moved: Vec<ChangedSince>) -> miette::Result<()> {
        if moved.is_empty() {
            return Ok(());
        }
        if moved.iter().all(ChangedSince::is_of_the_file) {
            return Err(self.unusable(StalePlan::Altered { moved }));
        }
        Err(self.unusable(StalePlan::Changed { stack: self.session.stack().to_owned(), moved }))
    }

    fn unusable(&self, refused: StalePlan) -> Report {
        let report = Report::new(refused);
        match &self.plan {
            Some(plan) => report.wrap_err(unusable(&plan.path)),
            None => report,
        }
    }
}

fn unusable(plan: &Path) -> String {
    format!("the plan {} cannot be applied", plan.display())
}

/// A plan that was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedPlan {
    /// The size of the file in bytes.
    pub bytes: usize,
    /// What `apply --digest` takes.
    pub digest: Digest,
}

/// Writes a plan with all that applying it needs; only its owner may read the file.
///
/// # Errors
/// When the file exists and is no plan, or cannot be written.
pub(super) fn save(
    out: &Path,
    session: &Session,
    stack: &DeclaredStack,
    plan: &Plan,
    adopt: bool,
) -> miette::Result<SavedPlan> {
    if !is_plan(out) && std::fs::metadata(out).is_ok_and(|file| file.len() > 0) {
        return Err(miette!(
            help = "name another file, or remove it first",
            "{} is there and is no plan, so it is not overwritten",
            out.display()
        ));
    }
    let unwritten = || format!("the plan cannot be written to {}", out.display());
    let (bytes, digest) =
        pack(session, stack, plan, adopt).and_then(|saved| Ok(saved.encode()?)).wrap_err_with(unwritten)?;
    write(out, &bytes).into_diagnostic().wrap_err_with(unwritten)?;
    Ok(SavedPlan { bytes: bytes.len(), digest })
}

fn pack(
    session: &Session,
    DeclaredStack { graph, code }: &DeclaredStack,
    plan: &Plan,
    adopt: bool,
) -> miette::Result<Saved> {
    let zips = code.iter().filter_map(|code| code.file.as_ref()).map(std::fs::read);
    let packages = |uploads: bool| {
        let packages = code.iter().filter(|code| code.file.is_some() == uploads);
        packages.map(|code| code.package.clone()).collect()
    };
    Ok(Saved {
        manifest: Manifest {
            format: FORMAT,
            provision: VERSION.to_owned(),
            scope: session.account.scope().clone(),
            made: jiff::Timestamp::now(),
            by: session.account.by.clone(),
            adopt,
            bundles: packages(true),
            kept: packages(false),
        },
        stack_file: serde_yaml::to_string(&session.file).into_diagnostic()?,
        declarations: graph.in_order().cloned().collect(),
        fingerprint: PlanFingerprint::of(&without_volatile(plan)),
        packages: zips.collect::<Result<_, _>>().into_diagnostic()?,
    })
}

/// Writes a file whole or not at all.
fn write(out: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // It is made for its owner alone.
    let mut file = tempfile::Builder::new().prefix(".plan-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(out)?;
    Ok(())
}

/// Whether the file at `path` is a saved plan, by what it begins with. What cannot be read is none, nor what can be read
/// only once: a stack file from a pipe would lose its beginning.
pub(super) fn is_plan(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let mut first = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(4).read_to_end(&mut first));
    read.is_ok() && is_saved(&first)
}

/// A saved plan, the stack file in it, and its digest, which must be the reviewed one if there is one.
fn read(path: &Path, reviewed: Option<Digest>) -> miette::Result<(Saved, StackFile, Digest)> {
    let bytes = std::fs::read(path).into_diagnostic()?;
    let (saved, digest) = match reviewed {
        Some(reviewed) => (Saved::decode_reviewed(&bytes, reviewed)?, reviewed),
        None => Saved::decode(&bytes)?,
    };
    let name = format!("{}:stack.yaml", path.display());
    let file = config::parse(&name, &saved.stack_file)?;
    let (scope, planned) = (session::scope(&file), &saved.manifest.scope);
    if scope != *planned {
        let named = |Scope { stack, account, region }: &Scope| format!("{stack} in {account}, {region}");
        let why = format!("it is of {}, and the plan of {}", named(&scope), named(planned));
        return Err(BrokenPlan::Member { member: "stack.yaml".to_owned(), why }.into());
    }
    Ok((saved, file, digest))
}
