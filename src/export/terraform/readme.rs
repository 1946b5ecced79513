//! The README of an export to Terraform.

use std::fmt::Write as _;

use super::{Findings, code_file};
use crate::export::{ExportedStack, home_in_readme, point};
use crate::model::Scope;

/// How to get the code that another machine built.
fn absent_code(stack: &ExportedStack<'_>) -> String {
    let functions = stack.graph.in_order().filter(|one| one.kind.as_str() == "AWS::Lambda::Function");
    let absent = functions.filter_map(|one| {
        let file = code_file(&one.address);
        let at_hand = stack.code.iter().any(|(handler, _)| file == format!("code/{handler}.zip"));
        let name = &stack.live.get(&one.address)?.id;
        (!at_hand).then(|| {
            format!(
                "    curl -o {file} \"$(aws lambda get-function --region {} --function-name {name} --query Code.Location \
                 --output text)\"\n",
                one.region
            )
        })
    });
    let commands: String = absent.collect();
    if commands.is_empty() {
        return String::new();
    }
    format!(
        "\n## Get the code first\n\nThe functions run code that was built on another machine. Terraform needs it in `code/`:\n\n    \
         mkdir -p code\n{commands}"
    )
}

pub(super) fn text(stack: &ExportedStack<'_>, findings: &Findings) -> String {
    let Scope { stack: name, account, region } = stack.scope;
    let Findings { notes, created, imported } = findings;
    let mut text = format!(
        "# {name} in Terraform\n\n\
         Made by provision {} from the live account {account}, {region}. Nothing in the account was changed.\n\n\
         1. Set the backend that is to hold the state, in a file of its own. Without one, the state is a file here.\n\
         2. `terraform init`\n\
         3. `terraform plan`: it must say {imported} to import and nothing to destroy or replace.\n\
         4. `terraform apply`\n\
         5. Delete `imports.tf`: it has done its work.\n\n\
         The configuration needs Terraform 1.5 or later, the provider `aws` (`~> 6.69`) and, for MediaConvert's job template,\n\
         `awscc` (`~> 1.106`). Resources outside {region} say their region.\n\n\
         ## What the first plan also shows\n\n\
         * Terraform does not read some arguments back when it imports: the code of functions (`filename`,\n  \
           `source_code_hash`), settings of its own (`force_destroy`, `skip_destroy`) and the tags of a log delivery. It shows\n  \
           them as changes in place. Applying them sends what is there already.\n\
         * JSON is compared as text by `awscc`, so `settings_json` of the job template may be shown as changed.\n",
        env!("CARGO_PKG_VERSION")
    );
    if !created.is_empty() {
        text.push_str(
            "\n## Created, not imported\n\n\
             AWS has not assigned the ARN of these yet. The plan creates them: the subscriber gets a new e-mail to confirm.\n\n",
        );
        for address in created {
            let _ = writeln!(text, "* {address}");
        }
    }
    if !notes.is_empty() {
        text.push_str("\n## What Terraform does not manage\n\n");
        for (address, note) in notes {
            text.push_str(&point(&format!("{address}: {note}")));
        }
    }
    text.push_str(&absent_code(stack));
    text.push_str(
        "\n## The code of the functions\n\n\
         `code/` has the packages that the functions run now, built from the handlers' sources. To change a handler, build it\n\
         with `provision bundle`, or with any tool that makes a zip with a program `bootstrap` in it.\n",
    );
    text.push_str(&stack.kept_in_readme());
    text.push_str(&home_in_readme(stack.scope, true));
    text
}
