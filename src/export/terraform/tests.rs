//! Tests of an export to Terraform.

use std::collections::BTreeSet;

use super::*;
use crate::export::tests::{World, declared, everything, few, read, worlds};

fn exported(world: &World) -> Vec<ExportFile> {
    files(&world.stack()).unwrap()
}

#[test]
fn every_type_that_a_stack_declares_has_a_rule() {
    let kinds: BTreeSet<String> =
        crate::resource::registry().iter().map(|adapter| adapter.kind().to_string()).collect();
    let ruled = tables::all().map(|rule| rule.kind.to_owned());
    let known: BTreeSet<String> = ruled.chain(tables::NEVER_DECLARED.map(str::to_owned)).collect();
    assert_eq!(known, kinds);
}

#[test]
fn every_declaration_can_be_written_and_is_imported() {
    for world in worlds() {
        let files = exported(&world);
        let imports = read(&files, "imports.tf");
        for declaration in world.graph.in_order() {
            let rule = rule(&declaration.kind).unwrap();
            let to = format!("to = {}.{}\n", rule.resource, label(&declaration.address));
            assert!(imports.contains(&to), "{to}");
        }
    }
}

/// Two resources of one type with the same name would be one.
#[test]
fn no_two_resources_have_the_same_name() {
    for world in worlds() {
        let mut names = BTreeSet::new();
        for file in exported(&world).iter().filter(|file| file.path.ends_with(".tf")) {
            for line in read(std::slice::from_ref(file), &file.path).lines() {
                if line.starts_with("resource ") {
                    assert!(names.insert(line.to_owned()), "{line}");
                }
            }
        }
        assert!(names.len() > world.graph.len(), "each has its own, and parts");
    }
}

/// What all resources of the provider have is written once. What one of them lacks stays with the others.
#[test]
fn common_tags_are_the_providers() {
    let queue = |name: &'static str, tags: Value| {
        let mut queue = declared(name, "AWS::SQS::Queue", json!({ "QueueName": name, "Tags": tags }));
        queue.predicted.insert("QueueUrl".into(), format!("https://sqs.eu-west-1.amazonaws.com/1/{name}"));
        queue
    };
    let tag = |name: &str, value: &str| json!({ "Key": name, "Value": value });
    let one = json!([tag("team", "media"), tag("provision:address", "a/one"), tag("tier", "1")]);
    let two = json!([tag("team", "media"), tag("provision:address", "a/two"), tag("tier", "2")]);
    let template = declared(
        "a/template",
        "AWS::MediaConvert::JobTemplate",
        json!({ "Name": "a", "Tags": { "team": "media", "tier": "3" } }),
    );
    let files = exported(&few(vec![queue("a/one", one), queue("a/two", two), template]));
    insta::assert_snapshot!(read(&files, "locals.tf"), @r#"
    locals {
      account = "111122223333"
      region  = "eu-west-1"
      tags = {
        team = "media"
      }
    }
    "#);
    insta::assert_snapshot!(read(&files, "a.tf"), @r#"
    resource "aws_sqs_queue" "a_two" {
      name = "a/two"
      tags = {
        "provision:address" = "a/two"
        tier                = "2"
      }
    }

    resource "awscc_mediaconvert_job_template" "a_template" {
      name = "a"
      tags = jsonencode(merge(local.tags, {
        tier = "3"
      }))
    }

    resource "aws_sqs_queue" "a_one" {
      name = "a/one"
      tags = {
        "provision:address" = "a/one"
        tier                = "1"
      }
    }
    "#);
    assert!(read(&files, "versions.tf").contains("  default_tags {\n    tags = local.tags\n  }\n"));
    let alone = declared("b/group", "AWS::Logs::LogGroup", json!({ "LogGroupName": "b" }));
    let tagged = queue("a/one", json!([tag("team", "media")]));
    let files = exported(&few(vec![alone, tagged]));
    assert!(!read(&files, "versions.tf").contains("default_tags"), "the log group would get them too");
    assert!(read(&files, "a.tf").contains("team = \"media\""));
}

/// The account's own credentials do not see a hosted zone of another account.
#[test]
fn records_in_another_account_have_a_provider_of_their_own() {
    let world = everything();
    let stack = ExportedStack { zone_role: Some("arn:aws:iam::444455556666:role/dns"), ..world.stack() };
    let files = files(&stack).unwrap();
    let provider = "provider \"aws\" {\n  alias  = \"dns\"\n  region = local.region\n\n  assume_role {\n    \
                    role_arn = \"arn:aws:iam::444455556666:role/dns\"\n  }\n}\n";
    assert!(read(&files, "versions.tf").ends_with(provider), "{}", read(&files, "versions.tf"));
    let tf: String = files
        .iter()
        .filter(|file| file.path.ends_with(".tf"))
        .map(|file| read(std::slice::from_ref(file), &file.path))
        .collect();
    let records = tf.matches("resource \"aws_route53_record\"").count();
    assert!(records > 0);
    assert_eq!(tf.lines().filter(|line| line.trim_start().starts_with("provider ")).count(), records + 3);
}

#[test]
fn a_queue_and_its_policy() {
    let mut queue = declared(
        "handlers/dead-letters",
        "AWS::SQS::Queue",
        json!({
            "QueueName": "vod-dead-letters", "VisibilityTimeout": 30, "SqsManagedSseEnabled": true,
            "Tags": [{ "Key": "provision:stack", "Value": "vod" }, { "Key": "team", "Value": "media" }],
        }),
    );
    let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/vod-dead-letters";
    let arn = "arn:aws:sqs:eu-west-1:111122223333:vod-dead-letters";
    queue.predicted = [("QueueUrl".to_owned(), url.to_owned()), ("Arn".to_owned(), arn.to_owned())].into();
    let policy = declared(
        "handlers/dead-letters/policy",
        "AWS::SQS::QueuePolicy",
        json!({
            "Queues": [{ "Fn::GetAtt": ["handlers/dead-letters", "QueueUrl", url] }],
            "PolicyDocument": { "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow",
                "Resource": [{ "Fn::GetAtt": ["handlers/dead-letters", "Arn", arn] }],
                "Condition": { "ArnLike": { "aws:SourceArn": [{ "Fn::Join": ["", [{ "Fn::GetAtt": ["handlers/dead-letters", "Arn", arn] }, "*"]] }] } },
            }] },
        }),
    );
    let files = exported(&few(vec![queue, policy]));
    insta::assert_snapshot!(read(&files, "handlers.tf"), @r#"
    resource "aws_sqs_queue" "handlers_dead_letters" {
      name                       = "vod-dead-letters"
      visibility_timeout_seconds = 30
      sqs_managed_sse_enabled    = true
    }

    resource "aws_sqs_queue_policy" "handlers_dead_letters_policy" {
      queue_url = aws_sqs_queue.handlers_dead_letters.url
      policy = jsonencode({
        Version = "2012-10-17"
        Statement = [
          {
            Effect   = "Allow"
            Resource = [aws_sqs_queue.handlers_dead_letters.arn]
            Condition = {
              ArnLike = {
                "aws:SourceArn" = ["${aws_sqs_queue.handlers_dead_letters.arn}*"]
              }
            }
          },
        ]
      })
    }
    "#);
    insta::assert_snapshot!(read(&files, "imports.tf"), @r#"
    import {
      to = aws_sqs_queue.handlers_dead_letters
      id = "https://sqs.eu-west-1.amazonaws.com/111122223333/vod-dead-letters"
    }

    import {
      to = aws_sqs_queue_policy.handlers_dead_letters_policy
      id = "https://sqs.eu-west-1.amazonaws.com/111122223333/vod-dead-letters"
    }
    "#);
    insta::assert_snapshot!(read(&files, "versions.tf"), @r#"
    terraform {
      required_version = ">= 1.5"

      required_providers {
        aws = {
          source  = "hashicorp/aws"
          version = "~> 6.69"
        }
        awscc = {
          source  = "hashicorp/awscc"
          version = "~> 1.106"
        }
      }
    }

    provider "aws" {
      region              = local.region
      allowed_account_ids = [local.account]

      default_tags {
        tags = local.tags
      }
    }

    provider "awscc" {
      region = local.region
    }
    "#);
}

#[test]
fn a_role_and_a_rule_have_parts() {
    let role = declared(
        "handlers/submit/role",
        "AWS::IAM::Role",
        json!({
            "RoleName": "vod-submit", "ManagedPolicyArns": [],
            "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [] },
            "Policies": [{ "PolicyName": "access", "PolicyDocument": { "Version": "2012-10-17", "Statement": [] } }],
        }),
    );
    let mut rule = declared(
        "handlers/upload-rule",
        "AWS::Events::Rule",
        json!({
            "Name": "vod-upload", "EventBusName": "default", "State": "ENABLED",
            "EventPattern": { "source": ["aws.s3"] },
            "Targets": [{ "Id": "submit", "Arn": "arn:aws:lambda:eu-west-1:111122223333:function:vod-submit" }],
        }),
    );
    rule.region = "us-east-1".to_owned();
    rule.predicted =
        [("Arn".to_owned(), "arn:aws:events:us-east-1:111122223333:rule/vod-upload".to_owned())].into();
    rule.after = ["handlers/submit/role".into()].into();
    let files = exported(&few(vec![role, rule]));
    insta::assert_snapshot!(read(&files, "handlers.tf"), @r#"
    resource "aws_iam_role" "handlers_submit_role" {
      name = "vod-submit"
      assume_role_policy = jsonencode({
        Version   = "2012-10-17"
        Statement = []
      })
    }

    resource "aws_iam_role_policy" "handlers_submit_role_access" {
      role = aws_iam_role.handlers_submit_role.name
      name = "access"
      policy = jsonencode({
        Version   = "2012-10-17"
        Statement = []
      })
    }

    resource "aws_cloudwatch_event_rule" "handlers_upload_rule" {
      region         = "us-east-1"
      name           = "vod-upload"
      event_bus_name = "default"
      event_pattern = jsonencode({
        source = ["aws.s3"]
      })
      state      = "ENABLED"
      depends_on = [aws_iam_role.handlers_submit_role]
    }

    resource "aws_cloudwatch_event_target" "handlers_upload_rule_submit" {
      region         = "us-east-1"
      rule           = aws_cloudwatch_event_rule.handlers_upload_rule.name
      event_bus_name = aws_cloudwatch_event_rule.handlers_upload_rule.event_bus_name
      target_id      = "submit"
      arn            = "arn:aws:lambda:${local.region}:${local.account}:function:vod-submit"
    }
    "#);
    insta::assert_snapshot!(read(&files, "imports.tf"), @r#"
    import {
      to = aws_iam_role.handlers_submit_role
      id = "vod-submit"
    }

    import {
      to = aws_iam_role_policy.handlers_submit_role_access
      id = "vod-submit:access"
    }

    import {
      to = aws_cloudwatch_event_rule.handlers_upload_rule
      id = "default/vod-upload@us-east-1"
    }

    import {
      to = aws_cloudwatch_event_target.handlers_upload_rule_submit
      id = "default/vod-upload/submit@us-east-1"
    }
    "#);
}

#[test]
fn a_lifecycle_rule_has_a_filter() {
    let filter = |rule: Value| filter(&mut rule.as_object().unwrap().clone());
    let tag = json!({ "Key": "a", "Value": "b" });
    assert_eq!(filter(json!({ "Id": "x" })), json!({}));
    assert_eq!(filter(json!({ "Prefix": "p/" })), json!({ "Prefix": "p/" }));
    assert_eq!(filter(json!({ "TagFilters": [tag] })), json!({ "Tag": tag }));
    assert_eq!(
        filter(json!({ "Prefix": "p/", "TagFilters": [tag] })),
        json!({ "And": { "Prefix": "p/", "Tags": [tag] } })
    );
}

/// A row that is missing must never leave a property out.
#[test]
fn a_property_without_a_row_is_an_error() {
    let refused = |kind: &'static str, properties: Value| {
        let world = few(vec![declared("a/b", kind, properties)]);
        files(&world.stack()).unwrap_err().to_string()
    };
    assert_eq!(
        refused("AWS::Logs::LogGroup", json!({ "LogGroupName": "a", "Colour": "red" })),
        "Colour of a/b (AWS::Logs::LogGroup) cannot be exported: it has no row"
    );
    let nested =
        json!({ "BucketName": "a", "LoggingConfiguration": { "DestinationBucketName": "b", "New": 1 } });
    assert_eq!(
        refused("AWS::S3::Bucket", nested),
        "New of a/b (AWS::S3::Bucket) cannot be exported: it has no row"
    );
    let managed = json!({ "RoleName": "a", "ManagedPolicyArns": ["arn"] });
    assert_eq!(
        refused("AWS::IAM::Role", managed),
        "ManagedPolicyArns of a/b (AWS::IAM::Role) cannot be exported: it has a value that Terraform cannot be told"
    );
}

#[test]
fn what_cannot_be_imported_or_managed_is_in_the_readme() {
    let mut world = everything();
    let subscriptions: Vec<Address> = world
        .graph
        .in_order()
        .filter(|one| one.kind.as_str() == "AWS::SNS::Subscription")
        .map(|one| one.address.clone())
        .collect();
    assert!(!subscriptions.is_empty());
    for address in &subscriptions {
        world.live.get_mut(address).unwrap().outputs.clear();
    }
    let readme = read(&exported(&world), "README.md");
    for address in &subscriptions {
        assert!(readme.contains(&format!("\n* {address}\n")), "{readme}");
    }
    assert!(
        readme.contains("* delivery/certificate: Its validation record is not in this export."),
        "{readme}"
    );
}

#[test]
fn code_is_written_beside() {
    let world = everything();
    let code = [("submit".to_owned(), b"zip".to_vec())];
    let files = files(&ExportedStack { code: &code, ..world.stack() }).unwrap();
    assert_eq!(read(&files, "code/submit.zip"), "zip");
    let handlers = read(&files, "handlers.tf");
    assert!(
        handlers.contains(
            "source_code_hash               = filebase64sha256(\"${path.module}/code/submit.zip\")\n"
        ),
        "{handlers}"
    );
}
