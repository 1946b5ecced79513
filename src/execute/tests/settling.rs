//! What a run waits for after a change, and what waits for that.

use super::*;

const A_MINUTE: Waits = Waits { none: false, stale: Duration::from_secs(60), dependents: Dependents::new() };

fn pending() -> Readiness {
    Readiness::Pending("the distribution is propagating to the edges".into())
}

/// An adapter of a settling type that answers these reads.
fn answering<const N: usize>(id: &'static str, answers: [(Value, Readiness); N]) -> Fake {
    let answers = Mutex::new(BTreeMap::from([(id, VecDeque::from(answers))]));
    Fake { answers, settles: true, ..Fake::default() }
}

/// A plan that changes `Size` of this from 1 to 2.
fn update(id: &str) -> Plan {
    let mut plan = creates(&[(id, json!({}), &[])]);
    let properties = |size: i32| json!({ "Name": id, "Size": size });
    let seen = Live {
        id: id.to_owned(),
        properties: properties(1),
        outputs: Outputs::new(),
        ownership: Ownership::Unmarked,
        readiness: Readiness::Ready,
        contents: Contents::Nothing,
    };
    let changes = crate::diff::diff(&properties(2), &properties(1), &[], &[]);
    plan.steps[0].action = StepAction::Update { seen: Box::new(seen), desired: properties(2), changes };
    plan
}

fn left(fake: &Fake) -> usize {
    fake.answers.lock().unwrap().values().map(VecDeque::len).sum()
}

#[tokio::test]
async fn an_answer_from_before_the_change_ends_no_wait() {
    let of = |size: i32| json!({ "Name": "a", "Size": size });
    let answers = [(of(1), Readiness::Ready), (of(2), pending()), (of(2), Readiness::Ready)];
    let fake = fake(answering("a", answers));
    let (outcome, _) = watched(fake, &update("a"), CancellationToken::new(), A_MINUTE).await;
    assert!(outcome.is_complete(), "{:?}", outcome.unsettled);
    assert_eq!(left(fake), 0, "the first answer is `Deployed`, but of the former configuration");
}

#[tokio::test]
async fn what_aws_writes_in_another_form_is_not_awaited_for_long() {
    let fake = fake(answering("a", []));
    let waits = Waits { stale: Duration::from_millis(300), ..Waits::default() };
    let (outcome, told) = watched(fake, &update("a"), CancellationToken::new(), waits).await;
    assert!(outcome.is_complete(), "{:?}", outcome.unsettled);
    let waited = |event: &Event| matches!(&event.state, StepState::Waiting(awaited) if awaited == "waiting until AWS shows the change of a");
    assert!(told.iter().any(waited), "{told:?}");
}

#[tokio::test]
async fn what_is_deployed_again_because_of_a_change_is_awaited() {
    let fake = fake(Fake {
        unsettles: true,
        ..answering("E1", [Readiness::Ready, pending(), Readiness::Ready].map(|one| (json!({}), one)))
    });
    fake.answers
        .lock()
        .unwrap()
        .insert("keys", VecDeque::from([(json!({ "Name": "keys", "Size": 2 }), Readiness::Ready)]));
    let distribution = Dependent { kind: KIND, region: "us-east-1".into(), id: "E1".into() };
    let dependents = Dependents::from([(Address::new("keys"), vec![distribution])]);
    let waits = Waits { dependents, ..A_MINUTE };
    let (outcome, told) = watched(fake, &update("keys"), CancellationToken::new(), waits).await;
    assert!(outcome.is_complete(), "{:?}", outcome.unsettled);
    assert_eq!(left(fake), 0, "CloudFront begins to deploy after its first answer");
    assert!(matches!(told.last().map(|event| &event.state), Some(StepState::Settled)), "{told:?}");
}

/// The plan of a distribution and of a record that leads to it.
fn distribution_and_record() -> Plan {
    creates(&[("distribution", json!({}), &[]), ("record", json!({}), &[0])])
}

fn place(told: &[Event], step: usize, is: fn(&StepState) -> bool) -> usize {
    told.iter().position(|event| event.step == step && is(&event.state)).unwrap_or_else(|| panic!("{told:?}"))
}

#[tokio::test]
async fn a_record_is_made_only_when_what_it_leads_to_is_deployed() {
    let answers = [(json!({}), pending()), (json!({}), Readiness::Ready)];
    let fake = fake(Fake { starts_settled: true, ..answering("distribution", answers) });
    let plan = distribution_and_record();
    let (outcome, told) = watched(fake, &plan, CancellationToken::new(), Waits::default()).await;
    assert!(outcome.is_complete(), "{:?}", outcome.unsettled);
    let settled = place(&told, 0, |state| matches!(state, StepState::Settled));
    assert!(settled < place(&told, 1, |state| matches!(state, StepState::Started)), "{told:?}");
}

#[tokio::test]
async fn without_waiting_a_record_is_made_at_once() {
    let fake = fake(Fake { starts_settled: true, ..answering("distribution", [(json!({}), pending())]) });
    let waits = Waits { none: true, ..Waits::default() };
    let (outcome, _) = watched(fake, &distribution_and_record(), CancellationToken::new(), waits).await;
    assert!(outcome.is_complete());
    assert_eq!(left(fake), 1);
}

#[tokio::test]
async fn a_record_is_not_made_if_what_it_leads_to_fails_to_settle() {
    let failed = Readiness::Failed("no edge takes it".into());
    let fake = fake(Fake { starts_settled: true, ..answering("distribution", [(json!({}), failed)]) });
    let plan = distribution_and_record();
    let (outcome, _) = watched(fake, &plan, CancellationToken::new(), Waits::default()).await;
    assert_eq!(outcome.unsettled.len(), 1);
    assert!(
        matches!(&outcome.endings[1], StepEnding::Skipped(Obstacle::Step(needed)) if needed.as_str() == "distribution")
    );
}
