//! Functions that run at the edge, and accounts whose signatures a behavior accepts. A stack has neither. Ones that
//! were added by hand are seen and removed.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, counted};
use crate::aws::OrEmpty;

/// Lambda@Edge gets no request body unless the association says so.
const INCLUDE_BODY: bool = false;

/// A CloudFront function and when it runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FunctionAssociation {
    /// When it runs, such as `viewer-request`.
    pub event_type: String,
    /// Its ARN.
    #[serde(rename = "FunctionARN")]
    pub function_arn: String,
}

/// A Lambda@Edge function and when it runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct LambdaFunctionAssociation {
    /// When it runs, such as `origin-response`.
    pub event_type: String,
    /// Whether it gets the request's body.
    #[serde(default)]
    pub include_body: bool,
    /// The ARN of a version of the function.
    #[serde(rename = "LambdaFunctionARN")]
    pub lambda_function_arn: String,
}

impl FunctionAssociation {
    pub(super) fn read(live: Option<sdk::FunctionAssociations>) -> BTreeSet<Self> {
        let items = live.and_then(|list| list.items).or_empty().into_iter();
        let one = |live: sdk::FunctionAssociation| Self {
            event_type: live.event_type.as_str().to_owned(),
            function_arn: live.function_arn,
        };
        items.map(one).collect()
    }

    pub(super) fn build(all: &BTreeSet<Self>) -> Built<sdk::FunctionAssociations> {
        let one = |Self { event_type, function_arn }: &Self| {
            let built = sdk::FunctionAssociation::builder().event_type(event_type.as_str().into());
            built.function_arn(function_arn).build()
        };
        counted!(sdk::FunctionAssociations, all.iter().map(one).collect::<Built<Vec<_>>>()?)
    }
}

impl LambdaFunctionAssociation {
    pub(super) fn read(live: Option<sdk::LambdaFunctionAssociations>) -> BTreeSet<Self> {
        let items = live.and_then(|list| list.items).or_empty().into_iter();
        let one = |live: sdk::LambdaFunctionAssociation| Self {
            event_type: live.event_type.as_str().to_owned(),
            include_body: live.include_body.unwrap_or(INCLUDE_BODY),
            lambda_function_arn: live.lambda_function_arn,
        };
        items.map(one).collect()
    }

    pub(super) fn build(all: &BTreeSet<Self>) -> Built<sdk::LambdaFunctionAssociations> {
        let one = |Self { event_type, include_body, lambda_function_arn }: &Self| {
            let built = sdk::LambdaFunctionAssociation::builder().event_type(event_type.as_str().into());
            built.include_body(*include_body).lambda_function_arn(lambda_function_arn).build()
        };
        counted!(sdk::LambdaFunctionAssociations, all.iter().map(one).collect::<Built<Vec<_>>>()?)
    }
}

/// The accounts whose own key pairs may sign. This is older than key groups.
pub(super) fn signers(live: Option<sdk::TrustedSigners>) -> BTreeSet<String> {
    live.and_then(|list| list.items).into_iter().flatten().collect()
}

/// The same, as the API wants it.
pub(super) fn to_signers(accounts: &BTreeSet<String>) -> Built<sdk::TrustedSigners> {
    sdk::TrustedSigners::builder()
        .enabled(!accounts.is_empty())
        .quantity(i32::try_from(accounts.len()).unwrap_or(i32::MAX))
        .set_items((!accounts.is_empty()).then(|| accounts.iter().cloned().collect()))
        .build()
}
