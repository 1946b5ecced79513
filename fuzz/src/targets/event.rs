//! The payload of a handler: whoever may invoke it chooses it, and uploaders choose keys.

use serde_json::Value;

use crate::publish::event::Job;
use crate::submit::event::Request;

/// Ids become parts of keys in buckets, so they have no other letters than these.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789-_";

/// A payload is read or refused with a reason. What is read belongs together.
pub fn event(data: &[u8]) {
    let Ok(payload) = serde_json::from_slice::<Value>(data) else { return };
    match Request::parse(handler::event(payload.clone())) {
        Ok(Request::Created(upload)) => assert!(upload.version.as_deref() != Some(""), "an empty version"),
        Ok(Request::Batch(batch)) => {
            for (_, upload) in batch.uploads() {
                assert!(
                    upload
                        .as_ref()
                        .map_or_else(|why| !why.is_empty(), |upload| upload.version.as_deref() != Some(""))
                );
            }
            serde_json::to_string(&batch.answer(Vec::new())).expect("an answer can be written");
        }
        Err(unknown) => super::says_something(&unknown),
    }
    match Job::parse(handler::event(payload)) {
        Ok(Some(job)) => {
            assert_eq!(job.asset, asset::id(&job.bucket, &job.key), "another asset's place");
            assert!(job.asset.chars().all(|letter| LETTERS.contains(letter)), "{}", job.asset);
            assert!(asset::is_run(&job.run), "{}", job.run);
        }
        Ok(None) => {}
        Err(unknown) => super::says_something(&unknown),
    }
}
