//! Moving a name from another distribution to the stack's, without a moment in which nobody has it.
//!
//! An apply makes everything but the name first, and waits until every edge knows the stack's distribution. A second apply
//! takes the name in one call and changes its records. Whatever ends a run in between, the same command continues there.

use std::sync::Arc;

use miette::miette;

use super::apply::{Applied, ApplyOptions, ApplyRequest, PlannedApply};
use super::session::Session;
use super::ui::{Notice, Ui};
use crate::resource::cloudfront::{self, Holder};
use crate::stack::config::Domain;
use crate::stack::domain;

/// Which part of moving a name an apply does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameMove {
    /// None: it takes no name that another distribution has.
    #[default]
    No,
    /// Everything but the name.
    Before,
    /// The name and its records.
    Take,
}

impl NameMove {
    /// A session for this part.
    pub(super) fn of(self, session: Session) -> Session {
        match self {
            Self::No => session,
            Self::Before => session.without_name(),
            Self::Take => session.taking_name(),
        }
    }
}

impl Session {
    /// The same session, in which the stack leaves its name to whoever has it.
    pub(super) fn without_name(mut self) -> Self {
        if let Some(domain) = &mut self.file.domain {
            domain.alias = false;
        }
        // They may lead here already: viewers need them.
        self.account.keeps_records = true;
        self
    }

    /// The same session, in which the stack may take its name from another distribution.
    pub(super) fn taking_name(mut self) -> Self {
        if let Some(domain) = &self.file.domain {
            self.account.regions.allow_taking(&domain.name);
        }
        self.takes_name = true;
        self
    }

    /// Whether the stack may take its name from another distribution.
    pub(super) fn takes_name(&self) -> bool {
        self.takes_name
    }

    /// The distribution that has the stack's name, if it is not the stack's own.
    pub(super) async fn other_holder(&self) -> miette::Result<Option<Holder>> {
        let Some(domain) = &self.file.domain else { return Ok(None) };
        let found = cloudfront::holder_of(&self.account.regions.home(), &domain.name).await?;
        Ok(found.filter(|holder| !holder.ownership.is_of(self.stack())))
    }
}

/// Applies everything but the name, unless the stack has its name. `None` if it has: then only records are left.
///
/// # Errors
/// When the stack has no name to move, or those of an apply.
pub async fn apply_before_name(
    request: ApplyRequest<'_>,
    options: ApplyOptions,
    ui: &Arc<dyn Ui>,
    accepts: impl FnOnce(&Session) -> miette::Result<()>,
) -> miette::Result<Option<Applied>> {
    if !super::source::is_plan(request.path) {
        let session = Session::open(request.path, ui).await?;
        let (name, has_it) = told(&session, ui.as_ref()).await?;
        if has_it {
            ui.notice(Notice::MovesName(&format!("the stack has {name} already")));
            return Ok(None);
        }
    }
    let request = ApplyRequest { name: NameMove::Before, ..request };
    let applied = PlannedApply::open(request, options, ui, accepts).await?.carry_out().await?;
    ui.notice(Notice::MovesName("now the name and its records"));
    Ok(Some(applied))
}

/// Tells who has the name. Returns the name, and whether the stack has it.
async fn told(session: &Session, ui: &dyn Ui) -> miette::Result<(String, bool)> {
    let Some(Domain { name, alias: true, .. }) = &session.file.domain else {
        let help = "set `domain.name`, and remove `domain.alias`";
        return Err(miette!(help = help, "the stack file declares no name that could be moved here"));
    };
    let found = cloudfront::holder_of(&session.account.regions.home(), name).await?;
    let has_it = found.as_ref().is_some_and(|holder| holder.ownership.is_of(session.stack()));
    if !has_it {
        let held = found.and_then(|holder| domain::held(name, &holder, session.stack()));
        let who = held
            .map_or_else(|| format!("no distribution of this account has {name}"), |held| held.to_string());
        let text = format!(
            "{who}\nfirst everything but the name; it moves when every edge knows this stack's distribution"
        );
        ui.notice(Notice::MovesName(&text));
    }
    Ok((name.clone(), has_it))
}
