//! Whose credentials the program uses: profiles, sessions, roles and MFA, and what it says where AWS refuses them.

mod login;

use std::process::Command;

use crate::support::far::{Asked, Far, assumed, caller, refused};
use crate::support::output;
use crate::support::quote::errors;

const STACK: &str = "stacks/staging.yaml";
const ASKED: &[&str] = &["outputs", STACK];
const DEVICE: &str = "arn:aws:iam::111122223333:mfa/me";

/// The answers of an organization: keys `AK-a` and `AK-b` are of roles a and b, which everybody may assume.
fn organization(asked: &Asked) -> (u16, String) {
    if asked.host.starts_with("portal.sso.") {
        let credentials = "{\"roleCredentials\":{\"accessKeyId\":\"AK-sso\",\"secretAccessKey\":\"s\",\"sessionToken\":\"t\",\
                           \"expiration\":4102444800000}}";
        return (200, credentials.to_owned());
    }
    if asked.body.contains("Action=AssumeRole") {
        let role = if asked.body.contains("role%2Fa&") { "AK-a" } else { "AK-b" };
        return assumed(role);
    }
    caller("444455556666", &format!("arn:aws:iam::444455556666:user/{}", asked.key))
}

async fn far() -> Far {
    Far::start(None, organization).await
}

fn said(mut command: Command, variables: &[(&str, &str)]) -> String {
    command.envs(variables.iter().copied());
    output(command, 1).1
}

/// Whose key STS was asked about last.
fn signed_in(said: &str) -> &str {
    let (_, rest) = said.split_once(":user/").unwrap_or_else(|| panic!("{said}"));
    rest.split(')').next().unwrap()
}

const FILES: &str = "
[profile key]
aws_access_key_id = AK-key
aws_secret_access_key = s
[profile chain]
role_arn = arn:aws:iam::444455556666:role/b
source_profile = middle
external_id = e-1
[profile middle]
role_arn = arn:aws:iam::111122223333:role/a
source_profile = key
duration_seconds = 7200
[profile process]
credential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"AK-process\", \"SecretAccessKey\": \"s\"}'
[profile broken-process]
credential_process = false
[profile mfa]
role_arn = arn:aws:iam::111122223333:role/a
source_profile = key
mfa_serial = arn:aws:iam::111122223333:mfa/me
[profile sso]
sso_session = company
sso_account_id = 111122223333
sso_role_name = Deployer
[sso-session company]
sso_region = us-east-1
sso_start_url = https://company.example/start
sso_registration_scopes = sso:account:access
";

/// The file in which the AWS CLI keeps the token of an SSO session.
fn token(far: &Far, expires: &str) {
    let name = sha1_hex("company");
    let token = format!(
        "{{\"accessToken\":\"secret-token\",\"expiresAt\":\"{expires}\",\"region\":\"us-east-1\",\
         \"startUrl\":\"https://company.example/start\"}}"
    );
    far.write(&format!(".aws/sso/cache/{name}.json"), &token);
}

fn sha1_hex(text: &str) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_of_the_command_line_counts_before_the_environment() {
    let far = far().await;
    far.write(".aws/config", FILES);
    let key = [("AWS_ACCESS_KEY_ID", "AK-environment"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let with = |arguments: &[&str], variables: &[(&str, &str)]| {
        said(far.trusting(&[ASKED, arguments].concat()), variables)
    };
    assert_eq!(signed_in(&with(&[], &key)), "AK-environment");
    assert_eq!(signed_in(&with(&["--profile", "key"], &key)), "AK-key");
    assert_eq!(signed_in(&with(&[], &[("AWS_PROFILE", "key")])), "AK-key");
    assert_eq!(signed_in(&with(&["--profile", "process"], &key)), "AK-process");
    token(&far, "2100-01-01T00:00:00Z");
    far.asked();
    assert_eq!(signed_in(&with(&["--profile", "sso"], &key)), "AK-sso");
    let portal = &far.asked()[0];
    assert_eq!(portal.host, "portal.sso.us-east-1.amazonaws.com");
    assert!(portal.target.contains("role_name=Deployer"), "{portal:?}");
    assert!(far.connected().contains(&"CONNECT portal.sso.us-east-1.amazonaws.com:443".to_owned()));
    insta::assert_snapshot!(errors(&with(&["--profile", "nope"], &key)), @"
    error: there is no profile nope in ~/.aws/config and ~/.aws/credentials
    help: `--profile` names it; there are: broken-process, chain, key, mfa, middle, process, sso
    ");
    insta::assert_snapshot!(errors(&with(&[], &[("AWS_PROFILE", "nope")])), @"
    error: there is no profile nope in ~/.aws/config and ~/.aws/credentials
    help: AWS_PROFILE names it; there are: broken-process, chain, key, mfa, middle, process, sso
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_assumed_one_with_the_other() {
    let far = far().await;
    far.write(".aws/config", FILES);
    assert_eq!(signed_in(&said(far.trusting(&[ASKED, &["--profile", "chain"]].concat()), &[])), "AK-b");
    let asked = far.asked();
    let [a, b, _] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((a.key.as_str(), b.key.as_str()), ("AK-key", "AK-a"));
    assert!(a.body.contains("DurationSeconds=7200") && b.body.contains("ExternalId=e-1"), "{asked:?}");

    let role = ["--role-arn", "arn:aws:iam::444455556666:role/b", "--external-id", "e-2"];
    let arguments = [&role[..], ASKED, &["--profile", "key"]].concat();
    assert_eq!(signed_in(&said(far.trusting(&arguments), &[])), "AK-b");
    let asked = far.asked();
    assert_eq!(asked[0].key, "AK-key");
    assert!(asked[0].body.contains("ExternalId=e-2") && asked[0].body.contains("role%2Fb"), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_nobody_can_enter_is_told_with_a_way_out() {
    let far = far().await;
    far.write(".aws/config", FILES);
    let told = said(far.trusting(&[ASKED, &["--profile", "mfa"]].concat()), &[]);
    insta::assert_snapshot!(errors(&told), @r#"
    error: profile mfa needs the code of the MFA device arn:aws:iam::111122223333:mfa/me: stdin is not a terminal
    help: run it at a terminal, or sign in first: `eval "$(aws configure export-credentials --profile mfa --format env)"` asks for the code; then run the command again without `--profile`
    "#);
    assert!(far.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_of_a_device_is_asked_at_the_terminal() {
    let far = far().await;
    far.write(".aws/config", FILES);
    // A terminal of its own, into which the code is typed.
    let mut program = far.trusting(&[ASKED, &["--profile", "mfa"]].concat());
    let script = "import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
said = b''
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    said += part
    if part.rstrip().endswith(b'mfa/me:'):
        os.write(terminal, b'123456\\n')
print(said.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))";
    let mut python = Command::new("python3");
    python.args(["-c", script]).arg(program.get_program()).args(program.get_args()).env_clear();
    python.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    python.current_dir(program.get_current_dir().unwrap());
    program.env_clear();
    let told = output(python, 1).0;
    assert!(told.contains(&format!("Code of the MFA device {DEVICE}: ")), "{told}");
    assert_eq!(signed_in(&told), "AK-a");
    let asked = far.asked();
    assert!(asked[0].body.contains("TokenCode=123456"), "{asked:?}");
    assert!(asked[0].body.contains("SerialNumber=arn%3Aaws%3Aiam%3A%3A111122223333%3Amfa%2Fme"), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_sign_in_says_how_to_sign_in_again() {
    let far = Far::start(None, |_| {
        refused("ExpiredToken", "The security token included in the request is expired")
    })
    .await;
    far.write(".aws/config", FILES);
    token(&far, "2020-01-01T00:00:00Z");
    let with = |profile: &str| errors(&said(far.trusting(&[ASKED, &["--profile", profile]].concat()), &[]));
    insta::assert_snapshot!(with("sso"), @"
    error: sts:GetCallerIdentity failed: dispatch failure: other: an error occurred while loading credentials: an error occurred while loading credentials: an error occurred while loading an access token: the SSO token has expired and cannot be refreshed
    help: sign in again: `aws sso login --profile sso`; if that does not help, IAM Identity Center does not assign its `sso_account_id` and `sso_role_name` to you
    ");
    insta::assert_snapshot!(with("broken-process"), @"
    error: sts:GetCallerIdentity failed: dispatch failure: other: an error occurred while loading credentials: an error occurred while loading credentials: Error retrieving credentials: external process exited with code exit status: 1. Stderr:
    help: run the command that `credential_process` of profile broken-process names: it must print credentials that have not expired, as JSON
    ");
    insta::assert_snapshot!(with("key"), @"
    error: sts:GetCallerIdentity failed with ExpiredToken: The security token included in the request is expired
    help: the session of profile key is over: sign in again with what wrote it to ~/.aws/credentials
    ");
    let session = [("AWS_ACCESS_KEY_ID", "AK"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_SESSION_TOKEN", "t")];
    insta::assert_snapshot!(errors(&said(far.trusting(ASKED), &session)), @"
    error: sts:GetCallerIdentity failed with ExpiredToken: The security token included in the request is expired
    help: the session in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN is over: set new ones, or unset them and name a profile (`--profile NAME`)
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_be_assumed_is_told_with_both_sides() {
    let message = "User: arn:aws:iam::111122223333:user/me is not authorized to perform: sts:AssumeRole on resource: \
                   arn:aws:iam::444455556666:role/b";
    let far = Far::start(None, move |_| refused("AccessDenied", message)).await;
    far.write(".aws/config", FILES);
    let role = ["--profile", "key", "--role-arn", "arn:aws:iam::444455556666:role/b"];
    insta::assert_snapshot!(errors(&said(far.trusting(&[ASKED, &role].concat()), &[])), @"
    error: sts:AssumeRole failed with AccessDenied: User: arn:aws:iam::111122223333:user/me is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/b
    help: allow arn:aws:iam::111122223333:user/me to do `sts:AssumeRole` on arn:aws:iam::444455556666:role/b, and name arn:aws:iam::111122223333:user/me in the trust policy of arn:aws:iam::444455556666:role/b. A missing or wrong external id is refused in the same words: compare `external_id` of the profile, or `--external-id`, with the trust policy. A condition on MFA, too: set `mfa_serial` in the profile
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_no_region_that_is_off() {
    let unknown =
        || refused("InvalidClientTokenId", "The security token included in the request is invalid.");
    let far = Far::start(None, move |_| unknown()).await;
    let key = [("AWS_ACCESS_KEY_ID", "AK-gone"), ("AWS_SECRET_ACCESS_KEY", "s")];
    insta::assert_snapshot!(errors(&said(far.trusting(ASKED), &key)), @"
    error: sts:GetCallerIdentity failed with InvalidClientTokenId: The security token included in the request is invalid.
    help: AWS does not know the access key in AWS_ACCESS_KEY_ID: it was deleted, is not active, or belongs to another partition of AWS; use another one, or `--profile NAME`
    ");

    let text =
        std::fs::read_to_string(STACK).unwrap().replace("region: ap-northeast-2", "region: me-central-1");
    let enabled_elsewhere = move |asked: &Asked| match asked.host.as_str() {
        "sts.us-east-1.amazonaws.com" => caller("111122223333", "arn:aws:iam::111122223333:user/me"),
        _ => unknown(),
    };
    let far = Far::start(None, enabled_elsewhere).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stack.yaml");
    std::fs::write(&path, text).unwrap();
    let told = said(far.trusting(&["outputs", path.to_str().unwrap()]), &key);
    insta::assert_snapshot!(errors(&told), @"
    error: sts:GetCallerIdentity failed with InvalidClientTokenId: region me-central-1 is not enabled in account 111122223333: us-east-1 accepts these credentials (The security token included in the request is invalid.)
    help: enable the region (`aws account enable-region --region-name me-central-1`), wait until `aws account get-region-opt-status --region-name me-central-1` says ENABLED, then run the command again. If it does already, the session token is only for regions that are enabled by default: sign in at a regional endpoint of STS (`sts_regional_endpoints = regional` in the profile)
    ");
}
