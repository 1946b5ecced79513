//! Who may connect to a distribution: certificates of viewers (mutual TLS), and a function that judges each connection.
//!
//! A stack uses neither. Somebody who turns one on by hand locks viewers out, so both are read, and an update turns them
//! off.

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, word};

/// Mutual TLS: whether viewers must show a certificate, and of which authorities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ViewerMtlsConfig {
    /// `required`, `optional`, or `passthrough`, in which CloudFront does not check the certificate.
    #[serde(with = "word")]
    pub mode: sdk::ViewerMtlsMode,
    /// The authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_store_config: Option<TrustStoreConfig>,
}

/// The authorities whose certificates viewers may show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TrustStoreConfig {
    /// The trust store that holds them, by id.
    pub trust_store_id: String,
    /// Whether viewers are told the names of the authorities.
    #[serde(default)]
    pub advertise_trust_store_ca_names: bool,
    /// Whether a certificate that has expired is accepted.
    #[serde(default)]
    pub ignore_certificate_expiry: bool,
}

/// The function that judges each connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ConnectionFunctionAssociation {
    /// Its id.
    pub id: String,
}

impl ViewerMtlsConfig {
    pub(super) fn read(live: sdk::ViewerMtlsConfig) -> Self {
        Self { mode: live.mode, trust_store_config: live.trust_store_config.map(TrustStoreConfig::read) }
    }

    pub(super) fn build(&self) -> Built<sdk::ViewerMtlsConfig> {
        let Self { mode, trust_store_config } = self;
        let store = trust_store_config.as_ref().map(TrustStoreConfig::build).transpose()?;
        Ok(sdk::ViewerMtlsConfig::builder().mode(mode.clone()).set_trust_store_config(store).build())
    }
}

impl TrustStoreConfig {
    fn read(live: sdk::TrustStoreConfig) -> Self {
        Self {
            trust_store_id: live.trust_store_id,
            advertise_trust_store_ca_names: live.advertise_trust_store_ca_names == Some(true),
            ignore_certificate_expiry: live.ignore_certificate_expiry == Some(true),
        }
    }

    fn build(&self) -> Built<sdk::TrustStoreConfig> {
        let Self { trust_store_id, advertise_trust_store_ca_names, ignore_certificate_expiry } = self;
        sdk::TrustStoreConfig::builder()
            .trust_store_id(trust_store_id)
            .advertise_trust_store_ca_names(*advertise_trust_store_ca_names)
            .ignore_certificate_expiry(*ignore_certificate_expiry)
            .build()
    }
}

impl ConnectionFunctionAssociation {
    pub(super) fn read(live: sdk::ConnectionFunctionAssociation) -> Self {
        Self { id: live.id }
    }

    pub(super) fn build(&self) -> Built<sdk::ConnectionFunctionAssociation> {
        let Self { id } = self;
        sdk::ConnectionFunctionAssociation::builder().id(id).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_survive_the_way_to_the_sdk_and_back() {
        let store = |names, expired| TrustStoreConfig {
            trust_store_id: "ts-1".into(),
            advertise_trust_store_ca_names: names,
            ignore_certificate_expiry: expired,
        };
        let stores = [None, Some(store(true, false)), Some(store(false, true))];
        for (mode, trust_store_config) in ["passthrough", "required", "optional"].into_iter().zip(stores) {
            let config = ViewerMtlsConfig { mode: mode.into(), trust_store_config };
            assert_eq!(ViewerMtlsConfig::read(config.build().unwrap()), config);
            let json = serde_json::to_value(&config).unwrap();
            assert_eq!(serde_json::from_value::<ViewerMtlsConfig>(json).unwrap(), config);
        }
        let function = ConnectionFunctionAssociation { id: "cf-1".into() };
        assert_eq!(ConnectionFunctionAssociation::read(function.build().unwrap()), function);
    }
}
