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

#[test]
fn handlers_are_large_enough_for_what_they_do() {
    insta::assert_snapshot!(refused(&[
        "handlers: { submit: { memory: 512 } }",
        "handlers: { submit: { memory: 127MiB } }",
        "handlers: { submit: { memory: 11GiB } }",
        "handlers: { submit: { timeout: 60s } }",
        "handlers: { submit: { timeout: 16m } }",
        "handlers: { publish: { memory: 256MiB } }",
        "handlers: { publish: { timeout: 300s } }",
        "handlers: { publish: { time: 300s } }",
    ]), @"");
    let handlers = with("handlers: { submit: { memory: 512MiB }, publish: { timeout: 10m } }").unwrap().handlers;
    assert_eq!(handlers.submit.memory.map(|size| size.mebibytes()), Some(512));
    assert_eq!(handlers.submit.timeout, None);
    assert_eq!(handlers.publish.timeout.map(|time| time.seconds()), Some(600));
}
