//! Whole files: defaults, every key, and many problems at once as a person sees them.

use super::*;

#[test]
fn the_smallest_file_has_the_documented_defaults() {
    let file = with("").unwrap();
    insta::assert_snapshot!(serde_yaml::to_string(&file).unwrap(), @"
    stack: vod-test
    account: '111122223333'
    region: ap-northeast-2
    engine: direct
    protected: false
    source:
      max_size: 5TiB
      max_duration: 24h
      audio: refuse
      on_delete: keep
    transcode:
      ladder: hls-1080p
      segment: 6s
      acceleration: disabled
    handlers:
      architecture: arm64
      log_retention: 30d
      reserved_concurrency: auto
      submit: {}
      publish: {}
    delivery:
      price_class: all
      player_origins:
      - '*'
      access_logs: false
    roles: {}
    notify:
      queue: false
      topic: false
    local: false
    ");
}

#[test]
fn every_key_is_read() {
    let file = parse("x.yaml", FULL).unwrap();
    insta::assert_snapshot!(serde_yaml::to_string(&file).unwrap(), @"
    stack: vod-test
    account: '111122223333'
    region: ap-northeast-2
    engine: cloudformation
    cloudformation:
      role: arn:aws:iam::111122223333:role/deploy
    protected: true
    tags:
      team: media
    ignore_tags:
    - awsApplication
    - map-*
    domain:
      name: video.staging.example.com
      zone: staging.example.com
    source:
      archive_after: 30d
      expire_noncurrent_after: 14d
      upload_origins:
      - https://app.staging.example.com
      - http://localhost:3000
      max_size: 20GiB
      max_duration: 4h
      audio: publish
      on_delete: keep
    transcode:
      ladder:
      - height: 360
        max_bitrate: 365k
        codec: avc
      - height: 1080
        max_bitrate: 8.5M
        qvbr: 8
        codec: avc
      segment: 4s
      acceleration: preferred
      thumbnails:
        every: 10s
      loudness: -16.0
      concurrent_jobs: 20
    handlers:
      architecture: x86_64
      log_retention: 90d
      reserved_concurrency: none
      submit:
        memory: 512MiB
        timeout: 10m
      publish:
        memory: 2GiB
        timeout: 15m
    delivery:
      price_class: '200'
      signed_urls:
        public_keys:
        - keys/a.pem
        - keys/b.pem
      allow_countries:
      - KR
      - NO
      player_origins:
      - https://www.example.com
      access_logs: true
      web_acl: arn:aws:wafv2:us-east-1:111122223333:global/webacl/viewers/01234567-89ab-cdef-0123-456789abcdef
    roles:
      path: /service/
      permissions_boundary: arn:aws:iam::111122223333:policy/edge
    encryption:
      kms_key: alias/media
    notify:
      bus: media-events
      queue: true
      topic: true
    alerts:
      email: media-oncall@example.com
    local: true
    ");
}

#[test]
fn a_printed_file_reads_the_same() {
    for source in [HEAD, FULL] {
        let file = parse("x.yaml", source).unwrap();
        let printed = serde_yaml::to_string(&file).unwrap();
        assert_eq!(parse("printed.yaml", &printed).map_err(|invalid| render(&invalid)), Ok(file));
    }
}

#[test]
fn all_problems_are_shown_at_once_in_file_order() {
    let source = r#"stack: VOD_Staging
account: 012345678901
region: ap-northeast-9
protected: yes
tags: { team: media, "aws:owner": me }
transcod:
  ladder: hls-1080p
transcode:
  ladder: hls-1080
  segment: 7s
  segment: 6s
handlers: { log_retention: 31d, architecture: arm }
delivery:
  allow_countries: [KR, UK, KR]
  price_class: 300
"#;
    let invalid = parse("stacks/staging.yaml", source).unwrap_err();
    insta::assert_snapshot!(render(&invalid), @r#"
      × the stack file stacks/staging.yaml has 14 problems

    Error:
      × `stack` is not a stack name
       ╭─[stacks/staging.yaml:1:8]
     1 │ stack: VOD_Staging
       ·        ─────┬─────
       ·             ╰── `V` is not allowed: did you mean vod-staging?
     2 │ account: 012345678901
       ╰────
      help: 3 to 24 of a-z, 0-9 and single hyphens, beginning with a letter and not ending with a hyphen

    Error:
      × `account` must be in quotes: YAML drops the leading zeros of a number
       ╭─[stacks/staging.yaml:2:10]
     1 │ stack: VOD_Staging
     2 │ account: 012345678901
       ·          ──────┬─────
       ·                ╰── a number
     3 │ region: ap-northeast-9
       ╰────
      help: write "012345678901"

    Error:
      × `region` is not a region of AWS: ap-northeast-9
       ╭─[stacks/staging.yaml:3:9]
     2 │ account: 012345678901
     3 │ region: ap-northeast-9
       ·         ───────┬──────
       ·                ╰── did you mean `ap-northeast-3`?
     4 │ protected: yes
       ╰────
      help: allowed: af-south-1, ap-northeast-1, ap-northeast-2, ap-northeast-3,
            ap-south-1, ap-southeast-1, ap-southeast-2, ap-southeast-4,
            ap-southeast-5, ca-central-1, eu-central-1, eu-north-1,
            eu-west-1, eu-west-2, eu-west-3, me-central-1, sa-east-1,
            us-east-1, us-east-2, us-west-1, us-west-2

    Error:
      × `protected` must be true or false
       ╭─[stacks/staging.yaml:4:12]
     3 │ region: ap-northeast-9
     4 │ protected: yes
       ·            ─┬─
       ·             ╰── neither true nor false
     5 │ tags: { team: media, "aws:owner": me }
       ╰────
      help: allowed: true, false

    Error:
      × `tags.aws:owner` cannot be a tag
       ╭─[stacks/staging.yaml:5:22]
     4 │ protected: yes
     5 │ tags: { team: media, "aws:owner": me }
       ·                      ─────┬─────
       ·                           ╰── `aws:` is reserved for AWS
     6 │ transcod:
       ╰────
      help: choose another key

    Error:
      × unknown key `transcod`
       ╭─[stacks/staging.yaml:6:1]
     5 │ tags: { team: media, "aws:owner": me }
     6 │ transcod:
       · ────┬───
       ·     ╰── did you mean `transcode`?
     7 │   ladder: hls-1080p
       ╰────
      help: allowed here: stack, account, region, engine, cloudformation, protected,
            tags, ignore_tags, fleet, domain, source, transcode, handlers,
            delivery, roles, encryption, notify, alerts, local,
            environments

    Error:
      × `transcode.ladder` cannot be `hls-1080`
        ╭─[stacks/staging.yaml:9:11]
      8 │ transcode:
      9 │   ladder: hls-1080
        ·           ────┬───
        ·               ╰── did you mean `hls-1080p`?
     10 │   segment: 7s
        ╰────
      help: allowed: hls-720p, hls-1080p, hls-2160p, or rungs written out: [{ height: 720, max_bitrate: 3M }, …]

    Error:
      × `transcode.segment` cannot be 7s
        ╭─[stacks/staging.yaml:10:12]
      9 │   ladder: hls-1080
     10 │   segment: 7s
        ·            ─┬
        ·             ╰── between 6s and 8s
     11 │   segment: 6s
        ╰────
      help: 2s, 4s, 6s, … 30s: a multiple of the 2s group of pictures

    Error:
      × `segment` is written twice
        ╭─[stacks/staging.yaml:11:3]
      9 │   ladder: hls-1080
     10 │   segment: 7s
        ·   ───┬───
        ·      ╰── first here
     11 │   segment: 6s
        ·   ───┬───
        ·      ╰── again here
     12 │ handlers: { log_retention: 31d, architecture: arm }
        ╰────
      help: keep one of the two

    Error:
      × `handlers.log_retention` cannot be 31d: CloudWatch Logs does not offer it
        ╭─[stacks/staging.yaml:12:28]
     11 │   segment: 6s
     12 │ handlers: { log_retention: 31d, architecture: arm }
        ·                            ─┬─
        ·                             ╰── the next longer one is 60d
     13 │ delivery:
        ╰────
      help: allowed: 1d, 3d, 5d, 7d, 14d, 30d, 60d, 90d, 120d, 150d, 180d, 365d,
            400d, 545d, 731d, 1096d, 1827d, 2192d, 2557d, 2922d, 3288d,
            3653d

    Error:
      × `handlers.architecture` cannot be `arm`
        ╭─[stacks/staging.yaml:12:47]
     11 │   segment: 6s
     12 │ handlers: { log_retention: 31d, architecture: arm }
        ·                                               ─┬─
        ·                                                ╰── did you mean `arm64`?
     13 │ delivery:
        ╰────
      help: allowed: arm64, x86_64

    Error:
      × `delivery.allow_countries[1]` is not a country code
        ╭─[stacks/staging.yaml:14:25]
     13 │ delivery:
     14 │   allow_countries: [KR, UK, KR]
        ·                         ─┬
        ·                          ╰── did you mean `GB`?
     15 │   price_class: 300
        ╰────
      help: the two capital letters of ISO 3166-1, such as KR, JP, US

    Error:
      × `delivery.allow_countries[2]` is in the list already
        ╭─[stacks/staging.yaml:14:29]
     13 │ delivery:
     14 │   allow_countries: [KR, UK, KR]
        ·                             ─┬
        ·                              ╰── a duplicate
     15 │   price_class: 300
        ╰────
      help: remove it

    Error:
      × `delivery.price_class` cannot be `300`
        ╭─[stacks/staging.yaml:15:16]
     14 │   allow_countries: [KR, UK, KR]
     15 │   price_class: 300
        ·                ─┬─
        ·                 ╰── not one of the choices
        ╰────
      help: allowed: 100, 200, all
    "#);
}

#[test]
fn a_contradiction_shows_both_places() {
    let source = format!("{HEAD}domain:\n  name: video.example.org\n  zone: example.com\n");
    let invalid = parse("stacks/staging.yaml", &source).unwrap_err();
    insta::assert_snapshot!(render(&invalid), @r"
      × the stack file stacks/staging.yaml has 1 problem

    Error:
      × `domain.name` is outside its zone
       ╭─[stacks/staging.yaml:5:9]
     4 │ domain:
     5 │   name: video.example.org
       ·         ────────┬────────
       ·                 ╰── does not end with .example.com
     6 │   zone: example.com
       ·         ─────┬─────
       ·              ╰── the zone
       ╰────
      help: a name in the zone, such as video.example.com; or the zone that holds this name
    ");
}

#[test]
fn what_is_no_yaml_says_where_the_reading_stopped() {
    let invalid = parse("x.yaml", "stack: vod-test\ntags: { team: media\nregion: x\n").unwrap_err();
    insta::assert_snapshot!(render(&invalid), @r"
      × the stack file x.yaml has 1 problem

    Error:
      × this is not YAML: while parsing a flow mapping, did not find expected ',' or '}'
       ╭─[x.yaml:3:7]
     2 │ tags: { team: media
     3 │ region: x
       ·       ▲
       ·       ╰── parsing stops here
       ╰────
    ");
}

#[test]
fn an_empty_file_says_what_to_begin_with() {
    insta::assert_snapshot!(render(&parse("x.yaml", "# nothing\n").unwrap_err()), @r"
      × the stack file x.yaml has 1 problem

    Error:
      × the stack file is empty
       ╭─[x.yaml:1:1]
     1 │ # nothing
       · ▲
       · ╰── nothing is declared
       ╰────
      help: start with `stack: vod-staging`, and see docs/stack-file.md
    ");
}

#[test]
fn a_missing_file_says_what_to_give() {
    let invalid = crate::stack::config::load(std::path::Path::new("stacks/none.yaml")).unwrap_err();
    insta::assert_snapshot!(render(&invalid), @r"
    × cannot read the stack file stacks/none.yaml
    ╰─▶ No such file or directory (os error 2)
    help: give the path of a stack file, such as stacks/local.yaml
    ");
}

#[test]
fn columns_count_past_wide_characters() {
    insta::assert_snapshot!(render(&with("tags: { 팀: 미디어, 나라: 1 }\n").unwrap_err()), @r#"
      × the stack file x.yaml has 1 problem

    Error:
      × `tags.나라` must be text
       ╭─[x.yaml:4:33]
     3 │ region: ap-northeast-2
     4 │ tags: { 팀: 미디어, 나라: 1 }
       ·                           ┬
       ·                           ╰── YAML reads a number here
       ╰────
      help: write it in quotes: "1"
    "#);
}
