//! The stack file: what a person declares, read strictly into [`StackFile`].
//!
//! [`load`] reads a file and [`parse`] a text; both return either a stack file that passed every rule, or [`Invalid`]
//! with all problems at once, each pointing at line and column and saying what is allowed. A section is one module
//! here: its types (whose docs are the descriptions in the JSON Schema) and the function that reads it.
//! `docs/stack-file.md` is the reference for people, [`schema()`] the one for editors.

mod alerts;
mod countries;
mod delivery;
mod domain;
mod handlers;
mod identity;
mod origin;
mod problem;
mod public_key;
mod reader;
mod region;
mod rungs;
mod schema;
mod source;
mod transcode;
mod tree;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

pub use alerts::Alerts;
pub use delivery::{Delivery, PriceClass, SignedUrls};
pub use domain::Domain;
pub use handlers::{Architecture, Handlers};
pub use identity::{AccountId, BucketRole, StackName, bucket_prefixes};
pub use problem::{Invalid, Problem};
pub use region::Region;
pub use schema::schema;
pub use source::Source;
pub use transcode::{Acceleration, Thumbnails, Transcode};
pub use values::{Days, Period, TimeUnit};

use problem::Problems;
use reader::{Table, Value};

// Serialised, it is a stack file again that says the same.
/// A video-on-demand stack, as one file declares it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "provision stack file", deny_unknown_fields)]
pub struct StackFile {
    /// The stack's name, which begins the name of everything it owns.
    pub stack: StackName,
    /// The AWS account, 12 digits in quotes. Credentials of any other account are refused.
    pub account: AccountId,
    /// The region of everything but the CDN and its certificate. It must have MediaConvert.
    pub region: Region,
    /// What converges the account.
    #[schemars(default)]
    pub engine: Engine,
    /// True refuses teardown, and any change that would lose data.
    #[schemars(default)]
    pub protected: bool,
    /// Tags for every resource that takes tags, beside the ownership tags.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default, schema_with = "identity::tags_schema")]
    pub tags: BTreeMap<String, String>,
    /// The service's own domain. Without it, viewers use the name CloudFront assigns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// The bucket of originals.
    #[schemars(default)]
    pub source: Source,
    /// What every original becomes.
    #[schemars(default)]
    pub transcode: Transcode,
    /// The Lambda functions between the buckets and MediaConvert.
    #[schemars(default)]
    pub handlers: Handlers,
    /// What viewers reach.
    #[schemars(default)]
    pub delivery: Delivery,
    /// Who hears of failures. Without it there is no topic and no alarm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Alerts>,
    /// True converges the local cloud of this machine instead of AWS.
    #[schemars(default)]
    pub local: bool,
}

impl StackFile {
    /// The name of one of the stack's buckets; at most 63 characters, as S3 demands.
    pub fn bucket(&self, role: BucketRole) -> String {
        identity::bucket_name(self.stack.as_str(), role, self.account.as_str(), self.region.as_str())
    }
}

values::choices! {
    /// What converges the account.
    #[derive(Default)]
    pub enum Engine {
        /// The service APIs, in parallel along the graph.
        #[default]
        Direct = "direct",
        /// The same declarations as CloudFormation change sets: kept for later, and refused by this version.
        Cloudformation = "cloudformation",
    }
}

/// Reads the stack file at `path`, and the public keys that it names beside it.
///
/// # Errors
/// [`Invalid`] when the file cannot be read, or with everything that is wrong in it.
pub fn load(path: &Path) -> Result<StackFile, Invalid> {
    let name = path.display().to_string();
    let source = text(path).map_err(|error| Invalid::unreadable(&name, error))?;
    load_text(&name, &source, path, &key_text)
}

/// No stack file and no key is nearly as large, in bytes.
const LARGEST: u64 = 128 * 1024;

/// A file's text, unless it is so large that reading it would not end.
fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it is larger than {} KiB", LARGEST / 1024)));
    }
    Ok(text)
}

/// The text of a file that a stack file names. That may come with a pull request: a pipeline waits for no pipe and reads no
/// device.
fn key_text(path: &Path) -> io::Result<String> {
    if std::fs::metadata(path)?.is_file() { text(path) } else { Err(io::Error::other("it is no file")) }
}

/// Reads the text of a stack file that stands at `path`, which `name` calls in messages; `read_file` reads the public keys
/// that it names beside it.
///
/// # Errors
/// [`Invalid`] with everything that is wrong.
pub fn load_text(
    name: &str,
    source: &str,
    path: &Path,
    read_file: ReadFile<'_>,
) -> Result<StackFile, Invalid> {
    read(name, source, Some(KeyFiles { directory: path.parent().unwrap_or(Path::new("")), read_file }))
}

/// How a file is read as text.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> std::io::Result<String>;

/// The files beside a stack file.
#[derive(Clone, Copy)]
struct KeyFiles<'a> {
    directory: &'a Path,
    read_file: ReadFile<'a>,
}

/// Reads a stack file's text; `name` is how messages call it. Files that it names are not looked at.
///
/// # Errors
/// [`Invalid`] with everything that is wrong.
pub fn parse(name: &str, source: &str) -> Result<StackFile, Invalid> {
    read(name, source, None)
}

/// What the account holds against a value of the stack file at `path`: the message points at the value as it is written
/// there, or at the nearest key above it.
pub fn against(path: &Path, place: &[&str], message: &str, label: &str, help: &str) -> Invalid {
    let name = path.display().to_string();
    let source = match text(path) {
        Ok(source) => source,
        Err(error) => return Invalid::unreadable(&name, error),
    };
    let span = tree::parse(&source, &Problems::default()).map_or(0..0, |root| root.span_of(place));
    let problems = Problems::default();
    problems.add(Problem::new(span, message, label).help(help));
    problems.into_invalid(&name, &source)
}

fn read(name: &str, source: &str, key_files: Option<KeyFiles<'_>>) -> Result<StackFile, Invalid> {
    let problems = Problems::default();
    let file = document(source, key_files, &problems);
    match file {
        Some(file) if problems.is_empty() => Ok(file),
        _ => Err(problems.into_invalid(name, source)),
    }
}

fn document(source: &str, key_files: Option<KeyFiles<'_>>, problems: &Problems) -> Option<StackFile> {
    let root = tree::parse(source, problems)?;
    let top = Value::root(&root, problems).table()?;
    let file = stack_file(&top, key_files);
    top.close();
    file
}

/// Reads every section before it gives up on any, so that all problems are met.
fn stack_file(top: &Table<'_>, key_files: Option<KeyFiles<'_>>) -> Option<StackFile> {
    let identity = identity::read(top);
    let engine = top.or("engine", Engine::default());
    let protected = top.or("protected", false);
    let tags = top.section("tags", BTreeMap::new(), identity::tags);
    let account = identity.as_ref().map(|identity| &identity.account);
    let domain = top.section("domain", None, |table| domain::read(table, account).map(Some));
    let source = top.section("source", Source::default(), source::read);
    let transcode = top.section("transcode", Transcode::default(), transcode::read);
    let handlers = top.section("handlers", Handlers::default(), handlers::read);
    let delivery =
        top.section("delivery", Delivery::default(), |table| delivery::read(table, account, key_files));
    let alerts = top.section("alerts", None, |table| alerts::read(table).map(Some));
    let local = top.or("local", false);
    let identity = identity?;
    Some(StackFile {
        stack: identity.stack,
        account: identity.account,
        region: identity.region,
        engine: engine?,
        protected: protected?,
        tags: tags?,
        domain: domain?,
        source: source?,
        transcode: transcode?,
        handlers: handlers?,
        delivery: delivery?,
        alerts: alerts?,
        local: local?,
    })
}
