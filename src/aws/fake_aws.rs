//! For tests: an account with services that answer as the test defines.

use axum::Router;

use super::{Connection, LocalCloud, Regions};
use crate::model::Scope;

/// The regions of account 111122223333 for stack `vod` in eu-west-1. `answers` handles every call to any service.
pub(crate) async fn regions(answers: Router) -> Regions {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, answers).await });
    let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
    let target = LocalCloud::new(endpoint, &scope.account, "secret");
    let connection = Connection::to_local(target, &scope.region).await;
    connection.calls().keep();
    Regions::new(connection, scope)
}
