//! The local cloud as its commands use it.

pub use crate::local::{
    CloudSettings, LikeAws, ServeOptions, ensure, reset, running, serve, status, stop, usual_port,
};
