//! Synth: the stack as CloudFormation templates, offline.

use std::path::Path;

use miette::miette;

use super::bundle::{StackHandlers, digests};
use super::fleet;
use super::session::scope;
use super::ui::Ui;
use crate::cloudformation;
use crate::graph::Graph;
use crate::stack;
use crate::stack::config::{self, StackFile};
use crate::stack::domain::Zone;

pub use crate::cloudformation::Template;

/// The templates of the stack that the file at `path` declares, in the order in which they are deployed. `zone_id` is the id of the
/// hosted zone of its domain, which only AWS knows.
///
/// # Errors
/// When the stack file cannot be used, a handler cannot be built, or the zone's id is missing.
pub async fn synth(path: &Path, zone_id: Option<String>, ui: &dyn Ui) -> miette::Result<Vec<Template>> {
    let file = config::load(path)?;
    let zone = zone(&file, zone_id)?;
    if let Some(alias) = file.encryption.as_ref().and_then(|encryption| encryption.kms_key.alias()) {
        let lookup = format!("aws kms describe-key --key-id {alias}");
        return Err(miette!(
            help = format!("write the key's ARN in the stack file: `{lookup}` says it"),
            "the templates need the ARN of {alias}, and synth asks AWS for nothing"
        ));
    }
    let code = digests(&StackHandlers::of(&file)?.build(ui).await?)?;
    if let Some(fleet) = &file.fleet {
        return Ok(vec![fleet::template(&file, fleet, &code)?]);
    }
    let graph = Graph::new(stack::declare(&file, &code, zone.as_ref()))?;
    Ok(cloudformation::synth(&scope(&file), &graph)?)
}

/// Passes if the records of the stack's name are in its own account.
pub(super) fn own_zone(file: &StackFile) -> miette::Result<()> {
    let Some(role) = file.domain.as_ref().and_then(|domain| domain.zone_role.as_ref()) else { return Ok(()) };
    Err(miette!(
        help = "leave out `zone` and `zone_role`, and set `domain.certificate`: `provision outputs` prints the records \
                to set",
        "the hosted zone is in another account ({role}), and CloudFormation writes records only in the account that \
         it runs in"
    ))
}

/// The hosted zone of the stack's domain, if it has one.
fn zone(file: &StackFile, id: Option<String>) -> miette::Result<Option<Zone>> {
    own_zone(file)?;
    let domain = file.domain.as_ref();
    match (domain.and_then(|domain| domain.zone.as_ref()), id) {
        (None, None) => Ok(None),
        (Some(_), Some(id)) => Ok(Some(Zone { id })),
        (None, Some(_)) => Err(miette!(help = "leave out --zone-id", "the stack has no hosted zone")),
        (Some(zone), None) => {
            let lookup = format!("aws route53 list-hosted-zones-by-name --dns-name {zone}");
            Err(miette!(
                help = format!("add --zone-id with what `{lookup}` says"),
                "the templates need the id of the hosted zone {zone}, and synth asks AWS for nothing"
            ))
        }
    }
}
