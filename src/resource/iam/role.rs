//! `AWS::IAM::Role`: a role with its trust policy, its inline policies and its managed policies.
//!
//! Follows the IAM API reference, `CreateRole`, `PutRolePolicy` and `DeleteRole`.

use std::collections::BTreeSet;

use super::properties::{Policy, Role};
use super::role_edit::{BUSY, Editor, api_tags};
use super::role_read::{ABSENT, attached, document, inline_policies, tags_of};
use crate::aws::{Context, Error, Patience, Result, SdkResult, required, retry_while};
use crate::model::{
    ANYTHING, Allow, Changes, Kind, Mark, Only, Outputs, Ownership, Permissions, PolicyDocument, Principal,
    Scope, StringExpr, Tags,
};
use crate::resource::sweep::marked;
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

const EXISTS: &[&str] = &["EntityAlreadyExists"];
const MALFORMED: &[&str] = &["MalformedPolicyDocument"];

impl Role {
    /// A role at the root path with IAM's default session of an hour and nothing attached.
    #[must_use]
    pub fn new(
        name: String,
        description: &str,
        trust: PolicyDocument,
        policies: Vec<Policy>,
        tags: Tags,
    ) -> Self {
        Self {
            role_name: name,
            path: "/".to_owned(),
            description: Some(description.to_owned()),
            assume_role_policy_document: trust,
            policies: policies.into_iter().collect(),
            managed_policy_arns: BTreeSet::new(),
            permissions_boundary: None,
            max_session_duration: 3600,
            tags,
        }
    }

    /// Whether the trust policy names principals of accounts (users, roles). IAM refuses those that it does not know (yet).
    fn trusts_principals(&self) -> bool {
        let by_type =
            |principal: &Principal| matches!(principal, Principal::Of(types) if types.contains_key("AWS"));
        self.assume_role_policy_document
            .statements()
            .any(|statement| statement.principal.as_ref().is_some_and(by_type))
    }

    /// The role as `CreateRole` makes it: all but its policies.
    fn bare(&self) -> Self {
        Self { policies: BTreeSet::new(), managed_policy_arns: BTreeSet::new(), ..self.clone() }
    }

    /// Creates the bare role and returns its id.
    async fn begin(&self, cx: &Context) -> Result<String> {
        const CALL: &str = "iam:CreateRole";
        let Self {
            role_name,
            path,
            description,
            assume_role_policy_document,
            policies: _,
            managed_policy_arns: _,
            permissions_boundary,
            max_session_duration,
            tags,
        } = self;
        let create = || async {
            let call = cx
                .iam()
                .create_role()
                .role_name(role_name)
                .path(path)
                .assume_role_policy_document(assume_role_policy_document.to_json())
                .max_session_duration(max_session_duration.cast_signed())
                .set_description(description.clone())
                .set_permissions_boundary(permissions_boundary.as_ref().map(StringExpr::text))
                .set_tags(Some(api_tags(tags)));
            call.send().await.named(CALL)
        };
        let passing = |error: &Error| error.is(BUSY) || error.is(MALFORMED) && self.trusts_principals();
        let awaited = "waiting until IAM knows the principals that the role trusts";
        let answer = retry_while(cx, Patience::SECONDS, awaited, passing, create).await?;
        required(answer.role.map(|role| role.role_id), CALL, "Role")
    }

    /// The role of this name if it is an unfinished one of ours, so that creation can continue with it.
    async fn unfinished(&self, cx: &Context) -> Result<Option<Observed<Self>>> {
        let ours = |found: &Observed<Self>| {
            matches!(found.ownership, Ownership::Marked(_))
                && found.ownership == self.tags.ownership()
                && found.properties.path == self.path
        };
        Ok(Self::observe(cx, &self.role_name).await?.filter(ours))
    }
}

fn outputs_of(scope: &Scope, path: &str, name: &str) -> Outputs {
    outputs([("Arn", scope.arn_in("", "iam", &format!("role{path}{name}")))])
}

fn with_id(predicted: Outputs, id: String) -> Outputs {
    predicted.into_iter().chain([("RoleId".to_owned(), id)]).collect()
}

const ROLES: &[&str] = &["arn:aws:iam::{account}:role{path}{name}"];
/// A role is found by its name, whatever its path. IAM asks for permission on the path that the role has, and on none if
/// there is no such role. And the stack may have had its roles without a path before.
const ANY_PATH: &[&str] = &["arn:aws:iam::{account}:role{path}{name}", "arn:aws:iam::{account}:role/{name}"];
/// As AWS documents delegation: whoever adds policies to a role may do so only within the boundary (IAM user guide,
/// "Permissions boundaries for IAM entities"). What a role is changed by requires the stack's tag: a boundary does not stop
/// whoever may change the trust of another team's role.
const PUT: Allow = Allow::new(&["iam:PutRolePolicy"], ROLES).only(Only::OwnWithinBoundary);
const ATTACH: Allow =
    Allow::new(&["iam:AttachRolePolicy"], ROLES).only(Only::OwnWithinBoundary).with("ManagedPolicyArns");

impl Resource for Role {
    const KIND: Kind = Kind::new("AWS::IAM::Role");
    const CREATE_ONLY: &'static [&'static str] = &["Path", "RoleName"];
    /// Boundaries are the business of whoever guards the account.
    const LEFT_ALONE: &'static [&'static str] = &["PermissionsBoundary"];
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(
            &["iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"],
            ANY_PATH,
        )],
        create: &[
            Allow::new(&["iam:TagRole"], ROLES),
            Allow::new(&["iam:CreateRole"], ROLES).only(Only::WithinBoundary),
            PUT,
            ATTACH,
        ],
        // Nothing takes a boundary off: see `LEFT_ALONE`.
        update: &[
            // Also to adopt a role that has no tag yet: all else comes after it.
            Allow::new(&["iam:TagRole"], ROLES),
            Allow::new(
                &[
                    "iam:UpdateAssumeRolePolicy",
                    "iam:UpdateRole",
                    "iam:DeleteRolePolicy",
                    "iam:DetachRolePolicy",
                    "iam:UntagRole",
                ],
                ROLES,
            )
            .only(Only::RequiresStackTag),
            PUT,
            Allow::new(&["iam:PutRolePermissionsBoundary"], ROLES)
                .only(Only::OwnWithinBoundary)
                .with("PermissionsBoundary"),
            ATTACH,
        ],
        delete: &[Allow::new(
            &[
                "iam:ListInstanceProfilesForRole",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy",
                "iam:DeleteRole",
            ],
            ANY_PATH,
        )
        .only(Only::RequiresStackTag)],
        empty: &[],
        list: &[Allow::new(&["iam:ListRoles"], ANYTHING), Allow::new(&["iam:GetRole"], ANY_PATH)],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.role_name.clone())
    }

    fn predicted(&self, scope: &Scope) -> Outputs {
        outputs_of(scope, &self.path, &self.role_name)
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        const CALL: &str = "iam:GetRole";
        let role = async { cx.iam().get_role().role_name(id).send().await.unless(CALL, ABSENT) };
        let (answer, policies, managed_policy_arns) =
            tokio::try_join!(role, inline_policies(cx, id), attached(cx, id))?;
        let Some(answer) = answer else { return Ok(None) };
        let role = required(answer.role, CALL, "Role")?;
        let trust = required(role.assume_role_policy_document, CALL, "Role.AssumeRolePolicyDocument")?;
        let boundary = role.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn);
        let properties = Self {
            role_name: role.role_name,
            path: role.path,
            description: role.description.filter(|text| !text.is_empty()),
            assume_role_policy_document: document(CALL, &trust)?,
            policies,
            managed_policy_arns,
            permissions_boundary: boundary.map(StringExpr::from),
            max_session_duration: role.max_session_duration.map_or(3600, i32::cast_unsigned),
            tags: tags_of(role.tags),
        };
        let (outputs, ownership) =
            (with_id(properties.predicted(&cx.scope), role.role_id), properties.tags.ownership());
        Ok(Some(Observed::new(id, properties, outputs, ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let editor = Editor::of_new(cx, &desired.role_name);
        let outputs = match desired.begin(cx).await {
            Ok(id) => {
                editor.converge(&desired.bare(), desired).await?;
                with_id(desired.predicted(&cx.scope), id)
            }
            Err(error) if error.is(EXISTS) => {
                let Some(found) = desired.unfinished(cx).await? else { return Err(error) };
                editor.converge(&found.properties, desired).await?;
                found.outputs
            }
            Err(error) => return Err(error),
        };
        Ok(Created::new(&desired.role_name, outputs))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        Editor::of_old(cx, &seen.id).converge(&seen.properties, desired).await
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        Editor::of_old(cx, id).delete().await
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let roles = cx.iam().list_roles().max_items(1000).into_paginator().items().send();
        let roles = roles.try_collect().await.named("iam:ListRoles")?;
        let prefix = format!("{}-", cx.scope.stack);
        let names = roles.into_iter().map(|role| role.role_name).filter(|name| name.starts_with(&prefix));
        let read = |name: String| async move {
            let answer = cx.iam().get_role().role_name(&name).send().await.unless("iam:GetRole", ABSENT)?;
            let tags = answer.and_then(|answer| answer.role).and_then(|role| role.tags);
            Ok(Mark::from_tags(&tags_of(tags)))
        };
        marked(cx, names, read).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Statement;

    fn role(trust: Statement) -> Role {
        Role::new("vod-submit".into(), "Submits", PolicyDocument::new([trust]), vec![], Tags::default())
    }

    fn assume() -> Statement {
        Statement::allow("Assume", &["sts:AssumeRole"])
    }

    #[test]
    fn policies_are_read_out_of_their_percent_encoding() {
        let encoded = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Sid%22%3A%22A%22%2C%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3AGetObject%22%2C%22Resource%22%3A%22arn%3Aaws%3As3%3A%3A%3Ab%2F%2B%20%2A%22%7D%5D%7D";
        let expected =
            PolicyDocument::new([Statement::allow("A", &["s3:GetObject"]).on(["arn:aws:s3:::b/+ *".into()])]);
        assert_eq!(document("iam:GetRole", encoded).unwrap(), expected);
        assert_eq!(document("iam:GetRole", "%7B").unwrap_err().call, "iam:GetRole");
    }

    #[test]
    fn a_malformed_trust_can_pass_only_where_it_names_principals() {
        let ours = Principal::Of([("AWS".to_owned(), ["arn:aws:iam::1:role/x".into()].into())].into());
        assert!(role(assume().to(ours)).trusts_principals());
        assert!(!role(assume().to(Principal::service("lambda.amazonaws.com"))).trusts_principals());
    }

    #[test]
    fn inline_policies_are_in_the_order_of_their_names() {
        let policy =
            |name: &str| Policy { policy_name: name.into(), policy_document: PolicyDocument::default() };
        let role = Role { policies: [policy("b"), policy("a")].into(), ..role(assume()) };
        let json = serde_json::to_value(&role).unwrap();
        assert_eq!(json["Policies"][0]["PolicyName"], "a");
        assert_eq!(serde_json::from_value::<Role>(json).unwrap(), role);
    }

    #[test]
    fn the_arn_is_foreseen_and_the_id_is_not() {
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        let predicted = Role { path: "/vod/".into(), ..role(assume()) }.predicted(&scope);
        assert_eq!(predicted, outputs([("Arn", "arn:aws:iam::111122223333:role/vod/vod-submit".into())]));
    }
}
