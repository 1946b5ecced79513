//! Renews a function's access to its own variables after its role was deleted and created again.
//!
//! Lambda reads the variables through a KMS grant to the role's unique id. A new role of the same name has another id and
//! no grant, so every invocation fails before the function starts. Lambda makes a grant only when the function gets
//! another role (AWS re:Post, "How do I resolve KMSAccessDeniedException errors from AWS Lambda?"). So the function gets
//! the role of another function of the stack for a moment, and then its own again.
//!
//! The variable [`ROLE_ID`] says for which role the grant is. It is written together with the role, by the last call. A
//! run that ends between the calls leaves a role that is not the declared one, or a former id: the next plan shows it.

use super::Function;
use crate::aws::{Context, Patience, Poll, Result, until};
use crate::model::StringExpr;
use crate::resource::Resource;

/// The variable with the unique id of the function's role.
pub const ROLE_ID: &str = "ROLE_ID";

impl Function {
    fn role_id(&self) -> Option<&StringExpr> {
        self.environment.variables.get(ROLE_ID)
    }

    /// Whether the grant is for a former role of the same name.
    pub(super) fn needs_regrant(&self, seen: &Self) -> bool {
        self.role == seen.role && self.role_id().is_some() && self.role_id() != seen.role_id()
    }

    /// Sets another role, and then the own role with everything else that differs.
    pub(super) async fn regrant(&self, cx: &Context, seen: &Self) -> Result<()> {
        let lent = Self { role: self.borrowed_role(cx).await?, ..seen.clone() };
        lent.update_configuration(cx, seen).await?;
        Self::updated(cx, &self.function_name).await?;
        self.update_configuration(cx, &lent).await
    }

    /// The role of another function of the stack, if it is one of the stack: somebody may have given that function a
    /// stronger one. The same run may be creating that function, or lending it this role.
    async fn borrowed_role(&self, cx: &Context) -> Result<StringExpr> {
        let own_role = self.role.text();
        // All roles of a stack are on the path of this one.
        let path = &own_role[..own_role.rfind('/').map_or(0, |slash| slash + 1)];
        let own = format!("{path}{}-", cx.scope.stack);
        let is_own = |role: &StringExpr| role.known().is_some_and(|role| role.starts_with(&own));
        until(cx, "lambda:ListFunctions", Patience::SECONDS, || async {
            for (name, _) in Self::list_owned(cx).await? {
                if let Some(other) = Self::observe(cx, &name).await?
                    && other.properties.role != self.role
                    && is_own(&other.properties.role)
                {
                    return Ok(Poll::Done(other.properties.role));
                }
            }
            Ok(Poll::Pending(format!(
                "waiting for another function's role, which {} needs for a moment because its own was created again",
                self.function_name
            )))
        })
        .await
    }
}
