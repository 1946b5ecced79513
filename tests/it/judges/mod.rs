//! What programs and schemas that we did not write say of the declarations: cfn-lint and checkov of the templates,
//! AWS's published resource schemas of properties and of what cannot be changed in place, AWS's model of the
//! MediaConvert API of the job templates, the Service Authorization Reference of the policies of commands.

mod cfn_lint;
mod checkov;
mod environment;
mod mediaconvert;
mod permissions;
mod schemas;
mod stacks;
