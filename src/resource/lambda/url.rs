//! `AWS::Lambda::Url`: an address by which a function is called over HTTPS.
//!
//! The stack has none: its functions are called by events. A URL with the authentication `NONE` lets anybody on the
//! internet call. So the next apply finds and removes those that nobody declared ([`Resource::list_undeclared_parts`]), of
//! the function itself and of its aliases.
//!
//! The ARN that a URL calls identifies it; the ARN ends with the alias if there is one. Follows the Lambda API reference,
//! `CreateFunctionUrlConfig`, `ListFunctionUrlConfigs`.

use std::collections::BTreeSet;

use aws_sdk_lambda::types as sdk;
use serde::{Deserialize, Serialize};

use super::function_calls::arn;
use super::{ABSENT, CONFLICT, FUNCTIONS, Function, patiently};
use crate::aws::{Class, Context, Error, Result, SdkResult};
use crate::model::{Allow, Changes, Kind, Mark, Only, Outputs, Ownership, Permissions, Scope, StringExpr};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, UndeclaredPart, outputs};

/// A function's URL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Url {
    /// The ARN of the function.
    pub target_function_arn: StringExpr,
    /// The alias that it calls. Absent: the function's latest code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<String>,
    /// Who may call: with `AWS_IAM` those whom a policy allows to, with `NONE` all whom the function's own policy admits.
    pub auth_type: String,
    /// Which sites' pages may call it from a browser. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// `BUFFERED` or `RESPONSE_STREAM`.
    pub invoke_mode: String,
}

/// Which sites' pages may call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Cors {
    /// Whether they may send cookies.
    #[serde(default)]
    pub allow_credentials: bool,
    /// Which headers they may send.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allow_headers: BTreeSet<String>,
    /// Which methods they may use.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allow_methods: BTreeSet<String>,
    /// Which sites.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allow_origins: BTreeSet<String>,
    /// Which headers of answers they may read.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub expose_headers: BTreeSet<String>,
    /// For how long, in seconds, browsers keep this answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i32>,
}

impl Cors {
    fn to_sdk(&self) -> sdk::Cors {
        let Self { allow_credentials, allow_headers, allow_methods, allow_origins, expose_headers, max_age } =
            self;
        let list = |set: &BTreeSet<String>| (!set.is_empty()).then(|| set.iter().cloned().collect());
        sdk::Cors::builder()
            .allow_credentials(*allow_credentials)
            .set_allow_headers(list(allow_headers))
            .set_allow_methods(list(allow_methods))
            .set_allow_origins(list(allow_origins))
            .set_expose_headers(list(expose_headers))
            .set_max_age(*max_age)
            .build()
    }

    /// Nothing if it allows nothing: that is what an update sends to remove it.
    fn from_sdk(found: &sdk::Cors) -> Option<Self> {
        let set = |list: &[String]| list.iter().cloned().collect();
        let found = Self {
            allow_credentials: found.allow_credentials.unwrap_or(false),
            allow_headers: set(found.allow_headers()),
            allow_methods: set(found.allow_methods()),
            allow_origins: set(found.allow_origins()),
            expose_headers: set(found.expose_headers()),
            max_age: found.max_age.filter(|seconds| *seconds != 0),
        };
        (found != Self::default()).then_some(found)
    }
}

/// The name of the URL that calls no alias.
const LATEST: &str = "$LATEST";
/// The number of parts of a function's ARN. An alias comes after them.
const PARTS: usize = 7;

/// The ARN of a function and the alias behind it.
fn split(arn: &str) -> (&str, Option<&str>) {
    match arn.match_indices(':').nth(PARTS - 1) {
        Some((at, _)) => (&arn[..at], Some(&arn[at + 1..])),
        None => (arn, None),
    }
}

fn outputs_of(found: &sdk::FunctionUrlConfig) -> Outputs {
    outputs([("FunctionArn", found.function_arn.clone()), ("FunctionUrl", found.function_url.clone())])
}

/// What Lambda answers every call about URLs in a region that has none.
const UNKNOWN_CALL: &str = "Unable to determine service/operation name";

/// Whether the region has no URLs at all, such as me-central-1 (Lambda developer guide, "Creating and managing Lambda
/// function URLs"). The code is the same as for a missing permission, so only the message tells.
fn has_none_here(error: &Error) -> bool {
    error.class == Class::Denied && error.message.contains(UNKNOWN_CALL)
}

/// All URLs of a function, by name or ARN, and of its aliases. None if there is no function.
async fn all_of(cx: &Context, function: &str) -> Result<Vec<sdk::FunctionUrlConfig>> {
    let mut pages = cx.lambda().list_function_url_configs().function_name(function).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        match page.unless("lambda:ListFunctionUrlConfigs", ABSENT) {
            Ok(Some(page)) => all.extend(page.function_url_configs),
            Ok(None) => break,
            Err(error) if has_none_here(&error) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

impl Url {
    fn physical_id(&self) -> String {
        let function = self.target_function_arn.text();
        self.qualifier.as_ref().map_or(function.clone(), |alias| format!("{function}:{alias}"))
    }

    fn observed(found: &sdk::FunctionUrlConfig) -> Observed<Self> {
        let (function, alias) = split(&found.function_arn);
        let properties = Self {
            target_function_arn: function.into(),
            qualifier: alias.map(str::to_owned),
            auth_type: found.auth_type.as_str().to_owned(),
            cors: found.cors.as_ref().and_then(Cors::from_sdk),
            invoke_mode: found.invoke_mode.as_ref().map_or("BUFFERED", |mode| mode.as_str()).to_owned(),
        };
        Observed::new(&found.function_arn, properties, outputs_of(found), Ownership::Inherited)
    }
}

impl Resource for Url {
    const KIND: Kind = Kind::new("AWS::Lambda::Url");
    const CREATE_ONLY: &'static [&'static str] = &["TargetFunctionArn", "Qualifier"];
    const PARENT: Option<Kind> = Some(Function::KIND);
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["lambda:ListFunctionUrlConfigs"], FUNCTIONS)],
        create: &[Allow::new(&["lambda:CreateFunctionUrlConfig"], FUNCTIONS)],
        update: &[Allow::new(&["lambda:UpdateFunctionUrlConfig"], FUNCTIONS).only(Only::RequiresStackTag)],
        delete: &[Allow::new(&["lambda:DeleteFunctionUrlConfig"], FUNCTIONS).only(Only::RequiresStackTag)],
        empty: &[],
        list: &[],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.physical_id())
    }

    /// The function's name. A URL of a function in another account or region is no part here.
    fn parent_id(scope: &Scope, id: &str) -> Option<String> {
        split(id).0.strip_prefix(&arn(scope, "")).map(str::to_owned)
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let all = all_of(cx, split(id).0).await?;
        Ok(all.iter().find(|found| found.function_arn == id).map(Self::observed))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let id = desired.physical_id();
        let Self { target_function_arn, qualifier, auth_type, cors, invoke_mode } = &**desired;
        let call = cx
            .lambda()
            .create_function_url_config()
            .function_name(target_function_arn.text())
            .set_qualifier(qualifier.clone())
            .auth_type(auth_type.as_str().into())
            .set_cors(cors.as_ref().map(Cors::to_sdk))
            .invoke_mode(invoke_mode.as_str().into());
        let made = call.send().await.named("lambda:CreateFunctionUrlConfig");
        let there = match made {
            // After a lost answer the SDK's own retry meets the URL that the first attempt made.
            Err(error) if error.is(CONFLICT) => match Self::observe(cx, &id).await? {
                Some(there) if there.properties == **desired => there.outputs,
                _ => return Err(error),
            },
            answer => {
                let answer = answer?;
                outputs([("FunctionArn", answer.function_arn), ("FunctionUrl", answer.function_url)])
            }
        };
        Ok(Created::new(id, there))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        let Self { target_function_arn: _, qualifier: _, auth_type, cors, invoke_mode } = &**desired;
        let (function, alias) = split(&seen.id);
        let call = cx
            .lambda()
            .update_function_url_config()
            .function_name(function)
            .set_qualifier(alias.map(str::to_owned))
            .auth_type(auth_type.as_str().into())
            // An empty one removes what was allowed before. A call without one would keep it.
            .cors(cors.as_ref().map_or_else(|| sdk::Cors::builder().build(), Cors::to_sdk))
            .invoke_mode(invoke_mode.as_str().into());
        patiently(cx, || async {
            call.clone().send().await.named("lambda:UpdateFunctionUrlConfig").map(drop)
        })
        .await
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let (function, alias) = split(id);
        let call = cx.lambda().delete_function_url_config().function_name(function);
        let call = call.set_qualifier(alias.map(str::to_owned));
        patiently(cx, || async {
            call.clone().send().await.unless("lambda:DeleteFunctionUrlConfig", ABSENT).map(drop)
        })
        .await
    }

    async fn list_undeclared_parts(
        cx: &Context,
        whole: &str,
        declared: &[Self],
    ) -> Result<Vec<UndeclaredPart<Observed<Self>>>> {
        let declared: Vec<String> = declared.iter().map(Self::physical_id).collect();
        let all = all_of(cx, whole).await?;
        let others = all.iter().filter(|found| !declared.contains(&found.function_arn));
        let part = |found| {
            let seen = Self::observed(found);
            let name = seen.properties.qualifier.as_deref().unwrap_or(LATEST);
            UndeclaredPart { name: name.to_owned(), seen }
        };
        Ok(others.map(part).collect())
    }

    async fn list_owned(_: &Context) -> Result<Vec<(String, Mark)>> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:vod-submit";

    fn found(arn: &str) -> sdk::FunctionUrlConfig {
        sdk::FunctionUrlConfig::builder()
            .function_arn(arn)
            .function_url("https://x.lambda-url.eu-west-1.on.aws/")
            .auth_type(sdk::FunctionUrlAuthType::None)
            .creation_time("2026-01-01T00:00:00Z")
            .last_modified_time("2026-01-01T00:00:00Z")
            .build()
            .unwrap()
    }

    #[test]
    fn one_of_an_alias_differs_from_the_functions_own() {
        let own = Url::observed(&found(FUNCTION));
        assert_eq!((own.id.as_str(), &own.properties.qualifier), (FUNCTION, &None));
        assert_eq!(own.properties.physical_id(), FUNCTION);
        let arn = format!("{FUNCTION}:live");
        let alias = Url::observed(&found(&arn));
        assert_eq!(alias.properties.target_function_arn, own.properties.target_function_arn);
        assert_eq!(alias.properties.qualifier.as_deref(), Some("live"));
        assert_eq!((alias.properties.physical_id(), alias.id), (arn.clone(), arn));
    }

    #[test]
    fn cors_survives_the_sdk_and_an_empty_one_is_none() {
        let set = |text: &str| BTreeSet::from([text.to_owned()]);
        let cors = Cors {
            allow_credentials: true,
            allow_headers: set("x-a"),
            allow_methods: set("*"),
            allow_origins: set("https://example.com"),
            expose_headers: set("etag"),
            max_age: Some(60),
        };
        assert_eq!(Cors::from_sdk(&cors.to_sdk()), Some(cors));
        assert_eq!(Cors::from_sdk(&sdk::Cors::builder().allow_credentials(false).max_age(0).build()), None);
    }
}
