//! Templates on their way into a call: their text, their parameters, and what protects their resources.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::refusals::SET_PREFIX;
use crate::aws::{Error, Result};
use crate::cloudformation::Template;
use crate::deploy::TemplateText;
use crate::graph::Graph;
use crate::model::{Address, Guard, INLINE_TEMPLATE};
use crate::ops::account::Account;

/// A stack policy that keeps CloudFormation from replacing or deleting what holds data.
pub(super) fn stack_policy(graph: &Graph, template: &Template) -> Option<String> {
    let guarded = |address: &Address| graph.get(address).is_some_and(|one| one.guard == Guard::Data);
    let guarded: Vec<String> = template
        .members
        .iter()
        .filter(|(_, address)| guarded(address))
        .map(|(id, _)| format!("LogicalResourceId/{id}"))
        .collect();
    if guarded.is_empty() {
        return None;
    }
    let policy = json!({ "Statement": [
        { "Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*", "Resource": guarded },
    ] });
    Some(policy.to_string())
}

/// The values of a template's parameters: outputs of the stacks that were deployed before.
pub(in crate::ops) fn parameters(
    template: &Template,
    outputs: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let value = |name: &str| match outputs.get(name) {
        Some(value) => Ok((name.to_owned(), value.clone())),
        None => Err(Error::missing("cloudformation:DescribeStacks", &format!("output {name}"))),
    };
    template.parameters().map(value).collect()
}

/// The template for a call: in it, or, if it is too long, in the home bucket.
pub(in crate::ops) async fn template_text(account: &Account, template: &Template) -> Result<TemplateText> {
    put_text(account, template.body.to_string()).await
}

/// The text of a template for a call.
pub(in crate::ops) async fn put_text(account: &Account, text: String) -> Result<TemplateText> {
    if text.len() <= INLINE_TEMPLATE {
        return Ok(TemplateText::Inline(text));
    }
    let digest = hex::encode(Sha256::digest(&text));
    let key = account.store.put_template(&digest, &text).await?;
    let cx = account.regions.home();
    Ok(TemplateText::Url(cx.object_url(&cx.scope.home_bucket(), &key)))
}

/// A name for a change set, and a token for its execution.
pub(in crate::ops) fn set_name() -> String {
    format!("{SET_PREFIX}{}", Timestamp::now().as_nanosecond())
}
