//! The move to the direct engine: CloudFormation lets every resource go.

use std::sync::Arc;

use serde_json::{Value, json};

use tokio_util::sync::CancellationToken;

use super::Move;
use super::take::run;
use crate::aws::{Context, Error, Result};
use crate::deploy::{self, ChangeSetRequest, Deletion, Phase, SetKind};
use crate::ops::engine::{CloudFormation, HeldStack, failed, put_text, set_name};

/// Releases the resources of every CloudFormation stack, the last stack first, and deletes the stacks.
pub(super) async fn release(
    moving: &Move<'_>,
    engine: &CloudFormation,
    cancel: &CancellationToken,
) -> miette::Result<()> {
    for held in moving.stacks.iter().rev() {
        let cx = moving.account.regions.context(&held.seen.region);
        let cx = cx.working(Arc::new(|_: &str| {}), cancel.clone());
        if held.phase() == Phase::Steady && !held.members.is_empty() {
            retain_all(moving, engine, &cx, held).await?;
        }
        delete(engine, &cx, held).await?;
    }
    Ok(())
}

/// Deploys the stack's own template again, in which every resource is retained.
async fn retain_all(
    moving: &Move<'_>,
    engine: &CloudFormation,
    cx: &Context,
    held: &HeldStack,
) -> Result<()> {
    let mut template = deploy::template(cx, &held.seen.name).await?;
    if is_retained(&template) {
        return Ok(());
    }
    for resource in resources(&mut template) {
        resource["DeletionPolicy"] = json!("Retain");
        resource["UpdateReplacePolicy"] = json!("Retain");
    }
    let name = set_name();
    let request = ChangeSetRequest {
        stack: &held.seen.name,
        name: &name,
        kind: SetKind::Update { reverts_drift: false },
        template: put_text(moving.account, template.to_string()).await?,
        parameters: held.seen.parameters.clone(),
        tags: held.seen.tags.clone(),
        role: engine.role(),
    };
    match deploy::prepare(cx, request).await? {
        Some(set) => {
            let touched = set.changes.iter().find(|change| !change.properties.is_empty());
            if let Some(touched) = touched {
                deploy::discard(cx, &set.id).await?;
                let text = format!("CloudFormation would change {} while it lets it go", touched.logical_id);
                return Err(Error::unexpected("cloudformation:CreateChangeSet", text));
            }
            run(cx, &set, &name).await
        }
        None => Ok(()),
    }
}

/// Deletes a stack, if its template retains every resource. One that has none may have no template: its import failed.
async fn delete(engine: &CloudFormation, cx: &Context, held: &HeldStack) -> Result<()> {
    if !held.members.is_empty() {
        let template = deploy::template(cx, &held.seen.name).await?;
        if !is_retained(&template) {
            let text = format!(
                "the template of {} does not retain every resource, so it was not deleted",
                held.seen.name
            );
            return Err(Error::unexpected("cloudformation:DeleteStack", text));
        }
    }
    if held.seen.protected {
        deploy::protect(cx, &held.seen.name, false).await?;
    }
    let since = deploy::newest(cx, &held.seen.id).await?;
    let how = Deletion { role: engine.role(), retain: Vec::new(), token: set_name() };
    deploy::delete(cx, &held.seen.id, how).await?;
    let end = deploy::follow(cx, &held.seen.id, &since, &|_| {}).await?;
    if end.is_success() { Ok(()) } else { Err(failed(&end)) }
}

fn resources(template: &mut Value) -> impl Iterator<Item = &mut Value> {
    template["Resources"].as_object_mut().into_iter().flat_map(|all| all.values_mut())
}

/// Whether the deletion of a stack with this template leaves every resource.
fn is_retained(template: &Value) -> bool {
    let resources = template["Resources"].as_object();
    resources.is_some_and(|all| all.values().all(|resource| resource["DeletionPolicy"] == "Retain"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_that_says_nothing_retains_nothing() {
        let retain = json!({ "Type": "A", "DeletionPolicy": "Retain" });
        assert!(is_retained(&json!({ "Resources": { "A": retain, "B": retain } })));
        for other in [json!({ "Type": "A" }), json!({ "DeletionPolicy": "RetainExceptOnCreate" })] {
            assert!(!is_retained(&json!({ "Resources": { "A": retain, "B": other } })));
        }
        assert!(!is_retained(&json!({})));
    }
}
