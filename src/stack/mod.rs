//! The VOD stack in code: the stack file, then one file per concern that declares its resources.

mod declarations;

pub use declarations::{Declarations, Handle};
