//! A private local cloud for a test, gone with the test however it ends.

use std::process::Command;
use std::sync::Arc;

use provision::aws::{Connection, Context, Target};
use provision::local;
use provision::model::Scope;

/// The account of the stacks in tests.
pub(crate) const ACCOUNT: &str = "111122223333";
/// Their region.
pub(crate) const REGION: &str = "ap-northeast-2";

/// A local cloud of this test's own, on a free port.
pub(crate) struct Cloud {
    /// What `PROVISION_LOCAL` must be for the program to find it.
    pub(crate) name: String,
    /// Its address.
    pub(crate) endpoint: String,
}

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_provision");

impl Cloud {
    /// Starts it. The name tells the tests of one machine apart.
    pub(crate) async fn start(test: &str) -> Self {
        let name = format!("test-{test}-{}", std::process::id());
        let settings = local::Settings {
            name: name.clone(),
            port: 0,
            account: ACCOUNT.into(),
            region: REGION.into(),
            server: Some(PROGRAM.into()),
            ..local::Settings::default()
        };
        let running = local::ensure(&settings, &mut |text| println!("{text}")).await;
        let running = running.unwrap_or_else(|error| panic!("the local cloud does not start: {error:?}"));
        Self { name, endpoint: running.endpoint }
    }

    /// A context for a stack of this name.
    pub(crate) async fn context(&self, stack: &str) -> Context {
        let target = Target::Local { endpoint: self.endpoint.clone(), account: ACCOUNT.to_owned() };
        let connection = Arc::new(Connection::open(target, REGION).await);
        let scope = Scope { stack: stack.to_owned(), account: ACCOUNT.to_owned(), region: REGION.to_owned() };
        Context::new(connection, scope, REGION)
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        let stopped =
            Command::new(PROGRAM).args(["local", "stop", "--name", &self.name, "--port", "0"]).output();
        if let Err(error) = stopped {
            println!("the local cloud {} was not stopped: {error}", self.name);
        }
    }
}
