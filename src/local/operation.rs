//! Which operation of which service a call is, and what it is given: for every protocol of the services.
//!
//! * REST (S3, S3 Control, Lambda, CloudFront, Route 53, MediaConvert): by method, path, query and headers.
//!   `operation/rest.txt` lists the operations as AWS's service models do.
//! * Query (IAM, STS, SNS, CloudFormation): the form's `Action`.
//! * JSON (SQS, EventBridge, Logs, ACM, tagging): the header `X-Amz-Target`.
//! * Smithy RPC v2 (CloudWatch): the path.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, Limited};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::form_urlencoded;

use super::guard::LARGEST;
use super::signature::Claim;

/// A call whose operation is known.
#[derive(Debug, Clone)]
pub(super) struct ServiceCall {
    /// The service by the name that calls are signed for, but `s3control` for S3 Control.
    pub(super) service: String,
    /// The operation by AWS's name; empty if it is not known.
    pub(super) operation: String,
    /// The region that it is signed for.
    pub(super) region: String,
    /// The access key id of the caller.
    pub(super) key_id: String,
    /// The body; empty where it is an object of S3.
    pub(super) body: Bytes,
    /// What the path, the query and the form say.
    given: BTreeMap<String, String>,
    json: Value,
}

impl ServiceCall {
    /// Reads a call. The body of an S3 object is not read, and comes back as it is.
    pub(super) async fn read(claim: &Claim, parts: &Parts, body: Body) -> Result<(Self, Body), axum::Error> {
        let service = if claim.is_s3_control() { "s3control" } else { claim.service.as_str() };
        let rest = rest(service, parts);
        let streams = rest.as_ref().is_some_and(|(name, _)| matches!(*name, "PutObject" | "UploadPart"));
        let (read, body) = if service == "s3" && streams {
            (Bytes::new(), body)
        } else {
            let bytes = Limited::new(body, LARGEST).collect().await.map_err(axum::Error::new)?.to_bytes();
            (bytes.clone(), Body::from(bytes))
        };
        let mut call = Self {
            service: service.to_owned(),
            operation: String::new(),
            region: claim.region.clone(),
            key_id: claim.key_id.clone(),
            body: read,
            given: BTreeMap::new(),
            json: Value::Null,
        };
        call.identify(parts, rest);
        Ok((call, body))
    }

    fn identify(&mut self, parts: &Parts, rest: Option<(&'static str, BTreeMap<String, String>)>) {
        self.json = serde_json::from_slice(&self.body).unwrap_or_default();
        if let Some((operation, given)) = rest {
            (self.operation, self.given) = (operation.to_owned(), given);
        } else if let Some(target) = text(&parts.headers, "x-amz-target") {
            self.operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        } else if let Some((_, operation)) = parts.uri.path().rsplit_once("/operation/") {
            self.operation = operation.to_owned();
        } else {
            let query = parts.uri.query().unwrap_or_default().as_bytes();
            let pairs = form_urlencoded::parse(query).chain(form_urlencoded::parse(&self.body));
            self.given = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            self.operation = self.given.get("Action").cloned().unwrap_or_default();
        }
    }

    /// A parameter by its name in the service's model: of the path, the query, the form or the top of a JSON body.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str).or_else(|| self.json.get(name)?.as_str())
    }

    /// The body as text, such as XML.
    pub(super) fn xml(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// Whether it is this operation of this service.
    pub(super) fn is(&self, service: &str, operations: &[&str]) -> bool {
        self.service == service && operations.contains(&self.operation.as_str())
    }

    /// The same for each repetition of the same question by the same caller, and no other.
    pub(super) fn question(&self) -> String {
        let Self { service, operation, region, key_id, body, given, .. } = self;
        format!("{service} {operation} {region} {key_id} {given:?} {}", String::from_utf8_lossy(body))
    }

    /// A call with these parameters and this body, for tests.
    #[cfg(test)]
    pub(super) fn example(service: &str, operation: &str, given: &[(&str, &str)], body: &str) -> Self {
        let pairs = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            service: service.into(),
            operation: operation.into(),
            region: "ap-northeast-2".into(),
            key_id: "111122223333".into(),
            body: Bytes::from(body.to_owned()),
            given: pairs.collect(),
            json: serde_json::from_str(body).unwrap_or_default(),
        }
    }

    /// Whether it changes nothing.
    pub(super) fn is_read(&self) -> bool {
        ["Get", "List", "Describe", "Head", "Search", "Lookup"]
            .iter()
            .any(|verb| self.operation.starts_with(verb))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// An operation of a REST service.
#[derive(Debug)]
struct Rest {
    service: &'static str,
    method: &'static str,
    /// The segments of the path: literal, `{Label}`, or `{Label+}` for the rest.
    path: Vec<&'static str>,
    /// What the query must have, with its value if the model fixes it.
    query: Vec<(&'static str, Option<&'static str>)>,
    /// The header that it must have.
    header: Option<&'static str>,
    name: &'static str,
}

/// `service METHOD /path?query Operation ?required-query required-header`, as AWS's service models say.
const MODELS: &str = include_str!("operation/rest.txt");

static REST: LazyLock<Vec<Rest>> = LazyLock::new(|| MODELS.lines().filter_map(Rest::parse).collect());

impl Rest {
    fn parse(line: &'static str) -> Option<Self> {
        let mut words = line.split(' ');
        let (service, method, uri, name) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let (path, fixed) = uri.split_once('?').unwrap_or((uri, ""));
        let mut query: Vec<_> = fixed.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
        let mut header = None;
        for word in words {
            match word.strip_prefix('?') {
                Some(name) => query.push((name, None)),
                None => header = Some(word),
            }
        }
        let path = path.split('/').filter(|segment| !segment.is_empty()).collect();
        Some(Self { service, method, path, query, header, name })
    }

    /// The labels of the path, if it is for this operation.
    fn labels(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let mut rest = path.trim_start_matches('/');
        let mut labels = BTreeMap::new();
        for segment in &self.path {
            let label = segment.strip_prefix('{').and_then(|label| label.strip_suffix('}'));
            let greedy = label.and_then(|label| label.strip_suffix('+'));
            let (head, tail) =
                if greedy.is_some() { (rest, "") } else { rest.split_once('/').unwrap_or((rest, "")) };
            match greedy.or(label) {
                _ if head.is_empty() => return None,
                Some(label) => drop(labels.insert(label.to_owned(), decoded(head))),
                None if head != *segment => return None,
                None => {}
            }
            rest = tail;
        }
        rest.is_empty().then_some(labels)
    }

    fn has_query(&self, query: &BTreeMap<String, String>) -> bool {
        self.query.iter().all(|(name, wanted)| {
            query.get(*name).is_some_and(|value| wanted.is_none_or(|wanted| value == wanted))
        })
    }

    /// The more an operation fixes, the better it fits.
    fn weight(&self) -> (usize, usize) {
        let fixed = self.path.iter().filter(|segment| !segment.starts_with('{')).count();
        (fixed, self.query.len() + usize::from(self.header.is_some()))
    }
}

fn pair(text: &'static str) -> (&'static str, Option<&'static str>) {
    text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The operation of a REST service, with the labels of its path and its query.
fn rest(service: &str, parts: &Parts) -> Option<(&'static str, BTreeMap<String, String>)> {
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned();
    let query: BTreeMap<String, String> = query.collect();
    let host = text(&parts.headers, header::HOST.as_str()).unwrap_or_default();
    // The bucket may be in the host.
    let path = match host.split_once(".s3.") {
        Some((bucket, _)) if service == "s3" => format!("/{bucket}{}", parts.uri.path()),
        _ => parts.uri.path().to_owned(),
    };
    let candidates = REST.iter().filter(|rest| {
        rest.service == service
            && parts.method == rest.method
            && rest.has_query(&query)
            && rest.header.is_none_or(|name| parts.headers.contains_key(name))
    });
    let fitting = candidates.filter_map(|rest| Some((rest.weight(), rest.name, rest.labels(&path)?)));
    let (_, name, labels) = fitting.max_by_key(|(weight, ..)| *weight)?;
    Some((name, query.into_iter().chain(labels).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    async fn call(
        service: &str,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> ServiceCall {
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential=1/20260101/us-east-1/{service}/aws4_request, \
             SignedHeaders=host{}, Signature=0",
            if uri.starts_with("/v2018") { ";x-amz-account-id" } else { "" },
        );
        let mut request = Request::builder().method(method).uri(uri).header("host", "127.0.0.1:1");
        request = request.header("authorization", credential).header("x-amz-date", "20260101T000000Z");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let claim = Claim::of(&parts).unwrap();
        ServiceCall::read(&claim, &parts, Body::from(body.to_owned())).await.unwrap().0
    }

    async fn rest_call(service: &str, method: &str, uri: &str) -> ServiceCall {
        call(service, method, uri, &[], "").await
    }

    #[tokio::test]
    async fn a_call_of_s3_is_told_by_method_path_query_and_headers() {
        for (method, uri, operation) in [
            ("GET", "/", "ListBuckets"),
            ("PUT", "/b", "CreateBucket"),
            ("PUT", "/b/", "CreateBucket"),
            ("PUT", "/b/?versioning", "PutBucketVersioning"),
            ("PUT", "/b?notification", "PutBucketNotificationConfiguration"),
            ("GET", "/b?list-type=2&prefix=a", "ListObjectsV2"),
            ("GET", "/b?versions", "ListObjectVersions"),
            ("PUT", "/b/a/b.mp4?x-id=PutObject", "PutObject"),
            ("PUT", "/b/a?partNumber=1&uploadId=u", "UploadPart"),
            ("POST", "/b/a?uploads", "CreateMultipartUpload"),
            ("HEAD", "/b/a", "HeadObject"),
            ("HEAD", "/b", "HeadBucket"),
            ("POST", "/b?delete", "DeleteObjects"),
        ] {
            assert_eq!(rest_call("s3", method, uri).await.operation, operation, "{method} {uri}");
        }
        let copy = call("s3", "PUT", "/b/a", &[("x-amz-copy-source", "b/c")], "").await;
        assert_eq!(copy.operation, "CopyObject");
        let object = rest_call("s3", "GET", "/b/a%20b/c?versionId=1").await;
        assert_eq!([object.text("Bucket"), object.text("Key")], [Some("b"), Some("a b/c")]);
        assert_eq!(object.text("versionId"), Some("1"));
        let job = rest_call("s3", "GET", "/v20180820/jobs/1").await;
        assert_eq!((job.service.as_str(), job.operation.as_str()), ("s3control", "DescribeJob"));
    }

    #[tokio::test]
    async fn an_object_is_not_read() {
        let put = call("s3", "PUT", "/b/a", &[], "an object").await;
        assert_eq!((put.operation.as_str(), put.xml()), ("PutObject", ""));
        assert_eq!(call("s3", "PUT", "/b?policy", &[], "{}").await.xml(), "{}");
    }

    #[tokio::test]
    async fn other_rest_services_are_told_by_their_paths() {
        for (service, method, uri, operation) in [
            ("lambda", "POST", "/2015-03-31/functions", "CreateFunction"),
            ("lambda", "GET", "/2015-03-31/functions/f", "GetFunction"),
            ("lambda", "PUT", "/2015-03-31/functions/f/configuration", "UpdateFunctionConfiguration"),
            ("lambda", "GET", "/2015-03-31/functions/f/policy", "GetPolicy"),
            ("cloudfront", "POST", "/2020-05-31/distribution?WithTags", "CreateDistributionWithTags"),
            ("cloudfront", "GET", "/2020-05-31/distribution/E1", "GetDistribution"),
            ("cloudfront", "PUT", "/2020-05-31/distribution/E1/config", "UpdateDistribution"),
            ("route53", "POST", "/2013-04-01/hostedzone/Z1/rrset", "ChangeResourceRecordSets"),
            ("route53", "GET", "/2013-04-01/change/C1", "GetChange"),
            ("mediaconvert", "POST", "/2017-08-29/jobs", "CreateJob"),
        ] {
            assert_eq!(rest_call(service, method, uri).await.operation, operation, "{method} {uri}");
        }
        let function = rest_call("lambda", "GET", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Af").await;
        assert_eq!(function.text("FunctionName"), Some("arn:aws:lambda:f"));
        let body = r#"{"FunctionName":"f","Role":"r"}"#;
        let created = call("lambda", "POST", "/2015-03-31/functions", &[], body).await;
        assert_eq!((created.text("Role"), created.is_read()), (Some("r"), false));
    }

    #[tokio::test]
    async fn the_other_protocols_name_their_operation() {
        let form = call("iam", "POST", "/", &[], "Action=CreateRole&RoleName=a+b&Version=2010-05-08").await;
        assert_eq!((form.operation.as_str(), form.text("RoleName")), ("CreateRole", Some("a b")));
        let target = [("x-amz-target", "AmazonSQS.CreateQueue")];
        let json = call("sqs", "POST", "/", &target, r#"{"QueueName":"q"}"#).await;
        assert_eq!((json.operation.as_str(), json.text("QueueName")), ("CreateQueue", Some("q")));
        let rpc = "/service/GraniteServiceVersion20100801/operation/PutMetricAlarm";
        assert_eq!(rest_call("monitoring", "POST", rpc).await.operation, "PutMetricAlarm");
        assert_eq!(rest_call("lambda", "GET", "/nothing").await.operation, "");
    }

    #[test]
    fn every_line_of_the_models_is_an_operation_of_its_own() {
        assert_eq!(REST.len(), MODELS.lines().count());
        let mut seen = std::collections::BTreeSet::new();
        for Rest { service, method, path, query, header, .. } in REST.iter() {
            assert!(
                seen.insert((service, method, path, query, header)),
                "{service} {method} {path:?} {query:?}"
            );
        }
    }
}
