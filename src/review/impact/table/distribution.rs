//! The distribution that viewers use.

use super::super::super::Severity::{Interruption, Notice};
use super::super::{Row, When};
use super::{CREATE, DELETE, REPLACE, UPDATE, part, whole};

const CDN: &str = "AWS::CloudFront::Distribution";
const GUIDE_UPDATE: &str = "AmazonCloudFront/latest/DeveloperGuide/HowToUpdateDistribution.html";
const GUIDE_SETTINGS: &str = "AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesGeneral.html";
const GUIDE_MTLS: &str = "AmazonCloudFront/latest/DeveloperGuide/mtls-authentication.html";
const GUIDE_GEO: &str = "AmazonCloudFront/latest/DeveloperGuide/georestrictions.html";
const GUIDE_ACCESS: &str =
    "AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html";
const PROPAGATES: &str =
    "The change takes minutes to reach all edge locations. Until then, they use the former configuration.";
const GUIDE_LOGS: &str = "AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html";
const LOGS_GO: &str = "Requests are no longer logged there. Viewers notice nothing.";

/// The facts.
pub(super) const ROWS: &[Row] = &[
    part(
        CDN,
        "DistributionConfig.Enabled",
        When::Is(&["false"]),
        Interruption,
        "It no longer answers any request.",
        GUIDE_SETTINGS,
    ),
    part(
        CDN,
        "DistributionConfig.Enabled",
        When::Is(&["true"]),
        Notice,
        "It answers requests again.",
        GUIDE_SETTINGS,
    ),
    part(
        CDN,
        "DistributionConfig.Aliases",
        When::Loses,
        Interruption,
        "Viewers using a removed domain name get an error.",
        "AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html",
    ),
    part(
        CDN,
        "DistributionConfig.Aliases",
        When::Goes,
        Interruption,
        "Viewers using a removed domain name get an error.",
        "AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html",
    ),
    part(
        CDN,
        "DistributionConfig.Aliases",
        When::Comes,
        Notice,
        "A new domain name works once its DNS record points here.",
        "AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html",
    ),
    part(
        CDN,
        "DistributionConfig.Aliases",
        When::Gains,
        Notice,
        "A new domain name works once its DNS record points here.",
        "AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html",
    ),
    part(
        CDN,
        "DistributionConfig.ViewerCertificate.AcmCertificateArn",
        When::Goes,
        Interruption,
        "Without its own certificate, it serves HTTPS only on its cloudfront.net name.",
        "AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html",
    ),
    part(
        CDN,
        "DistributionConfig.ViewerCertificate.AcmCertificateArn",
        When::Turns(&[]),
        Notice,
        "New connections get the other certificate.",
        "AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html",
    ),
    part(
        CDN,
        "DistributionConfig.ViewerCertificate.MinimumProtocolVersion",
        When::Changes,
        Notice,
        "Players that do not support the required TLS version or ciphers cannot connect.",
        "AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html",
    ),
    part(
        CDN,
        "DistributionConfig.ViewerCertificate.SslSupportMethod",
        When::Changes,
        Notice,
        "Players that do not support SNI may be refused.",
        "AmazonCloudFront/latest/DeveloperGuide/cnames-https-dedicated-ip-or-sni.html",
    ),
    part(
        CDN,
        "DistributionConfig.Restrictions.GeoRestriction.Locations",
        When::Moves,
        Interruption,
        "Viewers in countries that are no longer allowed get 403.",
        GUIDE_GEO,
    ),
    part(
        CDN,
        "DistributionConfig.Restrictions.GeoRestriction.RestrictionType",
        When::Is(&["whitelist", "blacklist"]),
        Interruption,
        "Viewers in countries that are not allowed get 403.",
        GUIDE_GEO,
    ),
    part(
        CDN,
        "DistributionConfig.Restrictions",
        When::Goes,
        Notice,
        "Viewers in all countries have access.",
        GUIDE_GEO,
    ),
    part(CDN, "DistributionConfig.Logging.Bucket", When::Goes, Notice, LOGS_GO, GUIDE_LOGS),
    part(
        CDN,
        "DistributionConfig.Origins[].DomainName",
        When::Changes,
        Notice,
        "Viewers get the objects of the other origin. Edge locations serve cached objects of the former one until they expire.",
        "AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html",
    ),
    part(
        CDN,
        "DistributionConfig.Origins[].OriginPath",
        When::Changes,
        Notice,
        "Viewers get the objects of the other folder. Edge locations serve cached objects of the former one until they expire.",
        "AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html",
    ),
    part(
        CDN,
        "DistributionConfig.Origins[].OriginAccessControlId",
        When::Goes,
        Interruption,
        "CloudFront no longer signs its requests, so a private bucket refuses them. Only cached objects are served.",
        GUIDE_ACCESS,
    ),
    part(
        CDN,
        "DistributionConfig.PriceClass",
        When::Changes,
        Notice,
        "Other edge locations, possibly farther away, may serve viewers.",
        "AmazonCloudFront/latest/DeveloperGuide/PriceClass.html",
    ),
    part(
        CDN,
        "DistributionConfig.WebACLId",
        When::Changes,
        Notice,
        "The web application firewall blocks other requests.",
        "waf/latest/developerguide/cloudfront-features.html",
    ),
    part(
        CDN,
        "DistributionConfig.ViewerMtlsConfig",
        When::Comes,
        Interruption,
        "Viewers who show no certificate of these authorities may be refused.",
        GUIDE_MTLS,
    ),
    part(
        CDN,
        "DistributionConfig.ViewerMtlsConfig",
        When::Goes,
        Notice,
        "Viewers need no certificate any more.",
        GUIDE_MTLS,
    ),
    part(
        CDN,
        "DistributionConfig.ConnectionFunctionAssociation",
        When::Changes,
        Notice,
        "Another function, or none, decides which connections are accepted.",
        GUIDE_MTLS,
    ),
    part(
        CDN,
        "DistributionConfig.HttpVersion",
        When::Changes,
        Notice,
        "Players connect with the best HTTP version on offer.",
        GUIDE_SETTINGS,
    ),
    part(
        CDN,
        "DistributionConfig.IPV6Enabled",
        When::Is(&["false"]),
        Notice,
        "Viewers connect over IPv4. Viewers with IPv6 only cannot connect.",
        GUIDE_SETTINGS,
    ),
    part(
        CDN,
        "DistributionConfig.CustomErrorResponses",
        When::Changes,
        Notice,
        "Errors are cached for another time, or viewers see other error pages.",
        "AmazonCloudFront/latest/DeveloperGuide/GeneratingCustomErrorResponses.html",
    ),
    part(
        CDN,
        "DistributionConfig.DefaultRootObject",
        When::Changes,
        Notice,
        "Viewers who request no path get another object.",
        "AmazonCloudFront/latest/DeveloperGuide/DefaultRootObject.html",
    ),
    whole(CDN, UPDATE, Notice, PROPAGATES, GUIDE_UPDATE),
    whole(CDN, CREATE, Notice, "It takes minutes until all edge locations serve it.", GUIDE_UPDATE),
    whole(
        CDN,
        DELETE,
        Interruption,
        "It is disabled first, which takes minutes and stops delivery. Its cloudfront.net name is permanently lost.",
        "AmazonCloudFront/latest/DeveloperGuide/HowToDeleteDistribution.html",
    ),
    whole(
        CDN,
        REPLACE,
        Interruption,
        "Delivery stops until the new one is deployed, which takes minutes. Its cloudfront.net name changes, so existing links fail.",
        "AmazonCloudFront/latest/DeveloperGuide/HowToDeleteDistribution.html",
    ),
];
