//! The payload of a handler: whoever may invoke it chooses it, and uploaders choose keys.

use serde_json::Value;

use crate::publish::request::Request as Taken;
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
    match Taken::parse(handler::event(payload)) {
        Ok(taken) => {
            if let Some(original) = taken.original() {
                assert_eq!(original.asset, asset::id(original.bucket, original.key), "another asset's place");
                assert!(original.asset.chars().all(|letter| LETTERS.contains(letter)), "{}", original.asset);
            }
            if let Taken::Ended(job) = taken {
                assert!(asset::is_run(&job.run), "{}", job.run);
            }
        }
        Err(unknown) => super::says_something(&unknown),
    }
}
