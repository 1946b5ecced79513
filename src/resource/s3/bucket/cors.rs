//! Which sites' pages may use a bucket from a browser.

use std::collections::BTreeSet;

use aws_sdk_s3::types as sdk;
use serde::{Deserialize, Serialize};

use super::settings::{Setting, TargetBucket};
use crate::aws::{Context, Result, SdkResult};

/// The CORS rules of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CorsConfiguration {
    /// The rules: the first that matches a request applies.
    pub cors_rules: Vec<CorsRule>,
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CorsRule {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Request headers that pages may send; `*` stands for any.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allowed_headers: BTreeSet<String>,
    /// Methods that pages may use.
    pub allowed_methods: BTreeSet<String>,
    /// The pages' origins, such as `https://app.example.com`.
    pub allowed_origins: BTreeSet<String>,
    /// Response headers that scripts may read.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exposed_headers: BTreeSet<String>,
    /// How long browsers keep the permission, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i32>,
}

fn listed(set: &BTreeSet<String>) -> Option<Vec<String>> {
    (!set.is_empty()).then(|| set.iter().cloned().collect())
}

impl CorsRule {
    fn to_sdk(&self) -> sdk::CorsRule {
        sdk::CorsRule::builder()
            .set_id(self.id.clone())
            .set_allowed_headers(listed(&self.allowed_headers))
            .set_allowed_methods(Some(self.allowed_methods.iter().cloned().collect()))
            .set_allowed_origins(Some(self.allowed_origins.iter().cloned().collect()))
            .set_expose_headers(listed(&self.exposed_headers))
            .set_max_age_seconds(self.max_age)
            .build()
            .expect("methods and origins are set")
    }

    fn from_sdk(found: &sdk::CorsRule) -> Self {
        let set = |list: &[String]| list.iter().cloned().collect();
        Self {
            id: found.id.clone().filter(|id| !id.is_empty()),
            allowed_headers: set(found.allowed_headers()),
            allowed_methods: set(&found.allowed_methods),
            allowed_origins: set(&found.allowed_origins),
            exposed_headers: set(found.expose_headers()),
            max_age: found.max_age_seconds,
        }
    }
}

impl CorsConfiguration {
    fn to_sdk(&self) -> sdk::CorsConfiguration {
        let rules = self.cors_rules.iter().map(CorsRule::to_sdk).collect();
        sdk::CorsConfiguration::builder().set_cors_rules(Some(rules)).build().expect("the rules are set")
    }

    fn from_sdk(rules: &[sdk::CorsRule]) -> Option<Self> {
        (!rules.is_empty()).then(|| Self { cors_rules: rules.iter().map(CorsRule::from_sdk).collect() })
    }
}

impl Setting for Option<CorsConfiguration> {
    const READ: &'static str = "s3:GetBucketCORS";
    const WRITE: &'static str = "s3:PutBucketCORS";

    async fn read(cx: &Context, bucket: &str) -> Result<Self> {
        let absent = &["NoSuchBucket", "NoSuchCORSConfiguration"];
        let call = cx.s3().get_bucket_cors().bucket(bucket).expected_bucket_owner(&cx.scope.account);
        let answer = call.send().await.unless(Self::READ, absent)?;
        Ok(answer.and_then(|answer| CorsConfiguration::from_sdk(answer.cors_rules())))
    }

    async fn write(&self, to: &TargetBucket<'_>) -> Result<()> {
        let (s3, name, owner) = (to.cx.s3(), to.name, to.owner());
        if let Some(cors) = self {
            let call = s3.put_bucket_cors().bucket(name).expected_bucket_owner(owner);
            let call = call.cors_configuration(cors.to_sdk());
            to.send(Self::WRITE, || call.clone().send()).await
        } else {
            let call = s3.delete_bucket_cors().bucket(name).expected_bucket_owner(owner);
            to.send(Self::WRITE, || call.clone().send()).await
        }
    }

    fn is_made_with_the_bucket(&self) -> bool {
        self.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_survive_the_sdk() {
        let set = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let cors = CorsConfiguration {
            cors_rules: vec![
                CorsRule {
                    id: Some("uploads".into()),
                    allowed_headers: set(&["*"]),
                    allowed_methods: set(&["PUT", "POST"]),
                    allowed_origins: set(&["https://app.example.com"]),
                    exposed_headers: set(&["ETag"]),
                    max_age: Some(3600),
                },
                CorsRule {
                    allowed_methods: set(&["GET"]),
                    allowed_origins: set(&["*"]),
                    ..CorsRule::default()
                },
            ],
        };
        assert_eq!(CorsConfiguration::from_sdk(&cors.to_sdk().cors_rules), Some(cors));
        assert_eq!(CorsConfiguration::from_sdk(&[]), None);
    }
}
