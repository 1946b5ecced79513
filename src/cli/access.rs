//! Whose credentials a command uses: the options that every command has for it.

use std::io::{BufRead, IsTerminal};
use std::sync::{Arc, OnceLock};

use clap::CommandFactory as _;
use clap::error::ErrorKind;

use super::Cli;
use crate::ops::{Access, RoleToAssume};
use crate::report;
use crate::report::out::err;

/// What the command line says of it.
static CHOSEN: OnceLock<Options> = OnceLock::new();

/// The options for signing in to AWS. A stack with `local: true` needs none.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Options {
    /// Use this profile of ~/.aws/config; it counts before the environment.
    #[arg(long, value_name = "NAME", global = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    profile: Option<String>,
    /// Assume this role for all calls, such as one in the stack's account.
    #[arg(long, value_name = "ARN", global = true, value_parser = role)]
    role_arn: Option<String>,
    /// Pass this external id along with --role-arn.
    #[arg(long, value_name = "ID", global = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    external_id: Option<String>,
}

/// Keeps the options for the sessions of this run.
///
/// # Errors
/// When one is missing.
pub(super) fn choose(options: Options) -> Result<(), clap::Error> {
    if options.external_id.is_some() && options.role_arn.is_none() {
        let text = "--external-id is for the role that --role-arn names: give both";
        return Err(Cli::command().error(ErrorKind::MissingRequiredArgument, text));
    }
    CHOSEN.get_or_init(|| options);
    Ok(())
}

/// The identity that the command line chooses.
pub(super) fn chosen() -> Access {
    let Options { profile, role_arn, external_id } = CHOSEN.get().cloned().unwrap_or_default();
    let role = role_arn.map(|arn| RoleToAssume { arn, external_id });
    Access { profile, role, ask: Some(Arc::new(ask)) }
}

/// The ARN of a role. Anything else would be refused by STS after the first call.
fn role(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts[..] {
        ["arn", "aws", "iam", "", account, role]
            if account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && role.strip_prefix("role/").is_some_and(|name| !name.is_empty()) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("not the ARN of a role, such as arn:aws:iam::111122223333:role/deployer".to_owned()),
    }
}

/// Asks for the code that an MFA device shows.
fn ask(device: &str) -> Result<String, String> {
    if !std::io::stdin().is_terminal() {
        return Err("stdin is not a terminal".to_owned());
    }
    err!("Code of the MFA device {}: ", report::plain(device));
    let mut code = String::new();
    let read = std::io::stdin().lock().read_line(&mut code);
    read.map_err(|error| format!("cannot read the answer: {error}"))?;
    let code = code.trim();
    let is_code = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    if is_code { Ok(code.to_owned()) } else { Err("a code has six digits".to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn they_may_stand_before_and_after_the_command() {
        let of = |words: &[&str]| {
            let words = ["provision"].iter().chain(words).copied();
            Cli::try_parse_from(words).map(|cli| cli.access)
        };
        let role = "arn:aws:iam::111122223333:role/path/deployer";
        for words in [
            &["--profile", "work", "--role-arn", role, "plan", "a.yaml"][..],
            &["plan", "a.yaml", "--profile", "work", "--role-arn", role],
            &["library", "start", "a.yaml", "--profile=work", "--role-arn", role],
        ] {
            let options = of(words).unwrap();
            assert_eq!((options.profile.as_deref(), options.role_arn.as_deref()), (Some("work"), Some(role)));
        }
        for wrong in ["deployer", "arn:aws:iam::1:role/a", "arn:aws:iam::111122223333:user/a"] {
            let refused = of(&["plan", "a.yaml", "--role-arn", wrong]).unwrap_err().to_string();
            assert!(refused.contains("not the ARN of a role"), "{refused}");
        }
        let alone = of(&["plan", "a.yaml", "--external-id", "e"]).unwrap();
        let refused = choose(alone).unwrap_err().to_string();
        assert!(refused.contains("--external-id is for the role that --role-arn names"), "{refused}");
    }
}
