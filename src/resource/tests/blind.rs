//! Every member of every answer that adapters read is changed, added and taken away, one at a time. Either a look at the
//! resource then differs, or `tests/aws_facts/blind.md` says why nobody needs to see it.
//!
//! The answers are those of `tests/aws_facts/answers/`. Members that AWS's models have and these answers lack are added.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::answers::{Account, Outcome, Reading, Reply, Said, Way, entries, folder, mutations, services};

/// What a mutation of a member led to, by call, path and way.
type Outcomes = BTreeMap<(String, String), BTreeMap<Way, Outcome>>;

/// The answers of a reading, of which one is another one.
fn replaced(answers: &[Reply], index: usize, said: serde_json::Value) -> Vec<Reply> {
    let mut answers = answers.to_vec();
    answers[index].said = Said::Answer(said);
    answers
}

/// Every mutation of one answer.
fn mutated(answer: &Reply) -> Vec<(String, Way, serde_json::Value)> {
    let (service, operation) = answer.call.split_once(':').unwrap();
    let service = &services()[service];
    match &answer.said {
        Said::Answer(value) => mutations(service, service.operation(operation), value, &answer.others),
        Said::Refusal(_) => {
            let whole = service.whole(service.operation(operation));
            vec![("the whole answer".to_owned(), Way::Added, whole)]
        }
        Said::Body(_) => Vec::new(),
    }
}

/// Tries every mutation of the answers of one resource.
async fn tried(reading: &Reading) -> Outcomes {
    let (account, what) = (Account::open().await, format!("{} {}", reading.kind, reading.id));
    account.says(&reading.answers);
    let live = reading.adapter().observe(&account.regions.read_pass().home(), &reading.id).await;
    let live = live.unwrap_or_else(|error| panic!("{what}: {error}: {:?}", account.left()));
    let live = live.unwrap_or_else(|| panic!("{what} is not there: {:?}", account.left()));
    account.says(&reading.answers);
    let whole = reading.look(&account.regions.read_pass().home(), &live).await.unwrap();
    assert!(whole.0.is_some(), "{what} is not found");
    assert_eq!(
        account.left(),
        (vec![], vec![]),
        "{what}: calls without an answer, and answers without a call"
    );
    let mut outcomes = Outcomes::new();
    for (index, answer) in reading.answers.iter().enumerate() {
        for (path, way, value) in mutated(answer) {
            account.says(&replaced(&reading.answers, index, value));
            let outcome = match reading.look(&account.regions.read_pass().home(), &live).await {
                Err(_) => Outcome::Fails,
                Ok(seen) if seen == whole => Outcome::Blind,
                Ok(_) => Outcome::Seen,
            };
            let ways = outcomes.entry((answer.call.clone(), path)).or_default();
            let before = ways.entry(way).or_insert(outcome);
            *before = outcome.max(*before);
        }
    }
    outcomes
}

async fn all() -> Outcomes {
    let tasks: Vec<_> = entries::<Reading>("answers")
        .into_iter()
        .map(|reading| tokio::spawn(async move { tried(&reading).await }))
        .collect();
    let mut all = Outcomes::new();
    for task in tasks {
        for (member, ways) in task.await.unwrap() {
            let known = all.entry(member).or_default();
            for (way, outcome) in ways {
                let before = known.entry(way).or_insert(outcome);
                *before = outcome.max(*before);
            }
        }
    }
    all
}

/// An entry of the table: a member, and the ways in which it may differ unseen. No ways: any.
#[derive(Debug)]
struct Entry {
    call: String,
    path: String,
    ways: BTreeSet<Way>,
}

impl Entry {
    /// Whether it speaks of a member: of that one, or of that and all within it.
    fn covers(&self, call: &str, path: &str) -> bool {
        let inside = |outer: &str| {
            path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '{']))
        };
        self.call == call && (self.path == path || self.path.strip_suffix(".*").is_some_and(inside))
    }
}

/// The table: Markdown, whose headings are the reasons. An item names a call, and then members, all in backticks. Words in
/// parentheses after a member are the ways.
fn table(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let items = text.split("\n- `").skip(1).map(|item| item.split("\n\n").next().unwrap());
    for item in items {
        let quoted: Vec<&str> = item.split('`').collect();
        let call = quoted[0].to_owned();
        for index in (2..quoted.len()).step_by(2) {
            let after = quoted.get(index + 1).copied().unwrap_or("");
            let words =
                after.split_once('(').and_then(|(before, rest)| before.trim().is_empty().then_some(rest));
            let words = words.and_then(|rest| rest.split_once(')')).map_or("", |(words, _)| words);
            let ways =
                Way::ALL.into_iter().filter(|way| words.split(", ").any(|word| word == way.name())).collect();
            entries.push(Entry { call: call.clone(), path: quoted[index].to_owned(), ways });
        }
    }
    entries
}

fn blind_ways(ways: &BTreeMap<Way, Outcome>) -> BTreeSet<Way> {
    ways.iter().filter(|(_, outcome)| **outcome == Outcome::Blind).map(|(way, _)| *way).collect()
}

/// What is wrong with the table: blind members that it lacks, and entries that do not hold.
fn differences(outcomes: &Outcomes, table: &[Entry]) -> String {
    let mut wrong = String::new();
    for ((call, path), ways) in outcomes {
        let blind = blind_ways(ways);
        // The ways are written down only where the member is seen in others.
        let limited = if blind.len() < ways.len() { blind.clone() } else { BTreeSet::new() };
        let names = limited.iter().map(|way| way.name()).collect::<Vec<_>>().join(", ");
        let right = if names.is_empty() { format!("`{path}`") } else { format!("`{path}` ({names})") };
        let entries: Vec<_> = table.iter().filter(|entry| entry.covers(call, path)).collect();
        let what = match entries[..] {
            [] if blind.is_empty() => continue,
            [] => "not in the table",
            [_] if blind.is_empty() => "seen now",
            [entry] if entry.ways == limited => continue,
            [_] => "blind in other ways",
            _ => "in the table twice",
        };
        writeln!(wrong, "{what}: - `{call}`: {right}").unwrap();
    }
    for entry in table {
        if !outcomes.keys().any(|(call, path)| entry.covers(call, path)) {
            writeln!(wrong, "no such member: - `{}`: `{}`", entry.call, entry.path).unwrap();
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn every_member_of_every_answer_is_seen_or_its_blindness_has_a_reason() {
    let outcomes = all().await;
    let blind = outcomes.values().filter(|ways| blind_ways(ways).len() == ways.len()).count();
    let partly = outcomes.values().filter(|ways| !blind_ways(ways).is_empty()).count() - blind;
    let tried: usize = outcomes.values().map(BTreeMap::len).sum();
    let fails = outcomes.values().filter(|ways| ways.values().all(|one| *one == Outcome::Fails)).count();
    println!(
        "{} members, {tried} mutations: {blind} blind, {partly} blind in some way, {fails} refused",
        outcomes.len()
    );
    let text = std::fs::read_to_string(folder("blind.md")).unwrap();
    let wrong = differences(&outcomes, &table(&text));
    assert!(wrong.is_empty(), "tests/aws_facts/blind.md:\n{wrong}");
}

#[test]
fn the_table_is_held_to_what_was_tried() {
    use Outcome::{Blind, Fails, Seen};
    const TABLE: &str = "# Title\n\nText with `code`.\n\n## A reason\n\n- `a:Get`: `Id`, `Inner.*`,\n  `State` (gone), `Name`,\n  \
                         `Lost`, `Both` (changed), `Whole` (added)\n- `a:List`: `Id`\n\n## Another\n\n- `a:Get`: `Id`\n";
    let tried = |path: &str, ways: &[(Way, Outcome)]| {
        (("a:Get".to_owned(), path.to_owned()), ways.iter().copied().collect::<BTreeMap<_, _>>())
    };
    let outcomes = Outcomes::from([
        tried("Id", &[(Way::Changed, Blind)]),
        tried("Inner", &[(Way::Gone, Blind)]),
        tried("Inner.Deep[]", &[(Way::Added, Blind), (Way::Gone, Fails)]),
        tried("InnerNot", &[(Way::Added, Blind)]),
        tried("State", &[(Way::Changed, Seen), (Way::Gone, Blind)]),
        tried("Name", &[(Way::Changed, Seen)]),
        tried("Both", &[(Way::Changed, Blind), (Way::Gone, Blind)]),
        tried("Whole", &[(Way::Added, Blind)]),
        tried("New", &[(Way::Added, Blind)]),
        tried("Half", &[(Way::Added, Blind), (Way::Gone, Seen)]),
    ]);
    insta::assert_snapshot!(differences(&outcomes, &table(TABLE)), @r"
    blind in other ways: - `a:Get`: `Both`
    not in the table: - `a:Get`: `Half` (added)
    in the table twice: - `a:Get`: `Id`
    blind in other ways: - `a:Get`: `Inner.Deep[]` (added)
    not in the table: - `a:Get`: `InnerNot`
    seen now: - `a:Get`: `Name`
    not in the table: - `a:Get`: `New`
    blind in other ways: - `a:Get`: `Whole`
    no such member: - `a:Get`: `Lost`
    no such member: - `a:List`: `Id`
    ");
}
