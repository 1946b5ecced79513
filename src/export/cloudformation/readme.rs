//! The README of an export to CloudFormation: the commands to run, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{INLINE, Imported};
use crate::cloudformation::{Template, logical_id};
use crate::export::{Error, ExportedStack, afterwards, commands, made_by, point, wrapped};
use crate::model::{Address, OutputRef, refs};

/// What happens to a resource that AWS has not given an id yet.
pub(super) const UNNAMED: &str =
    "AWS has not assigned its ARN yet. The stack creates it: the subscriber gets a new e-mail to confirm.";

pub(super) fn text(stack: &ExportedStack<'_>, imported: &[Imported]) -> Result<String, Error> {
    let mut text = format!(
        "# {} as CloudFormation stacks\n\n{}\n\
         Each CloudFormation stack takes over in two steps. It imports the resources as they are, and is then updated to the\n\
         whole template. Nothing is deleted or replaced, and videos play throughout.\n",
        stack.scope.stack,
        made_by(stack.scope),
    );
    text.push_str(
        "\n## The files\n\n\
         | file | what is in it |\n|---|---|\n\
         | `NAME.yaml` | the whole template of the CloudFormation stack NAME |\n\
         | `NAME.import.yaml` | what of it can be imported, needed once |\n\
         | `NAME.import.json` | which live resources these are, needed once |\n\
         | `NAME.parameters.json` | values from the other stacks, such as the certificate's ARN |\n",
    );
    text.push_str(&needs(stack, imported));
    for (index, one) in imported.iter().enumerate() {
        let Template { name, region, .. } = &one.whole;
        let _ = write!(text, "\n## {}. {name} in {region}\n\n", index + 1);
        let counted = one.resources.len();
        let resources = if counted == 1 { "resource" } else { "resources" };
        let _ = writeln!(text, "Make a change set that imports {counted} {resources}, and show it:");
        let more = format!("--change-set-type IMPORT --resources-to-import file://{name}.import.json");
        let (home, file) = (&stack.scope.region, format!("{name}.import.yaml"));
        let import = ChangeSet { one, home, name: "import", file: &file, body: &one.import };
        text.push_str(&commands(0, &import.created(&more)));
        text.push_str("Each change must be an `Import`. Then execute it:\n");
        text.push_str(&commands(0, &import.executed("stack-import-complete")));
        text.push_str("Make a change set that updates the stack to the whole template, and show it.\n");
        if one.others.is_empty() {
            text.push_str("It changes only deletion policies and outputs:\n");
        } else {
            text.push_str("It adds these, which cannot be imported, and deletion policies and outputs:\n\n");
            for (address, kind, why) in &one.others {
                text.push_str(&point(&format!("{address} ({kind}). {why}")));
            }
        }
        let file = format!("{name}.yaml");
        let whole = ChangeSet { one, home, name: "whole", file: &file, body: &one.whole };
        text.push_str(&commands(0, &whole.created("--change-set-type UPDATE")));
        text.push_str("No change may be a `Remove`, and none may replace. Then execute it:\n");
        text.push_str(&commands(0, &whole.executed("stack-update-complete")));
    }
    text.push_str(&doubtful(stack, imported)?);
    text.push_str(&after(imported));
    text.push_str(&stack.kept_in_readme());
    text.push_str(&afterwards(stack.scope, false));
    Ok(text)
}

/// What to have at hand and to do first.
fn needs(stack: &ExportedStack<'_>, imported: &[Imported]) -> String {
    let points = [
        "AWS CLI version 2. Run the commands in this directory, in this order.".to_owned(),
        format!(
            "Credentials of the account {} that may create CloudFormation stacks, and read and change everything in them. \
             CloudFormation works with these permissions.",
            stack.scope.account
        ),
        "Tell your team that nobody runs `provision apply` for this stack any more. Put this directory under version control."
            .to_owned(),
    ];
    let mut text =
        format!("\n## What you need\n\n{}", points.iter().map(|text| point(text)).collect::<String>());
    if imported.iter().any(|one| is_large(&one.whole) || is_large(&one.import)) {
        text.push_str(&point(&format!(
            "A bucket for templates above {INLINE} bytes. The commands use the stack's home bucket:"
        )));
        text.push_str(&commands(2, &format!("BUCKET={}", stack.scope.home_bucket())));
    }
    text
}

/// How to check what was taken over, to go back, and to go on.
fn after(imported: &[Imported]) -> String {
    let each = |line: &dyn Fn(&str) -> String| {
        let lines = imported.iter().map(|one| {
            let Template { name, region, .. } = &one.whole;
            line(&format!("--region {region} --stack-name {name}"))
        });
        lines.collect::<String>()
    };
    let detect = each(&|of| format!("aws cloudformation detect-stack-drift {of}\n"));
    let drifts = each(&|of| {
        format!(
            "aws cloudformation describe-stack-resource-drifts {of} \\\n    \
             --stack-resource-drift-status-filters MODIFIED DELETED\n"
        )
    });
    let protect = each(&|of| {
        format!("aws cloudformation update-termination-protection --enable-termination-protection {of}\n")
    });
    let mut text = String::from(
        "\n## Check\n\nPlay a video, and upload one. Drift detection compares what is live with the templates:\n",
    );
    text.push_str(&commands(0, &detect));
    text.push_str("Some minutes later, these commands show what differs:\n");
    text.push_str(&commands(0, &drifts));
    text.push_str("At last, protect the stacks against deletion:\n");
    text.push_str(&commands(0, &protect));
    text.push_str("## To go back\n\n");
    for said in [
        "As long as only the import was executed, every resource has `DeletionPolicy: Retain`. Delete the stack: all resources \
         stay as they are.",
        "After the update, first write `DeletionPolicy: Retain` for every resource in `NAME.yaml`, and update the stack to it. \
         Then delete the stack.",
        "`provision plan STACK.yaml` must then say that there is nothing to do.",
    ] {
        text.push_str(&point(said));
    }
    text.push_str("\n## To change something\n\n");
    text.push_str(&wrapped(
        "",
        "Change `NAME.yaml`, and run the commands of its update again, with another name for the change set. Read the change \
         set before you execute it: a replacement creates a new resource and deletes the old one.",
    ));
    text
}

fn is_large(template: &Template) -> bool {
    template.to_yaml().len() > INLINE
}

/// A change set of a stack, by commands.
struct ChangeSet<'a> {
    one: &'a Imported,
    /// The region of the bucket for long templates.
    home: &'a str,
    name: &'static str,
    file: &'a str,
    body: &'a Template,
}

impl ChangeSet<'_> {
    /// The stack and the change set, as options of a command.
    fn options(&self) -> String {
        let Template { name, region, .. } = &self.one.whole;
        format!("--region {region} --stack-name {name} --change-set-name {}", self.name)
    }

    /// The commands that make it and show it. A template that is too long for a call is uploaded before.
    fn created(&self, more: &str) -> String {
        let Self { one, home, file, body, .. } = self;
        let name = &one.whole.name;
        let (upload, template) = if is_large(body) {
            let url = format!("https://$BUCKET.s3.{home}.amazonaws.com/export/{file}");
            (format!("aws s3 cp {file} s3://$BUCKET/export/{file}\n"), format!("--template-url {url}"))
        } else {
            (String::new(), format!("--template-body file://{file}"))
        };
        let parameters = match one.parameters.is_empty() {
            true => String::new(),
            false => format!(" \\\n    --parameters file://{name}.parameters.json"),
        };
        let of = self.options();
        format!(
            "{upload}aws cloudformation create-change-set {of} \\\n    {more} \\\n    {template}{parameters} \\\n    \
             --capabilities CAPABILITY_NAMED_IAM\n\
             aws cloudformation wait change-set-create-complete {of}\n\
             aws cloudformation describe-change-set {of} \\\n    \
             --query 'Changes[].ResourceChange.[Action, Replacement, LogicalResourceId]' --output table\n"
        )
    }

    /// The commands that execute it.
    fn executed(&self, wait: &str) -> String {
        let Template { name, region, .. } = &self.one.whole;
        format!(
            "aws cloudformation execute-change-set {}\n\
             aws cloudformation wait {wait} --region {region} --stack-name {name}\n",
            self.options()
        )
    }
}

/// What to do if CloudFormation refuses a type that its user guide does not list.
fn doubtful(stack: &ExportedStack<'_>, imported: &[Imported]) -> Result<String, Error> {
    let all: BTreeMap<_, _> = imported.iter().flat_map(|one| &one.doubtful).collect();
    if all.is_empty() {
        return Ok(String::new());
    }
    let mut text = String::from("\n## If CloudFormation refuses a type\n\n");
    text.push_str(&wrapped(
        "",
        "The published schemas say that CloudFormation can import these types, but its user guide did not list them when this \
         version of provision was made. If the import change set fails with \"not supported for import\", nothing was changed. \
         Remove the type's resources from `NAME.import.yaml` and `NAME.import.json`, and run the import again. Before the update:",
    ));
    text.push('\n');
    for (kind, otherwise) in all {
        text.push_str(&point(&format!("{kind}: {otherwise}")));
    }
    let mut values = String::new();
    for one in imported {
        for (id, attribute, value) in replaced(stack, one)? {
            values.push_str(&point(&format!("`{attribute}` of `{id}`: `{value}`")));
        }
    }
    if !values.is_empty() {
        text.push_str("\nOther resources refer to these. Write the values in `NAME.import.yaml` in the place of the references:\n\n");
        text.push_str(&values);
    }
    Ok(text)
}

/// The outputs of doubtful resources that other resources of the same template read: logical id, output, value.
fn replaced(stack: &ExportedStack<'_>, one: &Imported) -> Result<BTreeSet<(String, String, String)>, Error> {
    let is_doubtful = |address: &Address| {
        let kind = stack.graph.get(address).map(|declaration| declaration.kind.as_str());
        kind.is_some_and(|kind| one.doubtful.contains_key(kind))
            && one.whole.members.values().any(|own| own == address)
    };
    let mut found = BTreeSet::new();
    for address in one.whole.members.values().filter(|address| !is_doubtful(address)) {
        let Some(declaration) = stack.graph.get(address) else { continue };
        for OutputRef { address, attribute, .. } in refs(&declaration.properties) {
            if is_doubtful(&address) {
                let value = stack.live(&address)?.outputs.get(&attribute).cloned();
                let id = logical_id(&address);
                let value = value.ok_or_else(|| Error::Unknown { address, attribute: attribute.clone() })?;
                found.insert((id, attribute, value));
            }
        }
    }
    Ok(found)
}
