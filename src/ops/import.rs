//! Import: what of the account an apply with `--adopt` would adopt, at which address, and why not. It only reads.

use std::path::Path;
use std::sync::Arc;

use super::error::Refused;
use super::fleet::is_no_fleet;
use super::key;
use super::protected;
use super::session::Session;
use super::ui::Ui;
use crate::plan::check::{Permits, Refusal, UnsafePlan, check};
use crate::review::{self, Import, ImportVerdict};
use crate::stack::names;

/// What exists of a stack.
pub struct Imported {
    /// What becomes of each resource.
    pub import: Import,
    /// Why an apply with `--adopt` would be refused, if it would.
    pub refused: Option<miette::Report>,
}

/// Looks at what exists of the stack that the file at `path` declares. Whatever a plan with `--adopt` would refuse is part
/// of the result.
///
/// # Errors
/// When the stack file cannot be used, or the account cannot be read completely.
pub async fn import(path: &Path, ui: &Arc<dyn Ui>) -> miette::Result<Imported> {
    let reads = async |session: &Session| {
        is_no_fleet(&session.file, "import")?;
        session.planned().await
    };
    let (session, (stack, plan, state)) = Session::open_and(path, ui, reads).await?;
    let key = key::refusal(&session.account, &stack.graph, &state, ui.as_ref()).await?;
    let review = session.account.review(&stack.graph, &plan, &state);
    let safe =
        check(&plan, Permits { adopt: true, lose_data: false, ..Permits::default() }, &names::region_in);
    let refusals = safe.err().map(|found| found.refusals).unwrap_or_default();
    let import = review::import(&stack.graph, &state.snapshot.live, &review, &refusals);
    let listed = |refusal: &Refusal| {
        let address = refusal.address().as_str();
        import.resources.iter().any(|one| one.address == address && one.verdict == ImportVerdict::InTheWay)
    };
    let refused: Option<miette::Report> = if refusals.is_empty() {
        protected::check(&session.file, &review).err().or(key).map(miette::Report::from)
    } else if refusals.iter().all(listed) {
        Some(in_the_way(import.totals.in_the_way).into())
    } else {
        // The list does not say why something undeclared cannot be deleted.
        Some(UnsafePlan { refusals }.into())
    };
    Ok(Imported { import, refused })
}

fn in_the_way(count: usize) -> Refused {
    let what = if count == 1 { "a resource is".to_owned() } else { format!("{count} resources are") };
    let message = format!("{what} in the way, so `apply --adopt` would change nothing");
    Refused::new(message, "do what the list says, and run this again")
}
