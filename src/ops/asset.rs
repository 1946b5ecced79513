//! Asset: what became of a key, where it plays, and its removal by hand.

use std::path::Path;
use std::sync::Arc;

use super::outputs::Outputs;
use super::session::Session;
use super::sign::fixed_base;
use super::ui::Ui;
use crate::assets::Assets;
use crate::stack::names;

pub use crate::assets::{Answered, AssetState, AssetStatus, LatestUpload, Rendition, Stills};

/// Looks at the asset of a key in the stack that the file at `path` declares.
///
/// # Errors
/// When the stack file cannot be used, the stack is not applied, or its buckets cannot be read.
pub async fn asset(path: &Path, key: &str, ui: &Arc<dyn Ui>) -> miette::Result<AssetStatus> {
    let session = Session::open_one(path, ui, "asset").await?;
    let graph = session.declare_unbuilt().await?;
    let base = async {
        match fixed_base(&session.file) {
            Some(base) => Ok(base),
            None => Outputs::read(&session, &graph).await.map(|outputs| outputs.playback),
        }
    };
    let assets = assets(&session, &graph)?;
    let look = async { assets.look(key).await.map_err(miette::Report::from) };
    let (base, found) = tokio::try_join!(base, look)?;
    Ok(assets.status(&base, key, found))
}

/// The stack whose assets are meant, opened to take one down.
pub struct StackAssets {
    assets: Assets,
    _session: Session,
}

/// Opens the assets of the stack that the file at `path` declares.
///
/// # Errors
/// When the stack file cannot be used, or the credentials are of another account.
pub async fn open(path: &Path, ui: &Arc<dyn Ui>) -> miette::Result<StackAssets> {
    let session = Session::open_one(path, ui, "asset").await?;
    let graph = session.declare_unbuilt().await?;
    Ok(StackAssets { assets: assets(&session, &graph)?, _session: session })
}

impl StackAssets {
    /// The id of a key's asset.
    #[must_use]
    pub fn id(&self, key: &str) -> String {
        self.assets.id(key)
    }

    /// The source bucket's name.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.assets.source
    }

    /// Takes a key's asset down. The original stays.
    ///
    /// # Errors
    /// When the stack is not applied, or publish fails.
    pub async fn remove(&self, key: &str) -> miette::Result<Answered> {
        Ok(self.assets.remove(key).await?)
    }
}

fn assets(session: &Session, graph: &crate::graph::Graph) -> miette::Result<Assets> {
    Ok(Assets {
        cx: session.account.regions.home(),
        source: names::source_bucket(graph)?,
        work: names::output(graph, names::WORK, "BucketName")?,
        output: names::output(graph, names::OUTPUT, "BucketName")?,
        publish: names::output(graph, names::PUBLISH, "FunctionName")?,
    })
}
