//! The record of a running instance: where it serves, and its secret. Only its owner can read it.
//!
//! Whoever listens on a port may say anything of himself. So the address and the process are those of the record, and an
//! answer counts only with the proof that its sender knows the secret.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use aws_credential_types::Credentials;
use axum::body::{Body, Bytes};
use http::{HeaderValue, Method, Request, Response, header};
use serde::{Deserialize, Serialize};

use super::gateway::PROOF;
use super::guard::OWN;
use super::instance::Status;
use super::secret::Secret;
use super::signature::{hash, sign};
use super::{Error, plain};

/// How long the server may take to say what it is.
const TELLS: Duration = Duration::from_secs(2);
/// How long the server may take to do what it is told.
const OBEYS: Duration = Duration::from_secs(20);

/// A running instance, as its server wrote it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    secret: Secret,
    #[serde(flatten)]
    pub(super) status: Status,
}

impl Record {
    /// Of an instance that has this secret.
    pub(super) fn new(secret: &Secret, status: Status) -> Self {
        Self { secret: secret.clone(), status }
    }

    /// The one at this path; `None` if there is none that can be read.
    pub(super) fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    /// Writes it, for its owner alone.
    pub(super) fn write(&self, path: &Path) -> Result<(), Error> {
        let new = path.with_extension("new");
        let text = serde_json::to_vec_pretty(self).expect("a record is plain data");
        // One that is left there may have any mode.
        let _ = fs::remove_file(&new);
        let file = File::options().write(true).create_new(true).mode(0o600).open(&new);
        file.and_then(|mut file| file.write_all(&text))
            .and_then(|()| fs::rename(&new, path))
            .map_err(Error::files(path))
    }

    /// The credentials with this access key id.
    pub(super) fn credentials(&self, access_key_id: &str) -> Credentials {
        self.secret.credentials(access_key_id)
    }

    /// The port that it serves on.
    pub(super) fn port(&self) -> Option<u16> {
        self.status.endpoint.rsplit(':').next()?.parse().ok()
    }

    /// Asks the server what it is. `None` inside means that somebody else answers at its address.
    pub(super) async fn ask(&self) -> Result<Option<Self>, String> {
        let nonce = Secret::generate().map_err(|error| error.to_string())?.hex();
        let answer = self.call(Method::GET, &format!("status?nonce={nonce}"), TELLS).await?;
        let proof = answer.headers().get(PROOF).map_or(&b""[..], HeaderValue::as_bytes);
        let is_its_own = self.secret.proves(&nonce, answer.body(), proof);
        let told = serde_json::from_slice::<Status>(answer.body()).ok().filter(|_| is_its_own);
        Ok(told.map(|told| {
            let Status { endpoint, pid, .. } = self.status.clone();
            Self { status: Status { endpoint, pid, ..told }, ..self.clone() }
        }))
    }

    /// Tells the server to do something, and requires that it does.
    pub(super) async fn tell(&self, what: &str) -> Result<(), Error> {
        let failed = |why: String| Error::Request { why: format!("{what}: {why}") };
        match self.call(Method::POST, what, OBEYS).await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => {
                Err(failed(format!("{} {}", answer.status(), String::from_utf8_lossy(answer.body()).trim())))
            }
            Err(why) => Err(failed(why)),
        }
    }

    async fn call(&self, method: Method, what: &str, wait: Duration) -> Result<Response<Bytes>, String> {
        let Status { endpoint, account, region, .. } = &self.status;
        let request = Request::builder().method(method).uri(format!("{endpoint}{OWN}{what}"));
        let request = request.header(header::HOST, endpoint.trim_start_matches("http://"));
        let (mut parts, ()) = request.body(()).map_err(|error| error.to_string())?.into_parts();
        sign(&mut parts, &hash(b""), &self.credentials(account), region, "provision");
        plain::call(Request::from_parts(parts, Body::empty()), wait).await
    }
}
