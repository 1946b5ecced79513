//! What opens buckets and delivery.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

/// The properties with another value at a JSON pointer. A null means absence to AWS too.
fn set(properties: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = properties.clone();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    match changed.pointer_mut(parent).unwrap() {
        Value::Array(list) => list[member.parse::<usize>().unwrap()] = value,
        object => object[member] = value,
    }
    changed
}

/// The findings of changes to properties, each at a JSON pointer to a value that opens more.
fn opened<P: AsRef<str>>(
    kind: &'static str,
    narrow: &Value,
    changes: impl IntoIterator<Item = (P, Value)>,
) -> String {
    let one = |(pointer, wide): (P, Value)| broadens(kind, narrow, &set(narrow, pointer.as_ref(), wide));
    changes.into_iter().map(one).collect::<Vec<_>>().join("\n")
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
    let changes = [
        ("/PublicAccessBlockConfiguration/BlockPublicPolicy", json!(false)),
        ("/PublicAccessBlockConfiguration", Value::Null),
        ("/OwnershipControls/Rules/0", json!({ "ObjectOwnership": "BucketOwnerPreferred" })),
        ("/OwnershipControls", Value::Null),
        (
            "/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/SSEAlgorithm",
            json!("AES256"),
        ),
    ];
    insta::assert_snapshot!(opened(BUCKET, &bucket(), changes), @r"
    Exposure | * | grant public access with a bucket policy | PublicAccessBlockConfiguration: BlockPublicPolicy off
    Exposure | * | grant public access with access control lists, grant public access with a bucket policy, use access that public access control lists grant, use access that a public bucket policy grants, from any account | PublicAccessBlockConfiguration: BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets off
    Exposure | anyone who can write objects | grant access with access control lists | OwnershipControls.Rules[].ObjectOwnership: BucketOwnerEnforced → BucketOwnerPreferred
    Exposure | anyone who can write objects | grant access with access control lists | OwnershipControls.Rules[].ObjectOwnership: BucketOwnerEnforced → ObjectWriter
    Exposure | anyone who can read the bucket | read new objects without permission for the KMS key | BucketEncryption: new objects are no longer encrypted with a KMS key
    ");
}

#[test]
fn more_pages_may_talk_to_a_bucket() {
    let rules = "/CorsConfiguration/CorsRules/0";
    let changes = [
        ("AllowedOrigins", json!(["https://*.example.com", "*"])),
        ("AllowedMethods", json!(["PUT", "DELETE"])),
        ("AllowedHeaders", json!(["*"])),
    ]
    .map(|(member, wide)| (format!("{rules}/{member}"), wide));
    insta::assert_snapshot!(opened(BUCKET, &bucket(), changes), @r"
    Exposure | pages of * | PUT | CorsConfiguration.CorsRules: more access for *
    Exposure | pages of https://*.example.com | DELETE, PUT | CorsConfiguration.CorsRules: more access for https://*.example.com
    Exposure | pages of https://*.example.com | PUT | CorsConfiguration.CorsRules: more access for https://*.example.com
    ");
    let covered = set(&bucket(), &format!("{rules}/AllowedOrigins"), json!(["https://app.example.com"]));
    assert_eq!(updated(BUCKET, &bucket(), &covered), []);
    insta::assert_snapshot!(lines(&created(BUCKET, &bucket())), @"Exposure | pages of https://*.example.com | PUT | CorsConfiguration.CorsRules: more access for https://*.example.com");
}

#[test]
fn a_new_bucket_is_compared_with_a_closed_one() {
    let open = json!({ "BucketName": "b" });
    insta::assert_snapshot!(lines(&created(BUCKET, &open)), @r"
    Exposure | * | grant public access with access control lists, grant public access with a bucket policy, use access that public access control lists grant, use access that a public bucket policy grants, from any account | PublicAccessBlockConfiguration: BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets off
    Exposure | anyone who can write objects | grant access with access control lists | OwnershipControls.Rules[].ObjectOwnership: BucketOwnerEnforced → ObjectWriter
    ");
    assert_eq!(deleted(BUCKET, &open), []);
}

#[test]
fn a_topic_without_its_key() {
    let topic = json!({ "TopicName": "t", "KmsMasterKeyId": "alias/aws/sns" });
    insta::assert_snapshot!(opened("AWS::SNS::Topic", &topic, [("/KmsMasterKeyId", Value::Null)]), @"Exposure | anyone who can use the topic | publish without permission for the KMS key | KmsMasterKeyId: removed");
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
    let signers = "/DistributionConfig/DefaultCacheBehavior/TrustedSigners";
    let before = set(&open, signers, json!(["self"]));
    insta::assert_snapshot!(opened(DISTRIBUTION, &before, [(signers, json!([]))]), @"Exposure | * | read without a signed URL or cookie | DistributionConfig.DefaultCacheBehavior.TrustedSigners: removed");
}

/// A function that somebody attached may be what lets only some viewers in.
#[test]
fn a_function_that_is_taken_off_may_have_refused() {
    let functions = |member: &str| format!("/DistributionConfig/DefaultCacheBehavior/{member}");
    let mut found = Vec::new();
    for (member, arn) in
        [("FunctionAssociations", "FunctionARN"), ("LambdaFunctionAssociations", "LambdaFunctionARN")]
    {
        let attached = json!([{ "EventType": "viewer-request", arn: "arn:f:1" }]);
        let before = set(&distribution(), &functions(member), attached);
        found.push(opened(DISTRIBUTION, &before, [(functions(member), Value::Null)]));
        let moved = json!([{ "EventType": "viewer-response", arn: "arn:f:1" }]);
        assert_eq!(updated(DISTRIBUTION, &before, &set(&before, &functions(member), moved)).len(), 1);
    }
    insta::assert_snapshot!(found.join("\n"), @r"
    Exposure | * | make requests that the function may have refused | DistributionConfig.DefaultCacheBehavior.FunctionAssociations: arn:f:1 on viewer-request removed
    Exposure | * | make requests that the function may have refused | DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations: arn:f:1 on viewer-request removed
    ");
}

#[test]
fn delivery_opens() {
    let at = |member: &str| format!("/DistributionConfig/{member}");
    let changes = [
        ("DefaultCacheBehavior/TrustedKeyGroups", Value::Null),
        ("DefaultCacheBehavior/TrustedKeyGroups", json!(["k1", "k2"])),
        ("CacheBehaviors/0/TrustedKeyGroups", Value::Null),
        ("CacheBehaviors/0/ViewerProtocolPolicy", json!("allow-all")),
        ("DefaultCacheBehavior/AllowedMethods", json!(["GET", "HEAD", "PUT"])),
        ("DefaultCacheBehavior/ResponseHeadersPolicyId", Value::Null),
        ("Restrictions", Value::Null),
        ("ViewerCertificate/MinimumProtocolVersion", json!("TLSv1.2_2019")),
        (
            "ViewerCertificate",
            json!({ "CloudFrontDefaultCertificate": true, "MinimumProtocolVersion": "TLSv1" }),
        ),
        ("WebACLId", Value::Null),
        ("Origins/0/OriginAccessControlId", Value::Null),
        ("Origins/0/OriginPath", Value::Null),
    ]
    .map(|(member, wide)| (at(member), wide));
    insta::assert_snapshot!(opened(DISTRIBUTION, &distribution(), changes), @r#"
    Exposure | * | read without a signed URL or cookie | DistributionConfig.DefaultCacheBehavior.TrustedKeyGroups: removed
    Exposure | holders of its keys | sign URLs and cookies | DistributionConfig.DefaultCacheBehavior.TrustedKeyGroups: new k2
    Exposure | * | read without a signed URL or cookie | DistributionConfig.CacheBehaviors[*.m3u8].TrustedKeyGroups: removed
    Exposure | * | read over plain HTTP | DistributionConfig.CacheBehaviors[*.m3u8].ViewerProtocolPolicy: allow-all
    Exposure | * | send PUT | DistributionConfig.DefaultCacheBehavior.AllowedMethods: new PUT
    Exposure | * | attack viewers that its security headers protected | DistributionConfig.DefaultCacheBehavior.ResponseHeadersPolicyId: removed
    Exposure | viewers in all countries except JP, KR | read | DistributionConfig.Restrictions.GeoRestriction: more countries
    Exposure | * | connect with older TLS or weaker ciphers | DistributionConfig.ViewerCertificate.MinimumProtocolVersion: TLSv1.2_2021 lowered to TLSv1.2_2019
    Exposure | * | connect with older TLS or weaker ciphers | DistributionConfig.ViewerCertificate.MinimumProtocolVersion: TLSv1.2_2021 lowered to TLSv1
    Exposure | * | send requests that the web ACL blocked | DistributionConfig.WebACLId: removed
    Exposure | * | reach it with unsigned requests, which it only answers if it is public | DistributionConfig.Origins[output].OriginAccessControlId: removed
    Exposure | * | read another folder of it | DistributionConfig.Origins[output].OriginPath: "/public" → ""
    "#);
    let off = set(&distribution(), &at("Enabled"), json!(false));
    insta::assert_snapshot!(opened(DISTRIBUTION, &off, [(at("Enabled"), json!(true))]), @"Exposure | * | read everything that it serves | DistributionConfig.Enabled: true");
}

/// The change list and the findings name a cache behavior in the same way.
#[test]
fn a_behavior_has_the_path_that_its_change_has() {
    let config = |keys: Value| {
        let listed = json!([behavior(Some("/thumbs/*"), &keys)]);
        set(
            &set(&distribution(), "/DistributionConfig/CacheBehaviors", listed),
            "/DistributionConfig/DefaultCacheBehavior/TrustedKeyGroups",
            keys,
        )
    };
    let (before, after) = (config(json!(["k1"])), config(Value::Null));
    let changes = crate::diff::diff(&after, &before, &[], &[]);
    let paths: BTreeSet<String> = changes.0.into_iter().map(|change| change.path).collect();
    let found = updated(DISTRIBUTION, &before, &after);
    let origins = found.iter().map(|one| one.origin.split_once(": ").unwrap().0.to_owned());
    assert_eq!(origins.collect::<BTreeSet<_>>(), paths);
    assert!(paths.contains("DistributionConfig.CacheBehaviors[/thumbs/*].TrustedKeyGroups"), "{paths:?}");
}

#[test]
fn another_origin_web_acl_or_bucket_is_found_both_ways() {
    let other = |member: &str, value: &str| {
        set(&distribution(), &format!("/DistributionConfig/{member}"), json!(value))
    };
    let changed = [other("Origins/0/DomainName", "p.s3.amazonaws.com"), other("WebACLId", "arn:other")];
    let found = changed.map(|changed| {
        let found = updated(DISTRIBUTION, &distribution(), &changed);
        assert_eq!(found.len(), 1);
        assert_eq!(updated(DISTRIBUTION, &changed, &distribution()).len(), 1);
        line(&found[0])
    });
    insta::assert_snapshot!(found.join("\n"), @r"
    Exposure | * | read from it through the distribution | DistributionConfig.Origins[output]: new origin
    Exposure | * | send requests that the web ACL blocked | DistributionConfig.WebACLId: arn:acl → arn:other
    ");
}

#[test]
fn paths_that_fall_to_a_looser_behavior_are_found() {
    let open_default =
        set(&distribution(), "/DistributionConfig/DefaultCacheBehavior", behavior(None, &Value::Null));
    let listed = "/DistributionConfig/CacheBehaviors";
    insta::assert_snapshot!(opened(DISTRIBUTION, &open_default, [(listed, json!([]))]), @"Exposure | * | read without a signed URL or cookie | DistributionConfig.CacheBehaviors[*.m3u8].TrustedKeyGroups: removed");
    let shadowed = json!([behavior(Some("*"), &Value::Null), behavior(Some("*.m3u8"), &json!(["k1"]))]);
    let shadowed = set(&open_default, listed, shadowed);
    insta::assert_snapshot!(lines(&updated(DISTRIBUTION, &open_default, &shadowed)), @"Exposure | * | read without a signed URL or cookie | DistributionConfig.CacheBehaviors[*.m3u8].TrustedKeyGroups: removed");
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
    let gained = [
        who(&kr, &jp),
        who(&kr, &only("whitelist", &["KR", "JP"])),
        who(&kr, &none),
        who(&kr, &only("blacklist", &["JP"])),
        who(&not_kr, &none),
        who(&not_both, &not_kr),
        who(&not_kr, &kr),
    ];
    insta::assert_snapshot!(gained.map(|who| who.join(" | ")).join("\n"), @r"
    viewers in JP
    viewers in JP
    viewers in all countries except KR
    viewers in all countries except JP, KR
    viewers in KR
    viewers in JP
    viewers in KR
    ");
    for (before, after) in [(&none, &kr), (&none, &not_kr), (&not_kr, &not_both), (&not_kr, &jp), (&kr, &kr)]
    {
        assert!(who(before, after).is_empty());
    }
}

#[test]
fn a_new_distribution_says_whom_it_serves() {
    let open = set(&distribution(), "/DistributionConfig/DefaultCacheBehavior/TrustedKeyGroups", Value::Null);
    let found = [distribution(), open].map(|config| created(DISTRIBUTION, &config));
    assert_eq!(found[0][0].resources, ["o.s3.amazonaws.com"]);
    insta::assert_snapshot!(found.map(|found| lines(&found)).join("\n"), @r"
    Exposure | holders of a signed URL or cookie | read all paths | DistributionConfig: new distribution
    Exposure | * | read * | DistributionConfig: new distribution
    ");
}

#[test]
fn keys_and_signing() {
    let group = json!({ "KeyGroupConfig": { "Name": "g", "Items": ["K1"] } });
    let group_of_two =
        opened("AWS::CloudFront::KeyGroup", &group, [("/KeyGroupConfig/Items", json!(["K1", "K2"]))]);
    assert_eq!(created("AWS::CloudFront::KeyGroup", &group).len(), 1);
    let awaited = json!({ "Fn::GetAtt": ["delivery/viewer-key", "Id"] });
    let found =
        updated("AWS::CloudFront::KeyGroup", &group, &set(&group, "/KeyGroupConfig/Items", json!([awaited])));
    insta::assert_snapshot!(format!("{group_of_two}\n{}", lines(&found)), @r"
    Exposure | holders of the private key | sign URLs and cookies | KeyGroupConfig.Items: new K2
    Exposure | holders of the private key | sign URLs and cookies | KeyGroupConfig.Items: new known after apply: Id of delivery/viewer-key
    ");

    let key = |text: &str| json!({ "PublicKeyConfig": { "Name": "k", "EncodedKey": text } });
    assert_eq!(updated("AWS::CloudFront::PublicKey", &key("a"), &key("b")).len(), 1);
    assert_eq!(updated("AWS::CloudFront::PublicKey", &key("a"), &key("a")), []);
    assert_eq!(created("AWS::CloudFront::PublicKey", &key("a")), []);

    let access = json!({ "OriginAccessControlConfig": { "Name": "a", "SigningBehavior": "always" } });
    let unsigned = [("/OriginAccessControlConfig/SigningBehavior", json!("never"))];
    insta::assert_snapshot!(opened("AWS::CloudFront::OriginAccessControl", &access, unsigned), @"Exposure | * | reach the origin with requests that CloudFront does not sign | OriginAccessControlConfig.SigningBehavior: never");
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
    let changes = [
        ("CorsConfig/AccessControlAllowOrigins", json!({ "Items": ["*"] })),
        ("CorsConfig/AccessControlAllowMethods", json!({ "Items": ["ALL"] })),
        ("CorsConfig/AccessControlAllowHeaders", json!({ "Items": ["*"] })),
        ("CorsConfig/AccessControlAllowCredentials", json!(true)),
        ("CorsConfig/AccessControlExposeHeaders", json!({ "Items": ["etag"] })),
        ("SecurityHeadersConfig/ContentTypeOptions", Value::Null),
        ("SecurityHeadersConfig/StrictTransportSecurity", Value::Null),
        ("SecurityHeadersConfig/StrictTransportSecurity/AccessControlMaxAgeSec", json!(60)),
        ("SecurityHeadersConfig/StrictTransportSecurity/IncludeSubdomains", json!(false)),
    ]
    .map(|(member, wide)| (format!("/ResponseHeadersPolicyConfig/{member}"), wide));
    insta::assert_snapshot!(opened("AWS::CloudFront::ResponseHeadersPolicy", &headers, changes), @r"
    Exposure | pages of * | read responses from scripts | ResponseHeadersPolicyConfig.CorsConfig: more access for *
    Exposure | pages of https://app.example.com | read responses from scripts | ResponseHeadersPolicyConfig.CorsConfig: more access for https://app.example.com
    Exposure | pages of https://app.example.com | read responses from scripts | ResponseHeadersPolicyConfig.CorsConfig: more access for https://app.example.com
    Exposure | pages of https://app.example.com | read responses from scripts | ResponseHeadersPolicyConfig.CorsConfig: more access for https://app.example.com
    Exposure | pages of https://app.example.com | read responses from scripts | ResponseHeadersPolicyConfig.CorsConfig: more access for https://app.example.com
    Exposure | * | attack viewers that the header protected | ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentTypeOptions: removed
    Exposure | * | attack viewers that the header protected | ResponseHeadersPolicyConfig.SecurityHeadersConfig.StrictTransportSecurity: removed
    Exposure | * | reach viewers over plain HTTP | ResponseHeadersPolicyConfig.SecurityHeadersConfig.StrictTransportSecurity: for a shorter time or fewer names
    Exposure | * | reach viewers over plain HTTP | ResponseHeadersPolicyConfig.SecurityHeadersConfig.StrictTransportSecurity: for a shorter time or fewer names
    ");
    assert_eq!(created("AWS::CloudFront::ResponseHeadersPolicy", &headers).len(), 1);
}
