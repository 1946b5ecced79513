//! One file per command: parse, call, render.

pub mod schema;
pub mod validate;
