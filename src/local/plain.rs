//! The few plain HTTP requests that the local cloud makes to itself: bounded, without TLS, without redirects.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::{Request, Response, Uri};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::UnixStream;

/// A client of the emulator, which listens on a Unix socket.
pub(super) type Plain = Client<Socket, Body>;

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(20);

/// Connects to a Unix socket, whatever address a request names.
#[derive(Debug, Clone)]
pub(super) struct Socket(Arc<Path>);

impl tower_service::Service<Uri> for Socket {
    type Response = TokioIo<UnixStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let path = Arc::clone(&self.0);
        Box::pin(async move { UnixStream::connect(path).await.map(TokioIo::new) })
    }
}

/// Makes a client of the server at this socket. It keeps connections open.
pub(super) fn through(socket: &Path) -> Plain {
    Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(Socket(socket.into()))
}

/// Sends one request to a loopback address, and reads its answer within `timeout`.
pub(super) async fn call(request: Request<Body>, timeout: Duration) -> Result<Response<Bytes>, String> {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(Duration::from_secs(2)));
    exchange(&Client::builder(TokioExecutor::new()).build(connector), request, timeout).await
}

/// Sends one request with this client, and reads its answer within `timeout`.
pub(super) async fn exchange<C>(
    client: &Client<C, Body>,
    request: Request<Body>,
    timeout: Duration,
) -> Result<Response<Bytes>, String>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let work = async {
        let response = client.request(request).await.map_err(|error| error.to_string())?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(Response::from_parts(parts, body))
    };
    tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| Err(format!("no answer in {timeout:?}")))
}
