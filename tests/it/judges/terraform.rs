//! Terraform: the shape of a configuration, and its arguments and blocks by the schema of the provider.

use std::path::Path;

use serde_json::Value;

use super::environment::{TERRAFORM, run};

/// What is wrong with the configuration in a folder, and the types of its resources.
pub(crate) fn judged(folder: &Path) -> (Vec<String>, Vec<String>) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/judges/terraform.py");
    let output = run(TERRAFORM.python().arg(script).arg(folder));
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("the judge: {}", String::from_utf8_lossy(&output.stderr)));
    let list = |name: &str| {
        let texts = said[name].as_array().unwrap().iter();
        texts.map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    (list("wrong"), list("kinds"))
}

/// What is told of a configuration that is damaged.
#[test]
fn the_judge_tells_what_terraform_would_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let told = |text: &str| {
        std::fs::write(folder.path().join("main.tf"), text).unwrap();
        judged(folder.path()).0
    };
    let right = "resource \"aws_s3_bucket_versioning\" \"a\" {\n  bucket = \"a\"\n\n  versioning_configuration {\n    \
                 status = \"Enabled\"\n  }\n}\n";
    assert_eq!(told(right), [""; 0]);
    let of = "aws_s3_bucket_versioning.a";
    let damages = [
        (
            "bucket = \"a\"",
            "bucked = \"a\"",
            vec![format!("{of}.bucked: no such argument or block"), format!("{of}.bucket: is missing")],
        ),
        (
            "\"Enabled\"",
            "true",
            vec![format!("{of}.versioning_configuration.status: string is wanted, and True stands there")],
        ),
        (
            "configuration {",
            "configuration = {",
            vec![format!("{of}.versioning_configuration: a block is wanted")],
        ),
        (
            "aws_s3_bucket_versioning",
            "aws_s3_bucket_visioning",
            vec!["aws_s3_bucket_visioning: the provider has no such resource".to_owned()],
        ),
    ];
    for (from, to, expected) in damages {
        assert_eq!(told(&right.replace(from, to)), expected);
    }
    let bucket =
        "resource \"aws_s3_bucket\" \"b\" {\n  bucket = local.name\n}\n\nlocals {\n  name = \"a\"\n}\n";
    let referring =
        format!("{bucket}\n{}", right.replace("bucket = \"a\"", "bucket = aws_s3_bucket.b.bucket"));
    assert_eq!(told(&referring), [""; 0]);
    let damages = [
        ("local.name", "local.game", "local.game: is referred to, and not declared"),
        ("aws_s3_bucket.b.", "aws_s3_bucket.c.", "aws_s3_bucket.c: is referred to, and not declared"),
        ("b.bucket", "b.basket", "aws_s3_bucket.b.basket: the provider has no such attribute"),
    ];
    for (from, to, expected) in damages {
        assert_eq!(told(&referring.replace(from, to)), [expected]);
    }
    let quoted = referring.replace("local.name", "\"a-${local.name}.local.game-$${local.game}\"");
    assert_eq!(told(&quoted), [""; 0], "a text is no reference");
    let damaged = "local.game: is referred to, and not declared";
    assert_eq!(told(&quoted.replace("a-${local.name}", "a-${local.game}")), [damaged]);
    let defaults = "provider \"aws\" {\n  default_tags {\n    tags = { team = \"media\" }\n  }\n}\n";
    let untagged = "aws_s3_bucket.b: has no tags, and would get those of the provider";
    assert_eq!(told(&format!("{referring}\n{defaults}")), [untagged], "a versioning has none");
    let shape = told(&right.replace("bucket = ", "bucket  = "));
    assert!(shape[0].starts_with("terraform fmt: main.tf\n"), "{shape:?}");
}
