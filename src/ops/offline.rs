//! Declarations without an account: what a stack file declares, and how it differs from another declaration.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use miette::Diagnostic;

use super::error::Refused;
use super::{chosen, fleet, protected, session};
use crate::graph::Graph;
use crate::model::{
    Contents, Declaration, Guard, Live, Mark, Orphan, Outputs, Ownership, Readiness, Scope, Snapshot, resolve,
};
use crate::plan;
use crate::resource::registry;
use crate::review::{self, Against, Applied, Review};
use crate::stack::config::{self, StackFile};
use crate::stack::domain::Zone;
use crate::stack::handlers::PackageDigests;

/// The base cannot be read from the repository.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{base} is neither a file nor a revision that has {}", path.display())]
#[diagnostic(help("git says: {said}"))]
struct NoBase {
    base: String,
    path: PathBuf,
    said: String,
}

/// What a stack file declares. Placeholders stand for what only an account or a build knows: the id of the hosted zone, and the
/// digests of the handlers' code.
///
/// # Errors
/// When the stack file cannot be used.
pub fn graph(path: &Path) -> miette::Result<Graph> {
    let file = chosen::load(path)?;
    match &file.fleet {
        // What each target has says more than that there is a stack set.
        Some(fleet) => declared(&StackFile { region: fleet.regions[0], fleet: None, ..file.clone() }),
        None => declared(&file),
    }
}

fn declared(file: &StackFile) -> miette::Result<Graph> {
    let code = PackageDigests::default();
    let zone = file.domain.as_ref().and_then(|domain| domain.zone.as_ref());
    let zone = zone.map(|zone| Zone { id: format!("(the zone {zone})") });
    fleet::graph_of(file, &code, zone.as_ref())
}

/// How a stack file differs from a base: another file, or itself at a git revision. Where the two describe stacks of
/// different names, accounts or regions, the base is read as if it described this one, and the review says so. Also returns what
/// `protected` forbids, but not when the two files describe different stacks.
///
/// # Errors
/// When either declaration cannot be read.
pub fn compare(path: &Path, base: &str) -> miette::Result<(Review, Option<Refused>)> {
    let head = chosen::load(path)?;
    let former = load_base(path, base)?;
    let (notes, is_one) = (notes(&head, &former), identity(&head) == identity(&former));
    let aligned =
        StackFile { stack: head.stack.clone(), account: head.account.clone(), region: head.region, ..former };
    let (head_graph, base_graph, scope) = (declared(&head)?, declared(&aligned)?, session::scope(&head));
    let compared =
        Comparison { scope: &scope, head: &head_graph, base: &base_graph, guarded: Contents::Nothing };
    let mut review = compared.review(Against::Declaration(base.to_owned()));
    review.notes.extend(notes);
    let refused = if is_one { protected::check(&head, &review).err() } else { None };
    Ok((review, refused))
}

/// What tells one stack from another.
fn identity(file: &StackFile) -> [(&'static str, String); 3] {
    [
        ("stack", file.stack.to_string()),
        ("account", file.account.to_string()),
        ("region", file.region.to_string()),
    ]
}

/// What a comparison does not show.
fn notes(head: &StackFile, base: &StackFile) -> Vec<String> {
    let mut notes = vec!["the handlers' code and the live account are not compared".to_owned()];
    let pairs = identity(base).into_iter().zip(identity(head));
    for ((what, before), (_, after)) in pairs.filter(|(before, after)| before != after) {
        notes.push(format!("{what} {before} is compared as if it were {after}: they are different stacks"));
    }
    notes
}

/// The base as a stack file: a file where there is one of that name, else the stack file itself at that revision.
fn load_base(path: &Path, base: &str) -> miette::Result<StackFile> {
    let file = Path::new(base);
    if file.is_file() {
        return Ok(config::load(file)?);
    }
    let show = |path: &Path| show(base, path).map_err(io::Error::other);
    let text = show(path).map_err(|error| NoBase {
        base: base.to_owned(),
        path: path.to_owned(),
        said: error.to_string(),
    })?;
    Ok(config::load_text(&format!("{}@{base}", path.display()), &text, path, &show)?)
}

/// A file as git has it at a revision, or what git says.
fn show(revision: &str, path: &Path) -> Result<String, String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(["show", "--end-of-options", &format!("{revision}:./{name}")]);
    let output = git.output().map_err(|error| format!("git cannot be started: {error}"))?;
    if output.status.success() {
        return String::from_utf8(output.stdout).map_err(|_| format!("{} is not UTF-8", path.display()));
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// Two declarations: what the base declares is taken for live.
pub(super) struct Comparison<'a> {
    pub(super) scope: &'a Scope,
    pub(super) head: &'a Graph,
    pub(super) base: &'a Graph,
    /// What resources hold that may hold data.
    pub(super) guarded: Contents,
}

impl Comparison<'_> {
    /// The review of a plan from the base to the head.
    pub(super) fn review(&self, against: Against) -> Review {
        let Self { scope, head, base, .. } = self;
        let rules = |kind: &_| session::rules(registry(), kind);
        let (both, gone): (Vec<&Declaration>, Vec<&Declaration>) =
            base.in_order().partition(|declaration| head.get(&declaration.address).is_some());
        let orphans = gone.into_iter().map(|declaration| Orphan {
            address: declaration.address.clone(),
            kind: declaration.kind.clone(),
            region: declaration.region.clone(),
            live: self.seen(declaration),
            by_hand: false,
        });
        let live = both.iter().map(|declaration| (declaration.address.clone(), self.seen(declaration)));
        let snapshot = Snapshot { live: live.collect(), orphans: orphans.collect() };
        let applied: Applied = base
            .in_order()
            .map(|declaration| (declaration.address.clone(), declaration.properties.clone()))
            .collect();
        let plan = plan::plan(scope, head, &snapshot, &rules);
        let mut review = review::review(&plan, head, against, Some(&applied), &rules);
        fleet::expand(&mut review, &plan);
        review
    }

    fn seen(&self, declaration: &Declaration) -> Live {
        let rules = session::rules(registry(), &declaration.kind);
        Live {
            id: review::name(&declaration.properties).unwrap_or_else(|| declaration.address.to_string()),
            properties: (rules.normal)(&resolve(&declaration.properties, &|_| None)),
            outputs: Outputs::new(),
            ownership: Ownership::Marked(Mark {
                stack: self.scope.stack.clone(),
                address: declaration.address.clone(),
            }),
            readiness: Readiness::Ready,
            contents: if declaration.guard == Guard::Data { self.guarded } else { Contents::Nothing },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stacks(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks").join(name)
    }

    #[test]
    fn a_stack_file_does_not_differ_from_itself() {
        for name in ["local.yaml", "staging.yaml", "production.yaml"] {
            let path = stacks(name);
            let (review, _) = compare(&path, path.to_str().unwrap()).unwrap();
            assert!(review.is_empty(), "{review:#?}");
            assert_eq!(review.totals.unchanged, graph(&path).unwrap().len());
        }
    }
}
