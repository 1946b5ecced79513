//! AWS Identity and Access Management. A global service: the region of its clients does not matter.

mod properties;
mod role;
mod role_edit;
mod role_read;

pub use properties::{Policy, Role};
