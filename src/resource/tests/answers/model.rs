//! AWS's published models of the answers that adapters read, and which operation a request asks for.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::http::{HeaderMap, Method, Uri};
use serde::Deserialize;

/// The services by the name that IAM has for them.
pub(crate) type Services = BTreeMap<String, Service>;

#[derive(Deserialize)]
pub(crate) struct Service {
    pub(super) protocol: String,
    /// The name that requests to it are signed for.
    signing: String,
    pub(crate) operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
pub(crate) struct Operation {
    method: String,
    uri: String,
    pub(super) output: String,
    /// The element of the query protocol that holds the answer.
    pub(super) wrapper: Option<String>,
    /// The root element of an answer of S3.
    pub(super) root: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Shape {
    Structure(Structure),
    List {
        list: Member,
    },
    Map {
        key: Member,
        value: Member,
    },
    Scalar {
        is: String,
        #[serde(default, rename = "enum")]
        values: Vec<String>,
        format: Option<String>,
    },
}

#[derive(Deserialize)]
pub(super) struct Structure {
    pub(super) members: BTreeMap<String, Member>,
    #[serde(default)]
    pub(super) required: Vec<String>,
    /// Whether only one of its members is present.
    #[serde(default)]
    pub(super) union: bool,
    /// The one member that the body is.
    pub(super) payload: Option<String>,
}

/// How a shape holds another one.
#[derive(Deserialize)]
pub(super) struct Member {
    pub(super) shape: String,
    /// Its name on the wire, if that is another one.
    pub(super) name: Option<String>,
    /// Where it is, if not in the body.
    pub(super) location: Option<String>,
    #[serde(default)]
    pub(super) attribute: bool,
    #[serde(default)]
    pub(super) flattened: bool,
}

impl Service {
    pub(super) fn is_s3(&self) -> bool {
        self.signing == "s3"
    }

    pub(super) fn shape(&self, name: &str) -> &Shape {
        self.shapes.get(name).unwrap_or_else(|| panic!("members.json has no shape {name}"))
    }

    pub(crate) fn operation(&self, name: &str) -> &Operation {
        self.operations
            .get(name)
            .unwrap_or_else(|| panic!("members.json has no operation {name}: see members.py"))
    }
}

/// All services.
pub(crate) fn services() -> &'static Services {
    static SERVICES: OnceLock<Services> = OnceLock::new();
    let text = include_str!("../../../../tests/aws_facts/members.json");
    SERVICES.get_or_init(|| serde_json::from_str(text).unwrap())
}

/// The service that a request is signed for.
fn signed_for(headers: &HeaderMap) -> Option<&str> {
    let credential = headers.get("authorization")?.to_str().ok()?.split("Credential=").nth(1)?;
    credential.split('/').nth(3)
}

/// The call that a request makes, such as `sqs:GetQueueAttributes`.
pub(crate) fn call(method: &Method, uri: &Uri, headers: &HeaderMap, body: &str) -> String {
    let signing = signed_for(headers).unwrap_or("nobody");
    let found = services().iter().find(|(_, service)| service.signing == signing);
    let Some((name, service)) = found else { return format!("{signing}:{uri}") };
    let operation = named(uri, headers, body)
        .or_else(|| service.at(method, uri))
        .unwrap_or_else(|| format!("{method} {uri}"));
    format!("{name}:{operation}")
}

/// The operation as protocols say it that do not use method and path for it.
fn named(uri: &Uri, headers: &HeaderMap, body: &str) -> Option<String> {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let target = target.and_then(|target| target.rsplit('.').next());
    let action = || body.split('&').find_map(|pair| pair.strip_prefix("Action="));
    let path = || uri.path().split_once("/operation/").map(|(_, operation)| operation);
    target.or_else(action).or_else(path).map(str::to_owned)
}

impl Service {
    /// The operation at a path. The one that names most of the query is meant.
    fn at(&self, method: &Method, uri: &Uri) -> Option<String> {
        let fits = |(name, operation): (&String, &Operation)| Some((operation.fits(uri)?, name.clone()));
        self.operations
            .iter()
            .filter(|(_, operation)| operation.method == method.as_str())
            .filter_map(fits)
            .max()
            .map(|(_, name)| name)
    }
}

impl Operation {
    /// How many parameters of the query the operation is known by, if the request can be for it.
    fn fits(&self, uri: &Uri) -> Option<usize> {
        let (path, query) = self.uri.split_once('?').unwrap_or((&self.uri, ""));
        let asked: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
        let ours: Vec<&str> = path.trim_matches('/').split('/').collect();
        let same = |(ours, asked): (&&str, &&str)| ours.starts_with('{') || ours == asked;
        let path = ours.len() == asked.len() && ours.iter().zip(&asked).all(same);
        let name = |pair: &str| pair.split('=').next().map(str::to_owned);
        let sent: Vec<String> = uri.query().unwrap_or_default().split('&').filter_map(name).collect();
        let wanted: Vec<String> = query.split('&').filter(|pair| !pair.is_empty()).filter_map(name).collect();
        (path && wanted.iter().all(|name| sent.contains(name))).then_some(wanted.len())
    }
}
