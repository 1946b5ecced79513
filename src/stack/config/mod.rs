//! The stack file: what a person declares, read strictly into [`StackFile`].
//!
//! [`load`] reads a file and [`parse`] a text. Both return a stack file that passed every rule, or [`Invalid`] with all
//! problems at once. Each problem points at line and column and says what is allowed. Each section is one module here:
//! its types and the function that reads it. The docs of the types are the descriptions in the JSON Schema.
//! `docs/stack-file.md` is the reference for people, [`schema()`] the one for editors.

mod alerts;
mod cloudformation;
mod countries;
mod delivery;
mod domain;
mod encryption;
mod environments;
mod files;
mod fleet;
mod fleet_target;
mod function_size;
mod handlers;
mod identity;
mod ignore_tags;
mod notify;
mod origin;
mod problem;
mod public_key;
mod reader;
mod region;
mod roles;
mod rungs;
mod schema;
mod size;
mod source;
mod stack_name;
mod transcode;
mod tree;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

pub use alerts::Alerts;
pub use cloudformation::CloudFormationSettings;
pub use delivery::{Delivery, PriceClass, SignedUrls};
pub use domain::Domain;
pub use encryption::{Encryption, KmsKey};
pub use environments::{choose_environment, chosen_environment};
pub use fleet::{Fleet, FleetTargets, OrganizationId, Share, UnitId};
pub use fleet_target::FleetTarget;
pub use function_size::FunctionSize;
pub use handlers::{FunctionArchitecture, Handlers, ReservedConcurrency};
pub use identity::{AccountId, BucketRole, StackName, bucket_prefixes};
pub use notify::Notify;
pub use problem::{Invalid, Problem};
pub use region::Region;
pub use roles::Roles;
pub use schema::schema;
pub use size::{Size, SizeUnit};
pub use source::{AudioFiles, OnDelete, Source};
pub use stack_name::StackPrefix;
pub use transcode::{Acceleration, ConcurrentJobs, Loudness, Thumbnails, Transcode};
pub use values::{Days, Period, TimeUnit};

use files::{key_text, text};
use problem::Problems;
use reader::{Table, Value, Wrong};

// When serialized, it is a stack file again with the same meaning.
/// A video-on-demand stack, as one file declares it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "provision stack file", deny_unknown_fields)]
pub struct StackFile {
    /// The stack's name. The names of all its resources begin with it.
    pub stack: StackName,
    /// The AWS account, 12 digits in quotes. Credentials of any other account are refused.
    pub account: AccountId,
    /// The region of everything except the CDN and its certificate. It must have MediaConvert.
    pub region: Region,
    /// The engine that makes the changes in the account.
    #[schemars(default)]
    pub engine: Engine,
    /// How CloudFormation works, where it is the engine.
    #[serde(skip_serializing_if = "CloudFormationSettings::is_default")]
    #[schemars(default)]
    pub cloudformation: CloudFormationSettings,
    /// The accounts and regions that a stack set brings the stack to. Absent: the stack is in `account` and `region`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet: Option<Fleet>,
    /// If true, teardown is refused, and so is any change that would lose data.
    #[schemars(default)]
    pub protected: bool,
    /// Tags for every resource that can be tagged, in addition to the ownership tags.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default, schema_with = "identity::tags_schema")]
    pub tags: BTreeMap<String, String>,
    /// Tags that others put on the stack's resources, as keys or patterns such as `map-*`. They are neither shown nor
    /// removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, schema_with = "ignore_tags::schema")]
    pub ignore_tags: Vec<String>,
    /// The service's own domain. Without it, viewers use the name CloudFront assigns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// The bucket of originals.
    #[schemars(default)]
    pub source: Source,
    /// How originals are transcoded.
    #[schemars(default)]
    pub transcode: Transcode,
    /// The Lambda functions between the buckets and MediaConvert.
    #[schemars(default)]
    pub handlers: Handlers,
    /// How CloudFront delivers the videos.
    #[schemars(default)]
    pub delivery: Delivery,
    /// The IAM roles of the handlers, of MediaConvert and of S3 Batch Operations.
    #[schemars(default)]
    pub roles: Roles,
    /// The KMS key for what the stack stores. Absent: S3, SQS, CloudWatch Logs and Lambda encrypt with keys of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// Where the app hears what became of its videos.
    #[schemars(default)]
    pub notify: Notify,
    /// Where failure alerts are sent. Absent: no topic and no alarm is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Alerts>,
    /// If true, changes are made in the local cloud of this machine instead of AWS.
    #[schemars(default)]
    pub local: bool,
    /// Whether it is the stack of one of a fleet's targets. No file says it.
    #[serde(skip)]
    pub in_fleet: bool,
}

impl StackFile {
    /// The same declaration for a stack of another name. Each name gives bucket names that S3 takes.
    #[must_use]
    pub fn renamed(self, name: StackName) -> Self {
        Self { stack: name, ..self }
    }

    /// The name of one of the stack's buckets, or of the bucket that it uses for originals; at most 63 characters, as S3
    /// requires.
    pub fn bucket(&self, role: BucketRole) -> String {
        if let (BucketRole::Source, Some(existing)) = (role, &self.source.bucket) {
            return existing.clone();
        }
        identity::bucket_name(self.stack.as_str(), role, self.account.as_str(), self.region.as_str())
    }
}

values::choices! {
    /// The engine that makes the changes in the account.
    #[derive(Default)]
    pub enum Engine {
        /// Calls the service APIs, in parallel along the graph.
        #[default]
        Direct = "direct",
        /// CloudFormation change sets of the same declarations.
        Cloudformation = "cloudformation",
    }
}

/// Reads the stack file at `path` and the public key files that it names. Their paths are relative to its directory.
///
/// # Errors
/// [`Invalid`] if the file cannot be read, or with every problem in it.
pub fn load(path: &Path) -> Result<StackFile, Invalid> {
    let name = path.display().to_string();
    let source = text(path).map_err(|error| Invalid::unreadable(&name, error))?;
    load_text(&name, &source, path, &key_text)
}

/// Reads the stack file at `path` for each of its environments, or for the chosen one. A file without environments is one
/// stack without a name of an environment.
///
/// # Errors
/// [`Invalid`] if the file cannot be read, or with every problem in it.
pub fn load_all(path: &Path) -> Result<Vec<(Option<String>, StackFile)>, Invalid> {
    let name = path.display().to_string();
    let source = text(path).map_err(|error| Invalid::unreadable(&name, error))?;
    let problems = Problems::default();
    match documents(&source, Some(key_files(path, &key_text)), chosen_environment(), &problems) {
        Some(files) if problems.is_empty() => Ok(files),
        _ => Err(problems.into_invalid(&name, &source)),
    }
}

fn key_files<'a>(path: &'a Path, read_file: ReadFile<'a>) -> KeyFiles<'a> {
    KeyFiles { directory: path.parent().unwrap_or(Path::new("")), read_file }
}

/// Reads the text of the stack file at `path`, which messages call `name`. `read_file` reads the public keys that it
/// names.
///
/// # Errors
/// [`Invalid`] with every problem.
pub fn load_text(
    name: &str,
    source: &str,
    path: &Path,
    read_file: ReadFile<'_>,
) -> Result<StackFile, Invalid> {
    read(name, source, Some(key_files(path, read_file)), chosen_environment())
}

/// Reads a file as text.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> std::io::Result<String>;

/// The directory that key files are relative to, and how they are read.
#[derive(Clone, Copy)]
struct KeyFiles<'a> {
    directory: &'a Path,
    read_file: ReadFile<'a>,
}

/// Reads a stack file's text, which messages call `name`. It does not read the files that the text names.
///
/// # Errors
/// [`Invalid`] with every problem.
pub fn parse(name: &str, source: &str) -> Result<StackFile, Invalid> {
    read(name, source, None, None)
}

/// Reports a conflict between the account and a value of the stack file at `path`. The message points at the value as
/// written there, or at the nearest key above it.
pub fn against(path: &Path, place: &[&str], message: &str, label: &str, help: &str) -> Invalid {
    let name = path.display().to_string();
    let source = match text(path) {
        Ok(source) => source,
        Err(error) => return Invalid::unreadable(&name, error),
    };
    let root = tree::parse(&source, &Problems::default()).map(|root| chosen_root(&root).unwrap_or(root));
    let span = root.map_or(0..0, |root| root.span_of(place));
    let problems = Problems::default();
    problems.add(Problem::new(span, message, label).help(help));
    problems.into_invalid(&name, &source)
}

/// The file as it is for the chosen environment, if one is.
fn chosen_root(root: &tree::Node) -> Option<tree::Node> {
    let all = environments::of(root, &Problems::default())?.into_iter();
    let mut chosen = all.filter(|one| Some(one.key.name.as_str()) == chosen_environment());
    chosen.next().map(|one| one.root)
}

fn read(
    name: &str,
    source: &str,
    key_files: Option<KeyFiles<'_>>,
    environment: Option<&str>,
) -> Result<StackFile, Invalid> {
    let problems = Problems::default();
    let file = document(source, key_files, environment, &problems);
    match file {
        Some(file) if problems.is_empty() => Ok(file),
        _ => Err(problems.into_invalid(name, source)),
    }
}

/// The stack of a file. One with environments is none until one of them is chosen.
fn document(
    source: &str,
    key_files: Option<KeyFiles<'_>>,
    environment: Option<&str>,
    problems: &Problems,
) -> Option<StackFile> {
    let mut files = documents(source, key_files, environment, problems)?;
    if files.len() == 1 && files[0].0.as_deref() == environment {
        return files.pop().map(|(_, file)| file);
    }
    if !problems.is_empty() {
        return None;
    }
    let names: Vec<&str> = files.iter().filter_map(|(name, _)| name.as_deref()).collect();
    problems.add(environments::unknown(&tree::parse(source, problems)?, environment, &names));
    None
}

/// Every stack of a file, or that of one environment. All of them are read, so that all problems are reported.
fn documents(
    source: &str,
    key_files: Option<KeyFiles<'_>>,
    environment: Option<&str>,
    problems: &Problems,
) -> Option<Vec<(Option<String>, StackFile)>> {
    let root = tree::parse(source, problems)?;
    let all = environments::of(&root, problems)?;
    if all.is_empty() {
        if environment.is_some() {
            problems.add(environments::unknown(&root, environment, &[]));
            return None;
        }
        return Some(vec![(None, whole(&root, key_files, problems)?)]);
    }
    let mut files: Vec<(Option<String>, StackFile)> = Vec::new();
    for one in &all {
        let Some(file) = whole(&one.root, key_files, problems) else { continue };
        if let Some((other, _)) = files.iter().find(|(_, other)| other.stack == file.stack) {
            let other = other.clone().unwrap_or_default();
            problems.add(environments::same_stack(&one.key, &other, file.stack.as_str()));
        }
        files.push((Some(one.key.name.clone()), file));
    }
    if let Some(name) = environment {
        let names: Vec<&str> = all.iter().map(|one| one.key.name.as_str()).collect();
        if !names.contains(&name) {
            problems.add(environments::unknown(&root, environment, &names));
        }
        files.retain(|(found, _)| found.as_deref() == Some(name));
    }
    Some(files)
}

fn whole(root: &tree::Node, key_files: Option<KeyFiles<'_>>, problems: &Problems) -> Option<StackFile> {
    let top = Value::root(root, problems).table()?;
    let file = stack_file(&top, key_files);
    top.close();
    file
}

/// Reads every section before it returns `None` for any, so that all problems are reported.
fn stack_file(top: &Table<'_>, key_files: Option<KeyFiles<'_>>) -> Option<StackFile> {
    let identity = identity::read(top);
    let engine = top.or("engine", Engine::default());
    cloudformation::fits(top.get("cloudformation").as_ref(), engine);
    let protected = top.or("protected", false);
    let tags = top.section("tags", BTreeMap::new(), identity::tags);
    let ignore_tags = ignore_tags::read(top, tags.as_ref());
    let account = identity.as_ref().map(|identity| &identity.account);
    let cloudformation = top.section("cloudformation", CloudFormationSettings::default(), |table| {
        cloudformation::read(table, account)
    });
    let fleet = top.section("fleet", None, |table| fleet::read(table, account).map(Some));
    fleet::fits(top, fleet.as_ref().and_then(Option::as_ref), engine);
    let domain = top.section("domain", None, |table| domain::read(table, account).map(Some));
    let source = top.section("source", Source::default(), |table| source::read(table, identity.as_ref()));
    let transcode = top.section("transcode", Transcode::default(), transcode::read);
    let handlers = top.section("handlers", Handlers::default(), handlers::read);
    let delivery =
        top.section("delivery", Delivery::default(), |table| delivery::read(table, account, key_files));
    let roles = top.section("roles", Roles::default(), |table| roles::read(table, account));
    let region = identity.as_ref().map(|identity| identity.region);
    let encryption = top.section("encryption", None, |table| encryption::read(table, region).map(Some));
    let notify = top.section("notify", Notify::default(), notify::read);
    let alerts = top.section("alerts", None, |table| alerts::read(table).map(Some));
    let local = top.or("local", false);
    if let Some(nested) = top.get(environments::KEY) {
        nested.reject(Wrong::new(
            "cannot be in an environment",
            "nested",
            "name environments at the top of the file",
        ));
    }
    let identity = identity?;
    Some(StackFile {
        stack: identity.stack,
        account: identity.account,
        region: identity.region,
        engine: engine?,
        cloudformation: cloudformation?,
        fleet: fleet?,
        protected: protected?,
        tags: tags?,
        ignore_tags: ignore_tags?,
        domain: domain?,
        source: source?,
        transcode: transcode?,
        handlers: handlers?,
        delivery: delivery?,
        roles: roles?,
        encryption: encryption?,
        notify: notify?,
        alerts: alerts?,
        local: local?,
        in_fleet: false,
    })
}
