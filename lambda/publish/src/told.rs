//! What the app is told about its videos. Pure. `docs/events.md` describes it.

use asset::event::Video;
use asset::{Failure, Publication, Removed, State, output};

use crate::event::Original;

/// Everything that is the same for each event about an original.
fn about(original: Original<'_>, state: State, version: &str, time: &str) -> Video {
    Video {
        state,
        asset: original.asset.to_owned(),
        bucket: original.bucket.to_owned(),
        key: original.key.to_owned(),
        version: version.to_owned(),
        playlist: None,
        duration: None,
        renditions: Vec::new(),
        reason: None,
        code: None,
        job: None,
        warnings: Vec::new(),
        time: time.to_owned(),
    }
}

fn playlist(asset: &str) -> String {
    format!("/{}", output::playlist(asset))
}

/// A version is what viewers see.
pub(crate) fn published(original: Original<'_>, publication: &Publication) -> Video {
    let Publication { version, job, duration, renditions, warnings, published, .. } = publication;
    Video {
        playlist: Some(playlist(original.asset)),
        duration: *duration,
        renditions: renditions.clone(),
        job: Some(job.clone()),
        warnings: warnings.clone(),
        ..about(original, State::Published, version, published)
    }
}

/// A version failed or was refused. `playable` tells if an earlier one is playable.
pub(crate) fn failed(original: Original<'_>, failure: &Failure, playable: bool) -> Video {
    let Failure { state, version, job, code, message, failed } = failure;
    Video {
        playlist: playable.then(|| playlist(original.asset)),
        reason: Some(message.clone()),
        code: *code,
        job: job.clone(),
        ..about(original, *state, version, failed)
    }
}

/// An asset was taken down.
pub(crate) fn removed(original: Original<'_>, removed: &Removed) -> Video {
    let reason = match removed.cause {
        asset::Cause::Deleted => "the original was deleted",
        asset::Cause::Requested => "it was taken down on request",
    };
    Video {
        reason: Some(reason.to_owned()),
        ..about(original, State::Removed, &removed.version, &removed.removed)
    }
}
