//! The local cloud as its commands use it.

pub use crate::local::{DEFAULT_PORT, ServeOptions, Settings, ensure, reset, serve, status, stop};
