//! A private local cloud for a test, gone with the test however it ends, and the program run against it.

pub(crate) mod calls;
pub(crate) mod far;
pub(crate) mod http;
pub(crate) mod instance;
pub(crate) mod kills;
pub(crate) mod organization;
pub(crate) mod quote;
pub(crate) mod root;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_sdk_s3::types::{
    DeleteMarkerReplication, DeleteMarkerReplicationStatus, Destination, ReplicationConfiguration,
    ReplicationRule, ReplicationRuleFilter, ReplicationRuleStatus,
};
use provision::aws::{Connection, Context, LocalCloud};
use provision::local;
use provision::model::Scope;

use crate::judges::contract::Contract;
use instance::Instance;

/// The account of the stacks in tests.
pub(crate) const ACCOUNT: &str = "111122223333";
/// Their region.
pub(crate) const REGION: &str = "ap-northeast-2";

/// How many times faster than on AWS time goes in tests that are not about time: refusals are AWS's, and no wait is longer
/// than a third of a second.
const FLIES: u32 = 1000;

/// A local cloud of this test's own, on a free port.
pub(crate) struct Cloud {
    /// What `PROVISION_LOCAL` must be for the program to find it.
    pub(crate) name: String,
    /// Its address.
    pub(crate) endpoint: String,
    pub(crate) running: local::Running,
    _instance: Instance,
    /// Judged after the cloud has ended: a call may be under way until then.
    pub(crate) contract: Contract,
}

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_provision");

impl Cloud {
    /// Starts it, as AWS with time that flies. The name tells the tests of one machine apart.
    pub(crate) async fn start(test: &str) -> Self {
        Self::begin(test, local::CloudSettings::default()).await
    }

    /// Starts one in which IAM policies count.
    pub(crate) async fn enforcing(test: &str) -> Self {
        Self::begin(test, local::CloudSettings { enforce: true, ..local::CloudSettings::default() }).await
    }

    /// Starts the bare emulator, for a test that names what does not exist and AWS would look for: a role, a bucket of logs.
    pub(crate) async fn lenient(test: &str) -> Self {
        Self::launch(test, local::CloudSettings::default()).await
    }

    /// Starts one whose time can be noticed.
    pub(crate) async fn like_aws(test: &str) -> Self {
        let like_aws = Some(local::LikeAws { pace: 100, seed: 1 });
        Self::begin(test, local::CloudSettings { like_aws, ..local::CloudSettings::default() }).await
    }

    /// Starts one that plays AWS at this pace.
    pub(crate) async fn at_pace(test: &str, pace: u32) -> Self {
        let like_aws = Some(local::LikeAws { pace, seed: 1 });
        Self::begin(test, local::CloudSettings { like_aws, ..local::CloudSettings::default() }).await
    }

    async fn begin(test: &str, settings: local::CloudSettings) -> Self {
        let like_aws = settings.like_aws.or(Some(local::LikeAws { pace: FLIES, seed: 1 }));
        Self::launch(test, local::CloudSettings { like_aws, ..settings }).await
    }

    async fn launch(test: &str, settings: local::CloudSettings) -> Self {
        let name = format!("test-{test}-{}", std::process::id());
        let contract = Contract::of(&name);
        let settings = local::CloudSettings {
            name: name.clone(),
            port: 0,
            account: ACCOUNT.into(),
            region: REGION.into(),
            exchange_log: Some(contract.log().into()),
            server: Some(PROGRAM.into()),
            // However this test ends, the cloud ends with it.
            owner: Some(std::process::id()),
            ..settings
        };
        let running = local::ensure(&settings, &mut |text| println!("{text}")).await;
        let running = running.unwrap_or_else(|error| panic!("the local cloud does not start: {error:?}"));
        let (endpoint, _instance) = (running.endpoint.clone(), Instance::running(&running.status));
        Self { name, endpoint, running, _instance, contract }
    }

    /// The credentials of an account's root user.
    pub(crate) fn credentials(&self, account: &str) -> Credentials {
        self.running.credentials_of(account)
    }

    /// Sets a quota of one that plays AWS.
    pub(crate) async fn set_quota(&self, name: &str, most: usize) {
        self.running.set_quota(name, most).await.expect("there is such a quota");
    }

    /// It, as the root user of an account calls it.
    pub(crate) fn target(&self, account: &str) -> LocalCloud {
        let (endpoint, credentials) = (self.endpoint.clone(), self.credentials(account));
        LocalCloud { endpoint, credentials, pace: None }
    }

    /// A context for a stack of this name.
    pub(crate) async fn context(&self, stack: &str) -> Context {
        let connection = Arc::new(Connection::to_local(self.target(ACCOUNT), REGION).await);
        connection.calls().keep();
        let scope = Scope { stack: stack.to_owned(), account: ACCOUNT.to_owned(), region: REGION.to_owned() };
        Context::new(connection, scope, REGION)
    }
}

impl Cloud {
    /// What the cloud says of itself.
    pub(crate) async fn status(&self) -> local::Status {
        let status = local::status(&self.name, 0).await.expect("its record is readable");
        status.expect("the local cloud runs")
    }

    /// The program, set to use this cloud.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        command.env("PROVISION_LOCAL", &self.name).env("NO_COLOR", "1");
        command
    }

    /// The program, set to use this cloud with these credentials: access key, secret and session token.
    pub(crate) fn command_as(&self, credentials: &[String; 3], arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
        command.env("PROVISION_LOCAL_AUTH", "1").envs(names.into_iter().zip(credentials));
        command
    }

    /// The program, set to reach this cloud as it reaches AWS, as the root user of an account.
    pub(crate) fn command_as_on_aws(&self, account: &str, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.envs(self.environment_as_on_aws(account));
        command
    }

    /// What makes any program reach this cloud as it reaches AWS, as the root user of an account.
    pub(crate) fn environment_as_on_aws(&self, account: &str) -> Vec<(String, String)> {
        let credentials = self.credentials(account);
        let variables = [
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ACCESS_KEY_ID", credentials.access_key_id()),
            ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key()),
        ];
        variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    /// Runs the program and returns what it printed on stdout and stderr; panics unless it exits with `code`.
    pub(crate) fn provision(&self, arguments: &[&str], code: i32) -> (String, String) {
        output(self.command(arguments), code)
    }
}

/// A stack file of the test's own: the local one, with replacements.
pub(crate) struct StackFile {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl StackFile {
    /// The local one with these replacements.
    pub(crate) fn new(replacements: &[(&str, &str)]) -> Self {
        let mut text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/stacks/local.yaml"))
            .expect("the file system works");
        for (from, to) in replacements {
            assert!(text.contains(from), "stacks/local.yaml says {from}");
            text = text.replace(from, to);
        }
        let folder = tempfile::tempdir().expect("the file system works");
        let path = folder.path().join("stack.yaml");
        std::fs::write(&path, text).expect("the file system works");
        Self { _folder: folder, path }
    }

    /// The stack's name.
    pub(crate) fn name(&self) -> String {
        let text = std::fs::read_to_string(&self.path).expect("the file system works");
        let name = text.lines().find_map(|line| line.strip_prefix("stack: "));
        name.expect("the file names its stack").to_owned()
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &str {
        self.path.to_str().expect("the file system works")
    }
}

/// Where what is installed once is kept: `PROVISION_CACHE`, else `provision` in the user's cache directory.
pub(crate) fn cache() -> PathBuf {
    let named = std::env::var_os("PROVISION_CACHE").filter(|path| !path.is_empty()).map(PathBuf::from);
    named.unwrap_or_else(|| {
        let strategy = etcetera::base_strategy::choose_base_strategy().expect("a user has a home");
        etcetera::BaseStrategy::cache_dir(&strategy).join("provision")
    })
}

/// The interpreter of the newest environment of the emulator. It has botocore, with AWS's service models.
pub(crate) fn python() -> PathBuf {
    let folders = std::fs::read_dir(cache()).unwrap().flatten().map(|entry| entry.path());
    let environments =
        folders.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("python-"));
    let made =
        |path: &PathBuf| std::fs::metadata(path.join("complete")).and_then(|file| file.modified()).ok();
    environments.max_by_key(made).unwrap().join("bin/python")
}

/// Runs a command and returns what it printed on stdout and stderr; panics unless it exits with `code`.
pub(crate) fn output(mut command: Command, code: i32) -> (String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let (stdout, stderr) =
        (String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr).into_owned());
    println!("$ {command:?}\n{stdout}{stderr}");
    assert_eq!(status.code(), Some(code), "{command:?}");
    (stdout, stderr)
}

/// What somebody may tell a bucket: to copy all that comes to a bucket of theirs, in this role.
pub(crate) fn copies_elsewhere(role: &str) -> ReplicationConfiguration {
    const SET: &str = "its members are set";
    let markers = DeleteMarkerReplication::builder().status(DeleteMarkerReplicationStatus::Disabled).build();
    let rule = ReplicationRule::builder()
        .id("all")
        .priority(1)
        .status(ReplicationRuleStatus::Enabled)
        .filter(ReplicationRuleFilter::builder().build())
        .delete_marker_replication(markers)
        .destination(Destination::builder().bucket("arn:aws:s3:::theirs").build().expect(SET))
        .build()
        .expect(SET);
    ReplicationConfiguration::builder().role(role).rules(rule).build().expect(SET)
}

/// Deletes the distribution, as somebody would by hand.
pub(crate) async fn delete_distribution(cx: &Context) {
    let listed = cx.cloudfront().list_distributions().send().await.unwrap().distribution_list.unwrap();
    let id = listed.items.unwrap().remove(0).id;
    let live = cx.cloudfront().get_distribution_config().id(&id).send().await.unwrap();
    let mut config = live.distribution_config.unwrap();
    config.enabled = false;
    let off = cx.cloudfront().update_distribution().id(&id).set_if_match(live.e_tag);
    let off = off.distribution_config(config).send().await.unwrap();
    let deployed = || async {
        let seen = cx.cloudfront().get_distribution().id(&id).send().await.unwrap();
        seen.distribution.is_some_and(|distribution| distribution.status == "Deployed")
    };
    while !deployed().await {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    // Another reader may have seen it deployed before.
    let delete = || cx.cloudfront().delete_distribution().id(&id).set_if_match(off.e_tag.clone()).send();
    while let Err(error) = delete().await {
        let error = error.into_service_error();
        assert!(error.is_distribution_not_disabled(), "{error:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
