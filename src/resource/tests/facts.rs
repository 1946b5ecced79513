//! What AWS was recorded to answer, and what an adapter must make of it: every row of `tests/aws_facts/facts/`.
//!
//! A row is one answer of AWS. All other calls of the same look are answered as in `tests/aws_facts/answers/`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::answers::{Account, Reading, Refusal, Reply, Said, entries};
use crate::model::Live;
use crate::resource::{Adapter, Removal, registry};

/// One row of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fact {
    /// What AWS does, in a sentence.
    fact: String,
    /// The service as IAM names it.
    service: String,
    /// The operation.
    operation: String,
    /// The HTTP status.
    status: u16,
    /// The code of a refusal.
    code: Option<String>,
    /// The message of a refusal.
    #[serde(default)]
    message: String,
    /// The answer, member by member.
    answer: Option<Value>,
    /// The body as it was recorded, where its form matters.
    body: Option<String>,
    /// Where it was recorded.
    source: String,
    /// When.
    date: String,
    /// The resource types that get this answer.
    kinds: Vec<String>,
    /// The id of the resource, if not that of the first reading of its type.
    of: Option<String>,
    /// What is done when the answer comes.
    #[serde(default)]
    verb: Verb,
    /// Answers to other calls than those of a look.
    #[serde(default)]
    beside: Vec<Reply>,
    /// What must come of it.
    then: Then,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Verb {
    #[default]
    Look,
    Create,
    Delete,
}

/// What must come of an answer.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Then {
    /// The resource is not there.
    Absent,
    /// The resource is read like the one in `answers/`: no difference for a plan.
    Same,
    /// The resource has these values, by JSON pointer. `null`: nothing is there.
    Reads(BTreeMap<String, Value>),
    /// It is an error that says this.
    Fails(String),
    /// The change is done.
    Done,
    /// The call is made again, and the change is done then.
    Again,
}

impl Fact {
    fn call(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    fn said(&self) -> Said {
        match (&self.code, &self.answer, &self.body) {
            (Some(code), None, None) => Said::Refusal(Refusal {
                status: self.status,
                code: code.clone(),
                message: self.message.clone(),
            }),
            (None, Some(answer), None) => Said::Answer(answer.clone()),
            (None, None, Some(body)) => Said::Body(body.clone()),
            _ => panic!("{}: one of code, answer and body", self.fact),
        }
    }

    /// The answers of a look, with this one in the place of the usual one. A change has its own calls too.
    fn answers(&self, reading: &Reading) -> Vec<Reply> {
        let mut own = Reply::new(&self.call(), self.said());
        let mut answers = self.beside.clone();
        if let Then::Again = self.then {
            own.times = 1;
            let after = Said::Answer(Value::Object(serde_json::Map::new()));
            answers.push(Reply::new(&self.call(), after));
        }
        answers.insert(0, own);
        let usual = reading.answers.iter().filter(|usual| answers.iter().all(|one| one.call != usual.call));
        let usual: Vec<_> = usual.cloned().collect();
        answers.into_iter().chain(usual).collect()
    }

    /// The reading of a resource of this type.
    fn reading<'r>(&self, readings: &'r [Reading], kind: &str) -> &'r Reading {
        let is =
            |reading: &&Reading| reading.kind == kind && self.of.as_ref().is_none_or(|id| *id == reading.id);
        readings.iter().find(is).unwrap_or_else(|| panic!("{}: answers/ has no such {kind}", self.fact))
    }

    /// What is wrong, if something is.
    async fn tried(&self, account: &Account, reading: &Reading) -> Result<(), String> {
        let adapter = reading.adapter();
        account.says(&reading.answers);
        let usual = adapter.observe(&account.regions.read_pass().home(), &reading.id).await;
        let usual = usual.map_err(|error| error.to_string())?.ok_or("the usual answers show nothing")?;
        account.says(&self.answers(reading));
        let cx = account.regions.home();
        let outcome = match self.verb {
            Verb::Look => self.look(&usual, adapter.observe(&cx, &reading.id).await),
            Verb::Create => self.change(account, adapter.create(&cx, &usual.properties).await.map(drop)),
            Verb::Delete => self.change(account, adapter.delete(&cx, &reading.id, Removal::OnlyEmpty).await),
        };
        let unanswered = account.left().0;
        if account.asked()[0] == 0 {
            return Err(format!("{} is not called", self.call()));
        }
        if !unanswered.is_empty() {
            return Err(format!("nothing is said to {unanswered:?}"));
        }
        outcome
    }

    fn look(&self, usual: &Live, seen: crate::aws::Result<Option<Live>>) -> Result<(), String> {
        match (&self.then, seen) {
            (Then::Fails(text), Err(error)) if error.to_string().contains(text) => Ok(()),
            (Then::Absent, Ok(None)) => Ok(()),
            (Then::Same, Ok(Some(live))) if live == *usual => Ok(()),
            (Then::Reads(values), Ok(Some(live))) => {
                let live = serde_json::to_value(&live).unwrap();
                let wrong = values.iter().filter_map(|(pointer, value)| {
                    let found = live.pointer(pointer).unwrap_or(&Value::Null);
                    (found != value).then(|| format!("{pointer} is {found}, not {value}"))
                });
                let wrong: Vec<_> = wrong.collect();
                if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
            }
            (_, seen) => Err(format!("{seen:?}")),
        }
    }

    fn change(&self, account: &Account, outcome: crate::aws::Result<()>) -> Result<(), String> {
        match (&self.then, outcome) {
            (Then::Fails(text), Err(error)) if error.to_string().contains(text) => Ok(()),
            (Then::Done, Ok(())) => Ok(()),
            (Then::Again, Ok(())) => {
                let of_call = account.asked();
                if of_call[0] == 1 && of_call[1 + self.beside.len()] > 0 {
                    Ok(())
                } else {
                    Err(format!("{of_call:?}"))
                }
            }
            (_, outcome) => Err(format!("{outcome:?}")),
        }
    }
}

/// What is wrong with a fact, for each type that it is about.
async fn wrong(fact: &Fact, readings: &[Reading]) -> Vec<String> {
    assert!(!fact.source.is_empty() && !fact.date.is_empty(), "{}: no source", fact.fact);
    let (account, mut wrong) = (Account::open().await, Vec::new());
    for kind in &fact.kinds {
        if let Err(why) = fact.tried(&account, fact.reading(readings, kind)).await {
            wrong.push(format!("{} ({kind}): {why}", fact.fact));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_answer_is_taken_for_what_it_is() {
    let (facts, readings) = (entries::<Fact>("facts"), Arc::new(entries::<Reading>("answers")));
    println!("{} facts", facts.len());
    // Side by side: some wait until they may call again.
    let task = |fact: Fact| {
        let readings = Arc::clone(&readings);
        tokio::spawn(async move { wrong(&fact, &readings).await })
    };
    let tasks: Vec<_> = facts.into_iter().map(task).collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    assert!(all.is_empty(), "tests/aws_facts/facts/:\n{}", all.join("\n"));
}

/// Each type is read as absent when AWS says so.
#[test]
fn every_type_has_a_fact_of_its_absence() {
    let facts = entries::<Fact>("facts");
    let absent: Vec<_> = facts.iter().filter(|fact| matches!(fact.then, Then::Absent)).collect();
    let told = |kind: &str| absent.iter().any(|fact| fact.kinds.iter().any(|one| one == kind));
    let untold: Vec<_> = registry().iter().map(Adapter::kind).collect();
    let untold: Vec<_> = untold.iter().filter(|kind| !told(kind.as_str())).collect();
    assert!(untold.is_empty(), "no fact says how AWS answers when there is none: {untold:?}");
}
