//! The README of an export to the Cloud Development Kit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{LIBRARY, PYTHON};
use crate::cloudformation::Template;
use crate::export::{ExportedStack, afterwards, commands, made_by, point, wrapped};

pub(super) fn text(
    stack: &ExportedStack<'_>,
    templates: &[Template],
    parameters: &[BTreeMap<String, String>],
) -> String {
    let name = &stack.scope.stack;
    let mut text = format!("# {name} as an app of the Cloud Development Kit\n\n{}\n", made_by(stack.scope));
    text.push_str(&wrapped(
        "",
        "The app makes the same templates as `provision export --to cloudformation`, with the same logical ids. So those \
         templates take over what is live, and the app goes on from there.",
    ));
    text.push_str(
        "\n## The files\n\n\
         | file | what is in it |\n|---|---|\n\
         | `app.py` | a class for each CloudFormation stack, with a construct for each resource (L1) |\n\
         | `cdk.json` | how `cdk` runs the app |\n\
         | `requirements.txt` | the versions of the libraries that the app was made for |\n\
         | `.gitignore` | what stays out of version control |\n",
    );
    text.push_str("\n## What you need\n\n");
    for said in [
        format!("Python {PYTHON} or later, for aws-cdk-lib {LIBRARY}."),
        "Node.js 20 or later, and the command `cdk`: `npm install -g aws-cdk`.".to_owned(),
        format!("AWS CLI version 2, and credentials of the account {}.", stack.scope.account),
    ] {
        text.push_str(&point(&said));
    }
    text.push_str("\n## Take over\n\n");
    let export = format!("provision export STACK.yaml --to cloudformation {name}-templates");
    let regions: BTreeSet<&str> = templates.iter().map(|template| template.region.as_str()).collect();
    let bootstrap: String = regions
        .iter()
        .map(|region| format!("cdk bootstrap aws://{}/{region}\n", stack.scope.account))
        .collect();
    let diff: String = templates.iter().map(|template| format!("cdk diff {}\n", template.name)).collect();
    let steps = [
        (
            "Export the stack to CloudFormation too, and run the commands of that `README.md`. Then CloudFormation has the \
             resources.",
            export.as_str(),
        ),
        (
            "Put this directory under version control, and make the app ready.",
            "python3 -m venv .venv\n. .venv/bin/activate\npip install -r requirements.txt",
        ),
        ("Prepare each region, if your team does not use the CDK there yet.", bootstrap.as_str()),
        (
            "Compare the app with what is deployed. There must be no difference in resources. Empty lists may be left out, \
             which changes nothing.",
            diff.as_str(),
        ),
    ];
    for (index, (said, lines)) in steps.iter().enumerate() {
        text.push_str(&wrapped(&format!("{}. ", index + 1), said));
        text.push_str(&commands(3, lines));
    }
    text.push_str("\n## To change something\n\nChange `app.py`, read the difference, and deploy:\n");
    let mut deploy = String::new();
    for (template, values) in templates.iter().zip(parameters) {
        let values = values.iter().map(|(parameter, value)| format!(" --parameters {parameter}={value}"));
        let _ = writeln!(deploy, "cdk deploy {}{}", template.name, values.collect::<String>());
    }
    text.push_str(&commands(0, &deploy));
    text.push_str(&stack.kept_in_readme());
    text.push_str(&afterwards(stack.scope, false));
    text
}
