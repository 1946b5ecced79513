//! One file per command: parse, call, render.

pub mod bundle;
pub mod schema;
pub mod validate;
