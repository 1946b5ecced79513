//! `provision permissions`: the least-privilege IAM policy of a command, offline.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use miette::{IntoDiagnostic as _, WrapErr as _, miette};

use crate::model::PolicyDocument;
use crate::model::printable::escaped_json;
use crate::ops;
use crate::ops::permissions::{self, INLINE_LIMIT, MANAGED_LIMIT, PolicyFor, PolicyRequest};
use crate::report;
use crate::report::out::{errln, outln};
use crate::stack::config::StackPrefix;

/// Print the least-privilege IAM policy of a command for a stack, offline.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The command that the policy is for. `apply --verify` needs those of both.
    #[arg(long = "for", value_enum, value_name = "COMMAND")]
    command: PolicyFor,
    /// Allow the command for every stack whose name begins with this, such as vod-pr- for previews. The file must
    /// declare one of them.
    #[arg(long, value_name = "PREFIX")]
    stack_prefix: Option<StackPrefix>,
    /// Allow only this hosted zone, by id.
    #[arg(long, value_name = "ID", value_parser = zone_id)]
    zone_id: Option<String>,
    /// Print the policy of the role that `domain.zone_role` names, in the account of the hosted zone.
    #[arg(long)]
    zone_role: bool,
    /// Write it to this directory, as managed policies of at most 6,144 characters each. Required if it is too long for a
    /// role's inline policies.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Reads the id of a hosted zone. Other texts would make a policy that matches nothing, or too much.
fn zone_id(text: &str) -> Result<String, String> {
    let id = text.trim_start_matches("/hostedzone/");
    let rest = id.strip_prefix('Z').unwrap_or_default();
    let is_id = !rest.is_empty()
        && id.len() <= 32
        && rest.chars().all(|char| char.is_ascii_uppercase() || char.is_ascii_digit());
    if is_id {
        return Ok(id.to_owned());
    }
    Err("not the id of a hosted zone, such as Z0123456789ABC: `aws route53 list-hosted-zones` shows it"
        .to_owned())
}

/// Prints the policy on stdout and its size on stderr.
///
/// # Errors
/// When the stack file cannot be used, a file cannot be written, or IAM takes the policy only in parts.
pub(super) fn run(args: &Args) -> miette::Result<()> {
    let wanted = PolicyRequest {
        command: args.command,
        prefix: args.stack_prefix.as_ref(),
        zone: args.zone_id.as_deref(),
        zone_role: args.zone_role,
    };
    let permitted = permissions::permissions(&args.stack, wanted)?;
    let policy = permitted.policy;
    errln!("{} of {}: {}", name(args.command), permitted.stack, size(&policy));
    if let Some(role) = permitted.zone_role {
        errln!("{} needs a policy of its own: add --zone-role", report::plain(&role));
    }
    match &args.out {
        None => {
            fits_a_role(&policy, args)?;
            outln!("{}", pretty(&policy)?);
        }
        Some(directory) => write(&policy, args.command, directory)?,
    }
    Ok(())
}

/// IAM refuses a longer policy wherever it is put.
fn fits_a_role(policy: &PolicyDocument, args: &Args) -> miette::Result<()> {
    let length = permissions::length(policy);
    if length <= INLINE_LIMIT {
        return Ok(());
    }
    let parts = permissions::split(policy, MANAGED_LIMIT).len();
    let (command, stack) = (name(args.command), ops::argument(&args.stack));
    Err(miette!(
        help = format!(
            "write it as {parts} managed policies: `provision permissions {stack} --for {command} --out DIR`; then make each \
             with `aws iam create-policy --policy-name {command}-1 --policy-document file://DIR/{command}-1.json`, and attach \
             them to the role with `aws iam attach-role-policy`"
        ),
        "the policy of {command} has {length} characters, and the inline policies of a role hold {INLINE_LIMIT}"
    ))
}

/// A command's name on the command line.
fn name(command: PolicyFor) -> String {
    command.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn pretty(policy: &PolicyDocument) -> miette::Result<String> {
    let text = serde_json::to_string_pretty(&permissions::json(policy)).into_diagnostic()?;
    Ok(escaped_json(&text).into_owned())
}

/// How big it is, and where that fits.
fn size(policy: &PolicyDocument) -> String {
    let length = permissions::length(policy);
    let actions = counted(policy);
    let statements = policy.statements().count();
    let parts = permissions::split(policy, MANAGED_LIMIT).len();
    let fits = if length <= MANAGED_LIMIT {
        "one managed policy, or a role's inline policy".to_owned()
    } else if length <= INLINE_LIMIT {
        format!("a role's inline policy, or {parts} managed policies (--out DIR)")
    } else {
        format!("{parts} managed policies (--out DIR), too long for a role's inline policy")
    };
    let in_all = if statements == 1 { "1 statement".to_owned() } else { format!("{statements} statements") };
    format!("{actions} in {in_all}, {length} characters: {fits}")
}

/// How many different actions it has, in words.
fn counted(policy: &PolicyDocument) -> String {
    let actions = policy.statements().flat_map(|statement| &statement.action).collect::<BTreeSet<_>>().len();
    if actions == 1 { "1 action".to_owned() } else { format!("{actions} actions") }
}

fn write(policy: &PolicyDocument, command: PolicyFor, directory: &Path) -> miette::Result<()> {
    fs::create_dir_all(directory)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot make the directory {}", directory.display()))?;
    for (number, part) in (1..).zip(permissions::split(policy, MANAGED_LIMIT)) {
        let path = directory.join(format!("{}-{number}.json", name(command)));
        fs::write(&path, pretty(&part)? + "\n")
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot write {}", path.display()))?;
        outln!("{}", report::plain(&path.display().to_string()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_names_a_hosted_zone() {
        assert_eq!(zone_id("Z0123456789ABC").as_deref(), Ok("Z0123456789ABC"));
        assert_eq!(
            zone_id("/hostedzone/Z1D633PJN98FT9").as_deref(),
            Ok("Z1D633PJN98FT9"),
            "as the API writes it"
        );
        for wrong in
            ["", "*", "Z*", "Z", "example.com", "z1d633", "Z1?", "arn:aws:route53:::hostedzone/Z1", "Z1 "]
        {
            assert!(zone_id(wrong).is_err(), "{wrong}");
        }
        assert!(zone_id(&format!("Z{}", "A".repeat(32))).is_err());
    }

    /// The production stack with more lines, in a folder.
    fn production(folder: &Path, more: &str) -> PathBuf {
        let text =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/stacks/production.yaml")).unwrap();
        let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/stacks/keys");
        let text = text.replace("[keys/", &format!("[{keys}/"));
        let stack = folder.join("production.yaml");
        std::fs::write(&stack, format!("{text}\n{more}\n")).unwrap();
        stack
    }

    fn wanted(command: PolicyFor) -> PolicyRequest<'static> {
        PolicyRequest { command, prefix: None, zone: None, zone_role: false }
    }

    /// A number as the pages write it: `10,240`.
    fn with_commas(number: usize) -> String {
        if number < 1_000 {
            return number.to_string();
        }
        format!("{},{:03}", number / 1_000, number % 1_000)
    }

    #[test]
    fn a_policy_that_no_role_takes_is_written_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        let more = "roles: { path: /service/ }\nencryption: { kms_key: alias/media }";
        let stack = production(folder.path(), more);
        let out = folder.path().join("policies");
        let args = |out: Option<&Path>| Args {
            stack: stack.clone(),
            command: PolicyFor::Apply,
            stack_prefix: None,
            zone_id: None,
            zone_role: false,
            out: out.map(Path::to_owned),
        };
        let refused = run(&args(None)).unwrap_err();
        assert!(refused.to_string().contains("and the inline policies of a role hold 10240"), "{refused}");
        assert!(refused.help().unwrap().to_string().contains("--for apply --out DIR"), "{refused:?}");
        run(&args(Some(&out))).unwrap();
        let files = ["apply-1.json", "apply-2.json"].map(|file| fs::read_to_string(out.join(file)).unwrap());
        for text in files {
            let policy: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(policy.to_string().len() <= MANAGED_LIMIT, "IAM does not count white space");
        }
        assert!(!out.join("apply-3.json").exists());
    }

    #[test]
    fn the_documented_sizes_are_true() {
        let page = include_str!("../../docs/permissions.md");
        let rows = ["local", "staging", "production"].map(|stack| {
            let name = format!("stacks/{stack}.yaml");
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&name);
            let cell = |command: PolicyFor| {
                let policy = permissions::permissions(&path, wanted(command)).unwrap().policy;
                format!("{}, {}", counted(&policy), with_commas(permissions::length(&policy)))
            };
            // None of these stacks has a service role. Those that need what plan needs have no column.
            let without = [PolicyFor::ServiceRole, PolicyFor::Export, PolicyFor::Import];
            let shown = |command: &PolicyFor| !without.contains(command);
            let commands = PolicyFor::value_variants().iter().copied().filter(shown);
            let cells: Vec<String> = commands.map(cell).collect();
            format!("| `{name}` | {} |", cells.join(" | "))
        });
        let missing: Vec<&String> = rows.iter().filter(|row| !page.contains(*row)).collect();
        assert!(missing.is_empty(), "docs/permissions.md should say\n{}", rows.join("\n"));
    }

    #[test]
    fn the_documented_sizes_with_cloudformation_are_true() {
        let page = include_str!("../../docs/cloudformation.md").replace('\n', " ");
        let folder = tempfile::tempdir().unwrap();
        let sized = |more: &str| {
            let stack = production(folder.path(), &format!("engine: cloudformation\n{more}"));
            with_commas(permissions::length(
                &permissions::permissions(&stack, wanted(PolicyFor::Apply)).unwrap().policy,
            ))
        };
        let role = sized("cloudformation: { role: 'arn:aws:iam::444455556666:role/deploy' }");
        let said =
            format!("has {role} characters with a service role. Without one it has {}, and", sized(""));
        assert!(page.contains(&said), "docs/cloudformation.md should say: {said}");
    }
}
