//! What `protected: true` forbids in addition to teardown: changes after which objects in the buckets may be gone.

use super::error::Refused;
use crate::review::{Review, TargetAction};
use crate::stack::config::StackFile;

/// Passes a review in which no bucket loses objects and no target of a fleet goes, and every review of a stack that is not protected. That apply never deletes
/// or replaces a bucket with objects is a rule for every stack, and is not judged here.
///
/// # Errors
/// A refusal that names each such change.
pub(super) fn check(file: &StackFile, review: &Review) -> Result<(), Refused> {
    let losses = review.losses().map(|(address, why)| format!("{address}: {why}"));
    let gone = review.targets.iter().filter(|target| target.action == TargetAction::Remove);
    let gone = gone.map(|target| format!("{} in {}: its stack is deleted", target.target, target.region));
    let found: Vec<String> = losses.chain(gone).collect();
    if !file.protected || found.is_empty() {
        return Ok(());
    }
    let says = format!(
        "stack {} is protected, so changes that may lose data are refused; nothing was changed\n{}",
        review.stack,
        found.join("\n")
    );
    Err(Refused::new(
        says,
        "set `protected: false` in the stack file for this change, and true again after it",
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ops::offline;
    use crate::stack::config;

    #[test]
    fn a_protected_stack_takes_no_change_that_deletes_sooner() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks/local.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let former = |keep: &str| {
            let file = folder.path().join(format!("{keep}.yaml"));
            let from = "expire_noncurrent_after: 1d";
            std::fs::write(&file, text.replace(from, &format!("expire_noncurrent_after: {keep}"))).unwrap();
            file
        };
        let compared = |head: &Path, base: &Path| offline::compare(head, base.to_str().unwrap()).unwrap().0;
        let (sooner, later) = (compared(&path, &former("5d")), compared(&former("5d"), &path));
        let open = config::load(&path).unwrap();
        let protected = StackFile { protected: true, ..open.clone() };
        assert!(check(&open, &sooner).is_ok() && check(&protected, &later).is_ok());
        let refused = check(&protected, &sooner).unwrap_err().to_string();
        assert!(refused.contains("storage/source: ") && refused.contains("sooner"), "{refused}");
    }
}
