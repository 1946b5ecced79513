//! What people read in a terminal.

use serde_json::json;

use super::{change, everything, nothing, property};
use crate::report::{human, markdown};
use crate::review::{Action, Cause, Totals};

#[test]
fn people_read_what_is_lost_first_and_who_moved_what() {
    insta::assert_snapshot!(anstream::adapter::strip_str(&human(&everything())).to_string(), @r#"
    alerts
      - alerts/topic                     SNS Topic                        arn:aws:sns:eu-west-1:1:vod, no longer declared
          ! Nobody is notified of failures.

    delivery
      + delivery/certificate             CertificateManager Certificate
          in us-east-1

    handlers
      ~ handlers/submit                  Lambda Function                  vod-submit
          both    MemorySize                          256 MiB → 1024 MiB  (the account changed too: 512 MiB at the last apply)
          drift   Timeout                             3s → 1m
          change  Description                         (none) → "takes uploads"
          differs Environment.Variables.DISTRIBUTION  "E1" → (known after apply: Id of delivery/distribution)
          change  Tags[provision:address].Value       "a" → "b"

    storage
      + storage/logs                     S3 Bucket                        vod-logs, missing from the account since the last apply
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
          ! It is deleted once its jobs are done.

      = storage/old                      S3 Bucket                        vod-old stays: no longer declared, but it holds data
        (an apply that finds it empty deletes it: wait until its objects expire, or delete them yourself)

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

/// `plan --base` knows no id of a resource that AWS names.
#[test]
fn a_resource_without_an_id_has_its_reasons_without_a_comma() {
    let mut gone = change("alerts/topic/policy", "AWS::SNS::TopicPolicy", Action::Delete, None);
    gone.reasons = vec!["no longer declared".into()];
    let mut replaced = change("transcode/queue", "AWS::MediaConvert::Queue", Action::Replace, None);
    replaced.reasons = vec!["PricingPlan cannot change in place".into()];
    let mut review = nothing();
    review.changes = vec![gone, replaced];
    review.totals = Totals { delete: 1, replace: 1, ..Totals::default() };
    insta::assert_snapshot!(anstream::adapter::strip_str(&human(&review)).to_string(), @r"
    alerts
      - alerts/topic/policy              SNS TopicPolicy                  no longer declared

    transcode
      ± transcode/queue                  MediaConvert Queue               replaced: PricingPlan cannot change in place

    1 to replace, 1 to delete
    ");
}

#[test]
fn a_tag_of_the_stack_is_said_once() {
    let tagged = |address: &str| {
        let mut tagged = change(address, "AWS::S3::Bucket", Action::Update, Some("vod-bucket"));
        tagged.properties = vec![property("Tags[team].Value", json!("a"), json!("b"), Cause::Change)];
        tagged
    };
    let mut review = nothing();
    review.changes = ["storage/a", "storage/b", "storage/c"].map(tagged).to_vec();
    review.totals = Totals { update: 3, ..Totals::default() };
    insta::assert_snapshot!(anstream::adapter::strip_str(&human(&review)).to_string(), @r#"
    only tags change, in 3 resources
          change  Tags[team].Value  "a" → "b"
      ~ storage/a                        S3 Bucket                        vod-bucket
      ~ storage/b                        S3 Bucket                        vod-bucket
      ~ storage/c                        S3 Bucket                        vod-bucket

    3 to change
    "#);
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
        // What is code does not act.
        let prose: String = line.split('`').step_by(2).collect();
        let acts = prose.contains("</details><img") || prose.contains("](http");
        assert!(fenced || !acts, "{line}");
    }
}
