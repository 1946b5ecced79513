//! Creating, updating and deleting a distribution on a CloudFront that does not know the latest change yet.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::config::tests::full;
use super::*;
use crate::aws::fake_aws;

/// An error, for a call of a method.
type Refusal = (Method, u16, &'static str);

/// A CloudFront with one distribution and its staging copy. It answers these errors first, each to calls of one method.
#[derive(Clone, Default)]
struct Slow {
    errors: Arc<Mutex<Vec<Refusal>>>,
    calls: Arc<Mutex<Vec<String>>>,
}

const CONFIG: &str = "<CallerReference>once</CallerReference><Comment>provision:vod:delivery/distribution</Comment>\
                      <Enabled>false</Enabled>";

async fn answer(State(slow): State<Slow>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    slow.calls.lock().unwrap().push(format!("{method} {path}"));
    let mut errors = slow.errors.lock().unwrap();
    if let Some(at) = errors.iter().position(|(of, ..)| *of == method) {
        let (_, status, code) = errors.remove(at);
        let body = format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>");
        return (StatusCode::from_u16(status).unwrap(), body).into_response();
    }
    let named = "<Id>E1</Id><ARN>arn</ARN><Status>Deployed</Status><LastModifiedTime>2026-01-01T00:00:00Z\
                 </LastModifiedTime><DomainName>d1.cloudfront.net</DomainName>";
    let copy = named.replace("<Id>E1<", "<Id>E0<");
    if path.ends_with("/config") && method == Method::GET {
        return ([("etag", "E")], format!("<DistributionConfig>{CONFIG}</DistributionConfig>"))
            .into_response();
    }
    let body = match (method, path.ends_with("/distribution")) {
        (Method::POST, _) if path.ends_with("/domain-association") => {
            "<UpdateDomainAssociationResult><Domain>d</Domain><ResourceId>E1</ResourceId></UpdateDomainAssociationResult>"
                .to_owned()
        }
        (Method::DELETE, _) => return StatusCode::NO_CONTENT.into_response(),
        (_, true) => format!(
            "<DistributionList><Marker/><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated><Quantity>2</Quantity>\
             <Items><DistributionSummary>{copy}{CONFIG}<Staging>true</Staging></DistributionSummary>\
             <DistributionSummary>{named}{CONFIG}</DistributionSummary></Items></DistributionList>"
        ),
        _ => format!(
            "<Distribution>{named}<InProgressInvalidationBatches>0</InProgressInvalidationBatches>\
             <DistributionConfig>{CONFIG}</DistributionConfig></Distribution>"
        ),
    };
    ([("etag", "E")], body).into_response()
}

impl Slow {
    fn failing(errors: &[Refusal]) -> Self {
        Self { errors: Arc::new(Mutex::new(errors.to_vec())), ..Self::default() }
    }

    async fn context(&self) -> Context {
        fake_aws::regions(Router::new().fallback(answer).with_state(self.clone())).await.home()
    }

    fn count(&self, method: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|call| call.starts_with(method)).count()
    }
}

#[tokio::test]
async fn a_deletion_waits_until_cloudfront_sees_that_it_is_off() {
    let slow = Slow::failing(&[
        (Method::DELETE, 409, "DistributionNotDisabled"),
        (Method::DELETE, 412, "PreconditionFailed"),
        (Method::DELETE, 412, "PreconditionFailed"),
    ]);
    let cx = slow.context().await;
    Distribution::delete(&cx, "E1", Removal::OnlyEmpty).await.unwrap();
    assert_eq!(slow.count("DELETE"), 4);
    let gone = Slow::failing(&[(Method::GET, 404, "NoSuchDistribution")]);
    Distribution::delete(&gone.context().await, "E1", Removal::OnlyEmpty).await.unwrap();
    let refused = Slow::failing(&[(Method::DELETE, 409, "ResourceInUse")]);
    let error = Distribution::delete(&refused.context().await, "E1", Removal::OnlyEmpty).await.unwrap_err();
    assert_eq!(error.code, "ResourceInUse");
}

#[tokio::test]
async fn an_update_is_repeated_if_something_else_changed_the_distribution() {
    let slow =
        Slow::failing(&[(Method::PUT, 412, "PreconditionFailed"), (Method::PUT, 412, "PreconditionFailed")]);
    rewrite(&slow.context().await, "E1", &full()).await.unwrap();
    assert_eq!((slow.count("PUT"), slow.count("GET")), (3, 3));
}

#[tokio::test]
async fn a_request_that_was_repeated_finds_what_it_made() {
    let desired = Distribution { distribution_config: full(), tags: Tags::default() };
    let mark = Mark { stack: "vod".into(), address: "delivery/distribution".into() };
    for code in ["DistributionAlreadyExists", "CNAMEAlreadyExists"] {
        let slow = Slow::failing(&[(Method::POST, 409, code)]);
        let cx = slow.context().await;
        let error = make_anew(&cx, &desired, Some(&mark)).await.map_err(|error| error.to_string());
        assert_eq!(error, Ok(("E1".to_owned(), "d1.cloudfront.net".to_owned())), "{code}");
        let other = Mark { stack: "other".into(), ..mark.clone() };
        let slow = Slow::failing(&[(Method::POST, 409, code)]);
        let refused = make_anew(&slow.context().await, &desired, Some(&other)).await.unwrap_err();
        assert_eq!(refused.code, code, "it belongs to another stack");
    }
}

#[tokio::test]
async fn a_name_is_taken_again_if_the_distribution_was_just_changed() {
    let slow = Slow::failing(&[(Method::POST, 412, "PreconditionFailed")]);
    let cx = slow.context().await;
    assert!(matches!(taking::step(&cx, "E1", "v.example.com").await.unwrap(), Poll::Pending(_)));
    assert!(matches!(taking::step(&cx, "E1", "v.example.com").await.unwrap(), Poll::Done(())));
    assert_eq!(slow.count("POST"), 2);
    let refused = Slow::failing(&[(Method::POST, 400, "IllegalUpdate")]);
    let error = taking::step(&refused.context().await, "E1", "v.example.com").await.err().unwrap();
    let hint = |elsewhere| taking::explained(error.clone(), "v.example.com", elsewhere, "E1").hint;
    assert!(hint(false).unwrap().starts_with("Set the DNS record `_v.example.com`"));
    let denied = Error { code: "AccessDenied".into(), ..error.clone() };
    assert_eq!(taking::explained(denied, "v.example.com", false, "E1").hint, None);
    insta::assert_snapshot!(hint(true).unwrap(), @"the other distribution is of another account, so its owner must disable it first. Set the DNS record `_v.example.com` of type TXT to the domain name of this stack's distribution (`aws cloudfront get-distribution --id E1` shows it): it proves that the name is yours. Then run the command again");
}
