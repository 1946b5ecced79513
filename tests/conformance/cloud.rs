//! The local cloud that the walk runs against.

use std::sync::Arc;

use provision::aws::{Connection, Context, Target};
use provision::model::Scope;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "ap-northeast-2";

/// A context for a stack of this name on the local cloud at `PROVISION_TEST_ENDPOINT`.
pub(crate) async fn context(stack: &str) -> Context {
    let endpoint =
        std::env::var("PROVISION_TEST_ENDPOINT").expect("PROVISION_TEST_ENDPOINT names a local cloud");
    let target = Target::Local { endpoint, account: ACCOUNT.to_owned() };
    let connection = Arc::new(Connection::open(target, REGION).await);
    let scope = Scope { stack: stack.to_owned(), account: ACCOUNT.to_owned(), region: REGION.to_owned() };
    Context::new(connection, scope, REGION)
}
