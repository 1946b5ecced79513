//! What programs read, and that the schema describes it.

use serde_json::Value;

use super::everything;
use crate::report::{json, json_schema};
use crate::review::{Review, TargetAction, TargetChange};

#[test]
fn programs_read_what_the_schema_says() {
    insta::assert_snapshot!(json(&everything()), @r#"
    {
      "format_version": 1,
      "provision_version": "0.1.0",
      "stack": "vod",
      "account": "111122223333",
      "region": "eu-west-1",
      "against": "account",
      "changes": [
        {
          "address": "alerts/topic",
          "type": "AWS::SNS::Topic",
          "region": "eu-west-1",
          "action": "delete",
          "id": "arn:aws:sns:eu-west-1:1:vod",
          "reasons": [
            "no longer declared"
          ],
          "needs": [],
          "properties": [],
          "impact": {
            "severity": "interruption",
            "text": "Nobody is notified of failures."
          }
        },
        {
          "address": "delivery/certificate",
          "type": "AWS::CertificateManager::Certificate",
          "region": "us-east-1",
          "action": "create",
          "id": null,
          "reasons": [],
          "needs": [],
          "properties": [],
          "impact": null
        },
        {
          "address": "handlers/submit",
          "type": "AWS::Lambda::Function",
          "region": "eu-west-1",
          "action": "update",
          "id": "vod-submit",
          "reasons": [],
          "needs": [],
          "properties": [
            {
              "path": "MemorySize",
              "before": 256,
              "after": 1024,
              "cause": "both",
              "applied": 512,
              "forces_replacement": false
            },
            {
              "path": "Timeout",
              "before": 3,
              "after": 60,
              "cause": "drift",
              "applied": 60,
              "forces_replacement": false
            },
            {
              "path": "Description",
              "before": null,
              "after": "takes uploads",
              "cause": "change",
              "applied": null,
              "forces_replacement": false
            },
            {
              "path": "Environment.Variables.DISTRIBUTION",
              "before": "E1",
              "after": {
                "Fn::GetAtt": [
                  "delivery/distribution",
                  "Id"
                ]
              },
              "cause": "unknown",
              "applied": null,
              "forces_replacement": false
            },
            {
              "path": "Tags[provision:address].Value",
              "before": "a",
              "after": "b",
              "cause": "change",
              "applied": null,
              "forces_replacement": false
            }
          ],
          "impact": {
            "severity": "none",
            "text": "New invocations run the new code."
          }
        },
        {
          "address": "storage/logs",
          "type": "AWS::S3::Bucket",
          "region": "eu-west-1",
          "action": "create",
          "id": "vod-logs",
          "reasons": [
            "missing from the account since the last apply"
          ],
          "needs": [],
          "properties": [],
          "impact": null
        },
        {
          "address": "storage/output/policy",
          "type": "AWS::S3::BucketPolicy",
          "region": "eu-west-1",
          "action": "update",
          "id": "vod-output",
          "reasons": [],
          "needs": [
            "storage/output",
            "transcode/queue"
          ],
          "properties": [
            {
              "path": "PolicyDocument.Statement[AllowCloudFront]",
              "before": {
                "Sid": "AllowCloudFront",
                "Effect": "Allow",
                "Principal": {
                  "Service": [
                    "cloudfront.amazonaws.com"
                  ]
                },
                "Action": [
                  "s3:GetObject"
                ]
              },
              "after": {
                "Sid": "AllowCloudFront",
                "Effect": "Allow",
                "Principal": {
                  "Service": [
                    "cloudfront.amazonaws.com"
                  ]
                },
                "Action": [
                  "s3:GetObject",
                  "s3:ListBucket"
                ]
              },
              "cause": "change",
              "applied": null,
              "forces_replacement": false
            }
          ],
          "impact": null
        },
        {
          "address": "transcode/queue",
          "type": "AWS::MediaConvert::Queue",
          "region": "eu-west-1",
          "action": "replace",
          "id": "vod-queue",
          "reasons": [
            "PricingPlan cannot change in place"
          ],
          "needs": [],
          "properties": [
            {
              "path": "PricingPlan",
              "before": "ON_DEMAND",
              "after": "RESERVED",
              "cause": "change",
              "applied": null,
              "forces_replacement": true
            }
          ],
          "impact": {
            "severity": "notice",
            "text": "It is deleted once its jobs are done."
          }
        }
      ],
      "kept": [
        {
          "address": "storage/old",
          "type": "AWS::S3::Bucket",
          "id": "vod-old"
        }
      ],
      "security": [
        {
          "address": "storage/output/policy",
          "broadening": "allow",
          "principal": "cloudfront.amazonaws.com",
          "actions": [
            "s3:ListBucket"
          ],
          "resources": [
            "arn:aws:s3:::vod-output"
          ],
          "conditions": [
            "aws:SourceArn is arn:aws:cloudfront::1:distribution/E1"
          ],
          "origin": "PolicyDocument.Statement[AllowCloudFront]: new action s3:ListBucket"
        }
      ],
      "notes": [],
      "totals": {
        "create": 2,
        "update": 2,
        "replace": 1,
        "delete": 1,
        "unchanged": 30
      }
    }
    "#);
    let schema = serde_json::to_value(json_schema()).unwrap();
    let saved = Some("sha256:0daff601".into());
    let targets = vec![TargetChange {
        target: "111122223333".into(),
        region: "eu-west-1".into(),
        action: TargetAction::Update,
    }];
    let written = serde_json::to_value(Review { saved, targets, ..everything() }).unwrap();
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&schema["properties"]), members(&written));
    assert_eq!(members(&schema["$defs"]["Change"]["properties"]), members(&written["changes"][0]));
}
