//! `AWS::Events::Rule`: which events are sent to which targets.
//!
//! Follows the EventBridge API reference, `PutRule`, `PutTargets` and `RemoveTargets`.

use std::collections::BTreeSet;
use std::future::Future;

use aws_sdk_eventbridge::types as api;
use serde::{Deserialize, Serialize};

use super::{ABSENT, DEFAULT_BUS, EventPattern, Target, place, target};
use crate::aws::{Context, Error, OrEmpty, Patience, Result, SdkResult, required, retry_while};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Outputs, Permissions, Scope, Tags};
use crate::resource::sweep::marked;
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

/// Another change of the same rule or its targets is under way.
const BUSY: &[&str] = &["ConcurrentModificationException"];
/// The same, and: not every server of EventBridge knows a rule that was made a moment ago.
const BUSY_OR_NEW: &[&str] = &["ConcurrentModificationException", "ResourceNotFoundException"];

/// A rule of an event bus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// The name of its bus; `default` is the one that AWS services send to.
    pub event_bus_name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which events it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_pattern: Option<EventPattern>,
    /// When it runs without an event, such as `rate(1 day)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_expression: Option<String>,
    /// Whether it runs.
    pub state: RuleState,
    /// Where matching events are sent, by their ids.
    #[serde(default)]
    pub targets: BTreeSet<Target>,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

/// Whether a rule runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RuleState {
    /// It does.
    #[default]
    Enabled,
    /// It does not.
    Disabled,
    /// It does, also for the read-only management events of CloudTrail.
    EnabledWithAllCloudtrailManagementEvents,
}

impl RuleState {
    const ALL: [Self; 3] = [Self::Enabled, Self::Disabled, Self::EnabledWithAllCloudtrailManagementEvents];

    fn api(self) -> api::RuleState {
        match self {
            Self::Enabled => api::RuleState::Enabled,
            Self::Disabled => api::RuleState::Disabled,
            Self::EnabledWithAllCloudtrailManagementEvents => {
                api::RuleState::EnabledWithAllCloudtrailManagementEvents
            }
        }
    }
}

/// The rule's ARN, which is its id: rules of other buses have the bus in it.
fn arn(scope: &Scope, bus: &str, name: &str) -> String {
    let place = if bus == DEFAULT_BUS { name.to_owned() } else { format!("{bus}/{name}") };
    scope.arn("events", &format!("rule/{place}"))
}

/// Makes a call that EventBridge refuses while another change of the same rule is under way.
pub(super) async fn settle<T, F>(cx: &Context, call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    settle_while(cx, |error| error.is(BUSY), call).await
}

async fn settle_while<T, F>(
    cx: &Context,
    passing: impl Fn(&Error) -> bool,
    call: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    retry_while(cx, Patience::SECONDS, "waiting for another change of the rule", passing, call).await
}

/// Whether EventBridge still sees targets on a rule that was to be deleted, although they were just removed. The code is
/// that of everything invalid, so the message must tell.
fn has_targets(error: &Error) -> bool {
    error.is(&["ValidationException"]) && error.message.contains("has targets")
}

async fn tags(cx: &Context, id: &str) -> Result<Option<Tags>> {
    let call = cx.events().list_tags_for_resource().resource_arn(id);
    let answer = call.send().await.unless("events:ListTagsForResource", ABSENT)?;
    let pair = |tag: api::Tag| (tag.key, tag.value);
    Ok(answer.map(|answer| answer.tags.or_empty().into_iter().map(pair).collect()))
}

fn api_tags(tags: &Tags) -> Vec<api::Tag> {
    let tag =
        |(key, value)| api::Tag::builder().key(key).value(value).build().expect("key and value are set");
    tags.iter().map(tag).collect()
}

impl Rule {
    /// Makes or replaces the rule, but for its targets. The tags count only when it is new.
    async fn put(&self, cx: &Context) -> Result<()> {
        let Self {
            name,
            event_bus_name,
            description,
            event_pattern,
            schedule_expression,
            state,
            targets: _,
            tags,
        } = self;
        let put = || async {
            let call = cx
                .events()
                .put_rule()
                .name(name)
                .event_bus_name(event_bus_name)
                // absent is empty: whether a call without one clears it differs between AWS and its emulators
                .description(description.as_deref().unwrap_or(""))
                .set_event_pattern(event_pattern.as_ref().map(EventPattern::to_json))
                .set_schedule_expression(schedule_expression.clone())
                .state(state.api())
                .set_tags(Some(api_tags(tags)));
            call.send().await.named("events:PutRule")
        };
        settle(cx, put).await.map(drop)
    }

    fn arn(&self, scope: &Scope) -> String {
        arn(scope, &self.event_bus_name, &self.name)
    }
}

async fn set_tags(cx: &Context, id: &str, seen: &Tags, desired: &Tags) -> Result<()> {
    let stale = seen.stale(desired);
    if !stale.is_empty() {
        let untag = || async {
            let call = cx.events().untag_resource().resource_arn(id).set_tag_keys(Some(stale.clone()));
            call.send().await.named("events:UntagResource")
        };
        settle(cx, untag).await?;
    }
    let tag = || async {
        let call = cx.events().tag_resource().resource_arn(id).set_tags(Some(api_tags(desired)));
        call.send().await.named("events:TagResource")
    };
    settle(cx, tag).await.map(drop)
}

/// Gives a rule other targets. New ones are added before stale ones are removed, so that no event is lost between the two
/// calls. Only a rule that cannot hold both loses the stale ones first.
async fn retarget(cx: &Context, id: &str, seen: &BTreeSet<Target>, desired: &BTreeSet<Target>) -> Result<()> {
    let new: Vec<&Target> = desired.difference(seen).collect();
    let without = |targets: &BTreeSet<Target>, others: &BTreeSet<Target>| -> Vec<String> {
        let there = |id: &String| others.iter().any(|target| target.id == *id);
        targets.iter().map(|target| target.id.clone()).filter(|id| !there(id)).collect()
    };
    let (added, stale) = (without(desired, seen), without(seen, desired));
    // AWS does not say how many targets an account was granted. A rule that has more shows it.
    let crowded = seen.len() + added.len() > seen.len().max(target::PER_RULE);
    let put = settle(cx, || target::put(cx, id, &new));
    let remove = settle(cx, || target::remove(cx, id, &stale));
    if crowded {
        remove.await?;
        return put.await;
    }
    put.await?;
    remove.await
}

/// The ARN of a rule of another bus than the default one has the bus in it.
const RULES: &[&str] =
    &["arn:aws:events:{region}:{account}:rule/{name}", "arn:aws:events:{region}:{account}:rule/*/{name}"];

impl Resource for Rule {
    const KIND: Kind = Kind::new("AWS::Events::Rule");
    const CREATE_ONLY: &'static [&'static str] = &["Name", "EventBusName"];
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(
            &["events:DescribeRule", "events:ListTargetsByRule", "events:ListTagsForResource"],
            RULES,
        )],
        create: &[Allow::new(&["events:PutRule", "events:TagResource", "events:PutTargets"], RULES)],
        update: &[Allow::new(
            &[
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
                "events:TagResource",
                "events:UntagResource",
            ],
            RULES,
        )],
        delete: &[Allow::new(&["events:RemoveTargets", "events:DeleteRule"], RULES)],
        empty: &[],
        list: &[
            Allow::new(&["events:ListRules"], ANYTHING),
            Allow::new(&["events:ListTagsForResource"], RULES),
        ],
    };

    fn id(&self, scope: &Scope) -> Option<String> {
        Some(self.arn(scope))
    }

    fn predicted(&self, scope: &Scope) -> Outputs {
        outputs([("Arn", self.arn(scope))])
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let (bus, name) = place(id);
        let rule = async {
            let call = cx.events().describe_rule().event_bus_name(bus).name(name);
            call.send().await.unless("events:DescribeRule", ABSENT)
        };
        let (rule, targets, tags) = tokio::try_join!(rule, target::list(cx, id), tags(cx, id))?;
        let (Some(rule), Some(tags)) = (rule, tags) else { return Ok(None) };
        let pattern = rule.event_pattern().filter(|text| !text.is_empty()).map(str::parse).transpose();
        let unexpected = |what: String| Error::unexpected("events:DescribeRule", what);
        let state = rule.state().map_or("ENABLED", |state| state.as_str());
        let properties = Self {
            name: name.to_owned(),
            event_bus_name: bus.to_owned(),
            event_pattern: pattern.map_err(|error| unexpected(format!("unreadable pattern: {error}")))?,
            state: (RuleState::ALL.into_iter().find(|known| known.api().as_str() == state))
                .ok_or_else(|| unexpected(format!("rule {name} is in the unknown state {state}")))?,
            description: rule.description.filter(|text| !text.is_empty()),
            schedule_expression: rule.schedule_expression.filter(|text| !text.is_empty()),
            targets,
            tags,
        };
        let (outputs, ownership) = (properties.predicted(&cx.scope), properties.tags.ownership());
        Ok(Some(Observed::new(id, properties, outputs, ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let id = desired.arn(&cx.scope);
        desired.put(cx).await?;
        let targets: Vec<&Target> = desired.targets.iter().collect();
        settle_while(cx, |error| error.is(BUSY_OR_NEW), || target::put(cx, &id, &targets)).await?;
        Ok(Created::new(id, desired.predicted(&cx.scope)))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        let was = &seen.properties;
        // Targets and tags have calls of their own: does anything else differ?
        let same = Self { targets: was.targets.clone(), tags: was.tags.clone(), ..Self::clone(desired) };
        if same != *was {
            desired.put(cx).await?;
        }
        if was.targets != desired.targets {
            retarget(cx, &seen.id, &was.targets, &desired.targets).await?;
        }
        if was.tags != desired.tags {
            set_tags(cx, &seen.id, &was.tags, &desired.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let (bus, name) = place(id);
        let delete = || async {
            let ids: Vec<String> = target::list(cx, id).await?.into_iter().map(|target| target.id).collect();
            target::remove(cx, id, &ids).await?;
            let call = cx.events().delete_rule().event_bus_name(bus).name(name);
            call.send().await.unless("events:DeleteRule", ABSENT)
        };
        settle_while(cx, |error| error.is(BUSY) || has_targets(error), delete).await.map(drop)
    }

    /// Looks at the default bus. The stack's rule on another bus is found by its declaration, or by the last record.
    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let (mut arns, mut next) = (Vec::new(), None);
        loop {
            let call =
                cx.events().list_rules().name_prefix(format!("{}-", cx.scope.stack)).set_next_token(next);
            let page = call.send().await.named("events:ListRules")?;
            for rule in page.rules.or_empty() {
                arns.push(required(rule.arn, "events:ListRules", "Rules[].Arn")?);
            }
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        let mark = |arn: String| async move { Ok(tags(cx, &arn).await?.as_ref().and_then(Mark::from_tags)) };
        marked(cx, arns, mark).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::extract::State;
    use axum::http::{HeaderMap, StatusCode};

    use super::*;
    use crate::aws::fake_aws;

    /// A rule's targets, by their ids, and the calls that changed them.
    #[derive(Clone, Default)]
    struct Bus(Arc<Mutex<(BTreeSet<String>, Vec<String>)>>);

    async fn answer(State(bus): State<Bus>, headers: HeaderMap, body: String) -> (StatusCode, String) {
        let asked: serde_json::Value = serde_json::from_str(&body).unwrap();
        let texts = |list: &serde_json::Value, member: &str| -> BTreeSet<String> {
            let all = list.as_array().unwrap().iter();
            all.map(|one| one.get(member).unwrap_or(one).as_str().unwrap().to_owned()).collect()
        };
        let mut bus = bus.0.lock().unwrap();
        let call = headers["x-amz-target"].to_str().unwrap().trim_start_matches("AWSEvents.").to_owned();
        let ids = match call.as_str() {
            "PutTargets" => &bus.0 | &texts(&asked["Targets"], "Id"),
            _ => &bus.0 - &texts(&asked["Ids"], "Id"),
        };
        if ids.len() > target::PER_RULE {
            let message = "The requested resource exceeds the maximum number allowed.";
            let error = serde_json::json!({ "__type": "LimitExceededException", "message": message });
            return (StatusCode::BAD_REQUEST, error.to_string());
        }
        bus.0 = ids;
        bus.1.push(call);
        (StatusCode::OK, r#"{"FailedEntryCount":0,"FailedEntries":[]}"#.to_owned())
    }

    /// The calls by which a rule with these targets gets those, and whether it has them then.
    async fn retargeted(seen: &[&str], desired: &[&str]) -> (Vec<String>, bool) {
        let targets = |ids: &[&str]| -> BTreeSet<Target> {
            let target = |id: &&str| serde_json::json!({ "Id": id, "Arn": "arn" });
            ids.iter().map(target).map(|target| serde_json::from_value(target).unwrap()).collect()
        };
        let ids = |ids: &[&str]| -> BTreeSet<String> { ids.iter().map(|id| (*id).to_owned()).collect() };
        let bus = Bus(Arc::new(Mutex::new((ids(seen), Vec::new()))));
        let cx = fake_aws::regions(Router::new().fallback(answer).with_state(bus.clone())).await.home();
        let id = arn(&cx.scope, DEFAULT_BUS, "vod-upload");
        retarget(&cx, &id, &targets(seen), &targets(desired)).await.unwrap();
        let (left, calls) = bus.0.lock().unwrap().clone();
        (calls, left == ids(desired))
    }

    #[tokio::test]
    async fn new_targets_come_first_unless_the_rule_cannot_hold_both() {
        let calls = |calls: &[&str]| (calls.iter().map(|call| (*call).to_owned()).collect(), true);
        let by_hand = ["a", "b", "c", "d", "e"];
        assert_eq!(retargeted(&by_hand, &["submit"]).await, calls(&["RemoveTargets", "PutTargets"]));
        assert_eq!(retargeted(&by_hand[..4], &["submit"]).await, calls(&["PutTargets", "RemoveTargets"]));
        let full = ["a", "b", "c", "d", "submit"];
        assert_eq!(retargeted(&full, &["submit"]).await, calls(&["RemoveTargets"]));
    }

    #[test]
    fn the_arn_leads_back_to_bus_and_name() {
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        assert_eq!(
            arn(&scope, "default", "vod-upload"),
            "arn:aws:events:eu-west-1:111122223333:rule/vod-upload"
        );
        for (bus, name) in [("default", "vod-upload"), ("media", "vod-upload")] {
            assert_eq!(place(&arn(&scope, bus, name)), (bus, name));
        }
    }

    #[test]
    fn states_are_written_as_the_api_writes_them() {
        for state in RuleState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.api().as_str());
        }
    }
}
