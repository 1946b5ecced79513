//! Export: an applied stack as the configuration of another tool, in files. Reads the account and changes nothing in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{IntoDiagnostic as _, WrapErr as _, miette};

use super::bundle::HandlerCode;
use super::chosen::argument;
use super::error::Refused;
use super::fleet::is_no_fleet;
use super::session::Session;
use super::synth;
use super::ui::Ui;
use crate::export::{self, ExportedStack, README};
use crate::plan::Plan;
use crate::stack::config::Engine;

pub use crate::export::ExportTarget;

/// An export in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Where to begin.
    pub readme: PathBuf,
    /// All files, in the order in which they were written.
    pub files: Vec<PathBuf>,
    /// How many resources it has.
    pub resources: usize,
}

/// Writes the stack that the file at `path` declares to `folder`, for another tool.
///
/// # Errors
/// When the folder holds something, the stack file cannot be used, CloudFormation has the stack, the account cannot be read
/// completely or is not as declared, or the target cannot express the stack.
pub async fn export(
    path: &Path,
    target: ExportTarget,
    folder: &Path,
    ui: &Arc<dyn Ui>,
) -> miette::Result<Exported> {
    must_be_empty(folder)?;
    let reads = async |session: &Session| {
        is_no_fleet(&session.file, "export")?;
        must_be_direct(session, path)?;
        if target != ExportTarget::Terraform {
            synth::own_zone(&session.file)?;
        }
        session.planned().await
    };
    let (session, (stack, plan, state)) = Session::open_and(path, ui, reads).await?;
    must_match(&session, path, &plan)?;
    let exported = ExportedStack {
        scope: session.account.scope(),
        graph: &stack.graph,
        live: &state.snapshot.live,
        kept: &plan.kept,
        code: &packages(&stack.code)?,
        zone_role: session.file.domain.as_ref().and_then(|domain| domain.zone_role.as_deref()),
    };
    let files = export::export(target, &exported)?;
    let mut written = Vec::new();
    for file in &files {
        let to = folder.join(&file.path);
        write(&to, &file.bytes).wrap_err_with(|| format!("cannot write {}", to.display()))?;
        written.push(to);
    }
    Ok(Exported { readme: folder.join(README), files: written, resources: stack.graph.len() })
}

/// The packages that are at hand, by handler. Code that a function keeps from another machine is not.
fn packages(code: &[HandlerCode]) -> miette::Result<Vec<(String, Vec<u8>)>> {
    let at_hand = code.iter().filter_map(|code| Some((code.package.handler.clone(), code.file.as_ref()?)));
    let read = |(handler, file): (String, &PathBuf)| {
        let bytes =
            fs::read(file).into_diagnostic().wrap_err_with(|| format!("cannot read {}", file.display()));
        bytes.map(|bytes| (handler, bytes))
    };
    at_hand.map(read).collect()
}

/// A folder that holds something is not written to: what is there may be somebody's work.
fn must_be_empty(folder: &Path) -> miette::Result<()> {
    let help = "name another directory, which need not exist";
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(miette!(help = help, "{} is not empty, so nothing was written", folder.display())),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(miette!(help = help, "cannot use the directory {}: {error}", folder.display())),
    }
}

/// What CloudFormation has, another tool would only seem to take over: the deletion of a stack would still delete it.
fn must_be_direct(session: &Session, path: &Path) -> Result<(), Refused> {
    if session.file.engine == Engine::Direct {
        return Ok(());
    }
    let message =
        format!("CloudFormation has the resources of stack {}, so nothing was exported", session.stack());
    let help = format!(
        "run `provision move {} --to direct` first, which changes no resource, and then export",
        argument(path)
    );
    Err(Refused::new(message, help))
}

/// An export of what is not as declared would be neither the one nor the other.
fn must_match(session: &Session, path: &Path, plan: &Plan) -> miette::Result<()> {
    if plan.is_empty() {
        return Ok(());
    }
    let totals = plan.totals();
    let changes = totals.create + totals.update + totals.replace + totals.delete;
    let differ = if changes == 1 { "differs" } else { "differ" };
    Err(miette!(
        help = format!("run `provision apply {}`, then export again", argument(path)),
        "stack {} is not as declared: {changes} of its resources {differ}, so nothing was exported",
        session.stack()
    ))
}

fn write(to: &Path, bytes: &[u8]) -> miette::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).into_diagnostic()?;
    }
    fs::write(to, bytes).into_diagnostic()
}
