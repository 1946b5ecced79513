//! `AWS::Lambda::Function`: a function whose code is a zip in the stack's home bucket.
//!
//! Each property is one row; [`super::function_rows`] says what follows from it. Lambda does not say which object a
//! function's code came from, only the digest of its bytes. So [`Code`] is that digest, declared and observed alike. The
//! calls get the object from it, and name the version of it whose checksum was compared with the digest. Follows the Lambda API reference, `CreateFunction`, `GetFunction`,
//! `UpdateFunctionCode`, `UpdateFunctionConfiguration`, and the developer guide on function states.

use std::collections::BTreeSet;

use aws_sdk_lambda::operation::create_function::builders::CreateFunctionFluentBuilder as CreateFunction;
use aws_sdk_lambda::operation::update_function_code::builders::UpdateFunctionCodeFluentBuilder as UpdateCode;
use aws_sdk_lambda::operation::update_function_configuration::builders::UpdateFunctionConfigurationFluentBuilder as UpdateConfiguration;
use serde::{Deserialize, Serialize};

use super::function_calls::{CodeCall, Package, arn};
use super::function_rows::{FromAnswer, ToRequest, Write, member, present, rows};
use super::function_state::{CALL, Found};
use super::{
    ABSENT, CONFLICT, Code, DeadLetterConfig, Environment, EphemeralStorage, FUNCTIONS, FileSystemConfig,
    LoggingConfig, TracingConfig, VpcConfig, patiently, unsettled,
};
use crate::aws::{Context, Error, OrEmpty, Patience, Result, SdkResult, required, retry_while};
use crate::model::{
    ANYTHING, Allow, Changes, Kind, Mark, Only, Outputs, Permissions, Scope, StringExpr, Tags,
};
use crate::resource::sweep::marked;
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

rows! {
    /// A function.
    pub struct Function {
        /// Its name (at most 64 characters).
        function_name: String, needed, CreateOnly(set_function_name);
        /// What it is for.
        #[serde(default)]
        description: String, optional, Configuration(set_description);
        /// The ARN of the role it runs as.
        role: StringExpr, needed, Configuration(set_role);
        /// `Zip`.
        package_type: String, from(Found::package_type), CreateOnly(set_package_type);
        /// The runtime, such as `provided.al2023`. A function of an image has none.
        runtime: String, optional, Configuration(set_runtime);
        /// The entry point: `bootstrap` for an OS-only runtime. A function of an image has none.
        handler: String, optional, Configuration(set_handler);
        /// The one processor the code is built for: `arm64` or `x86_64`.
        architectures: [String; 1], from(Found::architectures), Code(processor);
        /// The deployment package.
        code: Code, try_from(Found::code), Code(package);
        /// In MB. Processor and network grow with it.
        memory_size: i32, needed, Configuration(set_memory_size);
        /// How long one invocation may take, in seconds (1 to 900).
        timeout: i32, needed, Configuration(set_timeout);
        /// The size of `/tmp`.
        #[serde(default)]
        ephemeral_storage: EphemeralStorage, optional, Configuration(set_ephemeral_storage);
        /// Its environment.
        #[serde(default, skip_serializing_if = "Environment::is_empty")]
        environment: Environment, optional, Configuration(set_environment);
        /// Where its logs are written.
        logging_config: LoggingConfig, try_from(Found::logging_config), Configuration(set_logging_config);
        /// X-Ray tracing.
        #[serde(default)]
        tracing_config: TracingConfig, optional, Configuration(set_tracing_config);
        /// How many may run at once. Absent leaves it to the account's pool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reserved_concurrent_executions: Option<i32>, from(Found::reserved_concurrent_executions), Concurrency;
        /// The ARNs of layer versions, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        layers: Vec<String>, optional, Configuration(set_layers);
        /// Where failed asynchronous events are sent, the older way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dead_letter_config: Option<DeadLetterConfig>, optional, Configuration(set_dead_letter_config);
        /// The network it runs in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        vpc_config: Option<VpcConfig>, optional, Configuration(set_vpc_config);
        /// File systems mounted into it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        file_system_configs: Vec<FileSystemConfig>, optional, Configuration(set_file_system_configs);
        /// The key its environment is encrypted with. Absent is Lambda's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kms_key_arn: Option<String>, from(Found::kms_key_arn), Configuration(set_kms_key_arn);
        /// Its tags.
        #[serde(default)]
        tags: Tags, from(Found::tags), Tags(set_tags);
    }
}

fn outputs_of(scope: &Scope, name: &str) -> Outputs {
    outputs([("Arn", arn(scope, name)), ("FunctionName", name.to_owned())])
}

/// The caller passes the function its role, and Lambda reads the code with the caller's permissions.
const PASS_ROLE: Allow =
    Allow::new(&["iam:PassRole"], &["{role}"]).only(Only::PassedTo("lambda.amazonaws.com"));
const READ_BUNDLE: Allow =
    Allow::new(&["s3:GetObject", "s3:GetObjectVersion"], &["arn:aws:s3:::{home}/bundle/*"]);

impl Function {
    /// Makes one of the calls of an update. `all` are the calls of that update.
    async fn write(&self, cx: &Context, write: Write, seen: &Self, all: &BTreeSet<Write>) -> Result<()> {
        match write {
            Write::CreateOnly => {
                let name = &self.function_name;
                let what = format!("{name} would have to be replaced: its name or package type differs");
                Err(Error::unexpected("lambda:UpdateFunctionConfiguration", what))
            }
            Write::Configuration if self.needs_regrant(seen) => self.regrant(cx, seen).await,
            Write::Configuration => self.update_configuration(cx, seen).await,
            Write::Code => {
                if all.contains(&Write::Configuration) {
                    Self::updated(cx, &self.function_name).await?;
                }
                self.update_code(cx).await
            }
            Write::Concurrency => self.reserve(cx).await,
            Write::Tags => self.retag(cx, &seen.tags).await,
        }
    }
}

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
            // Also to adopt a function that has no tag yet: all else comes after it.
            Allow::new(&["lambda:TagResource"], FUNCTIONS),
            Allow::new(
                &[
                    "lambda:UpdateFunctionConfiguration",
                    "lambda:UpdateFunctionCode",
                    "lambda:DeleteFunctionConcurrency",
                    "lambda:UntagResource",
                ],
                FUNCTIONS,
            )
            .only(Only::RequiresStackTag),
            Allow::new(&["lambda:PutFunctionConcurrency"], FUNCTIONS).with("ReservedConcurrentExecutions"),
            PASS_ROLE,
            READ_BUNDLE,
        ],
        delete: &[Allow::new(&["lambda:DeleteFunction"], FUNCTIONS).only(Only::RequiresStackTag)],
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
        let Some(answer) = call.send().await.unless(CALL, ABSENT)? else { return Ok(None) };
        let found = Found::of(answer)?;
        let properties = Self::read(&found)?;
        let (outputs, ownership) = (outputs_of(&cx.scope, id), properties.tags.ownership());
        Ok(Some(Observed::new(id, properties, outputs, ownership).with_readiness(found.readiness())))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let awaited = "waiting until Lambda can assume the function's role";
        let package = desired.package(cx).await?;
        let create = || desired.call_create(cx, &package);
        let made = retry_while(cx, Patience::SECONDS, awaited, unsettled, create).await;
        if let Err(error) = made {
            // After a lost answer the SDK's own retry meets the function that the first attempt made.
            let there =
                if error.is(CONFLICT) { Self::observe(cx, &desired.function_name).await? } else { None };
            let is_ours = there.is_some_and(|there| {
                let tags = cx.ignored_tags().others(&there.properties.tags);
                tags == desired.tags && there.properties.code == desired.code
            });
            if !is_ours {
                return Err(error);
            }
        }
        let left = desired.left_by_create();
        for write in &left {
            desired.write(cx, *write, desired, &left).await?;
        }
        Ok(Created::new(&desired.function_name, outputs_of(&cx.scope, &desired.function_name)))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        let writes = desired.writes(&seen.properties);
        for write in &writes {
            desired.write(cx, *write, &seen.properties, &writes).await?;
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
            let functions = page.named("lambda:ListFunctions")?.functions.or_empty();
            named.extend(
                functions
                    .into_iter()
                    .filter_map(|found| found.function_name)
                    .filter(|name| name.starts_with(&prefix)),
            );
        }
        let read = |name: String| async move {
            let call = cx.lambda().list_tags().resource(arn(&cx.scope, &name));
            let tags = call.send().await.unless("lambda:ListTags", ABSENT)?.and_then(|answer| answer.tags);
            Ok(Mark::from_tags(&tags.or_empty().into_iter().collect()))
        };
        marked(cx, named, read).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_call_changes_is_create_only() {
        let rows = Function::rows();
        let fixed = rows.iter().filter(|(_, write)| *write == Write::CreateOnly);
        assert_eq!(fixed.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), Function::CREATE_ONLY);
    }

    #[test]
    fn permissions_depend_on_properties_that_there_are() {
        let rows = Function::rows();
        let Permissions { observe, create, update, delete, empty, list } = Function::PERMISSIONS;
        let all = [observe, create, update, delete, empty, list];
        for property in all.into_iter().flatten().filter_map(|allow| allow.with) {
            assert!(rows.iter().any(|(name, _)| name == property), "{property}");
        }
    }
}
