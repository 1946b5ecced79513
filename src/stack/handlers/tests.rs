//! The resources declared for the handlers, as a reviewer reads them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::model::{Address, Declaration, OutputRef, Scope};
use crate::stack::config;

fn file(more: &str) -> StackFile {
    let text = format!("stack: vod\naccount: \"111122223333\"\nregion: ap-northeast-2\n{more}");
    config::parse("vod.yaml", &text).expect("a valid stack file")
}

fn scope() -> Scope {
    Scope { stack: "vod".into(), account: "111122223333".into(), region: "ap-northeast-2".into() }
}

fn bucket(role: &str) -> Named {
    Named { name: format!("vod-{role}").into(), arn: format!("arn:aws:s3:::vod-{role}").into() }
}

fn wiring(topic: Option<StringExpr>) -> Wiring {
    let assigned = |attribute: &str| {
        StringExpr::output(OutputRef {
            address: "delivery/distribution".into(),
            attribute: attribute.into(),
            predicted: None,
        })
    };
    Wiring {
        source: bucket("source"),
        work: bucket("work"),
        output: bucket("output"),
        queue: scope().arn("mediaconvert", "queues/vod").into(),
        template: Named { name: "vod".into(), arn: scope().arn("mediaconvert", "jobTemplates/vod").into() },
        encoder: scope().arn_in("", "iam", "role/vod-encoder").into(),
        distribution: Named { name: assigned("Id"), arn: assigned("Arn") },
        topic,
    }
}

fn declared(file: &StackFile, topic: Option<StringExpr>) -> BTreeMap<String, Declaration> {
    let mut stack = Declarations::new(scope(), BTreeMap::from([("team".into(), "media".into())]));
    let code = PackageDigests { submit: "5b".into(), publish: "9b".into() };
    declare(&mut stack, file, &wiring(topic), &code);
    stack.finish().into_iter().map(|declared| (declared.address.to_string(), declared)).collect()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("JSON")
}

#[test]
fn everything_has_its_place_and_rules_come_last() {
    let declared = declared(&file(""), None);
    let lines = declared.values().map(|found| {
        let after: Vec<_> = found.after.iter().map(Address::as_str).collect();
        format!("{} ({}) {}", found.address, found.kind.short(), after.join(" ")).trim_end().to_owned()
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"
    handlers/dead-letters (SQS Queue)
    handlers/dead-letters/policy (SQS QueuePolicy)
    handlers/job-rule (Events Rule) handlers/dead-letters/policy handlers/publish/invoke handlers/publish/permission handlers/refusal-permission
    handlers/publish (Lambda Function) handlers/publish/logs
    handlers/publish/invoke (Lambda EventInvokeConfig)
    handlers/publish/logs (Logs LogGroup)
    handlers/publish/permission (Lambda Permission)
    handlers/publish/role (IAM Role)
    handlers/refusal-permission (Lambda Permission)
    handlers/refusal-rule (Events Rule) handlers/dead-letters/policy handlers/publish/invoke handlers/publish/permission handlers/refusal-permission
    handlers/submit (Lambda Function) handlers/submit/logs
    handlers/submit/invoke (Lambda EventInvokeConfig)
    handlers/submit/logs (Logs LogGroup)
    handlers/submit/permission (Lambda Permission)
    handlers/submit/role (IAM Role)
    handlers/upload-rule (Events Rule) handlers/dead-letters/policy handlers/submit/invoke handlers/submit/permission
    ");
}

#[test]
fn rules_match_videos_and_ended_jobs() {
    let declared = declared(&file(""), None);
    let pattern = |address: &str| &declared[address].properties["EventPattern"];
    // Whatever its name is: submit looks at the contents.
    insta::assert_snapshot!(pattern("handlers/upload-rule"), @r#"{"detail":{"bucket":{"name":["vod-source"]}},"detail-type":["Object Created"],"source":["aws.s3"]}"#);
    insta::assert_snapshot!(pattern("handlers/refusal-rule"), @r#"{"detail":{"bucket":["vod-source"]},"detail-type":["Upload Refused"],"source":["provision.vod.submit"]}"#);
    insta::assert_snapshot!(pattern("handlers/job-rule"), @r#"{"detail":{"queue":["arn:aws:mediaconvert:ap-northeast-2:111122223333:queues/vod"],"status":["CANCELED","COMPLETE","ERROR"]},"detail-type":["MediaConvert Job State Change"],"source":["aws.mediaconvert"]}"#);
    insta::assert_snapshot!(pretty(&declared["handlers/job-rule"].properties["Targets"]), @r#"
    [
      {
        "Id": "publish",
        "Arn": {
          "Fn::GetAtt": [
            "handlers/publish",
            "Arn",
            "arn:aws:lambda:ap-northeast-2:111122223333:function:vod-publish"
          ]
        },
        "DeadLetterConfig": {
          "Arn": {
            "Fn::GetAtt": [
              "handlers/dead-letters",
              "Arn",
              "arn:aws:sqs:ap-northeast-2:111122223333:vod-dead-letters"
            ]
          }
        },
        "RetryPolicy": {
          "MaximumEventAgeInSeconds": 86400,
          "MaximumRetryAttempts": 185
        }
      }
    ]
    "#);
}

#[test]
fn deletions_are_heard_only_if_they_take_videos_down() {
    let variables = |file: &StackFile| {
        let declared = declared(file, None);
        let heard = declared.contains_key("handlers/deletion-rule");
        (heard, declared["handlers/publish"].properties["Environment"]["Variables"]["ON_DELETE"].clone())
    };
    assert_eq!(variables(&file("")), (false, Value::Null));
    assert_eq!(variables(&file("source: { on_delete: keep }")), (false, Value::Null));
    let unpublish = file("source: { on_delete: unpublish }");
    assert_eq!(variables(&unpublish), (true, "unpublish".into()));
    let declared = declared(&unpublish, None);
    let permission = &declared["handlers/deletion-permission"].properties;
    assert_eq!(permission["SourceArn"], "arn:aws:events:ap-northeast-2:111122223333:rule/vod-deletion");
    insta::assert_snapshot!(declared["handlers/deletion-rule"].properties["EventPattern"], @r#"{"detail":{"bucket":{"name":["vod-source"]},"reason":["DeleteObject"]},"detail-type":["Object Deleted"],"source":["aws.s3"]}"#);
}

#[test]
fn the_rules_arn_alone_says_who_may_invoke() {
    let declared = declared(&file(""), None);
    let permission = &declared["handlers/submit/permission"].properties;
    assert_eq!(permission["SourceArn"], "arn:aws:events:ap-northeast-2:111122223333:rule/vod-upload");
    assert_eq!(permission.get("SourceAccount"), None);
}

#[test]
fn handlers_are_told_what_they_work_with() {
    let limits = "source: { max_size: 20GiB, max_duration: 90m }\n";
    let declared = declared(&file(limits), Some("arn:topic".into()));
    let told = |address: &str| pretty(&declared[address].properties["Environment"]["Variables"]);
    insta::assert_snapshot!(told("handlers/submit"), @r#"
    {
      "ACCELERATION": "DISABLED",
      "AUDIO": "refuse",
      "JOB_TEMPLATE": "vod",
      "MAX_DURATION": "5400",
      "MAX_SIZE": "21474836480",
      "QUEUE": "arn:aws:mediaconvert:ap-northeast-2:111122223333:queues/vod",
      "ROLE": "arn:aws:iam::111122223333:role/vod-encoder",
      "ROLE_ID": {
        "Fn::GetAtt": [
          "handlers/submit/role",
          "RoleId"
        ]
      },
      "STACK": "vod",
      "WORK_BUCKET": "vod-work"
    }
    "#);
    insta::assert_snapshot!(told("handlers/publish"), @r#"
    {
      "DISTRIBUTION": {
        "Fn::GetAtt": [
          "delivery/distribution",
          "Id"
        ]
      },
      "MAX_DURATION": "5400",
      "OUTPUT_BUCKET": "vod-output",
      "ROLE_ID": {
        "Fn::GetAtt": [
          "handlers/publish/role",
          "RoleId"
        ]
      },
      "STACK": "vod",
      "TOPIC": "arn:topic",
      "WORK_BUCKET": "vod-work"
    }
    "#);
}

#[test]
fn without_a_topic_publish_is_told_of_none() {
    let declared = declared(&file(""), None);
    assert_eq!(declared["handlers/publish"].properties["Environment"]["Variables"].get("TOPIC"), None);
}

#[test]
fn code_is_named_by_its_digest() {
    let declared = declared(&file(""), None);
    let code = &declared["handlers/submit"].properties["Code"];
    insta::assert_snapshot!(code, @r#"{"Sha256":"5b"}"#);
}

#[test]
fn only_rules_and_functions_send_dead_letters() {
    let declared = declared(&file(""), None);
    let policy = &declared["handlers/dead-letters/policy"].properties["PolicyDocument"];
    insta::assert_snapshot!(pretty(policy), @r#"
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Others",
          "Effect": "Deny",
          "Principal": "*",
          "Action": [
            "sqs:SendMessage"
          ],
          "Resource": [
            {
              "Fn::GetAtt": [
                "handlers/dead-letters",
                "Arn",
                "arn:aws:sqs:ap-northeast-2:111122223333:vod-dead-letters"
              ]
            }
          ],
          "Condition": {
            "ArnNotEquals": {
              "aws:PrincipalArn": [
                {
                  "Fn::GetAtt": [
                    "handlers/publish/role",
                    "Arn",
                    "arn:aws:iam::111122223333:role/vod-publish"
                  ]
                },
                {
                  "Fn::GetAtt": [
                    "handlers/submit/role",
                    "Arn",
                    "arn:aws:iam::111122223333:role/vod-submit"
                  ]
                }
              ]
            },
            "Bool": {
              "aws:PrincipalIsAWSService": [
                "false"
              ]
            }
          }
        },
        {
          "Sid": "PlainHttp",
          "Effect": "Deny",
          "Principal": "*",
          "Action": [
            "sqs:*"
          ],
          "Resource": [
            {
              "Fn::GetAtt": [
                "handlers/dead-letters",
                "Arn",
                "arn:aws:sqs:ap-northeast-2:111122223333:vod-dead-letters"
              ]
            }
          ],
          "Condition": {
            "Bool": {
              "aws:SecureTransport": [
                "false"
              ]
            }
          }
        },
        {
          "Sid": "Rules",
          "Effect": "Allow",
          "Principal": {
            "Service": [
              "events.amazonaws.com"
            ]
          },
          "Action": [
            "sqs:SendMessage"
          ],
          "Resource": [
            {
              "Fn::GetAtt": [
                "handlers/dead-letters",
                "Arn",
                "arn:aws:sqs:ap-northeast-2:111122223333:vod-dead-letters"
              ]
            }
          ],
          "Condition": {
            "ArnEquals": {
              "aws:SourceArn": [
                "arn:aws:events:ap-northeast-2:111122223333:rule/vod-job",
                "arn:aws:events:ap-northeast-2:111122223333:rule/vod-refusal",
                "arn:aws:events:ap-northeast-2:111122223333:rule/vod-upload"
              ]
            }
          }
        }
      ]
    }
    "#);
}

#[test]
fn a_local_stack_runs_on_this_machines_processor() {
    assert_eq!(architecture(&file("handlers: { architecture: arm64 }\n")), FunctionArchitecture::Arm64);
    let here = if cfg!(target_arch = "aarch64") {
        FunctionArchitecture::Arm64
    } else {
        FunctionArchitecture::X86_64
    };
    assert_eq!(architecture(&file("local: true\n")), here);
}

#[test]
fn handlers_are_as_large_as_the_file_says() {
    let sizes = |more: &str| {
        let declared = declared(&file(more), None);
        ["handlers/submit", "handlers/publish"].map(|address| {
            let properties = &declared[address].properties;
            (properties["MemorySize"].clone(), properties["Timeout"].clone())
        })
    };
    let pair = |memory: i32, timeout: i32| (Value::from(memory), Value::from(timeout));
    assert_eq!(sizes(""), [pair(256, 300), pair(1024, 900)], "no difference for existing stacks");
    let more = "handlers: { submit: { memory: 512MiB, timeout: 10m }, publish: { memory: 2GiB } }";
    assert_eq!(sizes(more), [pair(512, 600), pair(2048, 900)]);
}
