//! A distribution's configuration: what it names, its names, its certificate.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types::DistributionSummary;

use super::super::asked::Asked;
use super::super::ban::{Ban, Objection, Verdict};
use super::super::members::Members;
use super::super::state::State;

const fn ban(name: &'static str, code: &'static str, status: u16, source: &'static str) -> Ban {
    Ban { name, code, status, source }
}

const CREATE: &str = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html";
const UPDATE: &str = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html";
const NAMES: &str = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html";

static NO_ACCESS_CONTROL: Ban =
    ban("a distribution with an unknown origin access control", "InvalidOriginAccessControl", 400, CREATE);
static NO_CACHE_POLICY: Ban =
    ban("a distribution with an unknown cache policy", "NoSuchCachePolicy", 404, CREATE);
static NO_HEADERS_POLICY: Ban =
    ban("a distribution with an unknown response headers policy", "NoSuchResponseHeadersPolicy", 404, CREATE);
static NO_REQUEST_POLICY: Ban =
    ban("a distribution with an unknown origin request policy", "NoSuchOriginRequestPolicy", 404, CREATE);
static NO_KEY_GROUP: Ban =
    ban("a distribution with an unknown key group", "TrustedKeyGroupDoesNotExist", 400, CREATE);
static NO_ORIGIN: Ban = ban("a behaviour with an unknown origin", "NoSuchOrigin", 404, CREATE);
static NO_CERTIFICATE: Ban = ban(
    "a certificate that is unknown, not issued, or not in us-east-1",
    "InvalidViewerCertificate",
    400,
    "https://github.com/milliHQ/terraform-aws-next-js/issues/61",
);
static ALIAS_WITHOUT_CERTIFICATE: Ban =
    ban("an alias without a certificate", "InvalidViewerCertificate", 400, NAMES);
static ALIAS_UNCOVERED: Ban =
    ban("an alias that the certificate does not cover", "InvalidViewerCertificate", 400, NAMES);
static ALIAS_TAKEN: Ban = ban("an alias of another distribution", "CNAMEAlreadyExists", 409, CREATE);
static MOVED_UNCOVERED: Ban = ban(
    "a name that moves to a distribution without a certificate for it",
    "InvalidArgument",
    400,
    "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDomainAssociation.html",
);
static REFERENCE_USED: Ban =
    ban("a used caller reference with another configuration", "DistributionAlreadyExists", 409, CREATE);
static REFERENCE_CHANGED: Ban = ban("a changed caller reference", "IllegalUpdate", 400, UPDATE);
static ROOT_OBJECT: Ban = ban(
    "a default root object that begins with a slash",
    "InvalidDefaultRootObject",
    400,
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DefaultRootObject.html",
);
static COMMENT: Ban = ban(
    "a comment of more than 128 characters",
    "InvalidArgument",
    400,
    "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html",
);

/// The bans of this file.
pub(super) const BANS: &[&Ban] = &[
    &NO_ACCESS_CONTROL,
    &NO_CACHE_POLICY,
    &NO_HEADERS_POLICY,
    &NO_REQUEST_POLICY,
    &NO_KEY_GROUP,
    &NO_ORIGIN,
    &NO_CERTIFICATE,
    &ALIAS_WITHOUT_CERTIFICATE,
    &ALIAS_UNCOVERED,
    &ALIAS_TAKEN,
    &MOVED_UNCOVERED,
    &REFERENCE_USED,
    &REFERENCE_CHANGED,
    &ROOT_OBJECT,
    &COMMENT,
];

/// A part of a distribution that is a resource of its own: its member, and the refusal of an unknown one.
const PARTS: &[(&str, &Ban, &str)] = &[
    ("OriginAccessControlId", &NO_ACCESS_CONTROL, "The origin access control is not valid or doesn't exist."),
    ("CachePolicyId", &NO_CACHE_POLICY, "The specified cache policy does not exist."),
    ("ResponseHeadersPolicyId", &NO_HEADERS_POLICY, "The specified response headers policy does not exist."),
    ("OriginRequestPolicyId", &NO_REQUEST_POLICY, "The specified origin request policy does not exist."),
    ("KeyGroup", &NO_KEY_GROUP, "The specified key group does not exist."),
];

/// Judges `CreateDistribution`.
pub(super) async fn created(asked: &Asked, state: &State) -> Verdict {
    let config = config(&asked.members);
    let all = state.distributions().await?;
    let reference = config.text("CallerReference").unwrap_or_default();
    for existing in &all {
        let theirs = state.caller_reference(&existing.id).await?;
        let other = theirs.as_deref() == Some(reference) && differs(existing, &config);
        REFERENCE_USED.refuse_if(other, || already(existing))?;
    }
    judged(&config, "", &all, state).await
}

/// Judges `UpdateDistribution`.
pub(super) async fn updated(asked: &Asked, state: &State) -> Verdict {
    let config = config(&asked.members);
    let id = asked.id.as_str();
    let Some(reference) = state.caller_reference(id).await? else { return Ok(()) };
    let changed = config.text("CallerReference") != Some(reference.as_str());
    REFERENCE_CHANGED
        .refuse_if(changed, || "The update contains modifications that are not allowed.".into())?;
    judged(&config, id, &state.distributions().await?, state).await
}

/// Judges `UpdateDomainAssociation`. The emulator knows the other refusals itself.
pub(super) async fn moved(asked: &Asked, state: &State) -> Verdict {
    let (name, target) = moving(&asked.members);
    let all = state.distributions().await?;
    let Some(target) = all.iter().find(|one| one.id == target) else { return Ok(()) };
    let certificate = target.viewer_certificate.as_ref().and_then(|found| found.acm_certificate_arn.as_ref());
    let names = match certificate {
        Some(arn) => state.certificate_names(arn).await?,
        None => None,
    };
    let is_covered = names.iter().flatten().any(|covering| covers(covering, &name));
    MOVED_UNCOVERED.refuse_if(!is_covered, || {
        "The target distribution doesn't have a certificate that covers the domain.".into()
    })
}

/// The name that moves, and the distribution that it moves to.
fn moving(members: &Members) -> (String, String) {
    let text = |path: &str| {
        members.text(&format!("UpdateDomainAssociationRequest/{path}")).unwrap_or_default().to_owned()
    };
    (text("Domain"), text("TargetResource/DistributionId"))
}

async fn judged(config: &Members, id: &str, all: &[DistributionSummary], state: &State) -> Verdict {
    plain(config)?;
    origins(config)?;
    for (member, ban, message) in PARTS {
        for part in parts(config, member) {
            ban.refuse_if(!state.has_cloudfront_part(member, &part).await?, || (*message).into())?;
        }
    }
    let names = match config.text(CERTIFICATE) {
        Some(arn) => state.certificate_names(arn).await?,
        None => None,
    };
    covered(config, names.as_deref())?;
    taken(config, id, all)
}

/// The configuration, with tags or without.
fn config(members: &Members) -> Members {
    let with_tags = members.each("DistributionConfigWithTags/DistributionConfig");
    with_tags.into_iter().chain(members.each("DistributionConfig")).next().unwrap_or_default()
}

fn already(existing: &DistributionSummary) -> String {
    format!(
        "The caller reference that you are using to create a distribution is associated with another distribution. \
         Already exists: {}",
        existing.id
    )
}

/// A repeated call answers with the distribution that is there. Another configuration is another distribution.
fn differs(existing: &DistributionSummary, config: &Members) -> bool {
    let aliases: BTreeSet<&str> = config.texts("Aliases/Items/CNAME").into_iter().collect();
    let theirs = existing.aliases.as_ref().and_then(|aliases| aliases.items.as_ref());
    let theirs: BTreeSet<&str> = theirs.into_iter().flatten().map(String::as_str).collect();
    aliases != theirs
        || config.text("Comment").unwrap_or_default() != existing.comment
        || (config.text("Enabled") == Some("true")) != existing.enabled
}

fn plain(config: &Members) -> Verdict {
    let root = config.text("DefaultRootObject").unwrap_or_default();
    let slash = "The default root object file name is too big or contains an invalid character.";
    ROOT_OBJECT.refuse_if(root.starts_with('/'), || slash.into())?;
    let long = config.text("Comment").unwrap_or_default().chars().count() > 128;
    COMMENT
        .refuse_if(long, || "The parameter Comment is too long. The maximum length is 128 characters.".into())
}

/// Every behaviour's target is an origin, or a group of origins.
fn origins(config: &Members) -> Verdict {
    let ids = ["Origins/Items/Origin/Id", "OriginGroups/Items/OriginGroup/Id"]
        .map(|path| config.texts(path))
        .concat();
    let targets = behaviours(config, "TargetOriginId");
    let unknown = targets.iter().any(|target| !ids.contains(&target.as_str()));
    NO_ORIGIN.refuse_if(unknown, || "One or more of your origins or origin groups do not exist.".into())
}

/// A member of all behaviours.
fn behaviours(config: &Members, member: &str) -> BTreeSet<String> {
    let paths =
        [format!("DefaultCacheBehavior/{member}"), format!("CacheBehaviors/Items/CacheBehavior/{member}")];
    paths.iter().flat_map(|path| config.texts(path)).map(str::to_owned).collect()
}

/// The resources that a configuration names in this member.
fn parts(config: &Members, member: &str) -> BTreeSet<String> {
    match member {
        "OriginAccessControlId" => config
            .texts("Origins/Items/Origin/OriginAccessControlId")
            .into_iter()
            .map(str::to_owned)
            .collect(),
        "KeyGroup" => behaviours(config, "TrustedKeyGroups/Items/KeyGroup"),
        member => behaviours(config, member),
    }
}

/// The certificate that a configuration names.
const CERTIFICATE: &str = "ViewerCertificate/ACMCertificateArn";

/// Each alias needs a certificate for its name. `names` is what the named certificate is for, if there is such a one.
fn covered(config: &Members, names: Option<&[String]>) -> Verdict {
    let aliases = config.texts("Aliases/Items/CNAME");
    if config.text(CERTIFICATE).is_none() {
        let imported = config.text("ViewerCertificate/IAMCertificateId").is_some();
        return if aliases.is_empty() || imported { Ok(()) } else { Err(without_certificate()) };
    }
    let Some(names) = names else {
        return Err(NO_CERTIFICATE.refuse(
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include \
             a valid certificate chain.",
        ));
    };
    let uncovered = aliases.into_iter().any(|alias| !names.iter().any(|name| covers(name, alias)));
    ALIAS_UNCOVERED.refuse_if(uncovered, || {
        "The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) that \
         you're trying to add. For more details, see: https://docs.aws.amazon.com/AmazonCloudFront/latest/\
         DeveloperGuide/CNAMEs.html#alternate-domain-names-requirements"
            .into()
    })
}

fn without_certificate() -> Objection {
    ALIAS_WITHOUT_CERTIFICATE.refuse(
        "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate \
         that validates your authorization to use the domain name. For more details, see: \
         https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html\
         #alternate-domain-names-requirements",
    )
}

/// Whether a certificate's name covers an alias. A star stands for one label.
fn covers(name: &str, alias: &str) -> bool {
    let (name, alias) = (name.to_ascii_lowercase(), alias.to_ascii_lowercase());
    match name.strip_prefix("*.") {
        Some(parent) => alias.split_once('.').is_some_and(|(_, rest)| rest == parent),
        None => name == alias,
    }
}

fn taken(config: &Members, id: &str, all: &[DistributionSummary]) -> Verdict {
    let aliases = config.texts("Aliases/Items/CNAME");
    let theirs = all.iter().filter(|other| other.id != id);
    let theirs = theirs.filter_map(|other| other.aliases.as_ref()?.items.as_ref()).flatten();
    let mut theirs = theirs.filter(|name| aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name)));
    let message = "One or more of the CNAMEs you provided are already associated with a different resource.";
    ALIAS_TAKEN.refuse_if(theirs.next().is_some(), || message.into())
}

#[cfg(test)]
mod tests;
