//! The HTTP client of a viewer: the SDK's own transport, without redirects, over the network of the other calls.

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use url::Url;

use crate::aws::{Connections, Network};

const CONNECT: Duration = Duration::from_secs(10);

/// The answer of an address.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// A viewer's client, which keeps connections open.
#[derive(Debug)]
pub(super) struct Client {
    /// How long an answer may take, its body included.
    patience: Duration,
    connections: Connections,
}

impl Client {
    /// A client that reaches other machines by this network.
    pub(super) fn new(patience: Duration, network: &Network) -> Self {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).build();
        Self { patience, connections: network.connections(settings) }
    }

    /// GETs `address` with these headers. Redirects are answers like others.
    ///
    /// # Errors
    /// When the address cannot be reached, or its answer does not end in time.
    pub(super) async fn get(
        &self,
        address: &Url,
        headers: &[(&'static str, &str)],
    ) -> Result<Answer, String> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(address.as_str()).map_err(|error| chain(&error))?;
        for (name, value) in headers {
            request.headers_mut().try_insert(*name, (*value).to_owned()).map_err(|error| chain(&error))?;
        }
        let answer = async {
            let answer = self.connections.call(request).await.map_err(|error| chain(&error))?;
            let (parts, body) = answer.try_into_http1x().map_err(|error| chain(&error))?.into_parts();
            let body = body.collect().await.map_err(|error| chain(error.as_ref()))?.to_bytes();
            Ok(Answer { status: parts.status, headers: parts.headers, body })
        };
        let ended = tokio::time::timeout(self.patience, answer).await;
        ended.unwrap_or_else(|_| Err(format!("no answer in {} seconds", self.patience.as_secs())))
    }
}

/// An error's message with its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// A server that answers every request with `answer`, or never; its address.
    async fn server(answer: Option<&'static str>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((mut socket, _)) = listener.accept().await {
                let _ = socket.read(&mut [0; 4096]).await;
                if let Some(answer) = answer {
                    let _ = socket.write_all(answer.as_bytes()).await;
                }
                kept.push(socket);
            }
        });
        address
    }

    fn url(address: &str, host: &str) -> Url {
        let port = address.rsplit_once(':').unwrap().1;
        Url::parse(&format!("http://{host}:{port}/a")).unwrap()
    }

    #[tokio::test]
    async fn this_machine_is_asked_without_a_proxy_and_others_with_it() {
        let here = server(Some("HTTP/1.1 204 No Content\r\n\r\n")).await;
        let proxy = server(Some("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")).await;
        let network = Network::of(&[("HTTP_PROXY", &proxy)]).unwrap();
        let client = Client::new(PATIENCE, &network);
        let answer = client.get(&url(&here, "127.0.0.1"), &[]).await.unwrap();
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        let answer = client.get(&url(&here, "video.example.com"), &[]).await.unwrap();
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "a name that only the proxy knows");
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer() {
        let server =
            server(Some("HTTP/1.1 301 Moved\r\nlocation: https://a.b/\r\ncontent-length: 2\r\n\r\nhi")).await;
        let answer = Client::new(PATIENCE, &Network::direct())
            .get(&url(&server, "127.0.0.1"), &[("cookie", "a=b")])
            .await
            .unwrap();
        assert_eq!(
            (answer.status, &answer.headers["location"]),
            (StatusCode::MOVED_PERMANENTLY, &"https://a.b/".parse().unwrap())
        );
        assert_eq!(answer.body, "hi");
    }

    #[tokio::test]
    async fn what_fails_says_why() {
        let silent = server(None).await;
        let client = Client::new(Duration::from_millis(50), &Network::direct());
        assert_eq!(client.get(&url(&silent, "127.0.0.1"), &[]).await.unwrap_err(), "no answer in 0 seconds");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gone = listener.local_addr().unwrap().to_string();
        drop(listener);
        let error =
            Client::new(PATIENCE, &Network::direct()).get(&url(&gone, "127.0.0.1"), &[]).await.unwrap_err();
        assert!(error.contains("onnection refused"), "{error}");
    }
}
