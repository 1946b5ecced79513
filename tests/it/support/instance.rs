//! What a test's local cloud leaves on this machine: nothing if the test passed, its log if not.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use provision::local::Status;

/// A local cloud that is stopped at the end of its test.
pub(crate) struct Instance {
    name: String,
    log: Option<PathBuf>,
}

impl Instance {
    /// One that runs.
    pub(crate) fn running(status: &Status) -> Self {
        Self { name: status.name.clone(), log: Some(status.log.clone()) }
    }

    /// One that may come to run.
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), log: None }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let log = self.log.as_ref().filter(|_| std::thread::panicking());
        let said = log.and_then(|path| Some((path, fs::read(path).ok()?)));
        let mut stop = Command::new(env!("CARGO_BIN_EXE_provision"));
        if let Err(error) = stop.args(["local", "stop", "--name", &self.name, "--port", "0"]).output() {
            println!("the local cloud {} was not stopped: {error}", self.name);
        }
        // Stopping leaves nothing.
        if let Some((path, said)) = said {
            let kept = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, said));
            println!("the log of the local cloud: {} {kept:?}", path.display());
        }
    }
}
