//! Which zones and aliases let a stack have its name, and what is declared for it.

use std::collections::BTreeMap;

use super::*;
use crate::model::{Declaration, Mark, refs};
use crate::stack::{delivery, domain};

const FILE: &str = "stack: vod\naccount: '111122223333'\nregion: ap-northeast-2\n\
                    domain: { name: video.staging.example.com, zone: staging.example.com }\n";

fn file() -> StackFile {
    config::parse("test.yaml", FILE).unwrap()
}

fn scope() -> Scope {
    Scope { stack: "vod".into(), account: "111122223333".into(), region: "ap-northeast-2".into() }
}

fn hosted(id: &str, name: &str) -> HostedZone {
    HostedZone { id: id.into(), name: name.into(), private: false }
}

fn judged(facts: &DomainFacts) -> Result<String, Unusable> {
    zone(&file().domain.unwrap(), &scope(), facts, None).map(|zone| zone.unwrap().id)
}

fn told(facts: &DomainFacts) -> String {
    let unusable = judged(facts).unwrap_err();
    format!("{unusable}\nhelp: {}", unusable.help().unwrap())
}

#[test]
fn the_public_zone_of_that_name_is_taken() {
    let private = HostedZone { private: true, ..hosted("Z3", "video.staging.example.com") };
    let zones = vec![hosted("Z1", "example.com"), hosted("Z2", "staging.example.com"), private];
    assert_eq!(judged(&DomainFacts { zones, holder: None }), Ok("Z2".into()));
}

#[test]
fn a_missing_zone_is_told_with_what_to_do() {
    insta::assert_snapshot!(told(&DomainFacts { zones: vec![hosted("Z1", "example.com")], holder: None }), @r"
    account 111122223333 has no public hosted zone staging.example.com for video.staging.example.com
    help: create it (`aws route53 create-hosted-zone --name staging.example.com --caller-reference 1`) and delegate the name to it; if another account holds staging.example.com, set `domain.zone_role` to a role there; if it is not in Route 53, remove `domain.zone`, set `domain.certificate`, and `provision outputs` prints the records to set
    ");
    let private = HostedZone { private: true, ..hosted("Z2", "staging.example.com") };
    assert!(told(&DomainFacts { zones: vec![private], holder: None }).contains(", only a private one"));
    let local =
        zone(&file().domain.unwrap(), &scope(), &DomainFacts::default(), Some("http://127.0.0.1:4566"));
    insta::assert_snapshot!(local.unwrap_err().help().unwrap().to_string(), @r#"create it: eval "$(provision local env)"; aws route53 create-hosted-zone --name staging.example.com --caller-reference 1"#);
}

#[test]
fn a_longer_zone_shadows_the_declared_one() {
    let zones = vec![hosted("Z2", "staging.example.com"), hosted("Z3", "video.staging.example.com")];
    insta::assert_snapshot!(told(&DomainFacts { zones, holder: None }), @r"
    video.staging.example.com is not in the hosted zone staging.example.com: video.staging.example.com is a public zone of its own in this account
    help: write `zone: video.staging.example.com` under `domain`, or delete that zone if nothing is delegated to it
    ");
}

#[test]
fn two_public_zones_of_one_name_are_ambiguous() {
    let zones = vec![hosted("Z2", "staging.example.com"), hosted("Z3", "staging.example.com")];
    insta::assert_snapshot!(told(&DomainFacts { zones, holder: None }), @r"
    account 111122223333 has 2 public hosted zones staging.example.com (Z2, Z3), and only one can be delegated to
    help: keep the one that staging.example.com is delegated to (compare name servers with `dig NS staging.example.com`), and delete the others
    ");
}

#[test]
fn an_alias_of_another_distribution_is_refused_and_the_own_one_is_not() {
    let facts = |ownership| DomainFacts {
        zones: vec![hosted("Z2", "staging.example.com")],
        holder: Some(Holder { id: "E1".into(), ownership, elsewhere: false }),
    };
    let of = |stack: &str| {
        Ownership::Marked(Mark { stack: stack.into(), address: "delivery/distribution".into() })
    };
    assert_eq!(judged(&facts(of("vod"))), Ok("Z2".into()));
    insta::assert_snapshot!(told(&facts(of("other"))), @r#"
    video.staging.example.com is an alias of distribution E1, which belongs to stack other
    help: give this stack another `domain.name`, or move the name here without a gap: `provision apply STACK --move-name`; with `plan --move-name`, see before what that does
    "#);
    assert!(told(&facts(Ownership::Unmarked)).contains("which was not made by this stack"));
}

fn issued(status: &str, not_after: i64, names: &[&str]) -> Issued {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Issued { status: status.into(), not_after: Some(not_after), names }
}

#[test]
fn a_certificate_that_is_brought_must_be_valid_for_the_name() {
    const NOW: i64 = 1_800_000_000;
    let judged = |found: Option<&Issued>| {
        let arn = "arn:aws:acm:us-east-1:111122223333:certificate/1";
        certified("video.staging.example.com", arn, found, NOW)
    };
    for names in [["*.staging.example.com"], ["video.staging.example.com"]] {
        assert_eq!(judged(Some(&issued("ISSUED", NOW + 1, &names))), Ok(()));
    }
    let told = [
        judged(None),
        judged(Some(&issued("EXPIRED", NOW - 3 * 86_400, &["video.staging.example.com"]))),
        judged(Some(&issued("PENDING_VALIDATION", NOW + 1, &["video.staging.example.com"]))),
        judged(Some(&issued("ISSUED", NOW + 1, &["example.com", "*.example.com"]))),
    ];
    let told = told.map(|judged| {
        let unusable = judged.unwrap_err();
        format!("{}: {unusable}\nhelp: {}", unusable.place().0, unusable.help().unwrap())
    });
    insta::assert_snapshot!(told.join("\n"), @r"
    certificate: there is no certificate arn:aws:acm:us-east-1:111122223333:certificate/1
    help: list them with `aws acm list-certificates --region us-east-1`, or remove `domain.certificate`: then one is created and renewed
    certificate: the certificate of video.staging.example.com expired 3 days ago
    help: use one that ACM has issued and that has not expired, or remove `domain.certificate`: then one is created and renewed
    certificate: the certificate of video.staging.example.com is not issued: ACM says PENDING_VALIDATION
    help: use one that ACM has issued and that has not expired, or remove `domain.certificate`: then one is created and renewed
    certificate: the certificate does not cover video.staging.example.com, only example.com, *.example.com
    help: use one for video.staging.example.com, or remove `domain.certificate`: then one is created and renewed
    ");
}

#[test]
fn a_certificate_that_is_brought_is_used_and_none_is_made() {
    let arn = "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef";
    let mut file = file();
    file.domain.as_mut().unwrap().certificate = Some(arn.to_owned());
    let mut stack = Declarations::new(scope(), BTreeMap::new());
    let own = domain::declare(&mut stack, &file, Some(&Zone { id: "Z2".into() })).unwrap();
    assert_eq!(own.certificate, StringExpr::from(arn));
    assert!(stack.finish().is_empty());
}

fn declared(zone: Option<&Zone>) -> BTreeMap<String, Declaration> {
    declared_by(&file(), zone)
}

fn declared_by(file: &StackFile, zone: Option<&Zone>) -> BTreeMap<String, Declaration> {
    let mut stack = Declarations::new(scope(), BTreeMap::new());
    let own = domain::declare(&mut stack, file, zone);
    let bucket = "vod-output.s3.ap-northeast-2.amazonaws.com".into();
    let delivery = delivery::declare(&mut stack, file, bucket, own.as_ref());
    if let Some(own) = &own {
        domain::aliases(&mut stack, own, &delivery.distribution);
    }
    stack.finish().into_iter().map(|one| (one.address.to_string(), one)).collect()
}

#[test]
fn the_certificate_is_where_cloudfront_takes_it_from() {
    let declared = declared(Some(&Zone { id: "Z2".into() }));
    let certificate = &declared[CERTIFICATE];
    assert_eq!(certificate.region, "us-east-1");
    let mut properties = certificate.properties.clone();
    properties["Tags"].take();
    insta::assert_json_snapshot!(properties, @r#"
    {
      "DomainName": "video.staging.example.com",
      "ValidationMethod": "DNS",
      "DomainValidationOptions": [
        {
          "DomainName": "video.staging.example.com",
          "HostedZoneId": "Z2"
        }
      ],
      "KeyAlgorithm": "RSA_2048",
      "Tags": null
    }
    "#);
}

#[test]
fn the_distribution_comes_after_its_certificate_and_the_records_after_both() {
    let declared = declared(Some(&Zone { id: "Z2".into() }));
    let needs = |address: &str| -> Vec<String> {
        refs(&declared[address].properties).iter().map(|one| one.address.to_string()).collect()
    };
    assert!(needs("delivery/distribution").contains(&CERTIFICATE.to_owned()));
    let config = &declared["delivery/distribution"].properties["DistributionConfig"];
    assert_eq!(config["Aliases"], serde_json::json!(["video.staging.example.com"]));
    assert_eq!(config["ViewerCertificate"]["MinimumProtocolVersion"], "TLSv1.2_2021");
    for (address, kind) in ALIASES {
        assert_eq!(needs(address), ["delivery/distribution"]);
        assert_eq!(declared[address].properties["Type"], kind);
        assert_eq!(declared[address].properties["AliasTarget"]["HostedZoneId"], "Z2FDTNDATAQYW2");
    }
}

/// AWS moves a name only to a distribution that has a certificate for it and does not have the name yet.
#[test]
fn a_name_that_is_to_be_moved_here_has_its_certificate_first() {
    let mut file = file();
    file.domain.as_mut().unwrap().alias = false;
    let zone = Zone { id: "Z2".into() };
    let declared = declared_by(&file, Some(&zone));
    assert!(declared.contains_key(CERTIFICATE) && !declared.contains_key("delivery/alias-a"));
    let config = &declared["delivery/distribution"].properties["DistributionConfig"];
    assert_eq!(config.get("Aliases"), None);
    assert!(config["ViewerCertificate"].get("AcmCertificateArn").is_some(), "{config}");
    let holder = Some(Holder { id: "EOLD".into(), ownership: Ownership::Unmarked, elsewhere: false });
    let facts = DomainFacts { zones: vec![hosted("Z2", "staging.example.com")], holder };
    assert_eq!(super::zone(&file.domain.unwrap(), &scope(), &facts, None), Ok(Some(zone)));
}

#[test]
fn without_a_zone_nothing_of_the_name_is_declared() {
    let declared = declared(None);
    assert!(!declared.contains_key(CERTIFICATE) && !declared.contains_key("delivery/alias-a"));
    let config = &declared["delivery/distribution"].properties["DistributionConfig"];
    assert_eq!(config.get("Aliases"), None);
}

#[test]
fn a_name_that_is_kept_elsewhere_has_a_certificate_and_no_records() {
    let arn = "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef";
    let text = FILE.replace("zone: staging.example.com", &format!("certificate: '{arn}'"));
    let file = config::parse("test.yaml", &text).unwrap();
    let declared = declared_by(&file, None);
    assert!(!declared.keys().any(|address| address.starts_with("delivery/alias")), "{declared:?}");
    let config = &declared["delivery/distribution"].properties["DistributionConfig"];
    assert_eq!(config["Aliases"], serde_json::json!(["video.staging.example.com"]));
    assert_eq!(config["ViewerCertificate"]["AcmCertificateArn"], arn);
    let domain = file.domain.unwrap();
    assert_eq!(super::zone(&domain, &scope(), &DomainFacts::default(), None), Ok(None));
    let holder = Some(Holder { id: "EOLD".into(), ownership: Ownership::Unmarked, elsewhere: false });
    let held = super::zone(&domain, &scope(), &DomainFacts { zones: Vec::new(), holder }, None);
    assert!(matches!(held, Err(Unusable::Held { .. })), "{held:?}");
}

#[test]
fn a_zone_is_looked_for_in_the_account_of_its_role() {
    let role = "zone: staging.example.com, zone_role: 'arn:aws:iam::444455556666:role/dns'";
    let file = config::parse("test.yaml", &FILE.replace("zone: staging.example.com", role)).unwrap();
    let missing = super::zone(&file.domain.unwrap(), &scope(), &DomainFacts::default(), None).unwrap_err();
    assert!(missing.to_string().starts_with("account 444455556666 has no public hosted zone"), "{missing}");
}
