//! AWS Identity and Access Management. A global service: the region of its clients does not matter.

mod role;
mod role_edit;

pub use role::{Policy, Role};
