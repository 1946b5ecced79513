//! The rules of each section, each with its message: message | label | help.

use super::*;

#[test]
fn sources() {
    insta::assert_snapshot!(refused(&[
        "source: { archive_after: 30 }",
        "source: { archive_after: 4w }",
        "source: { archive_after: 40000d }",
        "source: { expire_noncurrent_after: 0d }",
        "source: { upload_origins: [app.example.com] }",
        "source: { upload_origins: [\"*\"] }",
        "source: { upload_origins: [\"https://app.example.com/\"] }",
        "source: { upload_origins: [\"https://app.example.com/upload\"] }",
        "source: { upload_origins: [\"https://*.example.com\", \"ftp://a.example.com\"] }",
        "source: { upload_origins: [\"https://App.example.com\", \"https://a.example.com:443\", \"http://a.example.com:0\"] }",
        "source: { upload_origins: [\"https://a.example.com\", \"https://a.example.com\"] }",
    ]), @r#"
    source: { archive_after: 30 }
        `source.archive_after` must be in days | no unit: did you mean 30d? | a whole number of days, such as 7d or 30d
    source: { archive_after: 4w }
        `source.archive_after` must be in days | `w` is not an allowed unit | a whole number of days, such as 7d or 30d
    source: { archive_after: 40000d }
        `source.archive_after` cannot be 40000d | longer than a hundred years | 0d to 36500d
    source: { expire_noncurrent_after: 0d }
        `source.expire_noncurrent_after` cannot be 0d | too soon | 1d to 36500d
    source: { upload_origins: [app.example.com] }
        `source.upload_origins[0]` is not an origin | no scheme: did you mean https://app.example.com? | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    source: { upload_origins: ["*"] }
        `source.upload_origins[0]` is not an origin | `*` is not allowed here: name each origin | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    source: { upload_origins: ["https://app.example.com/"] }
        `source.upload_origins[0]` is not an origin | no trailing slash: did you mean https://app.example.com? | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    source: { upload_origins: ["https://app.example.com/upload"] }
        `source.upload_origins[0]` is not an origin | no path: did you mean https://app.example.com? | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    source: { upload_origins: ["https://*.example.com", "ftp://a.example.com"] }
        `source.upload_origins[0]` is not an origin | `*` is not allowed here: name each origin | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
        `source.upload_origins[1]` is not an origin | the scheme must be https or http | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    source: { upload_origins: ["https://App.example.com", "https://a.example.com:443", "http://a.example.com:0"] }
        `source.upload_origins[0]` is not an origin | must be lower case: app | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
        `source.upload_origins[1]` is not an origin | browsers leave the port 443 out: https://a.example.com | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
        `source.upload_origins[2]` is not an origin | the port must be 1 to 65535 | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    source: { upload_origins: ["https://a.example.com", "https://a.example.com"] }
        `source.upload_origins[1]` is in the list already | a duplicate | remove it
    "#);
    assert!(with("source: { archive_after: 0d, upload_origins: [] }").is_ok());
}

#[test]
fn deletions_and_notifications() {
    insta::assert_snapshot!(refused(&[
        "source: { on_delete: remove }",
        "notify: { bus: default }",
        "notify: { bus: \"arn:aws:events:eu-west-1:111122223333:event-bus/media\" }",
        "notify: { bus: aws.partner }",
        "notify: { bus: \"a b\" }",
        "notify: { queue: yes-please }",
        "notify: { mail: a@example.com }",
    ]), @r#"
    source: { on_delete: remove }
        `source.on_delete` cannot be `remove` | not one of the choices | allowed: keep, unpublish
    notify: { bus: default }
        `notify.bus` is not the name of a bus | leave it out: this is the bus without it | the name of a bus of the stack's account and region, such as media-events
    notify: { bus: "arn:aws:events:eu-west-1:111122223333:event-bus/media" }
        `notify.bus` is not the name of a bus | an ARN: only its last part is the name | the name of a bus of the stack's account and region, such as media-events
    notify: { bus: aws.partner }
        `notify.bus` is not the name of a bus | AWS's own: no event can be put there | the name of a bus of the stack's account and region, such as media-events
    notify: { bus: "a b" }
        `notify.bus` is not the name of a bus | 1 to 256 letters, digits, and . _ - | the name of a bus of the stack's account and region, such as media-events
    notify: { queue: yes-please }
        `notify.queue` must be true or false | neither true nor false | allowed: true, false
    notify: { mail: a@example.com }
        unknown key `mail` in `notify` | not a key of a stack file | allowed here: bus, queue, topic
    "#);
    let file =
        with("source: { on_delete: unpublish }\nnotify: { bus: media.events_1-a, queue: true }").unwrap();
    assert_eq!(file.source.on_delete.as_str(), "unpublish");
    assert_eq!(
        (file.notify.bus.as_deref(), file.notify.queue, file.notify.topic),
        (Some("media.events_1-a"), true, false)
    );
}

#[test]
fn limits_of_uploads() {
    insta::assert_snapshot!(refused(&[
        "source: { max_size: 20 }",
        "source: { max_size: 20GB }",
        "source: { max_size: 900KiB }",
        "source: { max_size: 0MiB }",
        "source: { max_size: 51TiB }",
        "source: { max_duration: 90 }",
        "source: { max_duration: 0s }",
        "source: { max_duration: 49h }",
    ]), @r"
    source: { max_size: 20 }
        `source.max_size` must be in MiB, GiB or TiB | no unit: did you mean 20GiB? | a whole number with the unit MiB, GiB or TiB, such as 500MiB or 20GiB
    source: { max_size: 20GB }
        `source.max_size` must be in MiB, GiB or TiB | did you mean 20GiB? | a whole number with the unit MiB, GiB or TiB, such as 500MiB or 20GiB
    source: { max_size: 900KiB }
        `source.max_size` must be in MiB, GiB or TiB | `KiB` is not an allowed unit | a whole number with the unit MiB, GiB or TiB, such as 500MiB or 20GiB
    source: { max_size: 0MiB }
        `source.max_size` cannot be 0MiB | too small for a video | 1MiB to 50TiB
    source: { max_size: 51TiB }
        `source.max_size` cannot be 51TiB | larger than any object of S3 | 1MiB to 50TiB
    source: { max_duration: 90 }
        `source.max_duration` must be in seconds, minutes or hours | no unit: did you mean 90s? | a whole number with the unit s, m or h, such as 6s, 10m or 2h
    source: { max_duration: 0s }
        `source.max_duration` cannot be 0s | too short for a video | 1s to 48h
    source: { max_duration: 49h }
        `source.max_duration` cannot be 49h | too long for one video | 1s to 48h
    ");
    let source = with("source: { max_size: 500MiB, max_duration: 90m }").unwrap().source;
    assert_eq!(source.bucket, None);
    assert_eq!((source.max_size.bytes(), source.max_duration.seconds()), (524_288_000, 5400));
}

#[test]
fn a_bucket_of_the_team_is_named_and_left_alone() {
    let file = with("source: { bucket: team-archive, on_delete: unpublish }").unwrap();
    assert_eq!(file.bucket(super::super::BucketRole::Source), "team-archive");
    for wrong in ["arn:aws:s3:::team", "s3://team", "Team", "ab", "-team", "a..b"] {
        let said = format!("{:?}", with(&format!("source: {{ bucket: \"{wrong}\" }}")).unwrap_err());
        assert!(said.contains("`source.bucket` is not the name of a bucket"), "{wrong}: {said}");
    }
    for role in ["source", "output"] {
        let own = with("").unwrap();
        let name = format!("{}-{role}-{}-{}", own.stack, own.account, own.region);
        let said = format!("{:?}", with(&format!("source: {{ bucket: {name} }}")).unwrap_err());
        assert!(said.contains("is a bucket of the stack's own"), "{said}");
    }
    for key in ["archive_after: 1d", "expire_noncurrent_after: 1d", "upload_origins: [\"https://a.example\"]"]
    {
        let said = format!("{:?}", with(&format!("source: {{ bucket: team-archive, {key} }}")).unwrap_err());
        assert!(said.contains("cannot be set together with `source.bucket`"), "{key}: {said}");
    }
}

#[test]
fn pages_of_origins_are_safe_on_the_way() {
    for key in ["source: { upload_origins", "delivery: { player_origins"] {
        for origin in [
            "https://app.example.com",
            "http://localhost",
            "http://localhost:3000",
            "http://app.localhost:3000",
            "http://127.0.0.1:5173",
            "http://[::1]:3000",
            "https://[::1]",
            "https://localhost:8443",
        ] {
            assert!(with(&format!("{key}: [\"{origin}\"] }}")).is_ok(), "{key} {origin}");
        }
    }
    insta::assert_snapshot!(refused(&[
        "delivery: { player_origins: [\"http://www.example.com\"] }",
        "source: { upload_origins: [\"http://app.example.com:8080\"] }",
        "delivery: { player_origins: [\"http://localhost.example.com\"] }",
        "delivery: { player_origins: [\"http://evil-localhost\"] }",
        "delivery: { player_origins: [\"http://.localhost\"] }",
        "delivery: { player_origins: [\"http://127.0.0.1.example.com\"] }",
        "delivery: { player_origins: [\"http://192.168.0.2\"] }",
        "delivery: { player_origins: [\"http://[::2]\"] }",
        "delivery: { player_origins: [\"https://[::2]\"] }",
        "delivery: { player_origins: [\"http://localhost:80\"] }",
    ]), @r#"
    delivery: { player_origins: ["http://www.example.com"] }
        `delivery.player_origins[0]` is not an origin | anybody on the way can change a page of http: did you mean https://www.example.com? | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    source: { upload_origins: ["http://app.example.com:8080"] }
        `source.upload_origins[0]` is not an origin | anybody on the way can change a page of http: did you mean https://app.example.com:8080? | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    delivery: { player_origins: ["http://localhost.example.com"] }
        `delivery.player_origins[0]` is not an origin | anybody on the way can change a page of http: did you mean https://localhost.example.com? | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    delivery: { player_origins: ["http://evil-localhost"] }
        `delivery.player_origins[0]` is not an origin | anybody on the way can change a page of http: did you mean https://evil-localhost? | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    delivery: { player_origins: ["http://.localhost"] }
        `delivery.player_origins[0]` is not an origin | a label between the dots is empty | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    delivery: { player_origins: ["http://127.0.0.1.example.com"] }
        `delivery.player_origins[0]` is not an origin | anybody on the way can change a page of http: did you mean https://127.0.0.1.example.com? | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    delivery: { player_origins: ["http://192.168.0.2"] }
        `delivery.player_origins[0]` is not an origin | anybody on the way can change a page of http: did you mean https://192.168.0.2? | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    delivery: { player_origins: ["http://[::2]"] }
        `delivery.player_origins[0]` is not an origin | `[` is not allowed in a name | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    delivery: { player_origins: ["https://[::2]"] }
        `delivery.player_origins[0]` is not an origin | `[` is not allowed in a name | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    delivery: { player_origins: ["http://localhost:80"] }
        `delivery.player_origins[0]` is not an origin | browsers leave the port 80 out: http://localhost | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    "#);
    let file =
        format!("{HEAD}delivery:\n  player_origins:\n  - https://a.example.com\n  - http://b.example.com\n");
    insta::assert_snapshot!(render(&parse("stacks/staging.yaml", &file).unwrap_err()), @r"
      × the stack file stacks/staging.yaml has 1 problem

    Error:
      × `delivery.player_origins[1]` is not an origin
       ╭─[stacks/staging.yaml:7:5]
     6 │   - https://a.example.com
     7 │   - http://b.example.com
       ·     ──────────┬─────────
       ·               ╰── anybody on the way can change a page of http: did you mean https://b.example.com?
       ╰────
      help: https://host or https://host:port, lower case, without path and trailing slash; http:// only for
            localhost
    ");
}

#[test]
fn handlers_and_alerts() {
    insta::assert_snapshot!(refused(&[
        "handlers: { architecture: amd64 }",
        "handlers: { log_retention: 31d }",
        "handlers: { log_retention: 4000d }",
        "handlers: { log_retention: 1m }",
        "handlers: { reserved_concurrency: 0 }",
        "handlers: { reserved_concurrency: unlimited }",
        "handlers: { reserved_concurrency: \"5\" }",
        "alerts: {}",
        "alerts: { email: oncall }",
        "alerts: { email: oncall@localhost }",
        "alerts: { email: \"on call@example.com\" }",
        "alerts: { email: a..b@example.com }",
        "alerts: { email: oncall@example_1.com }",
    ]), @r#"
    handlers: { architecture: amd64 }
        `handlers.architecture` cannot be `amd64` | did you mean `x86_64`? | allowed: arm64, x86_64
    handlers: { log_retention: 31d }
        `handlers.log_retention` cannot be 31d: CloudWatch Logs does not offer it | the next longer one is 60d | allowed: 1d, 3d, 5d, 7d, 14d, 30d, 60d, 90d, 120d, 150d, 180d, 365d,
        400d, 545d, 731d, 1096d, 1827d, 2192d, 2557d, 2922d, 3288d,
        3653d
    handlers: { log_retention: 4000d }
        `handlers.log_retention` cannot be 4000d: CloudWatch Logs does not offer it | longer than it offers | allowed: 1d, 3d, 5d, 7d, 14d, 30d, 60d, 90d, 120d, 150d, 180d, 365d,
        400d, 545d, 731d, 1096d, 1827d, 2192d, 2557d, 2922d, 3288d,
        3653d
    handlers: { log_retention: 1m }
        `handlers.log_retention` must be in days | `m` is not an allowed unit | a whole number of days, such as 7d or 30d
    handlers: { reserved_concurrency: 0 }
        `handlers.reserved_concurrency` cannot be 0 | no upload would ever be handled | a whole number from 1 to 65535, such as 5, or `auto`, or `none`
    handlers: { reserved_concurrency: unlimited }
        `handlers.reserved_concurrency` must be a whole number, auto or none | none of them | a whole number from 1 to 65535, such as 5, or `auto`, or `none`
    handlers: { reserved_concurrency: "5" }
        `handlers.reserved_concurrency` must be a whole number, auto or none | none of them | a whole number from 1 to 65535, such as 5, or `auto`, or `none`
    alerts: {}
        `alerts.email` is missing | `email` belongs in here | write `email: media-oncall@example.com`
    alerts: { email: oncall }
        `alerts.email` is not an e-mail address | there is no @ | one address, such as media-oncall@example.com
    alerts: { email: oncall@localhost }
        `alerts.email` is not an e-mail address | the part after the @ is not a full domain name | one address, such as media-oncall@example.com
    alerts: { email: "on call@example.com" }
        `alerts.email` is not an e-mail address | ` ` is not allowed before the @ | one address, such as media-oncall@example.com
    alerts: { email: a..b@example.com }
        `alerts.email` is not an e-mail address | the part before the @ is empty, or its dots are misplaced | one address, such as media-oncall@example.com
    alerts: { email: oncall@example_1.com }
        `alerts.email` is not an e-mail address | `_` is not allowed in a name | one address, such as media-oncall@example.com
    "#);
}

#[test]
fn deliveries() {
    insta::assert_snapshot!(refused(&[
        "delivery: { price_class: 300 }",
        "delivery: { access_logs: on }",
        "delivery: { allow_countries: [] }",
        "delivery: { allow_countries: [kr, UK, ZZ, KOR] }",
        "delivery: { signed_urls: {} }",
        "delivery: { signed_urls: { public_keys: [] } }",
        "delivery: { signed_urls: { public_keys: [a.pem, a.pem] } }",
        "delivery: { signed_urls: { public_keys: [a, b, c, d, e, f] } }",
        "delivery: { player_origins: [] }",
        "delivery: { player_origins: [\"*\", \"https://www.example.com\"] }",
        "delivery: { player_origins: [\"https://*.example.com\"] }",
        "delivery: { web_acl: viewers }",
        "delivery: { web_acl: \"arn:aws:wafv2:ap-northeast-2:111122223333:regional/webacl/a/01234567-89ab-cdef-0123-456789abcdef\" }",
        "delivery: { web_acl: \"arn:aws:wafv2:us-east-1:444455556666:global/webacl/a/01234567-89ab-cdef-0123-456789abcdef\" }",
    ]), @r#"
    delivery: { price_class: 300 }
        `delivery.price_class` cannot be `300` | not one of the choices | allowed: 100, 200, all
    delivery: { access_logs: on }
        `delivery.access_logs` must be true or false | neither true nor false | allowed: true, false
    delivery: { allow_countries: [] }
        `delivery.allow_countries` must not be empty | an empty list | name at least one, or remove the key: every country is allowed without it
    delivery: { allow_countries: [kr, UK, ZZ, KOR] }
        `delivery.allow_countries[0]` is not a country code | did you mean `KR`? | the two capital letters of ISO 3166-1, such as KR, JP, US
        `delivery.allow_countries[1]` is not a country code | did you mean `GB`? | the two capital letters of ISO 3166-1, such as KR, JP, US
        `delivery.allow_countries[2]` is not a country code | no such country | the two capital letters of ISO 3166-1, such as KR, JP, US
        `delivery.allow_countries[3]` is not a country code | no such country | the two capital letters of ISO 3166-1, such as KR, JP, US
    delivery: { signed_urls: {} }
        `delivery.signed_urls.public_keys` is missing | `public_keys` belongs in here | write `public_keys: [keys/viewer-2026.pem]`
    delivery: { signed_urls: { public_keys: [] } }
        `delivery.signed_urls.public_keys` must not be empty | an empty list | name at least one, or remove the key: nothing needs a signature without `signed_urls`
    delivery: { signed_urls: { public_keys: [a.pem, a.pem] } }
        `delivery.signed_urls.public_keys[1]` is in the list already | a duplicate | remove it
    delivery: { signed_urls: { public_keys: [a, b, c, d, e, f] } }
        `delivery.signed_urls.public_keys` holds too many keys | 6 keys | a key group of CloudFront takes 5
    delivery: { player_origins: [] }
        `delivery.player_origins` must not be empty | an empty list | name at least one, or remove the key: every site may play without it
    delivery: { player_origins: ["*", "https://www.example.com"] }
        `delivery.player_origins` cannot combine `*` with others | `*` already means every site | either ["*"], or the sites by name
    delivery: { player_origins: ["https://*.example.com"] }
        `delivery.player_origins[0]` is not an origin | `*` is not allowed here: name each origin | https://host or https://host:port, lower case, without path and trailing slash; http:// only for localhost
    delivery: { web_acl: viewers }
        `delivery.web_acl` is not a web ACL for CloudFront | not such an ARN | the ARN of a web ACL with scope CLOUDFRONT: arn:aws:wafv2:us-east-1:111122223333:global/webacl/NAME/ID
    delivery: { web_acl: "arn:aws:wafv2:ap-northeast-2:111122223333:regional/webacl/a/01234567-89ab-cdef-0123-456789abcdef" }
        `delivery.web_acl` is not a web ACL for CloudFront | CloudFront only takes global web ACLs, which are in us-east-1 | the ARN of a web ACL with scope CLOUDFRONT: arn:aws:wafv2:us-east-1:111122223333:global/webacl/NAME/ID
    delivery: { web_acl: "arn:aws:wafv2:us-east-1:444455556666:global/webacl/a/01234567-89ab-cdef-0123-456789abcdef" }
        `delivery.web_acl` is in another account | account 444455556666, but the stack's is 111122223333 | CloudFront takes web ACLs of its own account only
    "#);
}

#[test]
fn key_files_are_checked_beside_the_stack_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stack.yaml");
    std::fs::write(directory.path().join("good.pem"), include_str!("../testdata/rsa2048.pem")).unwrap();
    std::fs::write(directory.path().join("bad.pem"), include_str!("../testdata/rsa1024.pem")).unwrap();
    std::fs::write(&path, format!("{HEAD}delivery: {{ signed_urls: {{ public_keys: [good.pem] }} }}\n"))
        .unwrap();
    let file = crate::stack::config::load(&path).map_err(|invalid| render(&invalid)).unwrap();
    assert_eq!(file.delivery.signed_urls.unwrap().public_keys, [std::path::PathBuf::from("good.pem")]);

    std::fs::write(
        &path,
        format!("{HEAD}delivery: {{ signed_urls: {{ public_keys: [bad.pem, none.pem] }} }}\n"),
    )
    .unwrap();
    let shown = render(&crate::stack::config::load(&path).unwrap_err());
    let shown = shown.replace(&directory.path().display().to_string(), "DIR");
    insta::assert_snapshot!(shown, @r"
      × the stack file DIR/stack.yaml has 2 problems

    Error:
      × `delivery.signed_urls.public_keys[0]` is not a public key that CloudFront takes
       ╭─[DIR/stack.yaml:4:42]
     3 │ region: ap-northeast-2
     4 │ delivery: { signed_urls: { public_keys: [bad.pem, none.pem] } }
       ·                                          ───┬───
       ·                                             ╰── an RSA key of 1024 bits; CloudFront takes 2048
       ╰────
      help: a public key in PEM, RSA 2048 or ECDSA P-256, next to the stack file: openssl pkey -in viewer.key
            -pubout

    Error:
      × `delivery.signed_urls.public_keys[1]` is not a public key that CloudFront takes
       ╭─[DIR/stack.yaml:4:51]
     3 │ region: ap-northeast-2
     4 │ delivery: { signed_urls: { public_keys: [bad.pem, none.pem] } }
       ·                                                   ────┬───
       ·                                                       ╰── there is no file DIR/none.pem
       ╰────
      help: a public key in PEM, RSA 2048 or ECDSA P-256, next to the stack file: openssl pkey -in viewer.key
            -pubout
    ");
}

#[test]
fn nothing_is_read_without_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stack.yaml");
    let said = |text: String| {
        std::fs::write(&path, text).unwrap();
        render(&crate::stack::config::load(&path).unwrap_err())
    };
    let keys = |file: &str| format!("{HEAD}delivery: {{ signed_urls: {{ public_keys: [{file}] }} }}\n");
    assert!(said(keys("/dev/zero")).contains("cannot read /dev/zero: it is not a regular file"));
    std::fs::write(directory.path().join("huge.pem"), "x".repeat(1 << 20)).unwrap();
    assert!(said(keys("huge.pem")).contains("it is larger than 128 KiB"));
    let huge = said(format!("{HEAD}#{}", "x".repeat(1 << 20)));
    assert!(
        huge.contains("cannot read the stack file") && huge.contains("it is larger than 128 KiB"),
        "{huge}"
    );
}
