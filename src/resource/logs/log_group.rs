//! `AWS::Logs::LogGroup`: where a function's log is kept, and for how long.
//!
//! A group that a function made for itself, before this program declared one, is untagged. The plan then says so and
//! adopts it only with `--adopt`. Follows the CloudWatch Logs API reference, `CreateLogGroup`.

use std::future::Future;

use aws_sdk_cloudwatchlogs::types::LogGroup as Group;
use serde::{Deserialize, Serialize};

use crate::aws::{Context, Error, OrEmpty, Patience, Result, SdkResult, required, retry_while};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Outputs, Ownership, Permissions, Scope, Tags};
use crate::resource::sweep::marked;
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

const LIST: &str = "logs:DescribeLogGroups";

pub(super) const ABSENT: &[&str] = &["ResourceNotFoundException"];
const EXISTS: &[&str] = &["ResourceAlreadyExistsException"];
/// "Multiple concurrent requests to update the same resource were in conflict": also while a group of the same name is
/// still being deleted.
const BUSY: &[&str] = &["OperationAbortedException"];
const INVALID: &[&str] = &["ValidationException"];
/// What CloudWatch Logs says of a group that somebody protected: its code is that of every invalid request.
const PROTECTED: &str = "deletion protection enabled";

/// A log group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct LogGroup {
    /// Its name.
    pub log_group_name: String,
    /// How its events can be searched, and what they cost.
    pub log_group_class: LogGroupClass,
    /// How many days an event is kept. Absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_in_days: Option<u32>,
    /// Whether nobody can delete it.
    #[serde(default)]
    pub deletion_protection_enabled: bool,
    /// The ARN of the KMS key that new events are encrypted with. Absent leaves the one there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

/// The class of a log group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LogGroupClass {
    /// Every feature of CloudWatch Logs.
    #[default]
    Standard,
    /// Cheaper, without metric filters and live tail.
    InfrequentAccess,
    /// Only passed on to S3 or Data Firehose, kept for a day.
    Delivery,
}

impl LogGroupClass {
    const ALL: [Self; 3] = [Self::Standard, Self::InfrequentAccess, Self::Delivery];

    fn api(self) -> aws_sdk_cloudwatchlogs::types::LogGroupClass {
        use aws_sdk_cloudwatchlogs::types::LogGroupClass as Api;
        match self {
            Self::Standard => Api::Standard,
            Self::InfrequentAccess => Api::InfrequentAccess,
            Self::Delivery => Api::Delivery,
        }
    }
}

/// The ARN as the tagging calls take it. CloudFormation's `Arn`, which policies want, has `:*` at its end.
fn arn(scope: &Scope, name: &str) -> String {
    scope.arn("logs", &format!("log-group:{name}"))
}

fn outputs_of(scope: &Scope, name: &str) -> Outputs {
    outputs([("Arn", format!("{}:*", arn(scope, name)))])
}

pub(super) async fn settle<T, F>(cx: &Context, call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let awaited = "waiting for another change of the log group";
    retry_while(cx, Patience::SECONDS, awaited, |error| error.is(BUSY), call).await
}

async fn tags(cx: &Context, name: &str) -> Result<Option<Tags>> {
    let call = cx.logs().list_tags_for_resource().resource_arn(arn(&cx.scope, name));
    let answer = call.send().await.unless("logs:ListTagsForResource", ABSENT)?;
    Ok(answer.map(|answer| answer.tags.or_empty().into_iter().collect()))
}

/// The group may have been made a moment ago, when some servers do not know it yet.
async fn set_retention(cx: &Context, name: &str, days: Option<u32>) -> Result<()> {
    if let Some(days) = days {
        let put = || async {
            let call = cx.logs().put_retention_policy().log_group_name(name);
            call.retention_in_days(days.cast_signed()).send().await.named("logs:PutRetentionPolicy").map(drop)
        };
        let passing = |error: &Error| error.is(BUSY) || error.is(ABSENT);
        let awaited = "waiting until CloudWatch Logs sees the log group";
        return retry_while(cx, Patience::SECONDS, awaited, passing, put).await;
    }
    let delete = || async {
        let call = cx.logs().delete_retention_policy().log_group_name(name);
        call.send().await.unless("logs:DeleteRetentionPolicy", ABSENT)
    };
    settle(cx, delete).await.map(drop)
}

async fn protect(cx: &Context, name: &str, enabled: bool) -> Result<()> {
    let put = || async {
        let call = cx.logs().put_log_group_deletion_protection().log_group_identifier(name);
        call.deletion_protection_enabled(enabled).send().await.named("logs:PutLogGroupDeletionProtection")
    };
    settle(cx, put).await.map(drop)
}

async fn encrypt(cx: &Context, name: &str, key: &str) -> Result<()> {
    let associate = || async {
        let call = cx.logs().associate_kms_key().log_group_name(name).kms_key_id(key);
        call.send().await.named("logs:AssociateKmsKey")
    };
    settle(cx, associate).await.map(drop)
}

async fn delete(cx: &Context, name: &str) -> Result<()> {
    let delete = || async {
        let call = cx.logs().delete_log_group().log_group_name(name);
        call.send().await.unless("logs:DeleteLogGroup", ABSENT)
    };
    settle(cx, delete).await.map(drop)
}

async fn set_tags(cx: &Context, name: &str, seen: &Tags, desired: &Tags) -> Result<()> {
    let (arn, stale) = (arn(&cx.scope, name), seen.stale(desired));
    if !stale.is_empty() {
        let call = cx.logs().untag_resource().resource_arn(&arn).set_tag_keys(Some(stale));
        call.send().await.named("logs:UntagResource")?;
    }
    let call = cx.logs().tag_resource().resource_arn(&arn).set_tags(Some(desired.to_map()));
    call.send().await.named("logs:TagResource").map(drop)
}

impl LogGroup {
    /// Creates the group, but for its retention, which has a call of its own.
    async fn begin(&self, cx: &Context) -> Result<()> {
        let Self {
            log_group_name,
            log_group_class,
            retention_in_days: _,
            deletion_protection_enabled,
            kms_key_id,
            tags,
        } = self;
        let create = || async {
            let call = cx
                .logs()
                .create_log_group()
                .log_group_name(log_group_name)
                .log_group_class(log_group_class.api())
                .set_deletion_protection_enabled(deletion_protection_enabled.then_some(true))
                .set_kms_key_id(kms_key_id.clone())
                .set_tags(Some(tags.to_map()));
            call.send().await.named("logs:CreateLogGroup")
        };
        settle(cx, create).await.map(drop)
    }
}

/// The list searches by a part of the name, so it also finds groups of others. Their tags say whose they are.
const ALIKE: &[&str] = &["arn:aws:logs:{region}:{account}:log-group:*{name}"];
pub(super) const GROUPS: &[&str] = &["arn:aws:logs:{region}:{account}:log-group:/aws/lambda/{name}"];

impl Resource for LogGroup {
    const KIND: Kind = Kind::new("AWS::Logs::LogGroup");
    const CREATE_ONLY: &'static [&'static str] = &["LogGroupName", "LogGroupClass"];
    /// Organisations give keys to log groups that have none.
    const LEFT_ALONE: &'static [&'static str] = &["KmsKeyId"];
    const PERMISSIONS: Permissions = Permissions {
        observe: &[
            Allow::new(&["logs:DescribeLogGroups"], ANYTHING),
            Allow::new(&["logs:ListTagsForResource"], GROUPS),
        ],
        create: &[Allow::new(
            &["logs:CreateLogGroup", "logs:TagResource", "logs:PutRetentionPolicy"],
            GROUPS,
        )],
        update: &[
            Allow::new(
                &[
                    "logs:PutRetentionPolicy",
                    "logs:DeleteRetentionPolicy",
                    "logs:PutLogGroupDeletionProtection",
                    "logs:TagResource",
                    "logs:UntagResource",
                ],
                GROUPS,
            ),
            Allow::new(&["logs:AssociateKmsKey"], GROUPS).with("KmsKeyId"),
        ],
        delete: &[Allow::new(&["logs:DeleteLogGroup"], GROUPS)],
        empty: &[Allow::new(&["logs:PutLogGroupDeletionProtection"], GROUPS)],
        list: &[
            Allow::new(&["logs:DescribeLogGroups"], ANYTHING),
            Allow::new(&["logs:ListTagsForResource"], ALIKE),
        ],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.log_group_name.clone())
    }

    fn predicted(&self, scope: &Scope) -> Outputs {
        outputs_of(scope, &self.log_group_name)
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let group = async {
            // Answers are sorted by name, and a name comes before all that it is a prefix of: the first page has it.
            let call = cx.logs().describe_log_groups().log_group_name_prefix(id).limit(1);
            call.send().await.named(LIST)
        };
        let (group, tags) = tokio::try_join!(group, tags(cx, id))?;
        let first = group.log_groups.or_empty().into_iter().next();
        let found = first.filter(|group| group.log_group_name() == Some(id));
        let (Some(group), Some(tags)) = (found, tags) else { return Ok(None) };
        let class = group.log_group_class().map_or("STANDARD", |class| class.as_str());
        let log_group_class =
            LogGroupClass::ALL.into_iter().find(|known| known.api().as_str() == class).ok_or_else(|| {
                Error::unexpected(LIST, format!("log group {id} has the unknown class {class}"))
            })?;
        let retention_in_days = group.retention_in_days.map(i32::cast_unsigned);
        let properties = Self {
            log_group_name: id.to_owned(),
            log_group_class,
            retention_in_days,
            deletion_protection_enabled: group.deletion_protection_enabled().unwrap_or(false),
            kms_key_id: group.kms_key_id,
            tags,
        };
        let ownership = properties.tags.ownership();
        Ok(Some(Observed::new(id, properties, outputs_of(&cx.scope, id), ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let name = &desired.log_group_name;
        if let Err(error) = desired.begin(cx).await {
            let found = if error.is(EXISTS) { tags(cx, name).await? } else { None };
            let owner = found.as_ref().map_or(Ownership::Unmarked, Tags::ownership);
            if owner == Ownership::Unmarked || owner != desired.tags.ownership() {
                return Err(error);
            }
        }
        if desired.retention_in_days.is_some() {
            set_retention(cx, name, desired.retention_in_days).await?;
        }
        Ok(Created::new(name, outputs_of(&cx.scope, name)))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        let Self {
            log_group_name: _,
            log_group_class: _,
            retention_in_days,
            deletion_protection_enabled,
            kms_key_id,
            tags,
        } = &**desired;
        if seen.properties.deletion_protection_enabled != *deletion_protection_enabled {
            protect(cx, &seen.id, *deletion_protection_enabled).await?;
        }
        if let Some(key) = kms_key_id
            && seen.properties.kms_key_id != *kms_key_id
        {
            encrypt(cx, &seen.id, key).await?;
        }
        if seen.properties.retention_in_days != *retention_in_days {
            set_retention(cx, &seen.id, *retention_in_days).await?;
        }
        if seen.properties.tags != *tags {
            set_tags(cx, &seen.id, &seen.properties.tags, tags).await?;
        }
        Ok(())
    }

    /// A group that somebody protected goes only where its contents may go with it: in a teardown.
    async fn delete(cx: &Context, id: &str, removal: Removal) -> Result<()> {
        let refused = match delete(cx, id).await {
            Err(error) if error.is(INVALID) && error.message.contains(PROTECTED) => error,
            outcome => return outcome,
        };
        if removal == Removal::OnlyEmpty {
            let message = format!(
                "{}; somebody protected {id}: run `aws logs put-log-group-deletion-protection --log-group-identifier {id} \
                 --no-deletion-protection-enabled`, and apply again",
                refused.message
            );
            return Err(Error { message, ..refused });
        }
        protect(cx, id, false).await?;
        delete(cx, id).await
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        // A pattern and not a prefix: functions' groups are named `/aws/lambda/<function>`.
        let call = cx.logs().describe_log_groups().log_group_name_pattern(format!("{}-", cx.scope.stack));
        let groups = call.into_paginator().items().send().try_collect().await.named(LIST)?;
        let name = |group: Group| required(group.log_group_name, LIST, "logGroups[].logGroupName");
        let names = groups.into_iter().map(name).collect::<Result<Vec<_>>>()?;
        let read =
            |name: String| async move { Ok(tags(cx, &name).await?.as_ref().and_then(Mark::from_tags)) };
        marked(cx, names, read).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_written_as_the_api_writes_them() {
        for class in LogGroupClass::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.api().as_str());
        }
    }

    #[test]
    fn the_arn_that_policies_want_covers_the_streams() {
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        let expected = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/vod-submit:*";
        assert_eq!(outputs_of(&scope, "/aws/lambda/vod-submit")["Arn"], expected);
    }
}
