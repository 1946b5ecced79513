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

/// The record of the last apply is lost, and the stack file has no `domain` any more.
#[tokio::test]
async fn the_aliases_that_lead_to_the_stacks_distribution_are_found_without_a_record() {
    let target = "d111111abcdef8.cloudfront.net";
    let alias = |kind: &str, target: &str| {
        Answer::Ok(json!(format!(
            "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>video.example.com.</Name>\
             <Type>{kind}</Type><AliasTarget><HostedZoneId>Z2FDTNDATAQYW2</HostedZoneId><DNSName>{target}.</DNSName>\
             <EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget></ResourceRecordSet></ResourceRecordSets>\
             <IsTruncated>false</IsTruncated><MaxItems>1</MaxItems></ListResourceRecordSetsResponse>"
        )))
    };
    let list = format!(
        "<DistributionList><Marker/><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated><Quantity>1</Quantity>\
         <Items><DistributionSummary><Id>E1</Id><ARN>arn:aws:cloudfront::111122223333:distribution/E1</ARN>\
         <Status>Deployed</Status><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime>\
         <DomainName>{target}</DomainName><Aliases><Quantity>1</Quantity><Items><CNAME>Video.example.com</CNAME></Items>\
         </Aliases><Comment>provision:vod:delivery/distribution</Comment><Enabled>true</Enabled>\
         <Staging>false</Staging></DistributionSummary></Items></DistributionList>"
    );
    let tags = "<Tags><Items><Tag><Key>provision:stack</Key><Value>vod</Value></Tag><Tag><Key>provision:address</Key>\
                <Value>delivery/distribution</Value></Tag></Items></Tags>";
    let zones = "<ListHostedZonesByNameResponse><HostedZones><HostedZone><Id>/hostedzone/Z1</Id>\
                 <Name>example.com.</Name><CallerReference>1</CallerReference></HostedZone></HostedZones>\
                 <IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesByNameResponse>";
    let distributions = || ("GET /2020-05-31/distribution", Answer::Ok(json!(list)));
    let script = [
        distributions(),
        distributions(),
        ("GET /2020-05-31/tagging", Answer::Ok(json!(tags))),
        ("GET /2013-04-01/hostedzonesbyname", Answer::Ok(json!(zones))),
        ("GET /2013-04-01/hostedzonesbyname", Answer::Ok(json!(zones))),
        // The name of one type leads to the stack's distribution, that of the other type to somebody else's.
        distributions(),
        (RECORDS, alias("A", target)),
        distributions(),
        (RECORDS, alias("AAAA", "d222222abcdef8.cloudfront.net")),
    ];
    let (cx, stage) = play(&script).await;
    let records = registry().get(&Kind::new("AWS::Route53::RecordSet")).unwrap();
    let owned = records.list_owned(&cx).await.unwrap();
    let named: Vec<_> = owned.iter().map(|(id, mark)| (id.as_str(), mark.address.as_str())).collect();
    assert_eq!(named, [("Z1/video.example.com/A", "delivery/distribution/video.example.com/A")]);
    called(&stage);
}

/// Somebody sends half of the viewers elsewhere: the first of two weighted records leads to the stack's distribution.
#[tokio::test]
async fn records_of_a_routing_policy_are_nobodys_and_stay() {
    const TARGET: &str = "d111111abcdef8.cloudfront.net";
    let weighted = Answer::Ok(json!(format!(
        "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>video.example.com.</Name><Type>A</Type>\
         <SetIdentifier>blue</SetIdentifier><Weight>50</Weight><AliasTarget><HostedZoneId>Z2FDTNDATAQYW2</HostedZoneId>\
         <DNSName>{TARGET}.</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget></ResourceRecordSet>\
         </ResourceRecordSets><IsTruncated>true</IsTruncated><MaxItems>1</MaxItems></ListResourceRecordSetsResponse>"
    )));
    let list = format!(
        "<DistributionList><Marker/><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated><Quantity>1</Quantity>\
         <Items><DistributionSummary><Id>E1</Id><ARN>arn</ARN><Status>Deployed</Status>\
         <LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime><DomainName>{TARGET}</DomainName>\
         <Comment>provision:vod:delivery/distribution</Comment><Enabled>true</Enabled><Staging>false</Staging>\
         </DistributionSummary></Items></DistributionList>"
    );
    let script = [
        ("GET /2020-05-31/distribution", Answer::Ok(json!(list))),
        (RECORDS, weighted.clone()),
        (RECORDS, weighted),
    ];
    let (cx, stage) = play(&script).await;
    let records = registry().get(&Kind::new("AWS::Route53::RecordSet")).unwrap();
    let seen = records.observe(&cx, "Z1/video.example.com/A").await.unwrap().unwrap();
    assert_eq!((&seen.properties["SetIdentifier"], &seen.ownership), (&json!("blue"), &Ownership::Unmarked));
    let mut desired = seen.properties.clone();
    desired.as_object_mut().unwrap().remove("SetIdentifier");
    let adopted = replace(&cx, records, &seen.id, &seen.properties, &desired).await.unwrap_err();
    assert!(adopted.message.contains("have a routing policy (set blue)"), "{adopted}");
    let deleted = records.delete(&cx, &seen.id, Removal::WithContents).await.unwrap_err();
    assert!(deleted.message.contains("delete them yourself"), "{deleted}");
    called(&stage);
}

/// No step of the run takes the certificate off somebody's load balancer, so nothing is waited for.
#[tokio::test]
async fn a_certificate_that_something_else_uses_is_told_at_once() {
    let balancer = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/theirs/1";
    let detail = json!({ "CertificateArn": ARN, "DomainName": "video.example.com", "Status": "ISSUED", "InUseBy": [balancer] });
    let script = [
        ("DeleteCertificate", Answer::Error("ResourceInUseException", "The certificate is in use.")),
        ("DescribeCertificate", Answer::Ok(json!({ "Certificate": detail }))),
    ];
    let (cx, stage) = play(&script).await;
    let certificates = registry().get(&Kind::new("AWS::CertificateManager::Certificate")).unwrap();
    let held = certificates.delete(&cx, ARN, Removal::WithContents).await.unwrap_err();
    assert!(held.message.contains(&format!("take the certificate off {balancer} first")), "{held}");
    called(&stage);
}
