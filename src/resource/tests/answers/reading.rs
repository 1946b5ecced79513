//! What AWS answers of one resource that has everything: the files in `tests/aws_facts/answers/`.

use std::path::PathBuf;

use serde::Deserialize;

use super::Reply;
use crate::aws::{Context, Result};
use crate::model::{Kind, Live, Mark, Ownership};
use crate::resource::{Adapter, UndeclaredPart, registry};

/// The answers to all calls of one look at one resource.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reading {
    /// The CloudFormation type.
    pub(crate) kind: String,
    /// The physical id.
    pub(crate) id: String,
    /// What is said to each call.
    pub(crate) answers: Vec<Reply>,
}

/// What a look shows: the resource, and the parts of its type that the parent has.
pub(crate) type Seen = (Option<Live>, Vec<UndeclaredPart<Live>>);

/// A folder of `tests/aws_facts`.
pub(crate) fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/aws_facts").join(name)
}

/// The entries of all files in a folder of `tests/aws_facts`.
pub(crate) fn entries<T: serde::de::DeserializeOwned>(name: &str) -> Vec<T> {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        // As JSON, in which a variant with a value is a map of one member. In YAML it would be a tag.
        let values = serde_yaml::from_str::<Vec<serde_json::Value>>(&text);
        let values = values.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let entry = |value: serde_json::Value| {
            let said = value.to_string();
            serde_json::from_value::<T>(value)
                .unwrap_or_else(|error| panic!("{}: {error}: {said}", path.display()))
        };
        values.into_iter().map(entry).collect::<Vec<_>>()
    };
    paths.into_iter().flat_map(read).collect()
}

impl Reading {
    pub(crate) fn adapter(&self) -> &'static dyn Adapter {
        let found = registry().iter().find(|adapter| adapter.kind().as_str() == self.kind);
        found.unwrap_or_else(|| panic!("no adapter for {}", self.kind))
    }

    /// The resource as a plan finds it that declares what `live` is.
    pub(crate) async fn look(&self, cx: &Context, live: &Live) -> Result<Seen> {
        let adapter = self.adapter();
        let mark = match &live.ownership {
            Ownership::Marked(mark) => mark.clone(),
            _ => Mark { stack: "vod".into(), address: "delivery/case".into() },
        };
        let found = adapter.find(cx, &live.properties, &mark).await?;
        let parts = match adapter.parent().and_then(|_: Kind| adapter.parent_id(cx, &self.id)) {
            Some(parent) => adapter.list_undeclared_parts(cx, &parent, &[]).await?,
            None => Vec::new(),
        };
        Ok((found, parts))
    }
}
