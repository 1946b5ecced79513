//! Progress on stderr: a live display on a terminal, one line a finished step elsewhere.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::live::{Line, Lines};
use super::out::errln;
use crate::model::printable::plain;
use crate::model::{Event, StepState};
use crate::plan::{Plan, StepAction};

/// Shows the steps of a plan until the channel of their events is closed.
pub fn progress(plan: &Plan, events: UnboundedReceiver<Event>) -> impl Future<Output = ()> + Send + use<> {
    let names: Vec<String> = plan.steps.iter().map(|step| format!("{:<32}", step.address)).collect();
    let verbs: Vec<[&'static str; 2]> = plan.steps.iter().map(|step| verb(&step.action)).collect();
    show(events, names, verbs)
}

fn verb(action: &StepAction) -> [&'static str; 2] {
    match action {
        StepAction::Create { .. } => ["creating", "created"],
        StepAction::Update { .. } => ["changing", "changed"],
        StepAction::Delete { .. } => ["deleting", "deleted"],
    }
}

async fn show(mut received: UnboundedReceiver<Event>, names: Vec<String>, verbs: Vec<[&'static str; 2]>) {
    let live = std::io::stderr().is_terminal();
    let lines = Lines::default();
    let mut open: BTreeMap<usize, Line> = BTreeMap::new();
    while let Some(Event { step, state }) = received.recv().await {
        let [doing, done] = verbs[step];
        let name = &names[step];
        match state {
            StepState::Started if live => drop(open.insert(step, lines.add(&format!("{name} {doing}")))),
            StepState::Started => {}
            // Also while a created resource stabilizes: then it gets a line again.
            StepState::Waiting(what) if live => {
                open.entry(step).or_insert_with(|| lines.add("")).say(&format!("{name} {what}"));
            }
            StepState::Waiting(what) => tracing::debug!("{name} {what}"),
            StepState::Settled => drop(open.remove(&step)),
            finished => {
                drop(open.remove(&step));
                let text = finished_line(name, &finished, done);
                if live { lines.print(&text) } else { errln!("{text}") }
            }
        }
    }
}

/// The line of a step that has ended.
fn finished_line(name: &str, state: &StepState, done: &str) -> String {
    format!("  {} {}", plain(name), plain(&ending(state, done)))
}

fn ending(state: &StepState, done: &str) -> String {
    match state {
        StepState::Done(took) => format!("{done} ({})", seconds(*took)),
        // The whole error follows at the end.
        StepState::Failed(why) => format!("FAILED: {}", why.lines().next().unwrap_or_default()),
        StepState::Skipped(obstacle) => format!("not tried: {obstacle}"),
        StepState::Interrupted => "not started: interrupted".to_owned(),
        StepState::Started | StepState::Waiting(_) | StepState::Settled => String::new(),
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1}s", took.as_secs_f64())
}
