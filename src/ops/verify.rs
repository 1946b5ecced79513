//! Verify: a clip goes in, and every rendition that comes out is played.

use std::path::Path;
use std::sync::Arc;

use super::apply::Applied;
use super::outputs::Outputs;
use super::session::Session;
use super::sign::{check_cookie, need_key};
use super::ui::Ui;
use crate::graph::Graph;
use crate::verify::{self, Stage};

pub use crate::verify::{Decoded, Picture, Playable, Played, Sound, Stream};

/// Checks the stack that the file at `path` declares end to end, with this clip or one made on the spot. `key` signs where nothing
/// plays unsigned. Every step is passed to `progress`.
///
/// # Errors
/// When the stack is not applied, needs a key and has none, or does not play.
pub async fn verify(
    path: &Path,
    clip: Option<&Path>,
    key: Option<&Path>,
    ui: &Arc<dyn Ui>,
    progress: &mut (dyn FnMut(&str) + Send),
) -> miette::Result<Playable> {
    let session = Session::open(path, ui).await?;
    need_key(&session, key)?;
    let graph = session.declare_unbuilt().await?;
    let outputs = Outputs::read(&session, &graph).await?;
    check(&session, (&graph, &outputs), clip, key, progress).await
}

/// The same for a stack that was just applied.
///
/// # Errors
/// When the stack does not play.
pub async fn verify_applied(
    applied: &Applied,
    key: Option<&Path>,
    progress: &mut (dyn FnMut(&str) + Send),
) -> miette::Result<Playable> {
    let outputs = applied.outputs()?;
    check(&applied.session, (&applied.graph, &outputs), None, key, progress).await
}

async fn check(
    session: &Session,
    (graph, outputs): (&Graph, &Outputs),
    clip: Option<&Path>,
    key: Option<&Path>,
    progress: &mut (dyn FnMut(&str) + Send),
) -> miette::Result<Playable> {
    let cookie = match key.filter(|_| session.file.delivery.signed_urls.is_some()) {
        Some(key) => Some(check_cookie(session, graph, &outputs.playback, key).await?),
        None => None,
    };
    let stage = Stage {
        cx: session.account.regions.home(),
        source: &outputs.source_bucket,
        output: &outputs.output_bucket,
        viewer: &outputs.playback,
        cookie: cookie.as_deref(),
        player: &player(&session.file.delivery.player_origins),
    };
    Ok(verify::verify(&stage, clip, progress).await?)
}

/// A site whose players the stack lets read.
fn player(origins: &[String]) -> String {
    match origins.first().map(String::as_str) {
        None | Some("*") => "https://player.example".to_owned(),
        Some(origin) => origin.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_player_is_on_a_site_that_may_play() {
        let player = |origin: &str| super::player(&[origin.to_owned()]);
        assert_eq!(player("*"), "https://player.example");
        assert_eq!(player("https://app.example.com"), "https://app.example.com");
    }
}
