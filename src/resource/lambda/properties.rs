//! The parts of a function's configuration, and their way to and from the SDK's types.

use std::collections::BTreeMap;

use aws_sdk_lambda::types as sdk;
use serde::{Deserialize, Serialize};

use crate::model::Input;

/// Where the deployment package lies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Code {
    /// The bucket: the account's home bucket.
    pub s3_bucket: String,
    /// The key, as [`crate::model::bundle_key`] spells it.
    pub s3_key: String,
}

/// The size of `/tmp`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EphemeralStorage {
    /// In MB (512 to 10,240).
    pub size: i32,
}

impl Default for EphemeralStorage {
    fn default() -> Self {
        Self { size: 512 }
    }
}

/// The function's environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Environment {
    /// Variables by name.
    #[serde(default)]
    pub variables: BTreeMap<String, Input>,
}

impl Environment {
    pub(super) fn is_empty(&self) -> bool {
        self.variables.is_empty()
    }

    pub(super) fn to_sdk(&self) -> sdk::Environment {
        let texts = self.variables.iter().map(|(name, value)| (name.clone(), value.text())).collect();
        sdk::Environment::builder().set_variables(Some(texts)).build()
    }
}

impl FromIterator<(String, Input)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, Input)>>(pairs: I) -> Self {
        Self { variables: pairs.into_iter().collect() }
    }
}

/// Where logs go, and in which form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct LoggingConfig {
    /// `JSON` or `Text`.
    pub log_format: String,
    /// The log group's name.
    pub log_group: Input,
    /// The least level of the program's own records; only with `JSON`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_log_level: Option<String>,
    /// The least level of Lambda's records; only with `JSON`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_log_level: Option<String>,
}

const TEXT: &str = "Text";
const DEFAULT_LEVEL: &str = "INFO";

impl LoggingConfig {
    pub(super) fn to_sdk(&self) -> sdk::LoggingConfig {
        sdk::LoggingConfig::builder()
            .log_format(self.log_format.as_str().into())
            .log_group(self.log_group.text())
            .set_application_log_level(self.application_log_level.as_deref().map(Into::into))
            .set_system_log_level(self.system_log_level.as_deref().map(Into::into))
            .build()
    }

    /// As Lambda answers, with its defaults written out: text to the group named after the function, and JSON from
    /// `INFO` on.
    pub(super) fn from_sdk(found: Option<&sdk::LoggingConfig>, function: &str) -> Self {
        let log_format =
            found.and_then(|config| config.log_format()).map_or(TEXT, |format| format.as_str()).to_owned();
        let level =
            |found: Option<&str>| (log_format != TEXT).then(|| found.unwrap_or(DEFAULT_LEVEL).to_owned());
        let log_group = found.and_then(|config| config.log_group()).map(Input::from);
        Self {
            log_group: log_group.unwrap_or_else(|| format!("/aws/lambda/{function}").into()),
            application_log_level: level(
                found.and_then(|config| config.application_log_level()).map(|level| level.as_str()),
            ),
            system_log_level: level(
                found.and_then(|config| config.system_log_level()).map(|level| level.as_str()),
            ),
            log_format,
        }
    }
}

/// X-Ray tracing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TracingConfig {
    /// `Active` samples requests; `PassThrough`, the default, traces only what the caller traces.
    pub mode: String,
}

impl Default for TracingConfig {
    fn default() -> Self {
        Self { mode: "PassThrough".to_owned() }
    }
}

impl TracingConfig {
    pub(super) fn to_sdk(&self) -> sdk::TracingConfig {
        sdk::TracingConfig::builder().mode(self.mode.as_str().into()).build()
    }
}

/// Where events go that the function failed on; the older way beside [`super::EventInvokeConfig`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeadLetterConfig {
    /// The ARN of a queue or topic.
    pub target_arn: Input,
}

impl DeadLetterConfig {
    /// Lambda takes an empty target for none.
    pub(super) fn to_sdk(config: Option<&Self>) -> sdk::DeadLetterConfig {
        let target = config.map(|config| config.target_arn.text()).unwrap_or_default();
        sdk::DeadLetterConfig::builder().target_arn(target).build()
    }

    pub(super) fn from_sdk(found: &sdk::DeadLetterConfig) -> Option<Self> {
        let target = found.target_arn().filter(|arn| !arn.is_empty())?;
        Some(Self { target_arn: target.into() })
    }
}

/// The network the function runs in; none is Lambda's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct VpcConfig {
    /// Its security groups, sorted.
    pub security_group_ids: Vec<String>,
    /// Its subnets, sorted.
    pub subnet_ids: Vec<String>,
    /// Whether it may speak IPv6 in dual-stack subnets.
    #[serde(default)]
    pub ipv6_allowed_for_dual_stack: bool,
}

fn sorted(list: &[String]) -> Vec<String> {
    let mut sorted = list.to_vec();
    sorted.sort_unstable();
    sorted
}

impl VpcConfig {
    /// Lambda takes empty lists for none.
    pub(super) fn to_sdk(config: Option<&Self>) -> sdk::VpcConfig {
        let config = config.cloned().unwrap_or_default();
        sdk::VpcConfig::builder()
            .set_security_group_ids(Some(config.security_group_ids))
            .set_subnet_ids(Some(config.subnet_ids))
            .ipv6_allowed_for_dual_stack(config.ipv6_allowed_for_dual_stack)
            .build()
    }

    pub(super) fn from_sdk(found: &sdk::VpcConfigResponse) -> Option<Self> {
        (!found.subnet_ids().is_empty()).then(|| Self {
            security_group_ids: sorted(found.security_group_ids()),
            subnet_ids: sorted(found.subnet_ids()),
            ipv6_allowed_for_dual_stack: found.ipv6_allowed_for_dual_stack().unwrap_or_default(),
        })
    }
}

/// A file system that is mounted into the function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FileSystemConfig {
    /// The access point's ARN.
    pub arn: String,
    /// Where it is mounted.
    pub local_mount_path: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logging_defaults_are_written_out() {
        let text = LoggingConfig::from_sdk(None, "vod-submit");
        assert_eq!(
            (text.log_format.as_str(), text.log_group.text().as_str()),
            ("Text", "/aws/lambda/vod-submit")
        );
        assert_eq!((text.application_log_level, text.system_log_level), (None, None));
        let bare = sdk::LoggingConfig::builder().log_format(sdk::LogFormat::Json).build();
        let json = LoggingConfig::from_sdk(Some(&bare), "vod-submit");
        assert_eq!(json.system_log_level.as_deref(), Some("INFO"));
        assert_eq!(LoggingConfig::from_sdk(Some(&json.to_sdk()), "vod-submit"), json);
    }

    #[test]
    fn none_is_sent_as_empty_and_read_as_none() {
        let sent = VpcConfig::to_sdk(None);
        let answered = sdk::VpcConfigResponse::builder()
            .set_subnet_ids(sent.subnet_ids)
            .set_security_group_ids(sent.security_group_ids)
            .build();
        assert_eq!(VpcConfig::from_sdk(&answered), None);
        assert_eq!(DeadLetterConfig::from_sdk(&DeadLetterConfig::to_sdk(None)), None);
    }
}
