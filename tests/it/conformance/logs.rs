//! Cases of Amazon CloudWatch Logs.

use provision::aws::Context;
use provision::model::Kind;
use serde_json::{Value, json};

use super::{Case, need, other_tags, tags};
use crate::support::{ACCOUNT, REGION};

const GROUP: Kind = Kind::new("AWS::Logs::LogGroup");
const SOURCE: Kind = Kind::new("AWS::Logs::DeliverySource");
const DESTINATION: Kind = Kind::new("AWS::Logs::DeliveryDestination");

fn group(name: &str) -> Value {
    json!({
        "LogGroupName": name,
        "LogGroupClass": "STANDARD",
        "RetentionInDays": 30,
        "DeletionProtectionEnabled": false,
        "Tags": tags("case"),
    })
}

fn key(id: &str) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}")
}

fn source(cx: &Context, address: &str) -> Value {
    json!({
        "Name": "vod-case-access-logs",
        "ResourceArn": cx.scope.arn_in("", "cloudfront", "distribution/E2EXAMPLE"),
        "LogType": "ACCESS_LOGS",
        "Tags": tags(address),
    })
}

fn destination(address: &str) -> Value {
    json!({
        "Name": "vod-case-access-logs",
        "DestinationResourceArn": "arn:aws:s3:::vod-case-logs",
        "OutputFormat": "w3c",
        "Tags": tags(address),
    })
}

/// The cases of this service.
pub(crate) fn cases(cx: &Context) -> Vec<Case> {
    let mut keyed = group("/aws/lambda/vod-case-submit");
    keyed["KmsKeyId"] = json!(key("own"));
    let log_group = Case {
        // A group whose name begins with the other's, to see that they are told apart.
        needs: vec![(GROUP, group("/aws/lambda/vod-case-submit-more"))],
        kind: GROUP,
        base: keyed,
        variants: vec![
            ("/RetentionInDays", json!(7)),
            ("/RetentionInDays", Value::Null),
            // Never to none: whoever guards the account may have set it.
            ("/KmsKeyId", json!(key("other"))),
            ("/Tags", other_tags("case")),
        ],
        // `resource::tests::forgotten` shows against scripted answers that it is read and changed.
        fixed: vec![("DeletionProtectionEnabled", "the local cloud protects no log groups")],
    };
    let source_case = Case {
        kind: SOURCE,
        needs: vec![],
        base: source(cx, "case"),
        variants: vec![("/LogType", json!("OTHER_LOGS")), ("/Tags", other_tags("case"))],
        fixed: vec![],
    };
    let destination_case = Case {
        kind: DESTINATION,
        needs: vec![],
        base: destination("case"),
        variants: vec![("/Tags", other_tags("case"))],
        fixed: vec![],
    };
    let delivery_case = Case {
        kind: Kind::new("AWS::Logs::Delivery"),
        needs: vec![(SOURCE, source(cx, "need/0")), (DESTINATION, destination("need/1"))],
        base: json!({
            "DeliverySourceName": "vod-case-access-logs",
            "DeliveryDestinationArn": need(1, "Arn"),
            "RecordFields": ["date", "time", "c-ip"],
            "FieldDelimiter": "\t",
            "S3SuffixPath": "{DistributionId}/{yyyy}",
            "S3EnableHiveCompatiblePath": false,
            "Tags": tags("case"),
        }),
        variants: vec![
            ("/RecordFields", json!(["time", "date"])),
            ("/FieldDelimiter", json!(" ")),
            ("/S3SuffixPath", json!("{yyyy}/{MM}")),
            ("/S3EnableHiveCompatiblePath", json!(true)),
            ("/Tags", other_tags("case")),
        ],
        fixed: vec![],
    };
    let filter_case = Case {
        needs: vec![(GROUP, group("/aws/lambda/vod-case-filtered"))],
        kind: Kind::new("AWS::Logs::SubscriptionFilter"),
        base: json!({
            "LogGroupName": "/aws/lambda/vod-case-filtered",
            "FilterName": "copy of all",
            "FilterPattern": "",
            "DestinationArn": cx.scope.arn("firehose", "deliverystream/theirs"),
            "RoleArn": cx.scope.arn_in("", "iam", "role/vod-case-sender"),
            "Distribution": "ByLogStream",
            "ApplyOnTransformedLogs": false,
        }),
        variants: vec![
            ("/FilterPattern", json!("ERROR")),
            ("/DestinationArn", json!(cx.scope.arn("lambda", "function:theirs"))),
            ("/RoleArn", Value::Null),
            ("/Distribution", json!("Random")),
        ],
        // `resource::tests::forgotten` shows against scripted answers that these are written and read.
        fixed: vec![
            ("ApplyOnTransformedLogs", "the local cloud transforms no logs and forgets it"),
            ("FieldSelectionCriteria", "the local cloud centralizes no logs and forgets it"),
            ("EmitSystemFields", "the local cloud centralizes no logs and forgets it"),
        ],
    };
    vec![log_group, filter_case, source_case, destination_case, delivery_case]
}
