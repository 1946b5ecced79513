//! What several readers of one look at the account need is asked once, and what can be asked side by side is. The script
//! answers each call once: a second one fails.

use super::*;
use crate::model::Mark;
use crate::resource::Adapter;

fn adapter(kind: &'static str) -> &'static dyn Adapter {
    registry().get(&Kind::new(kind)).unwrap()
}

fn mark(address: &str) -> Mark {
    Mark { stack: "vod".into(), address: address.into() }
}

fn xml(text: &str) -> Answer {
    Answer::Ok(json!(text))
}

#[tokio::test]
async fn the_statements_of_a_function_are_read_out_of_one_policy() {
    let statement = json!({
        "Sid": "by-hand", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": "arn:f",
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    let read = ("GET /2015-03-31/functions/vod-submit/policy", Answer::Ok(json!({ "Policy": policy })));
    let (regions, stage) = stage(&[read]).await;
    let (cx, permissions) = (regions.read_pass().home(), adapter("AWS::Lambda::Permission"));
    let one = permissions.observe(&cx, "vod-submit/by-hand");
    let other = permissions.observe(&cx, "vod-submit/events");
    let beside = permissions.list_undeclared_parts(&cx, "vod-submit", &[]);
    let (one, other, beside) = tokio::try_join!(one, other, beside).unwrap();
    assert!(one.is_some() && other.is_none());
    assert_eq!(beside.into_iter().map(|part| part.name).collect::<Vec<_>>(), ["by-hand"]);
    called(&stage);
}

#[tokio::test]
async fn records_and_the_distributions_that_they_lead_to_are_found_in_one_list() {
    const RECORDS: &str = "GET /2013-04-01/hostedzone/Z1/rrset";
    let none = "<ListResourceRecordSetsResponse><ResourceRecordSets/><IsTruncated>false</IsTruncated>\
                <MaxItems>1</MaxItems></ListResourceRecordSetsResponse>";
    let list = "<DistributionList><Marker/><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated>\
                <Quantity>0</Quantity></DistributionList>";
    let distributions = ("GET /2020-05-31/distribution", xml(list));
    let (regions, stage) = stage(&[distributions, (RECORDS, xml(none)), (RECORDS, xml(none))]).await;
    let (cx, records) = (regions.read_pass().home(), adapter("AWS::Route53::RecordSet"));
    let swept = adapter("AWS::CloudFront::Distribution").list_owned(&cx);
    let (a, aaaa) = ("Z1/video.example.com/A", "Z1/video.example.com/AAAA");
    let found = tokio::try_join!(swept, records.observe(&cx, a), records.observe(&cx, aaaa));
    assert_eq!(found.unwrap(), (vec![], None, None));
    called(&stage);
}

#[tokio::test]
async fn what_cannot_be_tagged_is_found_in_one_list_of_its_kind() {
    let list = "<CachePolicyList><MaxItems>100</MaxItems><Quantity>0</Quantity></CachePolicyList>";
    let keys = "<PublicKeyList><MaxItems>100</MaxItems><Quantity>0</Quantity></PublicKeyList>";
    let lists = [("GET /2020-05-31/cache-policy", xml(list)), ("GET /2020-05-31/public-key", xml(keys))];
    let (regions, stage) = stage(&lists).await;
    let cx = regions.read_pass().home();
    for kind in ["AWS::CloudFront::CachePolicy", "AWS::CloudFront::PublicKey"] {
        let found = tokio::try_join!(adapter(kind).list_owned(&cx), adapter(kind).list_owned(&cx));
        assert_eq!(found.unwrap(), (vec![], vec![]));
    }
    called(&stage);
}

#[tokio::test]
async fn a_delivery_and_the_sweep_for_its_kind_read_one_list() {
    let (regions, stage) = stage(&[("DescribeDeliveries", Answer::Ok(json!({ "deliveries": [] })))]).await;
    let (cx, deliveries) = (regions.read_pass().home(), adapter("AWS::Logs::Delivery"));
    let declared = json!({
        "DeliverySourceName": "vod-access-logs", "RecordFields": [], "S3EnableHiveCompatiblePath": false,
        "DeliveryDestinationArn": "arn:aws:logs:us-east-1:111122223333:delivery-destination:vod-access-logs",
    });
    let of_vod = mark("delivery/logs");
    let found = tokio::try_join!(deliveries.find(&cx, &declared, &of_vod), deliveries.list_owned(&cx));
    assert_eq!(found.unwrap(), (None, vec![]));
    called(&stage);
}

const ARN: &str = "arn:aws:acm:us-east-1:111122223333:certificate/one";

/// What ACM and Route 53 answer of the stack's certificate, each call once.
fn certificate() -> Vec<Line> {
    let name = "video.example.com";
    let summary = json!({
        "CertificateArn": ARN, "DomainName": name, "Status": "ISSUED", "KeyAlgorithm": "RSA-2048",
    });
    let (proof, value) = ("_a.video.example.com", "_b.acm-validations.aws");
    let option = json!({
        "DomainName": name, "ValidationMethod": "DNS",
        "ResourceRecord": { "Name": proof, "Type": "CNAME", "Value": value },
    });
    let detail = json!({
        "CertificateArn": ARN, "DomainName": name, "Status": "ISSUED", "KeyAlgorithm": "RSA-2048",
        "DomainValidationOptions": [option],
    });
    let of_vod = mark("delivery/certificate").tags().into_iter();
    let tags = of_vod.map(|(key, value)| json!({ "Key": key, "Value": value }));
    let zone = json!({ "Key": "provision:hosted-zone", "Value": "Z1" });
    let tags: Vec<Value> = tags.chain([zone]).collect();
    let records = format!(
        "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>{proof}.</Name><Type>CNAME</Type>\
         <TTL>300</TTL><ResourceRecords><ResourceRecord><Value>{value}</Value></ResourceRecord></ResourceRecords>\
         </ResourceRecordSet></ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>1</MaxItems>\
         </ListResourceRecordSetsResponse>"
    );
    vec![
        ("ListCertificates", Answer::Ok(json!({ "CertificateSummaryList": [summary] }))),
        ("ListTagsForCertificate", Answer::Ok(json!({ "Tags": tags }))),
        ("DescribeCertificate", Answer::Ok(json!({ "Certificate": detail }))),
        ("GET /2013-04-01/hostedzone/Z1/rrset", xml(&records)),
    ]
}

#[tokio::test]
async fn a_certificate_is_described_while_its_tags_are_read_and_each_once() {
    let (regions, stage) = stage(&certificate()).await;
    let cx = regions.read_pass().home();
    let option = json!({ "DomainName": "video.example.com", "HostedZoneId": "Z1" });
    let declared = json!({
        "DomainName": "video.example.com", "ValidationMethod": "DNS", "KeyAlgorithm": "RSA_2048",
        "DomainValidationOptions": [option],
    });
    let found = adapter("AWS::CertificateManager::Certificate");
    let found = found.find(&cx, &declared, &mark("delivery/certificate")).await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), &found.properties["ValidationMethod"]), (ARN, &json!("DNS")));
    called(&stage);
    let calls = regions.connection().calls().list();
    let call = |name: &str| calls.iter().find(|call| call.operation == name).unwrap();
    let (tags, detail) = (call("ListTagsForCertificate"), call("DescribeCertificate"));
    assert!(detail.began < tags.began + tags.took && tags.began < detail.began + detail.took, "{calls:?}");
}

#[tokio::test]
async fn a_certificate_of_somebody_else_may_be_closed_to_us() {
    let denied = Answer::Error("AccessDeniedException", "not authorized to perform acm:DescribeCertificate");
    let mut script = certificate();
    script[1].1 = Answer::Ok(json!({ "Tags": [] }));
    script[2].1 = denied;
    script.pop();
    let (regions, stage) = stage(&script).await;
    let option = json!({ "DomainName": "video.example.com", "HostedZoneId": "Z1" });
    let declared = json!({
        "DomainName": "video.example.com", "KeyAlgorithm": "RSA_2048", "DomainValidationOptions": [option],
    });
    let adapter = adapter("AWS::CertificateManager::Certificate");
    let found = adapter.find(&regions.read_pass().home(), &declared, &mark("delivery/certificate")).await;
    assert_eq!(found.unwrap(), None);
    called(&stage);
}
