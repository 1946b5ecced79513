//! The resources declared for delivery, as a reviewer reads them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::model::{Declaration, Scope};

const FILE: &str = "stack: vod\naccount: '111122223333'\nregion: ap-northeast-2\n";

fn declared(delivery: &str) -> BTreeMap<String, Declaration> {
    let file = config::parse("test.yaml", &format!("{FILE}{delivery}")).unwrap();
    let scope =
        Scope { stack: "vod".into(), account: "111122223333".into(), region: "ap-northeast-2".into() };
    let mut stack = Declarations::new(scope, BTreeMap::new());
    declare(&mut stack, &file, "vod-output.s3.ap-northeast-2.amazonaws.com".into(), None);
    stack.finish().into_iter().map(|one| (one.address.to_string(), one)).collect()
}

fn distribution(delivery: &str) -> DistributionConfig {
    let declared = declared(delivery).remove(DISTRIBUTION).unwrap();
    serde_json::from_value::<Distribution>(declared.properties).unwrap().distribution_config
}

fn cache(address: &str) -> CachePolicyConfig {
    let declared = declared("").remove(address).unwrap();
    serde_json::from_value::<CachePolicy>(declared.properties).unwrap().cache_policy_config
}

#[test]
fn the_distribution_as_a_reviewer_reads_it() {
    let mut properties = declared("").remove(DISTRIBUTION).unwrap().properties;
    insta::assert_json_snapshot!(properties["DistributionConfig"].take(), @r#"
    {
      "Comment": "provision:vod:delivery/distribution",
      "Enabled": true,
      "Origins": [
        {
          "Id": "output",
          "DomainName": "vod-output.s3.ap-northeast-2.amazonaws.com",
          "OriginAccessControlId": {
            "Fn::GetAtt": [
              "delivery/origin-access",
              "Id"
            ]
          },
          "S3OriginConfig": {
            "OriginAccessIdentity": ""
          },
          "ConnectionAttempts": 3,
          "ConnectionTimeout": 10
        }
      ],
      "DefaultCacheBehavior": {
        "TargetOriginId": "output",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": [
          "GET",
          "HEAD"
        ],
        "CachedMethods": [
          "GET",
          "HEAD"
        ],
        "Compress": false,
        "CachePolicyId": {
          "Fn::GetAtt": [
            "delivery/segments",
            "Id"
          ]
        },
        "ResponseHeadersPolicyId": {
          "Fn::GetAtt": [
            "delivery/headers",
            "Id"
          ]
        }
      },
      "CacheBehaviors": [
        {
          "PathPattern": "*.m3u8",
          "TargetOriginId": "output",
          "ViewerProtocolPolicy": "redirect-to-https",
          "AllowedMethods": [
            "GET",
            "HEAD"
          ],
          "CachedMethods": [
            "GET",
            "HEAD"
          ],
          "Compress": true,
          "CachePolicyId": {
            "Fn::GetAtt": [
              "delivery/playlists",
              "Id"
            ]
          },
          "ResponseHeadersPolicyId": {
            "Fn::GetAtt": [
              "delivery/headers",
              "Id"
            ]
          }
        },
        {
          "PathPattern": "*/asset.json",
          "TargetOriginId": "output",
          "ViewerProtocolPolicy": "redirect-to-https",
          "AllowedMethods": [
            "GET",
            "HEAD"
          ],
          "CachedMethods": [
            "GET",
            "HEAD"
          ],
          "Compress": true,
          "CachePolicyId": {
            "Fn::GetAtt": [
              "delivery/playlists",
              "Id"
            ]
          },
          "ResponseHeadersPolicyId": {
            "Fn::GetAtt": [
              "delivery/headers",
              "Id"
            ]
          }
        }
      ],
      "CustomErrorResponses": [
        {
          "ErrorCode": 403,
          "ErrorCachingMinTTL": 10
        },
        {
          "ErrorCode": 404,
          "ErrorCachingMinTTL": 10
        },
        {
          "ErrorCode": 500,
          "ErrorCachingMinTTL": 10
        },
        {
          "ErrorCode": 502,
          "ErrorCachingMinTTL": 10
        },
        {
          "ErrorCode": 503,
          "ErrorCachingMinTTL": 10
        },
        {
          "ErrorCode": 504,
          "ErrorCachingMinTTL": 10
        }
      ],
      "HttpVersion": "http2and3",
      "IPV6Enabled": true,
      "PriceClass": "PriceClass_All",
      "ViewerCertificate": {
        "CloudFrontDefaultCertificate": true,
        "MinimumProtocolVersion": "TLSv1"
      }
    }
    "#);
}

#[test]
fn cloudfront_takes_the_names_comments_and_times() {
    for (address, declaration) in declared("") {
        let config = declaration.properties.as_object().unwrap().values().next().unwrap();
        let text = |key: &str| config.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = text("Name");
        assert!(name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{name}");
        let comment = text("Comment") + &text("Description");
        assert_eq!(comment, format!("provision:vod:{address}"));
    }
    for policy in [SEGMENTS, PLAYLISTS].map(cache) {
        assert!(policy.min_ttl <= policy.default_ttl && policy.default_ttl <= policy.max_ttl, "{policy:?}");
    }
}

#[test]
fn everybody_shares_one_copy() {
    for policy in [SEGMENTS, PLAYLISTS].map(cache) {
        let mut key = policy.parameters_in_cache_key_and_forwarded_to_origin;
        key.enable_accept_encoding_brotli = false;
        key.enable_accept_encoding_gzip = false;
        assert_eq!(key, ParametersInCacheKeyAndForwardedToOrigin::none());
    }
}

#[test]
fn with_signed_urls_nothing_plays_unsigned() {
    let signed =
        "delivery:\n  signed_urls: { public_keys: [a.pem] }\n  player_origins: ['https://a.example.com']\n";
    let config = distribution(signed);
    let behaviors = config.cache_behaviors.iter().chain([&config.default_cache_behavior]);
    let trusted: Vec<usize> = behaviors.map(|behavior| behavior.trusted_key_groups.len()).collect();
    assert_eq!(trusted, [1; CHANGING.len() + 1]);
    let headers = declared(signed).remove(HEADERS).unwrap().properties;
    let cors = &headers["ResponseHeadersPolicyConfig"]["CorsConfig"];
    assert_eq!(cors["AccessControlAllowCredentials"], true);
    assert_eq!(cors["AccessControlAllowHeaders"]["Items"], serde_json::json!(["Range"]));
}

#[test]
fn the_file_s_options_arrive() {
    let acl = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/vod/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f";
    let config = distribution(&format!(
        "delivery:\n  price_class: 200\n  allow_countries: [KR, JP]\n  web_acl: {acl}\n"
    ));
    assert_eq!(config.price_class, PriceClass::PriceClass200);
    assert_eq!(config.restrictions, Some(Restrictions::only(["KR", "JP"].map(str::to_owned))));
    assert_eq!(config.web_acl_id, Some(acl.into()));
    let headers = declared("delivery:\n  player_origins: ['https://www.example.com']\n").remove(HEADERS);
    let cors = &headers.unwrap().properties["ResponseHeadersPolicyConfig"]["CorsConfig"];
    assert_eq!(cors["AccessControlAllowOrigins"]["Items"], serde_json::json!(["https://www.example.com"]));
}
