//! What viewers meet: signatures, countries, the cache, invalidations, kept errors, aliases and distributions that are
//! off, through a distribution over a bucket of the local cloud.

use aws_sdk_cloudfront::types as cf;
use http::{HeaderMap, StatusCode};
use provision::sign::{PrivateKey, Signed, ViewerPolicy};
use serde_json::json;

use super::{Cloud, cloud};
use crate::support::http::{Answer, get};

/// The standard test key of RFC 9500, which the world knows.
const KEY: &str = include_str!("../../../src/sign/testdata/rsa.key");
const PUBLIC: &str = include_str!("../../../src/sign/testdata/rsa.pem");
const ALIAS: &str = "video.example.com";

struct Front {
    cloud: Cloud,
    cloudfront: aws_sdk_cloudfront::Client,
    distribution: String,
    etag: Option<String>,
    config: cf::DistributionConfig,
    key: String,
}

/// What a viewer is told.
struct Told {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Told {
    fn x_cache(&self) -> &str {
        self.headers["x-cache"].to_str().unwrap()
    }
}

impl Front {
    async fn start() -> Self {
        let cloud = cloud("front").await;
        let cloudfront = aws_sdk_cloudfront::Client::new(&cloud.config);
        let key = key(&cloudfront).await;
        let config = config(&cloud, &cloudfront, &key).await;
        cloud.s3().create_bucket().bucket("output").send().await.unwrap();
        let made = cloudfront.create_distribution().distribution_config(config.clone()).send().await.unwrap();
        let distribution = made.distribution.unwrap();
        let statement = json!({ "Effect": "Allow", "Principal": { "Service": "cloudfront.amazonaws.com" },
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::output/*",
            "Condition": { "StringEquals": { "AWS:SourceArn": distribution.arn } } });
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
        cloud.s3().put_bucket_policy().bucket("output").policy(policy).send().await.unwrap();
        Self { cloud, cloudfront, distribution: distribution.id, etag: made.e_tag, config, key }
    }

    fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.cloud.running.viewer(&self.distribution))
    }

    async fn put(&self, key: &str, body: &'static str) {
        let body = aws_sdk_s3::primitives::ByteStream::from_static(body.as_bytes());
        self.cloud.s3().put_object().bucket("output").key(key).body(body).send().await.unwrap();
    }

    async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Told {
        let Answer { status, headers, body } = get(url, headers).await;
        Told { status, headers, body }
    }

    fn sign(&self, resource: &str, seconds: i64) -> Signed {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let expires = i64::try_from(now).unwrap() + seconds;
        let key = PrivateKey::from_pem(KEY).unwrap();
        Signed::new(&ViewerPolicy::canned(resource, expires), &key, &self.key).unwrap()
    }

    async fn invalidate(&self, path: &str) {
        let paths = cf::Paths::builder().quantity(1).items(path).build().unwrap();
        let batch = cf::InvalidationBatch::builder().caller_reference(path).paths(paths).build().unwrap();
        let call = self.cloudfront.create_invalidation().distribution_id(&self.distribution);
        call.invalidation_batch(batch).send().await.unwrap();
    }
}

async fn key(cloudfront: &aws_sdk_cloudfront::Client) -> String {
    let config = cf::PublicKeyConfig::builder().caller_reference("k").name("k").encoded_key(PUBLIC);
    let call = cloudfront.create_public_key().public_key_config(config.build().unwrap());
    call.send().await.unwrap().public_key.unwrap().id
}

async fn access(cloudfront: &aws_sdk_cloudfront::Client) -> String {
    let access = cf::OriginAccessControlConfig::builder()
        .name("front")
        .origin_access_control_origin_type(cf::OriginAccessControlOriginTypes::S3)
        .signing_behavior(cf::OriginAccessControlSigningBehaviors::Always)
        .signing_protocol(cf::OriginAccessControlSigningProtocols::Sigv4)
        .build()
        .unwrap();
    let call = cloudfront.create_origin_access_control().origin_access_control_config(access);
    call.send().await.unwrap().origin_access_control.unwrap().id
}

async fn config(cloud: &Cloud, cloudfront: &aws_sdk_cloudfront::Client, key: &str) -> cf::DistributionConfig {
    let group = cf::KeyGroupConfig::builder().name("front").items(key).build().unwrap();
    let group = cloudfront.create_key_group().key_group_config(group).send().await.unwrap();
    let groups = cf::TrustedKeyGroups::builder().enabled(true).quantity(1).items(group.key_group.unwrap().id);
    let origin = cf::Origin::builder()
        .id("output")
        .domain_name(format!("output.s3.{}.amazonaws.com", cloud.running.region))
        .origin_access_control_id(access(cloudfront).await)
        .s3_origin_config(cf::S3OriginConfig::builder().origin_access_identity("").build());
    let behavior = cf::DefaultCacheBehavior::builder()
        .target_origin_id("output")
        .viewer_protocol_policy(cf::ViewerProtocolPolicy::RedirectToHttps)
        // AWS's CachingOptimized: a day, by path and encoding.
        .cache_policy_id("658327ea-f89d-4fab-a63d-7e88639e58f6")
        .trusted_key_groups(groups.build().unwrap());
    let geo = cf::GeoRestriction::builder()
        .restriction_type(cf::GeoRestrictionType::Whitelist)
        .quantity(1)
        .items("KR")
        .build()
        .unwrap();
    let error =
        cf::CustomErrorResponse::builder().error_code(403).error_caching_min_ttl(3600).build().unwrap();
    cf::DistributionConfig::builder()
        .caller_reference("front")
        .comment("")
        .enabled(true)
        .aliases(cf::Aliases::builder().quantity(1).items(ALIAS).build().unwrap())
        .origins(cf::Origins::builder().quantity(1).items(origin.build().unwrap()).build().unwrap())
        .default_cache_behavior(behavior.build().unwrap())
        .restrictions(cf::Restrictions::builder().geo_restriction(geo).build())
        .custom_error_responses(cf::CustomErrorResponses::builder().quantity(1).items(error).build().unwrap())
        .build()
        .unwrap()
}

#[tokio::test]
async fn viewers_meet_what_an_edge_would_show_them() {
    let front = Front::start().await;
    front.put("a/1.ts", "first").await;
    signatures(&front).await;
    caching(&front).await;
    errors(&front).await;
    names_and_countries(&front).await;

    let mut off = front.config.clone();
    off.enabled = false;
    let update = front.cloudfront.update_distribution().id(&front.distribution);
    update.set_if_match(front.etag.clone()).distribution_config(off).send().await.unwrap();
    let url = front.address("a/1.ts");
    assert_eq!(front.get(&front.sign(&url, 3600).url(&url), &[]).await.status, StatusCode::FORBIDDEN);
}

async fn signatures(front: &Front) {
    let url = front.address("a/1.ts");
    let unsigned = front.get(&url, &[]).await;
    assert_eq!(unsigned.status, StatusCode::FORBIDDEN);
    assert!(unsigned.body.contains("<Code>MissingKey</Code>"), "{}", unsigned.body);
    for (resource, seconds, status) in [
        (url.clone(), 3600, StatusCode::OK),
        (url.clone(), -1, StatusCode::FORBIDDEN),
        (front.address("a/*"), 3600, StatusCode::OK),
        (front.address("b/*"), 3600, StatusCode::FORBIDDEN),
    ] {
        let signed = front.sign(&resource, seconds);
        assert_eq!(front.get(&signed.url(&url), &[]).await.status, status, "{resource} {seconds}");
        let by_cookie = front.get(&url, &[("cookie", &signed.cookie_header())]).await;
        assert_eq!(by_cookie.status, status, "{resource} {seconds} by cookie");
    }
}

async fn caching(front: &Front) {
    let cookies = front.sign(&front.address("*"), 3600).cookie_header();
    let get = async |path: &str| front.get(&front.address(path), &[("cookie", &cookies)]).await;
    front.put("c/1.ts", "first").await;
    assert_eq!(get("c/1.ts").await.x_cache(), "Miss from cloudfront");
    front.put("c/1.ts", "second").await;
    let kept = get("c/1.ts").await;
    assert_eq!((kept.x_cache(), kept.body.as_str()), ("Hit from cloudfront", "first"));
    front.invalidate("/c/*").await;
    let fresh = get("c/1.ts").await;
    assert_eq!((fresh.x_cache(), fresh.body.as_str()), ("Miss from cloudfront", "second"));
    let part = [("cookie", cookies.as_str()), ("range", "bytes=1-2")];
    let part = front.get(&front.address("c/1.ts"), &part).await;
    assert_eq!((part.status, part.body.as_str()), (StatusCode::PARTIAL_CONTENT, "ec"));
}

async fn errors(front: &Front) {
    let cookies = front.sign(&front.address("*"), 3600).cookie_header();
    let get = async |path: &str| front.get(&front.address(path), &[("cookie", &cookies)]).await;
    assert_eq!(get("late.ts").await.status, StatusCode::FORBIDDEN);
    front.put("late.ts", "there").await;
    let kept = get("late.ts").await;
    assert_eq!((kept.status, kept.x_cache()), (StatusCode::FORBIDDEN, "Error from cloudfront"));
    front.invalidate("/late.ts").await;
    assert_eq!(get("late.ts").await.body, "there");
}

async fn names_and_countries(front: &Front) {
    let cookies = front.sign(&format!("https://{ALIAS}/*"), 3600).cookie_header();
    let url = format!("{}/a/1.ts", front.cloud.running.endpoint);
    let by_alias = [("cookie", cookies.as_str()), ("host", ALIAS)];
    assert_eq!(front.get(&url, &by_alias).await.body, "first");
    for (country, status) in [("KR", StatusCode::OK), ("US", StatusCode::FORBIDDEN)] {
        let headers = [by_alias[0], by_alias[1], ("cloudfront-viewer-country", country)];
        assert_eq!(front.get(&url, &headers).await.status, status, "{country}");
    }
}
