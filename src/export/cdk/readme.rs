//! The README of an export to the Cloud Development Kit.

use std::collections::BTreeMap;

use super::LIBRARY;
use crate::cloudformation::Template;
use crate::export::{ExportedStack, home_in_readme};
use crate::model::Scope;

pub(super) fn text(
    stack: &ExportedStack<'_>,
    templates: &[Template],
    parameters: &[BTreeMap<String, String>],
) -> String {
    let Scope { stack: name, account, region } = stack.scope;
    let mut text = format!(
        "# {name} as an app of the Cloud Development Kit\n\n\
         Made by provision {} from the live account {account}, {region}. Nothing in the account was changed.\n\n\
         `app.py` synthesises to the templates of `provision synth`, resource by resource and with the same logical ids. Only\n\
         empty lists are left out, as the library does. It was made for aws-cdk-lib {LIBRARY}.\n\n\
         ## Take over\n\n\
         1. Take over what is live with the templates: `provision export {name}.yaml --to cloudformation DIR`, and run the\n   \
            commands of its README. Use the file name of your stack file.\n\
         2. Make the app ready, in this folder. The library needs Node.js 20 or later, and `cdk` is `npm install -g aws-cdk`:\n\n        \
            python3 -m venv .venv && . .venv/bin/activate && pip install -r requirements.txt\n\n   \
            An account that has not used the CDK yet needs `cdk bootstrap` once in each region.\n\n\
         3. The app must find nothing to change:\n\n",
        env!("CARGO_PKG_VERSION")
    );
    for template in templates {
        text.push_str(&format!("        cdk diff {}\n", template.name));
    }
    text.push_str("\n4. From now on, change `app.py` and deploy:\n\n");
    for (template, values) in templates.iter().zip(parameters) {
        let values = values.iter().map(|(parameter, value)| format!(" --parameters {parameter}={value}"));
        text.push_str(&format!("        cdk deploy {}{}\n", template.name, values.collect::<String>()));
    }
    text.push_str(&stack.kept_in_readme());
    text.push_str(&home_in_readme(stack.scope, false));
    text
}
