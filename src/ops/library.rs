//! The library of a stack: the videos that are in its source bucket already.

use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::session::Session;
use super::ui::Ui;
use crate::aws::Class;
use crate::library::Library;
use crate::stack::names;

pub use crate::library::{Choice, Counts, Error as LibraryError, Failed, Job, JobState, Started, Wanted};

/// A stack's library. It keeps its session open, which counts the calls.
pub struct StackLibrary {
    library: Library,
    _session: Session,
}

/// Opens the library of the stack that the file at `path` declares.
///
/// # Errors
/// When the stack file cannot be used, or the credentials are of another account.
pub async fn open(path: &Path, ui: &Arc<dyn Ui>) -> miette::Result<StackLibrary> {
    let session = Session::open_one(path, ui, "library").await?;
    let graph = session.declare_unbuilt().await?;
    let library = Library {
        cx: session.account.regions.home(),
        source: names::source_bucket(&graph)?,
        work: names::output(&graph, names::WORK, "BucketName")?,
        output: names::output(&graph, names::OUTPUT, "BucketName")?,
        submit: names::output(&graph, names::SUBMIT, "Arn")?,
        role: names::output(&graph, names::BATCH_ROLE, "Arn")?,
    };
    Ok(StackLibrary { library, _session: session })
}

impl std::ops::Deref for StackLibrary {
    type Target = Library;

    fn deref(&self) -> &Library {
        &self.library
    }
}

impl StackLibrary {
    /// The stack's name.
    #[must_use]
    pub fn stack(&self) -> &str {
        &self.library.cx.scope.stack
    }

    /// Follows a job to its end. Every change is passed to `notes`. `cancel` ends the following and not the job: then there is no
    /// answer.
    ///
    /// # Errors
    /// When the job cannot be read.
    pub async fn follow(
        &self,
        id: &str,
        notes: impl Fn(&str) + Send + Sync + 'static,
        cancel: CancellationToken,
    ) -> Result<Option<Job>, LibraryError> {
        let cx = self.library.cx.working(Arc::new(notes), cancel);
        match (Library { cx, ..self.library.clone() }).follow(id).await {
            Ok(job) => Ok(Some(job)),
            Err(LibraryError::Aws(error)) if error.class == Class::Interrupted => Ok(None),
            Err(error) => Err(error),
        }
    }
}
