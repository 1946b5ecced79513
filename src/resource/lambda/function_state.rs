//! What Lambda tells of a function, as its properties and readiness.

use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::types as sdk;
use aws_sdk_lambda::types::{LastUpdateStatus, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{
    Code, DeadLetterConfig, EphemeralStorage, FileSystemConfig, Function, LoggingConfig, TracingConfig,
    VpcConfig,
};
use crate::model::{Readiness, bundle_key};

/// `CodeSha256` is base64; keys and everything else here speak hexadecimal.
pub(super) fn hex_digest(code_sha256: Option<&str>) -> String {
    let bytes = code_sha256.and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    hex::encode(bytes)
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

/// Reads what `GetFunction` answers, or says what it would not tell.
pub(super) fn read(
    answer: GetFunctionOutput,
    home_bucket: String,
) -> std::result::Result<(Function, Readiness), String> {
    let found = answer.configuration.ok_or("the answer has no configuration")?;
    if let Some(error) = answer.tags_error {
        return Err(format!("its tags cannot be read: {}: {}", error.error_code, error.message));
    }
    if let Some(error) = found.environment().and_then(|environment| environment.error()) {
        let message = error.message().unwrap_or_default();
        return Err(format!("its environment cannot be read: {message}"));
    }
    let readiness = readiness(&found);
    let text = |member: Option<String>| member.unwrap_or_default();
    let function_name = text(found.function_name);
    let architecture = found.architectures.unwrap_or_default().into_iter().next();
    let variables = found.environment.and_then(|environment| environment.variables).unwrap_or_default();
    let concurrency = answer.concurrency.and_then(|limit| limit.reserved_concurrent_executions);
    let properties = Function {
        description: text(found.description),
        role: text(found.role).into(),
        package_type: found.package_type.unwrap_or(sdk::PackageType::Zip).as_str().to_owned(),
        runtime: found.runtime.map(|runtime| runtime.as_str().to_owned()).unwrap_or_default(),
        handler: text(found.handler),
        architectures: [architecture.unwrap_or(sdk::Architecture::X8664).as_str().to_owned()],
        code: Code { s3_bucket: home_bucket, s3_key: bundle_key(&hex_digest(found.code_sha256.as_deref())) },
        memory_size: found.memory_size.unwrap_or(128),
        timeout: found.timeout.unwrap_or(3),
        ephemeral_storage: found
            .ephemeral_storage
            .map_or_else(EphemeralStorage::default, |storage| EphemeralStorage { size: storage.size }),
        environment: variables.into_iter().map(|(name, value)| (name, value.into())).collect(),
        logging_config: LoggingConfig::from_sdk(found.logging_config.as_ref(), &function_name),
        tracing_config: found
            .tracing_config
            .and_then(|config| config.mode)
            .map_or_else(TracingConfig::default, |mode| TracingConfig { mode: mode.as_str().to_owned() }),
        reserved_concurrent_executions: concurrency,
        layers: found.layers.unwrap_or_default().into_iter().filter_map(|layer| layer.arn).collect(),
        dead_letter_config: found.dead_letter_config.as_ref().and_then(DeadLetterConfig::from_sdk),
        vpc_config: found.vpc_config.as_ref().and_then(VpcConfig::from_sdk),
        file_system_configs: found
            .file_system_configs
            .unwrap_or_default()
            .into_iter()
            .map(|mount| FileSystemConfig { arn: mount.arn, local_mount_path: mount.local_mount_path })
            .collect(),
        kms_key_arn: found.kms_key_arn.filter(|arn| !arn.is_empty()),
        tags: answer.tags.unwrap_or_default().into_iter().collect(),
        function_name,
    };
    Ok((properties, readiness))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(configuration: sdk::FunctionConfiguration) -> GetFunctionOutput {
        GetFunctionOutput::builder().configuration(configuration).build()
    }

    fn state(state: State, update: LastUpdateStatus) -> Readiness {
        let found = sdk::FunctionConfiguration::builder().state(state).last_update_status(update);
        readiness(&found.state_reason("no such layer").last_update_status_reason("no such subnet").build())
    }

    #[test]
    fn the_digest_lambda_tells_leads_back_to_the_key() {
        let sha = STANDARD.encode([0xab; 32]);
        let found =
            sdk::FunctionConfiguration::builder().function_name("vod-submit").code_sha256(&sha).build();
        let (function, _) = read(answer(found), "home".into()).unwrap();
        assert_eq!(function.code.s3_key, bundle_key(&"ab".repeat(32)));
        assert!(function.verify("lambda:CreateFunction", Some(&sha)).is_ok());
        let other = function.verify("lambda:CreateFunction", Some(&STANDARD.encode([0; 32])));
        assert!(other.unwrap_err().message.contains("does not hold what its key says"));
    }

    #[test]
    fn lambdas_defaults_are_written_out() {
        let found = sdk::FunctionConfiguration::builder().function_name("f").code_sha256("").build();
        let (function, _) = read(answer(found), "home".into()).unwrap();
        let json = serde_json::to_string(&function).unwrap();
        insta::assert_snapshot!(json, @r#"{"FunctionName":"f","Description":"","Role":"","PackageType":"Zip","Runtime":"","Handler":"","Architectures":["x86_64"],"Code":{"S3Bucket":"home","S3Key":"bundle/.zip"},"MemorySize":128,"Timeout":3,"EphemeralStorage":{"Size":512},"LoggingConfig":{"LogFormat":"Text","LogGroup":"/aws/lambda/f"},"TracingConfig":{"Mode":"PassThrough"},"Tags":[]}"#);
        assert_eq!(serde_json::from_str::<Function>(&json).unwrap(), function);
    }

    #[test]
    fn what_lambda_would_not_tell_is_an_error_and_not_absence() {
        let hidden =
            sdk::EnvironmentError::builder().error_code("AccessDenied").message("no kms:Decrypt").build();
        let environment = sdk::EnvironmentResponse::builder().error(hidden).build();
        let found = sdk::FunctionConfiguration::builder().environment(environment).build();
        assert_eq!(
            read(answer(found), "home".into()).unwrap_err(),
            "its environment cannot be read: no kms:Decrypt"
        );
        let hidden =
            sdk::TagsError::builder().error_code("AccessDenied").message("no lambda:ListTags").build();
        let found = GetFunctionOutput::builder()
            .configuration(sdk::FunctionConfiguration::builder().build())
            .tags_error(hidden.unwrap())
            .build();
        let error = read(found, "home".into()).unwrap_err();
        assert_eq!(error, "its tags cannot be read: AccessDenied: no lambda:ListTags");
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
