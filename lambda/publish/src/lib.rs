//! `publish`: a finished encode becomes visible, all of it at once, or not at all. See `docs/handlers.md`.
//!
//! The flow is in [`Publisher`]; what happened is in [`event`], what the playlists say in [`playlist`], what must be
//! there in [`rendition_set`], the buckets in [`store`], and the public side of an asset in [`site`].

pub mod event;
mod finish;
pub mod playlist;
mod publisher;
pub mod rendition_set;
mod settings;
pub mod site;
pub mod store;

pub use publisher::{Outcome, PublishError, Publisher};
pub use settings::Settings;
