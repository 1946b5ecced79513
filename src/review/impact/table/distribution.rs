//! What viewers meet: the distribution.

use super::super::super::Severity::{Interruption, Notice};
use super::super::{Row, When};
use super::{CREATE, DELETE, REPLACE, UPDATE, part, whole};

const CDN: &str = "AWS::CloudFront::Distribution";
const GUIDE_UPDATE: &str = "AmazonCloudFront/latest/DeveloperGuide/HowToUpdateDistribution.html";
const GUIDE_SETTINGS: &str = "AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesGeneral.html";
const GUIDE_GEO: &str = "AmazonCloudFront/latest/DeveloperGuide/georestrictions.html";
const GUIDE_ACCESS: &str =
    "AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html";
const PROPAGATES: &str =
    "It takes minutes to reach all edges; until then they serve by the former configuration.";
const GUIDE_LOGS: &str = "AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html";
const LOGS_GO: &str = "No more records of requests are sent there; viewers notice nothing.";

/// The facts.
pub(super) const ROWS: &[Row] = &[
    part(
        CDN,
        "DistributionConfig.Enabled",
        When::Is(&["false"]),
        Interruption,
        "It answers nobody any more.",
        GUIDE_SETTINGS,
    ),
    part(
        CDN,
        "DistributionConfig.Enabled",
        When::Is(&["true"]),
        Notice,
        "It answers viewers again.",
        GUIDE_SETTINGS,
    ),
    part(
        CDN,
        "DistributionConfig.Aliases",
        When::Loses,
        Interruption,
        "Viewers who come by a name that goes get an error.",
        "AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html",
    ),
    part(
        CDN,
        "DistributionConfig.Aliases",
        When::Goes,
        Interruption,
        "Viewers who come by a name that goes get an error.",
        "AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html",
    ),
    part(
        CDN,
        "DistributionConfig.Aliases",
        When::Comes,
        Notice,
        "A new name works once its DNS record leads here too.",
        "AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html",
    ),
    part(
        CDN,
        "DistributionConfig.Aliases",
        When::Gains,
        Notice,
        "A new name works once its DNS record leads here too.",
        "AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html",
    ),
    part(
        CDN,
        "DistributionConfig.ViewerCertificate.AcmCertificateArn",
        When::Goes,
        Interruption,
        "Without its own certificate it serves only its cloudfront.net name by HTTPS.",
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
        "Players that know neither the TLS version nor the ciphers now asked for cannot connect.",
        "AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html",
    ),
    part(
        CDN,
        "DistributionConfig.ViewerCertificate.SslSupportMethod",
        When::Changes,
        Notice,
        "Players that do not name the host when they connect (no SNI) may be refused.",
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
        "Viewers in all countries are let in.",
        GUIDE_GEO,
    ),
    part(CDN, "DistributionConfig.Logging.Bucket", When::Goes, Notice, LOGS_GO, GUIDE_LOGS),
    part(
        CDN,
        "DistributionConfig.Origins[].DomainName",
        When::Changes,
        Notice,
        "Viewers get what the other origin holds, and until it expires what edges cached from the former.",
        "AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html",
    ),
    part(
        CDN,
        "DistributionConfig.Origins[].OriginPath",
        When::Changes,
        Notice,
        "Viewers get what the other folder holds, and until it expires what edges cached from the former.",
        "AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html",
    ),
    part(
        CDN,
        "DistributionConfig.Origins[].OriginAccessControlId",
        When::Goes,
        Interruption,
        "CloudFront no longer signs its requests, so a private bucket refuses what is not cached.",
        GUIDE_ACCESS,
    ),
    part(
        CDN,
        "DistributionConfig.PriceClass",
        When::Changes,
        Notice,
        "Viewers may be served from other, farther edges.",
        "AmazonCloudFront/latest/DeveloperGuide/PriceClass.html",
    ),
    part(
        CDN,
        "DistributionConfig.WebACLId",
        When::Changes,
        Notice,
        "Which requests the web application firewall refuses changes.",
        "waf/latest/developerguide/cloudfront-features.html",
    ),
    part(
        CDN,
        "DistributionConfig.HttpVersion",
        When::Changes,
        Notice,
        "Players connect by the best of the HTTP versions now offered.",
        GUIDE_SETTINGS,
    ),
    part(
        CDN,
        "DistributionConfig.IPV6Enabled",
        When::Is(&["false"]),
        Notice,
        "Viewers on IPv6 come over IPv4; those who have none cannot come.",
        GUIDE_SETTINGS,
    ),
    part(
        CDN,
        "DistributionConfig.CustomErrorResponses",
        When::Changes,
        Notice,
        "Errors are cached for another time or shown otherwise.",
        "AmazonCloudFront/latest/DeveloperGuide/GeneratingCustomErrorResponses.html",
    ),
    part(
        CDN,
        "DistributionConfig.DefaultRootObject",
        When::Changes,
        Notice,
        "Viewers of the bare name get another object.",
        "AmazonCloudFront/latest/DeveloperGuide/DefaultRootObject.html",
    ),
    whole(CDN, UPDATE, Notice, PROPAGATES, GUIDE_UPDATE),
    whole(CDN, CREATE, Notice, "It takes minutes until all edges serve it.", GUIDE_UPDATE),
    whole(
        CDN,
        DELETE,
        Interruption,
        "It must be disabled first, which takes minutes and ends delivery; its cloudfront.net name is gone for good.",
        "AmazonCloudFront/latest/DeveloperGuide/HowToDeleteDistribution.html",
    ),
    whole(
        CDN,
        REPLACE,
        Interruption,
        "Delivery ends until the new one is deployed, which takes minutes; it has another cloudfront.net name, so links to the old one fail.",
        "AmazonCloudFront/latest/DeveloperGuide/HowToDeleteDistribution.html",
    ),
];
