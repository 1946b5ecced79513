//! The tests that need more than one module: one program, so that the whole crate is linked once.
//!
//! Each module is one area. `cargo test --test it plans::` runs one of them. `CONTRIBUTING.md` has a map.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "the test runner shows it where a test fails")]

mod architecture;
mod asset;
mod binary;
mod browser;
mod burst;
mod cloudformation;
mod conformance;
mod dns_elsewhere;
mod domain;
mod encryption;
mod end_to_end;
mod engine;
mod environment;
mod existing_bucket;
mod export;
mod exposure;
mod faults;
mod features;
mod fleet;
mod home;
mod identities;
mod import;
mod judges;
mod library;
mod local_cloud;
mod media;
mod moved_name;
mod names;
mod networks;
mod options;
mod organisation;
mod ownership;
mod permissions;
mod pipeline;
mod plans;
mod printing;
mod real_account;
mod records;
mod refusals;
mod release;
mod rotation;
mod saved_plans;
mod signing;
mod stacks_apart;
mod states;
mod support;
mod version;
