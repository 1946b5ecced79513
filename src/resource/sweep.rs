//! The sweep for marks, of types whose lists leave the tags out: each of what is listed is asked, some at a time.
//!
//! A stack's name may begin another's: `vod` and `vod-staging`. What is named after the longer one is not asked, so that
//! a sweep costs the same however many stacks stand next to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use crate::aws::{Context, OrEmpty, Result, SdkResult, required};
use crate::model::Mark;

/// How many are asked at once.
const ABREAST: usize = 16;

/// The first words of all names that stacks give, behind the stack's own name. Words are only ever added: a stack may
/// have what an earlier version of the program named. A test in `stack` holds the list to the declarations.
pub const NAME_WORDS: &[&str] = &[
    "access",
    "alerts",
    "batch",
    "cdn",
    "dead",
    "deletion",
    "events",
    "failed",
    "headers",
    "job",
    "ladder",
    "logs",
    "output",
    "playlists",
    "publish",
    "refusal",
    "segments",
    "service",
    "source",
    "submit",
    "transcode",
    "upload",
    "viewer",
    "viewers",
    "work",
];

/// Those of `ids` that carry a mark of the scope's stack, in their order; `read` finds the mark of one. An id ends with
/// a name, or is one.
pub(super) async fn marked<F>(
    cx: &Context,
    ids: impl IntoIterator<Item = String>,
    read: impl Fn(String) -> F,
) -> Result<Vec<(String, Mark)>>
where
    F: Future<Output = Result<Option<Mark>>>,
{
    let ids = without_others(cx, ids.into_iter().collect()).await?;
    let asked = stream::iter(ids).map(|id| {
        let mark = read(id.clone());
        async move { Ok(mark.await?.filter(|mark| mark.stack == cx.scope.stack).map(|mark| (id, mark))) }
    });
    asked.buffered(ABREAST).try_filter_map(|found| async { Ok(found) }).try_collect().await
}

/// Leaves out what is named after another stack. A name that this stack may have given always stays.
pub(super) async fn without_others(cx: &Context, mut ids: Vec<String>) -> Result<Vec<String>> {
    let stack = &cx.scope.stack;
    let is_doubtful = |id: &str| tail(stack, id).is_some_and(|tail| !is_own(tail));
    if ids.iter().any(|id| is_doubtful(id)) {
        let others = others(cx).await?;
        let is_anothers = |id: &str| {
            let tail = tail(stack, id);
            tail.is_some_and(|name| others.iter().any(|other| tail_of(other, name).is_some()))
        };
        ids.retain(|id| !(is_doubtful(id) && is_anothers(id)));
    }
    Ok(ids)
}

/// What follows the stack's name in the name at the end of an id.
fn tail<'a>(stack: &str, id: &'a str) -> Option<&'a str> {
    let name = id.rsplit(['/', ':']).next()?;
    tail_of(stack, name)
}

fn tail_of<'a>(start: &str, name: &'a str) -> Option<&'a str> {
    name.strip_prefix(start)?.strip_prefix('-')
}

/// Whether the program gives names that go on like this.
fn is_own(tail: &str) -> bool {
    tail.split('-').next().is_some_and(|word| NAME_WORDS.contains(&word))
}

/// The other stacks of the account whose names begin with this one's, without that beginning. Each has a home bucket.
async fn others(cx: &Context) -> Result<Arc<BTreeSet<String>>> {
    const LIST: &str = "s3:ListBuckets";
    cx.cached(LIST, "home buckets", |cx| async move {
        let homes = format!("provision-{}-", cx.scope.account);
        let listed = cx.s3().list_buckets().prefix(&homes).max_buckets(1000).into_paginator().send();
        let pages: Vec<_> = listed.try_collect().await.named(LIST)?;
        let buckets = pages.into_iter().flat_map(|page| page.buckets.or_empty());
        let mut others = BTreeSet::new();
        for bucket in buckets {
            let name = required(bucket.name, LIST, "Bucket.Name")?;
            let stack = name.strip_prefix(&homes).and_then(stack_of);
            others.extend(stack.and_then(|stack| tail_of(&cx.scope.stack, stack)).map(str::to_owned));
        }
        Ok(Arc::new(others))
    })
    .await
}

/// The stack in the rest of a home bucket's name: what follows the region, which ends with a number.
fn stack_of(region_and_stack: &str) -> Option<&str> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let end = region_and_stack.split('-').position(is_number)?;
    region_and_stack.splitn(end + 2, '-').nth(end + 1)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::Router;
    use axum::extract::{Query, State};

    use super::*;
    use crate::aws::fake_aws;

    /// Home buckets of these stacks, and how often they were listed.
    type Account = Arc<(Vec<&'static str>, Mutex<usize>)>;

    async fn list(State(account): State<Account>, Query(asked): Query<Vec<(String, String)>>) -> String {
        assert!(asked.contains(&("prefix".into(), "provision-111122223333-".into())), "{asked:?}");
        *account.1.lock().unwrap() += 1;
        let bucket = |name: &&str| format!("<Bucket><Name>provision-111122223333-{name}</Name></Bucket>");
        let buckets: String = account.0.iter().map(bucket).collect();
        format!("<ListAllMyBucketsResult><Buckets>{buckets}</Buckets></ListAllMyBucketsResult>")
    }

    async fn asked(homes: &[&'static str], ids: &[&str]) -> (Vec<String>, usize) {
        let account: Account = Arc::new((homes.to_vec(), Mutex::new(0)));
        let regions = fake_aws::regions(Router::new().fallback(list).with_state(Arc::clone(&account))).await;
        let cx = regions.read_pass().home();
        let left = without_others(&cx, ids.iter().map(|id| (*id).to_owned()).collect()).await.unwrap();
        let listed = *account.1.lock().unwrap();
        (left, listed)
    }

    #[tokio::test]
    async fn what_is_named_after_a_longer_stack_is_not_asked() {
        let homes = ["eu-west-1-vod", "eu-west-1-vod-staging", "ap-northeast-2-vod-pr-12", "eu-west-1-other"];
        let ids = [
            "vod-submit",
            "vod-staging-submit",
            "arn:aws:sns:us-east-1:111122223333:vod-pr-12-alerts",
            "https://sqs.eu-west-1.amazonaws.com/111122223333/vod-dead-letters",
            "/aws/lambda/vod-staging-publish",
            "vod-unknown-thing",
            "rule/other-upload",
        ];
        let (left, listed) = asked(&homes, &ids).await;
        assert_eq!(left, [ids[0], ids[3], ids[5], ids[6]]);
        assert_eq!(listed, 1);
    }

    #[tokio::test]
    async fn a_name_that_this_stack_may_have_given_is_always_asked() {
        let ids = ["vod-dead-letters", "vod-source-1", "vod-access-logs"];
        let (left, listed) = asked(&["eu-west-1-vod-dead", "eu-west-1-vod-access"], &ids).await;
        assert_eq!(left, ids);
        assert_eq!(listed, 0, "no other stack matters");
    }

    #[test]
    fn a_home_buckets_name_ends_with_its_stack() {
        assert_eq!(stack_of("eu-west-1-vod-pr-12"), Some("vod-pr-12"));
        assert_eq!(stack_of("us-gov-west-1-vod"), Some("vod"));
        assert_eq!(stack_of("eu-west-1"), None);
        assert_eq!(stack_of("vod"), None);
    }
}
