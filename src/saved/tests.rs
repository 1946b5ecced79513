//! A written plan is read back, an altered file is refused, and every change since is named.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{BrokenPlan, ChangedSince, Manifest, Package, PlanFingerprint, Saved, VERSION, is_saved};
use crate::graph::Graph;
use crate::model::{
    Address, CodeOrigin, Contents, Declaration, Guard, Kind, Live, Mark, Orphan, Ownership, Readiness, Scope,
    Snapshot,
};
use crate::plan::{Plan, Rules, plan};

fn scope() -> Scope {
    Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() }
}

fn declared(address: &str, properties: Value) -> Declaration {
    Declaration {
        address: address.into(),
        kind: Kind::new("AWS::Test::Thing"),
        region: "eu-west-1".into(),
        properties,
        predicted: BTreeMap::new(),
        after: BTreeSet::new(),
        guard: Guard::None,
    }
}

fn live(address: &str, properties: Value) -> (Address, Live) {
    let live = Live {
        id: format!("id-of-{address}"),
        properties,
        outputs: BTreeMap::from([("Id".to_owned(), format!("id-of-{address}"))]),
        ownership: Ownership::Marked(Mark { stack: "vod".into(), address: address.into() }),
        readiness: Readiness::Ready,
        contents: Contents::Nothing,
    };
    (address.into(), live)
}

fn stack() -> Vec<Declaration> {
    let code = json!({ "Code": { "Sha256": sha("code") }, "Memory": 128 });
    let user = json!({ "Rate": 0.1, "A": { "Fn::GetAtt": ["b/bucket", "Id"] } });
    vec![declared("a/function", code), declared("b/bucket", json!({ "Name": "b" })), declared("c/user", user)]
}

fn planned(snapshot: &Snapshot) -> Plan {
    planned_of(stack(), snapshot)
}

fn planned_of(declared: Vec<Declaration>, snapshot: &Snapshot) -> Plan {
    let rules = |_: &Kind| Rules { create_only: &["Name"], write_only: &[], rank: 0, normal: Value::clone };
    plan(&scope(), &Graph::new(declared).unwrap(), snapshot, &rules)
}

/// The function differs, the bucket is as declared, and the user does not exist.
fn seen() -> Snapshot {
    let code = json!({ "Code": { "Sha256": "old" }, "Memory": 64, "Password": "swordfish" });
    let live = [live("a/function", code), live("b/bucket", json!({ "Name": "b" }))];
    Snapshot { live: live.into(), orphans: Vec::new() }
}

fn sha(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn origin() -> CodeOrigin {
    CodeOrigin { sources: sha("sources"), toolchain: "rustc 1.95.0".into() }
}

fn saved() -> Saved {
    Saved {
        manifest: Manifest {
            format: super::FORMAT,
            provision: VERSION.to_owned(),
            scope: scope(),
            made: "2026-11-23T07:00:00Z".parse().unwrap(),
            by: "arn:aws:iam::111122223333:user/reviewer".into(),
            adopt: false,
            bundles: vec![Package { handler: "submit".into(), sha256: sha("code"), origin: Some(origin()) }],
            kept: Vec::new(),
        },
        stack_file: "stack: vod\n".into(),
        declarations: stack(),
        fingerprint: PlanFingerprint::of(&planned(&seen())),
        packages: vec![b"code".to_vec()],
    }
}

/// The file with other bytes before its digest, sealed again.
fn sealed_again(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = bytes[..bytes.len() - 64].to_vec();
    change(&mut bytes);
    let digest = hex::encode(Sha256::digest(&bytes));
    bytes.extend_from_slice(digest.as_bytes());
    bytes
}

#[test]
fn what_is_written_is_read_back_and_the_same_plan_is_the_same_file() {
    let (bytes, digest) = saved().encode().unwrap();
    assert!(is_saved(&bytes));
    assert_eq!(Saved::decode(&bytes).unwrap(), (saved(), digest));
    assert_eq!(saved().encode().unwrap(), (bytes, digest));
    assert!(!is_saved(b"stack: vod\n") && !is_saved(b""));
}

#[test]
fn any_byte_that_changes_and_any_cut_is_refused() {
    let (bytes, _) = saved().encode().unwrap();
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 0x20;
        assert!(Saved::decode(&other).is_err(), "byte {at} of {}", bytes.len());
    }
    for length in 0..bytes.len() {
        assert!(Saved::decode(&bytes[..length]).is_err(), "{length} of {}", bytes.len());
    }
    let longer = [bytes.as_slice(), b" "].concat();
    assert!(Saved::decode(&longer).is_err());
}

/// Somebody who can write the file changes a declaration and seals the file again.
#[test]
fn only_the_reviewed_digest_tells_a_plan_from_a_resealed_one() {
    let (reviewed, digest) = saved().encode().unwrap();
    let mut other = saved();
    other.declarations[0].properties["Memory"] = json!(10_240);
    let (resealed, found) = other.encode().unwrap();
    assert_eq!(Saved::decode(&resealed).unwrap(), (other, found), "the seal alone does not tell");

    assert_eq!(Saved::decode_reviewed(&reviewed, digest).unwrap(), saved());
    let refused = Saved::decode_reviewed(&resealed, digest).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "its digest is {found}, but `--digest` says {digest}: it is not the plan that was reviewed; nothing was changed"
        )
    );
    // It is compared first: what else the file is does not count.
    for file in
        [&b"PK\x03\x04"[..], &[0; 64], &reviewed[..reviewed.len() - 1], &[&reviewed[..], b" "].concat()]
    {
        let refused = Saved::decode_reviewed(file, digest).unwrap_err();
        let expected = matches!(refused, BrokenPlan::NotReviewed { .. }) || file.len() < 64;
        assert!(expected, "{refused}");
    }
}

#[test]
fn a_plan_names_its_maker_as_aws_does() {
    let by = |by: &str| {
        let mut saved = saved();
        saved.manifest.by = by.to_owned();
        saved.encode().map(drop).map_err(|fault| fault.to_string())
    };
    for arn in [
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/a/b/x.y+z=w,v@u-t_s",
        "arn:aws-us-gov:sts::111122223333:assumed-role/Deploy/run-7",
    ] {
        assert_eq!(by(arn), Ok(()));
    }
    for other in [
        "",
        "../../etc/passwd",
        "arn:\u{1b}[2J",
        "arn:a\nb",
        "arn:\u{202e}",
        "arn:a b",
        &format!("arn:{}", "a".repeat(2_048)),
    ] {
        let refused = by(other).unwrap_err();
        assert!(refused.contains("the caller that it names is not an ARN"), "{other:?}: {refused}");
    }
}

fn told(fault: &BrokenPlan) -> String {
    fault.to_string().replace(VERSION, "[version]")
}

#[test]
fn each_fault_is_told_by_its_own_name() {
    let (bytes, _) = saved().encode().unwrap();
    let cut = Saved::decode(&bytes[..bytes.len() / 2]).unwrap_err();
    insta::assert_snapshot!(cut, @"it is a zip archive, but not a complete plan: the seal at its end is missing; nothing was changed");
    let mut tampered = bytes.clone();
    tampered[100] ^= 1;
    let fault = Saved::decode(&tampered).unwrap_err();
    assert!(matches!(fault, BrokenPlan::Tampered { .. }), "{fault}");

    let newer = sealed_again(&bytes, |bytes| {
        let at = bytes.len() - 2;
        assert_eq!(bytes[at], b'1');
        bytes[at] = b'2';
    });
    insta::assert_snapshot!(told(&Saved::decode(&newer).unwrap_err()), @"it is of format 2, and this version of provision ([version]) reads format 1; nothing was changed");

    let mut other = saved();
    other.manifest.provision = "9.9.9".into();
    insta::assert_snapshot!(told(&other.encode().unwrap_err()), @"it was made by provision 9.9.9, and this is provision [version]; nothing was changed");

    let mut other = saved();
    other.packages = vec![b"other code".to_vec()];
    assert!(
        other.encode().unwrap_err().to_string().contains("its bytes do not match the digest in its name")
    );
    let mut other = saved();
    other.manifest.bundles = vec![other.manifest.bundles[0].clone(); 2];
    assert!(other.encode().is_err(), "a package is in the file once");
    let mut other = saved();
    (other.packages, other.manifest.bundles) = (Vec::new(), Vec::new());
    assert!(other.encode().unwrap_err().to_string().contains("a/function deploys "));
}

#[test]
fn what_was_seen_is_not_in_the_file() {
    let (bytes, _) = saved().encode().unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut whole = String::new();
    for number in 0..archive.len() {
        let mut member = archive.by_index(number).unwrap();
        assert_eq!(member.unix_mode().unwrap() & 0o777, 0o600);
        member.read_to_string(&mut whole).unwrap();
    }
    assert!(whole.contains("Password"), "the property that differs is named: {whole}");
    assert!(!whole.contains("swordfish"), "{whole}");
}

fn moved(change: impl FnOnce(&mut Snapshot)) -> Vec<String> {
    let mut now = seen();
    change(&mut now);
    let moved = PlanFingerprint::of(&planned(&seen())).changes_since(&PlanFingerprint::of(&planned(&now)));
    moved.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_moved_where_nothing_did() {
    assert_eq!(moved(|_| ()), Vec::<String>::new());
}

#[test]
fn whatever_moves_is_named() {
    let function = Address::new("a/function");
    let bucket = Address::new("b/bucket");
    let user = Address::new("c/user");
    let changed = moved(|now| now.live.get_mut(&function).unwrap().properties["Memory"] = json!(32));
    assert_eq!(changed, ["a/function: it was changed: Memory"]);
    let repaired =
        moved(|now| now.live.get_mut(&function).unwrap().properties = stack()[0].properties.clone());
    assert_eq!(repaired, ["a/function: it matches the declaration now"]);
    let foreign = moved(|now| now.live.get_mut(&function).unwrap().ownership = Ownership::Unmarked);
    assert_eq!(foreign, ["a/function: its owner, or whether it holds data, changed"]);
    let gone = moved(|now| drop(now.live.remove(&function)));
    assert_eq!(gone, ["a/function: it is gone"]);
    let drifted = moved(|now| now.live.get_mut(&bucket).unwrap().properties["Public"] = json!(true));
    assert_eq!(drifted, ["b/bucket: it was changed: Public"]);
    let renamed = moved(|now| now.live.get_mut(&bucket).unwrap().properties["Name"] = json!("other"));
    assert_eq!(
        renamed,
        ["b/bucket: it was changed: Name", "c/user: something that it refers to is a different resource now"]
    );
    let made_anew = moved(|now| {
        now.live.get_mut(&bucket).unwrap().outputs =
            BTreeMap::from([("Id".to_owned(), "another".to_owned())]);
    });
    assert_eq!(
        made_anew,
        [
            "b/bucket: it is a different resource now",
            "c/user: something that it refers to is a different resource now"
        ]
    );
    let made = moved(|now| {
        let properties = json!({ "Rate": 0.1, "A": "id-of-b/bucket" });
        now.live.extend([live("c/user", properties)]);
    });
    assert_eq!(made, ["c/user: it exists now, as declared"]);
    let in_the_way = moved(|now| now.live.extend([live("c/user", json!({ "Rate": 2 }))]));
    assert_eq!(in_the_way, [format!("{user}: it exists now")]);
}

/// Somebody changed a declaration in the file and sealed it again. The account did not move.
#[test]
fn an_altered_declaration_is_not_told_as_a_change_of_the_account() {
    let altered = |address: &str, change: fn(&mut Declaration)| {
        let mut declared = stack();
        change(declared.iter_mut().find(|one| one.address.as_str() == address).unwrap());
        let now = planned_of(declared, &seen());
        let moved = PlanFingerprint::of(&planned(&seen())).changes_since(&PlanFingerprint::of(&now));
        assert!(moved.iter().all(ChangedSince::is_of_the_file));
        moved.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for (address, change) in [
        ("a/function", (|one| one.properties["Memory"] = json!(10_240)) as fn(&mut Declaration)),
        ("c/user", |one| one.properties["Rate"] = json!(9)),
    ] {
        let why = "its declaration is not the one that the plan was made from: the file was altered";
        assert_eq!(altered(address, change), [format!("{address}: {why}")]);
    }
}

#[test]
fn what_is_no_longer_declared_moves_too() {
    let orphan = |contents| {
        let (address, live) = live("d/former", json!({}));
        let live = Live { contents, ..live };
        Orphan {
            address,
            kind: Kind::new("AWS::Test::Thing"),
            region: "eu-west-1".into(),
            live,
            by_hand: false,
        }
    };
    let between = |then: Contents, now: Contents| {
        let with = |contents| Snapshot { orphans: vec![orphan(contents)], ..seen() };
        let moved = PlanFingerprint::of(&planned(&with(then)))
            .changes_since(&PlanFingerprint::of(&planned(&with(now))));
        moved.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(between(Contents::Empty, Contents::Empty), Vec::<String>::new());
    assert_eq!(between(Contents::Empty, Contents::Some), ["d/former: it is gone, or is kept now"]);
    assert_eq!(between(Contents::Some, Contents::Empty), ["d/former: it exists now, and did not before"]);
    assert_eq!(
        moved(|now| now.orphans.push(orphan(Contents::Nothing))),
        ["d/former: it exists now, and did not before"]
    );
}

/// An account in one of many states. Each resource is absent, as declared, changed, another owner's or created again.
/// There may be a former resource.
fn account() -> impl Strategy<Value = Snapshot> {
    let resource = |at: usize| {
        (0..7_u8).prop_map(move |state| {
            let declared = &stack()[at];
            let mut properties = declared.properties.clone();
            if at == 2 {
                properties["A"] = json!("id-of-b/bucket");
            }
            let (address, mut live) = live(declared.address.as_str(), properties);
            match state {
                0 => return None,
                1 => live.properties["Rate"] = json!(0.2),
                2 => live.properties["Rate"] = json!(0.3),
                3 => live.properties["Name"] = json!("other"),
                4 => live.ownership = Ownership::Unmarked,
                5 => live.outputs = BTreeMap::from([("Id".to_owned(), "another".to_owned())]),
                _ => {}
            }
            Some((address, live))
        })
    };
    let former = prop_oneof![Just(None), Just(Some(Contents::Empty)), Just(Some(Contents::Some))];
    (resource(0), resource(1), resource(2), former).prop_map(|(a, b, c, former)| {
        let former = former.map(|contents| {
            let (address, live) = live("d/former", json!({}));
            let (kind, region) = (Kind::new("AWS::Test::Thing"), "eu-west-1".to_owned());
            Orphan { address, kind, region, live: Live { contents, ..live }, by_hand: false }
        });
        let live = [a, b, c].into_iter().flatten().collect();
        Snapshot { live, orphans: former.into_iter().collect() }
    })
}

proptest! {
    /// Plans are equal exactly if their fingerprints are equal.
    #[test]
    fn a_plan_holds_exactly_while_it_would_be_made_again(then in account(), now in account()) {
        let (then, now) = (planned(&then), planned(&now));
        let moved = PlanFingerprint::of(&then).changes_since(&PlanFingerprint::of(&now));
        prop_assert_eq!(moved.is_empty(), then == now, "{:?}", moved);
        prop_assert!(PlanFingerprint::of(&then).changes_since(&PlanFingerprint::of(&then.clone())).is_empty());
    }
}
