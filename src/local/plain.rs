//! The few plain HTTP requests that the local cloud makes to itself: bounded, without TLS, without redirects.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::Error;

/// A client for loopback addresses.
pub(super) type Plain = Client<HttpConnector, Body>;

/// Makes a client that keeps connections open and gives up connecting after a moment.
pub(super) fn client() -> Plain {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(Duration::from_secs(2)));
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).pool_idle_timeout(Duration::from_secs(20)).build(connector)
}

/// GETs `url`, with its status and whole body, within `timeout`.
pub(super) async fn get(url: &str, timeout: Duration) -> Result<(StatusCode, Bytes), String> {
    exchange(Method::GET, url, timeout).await
}

/// POSTs to `url` without a body and requires success.
pub(super) async fn post(url: &str) -> Result<(), Error> {
    match exchange(Method::POST, url, Duration::from_secs(20)).await {
        Ok((status, _)) if status.is_success() => Ok(()),
        Ok((status, body)) => {
            Err(Error::Request { why: format!("POST {url}: {status} {}", String::from_utf8_lossy(&body)) })
        }
        Err(why) => Err(Error::Request { why: format!("POST {url}: {why}") }),
    }
}

async fn exchange(method: Method, url: &str, timeout: Duration) -> Result<(StatusCode, Bytes), String> {
    let request =
        Request::builder().method(method).uri(url).body(Body::empty()).map_err(|error| error.to_string())?;
    let work = async {
        let response: Response<_> = client().request(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok((status, body))
    };
    tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| Err(format!("no answer in {timeout:?}")))
}
