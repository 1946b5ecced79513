//! What goes wrong, and that the next apply continues from there: an emulator that dies, an interrupt, a lock, hands in
//! the account, credentials.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use crate::support::quote::{errors, lines_with, nothing_to_do, once_each, uncounted, whole};
use crate::support::{Cloud, PROGRAM, StackFile, output};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use provision::home::Home;

/// Delays every answer of the cloud.
fn delay(cloud: &Cloud, latency: &str) {
    cloud.provision(&["local", "start", "--latency", latency], 0);
}

/// Starts an apply and returns it with its stderr once a first resource is created. Much of it is still to come then, however
/// long this test is kept from going on.
fn apply_under_way(
    cloud: &Cloud,
    stack: &str,
) -> (std::process::Child, BufReader<std::process::ChildStderr>) {
    delay(cloud, "150ms");
    let mut command = cloud.command(&["apply", stack, "--yes"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(" created (") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "the apply ended before anything was created");
        print!("{line}");
    }
    (child, stderr)
}

fn finish(
    (mut child, mut stderr): (std::process::Child, BufReader<std::process::ChildStderr>),
) -> (Option<i32>, String) {
    let mut text = String::new();
    stderr.read_to_string(&mut text).unwrap();
    println!("{text}");
    (child.wait().unwrap().code(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_apply_says_where_it_stands_and_the_next_one_finishes() {
    let cloud = Cloud::start("interrupt").await;
    let stack = StackFile::new(&[]);
    let running = apply_under_way(&cloud, stack.path());
    let interrupted = Command::new("kill").args(["-INT", &running.0.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let (code, stderr) = finish(running);
    delay(&cloud, "0ms");
    assert_eq!(code, Some(130));
    // What comes last in the plan cannot have begun.
    insta::assert_snapshot!(lines_with(&stderr, &["  delivery/access-logs: ", "continue from here"]), @"
      delivery/access-logs: interrupted before it began
    what was done stays; run the command again to continue from here
    ");
    let (told, _) = cloud.provision(&["history", stack.path()], 0);
    insta::assert_snapshot!(uncounted(&whole(&told)), @"<time>  root  apply  interrupted  <n> created, <n> not tried  provision <version>  publish <digest>, submit <digest>");
    let (applied, _) = cloud.provision(&["apply", stack.path(), "--yes"], 0);
    insta::assert_snapshot!(uncounted(&lines_with(&applied, &[" unchanged", " created"])), @"
    <n> to create, <n> unchanged
    <n> created
    ");
    let (again, _) = cloud.provision(&["plan", stack.path()], 0);
    nothing_to_do(&again);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_before_the_first_change_gives_the_lock_back() {
    let cloud = Cloud::start("early").await;
    let stack = StackFile::new(&[]);
    delay(&cloud, "40ms");
    let home = Home::new(cloud.context("vod-local").await);
    let mut command = cloud.command(&["apply", stack.path(), "--yes"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    while !matches!(home.holder().await, Ok(Some(_))) {
        assert!(child.try_wait().unwrap().is_none(), "the apply ended without a lock");
    }
    // As a pipeline that is cancelled does.
    let signalled = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(signalled.success());
    let (code, said) = finish((child, stderr));
    assert_eq!(code, Some(130));
    insta::assert_snapshot!(errors(&said), @"
    error: interrupted; the stack was not changed
    help: run the command again
    ");
    assert_eq!(home.holder().await.unwrap(), None);
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emulator_that_dies_is_said_and_a_new_one_is_converged() {
    let cloud = Cloud::start("dies").await;
    let stack = StackFile::new(&[]);
    let running = apply_under_way(&cloud, stack.path());
    let status = cloud.status().await;
    let killed = Command::new("kill").args(["-KILL", &status.emulator.pid.to_string()]).status().unwrap();
    assert!(killed.success());
    let (code, stderr) = finish(running);
    assert_eq!(code, Some(4));
    // After the lines of progress.
    let (_, end) = stderr.split_once("\n\n").unwrap();
    let said = ["  help: ", "not tried:", "run record", "continue from here"];
    insta::assert_snapshot!(once_each(&lines_with(end, &said)), @"
      help: check the network; with `local: true`, see `provision local status`; then run the command again
    not tried:
    could not save the run record; the next plan finds these resources by their tags:
    what was done stays; run the command again to continue from here
    ");
    let (dead, _) = cloud.provision(&["local", "status"], 1);
    let dead = dead.replace(&cloud.contract.log().display().to_string(), "<file>");
    insta::assert_snapshot!(whole(&dead), @"
    local cloud at http://127.0.0.1:<port>
      account 111122223333, region ap-northeast-2
      provision <version>, process <n>
      emulator ended: signal: 9 (SIGKILL)
      behaves as AWS does, 1000 times as fast (seed 1)
      every answer takes 150 ms longer
      log <local cloud's folder>/log
      exchanges <file>
    ");
    cloud.provision(&["local", "stop"], 0);
    let (gone, _) = cloud.provision(&["local", "status"], 1);
    insta::assert_snapshot!(whole(&gone), @"the local cloud does not run");
    let (applied, _) = cloud.provision(&["apply", stack.path(), "--yes"], 0);
    insta::assert_snapshot!(lines_with(&applied, &[" created"]), @"36 created");
    cloud.provision(&["local", "stop"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn hands_in_the_account_are_seen_and_repaired_and_what_is_undeclared_goes() {
    let cloud = Cloud::start("drift").await;
    let stack = StackFile::new(&[]);
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let cx = cloud.context("vod-local").await;
    let source = "vod-local-source-111122223333-ap-northeast-2";

    cx.s3().delete_public_access_block().bucket(source).send().await.unwrap();
    let (planned, _) = cloud.provision(&["plan", stack.path()], 0);
    insta::assert_snapshot!(whole(&planned), @"
    storage
      ~ storage/source                   S3 Bucket                        vod-local-source-111122223333-ap-northeast-2
          drift   PublicAccessBlockConfiguration
                    + BlockPublicAcls: true
                    + BlockPublicPolicy: true
                    + IgnorePublicAcls: true
                    + RestrictPublicBuckets: true
          ! Public access to the bucket is refused.

    1 to change, 35 unchanged
    ");
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let (repaired, _) = cloud.provision(&["plan", stack.path()], 0);
    nothing_to_do(&repaired);

    // The logs bucket is no longer declared: it stays while it holds anything, is no reason to leave the rest undone, and
    // goes with the first apply that finds it empty.
    let without = StackFile::new(&[("access_logs: true", "access_logs: false")]);
    let logs = "vod-local-logs-111122223333-ap-northeast-2";
    cx.s3().put_object().bucket(logs).key("one").body(ByteStream::from_static(b"x")).send().await.unwrap();
    let (stays, _) = cloud.provision(&["apply", without.path(), "--yes"], 0);
    // The rest is done.
    insta::assert_snapshot!(lines_with(&stays, &["storage/logs ", "storage/source "]), @"
    ~ storage/source                   S3 Bucket                        vod-local-source-111122223333-ap-northeast-2
    = storage/logs                     S3 Bucket                        vod-local-logs-111122223333-ap-northeast-2 stays: no longer declared, but it holds data
    ");
    let kept = cx.s3().get_object().bucket(logs).key("one").send().await;
    assert!(kept.is_ok(), "an apply lost data");
    let (again, _) = cloud.provision(&["apply", without.path(), "--yes"], 0);
    insta::assert_snapshot!(whole(&again), @"
      = storage/logs                     S3 Bucket                        vod-local-logs-111122223333-ap-northeast-2 stays: no longer declared, but it holds data
      = storage/logs/policy              S3 BucketPolicy                  vod-local-logs-111122223333-ap-northeast-2 stays: no longer declared, but it holds data
        (an apply that finds it empty deletes it: wait until its objects expire, or delete them yourself)

    nothing to do: all 31 resources are as declared

    playback          http://127.0.0.1:<port>/_viewer/<id>
    distribution      <id>
    source bucket     vod-local-source-111122223333-ap-northeast-2
    work bucket       vod-local-work-111122223333-ap-northeast-2
    output bucket     vod-local-output-111122223333-ap-northeast-2
    queue             arn:aws:mediaconvert:ap-northeast-2:111122223333:queues/vod-local-transcode
    job template      vod-local-ladder
    submit function   vod-local-submit
    publish function  vod-local-publish
    dead letters      http://127.0.0.1:<port>/111122223333/vod-local-dead-letters
    ");
    let version = cx.s3().list_object_versions().bucket(logs).send().await.unwrap();
    for found in version.versions() {
        let delete = cx
            .s3()
            .delete_object()
            .bucket(logs)
            .key("one")
            .set_version_id(found.version_id().map(str::to_owned));
        delete.send().await.unwrap();
    }
    let (removed, _) = cloud.provision(&["apply", without.path(), "--yes"], 0);
    insta::assert_snapshot!(lines_with(&removed, &["storage/logs "]), @"  - storage/logs                     S3 Bucket                        vod-local-logs-111122223333-ap-northeast-2, no longer declared");
    let gone = cx.s3().head_bucket().bucket(logs).send().await;
    assert!(gone.is_err(), "the bucket is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_somebody_changes_is_locked_for_others() {
    let cloud = Cloud::start("lock").await;
    let stack = StackFile::new(&[]);
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let changed = StackFile::new(&[("log_retention: 1d", "log_retention: 3d")]);
    let home = Home::new(cloud.context("vod-local").await);
    let lease = home.lock("arn:aws:iam::111122223333:user/somebody", "apply").await.unwrap();
    let (_, refused) = cloud.provision(&["apply", changed.path(), "--yes"], 3);
    insta::assert_snapshot!(errors(&refused), @"
    error: stack vod-local is being changed: `provision apply` by arn:aws:iam::111122223333:user/somebody on <host> (process <n>) since <time>
    help: wait for it; if its process died, the lock expires at <time>
    ");
    lease.release().await.unwrap();
    cloud.provision(&["apply", changed.path(), "--yes"], 0);

    // Of a stack that somebody begins to make nothing is there yet: a teardown must not forget its lock.
    let begun = StackFile::new(&[("stack: vod-local", "stack: vod-begun")]);
    let begun_cx = cloud.context("vod-begun").await;
    let home = Home::new(begun_cx.clone());
    let location = BucketLocationConstraint::from(begun_cx.region());
    let location = CreateBucketConfiguration::builder().location_constraint(location).build();
    let made = begun_cx.s3().create_bucket().bucket(home.bucket()).create_bucket_configuration(location);
    made.send().await.unwrap();
    let lease = home.lock("arn:aws:iam::111122223333:user/somebody", "apply").await.unwrap();
    let (_, refused) = cloud.provision(&["teardown", begun.path(), "--yes"], 3);
    insta::assert_snapshot!(errors(&refused), @"
    error: stack vod-begun is being changed: `provision apply` by arn:aws:iam::111122223333:user/somebody on <host> (process <n>) since <time>
    help: wait for it; if its process died, the lock expires at <time>
    ");
    assert!(home.holder().await.unwrap().is_some());
    lease.release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_whose_home_is_lost_is_found_and_asked_about_and_keeps_to_its_region() {
    let cloud = Cloud::start("homeless").await;
    let stack = StackFile::new(&[]);
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let cx = cloud.context("vod-local").await;
    let (home, key) = (cx.scope.home_bucket(), "record.json");
    cx.s3().put_object().bucket(&home).key(key).body(ByteStream::from_static(b"")).send().await.unwrap();
    let (_, broken) = cloud.provision(&["plan", stack.path()], 1);
    insta::assert_snapshot!(errors(&broken), @"error: s3:GetObject failed: s3://provision-111122223333-ap-northeast-2-vod-local/record.json is not a record (EOF while parsing a value at line 1 column 0): delete it, or restore a former version; without a record, the stack's resources are found by their tags");
    cx.s3().delete_object().bucket(home).key(key).send().await.unwrap();
    let opened = StackFile::new(&[
        ("access_logs: true", "access_logs: true\nsource: { upload_origins: [\"https://app.example.com\"] }"),
        ("source:\n  expire_noncurrent_after: 1d\n", ""),
    ]);
    let (_, refused) = cloud.provision(&["apply", opened.path(), "--yes"], 3);
    insta::assert_snapshot!(errors(&refused), @"
    error: confirmation needed, but stdin is not a terminal; nothing was changed
    help: run it again with `--allow-broadening`
    ");
    let own_code = match std::env::consts::ARCH {
        "aarch64" => "architecture: arm64\n  log_retention: 1d",
        _ => "architecture: x86_64\n  log_retention: 1d",
    };
    // The same name in another region would take the distribution and the roles away from it.
    let moved = StackFile::new(&[
        ("region: ap-northeast-2", "region: eu-west-1"),
        ("local: true", "local: false"),
        ("log_retention: 1d", own_code),
    ]);
    for command in ["apply", "teardown"] {
        let there = cloud.command_as_on_aws(crate::support::ACCOUNT, &[command, moved.path(), "--yes"]);
        let (_, refused) = output(there, 3);
        insta::allow_duplicates! {
            insta::assert_snapshot!(lines_with(&errors(&refused), &[": vod-local-submit "]), @"error: handlers/submit/role: vod-local-submit belongs to the stack of this name in ap-northeast-2");
        }
    }
    let (untouched, _) = cloud.provision(&["plan", stack.path()], 0);
    nothing_to_do(&untouched);
    // What is broken among the former records hinders nobody.
    cloud.provision(&["apply", opened.path(), "--yes", "--allow-broadening"], 0);
    cloud.provision(&["history", opened.path()], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_made_is_left_alone_unless_it_is_adopted() {
    let cloud = Cloud::start("adopt").await;
    let stack = StackFile::new(&[]);
    let cx = cloud.context("vod-local").await;
    cx.sqs().create_queue().queue_name("vod-local-dead-letters").send().await.unwrap();
    let (_, refused) = cloud.provision(&["apply", stack.path(), "--yes"], 3);
    insta::assert_snapshot!(errors(&refused), @"
    error: the plan is not safe, so nothing was changed
    error: handlers/dead-letters: https://sqs.ap-northeast-2.amazonaws.com/111122223333/vod-local-dead-letters exists, and was not made by this stack
    help: if it is meant to be this stack's, run again with `--adopt`; else remove it or rename the stack
    ");
    let buckets = cx.s3().list_buckets().send().await.unwrap();
    assert!(buckets.buckets().is_empty(), "nothing was changed");
    cloud.provision(&["apply", stack.path(), "--yes", "--adopt"], 0);
    let (again, _) = cloud.provision(&["plan", stack.path()], 0);
    nothing_to_do(&again);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_cloud_of_another_account_is_not_taken_for_this_one() {
    let cloud = Cloud::start("account").await;
    let other = StackFile::new(&[("\"111122223333\"", "\"444455556666\"")]);
    let (_, refused) = cloud.provision(&["plan", other.path()], 1);
    insta::assert_snapshot!(errors(&refused), @"
    error: the local cloud at http://127.0.0.1:<port> has account 111122223333, and account 444455556666 is wanted
    help: `provision local stop --port <port>` ends it, with everything in it; the next command starts it with account 444455556666
    ");
}

#[test]
fn missing_credentials_are_said_before_anything_is_called() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["plan", "stacks/staging.yaml"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    command
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("NO_COLOR", "1");
    let (_, refused) = output(command, 1);
    // What the SDK tried is its own text.
    insta::assert_snapshot!(lines_with(&errors(&refused), &["error: ", "help: "]), @"
    error: sts:GetCallerIdentity failed: dispatch failure: other: the credential provider was not enabled: no credentials found in chain. Attempted:
    help: name a profile (`--profile NAME`, AWS_PROFILE), set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in again (`aws sso login`, `aws login`)
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_and_foreign_credentials_are_refused_by_name() {
    let expired = r#"<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"#;
    let (_, refused) = output(against(expired, 403).await, 1);
    insta::assert_snapshot!(errors(&refused), @"
    error: sts:GetCallerIdentity failed with ExpiredToken: The security token included in the request is expired
    help: the session in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN is over: set new ones, or unset them and name a profile (`--profile NAME`)
    ");
    let foreign = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::999900001111:user/eve</Arn><UserId>E</UserId><Account>999900001111</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>r-2</RequestId></ResponseMetadata></GetCallerIdentityResponse>"#;
    let (_, refused) = output(against(foreign, 200).await, 1);
    insta::assert_snapshot!(errors(&refused), @"
    error: the credentials are of account 999900001111 (arn:aws:iam::999900001111:user/eve), and stack vod-staging is for account 111122223333; nothing was changed
    help: use credentials of 111122223333, or correct `account:` in stacks/staging.yaml
    ");
}

/// A plan of the staging stack against a service that gives every request this answer.
async fn against(body: &'static str, status: u16) -> Command {
    let answer = move || async move {
        (axum::http::StatusCode::from_u16(status).unwrap(), [("content-type", "text/xml")], body)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, axum::Router::new().fallback(answer)).into_future());
    let mut command = Command::new(PROGRAM);
    command
        .args(["plan", "stacks/staging.yaml"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1");
    command.env("AWS_ENDPOINT_URL", format!("http://{address}"));
    command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "example");
    command
}

#[test]
fn results_that_cannot_be_written_are_a_failure_and_no_panic() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(stdout) = full() else { return };
    let mut command = Command::new(PROGRAM);
    command.args(["validate", "stacks/local.yaml"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let lost = command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&lost.stderr);
    insta::assert_snapshot!(whole(&said), @"the results could not be written to stdout: No space left on device (os error 28)");
    assert_eq!(lost.status.code(), Some(1));
    let unheard = command.stdout(Stdio::null()).stderr(full().unwrap()).status().unwrap();
    assert_eq!(unheard.code(), Some(0), "a log that cannot be written stops nothing");
}

#[test]
fn a_stack_file_from_a_pipe_is_read_from_its_beginning() {
    let mut command = Command::new(PROGRAM);
    command
        .args(["apply", "/dev/stdin", "--yes"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1");
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"stack: UPPER\n").unwrap();
    let said = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&said.stderr);
    insta::assert_snapshot!(whole(&said), @r#"
      × the stack file /dev/stdin has 3 problems

    Error:
      × `account` is missing
       ╭─[/dev/stdin:1:1]
     1 │ stack: UPPER
       · ──┬──
       ·   ╰── `account` belongs in here
       ╰────
      help: write `account: "111122223333"`

    Error:
      × `region` is missing
       ╭─[/dev/stdin:1:1]
     1 │ stack: UPPER
       · ──┬──
       ·   ╰── `region` belongs in here
       ╰────
      help: write `region: ap-northeast-2`

    Error:
      × `stack` is not a stack name
       ╭─[/dev/stdin:1:8]
     1 │ stack: UPPER
       ·        ──┬──
       ·          ╰── `U` is not allowed: did you mean upper?
       ╰────
      help: 3 to 24 of a-z, 0-9 and single hyphens, beginning with a letter and not ending with a hyphen
    "#);
}
