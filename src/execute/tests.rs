//! How plans are carried out, with fake adapters.

mod settling;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::aws::{Connection, LocalCloud, Result};
use crate::model::{Contents, Guard, Live, Ownership, Readiness, Scope};
use crate::resource::Created;
use crate::resource::fake::{FakeAdapter, FakeAnswers, KIND};

/// Records and creates whatever it is asked. Fails or blocks for certain names.
#[derive(Default)]
struct Fake {
    created: Mutex<Vec<Value>>,
    fails: Vec<&'static str>,
    entered: Notify,
    leave: Option<Notify>,
    /// How many reads do not see a settling resource yet.
    unseen: Option<AtomicUsize>,
    /// What reads of a settling resource answer, by its id, one after the other.
    answers: Mutex<BTreeMap<&'static str, VecDeque<(Value, Readiness)>>>,
    settles: bool,
    unsettles: bool,
    starts_settled: bool,
}

impl FakeAnswers for Fake {
    fn settles(&self) -> bool {
        self.settles || self.unseen.is_some()
    }
    fn unsettles(&self) -> bool {
        self.unsettles
    }
    fn starts_settled(&self) -> bool {
        self.starts_settled
    }
    fn observe<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Live>>> {
        async move {
            let left = self.unseen.as_ref().map_or(0, |unseen| unseen.load(Ordering::Relaxed));
            if left > 0 {
                self.unseen.as_ref().unwrap().store(left - 1, Ordering::Relaxed);
                return Ok(None);
            }
            let mut answers = self.answers.lock().unwrap();
            let next = answers.get_mut(id).and_then(VecDeque::pop_front);
            let (properties, readiness) = next.unwrap_or((json!({}), Readiness::Ready));
            let (outputs, ownership, contents) = (Outputs::new(), Ownership::Unmarked, Contents::Nothing);
            Ok(Some(Live { id: id.to_owned(), properties, outputs, ownership, readiness, contents }))
        }
        .boxed()
    }
    fn create<'a>(&'a self, desired: &'a Value) -> BoxFuture<'a, Result<Created>> {
        async move {
            self.entered.notify_one();
            if let Some(leave) = &self.leave {
                leave.notified().await;
            }
            self.created.lock().unwrap().push(desired.clone());
            let name = desired["Name"].as_str().unwrap();
            if self.fails.contains(&name) {
                return Err(aws::Error::unexpected("test:Create", "told to fail"));
            }
            Ok(Created::new(name, Outputs::from([("Id".to_owned(), format!("id-{name}"))])))
        }
        .boxed()
    }
}

fn creates(names: &[(&str, Value, &[usize])]) -> Plan {
    let steps = names.iter().map(|(name, more, needs)| {
        let mut desired = json!({ "Name": name });
        desired.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Step {
            address: Address::new(*name),
            kind: KIND,
            region: "ap-northeast-2".into(),
            action: StepAction::Create { desired },
            guard: Guard::None,
            needs: needs.to_vec(),
        }
    });
    let scope =
        Scope { stack: "vod".into(), account: "111122223333".into(), region: "ap-northeast-2".into() };
    Plan { scope, steps: steps.collect(), unchanged: vec![], kept: vec![], outputs: BTreeMap::new() }
}

/// What a run waits for.
#[derive(Default)]
struct Waits {
    none: bool,
    stale: Duration,
    dependents: Dependents,
}

/// Runs the plan; the token cancels it.
async fn run(fake: &'static Fake, plan: &Plan, cancel: CancellationToken) -> Outcome {
    watched(fake, plan, cancel, Waits::default()).await.0
}

/// The same, and the events it sent.
async fn watched(
    fake: &'static Fake,
    plan: &Plan,
    cancel: CancellationToken,
    waits: Waits,
) -> (Outcome, Vec<Event>) {
    let Waits { none, stale, dependents } = waits;
    let target = LocalCloud::new("http://127.0.0.1:9", "111122223333", "secret");
    let connection = Connection::to_local(target, "ap-northeast-2").await;
    let regions = Regions::new(connection, plan.scope.clone());
    let registry = Registry::new(vec![Box::new(FakeAdapter(fake))]);
    let (events, mut told) = unbounded_channel();
    let removal = Removal::OnlyEmpty;
    let (regions, registry, settle) = (&regions, &registry, !none);
    let execution = Execution { regions, registry, events, cancel, settle, stale, dependents, removal };
    let outcome = execute(&execution, plan).await;
    (outcome, std::iter::from_fn(|| told.try_recv().ok()).collect())
}

fn fake(fake: Fake) -> &'static Fake {
    Box::leak(Box::new(fake))
}

#[tokio::test]
async fn outputs_reach_what_refers_to_them() {
    let fake = fake(Fake::default());
    let plan = creates(&[("a", json!({}), &[]), ("b", json!({ "A": { "Fn::GetAtt": ["a", "Id"] } }), &[0])]);
    let outcome = run(fake, &plan, CancellationToken::new()).await;
    assert!(outcome.is_complete());
    assert_eq!(fake.created.lock().unwrap()[1], json!({ "Name": "b", "A": "id-a" }));
    assert_eq!(outcome.outputs[&Address::new("a")]["Id"], "id-a");
}

#[tokio::test]
async fn what_aws_does_not_show_yet_is_not_gone() {
    let fake = fake(Fake { unseen: Some(AtomicUsize::new(2)), ..Fake::default() });
    let plan = creates(&[("a", json!({}), &[])]);
    let (outcome, told) = watched(fake, &plan, CancellationToken::new(), Waits::default()).await;
    assert!(outcome.is_complete(), "{:?}", outcome.unsettled);
    let told: Vec<StepState> = told.into_iter().map(|event| event.state).collect();
    let [StepState::Started, StepState::Done(_), waiting @ .., StepState::Settled] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(
        !waiting.is_empty() && waiting.iter().all(|one| matches!(one, StepState::Waiting(_))),
        "{told:?}"
    );
    assert_eq!(fake.unseen.as_ref().unwrap().load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_failure_skips_only_what_rests_on_it() {
    let fake = fake(Fake { fails: vec!["a"], ..Fake::default() });
    let plan = creates(&[
        ("a", json!({}), &[]),
        ("b", json!({}), &[0]),
        ("c", json!({}), &[1]),
        ("d", json!({}), &[]),
    ]);
    let outcome = run(fake, &plan, CancellationToken::new()).await;
    assert!(matches!(&outcome.endings[0], StepEnding::Failed(_)));
    assert!(
        matches!(&outcome.endings[1], StepEnding::Skipped(Obstacle::Step(needed)) if needed.as_str() == "a")
    );
    assert!(
        matches!(&outcome.endings[2], StepEnding::Skipped(Obstacle::Step(needed)) if needed.as_str() == "b")
    );
    assert!(matches!(&outcome.endings[3], StepEnding::Done(_)));
    assert!(!outcome.is_complete() && !outcome.interrupted);
}

#[tokio::test]
async fn an_interrupt_finishes_calls_in_flight_and_starts_none() {
    let fake = fake(Fake { leave: Some(Notify::new()), ..Fake::default() });
    let plan = creates(&[("a", json!({}), &[]), ("b", json!({}), &[0])]);
    let cancel = CancellationToken::new();
    let interrupt = async {
        fake.entered.notified().await;
        cancel.cancel();
        fake.leave.as_ref().unwrap().notify_one();
    };
    let (outcome, ()) = tokio::join!(run(fake, &plan, cancel.clone()), interrupt);
    assert!(matches!(&outcome.endings[0], StepEnding::Done(_)), "{:?}", outcome.endings);
    assert!(matches!(&outcome.endings[1], StepEnding::Interrupted), "{:?}", outcome.endings);
    assert!(outcome.interrupted);
}
