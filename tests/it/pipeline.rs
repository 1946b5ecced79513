//! Holds the workflows of `docs/ci.md`, and this project's own, to the rules that the page gives. People copy them, so they
//! must be safe as they are.

use serde_yaml::Value;

const PAGE: &str = include_str!("../../docs/ci.md");
/// This project's own.
const OWN: [&str; 2] =
    [include_str!("../../.github/workflows/ci.yml"), include_str!("../../.github/workflows/release.yml")];

/// The jobs that can get credentials: workflow, job, and the role that its policy trusts.
const TRUSTED: &[(&str, &str, Option<&str>)] = &[
    ("plan", "account", Some("provision-plan")),
    ("apply", "plan", Some("provision-plan")),
    ("apply", "apply", Some("provision-apply")),
    ("preview", "plan", Some("provision-preview-plan")),
    ("preview", "apply", Some("provision-preview")),
    ("preview", "teardown", Some("provision-preview-teardown")),
];
/// The same of this project's own workflows. No role trusts `attest`.
const OWN_TRUSTED: &[(&str, &str, Option<&str>)] = &[("release", "attest", None)];
/// This Action, as the page names it.
const ACTION: &str = "ORGANISATION/provision";

/// The roles that can only read. All others need an environment.
const READERS: [&str; 2] = ["provision-plan", "provision-preview-plan"];

struct Job<'a> {
    workflow: &'a str,
    /// The variables of its workflow.
    variables: &'a Value,
    name: &'a str,
    body: &'a Value,
}

impl Job<'_> {
    fn steps(&self) -> impl Iterator<Item = &Value> {
        self.body["steps"].as_sequence().into_iter().flatten()
    }

    fn uses<'a>(&'a self, action: &'a str) -> impl Iterator<Item = &'a Value> {
        let begins = move |step: &&Value| text(&step["uses"]).starts_with(&format!("{action}@"));
        self.steps().filter(begins)
    }

    /// The role that it assumes.
    fn role(&self) -> Option<&str> {
        let step = self.uses("aws-actions/configure-aws-credentials").next()?;
        text(&step["with"]["role-to-assume"]).rsplit_once(":role/").map(|(_, role)| role)
    }

    /// Whether only handlers that the program carries are used.
    fn builds_nothing(&self) -> bool {
        let own = &self.body["env"]["PROVISION_HANDLERS"];
        text(if own.is_null() { &self.variables["PROVISION_HANDLERS"] } else { own }) == "included"
    }

    fn gets_tokens(&self) -> bool {
        text(&self.body["permissions"]["id-token"]) == "write"
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Every workflow of a page. A list of steps is none.
fn workflows(page: &str) -> Vec<Value> {
    let blocks = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.map(|block| serde_yaml::from_str(block).unwrap()).filter(Value::is_mapping).collect()
}

/// Every rule that a page breaks.
fn faults(page: &str) -> Vec<String> {
    let moving = page.lines().filter_map(moving_action);
    moving.chain(faults_of(&workflows(page), TRUSTED)).collect()
}

/// Every rule that workflows break of which these jobs can get credentials.
fn faults_of(workflows: &[Value], expected: &[(&str, &str, Option<&str>)]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut trusted = Vec::new();
    for workflow in workflows {
        let name = text(&workflow["name"]);
        let granted = serde_yaml::to_string(&workflow["permissions"]).unwrap();
        if granted.trim() != "contents: read" {
            faults.push(format!("{name}: permissions of the workflow: {granted}"));
        }
        let events = serde_yaml::to_string(&workflow["on"]).unwrap();
        if ["pull_request_target", "workflow_run", "issue_comment"].iter().any(|event| events.contains(event))
        {
            faults.push(format!("{name}: started by {events}"));
        }
        for (job, body) in workflow["jobs"].as_mapping().unwrap() {
            let job = Job { workflow: name, variables: &workflow["env"], name: text(job), body };
            faults.extend(of_job(&job).into_iter().map(|fault| format!("{name}/{}: {fault}", job.name)));
            if job.gets_tokens() || job.role().is_some() {
                trusted.push((job.workflow.to_owned(), job.name.to_owned(), job.role().map(str::to_owned)));
            }
        }
    }
    let expected = expected
        .iter()
        .map(|(workflow, job, role)| ((*workflow).to_owned(), (*job).to_owned(), role.map(str::to_owned)));
    if !expected.clone().eq(trusted.iter().cloned()) {
        faults.push(format!("jobs that can get credentials: {trusted:?}"));
    }
    faults
}

/// An action that is not named by its commit, with its version as a comment.
fn moving_action(line: &str) -> Option<String> {
    let (_, action) = line.split_once("uses: ")?;
    let fixed = action.split_once('@').and_then(|(_, rest)| rest.split_once(" # v")).is_some_and(
        |(commit, version)| {
            commit.len() == 40
                && commit.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
                && version.split('.').count() == 3
        },
    );
    (!fixed).then(|| format!("{action} is not named by its commit and version"))
}

fn of_job(job: &Job<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut expect = |right: bool, fault: &str| {
        if !right {
            faults.push(fault.to_owned());
        }
    };
    let checkouts: Vec<&Value> = job.uses("actions/checkout").collect();
    let ours = |step: &&Value| text(&step["with"]["ref"]) == "main";
    expect(
        checkouts.iter().all(|step| step["with"]["persist-credentials"] == false),
        "the repository's token stays in the checkout",
    );
    let runs: Vec<&str> = job.steps().map(|step| text(&step["run"])).collect();
    expect(!runs.iter().any(|run| run.contains("${{")), "an expression is written into a script");
    expect(
        !runs.iter().any(|run| run.contains("provision apply") && !run.contains("--digest")),
        "a plan is applied without its digest",
    );
    if job.gets_tokens() {
        expect(!runs.iter().any(|run| run.contains("cargo")), "it compiles although it can get credentials");
        let digest = |step: &Value| text(&step["with"]["sha256"]).len() == 64;
        expect(job.uses(ACTION).all(digest), "it installs a program without its digest");
        let installs = job.uses(ACTION).next().is_some();
        let provisions = runs.iter().any(|run| run.contains("provision "));
        expect(installs || !provisions, "it runs a program that it did not install");
        expect(job.builds_nothing() || !provisions, "it may compile the handlers of the branch");
    }
    if let Some(role) = job.role() {
        expect(job.gets_tokens(), "it has no id-token");
        let at = job.steps().position(|step| text(&step["uses"]).starts_with("aws-actions/"));
        let mut after = runs.iter().skip(at.unwrap_or_default()).flat_map(|run| run.lines());
        let plain = |line: &str| line.starts_with("provision ") || line.starts_with("echo ");
        expect(after.all(plain), "more than provision runs with credentials");
        if !READERS.contains(&role) {
            expect(!text(&job.body["environment"]).is_empty(), "its role can write, and nobody approves it");
            expect(checkouts.iter().all(ours), "its role can write, and the branch is checked out");
        }
    }
    faults
}

#[test]
fn the_documented_workflows_are_safe_as_copied() {
    assert_eq!(workflows(PAGE).len(), 3);
    assert_eq!(faults(PAGE), Vec::<String>::new());
}

#[test]
fn our_own_workflows_keep_the_same_rules() {
    let workflows: Vec<Value> = OWN.iter().map(|text| serde_yaml::from_str(text).unwrap()).collect();
    let mut faults = faults_of(&workflows, OWN_TRUSTED);
    faults.extend(OWN.iter().flat_map(|text| text.lines().filter_map(moving_action)));
    assert_eq!(faults, Vec::<String>::new());
}

/// A bare runner has no compiler and no linker, and nobody edits a stack file by pattern.
#[test]
fn the_page_needs_a_release_and_nothing_else() {
    for workflow in workflows(PAGE) {
        for (name, body) in workflow["jobs"].as_mapping().unwrap() {
            let name = format!("{}/{}", text(&workflow["name"]), text(name));
            let steps = || body["steps"].as_sequence().into_iter().flatten();
            for run in steps().map(|step| text(&step["run"])) {
                for word in ["cargo", "rustup", "rustc", "pip", "sed ", "provision bundle"] {
                    assert!(!run.contains(word), "{name}: {run}");
                }
            }
            let provisions = steps().any(|step| text(&step["run"]).contains("provision "));
            let installs = steps().any(|step| text(&step["uses"]).starts_with(ACTION));
            assert_eq!(provisions, installs, "{name}");
        }
    }
}

#[test]
fn each_rule_finds_a_workflow_that_breaks_it() {
    let token = "permissions: { contents: read, id-token: write }";
    for (from, to) in [
        ("# v7.0.1", ""),
        ("@0123456789abcdef0123456789abcdef01234567 # v0.1.0", "@v0.1.0 # v0.1.0"),
        (", sha256: \"5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef\"", ""),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7 # v7.0.1"),
        ("on: pull_request\n", "on: pull_request_target\n"),
        (
            "permissions: { contents: read }\nconcurrency: production",
            "permissions: write-all\nconcurrency: production",
        ),
        (
            "permissions: { contents: read }\nconcurrency: production",
            &format!("{token}\nconcurrency: production"),
        ),
        ("  declaration:\n", &format!("  declaration:\n    {token}\n")),
        (", persist-credentials: false", ""),
        ("    environment: production\n", ""),
        ("    environment: preview\n", ""),
        ("--digest \"$DIGEST\"", ""),
        ("env: { PROVISION_HANDLERS: included }\n", ""),
        ("vod-pr-$NUMBER", "vod-pr-${{ github.event.number }}"),
        ("provision teardown", "./teardown.sh"),
        ("role/provision-plan", "role/provision-apply"),
        (
            "      - run: provision apply production.plan",
            "      - run: cargo test\n      - run: provision apply production.plan",
        ),
        (
            "    permissions: { id-token: write }\n    steps:\n",
            "    permissions: { id-token: write }\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with: { persist-credentials: false }\n",
        ),
    ] {
        let broken = PAGE.replace(from, to);
        assert_ne!(broken, PAGE, "{from:?} is not on the page");
        assert_ne!(faults(&broken), Vec::<String>::new(), "{from:?} → {to:?}");
    }
}

/// The page's table of roles says the same as the trust policies: roles that can write are trusted by an environment only.
#[test]
fn only_environments_are_trusted_with_roles_that_can_write() {
    for (_, _, role) in TRUSTED {
        let Some(role) = role.filter(|role| !READERS.contains(role)) else { continue };
        let named = format!("`{role}`");
        let subjects =
            |line: &&str| line.starts_with("* ") && line.contains(&named) && line.contains("repo:");
        let lines: Vec<&str> = PAGE.lines().filter(subjects).collect();
        assert_eq!(lines.len(), 1, "{role}: {lines:?}");
        let subjects: Vec<&str> = lines[0].split('`').filter(|part| part.starts_with("repo:")).collect();
        assert!(subjects.iter().all(|subject| subject.contains(":environment:")), "{role}: {subjects:?}");
    }
}
