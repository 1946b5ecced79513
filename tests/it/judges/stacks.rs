//! The shipped stacks: their declarations, and their templates as files.

use std::fs;
use std::path::{Path, PathBuf};

use provision::cloudformation::{Template, synth};
use provision::graph::Graph;
use provision::model::{Declaration, Scope};
use provision::stack;
use provision::stack::config::{self, StackFile};
use provision::stack::domain::Zone;
use provision::stack::handlers::PackageDigests;

/// The shipped stack files.
pub(crate) const STACKS: [&str; 3] = ["local", "staging", "production"];

/// A shipped stack file.
pub(crate) fn file(stack: &str) -> StackFile {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks").join(stack).with_extension("yaml");
    config::load(&path).unwrap_or_else(|invalid| panic!("{:?}", miette::Report::new(invalid)))
}

/// What a stack file declares, with made-up code of the handlers and a made-up hosted zone.
pub(crate) fn declarations(file: &StackFile) -> Vec<Declaration> {
    let code = PackageDigests { submit: "5b".repeat(32), publish: "9b".repeat(32) };
    let zone = file.domain.as_ref().map(|_| Zone { id: "Z0123456789ABCDEFGHIJ".to_owned() });
    stack::declare(file, &code, zone.as_ref())
}

/// The templates of a shipped stack.
pub(crate) fn templates(stack: &str) -> Vec<Template> {
    let file = file(stack);
    let scope = Scope {
        stack: file.stack.to_string(),
        account: file.account.to_string(),
        region: file.region.to_string(),
    };
    synth(&scope, &Graph::new(declarations(&file)).unwrap()).unwrap()
}

/// The templates of all shipped stacks, each with the file that a judge reads.
pub(crate) fn written(
    judge: &str,
    render: fn(&Template) -> String,
    extension: &str,
) -> Vec<(Template, PathBuf)> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judges").join(judge);
    fs::create_dir_all(&directory).unwrap();
    let templates = STACKS.iter().flat_map(|stack| templates(stack));
    templates
        .map(|template| {
            let path = directory.join(format!("{}.{extension}", template.name));
            fs::write(&path, render(&template)).unwrap();
            (template, path)
        })
        .collect()
}
