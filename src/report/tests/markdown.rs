//! What a comment on a pull request says, also if there is too much to say.

use serde_json::Value;

use super::{change, everything, nothing, property};
use crate::report::markdown::{cut, shortest};
use crate::report::{markdown, totals};
use crate::review::{Action, Cause, Review};

#[test]
fn a_pull_request_shows_dangers_and_folds_the_rest() {
    insta::assert_snapshot!(markdown(&everything(), 65_000), @r#"
    ### Plan of `vod` in account 111122223333, eu-west-1

    **2 to create, 2 to change, 1 to replace, 1 to delete, 30 unchanged**

    > [!CAUTION]
    > - deletes `alerts/topic` (no longer declared)
    > - replaces `transcode/queue` (PricingPlan cannot change in place)
    > - `alerts/topic`: Nobody is notified of failures.
    > - lets somebody do more than before, in 1 way

    - `storage/old` (vod-old) stays: no longer declared, but it holds data

    <details><summary>who may do more than before (1)</summary>

    | where | who | may | on | if |
    |---|---|---|---|---|
    | storage/output/policy | cloudfront.amazonaws.com | s3:ListBucket | arn:aws:s3:::vod-output | aws:SourceArn is arn:aws:cloudfront::1:distribution/E1 |

    </details>

    <details><summary>alerts (1)</summary>

    ```diff
    - alerts/topic SNS Topic arn:aws:sns:eu-west-1:1:vod
    #     Nobody is notified of failures.
    ```
    </details>

    <details><summary>delivery (1)</summary>

    ```diff
    + delivery/certificate CertificateManager Certificate in us-east-1
    ```
    </details>

    <details><summary>handlers (1)</summary>

    ```diff
    ! handlers/submit Lambda Function vod-submit
          both MemorySize: 256 MiB → 1024 MiB  (the account changed too: 512 MiB at the last apply)
          drift Timeout: 3s → 1m
          change Description: (none) → "takes uploads"
          differs Environment.Variables.DISTRIBUTION: "E1" → (known after apply: Id of delivery/distribution)
          change Tags[provision:address].Value: "a" → "b"
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
    #     It is deleted once its jobs are done.
    ```
    </details>

    <details><summary>picture of what changes</summary>

    ```mermaid
    %%{init: {"flowchart": {"wrappingWidth": 400}}}%%
    graph LR
      handlers_submit == creates job ==> transcode_queue
      subgraph transcode["transcode"]
        transcode_queue["<b>±</b> <b>queue</b> MediaConvert Queue"]:::replace
      end
      subgraph handlers["handlers"]
        handlers_submit["<b>~</b> <b>submit</b> Lambda Function"]:::change
      end
      subgraph storage["storage"]
        storage_output_policy["<b>~</b> <b>output/policy</b> S3 BucketPolicy"]:::change
        storage_logs["<b>+</b> <b>logs</b> S3 Bucket<br/><b>=</b> <b>old</b> S3 Bucket"]:::create
      end
      subgraph alerts["alerts"]
        alerts_topic["<b>−</b> <b>topic</b> SNS Topic"]:::delete
      end
      subgraph delivery["delivery"]
        delivery_certificate["<b>+</b> <b>certificate</b> CertificateManager Certificate"]:::create
      end
      storage_output_policy -.-> transcode_queue
      legend["thick arrow: the flow of a video<br/>dashed arrow: needs (points to what is created first); implied needs are left out<br/>#43; create<br/>~ change<br/>± replace<br/>− delete<br/>#61; keep"]:::legend
      classDef default fill:#ffffff,stroke:#8c959f,color:#1f2328,text-align:left
      classDef lane fill:none,stroke:#8c959f
      classDef legend fill:none,stroke:none,color:#59636e,text-align:left
      class transcode,handlers,storage,alerts,delivery lane
      classDef create fill:#dafbe1,stroke:#1a7f37,color:#1f2328,text-align:left
      classDef change fill:#fff8c5,stroke:#9a6700,color:#1f2328,text-align:left
      classDef replace fill:#ffd8b5,stroke:#bc4c00,color:#1f2328,text-align:left
      classDef delete fill:#ffebe9,stroke:#cf222e,color:#1f2328,text-align:left
      classDef keep fill:#eaeef2,stroke:#59636e,color:#1f2328,text-align:left
      classDef outside fill:#0969da,stroke:#0969da,color:#ffffff
      linkStyle 0 stroke:#0969da,stroke-width:3px
    ```
    </details>
    "#);
    insta::assert_snapshot!(markdown(&nothing(), 65_000), @r#"
    ### Plan of `vod` in account 111122223333, eu-west-1

    **nothing to do: all 34 resources are as declared**
    "#);
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

/// Every folded part that is left has content: no heading of a table, and no fence, is the last line of it.
#[test]
fn a_comment_that_is_cut_has_no_empty_part() {
    let many = much(60);
    // The longest part of the work, the differences of long values, is the same for each length.
    let shortest = shortest(&many);
    assert_eq!(markdown(&many, 1_000), cut(&shortest, 1_000));
    for max in (600..12_000).step_by(37) {
        let text = cut(&shortest, max);
        assert!(text.len() <= max, "{} > {max}", text.len());
        for part in text.split("<details>").skip(1) {
            let (_, body) = part.split_once("</summary>\n").unwrap();
            let body = body.split("</details>").next().unwrap();
            let content = body
                .lines()
                .filter(|line| !line.is_empty() && !line.starts_with("```") && !line.starts_with('|'));
            let rows = body.lines().filter(|line| line.starts_with('|')).count();
            assert!(rows > 2 || content.count() > 0, "an empty part at {max}: {text}");
        }
    }
    insta::assert_snapshot!(markdown(&many, 1_000), @r"
    ### Plan of `vod` in account 111122223333, eu-west-1

    **2 to create, 2 to change, 1 to replace, 1 to delete, 30 unchanged**

    > [!CAUTION]
    > - deletes `alerts/topic` (no longer declared)
    > - deletes `handlers/d0` (SQS Queue)
    > - deletes `handlers/d1` (SQS Queue)
    > - deletes `handlers/d2` (SQS Queue)
    > - deletes `handlers/d3` (SQS Queue)
    > - deletes `handlers/d4` (SQS Queue)
    > - deletes `handlers/d5` (SQS Queue)
    > - deletes `handlers/d6` (SQS Queue)
    > - deletes `handlers/d7` (SQS Queue)
    > - deletes `handlers/d8` (SQS Queue)
    > - deletes `handlers/d9` (SQS Queue)
    > - deletes `handlers/d10` (SQS Queue)
    > - deletes `handlers/d11` (SQS Queue)
    > - deletes `handlers/d12` (SQS Queue)
    > - deletes `handlers/d13` (SQS Queue)
    > - deletes `handlers/d14` (SQS Queue)
    > - deletes `handlers/d15` (SQS Queue)
    > - deletes `handlers/d16` (SQS Queue)
    > - deletes `handlers/d17` (SQS Queue)

    **Cut here: the plan is too long for this comment. Run `provision plan` to read all of it.**
    ");
}

#[test]
fn a_comment_is_never_longer_than_it_may_be_and_loses_the_harmless_first() {
    let many = much(60);
    for max in [1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 65_000, 1_000_000] {
        let text = markdown(&many, max);
        assert!(text.len() <= max, "{} > {max}", text.len());
        assert!(text.contains(&totals(many.totals)), "the totals stay: {text}");
        assert!(text.contains("deletes `alerts/topic`"), "deletes stay: {text}");
        let whole = markdown(&many, usize::MAX);
        assert_eq!(text.contains("Shortened to fit") || text.contains("Cut here"), text.len() < whole.len());
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count(), "{text}");
    }
    let shortened = markdown(&many, 40_000);
    assert!(!shortened.contains("```mermaid"), "the picture goes first");
    assert!(shortened.contains("deletes `handlers/d59`"), "deletes are whole: {shortened}");
}
