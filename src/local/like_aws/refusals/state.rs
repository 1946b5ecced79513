//! What the emulator knows, which bans ask for. Nothing is kept here.

mod names;

use std::collections::BTreeSet;
use std::fmt::Debug;

use aws_config::SdkConfig;
use aws_sdk_cloudfront::types::DistributionSummary;
use aws_sdk_route53::types::ResourceRecordSet;
use aws_sdk_s3::error::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::ban::Objection;

/// The emulator, as a caller's account and region see it. Clients are made for those calls that need them.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// The account.
    pub(super) account: String,
    config: SdkConfig,
}

/// What a ban asks for, unless the emulator does not say.
pub(super) type Told<T> = Result<T, Objection>;

/// An answer. `None` if what was asked for is not there, which these codes say.
fn found<T, E>(answer: Result<T, SdkError<E>>, absent: &[&str]) -> Told<Option<T>>
where
    E: ProvideErrorMetadata + Debug,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code().is_some_and(|code| absent.contains(&code)) => Ok(None),
        Err(error) => Err(Objection::unanswered(&format!("{error:?}"))),
    }
}

fn there<T, E: ProvideErrorMetadata + Debug>(answer: Result<T, SdkError<E>>, absent: &[&str]) -> Told<bool> {
    Ok(found(answer, absent)?.is_some())
}

impl State {
    /// The emulator through clients of this configuration.
    pub(super) fn new(config: SdkConfig, account: &str) -> Self {
        Self { account: account.to_owned(), config }
    }

    /// CloudFront takes certificates of us-east-1 only.
    fn acm(&self) -> aws_sdk_acm::Client {
        let region = aws_config::Region::new("us-east-1");
        aws_sdk_acm::Client::new(&self.config.to_builder().region(region).build())
    }

    fn cloudfront(&self) -> aws_sdk_cloudfront::Client {
        aws_sdk_cloudfront::Client::new(&self.config)
    }

    fn events(&self) -> aws_sdk_eventbridge::Client {
        aws_sdk_eventbridge::Client::new(&self.config)
    }

    fn iam(&self) -> aws_sdk_iam::Client {
        aws_sdk_iam::Client::new(&self.config)
    }

    fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.config)
    }

    fn logs(&self) -> aws_sdk_cloudwatchlogs::Client {
        aws_sdk_cloudwatchlogs::Client::new(&self.config)
    }

    fn route53(&self) -> aws_sdk_route53::Client {
        aws_sdk_route53::Client::new(&self.config)
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true).build();
        aws_sdk_s3::Client::from_conf(config)
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    /// Every distribution of the account.
    pub(super) async fn distributions(&self) -> Told<Vec<DistributionSummary>> {
        let mut all = Vec::new();
        let mut marker = None;
        loop {
            let answer = self.cloudfront().list_distributions().set_marker(marker).send().await;
            let Some(list) = found(answer, &[])?.and_then(|answer| answer.distribution_list) else {
                return Ok(all);
            };
            all.extend(list.items.unwrap_or_default());
            marker = list.next_marker.filter(|_| list.is_truncated);
            if marker.is_none() {
                return Ok(all);
            }
        }
    }

    /// The caller reference of a distribution.
    pub(super) async fn caller_reference(&self, distribution: &str) -> Told<Option<String>> {
        let answer = self.cloudfront().get_distribution_config().id(distribution).send().await;
        let config = found(answer, &["NoSuchDistribution"])?.and_then(|answer| answer.distribution_config);
        Ok(config.map(|config| config.caller_reference))
    }

    /// The names of a certificate that is issued; `None` if there is none in us-east-1.
    pub(super) async fn certificate_names(&self, arn: &str) -> Told<Option<Vec<String>>> {
        let answer = self.acm().describe_certificate().certificate_arn(arn).send().await;
        let absent = ["ResourceNotFoundException", "ValidationException", "InvalidArnException"];
        let certificate = found(answer, &absent)?.and_then(|answer| answer.certificate);
        let issued = certificate
            .filter(|found| found.status.as_ref().is_some_and(|status| status.as_str() == "ISSUED"));
        Ok(issued.map(|found| {
            let mut names = found.subject_alternative_names.unwrap_or_default();
            names.extend(found.domain_name);
            names
        }))
    }

    /// Whether there is an origin access control, a policy or a key group of this id.
    pub(super) async fn has_cloudfront_part(&self, kind: &str, id: &str) -> Told<bool> {
        let client = self.cloudfront();
        match kind {
            "OriginAccessControlId" => {
                there(client.get_origin_access_control().id(id).send().await, &["NoSuchOriginAccessControl"])
            }
            "CachePolicyId" => there(client.get_cache_policy().id(id).send().await, &["NoSuchCachePolicy"]),
            "ResponseHeadersPolicyId" => {
                let answer = client.get_response_headers_policy().id(id).send().await;
                there(answer, &["NoSuchResponseHeadersPolicy"])
            }
            "OriginRequestPolicyId" => {
                there(client.get_origin_request_policy().id(id).send().await, &["NoSuchOriginRequestPolicy"])
            }
            _ => there(client.get_key_group().id(id).send().await, &["NoSuchResource"]),
        }
    }

    /// The names of the account's public keys.
    pub(super) async fn public_key_names(&self) -> Told<BTreeSet<String>> {
        let answer = found(self.cloudfront().list_public_keys().send().await, &[])?;
        let keys = answer.and_then(|answer| answer.public_key_list).and_then(|list| list.items);
        Ok(keys.into_iter().flatten().map(|key| key.name).collect())
    }

    /// The name of a hosted zone, with its last dot.
    pub(super) async fn zone_name(&self, zone: &str) -> Told<Option<String>> {
        let answer = self.route53().get_hosted_zone().id(zone).send().await;
        Ok(found(answer, &["NoSuchHostedZone"])?.and_then(|answer| answer.hosted_zone).map(|zone| zone.name))
    }

    /// The record sets of a zone.
    pub(super) async fn records(&self, zone: &str) -> Told<Vec<ResourceRecordSet>> {
        let mut all = Vec::new();
        let (mut name, mut kind, mut identifier) = (None, None, None);
        loop {
            let call = self.route53().list_resource_record_sets().hosted_zone_id(zone);
            let call = call.set_start_record_name(name).set_start_record_type(kind);
            let answer = call.set_start_record_identifier(identifier).send().await;
            let Some(page) = found(answer, &["NoSuchHostedZone"])? else { return Ok(all) };
            all.extend(page.resource_record_sets);
            if !page.is_truncated {
                return Ok(all);
            }
            (name, kind, identifier) =
                (page.next_record_name, page.next_record_type, page.next_record_identifier);
        }
    }

    /// The caller references of all hosted zones.
    pub(super) async fn zone_references(&self) -> Told<Vec<String>> {
        let answer = found(self.route53().list_hosted_zones().send().await, &[])?;
        let zones = answer.map(|answer| answer.hosted_zones).unwrap_or_default();
        Ok(zones.into_iter().map(|zone| zone.caller_reference).collect())
    }

    /// Who may assume a role: its trust policy. `None` if there is no such role.
    pub(super) async fn trust(&self, role: &str) -> Told<Option<String>> {
        let answer = self.iam().get_role().role_name(role).send().await;
        let role = found(answer, &["NoSuchEntity"])?.and_then(|answer| answer.role);
        Ok(role.map(|role| decoded(&role.assume_role_policy_document.unwrap_or_default())))
    }

    /// Whether there is a managed policy.
    pub(super) async fn has_managed_policy(&self, arn: &str) -> Told<bool> {
        there(
            self.iam().get_policy().policy_arn(arn).send().await,
            &["NoSuchEntity", "InvalidInput", "ValidationError"],
        )
    }

    /// Whether there is a user.
    pub(super) async fn has_user(&self, name: &str) -> Told<bool> {
        there(self.iam().get_user().user_name(name).send().await, &["NoSuchEntity"])
    }

    /// The policies within a role: their names and texts.
    pub(super) async fn inline_policies(&self, role: &str) -> Told<Vec<(String, String)>> {
        let answer = found(self.iam().list_role_policies().role_name(role).send().await, &["NoSuchEntity"])?;
        let mut policies = Vec::new();
        for name in answer.map(|answer| answer.policy_names).unwrap_or_default() {
            let answer = self.iam().get_role_policy().role_name(role).policy_name(&name).send().await;
            if let Some(policy) = found(answer, &["NoSuchEntity"])? {
                policies.push((name, decoded(&policy.policy_document)));
            }
        }
        Ok(policies)
    }

    /// How many managed policies are attached to a role.
    pub(super) async fn attached_policies(&self, role: &str) -> Told<usize> {
        let answer =
            found(self.iam().list_attached_role_policies().role_name(role).send().await, &["NoSuchEntity"])?;
        Ok(answer.and_then(|answer| answer.attached_policies).unwrap_or_default().len())
    }

    /// Whether a role may do something with a resource, by its policies.
    pub(super) async fn may(&self, role: &str, action: &str, resource: &str) -> Told<bool> {
        let call = self.iam().simulate_principal_policy().policy_source_arn(role);
        let answer = call.action_names(action).resource_arns(resource).send().await;
        let answer = found(answer, &["NoSuchEntity"])?;
        let results = answer.and_then(|answer| answer.evaluation_results).unwrap_or_default();
        Ok(results.iter().any(|result| result.eval_decision.as_str() == "allowed"))
    }

    /// The role of a function; `None` if there is no such function.
    pub(super) async fn role_of(&self, function: &str) -> Told<Option<String>> {
        let answer = self.lambda().get_function_configuration().function_name(function).send().await;
        let found = found(answer, &["ResourceNotFoundException"])?;
        Ok(found.map(|configuration| configuration.role.unwrap_or_default()))
    }

    /// The timeout of a function, in seconds.
    pub(super) async fn timeout_of(&self, function: &str) -> Told<Option<i32>> {
        let answer = self.lambda().get_function_configuration().function_name(function).send().await;
        Ok(found(answer, &["ResourceNotFoundException"])?.and_then(|configuration| configuration.timeout))
    }

    /// Who may invoke a function, by its policy. `None` if there is no such function, or if nobody may.
    pub(super) async fn function_policy(&self, function: &str) -> Told<Option<String>> {
        let answer = self.lambda().get_policy().function_name(function).send().await;
        Ok(found(answer, &["ResourceNotFoundException"])?.and_then(|answer| answer.policy))
    }

    /// The functions' reserved concurrency: name and number.
    pub(super) async fn reserved_concurrency(&self) -> Told<Vec<(String, i32)>> {
        let answer = found(self.lambda().list_functions().send().await, &[])?;
        let mut reserved = Vec::new();
        for function in answer.and_then(|answer| answer.functions).unwrap_or_default() {
            let name = function.function_name.unwrap_or_default();
            let answer = self.lambda().get_function_concurrency().function_name(&name).send().await;
            let number = found(answer, &["ResourceNotFoundException"])?;
            reserved.push((
                name,
                number.and_then(|number| number.reserved_concurrent_executions).unwrap_or_default(),
            ));
        }
        Ok(reserved)
    }

    /// Whether there is a bucket.
    pub(super) async fn has_bucket(&self, bucket: &str) -> Told<bool> {
        // HEAD has no body, and so no code. 301 is a bucket of another region, 403 one of another account.
        let answer = self.s3().head_bucket().bucket(bucket).send().await;
        match answer.as_ref().err().and_then(SdkError::raw_response).map(|raw| raw.status().as_u16()) {
            Some(404) => Ok(false),
            Some(301 | 403) => Ok(true),
            _ => there(answer, &[]),
        }
    }

    /// Whether a bucket has an object, in this version if one is named. S3 does not say it of a bucket in another
    /// region, and of what the account may not read.
    pub(super) async fn has_object(&self, bucket: &str, key: &str, version: Option<&str>) -> Told<bool> {
        let call = self.s3().head_object().bucket(bucket).key(key).set_version_id(version.map(str::to_owned));
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error.raw_response().is_some_and(|raw| matches!(raw.status().as_u16(), 301 | 403)) =>
            {
                Ok(true)
            }
            Err(error) if error.raw_response().is_some_and(|raw| raw.status().is_client_error()) => Ok(false),
            Err(error) => Err(Objection::unanswered(&format!("{error:?}"))),
        }
    }

    /// A bucket's policy.
    pub(super) async fn bucket_policy(&self, bucket: &str) -> Told<Option<String>> {
        let answer = self.s3().get_bucket_policy().bucket(bucket).send().await;
        Ok(found(answer, &["NoSuchBucketPolicy", "NoSuchBucket"])?.and_then(|answer| answer.policy))
    }

    /// The ids of a rule's targets.
    pub(super) async fn targets(&self, rule: &str, bus: Option<&str>) -> Told<Vec<String>> {
        let call = self.events().list_targets_by_rule().rule(rule).set_event_bus_name(bus.map(str::to_owned));
        let answer = found(call.send().await, &["ResourceNotFoundException"])?;
        let targets = answer.and_then(|answer| answer.targets).unwrap_or_default();
        Ok(targets.into_iter().map(|target| target.id).collect())
    }

    /// Whether there is a queue of this name.
    pub(super) async fn has_queue(&self, name: &str) -> Told<bool> {
        let absent = ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];
        there(self.sqs().get_queue_url().queue_name(name).send().await, &absent)
    }

    /// How long a queue hides a message that somebody works on, in seconds.
    pub(super) async fn visibility_timeout(&self, name: &str) -> Told<Option<i32>> {
        let absent = ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];
        let url = found(self.sqs().get_queue_url().queue_name(name).send().await, &absent)?;
        let Some(url) = url.and_then(|answer| answer.queue_url) else { return Ok(None) };
        let kind = aws_sdk_sqs::types::QueueAttributeName::VisibilityTimeout;
        let answer =
            self.sqs().get_queue_attributes().queue_url(url).attribute_names(kind.clone()).send().await;
        let attributes = found(answer, &absent)?.and_then(|answer| answer.attributes).unwrap_or_default();
        Ok(attributes.get(&kind).and_then(|seconds| seconds.parse().ok()))
    }

    /// The delivery sources: name and resource.
    pub(super) async fn delivery_sources(&self) -> Told<Vec<(String, String)>> {
        let answer = found(self.logs().describe_delivery_sources().send().await, &[])?;
        let sources = answer.and_then(|answer| answer.delivery_sources).unwrap_or_default();
        let pairs = sources.into_iter().flat_map(|source| {
            let name = source.name.unwrap_or_default();
            let resources = source.resource_arns.unwrap_or_default();
            resources.into_iter().map(move |resource| (name.clone(), resource))
        });
        Ok(pairs.collect())
    }

    /// The deliveries: source and destination.
    pub(super) async fn deliveries(&self) -> Told<Vec<(String, String)>> {
        let answer = found(self.logs().describe_deliveries().send().await, &[])?;
        let deliveries = answer.and_then(|answer| answer.deliveries).unwrap_or_default();
        let pair = |delivery: aws_sdk_cloudwatchlogs::types::Delivery| {
            (
                delivery.delivery_source_name.unwrap_or_default(),
                delivery.delivery_destination_arn.unwrap_or_default(),
            )
        };
        Ok(deliveries.into_iter().map(pair).collect())
    }
}

/// IAM answers documents percent-encoded.
fn decoded(document: &str) -> String {
    percent_encoding::percent_decode_str(document).decode_utf8_lossy().into_owned()
}
