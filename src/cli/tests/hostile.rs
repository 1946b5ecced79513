//! Every printer with texts of somebody who wants to write on the reader's terminal or page. The writer makes harmless
//! whatever reaches it ([`crate::report::out`]); here no printer needs it, and no text begins a line of its own.

mod engines;
mod fleets;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::time::Duration;

use miette::{Diagnostic, ReportHandler as _, miette};
use serde_json::{Value, json};

use super::super::{
    asset, bundle, diagnostics, export, history, library, outputs, plan, synth, teardown, verify,
};
use crate::model::{CodeOrigin, Kind, Known};
use crate::ops::asset::{Answered, AssetState, AssetStatus, LatestUpload, Rendition, Stills};
use crate::ops::library::{Counts, Failed, Job, JobState};
use crate::ops::{
    Architecture, Bundle, ColorTags, Decoded, DnsRecord, Exported, HistoryEntry, Outputs, Picture, Playable,
    Played, Refused, RunState, Sound, Stream, Template,
};
use crate::report::out::styled;
use crate::report::picture::Picture as Drawing;
use crate::report::{self, human, json as to_json, markdown, unplanned};
use crate::review::{
    Action, Against, Broadening, Cause, Change, FORMAT_VERSION, Finding, Impact, Import, ImportResource,
    ImportTotals, ImportVerdict, Kept, Property, Review, Severity, TargetAction, TargetChange, Totals,
};
use crate::stack::config;

/// Moves the cursor, sets the title, rings, hides, recolours, ends the line, reverses, joins, and writes Markdown.
const HOSTILE: &str = "a\u{1b}[2J\u{1b}]0;t\u{7}\u{1b}[8m\u{1b}[31mFORGED\u{9b}1m\r\u{8}\u{0}\n\naudit: nothing is left\
                       \u{85}\u{2028}\u{202e}\u{2066}\u{200b}\u{200d}\u{feff}\u{ad}\u{3164}\u{e0041}|\\|`` `<b></details>\n```\n\
                       @team ![x](https://evil.example) www.evil.example #1 *b* _i_ ~~s~~ &lt; \" ' ; ] } --> <!--";
const TAME: &str = "word";

/// Fails if a text has a character that acts and is not of our own styling.
fn cannot_act(printer: &str, text: &str) {
    assert!(text.contains("audit"), "{printer} does not print it: {text}");
    assert_eq!(styled(text), text, "{printer}");
    assert!(!text.contains("\u{1b}[31mFORGED"), "{printer}: a colour of theirs: {text:?}");
}

/// The same, and fails if a text has lines of its own.
fn stays_in_its_line(printer: &str, print: impl Fn(&str) -> String) {
    let text = print(HOSTILE);
    cannot_act(printer, &text);
    assert_eq!(text.lines().count(), print(TAME).lines().count(), "{printer}: {text}");
}

fn changes(word: &str) -> Vec<Change> {
    let property = |before: Value, after: Value| Property {
        path: word.into(),
        before: Some(before),
        after: Some(after),
        cause: Cause::Both,
        applied: Some(json!(word)),
        forces_replacement: true,
    };
    // A text that is JSON is shown as what it says: its escapes become characters.
    let inner = json!(json!({ word: word, "long": "x".repeat(80) }).to_string());
    let change = |action: Action| Change {
        address: format!("{word}/{action:?}"),
        kind: format!("AWS::S3::{word}"),
        region: word.into(),
        action,
        id: Some(word.into()),
        reasons: vec![word.into()],
        needs: vec![format!("{word}/Create")],
        properties: vec![property(json!(word), json!({ word: [word] })), property(json!({}), inner.clone())],
        impact: Some(Impact { severity: Severity::Interruption, text: word.into() }),
    };
    [Action::Create, Action::Update, Action::Replace, Action::Delete].map(change).into()
}

fn review(word: &str) -> Review {
    let text = || word.to_owned();
    let finding = |address: String| Finding {
        address,
        broadening: Broadening::Allow,
        principal: text(),
        actions: vec![text()],
        resources: vec![text()],
        conditions: vec![text()],
        origin: text(),
    };
    Review {
        format_version: FORMAT_VERSION,
        provision_version: text(),
        stack: text(),
        account: text(),
        region: text(),
        against: Against::Declaration(text()),
        changes: changes(word),
        kept: vec![Kept { address: text(), kind: text(), id: text() }],
        security: vec![finding(text()), finding(format!("{word}/Create"))],
        notes: vec![text()],
        targets: vec![TargetChange { target: text(), region: text(), action: TargetAction::Deploy }],
        totals: Totals { create: 1, ..Totals::default() },
        saved: Some(text()),
    }
}

fn import(word: &str) -> Import {
    let Review { stack, account, region, changes, .. } = review(word);
    let resource = |(verdict, change): (ImportVerdict, &Change)| ImportResource {
        address: change.address.clone(),
        kind: change.kind.clone(),
        region: change.region.clone(),
        verdict,
        id: change.id.clone(),
        reasons: change.reasons.clone(),
        help: Some(word.into()),
        action: Some(change.action),
        properties: change.properties.clone(),
        impact: change.impact.clone(),
    };
    let verdicts =
        [ImportVerdict::InTheWay, ImportVerdict::Adopt, ImportVerdict::Create, ImportVerdict::Owned];
    Import {
        format_version: FORMAT_VERSION,
        provision_version: word.into(),
        resources: verdicts.into_iter().zip(&changes).map(resource).collect(),
        deleted: changes,
        totals: ImportTotals { adopt: 1, ..ImportTotals::default() },
        stack,
        account,
        region,
    }
}

#[test]
fn imports() {
    cannot_act("import", &report::import(&import(HOSTILE)));
    cannot_act("import --format json", &to_json(&import(HOSTILE)));
}

#[test]
fn plans() {
    cannot_act("plan", &human(&review(HOSTILE)));
    cannot_act("plan --format markdown", &markdown(&review(HOSTILE), usize::MAX));
    cannot_act("plan --format markdown, cut", &markdown(&review(HOSTILE), 4_000));
    cannot_act("plan --format markdown, refused", &unplanned(HOSTILE, HOSTILE, usize::MAX));
    stays_in_its_line("plan of several", |word| {
        plan::heading(Path::new(word), None, Some(&miette!("{word}")))
    });
    let json = to_json(&review(HOSTILE));
    cannot_act("plan --format json", &json);
    assert_eq!(serde_json::from_str::<Review>(&json).unwrap(), review(HOSTILE), "it means the same");
}

/// A page without what is code in it: fenced lines and code spans.
fn prose(page: &str) -> String {
    let mut fence: Option<usize> = None;
    let mut prose = String::new();
    for line in page.lines() {
        let ticks = line.chars().take_while(|letter| *letter == '`').count();
        match fence {
            Some(open) if ticks >= open && line.len() == ticks => fence = None,
            Some(_) => {}
            None if ticks > 2 => fence = Some(ticks),
            None => prose.push_str(&(without_spans(line) + "\n")),
        }
    }
    prose
}

fn without_spans(line: &str) -> String {
    let Some(start) = line.find('`') else { return line.to_owned() };
    let rest = &line[start..];
    let ticks = rest.chars().take_while(|letter| *letter == '`').count();
    let inner = &rest[ticks..];
    let closes = |at: &usize| {
        let run = inner[*at..].chars().take_while(|letter| *letter == '`').count();
        run == ticks && !inner[..*at].ends_with('`')
    };
    match inner.match_indices('`').map(|(at, _)| at).find(closes) {
        Some(end) => format!("{}CODE{}", &line[..start], without_spans(&inner[end + ticks..])),
        None => format!("{}{}", &line[..start], without_spans(inner)),
    }
}

#[test]
fn nothing_acts_in_markdown() {
    for page in [markdown(&review(HOSTILE), usize::MAX), unplanned(HOSTILE, HOSTILE, usize::MAX)] {
        let prose = prose(&page);
        for acting in ["@team", "<b>", "](", "www.", "https://", "#1", "*b*", "_i_", "~~", "<!--", "```"] {
            assert!(!prose.contains(acting), "{acting}: {prose}");
        }
        assert_eq!(prose.matches("<details>").count(), prose.matches("</details>").count(), "{prose}");
        let rows: Vec<&str> = prose.lines().filter(|line| line.starts_with("| ")).collect();
        for row in rows {
            assert_eq!(row.matches('|').count(), 6, "a cell of their own: {row}");
        }
    }
}

#[test]
fn pictures() {
    let drawing = |word: &str| Drawing::changed(&review(word));
    let lines = |text: String| text.lines().count();
    for (printer, draw) in [
        ("graph", Drawing::mermaid as fn(&Drawing) -> String),
        ("graph --format dot", Drawing::dot),
        ("graph --format svg", Drawing::svg),
    ] {
        let text = draw(&drawing(HOSTILE));
        assert_eq!(styled(&text), text, "{printer}");
        assert!(text.contains("audit"), "{printer}");
        let tame = draw(&drawing(&HOSTILE.replace('\n', "")));
        assert_eq!(lines(text.clone()), lines(tame), "{printer}: {text}");
        // In DOT, names stand in quotes, where only a quote acts.
        let unquoted: String = text.replace("\\\"", "").split('"').step_by(2).collect();
        let acting = if printer.ends_with("dot") { unquoted } else { text };
        assert!(!acting.contains("<b></details>"), "{printer}: {acting}");
    }
}

fn entry(word: &str) -> HistoryEntry {
    HistoryEntry {
        began: "2026-11-23T07:00:00Z".parse().unwrap(),
        ended: None,
        by: word.into(),
        command: word.into(),
        state: RunState::Complete,
        done: None,
        bundles: BTreeMap::from([(word.into(), word.into())]),
        origins: BTreeMap::new(),
        plan: Some(word.into()),
        provision_version: word.into(),
    }
}

fn reached(word: &str) -> Outputs {
    let text = || word.to_owned();
    Outputs {
        playback: text(),
        dns: Some(DnsRecord { name: text(), target: text() }),
        distribution: text(),
        source_bucket: text(),
        work_bucket: text(),
        output_bucket: text(),
        logs_bucket: Some(text()),
        queue: text(),
        job_template: text(),
        submit_function: text(),
        publish_function: text(),
        dead_letter_queue: text(),
        events_queue: Some(text()),
        events_topic: Some(text()),
    }
}

fn playable(word: &str) -> Playable {
    let text = || word.to_owned();
    let decoded = Decoded { label: text(), segments: 1, bytes: 1, seconds: 1.0, frames: 1 };
    let picture =
        Picture { codec: text(), size: (1, 1), sample: (1, 1), color: ColorTags::default(), rate: Some(1.0) };
    let sound = Sound { codec: text(), channels: 1, quiet: 0.0 };
    let stream = |stream: Stream| Played { decoded: decoded.clone(), stream, bandwidth: None };
    let renditions = vec![
        stream(Stream { picture: Some(picture), ..Stream::default() }),
        stream(Stream { sound: Some(sound), ..Stream::default() }),
    ];
    Playable { address: text(), took: Duration::ZERO, renditions, advice: Vec::new() }
}

fn job(word: &str) -> Job {
    let state = JobState::Failed(vec![word.into()]);
    Job { id: word.into(), status: word.into(), state, total: Some(2), taken: 0, failed: 2 }
}

fn asset_of(word: &str) -> AssetStatus {
    let text = || word.to_owned();
    let rendition = Rendition {
        uri: text(),
        bandwidth: 1,
        average_bandwidth: None,
        width: None,
        height: None,
        codecs: Some(text()),
        frame_rate: None,
    };
    AssetStatus {
        asset: text(),
        bucket: text(),
        key: text(),
        state: AssetState::Published,
        address: text(),
        playlist: None,
        version: Some(text()),
        published: Some(text()),
        duration: None,
        renditions: vec![rendition],
        stills: Some(Stills { pattern: text(), digits: 1, first: 0, count: 1 }),
        reason: Some(text()),
        failure: None,
        latest: Some(LatestUpload {
            version: text(),
            uploaded: jiff::Timestamp::UNIX_EPOCH,
            job: Some(text()),
        }),
    }
}

#[test]
fn results() {
    stays_in_its_line("asset", |word| asset::human(&asset_of(word)));
    cannot_act("asset --format json", &to_json(&asset_of(HOSTILE)));
    stays_in_its_line("asset remove", |word| asset::warning(word, word));
    stays_in_its_line("asset remove", |word| {
        asset::answered(&Answered::Removed { asset: word.into(), objects: 1 })
    });
    stays_in_its_line("history", |word| history::human(&[entry(word)]));
    cannot_act("history --format json", &to_json(&entry(HOSTILE)));
    stays_in_its_line("outputs", |word| outputs::human(&reached(word)));
    cannot_act("outputs --format json", &to_json(&reached(HOSTILE)));
    stays_in_its_line("verify", |word| verify::human(&playable(word)));
    let counts = Counts { videos: 1, ..Counts::default() };
    stays_in_its_line("library start", |word| library::summary(word, word, &counts));
    let failed = |word: &str| [Failed { key: word.into(), why: word.into() }];
    stays_in_its_line("library status", |word| library::told(&job(word), &failed(word), word));
    stays_in_its_line("teardown", |word| {
        let (address, kind) = (word.into(), Kind::new("AWS::S3::Bucket"));
        teardown::remaining(&Known { address, kind, region: word.into(), id: word.into() })
    });
    stays_in_its_line("export", |word| {
        export::human(&Exported { readme: word.into(), files: vec![word.into()], resources: 1 })
    });
    stays_in_its_line("bundle", |word| {
        let (handler, zip, sha256_base64) = (word.to_owned(), word.into(), word.to_owned());
        let architecture = Architecture::Arm64;
        let origin = CodeOrigin { sources: word.to_owned(), toolchain: word.to_owned() };
        bundle::human(&[Bundle { handler, architecture, zip, sha256_base64, size: 1, built: true, origin }])
    });
    let template = || Template {
        name: "vod".into(),
        region: "eu-west-1".into(),
        members: BTreeMap::new(),
        body: json!({ HOSTILE: [HOSTILE] }),
    };
    for format in [synth::SynthFormat::Yaml, synth::SynthFormat::Json] {
        let text = synth::text(&[template()], format);
        cannot_act("synth", &text);
        assert_eq!(
            serde_yaml::from_str::<Value>(&text.replace("\\udb40\\udc41", "\u{e0041}")).unwrap(),
            template().body
        );
    }
}

/// An error as the program draws it.
struct Drawn<'a>(&'a diagnostics::Handler, &'a dyn Diagnostic);

impl fmt::Debug for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug(self.1, f)
    }
}

#[test]
fn errors() {
    let file = format!("stack: \"{HOSTILE}\"\n{HOSTILE}: 1\n\"{HOSTILE}\": [\u{1b}[2J\n");
    let invalid = |source: &str| config::parse(HOSTILE, source).unwrap_err();
    let caused = miette::Report::new(Refused::new(HOSTILE, HOSTILE)).wrap_err(HOSTILE.to_owned());
    let plain = miette::Report::from_err(std::io::Error::other(HOSTILE)).wrap_err(HOSTILE.to_owned());
    let sources = [
        "stack: \"a\\e[2Jb\"\naccount: \"\u{202e}1\"\nregion: \"\u{200b}eu\"\n\u{3164}audit: \u{9b}\n",
        &file,
    ];
    for coloured in [false, true] {
        let handler = diagnostics::Handler::new(coloured, false);
        let draw = |error: &dyn Diagnostic| format!("{:?}", Drawn(&handler, error));
        for source in sources {
            cannot_act("validate", &draw(&invalid(source)));
        }
        cannot_act("an error", &draw(caused.as_ref()));
        cannot_act("an error of the system", &draw(plain.as_ref()));
    }
}

/// A printer that is added is added here, or has nothing to print that somebody else chose.
#[test]
fn every_command_is_here() {
    let tested = [
        "apply",
        "asset",
        "bundle",
        "change_set",
        "diagnostics",
        "export",
        "graph",
        "history",
        "import",
        "library",
        "move_stack",
        "outputs",
        "plan",
        "run_report",
        "status",
        "synth",
        "teardown",
        "terminal",
        "validate",
        "verify",
    ];
    // What they print is ours (of `man` but for its directory, which is plain), is checked or made plain before (`access`,
    // `permissions`, `sign`), or passes through the writer alone (`local`).
    let others = [
        "access",
        "completions",
        "confirm",
        "interrupt",
        "local",
        "man",
        "mod",
        "permissions",
        "schema",
        "sign",
        "summary",
    ];
    let known: BTreeSet<&str> = tested.into_iter().chain(others).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(known.contains(name) || !text.contains("report::out"), "test what {name} prints");
    }
}
