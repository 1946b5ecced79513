//! What `--version` says: the version, the commit, and the handlers that this program carries.

use std::sync::LazyLock;

use crate::model::{CodeOrigin, VERSION};
use crate::ops::{self, Architecture};

/// The version with its commit, and a line about the handlers.
pub(super) fn long() -> &'static str {
    static LONG: LazyLock<String> = LazyLock::new(text);
    &LONG
}

fn text() -> String {
    format!("{VERSION}\nhandlers: {}", handlers(&ops::included_handlers()))
}

fn handlers(included: &[(Architecture, CodeOrigin)]) -> String {
    let line = |(architecture, origin): &(Architecture, CodeOrigin)| {
        let sources = origin.sources.get(..12).unwrap_or(&origin.sources);
        format!("{architecture} (sources {sources}, {})", origin.toolchain)
    };
    let lines: Vec<String> = included.iter().map(line).collect();
    if lines.is_empty() { "none, taken from a checkout".to_owned() } else { lines.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_handlers_it_carries() {
        assert_eq!(handlers(&[]), "none, taken from a checkout");
        let origin = CodeOrigin { sources: "5b".repeat(32), toolchain: "rustc 1.95.0".to_owned() };
        let both = [(Architecture::Arm64, origin.clone()), (Architecture::X86_64, origin)];
        assert_eq!(
            handlers(&both),
            "arm64 (sources 5b5b5b5b5b5b, rustc 1.95.0), x86_64 (sources 5b5b5b5b5b5b, rustc 1.95.0)"
        );
    }
}
