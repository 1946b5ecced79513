//! Configurations that CloudFront takes and refuses.

use aws_sdk_cloudfront::types::Aliases;

use super::super::super::ban::said;
use super::*;

/// A configuration with two behaviours and these further members.
fn config_with(more: &str) -> Members {
    let text = format!(
        "<DistributionConfig><CallerReference>r</CallerReference><Comment>c</Comment><Enabled>true</Enabled>\
         <Origins><Quantity>1</Quantity><Items><Origin><Id>o</Id><OriginAccessControlId>E1</OriginAccessControlId>\
         </Origin></Items></Origins>\
         <DefaultCacheBehavior><TargetOriginId>o</TargetOriginId><CachePolicyId>P1</CachePolicyId>\
         <TrustedKeyGroups><Items><KeyGroup>K1</KeyGroup></Items></TrustedKeyGroups></DefaultCacheBehavior>\
         <CacheBehaviors><Items><CacheBehavior><TargetOriginId>o</TargetOriginId><CachePolicyId>P2</CachePolicyId>\
         </CacheBehavior></Items></CacheBehaviors>{more}</DistributionConfig>"
    );
    config(&Members::read(text.as_bytes()))
}

fn aliased(name: &str) -> Members {
    config_with(&format!("<Aliases><Quantity>1</Quantity><Items><CNAME>{name}</CNAME></Items></Aliases>"))
}

fn distribution(id: &str, alias: &str) -> DistributionSummary {
    let aliases = Aliases::builder().quantity(1).items(alias).build().unwrap();
    let empty = DistributionSummary::builder().id(id).arn("a").status("Deployed").domain_name("d");
    let empty = empty.last_modified_time(aws_smithy_types::DateTime::from_secs(0)).comment("c").enabled(true);
    build(empty.aliases(aliases))
}

/// Fills in what a summary must have and no rule reads.
fn build(builder: aws_sdk_cloudfront::types::builders::DistributionSummaryBuilder) -> DistributionSummary {
    use aws_sdk_cloudfront::types as of;
    let origin = of::Origin::builder().id("o").domain_name("d").build().unwrap();
    let behaviour = of::DefaultCacheBehavior::builder().target_origin_id("o");
    let behaviour = behaviour.viewer_protocol_policy(of::ViewerProtocolPolicy::HttpsOnly).build().unwrap();
    let geo = of::GeoRestriction::builder().restriction_type(of::GeoRestrictionType::None).quantity(0);
    let restrictions = of::Restrictions::builder().geo_restriction(geo.build().unwrap()).build();
    builder
        .origins(of::Origins::builder().quantity(1).items(origin).build().unwrap())
        .default_cache_behavior(behaviour)
        .cache_behaviors(of::CacheBehaviors::builder().quantity(0).build().unwrap())
        .custom_error_responses(of::CustomErrorResponses::builder().quantity(0).build().unwrap())
        .price_class(of::PriceClass::PriceClass100)
        .viewer_certificate(of::ViewerCertificate::builder().build())
        .restrictions(restrictions)
        .web_acl_id("")
        .http_version(of::HttpVersion::Http2)
        .is_ipv6_enabled(true)
        .staging(false)
        .build()
        .unwrap()
}

#[test]
fn the_resources_of_all_behaviours_are_found() {
    let config = config_with("");
    let found = |member| parts(&config, member).into_iter().collect::<Vec<_>>();
    assert_eq!(found("CachePolicyId"), ["P1", "P2"]);
    assert_eq!((found("OriginAccessControlId"), found("KeyGroup")), (vec!["E1".into()], vec!["K1".into()]));
    assert_eq!(found("ResponseHeadersPolicyId"), Vec::<String>::new());
}

#[test]
fn a_behaviour_leads_to_an_origin_that_is_there() {
    assert_eq!(origins(&config_with("")), Ok(()));
    let other = config_with(
        "<CacheBehaviors><Items><CacheBehavior><TargetOriginId>x</TargetOriginId></CacheBehavior></Items></CacheBehaviors>",
    );
    insta::assert_snapshot!(said(origins(&other)), @"a behaviour with an unknown origin: NoSuchOrigin: One or more of your origins or origin groups do not exist.");
}

#[test]
fn an_alias_needs_a_certificate_that_covers_it() {
    let covers = |config: &Members, name: &str| covered(config, Some(&[name.to_owned()]));
    let certified = |alias: &str| {
        config_with(&format!(
            "<Aliases><Items><CNAME>{alias}</CNAME></Items></Aliases>\
             <ViewerCertificate><ACMCertificateArn>arn</ACMCertificateArn></ViewerCertificate>"
        ))
    };
    let ban = |verdict| said(verdict).split(": ").next().unwrap().to_owned();
    assert_eq!(covered(&config_with(""), None), Ok(()));
    assert_eq!(covers(&certified("a.example.com"), "a.example.com"), Ok(()));
    assert_eq!(covers(&certified("A.example.com"), "*.example.com"), Ok(()));
    assert_eq!(ban(covered(&aliased("a.example.com"), None)), "an alias without a certificate");
    let uncovered = "an alias that the certificate does not cover";
    assert_eq!(ban(covers(&certified("example.com"), "*.example.com")), uncovered);
    assert_eq!(ban(covers(&certified("a.b.example.com"), "*.example.com")), uncovered);
    let unknown = "a certificate that is unknown, not issued, or not in us-east-1";
    assert_eq!(ban(covered(&certified("a.example.com"), None)), unknown);
}

#[test]
fn an_alias_belongs_to_one_distribution() {
    let others = [distribution("D1", "a.example.com")];
    assert_eq!(taken(&aliased("b.example.com"), "", &others), Ok(()));
    assert_eq!(taken(&aliased("a.example.com"), "D1", &others), Ok(()));
    insta::assert_snapshot!(said(taken(&aliased("A.example.com"), "D2", &others)), @"an alias of another distribution: CNAMEAlreadyExists: One or more of the CNAMEs you provided are already associated with a different resource.");
}

#[test]
fn a_move_names_the_domain_and_its_target() {
    let members = Members::read(
        b"<UpdateDomainAssociationRequest><Domain>a.example.com</Domain><TargetResource><DistributionId>E1\
          </DistributionId></TargetResource></UpdateDomainAssociationRequest>",
    );
    assert_eq!(moving(&members), ("a.example.com".to_owned(), "E1".to_owned()));
}

#[test]
fn another_configuration_under_a_used_reference_is_seen() {
    let existing = distribution("D1", "a.example.com");
    assert!(!differs(&existing, &aliased("a.example.com")));
    assert!(differs(&existing, &aliased("b.example.com")));
}

#[test]
fn a_root_object_has_no_slash_and_a_comment_is_short() {
    assert_eq!(plain(&config_with("<DefaultRootObject>index.html</DefaultRootObject>")), Ok(()));
    assert!(
        said(plain(&config_with("<DefaultRootObject>/a</DefaultRootObject>")))
            .contains("InvalidDefaultRootObject")
    );
    let long = Members::read(format!("<C><Comment>{}</Comment></C>", "c".repeat(129)).as_bytes());
    assert!(said(plain(&long.each("C")[0])).starts_with("a comment of more than 128 characters"));
}
