//! The rules of the file as a whole and of its identity: message | label | help.

use super::*;

/// The same for files that lack the head.
fn refused_heads(heads: &[(&str, &str)]) -> String {
    let file = |key: &str, value: &str| {
        let lines = HEAD.lines().map(|line| {
            if line.starts_with(&format!("{key}:")) {
                format!("{key}: {value}\n")
            } else {
                format!("{line}\n")
            }
        });
        lines.collect::<String>()
    };
    heads
        .iter()
        .map(|(key, value)| {
            format!("{key}: {value}\n    {}", brief(&file(key, value)).replace('\n', "\n    "))
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn engines() {
    let role = |of: &str| format!("engine: cloudformation\ncloudformation: {{ role: '{of}' }}");
    let arns =
        ["arn:aws:iam::444455556666:role/deploy", "arn:aws:iam::111122223333:user/me", "deploy"].map(role);
    let arns: Vec<&str> = arns.iter().map(String::as_str).collect();
    let ignored = "cloudformation: { role: 'arn:aws:iam::111122223333:role/deploy' }";
    insta::assert_snapshot!(refused(&[&["engine: terraform", ignored], &arns[..]].concat()), @"
    engine: terraform
        `engine` cannot be `terraform` | not one of the choices | allowed: direct, cloudformation
    cloudformation: { role: 'arn:aws:iam::111122223333:role/deploy' }
        `cloudformation` is only for `engine: cloudformation` | ignored by `engine: direct` | set `engine: cloudformation`, or leave the section out
    engine: cloudformation
    cloudformation: { role: 'arn:aws:iam::444455556666:role/deploy' }
        `cloudformation.role` is in another account | account 444455556666, but the stack's is 111122223333 | name a role of the stack's account
    engine: cloudformation
    cloudformation: { role: 'arn:aws:iam::111122223333:user/me' }
        `cloudformation.role` is not a role | not such an ARN | the ARN of a role that CloudFormation may assume, such as arn:aws:iam::111122223333:role/NAME
    engine: cloudformation
    cloudformation: { role: 'deploy' }
        `cloudformation.role` is not a role | not such an ARN | the ARN of a role that CloudFormation may assume, such as arn:aws:iam::111122223333:role/NAME
    ");
    assert!(with("engine: direct").is_ok());
    assert!(with("engine: cloudformation").is_ok());
    assert!(with(&role("arn:aws:iam::111122223333:role/ci/deploy")).is_ok());
}

#[test]
fn structure() {
    insta::assert_snapshot!(refused(&[
        "tag: { a: b }",
        "Protected: true",
        "protected:",
        "protected: \"true\"",
        "source:",
        "source: yes",
        "source: []",
        "source: { upload_origins: https://a.example.com }",
        "transcode: { segment: [6s] }",
        "tags: { a: b, a: c }",
        "tags: &a { a: b }",
        "tags: !!map { a: b }",
        "tags: { [a]: b }",
        "handlers: { architecture: *a }",
        "transcode: { ladder: \"\\e[31m\" }",
        "local: true\n---\nlocal: false",
        "domain: { name: video.example.com }",
        "domain: { nam: video.example.com, zon: example.com }",
    ]), @r#"
    tag: { a: b }
        unknown key `tag` | did you mean `tags`? | allowed here: stack, account, region, engine, cloudformation, protected,
        tags, ignore_tags, fleet, domain, source, transcode, handlers,
        delivery, roles, encryption, notify, alerts, local,
        environments
    Protected: true
        unknown key `Protected` | did you mean `protected`? | allowed here: stack, account, region, engine, cloudformation, protected,
        tags, ignore_tags, fleet, domain, source, transcode, handlers,
        delivery, roles, encryption, notify, alerts, local,
        environments
    protected:
        `protected` has no value | nothing is written here | write one, for example true, or remove the key
    protected: "true"
        `protected` must be true or false | this is text | remove the quotes
    source:
        `source` is empty | nothing is written under it | write its keys, or remove it
    source: yes
        `source` must be a mapping of keys and values | not a mapping | write it as `key: value` lines, or as { key: value }
    source: []
        `source` must be a mapping of keys and values | not a mapping | write it as `key: value` lines, or as { key: value }
    source: { upload_origins: https://a.example.com }
        `source.upload_origins` must be a list | not a list | write it as [first, second]
    transcode: { segment: [6s] }
        `transcode.segment` must be a single value | this is a list or a mapping | for example 6s
    tags: { a: b, a: c }
        `a` is written twice | again here | keep one of the two
    tags: &a { a: b }
        anchors (`&name`) are not read | not allowed in a stack file | write each value out where it is used
    tags: !!map { a: b }
        tags (`!name`) are not read | not allowed in a stack file | write the plain value
    tags: { [a]: b }
        a key must be a single word | this is a list or a mapping | 
    handlers: { architecture: *a }
        this is not YAML: while parsing node, found unknown anchor | parsing stops here | 
    transcode: { ladder: "\e[31m" }
        `transcode.ladder` cannot be `\u{1b}[31m` | no such ladder | allowed: hls-720p, hls-1080p, hls-2160p, or rungs written out: [{ height: 720, max_bitrate: 3M }, …]
    local: true
    ---
    local: false
        a second document begins here | not allowed in a stack file | one file declares one stack: move it to a file of its own
    domain: { name: video.example.com }
        `domain.zone` is missing | `zone` belongs in here | write `zone: example.com`
    domain: { nam: video.example.com, zon: example.com }
        unknown key `nam` in `domain` | did you mean `name`? | allowed here: name, zone, zone_role, certificate, alias
        unknown key `zon` in `domain` | did you mean `zone`? | allowed here: name, zone, zone_role, certificate, alias
    "#);
    insta::assert_snapshot!(brief("- stack: x"), @"the stack file must be a mapping of keys and values | not a mapping | write it as `key: value` lines, or as { key: value }");
    insta::assert_snapshot!(brief("local: true"), @r#"
    `stack` is missing | `stack` belongs in here | write `stack: vod-staging`
    `account` is missing | `account` belongs in here | write `account: "111122223333"`
    `region` is missing | `region` belongs in here | write `region: ap-northeast-2`
    "#);
}

#[test]
fn identity() {
    insta::assert_snapshot!(refused_heads(&[
        ("stack", "vo"),
        ("stack", "9vod"),
        ("stack", "vod-"),
        ("stack", "vod--test"),
        ("stack", "VOD.test"),
        ("stack", "xn--vod"),
        ("stack", "provision-x"),
        ("stack", "123"),
        ("stack", "the-video-service-of-team"),
        ("stack", "the-video-service-of-the-platform-team"),
        ("account", "111122223333"),
        ("account", "1111222233"),
        ("account", "\"1111-2222-3333\""),
        ("account", "\"11112222333\""),
        ("account", "staging"),
        ("region", "eu-south-1"),
        ("region", "me-south-1"),
        ("region", "cn-north-1"),
        ("region", "us-gov-west-1"),
        ("region", "ap-northeast2"),
        ("region", "seoul"),
    ]), @r#"
    stack: vo
        `stack` is not a stack name | it is shorter than 3 characters | 3 to 24 of a-z, 0-9 and single hyphens, beginning with a letter and not ending with a hyphen
    stack: 9vod
        `stack` is not a stack name | it does not begin with a letter | 3 to 24 of a-z, 0-9 and single hyphens, beginning with a letter and not ending with a hyphen
    stack: vod-
        `stack` is not a stack name | it ends with a hyphen | 3 to 24 of a-z, 0-9 and single hyphens, beginning with a letter and not ending with a hyphen
    stack: vod--test
        `stack` is not a stack name | two hyphens in a row | 3 to 24 of a-z, 0-9 and single hyphens, beginning with a letter and not ending with a hyphen
    stack: VOD.test
        `stack` is not a stack name | `V` is not allowed: did you mean vod-test? | 3 to 24 of a-z, 0-9 and single hyphens, beginning with a letter and not ending with a hyphen
    stack: xn--vod
        `stack` is not a stack name | S3 keeps names that begin with `xn--` for itself | 3 to 24 of a-z, 0-9 and single hyphens, beginning with a letter and not ending with a hyphen
    stack: provision-x
        `stack` is not a stack name | names that begin with `provision-` are kept for the stacks' home buckets | 3 to 24 of a-z, 0-9 and single hyphens, beginning with a letter and not ending with a hyphen
    stack: 123
        `stack` must be text | YAML reads a number here | write it in quotes: "123"
    stack: the-video-service-of-team
        `stack` is 1 too long | 25 characters, 24 at most | at most 24 characters, so that the names of buckets and functions fit in every region
    stack: the-video-service-of-the-platform-team
        `stack` is 14 too long | 38 characters, 24 at most | S3 allows 63 characters, and the bucket provision-111122223333-ap-northeast-2-the-video-service-of-the-platform-team would have 76
    account: 111122223333
        `account` must be in quotes: YAML drops the leading zeros of a number | a number | write "111122223333"
    account: 1111222233
        `account` must be in quotes: YAML drops the leading zeros of a number | a number of 10 digits: were there zeros before it? | write "001111222233"
    account: "1111-2222-3333"
        `account` is not an account id | leave the hyphens out | 12 digits in quotes, as `aws sts get-caller-identity` prints them
    account: "11112222333"
        `account` is not an account id | 11 digits | 12 digits in quotes, as `aws sts get-caller-identity` prints them
    account: staging
        `account` is not an account id | not 12 digits | 12 digits in quotes, as `aws sts get-caller-identity` prints them
    region: eu-south-1
        `region` cannot be eu-south-1: Europe (Milan) has no MediaConvert | nothing could transcode here | the nearest regions that have it: eu-central-1, eu-west-3
    region: me-south-1
        `region` cannot be me-south-1: Middle East (Bahrain) has no MediaConvert | nothing could transcode here | the nearest regions that have it: me-central-1
    region: cn-north-1
        `region` cannot be cn-north-1: it is in China | only commercial regions of AWS are supported | allowed: af-south-1, ap-northeast-1, ap-northeast-2, ap-northeast-3,
        ap-south-1, ap-southeast-1, ap-southeast-2, ap-southeast-4,
        ap-southeast-5, ca-central-1, eu-central-1, eu-north-1,
        eu-west-1, eu-west-2, eu-west-3, me-central-1, sa-east-1,
        us-east-1, us-east-2, us-west-1, us-west-2
    region: us-gov-west-1
        `region` cannot be us-gov-west-1: it is in GovCloud (US) | only commercial regions of AWS are supported | allowed: af-south-1, ap-northeast-1, ap-northeast-2, ap-northeast-3,
        ap-south-1, ap-southeast-1, ap-southeast-2, ap-southeast-4,
        ap-southeast-5, ca-central-1, eu-central-1, eu-north-1,
        eu-west-1, eu-west-2, eu-west-3, me-central-1, sa-east-1,
        us-east-1, us-east-2, us-west-1, us-west-2
    region: ap-northeast2
        `region` is not a region of AWS: ap-northeast2 | did you mean `ap-northeast-2`? | allowed: af-south-1, ap-northeast-1, ap-northeast-2, ap-northeast-3,
        ap-south-1, ap-southeast-1, ap-southeast-2, ap-southeast-4,
        ap-southeast-5, ca-central-1, eu-central-1, eu-north-1,
        eu-west-1, eu-west-2, eu-west-3, me-central-1, sa-east-1,
        us-east-1, us-east-2, us-west-1, us-west-2
    region: seoul
        `region` is not a region of AWS: seoul | no such region | allowed: af-south-1, ap-northeast-1, ap-northeast-2, ap-northeast-3,
        ap-south-1, ap-southeast-1, ap-southeast-2, ap-southeast-4,
        ap-southeast-5, ca-central-1, eu-central-1, eu-north-1,
        eu-west-1, eu-west-2, eu-west-3, me-central-1, sa-east-1,
        us-east-1, us-east-2, us-west-1, us-west-2
    "#);
    for right in ["vod", "v0d-test", "abcdefghijklmnopqrstuvwx"] {
        let source = HEAD.replace("vod-test", right);
        assert_eq!(parse("x.yaml", &source).unwrap().stack.as_str(), right);
    }
}

#[test]
fn tags() {
    insta::assert_snapshot!(refused(&[
        "tags: { \"AWS:x\": a }",
        "tags: { \"provision:stack\": a }",
        "tags: { Team: a, team: b }",
        "tags: { \"\": a }",
        "tags: { a: true, b: 12, c: ~ }",
        "tags: { a: \"b;c\" }",
        "tags: { a*: b }",
    ]), @r#"
    tags: { "AWS:x": a }
        `tags.AWS:x` cannot be a tag | `aws:` is reserved for AWS | choose another key
    tags: { "provision:stack": a }
        `tags.provision:stack` cannot be a tag | `provision:` is reserved for ownership tags, which provision writes | choose another key
    tags: { Team: a, team: b }
        `tags.team` differs from `Team` only in case | IAM treats them as the same key | keep one of them
    tags: { "": a }
        `tags.` is not a tag key that AWS takes | it is empty | keys up to 128, values up to 256 characters: letters, digits, space and _ . : / = + - @
    tags: { a: true, b: 12, c: ~ }
        `tags.a` must be text | YAML reads a boolean here | write it in quotes: "true"
        `tags.b` must be text | YAML reads a number here | write it in quotes: "12"
        `tags.c` has no value | nothing is written here | write one, for example media, or remove the key
    tags: { a: "b;c" }
        `tags.a` is not a tag value that AWS takes | `;` is not allowed | keys up to 128, values up to 256 characters: letters, digits, space and _ . : / = + - @
    tags: { a*: b }
        `tags.a*` is not a tag key that AWS takes | `*` is not allowed | keys up to 128, values up to 256 characters: letters, digits, space and _ . : / = + - @
    "#);
    let many = |count: usize| (0..count).map(|n| format!("  t{n}: v\n")).collect::<String>();
    assert!(with(&format!("tags:\n{}", many(40))).is_ok());
    insta::assert_snapshot!(brief(&format!("{HEAD}tags:\n{}", many(41))), @"`tags.t40` is one tag too many | no room for it | at most 40: AWS takes 50 a resource, and ownership needs some");
    assert!(with(&format!("tags: {{ {}: {} }}", "k".repeat(128), "v".repeat(256))).is_ok());
    insta::assert_snapshot!(brief(&format!("{HEAD}tags: {{ {}: {} }}", "k".repeat(129), "v".repeat(257))).replace(&"k".repeat(129), "k…"), @r"
    `tags.k…` is not a tag key that AWS takes | 129 characters | keys up to 128, values up to 256 characters: letters, digits, space and _ . : / = + - @
    `tags.k…` is not a tag value that AWS takes | 257 characters | keys up to 128, values up to 256 characters: letters, digits, space and _ . : / = + - @
    ");
}

#[test]
fn domains() {
    insta::assert_snapshot!(refused(&[
        "domain: { name: Video.example.com, zone: example.com }",
        "domain: { name: video.example.com., zone: example.com }",
        "domain: { name: \"*.example.com\", zone: example.com }",
        "domain: { name: video_1.example.com, zone: example.com }",
        "domain: { name: -video.example.com, zone: example.com }",
        "domain: { name: video..example.com, zone: example.com }",
        "domain: { name: 10.0.0.1, zone: 0.0.1 }",
        "domain: { name: example.com, zone: com }",
        "domain: { name: myexample.com, zone: example.com }",
        "domain: { name: example.com, zone: example.com, zone_role: dns }",
        "domain: { name: example.com, certificate: \"arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef\", zone_role: \"arn:aws:iam::444455556666:role/dns\" }",
        "domain: { name: a-name-that-has-too-many-characters-to-go-into-a-certificate.example.com, zone: example.com }",
    ]), @r#"
    domain: { name: Video.example.com, zone: example.com }
        `domain.name` is not a domain name | must be lower case: video | lower-case labels of a-z, 0-9 and hyphen, joined by dots: video.example.com
    domain: { name: video.example.com., zone: example.com }
        `domain.name` is not a domain name | no dot at the end | lower-case labels of a-z, 0-9 and hyphen, joined by dots: video.example.com
    domain: { name: "*.example.com", zone: example.com }
        `domain.name` is not a domain name | `*` is not allowed in a name | lower-case labels of a-z, 0-9 and hyphen, joined by dots: video.example.com
    domain: { name: video_1.example.com, zone: example.com }
        `domain.name` is not a domain name | `_` is not allowed in a name | lower-case labels of a-z, 0-9 and hyphen, joined by dots: video.example.com
    domain: { name: -video.example.com, zone: example.com }
        `domain.name` is not a domain name | the label `-video` begins or ends with a hyphen | lower-case labels of a-z, 0-9 and hyphen, joined by dots: video.example.com
    domain: { name: video..example.com, zone: example.com }
        `domain.name` is not a domain name | a label between the dots is empty | lower-case labels of a-z, 0-9 and hyphen, joined by dots: video.example.com
    domain: { name: 10.0.0.1, zone: 0.0.1 }
        `domain.name` is not a domain name | this is an address | lower-case labels of a-z, 0-9 and hyphen, joined by dots: video.example.com
    domain: { name: example.com, zone: com }
        `domain.zone` is not a domain name | a name of one label cannot be delegated | lower-case labels of a-z, 0-9 and hyphen, joined by dots: video.example.com
    domain: { name: myexample.com, zone: example.com }
        `domain.name` is outside its zone | does not end with .example.com | a name in the zone, such as video.example.com; or the zone that holds this name
    domain: { name: example.com, zone: example.com, zone_role: dns }
        `domain.zone_role` is not a role | not such an ARN | the ARN of a role in the account that holds the zone, such as arn:aws:iam::444455556666:role/dns; without this key, the zone is in the stack's account
    domain: { name: example.com, certificate: "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef", zone_role: "arn:aws:iam::444455556666:role/dns" }
        `domain.zone_role` has no zone | whose zone? | add `zone`, or remove this key
    domain: { name: a-name-that-has-too-many-characters-to-go-into-a-certificate.example.com, zone: example.com }
        `domain.name` is 8 too long for a certificate | 72 characters | ACM takes 64 at most
    "#);
    assert!(with("domain: { name: example.com, zone: example.com }").is_ok());
}

#[test]
fn certificates_are_of_the_cdns_region_and_the_stacks_account() {
    let domain = |arn: &str| {
        format!("domain: {{ name: video.example.com, zone: example.com, certificate: \"{arn}\" }}")
    };
    let id = "certificate/01234567-89ab-cdef-0123-456789abcdef";
    let wrong = [
        domain(&format!("arn:aws:acm:ap-northeast-2:111122223333:{id}")),
        domain(&format!("arn:aws:acm:us-east-1:444455556666:{id}")),
        domain("arn:aws:iam::111122223333:server-certificate/video"),
    ];
    insta::assert_snapshot!(refused(&wrong.each_ref().map(String::as_str)), @r#"
    domain: { name: video.example.com, zone: example.com, certificate: "arn:aws:acm:ap-northeast-2:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef" }
        `domain.certificate` is not a certificate for CloudFront | CloudFront only takes certificates of us-east-1, for every stack region | the ARN of an ACM certificate, such as arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef; without this key one is created
    domain: { name: video.example.com, zone: example.com, certificate: "arn:aws:acm:us-east-1:444455556666:certificate/01234567-89ab-cdef-0123-456789abcdef" }
        `domain.certificate` is in another account | account 444455556666, but the stack's is 111122223333 | request or import it in the stack's account, or remove the key: then one is created
    domain: { name: video.example.com, zone: example.com, certificate: "arn:aws:iam::111122223333:server-certificate/video" }
        `domain.certificate` is not a certificate for CloudFront | not such an ARN | the ARN of an ACM certificate, such as arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef; without this key one is created
    "#);
    let right = with(&domain(&format!("arn:aws:acm:us-east-1:111122223333:{id}"))).unwrap();
    assert!(right.domain.unwrap().certificate.unwrap().ends_with(id));
}

#[test]
fn a_boundary_is_a_managed_policy_of_the_account_or_of_aws() {
    let roles = |arn: &str| format!("roles: {{ permissions_boundary: \"{arn}\" }}");
    let wrong = [
        roles("arn:aws:iam::444455556666:policy/edge"),
        roles("arn:aws:iam::111122223333:role/edge"),
        roles("arn:aws:iam::111122223333:policy/"),
        roles("arn:aws:iam::111122223333:policy/edge*"),
        roles("edge"),
    ];
    insta::assert_snapshot!(refused(&wrong.each_ref().map(String::as_str)), @r#"
    roles: { permissions_boundary: "arn:aws:iam::444455556666:policy/edge" }
        `roles.permissions_boundary` is in another account | account 444455556666, but the stack's is 111122223333 | create the policy in the stack's account, or name a policy of AWS
    roles: { permissions_boundary: "arn:aws:iam::111122223333:role/edge" }
        `roles.permissions_boundary` is not a managed policy | a role: a boundary is a managed policy | the ARN of a managed policy, such as arn:aws:iam::111122223333:policy/NAME
    roles: { permissions_boundary: "arn:aws:iam::111122223333:policy/" }
        `roles.permissions_boundary` is not a managed policy | not such an ARN | the ARN of a managed policy, such as arn:aws:iam::111122223333:policy/NAME
    roles: { permissions_boundary: "arn:aws:iam::111122223333:policy/edge*" }
        `roles.permissions_boundary` is not a managed policy | not such an ARN | the ARN of a managed policy, such as arn:aws:iam::111122223333:policy/NAME
    roles: { permissions_boundary: "edge" }
        `roles.permissions_boundary` is not a managed policy | not such an ARN | the ARN of a managed policy, such as arn:aws:iam::111122223333:policy/NAME
    "#);
    for arn in ["arn:aws:iam::111122223333:policy/team/edge", "arn:aws:iam::aws:policy/PowerUserAccess"] {
        assert_eq!(with(&roles(arn)).unwrap().roles.permissions_boundary.as_deref(), Some(arn));
    }
}

#[test]
fn what_the_account_holds_against_a_value_points_at_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stack.yaml");
    std::fs::write(&path, format!("{HEAD}domain:\n  name: video.example.com\n  zone: example.com\n"))
        .unwrap();
    let against = |place: &[&str]| {
        let invalid = crate::stack::config::against(&path, place, "there is no zone", "not here", "make it");
        render(&invalid).replace(&directory.path().display().to_string(), "DIR")
    };
    insta::assert_snapshot!(against(&["domain", "zone"]), @r"
      × the stack file DIR/stack.yaml has 1 problem

    Error:
      × there is no zone
       ╭─[DIR/stack.yaml:6:9]
     5 │   name: video.example.com
     6 │   zone: example.com
       ·         ─────┬─────
       ·              ╰── not here
       ╰────
      help: make it
    ");
    assert!(against(&["domain", "certificate"]).contains("stack.yaml:5:"), "else the nearest above it");
}
