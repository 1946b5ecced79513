//! What the stack file accepts and refuses, and the messages.

mod drift;
mod environments;
mod fleets;
mod mutation;
mod organisation;
mod rules;
mod sections;
mod transcode;
mod whole;

use miette::{Diagnostic as _, GraphicalReportHandler, GraphicalTheme};

use super::{Invalid, StackFile, parse};

/// The three keys that every stack file needs.
const HEAD: &str = "stack: vod-test\naccount: \"111122223333\"\nregion: ap-northeast-2\n";

/// Every key of the grammar, once.
const FULL: &str = r#"stack: vod-test
account: "111122223333"
region: ap-northeast-2
engine: cloudformation
cloudformation: { role: "arn:aws:iam::111122223333:role/deploy" }
protected: true
tags: { team: media }
ignore_tags: [awsApplication, "map-*"]
domain: { name: video.staging.example.com, zone: staging.example.com }
source:
  archive_after: 30d
  expire_noncurrent_after: 14d
  upload_origins: ["https://app.staging.example.com", "http://localhost:3000"]
  max_size: 20GiB
  max_duration: 4h
  audio: publish
transcode:
  ladder: [{ height: 360, max_bitrate: 365k }, { height: 1080, max_bitrate: 8.5M, qvbr: 8, codec: avc }]
  segment: 4s
  acceleration: preferred
  thumbnails: { every: 10s }
  loudness: -16
  concurrent_jobs: 20
handlers: { architecture: x86_64, log_retention: 90d, reserved_concurrency: none, submit: { memory: 512MiB, timeout: 10m }, publish: { memory: 2GiB, timeout: 15m } }
delivery:
  price_class: 200
  signed_urls: { public_keys: [keys/a.pem, keys/b.pem] }
  allow_countries: [KR, NO]
  player_origins: ["https://www.example.com"]
  access_logs: true
  web_acl: arn:aws:wafv2:us-east-1:111122223333:global/webacl/viewers/01234567-89ab-cdef-0123-456789abcdef
roles: { path: /service/, permissions_boundary: "arn:aws:iam::111122223333:policy/edge" }
encryption: { kms_key: alias/media }
notify: { bus: media-events, queue: true, topic: true }
alerts: { email: media-oncall@example.com }
local: true
"#;

/// The smallest stack file, with `rest` after it.
fn with(rest: &str) -> Result<StackFile, Invalid> {
    parse("x.yaml", &format!("{HEAD}{rest}"))
}

/// What a terminal without colours shows.
fn render(invalid: &Invalid) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(110);
    let mut out = String::new();
    handler.render_report(&mut out, invalid).unwrap();
    out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// The problems of a file, one line each: message, label, help.
fn brief(source: &str) -> String {
    let invalid = parse("x.yaml", source).expect_err(source);
    let lines = invalid.problems().iter().map(|problem| {
        let label = problem.labels().and_then(|mut labels| labels.next());
        let label = label.as_ref().and_then(|label| label.label()).unwrap_or_default().to_owned();
        let help = miette::Diagnostic::help(problem).map(|help| help.to_string()).unwrap_or_default();
        format!("{problem} | {label} | {help}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Files with one wrong line each; returns the messages in the same order.
fn refused(lines: &[&str]) -> String {
    lines
        .iter()
        .map(|line| format!("{line}\n    {}", brief(&format!("{HEAD}{line}\n")).replace('\n', "\n    ")))
        .collect::<Vec<_>>()
        .join("\n")
}
