//! Pictures of small stacks, of the stacks in `stacks/`, and of whatever else an account may hold.

mod layout;

use std::collections::BTreeSet;
use std::path::Path;

use super::cards::Cards;
use super::flow::{self, STATIONS, STEPS};
use super::{Node, NodeFate, Picture};
use crate::graph::Graph;
use crate::stack;
use crate::stack::config;
use crate::stack::domain::Zone;
use crate::stack::handlers::PackageDigests;

fn picture(nodes: &[(&str, &str, Option<NodeFate>)], needs: &[(&str, &str)]) -> Picture {
    let node = |(address, kind, fate): &(&str, &str, Option<NodeFate>)| {
        ((*address).to_owned(), Node { kind: (*kind).to_owned(), fate: *fate })
    };
    let pair = |(needing, needed): &(&str, &str)| ((*needing).to_owned(), (*needed).to_owned());
    Picture { nodes: nodes.iter().map(node).collect(), needs: needs.iter().map(pair).collect() }
}

/// Half a stack: uploads start jobs. The rule's need for the role is implied, and so is the function's for the log group.
fn uploads() -> Picture {
    picture(
        &[
            ("handlers/submit", "Lambda Function", Some(NodeFate::Change)),
            ("handlers/submit/logs", "Logs LogGroup", None),
            ("handlers/submit/role", "IAM Role", Some(NodeFate::Create)),
            ("handlers/upload-rule", "Events Rule", None),
            ("storage/logs", "S3 Bucket", None),
            ("storage/source", "S3 Bucket", None),
            ("storage/source/policy", "S3 BucketPolicy", Some(NodeFate::Replace)),
            ("transcode/queue", "MediaConvert Queue", None),
            ("transcode/template", "MediaConvert JobTemplate", Some(NodeFate::Delete)),
        ],
        &[
            ("handlers/submit", "handlers/submit/logs"),
            ("handlers/submit", "handlers/submit/role"),
            ("handlers/submit", "transcode/queue"),
            ("handlers/submit/role", "handlers/submit/logs"),
            ("handlers/submit/role", "storage/source"),
            ("handlers/submit/role", "transcode/queue"),
            ("handlers/upload-rule", "handlers/submit"),
            ("handlers/upload-rule", "handlers/submit/role"),
            ("handlers/upload-rule", "storage/source"),
            ("storage/source", "storage/logs"),
            ("storage/source/policy", "storage/source"),
        ],
    )
}

/// A stack of the repository as it is declared.
fn declared(file: &str) -> Picture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks").join(file);
    let file = config::load(&path).unwrap();
    let zone = file.domain.as_ref().map(|_| Zone { id: "Z1".into() });
    Picture::of(&Graph::new(stack::declare(&file, &PackageDigests::default(), zone.as_ref())).unwrap())
}

#[test]
fn it_is_drawn_in_mermaids_language() {
    insta::assert_snapshot!(uploads().mermaid(), @r#"
    %%{init: {"flowchart": {"wrappingWidth": 400}}}%%
    graph LR
      upload([upload]):::outside ==> storage_source
      storage_source == upload event ==> handlers_upload_rule
      handlers_upload_rule == invokes ==> handlers_submit
      handlers_submit == creates job ==> transcode_queue
      subgraph transcode["transcode"]
        transcode_queue["<b>queue</b> MediaConvert Queue"]
        transcode_template["<b>−</b> <b>template</b> MediaConvert JobTemplate"]:::delete
      end
      subgraph handlers["handlers"]
        handlers_upload_rule["<b>upload-rule</b> Events Rule"]
        handlers_submit["<b>~</b> <b>submit</b> Lambda Function<br/><i>logs</i> Logs LogGroup<br/><b>+</b> <i>role</i> IAM Role"]:::change
      end
      subgraph storage["storage"]
        storage_source["<b>source</b> S3 Bucket<br/><b>±</b> <i>policy</i> BucketPolicy"]:::replace
        storage_logs["<b>logs</b> S3 Bucket"]
      end
      handlers_submit -.-> storage_source
      storage_source -.-> storage_logs
      legend["thick arrow: the flow of a video<br/>dashed arrow: needs (points to what is created first); implied needs are left out<br/>#43; create<br/>~ change<br/>± replace<br/>− delete"]:::legend
      classDef default fill:#ffffff,stroke:#8c959f,color:#1f2328,text-align:left
      classDef lane fill:none,stroke:#8c959f
      classDef legend fill:none,stroke:none,color:#59636e,text-align:left
      class transcode,handlers,storage lane
      classDef create fill:#dafbe1,stroke:#1a7f37,color:#1f2328,text-align:left
      classDef change fill:#fff8c5,stroke:#9a6700,color:#1f2328,text-align:left
      classDef replace fill:#ffd8b5,stroke:#bc4c00,color:#1f2328,text-align:left
      classDef delete fill:#ffebe9,stroke:#cf222e,color:#1f2328,text-align:left
      classDef outside fill:#0969da,stroke:#0969da,color:#ffffff
      linkStyle 0,1,2,3 stroke:#0969da,stroke-width:3px
    "#);
}

#[test]
fn it_is_drawn_in_graphvizs_language() {
    insta::assert_snapshot!(uploads().dot(), @r##"
    digraph stack {
      rankdir=LR; newrank=true; pad=0.3; nodesep=0.25; ranksep=0.9; fontname="Helvetica"; fontcolor="#59636e";
      node [shape=plain, fontname="Helvetica", fontsize=11, fontcolor="#1f2328"];
      edge [fontname="Helvetica", fontsize=9, color="#8c959f", arrowsize=0.6, constraint=false];
      subgraph cluster_0 {
        label="transcode"; color="#d0d7de"; labeljust=l;
        "transcode/queue" [label=<<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#8c959f" bgcolor="white" style="rounded"><tr><td align="left"><b>queue</b></td><td align="right"><font color="#59636e" point-size="9">MediaConvert Queue</font></td></tr></table>>];
        "transcode/template" [label=<<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#cf222e" bgcolor="white" style="rounded"><tr><td align="left" bgcolor="#ffebe9"><b>−</b> <b>template</b></td><td align="right" bgcolor="#ffebe9"><font color="#59636e" point-size="9">MediaConvert JobTemplate</font></td></tr></table>>];
      }
      subgraph cluster_1 {
        label="handlers"; color="#d0d7de"; labeljust=l;
        "handlers/upload-rule" [label=<<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#8c959f" bgcolor="white" style="rounded"><tr><td align="left"><b>upload-rule</b></td><td align="right"><font color="#59636e" point-size="9">Events Rule</font></td></tr></table>>];
        "handlers/submit" [label=<<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#9a6700" bgcolor="white" style="rounded"><tr><td align="left" bgcolor="#fff8c5"><b>~</b> <b>submit</b></td><td align="right" bgcolor="#fff8c5"><font color="#59636e" point-size="9">Lambda Function</font></td></tr><tr><td align="left">   logs</td><td align="right"><font color="#59636e" point-size="9">Logs LogGroup</font></td></tr><tr><td align="left" bgcolor="#dafbe1"><b>+</b>    role</td><td align="right" bgcolor="#dafbe1"><font color="#59636e" point-size="9">IAM Role</font></td></tr></table>>];
      }
      subgraph cluster_2 {
        label="storage"; color="#d0d7de"; labeljust=l;
        "storage/source" [label=<<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#bc4c00" bgcolor="white" style="rounded"><tr><td align="left"><b>source</b></td><td align="right"><font color="#59636e" point-size="9">S3 Bucket</font></td></tr><tr><td align="left" bgcolor="#ffd8b5"><b>±</b>    policy</td><td align="right" bgcolor="#ffd8b5"><font color="#59636e" point-size="9">BucketPolicy</font></td></tr></table>>];
        "storage/logs" [label=<<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#8c959f" bgcolor="white" style="rounded"><tr><td align="left"><b>logs</b></td><td align="right"><font color="#59636e" point-size="9">S3 Bucket</font></td></tr></table>>];
      }
      "column 0" [style=invis, shape=point];
      "column 1" [style=invis, shape=point];
      "column 2" [style=invis, shape=point];
      "column 0" -> "column 1" [style=invis, constraint=true];
      "column 1" -> "column 2" [style=invis, constraint=true];
      { rank=same; "column 0"; "handlers/upload-rule"; "storage/source"; }
      { rank=same; "column 1"; "transcode/template"; "handlers/submit"; "storage/logs"; }
      { rank=same; "column 2"; "transcode/queue"; }
      "storage/source" -> "handlers/upload-rule" [color="#0969da", fontcolor="#0969da", penwidth=2.5, xlabel="upload event"];
      "handlers/upload-rule" -> "handlers/submit" [color="#0969da", fontcolor="#0969da", penwidth=2.5, xlabel="invokes"];
      "handlers/submit" -> "transcode/queue" [color="#0969da", fontcolor="#0969da", penwidth=2.5, xlabel="creates job"];
      "handlers/submit" -> "storage/source" [style=dashed];
      "storage/source" -> "storage/logs" [style=dashed];
      upload [shape=box, style="rounded,filled", fillcolor="#0969da", fontcolor="white"];
      upload -> "storage/source" [color="#0969da", fontcolor="#0969da", penwidth=2.5, constraint=true];
      label="thick arrow: the flow of a video     dashed arrow: needs (points to what is created first); implied needs are left out     + create     ~ change     ± replace     − delete";
    }
    "##);
}

/// The pictures of a stack that an account may lead to: as declared, and with much done to it.
fn stacks() -> impl Iterator<Item = Picture> {
    ["local.yaml", "staging.yaml", "production.yaml"].into_iter().flat_map(|file| {
        let plain = declared(file);
        let mut painted = plain.clone();
        for (node, fate) in painted.nodes.values_mut().zip(NodeFate::ALL.into_iter().cycle()) {
            node.fate = Some(fate);
        }
        painted.nodes.insert("elsewhere/old".into(), Node { kind: "SNS Topic".into(), fate: None });
        [plain, painted]
    })
}

#[test]
fn the_flow_leads_through_resources_that_the_stack_declares() {
    let production = declared("production.yaml");
    for station in &STATIONS {
        assert!(production.nodes.contains_key(station.address), "{} is not declared", station.address);
    }
    for (from, to, _) in STEPS {
        let column = |address| flow::at(address).map(|station| station.column).unwrap();
        assert!(column(from) <= column(to), "{from} to {to} leads to the left");
    }
    let cards = Cards::of(&production);
    let exit = &cards.cards[cards.exit.unwrap()];
    assert_eq!(cards.cards[cards.entry.unwrap()].address(), "storage/source");
    assert_eq!(
        exit.rows.iter().map(|row| &*row.address).collect::<Vec<_>>(),
        STATIONS[9..].iter().map(|it| it.address).collect::<Vec<_>>()
    );
    let local = declared("local.yaml");
    let cards = Cards::of(&local);
    assert_eq!(cards.cards[cards.exit.unwrap()].address(), "delivery/distribution");
}

#[test]
fn every_concern_of_the_stacks_has_a_lane() {
    for address in declared("production.yaml").nodes.keys() {
        assert!(flow::knows(address.split('/').next().unwrap()), "{address} is in no lane");
    }
}

/// The texts of all elements of a kind, read as XML.
fn elements(svg: &str, name: &str) -> Vec<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(svg);
    let (mut found, mut inside) = (Vec::new(), false);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) if tag.name().as_ref() == name.as_bytes() => {
                inside = true;
                found.push(String::new());
            }
            Event::End(_) => inside = false,
            Event::Text(text) if inside => found.last_mut().unwrap().push_str(&text.decode().unwrap()),
            Event::GeneralRef(reference) if inside => {
                let name = reference.decode().unwrap();
                found.last_mut().unwrap().push_str(quick_xml::escape::resolve_xml_entity(&name).unwrap());
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn every_resource_is_drawn_once_in_every_format() {
    for picture in stacks() {
        let cards = Cards::of(&picture);
        let rows = || cards.cards.iter().flat_map(|card| &card.rows);
        let addresses: Vec<&str> = rows().map(|row| &*row.address).collect();
        let once: BTreeSet<&str> = addresses.iter().copied().collect();
        assert_eq!(addresses.len(), once.len());
        assert_eq!(once, picture.nodes.keys().map(String::as_str).collect());

        let titles = elements(&picture.svg(), "title");
        let (mermaid, dot) = (picture.mermaid(), picture.dot());
        for row in rows() {
            let title = format!("{} {}", row.address, row.kind);
            assert_eq!(titles.iter().filter(|it| **it == title).count(), 1, "{title}");
        }
        for card in &cards.cards {
            let shown = |text: &str, lead: &str| {
                let address = format!("{lead}{}", card.address());
                text.lines().filter(|line| line.contains(&address)).count()
            };
            assert_eq!(shown(&dot, "    \""), 1, "{}", card.address());
        }
        let drawn = |text: &str, mark: &str| text.matches(mark).count();
        assert_eq!(drawn(&dot, "<tr>"), picture.nodes.len());
        let labels = mermaid.lines().filter(|line| line.starts_with("    ")).collect::<Vec<_>>();
        assert_eq!(labels.len(), cards.cards.len());
        assert_eq!(
            labels.iter().map(|label| drawn(label, "<br/>") + 1).sum::<usize>(),
            picture.nodes.len(),
            "{mermaid}"
        );
    }
}

#[test]
fn a_card_is_painted_like_the_heaviest_in_it() {
    let picture = uploads();
    let cards = Cards::of(&picture);
    let fate = |address: &str| cards.cards.iter().find(|card| card.address() == address).unwrap().fate();
    assert_eq!(fate("storage/source"), Some(NodeFate::Replace));
    assert_eq!(fate("handlers/submit"), Some(NodeFate::Change));
    assert_eq!(fate("handlers/upload-rule"), None);
}

const HOSTILE: [&str; 6] = [
    "alerts/\"]; evil[\"x",
    "alerts/<script>alert(1)</script>",
    "end/`a`\\\" #quot; &lt;",
    "alerts/a\nb\u{202e}c",
    "no-slash",
    "alerts//",
];

#[test]
fn what_an_account_says_is_text_in_every_format() {
    let nodes: Vec<_> =
        HOSTILE.iter().map(|address| (*address, "SNS Topic", Some(NodeFate::Delete))).collect();
    let picture = picture(&nodes, &[(HOSTILE[0], HOSTILE[1])]);
    let titles = elements(&picture.svg(), "title");
    for address in HOSTILE {
        let title = format!("{} SNS Topic", crate::report::plain(address));
        assert_eq!(titles.iter().filter(|it| **it == title).count(), 1, "{title} in {titles:?}");
    }
    insta::assert_snapshot!(picture.mermaid(), @r#"
    %%{init: {"flowchart": {"wrappingWidth": 400}}}%%
    graph LR
      subgraph alerts["alerts"]
        alerts__["<b>−</b> <b>/</b> SNS Topic<br/><b>−</b> <b>a#92;nb#92;u#123;202e#125;c</b> SNS Topic"]:::delete
        alerts_____evil__x["<b>−</b> <b>#34;#93;; evil#91;#34;x</b> SNS Topic"]:::delete
        alerts__script_alert_1___script_["<b>−</b> <b>#60;script#62;alert(1)#60;/script#62;</b> SNS Topic"]:::delete
      end
      subgraph end_["end"]
        end__a_____quot___lt_["<b>−</b> <b>#96;a#96;#92;#34; #35;quot; #38;lt;</b> SNS Topic"]:::delete
      end
      subgraph no_slash_["no-slash"]
        no_slash["<b>−</b> <b>no-slash</b> SNS Topic"]:::delete
      end
      alerts_____evil__x -.-> alerts__script_alert_1___script_
      legend["dashed arrow: needs (points to what is created first); implied needs are left out<br/>− delete"]:::legend
      classDef default fill:#ffffff,stroke:#8c959f,color:#1f2328,text-align:left
      classDef lane fill:none,stroke:#8c959f
      classDef legend fill:none,stroke:none,color:#59636e,text-align:left
      class alerts,end_,no_slash_ lane
      classDef delete fill:#ffebe9,stroke:#cf222e,color:#1f2328,text-align:left
    "#);
    insta::assert_snapshot!(picture.dot(), @r##"
    digraph stack {
      rankdir=LR; newrank=true; pad=0.3; nodesep=0.25; ranksep=0.9; fontname="Helvetica"; fontcolor="#59636e";
      node [shape=plain, fontname="Helvetica", fontsize=11, fontcolor="#1f2328"];
      edge [fontname="Helvetica", fontsize=9, color="#8c959f", arrowsize=0.6, constraint=false];
      subgraph cluster_0 {
        label="alerts"; color="#d0d7de"; labeljust=l;
        "alerts//" [label=<<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#cf222e" bgcolor="white" style="rounded"><tr><td align="left" bgcolor="#ffebe9"><b>−</b> <b>/</b></td><td align="right" bgcolor="#ffebe9"><font color="#59636e" point-size="9">SNS Topic</font></td></tr><tr><td align="left" bgcolor="#ffebe9"><b>−</b> <b>a\nb\u{202e}c</b></td><td align="right" bgcolor="#ffebe9"><font color="#59636e" point-size="9">SNS Topic</font></td></tr></table>>];
        "alerts/\"]; evil[\"x" [label=<<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#cf222e" bgcolor="white" style="rounded"><tr><td align="left" bgcolor="#ffebe9"><b>−</b> <b>&quot;]; evil[&quot;x</b></td><td align="right" bgcolor="#ffebe9"><font color="#59636e" point-size="9">SNS Topic</font></td></tr></table>>];
        "alerts/<script>alert(1)</script>" [label=<<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#cf222e" bgcolor="white" style="rounded"><tr><td align="left" bgcolor="#ffebe9"><b>−</b> <b>&lt;script&gt;alert(1)&lt;/script&gt;</b></td><td align="right" bgcolor="#ffebe9"><font color="#59636e" point-size="9">SNS Topic</font></td></tr></table>>];
      }
      subgraph cluster_1 {
        label="end"; color="#d0d7de"; labeljust=l;
        "end/`a`\\\" #quot; &lt;" [label=<<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#cf222e" bgcolor="white" style="rounded"><tr><td align="left" bgcolor="#ffebe9"><b>−</b> <b>`a`\&quot; #quot; &amp;lt;</b></td><td align="right" bgcolor="#ffebe9"><font color="#59636e" point-size="9">SNS Topic</font></td></tr></table>>];
      }
      subgraph cluster_2 {
        label="no-slash"; color="#d0d7de"; labeljust=l;
        "no-slash" [label=<<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#cf222e" bgcolor="white" style="rounded"><tr><td align="left" bgcolor="#ffebe9"><b>−</b> <b>no-slash</b></td><td align="right" bgcolor="#ffebe9"><font color="#59636e" point-size="9">SNS Topic</font></td></tr></table>>];
      }
      "column 0" [style=invis, shape=point];
      "column 1" [style=invis, shape=point];
      "column 0" -> "column 1" [style=invis, constraint=true];
      { rank=same; "column 0"; "alerts//"; "end/`a`\\\" #quot; &lt;"; "no-slash"; }
      { rank=same; "column 1"; "alerts/\"]; evil[\"x"; "alerts/<script>alert(1)</script>"; }
      "alerts/\"]; evil[\"x" -> "alerts/<script>alert(1)</script>" [style=dashed];
      label="dashed arrow: needs (points to what is created first); implied needs are left out     − delete";
    }
    "##);
}
