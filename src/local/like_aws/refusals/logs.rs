//! CloudWatch Logs: deliveries and their parts.

use super::asked::Asked;
use super::ban::{Ban, Verdict};
use super::grants::{Wish, grants};
use super::state::State;

static SECOND_SOURCE: Ban = Ban {
    name: "a second delivery source of a distribution",
    code: "ConflictException",
    status: 400,
    source: "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2513",
};
static NO_DISTRIBUTION: Ban = Ban {
    name: "a delivery source for an unknown distribution",
    code: "ResourceNotFoundException",
    status: 400,
    source: "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html",
};
static REGION: Ban = Ban {
    name: "a distribution's delivery source outside us-east-1",
    code: "ValidationException",
    status: 400,
    source: "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html",
};
static SOURCE_IN_USE: Ban = Ban {
    name: "deleting a delivery source that has a delivery",
    code: "ConflictException",
    status: 400,
    source: "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteDeliverySource.html",
};
static DESTINATION_IN_USE: Ban = Ban {
    name: "deleting a delivery destination that has a delivery",
    code: "ConflictException",
    status: 400,
    source: "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteDeliveryDestination.html",
};
static NO_BUCKET: Ban = Ban {
    name: "a delivery destination in an unknown bucket",
    code: "ResourceNotFoundException",
    status: 400,
    source: "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliveryDestination.html",
};
static FILTER: Ban = Ban {
    name: "a subscription filter for a function that does not permit it",
    code: "InvalidParameterException",
    status: 400,
    source: "https://repost.aws/knowledge-center/lambda-cloudwatch-invalidparameterexception",
};

/// The bans of this service.
pub(super) const BANS: &[&Ban] =
    &[&SECOND_SOURCE, &NO_DISTRIBUTION, &REGION, &SOURCE_IN_USE, &DESTINATION_IN_USE, &NO_BUCKET, &FILTER];

/// Refuses a call that CloudWatch Logs refuses.
pub(super) async fn judge(asked: &Asked, state: &State) -> Verdict {
    let text = |member: &str| asked.members.text(member).unwrap_or_default();
    match asked.operation.as_str() {
        "PutDeliverySource" => {
            let resource = text("resourceArn");
            if !resource.starts_with("arn:aws:cloudfront:") {
                return Ok(());
            }
            REGION.refuse_if(asked.region != "us-east-1", || {
                "This resource is not supported in this region.".into()
            })?;
            let known = state.distributions().await?.iter().any(|distribution| distribution.arn == resource);
            NO_DISTRIBUTION.refuse_if(!known, || format!("The resource {resource} does not exist."))?;
            only_source(text("name"), resource, &state.delivery_sources().await?)
        }
        "DeleteDeliverySource" => {
            let used = state.deliveries().await?.iter().any(|(source, _)| source == text("name"));
            let message = "Delivery Source has one or more Deliveries and cannot be deleted.";
            SOURCE_IN_USE.refuse_if(used, || message.into())
        }
        "DeleteDeliveryDestination" => {
            let end = format!(":delivery-destination:{}", text("name"));
            let used = state.deliveries().await?.iter().any(|(_, destination)| destination.ends_with(&end));
            let message = "Delivery Destination has one or more Deliveries and cannot be deleted.";
            DESTINATION_IN_USE.refuse_if(used, || message.into())
        }
        "PutDeliveryDestination" => {
            let arn = text("deliveryDestinationConfiguration/destinationResourceArn");
            let Some(bucket) = arn.strip_prefix("arn:aws:s3:::") else { return Ok(()) };
            let bucket = bucket.split('/').next().unwrap_or_default();
            NO_BUCKET
                .refuse_if(!state.has_bucket(bucket).await?, || format!("The resource {arn} does not exist."))
        }
        "PutSubscriptionFilter" => filter(asked, state).await,
        _ => Ok(()),
    }
}

fn only_source(name: &str, resource: &str, sources: &[(String, String)]) -> Verdict {
    let second = sources.iter().any(|(other, theirs)| theirs == resource && other != name);
    SECOND_SOURCE.refuse_if(second, || {
        "This ResourceId has already been used in another Delivery Source in this account".into()
    })
}

async fn filter(asked: &Asked, state: &State) -> Verdict {
    let text = |member: &str| asked.members.text(member).unwrap_or_default();
    let function = text("destinationArn");
    if function.split(':').nth(2) != Some("lambda") {
        return Ok(());
    }
    let (region, account) = (&asked.region, &state.account);
    let source = format!("arn:aws:logs:{region}:{account}:log-group:{}:*", text("logGroupName"));
    let policy = state.function_policy(function).await?.unwrap_or_default();
    let may =
        ["logs.amazonaws.com".to_owned(), format!("logs.{region}.amazonaws.com")].iter().any(|service| {
            grants(&policy, &Wish { service, action: "lambda:InvokeFunction", source: &source, account })
        });
    FILTER.refuse_if(!may, || {
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your \
         function."
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::super::ban::said;
    use super::*;

    #[test]
    fn a_distribution_has_one_source() {
        let sources = [("a".to_owned(), "d1".to_owned())];
        assert_eq!((only_source("a", "d1", &sources), only_source("b", "d2", &sources)), (Ok(()), Ok(())));
        insta::assert_snapshot!(said(only_source("b", "d1", &sources)), @"a second delivery source of a distribution: ConflictException: This ResourceId has already been used in another Delivery Source in this account");
    }
}
