//! `AWS::CloudFormation::StackSet`: one template in many accounts and regions.
//!
//! Follows the CloudFormation API reference, `CreateStackSet`, `UpdateStackSet`, `CreateStackInstances` and
//! `DeleteStackInstances`, and the user guide, "StackSets concepts". CloudFormation does the work in the accounts. An instance
//! that is not `CURRENT` counts as missing, so that a plan shows it and an apply mends it.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::group::{InstancesGroup, Place, groups, placed};
use super::instances::{Instance, InstanceState, instances};
use super::operation::{carry_out, idle};
use super::preferences::OperationPreferences;
use super::properties::{StackSet, api_tags};
use crate::aws::{Context, Error, OrEmpty, Result, SdkResult, required};
use crate::model::{
    Allow, Changes, INLINE_TEMPLATE, Kind, Mark, Only, Outputs, Permissions, Scope, template_key,
};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

const ABSENT: &[&str] = &["StackSetNotFoundException"];

/// The stack set of the stack, and what its operations are about. AWS asks for the targets and the types of the template as
/// well (Service Authorization Reference, CloudFormation).
const SETS: &[&str] = &[
    "arn:aws:cloudformation:{region}:{account}:stackset/{stack}:*",
    "arn:aws:cloudformation:*:{account}:stackset-target/{stack}:*",
    "arn:aws:cloudformation:*::type/resource/*",
];

/// What `status` asks in addition to what a plan reads.
pub const STATUS: Allow = Allow::new(&["cloudformation:ListStackSetOperations"], SETS);

fn outputs_of(name: &str, id: String) -> Outputs {
    outputs([("StackSetName", name.to_owned()), ("StackSetId", id)])
}

/// The instances that an update reaches.
enum Reached {
    /// All of them, in these regions.
    All(BTreeSet<String>),
    /// Those of a group, which are outdated. The set stays as it is: an update that names a template marks all other instances
    /// as outdated, and one that names targets may not name automatic deployment (CloudFormation API reference,
    /// `UpdateStackSet`, `Accounts` and `AutoDeployment`).
    Only(InstancesGroup),
}

impl StackSet {
    /// Gives the set and its instances what is declared.
    async fn send(&self, cx: &Context, reached: &Reached) -> Result<()> {
        let others = others(cx, &self.stack_set_name).await?;
        let own = self.tags.iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
        let tags = own.chain(others).collect();
        let Self {
            stack_set_name,
            description,
            template_body: _,
            capabilities: _,
            permission_model: _,
            administration_role_arn,
            execution_role_name,
            auto_deployment: _,
            stack_instances_group: _,
            operation_preferences: _,
            tags: _,
        } = self;
        let call = cx
            .cloudformation()
            .update_stack_set()
            .stack_set_name(stack_set_name)
            // absent is empty: that removes the description
            .description(description.as_deref().unwrap_or(""))
            .set_capabilities(Some(self.api_capabilities()))
            .permission_model(self.api_model())
            .set_administration_role_arn(administration_role_arn.clone())
            .set_execution_role_name(execution_role_name.clone())
            .set_tags(Some(api_tags(&tags)));
        let call = match reached {
            Reached::All(regions) => {
                let template = Text::of(cx, &self.template_body);
                call.set_template_body(template.body)
                    .set_template_url(template.url)
                    .set_auto_deployment(self.api_auto_deployment())
                    .operation_preferences(self.preferences(&regions.iter().cloned().collect::<Vec<_>>()))
            }
            Reached::Only(InstancesGroup { deployment_targets, regions }) => call
                .use_previous_template(true)
                .set_accounts(deployment_targets.accounts())
                .set_deployment_targets(deployment_targets.units())
                .operation_preferences(self.preferences(regions))
                .set_regions(Some(regions.clone())),
        };
        const CALL: &str = "cloudformation:UpdateStackSet";
        carry_out(cx, stack_set_name, CALL, || async {
            required(call.clone().send().await.named(CALL)?.operation_id, CALL, "OperationId")
        })
        .await
    }

    /// Makes instances, a group after the other.
    async fn add(&self, cx: &Context, wanted: Vec<InstancesGroup>) -> Result<()> {
        const CALL: &str = "cloudformation:CreateStackInstances";
        for InstancesGroup { deployment_targets, regions } in wanted {
            let call = cx
                .cloudformation()
                .create_stack_instances()
                .stack_set_name(&self.stack_set_name)
                .set_accounts(deployment_targets.accounts())
                .set_deployment_targets(deployment_targets.units())
                .operation_preferences(self.preferences(&regions))
                .set_regions(Some(regions));
            carry_out(cx, &self.stack_set_name, CALL, || async {
                required(call.clone().send().await.named(CALL)?.operation_id, CALL, "OperationId")
            })
            .await?;
        }
        Ok(())
    }
}

/// A template for a call: in it, or, if it is too long, by the URL of its object in the home bucket, which whoever declares the
/// set has put there.
struct Text {
    body: Option<String>,
    url: Option<String>,
}

impl Text {
    fn of(cx: &Context, text: &str) -> Self {
        if text.len() <= INLINE_TEMPLATE {
            return Self { body: Some(text.to_owned()), url: None };
        }
        let key = template_key(&hex::encode(Sha256::digest(text)));
        Self { body: None, url: Some(cx.object_url(&cx.scope.home_bucket(), &key)) }
    }
}

/// The tags that others put on the set: an update replaces all tags.
async fn others(cx: &Context, name: &str) -> Result<Vec<(String, String)>> {
    if cx.ignored_tags().is_empty() {
        return Ok(Vec::new());
    }
    const CALL: &str = "cloudformation:DescribeStackSet";
    let found = cx.cloudformation().describe_stack_set().stack_set_name(name).send().await.named(CALL)?;
    let tags = found.stack_set.and_then(|set| set.tags).or_empty();
    let tags = tags.into_iter().filter_map(|tag| tag.key.zip(tag.value));
    Ok(tags.filter(|(key, _)| cx.ignored_tags().contains(key)).collect())
}

/// Deletes the instances in these places, with their stacks. What a template retains stays in the accounts.
async fn remove(
    cx: &Context,
    name: &str,
    gone: Vec<InstancesGroup>,
    preferences: &OperationPreferences,
) -> Result<()> {
    const CALL: &str = "cloudformation:DeleteStackInstances";
    for InstancesGroup { deployment_targets, regions } in gone {
        let call = cx
            .cloudformation()
            .delete_stack_instances()
            .stack_set_name(name)
            .set_accounts(deployment_targets.accounts())
            .set_deployment_targets(deployment_targets.units())
            .operation_preferences(preferences.within(&regions))
            .set_regions(Some(regions))
            .retain_stacks(false);
        let begin =
            || async { required(call.clone().send().await.named(CALL)?.operation_id, CALL, "OperationId") };
        carry_out(cx, name, CALL, begin).await?;
    }
    Ok(())
}

impl Resource for StackSet {
    const KIND: Kind = Kind::new("AWS::CloudFormation::StackSet");
    const CREATE_ONLY: &'static [&'static str] = &["StackSetName", "PermissionModel"];
    const WRITE_ONLY: &'static [&'static str] = &["OperationPreferences"];
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(
            &["cloudformation:DescribeStackSet", "cloudformation:ListStackInstances"],
            SETS,
        )],
        create: &[
            Allow::new(
                &[
                    "cloudformation:CreateStackSet",
                    "cloudformation:CreateStackInstances",
                    "cloudformation:ListStackSetOperations",
                    "cloudformation:DescribeStackSetOperation",
                    "cloudformation:ListStackSetOperationResults",
                    "cloudformation:TagResource",
                ],
                SETS,
            ),
            Allow::new(&["iam:PassRole"], &["{role}"]).only(Only::PassedTo("cloudformation.amazonaws.com")),
        ],
        update: &[
            Allow::new(
                &[
                    "cloudformation:UpdateStackSet",
                    "cloudformation:CreateStackInstances",
                    "cloudformation:DeleteStackInstances",
                    "cloudformation:ListStackSetOperations",
                    "cloudformation:DescribeStackSetOperation",
                    "cloudformation:ListStackSetOperationResults",
                    "cloudformation:TagResource",
                    "cloudformation:UntagResource",
                ],
                SETS,
            ),
            Allow::new(&["iam:PassRole"], &["{role}"]).only(Only::PassedTo("cloudformation.amazonaws.com")),
        ],
        delete: &[Allow::new(
            &[
                "cloudformation:DeleteStackSet",
                "cloudformation:DeleteStackInstances",
                "cloudformation:ListStackSetOperations",
                "cloudformation:DescribeStackSetOperation",
                "cloudformation:ListStackSetOperationResults",
            ],
            SETS,
        )],
        empty: &[],
        list: &[],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.stack_set_name.clone())
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        const CALL: &str = "cloudformation:DescribeStackSet";
        let set = async {
            cx.cloudformation().describe_stack_set().stack_set_name(id).send().await.unless(CALL, ABSENT)
        };
        let (set, seen) = tokio::try_join!(set, instances(cx, id))?;
        let Some(set) = set else { return Ok(None) };
        let mut set = required(set.stack_set, CALL, "StackSet")?;
        let outputs = outputs_of(id, required(set.stack_set_id.take(), CALL, "StackSetId")?);
        let properties = Self::from_sdk(set, &seen)?;
        let ownership = properties.tags.ownership();
        Ok(Some(Observed::new(id, properties, outputs, ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let template = Text::of(cx, &desired.template_body);
        let Self {
            stack_set_name,
            description,
            template_body: _,
            capabilities: _,
            permission_model: _,
            administration_role_arn,
            execution_role_name,
            auto_deployment: _,
            stack_instances_group,
            operation_preferences: _,
            tags: _,
        } = &**desired;
        let call = cx
            .cloudformation()
            .create_stack_set()
            .stack_set_name(stack_set_name)
            .set_description(description.clone())
            .set_template_body(template.body)
            .set_template_url(template.url)
            .set_capabilities(Some(desired.api_capabilities()))
            .permission_model(desired.api_model())
            .set_administration_role_arn(administration_role_arn.clone())
            .set_execution_role_name(execution_role_name.clone())
            .set_auto_deployment(desired.api_auto_deployment())
            .set_tags(Some(api_tags(&desired.tags)));
        const CALL: &str = "cloudformation:CreateStackSet";
        let id = match call.send().await.named(CALL) {
            Ok(made) => required(made.stack_set_id, CALL, "StackSetId")?,
            Err(error) if error.is(&["NameAlreadyExistsException"]) => {
                let seen = Self::observe(cx, stack_set_name).await?;
                let own = seen.filter(|seen| seen.properties.tags.ownership() == desired.tags.ownership());
                own.and_then(|mut seen| seen.outputs.remove("StackSetId")).ok_or(error)?
            }
            Err(error) => return Err(error),
        };
        desired.add(cx, stack_instances_group.clone()).await?;
        Ok(Created::new(stack_set_name, outputs_of(stack_set_name, id)))
    }

    /// First what is no longer a target goes. Then the set and its instances get the template, and new targets follow. A
    /// removal that fails keeps no other target from that.
    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        changes: &Changes,
    ) -> Result<()> {
        idle(cx, &seen.id).await?;
        let now = instances(cx, &seen.id).await?;
        let by_unit = desired.by_unit();
        let wanted = placed(&desired.stack_instances_group);
        let there = there(&now, &seen.properties);
        let gone = groups(there.difference(&wanted).cloned(), by_unit);
        let removed = remove(cx, &seen.id, gone, &desired.all_preferences()).await;
        let only_targets = changes.0.iter().all(|change| change.path.starts_with("StackInstancesGroup"));
        if only_targets {
            let outdated = now.iter().filter(|one| one.state == InstanceState::Outdated).map(Instance::place);
            for group in groups(outdated.filter(|place| wanted.contains(place)), by_unit) {
                desired.send(cx, &Reached::Only(group)).await?;
            }
        } else {
            let kept = there.intersection(&wanted).map(|(_, region)| region.clone());
            desired.send(cx, &Reached::All(kept.collect())).await?;
        }
        desired.add(cx, groups(wanted.difference(&there).cloned(), by_unit)).await?;
        removed?;
        let stuck = now.iter().filter(|one| one.state == InstanceState::Inoperable);
        let stuck: Vec<&Instance> = stuck.filter(|one| wanted.contains(&one.place())).collect();
        if stuck.is_empty() { Ok(()) } else { Err(inoperable(&stuck)) }
    }

    /// The instances go first. Their stacks are deleted with them, and what the template retains stays in the accounts.
    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let Some(seen) = Self::observe(cx, id).await? else { return Ok(()) };
        idle(cx, id).await?;
        let now = instances(cx, id).await?;
        let by_unit = seen.properties.by_unit();
        let there = there(&now, &seen.properties);
        // How it was applied is not known any more: all accounts of a region at once, and none may fail.
        let preferences = OperationPreferences::removal();
        remove(cx, id, groups(there, by_unit), &preferences).await?;
        let delete = cx.cloudformation().delete_stack_set().stack_set_name(id);
        delete.send().await.unless("cloudformation:DeleteStackSet", ABSENT).map(drop)
    }

    /// The set has the stack's name, so nothing has to be listed to find it.
    async fn list_owned(_: &Context) -> Result<Vec<(String, Mark)>> {
        Ok(Vec::new())
    }
}

/// Where the set is now. A unit without an account has no instance to show that.
fn there(now: &[Instance], seen: &StackSet) -> BTreeSet<Place> {
    let units = placed(&seen.stack_instances_group).into_iter().filter(|_| seen.by_unit());
    now.iter().map(Instance::place).chain(units).collect()
}

/// What to do about instances whose deletion failed (CloudFormation API reference, `StackInstance`, `INOPERABLE`).
fn inoperable(stuck: &[&Instance]) -> Error {
    let places: Vec<String> = stuck.iter().map(|one| format!("{} in {}", one.account, one.region)).collect();
    let text = format!(
        "CloudFormation could not delete the stacks of these targets, and updates leave them out: {}",
        places.join(", ")
    );
    let mut error = Error::unexpected("cloudformation:UpdateStackSet", text);
    error.hint = Some(
        "delete each of these stacks in its account, and let the stack set forget it: `aws cloudformation \
         delete-stack-instances --retain-stacks`; then run the command again"
            .to_owned(),
    );
    error
}
