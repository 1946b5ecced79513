//! Calls that AWS refuses and the emulator takes.

use super::call::Call;
use super::refusal::Refusal;

/// Why AWS would refuse the call, if it would.
pub(in crate::local) async fn check(_call: &Call) -> Option<Refusal> {
    None
}
