//! `AWS::Lambda::Function`: a function whose code is a zip in the account's home bucket.
//!
//! Lambda does not say which object a function's code came from, only the digest of its bytes. The home bucket names
//! its packages by that digest ([`crate::model::bundle_key`]), so `Code` is read back from it, and other code is a visible change of
//! `Code.S3Key` whoever put it there. Follows the Lambda API reference, `CreateFunction`, `GetFunction`,
//! `UpdateFunctionCode`, `UpdateFunctionConfiguration`, and the developer guide on function states.

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::function_calls::{CONFIGURATION, arn};
use super::function_state::read;
use super::{
    ABSENT, CONFLICT, Code, DeadLetterConfig, Environment, EphemeralStorage, FUNCTIONS, FileSystemConfig,
    LoggingConfig, TracingConfig, VpcConfig, patiently, unsettled,
};
use crate::aws::{Context, Error, Patience, Result, SdkResult, retry_while};
use crate::model::{ANYTHING, Allow, Changes, Input, Kind, Mark, Only, Outputs, Permissions, Scope, Tags};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

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

/// A function gets its role from whoever makes it, and its code is read in their name.
const PASS_ROLE: Allow = Allow::new(&["iam:PassRole"], &["arn:aws:iam::{account}:role/{name}"])
    .only(Only::PassedTo("lambda.amazonaws.com"));
const READ_BUNDLE: Allow = Allow::new(&["s3:GetObject"], &["arn:aws:s3:::{home}/bundle/*"]);

impl Resource for Function {
    const KIND: Kind = Kind::new("AWS::Lambda::Function");
    const CREATE_ONLY: &'static [&'static str] = &["FunctionName", "PackageType"];
    /// Lambda answers before it is done, and may fail after it answered.
    const STABILIZES: bool = true;
    const PERMISSIONS: Permissions = Permissions {
        // GetFunction leaves the tags out for those who may not list them.
        observe: &[Allow::new(&["lambda:GetFunction", "lambda:ListTags"], FUNCTIONS)],
        create: &[
            Allow::new(&["lambda:CreateFunction", "lambda:TagResource"], FUNCTIONS),
            Allow::new(&["lambda:PutFunctionConcurrency"], FUNCTIONS).with("ReservedConcurrentExecutions"),
            PASS_ROLE,
            READ_BUNDLE,
        ],
        update: &[
            Allow::new(
                &[
                    "lambda:UpdateFunctionConfiguration",
                    "lambda:UpdateFunctionCode",
                    "lambda:DeleteFunctionConcurrency",
                    "lambda:TagResource",
                    "lambda:UntagResource",
                ],
                FUNCTIONS,
            ),
            Allow::new(&["lambda:PutFunctionConcurrency"], FUNCTIONS).with("ReservedConcurrentExecutions"),
            PASS_ROLE,
            READ_BUNDLE,
        ],
        delete: &[Allow::new(&["lambda:DeleteFunction"], FUNCTIONS)],
        empty: &[],
        list: &[Allow::new(&["lambda:ListFunctions"], ANYTHING), Allow::new(&["lambda:ListTags"], FUNCTIONS)],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.function_name.clone())
    }

    fn predicted(&self, scope: &Scope) -> Outputs {
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
