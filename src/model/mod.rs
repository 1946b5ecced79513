//! Pure data that every other module uses: addresses, inputs, declarations, live resources, changes, permissions,
//! events.
//!
//! Nothing here calls AWS and nothing here imports another module of ours. See `docs/architecture.md`.

mod address;
mod bundle;
mod change;
mod declaration;
mod event;
mod input;
mod live;
mod permission;
mod policy;
pub mod printable;
mod scope;
mod tags;
mod tally;

pub use address::{Address, Kind};
pub use bundle::bundle_key;
pub use change::{Changes, PropertyChange};
pub use declaration::{Declaration, Guard};
pub use event::{Event, StepState};
pub use input::{Input, OutputRef, Part, refs, resolve};
pub use live::{Contents, Known, Live, Orphan, Outputs, Ownership, Readiness, Snapshot, is_part};
pub use permission::{ANYTHING, Allow, ArnVariables, Only, Permissions};
pub use policy::{Conditions, Effect, PolicyDocument, Principal, Statement};
pub use scope::{Mark, Scope};
pub use tags::{ADDRESS_TAG, REGION_TAG, STACK_TAG, Tags};
pub use tally::Tally;
