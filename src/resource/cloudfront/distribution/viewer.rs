//! What viewers meet: the certificate, where they may be, and what errors do.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, filled, maybe_word, word};
use crate::model::Input;

/// How long CloudFront itself caches an error, in seconds.
const ERROR_TTL: i64 = 10;

/// A distribution's certificate: CloudFront's own, or one of ACM in us-east-1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ViewerCertificate {
    /// Whether it is CloudFront's own, for `*.cloudfront.net`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_front_default_certificate: Option<bool>,
    /// The ACM certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acm_certificate_arn: Option<Input>,
    /// The oldest TLS and the ciphers viewers may use; with CloudFront's own certificate always TLSv1.
    #[serde(with = "maybe_word", default, skip_serializing_if = "Option::is_none")]
    pub minimum_protocol_version: Option<sdk::MinimumProtocolVersion>,
    /// Which viewers HTTPS is for; only with an ACM certificate.
    #[serde(with = "maybe_word", default, skip_serializing_if = "Option::is_none")]
    pub ssl_support_method: Option<sdk::SslSupportMethod>,
}

impl ViewerCertificate {
    /// CloudFront's own, for `*.cloudfront.net`. Whatever else is asked for, AWS then sets TLSv1, so that is written.
    #[must_use]
    pub fn cloudfront() -> Self {
        Self {
            cloud_front_default_certificate: Some(true),
            acm_certificate_arn: None,
            minimum_protocol_version: Some(sdk::MinimumProtocolVersion::TlSv1),
            ssl_support_method: None,
        }
    }

    /// A certificate of ACM in us-east-1, for viewers that name the host they want, with TLS 1.2 at least.
    #[must_use]
    pub fn acm(arn: Input) -> Self {
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
            acm_certificate_arn: filled(live.acm_certificate_arn.as_deref()).map(Input::from),
            minimum_protocol_version: live.minimum_protocol_version,
            ssl_support_method: live.ssl_support_method,
        }
    }

    pub(super) fn build(&self) -> sdk::ViewerCertificate {
        sdk::ViewerCertificate::builder()
            .cloud_front_default_certificate(self.cloud_front_default_certificate.unwrap_or_default())
            .set_acm_certificate_arn(self.acm_certificate_arn.as_ref().map(Input::text))
            .set_minimum_protocol_version(self.minimum_protocol_version.clone())
            .set_ssl_support_method(self.ssl_support_method.clone())
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

/// In which countries viewers may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GeoRestriction {
    /// Those listed, or all but those listed.
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
        let locations = live.items.into_iter().flatten().collect();
        let restriction = GeoRestriction { restriction_type: live.restriction_type, locations };
        let restricts = restriction.restriction_type != sdk::GeoRestrictionType::None;
        restricts.then_some(Self { geo_restriction: restriction })
    }

    pub(super) fn build(restrictions: Option<&Self>) -> Built<sdk::Restrictions> {
        let (kind, locations) = match restrictions {
            None => (sdk::GeoRestrictionType::None, Vec::new()),
            Some(Self { geo_restriction: GeoRestriction { restriction_type, locations } }) => {
                (restriction_type.clone(), locations.iter().cloned().collect())
            }
        };
        let restriction = sdk::GeoRestriction::builder()
            .restriction_type(kind)
            .quantity(i32::try_from(locations.len()).unwrap_or(i32::MAX))
            .set_items((!locations.is_empty()).then_some(locations))
            .build()?;
        Ok(sdk::Restrictions::builder().geo_restriction(restriction).build())
    }
}

/// What a distribution does with one of the origin's errors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CustomErrorResponse {
    /// The status: 400, 403, 404, 405, 414, 416, 500, 501, 502, 503 or 504.
    pub error_code: i32,
    /// How long it is cached at least, in seconds.
    #[serde(rename = "ErrorCachingMinTTL")]
    pub error_caching_min_ttl: i64,
    /// The status that viewers get instead; only together with a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_code: Option<i32>,
    /// The path of the page that viewers get instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_page_path: Option<String>,
}

impl CustomErrorResponse {
    /// An error passed on as it is and cached for some seconds.
    #[must_use]
    pub fn caching(error_code: i32, seconds: i64) -> Self {
        Self { error_code, error_caching_min_ttl: seconds, response_code: None, response_page_path: None }
    }

    pub(super) fn read(live: sdk::CustomErrorResponse) -> Self {
        Self {
            error_code: live.error_code,
            error_caching_min_ttl: live.error_caching_min_ttl.unwrap_or(ERROR_TTL),
            response_code: live.response_code.and_then(|code| code.parse().ok()),
            response_page_path: filled(live.response_page_path.as_deref()),
        }
    }

    pub(super) fn build(&self) -> Built<sdk::CustomErrorResponse> {
        sdk::CustomErrorResponse::builder()
            .error_code(self.error_code)
            .error_caching_min_ttl(self.error_caching_min_ttl)
            // AWS wants both of these, empty where there is no page.
            .response_code(self.response_code.map(|code| code.to_string()).unwrap_or_default())
            .response_page_path(self.response_page_path.clone().unwrap_or_default())
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_cloudfront_s_own_certificate_what_aws_adds_is_no_difference() {
        let answered = sdk::ViewerCertificate::builder()
            .cloud_front_default_certificate(true)
            .ssl_support_method(sdk::SslSupportMethod::Vip)
            .minimum_protocol_version(sdk::MinimumProtocolVersion::TlSv1)
            .build();
        assert_eq!(ViewerCertificate::read(Some(answered)), ViewerCertificate::cloudfront());
        assert_eq!(ViewerCertificate::read(None), ViewerCertificate::cloudfront());
    }

    #[test]
    fn an_own_certificate_is_compared_whole() {
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
    fn an_error_without_a_page_has_no_code_of_its_own() {
        let plain = CustomErrorResponse::caching(404, 10);
        assert_eq!(CustomErrorResponse::read(plain.build().unwrap()), plain);
        let page = CustomErrorResponse {
            response_code: Some(200),
            response_page_path: Some("/sorry.html".into()),
            ..plain
        };
        assert_eq!(CustomErrorResponse::read(page.build().unwrap()), page);
    }
}
