//! Which program this is.

/// The version of this program, with the commit that it was built from if that is known: `0.1.0 (0123456789ab)`.
/// `+changes` after the commit means that the sources were changed after it.
pub const VERSION: &str = match option_env!("PROVISION_VERSION") {
    Some(version) => version,
    // Whoever compiles this file in another package has no build script of ours.
    None => env!("CARGO_PKG_VERSION"),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_commit_that_git_has() {
        let version = env!("CARGO_PKG_VERSION");
        let Some(rest) = VERSION.strip_prefix(version) else { panic!("{VERSION}") };
        if rest.is_empty() {
            return;
        }
        let commit = rest.trim_start_matches(" (").trim_end_matches(')').trim_end_matches("+changes");
        assert_eq!(commit.len(), 12, "{VERSION}");
        assert!(commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{VERSION}");
    }
}
