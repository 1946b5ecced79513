//! The buckets that the stack declares, as CloudFormation would write them.

use serde_json::Value;

use super::*;
use crate::model::{Declaration, OutputRef, Scope, refs, resolve};
use crate::stack::config::parse;

const FULL: &str = "
stack: vod-staging
account: '111122223333'
region: ap-northeast-2
source:
  archive_after: 30d
  expire_noncurrent_after: 90d
  upload_origins: ['https://app.example.com']
delivery: { access_logs: true }
";
const SMALL: &str = "{ stack: vod-local, account: '111122223333', region: us-east-1, local: true }";

fn declared(text: &str) -> Vec<Declaration> {
    let file = parse("stack.yaml", text).unwrap();
    let scope = Scope {
        stack: file.stack.to_string(),
        account: file.account.to_string(),
        region: file.region.to_string(),
    };
    let mut stack = Declarations::new(scope, file.tags.clone());
    let storage = declare(&mut stack, &file);
    let distribution =
        OutputRef { address: "delivery/distribution".into(), attribute: "Arn".into(), predicted: None };
    output_policy(&mut stack, &storage, StringExpr::output(distribution));
    stack.finish()
}

fn find<'a>(list: &'a [Declaration], address: &str) -> &'a Declaration {
    list.iter().find(|one| one.address.as_str() == address).unwrap()
}

/// The properties with predicted outputs filled in.
fn properties(list: &[Declaration], address: &str) -> Value {
    resolve(&find(list, address).properties, &|_| None)
}

#[test]
fn everything_that_is_declared_has_its_address() {
    let addresses = |text| {
        declared(text).into_iter().map(|one| format!("{} {}", one.address, one.kind)).collect::<Vec<_>>()
    };
    insta::assert_snapshot!(addresses(FULL).join("\n"), @"
    storage/logs AWS::S3::Bucket
    storage/logs/policy AWS::S3::BucketPolicy
    storage/source AWS::S3::Bucket
    storage/work AWS::S3::Bucket
    storage/output AWS::S3::Bucket
    storage/source/policy AWS::S3::BucketPolicy
    storage/work/policy AWS::S3::BucketPolicy
    storage/output/policy AWS::S3::BucketPolicy
    ");
    insta::assert_snapshot!(addresses(SMALL).join("\n"), @"
    storage/source AWS::S3::Bucket
    storage/work AWS::S3::Bucket
    storage/output AWS::S3::Bucket
    storage/source/policy AWS::S3::BucketPolicy
    storage/work/policy AWS::S3::BucketPolicy
    storage/output/policy AWS::S3::BucketPolicy
    ");
}

#[test]
fn originals() {
    insta::assert_snapshot!(yaml(&properties(&declared(FULL), "storage/source")), @"
    BucketName: vod-staging-source-111122223333-ap-northeast-2
    VersioningConfiguration:
      Status: Enabled
    BucketEncryption:
      ServerSideEncryptionConfiguration:
      - ServerSideEncryptionByDefault:
          SSEAlgorithm: AES256
        BlockedEncryptionTypes:
          EncryptionType:
          - SSE-C
    OwnershipControls:
      Rules:
      - ObjectOwnership: BucketOwnerEnforced
    PublicAccessBlockConfiguration:
      BlockPublicAcls: true
      BlockPublicPolicy: true
      IgnorePublicAcls: true
      RestrictPublicBuckets: true
    LifecycleConfiguration:
      Rules:
      - Id: archive-published
        Status: Enabled
        TagFilters:
        - Key: provision:published
          Value: 'true'
        Transitions:
        - StorageClass: GLACIER_IR
          TransitionInDays: 30
      - Id: tidy
        Status: Enabled
        ExpiredObjectDeleteMarker: true
        NoncurrentVersionExpiration:
          NoncurrentDays: 90
        AbortIncompleteMultipartUpload:
          DaysAfterInitiation: 7
    CorsConfiguration:
      CorsRules:
      - Id: uploads
        AllowedHeaders:
        - '*'
        AllowedMethods:
        - POST
        - PUT
        AllowedOrigins:
        - https://app.example.com
        ExposedHeaders:
        - ETag
        MaxAge: 3600
    NotificationConfiguration:
      EventBridgeConfiguration:
        EventBridgeEnabled: true
    LoggingConfiguration:
      DestinationBucketName: vod-staging-logs-111122223333-ap-northeast-2
      LogFilePrefix: s3/
      TargetObjectKeyFormat:
        PartitionedPrefix:
          PartitionDateSource: EventTime
    Tags:
    - Key: provision:address
      Value: storage/source
    - Key: provision:stack
      Value: vod-staging
    ");
}

#[test]
fn a_bucket_of_the_team_is_not_declared_and_no_log_of_it_is_let_in() {
    let list = declared(&FULL.replace(
        "archive_after: 30d\n  expire_noncurrent_after: 90d\n  upload_origins: ['https://app.example.com']",
        "bucket: team-archive",
    ));
    assert!(list.iter().all(|one| !one.address.as_str().starts_with("storage/source")));
    let text = serde_json::to_string(&list.iter().map(|one| &one.properties).collect::<Vec<_>>()).unwrap();
    assert!(!text.contains("team-archive"), "{text}");
}

#[test]
fn without_options_originals_are_kept_for_good_and_no_page_may_upload() {
    let small = properties(&declared(SMALL), "storage/source");
    assert!(small.get("CorsConfiguration").is_none() && small.get("LoggingConfiguration").is_none());
    insta::assert_snapshot!(yaml(&small["LifecycleConfiguration"]), @"
    Rules:
    - Id: tidy
      Status: Enabled
      ExpiredObjectDeleteMarker: true
      AbortIncompleteMultipartUpload:
        DaysAfterInitiation: 7
    ");
}

#[test]
fn work_expires_whole_and_output_can_be_brought_back_for_a_week() {
    let list = declared(FULL);
    let (work, output) = (properties(&list, "storage/work"), properties(&list, "storage/output"));
    assert!(work.get("VersioningConfiguration").is_none());
    insta::assert_snapshot!(yaml(&work["LifecycleConfiguration"]), @"
    Rules:
    - Id: expire
      Status: Enabled
      ExpirationInDays: 7
      NoncurrentVersionExpiration:
        NoncurrentDays: 7
      AbortIncompleteMultipartUpload:
        DaysAfterInitiation: 7
    ");
    assert_eq!(output["VersioningConfiguration"]["Status"], "Enabled");
    insta::assert_snapshot!(yaml(&output["LifecycleConfiguration"]), @"
    Rules:
    - Id: tidy
      Status: Enabled
      ExpiredObjectDeleteMarker: true
      NoncurrentVersionExpiration:
        NoncurrentDays: 7
      AbortIncompleteMultipartUpload:
        DaysAfterInitiation: 7
    ");
}

#[test]
fn logs_are_kept_a_year_and_log_nothing_themselves() {
    let logs = properties(&declared(FULL), "storage/logs");
    assert!(logs.get("LoggingConfiguration").is_none());
    insta::assert_snapshot!(yaml(&logs["LifecycleConfiguration"]), @"
    Rules:
    - Id: expire
      Status: Enabled
      ExpirationInDays: 365
      NoncurrentVersionExpiration:
        NoncurrentDays: 7
      AbortIncompleteMultipartUpload:
        DaysAfterInitiation: 7
    ");
}

#[test]
fn policies() {
    let list = declared(FULL);
    insta::assert_snapshot!(yaml(&properties(&list, "storage/source/policy")), @"
    Bucket: vod-staging-source-111122223333-ap-northeast-2
    PolicyDocument:
      Version: 2012-10-17
      Statement:
      - Sid: TlsOnly
        Effect: Deny
        Principal: '*'
        Action:
        - s3:*
        Resource:
        - arn:aws:s3:::vod-staging-source-111122223333-ap-northeast-2
        - arn:aws:s3:::vod-staging-source-111122223333-ap-northeast-2/*
        Condition:
          Bool:
            aws:SecureTransport:
            - 'false'
    ");
    insta::assert_snapshot!(yaml(&properties(&list, "storage/logs/policy")), @r#"
    Bucket: vod-staging-logs-111122223333-ap-northeast-2
    PolicyDocument:
      Version: 2012-10-17
      Statement:
      - Sid: AWSLogDeliveryWrite
        Effect: Allow
        Principal:
          Service:
          - delivery.logs.amazonaws.com
        Action:
        - s3:PutObject
        Resource:
        - arn:aws:s3:::vod-staging-logs-111122223333-ap-northeast-2/AWSLogs/111122223333/*
        Condition:
          ArnLike:
            aws:SourceArn:
            - arn:aws:logs:us-east-1:111122223333:delivery-source:*
          StringEquals:
            aws:SourceAccount:
            - '111122223333'
            s3:x-amz-acl:
            - bucket-owner-full-control
      - Sid: S3WritesAccessLogs
        Effect: Allow
        Principal:
          Service:
          - logging.s3.amazonaws.com
        Action:
        - s3:PutObject
        Resource:
        - arn:aws:s3:::vod-staging-logs-111122223333-ap-northeast-2/s3/*
        Condition:
          ArnLike:
            aws:SourceArn:
            - arn:aws:s3:::vod-staging-output-111122223333-ap-northeast-2
            - arn:aws:s3:::vod-staging-source-111122223333-ap-northeast-2
            - arn:aws:s3:::vod-staging-work-111122223333-ap-northeast-2
          StringEquals:
            aws:SourceAccount:
            - '111122223333'
      - Sid: TlsOnly
        Effect: Deny
        Principal: '*'
        Action:
        - s3:*
        Resource:
        - arn:aws:s3:::vod-staging-logs-111122223333-ap-northeast-2
        - arn:aws:s3:::vod-staging-logs-111122223333-ap-northeast-2/*
        Condition:
          Bool:
            aws:SecureTransport:
            - 'false'
    "#);
    insta::assert_snapshot!(yaml(&properties(&list, "storage/output/policy")), @"
    Bucket: vod-staging-output-111122223333-ap-northeast-2
    PolicyDocument:
      Version: 2012-10-17
      Statement:
      - Sid: CloudFrontReads
        Effect: Allow
        Principal:
          Service:
          - cloudfront.amazonaws.com
        Action:
        - s3:GetObject
        Resource:
        - arn:aws:s3:::vod-staging-output-111122223333-ap-northeast-2/*
        Condition:
          StringEquals:
            aws:SourceArn:
            - Fn::GetAtt:
              - delivery/distribution
              - Arn
      - Sid: TlsOnly
        Effect: Deny
        Principal: '*'
        Action:
        - s3:*
        Resource:
        - arn:aws:s3:::vod-staging-output-111122223333-ap-northeast-2
        - arn:aws:s3:::vod-staging-output-111122223333-ap-northeast-2/*
        Condition:
          Bool:
            aws:SecureTransport:
            - 'false'
    ");
}

#[test]
fn on_the_local_cloud_alone_the_cdn_may_fetch_in_the_clear() {
    let list = declared(SMALL);
    let sids = |address: &str| -> Vec<String> {
        let policy = properties(&list, address);
        let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap().clone();
        statements.iter().map(|one| one["Sid"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(sids("storage/output/policy"), ["CloudFrontReads"]);
    assert_eq!(sids("storage/source/policy"), ["TlsOnly"]);
    assert_eq!(sids("storage/work/policy"), ["TlsOnly"]);
}

#[test]
fn a_bucket_logs_only_once_s3_is_let_into_the_logs_bucket() {
    let list = declared(FULL);
    for address in ["storage/source", "storage/work", "storage/output"] {
        let bucket = find(&list, address);
        assert!(bucket.after.contains(&"storage/logs/policy".into()), "{address}");
        assert_eq!(refs(&bucket.properties)[0].address, "storage/logs".into());
    }
    let policy = find(&list, "storage/logs/policy");
    assert!(refs(&policy.properties).iter().all(|one| one.address == "storage/logs".into()), "a cycle");
}

fn yaml(value: &Value) -> String {
    serde_yaml::to_string(value).unwrap()
}
