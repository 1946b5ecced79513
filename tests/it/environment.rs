//! The program in the environments that pipelines make.

use std::process::Command;

use crate::support::{PROGRAM, output};

#[test]
fn an_empty_variable_of_aws_counts_as_unset() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["outputs", "stacks/staging.yaml"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    command.env_clear().env("HOME", home.path()).env("NO_COLOR", "1");
    // Nothing of this test leaves the machine: there are no credentials to sign with.
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    let empty = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_REGION", "AWS_ACCESS_KEY_ID"];
    command.envs(empty.map(|name| (name, "")));
    let (_, said) = output(command, 1);
    assert!(said.contains("sts:GetCallerIdentity failed: ") && said.contains("set AWS_PROFILE"), "{said}");
    assert!(!said.contains("defect"), "{said}");
}
