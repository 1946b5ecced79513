//! The public keys for viewers' signed URLs and cookies.
//!
//! Each public key is a separate resource, and its address is derived from its content. So keys rotate without a moment
//! in which a valid URL fails. A new key is created before the group includes it, and a removed key leaves the group
//! before it is deleted.

use super::config::SignedUrls;
use super::{Declarations, Handle};
use crate::resource::cloudfront::{KeyGroup, KeyGroupConfig, PublicKey, PublicKeyConfig};
use crate::sign;

/// The group's address; the keys' addresses are under it.
pub const GROUP: &str = "delivery/viewer-keys";

/// The address of the public key with this digest.
#[must_use]
pub fn address(digest: &str) -> String {
    format!("{GROUP}/{digest}")
}

/// Declares the keys and their group.
pub fn declare(stack: &mut Declarations, signed: &SignedUrls) -> Handle<KeyGroup> {
    let mut items = std::collections::BTreeSet::new();
    for pem in &signed.pems {
        // Reading the stack file has already refused invalid keys.
        let Ok(key) = sign::VerifyingKey::from_pem(pem) else { continue };
        let digest = key.digest();
        let address = address(&digest);
        let name = stack.name_everywhere(&format!("viewer-{digest}"));
        let config = PublicKeyConfig::new(name, pem, stack.comment(&address));
        items.insert(stack.declare(&address, &PublicKey { public_key_config: config }).output("Id"));
    }
    let config =
        KeyGroupConfig { name: stack.name_everywhere("viewers"), items, comment: Some(stack.comment(GROUP)) };
    stack.declare(GROUP, &KeyGroup { key_group_config: config })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::model::Scope;

    const RSA: &str = include_str!("config/testdata/rsa2048.pem");
    const P256: &str = include_str!("config/testdata/p256.pem");

    fn declared(pems: &[&str]) -> BTreeMap<String, serde_json::Value> {
        let scope =
            Scope { stack: "vod".into(), account: "111122223333".into(), region: "ap-northeast-2".into() };
        let mut stack = Declarations::new(scope, BTreeMap::new());
        let pems = pems.iter().map(|pem| (*pem).to_owned()).collect();
        declare(&mut stack, &SignedUrls { public_keys: Vec::new(), pems });
        stack.finish().into_iter().map(|one| (one.address.to_string(), one.properties)).collect()
    }

    fn key(pem: &str) -> String {
        address(&sign::VerifyingKey::from_pem(pem).unwrap().digest())
    }

    #[test]
    fn a_key_is_a_resource_of_its_own_in_the_group() {
        let stack = declared(&[RSA]);
        let address = key(RSA);
        let digest = address.rsplit('/').next().unwrap();
        assert_eq!(
            stack[&address]["PublicKeyConfig"],
            json!({
                "CallerReference": format!("vod-viewer-{digest}"),
                "Name": format!("vod-viewer-{digest}"),
                "EncodedKey": RSA,
                "Comment": format!("provision:vod:{address}"),
            })
        );
        assert_eq!(
            stack[GROUP]["KeyGroupConfig"],
            json!({
                "Name": "vod-viewers",
                "Items": [{ "Fn::GetAtt": [address, "Id"] }],
                "Comment": "provision:vod:delivery/viewer-keys",
            })
        );
    }

    #[test]
    fn rotation_touches_no_other_key() {
        let (before, both, after) = (declared(&[RSA]), declared(&[RSA, P256]), declared(&[P256]));
        assert_eq!(before[&key(RSA)], both[&key(RSA)]);
        assert_eq!(after[&key(P256)], both[&key(P256)]);
        assert_eq!(both[GROUP]["KeyGroupConfig"]["Items"].as_array().unwrap().len(), 2);
        assert!(!after.contains_key(&key(RSA)));
        let swapped = declared(&[P256, RSA]);
        assert_eq!(swapped, both);
    }
}
