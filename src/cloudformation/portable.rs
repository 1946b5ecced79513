//! One template for many accounts and regions, for a stack set. Pure.
//!
//! The same stack is written as a template for several targets. Where the texts of two targets differ, and each has its own
//! account or region there, the one template reads `AWS::AccountId` or `AWS::Region` instead. So nothing is taken for an
//! account because it looks like one, and what depends on the target in any other way is found.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Template;
use crate::model::{Address, Scope};

/// Why one template cannot be for all targets.
#[derive(Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum NotPortable {
    /// A target needs resources in another region than its own.
    #[error("the stack in {region} has resources in another region, and a stack set has one stack in each: {}", listed(.addresses))]
    #[diagnostic(help("deploy the fleet to us-east-1 alone, or leave out the options that declare them"))]
    Elsewhere {
        /// The region of the target.
        region: String,
        /// What is elsewhere.
        addresses: Vec<Address>,
    },
    /// The targets' stacks do not have the same resources.
    #[error("the stacks in {one} and in {other} are not the same: {}", listed(.addresses))]
    #[diagnostic(help("declare a fleet for each of these regions"))]
    Unlike {
        /// The region of one target.
        one: String,
        /// The region of another.
        other: String,
        /// What only one of them has.
        addresses: Vec<Address>,
    },
    /// Something depends on the target and is neither its account nor its region.
    #[error("{place} is another value in each target, and no template can say which")]
    #[diagnostic(help("declare a fleet for each region"))]
    Varies {
        /// Where in the template.
        place: String,
    },
}

fn listed(addresses: &[Address]) -> String {
    addresses.iter().map(Address::as_str).collect::<Vec<_>>().join(", ")
}

/// The stack of one target, as templates.
pub type TargetTemplates = (Scope, Vec<Template>);

/// The template of a stack set whose instances are these. No two targets may have the same account, and no two the same
/// region, unless all have.
///
/// A bucket that a failed creation made is deleted again: the next creation would find it in its way
/// (CloudFormation user guide, "DeletionPolicy attribute", `RetainExceptOnCreate`).
///
/// # Errors
/// When no template is right for all targets.
///
/// # Panics
/// If there are fewer than two targets.
pub fn portable(targets: Vec<TargetTemplates>) -> Result<Template, NotPortable> {
    let mut homes = Vec::new();
    for (scope, templates) in targets {
        homes.push((home(&scope, templates)?, scope));
    }
    let [(first, scope), rest @ ..] = &homes[..] else { panic!("no targets") };
    for (other, at) in rest {
        alike((first, scope), (other, at))?;
    }
    let (second, at) = rest.first().expect("two targets");
    let merging = Merging { one: scope, other: at };
    let mut body = merging.merge("", &first.body, &second.body)?;
    for (other, at) in &rest[1..] {
        if (Merging { one: scope, other: at }).merge("", &first.body, &other.body)? != body {
            return Err(NotPortable::Varies { place: "the template".to_owned() });
        }
    }
    let metadata = body["Metadata"]["provision"].as_object_mut();
    metadata.into_iter().for_each(|metadata| metadata.retain(|member, _| member == "Stack"));
    for resource in body["Resources"].as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
        if resource["DeletionPolicy"] == "Retain" {
            resource["DeletionPolicy"] = json!("RetainExceptOnCreate");
        }
    }
    Ok(Template {
        name: first.name.clone(),
        region: "each target".to_owned(),
        members: first.members.clone(),
        body,
    })
}

/// The only template of a target.
fn home(scope: &Scope, templates: Vec<Template>) -> Result<Template, NotPortable> {
    let (mut home, elsewhere): (Vec<Template>, Vec<Template>) =
        templates.into_iter().partition(|template| template.region == scope.region);
    match (home.pop(), home.is_empty() && elsewhere.is_empty()) {
        (Some(template), true) => Ok(template),
        (last, _) => {
            let others = elsewhere.into_iter().chain(home).chain(last.filter(|one| one.name != scope.stack));
            let addresses = others.flat_map(|template| template.members.into_values()).collect();
            Err(NotPortable::Elsewhere { region: scope.region.clone(), addresses })
        }
    }
}

fn alike((one, at): (&Template, &Scope), (other, there): (&Template, &Scope)) -> Result<(), NotPortable> {
    let members = |template: &Template| template.members.values().cloned().collect::<BTreeSet<_>>();
    let addresses: Vec<Address> = members(one).symmetric_difference(&members(other)).cloned().collect();
    if addresses.is_empty() {
        return Ok(());
    }
    Err(NotPortable::Unlike { one: at.region.clone(), other: there.region.clone(), addresses })
}

/// A piece of a text that is written for two targets.
#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    Account,
    Region,
}

/// Two targets whose templates become one.
struct Merging<'a> {
    one: &'a Scope,
    other: &'a Scope,
}

impl Merging<'_> {
    fn merge(&self, place: &str, one: &Value, other: &Value) -> Result<Value, NotPortable> {
        let varies = || NotPortable::Varies { place: place.to_owned() };
        match (one, other) {
            (Value::Object(one), Value::Object(other)) => self.members(place, one, other),
            (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
                let pairs = one.iter().zip(other).enumerate();
                pairs
                    .map(|(index, (one, other))| self.merge(&format!("{place}[{index}]"), one, other))
                    .collect()
            }
            (Value::String(one), Value::String(other)) => {
                Ok(function(&self.text(one, other).ok_or_else(varies)?))
            }
            (one, other) if one == other => Ok(one.clone()),
            _ => Err(varies()),
        }
    }

    fn members(
        &self,
        place: &str,
        one: &Map<String, Value>,
        other: &Map<String, Value>,
    ) -> Result<Value, NotPortable> {
        let at = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
        if let (Some(Value::String(one)), Some(Value::String(other)), 1) =
            (one.get("Fn::Sub"), other.get("Fn::Sub"), one.len())
        {
            let pieces = self.text(one, other).ok_or_else(|| NotPortable::Varies { place: at("Fn::Sub") })?;
            return Ok(json!({ "Fn::Sub": substituted(&pieces, str::to_owned) }));
        }
        let mut merged = Map::new();
        for (name, value) in one {
            let same = other.get(name).ok_or_else(|| NotPortable::Varies { place: at(name) })?;
            merged.insert(name.clone(), self.merge(&at(name), value, same)?);
        }
        match other.keys().find(|name| !one.contains_key(*name)) {
            Some(name) => Err(NotPortable::Varies { place: at(name) }),
            None => Ok(merged.into()),
        }
    }

    /// A text of both targets in pieces. `None` if they differ in something else than account and region.
    fn text(&self, mut one: &str, mut other: &str) -> Option<Vec<Piece>> {
        let mut pieces = Vec::new();
        let own = [
            (Piece::Account, &self.one.account, &self.other.account),
            (Piece::Region, &self.one.region, &self.other.region),
        ];
        'text: while !one.is_empty() || !other.is_empty() {
            for (piece, here, there) in &own {
                if here != there
                    && let (Some(left), Some(right)) =
                        (one.strip_prefix(here.as_str()), other.strip_prefix(there.as_str()))
                {
                    pieces.push(if *piece == Piece::Account { Piece::Account } else { Piece::Region });
                    (one, other) = (left, right);
                    continue 'text;
                }
            }
            let letter = one.chars().next().filter(|letter| other.starts_with(*letter))?;
            (one, other) = (&one[letter.len_utf8()..], &other[letter.len_utf8()..]);
            match pieces.last_mut() {
                Some(Piece::Text(text)) => text.push(letter),
                _ => pieces.push(Piece::Text(letter.to_string())),
            }
        }
        Some(pieces)
    }
}

/// The text as a template writes it: as it is, or as a function of the target.
fn function(pieces: &[Piece]) -> Value {
    match pieces {
        [] => json!(""),
        [Piece::Text(text)] => json!(text),
        [Piece::Account] => json!({ "Ref": "AWS::AccountId" }),
        [Piece::Region] => json!({ "Ref": "AWS::Region" }),
        // `${!Name}` is the text `${Name}` (CloudFormation user guide, `Fn::Sub`).
        pieces => json!({ "Fn::Sub": substituted(pieces, |text| text.replace("${", "${!")) }),
    }
}

fn substituted(pieces: &[Piece], text: impl Fn(&str) -> String) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(inner) => text(inner),
        Piece::Account => "${AWS::AccountId}".to_owned(),
        Piece::Region => "${AWS::Region}".to_owned(),
    };
    pieces.iter().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(account: &str, region: &str) -> Scope {
        Scope { stack: "vod".into(), account: account.into(), region: region.into() }
    }

    fn template(scope: &Scope, properties: &Value) -> TargetTemplates {
        let resource =
            json!({ "Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": properties });
        let body = json!({
            "Metadata": { "provision": { "Stack": "vod", "Account": scope.account, "Region": scope.region } },
            "Resources": { "A": resource },
        });
        let members = [("A".to_owned(), "storage/a".into())].into();
        (scope.clone(), vec![Template { name: "vod".into(), region: scope.region.clone(), members, body }])
    }

    fn merged(properties: impl Fn(&Scope) -> Value) -> Result<Value, NotPortable> {
        let scopes = [
            scope("111111111111", "eu-west-1"),
            scope("222222222222", "eu-west-2"),
            scope("333333333333", "us-west-2"),
        ];
        let all = scopes.iter().map(|scope| template(scope, &properties(scope))).collect();
        portable(all).map(|template| template.body["Resources"]["A"]["Properties"].clone())
    }

    #[test]
    fn account_and_region_are_those_of_the_target() {
        let properties = |scope: &Scope| {
            let Scope { account, region, .. } = scope;
            json!({
                "Name": format!("vod-{account}-{region}"),
                "Account": account,
                "Region": region,
                "Policy": format!("${{aws:username}} of {account}"),
                "Literal": "arn:aws:iam::111111111111:role/x in eu-west-1",
                "Sub": { "Fn::Sub": format!("${{A.Arn}}/{region}") },
                "Join": { "Fn::Join": ["", [{ "Ref": "A" }, format!("/{account}")]] },
                "Number": 3,
            })
        };
        assert_eq!(
            merged(properties).unwrap(),
            json!({
                "Name": { "Fn::Sub": "vod-${AWS::AccountId}-${AWS::Region}" },
                "Account": { "Ref": "AWS::AccountId" },
                "Region": { "Ref": "AWS::Region" },
                "Policy": { "Fn::Sub": "${!aws:username} of ${AWS::AccountId}" },
                "Literal": "arn:aws:iam::111111111111:role/x in eu-west-1",
                "Sub": { "Fn::Sub": "${A.Arn}/${AWS::Region}" },
                "Join": { "Fn::Join": ["", [{ "Ref": "A" }, { "Fn::Sub": "/${AWS::AccountId}" }]] },
                "Number": 3,
            })
        );
    }

    #[test]
    fn what_depends_on_the_target_in_another_way_is_found() {
        let varies =
            |place: &str| Err(NotPortable::Varies { place: format!("Resources.A.Properties.{place}") });
        assert_eq!(
            merged(|scope| json!({ "Name": scope.region.len() + usize::from(scope.region == "eu-west-2") })),
            varies("Name")
        );
        assert_eq!(
            merged(|scope| json!({ "Hash": if scope.region == "us-west-2" { "a" } else { "b" } })),
            varies("Hash")
        );
        assert_eq!(merged(|scope| json!({ scope.region.clone(): 1 })), varies("eu-west-1"));
    }

    #[test]
    fn a_failed_creation_keeps_no_bucket() {
        let scopes = [scope("111111111111", "eu-west-1"), scope("222222222222", "us-west-2")];
        let template = portable(scopes.iter().map(|scope| template(scope, &json!({}))).collect()).unwrap();
        assert_eq!(template.body["Resources"]["A"]["DeletionPolicy"], "RetainExceptOnCreate");
        assert_eq!(template.body["Metadata"], json!({ "provision": { "Stack": "vod" } }));
    }

    #[test]
    fn what_is_elsewhere_is_named() {
        let (one, other) = (scope("111111111111", "eu-west-1"), scope("222222222222", "us-east-1"));
        let mut two = template(&one, &json!({}));
        let away = Template {
            name: "vod-us-east-1-after".into(),
            region: "us-east-1".into(),
            members: [("B".to_owned(), "alerts/cdn".into())].into(),
            body: json!({}),
        };
        two.1.push(away);
        let refused = portable(vec![two, template(&other, &json!({}))]).unwrap_err().to_string();
        assert_eq!(
            refused,
            "the stack in eu-west-1 has resources in another region, and a stack set has one stack in each: alerts/cdn"
        );
        let mut more = template(&other, &json!({}));
        more.1[0].members.insert("C".to_owned(), "alerts/cdn".into());
        let refused = portable(vec![template(&one, &json!({})), more]).unwrap_err().to_string();
        assert_eq!(refused, "the stacks in eu-west-1 and in us-east-1 are not the same: alerts/cdn");
    }
}
