//! The handlers' packages, built where they are stale, and their code as the stack deploys it.

use miette::{IntoDiagnostic as _, miette};

use super::ui::{Notice, Ui};
use crate::bundle::{self, Request};
use crate::stack;
use crate::stack::config::{self, StackFile};
use crate::stack::handlers::PackageDigests;

pub use crate::bundle::{Architecture, Bundle, Profile, Progress as BundleProgress};

/// The architecture of this machine.
///
/// # Errors
/// When Lambda has no such architecture.
pub fn host_architecture() -> miette::Result<Architecture> {
    Ok(Architecture::host().ok_or(bundle::Error::NoHostArchitecture)?)
}

/// The packages of the handlers in the checkout around the current directory, built where they are stale.
///
/// # Errors
/// When there is no such checkout, or a handler cannot be built.
pub async fn build(architecture: Architecture, profile: Profile, ui: &dyn Ui) -> miette::Result<Vec<Bundle>> {
    let here = std::env::current_dir().into_diagnostic()?;
    let request = Request::all(bundle::find_workspace(&here)?, architecture, profile);
    let bundles = bundle::bundle(&request, |step| ui.notice(Notice::Bundling(step))).await;
    ui.notice(Notice::Bundled);
    Ok(bundles?)
}

/// The packages of a stack's handlers, and their code as the stack deploys it.
pub(super) async fn code(file: &StackFile, ui: &dyn Ui) -> miette::Result<(PackageDigests, Vec<Bundle>)> {
    let architecture = match stack::handlers::architecture(file) {
        config::FunctionArchitecture::Arm64 => Architecture::Arm64,
        config::FunctionArchitecture::X86_64 => Architecture::X86_64,
    };
    let profile = if file.local { Profile::local(architecture) } else { Profile::Lambda };
    let bundles = build(architecture, profile, ui).await?;
    let digest = |handler: &str| {
        let bundle = bundles.iter().find(|bundle| bundle.handler == handler);
        bundle.map(Bundle::sha256_hex).ok_or_else(|| miette!("the handler {handler} was not built"))
    };
    Ok((PackageDigests { submit: digest("submit")?, publish: digest("publish")? }, bundles))
}
