//! What cannot be tagged: it is found, owned and made by its name and by the mark in its comment.

use crate::aws::{Context, Error, Result};
use crate::model::{Mark, Ownership, Scope};
use crate::resource::{Created, Observed, Resource, outputs};

/// What has no tags: its ids are CloudFront's, and only its comment says whose it is.
pub(super) const UNTAGGED: &[&str] = &[
    "arn:aws:cloudfront::{account}:cache-policy/*",
    "arn:aws:cloudfront::{account}:origin-access-control/*",
    "arn:aws:cloudfront::{account}:response-headers-policy/*",
];

/// An entry in one of CloudFront's lists of things that cannot be tagged.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    id: String,
    name: String,
    comment: String,
}

impl Listed {
    pub(super) fn new(id: String, name: String, comment: Option<String>) -> Self {
        Self { id, name, comment: comment.unwrap_or_default() }
    }
}

/// A page of one of those lists, and where the next one begins.
pub(super) type Page = (Vec<Listed>, Option<String>);

/// All entries of a list that the SDK cannot page through by itself; no page is the end.
pub(super) async fn every_page<F>(
    cx: &Context,
    call: &'static str,
    page: impl Fn(Context, Option<String>) -> F + Send + 'static,
) -> Result<Vec<Listed>>
where
    F: Future<Output = Result<Option<Page>>> + Send + 'static,
{
    cx.cached(call, "", |cx| async move {
        let mut found = Vec::new();
        let mut marker = None;
        while let Some((entries, next)) = page(cx.clone(), marker).await? {
            found.extend(entries);
            marker = next.filter(|next| !next.is_empty());
            if marker.is_none() {
                break;
            }
        }
        Ok(found)
    })
    .await
}

/// The mark on something that cannot be tagged: its comment, and its name begins with the stack's.
fn mark_of(name: &str, comment: &str) -> Option<Mark> {
    Mark::from_comment(comment)
        .filter(|mark| name.strip_prefix(mark.stack.as_str()).is_some_and(|rest| rest.starts_with('-')))
}

/// Whose something that cannot be tagged is.
pub(super) fn ownership(name: &str, comment: &str) -> Ownership {
    mark_of(name, comment).map_or(Ownership::Unmarked, Ownership::Marked)
}

/// The id of the entry that carries the mark, or else of the one that has the name and so is in the way.
pub(super) fn pick(listed: &[Listed], name: &str, mark: Option<&Mark>) -> Option<String> {
    let marked = |entry: &&Listed| mark.is_some() && mark_of(&entry.name, &entry.comment).as_ref() == mark;
    let found = listed.iter().find(marked).or_else(|| listed.iter().find(|entry| entry.name == name));
    found.map(|entry| entry.id.clone())
}

/// The entries that are the stack's.
pub(super) fn owned(listed: Vec<Listed>, scope: &Scope) -> Vec<(String, Mark)> {
    let ours = |entry: Listed| {
        let mark = mark_of(&entry.name, &entry.comment).filter(|mark| mark.stack == scope.stack)?;
        Some((entry.id, mark))
    };
    listed.into_iter().filter_map(ours).collect()
}

/// The id of the entry that a lost answer was about: the stack's own, under this name and mark.
pub(super) fn unanswered(listed: Vec<Listed>, scope: &Scope, name: &str, comment: &str) -> Option<String> {
    let wanted = mark_of(name, comment)?;
    owned(listed, scope).into_iter().find(|(_, mark)| *mark == wanted).map(|(id, _)| id)
}

/// The id that a request to make something came to. Where the name is `taken`, an answer may have been lost: then it is
/// the stack's own entry under this name and mark.
pub(super) async fn made(
    cx: &Context,
    answer: Result<Option<String>>,
    taken: &'static str,
    listed: impl Future<Output = Result<Vec<Listed>>>,
    (name, comment): (&str, &str),
) -> Result<Option<String>> {
    match answer {
        Err(error) if error.is(&[taken]) => {
            let ours = unanswered(listed.await?, &cx.scope, name, comment);
            ours.ok_or(error).map(Some)
        }
        answer => answer,
    }
}

/// What was made under the id that the answer to `call` names.
pub(super) fn created(call: &'static str, id: Option<String>) -> Result<Created> {
    let id = id.ok_or_else(|| Error::unexpected(call, "the answer names no id"))?;
    Ok(Created::new(id.clone(), outputs([("Id", id)])))
}

/// Something that cannot be tagged, as it was found.
pub(super) fn observed<R: Resource>(id: &str, properties: R, ownership: Ownership) -> Observed<R> {
    Observed::new(id, properties, outputs([("Id", id.to_owned())]), ownership)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, name: &str, comment: &str) -> Listed {
        Listed::new(id.into(), name.into(), Some(comment.into()))
    }

    #[test]
    fn ownership_needs_the_comment_and_the_name() {
        let mark = Mark { stack: "vod".into(), address: "delivery/segments".into() };
        assert_eq!(mark_of("vod-segments", &mark.comment()), Some(mark.clone()));
        assert_eq!(mark_of("vodka-segments", &mark.comment()), None);
        assert_eq!(ownership("vod-segments", "by hand"), Ownership::Unmarked);
    }

    #[test]
    fn the_mark_finds_before_the_name_does() {
        let mark = Mark { stack: "vod".into(), address: "delivery/segments".into() };
        let renamed = entry("1", "vod-old", &mark.comment());
        let in_the_way = entry("2", "vod-segments", "by hand");
        assert_eq!(pick(&[in_the_way, renamed], "vod-segments", Some(&mark)).as_deref(), Some("1"));
        let in_the_way = entry("2", "vod-segments", "by hand");
        assert_eq!(pick(&[in_the_way], "vod-segments", Some(&mark)).as_deref(), Some("2"));
        assert_eq!(pick(&[entry("3", "other", "")], "vod-segments", None), None);
    }

    #[test]
    fn only_the_stack_s_own_are_owned() {
        let scope = Scope { stack: "vod".into(), account: "1".into(), region: "eu-west-1".into() };
        let mark = |stack: &str| Mark { stack: stack.into(), address: "a".into() };
        let listed = vec![
            entry("1", "vod-a", &mark("vod").comment()),
            entry("2", "vod-a", &mark("other").comment()),
            entry("3", "vod-a", ""),
        ];
        assert_eq!(owned(listed, &scope), vec![("1".to_owned(), mark("vod"))]);
    }
}
