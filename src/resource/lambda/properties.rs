//! The parts of a function's configuration, and their way to and from the SDK's types.

use std::collections::BTreeMap;

use aws_sdk_lambda::types as sdk;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::function_rows::{FromAnswer, ToRequest};
use crate::aws::{Error, OrEmpty, Result, required};
use crate::model::StringExpr;

/// The deployment package, by the digest of its bytes.
///
/// CloudFormation has bucket and key here, and templates get them. But Lambda says only the digest of the code that it
/// runs, and somebody's upload may never have been an object. The home bucket names its packages by their digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Code {
    /// The SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl Code {
    /// The code that an answer names: its `CodeSha256` is base64.
    pub(super) fn from_answer(call: &'static str, code_sha256: Option<String>) -> Result<Self> {
        let text = required(code_sha256, call, "CodeSha256")?;
        match STANDARD.decode(&text) {
            Ok(digest) => Ok(Self { sha256: hex::encode(digest) }),
            Err(error) => Err(Error::unexpected(call, format!("CodeSha256 is {text:?}: {error}"))),
        }
    }

    /// Lambda copies the package during the call. The code that it then runs must be the one that it was given, whose
    /// checksum was compared before.
    pub(super) fn verify(&self, call: &'static str, runs: Option<String>) -> Result<()> {
        let runs = Self::from_answer(call, runs)?;
        if runs == *self {
            return Ok(());
        }
        let message = format!(
            "the function has code with the SHA-256 {}, and was given {}: somebody changed it at the same moment; run \
             the command again",
            runs.sha256, self.sha256
        );
        Err(Error::unexpected(call, message))
    }
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

impl ToRequest<sdk::EphemeralStorage> for EphemeralStorage {
    fn to_request(&self) -> sdk::EphemeralStorage {
        sdk::EphemeralStorage::builder().size(self.size).build().expect("its one member is set")
    }
}

impl FromAnswer<sdk::EphemeralStorage> for EphemeralStorage {
    fn from_answer(found: sdk::EphemeralStorage) -> Option<Self> {
        Some(Self { size: found.size })
    }
}

/// The function's environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Environment {
    /// Variables by name.
    #[serde(default)]
    pub variables: BTreeMap<String, StringExpr>,
}

impl Environment {
    pub(super) fn is_empty(&self) -> bool {
        self.variables.is_empty()
    }
}

impl ToRequest<sdk::Environment> for Environment {
    fn to_request(&self) -> sdk::Environment {
        let texts = self.variables.iter().map(|(name, value)| (name.clone(), value.text())).collect();
        sdk::Environment::builder().set_variables(Some(texts)).build()
    }
}

impl FromAnswer<sdk::EnvironmentResponse> for Environment {
    fn from_answer(found: sdk::EnvironmentResponse) -> Option<Self> {
        Some(found.variables.or_empty().into_iter().map(|(name, value)| (name, value.into())).collect())
    }
}

impl FromIterator<(String, StringExpr)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, StringExpr)>>(pairs: I) -> Self {
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
    pub log_group: StringExpr,
    /// The least level of the program's own records; only with `JSON`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_log_level: Option<String>,
    /// The least level of Lambda's records; only with `JSON`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_log_level: Option<String>,
}

const TEXT: &str = "Text";
const DEFAULT_LEVEL: &str = "INFO";

impl ToRequest<sdk::LoggingConfig> for LoggingConfig {
    fn to_request(&self) -> sdk::LoggingConfig {
        let Self { log_format, log_group, application_log_level, system_log_level } = self;
        sdk::LoggingConfig::builder()
            .log_format(log_format.as_str().into())
            .log_group(log_group.text())
            .set_application_log_level(application_log_level.as_deref().map(Into::into))
            .set_system_log_level(system_log_level.as_deref().map(Into::into))
            .build()
    }
}

impl LoggingConfig {
    /// As Lambda answers, with its defaults written out: text to the group named after the function, and JSON from
    /// `INFO` on.
    pub(super) fn from_answer(found: Option<&sdk::LoggingConfig>, function: &str) -> Self {
        let log_format =
            found.and_then(|config| config.log_format()).map_or(TEXT, |format| format.as_str()).to_owned();
        let level =
            |found: Option<&str>| (log_format != TEXT).then(|| found.unwrap_or(DEFAULT_LEVEL).to_owned());
        let log_group = found.and_then(|config| config.log_group()).map(StringExpr::from);
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

impl ToRequest<sdk::TracingConfig> for TracingConfig {
    fn to_request(&self) -> sdk::TracingConfig {
        sdk::TracingConfig::builder().mode(self.mode.as_str().into()).build()
    }
}

impl FromAnswer<sdk::TracingConfigResponse> for TracingConfig {
    fn from_answer(found: sdk::TracingConfigResponse) -> Option<Self> {
        found.mode.map(|mode| Self { mode: mode.as_str().to_owned() })
    }
}

/// Layers: calls take their ARNs, answers also say how large they are.
impl ToRequest<Vec<String>> for Vec<String> {
    fn to_request(&self) -> Vec<String> {
        self.clone()
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl FromAnswer<Vec<sdk::Layer>> for Vec<String> {
    fn from_answer(found: Vec<sdk::Layer>) -> Option<Self> {
        found.into_iter().map(|layer| layer.arn).collect()
    }
}

/// Where events are sent that the function failed on. [`super::EventInvokeConfig`] is the newer way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeadLetterConfig {
    /// The ARN of a queue or topic.
    pub target_arn: StringExpr,
}

/// Lambda takes an empty target for none, and answers one.
impl ToRequest<sdk::DeadLetterConfig> for Option<DeadLetterConfig> {
    fn to_request(&self) -> sdk::DeadLetterConfig {
        let target = self.as_ref().map_or_else(String::new, |config| config.target_arn.text());
        sdk::DeadLetterConfig::builder().target_arn(target).build()
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl FromAnswer<sdk::DeadLetterConfig> for DeadLetterConfig {
    fn from_answer(found: sdk::DeadLetterConfig) -> Option<Self> {
        found.target_arn.filter(|arn| !arn.is_empty()).map(|arn| Self { target_arn: arn.into() })
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

/// Lambda takes empty lists for none, and answers them.
impl ToRequest<sdk::VpcConfig> for Option<VpcConfig> {
    fn to_request(&self) -> sdk::VpcConfig {
        let VpcConfig { security_group_ids, subnet_ids, ipv6_allowed_for_dual_stack } =
            self.as_ref().map_or_else(VpcConfig::default, VpcConfig::clone);
        sdk::VpcConfig::builder()
            .set_security_group_ids(Some(security_group_ids))
            .set_subnet_ids(Some(subnet_ids))
            .ipv6_allowed_for_dual_stack(ipv6_allowed_for_dual_stack)
            .build()
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl FromAnswer<sdk::VpcConfigResponse> for VpcConfig {
    fn from_answer(found: sdk::VpcConfigResponse) -> Option<Self> {
        (!found.subnet_ids().is_empty()).then(|| Self {
            security_group_ids: sorted(found.security_group_ids()),
            subnet_ids: sorted(found.subnet_ids()),
            ipv6_allowed_for_dual_stack: found.ipv6_allowed_for_dual_stack().unwrap_or(false),
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

impl ToRequest<Vec<sdk::FileSystemConfig>> for Vec<FileSystemConfig> {
    fn to_request(&self) -> Vec<sdk::FileSystemConfig> {
        let mount = |FileSystemConfig { arn, local_mount_path }: &FileSystemConfig| {
            let builder = sdk::FileSystemConfig::builder().arn(arn).local_mount_path(local_mount_path);
            builder.build().expect("both members are set")
        };
        self.iter().map(mount).collect()
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl FromAnswer<Vec<sdk::FileSystemConfig>> for Vec<FileSystemConfig> {
    fn from_answer(found: Vec<sdk::FileSystemConfig>) -> Option<Self> {
        let mount = |mount: sdk::FileSystemConfig| FileSystemConfig {
            arn: mount.arn,
            local_mount_path: mount.local_mount_path,
        };
        Some(found.into_iter().map(mount).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_that_lambda_says_is_the_codes() {
        const CALL: &str = "lambda:CreateFunction";
        let said = |digest: [u8; 32]| Some(STANDARD.encode(digest));
        let code = Code::from_answer(CALL, said([0xab; 32])).unwrap();
        assert_eq!(code.sha256, "ab".repeat(32));
        assert!(code.verify(CALL, said([0xab; 32])).is_ok());
        let other = code.verify(CALL, said([0; 32])).unwrap_err();
        let (has, given) = ("00".repeat(32), "ab".repeat(32));
        let says = format!("the function has code with the SHA-256 {has}, and was given {given}: ");
        assert!(
            other.message.starts_with(&says) && other.message.ends_with("run the command again"),
            "{other}"
        );
        let unreadable = Code::from_answer(CALL, Some("?".into())).unwrap_err();
        assert!(unreadable.message.starts_with("CodeSha256 is \"?\": "), "{unreadable}");
    }

    #[test]
    fn logging_defaults_are_written_out() {
        let text = LoggingConfig::from_answer(None, "vod-submit");
        assert_eq!(
            (text.log_format.as_str(), text.log_group.text().as_str()),
            ("Text", "/aws/lambda/vod-submit")
        );
        assert_eq!((text.application_log_level, text.system_log_level), (None, None));
        let bare = sdk::LoggingConfig::builder().log_format(sdk::LogFormat::Json).build();
        let json = LoggingConfig::from_answer(Some(&bare), "vod-submit");
        assert_eq!(json.system_log_level.as_deref(), Some("INFO"));
        assert_eq!(LoggingConfig::from_answer(Some(&json.to_request()), "vod-submit"), json);
    }

    #[test]
    fn none_is_sent_as_empty_and_read_as_none() {
        let sent = None::<VpcConfig>.to_request();
        let answered = sdk::VpcConfigResponse::builder()
            .set_subnet_ids(sent.subnet_ids)
            .set_security_group_ids(sent.security_group_ids)
            .build();
        assert_eq!(VpcConfig::from_answer(answered), None);
        assert_eq!(DeadLetterConfig::from_answer(None::<DeadLetterConfig>.to_request()), None);
    }
}
