//! CloudFront's refusals, and those of what writes its logs.

use aws_sdk_cloudfront::types as of;
use aws_sdk_cloudfront::types::builders::{DefaultCacheBehaviorBuilder, DistributionConfigBuilder};
use aws_sdk_cloudwatchlogs::types::DeliveryDestinationConfiguration;
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;

use super::Walk;
use crate::support::ACCOUNT;

const WHOLE: &str = "it is whole";
const ANSWERED: &str = "the call is sound";
/// A policy that CloudFront has for everybody: Managed-CachingOptimized.
const MANAGED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
const PEM: &str = include_str!("../../../stacks/keys/viewer-2026.pem");

pub(super) async fn walk(walk: &mut Walk) {
    parts(walk).await;
    let used = distributions(walk).await;
    in_use(walk, &used).await;
    logs(walk, &used.arn).await;
}

/// A distribution and what it uses: ids and ETags.
struct Used {
    arn: String,
    certificate: String,
    control: (String, String),
    cache: (String, String),
    headers: (String, String),
    request: (String, String),
}

pub(super) fn access_control(name: &str) -> of::OriginAccessControlConfig {
    let config = of::OriginAccessControlConfig::builder().name(name).description("");
    let config = config.signing_protocol(of::OriginAccessControlSigningProtocols::Sigv4);
    let config = config.signing_behavior(of::OriginAccessControlSigningBehaviors::Always);
    config.origin_access_control_origin_type(of::OriginAccessControlOriginTypes::S3).build().expect(WHOLE)
}

pub(super) fn cache_policy(name: &str, least: i64) -> of::CachePolicyConfig {
    let none = of::CachePolicyHeadersConfig::builder().header_behavior(of::CachePolicyHeaderBehavior::None);
    let cookies =
        of::CachePolicyCookiesConfig::builder().cookie_behavior(of::CachePolicyCookieBehavior::None);
    let queries = of::CachePolicyQueryStringsConfig::builder();
    let queries = queries.query_string_behavior(of::CachePolicyQueryStringBehavior::None);
    let key = of::ParametersInCacheKeyAndForwardedToOrigin::builder().enable_accept_encoding_gzip(false);
    let key = key.headers_config(none.build().expect(WHOLE)).cookies_config(cookies.build().expect(WHOLE));
    let key = key.query_strings_config(queries.build().expect(WHOLE)).build().expect(WHOLE);
    let config = of::CachePolicyConfig::builder().name(name).min_ttl(least).default_ttl(1).max_ttl(10);
    config.parameters_in_cache_key_and_forwarded_to_origin(key).build().expect(WHOLE)
}

pub(super) fn headers_policy(name: &str, origin: &str) -> of::ResponseHeadersPolicyConfig {
    let origins = of::ResponseHeadersPolicyAccessControlAllowOrigins::builder().quantity(1).items(origin);
    let headers = of::ResponseHeadersPolicyAccessControlAllowHeaders::builder().quantity(1).items("Range");
    let methods = of::ResponseHeadersPolicyAccessControlAllowMethods::builder().quantity(1);
    let methods = methods.items(of::ResponseHeadersPolicyAccessControlAllowMethodsValues::Get);
    let cors = of::ResponseHeadersPolicyCorsConfig::builder().access_control_allow_credentials(true);
    let cors = cors.access_control_allow_origins(origins.build().expect(WHOLE)).origin_override(true);
    let cors = cors.access_control_allow_headers(headers.build().expect(WHOLE));
    let cors = cors.access_control_allow_methods(methods.build().expect(WHOLE)).build().expect(WHOLE);
    of::ResponseHeadersPolicyConfig::builder().name(name).cors_config(cors).build().expect(WHOLE)
}

pub(super) fn key_group(name: &str, key: &str) -> of::KeyGroupConfig {
    of::KeyGroupConfig::builder().name(name).items(key).build().expect(WHOLE)
}

pub(super) fn public_key(name: &str) -> of::PublicKeyConfig {
    let config = of::PublicKeyConfig::builder().name(name).caller_reference(name).encoded_key(PEM);
    config.build().expect(WHOLE)
}

fn behaviour() -> DefaultCacheBehaviorBuilder {
    let behaviour = of::DefaultCacheBehavior::builder().target_origin_id("o").cache_policy_id(MANAGED);
    behaviour.viewer_protocol_policy(of::ViewerProtocolPolicy::RedirectToHttps)
}

fn origin(control: &str) -> of::Origins {
    let origin = of::Origin::builder().id("o").domain_name("films.s3.ap-northeast-2.amazonaws.com");
    let plain = of::S3OriginConfig::builder().origin_access_identity("").build();
    let origin = origin.s3_origin_config(plain).origin_access_control_id(control).build().expect(WHOLE);
    of::Origins::builder().quantity(1).items(origin).build().expect(WHOLE)
}

/// A configuration that passes.
pub(super) fn distribution(reference: &str) -> DistributionConfigBuilder {
    let config = of::DistributionConfig::builder().caller_reference(reference).comment("films").enabled(true);
    config.origins(origin("")).default_cache_behavior(behaviour().build().expect(WHOLE))
}

fn aliases(name: &str) -> of::Aliases {
    of::Aliases::builder().quantity(1).items(name).build().expect(WHOLE)
}

fn certified(arn: &str) -> of::ViewerCertificate {
    let certificate = of::ViewerCertificate::builder().acm_certificate_arn(arn);
    let certificate = certificate.ssl_support_method(of::SslSupportMethod::SniOnly);
    certificate.minimum_protocol_version(of::MinimumProtocolVersion::TlSv122021).build()
}

async fn parts(walk: &mut Walk) {
    let client = walk.cx.cloudfront().clone();
    let control =
        |name: &str| client.create_origin_access_control().origin_access_control_config(access_control(name));
    refused!(walk, "the name of an origin access control", control(&"a".repeat(65)));
    let cache =
        |name: &str, least| client.create_cache_policy().cache_policy_config(cache_policy(name, least));
    refused!(walk, "the name of a cache policy", cache("a b", 0));
    refused!(walk, "a cache policy whose times are not in order", cache("a", 5));
    let headers = |name: &str, origin: &str| {
        client.create_response_headers_policy().response_headers_policy_config(headers_policy(name, origin))
    };
    refused!(walk, "the name of a response headers policy", headers("a b", "https://a.example"));
    refused!(walk, "CORS credentials for everybody", headers("a", "*"));
    let no_pem = of::PublicKeyConfig::builder()
        .name("a")
        .caller_reference("a")
        .encoded_key("MII")
        .build()
        .expect(WHOLE);
    refused!(walk, "a public key that is no PEM", client.create_public_key().public_key_config(no_pem));
    let key = || client.create_public_key().public_key_config(public_key("one"));
    key().send().await.expect(ANSWERED);
    refused!(walk, "two public keys of one name", key());
}

/// Meets the refusals of configurations, and makes a distribution.
async fn distributions(walk: &mut Walk) -> Used {
    let client = walk.cx.cloudfront().clone();
    let create = |config: DistributionConfigBuilder| {
        client.create_distribution().distribution_config(config.build().expect(WHOLE))
    };
    let with = |behaviour: DefaultCacheBehaviorBuilder| {
        create(distribution("a").default_cache_behavior(behaviour.build().expect(WHOLE)))
    };
    refused!(
        walk,
        "a distribution with an unknown origin access control",
        create(distribution("a").origins(origin("E0")))
    );
    refused!(walk, "a distribution with an unknown cache policy", with(behaviour().cache_policy_id("none")));
    let unknown = behaviour().response_headers_policy_id("none");
    refused!(walk, "a distribution with an unknown response headers policy", with(unknown));
    let unknown = behaviour().origin_request_policy_id("none");
    refused!(walk, "a distribution with an unknown origin request policy", with(unknown));
    let groups =
        of::TrustedKeyGroups::builder().enabled(true).quantity(1).items("none").build().expect(WHOLE);
    refused!(walk, "a distribution with an unknown key group", with(behaviour().trusted_key_groups(groups)));
    refused!(walk, "a behaviour with an unknown origin", with(behaviour().target_origin_id("other")));
    refused!(
        walk,
        "a comment of more than 128 characters",
        create(distribution("a").comment("c".repeat(129)))
    );
    let root = create(distribution("a").default_root_object("/index.html"));
    refused!(walk, "a default root object that begins with a slash", root);

    let issued = |cx: &provision::aws::Context| {
        let call = cx.acm().request_certificate().domain_name("films.example.com");
        call.validation_method("DNS".into()).send()
    };
    let certificate = issued(&walk.global).await.expect(ANSWERED).certificate_arn.expect("an answer has it");
    walk.issued(&certificate).await;
    let elsewhere = issued(&walk.cx).await.expect(ANSWERED).certificate_arn.expect("an answer has it");
    let named = |reference: &str, alias: &str| distribution(reference).aliases(aliases(alias));
    refused!(walk, "an alias without a certificate", create(named("a", "films.example.com")));
    let wrong = create(named("a", "films.example.com").viewer_certificate(certified(&elsewhere)));
    refused!(walk, "a certificate that is unknown, not issued, or not in us-east-1", wrong);
    let uncovered = create(named("a", "other.example.com").viewer_certificate(certified(&certificate)));
    refused!(walk, "an alias that the certificate does not cover", uncovered);
    made(walk, certificate).await
}

async fn made(walk: &mut Walk, certificate: String) -> Used {
    let client = walk.cx.cloudfront().clone();
    let control = client.create_origin_access_control().origin_access_control_config(access_control("used"));
    let control = control.send().await.expect(ANSWERED);
    let control = (control.origin_access_control.expect(ANSWERED).id, control.e_tag.expect(ANSWERED));
    let cache = client
        .create_cache_policy()
        .cache_policy_config(cache_policy("used", 0))
        .send()
        .await
        .expect(ANSWERED);
    let cache = (cache.cache_policy.expect(ANSWERED).id, cache.e_tag.expect(ANSWERED));
    let headers = headers_policy("used", "https://a.example");
    let headers = client.create_response_headers_policy().response_headers_policy_config(headers);
    let headers = headers.send().await.expect(ANSWERED);
    let headers = (headers.response_headers_policy.expect(ANSWERED).id, headers.e_tag.expect(ANSWERED));
    let request = request_policy(&client).await;
    let behaviour = behaviour().cache_policy_id(&cache.0).response_headers_policy_id(&headers.0);
    let behaviour = behaviour.origin_request_policy_id(&request.0).build().expect(WHOLE);
    let config = distribution("used").aliases(aliases("films.example.com")).origins(origin(&control.0));
    let config = config.viewer_certificate(certified(&certificate)).default_cache_behavior(behaviour);
    let create = |config: DistributionConfigBuilder| {
        client.create_distribution().distribution_config(config.build().expect(WHOLE))
    };
    let answer = create(config.clone()).send().await.expect(ANSWERED);
    let made = answer.distribution.expect(ANSWERED);
    refused!(walk, "an alias of another distribution", create(config.clone().caller_reference("other")));
    let target = of::DistributionResourceId::builder().distribution_id(&made.id).build();
    let moved = client.update_domain_association().domain("other.example.com").target_resource(target);
    refused!(walk, "a name that moves to a distribution without a certificate for it", moved);
    let changed = create(config.clone().comment("another"));
    refused!(walk, "a used caller reference with another configuration", changed);
    let update = client.update_distribution().id(&made.id).set_if_match(answer.e_tag);
    let changed = config.caller_reference("other").build().expect(WHOLE);
    refused!(walk, "a changed caller reference", update.distribution_config(changed));
    let tag = of::Tag::builder().key("aws:x").value("v").build().expect(WHOLE);
    let tags = of::Tags::builder().items(tag).build();
    refused!(walk, "a distribution's tags", client.tag_resource().resource(&made.arn).tags(tags));
    Used { arn: made.arn, certificate, control, cache, headers, request }
}

async fn request_policy(client: &aws_sdk_cloudfront::Client) -> (String, String) {
    let headers = of::OriginRequestPolicyHeadersConfig::builder();
    let headers = headers.header_behavior(of::OriginRequestPolicyHeaderBehavior::None).build().expect(WHOLE);
    let cookies = of::OriginRequestPolicyCookiesConfig::builder();
    let cookies = cookies.cookie_behavior(of::OriginRequestPolicyCookieBehavior::None).build().expect(WHOLE);
    let queries = of::OriginRequestPolicyQueryStringsConfig::builder();
    let queries = queries.query_string_behavior(of::OriginRequestPolicyQueryStringBehavior::None);
    let config = of::OriginRequestPolicyConfig::builder().name("used").headers_config(headers);
    let config = config.cookies_config(cookies).query_strings_config(queries.build().expect(WHOLE));
    let config = config.build().expect(WHOLE);
    let answer = client.create_origin_request_policy().origin_request_policy_config(config).send().await;
    let answer = answer.expect(ANSWERED);
    (answer.origin_request_policy.expect(ANSWERED).id, answer.e_tag.expect(ANSWERED))
}

async fn in_use(walk: &mut Walk, used: &Used) {
    let client = walk.cx.cloudfront().clone();
    let (id, tag) = &used.control;
    let delete = client.delete_origin_access_control().id(id).if_match(tag);
    refused!(walk, "deleting an origin access control in use", delete);
    let (id, tag) = &used.cache;
    refused!(walk, "deleting a cache policy in use", client.delete_cache_policy().id(id).if_match(tag));
    let (id, tag) = &used.headers;
    let delete = client.delete_response_headers_policy().id(id).if_match(tag);
    refused!(walk, "deleting a response headers policy in use", delete);
    let (id, tag) = &used.request;
    let delete = client.delete_origin_request_policy().id(id).if_match(tag);
    refused!(walk, "deleting an origin request policy in use", delete);
    let delete = walk.global.acm().delete_certificate().certificate_arn(&used.certificate);
    refused!(walk, "deleting a certificate in use", delete);
}

async fn logs(walk: &mut Walk, distribution: &str) {
    let logs = walk.global.logs().clone();
    let source = |name: &str, arn: &str| {
        logs.put_delivery_source().name(name).resource_arn(arn).log_type("ACCESS_LOGS")
    };
    refused!(walk, "the name of a delivery source", source("a b", distribution));
    let unknown = format!("arn:aws:cloudfront::{ACCOUNT}:distribution/E0");
    refused!(walk, "a delivery source for an unknown distribution", source("a", &unknown));
    let elsewhere = walk.cx.logs().put_delivery_source().name("a").resource_arn(distribution);
    refused!(walk, "a distribution's delivery source outside us-east-1", elsewhere.log_type("ACCESS_LOGS"));
    source("one", distribution).send().await.expect(ANSWERED);
    refused!(walk, "a second delivery source of a distribution", source("two", distribution));
    let destination = |name: &str, bucket: &str| {
        let place = DeliveryDestinationConfiguration::builder();
        let place = place.destination_resource_arn(format!("arn:aws:s3:::{bucket}")).build().expect(WHOLE);
        logs.put_delivery_destination().name(name).delivery_destination_configuration(place)
    };
    refused!(walk, "the name of a delivery destination", destination("a b", "films"));
    refused!(walk, "a delivery destination in an unknown bucket", destination("a", "nowhere"));
    let made = destination("one", "films").send().await.expect(ANSWERED).delivery_destination;
    let arn = made.and_then(|made| made.arn).expect("an answer has it");
    logs.create_delivery()
        .delivery_source_name("one")
        .delivery_destination_arn(arn)
        .send()
        .await
        .expect(ANSWERED);
    refused!(
        walk,
        "deleting a delivery source that has a delivery",
        logs.delete_delivery_source().name("one")
    );
    let delete = logs.delete_delivery_destination().name("one");
    refused!(walk, "deleting a delivery destination that has a delivery", delete);
}
