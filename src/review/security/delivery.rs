//! What opens the delivery of videos: a distribution's settings, its keys, its origin access, its response headers.

use std::collections::BTreeSet;

use serde_json::Value;

use super::bucket::{Cors, set};
use super::pattern;
use super::{BeforeAfter, Broadening, Finding, show};

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

fn exposes(sides: &BeforeAfter<'_>, principal: &str, action: &str, origin: String) -> Finding {
    sides.finding(Broadening::Exposure, principal, &[action], origin)
}

/// A list of texts and references, as a person reads them.
fn names(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().map(show::value).collect()
}

fn distribution(sides: &BeforeAfter<'_>, after: &Value) -> Vec<Finding> {
    let after = &after["DistributionConfig"];
    let Some(before) = sides.before.map(|before| &before["DistributionConfig"]) else {
        return vec![served(sides, after)];
    };
    let whole = [restrictions, web_acl, tls, enabled];
    let mut found: Vec<Finding> = whole.iter().filter_map(|rule| rule(sides, before, after)).collect();
    found.extend(behaviors(sides, before, after));
    found.extend(origins(sides, before, after));
    found
}

/// A new distribution serves its origins to the world, or to those who hold a signed URL.
fn served(sides: &BeforeAfter<'_>, after: &Value) -> Finding {
    let open: Vec<String> = patterns(after)
        .into_iter()
        .filter(|path| set_of_keys(behavior(after, path)).is_empty())
        .map(|path| path.to_owned())
        .collect();
    let (who, what) = match open.as_slice() {
        [] => ("holders of a signed URL or cookie", "read all paths".to_owned()),
        open => ("*", format!("read {}", open.join(", "))),
    };
    let origins = after["Origins"].as_array().into_iter().flatten();
    let finding = exposes(sides, who, &what, "DistributionConfig: new distribution".to_owned());
    Finding { resources: origins.map(|origin| show::value(&origin["DomainName"])).collect(), ..finding }
}

const DEFAULT: &str = "*";

/// The path patterns of all behaviours, the default's last.
fn patterns(config: &Value) -> Vec<&str> {
    let listed = config["CacheBehaviors"].as_array().into_iter().flatten();
    listed.filter_map(|behavior| behavior["PathPattern"].as_str()).chain([DEFAULT]).collect()
}

/// The behaviour that requests of a path pattern meet: the first whose own pattern covers it.
fn behavior<'a>(config: &'a Value, path: &str) -> &'a Value {
    let mut listed = config["CacheBehaviors"].as_array().into_iter().flatten();
    let covers = |behavior: &&Value| {
        let own = behavior["PathPattern"].as_str().unwrap_or_default();
        // A leading slash is optional in path patterns.
        pattern::covers(own.trim_start_matches('/'), path.trim_start_matches('/'))
    };
    listed.find(covers).unwrap_or(&config["DefaultCacheBehavior"])
}

/// Whose signatures count: those of key groups and, the way that was before these, of accounts.
fn set_of_keys(behavior: &Value) -> BTreeSet<String> {
    let groups = names(&behavior["TrustedKeyGroups"]);
    groups.into_iter().chain(names(&behavior["TrustedSigners"])).collect()
}

/// The functions that see a behaviour's requests or answers, each as where it stands and when it runs. Whether one decides who
/// may watch, only its code says.
fn functions(behavior: &Value) -> BTreeSet<String> {
    let listed = |member: &str, arn: &str| {
        let all = behavior[member].as_array().into_iter().flatten();
        all.map(|one| format!("{member}: {} on {}", show::value(&one[arn]), show::value(&one["EventType"])))
            .collect::<Vec<_>>()
    };
    let edge = listed("LambdaFunctionAssociations", "LambdaFunctionARN");
    listed("FunctionAssociations", "FunctionARN").into_iter().chain(edge).collect()
}

fn behaviors(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Vec<Finding> {
    let mut paths = patterns(after);
    paths.extend(patterns(before).into_iter().filter(|path| !patterns(after).contains(path)));
    let mut found = Vec::new();
    for path in paths {
        let (was, will) = (behavior(before, path), behavior(after, path));
        let at = format!("DistributionConfig.CacheBehavior[{path}]");
        let mut expose = |who: &str, action: &str, what: String| {
            let finding = exposes(sides, who, action, format!("{at}.{what}"));
            found.push(Finding { resources: vec![path.to_owned()], ..finding });
        };
        let (keys_before, keys) = (set_of_keys(was), set_of_keys(will));
        if keys.is_empty() && !keys_before.is_empty() {
            let groups = !names(&was["TrustedKeyGroups"]).is_empty();
            let property = if groups { "TrustedKeyGroups" } else { "TrustedSigners" };
            expose("*", "read without a signed URL or cookie", format!("{property}: removed"));
        }
        if !keys_before.is_empty() {
            for key in keys.difference(&keys_before) {
                expose(
                    "holders of its keys",
                    "sign URLs and cookies",
                    format!("TrustedKeyGroups: new {key}"),
                );
            }
        }
        for function in functions(was).difference(&functions(will)) {
            expose("*", "read what the function may have refused", format!("{function} removed"));
        }
        let plain = |behavior: &Value| behavior["ViewerProtocolPolicy"] == "allow-all";
        if plain(will) && !plain(was) {
            expose("*", "read over plain HTTP", "ViewerProtocolPolicy: allow-all".to_owned());
        }
        for method in set(&will["AllowedMethods"]).difference(&set(&was["AllowedMethods"])) {
            expose("*", &format!("send {method}"), format!("AllowedMethods: new {method}"));
        }
        if !was["ResponseHeadersPolicyId"].is_null() && will["ResponseHeadersPolicyId"].is_null() {
            let what = "ResponseHeadersPolicyId: removed".to_owned();
            expose("*", "reach viewers whom its security headers protected", what);
        }
    }
    found
}

/// Which countries viewers may be in.
enum Countries {
    Only(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

impl Countries {
    fn of(config: &Value) -> Self {
        let restriction = &config["Restrictions"]["GeoRestriction"];
        let locations = set(&restriction["Locations"]);
        match restriction["RestrictionType"].as_str() {
            Some("whitelist") => Self::Only(locations),
            Some("blacklist") => Self::AllBut(locations),
            _ => Self::AllBut(BTreeSet::new()),
        }
    }

    /// Who may watch now and might not before, in words.
    fn gained(&self, before: &Self) -> Option<String> {
        let list = |countries: BTreeSet<&String>| {
            let names: Vec<&str> = countries.into_iter().map(String::as_str).collect();
            (!names.is_empty()).then(|| format!("viewers in {}", names.join(", ")))
        };
        match (before, self) {
            (Self::Only(before), Self::Only(after)) => list(after.difference(before).collect()),
            (Self::Only(before), Self::AllBut(after)) => {
                let neither: Vec<&str> = before.union(after).map(String::as_str).collect();
                Some(format!("viewers in all countries but {}", neither.join(", ")))
            }
            (Self::AllBut(before), Self::Only(after)) => list(before.intersection(after).collect()),
            (Self::AllBut(before), Self::AllBut(after)) => list(before.difference(after).collect()),
        }
    }
}

fn restrictions(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Option<Finding> {
    let who = Countries::of(after).gained(&Countries::of(before))?;
    let origin = "DistributionConfig.Restrictions.GeoRestriction: more countries".to_owned();
    Some(exposes(sides, &who, "read", origin))
}

fn web_acl(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Option<Finding> {
    let (before, after) = (&before["WebACLId"], &after["WebACLId"]);
    if before.is_null() || before == after {
        return None;
    }
    let what = match after {
        Value::Null => "removed".to_owned(),
        after => format!("{} gives way to {}", show::value(before), show::value(after)),
    };
    let origin = format!("DistributionConfig.WebACLId: {what}");
    Some(exposes(sides, "*", "send requests that the web ACL refused", origin))
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
    let policy = |config: &Value| {
        let found = config["ViewerCertificate"]["MinimumProtocolVersion"].as_str();
        found.unwrap_or("TLSv1").to_owned()
    };
    let (before, after) = (policy(before), policy(after));
    let origin =
        format!("DistributionConfig.ViewerCertificate.MinimumProtocolVersion: {before} lowered to {after}");
    let action = "connect with older TLS or weaker ciphers";
    (rank(&after) < rank(&before)).then(|| exposes(sides, "*", action, origin))
}

fn enabled(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Option<Finding> {
    let on = |config: &Value| config["Enabled"] == Value::Bool(true);
    let origin = "DistributionConfig.Enabled: true".to_owned();
    (on(after) && !on(before)).then(|| exposes(sides, "*", "read what was not served", origin))
}

fn origins(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Vec<Finding> {
    let list = |config: &Value| config["Origins"].as_array().cloned().unwrap_or_default();
    let before = list(before);
    let mut found = Vec::new();
    for origin in list(after) {
        let (id, domain) = (origin["Id"].as_str().unwrap_or_default(), show::value(&origin["DomainName"]));
        let at = format!("DistributionConfig.Origins[{id}]");
        let mut expose = |action: &str, what: String| {
            let finding = exposes(sides, "*", action, format!("{at}{what}"));
            found.push(Finding { resources: vec![domain.clone()], ..finding });
        };
        let Some(was) = before.iter().find(|other| other["DomainName"] == origin["DomainName"]) else {
            expose("read from it through the distribution", ": new origin".to_owned());
            continue;
        };
        let path = |origin: &Value| {
            origin["OriginPath"].as_str().unwrap_or_default().trim_end_matches('/').to_owned()
        };
        let (narrow, wide) = (path(was), path(&origin));
        let inside = wide == narrow || wide.starts_with(&format!("{narrow}/"));
        if !inside {
            expose(
                "read from another folder of it",
                format!(".OriginPath: {narrow:?} gives way to {wide:?}"),
            );
        }
        let access = |origin: &Value| !origin["OriginAccessControlId"].is_null();
        if access(was) && !access(&origin) {
            let what = ".OriginAccessControlId: removed".to_owned();
            expose("reach it by requests that nothing signs, so it must be public to be read", what);
        }
    }
    found
}

fn origin_access(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    let behavior = |properties: &Value| properties["OriginAccessControlConfig"]["SigningBehavior"].clone();
    let was_always = sides.before.is_none_or(|before| behavior(before) == "always");
    let after = behavior(after);
    let origin = format!("OriginAccessControlConfig.SigningBehavior: {}", show::value(&after));
    let action = "reach the origin by requests that CloudFront does not sign";
    (was_always && after != "always").then(|| exposes(sides, "*", action, origin))
}

fn key_group(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    let keys = |properties: &Value| names(&properties["KeyGroupConfig"]["Items"]);
    let before = sides.before.map(keys).unwrap_or_default();
    let gained: Vec<String> = keys(after).difference(&before).cloned().collect();
    let origin = format!("KeyGroupConfig.Items: new {}", gained.join(", "));
    let who = "holders of the private key";
    (!gained.is_empty()).then(|| exposes(sides, who, "sign URLs and cookies", origin))
}

fn public_key(sides: &BeforeAfter<'_>, after: &Value) -> Option<Finding> {
    let key = |properties: &Value| properties["PublicKeyConfig"]["EncodedKey"].clone();
    let moved = sides.before.is_some_and(|before| key(before) != key(after));
    let origin = "PublicKeyConfig.EncodedKey: another key".to_owned();
    let who = "holders of the private key";
    moved.then(|| exposes(sides, who, "sign URLs and cookies", origin))
}

fn cors(properties: &Value) -> Option<Cors> {
    let cors =
        properties["ResponseHeadersPolicyConfig"].get("CorsConfig").filter(|found| !found.is_null())?;
    let items = |member: &str| set(&cors[member]["Items"]);
    Some(Cors {
        origins: items("AccessControlAllowOrigins"),
        methods: items("AccessControlAllowMethods"),
        headers: items("AccessControlAllowHeaders"),
        exposed: items("AccessControlExposeHeaders"),
        credentials: cors["AccessControlAllowCredentials"] == Value::Bool(true),
    })
}

fn headers(sides: &BeforeAfter<'_>, after: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(rule) = cors(after) {
        let before: Vec<Cors> = sides.before.and_then(cors).into_iter().collect();
        let gained = rule.gained(&before).join(", ");
        let origin = format!("ResponseHeadersPolicyConfig.CorsConfig: more for {gained}");
        if !gained.is_empty() {
            found.push(exposes(sides, &format!("pages of {gained}"), "read responses from scripts", origin));
        }
    }
    let Some(before) = sides.before else { return found };
    found.extend(security_headers(sides, before, after));
    found
}

/// Headers that protect viewers' browsers and go, or hold for a shorter time or fewer names.
fn security_headers(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Vec<Finding> {
    const AT: &str = "ResponseHeadersPolicyConfig.SecurityHeadersConfig";
    let config =
        |properties: &Value| properties["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"].clone();
    let (before, after) = (config(before), config(after));
    let gone = before.as_object().into_iter().flatten().filter(|(_, header)| !header.is_null());
    let mut found: Vec<Finding> = gone
        .filter(|(name, _)| after[name.as_str()].is_null())
        .map(|(name, _)| {
            let action = "reach viewers whom the header protected";
            exposes(sides, "*", action, format!("{AT}.{name}: removed"))
        })
        .collect();
    let (was, will) = (&before["StrictTransportSecurity"], &after["StrictTransportSecurity"]);
    let seconds = |header: &Value| header["AccessControlMaxAgeSec"].as_i64().unwrap_or_default();
    let names = |header: &Value| header["IncludeSubdomains"] == Value::Bool(true);
    if !will.is_null() && (seconds(will) < seconds(was) || names(was) && !names(will)) {
        let origin = format!("{AT}.StrictTransportSecurity: for a shorter time or fewer names");
        found.push(exposes(sides, "*", "be reached over plain HTTP", origin));
    }
    found
}
