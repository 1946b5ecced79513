//! The service's own name: its certificate, and the records that point to the distribution.
//!
//! The hosted zone that holds the name belongs to the account and is not declared. Commands look it up and pass it in,
//! so that declaring stays pure. This module decides whether the name can be used, before anything is planned.

use std::collections::BTreeSet;
use std::fmt;

use miette::Diagnostic;

use super::config::{self, StackFile};
use super::{Declarations, Handle};
use crate::graph::Graph;
use crate::model::{Address, Ownership, Scope, StringExpr};
use crate::resource::Resource as _;
use crate::resource::acm::{self, Certificate, Issued};
use crate::resource::cloudfront::{Distribution, Holder};
use crate::resource::route53::{AliasTarget, HostedZone, RecordSet, answering};

const CERTIFICATE: &str = "delivery/certificate";
const ALIASES: [(&str, &str); 2] = [("delivery/alias-a", "A"), ("delivery/alias-aaaa", "AAAA")];

/// The hosted zone that holds the service's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its id.
    pub id: String,
}

/// The facts in the account that decide whether a name can be used.
#[derive(Clone, Debug, Default)]
pub struct DomainFacts {
    /// All zones that could hold the name.
    pub zones: Vec<HostedZone>,
    /// The distribution that has the name as an alias.
    pub holder: Option<Holder>,
}

/// Why a stack cannot have its name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// There is no public zone with that name.
    #[error("account {account} has no public hosted zone {zone} for {name}{}", if *.private { ", only a private one" } else { "" })]
    NoZone {
        /// The account.
        account: String,
        /// The zone as declared.
        zone: String,
        /// The name.
        name: String,
        /// True if a private zone with that name exists.
        private: bool,
        /// The local cloud's address, if the stack is for a local cloud.
        local: Option<String>,
    },
    /// Another zone answers for the name.
    #[error("{name} is not in the hosted zone {zone}: {longer} is a public zone of its own in this account")]
    Shadowed {
        /// The name.
        name: String,
        /// The zone as declared.
        zone: String,
        /// The zone that answers instead.
        longer: String,
    },
    /// Several public zones have that name.
    #[error("account {account} has {} public hosted zones {zone} ({}), and only one can be delegated to", .ids.len(), .ids.join(", "))]
    Ambiguous {
        /// The account.
        account: String,
        /// The zone as declared.
        zone: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// The certificate does not exist.
    #[error("there is no certificate {arn}")]
    NoCertificate {
        /// Its ARN.
        arn: String,
    },
    /// The certificate is not valid.
    #[error("the certificate of {name} {why}")]
    Invalid {
        /// The name.
        name: String,
        /// Why.
        why: String,
    },
    /// The certificate is for other names.
    #[error("the certificate does not cover {name}, only {}", .names.join(", "))]
    OtherNames {
        /// The name.
        name: String,
        /// What it covers.
        names: Vec<String>,
    },
    /// Another distribution has the name.
    #[error("{name} is an alias of distribution {id}, which {owner}")]
    Held {
        /// The name.
        name: String,
        /// The distribution.
        id: String,
        /// The stack or person that it belongs to.
        owner: String,
    },
}

impl Unusable {
    /// The key of `domain` that the error is about, and the label to show at its value.
    pub fn place(&self) -> (&'static str, &'static str) {
        match self {
            Self::NoZone { .. } => ("zone", "not in this account"),
            Self::Shadowed { .. } => ("zone", "not the zone that answers for the name"),
            Self::Ambiguous { .. } => ("zone", "several zones"),
            Self::NoCertificate { .. } => ("certificate", "not in this account"),
            Self::Invalid { .. } => ("certificate", "viewers would refuse it"),
            Self::OtherNames { .. } => ("certificate", "for other names"),
            Self::Held { .. } => ("name", "taken"),
        }
    }
}

impl Diagnostic for Unusable {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(match self {
            Self::NoZone { zone, local: Some(_), .. } => format!(
                "create it: eval \"$(provision local env)\"; aws route53 create-hosted-zone --name {zone} \
                 --caller-reference 1"
            ),
            Self::NoZone { zone, .. } => format!(
                "create it (`aws route53 create-hosted-zone --name {zone} --caller-reference 1`) and delegate the name to \
                 it; if another account holds {zone}, set `domain.zone_role` to a role there; if it is not in Route 53, \
                 remove `domain.zone`, set `domain.certificate`, and `provision outputs` prints the records to set"
            ),
            Self::Shadowed { longer, .. } => {
                format!(
                    "write `zone: {longer}` under `domain`, or delete that zone if nothing is delegated to it"
                )
            }
            Self::Ambiguous { zone, .. } => {
                format!("keep the one that {zone} is delegated to (compare name servers with `dig NS {zone}`), and delete the others")
            }
            Self::NoCertificate { .. } => {
                "list them with `aws acm list-certificates --region us-east-1`, or remove `domain.certificate`: then \
                 one is created and renewed"
                    .to_owned()
            }
            Self::Invalid { .. } => "use one that ACM has issued and that has not expired, or remove \
                                     `domain.certificate`: then one is created and renewed"
                .to_owned(),
            Self::OtherNames { name, .. } => {
                format!("use one for {name}, or remove `domain.certificate`: then one is created and renewed")
            }
            Self::Held { .. } => {
                "give this stack another `domain.name`, or move the name here without a gap: `provision apply STACK --move-name`; \
                 with `plan --move-name`, see before what that does"
                    .to_owned()
            }
        }))
    }
}

/// The zone for a domain, if the stack can have that name in this account. None if the name is kept elsewhere. `local` is
/// the local cloud's address, if the stack is for a local cloud.
///
/// # Errors
/// The reason why it cannot.
pub fn zone(
    domain: &config::Domain,
    scope: &Scope,
    facts: &DomainFacts,
    local: Option<&str>,
) -> Result<Option<Zone>, Unusable> {
    let zone = match &domain.zone {
        Some(declared) => Some(public_zone(domain, declared, scope, facts, local)?),
        None => None,
    };
    let holder = facts.holder.as_ref().filter(|_| domain.alias);
    match holder.and_then(|holder| held(&domain.name, holder, &scope.stack)) {
        Some(held) => Err(held),
        None => Ok(zone),
    }
}

/// Who has the name, if it is not the stack.
#[must_use]
pub fn held(name: &str, holder: &Holder, stack: &str) -> Option<Unusable> {
    let owner = foreign(&holder.ownership, stack)?;
    Some(Unusable::Held { name: name.to_owned(), id: holder.id.clone(), owner })
}

fn public_zone(
    domain: &config::Domain,
    declared: &String,
    scope: &Scope,
    facts: &DomainFacts,
    local: Option<&str>,
) -> Result<Zone, Unusable> {
    let name = &domain.name;
    let account = domain.zone_account().unwrap_or(&scope.account).to_owned();
    let answering = answering(&facts.zones);
    match answering.as_slice() {
        [zone] if zone.name == *declared => Ok(Zone { id: zone.id.clone() }),
        [zone, ..] if zone.name.len() > declared.len() => {
            let (name, zone, longer) = (name.clone(), declared.clone(), zone.name.clone());
            Err(Unusable::Shadowed { name, zone, longer })
        }
        twins @ [zone, ..] if zone.name == *declared => {
            let ids = twins.iter().map(|zone| zone.id.clone()).collect();
            Err(Unusable::Ambiguous { account, zone: declared.clone(), ids })
        }
        _ => Err(Unusable::NoZone {
            account,
            zone: declared.clone(),
            name: name.clone(),
            private: facts.zones.iter().any(|zone| zone.private && zone.name == *declared),
            local: local.map(str::to_owned),
        }),
    }
}

/// Checks whether viewers will accept the certificate at `arn` for the name. `found` is ACM's description of it, `now`
/// the time in seconds since 1970.
///
/// # Errors
/// The reason why they will not.
pub fn certified(name: &str, arn: &str, found: Option<&Issued>, now: i64) -> Result<(), Unusable> {
    let Some(found) = found else { return Err(Unusable::NoCertificate { arn: arn.to_owned() }) };
    let invalid = |why: String| Err(Unusable::Invalid { name: name.to_owned(), why });
    match found.not_after {
        Some(end) if end <= now => return invalid(format!("expired {} days ago", (now - end) / 86_400)),
        _ if found.status == "EXPIRED" => return invalid("has expired".to_owned()),
        _ if found.status != "ISSUED" => return invalid(format!("is not issued: ACM says {}", found.status)),
        _ => {}
    }
    if found.covers(name) {
        return Ok(());
    }
    Err(Unusable::OtherNames { name: name.to_owned(), names: found.names.clone() })
}

fn foreign(ownership: &Ownership, stack: &str) -> Option<String> {
    match ownership {
        owner if owner.is_of(stack) => None,
        Ownership::Marked(mark) => Some(format!("belongs to stack {}", mark.stack)),
        _ => Some("was not made by this stack".to_owned()),
    }
}

/// The distribution's own name, with the resources it needs.
#[derive(Debug)]
pub struct DomainResources {
    /// The name.
    pub name: String,
    /// The zone that holds it. None if it is kept elsewhere.
    pub zone: Option<Zone>,
    /// The ARN of its certificate.
    pub certificate: StringExpr,
    /// Whether the distribution takes the name.
    pub alias: bool,
}

/// Declares the certificate of the service's name, if there is a name and the stack file gives no certificate.
pub fn declare(stack: &mut Declarations, file: &StackFile, zone: Option<&Zone>) -> Option<DomainResources> {
    let domain = file.domain.as_ref()?;
    // A zone that is gone takes the domain with it.
    let zone = match &domain.zone {
        Some(_) => Some(zone?.clone()),
        None => None,
    };
    let name = domain.name.clone();
    let certificate = match (&domain.certificate, &zone) {
        (Some(arn), _) => arn.as_str().into(),
        (None, None) => return None,
        (None, Some(zone)) => {
            let certificate = Certificate::proved_in(&zone.id, &name, stack.tags(CERTIFICATE));
            stack.declare_in(acm::REGION, CERTIFICATE, &certificate).arn()
        }
    };
    Some(DomainResources { name, zone, certificate, alias: domain.alias })
}

/// Declares the records that point from the name to the distribution, for its IPv4 and IPv6 addresses. None while another
/// distribution has the name, or if the name is kept elsewhere.
pub fn aliases(stack: &mut Declarations, domain: &DomainResources, distribution: &Handle<Distribution>) {
    let Some(zone) = domain.zone.as_ref().filter(|_| domain.alias) else { return };
    for (address, kind) in ALIASES {
        let records = RecordSet {
            hosted_zone_id: zone.id.clone(),
            name: domain.name.clone(),
            r#type: kind.to_owned(),
            alias_target: Some(AliasTarget::distribution(distribution.output("DomainName"))),
            ttl: None,
            resource_records: BTreeSet::new(),
            set_identifier: None,
        };
        stack.declare(address, &records);
    }
}

/// The DNS records that are declared in a hosted zone other than this one.
#[must_use]
pub fn records_elsewhere(graph: &Graph, zone: &Zone) -> Vec<Address> {
    let records = graph.in_order().filter(|declaration| declaration.kind == RecordSet::KIND);
    let elsewhere = records.filter(|record| record.properties["HostedZoneId"].as_str() != Some(&zone.id));
    elsewhere.map(|record| record.address.clone()).collect()
}

#[cfg(test)]
mod tests;
