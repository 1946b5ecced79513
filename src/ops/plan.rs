//! Plan: what apply would do to one stack, and whether it would refuse.

use std::path::Path;
use std::sync::Arc;

use super::key;
use super::protected;
use super::session::{Session, first};
use super::source::{self, SavedPlan};
use super::ui::Ui;
use crate::graph::Graph;
use crate::plan::check::{Permits, check};
use crate::resource::cloudfront::Holder;
use crate::review::Review;
use crate::stack::{domain, names};

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

/// What a plan may do in addition to what is always safe.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlanWishes {
    /// Adopt existing untagged resources that have the same name.
    pub adopt: bool,
    /// Take the stack's name from another distribution.
    pub move_name: bool,
}

/// Plans the stack that the file at `path` declares, and saves the plan to `out` if apply would not refuse it.
///
/// # Errors
/// When the stack file cannot be used, the account cannot be read completely, or the plan cannot be saved.
pub async fn plan(
    path: &Path,
    PlanWishes { adopt, move_name }: PlanWishes,
    out: Option<&Path>,
    ui: &Arc<dyn Ui>,
) -> miette::Result<Planned> {
    let session = Session::begin(path, ui).await?;
    let mut session = if move_name { session.taking_name() } else { session };
    let reads = async {
        let planned = session.planned().await?;
        Ok((planned, if move_name { session.other_holder().await? } else { None }))
    };
    let (by, ((stack, plan, state), holder)) = first(session.caller(), reads).await?;
    session.account.by = by;
    let key = key::refusal(&session.account, &stack.graph, &state, ui.as_ref()).await?;
    let mut review = session.account.review(&stack.graph, &plan, &state);
    let safe = check(&plan, Permits { adopt, move_name, lose_data: false }, &names::region_in)
        .map_err(miette::Report::new);
    let safe = safe.and_then(|()| Ok(protected::check(&session.file, &review)?));
    let safe = safe.and_then(|()| key.map_or(Ok(()), |refused| Err(refused.into())));
    let saved = match (&safe, out) {
        (Ok(()), Some(out)) => Some(source::save(out, &session, &stack, &plan, adopt)?),
        _ => None,
    };
    review.notes.extend(holder.and_then(|holder| moves(&session, &holder)));
    review.saved = saved.as_ref().map(|saved| saved.digest.to_string());
    Ok(Planned { review, graph: stack.graph, refused: safe.err(), saved })
}

/// How the name moves, for a reviewer.
fn moves(session: &Session, holder: &Holder) -> Option<String> {
    let name = &session.file.domain.as_ref()?.name;
    let held = domain::held(name, holder, session.stack())?;
    Some(format!(
        "{held}: `apply --move-name` makes everything but the name, waits until every edge knows this stack's distribution, \
         moves the name to it in one step, and then changes the records"
    ))
}
