//! `AWS::Lambda::Permission`: one statement of a function's policy.
//!
//! CloudFormation makes up the statement's id and has no property for it, so a declaration cannot name its statement. Here
//! the id follows from the caller and the source, which distinguish the statements of a function. A statement is found
//! under that id. If CloudFormation gave it another one, it is found by its content.
//!
//! A function's policy belongs to the stack as the function does. So the next apply finds and removes statements that
//! nobody declared ([`Resource::list_undeclared_parts`]).
//!
//! Follows the Lambda API reference, `AddPermission`, `GetPolicy`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_lambda::operation::add_permission::builders::AddPermissionFluentBuilder as AddPermission;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

use super::statement::{condition, is_permission, principal};
use super::{ABSENT, CONFLICT, FUNCTIONS, Function, patiently, patiently_if_new};
use crate::aws::{Context, Error, Result, SdkResult};
use crate::model::{
    Allow, Changes, Kind, Mark, Only, Outputs, Ownership, Permissions, PolicyDocument, Scope, Statement,
    StringExpr,
};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, UndeclaredPart};

/// One statement of a function's policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Permission {
    /// The function's name.
    pub function_name: StringExpr,
    /// What is allowed: `lambda:InvokeFunction`.
    pub action: String,
    /// Who may: a service (`events.amazonaws.com`), an account, or `*`.
    pub principal: String,
    /// The ARN of the resource for which the service calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_arn: Option<StringExpr>,
    /// The account that must own that resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_account: Option<String>,
    /// The organisation that the caller must belong to.
    #[serde(default, rename = "PrincipalOrgID", skip_serializing_if = "Option::is_none")]
    pub principal_org_id: Option<String>,
    /// The token an Alexa skill must bring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_source_token: Option<String>,
    /// How callers of the function's URL sign: `AWS_IAM` or `NONE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function_url_auth_type: Option<String>,
    /// Whether only calls through the function's URL are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoked_via_function_url: Option<bool>,
}

/// The turns of the functions, by name.
static ONE_BY_ONE: Mutex<BTreeMap<String, Arc<Turn<()>>>> = Mutex::new(BTreeMap::new());

/// Held around every call that changes this function's policy. Lambda answers concurrent calls about one function all with
/// success and keeps only some of them (hashicorp/terraform-provider-aws makes them one after the other for the same
/// reason).
async fn turn(function: &str) -> OwnedMutexGuard<()> {
    let turn = {
        let mut turns = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(function.to_owned()).or_default())
    };
    turn.lock_owned().await
}

/// The longest readable part of a statement id. Ids have at most 100 characters.
const READABLE: usize = 80;

/// The id of the statement that lets this principal call for this source: readable, and unique by a digest. Statements that
/// differ only in their other conditions have the same id, so a change of those is a replacement.
fn statement_id(principal: &str, source: &str) -> String {
    let digest = hex::encode(Sha256::digest(format!("{principal}\n{source}")));
    let service = principal.split('.').next().unwrap_or(principal);
    let resource = source.rsplit_once(':').map_or(source, |(_, resource)| resource);
    let readable = format!("{service}-{resource}").replace('*', "any");
    let safe = |char: char| if char.is_ascii_alphanumeric() || char == '_' { char } else { '-' };
    let readable: String = readable.chars().map(safe).take(READABLE).collect();
    format!("{}-{}", readable.trim_matches('-'), &digest[..12])
}

impl Permission {
    fn statement_id(&self) -> String {
        statement_id(&self.principal, &self.source_arn.as_ref().map_or_else(String::new, StringExpr::text))
    }

    fn physical_id(&self) -> String {
        format!("{}/{}", self.function_name.text(), self.statement_id())
    }

    fn fill(&self, call: AddPermission) -> AddPermission {
        let Self {
            function_name,
            action,
            principal,
            source_arn,
            source_account,
            principal_org_id,
            event_source_token,
            function_url_auth_type,
            invoked_via_function_url,
        } = self;
        call.function_name(function_name.text())
            .statement_id(self.statement_id())
            .action(action)
            .principal(principal)
            .set_source_arn(source_arn.as_ref().map(StringExpr::text))
            .set_source_account(source_account.clone())
            .set_principal_org_id(principal_org_id.clone())
            .set_event_source_token(event_source_token.clone())
            .set_function_url_auth_type(function_url_auth_type.as_deref().map(Into::into))
            .set_invoked_via_function_url(*invoked_via_function_url)
    }

    /// The permission that a statement of the function's policy is. `PutResourcePolicy` can write statements that are no
    /// permissions. Such a one has itself as its action, so that it differs from every declaration.
    fn from_statement(function: &str, statement: &Statement) -> Self {
        let value = |key| condition(statement, key);
        let actions = || statement.action.iter().map(StringExpr::text).collect::<Vec<_>>().join(",");
        let whole = || json!(statement).to_string();
        Self {
            function_name: function.into(),
            action: if is_permission(statement) { actions() } else { whole() },
            principal: principal(statement.principal.as_ref()),
            source_arn: value("aws:SourceArn").map(StringExpr::from),
            source_account: value("aws:SourceAccount"),
            principal_org_id: value("aws:PrincipalOrgID"),
            event_source_token: value("lambda:EventSourceToken"),
            function_url_auth_type: value("lambda:FunctionUrlAuthType"),
            invoked_via_function_url: value("lambda:InvokedViaFunctionUrl").map(|text| text == "true"),
        }
    }
}

/// The statements that a physical id means: the one with the statement id, else those whose content gives that id.
fn matching<'a>(policy: &'a PolicyDocument, function: &str, sid: &str) -> Vec<&'a Statement> {
    let named: Vec<_> = policy.statements().filter(|statement| statement.sid == sid).collect();
    if !named.is_empty() {
        return named;
    }
    let leads_here =
        |statement: &&Statement| Permission::from_statement(function, statement).statement_id() == sid;
    policy.statements().filter(leads_here).collect()
}

/// The policy of a function: an empty one if there is no function or it has none.
async fn policy_of(cx: &Context, function: &str) -> Result<PolicyDocument> {
    const CALL: &str = "lambda:GetPolicy";
    let call = cx.lambda().get_policy().function_name(function);
    let ask = |_| async move { Ok(call.send().await.unless(CALL, ABSENT)?.and_then(|answer| answer.policy)) };
    let Some(text) = cx.cached(CALL, function, ask).await? else { return Ok(PolicyDocument::default()) };
    text.parse().map_err(|error| Error::unexpected(CALL, format!("unreadable policy: {error}")))
}

/// The statements of a function's policy that none of these declared permissions means.
fn undeclared<'a>(policy: &'a PolicyDocument, function: &str, sids: &[String]) -> Vec<&'a Statement> {
    let declared: Vec<&Statement> = sids.iter().flat_map(|sid| matching(policy, function, sid)).collect();
    policy.statements().filter(|statement| !declared.contains(statement)).collect()
}

fn split(id: &str) -> Result<(&str, &str)> {
    id.rsplit_once('/')
        .ok_or_else(|| Error::unexpected("lambda:GetPolicy", format!("`{id}` is not the id of a permission")))
}

impl Resource for Permission {
    const KIND: Kind = Kind::new("AWS::Lambda::Permission");
    const CREATE_ONLY: &'static [&'static str] = &[
        "Action",
        "EventSourceToken",
        "FunctionName",
        "FunctionUrlAuthType",
        "InvokedViaFunctionUrl",
        "Principal",
        "PrincipalOrgID",
        "SourceAccount",
        "SourceArn",
    ];
    const PARENT: Option<Kind> = Some(Function::KIND);
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["lambda:GetPolicy"], FUNCTIONS)],
        create: &[Allow::new(&["lambda:AddPermission"], FUNCTIONS)],
        update: &[],
        delete: &[Allow::new(&["lambda:RemovePermission"], FUNCTIONS).only(Only::RequiresStackTag)],
        empty: &[],
        list: &[],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.physical_id())
    }

    fn parent_id(_: &Scope, id: &str) -> Option<String> {
        split(id).ok().map(|(function, _)| function.to_owned())
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let (function, sid) = split(id)?;
        let policy = policy_of(cx, function).await?;
        let found =
            matching(&policy, function, sid).first().map(|found| Self::from_statement(function, found));
        Ok(found.map(|properties| Observed::new(id, properties, Outputs::new(), Ownership::Inherited)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let id = desired.physical_id();
        let call = desired.fill(cx.lambda().add_permission());
        patiently_if_new(cx, || async {
            let alone = turn(&desired.function_name.text()).await;
            let answer = call.clone().send().await.named("lambda:AddPermission");
            drop(alone);
            match answer {
                // The same code means that the function is busy, or that the first attempt got through.
                Err(error) if error.is(CONFLICT) => match Self::observe(cx, &id).await? {
                    Some(there) if there.properties == **desired => Ok(()),
                    _ => Err(error),
                },
                answer => answer.map(drop),
            }
        })
        .await?;
        Ok(Created::new(id, Outputs::new()))
    }

    /// Never called: every property is create-only.
    async fn update(_: &Context, seen: &Observed<Self>, _: &Resolved<Self>, _: &Changes) -> Result<()> {
        let message = format!("a statement cannot be changed in place: {} must be replaced", seen.id);
        Err(Error::unexpected("lambda:AddPermission", message))
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let (function, sid) = split(id)?;
        let policy = policy_of(cx, function).await?;
        for statement in matching(&policy, function, sid) {
            let call = cx.lambda().remove_permission().function_name(function).statement_id(&statement.sid);
            patiently(cx, || async {
                let _alone = turn(function).await;
                call.clone().send().await.unless("lambda:RemovePermission", ABSENT).map(drop)
            })
            .await?;
        }
        Ok(())
    }

    async fn list_undeclared_parts(
        cx: &Context,
        whole: &str,
        declared: &[Self],
    ) -> Result<Vec<UndeclaredPart<Observed<Self>>>> {
        let of_whole = declared.iter().filter(|permission| permission.function_name.text() == whole);
        let sids: Vec<String> = of_whole.map(Self::statement_id).collect();
        let policy = policy_of(cx, whole).await?;
        let part = |statement: &Statement| {
            let (id, name) = (format!("{whole}/{}", statement.sid), statement.sid.clone());
            let properties = Self::from_statement(whole, statement);
            UndeclaredPart { name, seen: Observed::new(id, properties, Outputs::new(), Ownership::Inherited) }
        };
        Ok(undeclared(&policy, whole, &sids).into_iter().map(part).collect())
    }

    async fn list_owned(_: &Context) -> Result<Vec<(String, Mark)>> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "arn:aws:events:ap-northeast-2:111122223333:rule/vod-upload";

    fn permission() -> Permission {
        Permission {
            function_name: "vod-submit".into(),
            action: "lambda:InvokeFunction".into(),
            principal: "events.amazonaws.com".into(),
            source_arn: Some(RULE.into()),
            source_account: Some("111122223333".into()),
            principal_org_id: None,
            event_source_token: None,
            function_url_auth_type: None,
            invoked_via_function_url: None,
        }
    }

    fn policy(sid: &str, account: &str) -> PolicyDocument {
        let text = format!(
            r#"{{"Version":"2012-10-17","Id":"default","Statement":[
            {{"Sid":"by-hand","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"arn:f"}},
            {{"Sid":"{sid}","Effect":"Allow","Principal":{{"Service":"events.amazonaws.com"}},
              "Action":"lambda:InvokeFunction","Resource":"arn:f",
              "Condition":{{"StringEquals":{{"AWS:SourceAccount":"{account}"}},"ArnLike":{{"AWS:SourceArn":"{RULE}"}}}}}}]}}"#
        );
        text.parse().unwrap()
    }

    #[test]
    fn the_id_is_readable_and_fixed() {
        // A changed id would leave every live statement behind: this value must never change.
        assert_eq!(permission().physical_id(), "vod-submit/events-rule-vod-upload-5638f83a866f");
        let any = statement_id("*", "");
        assert!(any.starts_with("any-") && any.len() <= 100, "{any}");
        assert!(statement_id(&"p".repeat(300), RULE).len() <= 100);
    }

    #[test]
    fn a_statement_is_found_by_its_id_and_else_by_its_content() {
        let sid = permission().statement_id();
        for given in [sid.as_str(), "vod-HandlersSubmitPermission-1K9"] {
            let policy = policy(given, "111122223333");
            let found = matching(&policy, "vod-submit", &sid);
            let read: Vec<_> =
                found.iter().map(|found| Permission::from_statement("vod-submit", found)).collect();
            assert_eq!(read, [permission()]);
        }
        assert!(matching(&PolicyDocument::default(), "vod-submit", &sid).is_empty());
    }

    #[test]
    fn an_undeclared_statement_is_found_among_declared_ones() {
        let sid = permission().statement_id();
        for given in [sid.as_str(), "vod-HandlersSubmitPermission-1K9"] {
            let policy = policy(given, "111122223333");
            let found = undeclared(&policy, "vod-submit", std::slice::from_ref(&sid));
            assert_eq!(found.iter().map(|one| one.sid.as_str()).collect::<Vec<_>>(), ["by-hand"]);
        }
        assert_eq!(undeclared(&policy(&sid, "111122223333"), "vod-submit", &[]).len(), 2);
    }

    #[test]
    fn another_source_account_is_a_visible_change() {
        let sid = permission().statement_id();
        let policy = policy(&sid, "999999999999");
        let seen = Permission::from_statement("vod-submit", matching(&policy, "vod-submit", &sid)[0]);
        assert_eq!(seen.source_account.as_deref(), Some("999999999999"));
    }

    #[test]
    fn a_statement_that_denies_or_has_other_conditions_is_no_permission() {
        let read = |from: &str, to: &str| {
            let sid = permission().statement_id();
            let text = policy(&sid, "111122223333").to_json();
            let changed: PolicyDocument = text.replace(from, to).parse().unwrap();
            Permission::from_statement("vod-submit", matching(&changed, "vod-submit", &sid)[0])
        };
        assert_eq!(read("", ""), permission());
        for (from, to) in [
            ("Allow", "Deny"),
            ("ArnLike", "ArnLikeIfExists"),
            ("StringEquals\":{", "StringEquals\":{\"aws:PrincipalTag/team\":\"other\","),
        ] {
            let action = read(from, to).action;
            assert!(action.starts_with('{') && action.contains("lambda:InvokeFunction"), "{action}");
        }
    }
}
