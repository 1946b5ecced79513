//! Verify: a clip goes in, and every rendition that comes out is played.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::apply::Applied;
use super::outputs::Outputs;
use super::session::Session;
use super::sign::{check_cookie, need_key};
use super::ui::Ui;
use crate::graph::Graph;
use crate::home::{Record, Run};
use crate::verify::{self, Stage};

pub use crate::verify::{ColorTags, Decoded, Picture, Playable, Played, Sound, Stream};

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
    let session = Session::open_one(path, ui, "verify").await?;
    need_key(&session, key)?;
    let graph = session.declare_unbuilt().await?;
    let outputs = Outputs::read(&session, &graph).await?;
    check(&session, (&graph, &outputs), clip, key, progress).await
}

/// The same for a stack that was just applied. Nothing holds the stack's lock during the check, so another run may change or
/// remove the stack meanwhile: the error then names it.
///
/// # Errors
/// When the stack does not play.
pub async fn verify_applied(
    applied: &Applied,
    key: Option<&Path>,
    progress: &mut (dyn FnMut(&str) + Send),
) -> miette::Result<Playable> {
    let (outputs, began) = (applied.outputs()?, Timestamp::now());
    let checked = check(&applied.session, (&applied.graph, &outputs), None, key, progress).await;
    match checked {
        Ok(playable) => Ok(playable),
        Err(failed) => {
            let record = applied.session.account.store.record().await;
            let meanwhile = meanwhile(record.ok().flatten().as_ref(), began);
            Err(failed.wrap_err(format!("the stack is applied, but its check failed{meanwhile}")))
        }
    }
}

/// What another run did during a check, by the stack's record. After a teardown there is none.
fn meanwhile(record: Option<&Record>, check_began: Timestamp) -> String {
    let Some(Record { by, run: Run { command, began, .. }, .. }) = record else {
        return ": the stack's record is gone, so another run may have removed the stack meanwhile"
            .to_owned();
    };
    match began {
        Some(began) if *began > check_began => {
            let at = began.strftime("%H:%M:%S UTC");
            format!(": `provision {command}` by {by} changed the stack meanwhile, since {at}")
        }
        _ => String::new(),
    }
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
    let logs = logs(session);
    let stage = Stage {
        cx: session.account.regions.home(),
        source: &outputs.source_bucket,
        output: &outputs.output_bucket,
        viewer: &outputs.playback,
        cookie: cookie.as_deref(),
        player: &player(&session.file.delivery.player_origins),
        logs: &logs,
    };
    Ok(verify::verify(&stage, clip, progress).await?)
}

/// Where the handlers' logs are, in words.
fn logs(session: &Session) -> String {
    match &session.local {
        Some(running) => running.status.emulator_log().display().to_string(),
        None => {
            let stack = session.stack();
            format!("the log groups /aws/lambda/{stack}-submit and /aws/lambda/{stack}-publish")
        }
    }
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
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn another_run_during_a_check_is_named() {
        let check = Timestamp::now();
        let record = |began| {
            let run = Run { began, ..Run::begin("teardown", None, Default::default()) };
            Record::new("vod", "arn:aws:iam::111122223333:user/other", false, vec![], run, vec![])
        };
        let earlier = check - SignedDuration::from_mins(3);
        assert_eq!(meanwhile(Some(&record(Some(earlier))), check), "", "the apply itself");
        let said = meanwhile(Some(&record(Some(check + SignedDuration::from_secs(5)))), check);
        assert!(
            said.starts_with(": `provision teardown` by arn:aws:iam::111122223333:user/other changed"),
            "{said}"
        );
        assert!(meanwhile(None, check).contains("the stack's record is gone"));
    }

    #[test]
    fn a_player_is_on_a_site_that_may_play() {
        let player = |origin: &str| super::player(&[origin.to_owned()]);
        assert_eq!(player("*"), "https://player.example");
        assert_eq!(player("https://app.example.com"), "https://app.example.com");
    }
}
