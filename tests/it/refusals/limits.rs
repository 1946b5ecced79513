//! Quotas, each set so low that it is full.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;

use super::delivery::{access_control, cache_policy, distribution, headers_policy, key_group, public_key};
use super::{Walk, trust};
use crate::support::Cloud;

pub(super) async fn walk(walk: &mut Walk, cloud: &Cloud) {
    for name in [
        "distributions",
        "cache-policies",
        "response-headers-policies",
        "origin-access-controls",
        "key-groups",
        "public-keys",
        "roles",
        "rules",
        "certificates",
        "buckets",
    ] {
        cloud.set_quota(name, 0).await;
    }
    let cx = walk.cx.clone();
    let client = cx.cloudfront();
    let make =
        client.create_distribution().distribution_config(distribution("full").build().expect("it is whole"));
    refused!(walk, "too many distributions", make);
    refused!(
        walk,
        "too many cache policies",
        client.create_cache_policy().cache_policy_config(cache_policy("full", 0))
    );
    let policy = client
        .create_response_headers_policy()
        .response_headers_policy_config(headers_policy("full", "https://a.example"));
    refused!(walk, "too many response headers policies", policy);
    let control = client.create_origin_access_control().origin_access_control_config(access_control("full"));
    refused!(walk, "too many origin access controls", control);
    refused!(
        walk,
        "too many key groups",
        client.create_key_group().key_group_config(key_group("full", "K1"))
    );
    refused!(walk, "too many public keys", client.create_public_key().public_key_config(public_key("full")));
    let role =
        cx.iam().create_role().role_name("full").assume_role_policy_document(trust("s3.amazonaws.com"));
    refused!(walk, "too many roles", role);
    refused!(
        walk,
        "too many rules",
        cx.events().put_rule().name("full").event_pattern("{\"source\":[\"aws.s3\"]}")
    );
    let request = walk.global.acm().request_certificate().domain_name("full.example.com");
    refused!(walk, "too many certificates", request.validation_method("DNS".into()));
    let place = BucketLocationConstraint::from(cx.region());
    let place = CreateBucketConfiguration::builder().location_constraint(place).build();
    refused!(
        walk,
        "too many buckets",
        cx.s3().create_bucket().bucket("full").create_bucket_configuration(place)
    );
}
