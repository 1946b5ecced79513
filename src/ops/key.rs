//! The team's KMS key: which one it is, and whether its policy lets the stack use it. Checked before anything is changed.

use miette::miette;

use super::account::Account;
use super::error::Refused;
use super::session::Session;
use super::state::ObservedState;
use super::ui::{Notice, Ui};
use crate::aws::{Class, Error};
use crate::graph::Graph;
use crate::resource::kms;
use crate::stack::config::{Encryption, KmsKey};
use crate::stack::key_policy::{self, KeyUsers};
use crate::stack::names;

/// The stack's encryption with the key's ARN: an alias may be of another key later.
///
/// # Errors
/// When there is no such alias, or it cannot be looked up.
pub(super) async fn resolved(session: &Session) -> miette::Result<Option<Encryption>> {
    let Some(encryption) = &session.file.encryption else { return Ok(None) };
    let arn = arn(session, &encryption.kms_key).await?;
    session.account.store.use_key(&arn);
    Ok(Some(Encryption { kms_key: KmsKey::Arn(arn) }))
}

async fn arn(session: &Session, key: &KmsKey) -> miette::Result<String> {
    let home = session.account.regions.home();
    let Some(alias) = key.alias() else { return Ok(key.arn(session.account.scope())) };
    let Some(found) = kms::describe(&home, alias).await? else {
        return Err(miette!(
            help = format!(
                "write the key's ARN, or make the alias: `aws kms create-alias --alias-name {alias} …`"
            ),
            "the account has no {alias} in {}",
            home.region()
        ));
    };
    Ok(found.arn)
}

/// Why the key cannot be used, if that is so. The statements that its policy lacks are told as a notice, and also if nobody
/// may read the policy.
///
/// # Errors
/// When a call fails for another reason than a missing permission.
pub(super) async fn refusal(
    account: &Account,
    graph: &Graph,
    state: &ObservedState,
    ui: &dyn Ui,
) -> miette::Result<Option<Refused>> {
    let Some(key) = key_policy::declared_key(graph) else { return Ok(None) };
    // A saved plan says the key that it was made for.
    account.store.use_key(&key);
    let (home, scope) = (account.regions.home(), account.scope());
    let live = state.snapshot.live.get(&names::DISTRIBUTION.address());
    let distribution = live.and_then(|live| live.outputs.get("Arn")).map(String::as_str);
    let users = KeyUsers { scope, graph, distribution, by: &account.by };
    let (described, policy) = tokio::join!(kms::describe(&home, &key), kms::policy(&home, &key));
    match described {
        Ok(None) => return Ok(Some(no_key(&key))),
        Ok(Some(facts)) => {
            if let Some(why) = facts.unusable {
                let help = "name a symmetric key of the team that is enabled";
                return Ok(Some(Refused::new(format!("the KMS key {key} cannot be used: {why}"), help)));
            }
        }
        Err(error) if error.class == Class::Denied => {}
        Err(error) => return Err(error.into()),
    }
    match policy {
        Ok(policy) => {
            let missing = key_policy::missing(&policy, users);
            if missing.is_empty() {
                return Ok(None);
            }
            ui.notice(Notice::KeyLacks { key: &key, statements: &key_policy::pasted(&missing) });
            Ok(Some(lacks(&key, missing.len())))
        }
        Err(error) if is_not_for_us(&error) => {
            let all = key_policy::all(users);
            ui.notice(Notice::KeyUnread { key: &key, error: &error, statements: &key_policy::pasted(&all) });
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Only an account's own keys show their policies, and not to everybody.
fn is_not_for_us(error: &Error) -> bool {
    error.class == Class::Denied || error.is(&["NotFoundException"])
}

fn no_key(key: &str) -> Refused {
    let help = "correct `encryption.kms_key` in the stack file";
    Refused::new(format!("there is no KMS key {key}"), help)
}

fn lacks(key: &str, count: usize) -> Refused {
    let statements = if count == 1 { "a statement".to_owned() } else { format!("{count} statements") };
    let message = format!(
        "the policy of the KMS key {key} lacks {statements} that the stack needs; nothing was changed"
    );
    let help = "have the key's owner add what is printed above to its policy (`aws kms put-key-policy`), and run this again";
    Refused::new(message, help)
}
