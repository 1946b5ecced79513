//! `AWS::Lambda::Function`: a function whose code is a zip in the account's home bucket.
//!
//! Lambda does not say which object a function's code came from, only the digest of its bytes. The home bucket names
//! its packages by that digest ([`bundle_key`]), so `Code` is read back from it, and other code is a visible change of
//! `Code.S3Key` whoever put it there. Follows the Lambda API reference, `CreateFunction`, `GetFunction`,
//! `UpdateFunctionCode`, `UpdateFunctionConfiguration`, and the developer guide on function states.

use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::types as sdk;
use aws_sdk_lambda::types::{LastUpdateStatus, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::{
    ABSENT, CONFLICT, Code, DeadLetterConfig, Environment, EphemeralStorage, FileSystemConfig, LoggingConfig,
    TracingConfig, VpcConfig, patiently, unsettled,
};
use crate::aws::{Context, Error, Patience, Poll, Result, SdkResult, retry_while, until};
use crate::model::{Changes, Input, Kind, Mark, Outputs, Readiness, Scope, Tags, bundle_digest, bundle_key};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

/// What `UpdateFunctionConfiguration` changes.
const CONFIGURATION: &[&str] = &[
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

/// A function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Function {
    /// Its name (at most 64 characters).
    pub function_name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The ARN of the role it runs as.
    pub role: Input,
    /// `Zip`.
    pub package_type: String,
    /// The runtime, such as `provided.al2023`.
    pub runtime: String,
    /// The entry point: `bootstrap` for an OS-only runtime.
    pub handler: String,
    /// The one processor the code is built for: `arm64` or `x86_64`.
    pub architectures: [String; 1],
    /// The deployment package.
    pub code: Code,
    /// In MB; processor and network grow with it.
    pub memory_size: i32,
    /// How long one invocation may take, in seconds (1 to 900).
    pub timeout: i32,
    /// The size of `/tmp`.
    #[serde(default)]
    pub ephemeral_storage: EphemeralStorage,
    /// Its environment.
    #[serde(default, skip_serializing_if = "Environment::is_empty")]
    pub environment: Environment,
    /// Where its logs go.
    pub logging_config: LoggingConfig,
    /// X-Ray tracing.
    #[serde(default)]
    pub tracing_config: TracingConfig,
    /// How many may run at once; none leaves it to the account's pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_concurrent_executions: Option<i32>,
    /// The ARNs of layer versions, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<String>,
    /// Where failed asynchronous events go, the older way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_config: Option<DeadLetterConfig>,
    /// The network it runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_config: Option<VpcConfig>,
    /// File systems mounted into it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub file_system_configs: Vec<FileSystemConfig>,
    /// The key its environment is encrypted with; none is Lambda's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_arn: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

fn outputs_of(scope: &Scope, name: &str) -> Outputs {
    outputs([("Arn", arn(scope, name)), ("FunctionName", name.to_owned())])
}

fn arn(scope: &Scope, name: &str) -> String {
    scope.arn("lambda", &format!("function:{name}"))
}

/// `CodeSha256` is base64; keys and everything else here speak hexadecimal.
fn hex_digest(code_sha256: Option<&str>) -> String {
    let bytes = code_sha256.and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    hex::encode(bytes)
}

fn readiness(found: &sdk::FunctionConfiguration) -> Readiness {
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
fn read(
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

impl Function {
    /// Lambda copies the package when it is told to; what it then runs must be what the key promised.
    fn verify(&self, call: &'static str, code_sha256: Option<&str>) -> Result<()> {
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

    async fn call_create(&self, cx: &Context) -> Result<()> {
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

    async fn update_configuration(&self, cx: &Context, changes: &Changes) -> Result<()> {
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

    async fn update_code(&self, cx: &Context) -> Result<()> {
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

    async fn reserve(&self, cx: &Context) -> Result<()> {
        let name = &self.function_name;
        patiently(cx, || async {
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

    async fn retag(&self, cx: &Context, seen: &Tags) -> Result<()> {
        let arn = arn(&cx.scope, &self.function_name);
        let stale = seen.stale(&self.tags);
        if !stale.is_empty() {
            let call = cx.lambda().untag_resource().resource(&arn).set_tag_keys(Some(stale));
            call.send().await.named("lambda:UntagResource")?;
        }
        let call = cx.lambda().tag_resource().resource(arn).set_tags(Some(self.tags.to_map()));
        call.send().await.named("lambda:TagResource").map(drop)
    }

    /// Waits until the function takes another update. A failed one does: the next may be what heals it.
    async fn updated(cx: &Context, name: &str) -> Result<()> {
        until(cx, "lambda:GetFunctionConfiguration", Patience::SECONDS, || async {
            let call = cx.lambda().get_function_configuration().function_name(name);
            let found = call.send().await.named("lambda:GetFunctionConfiguration")?;
            let found = sdk::FunctionConfiguration::builder()
                .set_state(found.state)
                .set_last_update_status(found.last_update_status)
                .build();
            Ok(match readiness(&found) {
                Readiness::Pending(awaited) => Poll::Pending(awaited),
                Readiness::Ready | Readiness::Failed(_) => Poll::Done(()),
            })
        })
        .await
    }
}

impl Resource for Function {
    const KIND: Kind = Kind::new("AWS::Lambda::Function");
    const CREATE_ONLY: &'static [&'static str] = &["FunctionName", "PackageType"];

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.function_name.clone())
    }

    fn foreseen(&self, scope: &Scope) -> Outputs {
        outputs_of(scope, &self.function_name)
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let call = cx.lambda().get_function().function_name(id);
        let Some(answer) = call.send().await.unless("lambda:GetFunction", ABSENT)? else { return Ok(None) };
        let (properties, readiness) = read(answer, cx.scope.home_bucket())
            .map_err(|what| Error::unexpected("lambda:GetFunction", what))?;
        let (outputs, ownership) = (outputs_of(&cx.scope, id), properties.tags.ownership());
        Ok(Some(Observed::new(id, properties, outputs, ownership).with_readiness(readiness)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let awaited = "waiting until Lambda can assume the function's role";
        let made = retry_while(cx, Patience::SECONDS, awaited, unsettled, || desired.call_create(cx)).await;
        if let Err(error) = made {
            // After a lost answer the SDK's own retry meets the function that the first attempt made.
            let there =
                if error.is(CONFLICT) { Self::observe(cx, &desired.function_name).await? } else { None };
            let is_ours = there.is_some_and(|there| {
                there.properties.tags == desired.tags && there.properties.code == desired.code
            });
            if !is_ours {
                return Err(error);
            }
        }
        if desired.reserved_concurrent_executions.is_some() {
            desired.reserve(cx).await?;
        }
        Ok(Created::new(&desired.function_name, outputs_of(&cx.scope, &desired.function_name)))
    }

    /// Configuration before code: new code then never starts without the variables it needs.
    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        changes: &Changes,
    ) -> Result<()> {
        let configured = changes.touches_any(CONFIGURATION);
        if configured {
            desired.update_configuration(cx, changes).await?;
        }
        if changes.touches_any(&["Code", "Architectures"]) {
            if configured {
                Self::updated(cx, &seen.id).await?;
            }
            desired.update_code(cx).await?;
        }
        if changes.touches("ReservedConcurrentExecutions") {
            desired.reserve(cx).await?;
        }
        if changes.touches("Tags") {
            desired.retag(cx, &seen.properties.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        patiently(cx, || async {
            let call = cx.lambda().delete_function().function_name(id);
            call.send().await.unless("lambda:DeleteFunction", ABSENT).map(drop)
        })
        .await
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let prefix = format!("{}-", cx.scope.stack);
        let mut pages = cx.lambda().list_functions().into_paginator().send();
        let mut named = Vec::new();
        while let Some(page) = pages.next().await {
            let functions = page.named("lambda:ListFunctions")?.functions.unwrap_or_default();
            named.extend(
                functions
                    .into_iter()
                    .filter_map(|found| found.function_name)
                    .filter(|name| name.starts_with(&prefix)),
            );
        }
        let marks = named.into_iter().map(|name| async {
            let call = cx.lambda().list_tags().resource(arn(&cx.scope, &name));
            let tags = call.send().await.unless("lambda:ListTags", ABSENT)?.and_then(|answer| answer.tags);
            let mark = Mark::from_tags(&tags.unwrap_or_default().into_iter().collect());
            Ok(mark.filter(|mark| mark.stack == cx.scope.stack).map(|mark| (name, mark)))
        });
        Ok(try_join_all(marks).await?.into_iter().flatten().collect())
    }
}
