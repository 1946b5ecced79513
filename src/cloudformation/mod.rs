//! The same declarations as CloudFormation templates.
//!
//! A declaration's properties are CloudFormation's already, so a template is a serialisation: [`synth()`] only turns our
//! references into CloudFormation's and gives every address a logical id. See `docs/decisions/templates-are-serialised.md`.

mod exceptions;
mod intrinsics;
mod logical;
mod parts;
mod synth;

pub use exceptions::{Exception, exceptions};
pub use synth::{Error, Template, synth};
