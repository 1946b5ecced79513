//! The operations: what `provision plan`, `apply`, `teardown` and the other commands do, without words and exit codes.
//!
//! A [`Session`] is one run against one stack. Operations return typed results; whoever runs them implements [`Ui`], which shows
//! plans, asks questions and reports progress. `converge` is the protocol that makes every change safe.

mod account;
mod apply;
pub mod asset;
mod bundle;
mod chosen;
mod converge;
mod declared;
mod dependents;
mod engine;
mod error;
mod exists;
mod export;
mod fleet;
mod ghosts;
mod history;
mod import;
mod journal;
mod key;
pub mod library;
pub mod local;
mod moving;
mod name_move;
mod offline;
mod outputs;
pub mod permissions;
mod plan;
mod protected;
mod session;
mod sign;
mod source;
mod state;
mod store;
mod synth;
mod teardown;
mod ui;
mod verify;

pub use crate::deploy::{ChangeAction, Replacement};
pub use account::Account;
pub use apply::{Applied, ApplyOptions, ApplyRequest, PlannedApply};
pub use bundle::{
    Architecture, Bundle, BundleProgress, IN_THE_PROGRAM, IncludedFolder, Profile, build, carry,
    copy_bundles, host_architecture, included_handlers, use_handlers,
};
pub use chosen::{argument, use_name, use_target};
pub use converge::{RunOutcome, RunStatus};
pub use engine::verdict::{Agreement, PlannedAction, Verdict};
pub use error::{ErrorKind, Interrupted, Refused};
pub use export::{ExportTarget, Exported, export};
pub use fleet::{FleetStatus, status};
pub use history::{HistoryEntry, RunState, StackHistory, history};
pub use import::{Imported, import};
pub use library::open as open_library;
pub use moving::{MoveAction, MoveStep, Moved, move_to};
pub use name_move::{NameMove, apply_before_name};
pub use offline::{compare, graph as offline_graph};
pub use outputs::{DnsRecord, Outputs, outputs};
pub use plan::{PlanWishes, Planned, plan};
pub use session::Session;
pub use sign::{Sent, SignedAccess, Signing, is_range, need_key, sign};
pub use source::SavedPlan;
pub use state::ObservedState;
pub use store::{Lock, RunStore};
pub use synth::{Template, synth};
pub use teardown::{TornDown, teardown};
pub use ui::{Figures, Notice, Question, Ui};
pub use verify::{ColorTags, Decoded, Picture, Playable, Played, Sound, Stream, verify, verify_applied};

pub use crate::aws::{Access, RoleToAssume};
pub use crate::plan::Plan;
pub use crate::resource::cloudformation::{Instance as FleetInstance, InstanceState, LastOperation};
pub use crate::review::{Action, Import, Review, TargetAction, Totals};
pub use crate::saved::Digest as PlanDigest;
pub use crate::stack::config::Engine as EngineKind;
