//! The environment of the program: an empty variable counts as unset, as pipelines leave it.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Starts this program anew without AWS's variables that are empty, if there are any. AWS's SDK takes an empty
/// `AWS_ENDPOINT_URL` for an address and an empty `AWS_PROFILE` for a name, and an empty `SSL_CERT_FILE` would be a file
/// without authorities. A program cannot safely change its own environment, and libraries read the variables themselves.
///
/// # Errors
/// When the program cannot be started anew.
pub(super) fn without_empty() -> io::Result<()> {
    let empty: Vec<OsString> = env::vars_os()
        .filter(|(name, value)| is_read_elsewhere(name) && value.is_empty())
        .map(|(name, _)| name)
        .collect();
    if empty.is_empty() {
        return Ok(());
    }
    let mut anew = Command::new(env::current_exe()?);
    anew.args(env::args_os().skip(1));
    for name in &empty {
        anew.env_remove(name);
    }
    // It returns only if it fails.
    Err(anew.exec())
}

fn is_read_elsewhere(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("AWS_") || ["SSL_CERT_FILE", "SSL_CERT_DIR"].contains(&&*name)
}
