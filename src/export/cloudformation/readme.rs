//! The README of an export to CloudFormation: the commands to run, in order.

use std::fmt::Write as _;

use super::{INLINE, Imported};
use crate::cloudformation::Template;
use crate::export::{ExportedStack, home_in_readme, point};
use crate::model::Scope;

/// What happens to a resource that AWS has not given an id yet.
pub(super) const UNNAMED: &str =
    "AWS has not assigned its ARN yet. The stack creates it: the subscriber gets a new e-mail to confirm.";

pub(super) fn text(stack: &ExportedStack<'_>, imported: &[Imported]) -> String {
    let Scope { stack: name, account, region } = stack.scope;
    let mut text = format!(
        "# {name} as CloudFormation stacks\n\n\
         Made by provision {} from the live account {account}, {region}. Nothing in the account was changed.\n\n\
         Each stack takes over its resources in two steps: it imports them as they are, then it is updated to the whole\n\
         template. Run the commands in this folder, in this order. They need AWS CLI version 2 and credentials of the account.\n",
        env!("CARGO_PKG_VERSION")
    );
    let uploads = imported.iter().any(|one| is_large(&one.whole) || is_large(&one.import));
    if uploads {
        let _ = write!(
            text,
            "\nA template above {INLINE} bytes must be in a bucket. The commands use the stack's home bucket for that:\n\n    \
             BUCKET={}\n",
            stack.scope.home_bucket()
        );
    }
    for (index, one) in imported.iter().enumerate() {
        let _ = write!(text, "\n## {}. {} in {}\n\n", index + 1, one.whole.name, one.whole.region);
        let counted = one.resources.len();
        let resources = if counted == 1 { "resource" } else { "resources" };
        let _ = write!(
            text,
            "Import {counted} {resources}, and read the change set: it must say `Import` for each.\n\n"
        );
        text.push_str(&import(one));
        text.push_str(
            "\nUpdate the stack to the whole template, and read the change set before you execute it.\n",
        );
        if one.others.is_empty() {
            text.push_str("It changes only deletion policies and outputs.\n\n");
        } else {
            text.push_str("It adds these, which cannot be imported, and deletion policies and outputs:\n\n");
            for (address, kind, why) in &one.others {
                text.push_str(&point(&format!("{address} ({kind}). {why}")));
            }
            text.push('\n');
        }
        text.push_str(&update(one));
    }
    text.push_str(&doubtful(imported));
    text.push_str(
        "\n## Check\n\n\
         Drift detection compares what was imported with the templates:\n\n",
    );
    for one in imported {
        let Template { name, region, .. } = &one.whole;
        let _ =
            writeln!(text, "    aws cloudformation detect-stack-drift --region {region} --stack-name {name}");
    }
    text.push_str(
        "\n## To go back\n\n\
         As long as only the import was executed, every resource has `DeletionPolicy: Retain`: delete the stack, and all\n\
         resources stay as they are.\n",
    );
    text.push_str(&stack.kept_in_readme());
    text.push_str(&home_in_readme(stack.scope, false));
    text
}

fn is_large(template: &Template) -> bool {
    template.to_yaml().len() > INLINE
}

/// How a command names a template, with the command that uploads it before, if it must be in a bucket.
fn template(file: &str, template: &Template) -> (String, String) {
    if !is_large(template) {
        return (String::new(), format!("--template-body file://{file}"));
    }
    let upload = format!("    aws s3 cp {file} s3://$BUCKET/export/{file}\n");
    (upload, format!("--template-url https://$BUCKET.s3.{}.amazonaws.com/export/{file}", template.region))
}

/// The commands that make a change set, show it and execute it.
fn change_set(one: &Imported, set: &str, file: &str, body: &Template, more: &str, wait: &str) -> String {
    let Template { name, region, .. } = &one.whole;
    let of = format!("--region {region} --stack-name {name}");
    let (upload, template) = template(file, body);
    let parameters = match one.parameters.is_empty() {
        true => String::new(),
        false => format!(" \\\n        --parameters file://{name}.parameters.json"),
    };
    format!(
        "{upload}    aws cloudformation create-change-set {of} --change-set-name {set} \\\n        {more} \\\n        \
         {template}{parameters} \\\n        --capabilities CAPABILITY_NAMED_IAM\n    \
         aws cloudformation wait change-set-create-complete {of} --change-set-name {set}\n    \
         aws cloudformation describe-change-set {of} --change-set-name {set}\n    \
         aws cloudformation execute-change-set {of} --change-set-name {set}\n    \
         aws cloudformation wait {wait} {of}\n"
    )
}

fn import(one: &Imported) -> String {
    let name = &one.whole.name;
    let more = format!("--change-set-type IMPORT --resources-to-import file://{name}.import.json");
    change_set(one, "import", &format!("{name}.import.yaml"), &one.import, &more, "stack-import-complete")
}

fn update(one: &Imported) -> String {
    let file = format!("{}.yaml", one.whole.name);
    change_set(one, "whole", &file, &one.whole, "--change-set-type UPDATE", "stack-update-complete")
}

/// What to do if CloudFormation refuses a type that its user guide does not list.
fn doubtful(imported: &[Imported]) -> String {
    let all: std::collections::BTreeMap<_, _> = imported.iter().flat_map(|one| &one.doubtful).collect();
    if all.is_empty() {
        return String::new();
    }
    let mut text = "\n## If CloudFormation refuses a type\n\n\
                    The published schemas say that CloudFormation can import these types, but its user guide did not list them\n\
                    when this version of provision was made. If the import change set fails with \"not supported for import\",\n\
                    nothing was changed: remove the type's resources from `*.import.yaml` and `*.import.json`, run the import\n\
                    again, and before the update:\n\n"
        .to_owned();
    for (kind, otherwise) in all {
        text.push_str(&point(&format!("{kind}: {otherwise}")));
    }
    text
}
