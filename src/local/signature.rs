//! AWS Signature Version 4 in the `Authorization` header and in presigned URLs: checks it, and signs our own requests.
//!
//! Follows "Create a signed AWS API request" of the IAM User Guide, and for S3 "Authenticating Requests" of its API
//! Reference. `signature/vectors.json` is AWS's own test suite.

use aws_credential_types::Credentials;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
/// The date of a header signature.
const DATE: &str = "x-amz-date";
/// The hash of the body, or a word that says why there is none.
pub(super) const CONTENT: &str = "x-amz-content-sha256";
/// The word for a body that is not signed.
pub(super) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
/// How far a request's time may be from ours, in seconds.
const SKEW: i64 = 15 * 60;
/// How long a presigned URL may be valid, in seconds.
const LONGEST: i64 = 7 * 24 * 3600;

/// What is encoded in a query, and in a path.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const PATH: &AsciiSet = &QUERY.remove(b'/');

/// Why a request is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is not signed.
    Missing,
    /// A part of the signature is missing or cannot be read: which.
    Incomplete(&'static str),
    /// It was signed for another time, or is no longer valid.
    Expired,
    /// It was signed with another key, or was changed since.
    Mismatch,
}

/// Who says to have signed a request, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    /// The access key id.
    pub(super) key_id: String,
    /// The service.
    pub(super) service: String,
    /// The region.
    pub(super) region: String,
    /// `YYYYMMDD`.
    date: String,
    /// `YYYYMMDDTHHMMSSZ`.
    time: String,
    /// The names of the signed headers, as they were listed.
    headers: String,
    signature: String,
    /// How many seconds a presigned URL is valid.
    expires: Option<i64>,
}

impl Claim {
    /// The claim in the `Authorization` header, or else in the query.
    pub(super) fn of(parts: &Parts) -> Result<Self, Fault> {
        let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
        match (headers.next(), headers.next()) {
            (Some(value), None) => Self::in_header(value, &parts.headers),
            (None, _) => Self::in_query(parts.uri.query().unwrap_or_default()),
            _ => Err(Fault::Incomplete("one Authorization header")),
        }
    }

    fn in_header(value: &HeaderValue, headers: &HeaderMap) -> Result<Self, Fault> {
        let text = value.to_str().ok().and_then(|text| text.trim().strip_prefix(ALGORITHM));
        let text = text.ok_or(Fault::Incomplete("AWS4-HMAC-SHA256 as its algorithm"))?;
        let pairs: Vec<_> = text.split(',').filter_map(|pair| pair.trim().split_once('=')).collect();
        let part = |name: &'static str| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned()).ok_or(Fault::Incomplete(name))
        };
        let (credential, signed, signature) =
            (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
        // Whoever reads the header after us must find the same key in it.
        if text.split(',').count() != 3 || text.matches("Credential=").count() != 1 {
            return Err(Fault::Incomplete("just Credential, SignedHeaders and Signature"));
        }
        let time =
            headers.get(DATE).and_then(|value| value.to_str().ok()).ok_or(Fault::Incomplete("X-Amz-Date"))?;
        Self::new(&credential, signed, signature, time, None)
    }

    fn in_query(query: &str) -> Result<Self, Fault> {
        let part = |name: &'static str| {
            let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
            // Of two, the emulator may read the other one.
            let (Some((_, value)), None) = (found.next(), found.next()) else {
                return Err(Fault::Incomplete(name));
            };
            Ok(value.into_owned())
        };
        let Ok(signature) = part("X-Amz-Signature") else { return Err(Fault::Missing) };
        if part("X-Amz-Algorithm")? != ALGORITHM {
            return Err(Fault::Incomplete("AWS4-HMAC-SHA256 as its algorithm"));
        }
        let expires = part("X-Amz-Expires")?.parse().ok().filter(|seconds| (0..=LONGEST).contains(seconds));
        let expires = expires.ok_or(Fault::Incomplete("X-Amz-Expires"))?;
        let (credential, headers) = (part("X-Amz-Credential")?, part("X-Amz-SignedHeaders")?);
        Self::new(&credential, headers, signature, &part("X-Amz-Date")?, Some(expires))
    }

    fn new(
        credential: &str,
        headers: String,
        signature: String,
        time: &str,
        expires: Option<i64>,
    ) -> Result<Self, Fault> {
        let scope: Vec<&str> = credential.split('/').collect();
        let [key_id, date, region, service, TERMINATOR] = scope[..] else {
            return Err(Fault::Incomplete("Credential"));
        };
        if !headers.split(';').any(|name| name == "host") {
            return Err(Fault::Incomplete("host in SignedHeaders"));
        }
        let [key_id, date, region, service] = [key_id, date, region, service].map(str::to_owned);
        let time = time.to_owned();
        Ok(Self { key_id, service, region, date, time, headers, signature, expires })
    }

    /// Whether it is for S3, which signs paths as they are and needs not see the body.
    pub(super) fn is_s3(&self) -> bool {
        self.service == "s3"
    }

    /// Whether it is for S3 Control: its calls name the account, and are signed for S3.
    pub(super) fn is_s3_control(&self) -> bool {
        self.is_s3() && self.headers.split(';').any(|name| name == "x-amz-account-id")
    }

    /// What stands for the body in the signature; `None` if it is the body's hash.
    pub(super) fn content(&self, parts: &Parts) -> Result<Option<String>, Fault> {
        let declared = parts.headers.get(CONTENT).and_then(|value| value.to_str().ok()).map(str::to_owned);
        match (self.is_s3(), self.expires) {
            (true, Some(_)) => {
                let query = parts.uri.query().unwrap_or_default();
                let mut pairs = form_urlencoded::parse(query.as_bytes());
                let named = pairs.find(|(key, _)| key.eq_ignore_ascii_case(CONTENT));
                Ok(Some(named.map_or_else(|| UNSIGNED.to_owned(), |(_, value)| value.into_owned())))
            }
            (true, None) => declared.map(Some).ok_or(Fault::Incomplete("X-Amz-Content-Sha256")),
            (false, _) => Ok(declared.filter(|word| word == UNSIGNED)),
        }
    }

    /// Checks the signature against a secret access key, at `now` in seconds from 1970.
    pub(super) fn check(
        &self,
        parts: &Parts,
        content: &str,
        secret_key: &str,
        now: i64,
    ) -> Result<(), Fault> {
        self.check_time(now)?;
        if self.is_s3() {
            self.check_headers(&parts.headers)?;
        }
        let signature = hex::decode(&self.signature).map_err(|_| Fault::Incomplete("Signature"))?;
        let text = self.string_to_sign(parts, content);
        // It takes the same time wherever the two differ.
        hmac::verify(&self.key(secret_key), text.as_bytes(), &signature).map_err(|_| Fault::Mismatch)
    }

    fn check_time(&self, now: i64) -> Result<(), Fault> {
        let signed = seconds(&self.time).ok_or(Fault::Incomplete("X-Amz-Date"))?;
        let until = signed + self.expires.unwrap_or(SKEW);
        let is_of_this_day = self.time.starts_with(&self.date);
        if is_of_this_day && (signed - SKEW..=until).contains(&now) { Ok(()) } else { Err(Fault::Expired) }
    }

    /// Whoever was given a presigned URL may add no header that means something to S3.
    fn check_headers(&self, headers: &HeaderMap) -> Result<(), Fault> {
        let is_signed = |name: &str| self.headers.split(';').any(|signed| signed == name);
        let all = headers.keys().filter(|name| name.as_str().starts_with("x-amz-"));
        match all.into_iter().find(|name| !is_signed(name.as_str())) {
            Some(name) if name.as_str() != CONTENT => {
                Err(Fault::Incomplete("every x-amz header in SignedHeaders"))
            }
            _ => Ok(()),
        }
    }

    fn scope(&self) -> String {
        format!("{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }

    fn key(&self, secret_key: &str) -> hmac::Key {
        let first = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret_key}").as_bytes());
        [&self.date, &self.region, &self.service, TERMINATOR].iter().fold(first, |key, text: &&str| {
            hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, text.as_bytes()).as_ref())
        })
    }

    fn string_to_sign(&self, parts: &Parts, content: &str) -> String {
        let request = hex::encode(Sha256::digest(self.canonical_request(parts, content)));
        format!("{ALGORITHM}\n{}\n{}\n{request}", self.time, self.scope())
    }

    fn canonical_request(&self, parts: &Parts, content: &str) -> Vec<u8> {
        let path = parts.uri.path();
        let path = if self.is_s3() { path.to_owned() } else { encode(&normal(path), PATH) };
        let query = canonical_query(parts.uri.query().unwrap_or_default(), self.expires.is_some());
        let mut request = format!("{}\n{path}\n{query}\n", parts.method).into_bytes();
        for name in self.headers.split(';') {
            request.extend_from_slice(name.as_bytes());
            request.push(b':');
            request.extend_from_slice(&canonical_values(&parts.headers, name));
            request.push(b'\n');
        }
        request.extend_from_slice(format!("\n{}\n{content}", self.headers).as_bytes());
        request
    }
}

/// Signs a request that has a `Host` header: adds its date and its signature.
pub(super) fn sign(parts: &mut Parts, content: &str, credentials: &Credentials, region: &str, service: &str) {
    let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    parts.headers.insert(DATE, HeaderValue::from_str(&time).expect("digits and letters"));
    let claim = Claim {
        key_id: credentials.access_key_id().to_owned(),
        service: service.to_owned(),
        region: region.to_owned(),
        date: time[..8].to_owned(),
        time,
        headers: format!("host;{DATE}"),
        signature: String::new(),
        expires: None,
    };
    let text = claim.string_to_sign(parts, content);
    let signature = hex::encode(hmac::sign(&claim.key(credentials.secret_access_key()), text.as_bytes()));
    let Claim { key_id, headers, .. } = &claim;
    let value = format!(
        "{ALGORITHM} Credential={key_id}/{}, SignedHeaders={headers}, Signature={signature}",
        claim.scope()
    );
    parts.headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&value).expect("plain words"));
}

/// What stands for a body that is at hand.
pub(super) fn hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

/// The seconds from 1970 at a time written `YYYYMMDDTHHMMSSZ`.
fn seconds(time: &str) -> Option<i64> {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", time).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

fn encode(text: &str, set: &'static AsciiSet) -> String {
    utf8_percent_encode(text, set).to_string()
}

/// A path without `.`, `..` and empty segments (RFC 3986, 5.2.4), as every service but S3 signs it.
fn normal(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

fn canonical_query(query: &str, is_presigned: bool) -> String {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let pairs = pairs.filter(|(name, _)| !(is_presigned && name == "X-Amz-Signature"));
    let mut pairs: Vec<_> =
        pairs.map(|(name, value)| (encode(&name, QUERY), encode(&value, QUERY))).collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// The values of a header: trimmed, with single spaces, and all of them in one line.
fn canonical_values(headers: &HeaderMap, name: &str) -> Vec<u8> {
    let words = |value: &HeaderValue| {
        let words = value.as_bytes().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(&b' ')
    };
    headers.get_all(name).iter().map(words).collect::<Vec<_>>().join(&b',')
}

#[cfg(test)]
mod tests;
