//! Cases of Amazon CloudWatch Logs.

use provision::model::Kind;
use serde_json::{Value, json};

use crate::{Case, other_tags, tags};

/// The cases of this service.
pub(crate) fn cases() -> Vec<Case> {
    let group = |name: &str| {
        json!({
            "LogGroupName": name,
            "LogGroupClass": "STANDARD",
            "RetentionInDays": 30,
            "Tags": tags("case"),
        })
    };
    let kind = Kind::new("AWS::Logs::LogGroup");
    vec![Case {
        // A group whose name begins with the other's, to see that they are told apart.
        needs: vec![(kind.clone(), group("/aws/lambda/vod-case-submit-more"))],
        kind,
        base: group("/aws/lambda/vod-case-submit"),
        variants: vec![
            ("/RetentionInDays", json!(7)),
            ("/RetentionInDays", Value::Null),
            ("/Tags", other_tags("case")),
        ],
        fixed: vec![],
    }]
}
