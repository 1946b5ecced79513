//! The sweep for marks, of types whose lists leave the tags out: each of what is listed is asked, some at a time.

use futures::{StreamExt, TryStreamExt, stream};

use crate::aws::{Context, Result};
use crate::model::Mark;

/// How many are asked at once.
const ABREAST: usize = 8;

/// Those of `ids` that carry a mark of the scope's stack, in their order; `read` finds the mark of one.
pub(super) async fn marked<F>(
    cx: &Context,
    ids: impl IntoIterator<Item = String>,
    read: impl Fn(String) -> F,
) -> Result<Vec<(String, Mark)>>
where
    F: Future<Output = Result<Option<Mark>>>,
{
    let asked = stream::iter(ids).map(|id| {
        let mark = read(id.clone());
        async move { Ok(mark.await?.filter(|mark| mark.stack == cx.scope.stack).map(|mark| (id, mark))) }
    });
    asked.buffered(ABREAST).try_filter_map(|found| async { Ok(found) }).try_collect().await
}
