//! A whole stack, as it is declared.

use super::*;
use crate::graph::Graph;
use crate::model::Snapshot;
use crate::plan::{self, Rules};
use crate::resource::registry;
use crate::stack::{config::parse, declare, handlers::PackageDigests};

const STACK: &str = "
stack: vod-staging
account: '111122223333'
region: ap-northeast-2
source: { upload_origins: ['https://app.example.com'] }
delivery: { access_logs: true, allow_countries: [KR] }
alerts: { email: oncall@example.com }
";

fn rules(kind: &Kind) -> Rules {
    let adapter = registry().get(kind).unwrap();
    Rules {
        create_only: adapter.create_only(),
        write_only: adapter.write_only(),
        rank: registry().rank(kind),
        normal: adapter.normal(),
    }
}

fn first_apply() -> Plan {
    let file = parse("stack.yaml", STACK).unwrap();
    let code = PackageDigests { submit: "5b".into(), publish: "9b".into() };
    let graph = Graph::new(declare(&file, &code, None)).unwrap();
    let scope = Scope {
        stack: "vod-staging".into(),
        account: "111122223333".into(),
        region: "ap-northeast-2".into(),
    };
    plan::plan(&scope, &graph, &Snapshot::default(), &rules)
}

#[test]
fn a_first_apply_shows_every_grant() {
    let found = findings(&first_apply());
    let lines: Vec<String> = found
        .iter()
        .map(|one| format!("{} | {:?} | {} | {}", one.address, one.broadening, one.principal, one.origin))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    alerts/cdn-topic/policy | Allow | cloudwatch.amazonaws.com | PolicyDocument.Statement[Alarms]: new statement
    alerts/cdn-topic/subscription | Sent | oncall@example.com | Endpoint: new
    alerts/topic/policy | Allow | cloudwatch.amazonaws.com | PolicyDocument.Statement[Alarms]: new statement
    alerts/topic/subscription | Sent | oncall@example.com | Endpoint: new
    delivery/distribution | Exposure | * | DistributionConfig: new distribution
    delivery/headers | Exposure | pages of * | ResponseHeadersPolicyConfig.CorsConfig: more access for *
    handlers/dead-letters/policy | Allow | events.amazonaws.com | PolicyDocument.Statement[Rules]: new statement
    handlers/publish/permission | Invoke | events.amazonaws.com | Permission: new statement
    handlers/publish/role | Allow | vod-staging-publish | Policies[access].PolicyDocument.Statement[Invalidate]: new statement
    handlers/publish/role | Allow | vod-staging-publish | Policies[access].PolicyDocument.Statement[TellApp]: new statement
    handlers/publish/role | Allow | vod-staging-publish | Policies[access].PolicyDocument.Statement[Log]: new statement
    handlers/publish/role | Allow | vod-staging-publish | Policies[access].PolicyDocument.Statement[TakeRenditions]: new statement
    handlers/publish/role | Allow | vod-staging-publish | Policies[access].PolicyDocument.Statement[PublishAssets]: new statement
    handlers/publish/role | Allow | vod-staging-publish | Policies[access].PolicyDocument.Statement[TagUploads]: new statement
    handlers/publish/role | Allow | vod-staging-publish | Policies[access].PolicyDocument.Statement[FindMissing]: new statement
    handlers/publish/role | Allow | vod-staging-publish | Policies[access].PolicyDocument.Statement[Tell]: new statement
    handlers/publish/role | Allow | vod-staging-publish | Policies[access].PolicyDocument.Statement[GiveUp]: new statement
    handlers/publish/role | Allow | vod-staging-publish | Policies[access].PolicyDocument.Statement[Trace]: new statement
    handlers/publish/role | Trust | lambda.amazonaws.com | AssumeRolePolicyDocument.Statement[Assume]: new statement
    handlers/refusal-permission | Invoke | events.amazonaws.com | Permission: new statement
    handlers/submit/permission | Invoke | events.amazonaws.com | Permission: new statement
    handlers/submit/role | Allow | vod-staging-submit | Policies[access].PolicyDocument.Statement[TellPublish]: new statement
    handlers/submit/role | Allow | vod-staging-submit | Policies[access].PolicyDocument.Statement[PassEncoder]: new statement
    handlers/submit/role | Allow | vod-staging-submit | Policies[access].PolicyDocument.Statement[Log]: new statement
    handlers/submit/role | Allow | vod-staging-submit | Policies[access].PolicyDocument.Statement[StartJobs]: new statement
    handlers/submit/role | Allow | vod-staging-submit | Policies[access].PolicyDocument.Statement[ReadTemplate]: new statement
    handlers/submit/role | Allow | vod-staging-submit | Policies[access].PolicyDocument.Statement[Probe]: new statement
    handlers/submit/role | Allow | vod-staging-submit | Policies[access].PolicyDocument.Statement[ReadUploads]: new statement
    handlers/submit/role | Allow | vod-staging-submit | Policies[access].PolicyDocument.Statement[RecordJobs]: new statement
    handlers/submit/role | Allow | vod-staging-submit | Policies[access].PolicyDocument.Statement[FindMissing]: new statement
    handlers/submit/role | Allow | vod-staging-submit | Policies[access].PolicyDocument.Statement[GiveUp]: new statement
    handlers/submit/role | Allow | vod-staging-submit | Policies[access].PolicyDocument.Statement[Trace]: new statement
    handlers/submit/role | Trust | lambda.amazonaws.com | AssumeRolePolicyDocument.Statement[Assume]: new statement
    library/batch-role | Allow | vod-staging-batch | Policies[access].PolicyDocument.Statement[Submit]: new statement
    library/batch-role | Allow | vod-staging-batch | Policies[access].PolicyDocument.Statement[ReadManifest]: new statement
    library/batch-role | Allow | vod-staging-batch | Policies[access].PolicyDocument.Statement[WriteReport]: new statement
    library/batch-role | Trust | batchoperations.s3.amazonaws.com | AssumeRolePolicyDocument.Statement[Assume]: new statement
    storage/logs/policy | Allow | delivery.logs.amazonaws.com | PolicyDocument.Statement[AWSLogDeliveryWrite]: new statement
    storage/logs/policy | Allow | logging.s3.amazonaws.com | PolicyDocument.Statement[S3WritesAccessLogs]: new statement
    storage/output/policy | Allow | cloudfront.amazonaws.com | PolicyDocument.Statement[CloudFrontReads]: new statement
    storage/source | Exposure | pages of https://app.example.com | CorsConfiguration.CorsRules: more access for https://app.example.com
    transcode/role | Allow | vod-staging-transcode | Policies[access].PolicyDocument.Statement[ReadUploads]: new statement
    transcode/role | Allow | vod-staging-transcode | Policies[access].PolicyDocument.Statement[WriteRenditions]: new statement
    transcode/role | Trust | mediaconvert.amazonaws.com | AssumeRolePolicyDocument.Statement[Assume]: new statement
    ");
}

#[test]
fn a_stack_as_it_was_grants_nothing_new() {
    for step in first_apply().steps {
        let StepAction::Create { desired } = &step.action else { panic!("{step:?}") };
        let action = StepAction::Update {
            seen: live("id", desired.clone()),
            desired: desired.clone(),
            changes: Changes::default(),
        };
        assert_eq!(findings(&plan(vec![Step { action, needs: Vec::new(), ..step }])), []);
    }
}
