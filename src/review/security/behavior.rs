//! What opens the paths of a distribution: its cache behaviors, each compared with the one that the same requests met.

use std::collections::BTreeSet;

use serde_json::Value;

use super::bucket::set;
use super::delivery::{exposes, names};
use super::{BeforeAfter, Finding, PropertyPath, entries, pattern, show};

/// Members of cache behaviors, which the default one has too, and other properties.
macro_rules! behaviors {
    (members { $($name:ident = $member:literal;)+ } others { $($other:ident = $path:literal;)+ }) => {
        $(pub(super) const $name: PropertyPath =
            PropertyPath::new(CDN, concat!("DistributionConfig.CacheBehaviors[].", $member));)+
        $(const $other: PropertyPath = PropertyPath::new(CDN, $path);)+
        pub(super) const PROPERTIES: &[PropertyPath] = &[
            $($name, PropertyPath::new(CDN, concat!("DistributionConfig.DefaultCacheBehavior.", $member)),)+
            $($other,)+
        ];
    };
}

const CDN: &str = "AWS::CloudFront::Distribution";

behaviors! {
    members {
        KEY_GROUPS = "TrustedKeyGroups";
        SIGNERS = "TrustedSigners";
        FUNCTIONS = "FunctionAssociations";
        FUNCTION_ARN = "FunctionAssociations[].FunctionARN";
        FUNCTION_EVENT = "FunctionAssociations[].EventType";
        EDGE_FUNCTIONS = "LambdaFunctionAssociations";
        EDGE_FUNCTION_ARN = "LambdaFunctionAssociations[].LambdaFunctionARN";
        EDGE_FUNCTION_EVENT = "LambdaFunctionAssociations[].EventType";
        VIEWER_PROTOCOL = "ViewerProtocolPolicy";
        METHODS = "AllowedMethods";
        HEADERS = "ResponseHeadersPolicyId";
        REALTIME_LOG = "RealtimeLogConfigArn";
    }
    others {
        LISTED = "DistributionConfig.CacheBehaviors";
        PATTERN = "DistributionConfig.CacheBehaviors[].PathPattern";
        DEFAULT = "DistributionConfig.DefaultCacheBehavior";
    }
}

/// What the default behavior's path pattern would be.
const EVERYTHING: &str = "*";

/// All behaviors, each with the path of its property as a change names it.
pub(super) fn all(properties: &Value) -> impl Iterator<Item = (String, &Value)> {
    let listed = entries(LISTED.of(properties));
    let named = |behavior| {
        let pattern = PATTERN.within(behavior).as_str().unwrap_or_default();
        (format!("{}[{pattern}]", LISTED.path), behavior)
    };
    listed.map(named).chain([(DEFAULT.path.to_owned(), DEFAULT.of(properties))])
}

/// The path patterns of all behaviors, the default one's last.
pub(super) fn patterns(properties: &Value) -> Vec<&str> {
    let listed = entries(LISTED.of(properties)).filter_map(|behavior| PATTERN.within(behavior).as_str());
    listed.chain([EVERYTHING]).collect()
}

/// The behavior that requests of a path pattern meet: the first one whose own pattern covers it.
fn behavior<'a>(properties: &'a Value, path: &str) -> &'a Value {
    let covers = |behavior: &&Value| {
        let own = PATTERN.within(behavior).as_str().unwrap_or_default();
        // A leading slash is optional in path patterns.
        pattern::covers(own.trim_start_matches('/'), path.trim_start_matches('/'))
    };
    entries(LISTED.of(properties)).find(covers).unwrap_or(DEFAULT.of(properties))
}

/// Whether a request of this path pattern needs no signature.
pub(super) fn is_open(properties: &Value, path: &str) -> bool {
    signers(behavior(properties, path)).is_empty()
}

/// Whose signatures count: those of key groups and, the older way, of accounts.
fn signers(behavior: &Value) -> BTreeSet<String> {
    let groups = names(KEY_GROUPS.within(behavior));
    groups.into_iter().chain(names(SIGNERS.within(behavior))).collect()
}

/// The functions that see a behavior's requests or responses: which one and when. Only its code says whether one
/// decides who may watch.
fn functions(behavior: &Value) -> BTreeSet<String> {
    let listed = |list: PropertyPath, arn: PropertyPath, event: PropertyPath| {
        let one = move |entry| {
            let (arn, event) = (show::value(arn.within(entry)), show::value(event.within(entry)));
            format!("{}: {arn} on {event}", list.member())
        };
        entries(list.within(behavior)).map(one).collect::<Vec<_>>()
    };
    let edge = listed(EDGE_FUNCTIONS, EDGE_FUNCTION_ARN, EDGE_FUNCTION_EVENT);
    listed(FUNCTIONS, FUNCTION_ARN, FUNCTION_EVENT).into_iter().chain(edge).collect()
}

/// What opens a path pattern of either side, whichever behavior its requests met and will meet.
pub(super) fn findings(sides: &BeforeAfter<'_>, before: &Value, after: &Value) -> Vec<Finding> {
    let mut paths = patterns(after);
    paths.extend(patterns(before).into_iter().filter(|path| !patterns(after).contains(path)));
    paths.into_iter().flat_map(|path| of_path(sides, path, before, after)).collect()
}

fn of_path(sides: &BeforeAfter<'_>, path: &str, before: &Value, after: &Value) -> Vec<Finding> {
    let (was, will) = (behavior(before, path), behavior(after, path));
    let listed = |side| entries(LISTED.of(side)).any(|behavior| *PATTERN.within(behavior) == path);
    let listed = listed(before) || listed(after);
    let at = if listed { format!("{}[{path}]", LISTED.path) } else { DEFAULT.path.to_owned() };
    let mut found = Vec::new();
    let mut expose = |who: &str, action: &str, what: String| {
        let finding = exposes(sides, who, action, format!("{at}.{what}"));
        found.push(Finding { resources: vec![path.to_owned()], ..finding });
    };
    let (signers_before, signers) = (signers(was), signers(will));
    if signers.is_empty() && !signers_before.is_empty() {
        let groups = !names(KEY_GROUPS.within(was)).is_empty();
        let property = if groups { KEY_GROUPS } else { SIGNERS };
        expose("*", "read without a signed URL or cookie", format!("{}: removed", property.member()));
    }
    if !signers_before.is_empty() {
        for key in signers.difference(&signers_before) {
            let group = names(KEY_GROUPS.within(will)).contains(key);
            let property = if group { KEY_GROUPS } else { SIGNERS };
            let what = format!("{}: new {key}", property.member());
            expose("holders of its keys", "sign URLs and cookies", what);
        }
    }
    for function in functions(was).difference(&functions(will)) {
        expose("*", "make requests that the function may have refused", format!("{function} removed"));
    }
    let plain = |behavior: &Value| *VIEWER_PROTOCOL.within(behavior) == "allow-all";
    if plain(will) && !plain(was) {
        expose("*", "read over plain HTTP", format!("{}: allow-all", VIEWER_PROTOCOL.member()));
    }
    for method in set(METHODS.within(will)).difference(&set(METHODS.within(was))) {
        expose("*", &format!("send {method}"), format!("{}: new {method}", METHODS.member()));
    }
    if !HEADERS.within(was).is_null() && HEADERS.within(will).is_null() {
        let action = "attack viewers that its security headers protected";
        expose("*", action, format!("{}: removed", HEADERS.member()));
    }
    found
}
