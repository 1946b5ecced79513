//! What opens the delivery of videos: a distribution's settings, its keys, its origin access, its response headers.

use std::collections::BTreeSet;

use serde_json::Value;

use super::bucket::{Cors, set};
use super::{BeforeAfter, Broadening, Finding, PropertyPath, behavior, entries, properties, show};

properties! {
    "AWS::CloudFront::Distribution" {
        ENABLED = "DistributionConfig.Enabled";
        WEB_ACL = "DistributionConfig.WebACLId";
        MTLS = "DistributionConfig.ViewerMtlsConfig";
        MTLS_MODE = "DistributionConfig.ViewerMtlsConfig.Mode";
        GATE = "DistributionConfig.ConnectionFunctionAssociation.Id";
        TLS = "DistributionConfig.ViewerCertificate.MinimumProtocolVersion";
        GEO = "DistributionConfig.Restrictions.GeoRestriction";
        GEO_TYPE = "DistributionConfig.Restrictions.GeoRestriction.RestrictionType";
        GEO_COUNTRIES = "DistributionConfig.Restrictions.GeoRestriction.Locations";
        ORIGINS = "DistributionConfig.Origins";
        ORIGIN_ID = "DistributionConfig.Origins[].Id";
        ORIGIN_DOMAIN = "DistributionConfig.Origins[].DomainName";
        ORIGIN_FOLDER = "DistributionConfig.Origins[].OriginPath";
        ORIGIN_ACCESS = "DistributionConfig.Origins[].OriginAccessControlId";
    }
    "AWS::CloudFront::OriginAccessControl" {
        SIGNING = "OriginAccessControlConfig.SigningBehavior";
    }
    "AWS::CloudFront::KeyGroup" {
        KEYS = "KeyGroupConfig.Items";
    }
    "AWS::CloudFront::PublicKey" {
        KEY = "PublicKeyConfig.EncodedKey";
    }
    "AWS::CloudFront::ResponseHeadersPolicy" {
        CORS = "ResponseHeadersPolicyConfig.CorsConfig";
        CORS_ORIGINS = "ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowOrigins.Items";
        CORS_METHODS = "ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowMethods.Items";
        CORS_HEADERS = "ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowHeaders.Items";
        CORS_EXPOSED = "ResponseHeadersPolicyConfig.CorsConfig.AccessControlExposeHeaders.Items";
        CORS_CREDENTIALS = "ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowCredentials";
        SECURITY = "ResponseHeadersPolicyConfig.SecurityHeadersConfig";
        HSTS = "ResponseHeadersPolicyConfig.SecurityHeadersConfig.StrictTransportSecurity";
        HSTS_AGE = "ResponseHeadersPolicyConfig.SecurityHeadersConfig.StrictTransportSecurity.AccessControlMaxAgeSec";
        HSTS_NAMES = "ResponseHeadersPolicyConfig.SecurityHeadersConfig.StrictTransportSecurity.IncludeSubdomains";
    }
}

/// What opens delivery further.
pub(super) fn findings(sides: &BeforeAfter<'_>) -> Vec<Finding> {
    let Some(after) = sides.after else { return Vec::new() };
    match sides.kind {
        "AWS::CloudFront::Distribution" => distribution(sides, after),
        "AWS::CloudFront::OriginAccessControl" => origin_access(sides, after).into_iter().collect(),
        "AWS::CloudFront::KeyGroup" => key_group(sides, after).into_iter().collect(),
        "AWS::CloudFront::PublicKey" => public_key(sides, after).into_iter().collect(),
        "AWS::CloudFront::ResponseHeadersPolicy" => headers(sides, after),
        _ => Vec::new(),
    }
}

pub(super) fn exposes(sides: &BeforeAfter<'_>, principal: &str, action: &str, origin: String) -> Finding {
    sides.finding(Broadening::Exposure, principal, &[action], origin)
}

/// A list of texts and references, as a person reads them.
pub(super) fn names(list: &Value) -> BTreeSet<String> {
    entries(list).map(show::value).collect()
}

fn distribution(sides: &BeforeAfter<'_>, after: &Value) -> Vec<Finding> {
    let Some(before) = sides.before else { return vec![served(sides, after)] };
    let whole = [restrictions, web_acl, mtls, gate, tls, enabled];
    let mut found: Vec<Finding> = whole.iter().filter_map(|rule| rule(sides, before, after)).collect();
    found.extend(behavior::findings(sides, before, after));
    found.extend(origins(sides, before, after));
    found
}

/// A new distribution serves its origins to the world, or to those who hold a signed URL.
fn served(sides: &BeforeAfter<'_>, after: &Value) -> Finding {
    let paths = behavior::patterns(after).into_iter();
    let open: Vec<&str> = paths.filter(|path| behavior::is_open(after, path)).collect();
    let (who, what) = match open.as_slice() {
        [] => ("holders of a signed URL or cookie", "read all paths".to_owned()),
        open => ("*", format!("read {}", open.join(", "))),
    };
    let finding = exposes(sides, who, &what, "DistributionConfig: new distribution".to_owned());
    let domains = entries(ORIGINS.of(after)).map(|origin| show::value(ORIGIN_DOMAIN.within(origin)));
    Finding { resources: domains.collect(), ..finding }
}

/// Which countries viewers may be in.
enum Countries {
    Only(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

impl Countries {
    fn of(properties: &Value) -> Self {
        let locations = set(GEO_COUNTRIES.of(properties));
        match GEO_TYPE.of(properties).as_str() {
            Some("whitelist") => Self::Only(locations),
            Some("blacklist") => Self::AllBut(locations),
            _ => Self::AllBut(BTreeSet::new()),
        }
    }

    /// Who may watch now and could not before, in words.
    fn gained(&self, before: &Self) -> Option<String> {
        let list = |countries: BTreeSet<&String>| {
            let names: Vec<&str> = countries.into_iter().map(String::as_str).collect();
            (!names.is_empty()).then(|| format!("viewers in {}", names.join(", ")))
        };
        match (before, self) {
            (Self::Only(before), Self::Only(after)) => list(after.difference(before).collect()),
            (Self::Only(before), Self::AllBut(after)) => {
                let neither: Vec<&str> = before.union(after).map(String::as_str).collect();
                Some(format!("viewers in all countries except {}", neither.join(", ")))
            }
            (Self::AllBut(before), Self::Only(after)) => list(before.intersection(after).collect()),
            (Self::AllBut(before), Self::AllBut(after)) => list(before.difference(after).collect()),
        }
    }
}

fn restrictions(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Option<Finding> {
    let who = Countries::of(after).gained(&Countries::of(before))?;
    let origin = format!("{}: more countries", GEO.path);
    Some(exposes(sides, &who, "read", origin))
}

/// Whether each viewer must show a certificate of an authority that is trusted.
fn mtls(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Option<Finding> {
    let required = |side| MTLS_MODE.of(side).as_str() == Some("required");
    if !required(before) || required(after) {
        return None;
    }
    let origin = format!("{}: viewers need no certificate any more", MTLS.path);
    Some(exposes(sides, "viewers without a certificate", "connect", origin))
}

fn gate(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Option<Finding> {
    let (before, after) = (GATE.of(before), GATE.of(after));
    if before.is_null() || before == after {
        return None;
    }
    let what = match after {
        Value::Null => "removed".to_owned(),
        after => format!("{} → {}", show::value(before), show::value(after)),
    };
    Some(exposes(sides, "*", "open connections that the function refused", format!("{}: {what}", GATE.path)))
}

fn web_acl(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Option<Finding> {
    let (before, after) = (WEB_ACL.of(before), WEB_ACL.of(after));
    if before.is_null() || before == after {
        return None;
    }
    let what = match after {
        Value::Null => "removed".to_owned(),
        after => format!("{} → {}", show::value(before), show::value(after)),
    };
    let origin = format!("{}: {what}", WEB_ACL.path);
    Some(exposes(sides, "*", "send requests that the web ACL blocked", origin))
}

/// A security policy's name as TLS version and year: `TLSv1.2_2021` comes after `TLSv1.2_2019`.
fn rank(policy: &str) -> (u32, u32) {
    let Some(rest) = policy.strip_prefix("TLSv") else { return (0, 0) };
    let (version, year) = rest.split_once('_').unwrap_or((rest, "0"));
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    let number = |text: &str| text.parse::<u32>().unwrap_or_default();
    (number(major) * 10 + number(minor), number(year))
}

fn tls(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Option<Finding> {
    let policy = |properties: &Value| TLS.of(properties).as_str().unwrap_or("TLSv1").to_owned();
    let (before, after) = (policy(before), policy(after));
    let origin = format!("{}: {before} lowered to {after}", TLS.path);
    let action = "connect with older TLS or weaker ciphers";
    (rank(&after) < rank(&before)).then(|| exposes(sides, "*", action, origin))
}

fn enabled(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Option<Finding> {
    let on = |properties: &Value| *ENABLED.of(properties) == true;
    let origin = format!("{}: true", ENABLED.path);
    (on(after) && !on(before)).then(|| exposes(sides, "*", "read everything that it serves", origin))
}

fn origins(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    for origin in entries(ORIGINS.of(after)) {
        let domain = ORIGIN_DOMAIN.within(origin);
        let at = format!("{}[{}]", ORIGINS.path, ORIGIN_ID.within(origin).as_str().unwrap_or_default());
        let mut expose = |action: &str, what: String| {
            let finding = exposes(sides, "*", action, format!("{at}{what}"));
            found.push(Finding { resources: vec![show::value(domain)], ..finding });
        };
        let same = |other: &&Value| ORIGIN_DOMAIN.within(other) == domain;
        let Some(was) = entries(ORIGINS.of(before)).find(same) else {
            expose("read from it through the distribution", ": new origin".to_owned());
            continue;
        };
        let folder = |origin| {
            let folder = ORIGIN_FOLDER.within(origin).as_str().unwrap_or_default();
            folder.trim_end_matches('/').to_owned()
        };
        let (narrow, wide) = (folder(was), folder(origin));
        if wide != narrow && !wide.starts_with(&format!("{narrow}/")) {
            let what = format!(".{}: {narrow:?} → {wide:?}", ORIGIN_FOLDER.member());
            expose("read another folder of it", what);
        }
        let signed = |origin: &Value| !ORIGIN_ACCESS.within(origin).is_null();
        if signed(was) && !signed(origin) {
            let action = "reach it with unsigned requests, which it only answers if it is public";
            expose(action, format!(".{}: removed", ORIGIN_ACCESS.member()));
        }
    }
    found
}

fn origin_access(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    let always = |properties: &Value| *SIGNING.of(properties) == "always";
    let origin = format!("{}: {}", SIGNING.path, show::value(SIGNING.of(after)));
    let action = "reach the origin with requests that CloudFront does not sign";
    (sides.before.is_none_or(always) && !always(after)).then(|| exposes(sides, "*", action, origin))
}

fn key_group(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    let keys = |properties: &Value| names(KEYS.of(properties));
    let before = sides.before.map(keys).unwrap_or_default();
    let gained: Vec<String> = keys(after).difference(&before).cloned().collect();
    let origin = format!("{}: new {}", KEYS.path, gained.join(", "));
    let who = "holders of the private key";
    (!gained.is_empty()).then(|| exposes(sides, who, "sign URLs and cookies", origin))
}

fn public_key(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    let moved = sides.before.is_some_and(|before| KEY.of(before) != KEY.of(after));
    let origin = format!("{}: another key", KEY.path);
    let who = "holders of the private key";
    moved.then(|| exposes(sides, who, "sign URLs and cookies", origin))
}

fn cors(properties: &Value) -> Option<Cors> {
    let items = |list: PropertyPath| set(list.of(properties));
    (!CORS.of(properties).is_null()).then(|| Cors {
        origins: items(CORS_ORIGINS),
        methods: items(CORS_METHODS),
        headers: items(CORS_HEADERS),
        exposed: items(CORS_EXPOSED),
        credentials: *CORS_CREDENTIALS.of(properties) == true,
    })
}

fn headers(sides: &BeforeAfter<'_>, after: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(rule) = cors(after) {
        let before: Vec<Cors> = sides.before.and_then(cors).into_iter().collect();
        let gained = rule.gained(&before).join(", ");
        let origin = format!("{}: more access for {gained}", CORS.path);
        if !gained.is_empty() {
            found.push(exposes(sides, &format!("pages of {gained}"), "read responses from scripts", origin));
        }
    }
    let Some(before) = sides.before else { return found };
    found.extend(security_headers(sides, before, after));
    found
}

/// Headers that protect viewers' browsers and are removed, or hold for a shorter time or fewer names.
fn security_headers(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Vec<Finding> {
    let had = SECURITY.of(before).as_object().into_iter().flatten().filter(|(_, header)| !header.is_null());
    let mut found: Vec<Finding> = had
        .filter(|(name, _)| SECURITY.of(after)[name.as_str()].is_null())
        .map(|(name, _)| {
            let action = "attack viewers that the header protected";
            exposes(sides, "*", action, format!("{}.{name}: removed", SECURITY.path))
        })
        .collect();
    let seconds = |side: &Value| HSTS_AGE.of(side).as_i64().unwrap_or_default();
    let names = |side: &Value| *HSTS_NAMES.of(side) == true;
    let weaker = seconds(after) < seconds(before) || names(before) && !names(after);
    if !HSTS.of(after).is_null() && weaker {
        let origin = format!("{}: for a shorter time or fewer names", HSTS.path);
        found.push(exposes(sides, "*", "reach viewers over plain HTTP", origin));
    }
    found
}
