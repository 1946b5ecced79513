//! A stack file: pull requests bring them.

use crate::stack::config;

/// A file that is accepted means the same once it is written out. One that is refused has problems with places in it.
pub fn stack_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match config::parse("fuzz.yaml", text) {
        Ok(file) => {
            let written = serde_yaml::to_string(&file).expect("a stack file can be written");
            match config::parse("written.yaml", &written) {
                Ok(again) => assert_eq!(again, file, "{written}"),
                Err(invalid) => {
                    panic!("what was accepted is refused once it is written: {invalid:?}\n{written}")
                }
            }
        }
        Err(invalid) => {
            assert!(!invalid.problems().is_empty(), "refused for nothing");
            super::prints_safely(&invalid);
        }
    }
}
