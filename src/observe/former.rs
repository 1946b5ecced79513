//! The stack's former resources: those that it no longer declares.
//!
//! The record of the last apply and the tag sweep only say where to look. What is found there belongs to the stack only if
//! the account says so: by the stack's mark, or because it is a part of something that has it. A line of the record
//! proves nothing, because whoever may write the record can write any line.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::{Failure, Unreadable, collect};
use crate::aws::{self, Regions};
use crate::graph::Graph;
use crate::model::{Address, Declaration, Kind, Known, Live, Mark, Orphan, Ownership, Snapshot};
use crate::resource::{Adapter, Registry};

/// Where to look for the stack's former resources.
#[derive(Clone, Copy, Debug)]
pub enum OrphanSource<'a> {
    /// The record of the last apply.
    Record(&'a [Known]),
    /// The record, and everything with the stack's ownership tag.
    Sweep(&'a [Known]),
}

/// Resources that may belong to the stack, declared or not. It depends on no other read.
///
/// # Errors
/// When a listing fails.
pub async fn remembered(
    regions: &Regions,
    registry: &Registry,
    graph: &Graph,
    source: OrphanSource<'_>,
) -> Result<Vec<Known>, Unreadable> {
    let recorded = |known: &[Known]| {
        let known = known.iter().filter(|known| is_reachable(regions, registry, known));
        known.cloned().collect::<Vec<_>>()
    };
    Ok(match source {
        OrphanSource::Record(known) => recorded(known),
        OrphanSource::Sweep(known) => {
            let known = recorded(known);
            let declared = graph.in_order().map(|declaration| &declaration.region);
            let recorded = known.iter().map(|known| &known.region);
            let used = declared.chain(recorded).chain([&regions.scope().region]).cloned().collect();
            united(&known, sweep(regions, registry, &used).await?)
        }
    })
}

/// Whether a recorded resource is of a type and in a region that stacks use. A region becomes part of a host name. So
/// another one must not decide where signed requests are sent.
fn is_reachable(regions: &Regions, registry: &Registry, known: &Known) -> bool {
    let region = known.region.as_str();
    let used = region == regions.scope().region || registry.iter().any(|one| one.also_in() == Some(region));
    used && registry.get(&known.kind).is_some()
}

/// A former resource as it was found. It has no live state if it is gone.
struct Found<'a> {
    known: Known,
    adapter: &'a dyn Adapter,
    live: Option<Live>,
}

/// The [`remembered`] resources that belong to the stack but are not declared.
///
/// # Errors
/// When a read fails.
pub async fn orphans(
    regions: &Regions,
    registry: &Registry,
    graph: &Graph,
    live: &BTreeMap<Address, Live>,
    remembered: Vec<Known>,
) -> Result<Vec<Orphan>, Unreadable> {
    let reads = undeclared(remembered, graph, live).into_iter().map(|known| async move {
        let cx = regions.context(&known.region);
        let Some(adapter) = registry.get(&known.kind) else { return Ok(None) };
        let live = adapter.observe(&cx, &known.id).await;
        let live = live.map_err(|error| Failure { subject: known.address.to_string(), error })?;
        Ok(Some(Found { known, adapter, live }))
    });
    let found: Vec<Found<'_>> = collect(join_all(reads).await)?.into_iter().flatten().collect();
    let wholes = Wholes::of(graph, live, &found);
    let parent_id =
        |found: &Found<'_>| found.adapter.parent_id(&regions.context(&found.known.region), &found.known.id);
    let owned = found.iter().filter_map(|found| {
        let live = found.live.clone()?;
        let ownership = wholes.ownership(found, &live, parent_id(found), &regions.scope().stack)?;
        let Known { address, kind, region, .. } = found.known.clone();
        Some(Orphan { address, kind, region, live: Live { ownership, ..live }, by_hand: false })
    });
    let mut orphans = Vec::new();
    owned.for_each(|orphan| add_once(&mut orphans, orphan));
    Ok(orphans)
}

/// Who owns the live resources that others may be parts of, by type, region and id.
struct Wholes(BTreeMap<(Kind, String, String), Ownership>);

impl Wholes {
    fn of(graph: &Graph, live: &BTreeMap<Address, Live>, found: &[Found<'_>]) -> Self {
        let declared = graph.in_order().filter_map(|declaration| {
            let live = live.get(&declaration.address)?;
            Some((declaration.kind.clone(), declaration.region.clone(), live))
        });
        let found = found.iter().filter_map(|found| {
            let Known { kind, region, .. } = &found.known;
            Some((kind.clone(), region.clone(), found.live.as_ref()?))
        });
        let owners = declared.chain(found);
        Self(
            owners
                .map(|(kind, region, live)| ((kind, region, live.id.clone()), live.ownership.clone()))
                .collect(),
        )
    }

    /// The owner of a former resource, if that is the stack. A part has the owner of its parent, which must be live and
    /// have the stack's mark. A parent that is gone proves nothing: its parts went with it.
    fn ownership(
        &self,
        found: &Found<'_>,
        live: &Live,
        parent_id: Option<String>,
        stack: &str,
    ) -> Option<Ownership> {
        if live.ownership != Ownership::Inherited {
            return Some(live.ownership.clone()).filter(|owner| owner.is_of(stack));
        }
        let Some(parent) = found.adapter.parent() else {
            // Not a part. A type that shows no owner has asked the account who owns it.
            return (!found.adapter.shows_owner()).then_some(Ownership::Inherited);
        };
        let parent = (parent, found.known.region.clone(), parent_id?);
        match self.0.get(&parent)? {
            Ownership::Marked(mark) if mark.stack == stack => Some(Ownership::Inherited),
            Ownership::Marked(_) | Ownership::Inherited | Ownership::Unmarked => None,
        }
    }
}

/// Finds resources of the last apply that belong to the stack although nothing in the account shows it any more. An
/// example is a DNS record that points to a manually deleted distribution. Declared resources become owned. Others
/// become orphans if something live with the stack's mark vouches for them.
///
/// # Errors
/// When a read fails.
pub async fn recover(
    regions: &Regions,
    registry: &Registry,
    graph: &Graph,
    snapshot: &mut Snapshot,
    applied: &[(Known, serde_json::Value)],
) -> Result<(), Unreadable> {
    let silent = applied.iter().filter(|(known, _)| is_reachable(regions, registry, known));
    let silent = silent.filter_map(|(known, properties)| {
        let adapter = registry.get(&known.kind).filter(|adapter| !adapter.shows_owner())?;
        let is_orphan = |orphan: &Orphan| orphan.live.id == known.id && orphan.kind == known.kind;
        (!snapshot.orphans.iter().any(is_orphan)).then_some((adapter, known, properties))
    });
    let marked = marked(graph, snapshot, &regions.scope().stack);
    let (live, marked) = (&snapshot.live, &marked);
    let judged = silent.map(|(adapter, known, properties)| async move {
        let cx = regions.context(&known.region);
        let is_known = |(address, live): &(&Address, &Live)| {
            live.id == known.id && graph.get(address).is_some_and(|declared| declared.kind == known.kind)
        };
        let declared = live.iter().find(is_known);
        let judge = async {
            let seen = match declared {
                Some((_, seen)) => Some(seen.clone()),
                None => adapter.observe(&cx, &known.id).await?,
            };
            let Some(seen) = seen else { return Ok(None) };
            // The stack file warrants a declared one. The record alone warrants none.
            if declared.is_none() && !adapter.is_vouched_for(&seen, marked) {
                return Ok(None);
            }
            let ours = adapter.recover_ownership(&cx, &seen, properties).await?;
            Ok(ours.then(|| Live { ownership: Ownership::Inherited, ..seen }))
        };
        let seen = judge.await.map_err(|error| Failure { subject: known.address.to_string(), error })?;
        Ok(seen.map(|seen| (declared.map(|(address, _)| address.clone()), known, seen)))
    });
    let recovered = collect(join_all(judged).await)?;
    for (declared, known, live) in recovered.into_iter().flatten() {
        match declared {
            Some(address) => drop(snapshot.live.insert(address, live)),
            None => {
                let Known { address, kind, region, .. } = known.clone();
                add_once(&mut snapshot.orphans, Orphan { address, kind, region, live, by_hand: false });
            }
        }
    }
    Ok(())
}

/// Adds an orphan that is not there yet. The record of incomplete applies can name a resource more than once.
fn add_once(orphans: &mut Vec<Orphan>, found: Orphan) {
    let identity = |orphan: &Orphan| (orphan.kind.clone(), orphan.region.clone(), orphan.live.id.clone());
    if !orphans.iter().any(|orphan| identity(orphan) == identity(&found)) {
        orphans.push(found);
    }
}

/// The live resources that have the stack's mark, with their types.
fn marked(graph: &Graph, snapshot: &Snapshot, stack: &str) -> Vec<(Kind, Live)> {
    let declared = snapshot.live.iter().filter_map(|(address, live)| Some((&graph.get(address)?.kind, live)));
    let all = declared.chain(snapshot.orphans.iter().map(|orphan| (&orphan.kind, &orphan.live)));
    let ours =
        all.filter(|(_, live)| matches!(&live.ownership, Ownership::Marked(mark) if mark.stack == stack));
    ours.map(|(kind, live)| (kind.clone(), live.clone())).collect()
}

/// The candidates without a declaration. A resource that only moved to another address is declared there. Deleting it
/// under its former address would delete it under both.
fn undeclared(candidates: Vec<Known>, graph: &Graph, live: &BTreeMap<Address, Live>) -> Vec<Known> {
    let seen = |declaration: &'_ Declaration| live.get(&declaration.address).map(|live| live.id.clone());
    let declared: BTreeSet<(String, &str, &str)> = graph
        .in_order()
        .filter_map(|one| Some((seen(one)?, one.kind.as_str(), one.region.as_str())))
        .collect();
    let is_declared = |known: &Known| {
        live.get(&known.address).is_some_and(|seen| seen.id == known.id)
            || declared.contains(&(known.id.clone(), known.kind.as_str(), known.region.as_str()))
    };
    candidates.into_iter().filter(|known| !is_declared(known)).collect()
}

/// Everything with the stack's ownership tag, of every type. It searches the stack's own region and the other region
/// that a type may use. A service control policy often denies whole regions. One that the stack does not `use` has nothing
/// of it then.
///
/// # Errors
/// When a listing fails for another reason.
async fn sweep(
    regions: &Regions,
    registry: &Registry,
    used: &BTreeSet<String>,
) -> Result<Vec<Known>, Unreadable> {
    let home = regions.scope().region.as_str();
    let lists = registry.iter().flat_map(|adapter| {
        let also = adapter.also_in().filter(|also| *also != home);
        std::iter::once(home).chain(also).map(move |region| (adapter, regions.context(region)))
    });
    let lists = lists.map(|(adapter, cx)| async move {
        let closed = |error: &aws::Error| error.is_denied_by_organization() && !used.contains(cx.region());
        let owned = match adapter.list_owned(&cx).await {
            Err(error) if closed(&error) => return Ok((Vec::new(), Some(cx.region().to_owned()))),
            owned => {
                owned.map_err(|error| Failure::new(adapter.kind().short(), cx.region(), regions, error))?
            }
        };
        let known = |(id, mark): (String, Mark)| Known {
            address: mark.address,
            kind: adapter.kind(),
            region: cx.region().to_owned(),
            id,
        };
        Ok((owned.into_iter().map(known).collect(), None))
    });
    let (found, closed): (Vec<Vec<Known>>, Vec<Option<String>>) =
        collect(join_all(lists).await)?.into_iter().unzip();
    for region in closed.into_iter().flatten().collect::<BTreeSet<String>>() {
        tracing::warn!(
            "a service control policy does not let provision look for the stack's tags in {region}; the stack declares \
             nothing there"
        );
    }
    Ok(found.into_iter().flatten().collect())
}

/// The recorded resources, and those that only the sweep found. The record's address wins. A resource without its own
/// tag gets an address from its parent in the sweep, which may differ from the recorded one.
fn united(record: &[Known], mut swept: Vec<Known>) -> Vec<Known> {
    let identity = |known: &Known| (known.kind.clone(), known.region.clone(), known.id.clone());
    let recorded: BTreeSet<_> = record.iter().map(identity).collect();
    swept.retain(|known| !recorded.contains(&identity(known)));
    swept.extend_from_slice(record);
    swept
}

#[cfg(test)]
mod tests;
