//! Tags of MediaConvert's resources: CloudFormation writes them as a map, those of most other types as a list.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ABSENT;
use crate::aws::{Context, OrEmpty, Result, SdkResult, required};
use crate::model::{Mark, Tags};
use crate::resource::sweep::marked;

/// Tags that CloudFormation writes as a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagMap(Tags);

impl From<Tags> for TagMap {
    fn from(tags: Tags) -> Self {
        Self(tags)
    }
}

impl std::ops::Deref for TagMap {
    type Target = Tags;

    fn deref(&self) -> &Tags {
        &self.0
    }
}

impl Serialize for TagMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter())
    }
}

impl<'de> Deserialize<'de> for TagMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let map = std::collections::BTreeMap::<String, String>::deserialize(deserializer)?;
        Ok(Self(map.into_iter().collect()))
    }
}

/// The tags of a resource, or `None` if there is no such resource.
pub(super) async fn list(cx: &Context, arn: &str) -> Result<Option<TagMap>> {
    const CALL: &str = "mediaconvert:ListTagsForResource";
    let call = cx.mediaconvert().list_tags_for_resource().arn(arn);
    let Some(answer) = call.send().await.unless(CALL, ABSENT)? else { return Ok(None) };
    let tags = required(answer.resource_tags, CALL, "resourceTags")?.tags.or_empty();
    Ok(Some(TagMap(tags.into_iter().collect())))
}

/// Makes the tags of a resource the desired ones.
pub(super) async fn update(cx: &Context, arn: &str, seen: &TagMap, desired: &TagMap) -> Result<()> {
    let stale = seen.stale(desired);
    if !stale.is_empty() {
        let call = cx.mediaconvert().untag_resource().arn(arn).set_tag_keys(Some(stale));
        call.send().await.named("mediaconvert:UntagResource")?;
    }
    let call = cx.mediaconvert().tag_resource().arn(arn).set_tags(Some(desired.to_map()));
    call.send().await.named("mediaconvert:TagResource").map(drop)
}

/// The names of the resources that carry a mark of the scope's stack, with their marks. Only names that begin with the
/// stack's are read: all of ours do.
pub(super) async fn owned(
    cx: &Context,
    names: Vec<String>,
    arn: impl Fn(&str) -> String,
) -> Result<Vec<(String, Mark)>> {
    let prefix = format!("{}-", cx.scope.stack);
    let arn = &arn;
    let read = |name: String| async move {
        Ok(list(cx, &arn(&name)).await?.and_then(|tags| Mark::from_tags(&tags)))
    };
    marked(cx, names.into_iter().filter(|name| name.starts_with(&prefix)), read).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_written_as_a_map() {
        let tags = TagMap::from(Tags::from_iter([("team", "media"), ("aws:cloudformation:stack-id", "x")]));
        let json = serde_json::to_value(&tags).unwrap();
        assert_eq!(json, serde_json::json!({ "team": "media" }));
        assert_eq!(serde_json::from_value::<TagMap>(json).unwrap(), tags);
    }
}
