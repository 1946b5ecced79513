//! The stack's domain name while it moves here from another distribution.

use serde_json::Value;

use super::Work;
use super::board::Board;
use super::deployment::quiet;
use super::ends::{Stopped, stop};
use crate::cloudformation::Template;
use crate::plan::StepAction;
use crate::resource::route53::RecordSet;
use crate::resource::{Resource as _, cloudfront};

/// Takes the name before the change set. A template cannot take one that another distribution has: CloudFormation's update of
/// the distribution would be refused.
pub(super) async fn take(work: &Work<'_>, board: &Board<'_>) -> Result<(), Stopped> {
    for (number, step) in work.plan.steps.iter().enumerate() {
        let StepAction::Update { seen, desired, .. } = &step.action else { continue };
        if step.kind != cloudfront::Distribution::KIND {
            continue;
        }
        let cx = quiet(work, &step.region);
        let aliases = desired["DistributionConfig"]["Aliases"].as_array().into_iter().flatten();
        for name in aliases.filter_map(Value::as_str) {
            let taken = cloudfront::take_name(&cx, &seen.id, name).await;
            taken.map_err(|error| stop(board, (work.account.stack(), &[number]), &error))?;
        }
    }
    Ok(())
}

/// The template with those DNS records of the current one that are not declared for now. They may lead here already: viewers
/// need them.
pub(super) fn keep_records(mut template: Template, current: &Value) -> Template {
    let current = current["Resources"].as_object().into_iter().flatten();
    let records = current.filter(|(_, body)| body["Type"] == RecordSet::KIND.as_str());
    if let Some(resources) = template.body["Resources"].as_object_mut() {
        for (logical_id, body) in records {
            resources.entry(logical_id).or_insert_with(|| body.clone());
        }
    }
    template
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn records_that_are_declared_come_from_the_declaration() {
        let record =
            |name: &str| json!({ "Type": "AWS::Route53::RecordSet", "Properties": { "Name": name } });
        let template = Template {
            name: "vod".into(),
            region: "eu-west-1".into(),
            members: BTreeMap::new(),
            body: json!({ "Resources": { "A": record("new") } }),
        };
        let current = json!({ "Resources": { "A": record("old"), "B": record("kept"), "Queue": { "Type": "AWS::SQS::Queue" } } });
        let kept = keep_records(template, &current);
        assert_eq!(kept.body, json!({ "Resources": { "A": record("new"), "B": record("kept") } }));
    }
}
