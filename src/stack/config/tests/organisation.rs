//! The keys for organisations, each with its messages: message | label | help.

use super::*;

#[test]
fn tags_of_others_never_hide_the_stacks_own() {
    insta::assert_snapshot!(refused(&[
        "ignore_tags: awsApplication",
        "ignore_tags: [\"\"]",
        "ignore_tags: [\"*\"]",
        "ignore_tags: [\"prov*\"]",
        "ignore_tags: [\"*:stack\"]",
        "ignore_tags: [\"provision:hosted-zone\"]",
        "ignore_tags: [\"a;b\"]",
        "ignore_tags: [\"map-*\", \"map-*\"]",
        "tags: { map-server: a, team: b }\nignore_tags: [\"map-*\", team]",
    ]), @"");
    let file = with("tags: { team: media }\nignore_tags: [awsApplication, \"map-*\", \"*:cost\"]").unwrap();
    assert_eq!(file.ignore_tags, ["awsApplication", "map-*", "*:cost"]);
}
