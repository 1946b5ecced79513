//! The same declarations as CloudFormation templates.
//!
//! A declaration's properties are already CloudFormation's, so a template is a serialization. [`synth()`] only converts
//! our references to CloudFormation's and gives every address a logical id. See
//! `docs/decisions/templates-are-serialised.md`.

mod exceptions;
pub mod identifiers;
mod intrinsics;
mod logical;
mod parts;
mod plain;
mod portable;
mod synth;

pub use exceptions::{Exception, exceptions};
pub use logical::{id as logical_id, parameter as parameter_name};
pub use parts::stack_names;
pub use plain::plain;
pub use portable::{NotPortable, TargetTemplates, portable};
pub use synth::{Error, Outside, Template, synth, synth_target, synth_without};
