//! The names of what quotas count.

use super::{State, Told, found};

impl State {
    /// The names of what a quota counts.
    pub(in super::super) async fn names(&self, quota: &str) -> Told<Vec<String>> {
        match quota {
            "distributions" => Ok(self.distributions().await?.into_iter().map(|one| one.id).collect()),
            "public-keys" => Ok(self.public_key_names().await?.into_iter().collect()),
            "cache-policies" => self.cache_policies().await,
            "response-headers-policies" => self.headers_policies().await,
            "origin-access-controls" => self.access_controls().await,
            "key-groups" => self.key_groups().await,
            "roles" => {
                let answer = found(self.iam().list_roles().send().await, &[])?;
                let roles = answer.map(|answer| answer.roles).unwrap_or_default();
                Ok(roles.into_iter().map(|role| role.role_name).collect())
            }
            "rules" => {
                let answer = found(self.events().list_rules().send().await, &[])?;
                let rules = answer.and_then(|answer| answer.rules).unwrap_or_default();
                Ok(rules.into_iter().filter_map(|rule| rule.name).collect())
            }
            "certificates" => {
                let answer = found(self.acm().list_certificates().send().await, &[])?;
                let certificates =
                    answer.and_then(|answer| answer.certificate_summary_list).unwrap_or_default();
                Ok(certificates.into_iter().filter_map(|one| one.certificate_arn).collect())
            }
            _ => {
                let answer = found(self.s3().list_buckets().send().await, &[])?;
                let buckets = answer.and_then(|answer| answer.buckets).unwrap_or_default();
                Ok(buckets.into_iter().filter_map(|bucket| bucket.name).collect())
            }
        }
    }

    async fn cache_policies(&self) -> Told<Vec<String>> {
        let kind = aws_sdk_cloudfront::types::CachePolicyType::Custom;
        let answer = found(self.cloudfront().list_cache_policies().r#type(kind).send().await, &[])?;
        let policies = answer.and_then(|answer| answer.cache_policy_list).and_then(|list| list.items);
        let names = policies.into_iter().flatten().filter_map(|one| one.cache_policy?.cache_policy_config);
        Ok(names.map(|config| config.name).collect())
    }

    async fn headers_policies(&self) -> Told<Vec<String>> {
        let kind = aws_sdk_cloudfront::types::ResponseHeadersPolicyType::Custom;
        let answer =
            found(self.cloudfront().list_response_headers_policies().r#type(kind).send().await, &[])?;
        let policies =
            answer.and_then(|answer| answer.response_headers_policy_list).and_then(|list| list.items);
        let policies = policies.into_iter().flatten().filter_map(|one| one.response_headers_policy);
        Ok(policies.filter_map(|policy| Some(policy.response_headers_policy_config?.name)).collect())
    }

    async fn access_controls(&self) -> Told<Vec<String>> {
        let answer = found(self.cloudfront().list_origin_access_controls().send().await, &[])?;
        let controls =
            answer.and_then(|answer| answer.origin_access_control_list).and_then(|list| list.items);
        Ok(controls.into_iter().flatten().map(|one| one.name).collect())
    }

    async fn key_groups(&self) -> Told<Vec<String>> {
        let answer = found(self.cloudfront().list_key_groups().send().await, &[])?;
        let groups = answer.and_then(|answer| answer.key_group_list).and_then(|list| list.items);
        let groups = groups.into_iter().flatten().filter_map(|one| one.key_group?.key_group_config);
        Ok(groups.map(|config| config.name).collect())
    }
}
