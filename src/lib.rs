//! `provision` declares a video-on-demand service on AWS in code and makes the account match it.
//!
//! The data flow, in the order of the modules: a stack file becomes typed [`stack`] declarations, and these a
//! [`graph`]. The account is read back into the same types. One [`diff`] compares them, and the [`plan`] is that diff
//! in order. A [`review`] of the plan is what every [`report`] shows. [`execute`] carries the plan out. There is no
//! state file: AWS is the state. See `docs/architecture.md`.

pub mod assets;
pub mod aws;
pub mod bundle;
pub mod cli;
pub mod cloudformation;
pub mod deploy;
pub mod diff;
pub mod execute;
pub mod export;
pub mod graph;
pub mod home;
pub mod library;
pub mod local;
pub mod model;
pub mod observe;
pub mod ops;
pub mod permissions;
pub mod plan;
pub mod provider;
pub mod report;
pub mod resource;
pub mod review;
pub mod saved;
pub mod sign;
pub mod stack;
pub mod verify;
