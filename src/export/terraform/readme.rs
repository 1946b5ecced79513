//! The README of an export to Terraform.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{AWS, AWSCC, Findings, TERRAFORM, code_file};
use crate::export::{ExportedStack, afterwards, commands, made_by, point, wrapped};
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
                "curl -o {file} \"$(aws lambda get-function --region {} --function-name {name} --query Code.Location \
                 --output text)\"\n",
                one.region
            )
        })
    });
    let commands_of: String = absent.collect();
    if commands_of.is_empty() {
        return String::new();
    }
    format!(
        "\n## Get the code first\n\n\
         The functions run code that was built on another machine. Terraform needs it in `code/`:\n{}",
        commands(0, &format!("mkdir -p code\n{commands_of}"))
    )
}

/// The files and what is in them.
fn files(stack: &ExportedStack<'_>) -> String {
    let concerns: BTreeSet<&str> =
        stack.graph.in_order().map(|declaration| declaration.address.concern()).collect();
    let concerns: Vec<String> = concerns.iter().map(|concern| format!("`{concern}.tf`")).collect();
    format!(
        "\n## The files\n\n\
         | file | what is in it |\n|---|---|\n\
         | `versions.tf` | Terraform and the providers |\n\
         | `locals.tf` | the account, the region, and the tags that every resource has |\n\
         | {} | the resources, one file for each part of the stack |\n\
         | `imports.tf` | an `import` block for each resource, needed once |\n\
         | `code/` | the packages that the functions run; keep them with the configuration |\n\
         | `.gitignore` | what stays out of version control: states and saved plans |\n",
        concerns.join(", ")
    )
}

/// What to have at hand.
fn needs(stack: &ExportedStack<'_>) -> String {
    let mut points = vec![
        format!(
            "Terraform {TERRAFORM} or later. `terraform init` downloads the providers `aws` (`~> {AWS}`) and `awscc` (`~> \
             {AWSCC}`), which has MediaConvert's job template."
        ),
        format!(
            "Credentials of the account {} that may read and change everything in the stack.",
            stack.scope.account
        ),
        "A bucket for Terraform's state. Do not use one of the stack.".to_owned(),
    ];
    if let Some(role) = stack.zone_role {
        points.push(format!("The permission to assume `{role}`, which writes the DNS records."));
    }
    format!("\n## What you need\n\n{}", points.iter().map(|text| point(text)).collect::<String>())
}

/// The commands, in order.
fn steps(scope: &Scope, findings: &Findings) -> String {
    let Scope { stack: name, region, .. } = scope;
    let Findings { imported, created, .. } = findings;
    let backend = format!(
        "terraform {{\n  backend \"s3\" {{\n    bucket = \"YOUR-STATE-BUCKET\"\n    key    = \"{name}/terraform.tfstate\"\n    \
         region = \"{region}\"\n  }}\n}}"
    );
    let read = format!(
        "Read the plan. It must end with `Plan: {imported} to import, {} to add, … to change, 0 to destroy.` What it changes \
         stands in the next section. If it shows anything else, stop here and delete the directory: nothing was changed.",
        created.len()
    );
    let steps = [
        (
            "Tell your team that nobody runs `provision apply` for this stack any more. Put this directory under version control.",
            "",
        ),
        (
            "Write `backend.tf`, which says where the state is. Without it, the state is a file in this directory. From \
             Terraform 1.10 on, add `use_lockfile = true`: then only one person applies at a time.",
            backend.as_str(),
        ),
        ("Make the first plan.", "terraform init\nterraform plan -out first.tfplan"),
        (read.as_str(), ""),
        ("Apply the plan that you have read.", "terraform apply first.tfplan"),
        ("Plan again. The answer must be `No changes`.", "terraform plan"),
        ("Play a video, and upload one. Then delete `imports.tf`.", ""),
    ];
    let written = steps.iter().enumerate().map(|(index, (text, lines))| {
        let lines = if lines.is_empty() { String::new() } else { commands(3, lines) };
        wrapped(&format!("{}. ", index + 1), text) + &lines
    });
    format!("\n## Take over\n\n{}", written.collect::<String>())
}

pub(super) fn text(stack: &ExportedStack<'_>, findings: &Findings) -> String {
    let Findings { notes, created, .. } = findings;
    let mut text = format!(
        "# {} in Terraform\n\n{}\n\
         Terraform imports what is live. It deletes and replaces nothing, and videos play throughout.\n",
        stack.scope.stack,
        made_by(stack.scope),
    );
    text.push_str(&files(stack));
    text.push_str(&needs(stack));
    text.push_str(&absent_code(stack));
    text.push_str(&steps(stack.scope, findings));
    text.push_str("\n## What the first plan changes\n\n");
    for said in [
        "Terraform does not read some arguments when it imports: the code of functions (`filename`, `source_code_hash`), \
         settings of its own (`force_destroy`, `skip_destroy`) and the tags of a log delivery. It shows them as changes in \
         place. Applying them sends what is there already.",
        "`awscc` compares JSON as text, so it may show `settings_json` of the job template as changed.",
    ] {
        text.push_str(&point(said));
    }
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
    text.push_str(
        "\n## To go back\n\n\
         Have Terraform forget the resources, and delete the directory. Do not run `terraform destroy`: it deletes what is live.\n",
    );
    text.push_str(&commands(
        0,
        "terraform state list | xargs -n 1 terraform state rm\nprovision plan STACK.yaml",
    ));
    text.push_str("The plan must say that there is nothing to do. Then `provision apply` works as before.\n");
    text.push_str("\n## To change something\n\n");
    for said in [
        "Change the configuration, then `terraform plan` and `terraform apply`. `terraform plan` also shows settings that somebody \
         changed by hand.",
        "The code of a function is a package in `code/`. Build another one with `provision bundle`, or with any tool that makes \
         a zip with a program `bootstrap` in it.",
        "Buckets have `prevent_destroy`. Remove it before you delete one.",
    ] {
        text.push_str(&point(said));
    }
    text.push_str(&stack.kept_in_readme());
    text.push_str(&afterwards(stack.scope, true));
    text
}
