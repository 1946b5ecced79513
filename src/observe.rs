//! Reads the live account: every declared resource in parallel, and resources of the stack that are no longer declared.

mod former;

use std::collections::BTreeMap;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, join_all};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::aws::{self, Regions};
use crate::graph::Graph;
use crate::model::{
    Address, Declaration, Kind, Live, Mark, Orphan, Ownership, Snapshot, is_part, refs, resolve,
};
use crate::resource::{Registry, UndeclaredPart};

pub use former::{OrphanSource, orphans, recover, remembered};

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

impl Failure {
    /// The failed read of a subject in a region. The region is named if it is not the stack's own.
    fn new(subject: impl Into<String>, region: &str, regions: &Regions, error: aws::Error) -> Self {
        let subject = subject.into();
        let subject =
            if region == regions.scope().region { subject } else { format!("{subject} in {region}") };
        Self { subject, error }
    }
}

/// Reads that failed. A plan needs the whole account, so any failed read ends it.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("could not read the account completely; nothing was changed")]
pub struct Unreadable {
    /// What failed.
    #[related]
    pub failures: Vec<Failure>,
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
    let failures: Vec<Failure> = own
        .map(|(address, error)| {
            let region =
                graph.get(address).map_or(regions.scope().region.as_str(), |one| one.region.as_str());
            Failure::new(address.to_string(), region, regions, error.clone())
        })
        .collect();
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
    // The mark of a fleet's stack is not that of the scope.
    let mark = Mark::in_properties(&preview).unwrap_or_else(|| cx.scope.mark(&declaration.address));
    adapter.find(&cx, &preview, &mark).await
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
