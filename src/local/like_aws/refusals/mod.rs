//! What AWS refuses and the emulator takes.

use super::rule::Rule;
use super::{Played, Refused};
use crate::local::gateway::Gateway;
use crate::local::operation::Call;

/// Every rule of this kind, for the table in `docs/local-cloud.md`.
pub(in crate::local) const RULES: &[Rule] = &[];

/// AWS's refusal of a call; `None` if AWS would take it. `gateway` has clients of the emulator, which see what is there.
pub(in crate::local) async fn check(_gateway: &Gateway, _played: &Played, _call: &Call) -> Option<Refused> {
    None
}
