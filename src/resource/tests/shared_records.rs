//! Records of a zone that others made, or need too.

use super::*;

const ARN: &str = "arn:aws:acm:us-east-1:111122223333:certificate/one";

/// ACM validates a name by the same record in every region, and its wildcard too. The account has no other certificate in
/// us-east-1.
#[tokio::test]
async fn a_certificate_goes_and_the_record_that_others_renew_by_stays() {
    let (name, value) = ("_a.video.example.com", "_b.acm-validations.aws");
    let option = json!({
        "DomainName": "video.example.com", "ResourceRecord": { "Name": name, "Type": "CNAME", "Value": value },
    });
    let detail = json!({
        "CertificateArn": ARN, "DomainName": "video.example.com", "Status": "ISSUED",
        "DomainValidationOptions": [option],
    });
    let tags = json!([{ "Key": "provision:hosted-zone", "Value": "Z1" }]);
    let records = format!(
        "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>{name}.</Name><Type>CNAME</Type>\
         <TTL>300</TTL><ResourceRecords><ResourceRecord><Value>{value}</Value></ResourceRecord></ResourceRecords>\
         </ResourceRecordSet></ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>1</MaxItems>\
         </ListResourceRecordSetsResponse>"
    );
    let (cx, stage) = play(&[
        ("DescribeCertificate", Answer::Ok(json!({ "Certificate": detail }))),
        ("ListTagsForCertificate", Answer::Ok(json!({ "Tags": tags }))),
        ("DeleteCertificate", ok()),
        ("ListCertificates", Answer::Ok(json!({ "CertificateSummaryList": [] }))),
        ("GET /2013-04-01/hostedzone/Z1/rrset", Answer::Ok(json!(records))),
    ])
    .await;
    let certificates = registry().get(&Kind::new("AWS::CertificateManager::Certificate")).unwrap();
    let deleted = certificates.delete(&cx, ARN, Removal::WithContents).await;
    let called = stage.lock().unwrap().called.clone();
    assert!(called.contains(&"DeleteCertificate".to_owned()), "{called:?}");
    assert!(!called.iter().any(|call| call.starts_with("POST /2013-04-01/hostedzone")), "{called:?}");
    deleted.unwrap();
}

const RECORDS: &str = "GET /2013-04-01/hostedzone/Z1/rrset";

/// The name leads to another CDN.
fn cname() -> Answer {
    Answer::Ok(json!(
        "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>video.example.com.</Name>\
         <Type>CNAME</Type><TTL>300</TTL><ResourceRecords><ResourceRecord><Value>old-cdn.example.net</Value>\
         </ResourceRecord></ResourceRecords></ResourceRecordSet></ResourceRecordSets><IsTruncated>false</IsTruncated>\
         <MaxItems>1</MaxItems></ListResourceRecordSetsResponse>"
    ))
}

fn none() -> Answer {
    Answer::Ok(json!(
        "<ListResourceRecordSetsResponse><ResourceRecordSets/><IsTruncated>false</IsTruncated><MaxItems>1</MaxItems>\
         </ListResourceRecordSetsResponse>"
    ))
}

/// A CNAME excludes every other record of its name. Route 53 would refuse the alias after everything else was made.
#[tokio::test]
async fn a_cname_of_the_name_is_seen_in_place_of_its_addresses() {
    let list = "<DistributionList><Marker/><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated>\
                <Quantity>0</Quantity></DistributionList>";
    let distributions = ("GET /2020-05-31/distribution", Answer::Ok(json!(list)));
    let (cx, stage) = play(&[distributions, (RECORDS, cname())]).await;
    let records = registry().get(&Kind::new("AWS::Route53::RecordSet")).unwrap();
    let seen = records.observe(&cx, "Z1/video.example.com/A").await.unwrap().unwrap();
    assert_eq!((&seen.properties["Type"], seen.ownership), (&json!("CNAME"), Ownership::Unmarked));
    called(&stage);
}

#[tokio::test]
async fn an_adopted_cname_goes_in_the_moment_in_which_the_addresses_come() {
    const CHANGE: &str = "POST /2013-04-01/hostedzone/Z1/rrset";
    let info = "<ChangeInfo><Id>/change/C1</Id><Status>INSYNC</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt>\
                </ChangeInfo>";
    let made = Answer::Ok(json!(format!(
        "<ChangeResourceRecordSetsResponse>{info}</ChangeResourceRecordSetsResponse>"
    )));
    let known = Answer::Ok(json!(format!("<GetChangeResponse>{info}</GetChangeResponse>")));
    let look = ("GET /2013-04-01/change/C1", known);
    let script = [
        (RECORDS, cname()),
        (CHANGE, made.clone()),
        look.clone(),
        // The other type's step finds that the CNAME is gone.
        (RECORDS, none()),
        (CHANGE, made),
        look,
    ];
    let (cx, stage) = play(&script).await;
    let records = registry().get(&Kind::new("AWS::Route53::RecordSet")).unwrap();
    let seen = json!({
        "HostedZoneId": "Z1", "Name": "video.example.com", "Type": "CNAME", "TTL": "300",
        "ResourceRecords": ["old-cdn.example.net"],
    });
    for kind in ["A", "AAAA"] {
        let target = json!({
            "DNSName": "d111111abcdef8.cloudfront.net", "HostedZoneId": "Z2FDTNDATAQYW2", "EvaluateTargetHealth": false,
        });
        let desired =
            json!({ "HostedZoneId": "Z1", "Name": "video.example.com", "Type": kind, "AliasTarget": target });
        let id = format!("Z1/video.example.com/{kind}");
        replace(&cx, records, &id, &seen, &desired).await.unwrap();
    }
    called(&stage);
    let bodies = stage.lock().unwrap().bodies.clone();
    let changes: Vec<_> = bodies.iter().filter(|body| body.contains("<Action>")).collect();
    let delete = changes[0].find("<Action>DELETE</Action>").unwrap();
    assert!(delete < changes[0].find("<Action>CREATE</Action>").unwrap(), "{changes:?}");
    assert!(changes[1].contains("<Action>UPSERT</Action>") && changes.len() == 2, "{changes:?}");
}
