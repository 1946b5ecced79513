//! `AWS::Route53::RecordSet`: the records of one name and type in a zone.
//!
//! Follows the Route 53 API reference, `ChangeResourceRecordSets`. Records cannot be tagged. Ownership follows the alias
//! target: an alias of our distribution is ours, every other record is not. If the distribution was deleted by hand, the
//! record of the last apply decides: an alias that still leads where that apply made it lead is ours.

use std::collections::BTreeSet;

use aws_sdk_route53::types as sdk;
use serde::{Deserialize, Serialize};

use super::FIND_ZONE;
use super::change::{CHANGE, FOLLOW, READ, change, change_together, named, read, standing};
use super::own_records::own_records;
use crate::aws::{Context, Error, Result};
use crate::model::{
    ANYTHING, Allow, Changes, Kind, Live, Mark, Outputs, Ownership, Permissions, Scope, StringExpr,
};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, acm, cloudfront};

/// Route 53 refuses to create records that exist, and to delete records that do not.
const CONTRADICTED: &[&str] = &["InvalidChangeBatch"];

/// The records of one name and type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RecordSet {
    /// The zone they are in.
    pub hosted_zone_id: String,
    /// Their name, without a dot at the end.
    pub name: String,
    /// Their type, such as `AAAA`.
    pub r#type: String,
    /// The AWS resource that an alias points to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias_target: Option<AliasTarget>,
    /// How long resolvers keep them, in seconds, as text. Absent with an alias, which has the time of its target.
    #[serde(rename = "TTL", default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
    /// Their values. Empty with an alias.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub resource_records: BTreeSet<String>,
    /// Which of several record sets of the name and type this is. Each one of a routing policy has an identifier, such as
    /// the weighted ones, and no other has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_identifier: Option<String>,
}

/// The AWS resource that an alias points to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AliasTarget {
    /// Its domain name.
    #[serde(rename = "DNSName")]
    pub dns_name: StringExpr,
    /// The zone of its service.
    pub hosted_zone_id: String,
    /// Whether the records disappear while it is unhealthy. CloudFront does not support that.
    pub evaluate_target_health: bool,
}

impl AliasTarget {
    /// A distribution, by its domain name.
    #[must_use]
    pub fn distribution(domain_name: StringExpr) -> Self {
        Self {
            dns_name: domain_name,
            hosted_zone_id: cloudfront::HOSTED_ZONE.to_owned(),
            evaluate_target_health: false,
        }
    }

    fn read(live: &sdk::AliasTarget) -> Self {
        Self {
            dns_name: named(&live.dns_name).into(),
            hosted_zone_id: live.hosted_zone_id.clone(),
            evaluate_target_health: live.evaluate_target_health,
        }
    }
}

impl RecordSet {
    pub(super) fn id_of(zone: &str, name: &str, kind: &str) -> String {
        format!("{zone}/{name}/{kind}")
    }

    fn read(zone: &str, live: &sdk::ResourceRecordSet) -> Self {
        Self {
            hosted_zone_id: zone.to_owned(),
            name: named(&live.name),
            r#type: live.r#type.as_str().to_owned(),
            alias_target: live.alias_target.as_ref().map(AliasTarget::read),
            ttl: live.ttl.map(|seconds| seconds.to_string()),
            resource_records: live.resource_records.iter().flatten().map(|one| one.value.clone()).collect(),
            set_identifier: live.set_identifier.clone(),
        }
    }

    fn build(&self) -> Result<sdk::ResourceRecordSet> {
        let incomplete = |error: aws_smithy_types::error::operation::BuildError| {
            Error::unexpected("route53:ChangeResourceRecordSets", error.to_string())
        };
        // The zone is a parameter of the call.
        let Self { hosted_zone_id: _, name, r#type, alias_target, ttl, resource_records, set_identifier } =
            self;
        let target = alias_target.as_ref().map(|target| {
            let AliasTarget { dns_name, hosted_zone_id, evaluate_target_health } = target;
            sdk::AliasTarget::builder()
                .hosted_zone_id(hosted_zone_id)
                .dns_name(dns_name.text())
                .evaluate_target_health(*evaluate_target_health)
                .build()
        });
        let seconds = |text: &String| {
            let says =
                |_| Error::unexpected("provision", format!("the TTL {text} of {name} is not a number"));
            text.parse().map_err(says)
        };
        let records = resource_records.iter();
        let records = records.map(|value| sdk::ResourceRecord::builder().value(value).build());
        let records = records.collect::<std::result::Result<Vec<_>, _>>().map_err(incomplete)?;
        sdk::ResourceRecordSet::builder()
            .name(name)
            .r#type(r#type.as_str().into())
            .set_alias_target(target.transpose().map_err(incomplete)?)
            .set_ttl(ttl.as_ref().map(seconds).transpose()?)
            .set_resource_records((!records.is_empty()).then_some(records))
            .set_set_identifier(set_identifier.clone())
            .build()
            .map_err(incomplete)
    }

    /// The domain name of the distribution that they lead to, if they do.
    fn distribution(&self) -> Option<String> {
        let target = self.alias_target.as_ref()?;
        (target.hosted_zone_id == cloudfront::HOSTED_ZONE).then(|| target.dns_name.text())
    }
}

/// Deletes the name's records of another type, a CNAME, and creates these in the same moment. False if the others are gone:
/// the records of the name's other addresses took their place.
async fn replace(cx: &Context, zone: &str, other: &str, desired: &RecordSet) -> Result<bool> {
    let Some(live) = read(cx, zone, &desired.name, other).await? else { return Ok(false) };
    let changes = [(sdk::ChangeAction::Delete, live), (sdk::ChangeAction::Create, desired.build()?)];
    match change_together(cx, zone, changes).await {
        Err(error) if error.is(CONTRADICTED) && read(cx, zone, &desired.name, other).await?.is_none() => {
            Ok(false)
        }
        outcome => outcome.map(|()| true),
    }
}

/// Refuses to change records of a routing policy. Whoever made it sends viewers elsewhere by it, and Route 53 takes no plain
/// record next to them.
fn refuse_routed(call: &'static str, live: &RecordSet) -> Result<()> {
    let Some(set) = &live.set_identifier else { return Ok(()) };
    let RecordSet { name, r#type, hosted_zone_id, .. } = live;
    let message = format!(
        "the {type} records of {name} in zone {hosted_zone_id} have a routing policy (set {set}), which provision never \
         removes: delete them yourself, then run the command again"
    );
    Err(Error::unexpected(call, message))
}

/// Zone, name and type from an id.
fn parts(id: &str) -> Option<(&str, &str, &str)> {
    let (zone, rest) = id.split_once('/')?;
    let (name, kind) = rest.rsplit_once('/')?;
    Some((zone, name, kind))
}

/// The domain name of the distribution that an unowned record leads to, if the last apply made it lead there.
fn leads_as_applied(seen: &Observed<RecordSet>, applied: &RecordSet) -> Option<String> {
    let unowned = seen.ownership == Ownership::Unmarked && seen.properties.set_identifier.is_none();
    let same = seen.properties.alias_target == applied.alias_target;
    seen.properties.distribution().filter(|_| unowned && same)
}

/// Who owns records that lead to a distribution: the owner of that distribution.
fn ownership(distribution: Option<Ownership>, stack: &str) -> Ownership {
    match distribution {
        Some(owner) if owner.is_of(stack) => Ownership::Inherited,
        Some(Ownership::Marked(other)) => Ownership::Marked(other),
        _ => Ownership::Unmarked,
    }
}

impl Resource for RecordSet {
    const KIND: Kind = Kind::new("AWS::Route53::RecordSet");
    const CREATE_ONLY: &'static [&'static str] = &["HostedZoneId"];
    const SHOWS_OWNER: bool = false;
    /// Edges that do not know a distribution or its alias yet answer 403.
    const STARTS_SETTLED: bool = true;
    const PERMISSIONS: Permissions = Permissions {
        observe: &[
            READ,
            Allow::new(&["cloudfront:ListDistributions"], ANYTHING),
            Allow::new(&["cloudfront:ListTagsForResource"], cloudfront::DISTRIBUTIONS),
        ],
        create: &[CHANGE, FOLLOW],
        update: &[CHANGE, FOLLOW],
        delete: &[CHANGE, FOLLOW],
        empty: &[],
        list: &[
            READ,
            FIND_ZONE,
            Allow::new(&["cloudfront:ListDistributions"], ANYTHING),
            Allow::new(&["cloudfront:ListTagsForResource"], cloudfront::DISTRIBUTIONS),
        ],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(Self::id_of(&self.hosted_zone_id, &self.name, &self.r#type))
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let Some((zone, name, kind)) = parts(id) else { return Ok(None) };
        let (live, distributions) =
            tokio::try_join!(standing(cx, zone, name, kind), cloudfront::distributions(cx))?;
        let Some(live) = live else { return Ok(None) };
        let properties = Self::read(zone, &live);
        let owner = match properties.distribution() {
            // Somebody made several for the name, and decides which of its viewers each one gets.
            _ if properties.set_identifier.is_some() => None,
            Some(domain_name) => cloudfront::owner_of(cx, &distributions, &domain_name).await?,
            None => None,
        };
        let ownership = ownership(owner, &cx.scope.stack);
        Ok(Some(Observed::new(id, properties, Outputs::new(), ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let (zone, name, kind) = (&desired.hosted_zone_id, &desired.name, &desired.r#type);
        let created = Created::new(Self::id_of(zone, name, kind), Outputs::new());
        // Not UPSERT, which would overwrite a record that was created by hand since the plan was shown.
        match change(cx, zone, sdk::ChangeAction::Create, desired.build()?).await {
            Err(error) if error.is(CONTRADICTED) => {
                let live = read(cx, zone, name, kind).await?.map(|live| Self::read(zone, &live));
                if live.as_ref() == Some(&**desired) { Ok(created) } else { Err(error) }
            }
            outcome => outcome.map(|()| created),
        }
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        let zone = &seen.properties.hosted_zone_id;
        let instead = &seen.properties.r#type;
        refuse_routed("route53:ChangeResourceRecordSets", &seen.properties)?;
        if *instead != desired.r#type && replace(cx, zone, instead, desired).await? {
            return Ok(());
        }
        change(cx, zone, sdk::ChangeAction::Upsert, desired.build()?).await
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let Some((zone, name, kind)) = parts(id) else { return Ok(()) };
        // Route 53 deletes only what is described exactly as it is.
        let Some(live) = read(cx, zone, name, kind).await? else { return Ok(()) };
        refuse_routed("route53:ChangeResourceRecordSets", &Self::read(zone, &live))?;
        match change(cx, zone, sdk::ChangeAction::Delete, live).await {
            Err(error) if error.is(CONTRADICTED) && read(cx, zone, name, kind).await?.is_none() => Ok(()),
            outcome => outcome,
        }
    }

    async fn recover_ownership(cx: &Context, seen: &Observed<Self>, applied: &Self) -> Result<bool> {
        let Some(domain_name) = leads_as_applied(seen, applied) else { return Ok(false) };
        Ok(!cloudfront::is_there(cx, &domain_name).await?)
    }

    /// A certificate of the stack for their name shows that the name was the stack's.
    fn is_vouched_for(seen: &Self, marked: &[(Kind, Live)]) -> bool {
        let mut certificates = marked.iter().filter(|(kind, _)| *kind == acm::Certificate::KIND);
        certificates.any(|(_, live)| live.properties["DomainName"] == *seen.name)
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        own_records(cx).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alias() -> RecordSet {
        RecordSet {
            hosted_zone_id: "Z1".into(),
            name: "video.example.com".into(),
            r#type: "AAAA".into(),
            alias_target: Some(AliasTarget::distribution("d111111abcdef8.cloudfront.net".into())),
            ttl: None,
            resource_records: BTreeSet::new(),
            set_identifier: None,
        }
    }

    #[test]
    fn it_survives_the_way_to_the_sdk_and_back() {
        let plain = RecordSet {
            r#type: "TXT".into(),
            alias_target: None,
            ttl: Some("300".into()),
            resource_records: BTreeSet::from(["\"a\"".to_owned(), "\"b\"".to_owned()]),
            ..alias()
        };
        let weighted = RecordSet { set_identifier: Some("blue".into()), ..alias() };
        for records in [alias(), plain, weighted] {
            assert_eq!(RecordSet::read("Z1", &records.build().unwrap()), records);
            let json = serde_json::to_value(&records).unwrap();
            assert_eq!(serde_json::from_value::<RecordSet>(json).unwrap(), records);
        }
    }

    #[test]
    fn what_route_53_adds_is_no_difference() {
        let mut live = alias().build().unwrap();
        live.name = "video.example.com.".into();
        let target = live.alias_target.as_mut().unwrap();
        target.dns_name = "d111111abcdef8.cloudfront.net.".into();
        assert_eq!(RecordSet::read("Z1", &live), alias());
    }

    #[test]
    fn zone_name_and_type_are_the_id() {
        let scope = Scope { stack: "vod".into(), account: "1".into(), region: "eu-west-1".into() };
        let id = alias().id(&scope).unwrap();
        assert_eq!(parts(&id), Some(("Z1", "video.example.com", "AAAA")));
    }

    #[test]
    fn records_are_as_owned_as_the_distribution_they_lead_to() {
        let mark = |stack: &str| Mark { stack: stack.into(), address: "delivery/distribution".into() };
        let of = |owner| ownership(owner, "vod");
        assert_eq!(of(Some(Ownership::Marked(mark("vod")))), Ownership::Inherited);
        assert_eq!(of(Some(Ownership::Marked(mark("other")))), Ownership::Marked(mark("other")));
        assert_eq!(of(Some(Ownership::Unmarked)), Ownership::Unmarked);
        assert_eq!(of(None), Ownership::Unmarked);
    }

    #[test]
    fn only_an_unowned_record_that_leads_as_applied_is_recovered() {
        let seen = |records: RecordSet, ownership| {
            Observed::new("Z1/video.example.com/AAAA", records, Outputs::new(), ownership)
        };
        let to = |domain_name: StringExpr| RecordSet {
            alias_target: Some(AliasTarget::distribution(domain_name)),
            ..alias()
        };
        let recovered = |live: RecordSet, applied: &RecordSet| {
            leads_as_applied(&seen(live, Ownership::Unmarked), applied)
        };
        let (ours, other) = (to("d1.cloudfront.net".into()), to("d2.cloudfront.net".into()));
        assert_eq!(recovered(ours.clone(), &ours).as_deref(), Some("d1.cloudfront.net"));
        assert_eq!(recovered(other, &ours), None, "somebody moved it");
        let reference = serde_json::json!({ "Fn::GetAtt": ["delivery/distribution", "DomainName"] });
        let reference = to(serde_json::from_value(reference).unwrap());
        assert_eq!(recovered(ours.clone(), &reference), None, "an older record of the apply");
        let routed = RecordSet { set_identifier: Some("blue".into()), ..ours.clone() };
        assert_eq!(recovered(routed, &ours), None, "somebody added a routing policy");
        let theirs = Ownership::Marked(Mark { stack: "other".into(), address: "a".into() });
        assert_eq!(leads_as_applied(&seen(ours.clone(), theirs), &ours), None, "another stack's");
        let mut bucket = ours;
        bucket.alias_target.as_mut().unwrap().hosted_zone_id = "Z1BKCTXD74EZPE".into();
        assert_eq!(recovered(bucket.clone(), &bucket), None, "no distribution");
        let plain = RecordSet { alias_target: None, ttl: Some("60".into()), ..alias() };
        assert_eq!(recovered(plain.clone(), &plain), None);
    }

    #[test]
    fn only_a_certificate_of_the_stack_for_the_name_vouches_for_a_record() {
        let live = |name: &str| Live {
            id: "arn".into(),
            properties: serde_json::json!({ "DomainName": name }),
            outputs: Outputs::new(),
            ownership: Ownership::Unmarked,
            readiness: crate::model::Readiness::Ready,
            contents: crate::model::Contents::Nothing,
        };
        let vouched = |kind: Kind, name: &str| RecordSet::is_vouched_for(&alias(), &[(kind, live(name))]);
        assert!(vouched(acm::Certificate::KIND, "video.example.com"));
        assert!(!vouched(acm::Certificate::KIND, "other.example.com"));
        assert!(!vouched(Kind::new("AWS::S3::Bucket"), "video.example.com"), "another type");
        assert!(!RecordSet::is_vouched_for(&alias(), &[]));
    }

    #[test]
    fn only_an_alias_in_cloudfront_s_zone_leads_to_a_distribution() {
        assert_eq!(alias().distribution().as_deref(), Some("d111111abcdef8.cloudfront.net"));
        let mut bucket = alias();
        bucket.alias_target.as_mut().unwrap().hosted_zone_id = "Z3W03O7B5YMIYP".into();
        assert_eq!(bucket.distribution(), None);
    }
}
