//! The shapes of answers in `tests/aws_facts/members.json` are those of AWS's published models.
//!
//! Unit tests change each member that these shapes have. When botocore is newer here, AWS may have added members: this test
//! then says so, and `src/resource/tests/blind.rs` says which of them nobody looks at.

use std::path::Path;
use std::process::Command;

use crate::support::{output, python};

#[tokio::test]
async fn the_shapes_of_answers_are_those_that_aws_publishes() {
    provision::local::mediaconvert_model(&mut |text| println!("{text}")).await.unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws_facts");
    let mut script = Command::new(python());
    script.arg(folder.join("members.py"));
    let (published, _) = output(script, 0);
    let ours = std::fs::read_to_string(folder.join("members.json")).unwrap();
    assert!(ours == published, "run `python3 tests/aws_facts/members.py > tests/aws_facts/members.json`");
}
