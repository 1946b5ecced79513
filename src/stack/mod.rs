//! The VOD stack in code: the stack file, then one file per concern that declares its resources.

pub mod config;
mod declarations;
pub mod ladder;
pub mod roles;

pub use declarations::{Declarations, Handle};
