//! Every kind of change as people and programs read it.

use serde_json::{Value, json};

use crate::report::{human, json as as_json, json_schema, markdown};
use crate::review::{
    Action, Against, Broadening, Cause, Change, FORMAT_VERSION, Finding, Impact, Kept, Property, Review,
    Severity, Totals,
};

fn property(path: &str, before: Value, after: Value, cause: Cause) -> Property {
    let side = |value: Value| Some(value).filter(|value| !value.is_null());
    Property {
        path: path.into(),
        before: side(before),
        after: side(after),
        cause,
        applied: None,
        forces_replacement: false,
    }
}

fn change(address: &str, kind: &str, action: Action, id: Option<&str>) -> Change {
    Change {
        address: address.into(),
        kind: kind.into(),
        region: "eu-west-1".into(),
        action,
        id: id.map(Into::into),
        reasons: Vec::new(),
        needs: Vec::new(),
        properties: Vec::new(),
        impact: None,
    }
}

fn impact(severity: Severity, text: &str) -> Option<Impact> {
    Some(Impact { severity, text: text.into() })
}

fn statement(actions: &[&str]) -> Value {
    let principal = json!({ "Service": ["cloudfront.amazonaws.com"] });
    json!({ "Sid": "AllowCloudFront", "Effect": "Allow", "Principal": principal, "Action": actions })
}

/// A plan with every kind of change in it.
fn everything() -> Review {
    let mut queue = change("transcode/queue", "AWS::MediaConvert::Queue", Action::Replace, Some("vod-queue"));
    let mut forced = property("PricingPlan", json!("ON_DEMAND"), json!("RESERVED"), Cause::Change);
    forced.forces_replacement = true;
    queue.reasons = vec!["PricingPlan cannot change in place".into()];
    queue.properties = vec![forced];
    queue.impact = impact(Severity::Notice, "the queue is gone until its jobs are done");

    let mut submit = change("handlers/submit", "AWS::Lambda::Function", Action::Update, Some("vod-submit"));
    let mut both = property("MemorySize", json!(256), json!(1024), Cause::Both);
    both.applied = Some(json!(512));
    let mut drift = property("Timeout", json!(3), json!(60), Cause::Drift);
    drift.applied = Some(json!(60));
    let distribution = json!({ "Fn::GetAtt": ["delivery/distribution", "Id"] });
    submit.properties = vec![
        both,
        drift,
        property("Description", Value::Null, json!("takes uploads"), Cause::Change),
        property("Environment.Variables.DISTRIBUTION", json!("E1"), distribution, Cause::Unknown),
        property("Tags[provision:address].Value", json!("a"), json!("b"), Cause::Change),
    ];
    submit.impact = impact(Severity::None, "new invocations run the new code");

    let mut policy =
        change("storage/output/policy", "AWS::S3::BucketPolicy", Action::Update, Some("vod-output"));
    policy.needs = vec!["storage/output".into(), "transcode/queue".into()];
    policy.properties = vec![property(
        "PolicyDocument.Statement[AllowCloudFront]",
        statement(&["s3:GetObject"]),
        statement(&["s3:GetObject", "s3:ListBucket"]),
        Cause::Change,
    )];

    let mut gone =
        change("alerts/topic", "AWS::SNS::Topic", Action::Delete, Some("arn:aws:sns:eu-west-1:1:vod"));
    gone.reasons = vec!["no longer declared".into()];
    gone.impact = impact(Severity::Interruption, "nobody is told of failures any more");
    let mut certificate =
        change("delivery/certificate", "AWS::CertificateManager::Certificate", Action::Create, None);
    certificate.region = "us-east-1".into();
    let mut logs = change("storage/logs", "AWS::S3::Bucket", Action::Create, Some("vod-logs"));
    logs.reasons = vec!["it is gone from the account since the last apply".into()];

    Review {
        format_version: FORMAT_VERSION,
        provision_version: "0.1.0".into(),
        stack: "vod".into(),
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        against: Against::Account,
        changes: vec![gone, certificate, submit, logs, policy, queue],
        kept: vec![Kept {
            address: "storage/old".into(),
            kind: "AWS::S3::Bucket".into(),
            id: "vod-old".into(),
        }],
        security: vec![Finding {
            address: "storage/output/policy".into(),
            broadening: Broadening::Allow,
            principal: "cloudfront.amazonaws.com".into(),
            actions: vec!["s3:ListBucket".into()],
            resources: vec!["arn:aws:s3:::vod-output".into()],
            conditions: vec!["aws:SourceArn is arn:aws:cloudfront::1:distribution/E1".into()],
            origin: "PolicyDocument.Statement[AllowCloudFront]: new action s3:ListBucket".into(),
        }],
        notes: Vec::new(),
        totals: Totals { create: 2, update: 2, replace: 1, delete: 1, unchanged: 30 },
    }
}

fn nothing() -> Review {
    let totals = Totals { unchanged: 34, ..Totals::default() };
    Review { changes: Vec::new(), kept: Vec::new(), security: Vec::new(), totals, ..everything() }
}

#[test]
fn people_read_what_is_lost_first_and_who_moved_what() {
    insta::assert_snapshot!(anstream::adapter::strip_str(&human(&everything())).to_string(), @r#"
    alerts
      - alerts/topic                     SNS Topic                        arn:aws:sns:eu-west-1:1:vod, no longer declared
          ! nobody is told of failures any more

    delivery
      + delivery/certificate             CertificateManager Certificate
          in us-east-1

    handlers
      ~ handlers/submit                  Lambda Function                  vod-submit
          both    MemorySize                          256 MiB → 1024 MiB  (the account moved too: 512 MiB at the last apply)
          drift   Timeout                             3s → 1m
          change  Description                         (none) → "takes uploads"
          differs Environment.Variables.DISTRIBUTION  "E1" → (known after apply: Id of delivery/distribution)

    storage
      + storage/logs                     S3 Bucket                        vod-logs, it is gone from the account since the last apply
      ~ storage/output/policy            S3 BucketPolicy                  vod-output
          change  PolicyDocument.Statement[AllowCloudFront]
                      Sid: AllowCloudFront
                      Effect: Allow
                      Principal:
                        Service:
                        - cloudfront.amazonaws.com
                      Action:
                      - s3:GetObject
                    + - s3:ListBucket

    transcode
      ± transcode/queue                  MediaConvert Queue               vod-queue, replaced: PricingPlan cannot change in place
          change  PricingPlan  "ON_DEMAND" → "RESERVED"  (forces replacement)
          ! the queue is gone until its jobs are done

      = storage/old                      S3 Bucket                        vod-old stays: no longer declared, but it holds data
        (it goes with the first apply that finds it empty: its objects expire, or delete them yourself)

    who may do more than before
      ! storage/output/policy            cloudfront.amazonaws.com may s3:ListBucket
          on arn:aws:s3:::vod-output
          if aws:SourceArn is arn:aws:cloudfront::1:distribution/E1
          PolicyDocument.Statement[AllowCloudFront]: new action s3:ListBucket

    2 to create, 2 to change, 1 to replace, 1 to delete, 30 unchanged
    "#);
    insta::assert_snapshot!(human(&nothing()), @r#"
    nothing to do: all 34 resources are as declared
    "#);
}

#[test]
fn a_pull_request_shows_dangers_and_folds_the_rest() {
    insta::assert_snapshot!(markdown(&everything(), 65_000), @r#"
    ### Plan of `vod` in account 111122223333, eu-west-1

    **2 to create, 2 to change, 1 to replace, 1 to delete, 30 unchanged**

    > [!CAUTION]
    > - deletes `alerts/topic` (no longer declared)
    > - replaces `transcode/queue` (PricingPlan cannot change in place)
    > - `alerts/topic`: nobody is told of failures any more
    > - lets somebody do more than before: in 1 way

    - `storage/old` (vod-old) stays: no longer declared, but it holds data

    <details><summary>who may do more than before (1)</summary>

    | where | who | may | on | if |
    |---|---|---|---|---|
    | storage/output/policy | cloudfront.amazonaws.com | s3:ListBucket | arn:aws:s3:::vod-output | aws:SourceArn is arn:aws:cloudfront::1:distribution/E1 |

    </details>

    <details><summary>alerts (1)</summary>

    ```diff
    - alerts/topic SNS Topic arn:aws:sns:eu-west-1:1:vod
    #     nobody is told of failures any more
    ```
    </details>

    <details><summary>delivery (1)</summary>

    ```diff
    + delivery/certificate CertificateManager Certificate  in us-east-1
    ```
    </details>

    <details><summary>handlers (1)</summary>

    ```diff
    ! handlers/submit Lambda Function vod-submit
          both MemorySize: 256 MiB → 1024 MiB  (the account moved too: 512 MiB at the last apply)
          drift Timeout: 3s → 1m
          change Description: (none) → "takes uploads"
          differs Environment.Variables.DISTRIBUTION: "E1" → (known after apply: Id of delivery/distribution)
    ```
    </details>

    <details><summary>storage (2)</summary>

    ```diff
    + storage/logs S3 Bucket vod-logs
    ! storage/output/policy S3 BucketPolicy vod-output
          change PolicyDocument.Statement[AllowCloudFront]
              Sid: AllowCloudFront
              Effect: Allow
              Principal:
                Service:
                - cloudfront.amazonaws.com
              Action:
              - s3:GetObject
    +         - s3:ListBucket
    ```
    </details>

    <details><summary>transcode (1)</summary>

    ```diff
    - replaced transcode/queue MediaConvert Queue vod-queue
          change PricingPlan: "ON_DEMAND" → "RESERVED"  (forces replacement)
    #     the queue is gone until its jobs are done
    ```
    </details>

    <details><summary>picture of what changes</summary>

    ```mermaid
    graph LR
      subgraph alerts
        alerts_topic["alerts/topic<br/>SNS Topic"]:::delete
      end
      subgraph delivery
        delivery_certificate["delivery/certificate<br/>CertificateManager Certificate"]:::create
      end
      subgraph handlers
        handlers_submit["handlers/submit<br/>Lambda Function"]:::update
      end
      subgraph storage
        storage_logs["storage/logs<br/>S3 Bucket"]:::create
        storage_output_policy["storage/output/policy<br/>S3 BucketPolicy"]:::update
      end
      subgraph transcode
        transcode_queue["transcode/queue<br/>MediaConvert Queue"]:::replace
      end
      transcode_queue --> storage_output_policy
      classDef create fill:#dafbe1,stroke:#1a7f37,color:#1f2328
      classDef update fill:#fff8c5,stroke:#9a6700,color:#1f2328
      classDef replace fill:#ffd8b5,stroke:#bc4c00,color:#1f2328
      classDef delete fill:#ffebe9,stroke:#cf222e,color:#1f2328
    ```
    </details>
    "#);
    insta::assert_snapshot!(markdown(&nothing(), 65_000), @r#"
    ### Plan of `vod` in account 111122223333, eu-west-1

    **nothing to do: all 34 resources are as declared**
    "#);
}

#[test]
fn programs_read_what_the_schema_says() {
    insta::assert_snapshot!(as_json(&everything()), @r#"
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
            "text": "nobody is told of failures any more"
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
            "text": "new invocations run the new code"
          }
        },
        {
          "address": "storage/logs",
          "type": "AWS::S3::Bucket",
          "region": "eu-west-1",
          "action": "create",
          "id": "vod-logs",
          "reasons": [
            "it is gone from the account since the last apply"
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
            "text": "the queue is gone until its jobs are done"
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
    let written = serde_json::to_value(everything()).unwrap();
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&schema["properties"]), members(&written));
    assert_eq!(members(&schema["$defs"]["Change"]["properties"]), members(&written["changes"][0]));
}

/// Many of everything, with long values.
fn much(count: usize) -> Review {
    let mut review = everything();
    let body = |n: usize| Value::String((0..60).map(|line| format!("line {line} of {n} ```\n")).collect());
    for n in 0..count {
        let mut update =
            change(&format!("alerts/a{n}"), "AWS::CloudWatch::Dashboard", Action::Update, Some("d"));
        update.properties = vec![property("DashboardBody", body(n), body(n + 1), Cause::Change)];
        review.changes.push(update);
        review.changes.push(change(&format!("storage/b{n}"), "AWS::S3::Bucket", Action::Create, Some("b")));
        review.changes.push(change(&format!("handlers/d{n}"), "AWS::SQS::Queue", Action::Delete, Some("q")));
        review.security.push(review.security[0].clone());
    }
    review
}

#[test]
fn a_comment_is_never_longer_than_it_may_be_and_loses_the_harmless_first() {
    let many = much(60);
    for max in [1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 65_000, 1_000_000] {
        let text = markdown(&many, max);
        assert!(text.len() <= max, "{} > {max}", text.len());
        assert!(text.contains(&super::totals(many.totals)), "the totals stay: {text}");
        assert!(text.contains("deletes `alerts/topic`"), "deletes stay: {text}");
        let whole = markdown(&many, usize::MAX);
        assert_eq!(text.contains("Shortened to fit") || text.contains("Cut here"), text.len() < whole.len());
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count(), "{text}");
    }
    let shortened = markdown(&many, 40_000);
    assert!(!shortened.contains("```mermaid"), "the picture goes first");
    assert!(shortened.contains("deletes `handlers/d59`"), "deletes are whole: {shortened}");
}

#[test]
fn nothing_that_the_account_says_acts_on_the_terminal_or_leaves_its_place_in_a_comment() {
    let evil = "x\u{1b}[2J\u{202e}\r\n+ fake | </details><img src=x> [a](http://evil)";
    let mut rule = change("storage/source", "AWS::S3::Bucket", Action::Update, Some(evil));
    let mut both = property(&format!("Rules[{evil}].Id"), json!(evil), json!({ evil: [evil] }), Cause::Both);
    both.applied = Some(json!(evil));
    rule.properties = vec![both];
    rule.reasons = vec![evil.into()];
    let mut gone = change("alerts/topic", "AWS::SNS::Topic", Action::Delete, Some("t"));
    gone.reasons = vec![evil.into()];
    let mut review = everything();
    let mut finding = review.security[0].clone();
    (finding.principal, finding.resources, finding.conditions) =
        (evil.into(), vec![evil.into()], vec![evil.into()]);
    review.changes.extend([rule, gone]);
    review.security.push(finding);
    review.kept[0].id = evil.into();
    let (text, comment) = (human(&review), markdown(&review, 65_000));
    let plain = anstream::adapter::strip_str(&text).to_string();
    for shown in [&plain, &comment] {
        assert!(!shown.contains(['\u{1b}', '\r', '\u{202e}']), "{shown}");
        assert!(shown.contains("\\u{1b}[2J"), "{shown}");
        // Lines of a value keep a margin that no line of the report has.
        let forged = shown.lines().find(|line| line.starts_with("+ fake"));
        assert_eq!(forged, None, "{shown}");
    }
    let mut fenced = false;
    for line in comment.lines() {
        fenced ^= line.starts_with("```");
        let acts = line.contains("</details><img") || line.contains("](http");
        assert!(fenced || !acts, "{line}");
    }
}
