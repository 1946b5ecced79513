//! For tests: an account whose services answer as a test has them.

use axum::Router;

use super::{Connection, Regions, Target};
use crate::model::Scope;

/// The regions of account 111122223333, as stack `vod` of eu-west-1 has them; every call to any service is answered by this.
pub(crate) async fn regions(answers: Router) -> Regions {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, answers).await });
    let account = "111122223333".to_owned();
    let scope = Scope { stack: "vod".into(), account: account.clone(), region: "eu-west-1".into() };
    let connection = Connection::open(Target::Local { endpoint, account }, &scope.region).await;
    Regions::new(connection, scope)
}
