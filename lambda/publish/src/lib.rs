//! `publish`: makes a finished encode visible, all of it at once or not at all. See `docs/handlers.md`.
//!
//! The flow is in [`Publisher`], what it is asked in [`request`], jobs in [`event`], and playlists in [`playlist`]. [`rendition_set`] checks that the
//! encode is complete, [`store`] accesses the buckets, and [`site`] is the public side of an asset.

pub mod event;
mod fault;
mod finish;
mod notice;
mod original;
mod outcome;
pub mod playlist;
mod publisher;
mod record;
mod removal;
pub mod rendition_set;
pub mod request;
mod settings;
pub mod site;
pub mod store;
mod takedown;
mod told;

pub use outcome::{Outcome, PublishError};
pub use publisher::Publisher;
pub use settings::{InvalidSettings, Settings};
