//! What an event or a request takes down of an asset. Pure.

use std::collections::BTreeSet;

use asset::{Cause, Description, Publication, Removed, State, output, work};

use crate::event::Original;
use crate::site::Site;

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Decision {
    /// There is nothing to take down.
    Nothing,
    /// Another version is the current one, and what is published is not what was deleted.
    Superseded(String),
    /// Something is taken down.
    Takedown(Box<Takedown>),
}

/// A removal.
#[derive(Debug, PartialEq)]
pub(crate) struct Takedown {
    /// What `asset.json` says until all is done.
    pub(crate) description: Description,
    /// The removal. It names the runs.
    pub(crate) removed: Removed,
    /// True if the playlist in service is of one of them.
    pub(crate) playlist: bool,
    /// What is deleted.
    pub(crate) objects: Objects,
}

impl Takedown {
    /// What `asset.json` says in the end.
    pub(crate) fn finished(&self) -> Description {
        let removed = Removed { deleting: None, ..self.removed.clone() };
        Description { removed: Some(removed), ..self.description.clone() }
    }
}

/// Keys of an asset in both buckets.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Objects {
    /// What viewers can read, but for `asset.json` and the playlist.
    pub(crate) output: Vec<String>,
    /// What jobs wrote, and their records.
    pub(crate) work: Vec<String>,
}

impl Objects {
    /// The runs that they are of.
    fn runs(&self, asset: &str) -> BTreeSet<String> {
        let keys = self.output.iter().chain(&self.work);
        keys.filter_map(|key| run(asset, key)).map(str::to_owned).collect()
    }

    /// Those of some runs.
    fn of(self, asset: &str, runs: &[String]) -> Self {
        let wanted =
            |key: &String| run(asset, key).is_some_and(|run| runs.iter().any(|wanted| wanted == run));
        let [output, work] = [self.output, self.work].map(|keys| keys.into_iter().filter(wanted).collect());
        Self { output, work }
    }
}

/// The run that a key of the asset belongs to.
fn run<'k>(asset: &str, key: &'k str) -> Option<&'k str> {
    if let Some(record) = key.strip_prefix(&work::records(asset)) {
        return record.strip_suffix(".json");
    }
    let of_asset = [output::prefix(asset), format!("{asset}/")];
    let rest = of_asset.iter().find_map(|prefix| key.strip_prefix(prefix.as_str()))?;
    rest.split_once('/').map(|(run, _)| run)
}

/// An event or a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion<'a> {
    /// Why.
    pub(crate) cause: Cause,
    /// The version that was deleted permanently, if the event names one.
    pub(crate) erased: Option<&'a str>,
}

/// Decides by what was seen in this order: the objects, the source's current version, the public side.
pub(crate) fn decide(
    original: Original<'_>,
    occasion: Occasion<'_>,
    seen: Objects,
    current: Option<String>,
    site: &Site,
) -> Decision {
    let Occasion { cause, erased } = occasion;
    if site.is_of_another(original) {
        return Decision::Nothing;
    }
    let takedown = match current {
        Some(current) if cause == Cause::Deleted => {
            let published = site.published().filter(|published| Some(published.version.as_str()) == erased);
            match (interrupted(site), site.description(), published) {
                (Some((removed, runs)), Some(description), _) => rest(description, removed, runs, seen, site),
                (None, Some(description), Some(published)) => erasure(description, published, seen, site),
                _ => return Decision::Superseded(format!("the key has a version: {current}")),
            }
        }
        _ if !is_there(site, cause) => return Decision::Nothing,
        current => everything(original, cause, seen, current, site),
    };
    Decision::Takedown(Box::new(takedown))
}

/// True if there is something to take down. A deleted original that failed is gone too, so its `asset.json` must not say
/// for ever that it failed.
fn is_there(site: &Site, cause: Cause) -> bool {
    let described = site.description().is_some() && !site.is_removed();
    let published = site.is_live() || site.published().is_some();
    interrupted(site).is_some() || published || (described && cause == Cause::Deleted)
}

/// The removal that is not finished, and its runs.
fn interrupted(site: &Site) -> Option<(&Removed, &[String])> {
    let removed = site.removed()?;
    Some((removed, removed.deleting.as_deref()?))
}

/// All of the asset.
fn everything(
    original: Original<'_>,
    cause: Cause,
    seen: Objects,
    current: Option<String>,
    site: &Site,
) -> Takedown {
    let mut runs = seen.runs(original.asset);
    runs.extend(interrupted(site).into_iter().flat_map(|(_, runs)| runs).cloned());
    let removed = Removed {
        deleting: Some(runs.into_iter().collect()),
        ..continued(site, current.as_deref()).cloned().unwrap_or_else(|| begin(cause, current, site))
    };
    let description = Description {
        asset: original.asset.to_owned(),
        state: State::Removed,
        key: original.key.to_owned(),
        published: None,
        failure: None,
        removed: Some(removed.clone()),
    };
    Takedown { description, removed, playlist: site.is_live(), objects: seen }
}

/// The interrupted removal, if nothing came after it. It keeps its time, so that the app gets the same event again.
fn continued<'s>(site: &'s Site, current: Option<&str>) -> Option<&'s Removed> {
    let (removed, runs) = interrupted(site)?;
    let newer = site.live_run().is_some_and(|live| !runs.iter().any(|run| run == live));
    let uploaded = current.is_some_and(|current| current != removed.version);
    (site.is_removed() && !newer && !uploaded).then_some(removed)
}

fn begin(cause: Cause, current: Option<String>, site: &Site) -> Removed {
    let published = site.published().map(|seen| seen.version.clone());
    let failed = site.failure().map(|seen| seen.version.clone());
    // A job for the current version may still run, and must not publish it.
    let version = current.or(published).or(failed).unwrap_or_else(|| "null".to_owned());
    Removed { version, cause, removed: handler::now(), deleting: None }
}

/// What an interrupted removal left, while the key has a new upload.
fn rest(
    description: &Description,
    removed: &Removed,
    runs: &[String],
    seen: Objects,
    site: &Site,
) -> Takedown {
    let again = description.published.as_ref().map(|published| published.run.as_str());
    let runs: Vec<String> = runs.iter().filter(|run| Some(run.as_str()) != again).cloned().collect();
    Takedown {
        playlist: is_of(site, &runs),
        objects: seen.of(&description.asset, &runs),
        description: description.clone(),
        removed: removed.clone(),
    }
}

/// The published version alone. It was deleted permanently, and an older or newer one is left.
fn erasure(description: &Description, published: &Publication, seen: Objects, site: &Site) -> Takedown {
    let replaced = published.replaced.iter().flatten().cloned();
    let runs: Vec<String> = [published.run.clone()].into_iter().chain(replaced).collect();
    let removed = Removed {
        version: published.version.clone(),
        cause: Cause::Deleted,
        removed: handler::now(),
        deleting: Some(runs.clone()),
    };
    // What became of another version is still true.
    let failure = description.failure.clone().filter(|failure| failure.version != published.version);
    let description = Description {
        state: failure.as_ref().map_or(State::Removed, |failure| failure.state),
        published: None,
        failure,
        removed: Some(removed.clone()),
        ..description.clone()
    };
    let objects = seen.of(&description.asset, &runs);
    Takedown { playlist: is_of(site, &runs), objects, description, removed }
}

/// True if the playlist in service is that of one of these runs.
fn is_of(site: &Site, runs: &[String]) -> bool {
    site.live_run().is_some_and(|live| runs.iter().any(|run| run == live))
}
