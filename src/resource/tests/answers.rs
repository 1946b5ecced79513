//! What AWS answers, in the words of its published models, and a service that says it.
//!
//! `tests/aws_facts/members.json` has the shapes of all answers that adapters read. So an answer can be written member by
//! member, whatever the protocol, and each member can be changed alone.

mod error;
mod model;
mod mutation;
mod reading;
mod service;
mod wire;

pub(super) use error::Refusal;
pub(super) use model::services;
pub(super) use mutation::{Way, mutations};
pub(super) use reading::{Reading, entries, folder};
pub(super) use service::{Account, Reply, Said};

/// What becomes of a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// Nothing: what is read is the same.
    Blind,
    /// The answer cannot be read, and the error says so.
    Fails,
    /// What is read differs.
    Seen,
}
