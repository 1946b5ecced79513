//! Tests of whole templates, on stacks of a few resources.

use super::*;
use crate::model::{Kind, Outputs};

const HOME: &str = "ap-northeast-2";
const AWAY: &str = "us-east-1";

fn scope() -> Scope {
    Scope { stack: "vod".into(), account: "111122223333".into(), region: HOME.into() }
}

fn declared(address: &str, kind: &'static str, region: &str, properties: Value) -> Declaration {
    Declaration {
        address: address.into(),
        kind: Kind::new(kind),
        region: region.into(),
        properties,
        predicted: Outputs::new(),
        after: BTreeSet::new(),
        guard: Guard::None,
    }
}

fn synthesised(declarations: Vec<Declaration>) -> Result<Vec<Template>, Error> {
    synth(&scope(), &Graph::new(declarations).unwrap())
}

#[test]
fn a_template_is_the_declarations() {
    let bucket = Declaration {
        guard: Guard::Data,
        ..declared("storage/work", "AWS::S3::Bucket", HOME, json!({ "BucketName": "vod-work" }))
    };
    let name = json!({ "Fn::GetAtt": ["storage/work", "BucketName", "vod-work"] });
    let policy = declared("storage/work/policy", "AWS::S3::BucketPolicy", HOME, json!({ "Bucket": name }));
    let topic = Declaration {
        after: [Address::new("storage/work"), Address::new("storage/work/policy")].into(),
        ..declared("alerts/topic", "AWS::SNS::Topic", HOME, json!({ "DisplayName": name }))
    };
    let templates = synthesised(vec![policy, topic, bucket]).unwrap();
    let [template] = templates.as_slice() else { panic!("{templates:#?}") };
    let text = template.to_yaml().replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!(text, @"
    # vod in ap-northeast-2
    AWSTemplateFormatVersion: 2010-09-09
    Description: 'vod, declared by provision: change its stack file, not this'
    Metadata:
      provision:
        Stack: vod
        Account: '111122223333'
        Region: ap-northeast-2
        Version: VERSION
    Resources:
      AlertsTopic:
        Type: AWS::SNS::Topic
        DependsOn:
        - StorageWorkPolicy
        Metadata:
          provision:
            Address: alerts/topic
          checkov:
            skip:
            - id: CKV_AWS_26
              comment: Its messages are names and numbers of alarms, and are sent on as plain e-mail. CloudWatch cannot use the AWS-managed key of SNS. It would take a key of our own in each region that allows CloudWatch, for data that is not secret.
        Properties:
          DisplayName:
            Ref: StorageWork
      StorageWork:
        Type: AWS::S3::Bucket
        DeletionPolicy: Retain
        UpdateReplacePolicy: Retain
        Metadata:
          provision:
            Address: storage/work
          checkov:
            skip:
            - id: CKV_AWS_21
              comment: It holds files for days that can be made again from the versioned source bucket. Versioning would keep expired files.
        Properties:
          BucketName: vod-work
      StorageWorkPolicy:
        Type: AWS::S3::BucketPolicy
        DeletionPolicy: Retain
        UpdateReplacePolicy: Retain
        Metadata:
          provision:
            Address: storage/work/policy
        Properties:
          Bucket:
            Ref: StorageWork
    ");
}

/// A distribution with a certificate of another region, and an alarm there on the distribution.
fn domain() -> Vec<Declaration> {
    let arn = json!({ "Fn::GetAtt": ["delivery/certificate", "Arn"] });
    let id = json!({ "Fn::GetAtt": ["delivery/distribution", "Id"] });
    let topic =
        json!({ "Fn::GetAtt": ["alerts/topic", "Arn", "arn:aws:sns:ap-northeast-2:111122223333:vod"] });
    vec![
        declared("delivery/certificate", "AWS::CertificateManager::Certificate", AWAY, json!({})),
        declared(
            "delivery/distribution",
            "AWS::CloudFront::Distribution",
            HOME,
            json!({ "Certificate": arn }),
        ),
        declared("alerts/topic", "AWS::SNS::Topic", HOME, json!({})),
        declared("alerts/errors", "AWS::CloudWatch::Alarm", AWAY, json!({ "Id": id, "Topic": topic })),
    ]
}

#[test]
fn another_region_is_parted_into_before_and_after() {
    let templates = synthesised(domain()).unwrap();
    let names: Vec<_> =
        templates.iter().map(|template| (template.name.as_str(), template.region.as_str())).collect();
    assert_eq!(names, [("vod-us-east-1-before", AWAY), ("vod", HOME), ("vod-us-east-1-after", AWAY)]);
    let [before, home, after] = templates.as_slice() else { unreachable!() };
    assert_eq!(
        before.body["Outputs"]["DeliveryCertificateArn"]["Value"],
        json!({ "Ref": "DeliveryCertificate" })
    );
    assert_eq!(home.body["Parameters"]["DeliveryCertificateArn"]["Type"], "String");
    assert_eq!(
        home.body["Resources"]["DeliveryDistribution"]["Properties"],
        json!({ "Certificate": { "Ref": "DeliveryCertificateArn" } })
    );
    assert_eq!(
        home.body["Outputs"]["DeliveryDistributionId"]["Value"],
        json!({ "Fn::GetAtt": ["DeliveryDistribution", "Id"] })
    );
    assert_eq!(
        after.body["Resources"]["AlertsErrors"]["Properties"],
        json!({
            "Id": { "Ref": "DeliveryDistributionId" },
            "Topic": "arn:aws:sns:ap-northeast-2:111122223333:vod",
        })
    );
    assert_eq!(after.body["Outputs"], Value::Null);
}

#[test]
fn regions_that_need_each_other_in_a_circle_are_refused() {
    let mut declarations = domain();
    let arn = json!({ "Fn::GetAtt": ["alerts/errors", "Arn"] });
    declarations.push(declared(
        "alerts/dashboard",
        "AWS::CloudWatch::Dashboard",
        HOME,
        json!({ "Body": arn }),
    ));
    let circle = Error::Circle { early: "alerts/errors".into(), home: "delivery/distribution".into() };
    assert_eq!(synthesised(declarations), Err(circle));
}

#[test]
fn yaml_and_json_say_the_same() {
    for template in synthesised(domain()).unwrap() {
        let yaml: Value = serde_yaml::from_str(&template.to_yaml()).unwrap();
        assert_eq!(yaml, template.body);
        assert_eq!(serde_json::from_str::<Value>(&template.to_json()).unwrap(), template.body);
    }
}

/// CloudFormation reads YAML 1.1, in which Norway's code is a switch.
#[test]
fn a_text_that_is_a_switch_in_older_yaml_is_quoted() {
    let countries =
        declared("a/b", "AWS::Test::Thing", HOME, json!({ "Locations": ["KR", "NO"], "On": "yes" }));
    let [template] = synthesised(vec![countries]).unwrap().try_into().unwrap();
    let yaml = template.to_yaml();
    assert!(yaml.contains("- 'NO'\n") && yaml.contains("On: 'yes'\n"), "{yaml}");
    assert_eq!(serde_yaml::from_str::<Value>(&yaml).unwrap(), template.body);
}
