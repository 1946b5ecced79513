//! Fleets: the stack's template for a stack set, and what a plan of the set does in its targets.
//!
//! A fleet's stack declares one resource, the stack set. Plan, lock, record, history and teardown are those of every stack;
//! CloudFormation does the work in the accounts. See `docs/decisions/fleets-are-stack-sets.md`.

mod expand;
mod status;

use miette::miette;
use sha2::{Digest as _, Sha256};

use super::error::Refused;
use super::session::scope;
use crate::cloudformation::{Template, portable, synth_target};
use crate::graph::Graph;
use crate::model::{INLINE_TEMPLATE, Scope};
use crate::stack;
use crate::stack::config::{Fleet, FleetTarget, StackFile};
use crate::stack::domain::Zone;
use crate::stack::handlers::PackageDigests;
use crate::stack::names;

pub(super) use expand::{expand, refuses};
pub use status::{FleetStatus, status};

/// What a stack file declares with these deployment packages: a stack, or the stack set of a fleet.
///
/// # Errors
/// When the declarations refer to each other in a circle, or no template is right for all targets of the fleet.
pub(super) fn graph_of(
    file: &StackFile,
    code: &PackageDigests,
    zone: Option<&Zone>,
) -> miette::Result<Graph> {
    let Some(fleet) = &file.fleet else { return Ok(Graph::new(stack::declare(file, code, zone))?) };
    let template = template(file, fleet, code)?;
    Ok(Graph::new(stack::fleet::declare(file, fleet, &template.body))?)
}

/// The template that every target of a fleet gets.
///
/// # Errors
/// When no template is right for all targets.
pub(super) fn template(file: &StackFile, fleet: &Fleet, code: &PackageDigests) -> miette::Result<Template> {
    let target = |sample: StackFile| {
        let scope = scope(&sample);
        let graph = Graph::new(stack::declare(&sample, code, None))?;
        // Lambda takes code from a bucket of its region, in the account of the stack set.
        let packages = Scope { account: file.account.to_string(), ..scope.clone() };
        let templates = synth_target(&scope, &graph, &packages)?;
        Ok::<_, miette::Report>((scope, templates))
    };
    let targets: Vec<_> = fleet.samples(file).into_iter().map(target).collect::<Result<_, _>>()?;
    Ok(portable(targets)?)
}

/// The template of a fleet's stack set and its SHA-256, if no call takes it as text. The adapter names it by its URL.
pub(super) fn long_template(graph: &Graph) -> Option<(String, &str)> {
    let set = graph.get(&names::FLEET.address())?;
    let text = set.properties["TemplateBody"].as_str().filter(|text| text.len() > INLINE_TEMPLATE)?;
    Some((hex::encode(Sha256::digest(text)), text))
}

/// Passes unless the stack is a fleet: the command has no meaning for one, or for one of its targets.
pub(super) fn is_no_fleet(file: &StackFile, command: &str) -> Result<(), Refused> {
    if file.fleet.is_none() {
        return Ok(());
    }
    let message = format!("`{command}` works with one stack, and {} is a fleet", file.stack);
    Err(Refused::new(message, "CloudFormation has the stacks of a fleet: `provision status` shows them"))
}

/// The stack file of a command that works with one stack: the file itself, or that of the target of its fleet.
pub(super) fn one_stack(
    file: &StackFile,
    target: Option<&FleetTarget>,
    command: &str,
) -> miette::Result<StackFile> {
    let (fleet, target) = match (&file.fleet, target) {
        (None, None) => return Ok(file.clone()),
        (None, Some(_)) => {
            return Err(miette!(
                help = "leave out `--target`",
                "the stack file has no `fleet`, so it has no targets"
            ));
        }
        (Some(_), None) => {
            let message = format!("`{command}` works with one stack, and {} is a fleet", file.stack);
            let help =
                "name one of its targets, `--target ACCOUNT/REGION`, and use credentials of that account";
            return Err(Refused::new(message, help).into());
        }
        (Some(fleet), Some(target)) => (fleet, target),
    };
    let FleetTarget { account, region } = target;
    fleet.target(file, account, *region).ok_or_else(|| {
        miette!(
            help = "`fleet` in the stack file lists its accounts and regions",
            "fleet {} is not in {account}/{region}",
            file.stack
        )
    })
}
