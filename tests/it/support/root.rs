//! Roles that have the printed policy of a command and nothing else, in a local cloud in which policies count.

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_smithy_http_client::{Builder, Connector};
use provision::aws::Context;
use serde_json::json;

use crate::support::{ACCOUNT, Cloud, REGION, StackFile, output};

/// The stack that the roles are for.
pub(crate) const STACK: &str = "vod-local";

/// The account's root, who makes the roles.
pub(crate) struct Root<'a> {
    cloud: &'a Cloud,
    pub(crate) cx: Context,
    sts: aws_sdk_sts::Client,
}

async fn config(cloud: &Cloud, credentials: Credentials) -> aws_config::SdkConfig {
    let plain = Builder::new().build_with_connector_fn(|_, _| Connector::builder().build_http());
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(plain)
        .endpoint_url(&cloud.endpoint)
        .region(Region::new(REGION))
        .credentials_provider(credentials)
        .load()
        .await
}

impl<'a> Root<'a> {
    /// Of this cloud.
    pub(crate) async fn of(cloud: &'a Cloud) -> Self {
        let config = config(cloud, cloud.credentials(ACCOUNT)).await;
        Self { cloud, cx: cloud.context(STACK).await, sts: aws_sdk_sts::Client::new(&config) }
    }

    /// Credentials of a role that has exactly the printed policies of these commands for a stack.
    pub(crate) async fn role(&self, name: &str, stack: &StackFile, commands: &[&str]) -> [String; 3] {
        let iam = self.cx.iam();
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
            "Action": "sts:AssumeRole",
        }]});
        let made = iam.create_role().role_name(name).assume_role_policy_document(trust.to_string());
        made.send().await.unwrap();
        for command in commands {
            let (policy, said) = self.cloud.provision(&["permissions", stack.path(), "--for", command], 0);
            assert!(said.starts_with(&format!("{command} of {}: ", stack.name())), "{said}");
            let put = iam.put_role_policy().role_name(name).policy_name(*command);
            put.policy_document(policy).send().await.unwrap();
        }
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
        let session = self.sts.assume_role().role_arn(arn).role_session_name("test").send().await.unwrap();
        let credentials = session.credentials.unwrap();
        [credentials.access_key_id, credentials.secret_access_key, credentials.session_token]
    }

    /// Clients' settings with the account's own credentials.
    pub(crate) async fn config(&self) -> aws_config::SdkConfig {
        config(self.cloud, self.cloud.credentials(ACCOUNT)).await
    }

    /// The same with these credentials.
    pub(crate) async fn config_as(&self, [key, secret, token]: &[String; 3]) -> aws_config::SdkConfig {
        let credentials = Credentials::new(key.clone(), secret.clone(), Some(token.clone()), None, "test");
        config(self.cloud, credentials).await
    }

    /// S3 with these credentials.
    pub(crate) async fn s3_as(&self, credentials: &[String; 3]) -> aws_sdk_s3::Client {
        let config = self.config_as(credentials).await;
        let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// Runs the program with these credentials; panics unless it exits with `code`.
    pub(crate) fn run(&self, credentials: &[String; 3], arguments: &[&str], code: i32) -> (String, String) {
        output(self.cloud.command_as(credentials, arguments), code)
    }
}
