//! The program in the environments that pipelines make.

use std::process::Command;

use crate::support::{PROGRAM, output};

/// What the program says in an environment of these variables alone. Nothing leaves the machine: nobody listens at the
/// address.
fn said(variables: &[(&str, &str)]) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["outputs", "stacks/staging.yaml"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    command.env_clear().env("HOME", home.path()).env("NO_COLOR", "1");
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "secret");
    command.envs(variables.iter().copied());
    output(command, 1).1
}

#[test]
fn an_empty_variable_of_aws_counts_as_unset() {
    let empty = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_REGION"];
    let said = said(&empty.map(|name| (name, "")));
    assert!(said.contains("sts:GetCallerIdentity failed: ") && said.contains("Connection"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn an_address_that_is_none_is_told_without_the_request() {
    let said = said(&[("AWS_ENDPOINT_URL", "localhost:4566")]);
    assert!(said.contains("`localhost:4566`") && !said.contains("Request {"), "{said}");
}
