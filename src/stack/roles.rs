//! The permissions of the stack's roles: exactly the calls that the handlers and MediaConvert make, on exactly the
//! resources they use.
//!
//! Wildcards are used only where AWS supports nothing narrower, and each one has its reason in a comment. Actions and
//! resources follow the Service Authorization Reference; `docs/handlers.md` lists the handlers' calls.

use asset::event::{source as source_of_app, submit_source};

use super::handlers::DEFAULT_BUS;
use crate::model::{PolicyDocument, Principal, Scope, Statement, StringExpr};
use crate::resource::iam::Policy;

/// The service that the encoder's role is passed to.
const MEDIACONVERT: &str = "mediaconvert.amazonaws.com";

/// The permissions that every handler needs as a function.
#[derive(Clone, Debug)]
pub struct FunctionAccess {
    /// The ARN of the declared log group, with `:*` at its end.
    pub log_group: StringExpr,
    /// The ARN of the queue for events that could not be handled.
    pub dead_letters: StringExpr,
}

/// The resources that the submit handler uses, by ARN.
#[derive(Clone, Debug)]
pub struct SubmitAccess {
    /// The bucket of uploads.
    pub source: StringExpr,
    /// The bucket that MediaConvert writes to.
    pub work: StringExpr,
    /// The job template.
    pub template: StringExpr,
    /// The queue of jobs.
    pub queue: StringExpr,
    /// The role that MediaConvert assumes.
    pub encoder: StringExpr,
    /// What it needs as a function.
    pub function: FunctionAccess,
}

/// The resources that the publish handler uses, by ARN.
#[derive(Clone, Debug)]
pub struct PublishAccess {
    /// The bucket of uploads.
    pub source: StringExpr,
    /// The bucket that MediaConvert writes to.
    pub work: StringExpr,
    /// The bucket that viewers read from.
    pub output: StringExpr,
    /// The distribution in front of it.
    pub distribution: StringExpr,
    /// The ARN of the topic for notices about assets, if there is one.
    pub topic: Option<StringExpr>,
    /// The name of the bus that the app listens to.
    pub bus: String,
    /// What it needs as a function.
    pub function: FunctionAccess,
}

/// A role's one inline policy.
#[must_use]
pub fn inline(statements: PolicyDocument) -> Vec<Policy> {
    vec![Policy { policy_name: "access".to_owned(), policy_document: statements }]
}

/// Only Lambda may assume a handler's role. Without `aws:SourceAccount`: Lambda does not set it when it assumes an
/// execution role. Another account's function cannot use the role, because `iam:PassRole` never crosses accounts.
#[must_use]
pub fn lambda_trust() -> PolicyDocument {
    let assume = Statement::allow("Assume", &["sts:AssumeRole"]);
    PolicyDocument::new([assume.to(Principal::service("lambda.amazonaws.com"))])
}

/// Only MediaConvert may assume the encoder's role, for jobs of this account's one queue. The source ARN is the queue's
/// (MediaConvert user guide, "Cross-service confused deputy prevention").
#[must_use]
pub fn encoder_trust(scope: &Scope, queue: StringExpr) -> PolicyDocument {
    let assume = Statement::allow("Assume", &["sts:AssumeRole"])
        .to(Principal::service(MEDIACONVERT))
        .when("StringEquals", "aws:SourceAccount", [scope.account.as_str().into()])
        .when("ArnEquals", "aws:SourceArn", [queue]);
    PolicyDocument::new([assume])
}

/// The permissions of a job: read uploads, write renditions. MediaConvert needs no action on the buckets themselves.
/// AWS's own "Video on Demand on AWS" grants the same two.
#[must_use]
pub fn encoder(source: StringExpr, work: StringExpr) -> PolicyDocument {
    PolicyDocument::new([
        Statement::allow("ReadUploads", &["s3:GetObject"]).on([source + "/*"]),
        Statement::allow("WriteRenditions", &["s3:PutObject"]).on([work + "/*"]),
    ])
}

/// The permissions of the submit handler.
#[must_use]
pub fn submit(scope: &Scope, to: &SubmitAccess) -> PolicyDocument {
    let SubmitAccess { source, work, template, queue, encoder, function } = to.clone();
    let own = [
        find_missing([source.clone(), work.clone()]),
        // MediaConvert's Probe also reads the upload with these permissions.
        Statement::allow("ReadUploads", &["s3:GetObject"]).on([source + "/*"]),
        Statement::allow("RecordJobs", &["s3:GetObject", "s3:PutObject"]).on([work + "/jobs/*"]),
        Statement::allow("ReadTemplate", &["mediaconvert:GetJobTemplate"]).on([template.clone()]),
        Statement::allow("StartJobs", &["mediaconvert:CreateJob"]).on([queue, template]),
        // Probe has no resource types: all of MediaConvert in this account and region is the narrowest possible.
        Statement::allow("Probe", &["mediaconvert:Probe"]).on([scope.arn("mediaconvert", "*").into()]),
        Statement::allow("PassEncoder", &["iam:PassRole"]).on([encoder]).when(
            "StringEquals",
            "iam:PassedToService",
            [MEDIACONVERT.into()],
        ),
        put_events(scope, "TellPublish", DEFAULT_BUS, submit_source(&scope.stack)),
    ];
    PolicyDocument::new(own.into_iter().chain(function.statements()))
}

/// The permissions of the publish handler.
#[must_use]
pub fn publish(scope: &Scope, to: &PublishAccess) -> PolicyDocument {
    let PublishAccess { source, work, output, distribution, topic, bus, function } = to.clone();
    let own = [
        find_missing([source.clone(), work.clone(), output.clone()]),
        Statement::allow("TakeRenditions", &["s3:DeleteObject", "s3:GetObject"]).on([work + "/*"]),
        Statement::allow("PublishAssets", &["s3:DeleteObject", "s3:GetObject", "s3:PutObject"])
            .on([output + "/assets/*"]),
        Statement::allow(
            "TagUploads",
            &["s3:GetObject", "s3:GetObjectVersionTagging", "s3:PutObjectVersionTagging"],
        )
        .on([source + "/*"]),
        Statement::allow("Invalidate", &["cloudfront:CreateInvalidation"]).on([distribution]),
        put_events(scope, "TellApp", &bus, source_of_app(&scope.stack)),
    ];
    let tell = topic.map(|topic| Statement::allow("Tell", &["sns:Publish"]).on([topic]));
    PolicyDocument::new(own.into_iter().chain(tell).chain(function.statements()))
}

/// Puts events on a bus under one source: neither handler can speak for the other, or for another stack.
fn put_events(scope: &Scope, sid: &str, bus: &str, source: String) -> Statement {
    let bus = scope.arn("events", &format!("event-bus/{bus}"));
    Statement::allow(sid, &["events:PutEvents"]).on([bus.into()]).when(
        "StringEquals",
        "events:source",
        [source.into()],
    )
}

/// Lists buckets. S3 answers 404 instead of 403 for a missing object only to callers who may list without conditions.
fn find_missing(buckets: impl IntoIterator<Item = StringExpr>) -> Statement {
    Statement::allow("FindMissing", &["s3:ListBucket"]).on(buckets)
}

impl FunctionAccess {
    /// Without `logs:CreateLogGroup`: the group is declared. A function that outlives it must not create it again
    /// without tags and retention.
    fn statements(self) -> [Statement; 3] {
        [
            Statement::allow("Log", &["logs:CreateLogStream", "logs:PutLogEvents"]).on([self.log_group]),
            // X-Ray has no resource types that segments could be limited to.
            Statement::allow("Trace", &["xray:PutTelemetryRecords", "xray:PutTraceSegments"])
                .on(["*".into()]),
            Statement::allow("GiveUp", &["sqs:SendMessage"]).on([self.dead_letters]),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn scope() -> Scope {
        Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() }
    }

    fn bucket(role: &str) -> StringExpr {
        format!("arn:aws:s3:::vod-{role}-111122223333-eu-west-1").into()
    }

    fn function(name: &str) -> FunctionAccess {
        FunctionAccess {
            log_group: (scope().arn("logs", &format!("log-group:/aws/lambda/vod-{name}")) + ":*").into(),
            dead_letters: scope().arn("sqs", "vod-dead-letters").into(),
        }
    }

    fn queue() -> StringExpr {
        scope().arn("mediaconvert", "queues/vod").into()
    }

    fn submit_policy() -> PolicyDocument {
        let access = SubmitAccess {
            source: bucket("source"),
            work: bucket("work"),
            template: scope().arn("mediaconvert", "jobTemplates/vod").into(),
            queue: queue(),
            encoder: scope().arn_in("", "iam", "role/vod-encoder").into(),
            function: function("submit"),
        };
        submit(&scope(), &access)
    }

    fn publish_policy() -> PolicyDocument {
        let access = PublishAccess {
            source: bucket("source"),
            work: bucket("work"),
            output: bucket("output"),
            distribution: scope().arn_in("", "cloudfront", "distribution/E2EXAMPLE").into(),
            topic: Some(scope().arn("sns", "vod-alerts").into()),
            bus: "default".into(),
            function: function("publish"),
        };
        publish(&scope(), &access)
    }

    fn joined(inputs: &BTreeSet<StringExpr>) -> String {
        inputs.iter().map(StringExpr::text).collect::<Vec<_>>().join("\n    ")
    }

    /// The policy as a reviewer reads it: one line per permission, and one for each resource.
    fn read(policy: &PolicyDocument) -> String {
        let line = |statement: &Statement| {
            let Statement {
                sid,
                effect,
                principal,
                not_principal,
                action,
                not_action,
                resource,
                not_resource,
                condition,
            } = statement;
            assert!(not_principal.is_none() && not_action.is_empty() && not_resource.is_empty());
            let actions = joined(action).replace("\n   ", "");
            let principal =
                principal.as_ref().map(|who| format!("\n    {}", serde_json::to_value(who).unwrap()));
            let resource =
                if resource.is_empty() { String::new() } else { format!("\n    {}", joined(resource)) };
            let condition = if condition.is_empty() {
                String::new()
            } else {
                format!("\n    if {}", serde_json::json!(condition))
            };
            format!("{sid}: {effect:?} {actions}{}{resource}{condition}", principal.unwrap_or_default())
        };
        policy.statements().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn submit_may_do_what_it_does() {
        insta::assert_snapshot!(read(&submit_policy()), @r#"
        FindMissing: Allow s3:ListBucket
            arn:aws:s3:::vod-source-111122223333-eu-west-1
            arn:aws:s3:::vod-work-111122223333-eu-west-1
        GiveUp: Allow sqs:SendMessage
            arn:aws:sqs:eu-west-1:111122223333:vod-dead-letters
        Log: Allow logs:CreateLogStream logs:PutLogEvents
            arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/vod-submit:*
        PassEncoder: Allow iam:PassRole
            arn:aws:iam::111122223333:role/vod-encoder
            if {"StringEquals":{"iam:PassedToService":["mediaconvert.amazonaws.com"]}}
        Probe: Allow mediaconvert:Probe
            arn:aws:mediaconvert:eu-west-1:111122223333:*
        ReadTemplate: Allow mediaconvert:GetJobTemplate
            arn:aws:mediaconvert:eu-west-1:111122223333:jobTemplates/vod
        ReadUploads: Allow s3:GetObject
            arn:aws:s3:::vod-source-111122223333-eu-west-1/*
        RecordJobs: Allow s3:GetObject s3:PutObject
            arn:aws:s3:::vod-work-111122223333-eu-west-1/jobs/*
        StartJobs: Allow mediaconvert:CreateJob
            arn:aws:mediaconvert:eu-west-1:111122223333:jobTemplates/vod
            arn:aws:mediaconvert:eu-west-1:111122223333:queues/vod
        TellPublish: Allow events:PutEvents
            arn:aws:events:eu-west-1:111122223333:event-bus/default
            if {"StringEquals":{"events:source":["provision.vod.submit"]}}
        Trace: Allow xray:PutTelemetryRecords xray:PutTraceSegments
            *
        "#);
    }

    #[test]
    fn publish_may_do_what_it_does() {
        insta::assert_snapshot!(read(&publish_policy()), @r#"
        FindMissing: Allow s3:ListBucket
            arn:aws:s3:::vod-output-111122223333-eu-west-1
            arn:aws:s3:::vod-source-111122223333-eu-west-1
            arn:aws:s3:::vod-work-111122223333-eu-west-1
        GiveUp: Allow sqs:SendMessage
            arn:aws:sqs:eu-west-1:111122223333:vod-dead-letters
        Invalidate: Allow cloudfront:CreateInvalidation
            arn:aws:cloudfront::111122223333:distribution/E2EXAMPLE
        Log: Allow logs:CreateLogStream logs:PutLogEvents
            arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/vod-publish:*
        PublishAssets: Allow s3:DeleteObject s3:GetObject s3:PutObject
            arn:aws:s3:::vod-output-111122223333-eu-west-1/assets/*
        TagUploads: Allow s3:GetObject s3:GetObjectVersionTagging s3:PutObjectVersionTagging
            arn:aws:s3:::vod-source-111122223333-eu-west-1/*
        TakeRenditions: Allow s3:DeleteObject s3:GetObject
            arn:aws:s3:::vod-work-111122223333-eu-west-1/*
        Tell: Allow sns:Publish
            arn:aws:sns:eu-west-1:111122223333:vod-alerts
        TellApp: Allow events:PutEvents
            arn:aws:events:eu-west-1:111122223333:event-bus/default
            if {"StringEquals":{"events:source":["provision.vod"]}}
        Trace: Allow xray:PutTelemetryRecords xray:PutTraceSegments
            *
        "#);
    }

    #[test]
    fn jobs_may_read_uploads_and_write_renditions() {
        insta::assert_snapshot!(read(&encoder(bucket("source"), bucket("work"))), @r"
        ReadUploads: Allow s3:GetObject
            arn:aws:s3:::vod-source-111122223333-eu-west-1/*
        WriteRenditions: Allow s3:PutObject
            arn:aws:s3:::vod-work-111122223333-eu-west-1/*
        ");
    }

    #[test]
    fn only_the_services_may_assume_the_roles() {
        insta::assert_snapshot!(read(&lambda_trust()), @r#"
        Assume: Allow sts:AssumeRole
            {"Service":["lambda.amazonaws.com"]}
        "#);
        insta::assert_snapshot!(read(&encoder_trust(&scope(), queue())), @r#"
        Assume: Allow sts:AssumeRole
            {"Service":["mediaconvert.amazonaws.com"]}
            if {"ArnEquals":{"aws:SourceArn":["arn:aws:mediaconvert:eu-west-1:111122223333:queues/vod"]},"StringEquals":{"aws:SourceAccount":["111122223333"]}}
        "#);
    }

    /// True if a resource is wider than the objects of one bucket or the streams of one log group.
    fn is_wide(resource: &StringExpr) -> bool {
        let text = resource.text();
        let narrow = (text.starts_with("arn:aws:s3:::") && text.ends_with("/*"))
            || (text.contains(":log-group:/aws/lambda/") && text.ends_with(":*"));
        text.contains('*') && !narrow
    }

    #[test]
    fn nothing_is_allowed_widely_but_what_aws_cannot_limit() {
        let unlimited =
            [vec!["mediaconvert:Probe"], vec!["xray:PutTelemetryRecords", "xray:PutTraceSegments"]];
        for policy in [submit_policy(), publish_policy(), encoder(bucket("source"), bucket("work"))] {
            for statement in policy.statements() {
                let actions: Vec<String> = statement.action.iter().map(StringExpr::text).collect();
                let widely = statement.resource.iter().any(is_wide);
                assert!(!widely || unlimited.iter().any(|known| actions == *known), "{actions:?} widely");
                assert!(!statement.resource.is_empty(), "{actions:?} on nothing");
                assert!(!actions.iter().any(|action| action.contains('*')), "a pattern in {actions:?}");
                assert!(!actions.contains(&"logs:CreateLogGroup".to_owned()));
            }
        }
    }

    #[test]
    fn policies_fit_a_role() {
        // IAM's quota for all inline policies of a role, white space not counted.
        for policy in [submit_policy(), publish_policy()] {
            assert!(policy.to_json().len() < 10_240);
        }
    }

    #[test]
    fn without_a_topic_nothing_may_be_published_to_one() {
        let access = PublishAccess {
            source: bucket("source"),
            work: bucket("work"),
            output: bucket("output"),
            distribution: "arn".into(),
            topic: None,
            bus: "default".into(),
            function: function("publish"),
        };
        assert!(!publish(&scope(), &access).to_json().contains("sns:"));
    }
}
