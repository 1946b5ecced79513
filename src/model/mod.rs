//! Pure data that every other module uses: addresses, string expressions, declarations, live resources, changes, permissions,
//! events.
//!
//! Nothing here calls AWS and nothing here imports another module of ours. See `docs/architecture.md`.

mod address;
mod bundle;
mod change;
mod declaration;
mod event;
mod ignored_tags;
mod live;
mod permission;
mod policy;
pub mod printable;
mod scope;
mod string_expr;
mod tags;
mod tally;
mod version;

pub use address::{Address, Kind};
pub use bundle::{CodeOrigin, INLINE_TEMPLATE, bundle_key, template_key};
pub use change::{Changes, PropertyChange};
pub use declaration::{Declaration, Guard};
pub use event::{Event, Obstacle, StepState};
pub use ignored_tags::{IgnoredTags, key_matches};
pub use live::{Contents, Known, Live, Orphan, Outputs, Ownership, Readiness, Snapshot, is_part};
pub use permission::{ANYTHING, Allow, ArnVariables, Only, Permissions};
pub use policy::{Conditions, Effect, PolicyDocument, Principal, Statement};
pub use scope::{Mark, Scope};
pub use string_expr::{OutputRef, Part, StringExpr, refs, resolve};
pub use tags::{ADDRESS_TAG, REGION_TAG, STACK_TAG, Tags};
pub use tally::Tally;
pub use version::VERSION;
