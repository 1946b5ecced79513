//! Programs and schemas that we did not write judge what we declare and say: cfn-lint and checkov the templates, AWS's
//! published resource schemas the properties, AWS's model of the MediaConvert API the job templates, and the Service
//! Authorization Reference the policies of commands. AWS's service models judge each request that the end-to-end tests send.

mod answers;
pub(crate) mod cdk;
pub(crate) mod cfn_lint;
mod checkov;
pub(crate) mod contract;
pub(crate) mod environment;
mod mediaconvert;
mod paths;
mod permissions;
mod reach;
mod schemas;
pub(crate) mod stacks;
pub(crate) mod terraform;
mod workflows;
