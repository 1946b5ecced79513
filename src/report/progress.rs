//! Progress on stderr: a live display on a terminal, one line a finished step elsewhere.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::sync::mpsc::UnboundedReceiver;

use super::out::errln;
use super::printable::plain;
use crate::model::{Event, StepState};
use crate::plan::{Action, Plan};

/// Shows the steps of a plan until the channel of their events is closed.
pub fn progress(plan: &Plan, events: UnboundedReceiver<Event>) -> impl Future<Output = ()> + Send + use<> {
    let lines: Vec<String> = plan.steps.iter().map(|step| format!("{:<32}", step.address)).collect();
    let verbs: Vec<[&'static str; 2]> = plan.steps.iter().map(|step| verb(&step.action)).collect();
    show(events, lines, verbs)
}

fn verb(action: &Action) -> [&'static str; 2] {
    match action {
        Action::Create { .. } => ["creating", "created"],
        Action::Update { .. } => ["changing", "changed"],
        Action::Delete { .. } => ["deleting", "deleted"],
    }
}

async fn show(mut received: UnboundedReceiver<Event>, lines: Vec<String>, verbs: Vec<[&'static str; 2]>) {
    let live = std::io::stderr().is_terminal();
    let bars = MultiProgress::new();
    let mut open: BTreeMap<usize, ProgressBar> = BTreeMap::new();
    let say = |text: String| {
        if live {
            // Lines above the live ones. A terminal that was closed is not an error.
            let _ = bars.println(text);
        } else {
            errln!("{text}");
        }
    };
    while let Some(Event { step, state }) = received.recv().await {
        let [doing, done] = verbs[step];
        let line = &lines[step];
        match state {
            StepState::Started if live => drop(open.insert(step, spinner(&bars, format!("{line} {doing}")))),
            StepState::Started => {}
            // Also while a created resource stabilizes: then it gets a line again.
            StepState::Waiting(what) if live => {
                let message = format!("{line} {}", plain(&what));
                let bar = open.entry(step).or_insert_with(|| spinner(&bars, String::new()));
                bar.set_message(message);
            }
            StepState::Waiting(what) => tracing::debug!("{line} {what}"),
            StepState::Settled => {
                drop(open.remove(&step).inspect(ProgressBar::finish_and_clear));
            }
            finished => {
                drop(open.remove(&step).inspect(ProgressBar::finish_and_clear));
                say(format!("  {line} {}", ending(&finished, done)));
            }
        }
    }
}

fn ending(state: &StepState, done: &str) -> String {
    match state {
        StepState::Done(took) => format!("{done} ({})", seconds(*took)),
        StepState::Failed(why) => format!("FAILED: {}", plain(why)),
        StepState::Skipped(needed) => format!("not tried: needs {needed}"),
        StepState::Interrupted => "not started: interrupted".to_owned(),
        StepState::Started | StepState::Waiting(_) | StepState::Settled => String::new(),
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1}s", took.as_secs_f64())
}

fn spinner(bars: &MultiProgress, message: String) -> ProgressBar {
    let style = ProgressStyle::with_template("  {spinner} {wide_msg} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = bars.add(ProgressBar::new_spinner().with_style(style).with_message(message));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
