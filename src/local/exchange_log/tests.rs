//! What the exchange log holds, and what it must not hold.

use std::fs;

use futures::{StreamExt as _, stream};

use super::super::secret::Secret;
use super::super::signature::{hash, sign};
use super::*;

const TOKEN: &str = "a-session-token";

/// A signed call of a service.
fn call(method: &str, uri: &str, service: &str, body: Body) -> (Claim, Request) {
    let request = Request::builder().method(method).uri(uri).header("host", "127.0.0.1:4566");
    let mut parts = request.header("x-amz-security-token", TOKEN).body(()).unwrap().into_parts().0;
    let secret = Secret::generate().unwrap();
    sign(&mut parts, &hash(b""), &secret.credentials("111122223333"), "us-east-1", service);
    (Claim::of(&parts).unwrap(), Request::from_parts(parts, body))
}

/// Two pieces that come one after the other.
fn streamed(pieces: [&'static str; 2]) -> Body {
    Body::from_stream(stream::iter(pieces).map(Ok::<_, std::io::Error>))
}

async fn read(body: Body) -> Bytes {
    body.collect().await.unwrap().to_bytes()
}

/// Takes one exchange, and returns its line and the response.
async fn line(call: (Claim, Request), answer: Response<Body>) -> (Value, Response<Bytes>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exchanges");
    let log = ExchangeLog::open(&path).unwrap();
    let (exchange, request) = log.begin(&call.0, call.1);
    read(request.into_body()).await;
    let (parts, body) = exchange.end(answer).into_parts();
    let told = Response::from_parts(parts, read(body).await);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    (serde_json::from_str(&text).unwrap(), told)
}

#[tokio::test]
async fn a_call_is_told_with_its_bodies_and_without_credentials() {
    let asked = call("POST", "/2015-03-31/functions?a=1", "lambda", Body::from("{\"a\":1}"));
    let mut answer = Response::new(Body::from("{}"));
    answer.headers_mut().insert("x-amzn-requestid", HeaderValue::from_static("r-1"));
    let (line, told) = line(asked, answer).await;
    for (name, value) in [
        ("service", json!("lambda")),
        ("region", json!("us-east-1")),
        ("method", json!("POST")),
        ("uri", json!("/2015-03-31/functions?a=1")),
        ("status", json!(200)),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    assert_eq!(line["request"]["body"], BASE64_STANDARD.encode("{\"a\":1}"));
    assert_eq!(line["request"]["sha256"], hash(b"{\"a\":1}"));
    assert_eq!(line["answer"]["body"], BASE64_STANDARD.encode("{}"));
    assert!(line["answer_headers"].to_string().contains("r-1"));
    let text = line.to_string();
    assert!(!text.contains(TOKEN) && !text.contains("Credential="), "{text}");
    // A client is told the length, as without a log.
    assert_eq!(told.headers()[header::CONTENT_LENGTH], "2");
    assert_eq!(told.body(), "{}");
}

#[tokio::test]
async fn of_an_object_there_are_only_the_length_and_the_digest() {
    let put = call("PUT", "/bucket/key?x-id=PutObject", "s3", streamed(["one", "two"]));
    let (line, _) = line(put, Response::new(Body::empty())).await;
    let digest = hash(b"onetwo");
    assert_eq!(line["request"], json!({ "length": 6, "sha256": digest, "body": null }));
    let get = call("GET", "/bucket/key", "s3", Body::empty());
    let (line, told) = self::line(get, Response::new(streamed(["one", "two"]))).await;
    assert_eq!(line["answer"], json!({ "length": 6, "sha256": digest, "body": null }));
    assert_eq!(told.body(), "onetwo");
    let tagging = call("PUT", "/bucket/key?tagging", "s3", Body::from("<Tagging/>"));
    let (line, _) = self::line(tagging, Response::new(Body::empty())).await;
    assert_eq!(line["request"]["body"], BASE64_STANDARD.encode("<Tagging/>"));
}

#[tokio::test]
async fn credentials_in_answers_and_in_presigned_urls_are_left_out() {
    let asked = call("POST", "/", "sts", Body::from("Action=AssumeRole"));
    let (line, _) = line(asked, Response::new(Body::from("<SecretAccessKey>s</SecretAccessKey>"))).await;
    assert_eq!(line["answer"]["body"], Value::Null);
    let uri = "/b/k?X-Amz-Credential=c&X-Amz-Signature=s&X-Amz-Security-Token=t&X-Amz-Expires=9&versionId=v";
    let told = without_credentials(&uri.parse().unwrap());
    assert_eq!(
        told,
        "/b/k?X-Amz-Credential=&X-Amz-Signature=&X-Amz-Security-Token=&X-Amz-Expires=9&versionId=v"
    );
}

#[tokio::test]
async fn a_body_passes_piece_by_piece_and_a_call_that_is_given_up_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exchanges");
    let log = ExchangeLog::open(&path).unwrap();
    let endless = stream::iter(["one"]).map(Ok::<_, std::io::Error>).chain(stream::pending());
    let (claim, request) = call("PUT", "/bucket/key", "s3", Body::from_stream(endless));
    let (exchange, request) = log.begin(&claim, request);
    let mut body = request.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "one");
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
    drop((exchange, body));
    let line: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(line["request"]["length"], 3);
    assert_eq!(line.get("status"), None);
}

#[test]
fn an_object_is_told_from_what_is_set_on_it_and_on_its_bucket() {
    let is = |host: &'static str, uri: &str| {
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
        is_of_an_object(&headers, &uri.parse().unwrap())
    };
    for uri in ["/bucket/a/b", "/bucket/k?partNumber=1&uploadId=u&x-id=UploadPart", "/b/k?X-Amz-Expires=9"] {
        assert!(is("127.0.0.1:4566", uri), "{uri}");
    }
    for uri in ["/", "/bucket", "/bucket/", "/bucket/key?tagging", "/bucket?policy"] {
        assert!(!is("127.0.0.1:4566", uri), "{uri}");
    }
    assert!(is("bucket.localhost:4566", "/key"));
    assert!(!is("bucket.localhost:4566", "/?policy"));
}
