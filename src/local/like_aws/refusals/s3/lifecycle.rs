//! A bucket's lifecycle rules.

use std::collections::BTreeSet;

use super::super::ban::{Ban, Verdict};
use super::super::members::Members;

const CONSIDERATIONS: &str =
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html";
const ELEMENTS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html";

static NOTHING: Ban =
    Ban { name: "a lifecycle rule without an action", code: "InvalidRequest", status: 400, source: ELEMENTS };
static ONE_ID: Ban =
    Ban { name: "two lifecycle rules of one id", code: "InvalidArgument", status: 400, source: ELEMENTS };
static TAGGED: Ban = Ban {
    name: "a lifecycle rule with a tag for markers or unfinished uploads",
    code: "InvalidRequest",
    status: 400,
    source: ELEMENTS,
};
static TOO_EARLY: Ban = Ban {
    name: "an infrequent-access transition before 30 days",
    code: "InvalidArgument",
    status: 400,
    source: CONSIDERATIONS,
};
static ORDER: Ban = Ban {
    name: "an expiration that is not after the transition",
    code: "InvalidArgument",
    status: 400,
    source: CONSIDERATIONS,
};

/// The bans of this file.
pub(super) const BANS: &[&Ban] = &[&NOTHING, &ONE_ID, &TAGGED, &TOO_EARLY, &ORDER];

const ACTIONS: &[&str] = &[
    "Expiration",
    "Transition",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransition",
    "AbortIncompleteMultipartUpload",
];

/// Refuses rules that S3 refuses.
pub(super) fn judge(members: &Members) -> Verdict {
    let mut ids = BTreeSet::new();
    for rule in members.each("LifecycleConfiguration/Rule") {
        let id = rule.text("ID").unwrap_or_default().to_owned();
        let twice = !id.is_empty() && !ids.insert(id.clone());
        ONE_ID.refuse_if(twice, || {
            format!("Rule ID must be unique. Found same ID for more than one rule: {id}")
        })?;
        one(&rule)?;
    }
    Ok(())
}

fn one(rule: &Members) -> Verdict {
    let idle = !ACTIONS.iter().any(|action| rule.has(action));
    NOTHING.refuse_if(idle, || "At least one action needs to be specified in a rule.".into())?;
    let tagged = rule.has("Filter/Tag") || rule.has("Filter/And/Tag");
    TAGGED.refuse_if(tagged && rule.has("Expiration/ExpiredObjectDeleteMarker"), || {
        "ExpiredObjectDeleteMarker cannot be specified with tags.".into()
    })?;
    TAGGED.refuse_if(tagged && rule.has("AbortIncompleteMultipartUpload"), || {
        "AbortIncompleteMultipartUpload cannot be specified with tags.".into()
    })?;
    for transition in rule.each("Transition") {
        timed(&transition, rule)?;
    }
    Ok(())
}

fn timed(transition: &Members, rule: &Members) -> Verdict {
    let Some(days) = transition.number("Days") else { return Ok(()) };
    let class = transition.text("StorageClass").unwrap_or_default();
    let early = ["STANDARD_IA", "ONEZONE_IA"].contains(&class) && days < 30;
    TOO_EARLY.refuse_if(early, || {
        format!("'Days' in Transition action must be greater than or equal to 30 for storageClass '{class}'")
    })?;
    let expires = rule.number("Expiration/Days");
    ORDER.refuse_if(expires.is_some_and(|expires| expires <= days), || {
        "'Days' in the Expiration action must be greater than 'Days' in the Transition action".into()
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::ban::said;
    use super::*;

    fn judged(rules: &[&str]) -> String {
        let rules: String = rules.iter().map(|rule| format!("<Rule>{rule}</Rule>")).collect();
        let text = format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>");
        said(judge(&Members::read(text.as_bytes())))
    }

    const TAG: &str = "<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>";

    #[test]
    fn usual_rules_pass() {
        let expires = "<ID>a</ID><Expiration><Days>31</Days></Expiration><Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>";
        let tagged = format!(
            "<ID>b</ID>{TAG}<Transition><Days>0</Days><StorageClass>GLACIER_IR</StorageClass></Transition>"
        );
        assert_eq!(judged(&[expires, &tagged]), "passed");
    }

    #[test]
    fn each_fault_is_refused() {
        insta::assert_snapshot!(judged(&["<ID>a</ID>"]), @"a lifecycle rule without an action: InvalidRequest: At least one action needs to be specified in a rule.");
        let expires = "<ID>a</ID><Expiration><Days>1</Days></Expiration>";
        assert!(judged(&[expires, expires]).starts_with("two lifecycle rules of one id"));
        let early = "<Transition><Days>29</Days><StorageClass>ONEZONE_IA</StorageClass></Transition>";
        assert!(judged(&[early]).starts_with("an infrequent-access transition before 30 days"));
        let order = "<Expiration><Days>30</Days></Expiration><Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition>";
        assert!(judged(&[order]).starts_with("an expiration that is not after the transition"));
        for action in [
            "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
            "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>",
        ] {
            assert!(
                judged(&[&format!("{TAG}{action}")]).starts_with("a lifecycle rule with a tag"),
                "{action}"
            );
        }
    }
}
