//! Whose an access key is: the account that a call is made in.
//!
//! An account id is a key of its own account. The emulator knows the account of every other key that it gave out: of a
//! session it is the account of the role (STS API reference, `GetAccessKeyInfo`).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::clients;
use super::plain::Plain;
use super::secret::Secret;

/// The accounts of the keys that were seen.
pub(super) struct Accounts {
    http: Plain,
    endpoint: String,
    secret: Secret,
    /// The cloud's account.
    own: String,
    region: String,
    known: Mutex<BTreeMap<String, String>>,
}

impl Accounts {
    /// Of a cloud with this account and region.
    pub(super) fn new(http: Plain, endpoint: &str, secret: Secret, own: &str, region: &str) -> Self {
        let (endpoint, own, region) = (endpoint.to_owned(), own.to_owned(), region.to_owned());
        Self { http, endpoint, secret, own, region, known: Mutex::default() }
    }

    /// The account of a key. A key that nobody knows is of the cloud's account.
    pub(super) async fn of(&self, key_id: &str) -> String {
        if is_account(key_id) {
            return key_id.to_owned();
        }
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(key_id) {
            return known.clone();
        }
        let credentials = self.secret.credentials(&self.own);
        let config = clients::config(&self.http, &self.endpoint, credentials, &self.region);
        let call = aws_sdk_sts::Client::new(&config).get_access_key_info().access_key_id(key_id);
        let Some(account) = call.send().await.ok().and_then(|answer| answer.account) else {
            return self.own.clone();
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key_id.to_owned(), account.clone());
        account
    }
}

/// Whether a text is an account id.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_account;

    #[test]
    fn an_account_has_twelve_digits() {
        assert!(is_account("000000000001"));
        assert!(!is_account("00000000001") && !is_account("ASIAABCDEFGH") && !is_account(""));
    }
}
