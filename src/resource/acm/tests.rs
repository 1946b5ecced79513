//! Answers of ACM that lack a member.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use serde_json::{Value, json};

use super::{Certificate, issued};
use crate::aws::{Context, fake_aws};
use crate::model::{Mark, Tags};
use crate::resource::Resource;

const ARN: &str = "arn:aws:acm:us-east-1:111122223333:certificate/one";
const NAME: &str = "video.example.com";

/// The context of an account whose ACM answers these, by the name of the call, and else nothing.
async fn account(answers: Value) -> Context {
    let answer = |State(answers): State<Arc<Value>>, request: Request| async move {
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        let call = target.and_then(|target| target.rsplit('.').next()).unwrap_or_default();
        answers.get(call).cloned().unwrap_or_else(|| json!({})).to_string()
    };
    let answers = Router::new().fallback(answer).with_state(Arc::new(answers));
    fake_aws::regions(answers).await.home()
}

fn declared() -> Certificate {
    Certificate::proved_in("Z1", NAME, Tags::default())
}

#[tokio::test]
async fn a_listed_certificate_without_an_arn_is_an_error() {
    let summary = json!({ "DomainName": NAME, "Status": "ISSUED" });
    let cx = account(json!({ "ListCertificates": { "CertificateSummaryList": [summary] } })).await;
    let mark = Mark { stack: "vod".into(), address: "delivery/certificate".into() };
    let says = "acm:ListCertificates failed: the answer has no CertificateArn";
    assert_eq!(Certificate::find(&cx, &declared(), &mark).await.unwrap_err().to_string(), says);
    assert_eq!(Certificate::list_owned(&cx).await.unwrap_err().to_string(), says);
}

#[tokio::test]
async fn a_described_certificate_lacks_nothing_that_is_compared() {
    let whole = json!({ "DomainName": NAME, "Status": "ISSUED", "KeyAlgorithm": "RSA-2048" });
    for member in ["DomainName", "KeyAlgorithm"] {
        let mut detail = whole.clone();
        detail.as_object_mut().unwrap().remove(member);
        let cx = account(json!({ "DescribeCertificate": { "Certificate": detail } })).await;
        let error = Certificate::observe(&cx, ARN).await.unwrap_err();
        assert_eq!(error.to_string(), format!("acm:DescribeCertificate failed: the answer has no {member}"));
    }
    let cx = account(json!({ "DescribeCertificate": { "Certificate": whole } })).await;
    assert_eq!(Certificate::observe(&cx, ARN).await.unwrap().unwrap().properties.domain_name, NAME);
}

#[tokio::test]
async fn an_answer_without_a_certificate_or_its_status_is_an_error() {
    let cx = account(json!({})).await;
    let says = "acm:DescribeCertificate failed: the answer has no Certificate";
    assert_eq!(Certificate::observe(&cx, ARN).await.unwrap_err().to_string(), says);
    let cx = account(json!({ "DescribeCertificate": { "Certificate": { "DomainName": NAME } } })).await;
    let says = "acm:DescribeCertificate failed: the answer has no Status";
    assert_eq!(issued(&cx, ARN).await.unwrap_err().to_string(), says);
}
