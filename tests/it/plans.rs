//! Plans as reviewers and pipelines use them: who changed what, exit codes, several stacks, and without an account.

use std::path::Path;
use std::process::Command;

use crate::support::calls::mutating;
use crate::support::quote::{errors, lines_with, nothing_to_do, whole};
use crate::support::{Cloud, PROGRAM, StackFile, output};
use provision::report;
use provision::review::{Action, Cause, Property, Review};

fn json(cloud: &Cloud, stack: &str) -> Review {
    let (text, _) = plan(cloud, &[stack, "--format", "json"], 0);
    serde_json::from_str(&text).unwrap()
}

/// The output that the README shows for a command.
fn shown_in_the_readme(command: &str) -> String {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, rest) = readme.split_once(&format!("```text\n$ {command}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// The stack as a colleague would change it.
fn edited() -> StackFile {
    StackFile::new(&[
        ("log_retention: 1d", "log_retention: 3d"),
        ("every: 2s", "every: 5s"),
        (
            "  expire_noncurrent_after: 1d",
            "  expire_noncurrent_after: 1d\n  upload_origins: [\"https://app.example.com\"]",
        ),
    ])
}

/// A plan, which must make no mutating call whatever the account holds.
fn plan(cloud: &Cloud, arguments: &[&str], code: i32) -> (String, String) {
    let (stdout, stderr) = cloud.provision(&[&["-v", "plan"], arguments].concat(), code);
    assert!(stderr.contains("GetObject"), "-v shows calls: {stderr}");
    assert_eq!(mutating(&stderr), Vec::<&str>::new(), "a plan changes nothing");
    (stdout, stderr)
}

/// Who changed each property of a resource.
fn causes(review: &Review, address: &str) -> Vec<(String, Cause)> {
    let change = review.changes.iter().find(|change| change.address == address).unwrap();
    change.properties.iter().map(|Property { path, cause, .. }| (path.clone(), *cause)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tells_change_from_drift_and_exits_as_asked() {
    let cloud = Cloud::start("plans").await;
    let stack = StackFile::new(&[]);
    plan(&cloud, &[stack.path(), "--detailed-exitcode"], 2);
    let all_new = json(&cloud, stack.path());
    assert!(all_new.changes.iter().all(|change| change.action == Action::Create), "{all_new:#?}");
    assert_eq!(all_new.totals.create, all_new.changes.len());

    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let (nothing, calls) = plan(&cloud, &[stack.path(), "--detailed-exitcode"], 0);
    nothing_to_do(&nothing);
    let times = |call: &str| calls.lines().filter(|line| line.contains(call)).count();
    let once = ["CloudFront ListDistributions ", "CloudFront ListCachePolicies ", "STS GetCallerIdentity "];
    assert_eq!(once.map(times), [1, 1, 1], "{calls}");
    assert_eq!(times("Lambda GetPolicy "), 2, "one for each function: {calls}");

    let cx = cloud.context("vod-local").await;
    let source = "vod-local-source-111122223333-ap-northeast-2";
    cx.s3().delete_public_access_block().bucket(source).send().await.unwrap();
    let changed = edited();
    let (shown, _) = plan(&cloud, &[changed.path()], 0);
    assert_eq!(shown, shown_in_the_readme("provision plan stacks/local.yaml"));
    cx.logs().delete_log_group().log_group_name("/aws/lambda/vod-local-publish").send().await.unwrap();
    let review = json(&cloud, changed.path());
    let drifted = causes(&review, "storage/source");
    assert!(drifted.contains(&("PublicAccessBlockConfiguration".to_owned(), Cause::Drift)), "{drifted:?}");
    assert!(drifted.contains(&("CorsConfiguration".to_owned(), Cause::Change)), "{drifted:?}");
    assert_eq!(causes(&review, "handlers/submit/logs"), [("RetentionInDays".to_owned(), Cause::Change)]);
    let (text, _) = plan(&cloud, &[changed.path()], 0);
    insta::assert_snapshot!(lines_with(&text, &["handlers/publish/logs"]), @"  + handlers/publish/logs            Logs LogGroup                    /aws/lambda/vod-local-publish, missing from the account since the last apply");

    let (markdown, _) =
        cloud.provision(&["plan", changed.path(), "--format", "markdown", "--max-bytes", "1500"], 0);
    assert!(markdown.len() <= 1500 && markdown.contains(&report::totals(review.totals)), "{markdown}");
    let (_, refused) = cloud.provision(&["teardown", changed.path()], 3);
    insta::assert_snapshot!(lines_with(&refused, &["stdin"]), @"  × confirmation needed, but stdin is not a terminal; nothing was changed");

    let (both, failed) = cloud.provision(&["plan", changed.path(), "no-such.yaml"], 1);
    insta::assert_snapshot!(lines_with(&both, &["no-such.yaml", "RetentionInDays", "; 1 "]), @"
          change  RetentionInDays  1d → 3d
    # no-such.yaml: cannot be planned: cannot read the stack file no-such.yaml
    2 stacks: 1 to create, 3 to change, 32 unchanged; 1 cannot be planned
    ");
    insta::assert_snapshot!(errors(&failed), @"
    error: cannot read the stack file no-such.yaml
    cause: No such file or directory (os error 2)
    help: give the path of a stack file, such as stacks/local.yaml
    ");

    let gone = StackFile::new(&[("access_logs: true", "access_logs: false")]);
    let (_, refused) = cloud.provision(&["plan", gone.path(), "--fail-on", "destroy,replace"], 3);
    insta::assert_snapshot!(lines_with(&refused, &["storage/logs"]), @"  × the plan of vod-local is refused: it deletes delivery/access-logs, delivery/access-logs/destination, delivery/access-logs/source, storage/logs, storage/logs/policy");
    cloud.provision(&["plan", changed.path(), "--fail-on", "destroy,replace"], 0);
    let (_, refused) = cloud.provision(&["plan", changed.path(), "--fail-on", "broadening"], 3);
    insta::assert_snapshot!(lines_with(&refused, &["more access"]), @"  × the plan of vod-local is refused: it grants more access (findings: 1)");
    let (_, refused) = cloud.provision(&["apply", changed.path(), "--yes"], 3);
    insta::assert_snapshot!(lines_with(&refused, &["--allow-broadening"]), @"  help: run it again with `--allow-broadening`");
    cloud.provision(&["apply", changed.path(), "--yes", "--allow-broadening"], 0);
    let (nothing, _) = plan(&cloud, &[changed.path()], 0);
    nothing_to_do(&nothing);
}

/// The program without credentials, a local cloud, or a way to reach anything.
fn offline(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let mut command = Command::new(PROGRAM);
    command.args(["-v"]).args(arguments).current_dir(folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", folder).env("NO_COLOR", "1");
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    output(command, code)
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=a reviewer", "-c", "user.email=reviewer@example.com"];
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(identity).args(arguments);
    output(command, 0);
}

#[test]
fn a_pull_request_is_reviewed_without_an_account() {
    let folder = tempfile::tempdir().unwrap();
    let stacks = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks");
    let text = std::fs::read_to_string(stacks.join("production.yaml")).unwrap();
    let keys = folder.path().join("infra/keys");
    std::fs::create_dir_all(&keys).unwrap();
    std::fs::copy(stacks.join("keys/viewer-2026.pem"), keys.join("viewer-2026.pem")).unwrap();
    let stack = folder.path().join("infra/production.yaml");
    std::fs::write(&stack, &text).unwrap();
    git(folder.path(), &["init", "--quiet"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "--quiet", "--message", "as it is"]);

    let plan = ["plan", "infra/production.yaml", "--base", "HEAD"];
    let (same, _) = offline(folder.path(), &[&plan[..], &["--detailed-exitcode"]].concat(), 0);
    insta::assert_snapshot!(whole(&same), @"
    note: the handlers' code and the live account are not compared
    nothing to do: all 54 resources are as declared
    ");

    std::fs::write(&stack, text.replace("log_retention: 90d", "log_retention: 30d")).unwrap();
    let (changed, calls) = offline(folder.path(), &[&plan[..], &["--detailed-exitcode"]].concat(), 2);
    insta::assert_snapshot!(changed, @"
    handlers
      ~ handlers/publish/logs            Logs LogGroup                    /aws/lambda/vod-production-publish
          change  RetentionInDays  90d → 30d
          ! Log events older than this are permanently deleted, usually within 72 hours.
          ! Logging continues.
      ~ handlers/submit/logs             Logs LogGroup                    /aws/lambda/vod-production-submit
          change  RetentionInDays  90d → 30d
          ! Log events older than this are permanently deleted, usually within 72 hours.
          ! Logging continues.

    note: the handlers' code and the live account are not compared
    2 to change, 52 unchanged
    ");
    assert!(!calls.contains("INFO"), "no call is made: {calls}");

    let (_, none) = offline(folder.path(), &["plan", "infra/production.yaml", "--base", "no-such"], 1);
    insta::assert_snapshot!(lines_with(&errors(&none), &["error: "]), @"error: no-such is neither a file nor a revision that has infra/production.yaml");

    let staging = stacks.join("staging.yaml");
    let (_, unset) = offline(folder.path(), &["plan", "infra/production.yaml", "--base", ""], 1);
    insta::assert_snapshot!(whole(&unset), @"
    error: a value is required for '--base <REVISION|FILE>' but none was supplied

    For more information, try '--help'.
    ");
    let against = ["plan", "infra/production.yaml", "--base", staging.to_str().unwrap()];
    let (compared, _) = offline(folder.path(), &against, 0);
    insta::assert_snapshot!(lines_with(&compared, &["note: "]), @r"
    note: the handlers' code and the live account are not compared
    note: stack vod-staging is compared as if it were vod-production: they are different stacks
    note: account 111122223333 is compared as if it were 444455556666: they are different stacks
    ");
    assert!(!compared.contains("BucketName"), "names are not compared: {compared}");

    let (picture, _) = offline(folder.path(), &["graph", "infra/production.yaml", "--offline"], 0);
    let flow = "  storage_source == upload event ==> handlers_upload_rule\n";
    assert!(picture.contains("\ngraph LR\n") && picture.contains(flow), "{picture}");
}

#[test]
fn wrong_usage_is_a_failure_and_no_change() {
    let folder = tempfile::tempdir().unwrap();
    offline(folder.path(), &["plan", "x.yaml", "--no-such-flag"], 1);
    offline(folder.path(), &["--help"], 0);
}
