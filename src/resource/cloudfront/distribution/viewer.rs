//! What viewers see of a distribution: its certificate, the countries it serves, and its error responses.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, empty_if_absent, filled, maybe_word, word};
use crate::aws::{Error, OrEmpty, Result};
use crate::model::StringExpr;

/// How long CloudFront caches an error by default, in seconds.
const ERROR_TTL: i64 = 10;

/// A distribution's certificate: the default one of CloudFront, or one of ACM in us-east-1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ViewerCertificate {
    /// Whether it is CloudFront's default certificate, for `*.cloudfront.net`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_front_default_certificate: Option<bool>,
    /// The ACM certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acm_certificate_arn: Option<StringExpr>,
    /// The oldest TLS and the ciphers that viewers may use. It is TLSv1 with CloudFront's default certificate.
    #[serde(with = "maybe_word", default, skip_serializing_if = "Option::is_none")]
    pub minimum_protocol_version: Option<sdk::MinimumProtocolVersion>,
    /// Which viewers can use HTTPS. Only with an ACM certificate.
    #[serde(with = "maybe_word", default, skip_serializing_if = "Option::is_none")]
    pub ssl_support_method: Option<sdk::SslSupportMethod>,
}

impl ViewerCertificate {
    /// CloudFront's default certificate, for `*.cloudfront.net`. AWS then sets TLSv1, whatever a request asks for.
    #[must_use]
    pub fn cloudfront() -> Self {
        Self {
            cloud_front_default_certificate: Some(true),
            acm_certificate_arn: None,
            minimum_protocol_version: Some(sdk::MinimumProtocolVersion::TlSv1),
            ssl_support_method: None,
        }
    }

    /// A certificate of ACM in us-east-1, for viewers that support SNI and TLS 1.2.
    #[must_use]
    pub fn acm(arn: StringExpr) -> Self {
        Self {
            cloud_front_default_certificate: None,
            acm_certificate_arn: Some(arn),
            minimum_protocol_version: Some(sdk::MinimumProtocolVersion::TlSv122021),
            ssl_support_method: Some(sdk::SslSupportMethod::SniOnly),
        }
    }

    pub(super) fn read(live: Option<sdk::ViewerCertificate>) -> Self {
        let Some(live) = live.filter(|live| live.cloud_front_default_certificate != Some(true)) else {
            return Self::cloudfront();
        };
        Self {
            cloud_front_default_certificate: None,
            acm_certificate_arn: filled(live.acm_certificate_arn.as_deref()).map(StringExpr::from),
            minimum_protocol_version: live.minimum_protocol_version,
            ssl_support_method: live.ssl_support_method,
        }
    }

    pub(super) fn build(&self) -> sdk::ViewerCertificate {
        let Self {
            cloud_front_default_certificate,
            acm_certificate_arn,
            minimum_protocol_version,
            ssl_support_method,
        } = self;
        sdk::ViewerCertificate::builder()
            .cloud_front_default_certificate(*cloud_front_default_certificate == Some(true))
            .set_acm_certificate_arn(acm_certificate_arn.as_ref().map(StringExpr::text))
            .set_minimum_protocol_version(minimum_protocol_version.clone())
            .set_ssl_support_method(ssl_support_method.clone())
            .build()
    }
}

/// Where viewers may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Restrictions {
    /// By country.
    pub geo_restriction: GeoRestriction,
}

/// The countries in which viewers may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GeoRestriction {
    /// Whether viewers may be only in these countries, or only in other ones.
    #[serde(with = "word")]
    pub restriction_type: sdk::GeoRestrictionType,
    /// ISO 3166-1 alpha-2 codes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub locations: BTreeSet<String>,
}

impl Restrictions {
    /// Viewers only in these countries, by ISO 3166-1 code.
    #[must_use]
    pub fn only(countries: impl IntoIterator<Item = String>) -> Self {
        Self {
            geo_restriction: GeoRestriction {
                restriction_type: sdk::GeoRestrictionType::Whitelist,
                locations: countries.into_iter().collect(),
            },
        }
    }

    pub(super) fn read(live: Option<sdk::Restrictions>) -> Option<Self> {
        let live = live?.geo_restriction?;
        let locations = live.items.or_empty().into_iter().collect();
        let restriction = GeoRestriction { restriction_type: live.restriction_type, locations };
        let restricts = restriction.restriction_type != sdk::GeoRestrictionType::None;
        restricts.then_some(Self { geo_restriction: restriction })
    }

    pub(super) fn build(restrictions: Option<&Self>) -> Built<sdk::Restrictions> {
        let none =
            GeoRestriction { restriction_type: sdk::GeoRestrictionType::None, locations: BTreeSet::new() };
        let geo_restriction = restrictions.map_or(&none, |Self { geo_restriction }| geo_restriction);
        let GeoRestriction { restriction_type, locations } = geo_restriction;
        let locations: Vec<String> = locations.iter().cloned().collect();
        let restriction = sdk::GeoRestriction::builder()
            .restriction_type(restriction_type.clone())
            .quantity(i32::try_from(locations.len()).unwrap_or(i32::MAX))
            .set_items((!locations.is_empty()).then_some(locations))
            .build()?;
        Ok(sdk::Restrictions::builder().geo_restriction(restriction).build())
    }
}

/// How a distribution responds to one of the origin's errors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CustomErrorResponse {
    /// The status: 400, 403, 404, 405, 414, 416, 500, 501, 502, 503 or 504.
    pub error_code: i32,
    /// How long CloudFront caches it at least, in seconds.
    #[serde(rename = "ErrorCachingMinTTL")]
    pub error_caching_min_ttl: i64,
    /// The status that viewers get instead. Only together with a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_code: Option<i32>,
    /// The path of the page that viewers get instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_page_path: Option<String>,
}

impl CustomErrorResponse {
    /// An error that viewers get unchanged, cached for these seconds.
    #[must_use]
    pub fn caching(error_code: i32, seconds: i64) -> Self {
        Self { error_code, error_caching_min_ttl: seconds, response_code: None, response_page_path: None }
    }

    /// An error response in the answer to `call`.
    pub(super) fn read(call: &'static str, live: &sdk::CustomErrorResponse) -> Result<Self> {
        let number = |code: String| {
            let says =
                |_| Error::unexpected(call, format!("the answer has the ResponseCode {code}, not a number"));
            code.parse().map_err(says)
        };
        Ok(Self {
            error_code: live.error_code,
            error_caching_min_ttl: live.error_caching_min_ttl.unwrap_or(ERROR_TTL),
            response_code: filled(live.response_code.as_deref()).map(number).transpose()?,
            response_page_path: filled(live.response_page_path.as_deref()),
        })
    }

    pub(super) fn build(&self) -> Built<sdk::CustomErrorResponse> {
        let Self { error_code, error_caching_min_ttl, response_code, response_page_path } = self;
        let response_code = response_code.map(|code| code.to_string());
        sdk::CustomErrorResponse::builder()
            .error_code(*error_code)
            .error_caching_min_ttl(*error_caching_min_ttl)
            // AWS wants both of these, and empty ones without a page.
            .response_code(empty_if_absent(response_code.as_deref()))
            .response_page_path(empty_if_absent(response_page_path.as_deref()))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_aws_adds_to_its_default_certificate_are_no_difference() {
        let answered = sdk::ViewerCertificate::builder()
            .cloud_front_default_certificate(true)
            .ssl_support_method(sdk::SslSupportMethod::Vip)
            .minimum_protocol_version(sdk::MinimumProtocolVersion::TlSv1)
            .build();
        assert_eq!(ViewerCertificate::read(Some(answered)), ViewerCertificate::cloudfront());
        assert_eq!(ViewerCertificate::read(None), ViewerCertificate::cloudfront());
    }

    #[test]
    fn an_acm_certificate_is_compared_completely() {
        let own = ViewerCertificate::acm("arn:aws:acm:us-east-1:111122223333:certificate/x".into());
        assert_eq!(ViewerCertificate::read(Some(own.build())), own);
        let mut weaker = own.build();
        weaker.minimum_protocol_version = Some(sdk::MinimumProtocolVersion::TlSv1);
        assert_ne!(ViewerCertificate::read(Some(weaker)), own);
    }

    #[test]
    fn no_restriction_is_none() {
        assert_eq!(Restrictions::read(Some(Restrictions::build(None).unwrap())), None);
        let only = Restrictions::only(["KR".to_owned(), "JP".to_owned()]);
        assert_eq!(Restrictions::read(Some(Restrictions::build(Some(&only)).unwrap())), Some(only));
    }

    #[test]
    fn an_error_without_a_page_has_no_response_code() {
        let plain = CustomErrorResponse::caching(404, 10);
        let read = |built| CustomErrorResponse::read("cloudfront:GetDistribution", &built);
        assert_eq!(read(plain.build().unwrap()).unwrap(), plain);
        let page = CustomErrorResponse {
            response_code: Some(200),
            response_page_path: Some("/sorry.html".into()),
            ..plain
        };
        assert_eq!(read(page.build().unwrap()).unwrap(), page);
        let mut odd = page.build().unwrap();
        odd.response_code = Some("OK".into());
        insta::assert_snapshot!(read(odd).unwrap_err(), @"cloudfront:GetDistribution failed: the answer has the ResponseCode OK, not a number");
    }
}
