//! What opens buckets and delivery.

use serde_json::{Value, json};

use super::*;

/// The properties with the member at a JSON pointer set; a null removes nothing, it is AWS's absence too.
fn set(properties: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = properties.clone();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    match changed.pointer_mut(parent).unwrap() {
        Value::Array(list) => list[member.parse::<usize>().unwrap()] = value,
        object => object[member] = value,
    }
    changed
}

fn exposes(kind: &'static str, narrow: &Value, pointer: &str, wide: Value, origin: &str) {
    broadens(kind, narrow, &set(narrow, pointer, wide), Broadening::Exposure, origin);
}

const BUCKET: &str = "AWS::S3::Bucket";

fn bucket() -> Value {
    json!({
        "BucketName": "b",
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true
        },
        "OwnershipControls": { "Rules": [{ "ObjectOwnership": "BucketOwnerEnforced" }] },
        "BucketEncryption": { "ServerSideEncryptionConfiguration": [
            { "ServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms" } }
        ] },
        "CorsConfiguration": { "CorsRules": [{
            "AllowedOrigins": ["https://*.example.com"], "AllowedMethods": ["PUT"], "AllowedHeaders": ["x-*"]
        }] },
    })
}

#[test]
fn a_bucket_opens() {
    let block = "PublicAccessBlockConfiguration";
    exposes(
        BUCKET,
        &bucket(),
        "/PublicAccessBlockConfiguration/BlockPublicPolicy",
        json!(false),
        "PublicAccessBlockConfiguration: BlockPublicPolicy off",
    );
    let all =
        format!("{block}: BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets off");
    exposes(BUCKET, &bucket(), "/PublicAccessBlockConfiguration", Value::Null, &all);
    let owner = "OwnershipControls: BucketOwnerEnforced to";
    exposes(
        BUCKET,
        &bucket(),
        "/OwnershipControls/Rules/0",
        json!({ "ObjectOwnership": "BucketOwnerPreferred" }),
        &format!("{owner} BucketOwnerPreferred"),
    );
    exposes(BUCKET, &bucket(), "/OwnershipControls", Value::Null, &format!("{owner} ObjectWriter"));
    exposes(
        BUCKET,
        &bucket(),
        "/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/SSEAlgorithm",
        json!("AES256"),
        "BucketEncryption: new objects are no longer encrypted with a KMS key",
    );
}

#[test]
fn more_pages_may_talk_to_a_bucket() {
    let rules = "/CorsConfiguration/CorsRules/0";
    let origins = format!("{rules}/AllowedOrigins");
    let more = "CorsConfiguration.CorsRules: more for";
    exposes(BUCKET, &bucket(), &origins, json!(["https://*.example.com", "*"]), &format!("{more} *"));
    let pages = format!("{more} https://*.example.com");
    exposes(BUCKET, &bucket(), &format!("{rules}/AllowedMethods"), json!(["PUT", "DELETE"]), &pages);
    exposes(BUCKET, &bucket(), &format!("{rules}/AllowedHeaders"), json!(["*"]), &pages);
    let covered = set(&bucket(), &origins, json!(["https://app.example.com"]));
    assert_eq!(updated(BUCKET, &bucket(), &covered), []);
    let found = created(BUCKET, &bucket());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].principal, "pages of https://*.example.com");
}

#[test]
fn a_new_bucket_is_compared_with_a_closed_one() {
    let open = json!({ "BucketName": "b" });
    let found = created(BUCKET, &open);
    let origins: Vec<_> = found.iter().map(|one| one.origin.as_str()).collect();
    assert_eq!(
        origins,
        [
            "PublicAccessBlockConfiguration: BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets off",
            "OwnershipControls: BucketOwnerEnforced to ObjectWriter",
        ]
    );
    assert_eq!(deleted(BUCKET, &open), []);
}

#[test]
fn a_topic_without_its_key() {
    let topic = json!({ "TopicName": "t", "KmsMasterKeyId": "alias/aws/sns" });
    exposes("AWS::SNS::Topic", &topic, "/KmsMasterKeyId", Value::Null, "KmsMasterKeyId: removed");
}

const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";

fn behavior(path: Option<&str>, keys: &Value) -> Value {
    json!({
        "PathPattern": path, "TargetOriginId": "output", "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": ["GET", "HEAD"], "ResponseHeadersPolicyId": "headers", "TrustedKeyGroups": keys
    })
}

fn distribution() -> Value {
    json!({ "DistributionConfig": {
        "Enabled": true,
        "Origins": [{ "Id": "output", "DomainName": "o.s3.amazonaws.com", "OriginPath": "/public", "OriginAccessControlId": "E1" }],
        "DefaultCacheBehavior": behavior(None, &json!(["k1"])),
        "CacheBehaviors": [behavior(Some("*.m3u8"), &json!(["k1"]))],
        "Restrictions": { "GeoRestriction": { "RestrictionType": "whitelist", "Locations": ["KR", "JP"] } },
        "ViewerCertificate": { "AcmCertificateArn": "arn:c", "MinimumProtocolVersion": "TLSv1.2_2021" },
        "WebACLId": "arn:acl"
    } })
}

#[test]
fn what_asked_for_an_account_s_signature_opens() {
    let keys = "/DistributionConfig/DefaultCacheBehavior/TrustedKeyGroups";
    let open = set(&distribution(), keys, Value::Null);
    let before = set(&open, "/DistributionConfig/DefaultCacheBehavior/TrustedSigners", json!(["self"]));
    let origin = "DistributionConfig.CacheBehavior[*].TrustedSigners: removed";
    exposes(
        DISTRIBUTION,
        &before,
        "/DistributionConfig/DefaultCacheBehavior/TrustedSigners",
        json!([]),
        origin,
    );
}

/// A function that somebody attached may be what lets only some viewers in.
#[test]
fn a_function_that_is_taken_off_may_have_refused() {
    let functions = |member: &str| format!("/DistributionConfig/DefaultCacheBehavior/{member}");
    for (member, arn) in
        [("FunctionAssociations", "FunctionARN"), ("LambdaFunctionAssociations", "LambdaFunctionARN")]
    {
        let attached = json!([{ "EventType": "viewer-request", arn: "arn:f:1" }]);
        let before = set(&distribution(), &functions(member), attached);
        let origin =
            format!("DistributionConfig.CacheBehavior[*].{member}: arn:f:1 on viewer-request removed");
        exposes(DISTRIBUTION, &before, &functions(member), Value::Null, &origin);
        let moved = json!([{ "EventType": "viewer-response", arn: "arn:f:1" }]);
        assert_eq!(updated(DISTRIBUTION, &before, &set(&before, &functions(member), moved)).len(), 1);
    }
}

#[test]
fn delivery_opens() {
    let at = |member: &str| format!("/DistributionConfig/{member}");
    let cases = [
        ("DefaultCacheBehavior/TrustedKeyGroups", Value::Null, "CacheBehavior[*].TrustedKeyGroups: removed"),
        (
            "DefaultCacheBehavior/TrustedKeyGroups",
            json!(["k1", "k2"]),
            "CacheBehavior[*].TrustedKeyGroups: new k2",
        ),
        (
            "CacheBehaviors/0/ViewerProtocolPolicy",
            json!("allow-all"),
            "CacheBehavior[*.m3u8].ViewerProtocolPolicy: allow-all",
        ),
        (
            "DefaultCacheBehavior/AllowedMethods",
            json!(["GET", "HEAD", "PUT"]),
            "CacheBehavior[*].AllowedMethods: new PUT",
        ),
        (
            "DefaultCacheBehavior/ResponseHeadersPolicyId",
            Value::Null,
            "CacheBehavior[*].ResponseHeadersPolicyId: removed",
        ),
        ("Restrictions", Value::Null, "Restrictions.GeoRestriction: more countries"),
        (
            "ViewerCertificate/MinimumProtocolVersion",
            json!("TLSv1.2_2019"),
            "ViewerCertificate.MinimumProtocolVersion: TLSv1.2_2021 lowered to TLSv1.2_2019",
        ),
        (
            "ViewerCertificate",
            json!({ "CloudFrontDefaultCertificate": true, "MinimumProtocolVersion": "TLSv1" }),
            "ViewerCertificate.MinimumProtocolVersion: TLSv1.2_2021 lowered to TLSv1",
        ),
        ("WebACLId", Value::Null, "WebACLId: removed"),
        ("Origins/0/OriginAccessControlId", Value::Null, "Origins[output].OriginAccessControlId: removed"),
        ("Origins/0/OriginPath", Value::Null, "Origins[output].OriginPath: \"/public\" gives way to \"\""),
    ];
    for (member, wide, origin) in cases {
        exposes(DISTRIBUTION, &distribution(), &at(member), wide, &format!("DistributionConfig.{origin}"));
    }
    let off = set(&distribution(), &at("Enabled"), json!(false));
    exposes(DISTRIBUTION, &off, &at("Enabled"), json!(true), "DistributionConfig.Enabled: true");
}

#[test]
fn another_origin_web_acl_or_bucket_is_found_both_ways() {
    let other = |member: &str, value: &str| {
        set(&distribution(), &format!("/DistributionConfig/{member}"), json!(value))
    };
    for (changed, origin) in [
        (other("Origins/0/DomainName", "p.s3.amazonaws.com"), "Origins[output]: new origin"),
        (other("WebACLId", "arn:other"), "WebACLId: arn:acl gives way to arn:other"),
    ] {
        let found = updated(DISTRIBUTION, &distribution(), &changed);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].origin, format!("DistributionConfig.{origin}"));
        assert_eq!(updated(DISTRIBUTION, &changed, &distribution()).len(), 1);
    }
}

#[test]
fn paths_that_fall_to_a_looser_behaviour_are_found() {
    let open_default =
        set(&distribution(), "/DistributionConfig/DefaultCacheBehavior", behavior(None, &Value::Null));
    let origin = "DistributionConfig.CacheBehavior[*.m3u8].TrustedKeyGroups: removed";
    exposes(DISTRIBUTION, &open_default, "/DistributionConfig/CacheBehaviors", json!([]), origin);
    let shadowed = json!([behavior(Some("*"), &Value::Null), behavior(Some("*.m3u8"), &json!(["k1"]))]);
    let shadowed = set(&open_default, "/DistributionConfig/CacheBehaviors", shadowed);
    let found = updated(DISTRIBUTION, &open_default, &shadowed);
    assert_eq!(found.iter().map(|one| one.origin.as_str()).collect::<Vec<_>>(), [origin]);
}

#[test]
fn countries() {
    let only = |kind: &str, places: &[&str]| {
        let restriction = json!({ "GeoRestriction": { "RestrictionType": kind, "Locations": places } });
        set(&distribution(), "/DistributionConfig/Restrictions", restriction)
    };
    let who = |before: &Value, after: &Value| -> Vec<String> {
        updated(DISTRIBUTION, before, after).into_iter().map(|one| one.principal).collect()
    };
    let (kr, jp, none) = (only("whitelist", &["KR"]), only("whitelist", &["JP"]), only("none", &[]));
    let (not_kr, not_both) = (only("blacklist", &["KR"]), only("blacklist", &["KR", "JP"]));
    assert_eq!(who(&kr, &jp), ["viewers in JP"]);
    assert_eq!(who(&kr, &only("whitelist", &["KR", "JP"])), ["viewers in JP"]);
    assert_eq!(who(&kr, &none), ["viewers in all countries but KR"]);
    assert_eq!(who(&kr, &only("blacklist", &["JP"])), ["viewers in all countries but JP, KR"]);
    assert_eq!(who(&not_kr, &none), ["viewers in KR"]);
    assert_eq!(who(&not_both, &not_kr), ["viewers in JP"]);
    assert_eq!(who(&not_kr, &kr), ["viewers in KR"]);
    for (before, after) in [(&none, &kr), (&none, &not_kr), (&not_kr, &not_both), (&not_kr, &jp), (&kr, &kr)]
    {
        assert!(who(before, after).is_empty());
    }
}

#[test]
fn a_new_distribution_says_whom_it_serves() {
    let found = created(DISTRIBUTION, &distribution());
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].principal.as_str(), &found[0].resources[..]),
        ("holders of a signed URL or cookie", &["o.s3.amazonaws.com".to_owned()][..])
    );
    let open = set(&distribution(), "/DistributionConfig/DefaultCacheBehavior/TrustedKeyGroups", Value::Null);
    let found = created(DISTRIBUTION, &open);
    assert_eq!((found[0].principal.as_str(), found[0].actions[0].as_str()), ("*", "read *"));
}

#[test]
fn keys_and_signing() {
    let group = json!({ "KeyGroupConfig": { "Name": "g", "Items": ["K1"] } });
    exposes(
        "AWS::CloudFront::KeyGroup",
        &group,
        "/KeyGroupConfig/Items",
        json!(["K1", "K2"]),
        "KeyGroupConfig.Items: new K2",
    );
    assert_eq!(created("AWS::CloudFront::KeyGroup", &group).len(), 1);
    let awaited = json!({ "Fn::GetAtt": ["delivery/viewer-key", "Id"] });
    let found =
        updated("AWS::CloudFront::KeyGroup", &group, &set(&group, "/KeyGroupConfig/Items", json!([awaited])));
    assert_eq!(found[0].origin, "KeyGroupConfig.Items: new known after apply: Id of delivery/viewer-key");

    let key = |text: &str| json!({ "PublicKeyConfig": { "Name": "k", "EncodedKey": text } });
    assert_eq!(updated("AWS::CloudFront::PublicKey", &key("a"), &key("b")).len(), 1);
    assert_eq!(updated("AWS::CloudFront::PublicKey", &key("a"), &key("a")), []);
    assert_eq!(created("AWS::CloudFront::PublicKey", &key("a")), []);

    let access = json!({ "OriginAccessControlConfig": { "Name": "a", "SigningBehavior": "always" } });
    exposes(
        "AWS::CloudFront::OriginAccessControl",
        &access,
        "/OriginAccessControlConfig/SigningBehavior",
        json!("never"),
        "OriginAccessControlConfig.SigningBehavior: never",
    );
}

#[test]
fn response_headers_loosen() {
    let headers = json!({ "ResponseHeadersPolicyConfig": {
        "CorsConfig": {
            "AccessControlAllowCredentials": false, "AccessControlAllowHeaders": { "Items": ["range"] },
            "AccessControlAllowMethods": { "Items": ["GET"] },
            "AccessControlAllowOrigins": { "Items": ["https://app.example.com"] }
        },
        "SecurityHeadersConfig": {
            "ContentTypeOptions": { "Override": true },
            "StrictTransportSecurity": { "AccessControlMaxAgeSec": 31_536_000, "IncludeSubdomains": true }
        }
    } });
    let cors = "ResponseHeadersPolicyConfig.CorsConfig: more for";
    let app = format!("{cors} https://app.example.com");
    let security = "ResponseHeadersPolicyConfig.SecurityHeadersConfig";
    for (member, wide, origin) in [
        ("CorsConfig/AccessControlAllowOrigins", json!({ "Items": ["*"] }), format!("{cors} *")),
        ("CorsConfig/AccessControlAllowMethods", json!({ "Items": ["ALL"] }), app.clone()),
        ("CorsConfig/AccessControlAllowHeaders", json!({ "Items": ["*"] }), app.clone()),
        ("CorsConfig/AccessControlAllowCredentials", json!(true), app.clone()),
        ("CorsConfig/AccessControlExposeHeaders", json!({ "Items": ["etag"] }), app),
        (
            "SecurityHeadersConfig/ContentTypeOptions",
            Value::Null,
            format!("{security}.ContentTypeOptions: removed"),
        ),
        (
            "SecurityHeadersConfig/StrictTransportSecurity",
            Value::Null,
            format!("{security}.StrictTransportSecurity: removed"),
        ),
        (
            "SecurityHeadersConfig/StrictTransportSecurity/AccessControlMaxAgeSec",
            json!(60),
            format!("{security}.StrictTransportSecurity: for a shorter time or fewer names"),
        ),
    ] {
        let pointer = format!("/ResponseHeadersPolicyConfig/{member}");
        exposes("AWS::CloudFront::ResponseHeadersPolicy", &headers, &pointer, wide, &origin);
    }
    assert_eq!(created("AWS::CloudFront::ResponseHeadersPolicy", &headers).len(), 1);
}
