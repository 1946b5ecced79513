//! The commands of an exported README, run one after the other as the page has them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudformation::types::{
    Capability, ChangeAction, ChangeSetType, Parameter, Replacement, ResourceToImport,
    StackResourceDriftStatus,
};
use provision::aws::{Connection, Context};
use serde_json::Value;

/// What a folder's README was run on, and what came out.
pub(super) struct Shell<'a> {
    connection: Arc<Connection>,
    cx: &'a Context,
    folder: &'a Path,
    /// What `$NAME` stands for.
    variables: BTreeMap<String, String>,
    /// The changes of each change set, as `NAME/SET`: action and logical id.
    pub(super) changes: BTreeMap<String, Vec<String>>,
    /// What differs from the templates.
    pub(super) drifted: Vec<String>,
}

/// The options of a command: each with the words after it.
struct Options<'a>(BTreeMap<&'a str, Vec<&'a str>>);

impl Options<'_> {
    fn one(&self, name: &str) -> &str {
        self.0.get(name).and_then(|words| words.first()).unwrap_or_else(|| panic!("no {name}: {:?}", self.0))
    }
}

/// The words of a command. What stands in quotes is one.
fn words(command: &str) -> Vec<&str> {
    let mut quoted = false;
    let parts = command.split(move |letter: char| {
        quoted ^= letter == '\'';
        letter == '\'' || letter == ' ' && !quoted
    });
    parts.filter(|word| !word.is_empty()).collect()
}

impl<'a> Shell<'a> {
    pub(super) fn new(connection: Arc<Connection>, cx: &'a Context, folder: &'a Path) -> Self {
        let (variables, changes) = (BTreeMap::new(), BTreeMap::new());
        Self { connection, cx, folder, variables, changes, drifted: Vec::new() }
    }

    /// Runs every command of the README.
    pub(super) async fn run(&mut self) {
        let readme = std::fs::read_to_string(self.folder.join("README.md")).unwrap();
        let readme = readme.replace("\\\n", " ");
        let mut run = 0;
        for line in readme.lines() {
            let Some(command) = line.trim_start().strip_prefix("aws ") else {
                if let Some((name, value)) = line.trim_start().split_once("BUCKET=") {
                    assert_eq!(name, "");
                    self.variables.insert("$BUCKET".to_owned(), value.to_owned());
                }
                continue;
            };
            let mut command = command.to_owned();
            for (name, value) in &self.variables {
                command = command.replace(name, value);
            }
            self.command(&words(&command)).await;
            run += 1;
        }
        assert!(run > 10, "only {run} commands were found");
    }

    async fn command(&mut self, words: &[&str]) {
        if let ["s3", "cp", file, to] = words {
            let (bucket, key) = to.strip_prefix("s3://").unwrap().split_once('/').unwrap();
            let put = self.cx.s3().put_object().bucket(bucket).key(key);
            put.body(self.read(file).into_bytes().into()).send().await.unwrap();
            return;
        }
        let ["cloudformation", call, rest @ ..] = words else { panic!("{words:?}") };
        let (waited, rest) = match (*call, rest) {
            ("wait", [waited, rest @ ..]) => (*waited, rest),
            (_, rest) => ("", rest),
        };
        let mut options: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut last = "";
        for word in rest {
            match word.starts_with("--") {
                true => {
                    last = word;
                    options.entry(last).or_default();
                }
                false => options.get_mut(last).unwrap_or_else(|| panic!("{words:?}")).push(word),
            }
        }
        let options = Options(options);
        let cx = Context::new(Arc::clone(&self.connection), self.cx.scope.clone(), options.one("--region"));
        match (*call, waited) {
            ("create-change-set", _) => self.create(&cx, &options).await,
            ("wait", "change-set-create-complete") => self.made(&cx, &options).await,
            ("describe-change-set", _) => self.describe(&cx, &options).await,
            ("execute-change-set", _) => {
                let call = cx.cloudformation().execute_change_set().stack_name(options.one("--stack-name"));
                call.change_set_name(options.one("--change-set-name")).send().await.unwrap();
            }
            ("wait", "stack-import-complete") => ends(&cx, &options, "IMPORT_COMPLETE").await,
            ("wait", "stack-update-complete") => ends(&cx, &options, "UPDATE_COMPLETE").await,
            ("detect-stack-drift", _) => detect(&cx, &options).await,
            ("describe-stack-resource-drifts", _) => self.drifts(&cx, &options).await,
            ("update-termination-protection", _) => {
                assert!(options.0.contains_key("--enable-termination-protection"));
                let call = cx.cloudformation().update_termination_protection();
                let call = call.stack_name(options.one("--stack-name")).enable_termination_protection(true);
                call.send().await.unwrap();
            }
            _ => panic!("{words:?}"),
        }
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// The JSON of an option that names a file.
    fn list(&self, options: &Options<'_>, name: &str) -> Vec<Value> {
        if !options.0.contains_key(name) {
            return Vec::new();
        }
        serde_json::from_str(&self.read(options.one(name).strip_prefix("file://").unwrap())).unwrap()
    }

    async fn create(&self, cx: &Context, options: &Options<'_>) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let call = cx.cloudformation().create_change_set().stack_name(options.one("--stack-name"));
        let mut call = call
            .change_set_name(options.one("--change-set-name"))
            .change_set_type(ChangeSetType::from(options.one("--change-set-type")))
            .capabilities(Capability::from(options.one("--capabilities")));
        call = match options.0.contains_key("--template-url") {
            true => call.template_url(options.one("--template-url")),
            false => {
                call.template_body(self.read(options.one("--template-body").strip_prefix("file://").unwrap()))
            }
        };
        for one in self.list(options, "--parameters") {
            let parameter = Parameter::builder().parameter_key(text(&one["ParameterKey"]));
            call = call.parameters(parameter.parameter_value(text(&one["ParameterValue"])).build());
        }
        for one in self.list(options, "--resources-to-import") {
            let identifiers = one["ResourceIdentifier"].as_object().unwrap().iter();
            let identifiers = identifiers.map(|(name, value)| (name.clone(), text(value))).collect();
            let resource = ResourceToImport::builder()
                .resource_type(text(&one["ResourceType"]))
                .logical_resource_id(text(&one["LogicalResourceId"]))
                .set_resource_identifier(Some(identifiers));
            call = call.resources_to_import(resource.build());
        }
        call.send().await.unwrap_or_else(|error| panic!("{:?}: {error:?}", options.0));
    }

    async fn made(&self, cx: &Context, options: &Options<'_>) {
        loop {
            let call = cx.cloudformation().describe_change_set().stack_name(options.one("--stack-name"));
            let set = call.change_set_name(options.one("--change-set-name")).send().await.unwrap();
            match set.status.unwrap().as_str() {
                "CREATE_COMPLETE" => return,
                "FAILED" => panic!("{:?}: {:?}", options.0, set.status_reason),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Shows the change set. What would remove or replace, nobody may execute.
    async fn describe(&mut self, cx: &Context, options: &Options<'_>) {
        let (stack, name) = (options.one("--stack-name"), options.one("--change-set-name"));
        let call = cx.cloudformation().describe_change_set().stack_name(stack).change_set_name(name);
        let set = call.send().await.unwrap();
        assert_eq!(set.next_token(), None, "it is shown whole");
        let changes = set.changes().iter().map(|change| {
            let change = change.resource_change().unwrap();
            assert_ne!(change.action(), Some(&ChangeAction::Remove), "{change:?}");
            assert_ne!(change.replacement(), Some(&Replacement::True), "{change:?}");
            format!("{} {}", change.action().unwrap().as_str(), change.logical_resource_id().unwrap())
        });
        self.changes.insert(format!("{stack}/{name}"), changes.collect());
    }

    async fn drifts(&mut self, cx: &Context, options: &Options<'_>) {
        let filters = options.0["--stack-resource-drift-status-filters"].iter();
        let filters = filters.map(|one| StackResourceDriftStatus::from(*one)).collect();
        let call = cx.cloudformation().describe_stack_resource_drifts();
        let call = call.stack_name(options.one("--stack-name"));
        let found = call.set_stack_resource_drift_status_filters(Some(filters)).send().await.unwrap();
        for drift in found.stack_resource_drifts() {
            let paths =
                drift.property_differences().iter().map(|one| one.property_path().unwrap().to_owned());
            let paths: Vec<String> = paths.collect();
            self.drifted.push(format!("{} {}", drift.logical_resource_id().unwrap(), paths.join(" ")));
        }
    }
}

/// Waits until the stack is in this status.
async fn ends(cx: &Context, options: &Options<'_>, wanted: &str) {
    let name = options.one("--stack-name");
    loop {
        let seen = cx.cloudformation().describe_stacks().stack_name(name).send().await.unwrap();
        let status = seen.stacks()[0].stack_status().unwrap().as_str().to_owned();
        if status == wanted {
            return;
        }
        if !status.ends_with("_IN_PROGRESS") {
            let events = cx.cloudformation().describe_stack_events().stack_name(name).send().await.unwrap();
            let reasons = events.stack_events().iter().filter_map(|event| event.resource_status_reason());
            panic!("{name} is {status}: {:?}", reasons.collect::<Vec<_>>());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn detect(cx: &Context, options: &Options<'_>) {
    let started = cx.cloudformation().detect_stack_drift().stack_name(options.one("--stack-name"));
    let id = started.send().await.unwrap().stack_drift_detection_id.unwrap();
    loop {
        let call = cx.cloudformation().describe_stack_drift_detection_status();
        let seen = call.stack_drift_detection_id(&id).send().await.unwrap();
        match seen.detection_status().unwrap().as_str() {
            "DETECTION_IN_PROGRESS" => tokio::time::sleep(Duration::from_millis(20)).await,
            "DETECTION_COMPLETE" => return,
            other => panic!("{other}: {:?}", seen.detection_status_reason()),
        }
    }
}
