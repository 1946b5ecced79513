//! The local cloud as its commands use it.

use std::sync::Arc;

pub use crate::local::{
    CloudSettings, Error, LikeAws, ServeOptions, ensure, reset, running, status, stop, usual_port,
};
use crate::provider::Provider;

/// Is the server, until it is stopped. Its CloudFormation makes resources with this program's adapters.
///
/// # Errors
/// Those of [`crate::local::serve`].
pub async fn serve(options: ServeOptions) -> Result<(), Error> {
    crate::local::serve(options, Arc::new(Provider::new())).await
}
