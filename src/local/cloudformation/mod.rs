//! CloudFormation on this machine: stacks, change sets and their execution, as AWS's API answers.
//!
//! [`CloudFormation`] keeps the stacks of every account and region in memory, and [`handle`] answers the query API. What is
//! pure comes first: [`template`], [`functions`], [`parameters`], [`order`], and [`compare`], which finds the changes of a
//! change set. [`actual`] reads the resources for a drift-aware one. [`operations`] are the calls; [`run`] carries out what they begin. Resources are made by
//! [`ResourceHandlers`], which whoever starts the server hands in. See `docs/local-cloud.md` and
//! `docs/decisions/cloudformation-is-answered-here.md`.

mod actual;
mod compare;
mod drift;
mod facts;
mod fate;
mod fleet;
mod functions;
pub(in crate::local) mod handlers;
mod operations;
mod order;
mod parameters;
mod policy;
mod refusal;
mod run;
mod state;
mod template;
mod values;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::Credentials;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;

use super::accounts::Accounts;
use super::clients;
use super::identifier::uuid;
use super::plain::Plain;
use super::secret::Secret;
use super::signature::Claim;
pub use facts::{CloudFormationFact, cloudformation_facts};
pub(super) use fleet::organization_changed;
pub use handlers::{
    HandledResource, HandledType, HandlerCaller, HandlerErrorCode, HandlerFailure, ResourceHandlers,
    is_same_identifier,
};
use refusal::ApiRefusal;
use state::{Shelf, StackPlace, StackRecord};

/// The service's name in signatures.
pub(super) const SERVICE: &str = "cloudformation";
/// The largest form that is read: a template in a call has at most 51,200 bytes.
const LARGEST: usize = 4 << 20;
/// The header with the token of a session.
const TOKEN: &str = "x-amz-security-token";

/// The service.
pub(super) struct CloudFormation {
    handlers: Arc<dyn ResourceHandlers>,
    secret: Secret,
    http: Plain,
    endpoint: String,
    accounts: Arc<Accounts>,
    pace: Option<u32>,
    shelves: Mutex<BTreeMap<StackPlace, Shelf>>,
    stack_sets: Mutex<BTreeMap<StackPlace, Vec<fleet::StackSetRecord>>>,
    /// The accounts that let stack sets into their organization.
    organizations_access: Mutex<BTreeSet<String>>,
}

/// Who calls, and where.
#[derive(Debug, Clone)]
struct StackCaller {
    place: StackPlace,
    credentials: Credentials,
}

/// What the service needs of the server.
pub(super) struct Surroundings {
    pub(super) secret: Secret,
    pub(super) http: Plain,
    pub(super) endpoint: String,
    pub(super) accounts: Arc<Accounts>,
    pub(super) pace: Option<u32>,
}

impl CloudFormation {
    /// A service without stacks.
    pub(super) fn new(handlers: Arc<dyn ResourceHandlers>, surroundings: Surroundings) -> Arc<Self> {
        let Surroundings { secret, http, endpoint, accounts, pace } = surroundings;
        Arc::new(Self {
            handlers,
            secret,
            http,
            endpoint,
            accounts,
            pace,
            shelves: Mutex::default(),
            stack_sets: Mutex::default(),
            organizations_access: Mutex::default(),
        })
    }

    /// Forgets every stack; what runs ends after its calls under way.
    pub(super) fn reset(&self) {
        let shelves = std::mem::take(&mut *self.shelves.lock().unwrap_or_else(PoisonError::into_inner));
        for stack in shelves.values().flat_map(|shelf| &shelf.stacks) {
            stack.cancel.cancel();
        }
        self.stack_sets.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.organizations_access.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Works with the stacks of a place.
    fn shelf<T>(&self, place: &StackPlace, work: impl FnOnce(&mut Shelf) -> T) -> T {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        work(shelves.entry(place.clone()).or_default())
    }

    /// Works with a stack that is known; nothing after a reset.
    fn stack<T>(&self, place: &StackPlace, id: &str, work: impl FnOnce(&mut StackRecord) -> T) -> Option<T> {
        self.shelf(place, |shelf| shelf.find_mut(id).map(work))
    }

    async fn caller(&self, claim: &Claim, token: Option<String>) -> StackCaller {
        let account = self.accounts.of(&claim.key_id).await;
        let secret = self.secret.of_key(&claim.key_id);
        let credentials = Credentials::new(&claim.key_id, secret, token, None, "caller of CloudFormation");
        let place = StackPlace { account, region: claim.region.clone() };
        StackCaller { place, credentials }
    }

    /// A caller as the handlers need it: the service role where the stack has one. Every role can be assumed by the cloud
    /// itself; whether CloudFormation may assume it, its trust policy said before.
    async fn handler_caller(&self, caller: &StackCaller, role: Option<&str>) -> HandlerCaller {
        let assumed = match role {
            Some(role) => {
                let own = self.secret.credentials(&caller.place.account);
                self.assumed(own, &caller.place.region, role).await
            }
            None => None,
        };
        HandlerCaller {
            endpoint: self.endpoint.clone(),
            credentials: assumed.unwrap_or_else(|| caller.credentials.clone()),
            account: caller.place.account.clone(),
            region: caller.place.region.clone(),
            pace: self.pace,
        }
    }

    /// A session of a role; `None` if STS refuses it.
    async fn assumed(&self, credentials: Credentials, region: &str, role: &str) -> Option<Credentials> {
        let config = clients::config(&self.http, &self.endpoint, credentials, region);
        let call = aws_sdk_sts::Client::new(&config).assume_role().role_arn(role);
        let answer = call.role_session_name("AWSCloudFormation").send().await.ok()?;
        let found = answer.credentials?;
        let token = Some(found.session_token);
        Some(Credentials::new(found.access_key_id, found.secret_access_key, token, None, "service role"))
    }

    /// The trust policy of a role, as text; `None` if there is no such role.
    async fn trust_of(&self, place: &StackPlace, role: &str) -> Option<String> {
        let credentials = self.secret.credentials(&place.account);
        let config = clients::config(&self.http, &self.endpoint, credentials, &place.region);
        let answer = aws_sdk_iam::Client::new(&config).get_role().role_name(role).send().await.ok()?;
        let document = answer.role?.assume_role_policy_document?;
        Some(percent_encoding::percent_decode_str(&document).decode_utf8_lossy().into_owned())
    }

    fn is_known_type(&self, kind: &str) -> bool {
        self.handlers.describe_type(kind).is_some()
    }
}

/// Answers one request.
pub(super) async fn handle(service: &Arc<CloudFormation>, claim: &Claim, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let id = uuid();
    let (status, xml) = match Limited::new(body, LARGEST).collect().await {
        Ok(body) => {
            let query = parts.uri.query().unwrap_or_default();
            let form = [query.as_bytes(), b"&", &body.to_bytes()].concat();
            let form = wire::read(&form);
            let token = parts.headers.get(TOKEN).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let (service, caller, id) = (Arc::clone(service), service.caller(claim, token).await, id.clone());
            // A task of its own begins with an empty stack. Below the server's, that of a thread would not be enough for the
            // calls of other services. And as on AWS, a call goes on when its caller has gone.
            let answered = tokio::spawn(async move { answer(&service, &caller, &form, &id).await });
            answered.await.expect("no call panics")
        }
        Err(why) => {
            (StatusCode::PAYLOAD_TOO_LARGE, wire::error("RequestEntityTooLarge", &why.to_string(), &id))
        }
    };
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/xml")
        .header("x-amzn-requestid", id)
        .body(Body::from(xml))
        .expect("the parts are constant")
}

async fn answer(
    service: &Arc<CloudFormation>,
    caller: &StackCaller,
    form: &Value,
    id: &str,
) -> (StatusCode, String) {
    let operation = form["Action"].as_str().unwrap_or_default();
    match operations::answer(service, caller, operation, form).await {
        Ok(result) => (StatusCode::OK, wire::answer(operation, result.as_ref(), id)),
        Err(ApiRefusal { status, code, message }) => (status, wire::error(code, &message, id)),
    }
}
