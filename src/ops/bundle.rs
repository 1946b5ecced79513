//! The handlers' packages, built where they are stale, and their code as the stack deploys it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use miette::{IntoDiagnostic as _, miette};

use super::ui::{Notice, Ui};
use crate::bundle::{self, AtHand, Place, Request};
use crate::model::CodeOrigin;
use crate::saved::Package;
use crate::stack;
use crate::stack::config::{self, StackFile};
use crate::stack::handlers::PackageDigests;

pub use crate::bundle::{
    Architecture, Bundle, IN_THE_PROGRAM, IncludedFolder, Profile, Progress as BundleProgress, carry,
    included as included_handlers,
};

/// Where the handlers come from, if the command line named it.
static NAMED: OnceLock<PathBuf> = OnceLock::new();

/// Takes the handlers from this place in all operations of this process: a checkout, a folder of bundles, or
/// [`IN_THE_PROGRAM`]. The first call counts.
pub fn use_handlers(named: PathBuf) {
    drop(NAMED.set(named));
}

/// The architecture of this machine.
///
/// # Errors
/// When Lambda has no such architecture.
pub fn host_architecture() -> miette::Result<Architecture> {
    Ok(Architecture::host().ok_or(bundle::Error::NoHostArchitecture)?)
}

/// The packages of the handlers, built where they are stale.
///
/// # Errors
/// When there are no handlers, or one cannot be built.
pub async fn build(architecture: Architecture, profile: Profile, ui: &dyn Ui) -> miette::Result<Vec<Bundle>> {
    built(&request(architecture, profile)?, ui).await
}

/// Copies packages to a folder that `--handlers` takes. Returns them as they are there.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy_bundles(bundles: &[Bundle], folder: &Path) -> miette::Result<Vec<Bundle>> {
    Ok(bundle::copy(bundles, folder)?)
}

fn request(architecture: Architecture, profile: Profile) -> miette::Result<Request> {
    let here = std::env::current_dir().into_diagnostic()?;
    let place = Place::find(NAMED.get().map(PathBuf::as_path), &here)?;
    Ok(Request::all(place, architecture, profile))
}

async fn built(request: &Request, ui: &dyn Ui) -> miette::Result<Vec<Bundle>> {
    let bundles = bundle::bundle(request, |step| ui.notice(Notice::Bundling(step))).await;
    ui.notice(Notice::Bundled);
    Ok(bundles?)
}

/// A handler's code as the stack is to deploy it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HandlerCode {
    /// Its package.
    pub(super) package: Package,
    /// The package's file. `None` if the function runs this code already, so that nothing is uploaded.
    pub(super) file: Option<PathBuf>,
}

impl From<&Bundle> for HandlerCode {
    fn from(bundle: &Bundle) -> Self {
        let package = Package {
            handler: bundle.handler.clone(),
            sha256: bundle.sha256_hex(),
            origin: Some(CodeOrigin::clone(&bundle.origin)),
        };
        Self { package, file: Some(bundle.zip.clone()) }
    }
}

/// The handlers of one stack.
pub(super) struct StackHandlers(Request);

/// What is known of a stack's handlers without a build.
pub(super) enum CodeAtHand {
    /// All of their code.
    Ready(Vec<HandlerCode>),
    /// The digest of the sources that the code would be built from.
    Stale(String),
}

impl StackHandlers {
    /// The handlers that a stack deploys.
    ///
    /// # Errors
    /// When there are no handlers.
    pub(super) fn of(file: &StackFile) -> miette::Result<Self> {
        let architecture = match stack::handlers::architecture(file) {
            config::FunctionArchitecture::Arm64 => Architecture::Arm64,
            config::FunctionArchitecture::X86_64 => Architecture::X86_64,
        };
        let profile = if file.local { Profile::local(architecture) } else { Profile::Lambda };
        request(architecture, profile).map(Self)
    }

    /// What is there without a build.
    ///
    /// # Errors
    /// When the place has no handlers for the stack's architecture, or cannot be read.
    pub(super) fn at_hand(&self) -> miette::Result<CodeAtHand> {
        Ok(match bundle::at_hand(&self.0)? {
            AtHand::Ready(bundles) => CodeAtHand::Ready(bundles.iter().map(HandlerCode::from).collect()),
            AtHand::Stale { sources } => CodeAtHand::Stale(sources),
        })
    }

    /// All of their code, built where it is stale.
    ///
    /// # Errors
    /// When one cannot be built.
    pub(super) async fn build(&self, ui: &dyn Ui) -> miette::Result<Vec<HandlerCode>> {
        Ok(built(&self.0, ui).await?.iter().map(HandlerCode::from).collect())
    }
}

/// The code by handler, as declarations name it.
pub(super) fn digests(code: &[HandlerCode]) -> miette::Result<PackageDigests> {
    let digest = |handler: &str| {
        let found = code.iter().find(|code| code.package.handler == handler);
        found
            .map(|code| code.package.sha256.clone())
            .ok_or_else(|| miette!("the handler {handler} was not built"))
    };
    Ok(PackageDigests { submit: digest("submit")?, publish: digest("publish")? })
}
