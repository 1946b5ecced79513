//! Reads the live account: every declared resource in parallel, and resources of the stack that are no longer declared.

use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, join_all};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::aws::{self, Regions};
use crate::graph::Graph;
use crate::model::{
    Address, Declaration, Kind, Known, Live, Mark, Orphan, Ownership, Snapshot, is_part, refs, resolve,
};
use crate::resource::{Registry, UndeclaredPart};

/// A read that failed, with the address it was for.
#[derive(Clone, Debug, thiserror::Error, miette::Diagnostic)]
#[error("{subject} could not be read")]
pub struct Failure {
    /// The address, or the type whose sweep failed.
    pub subject: String,
    /// Why.
    #[source]
    #[diagnostic_source]
    pub error: aws::Error,
}

/// Reads that failed. A plan needs the whole account, so any failed read ends it.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("could not read the account completely; nothing was changed")]
pub struct Unreadable {
    /// What failed.
    #[related]
    pub failures: Vec<Failure>,
}

/// Where to look for the stack's former resources.
#[derive(Clone, Copy, Debug)]
pub enum OrphanSource<'a> {
    /// The record of the last apply.
    Record(&'a [Known]),
    /// The record, and everything with the stack's ownership tag.
    Sweep(&'a [Known]),
}

/// A read that others may wait for as well.
type Read<'a> = Shared<BoxFuture<'a, aws::Result<Option<Live>>>>;

/// The live state of every declared resource. All reads run in parallel. Only a resource that is named by an id that
/// AWS assigned to another one waits until that one is found.
///
/// # Errors
/// When any read fails. The error names all failures, except those caused only by the failed read of the parent.
pub async fn declared(
    regions: &Regions,
    registry: &Registry,
    graph: &Graph,
) -> Result<BTreeMap<Address, Live>, Unreadable> {
    let mut reads: BTreeMap<&Address, Read<'_>> = BTreeMap::new();
    for declaration in graph.in_order() {
        let awaited = refs(&declaration.properties).into_iter().filter(|needed| needed.predicted.is_none());
        let awaited: BTreeMap<Address, Read<'_>> =
            awaited.map(|needed| (needed.address.clone(), reads[&needed.address].clone())).collect();
        let read = find_after(regions, registry, declaration, awaited).boxed().shared();
        reads.insert(&declaration.address, read);
    }
    let reads = reads.into_iter().map(|(address, read)| async move { (address, read.await) });
    let (mut live, mut failed) = (BTreeMap::new(), BTreeMap::new());
    for (address, found) in join_all(reads).await {
        match found {
            Ok(seen) => live.extend(seen.map(|seen| (address.clone(), seen))),
            Err(error) => drop(failed.insert(address, error)),
        }
    }
    let caused_by_parent = |address: &Address| caused_by_parent(regions, registry, graph, &failed, address);
    let own = failed.iter().filter(|(address, _)| !caused_by_parent(address));
    let failures: Vec<Failure> =
        own.map(|(address, error)| Failure { subject: address.to_string(), error: error.clone() }).collect();
    if failures.is_empty() { Ok(live) } else { Err(Unreadable { failures }) }
}

/// True if this read failed only because the read of its parent failed, such as the policy of another account's bucket.
/// A missing permission never counts as caused by the parent: parent and part need separate permissions.
fn caused_by_parent(
    regions: &Regions,
    registry: &Registry,
    graph: &Graph,
    failed: &BTreeMap<&Address, aws::Error>,
    address: &Address,
) -> bool {
    let id = |address: &Address| {
        let declaration = graph.get(address)?;
        let cx = regions.context(&declaration.region);
        registry.get(&declaration.kind)?.id(&cx, &resolve(&declaration.properties, &|_| None))
    };
    if failed.get(address).is_none_or(aws::Error::lacks_permission) {
        return false;
    }
    let Some(part) = id(address) else { return false };
    graph.needs(address).any(|needed| {
        let error = failed.get(needed).filter(|error| error.class != aws::Class::Denied);
        error.and_then(|_| id(needed)).is_some_and(|parent| is_part(&part, &parent))
    })
}

/// Reads at once. If that finds nothing, reads again with the outputs of the awaited resources that exist.
async fn find_after(
    regions: &Regions,
    registry: &Registry,
    declaration: &Declaration,
    awaited: BTreeMap<Address, Read<'_>>,
) -> aws::Result<Option<Live>> {
    let found = find(regions, registry, declaration).await?;
    if found.is_some() || awaited.is_empty() {
        return Ok(found);
    }
    let awaited = awaited.into_iter().map(|(address, read)| async move {
        // A failed read is reported under its own address.
        Some((address, read.await.ok().flatten()?))
    });
    let known: BTreeMap<Address, Live> = join_all(awaited).await.into_iter().flatten().collect();
    if known.is_empty() {
        return Ok(None);
    }
    find_among(regions, registry, declaration, &known).await
}

/// The live resource of one declaration.
///
/// # Errors
/// When a read fails.
pub async fn find(
    regions: &Regions,
    registry: &Registry,
    declaration: &Declaration,
) -> aws::Result<Option<Live>> {
    find_among(regions, registry, declaration, &BTreeMap::new()).await
}

async fn find_among(
    regions: &Regions,
    registry: &Registry,
    declaration: &Declaration,
    live: &BTreeMap<Address, Live>,
) -> aws::Result<Option<Live>> {
    let cx = regions.context(&declaration.region);
    let Some(adapter) = registry.get(&declaration.kind) else {
        return Err(aws::Error::unexpected("provision", format!("no adapter for {}", declaration.kind)));
    };
    let outputs = |address: &Address| live.get(address).map(|live| live.outputs.clone());
    let preview = resolve(&declaration.properties, &outputs);
    adapter.find(&cx, &preview, &cx.scope.mark(&declaration.address)).await
}

/// An undeclared part of one of the stack's resources. At this point it is not known whether the resource exists.
#[derive(Clone, Debug)]
pub struct Addition {
    /// The resource that it is a part of.
    parent: Address,
    kind: Kind,
    region: String,
    found: UndeclaredPart<Live>,
}

/// Undeclared parts of the stack's resources, for part types that a resource can have several of. It depends on no
/// other read and queries every resource in parallel.
///
/// # Errors
/// When a read fails.
pub async fn additions(
    regions: &Regions,
    registry: &Registry,
    graph: &Graph,
) -> Result<Vec<Addition>, Unreadable> {
    let asked = registry.iter().filter_map(|part| Some((part, part.parent()?)));
    let asked = asked.flat_map(|(part, parent)| {
        let parents = graph.in_order().filter(move |declaration| declaration.kind == parent);
        parents.map(move |parent| (part, parent))
    });
    let reads = asked.map(|(part, parent)| async move {
        let cx = regions.context(&parent.region);
        let preview = |declaration: &Declaration| resolve(&declaration.properties, &|_| None);
        let Some(id) = registry.get(&parent.kind).and_then(|adapter| adapter.id(&cx, &preview(parent)))
        else {
            return Ok(Vec::new());
        };
        let declared = graph
            .in_order()
            .filter(|declaration| declaration.kind == part.kind() && declaration.region == parent.region);
        let declared: Vec<serde_json::Value> = declared.map(preview).collect();
        let found = part.list_undeclared_parts(&cx, &id, &declared).await;
        let found = found.map_err(|error| Failure { subject: parent.address.to_string(), error })?;
        let addition = |found: UndeclaredPart<Live>| Addition {
            parent: parent.address.clone(),
            kind: part.kind(),
            region: parent.region.clone(),
            found,
        };
        Ok(found.into_iter().map(addition).collect::<Vec<_>>())
    });
    collect(join_all(reads).await).map(|found| found.into_iter().flatten().collect())
}

/// Characters that need no encoding in an address. Anybody can choose the name of a part, and addresses are printed.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'/')
    .remove(b':')
    .remove(b'@')
    .remove(b'$');

/// Adds undeclared parts to the snapshot, for parents that are the stack's or that it may adopt. An undeclared part has
/// the same ownership as its parent. Parts of another stack's resource, or of a missing one, are ignored.
pub fn add(snapshot: &mut Snapshot, stack: &str, additions: Vec<Addition>) {
    for Addition { parent, kind, region, found: UndeclaredPart { name, seen } } in additions {
        let Some(live) = snapshot.live.get(&parent) else { continue };
        let ownership = match &live.ownership {
            Ownership::Marked(mark) if mark.stack != stack => continue,
            Ownership::Unmarked => Ownership::Unmarked,
            Ownership::Marked(_) | Ownership::Inherited => Ownership::Inherited,
        };
        if snapshot.orphans.iter().any(|orphan| orphan.kind == kind && orphan.live.id == seen.id) {
            // The stack declared it earlier, so it is already an orphan.
            continue;
        }
        let address = format!("{parent}/{}/{}", kind.segment(), utf8_percent_encode(&name, PLAIN));
        let (address, live) = (Address::new(address), Live { ownership, ..seen });
        snapshot.orphans.push(Orphan { address, kind, region, live, by_hand: true });
    }
}

/// Resources that may belong to the stack, declared or not. It depends on no other read.
///
/// # Errors
/// When a listing fails.
pub async fn remembered(
    regions: &Regions,
    registry: &Registry,
    source: OrphanSource<'_>,
) -> Result<Vec<Known>, Unreadable> {
    Ok(match source {
        OrphanSource::Record(known) => known.to_vec(),
        OrphanSource::Sweep(known) => united(known, sweep(regions, registry).await?),
    })
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
        let seen = adapter.observe(&cx, &known.id).await;
        let seen = seen.map_err(|error| Failure { subject: known.address.to_string(), error })?;
        let ours = seen.filter(|seen| seen.ownership.is_of(&cx.scope.stack));
        Ok(ours.map(|live| Orphan {
            address: known.address,
            kind: known.kind,
            region: known.region,
            live,
            by_hand: false,
        }))
    });
    collect(join_all(reads).await).map(|found| found.into_iter().flatten().collect())
}

/// Finds resources of the last apply that belong to the stack although nothing in the account shows it any more. An
/// example is a DNS record that points to a manually deleted distribution. Declared resources become owned, others
/// become orphans.
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
    let silent = applied.iter().filter_map(|(known, properties)| {
        let adapter = registry.get(&known.kind).filter(|adapter| !adapter.shows_owner())?;
        let is_orphan = |orphan: &Orphan| orphan.live.id == known.id && orphan.kind == known.kind;
        (!snapshot.orphans.iter().any(is_orphan)).then_some((adapter, known, properties))
    });
    let live = &snapshot.live;
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
                let (address, kind, region) =
                    (known.address.clone(), known.kind.clone(), known.region.clone());
                snapshot.orphans.push(Orphan { address, kind, region, live, by_hand: false });
            }
        }
    }
    Ok(())
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
/// that a type may use.
///
/// # Errors
/// When a listing fails.
pub async fn sweep(regions: &Regions, registry: &Registry) -> Result<Vec<Known>, Unreadable> {
    let lists = registry.iter().flat_map(|adapter| {
        let home = regions.scope().region.as_str();
        let also = adapter.also_in().filter(|also| *also != home);
        std::iter::once(home).chain(also).map(move |region| (adapter, regions.context(region)))
    });
    let lists = lists.map(|(adapter, cx)| async move {
        let owned = adapter.list_owned(&cx).await;
        let owned = owned.map_err(|error| Failure { subject: adapter.kind().short(), error })?;
        let known = |(id, mark): (String, Mark)| Known {
            address: mark.address,
            kind: adapter.kind(),
            region: cx.region().to_owned(),
            id,
        };
        Ok(owned.into_iter().map(known).collect::<Vec<_>>())
    });
    collect(join_all(lists).await).map(|found| found.into_iter().flatten().collect())
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

fn collect<T>(results: Vec<Result<T, Failure>>) -> Result<Vec<T>, Unreadable> {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => found.push(value),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(found) } else { Err(Unreadable { failures }) }
}

#[cfg(test)]
mod reading;
#[cfg(test)]
mod tests;
