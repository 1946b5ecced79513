//! What a key's policy must have, and policies that have it or seem to.

use serde_json::{Value, json};

use super::*;
use crate::stack::config;
use crate::stack::handlers::PackageDigests;

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const BY: &str = "arn:aws:sts::111122223333:assumed-role/deploy/me";
const DISTRIBUTION: &str = "arn:aws:cloudfront::111122223333:distribution/E1";

fn scope() -> Scope {
    Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() }
}

fn graph(more: &str) -> Graph {
    let text = format!(
        "stack: vod\naccount: '111122223333'\nregion: eu-west-1\nencryption: {{ kms_key: '{KEY}' }}\n{more}\n"
    );
    let file = config::parse("vod.yaml", &text).unwrap();
    Graph::new(crate::stack::declare(&file, &PackageDigests::default(), None)).unwrap()
}

fn policy(statements: &[Value]) -> PolicyDocument {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string().parse().unwrap()
}

/// What every key has that the console makes: IAM decides for the account.
fn console() -> Value {
    json!({ "Sid": "Enable IAM User Permissions", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
            "Principal": { "AWS": "arn:aws:iam::111122223333:root" } })
}

/// What a policy lacks for a stack with these options, by whoever is in the role `deploy`.
fn missing_in(statements: &[Value], more: &str, distribution: Option<&str>) -> Vec<Statement> {
    let (scope, graph) = (scope(), graph(more));
    missing(&policy(statements), KeyUsers { scope: &scope, graph: &graph, distribution, by: BY })
}

fn lacks(statements: &[Value], more: &str) -> Vec<String> {
    let missing = missing_in(statements, more, Some(DISTRIBUTION));
    missing.into_iter().map(|statement| statement.sid).collect()
}

fn as_json(statements: &[Statement]) -> Vec<Value> {
    statements.iter().map(|one| serde_json::to_value(one).unwrap()).collect()
}

const APP: &str = "alerts: { email: a@example.com }\nnotify: { queue: true, topic: true }";

#[test]
fn a_new_key_lacks_the_services() {
    for source in ["", "source: { bucket: team-archive }"] {
        assert_eq!(declared_key(&graph(source)).as_deref(), Some(KEY), "{source}");
    }
    assert_eq!(lacks(&[console()], ""), ["CloudFrontReads", "LogsOfHandlers", "EventsReachQueuesAndTopics"]);
    assert_eq!(lacks(&[], "").len(), 5, "without IAM for the account, the roles lack it too");
    let app = lacks(&[console()], APP);
    assert!(app.contains(&"AlarmsReachTopics".to_owned()), "{app:?}");
}

#[test]
fn what_is_printed_is_enough() {
    for more in ["", APP] {
        for distribution in [None, Some(DISTRIBUTION)] {
            let printed = as_json(&missing_in(&[], more, distribution));
            let left = missing_in(&printed, more, distribution);
            assert_eq!(as_json(&left), Vec::<Value>::new());
        }
    }
    // What was pasted before the distribution existed is enough afterwards, too.
    let before = as_json(&missing_in(&[], APP, None));
    assert_eq!(lacks(&before, APP), Vec::<String>::new());
}

#[test]
fn a_statement_counts_only_if_it_certainly_allows() {
    let full = as_json(&missing_in(&[], APP, Some(DISTRIBUTION)));
    let with = |sid: &str, change: &dyn Fn(&mut Value)| {
        let mut changed = full.clone();
        change(changed.iter_mut().find(|one| one["Sid"] == sid).unwrap());
        lacks(&changed, APP)
    };
    let other = |one: &mut Value| {
        one["Condition"]["ArnEquals"]["aws:SourceArn"] =
            json!("arn:aws:cloudfront::111122223333:distribution/E2");
    };
    assert_eq!(with("CloudFrontReads", &other), ["CloudFrontReads"], "another distribution");
    let account = |one: &mut Value| {
        one["Condition"] = json!({ "StringEquals": { "aws:SourceAccount": "111122223333" } });
    };
    assert_eq!(
        with("EventsReachQueuesAndTopics", &account),
        ["EventsReachQueuesAndTopics"],
        "SNS sends no such key"
    );
    let only = |one: &mut Value| one["Action"] = json!("kms:Decrypt");
    assert_eq!(with("LogsOfHandlers", &only), ["LogsOfHandlers"]);
    let vpc = |one: &mut Value| one["Condition"]["StringEquals"]["aws:SourceVpce"] = json!("vpce-1");
    assert_eq!(with("RolesOfTheStack", &vpc), ["RolesOfTheStack"], "unknown");
    let wider = |one: &mut Value| one["Action"] = json!("KMS:*");
    assert_eq!(with("LogsOfHandlers", &wider), Vec::<String>::new());

    let mut denied = full.clone();
    denied
        .push(json!({ "Effect": "Deny", "Principal": "*", "Action": "kms:GenerateDataKey*", "Resource": "*",
        "Condition": { "StringNotLike": { "kms:ViaService": "s3.*.amazonaws.com" } } }));
    assert_eq!(lacks(&denied, APP), ["RolesOfTheStack"], "SQS and SNS are shut out");
}

#[test]
fn a_queue_alone_may_have_conditions() {
    let mut full = as_json(&missing_in(&[], "", Some(DISTRIBUTION)));
    let events = full.iter_mut().find(|one| one["Sid"] == "EventsReachQueuesAndTopics").unwrap();
    events["Condition"] =
        json!({ "ArnLike": { "aws:SourceArn": "arn:aws:events:eu-west-1:111122223333:rule/vod-*" } });
    assert_eq!(lacks(&full, ""), Vec::<String>::new());
}

#[test]
fn it_is_ready_to_paste() {
    insta::assert_snapshot!(pasted(&missing_in(&[], APP, None)), @r#"
    {
      "Sid": "CloudFrontReads",
      "Effect": "Allow",
      "Principal": {
        "Service": [
          "cloudfront.amazonaws.com"
        ]
      },
      "Action": [
        "kms:Decrypt"
      ],
      "Resource": [
        "*"
      ],
      "Condition": {
        "ArnLike": {
          "aws:SourceArn": [
            "arn:aws:cloudfront::111122223333:distribution/*"
          ]
        }
      }
    },
    {
      "Sid": "LogsOfHandlers",
      "Effect": "Allow",
      "Principal": {
        "Service": [
          "logs.eu-west-1.amazonaws.com"
        ]
      },
      "Action": [
        "kms:Decrypt*",
        "kms:Describe*",
        "kms:Encrypt*",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*"
      ],
      "Resource": [
        "*"
      ],
      "Condition": {
        "ArnEquals": {
          "kms:EncryptionContext:aws:logs:arn": [
            "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/vod-publish",
            "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/vod-submit"
          ]
        }
      }
    },
    {
      "Sid": "EventsReachQueuesAndTopics",
      "Effect": "Allow",
      "Principal": {
        "Service": [
          "events.amazonaws.com"
        ]
      },
      "Action": [
        "kms:Decrypt",
        "kms:GenerateDataKey*"
      ],
      "Resource": [
        "*"
      ]
    },
    {
      "Sid": "AlarmsReachTopics",
      "Effect": "Allow",
      "Principal": {
        "Service": [
          "cloudwatch.amazonaws.com"
        ]
      },
      "Action": [
        "kms:Decrypt",
        "kms:GenerateDataKey*"
      ],
      "Resource": [
        "*"
      ],
      "Condition": {
        "StringEquals": {
          "aws:SourceAccount": [
            "111122223333"
          ]
        }
      }
    },
    {
      "Sid": "RolesOfTheStack",
      "Effect": "Allow",
      "Principal": {
        "AWS": [
          "arn:aws:iam::111122223333:root"
        ]
      },
      "Action": [
        "kms:Decrypt",
        "kms:GenerateDataKey"
      ],
      "Resource": [
        "*"
      ],
      "Condition": {
        "ArnEquals": {
          "aws:PrincipalArn": [
            "arn:aws:iam::111122223333:role/vod-batch",
            "arn:aws:iam::111122223333:role/vod-publish",
            "arn:aws:iam::111122223333:role/vod-submit",
            "arn:aws:iam::111122223333:role/vod-transcode"
          ]
        },
        "StringEquals": {
          "kms:ViaService": [
            "s3.eu-west-1.amazonaws.com",
            "sns.eu-west-1.amazonaws.com",
            "sqs.eu-west-1.amazonaws.com"
          ]
        }
      }
    },
    {
      "Sid": "WhoeverApplies",
      "Effect": "Allow",
      "Principal": {
        "AWS": [
          "arn:aws:iam::111122223333:root"
        ]
      },
      "Action": [
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:GetKeyPolicy"
      ],
      "Resource": [
        "*"
      ],
      "Condition": {
        "ArnLike": {
          "aws:PrincipalArn": [
            "arn:aws:iam::111122223333:role/*/deploy",
            "arn:aws:iam::111122223333:role/deploy"
          ]
        }
      }
    }
    "#);
}

#[test]
fn what_is_stored_is_encrypted_with_the_key_where_aws_can() {
    let graph = graph(
        "alerts: { email: a@example.com }\nnotify: { queue: true, topic: true }\ndelivery: { access_logs: true }",
    );
    let named = |properties: &Value| properties.to_string().contains(KEY);
    let lines: Vec<String> =
        graph.in_order().filter(|one| named(&one.properties)).map(|one| one.address.to_string()).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    notify/topic
    notify/queue
    handlers/submit/logs
    handlers/publish/logs
    storage/output
    storage/source
    storage/work
    alerts/topic
    transcode/role
    handlers/dead-letters
    handlers/submit/role
    handlers/submit
    library/batch-role
    handlers/publish/role
    handlers/publish
    ");
    let logs = graph.get(&super::super::names::LOGS.address()).unwrap();
    assert!(
        logs.properties["BucketEncryption"].to_string().contains("AES256"),
        "S3's access logs need SSE-S3"
    );
    let cdn = graph.get(&"alerts/cdn-topic".into()).unwrap();
    assert!(cdn.properties["KmsMasterKeyId"].is_null(), "a topic takes a key of its own region only");
}

#[test]
fn whoever_applies_must_be_named_or_left_to_iam() {
    let named = |principal: &str| {
        let services = as_json(&missing_in(&[], "", Some(DISTRIBUTION)));
        let mut all: Vec<Value> = services.into_iter().filter(|one| one["Sid"] != "WhoeverApplies").collect();
        all.push(
            json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "kms:*", "Resource": "*",
            "Condition": { "StringEquals": { "aws:PrincipalTag/team": "media" } } }),
        );
        lacks(&all, "")
    };
    for principal in ["arn:aws:iam::111122223333:role/ci/deploy", "111122223333", "*", BY] {
        assert_eq!(named(principal), Vec::<String>::new(), "{principal}");
    }
    for principal in ["arn:aws:iam::111122223333:role/deployer", "arn:aws:iam::111122223333:user/deploy"] {
        assert_eq!(named(principal), ["WhoeverApplies"], "{principal}");
    }
}
