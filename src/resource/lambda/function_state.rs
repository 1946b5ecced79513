//! What Lambda answers about a function: the members that rows read, and its readiness.

use std::collections::HashMap;

use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::types as sdk;
use aws_sdk_lambda::types::{LastUpdateStatus, State};

use super::{Code, LoggingConfig};
use crate::aws::{Error, OrEmpty, Result, required};
use crate::model::{Readiness, Tags};

/// The call that is read.
pub(super) const CALL: &str = "lambda:GetFunction";

/// An answer in which Lambda withheld nothing.
pub(super) struct Found {
    pub(super) configuration: sdk::FunctionConfiguration,
    concurrency: Option<i32>,
    tags: Option<HashMap<String, String>>,
}

pub(super) fn readiness(found: &sdk::FunctionConfiguration) -> Readiness {
    let said = |reason: Option<&str>| {
        reason.filter(|text| !text.is_empty()).unwrap_or("Lambda gives no reason").to_owned()
    };
    match (found.state(), found.last_update_status()) {
        (Some(State::Failed), _) => Readiness::Failed(said(found.state_reason())),
        (_, Some(LastUpdateStatus::Failed)) => Readiness::Failed(said(found.last_update_status_reason())),
        (Some(State::Pending), _) => Readiness::Pending("waiting until the function is active".to_owned()),
        (_, Some(LastUpdateStatus::InProgress)) => {
            Readiness::Pending("waiting until the function's update is done".to_owned())
        }
        // `Inactive` is a function that was idle for weeks: the next event wakes it.
        _ => Readiness::Ready,
    }
}

impl Found {
    /// The answer, or an error that says what Lambda withheld.
    pub(super) fn of(answer: GetFunctionOutput) -> Result<Self> {
        let configuration = required(answer.configuration, CALL, "Configuration")?;
        if let Some(error) = answer.tags_error {
            let what = format!("its tags cannot be read: {}: {}", error.error_code, error.message);
            return Err(Error::unexpected(CALL, what));
        }
        if let Some(error) = configuration.environment().and_then(|environment| environment.error()) {
            let message = error.message().unwrap_or("Lambda gives no reason");
            return Err(Error::unexpected(CALL, format!("its environment cannot be read: {message}")));
        }
        let concurrency = answer.concurrency.and_then(|limit| limit.reserved_concurrent_executions);
        Ok(Self { configuration, concurrency, tags: answer.tags })
    }

    pub(super) fn readiness(&self) -> Readiness {
        readiness(&self.configuration)
    }

    pub(super) fn package_type(&self) -> String {
        let found = self.configuration.package_type().unwrap_or(&sdk::PackageType::Zip);
        found.as_str().to_owned()
    }

    pub(super) fn architectures(&self) -> [String; 1] {
        let found = self.configuration.architectures().first().unwrap_or(&sdk::Architecture::X8664);
        [found.as_str().to_owned()]
    }

    pub(super) fn code(&self) -> Result<Code> {
        Code::from_answer(CALL, self.configuration.code_sha256.clone())
    }

    pub(super) fn logging_config(&self) -> Result<LoggingConfig> {
        let name = required(self.configuration.function_name(), CALL, "FunctionName")?;
        Ok(LoggingConfig::from_answer(self.configuration.logging_config(), name))
    }

    pub(super) fn reserved_concurrent_executions(&self) -> Option<i32> {
        self.concurrency
    }

    pub(super) fn kms_key_arn(&self) -> Option<String> {
        self.configuration.kms_key_arn.clone().filter(|arn| !arn.is_empty())
    }

    pub(super) fn tags(&self) -> Tags {
        self.tags.clone().or_empty().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::super::Function;
    use super::*;

    fn read(configuration: sdk::FunctionConfiguration) -> Result<Function> {
        Function::read(&Found::of(GetFunctionOutput::builder().configuration(configuration).build())?)
    }

    /// All that Lambda always answers.
    fn bare() -> sdk::builders::FunctionConfigurationBuilder {
        sdk::FunctionConfiguration::builder()
            .function_name("f")
            .role("arn:r")
            .memory_size(256)
            .timeout(60)
            .code_sha256(STANDARD.encode([0xab; 32]))
    }

    fn state(state: State, update: LastUpdateStatus) -> Readiness {
        let found = sdk::FunctionConfiguration::builder().state(state).last_update_status(update);
        readiness(&found.state_reason("no such layer").last_update_status_reason("no such subnet").build())
    }

    #[test]
    fn lambdas_defaults_are_written_out() {
        let function = read(bare().build()).unwrap();
        let json = serde_json::to_string(&function).unwrap().replace(&"ab".repeat(32), "DIGEST");
        insta::assert_snapshot!(json, @r#"{"FunctionName":"f","Description":"","Role":"arn:r","PackageType":"Zip","Runtime":"","Handler":"","Architectures":["x86_64"],"Code":{"Sha256":"DIGEST"},"MemorySize":256,"Timeout":60,"EphemeralStorage":{"Size":512},"LoggingConfig":{"LogFormat":"Text","LogGroup":"/aws/lambda/f"},"TracingConfig":{"Mode":"PassThrough"},"Tags":[]}"#);
        let json = json.replace("DIGEST", &"ab".repeat(32));
        assert_eq!(serde_json::from_str::<Function>(&json).unwrap(), function);
    }

    #[test]
    fn an_answer_without_a_member_is_an_error_that_names_it() {
        let without = |change: fn(&mut sdk::FunctionConfiguration)| {
            let mut found = bare().build();
            change(&mut found);
            read(found).unwrap_err().to_string()
        };
        let said = |member: &str| format!("lambda:GetFunction failed: the answer has no {member}");
        assert_eq!(without(|found| found.function_name = None), said("FunctionName"));
        assert_eq!(without(|found| found.role = None), said("Role"));
        assert_eq!(without(|found| found.memory_size = None), said("MemorySize"));
        assert_eq!(without(|found| found.timeout = None), said("Timeout"));
        assert_eq!(without(|found| found.code_sha256 = None), said("CodeSha256"));
        let none = Found::of(GetFunctionOutput::builder().build()).err().map(|error| error.to_string());
        assert_eq!(none, Some(said("Configuration")));
    }

    #[test]
    fn what_lambda_would_not_tell_is_an_error_and_not_absence() {
        let hidden =
            sdk::EnvironmentError::builder().error_code("AccessDenied").message("no kms:Decrypt").build();
        let environment = sdk::EnvironmentResponse::builder().error(hidden).build();
        let error = read(bare().environment(environment).build()).unwrap_err();
        assert_eq!(error.message, "its environment cannot be read: no kms:Decrypt");
        let hidden =
            sdk::TagsError::builder().error_code("AccessDenied").message("no lambda:ListTags").build();
        let answer = GetFunctionOutput::builder().configuration(bare().build()).tags_error(hidden.unwrap());
        let error = Found::of(answer.build()).err().unwrap();
        assert_eq!(error.message, "its tags cannot be read: AccessDenied: no lambda:ListTags");
    }

    #[test]
    fn failed_is_not_ready_and_idle_is() {
        use LastUpdateStatus as Update;
        assert_eq!(state(State::Active, Update::Successful), Readiness::Ready);
        assert_eq!(state(State::Inactive, Update::Successful), Readiness::Ready);
        assert_eq!(state(State::Failed, Update::Successful), Readiness::Failed("no such layer".into()));
        assert_eq!(state(State::Active, Update::Failed), Readiness::Failed("no such subnet".into()));
        assert!(matches!(state(State::Pending, Update::Successful), Readiness::Pending(_)));
        assert!(matches!(state(State::Active, Update::InProgress), Readiness::Pending(_)));
    }
}
