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
    ]), @r#"
    ignore_tags: awsApplication
        `ignore_tags` must be a list | not a list | write it as [first, second]
    ignore_tags: [""]
        `ignore_tags[0]` is not a pattern of tag keys | it is empty | the key of a tag, or a pattern with `*` for any characters, such as awsApplication or map-*
    ignore_tags: ["*"]
        `ignore_tags[0]` cannot hide ownership tags | it matches `provision:stack` | the ownership tags say what belongs to the stack: write a pattern that does not match them
    ignore_tags: ["prov*"]
        `ignore_tags[0]` cannot hide ownership tags | it matches `provision:stack` | the ownership tags say what belongs to the stack: write a pattern that does not match them
    ignore_tags: ["*:stack"]
        `ignore_tags[0]` cannot hide ownership tags | it matches `provision:stack` | the ownership tags say what belongs to the stack: write a pattern that does not match them
    ignore_tags: ["provision:hosted-zone"]
        `ignore_tags[0]` is not a pattern of tag keys | `provision:` is the program's own | the key of a tag, or a pattern with `*` for any characters, such as awsApplication or map-*
    ignore_tags: ["a;b"]
        `ignore_tags[0]` is not a pattern of tag keys | `;` is not allowed | keys up to 128, values up to 256 characters: letters, digits, space and _ . : / = + - @
    ignore_tags: ["map-*", "map-*"]
        `ignore_tags[1]` is in the list already | a duplicate | remove it
    tags: { map-server: a, team: b }
    ignore_tags: ["map-*", team]
        `ignore_tags[0]` matches `map-server`, which is one of the stack's own `tags` | both declared and ignored | a tag is either the stack's or somebody else's: remove it here or there
        `ignore_tags[1]` matches `team`, which is one of the stack's own `tags` | both declared and ignored | a tag is either the stack's or somebody else's: remove it here or there
    "#);
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
    ]), @"
    handlers: { submit: { memory: 512 } }
        `handlers.submit.memory` must be in MiB or GiB | no unit: did you mean 512MiB? | a whole number with its unit, such as 512MiB
    handlers: { submit: { memory: 127MiB } }
        `handlers.submit.memory` cannot be 127MiB | Lambda has no smaller function | 128MiB to 10240MiB
    handlers: { submit: { memory: 11GiB } }
        `handlers.submit.memory` cannot be 11GiB | more than Lambda gives to a function | 128MiB to 10240MiB
    handlers: { submit: { timeout: 60s } }
        `handlers.submit.timeout` cannot be 60s | submit waits up to 150 s for its turn at MediaConvert and up to 25 s for Probe, and repeats its other calls | 4m to 15m
    handlers: { submit: { timeout: 16m } }
        `handlers.submit.timeout` cannot be 16m | longer than Lambda lets a function run | 4m to 15m
    handlers: { publish: { memory: 256MiB } }
        `handlers.publish.memory` cannot be 256MiB | with less, publish has too little processor and network to copy 10,000 objects in one invocation | 512MiB to 10240MiB
    handlers: { publish: { timeout: 300s } }
        `handlers.publish.timeout` cannot be 300s | publish copies up to 10,000 objects, and waits up to 240 s for one of CloudFront's 15 invalidations | 10m to 15m
    handlers: { publish: { time: 300s } }
        unknown key `time` in `handlers.publish` | did you mean `timeout`? | allowed here: memory, timeout
    ");
    let handlers =
        with("handlers: { submit: { memory: 512MiB }, publish: { timeout: 10m } }").unwrap().handlers;
    assert_eq!(handlers.submit.memory.map(|size| size.mebibytes()), Some(512));
    assert_eq!(handlers.submit.timeout, None);
    assert_eq!(handlers.publish.timeout.map(|time| time.seconds()), Some(600));
}

#[test]
fn a_path_of_roles_begins_and_ends_with_a_slash() {
    insta::assert_snapshot!(refused(&[
        "roles: { path: service }",
        "roles: { path: /service }",
        "roles: { path: /a//b/ }",
        "roles: { path: \"/a*/\" }",
        "roles: { path: /aws-service-role/x/ }",
        "roles: { path: \"\" }",
    ]), @r#"
    roles: { path: service }
        `roles.path` is not a path of IAM roles | did you mean /service/? | begins and ends with a slash, such as /service/; letters, digits and _ + = , . @ -
    roles: { path: /service }
        `roles.path` is not a path of IAM roles | did you mean /service/? | begins and ends with a slash, such as /service/; letters, digits and _ + = , . @ -
    roles: { path: /a//b/ }
        `roles.path` is not a path of IAM roles | an empty part between two slashes | begins and ends with a slash, such as /service/; letters, digits and _ + = , . @ -
    roles: { path: "/a*/" }
        `roles.path` is not a path of IAM roles | `*` is not allowed | begins and ends with a slash, such as /service/; letters, digits and _ + = , . @ -
    roles: { path: /aws-service-role/x/ }
        `roles.path` is not a path of IAM roles | reserved for roles that AWS makes | begins and ends with a slash, such as /service/; letters, digits and _ + = , . @ -
    roles: { path: "" }
        `roles.path` is not a path of IAM roles | it is empty | begins and ends with a slash, such as /service/; letters, digits and _ + = , . @ -
    "#);
    for path in ["/", "/service/", "/org=media/vod.1/"] {
        let file = with(&format!("roles: {{ path: {path} }}")).unwrap();
        assert_eq!(file.roles.path.as_deref(), Some(path));
    }
}

#[test]
fn a_key_is_of_the_team_and_of_the_region() {
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let keys = [
        format!("arn:aws:kms:us-east-1:111122223333:key/{id}"),
        "arn:aws:kms:ap-northeast-2:111122223333:alias/media".to_owned(),
        "arn:aws:kms:ap-northeast-2:111122223333:key/1234".to_owned(),
        id.to_owned(),
        "alias/aws/s3".to_owned(),
        "alias/a.b".to_owned(),
        "media".to_owned(),
    ];
    let lines = keys.map(|key| format!("encryption: {{ kms_key: {key} }}"));
    let lines: Vec<&str> = lines.iter().map(String::as_str).chain(["encryption: {}"]).collect();
    insta::assert_snapshot!(refused(&lines), @"
    encryption: { kms_key: arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab }
        `encryption.kms_key` is in another region | us-east-1, but the stack's region is ap-northeast-2 | S3, SQS, SNS, Lambda and CloudWatch Logs take only a key of their own region
    encryption: { kms_key: arn:aws:kms:ap-northeast-2:111122223333:alias/media }
        `encryption.kms_key` is not a KMS key | an ARN of an alias: write alias/media | arn:aws:kms:REGION:ACCOUNT:key/ID, or alias/NAME; the key must be symmetric, and the team must own it
    encryption: { kms_key: arn:aws:kms:ap-northeast-2:111122223333:key/1234 }
        `encryption.kms_key` is not a KMS key | not the ARN of a key | arn:aws:kms:REGION:ACCOUNT:key/ID, or alias/NAME; the key must be symmetric, and the team must own it
    encryption: { kms_key: 1234abcd-12ab-34cd-56ef-1234567890ab }
        `encryption.kms_key` is not a KMS key | only the id: write the whole ARN | arn:aws:kms:REGION:ACCOUNT:key/ID, or alias/NAME; the key must be symmetric, and the team must own it
    encryption: { kms_key: alias/aws/s3 }
        `encryption.kms_key` is not a KMS key | a key of AWS: nobody can let CloudFront and EventBridge use it | arn:aws:kms:REGION:ACCOUNT:key/ID, or alias/NAME; the key must be symmetric, and the team must own it
    encryption: { kms_key: alias/a.b }
        `encryption.kms_key` is not a KMS key | not the name of an alias | arn:aws:kms:REGION:ACCOUNT:key/ID, or alias/NAME; the key must be symmetric, and the team must own it
    encryption: { kms_key: media }
        `encryption.kms_key` is not a KMS key | neither the ARN of a key nor an alias | arn:aws:kms:REGION:ACCOUNT:key/ID, or alias/NAME; the key must be symmetric, and the team must own it
    encryption: {}
        `encryption.kms_key` is missing | `kms_key` belongs in here | write `kms_key: alias/media`
    ");
    let other = format!("arn:aws:kms:ap-northeast-2:999988887777:key/mrk-{}", "0".repeat(32));
    let own = format!("arn:aws:kms:ap-northeast-2:111122223333:key/{id}");
    for key in [own.as_str(), other.as_str(), "alias/team/media_1"] {
        let file = with(&format!("encryption: {{ kms_key: {key} }}")).unwrap();
        assert_eq!(serde_json::to_value(file.encryption).unwrap()["kms_key"], key);
    }
}
