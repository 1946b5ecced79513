//! AWS far away: servers that only a proxy knows, with certificates of a private authority, and all that they were asked.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::PROGRAM;

/// The names of its servers.
const NAMES: &[&str] = &[
    "*.amazonaws.com",
    "*.ap-northeast-2.amazonaws.com",
    "*.me-central-1.amazonaws.com",
    "*.s3.ap-northeast-2.amazonaws.com",
    "*.us-east-1.amazonaws.com",
    "*.sso.us-east-1.amazonaws.com",
    "*.signin.aws.amazon.com",
    "*.cloudfront.net",
];

/// A request, as the server read it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) host: String,
    pub(crate) target: String,
    /// The access key that signed it.
    pub(crate) key: String,
    pub(crate) body: String,
}

type Answers = Arc<dyn Fn(&Asked) -> (u16, String) + Send + Sync>;

/// The servers, their proxy and a home folder of a person who works there.
pub(crate) struct Far {
    folder: tempfile::TempDir,
    proxy: String,
    password: Option<String>,
    /// What the proxy was asked to connect to, one line each.
    connected: Arc<Mutex<Vec<String>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Far {
    /// Servers that answer so. With a password, the proxy wants it of user `me`.
    pub(crate) async fn start(
        password: Option<&str>,
        answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        Self::with_edges(password, None, answers).await
    }

    /// The same, with CloudFront's edges: the local cloud at this address plays them.
    pub(crate) async fn with_edges(
        password: Option<&str>,
        edges: Option<&str>,
        answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let edges = edges.map(|address| address.trim_start_matches("http://").to_owned());
        let folder = tempfile::tempdir().unwrap();
        let (authority, config) = certificates();
        std::fs::write(folder.path().join("authority.pem"), authority).unwrap();
        let (connected, asked) = (Arc::default(), Arc::default());
        let servers = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let far = Self {
            folder,
            proxy: proxy.local_addr().unwrap().to_string(),
            password: password.map(str::to_owned),
            connected: Arc::clone(&connected),
            asked: Arc::clone(&asked),
        };
        let to = servers.local_addr().unwrap().to_string();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let answers: Answers = Arc::new(answers);
        let tls_edges = edges.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = servers.accept().await {
                let (acceptor, answers, asked) = (acceptor.clone(), Arc::clone(&answers), Arc::clone(&asked));
                let edges = tls_edges.clone();
                tokio::spawn(async move {
                    let Ok(mut socket) = acceptor.accept(socket).await else { return };
                    let name = socket.get_ref().1.server_name().unwrap_or_default();
                    match edges.filter(|_| name.ends_with(".cloudfront.net")) {
                        Some(edges) => forward(&mut socket, &edges, "").await,
                        None => serve(socket, &answers, &asked).await,
                    }
                });
            }
        });
        let wanted = password.map(|password| format!("Basic {}", base64(&format!("me:{password}"))));
        tokio::spawn(async move {
            while let Ok((socket, _)) = proxy.accept().await {
                tokio::spawn(tunnel(
                    socket,
                    to.clone(),
                    edges.clone(),
                    wanted.clone(),
                    Arc::clone(&connected),
                ));
            }
        });
        far
    }

    /// The program in a bare environment, behind the proxy. It trusts what the test says.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        command.env_clear().env("HOME", self.folder.path()).env("NO_COLOR", "1");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("HTTPS_PROXY", self.proxy(None));
        command
    }

    /// The same, which trusts the private authority.
    pub(crate) fn trusting(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.env("AWS_CA_BUNDLE", self.authority());
        command.env("HTTPS_PROXY", self.proxy(self.password.as_deref()));
        command
    }

    /// The proxy's address, with user `me` and this password.
    pub(crate) fn proxy(&self, password: Option<&str>) -> String {
        let user = password.map(|password| format!("me:{password}@")).unwrap_or_default();
        format!("http://{user}{}", self.proxy)
    }

    /// The file with the authority's certificate.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// Writes a file of the person's home.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// What the proxy was asked to connect to, since the last time.
    pub(crate) fn connected(&self) -> Vec<String> {
        let mut hosts: Vec<String> = std::mem::take(&mut *self.connected.lock().unwrap());
        hosts.dedup();
        hosts
    }

    /// What the servers were asked, since the last time.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// An authority's certificate, and servers with certificates of it.
fn certificates() -> (String, ServerConfig) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let own = authority.self_signed(&key).unwrap();
    let issuer = Issuer::new(authority, key);
    let server = CertificateParams::new(NAMES.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let key = KeyPair::generate().unwrap();
    let server = server.unwrap().signed_by(&key, &issuer).unwrap();
    let (chain, key) = (
        vec![CertificateDer::from(server.der().to_vec())],
        PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
    );
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    (own.pem(), config.with_no_client_auth().with_single_cert(chain, key).unwrap())
}

/// Reads up to the empty line after the head of a message.
async fn head(socket: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if socket.read(&mut byte).await.ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    headers.find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

async fn serve(mut socket: impl AsyncRead + AsyncWrite + Unpin, answers: &Answers, all: &Mutex<Vec<Asked>>) {
    while let Some(head) = head(&mut socket).await {
        let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        if socket.read_exact(&mut body).await.is_err() {
            return;
        }
        let signed = header(&head, "authorization").and_then(|value| value.split_once("Credential="));
        let asked = Asked {
            host: header(&head, "host").unwrap_or_default().to_owned(),
            target: head.split(' ').nth(1).unwrap_or_default().to_owned(),
            key: signed.and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default().to_owned(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let (status, body) = answers(&asked);
        all.lock().unwrap().push(asked);
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if socket.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn tunnel(
    mut socket: TcpStream,
    to: String,
    edges: Option<String>,
    wanted: Option<String>,
    connected: Arc<Mutex<Vec<String>>>,
) {
    let Some(head) = head(&mut socket).await else { return };
    let target = head.split("\r\n").next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    connected.lock().unwrap().push(target);
    if wanted.is_some() && header(&head, "proxy-authorization") != wanted.as_deref() {
        let refused = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        let _ = socket.write_all(refused).await;
        return;
    }
    if !head.starts_with("CONNECT ") {
        // What is not encrypted is passed on as it is.
        return forward(&mut socket, &edges.unwrap_or_default(), &head).await;
    }
    if socket.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.is_ok() {
        forward(&mut socket, &to, "").await;
    }
}

/// Passes everything on, after what was read already.
async fn forward(socket: &mut (impl AsyncRead + AsyncWrite + Unpin), to: &str, read: &str) {
    let Ok(mut server) = TcpStream::connect(to).await else { return };
    if server.write_all(read.as_bytes()).await.is_ok() {
        let _ = copy_bidirectional(socket, &mut server).await;
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// STS's answer about whose an access key is.
pub(crate) fn caller(account: &str, arn: &str) -> (u16, String) {
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>{arn}</Arn><UserId>u</UserId><Account>{account}</Account></GetCallerIdentityResult>\
         <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    );
    (200, body)
}

/// STS's answer with credentials of a role. The access key is `key`.
pub(crate) fn assumed(key: &str) -> (u16, String) {
    let body = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
         <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
         <Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>\
         <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></AssumeRoleResponse>"
    );
    (200, body)
}

/// A refusal of STS.
pub(crate) fn refused(code: &str, message: &str) -> (u16, String) {
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
    );
    (403, body)
}
