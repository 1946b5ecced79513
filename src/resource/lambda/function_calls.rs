//! The calls that make and change a function.

use aws_sdk_lambda::types as sdk;

use super::function_state::{hex_digest, readiness};
use super::{Code, DeadLetterConfig, FileSystemConfig, Function, VpcConfig, patiently, patiently_if_new};
use crate::aws::{Context, Error, Patience, Poll, Result, SdkResult, until};
use crate::model::{Changes, Readiness, Scope, Tags, bundle_digest};

/// What `UpdateFunctionConfiguration` changes.
pub(super) const CONFIGURATION: &[&str] = &[
    "DeadLetterConfig",
    "Description",
    "Environment",
    "EphemeralStorage",
    "FileSystemConfigs",
    "Handler",
    "KmsKeyArn",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
];

/// A function's ARN.
pub(super) fn arn(scope: &Scope, name: &str) -> String {
    scope.arn("lambda", &format!("function:{name}"))
}

impl Function {
    /// Lambda copies the package when it is told to; what it then runs must be what the key promised.
    pub(super) fn verify(&self, call: &'static str, code_sha256: Option<&str>) -> Result<()> {
        let runs = hex_digest(code_sha256);
        if bundle_digest(&self.code.s3_key) == Some(runs.as_str()) {
            return Ok(());
        }
        let Code { s3_bucket, s3_key } = &self.code;
        let message = format!(
            "s3://{s3_bucket}/{s3_key} does not hold what its key says: Lambda took code with the SHA-256 {runs}; \
             delete that object and run the command again"
        );
        Err(Error::unexpected(call, message))
    }

    fn storage(&self) -> sdk::EphemeralStorage {
        let size = self.ephemeral_storage.size;
        sdk::EphemeralStorage::builder().size(size).build().expect("its one member is set")
    }

    fn mounts(&self) -> Vec<sdk::FileSystemConfig> {
        let mount = |config: &FileSystemConfig| {
            let builder = sdk::FileSystemConfig::builder().arn(&config.arn);
            builder.local_mount_path(&config.local_mount_path).build().expect("both members are set")
        };
        self.file_system_configs.iter().map(mount).collect()
    }

    fn architecture(&self) -> sdk::Architecture {
        self.architectures[0].as_str().into()
    }

    pub(super) async fn call_create(&self, cx: &Context) -> Result<()> {
        let code =
            sdk::FunctionCode::builder().s3_bucket(&self.code.s3_bucket).s3_key(&self.code.s3_key).build();
        let answer = cx
            .lambda()
            .create_function()
            .function_name(&self.function_name)
            .description(&self.description)
            .role(self.role.text())
            .package_type(self.package_type.as_str().into())
            .runtime(self.runtime.as_str().into())
            .handler(&self.handler)
            .architectures(self.architecture())
            .code(code)
            .memory_size(self.memory_size)
            .timeout(self.timeout)
            .ephemeral_storage(self.storage())
            .environment(self.environment.to_sdk())
            .logging_config(self.logging_config.to_sdk())
            .tracing_config(self.tracing_config.to_sdk())
            .set_layers((!self.layers.is_empty()).then(|| self.layers.clone()))
            .set_dead_letter_config(
                self.dead_letter_config.as_ref().map(|config| DeadLetterConfig::to_sdk(Some(config))),
            )
            .set_vpc_config(self.vpc_config.as_ref().map(|config| VpcConfig::to_sdk(Some(config))))
            .set_file_system_configs((!self.file_system_configs.is_empty()).then(|| self.mounts()))
            .set_kms_key_arn(self.kms_key_arn.clone())
            .set_tags(Some(self.tags.to_map()))
            .send()
            .await
            .named("lambda:CreateFunction")?;
        self.verify("lambda:CreateFunction", answer.code_sha256())
    }

    pub(super) async fn update_configuration(&self, cx: &Context, changes: &Changes) -> Result<()> {
        let on = |property| changes.touches(property);
        let call = cx
            .lambda()
            .update_function_configuration()
            .function_name(&self.function_name)
            .set_description(on("Description").then(|| self.description.clone()))
            .set_role(on("Role").then(|| self.role.text()))
            .set_runtime(on("Runtime").then(|| self.runtime.as_str().into()))
            .set_handler(on("Handler").then(|| self.handler.clone()))
            .set_memory_size(on("MemorySize").then_some(self.memory_size))
            .set_timeout(on("Timeout").then_some(self.timeout))
            .set_ephemeral_storage(on("EphemeralStorage").then(|| self.storage()))
            .set_environment(on("Environment").then(|| self.environment.to_sdk()))
            .set_logging_config(on("LoggingConfig").then(|| self.logging_config.to_sdk()))
            .set_tracing_config(on("TracingConfig").then(|| self.tracing_config.to_sdk()))
            .set_layers(on("Layers").then(|| self.layers.clone()))
            .set_dead_letter_config(
                on("DeadLetterConfig").then(|| DeadLetterConfig::to_sdk(self.dead_letter_config.as_ref())),
            )
            .set_vpc_config(on("VpcConfig").then(|| VpcConfig::to_sdk(self.vpc_config.as_ref())))
            .set_file_system_configs(on("FileSystemConfigs").then(|| self.mounts()))
            .set_kms_key_arn(on("KmsKeyArn").then(|| self.kms_key_arn.clone().unwrap_or_default()));
        patiently(cx, || async {
            call.clone().send().await.named("lambda:UpdateFunctionConfiguration").map(drop)
        })
        .await
    }

    pub(super) async fn update_code(&self, cx: &Context) -> Result<()> {
        let call = cx
            .lambda()
            .update_function_code()
            .function_name(&self.function_name)
            .architectures(self.architecture())
            .s3_bucket(&self.code.s3_bucket)
            .s3_key(&self.code.s3_key);
        let answer =
            patiently(cx, || async { call.clone().send().await.named("lambda:UpdateFunctionCode") }).await?;
        self.verify("lambda:UpdateFunctionCode", answer.code_sha256())
    }

    pub(super) async fn reserve(&self, cx: &Context) -> Result<()> {
        let name = &self.function_name;
        patiently_if_new(cx, || async {
            match self.reserved_concurrent_executions {
                Some(limit) => {
                    let call = cx.lambda().put_function_concurrency().function_name(name);
                    let answer = call.reserved_concurrent_executions(limit).send().await;
                    answer.named("lambda:PutFunctionConcurrency").map(drop)
                }
                None => {
                    let call = cx.lambda().delete_function_concurrency().function_name(name);
                    call.send().await.named("lambda:DeleteFunctionConcurrency").map(drop)
                }
            }
        })
        .await
    }

    pub(super) async fn retag(&self, cx: &Context, seen: &Tags) -> Result<()> {
        let arn = arn(&cx.scope, &self.function_name);
        let stale = seen.stale(&self.tags);
        if !stale.is_empty() {
            let call = cx.lambda().untag_resource().resource(&arn).set_tag_keys(Some(stale));
            patiently(cx, || async { call.clone().send().await.named("lambda:UntagResource").map(drop) })
                .await?;
        }
        let call = cx.lambda().tag_resource().resource(arn).set_tags(Some(self.tags.to_map()));
        patiently(cx, || async { call.clone().send().await.named("lambda:TagResource").map(drop) }).await
    }

    /// Waits until the function takes another update. A failed one does: the next may be what heals it.
    pub(super) async fn updated(cx: &Context, name: &str) -> Result<()> {
        const CALL: &str = "lambda:GetFunction";
        until(cx, CALL, Patience::SECONDS, || async {
            let answer = cx.lambda().get_function().function_name(name).send().await.named(CALL)?;
            Ok(match answer.configuration.as_ref().map(readiness) {
                Some(Readiness::Pending(awaited)) => Poll::Pending(awaited),
                _ => Poll::Done(()),
            })
        })
        .await
    }
}
