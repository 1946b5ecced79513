//! Plan: what apply would do to one stack, and whether it would refuse.

use std::path::Path;
use std::sync::Arc;

use super::key;
use super::protected;
use super::session::Session;
use super::source::{self, SavedPlan};
use super::ui::Ui;
use crate::graph::Graph;
use crate::plan::check::{Permits, check};
use crate::review::Review;
use crate::stack::names;

/// A stack's plan.
pub struct Planned {
    /// The plan as reviewers read it.
    pub review: Review,
    /// The declarations.
    pub graph: Graph,
    /// Why apply would refuse the plan, if it would.
    pub refused: Option<miette::Report>,
    /// The file that the plan was saved to, if that was asked for and the plan is not refused.
    pub saved: Option<SavedPlan>,
}

/// Plans the stack that the file at `path` declares, and saves the plan to `out` if apply would not refuse it.
///
/// # Errors
/// When the stack file cannot be used, the account cannot be read completely, or the plan cannot be saved.
pub async fn plan(path: &Path, adopt: bool, out: Option<&Path>, ui: &Arc<dyn Ui>) -> miette::Result<Planned> {
    let reads = async |session: &Session| session.planned().await;
    let (session, (stack, plan, state)) = Session::open_and(path, ui, reads).await?;
    let key = key::refusal(&session.account, &stack.graph, &state, ui.as_ref()).await?;
    let mut review = session.account.review(&stack.graph, &plan, &state);
    let safe =
        check(&plan, Permits { adopt, lose_data: false }, &names::region_in).map_err(miette::Report::new);
    let safe = safe.and_then(|()| Ok(protected::check(&session.file, &review)?));
    let safe = safe.and_then(|()| key.map_or(Ok(()), |refused| Err(refused.into())));
    let saved = match (&safe, out) {
        (Ok(()), Some(out)) => Some(source::save(out, &session, &stack, &plan, adopt)?),
        _ => None,
    };
    review.saved = saved.as_ref().map(|saved| saved.digest.to_string());
    Ok(Planned { review, graph: stack.graph, refused: safe.err(), saved })
}
