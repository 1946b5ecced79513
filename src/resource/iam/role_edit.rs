//! The calls that change or remove a role, one after the other: IAM refuses simultaneous changes of one entity.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::{Duration, Instant};

use aws_sdk_iam::types::Tag;

use super::properties::{Policy, Role};
use super::role_read::{ABSENT, attached, inline_names};
use crate::aws::{Class, Context, Error, OrEmpty, Patience, Result, SdkResult, retry_while};
use crate::model::{PolicyDocument, StringExpr, Tags};

/// Another change of the same role is under way.
pub(super) const BUSY: &[&str] = &["ConcurrentModification"];
/// The same, or an IAM server does not know yet a role that was made a moment ago.
const BUSY_OR_NEW: &[&str] = &["ConcurrentModification", "NoSuchEntity"];
/// For how long a denied change of a new role may mean that an IAM server does not know the role yet: the caller may be
/// allowed to change only roles with the stack's tag or boundary, and an unknown role has neither.
const UNKNOWN: Duration = Duration::from_secs(20);
/// The same, or an IAM server does not know yet that the role's policies were removed.
const BUSY_OR_USED: &[&str] = &["ConcurrentModification", "DeleteConflict"];

/// Tags as IAM's calls take them.
pub(super) fn api_tags(tags: &Tags) -> Vec<Tag> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build().expect("key and value are set");
    tags.iter().map(tag).collect()
}

/// Changes one role.
pub(super) struct Editor<'a> {
    cx: &'a Context,
    name: &'a str,
    passing: &'static [&'static str],
    /// Since when the role or its tag is there, if this run made it.
    new_since: Option<Instant>,
}

impl<'a> Editor<'a> {
    /// An editor of a role that was made just now.
    pub(super) fn of_new(cx: &'a Context, name: &'a str) -> Self {
        Self { cx, name, passing: BUSY_OR_NEW, new_since: Some(Instant::now()) }
    }

    /// An editor of a role that has been there for a while.
    pub(super) fn of_old(cx: &'a Context, name: &'a str) -> Self {
        Self { cx, name, passing: BUSY, new_since: None }
    }

    async fn settle<T, F>(&self, call: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        self.settle_while(self.passing, call).await
    }

    async fn settle_while<T, F>(&self, codes: &[&str], call: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let awaited = format!("waiting until IAM has settled role {}", self.name);
        let unknown = || self.new_since.is_some_and(|since| since.elapsed() < UNKNOWN);
        let passing = |error: &Error| error.is(codes) || error.class == Class::Denied && unknown();
        retry_while(self.cx, Patience::SECONDS, &awaited, passing, call).await
    }

    /// Makes the seen role equal to the desired one. The tags come first: printed policies allow changing only a role that
    /// has the stack's tag, and one that is adopted has it from here on. New policies are added before stale ones are
    /// removed, so that nobody who works under the role is interrupted.
    pub(super) async fn converge(&self, seen: &Role, desired: &Role) -> Result<()> {
        let Role {
            role_name: _,
            path: _,
            description,
            assume_role_policy_document,
            policies,
            managed_policy_arns,
            permissions_boundary,
            max_session_duration,
            tags,
        } = desired;
        self.converge_tags(&seen.tags, tags).await?;
        if seen.assume_role_policy_document != *assume_role_policy_document {
            self.set_trust(assume_role_policy_document).await?;
        }
        if (&seen.description, seen.max_session_duration) != (description, *max_session_duration) {
            self.set_settings(description.as_deref(), *max_session_duration).await?;
        }
        // Before any policy: IAM may let the caller add policies only within the boundary.
        if let Some(boundary) = permissions_boundary
            && seen.permissions_boundary != *permissions_boundary
        {
            self.set_boundary(boundary).await?;
        }
        self.add(
            policies.difference(&seen.policies),
            managed_policy_arns.difference(&seen.managed_policy_arns),
        )
        .await?;
        self.remove_stale(seen, policies, managed_policy_arns).await
    }

    async fn add(
        &self,
        policies: impl Iterator<Item = &Policy>,
        managed: impl Iterator<Item = &StringExpr>,
    ) -> Result<()> {
        for policy in policies {
            self.put(policy).await?;
        }
        for arn in managed {
            self.attach(&arn.text()).await?;
        }
        Ok(())
    }

    async fn remove_stale(
        &self,
        seen: &Role,
        policies: &BTreeSet<Policy>,
        managed: &BTreeSet<StringExpr>,
    ) -> Result<()> {
        let kept = |name: &str| policies.iter().any(|policy| policy.policy_name == name);
        for policy in seen.policies.iter().filter(|policy| !kept(&policy.policy_name)) {
            self.remove(&policy.policy_name).await?;
        }
        for arn in seen.managed_policy_arns.difference(managed) {
            self.detach(&arn.text()).await?;
        }
        Ok(())
    }

    async fn converge_tags(&self, seen: &Tags, desired: &Tags) -> Result<()> {
        if seen == desired {
            return Ok(());
        }
        let (iam, stale) = (self.cx.iam(), seen.stale(desired));
        let tag = || async {
            let call = iam.tag_role().role_name(self.name).set_tags(Some(api_tags(desired)));
            call.send().await.named("iam:TagRole")
        };
        self.settle(tag).await?;
        if !stale.is_empty() {
            let untag = || async {
                let call = iam.untag_role().role_name(self.name).set_tag_keys(Some(stale.clone()));
                call.send().await.named("iam:UntagRole")
            };
            self.settle(untag).await?;
        }
        Ok(())
    }

    async fn set_trust(&self, policy: &PolicyDocument) -> Result<()> {
        let document = policy.to_json();
        let update = || async {
            let call =
                self.cx.iam().update_assume_role_policy().role_name(self.name).policy_document(&document);
            call.send().await.named("iam:UpdateAssumeRolePolicy")
        };
        self.settle(update).await.map(drop)
    }

    /// Sends both settings in every call: without a session duration IAM resets it to an hour, and without a description
    /// it keeps the one there is.
    async fn set_settings(&self, description: Option<&str>, session: u32) -> Result<()> {
        let update = || async {
            let call = self
                .cx
                .iam()
                .update_role()
                .role_name(self.name)
                // absent is empty: that removes the description
                .description(description.unwrap_or(""))
                .max_session_duration(session.cast_signed());
            call.send().await.named("iam:UpdateRole")
        };
        self.settle(update).await.map(drop)
    }

    async fn set_boundary(&self, boundary: &StringExpr) -> Result<()> {
        let arn = boundary.text();
        let put = || async {
            let call = self.cx.iam().put_role_permissions_boundary().role_name(self.name);
            call.permissions_boundary(&arn).send().await.named("iam:PutRolePermissionsBoundary")
        };
        self.settle(put).await.map(drop)
    }

    async fn put(&self, policy: &Policy) -> Result<()> {
        let document = policy.policy_document.to_json();
        let put = || async {
            let call = self.cx.iam().put_role_policy().role_name(self.name);
            let call = call.policy_name(&policy.policy_name).policy_document(&document);
            call.send().await.named("iam:PutRolePolicy")
        };
        self.settle(put).await.map(drop)
    }

    async fn remove(&self, policy: &str) -> Result<()> {
        let delete = || async {
            let call = self.cx.iam().delete_role_policy().role_name(self.name).policy_name(policy);
            call.send().await.unless("iam:DeleteRolePolicy", ABSENT)
        };
        self.settle(delete).await.map(drop)
    }

    async fn attach(&self, arn: &str) -> Result<()> {
        let attach = || async {
            let call = self.cx.iam().attach_role_policy().role_name(self.name).policy_arn(arn);
            call.send().await.named("iam:AttachRolePolicy")
        };
        self.settle(attach).await.map(drop)
    }

    async fn detach(&self, arn: &str) -> Result<()> {
        let detach = || async {
            let call = self.cx.iam().detach_role_policy().role_name(self.name).policy_arn(arn);
            call.send().await.unless("iam:DetachRolePolicy", ABSENT)
        };
        self.settle(detach).await.map(drop)
    }

    /// Removes the role and its policies, unless it is in instance profiles: those belong to somebody else.
    pub(super) async fn delete(&self) -> Result<()> {
        let (inline, attached, profiles) = tokio::try_join!(
            inline_names(self.cx, self.name),
            attached(self.cx, self.name),
            self.profiles()
        )?;
        if !profiles.is_empty() {
            let text = format!(
                "role {} is in use by instance profile {}, which provision did not make: remove the role from it first",
                self.name,
                profiles.join(", ")
            );
            return Err(Error::unexpected("iam:DeleteRole", text));
        }
        for name in &inline {
            self.remove(name).await?;
        }
        for arn in &attached {
            self.detach(&arn.text()).await?;
        }
        let delete = || async {
            let call = self.cx.iam().delete_role().role_name(self.name);
            call.send().await.unless("iam:DeleteRole", ABSENT)
        };
        self.settle_while(BUSY_OR_USED, delete).await.map(drop)
    }

    async fn profiles(&self) -> Result<Vec<String>> {
        let call = self.cx.iam().list_instance_profiles_for_role().role_name(self.name);
        let found = call.into_paginator().items().send().try_collect().await;
        let found = found.unless("iam:ListInstanceProfilesForRole", ABSENT)?.or_empty();
        Ok(found.into_iter().map(|profile| profile.instance_profile_name).collect())
    }
}
