//! The move to CloudFormation: its stacks import the live resources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Move, importable};
use crate::aws::{Context, Error, Result};
use crate::cloudformation::{Outside, Template, synth_without};
use crate::deploy::{self, ChangeAction, ChangeSetRequest, Identified, Phase, SetKind};
use crate::model::Address;
use crate::ops::engine::{CloudFormation, HeldStack, failed, forget, parameters, set_name, template_text};

/// Imports everything that CloudFormation can import, template by template, in the order of deployment.
pub(super) async fn take(
    moving: &Move<'_>,
    engine: &CloudFormation,
    cancel: &CancellationToken,
) -> miette::Result<()> {
    let outside = outside(moving);
    let templates = synth_without(moving.account.scope(), moving.graph, &outside)?;
    let mut outputs: BTreeMap<String, String> =
        moving.stacks.iter().flat_map(|held| held.seen.outputs.clone()).collect();
    for template in &templates {
        let cx = moving.account.regions.context(&template.region);
        let cx = cx.working(Arc::new(|_: &str| {}), cancel.clone());
        let held = moving.stacks.get(&template.name);
        import(moving, engine, &cx, (template, held), &outputs).await?;
        outputs.extend(settle(moving, engine, &cx, template, &outputs).await?);
    }
    Ok(())
}

/// What is live and not to be in a template: what CloudFormation cannot import and does not have already.
fn outside(moving: &Move<'_>) -> Outside {
    let live = moving.state.snapshot.live.iter().filter(|(address, live)| {
        let declared = moving.graph.get(address);
        let imported = declared.is_some_and(|one| importable(address, &one.kind, live).is_ok());
        !imported && moving.stacks.holder(address).is_none()
    });
    live.map(|(address, live)| (address.clone(), live.outputs.clone())).collect()
}

/// Imports those resources of a template that its stack does not have yet.
async fn import(
    moving: &Move<'_>,
    engine: &CloudFormation,
    cx: &Context,
    (template, held): (&Template, Option<&HeldStack>),
    outputs: &BTreeMap<String, String>,
) -> Result<()> {
    let has = |address: &Address| held.is_some_and(|held| held.has(address));
    let is_live = |address: &Address| moving.state.snapshot.live.contains_key(address);
    let missing: BTreeSet<&Address> =
        template.members.values().filter(|address| is_live(address) && !has(address)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let identified = missing.iter().filter_map(|address| {
        let (declaration, live) = (moving.graph.get(address)?, moving.state.snapshot.live.get(address)?);
        let found = importable(address, &declaration.kind, live).ok()?;
        Some(Identified {
            logical_id: found.logical_resource_id,
            kind: found.resource_type,
            identifier: found.resource_identifier,
        })
    });
    let identified: Vec<Identified> = identified.collect();
    let kept = |address: &Address| missing.contains(address);
    let mut imported = template.clone().only(&kept).with_deletion_policy("Delete").without_outputs();
    let mut values = parameters(&imported, outputs)?;
    if let Some(held) = held.filter(|held| held.phase() == Phase::Steady) {
        // What the stack has already stays exactly as it was deployed.
        let mut current = deploy::template(cx, &held.seen.name).await?;
        for section in ["Resources", "Parameters"] {
            let added = imported.body[section].as_object().cloned().unwrap_or_default();
            let known = current[section].as_object().cloned().unwrap_or_default();
            let both: serde_json::Map<_, _> = known.into_iter().chain(added).collect();
            if !both.is_empty() {
                current[section] = both.into();
            }
        }
        imported.body = current;
        values.extend(held.seen.parameters.clone());
    }
    let name = set_name();
    let request = ChangeSetRequest {
        stack: &template.name,
        name: &name,
        kind: SetKind::Import(identified),
        template: template_text(moving.account, &imported).await?,
        parameters: values,
        tags: engine.tags().clone(),
        role: engine.role(),
    };
    match proposed(cx, request).await {
        Ok(Some(set)) => run(cx, &set, &name).await,
        Ok(None) => Ok(()),
        Err(error) => {
            // The first change set of a stack leaves the stack, which nothing else would remove.
            forget(cx, &template.name, engine.role()).await;
            let hint = "no resource was changed: mend that, then run the command again";
            Err(Error { hint: error.hint.or_else(|| Some(hint.to_owned())), ..error })
        }
    }
}

/// Makes the change set of an import. One that does anything else is discarded.
async fn proposed(cx: &Context, request: ChangeSetRequest<'_>) -> Result<Option<deploy::ChangeSet>> {
    let Some(set) = deploy::prepare(cx, request).await? else { return Ok(None) };
    let Some(other) = set.changes.iter().find(|change| change.action != ChangeAction::Import) else {
        return Ok(Some(set));
    };
    deploy::discard(cx, &set.id).await?;
    let text = format!("CloudFormation would change {} ({}) while it imports", other.logical_id, other.kind);
    Err(Error::unexpected("cloudformation:CreateChangeSet", text))
}

/// Deploys a template as the engine does from now on: with its outputs and protected as the stack file says. No resource
/// changes by it.
async fn settle(
    moving: &Move<'_>,
    engine: &CloudFormation,
    cx: &Context,
    template: &Template,
    outputs: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let name = set_name();
    let request = ChangeSetRequest {
        stack: &template.name,
        name: &name,
        kind: SetKind::Update { reverts_drift: false },
        template: template_text(moving.account, template).await?,
        parameters: parameters(template, outputs)?,
        tags: engine.tags().clone(),
        role: engine.role(),
    };
    if let Some(set) = deploy::prepare(cx, request).await? {
        let touches = |change: &&deploy::ResourceChange| {
            !matches!(
                change.action,
                ChangeAction::Modify(deploy::Replacement::Never | deploy::Replacement::Maybe)
                    | ChangeAction::Sync
            )
        };
        if let Some(other) = set.changes.iter().find(touches) {
            deploy::discard(cx, &set.id).await?;
            let text =
                format!("CloudFormation would not only take over {} ({})", other.logical_id, other.kind);
            return Err(Error::unexpected("cloudformation:CreateChangeSet", text));
        }
        run(cx, &set, &name).await?;
    }
    let seen = deploy::look(cx, &template.name).await?;
    let seen = seen.ok_or_else(|| Error::missing("cloudformation:DescribeStacks", "stack"))?;
    engine.protect(cx, moving.graph, template, &seen).await?;
    Ok(seen.outputs)
}

/// Executes a change set and waits for its end.
pub(super) async fn run(cx: &Context, set: &deploy::ChangeSet, token: &str) -> Result<()> {
    let since = deploy::newest(cx, &set.stack_id).await?;
    deploy::execute(cx, set, token).await?;
    let end = deploy::follow(cx, &set.stack_id, &since, &|_| {}).await?;
    match end.stack.status.phase() {
        Phase::Steady if end.is_success() => Ok(()),
        _ => Err(failed(&end)),
    }
}
