//! Checks whether a request has the signature that its behavior requires, as edges do.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::http::{HeaderMap, header};

use crate::sign::{COOKIE, Hash, PARAMETERS, VerifyingKey, ViewerPolicy, decode};

/// Why an edge refuses a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No key id was sent.
    MissingKey,
    /// The behavior does not trust this key.
    UnknownKey,
    /// The policy cannot be read.
    MalformedPolicy,
    /// The signature is wrong, or does not allow this URL, time or viewer.
    Denied,
    /// An ECDSA signature over SHA-1. AWS would check it; this code cannot.
    Uncheckable,
}

impl Refusal {
    /// CloudFront's code and message.
    pub(super) fn code_and_message(self) -> (&'static str, &'static str) {
        match self {
            Self::MissingKey => ("MissingKey", "Missing Key-Pair-Id query parameter or cookie value"),
            Self::UnknownKey => ("InvalidKey", "Unknown Key"),
            Self::MalformedPolicy => ("MalformedPolicy", "Malformed Policy"),
            Self::Denied => ("AccessDenied", "Access denied"),
            Self::Uncheckable => (
                "AccessDenied",
                "The local cloud checks ECDSA signatures over SHA-256 only: sign with Hash-Algorithm=SHA256",
            ),
        }
    }
}

/// The URL, viewer and time of a request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Every form of the URL that a policy may contain, without the signature.
    pub(super) urls: Vec<String>,
    /// The viewer's address.
    pub(super) viewer: IpAddr,
    /// Seconds since 1970.
    pub(super) now: i64,
}

/// The values of a signature, by parameter name.
pub(super) type Presented = BTreeMap<&'static str, String>;

/// The signature in the query; if there is none, the one in the cookies.
pub(super) fn presented(query: &str, headers: &HeaderMap) -> Presented {
    let known = |name: &str| PARAMETERS.into_iter().find(|known| *known == name);
    let pair = |text: &str| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let in_query: Presented =
        query.split('&').filter_map(pair).filter_map(|(name, value)| Some((known(&name)?, value))).collect();
    if ["Signature", "Key-Pair-Id", "Policy"].iter().any(|name| in_query.contains_key(name)) {
        return in_query;
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|one| pair(one.trim()))
        .filter_map(|(name, value)| Some((known(name.strip_prefix(COOKIE)?)?, value)))
        .collect()
}

/// Checks the presented values against the keys that the behavior trusts, by their ids.
pub(super) fn check(
    keys: &BTreeMap<String, VerifyingKey>,
    presented: &Presented,
    asked: &Asked,
) -> Result<(), Refusal> {
    let id = presented.get("Key-Pair-Id").filter(|id| !id.is_empty()).ok_or(Refusal::MissingKey)?;
    let key = keys.get(id).ok_or(Refusal::UnknownKey)?;
    let signature = presented.get("Signature").and_then(|text| decode(text)).ok_or(Refusal::Denied)?;
    let hash = match presented.get("Hash-Algorithm") {
        Some(name) => Hash::named(name).ok_or(Refusal::Denied)?,
        None => Hash::Sha1,
    };
    if key.is_ecdsa() && hash == Hash::Sha1 {
        return Err(Refusal::Uncheckable);
    }
    let right = |text: &[u8]| key.verify(hash, text, &signature);
    if let Some(text) = presented.get("Policy") {
        let text = decode(text).ok_or(Refusal::MalformedPolicy)?;
        let policy = ViewerPolicy::parse(&text).ok_or(Refusal::MalformedPolicy)?;
        let allowed = right(&text) && policy.allows(&asked.urls, asked.viewer, asked.now);
        return if allowed { Ok(()) } else { Err(Refusal::Denied) };
    }
    let expires = presented.get("Expires").and_then(|text| text.parse().ok()).ok_or(Refusal::Denied)?;
    let signed = asked.urls.iter().any(|url| right(ViewerPolicy::canned(url, expires).text().as_bytes()));
    if signed && asked.now < expires { Ok(()) } else { Err(Refusal::Denied) }
}

/// A path and query without the parameters of a signature. Origins and cache keys never include these.
pub(super) fn without_signature(path_and_query: &str) -> String {
    let Some((path, query)) = path_and_query.split_once('?') else { return path_and_query.to_owned() };
    let name = |pair: &&str| !PARAMETERS.contains(&pair.split('=').next().unwrap_or_default());
    let rest: Vec<&str> = query.split('&').filter(name).collect();
    if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::{PrivateKey, Signed};

    const URL: &str = "https://v.example.com/assets/a/index.m3u8";

    fn key() -> PrivateKey {
        PrivateKey::from_pem(include_str!("../../sign/testdata/rsa.key")).unwrap()
    }

    fn asked(url: &str) -> Asked {
        Asked { urls: vec![url.to_owned()], viewer: "192.0.2.7".parse().unwrap(), now: 1000 }
    }

    fn by_query(policy: &ViewerPolicy, url: &str) -> Result<(), Refusal> {
        let query = Signed::new(policy, &key(), "K1").unwrap().query();
        by(&presented(&query, &HeaderMap::new()), url)
    }

    fn by(presented: &Presented, url: &str) -> Result<(), Refusal> {
        check(&BTreeMap::from([("K1".to_owned(), key().public().unwrap())]), presented, &asked(url))
    }

    #[test]
    fn a_canned_policy_is_for_one_url_until_its_time() {
        assert_eq!(by_query(&ViewerPolicy::canned(URL, 1001), URL), Ok(()));
        assert_eq!(by_query(&ViewerPolicy::canned(URL, 1000), URL), Err(Refusal::Denied));
        assert_eq!(
            by_query(&ViewerPolicy::canned(URL, 1001), "https://v.example.com/b"),
            Err(Refusal::Denied)
        );
    }

    #[test]
    fn a_custom_policy_is_for_what_it_says() {
        let folder = ViewerPolicy::canned("https://v.example.com/assets/a/*", 1001);
        assert_eq!(by_query(&folder, URL), Ok(()));
        assert_eq!(by_query(&folder, "https://v.example.com/assets/b/index.m3u8"), Err(Refusal::Denied));
        let here = ViewerPolicy { source_ip: Some("192.0.2.0/24".into()), ..folder.clone() };
        assert_eq!(by_query(&here, URL), Ok(()));
        let elsewhere = ViewerPolicy { source_ip: Some("198.51.100.1".into()), ..folder.clone() };
        assert_eq!(by_query(&elsewhere, URL), Err(Refusal::Denied));
        let later = ViewerPolicy { not_before: Some(1000), ..folder };
        assert_eq!(by_query(&later, URL), Err(Refusal::Denied));
    }

    #[test]
    fn cookies_are_as_good_and_a_signed_url_goes_first() {
        let signed =
            Signed::new(&ViewerPolicy::canned("https://v.example.com/*", 1001), &key(), "K1").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, format!("a=b; {}", signed.cookie_header()).parse().unwrap());
        assert_eq!(by(&presented("", &headers), URL), Ok(()));
        assert_eq!(by(&presented("Key-Pair-Id=K9", &headers), URL), Err(Refusal::UnknownKey));
    }

    #[test]
    fn what_is_missing_or_wrong_is_told_apart() {
        assert_eq!(by(&presented("", &HeaderMap::new()), URL), Err(Refusal::MissingKey));
        let signed =
            Signed::new(&ViewerPolicy::canned("https://v.example.com/*", 1001), &key(), "K1").unwrap();
        let query = signed.query();
        let malformed = query.replacen("Policy=", "Policy=AAAA", 1);
        assert_eq!(by(&presented(&malformed, &HeaderMap::new()), URL), Err(Refusal::MalformedPolicy));
        let other_hash = query.replacen("SHA256", "SHA1", 1);
        assert_eq!(by(&presented(&other_hash, &HeaderMap::new()), URL), Err(Refusal::Denied));
        let ecdsa = VerifyingKey::from_pem(include_str!("../../sign/testdata/p256.pem")).unwrap();
        let keys = BTreeMap::from([("K1".to_owned(), ecdsa)]);
        let unsaid = presented(&other_hash, &HeaderMap::new());
        assert_eq!(check(&keys, &unsaid, &asked(URL)), Err(Refusal::Uncheckable));
    }

    #[test]
    fn the_signature_goes_no_further() {
        assert_eq!(without_signature("/a?x=1&Expires=1&Signature=s&y=2&Key-Pair-Id=K"), "/a?x=1&y=2");
        assert_eq!(without_signature("/a?Policy=p&Hash-Algorithm=SHA256"), "/a");
        assert_eq!(without_signature("/a"), "/a");
    }
}
