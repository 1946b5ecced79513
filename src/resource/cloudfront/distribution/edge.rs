//! Who else has a hand in a behaviour's requests and answers: functions that run at the edge, and accounts whose signatures
//! count. A stack has none of either; what somebody attached by hand is seen and taken off again.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, counted};

/// A function of CloudFront's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FunctionAssociation {
    /// When it runs, such as `viewer-request`.
    pub event_type: String,
    /// Its ARN.
    #[serde(rename = "FunctionARN")]
    pub function_arn: String,
}

/// A function of Lambda@Edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct LambdaFunctionAssociation {
    /// When it runs, such as `origin-response`.
    pub event_type: String,
    /// Whether it is given the body.
    #[serde(default)]
    pub include_body: bool,
    /// The ARN of a version of it.
    #[serde(rename = "LambdaFunctionARN")]
    pub lambda_function_arn: String,
}

impl FunctionAssociation {
    pub(super) fn read(live: Option<sdk::FunctionAssociations>) -> BTreeSet<Self> {
        let items = live.and_then(|list| list.items).unwrap_or_default().into_iter();
        let one = |live: sdk::FunctionAssociation| Self {
            event_type: live.event_type.as_str().to_owned(),
            function_arn: live.function_arn,
        };
        items.map(one).collect()
    }

    pub(super) fn build(all: &BTreeSet<Self>) -> Built<sdk::FunctionAssociations> {
        let one = |one: &Self| {
            let built = sdk::FunctionAssociation::builder().event_type(one.event_type.as_str().into());
            built.function_arn(&one.function_arn).build()
        };
        counted!(sdk::FunctionAssociations, all.iter().map(one).collect::<Built<Vec<_>>>()?)
    }
}

impl LambdaFunctionAssociation {
    pub(super) fn read(live: Option<sdk::LambdaFunctionAssociations>) -> BTreeSet<Self> {
        let items = live.and_then(|list| list.items).unwrap_or_default().into_iter();
        let one = |live: sdk::LambdaFunctionAssociation| Self {
            event_type: live.event_type.as_str().to_owned(),
            include_body: live.include_body.unwrap_or_default(),
            lambda_function_arn: live.lambda_function_arn,
        };
        items.map(one).collect()
    }

    pub(super) fn build(all: &BTreeSet<Self>) -> Built<sdk::LambdaFunctionAssociations> {
        let one = |one: &Self| {
            let built = sdk::LambdaFunctionAssociation::builder().event_type(one.event_type.as_str().into());
            built.include_body(one.include_body).lambda_function_arn(&one.lambda_function_arn).build()
        };
        counted!(sdk::LambdaFunctionAssociations, all.iter().map(one).collect::<Built<Vec<_>>>()?)
    }
}

/// The accounts whose own key pairs count, the way that was before key groups.
pub(super) fn signers(live: Option<sdk::TrustedSigners>) -> BTreeSet<String> {
    live.and_then(|list| list.items).into_iter().flatten().collect()
}

/// The same for the API.
pub(super) fn to_signers(accounts: &BTreeSet<String>) -> Built<sdk::TrustedSigners> {
    sdk::TrustedSigners::builder()
        .enabled(!accounts.is_empty())
        .quantity(i32::try_from(accounts.len()).unwrap_or(i32::MAX))
        .set_items((!accounts.is_empty()).then(|| accounts.iter().cloned().collect()))
        .build()
}
