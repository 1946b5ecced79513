//! Buckets that S3 refuses to read, and what names predict.

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;

use super::*;
use crate::aws::fake_aws;

/// What is said of the bucket `vod-source` where S3 refuses to read it so, and this is the account's one bucket.
async fn refused(message: &'static str, listed: &'static str) -> Error {
    let answer = move |uri: Uri| async move {
        match uri.path() {
            "/" => format!("<ListAllMyBucketsResult><Buckets><Bucket><Name>{listed}</Name></Bucket></Buckets></ListAllMyBucketsResult>").into_response(),
            _ => (StatusCode::FORBIDDEN, format!("<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>")).into_response(),
        }
    };
    let cx = fake_aws::regions(Router::new().fallback(answer)).await.home();
    Bucket::observe(&cx, "vod-source").await.map(drop).unwrap_err()
}

#[tokio::test]
async fn a_missing_permission_is_told_from_a_bucket_of_another_account() {
    const MISSING: &str = "User: me is not authorized to perform: s3:GetBucketX on resource: vod-source because no \
                           identity-based policy allows the s3:GetBucketX action";
    // Another account of the organization.
    const THEIRS: &str = "User: me is not authorized to perform: s3:GetBucketX on resource: vod-source because no \
                          resource-based policy allows the s3:GetBucketX action";
    for (message, listed) in
        [(MISSING, "vod-other"), (MISSING, "vod-source"), ("Access Denied", "vod-source")]
    {
        let error = refused(message, listed).await;
        assert_eq!((error.class, error.message.as_str()), (Class::Denied, message), "{listed}");
    }
    for message in ["Access Denied", THEIRS] {
        let error = refused(message, "vod-other").await;
        assert_eq!((error.class, error.code.as_str()), (Class::Refused, "BucketAlreadyExists"), "{message}");
        assert!(error.message.starts_with("another AWS account has a bucket vod-source"), "{error}");
    }
}

fn scope() -> Scope {
    Scope { stack: "vod".into(), account: "111122223333".into(), region: "ap-northeast-2".into() }
}

#[test]
fn names_foretell_every_output() {
    let outputs = Bucket::private("vod-source", Tags::default()).predicted(&scope());
    insta::assert_json_snapshot!(outputs, @r#"
    {
      "Arn": "arn:aws:s3:::vod-source",
      "BucketName": "vod-source",
      "DomainName": "vod-source.s3.amazonaws.com",
      "RegionalDomainName": "vod-source.s3.ap-northeast-2.amazonaws.com"
    }
    "#);
}

#[test]
fn absent_versioning_and_suspended_versioning_are_one_declaration() {
    let mut json = serde_json::to_value(Bucket::private("b", Tags::default())).unwrap();
    let plain: Bucket = serde_json::from_value(json.clone()).unwrap();
    json["VersioningConfiguration"] = serde_json::json!({ "Status": "Suspended" });
    assert_eq!(serde_json::from_value::<Bucket>(json).unwrap(), plain);
}

#[test]
fn a_name_that_somebody_else_has_is_said_so() {
    insta::assert_snapshot!(
        taken("s3:CreateBucket", "vod-source"),
        @"s3:CreateBucket failed with BucketAlreadyExists: another AWS account has a bucket vod-source, and no two buckets may share a name: choose another `stack` in the stack file"
    );
}
