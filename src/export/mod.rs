//! An applied stack as the configuration of another tool, with what takes over each live resource. Pure.
//!
//! The declarations are the configuration, and the account says the ids that AWS assigned. Nothing is left out silently:
//! a property that a target cannot express is an error, and what a tool cannot take over is named in the target's README.

mod cdk;
mod cloudformation;
mod hcl;
mod terraform;

use std::collections::BTreeMap;

use crate::cloudformation::{Template, synth};
use crate::graph::Graph;
use crate::model::{Address, Kind, Known, Live, Scope};

/// The file of every export that says how to go on.
pub const README: &str = "README.md";

/// The longest line of a README.
const WIDTH: usize = 118;

/// A tool that a stack can be exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportTarget {
    /// A Terraform configuration, with an import block for each resource.
    Terraform,
    /// An app of the Cloud Development Kit, in Python.
    Cdk,
    /// CloudFormation templates, with a file for an import change set each.
    Cloudformation,
}

/// A stack that is as declared.
#[derive(Clone, Copy, Debug)]
pub struct ExportedStack<'a> {
    /// Its name, account and region.
    pub scope: &'a Scope,
    /// Its declarations.
    pub graph: &'a Graph,
    /// What is live of it.
    pub live: &'a BTreeMap<Address, Live>,
    /// What it no longer declares, and keeps because it holds data.
    pub kept: &'a [Known],
    /// The packages of its functions, by handler.
    pub code: &'a [(String, Vec<u8>)],
    /// The role that writes the records of its name, if the hosted zone is in another account.
    pub zone_role: Option<&'a str>,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportFile {
    /// Its path in the folder of the export, with `/`.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl ExportFile {
    fn text(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), bytes: text.into().into_bytes() }
    }

    /// The README. Its sections are apart by one empty line.
    fn readme(text: &str) -> Self {
        let mut text = text.to_owned();
        while text.contains("\n\n\n") {
            text = text.replace("\n\n\n", "\n\n");
        }
        Self::text(README, format!("{}\n", text.trim_end()))
    }
}

/// Why a stack cannot be exported.
#[derive(Debug, PartialEq, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    /// The stack has no templates.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Synth(#[from] crate::cloudformation::Error),
    /// A declared resource is not live.
    #[error("{address} is declared, but was not found in the account")]
    #[diagnostic(help("run `provision apply` first: an export is of what is live"))]
    Missing {
        /// Its address.
        address: Address,
    },
    /// An output that another resource refers to is not known.
    #[error("{address} has no {attribute}, to which other resources refer")]
    #[diagnostic(help(
        "run `provision plan`: if it reports nothing to do, this is a mistake of provision, please report it"
    ))]
    Unknown {
        /// The address of the resource.
        address: Address,
        /// The output.
        attribute: String,
    },
    /// A type that the export has no rule for.
    #[error("{address} is of the type {kind}, which `provision export` does not know")]
    #[diagnostic(help("this is a mistake of provision, please report it; nothing was written"))]
    UnknownType {
        /// The address of the resource.
        address: Address,
        /// The type.
        kind: Kind,
    },
    /// A property that the target has no words for.
    #[error("{property} of {address} ({kind}) cannot be exported: it {why}")]
    #[diagnostic(help("this is a mistake of provision, please report it; nothing was written"))]
    Unmapped {
        /// The address of the resource.
        address: Address,
        /// Its type.
        kind: Kind,
        /// The property.
        property: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A resource that is taken over refers to one that is not.
    #[error("{id} of {template} can be imported, but refers to a resource that cannot")]
    #[diagnostic(help("this is a mistake of provision, please report it; nothing was written"))]
    Dangling {
        /// The resource's logical id.
        id: String,
        /// Its template.
        template: String,
    },
}

/// The files of an export.
///
/// # Errors
/// When the target cannot express the stack, or something declared is not live.
pub fn export(target: ExportTarget, stack: &ExportedStack<'_>) -> Result<Vec<ExportFile>, Error> {
    match target {
        ExportTarget::Terraform => terraform::files(stack),
        ExportTarget::Cdk => cdk::files(stack),
        ExportTarget::Cloudformation => cloudformation::files(stack),
    }
}

impl ExportedStack<'_> {
    /// Its templates. They say that `provision` wrote them, and not that a stack file declares them.
    fn templates(&self) -> Result<Vec<Template>, Error> {
        let exported = |template: Template| {
            let description = format!("{}, {}", template.name, exported_by());
            template.described(&description)
        };
        Ok(synth(self.scope, self.graph)?.into_iter().map(exported).collect())
    }

    fn live(&self, address: &Address) -> Result<&Live, Error> {
        self.live.get(address).ok_or_else(|| Error::Missing { address: address.clone() })
    }

    /// What a README says of buckets that the stack no longer declares.
    fn kept_in_readme(&self) -> String {
        if self.kept.is_empty() {
            return String::new();
        }
        let list: String =
            self.kept.iter().map(|kept| format!("* `{}` ({})\n", kept.id, kept.kind)).collect();
        format!(
            "\n## Not in this export\n\nThe stack no longer declares these. They stay because they hold data:\n\n{list}"
        )
    }
}

/// What made an export.
fn exported_by() -> String {
    format!("exported by provision {}", env!("CARGO_PKG_VERSION"))
}

/// The first sentences of every README.
fn made_by(scope: &Scope) -> String {
    let Scope { account, region, .. } = scope;
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "Made by provision {version} from the live account {account}, {region}. Nothing in the account was changed.\n"
    )
}

/// A paragraph of a README. `begin` is before its first line, and as many spaces before the others.
fn wrapped(begin: &str, text: &str) -> String {
    let indent = " ".repeat(begin.len());
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < WIDTH => *line = format!("{line} {word}"),
            Some(_) => lines.push(format!("{indent}{word}")),
            None => lines.push(format!("{begin}{word}")),
        }
    }
    lines.join("\n") + "\n"
}

/// A point of a list in a README.
fn point(text: &str) -> String {
    wrapped("* ", text)
}

/// Commands in a README, at this depth of a list.
fn commands(depth: usize, lines: &str) -> String {
    let indent = " ".repeat(4 + depth);
    let lines = lines.lines().map(|line| match line {
        "" => "\n".to_owned(),
        line => format!("{indent}{line}\n"),
    });
    format!("\n{}\n", lines.collect::<String>())
}

/// What every README says of life without `provision apply`. `has_code`: the export has the functions' code.
fn afterwards(scope: &Scope, has_code: bool) -> String {
    let (home, stack) = (scope.home_bucket(), &scope.stack);
    let bucket = if has_code {
        format!(
            "The bucket `{home}` holds the history of applies and the code of the functions. It is not in this export. Delete \
             it when you need neither."
        )
    } else {
        format!(
            "The bucket `{home}` holds the code that the functions are deployed from. It is not in this export, and it deletes a \
             package 30 days after its upload. Lambda keeps a copy, so the functions run on. To deploy other code, put it in a \
             bucket of yours and name that in `Code`. Do not delete the bucket before."
        )
    };
    let points = [
        &format!(
            "Do not run `provision apply` or `provision teardown` for {stack} again: two tools would change the same resources."
        ),
        "Commands of `provision` that change no resource still work with the stack file: `verify`, `outputs`, `sign`, `asset` \
         and `library`. They find the stack by its names and by the tags `provision:stack` and `provision:address`. Remove the \
         tags when you need these commands no more.",
        "`provision` removed what somebody added by hand, such as a statement in a function's policy. No other tool sees such \
         additions.",
        &bucket,
    ];
    let points: String = points.iter().map(|text| point(text)).collect();
    format!("\n## When the other tool has taken over\n\n{points}")
}

#[cfg(test)]
mod tests;
