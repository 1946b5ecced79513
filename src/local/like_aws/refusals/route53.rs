//! Route 53: which records may be beside which, and where.

use aws_sdk_route53::types::ResourceRecordSet;

use super::asked::Asked;
use super::ban::{Ban, Verdict};
use super::members::Members;
use super::state::State;

const CHANGE: &str =
    "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html";
const CNAME: &str = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html";

const fn batch(name: &'static str, source: &'static str) -> Ban {
    Ban { name, code: "InvalidChangeBatch", status: 400, source }
}

static CNAME_BESIDE: Ban =
    batch("a CNAME beside other records", "https://github.com/ansible-collections/amazon.aws/issues/2694");
static BESIDE_CNAME: Ban =
    batch("a record beside a CNAME", "https://github.com/RJPearson94/terraform-aws-open-next/issues/24");
static APEX: Ban = batch("a CNAME at the zone's own name", CNAME);
static OUTSIDE: Ban = batch(
    "a name outside the zone",
    "https://repost.aws/knowledge-center/troubleshoot-route53-resource-record",
);
static ROUTED: Ban = batch("a plain record beside routed ones, or the other way round", CHANGE);
static VALUE: Ban = batch("a value that is no IP address", CNAME);
static TWICE: Ban = batch("one record twice in a batch", CHANGE);
static TTL: Ban = Ban { name: "a record without a TTL", code: "InvalidInput", status: 400, source: CHANGE };
static REFERENCE: Ban = Ban {
    name: "a hosted zone with a used caller reference",
    code: "HostedZoneAlreadyExists",
    status: 409,
    source: "https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html",
};

/// The bans of this service.
pub(super) const BANS: &[&Ban] =
    &[&CNAME_BESIDE, &BESIDE_CNAME, &APEX, &OUTSIDE, &ROUTED, &VALUE, &TWICE, &TTL, &REFERENCE];

/// Refuses a call that Route 53 refuses.
pub(super) async fn judge(asked: &Asked, state: &State) -> Verdict {
    match asked.operation.as_str() {
        "CreateHostedZone" => {
            let reference = asked.members.text("CreateHostedZoneRequest/CallerReference").unwrap_or_default();
            let used = state.zone_references().await?.iter().any(|used| used == reference);
            REFERENCE.refuse_if(used, || {
                "A hosted zone has already been created with the specified caller reference.".into()
            })
        }
        "ChangeResourceRecordSets" => {
            let zone = asked.id.as_str();
            let Some(name) = state.zone_name(zone).await? else { return Ok(()) };
            let records = state.records(zone).await?.iter().map(RecordSetId::of).collect();
            changes(&asked.members, &lower(&name), records)
        }
        _ => Ok(()),
    }
}

/// What tells one record set from another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RecordSetId {
    /// In lower case, with its last dot.
    name: String,
    kind: String,
    identifier: Option<String>,
}

impl RecordSetId {
    fn of(set: &ResourceRecordSet) -> Self {
        Self {
            name: lower(&set.name),
            kind: set.r#type.as_str().into(),
            identifier: set.set_identifier.clone(),
        }
    }
}

fn lower(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.').to_ascii_lowercase())
}

/// Judges the changes one after the other, each after those before it.
fn changes(members: &Members, zone: &str, mut records: Vec<RecordSetId>) -> Verdict {
    let mut seen = Vec::new();
    for change in members.each("ChangeResourceRecordSetsRequest/ChangeBatch/Changes/Change") {
        let action = change.text("Action").unwrap_or_default();
        let text = |member: &str| change.text(&format!("ResourceRecordSet/{member}"));
        let record = RecordSetId {
            name: lower(text("Name").unwrap_or_default()),
            kind: text("Type").unwrap_or_default().to_owned(),
            identifier: text("SetIdentifier").map(str::to_owned),
        };
        let once = (action.to_owned(), record.clone());
        TWICE.refuse_if(seen.contains(&once), || {
            let RecordSetId { name, kind, .. } = &record;
            format!(
                "[The request contains an invalid set of changes for a resource record set '{kind} {name}']"
            )
        })?;
        seen.push(once);
        if action == "DELETE" {
            records.retain(|other| *other != record);
            continue;
        }
        placed(&record, zone)?;
        filled(&change, &record)?;
        beside(&record, zone, &records)?;
        records.retain(|other| *other != record);
        records.push(record);
    }
    Ok(())
}

fn placed(record: &RecordSetId, zone: &str) -> Verdict {
    let RecordSetId { name, kind, .. } = record;
    let within = name == zone || name.ends_with(&format!(".{zone}"));
    OUTSIDE.refuse_if(!within, || format!("[RRSet with DNS name {name} is not permitted in zone {zone}]"))?;
    APEX.refuse_if(kind == "CNAME" && name == zone, || {
        format!("[RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}]")
    })
}

/// A record has an alias, or values with a TTL.
fn filled(change: &Members, record: &RecordSetId) -> Verdict {
    let RecordSetId { name, kind, .. } = record;
    let values = change.texts("ResourceRecordSet/ResourceRecords/ResourceRecord/Value");
    let timeless = !values.is_empty() && change.text("ResourceRecordSet/TTL").is_none();
    TTL.refuse_if(timeless, || {
        "Invalid XML ; javax.xml.stream.XMLStreamException: A resource record set with values must have a TTL.".into()
    })?;
    let wrong = values.iter().find(|value| match kind.as_str() {
        "A" => value.parse::<std::net::Ipv4Addr>().is_err(),
        "AAAA" => value.parse::<std::net::Ipv6Addr>().is_err(),
        _ => false,
    });
    VALUE.refuse_if(wrong.is_some(), || {
        let value = wrong.copied().unwrap_or_default();
        format!("[Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IP address) encountered with '{value}'' at {name}]")
    })
}

fn beside(record: &RecordSetId, zone: &str, records: &[RecordSetId]) -> Verdict {
    let RecordSetId { name, kind, identifier } = record;
    let others = || records.iter().filter(|other| other.name == *name && other.kind != *kind);
    CNAME_BESIDE.refuse_if(kind == "CNAME" && others().next().is_some(), || {
        format!(
            "[RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the \
             same DNS name in zone {zone}]"
        )
    })?;
    BESIDE_CNAME.refuse_if(others().any(|other| other.kind == "CNAME"), || {
        format!(
            "[RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type CNAME \
             with the same DNS name already exists in zone {zone}]"
        )
    })?;
    let mut twins = records.iter().filter(|other| other.name == *name && other.kind == *kind);
    let mixed = twins.any(|other| other.identifier.is_some() != identifier.is_some());
    ROUTED.refuse_if(mixed, || {
        format!(
            "[RRSet with DNS name {name}, type {kind} cannot be created because a non multivalue answer rrset exists \
             with the same name and type.]"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::ban::said;
    use super::*;

    const ZONE: &str = "example.com.";

    fn change(action: &str, name: &str, kind: &str, more: &str) -> String {
        format!(
            "<Change><Action>{action}</Action><ResourceRecordSet><Name>{name}</Name><Type>{kind}</Type>{more}\
             </ResourceRecordSet></Change>"
        )
    }

    fn value(value: &str) -> String {
        format!(
            "<TTL>60</TTL><ResourceRecords><ResourceRecord><Value>{value}</Value></ResourceRecord></ResourceRecords>"
        )
    }

    fn judged(changes_text: &str, records: &[(&str, &str)]) -> String {
        let text = format!(
            "<ChangeResourceRecordSetsRequest><ChangeBatch><Changes>{changes_text}</Changes></ChangeBatch>\
             </ChangeResourceRecordSetsRequest>"
        );
        let record = |(name, kind): &(&str, &str)| RecordSetId {
            name: lower(name),
            kind: (*kind).into(),
            identifier: None,
        };
        said(changes(&Members::read(text.as_bytes()), ZONE, records.iter().map(record).collect()))
    }

    #[test]
    fn aliases_and_twins_of_other_types_pass() {
        let alias = "<AliasTarget><DNSName>d.cloudfront.net</DNSName></AliasTarget>";
        let both =
            change("CREATE", "a.example.com", "A", alias) + &change("CREATE", "a.example.com", "AAAA", alias);
        assert_eq!(judged(&both, &[("a.example.com", "TXT")]), "passed");
    }

    #[test]
    fn a_cname_is_alone() {
        let cname = change("CREATE", "A.example.com", "CNAME", &value("b.example.net"));
        insta::assert_snapshot!(judged(&cname, &[("a.example.com", "A")]), @"a CNAME beside other records: InvalidChangeBatch: [RRSet of type CNAME with DNS name a.example.com. is not permitted as it conflicts with other records with the same DNS name in zone example.com.]");
        let a = change("UPSERT", "a.example.com.", "A", &value("192.0.2.1"));
        insta::assert_snapshot!(judged(&a, &[("a.example.com.", "CNAME")]), @"a record beside a CNAME: InvalidChangeBatch: [RRSet of type A with DNS name a.example.com. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com.]");
    }

    #[test]
    fn one_batch_may_replace_a_cname() {
        let cname = change("DELETE", "a.example.com", "CNAME", &value("b.example.net"));
        let a = change("CREATE", "a.example.com", "A", &value("192.0.2.1"));
        assert_eq!(judged(&(cname.clone() + &a), &[("a.example.com", "CNAME")]), "passed");
        assert!(judged(&(a + &cname), &[("a.example.com", "CNAME")]).starts_with("a record beside a CNAME"));
    }

    #[test]
    fn names_and_values_fit_the_zone_and_the_type() {
        let rule = |changes: &str| judged(changes, &[]).split(": ").next().unwrap().to_owned();
        assert_eq!(
            rule(&change("CREATE", "a.example.org", "A", &value("192.0.2.1"))),
            "a name outside the zone"
        );
        assert_eq!(
            rule(&change("CREATE", "aexample.com", "A", &value("192.0.2.1"))),
            "a name outside the zone"
        );
        assert_eq!(rule(&change("CREATE", ZONE, "CNAME", &value("b.c"))), "a CNAME at the zone's own name");
        assert_eq!(rule(&change("CREATE", ZONE, "A", &value("x"))), "a value that is no IP address");
        assert_eq!(
            rule(&change("CREATE", ZONE, "AAAA", &value("192.0.2.1"))),
            "a value that is no IP address"
        );
        let timeless =
            "<ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords>";
        assert_eq!(rule(&change("CREATE", ZONE, "A", timeless)), "a record without a TTL");
        let twice = change("UPSERT", ZONE, "A", &value("192.0.2.1")).repeat(2);
        assert_eq!(rule(&twice), "one record twice in a batch");
    }

    #[test]
    fn routed_records_have_no_plain_twin() {
        let weighted = change(
            "CREATE",
            "a.example.com",
            "A",
            &format!("<SetIdentifier>x</SetIdentifier>{}", value("192.0.2.1")),
        );
        assert_eq!(judged(&weighted, &[]), "passed");
        assert!(
            judged(&weighted, &[("a.example.com", "A")]).starts_with("a plain record beside routed ones")
        );
    }
}
