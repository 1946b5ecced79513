//! A world for protocol tests: an account, a home and a person, all in memory, and one fault at a call of one's choice.

mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use crate::aws::{Connection, Error, LocalCloud, Regions, Result};
use crate::graph::Graph;
use crate::home::{Record, Run};
use crate::model::{
    Contents, Declaration, Event, Guard, Kind, Live, Mark, Outputs, Ownership, Readiness, Scope,
};
use crate::ops::account::Account;
use crate::ops::engine::Direct;
use crate::ops::ui::{Figures, Notice, Question, Ui};
use crate::plan::Plan;
use crate::resource::fake::{FakeAdapter, FakeAnswers};
use crate::resource::{Created, Registry};
use crate::review::Review;
use store::Home;

/// The type of its things: one whose changes can give more access.
pub(super) const KIND: Kind = Kind::new("AWS::IAM::Role");

/// What happens at one call of a run, right before it is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Ctrl-C.
    Interrupt,
    /// Somebody takes the lock over, and applies.
    LoseLock,
    /// The process is killed.
    Kill,
    /// The call fails.
    Fail,
}

#[derive(Default)]
struct Shelf {
    /// The account, by id.
    things: BTreeMap<String, Live>,
    /// Whether the home bucket exists.
    has_home: bool,
    /// Who holds the lock.
    lock: Option<String>,
    /// Every version of the record.
    records: Vec<Record>,
    bundles: Vec<String>,
    calls: Vec<String>,
    fault: Option<(usize, Fault)>,
    interrupt: Option<CancellationToken>,
    lost: Option<CancellationToken>,
}

/// All of it, shared by everybody in it.
#[derive(Clone, Default)]
pub(super) struct World {
    shelf: Arc<Mutex<Shelf>>,
    /// Notified when the process is killed.
    pub(super) killed: Arc<tokio::sync::Notify>,
}

/// How another run's lock and record name their owner.
pub(super) const OTHER: &str = "arn:aws:iam::111122223333:user/other";

impl World {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call of the run.
    async fn call(&self, name: String) -> Result<()> {
        let fault = {
            let mut shelf = self.shelf();
            shelf.calls.push(name.clone());
            let number = shelf.calls.len() - 1;
            let fault = shelf.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
            match fault {
                Some(Fault::Interrupt) => {
                    shelf.interrupt.iter().for_each(CancellationToken::cancel);
                }
                Some(Fault::LoseLock) if shelf.lost.is_some() => {
                    shelf.lost.iter().for_each(CancellationToken::cancel);
                    shelf.lock = Some(OTHER.to_owned());
                }
                _ => {}
            }
            fault
        };
        match fault {
            Some(Fault::Kill) => {
                self.killed.notify_one();
                std::future::pending().await
            }
            Some(Fault::Fail) => Err(Error::unexpected("test:Call", format!("told to fail at {name}"))),
            // Whoever waits for a token has its turn before this call is carried out.
            _ => {
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
                Ok(())
            }
        }
    }

    /// Has the call of this number meet a fault; the count begins anew.
    pub(super) fn expect(&self, fault: Option<(usize, Fault)>) {
        let mut shelf = self.shelf();
        (shelf.fault, shelf.calls) = (fault, Vec::new());
        (shelf.interrupt, shelf.lost) = (None, None);
    }

    /// The calls since then.
    pub(super) fn calls(&self) -> Vec<String> {
        self.shelf().calls.clone()
    }

    /// The account: the value of each thing by name.
    pub(super) fn things(&self) -> BTreeMap<String, i64> {
        let value = |live: &Live| live.properties["Value"].as_i64().unwrap();
        self.shelf().things.iter().map(|(id, live)| (id.clone(), value(live))).collect()
    }

    /// Somebody changes a thing by hand.
    pub(super) fn set(&self, name: &str, value: i64) {
        self.shelf().things.get_mut(name).unwrap().properties["Value"] = json!(value);
    }

    /// A run that was killed, or somebody, left this thing with the stack's mark.
    pub(super) fn leave(&self, name: &str, properties: Value) {
        self.shelf().things.insert(name.to_owned(), marked(name, properties));
    }

    /// Somebody writes a record of their own.
    pub(super) fn forge(&self, change: impl FnOnce(&mut Record)) {
        let mut shelf = self.shelf();
        let mut record = shelf.records.last().unwrap().clone();
        change(&mut record);
        shelf.records.push(record);
    }

    /// A first apply was killed after it recorded its begin.
    pub(super) fn begin_first(&self) {
        let record = Record::new("vod", OTHER, false, Vec::new(), Run::default(), Vec::new());
        self.shelf().records.push(record);
    }

    /// Who holds the lock.
    pub(super) fn lock_holder(&self) -> Option<String> {
        self.shelf().lock.clone()
    }

    /// The lock of a dead holder expires, or a living one gives it back.
    pub(super) fn free_lock(&self) {
        self.shelf().lock = None;
    }

    /// The versions of the record, oldest first.
    pub(super) fn records(&self) -> Vec<Record> {
        self.shelf().records.clone()
    }

    /// Whether the home bucket exists.
    pub(super) fn has_home(&self) -> bool {
        self.shelf().has_home
    }

    /// Removes what the home bucket holds, except the lock.
    fn empty_home(&self) {
        let mut shelf = self.shelf();
        shelf.bundles.clear();
        shelf.records.clear();
    }

    /// The bundles that were uploaded.
    pub(super) fn bundles(&self) -> Vec<String> {
        self.shelf().bundles.clone()
    }

    /// The account for a run of this caller.
    pub(super) async fn account(&self, by: &str) -> Account {
        // Nothing answers there: a call that goes past the fakes fails.
        let target = LocalCloud::new("http://127.0.0.1:9", "111122223333", "secret");
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        let connection = Connection::to_local(target, &scope.region).await;
        // A test's registry lives as long as the test program.
        let answers: &'static World = Box::leak(Box::new(self.clone()));
        let registry = Box::leak(Box::new(Registry::new(vec![Box::new(FakeAdapter(answers))])));
        Account {
            regions: Arc::new(Regions::new(connection, scope)),
            registry,
            store: Box::new(Home { world: self.clone(), by: by.to_owned() }),
            engine: Box::new(Direct),
            by: by.to_owned(),
            keeps_records: false,
        }
    }
}

/// A thing with the stack's mark.
fn marked(id: &str, properties: Value) -> Live {
    Live {
        id: id.to_owned(),
        properties,
        outputs: Outputs::new(),
        ownership: Ownership::Marked(Mark { stack: "vod".into(), address: id.into() }),
        readiness: Readiness::Ready,
        contents: Contents::Nothing,
    }
}

/// The declarations of things with these values; each needs the one before it.
pub(super) fn stack(things: &[(&str, i64)]) -> Graph {
    chain(things.iter().map(|(name, value)| (*name, json!({ "Name": name, "Value": value }))))
}

/// The declarations of things with these properties; each needs the one before it.
pub(super) fn chain<'a>(things: impl IntoIterator<Item = (&'a str, Value)>) -> Graph {
    let mut before: Option<&str> = None;
    let declarations = things.into_iter().map(|(name, properties)| {
        let after = before.replace(name).into_iter().map(Into::into).collect();
        Declaration {
            address: name.into(),
            kind: KIND,
            region: "eu-west-1".into(),
            properties,
            predicted: Outputs::new(),
            after,
            guard: Guard::None,
        }
    });
    Graph::new(declarations.collect::<Vec<_>>()).unwrap()
}

impl FakeAnswers for World {
    fn kind(&self) -> Kind {
        KIND
    }

    fn id(&self, declared: &Value) -> Option<String> {
        declared["Name"].as_str().map(str::to_owned)
    }

    fn find<'a>(&'a self, declared: &'a Value) -> BoxFuture<'a, Result<Option<Live>>> {
        let id = declared["Name"].as_str().unwrap();
        async move {
            self.call(format!("read {id}")).await?;
            Ok(self.shelf().things.get(id).cloned())
        }
        .boxed()
    }

    fn observe<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Live>>> {
        async move {
            self.call(format!("read {id}")).await?;
            Ok(self.shelf().things.get(id).cloned())
        }
        .boxed()
    }

    fn create<'a>(&'a self, desired: &'a Value) -> BoxFuture<'a, Result<Created>> {
        let id = desired["Name"].as_str().unwrap();
        async move {
            self.call(format!("create {id}")).await?;
            self.leave(id, desired.clone());
            Ok(Created::new(id, Outputs::new()))
        }
        .boxed()
    }

    fn update<'a>(&'a self, id: &'a str, desired: &'a Value) -> BoxFuture<'a, Result<()>> {
        async move {
            self.call(format!("update {id}")).await?;
            self.shelf().things.get_mut(id).unwrap().properties = desired.clone();
            Ok(())
        }
        .boxed()
    }

    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<()>> {
        async move {
            self.call(format!("delete {id}")).await?;
            self.shelf().things.remove(id);
            Ok(())
        }
        .boxed()
    }

    fn list_owned<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<(String, Mark)>>> {
        async move {
            self.call("sweep".to_owned()).await?;
            let marked = |(id, live): (&String, &Live)| match &live.ownership {
                Ownership::Marked(mark) => Some((id.clone(), mark.clone())),
                _ => None,
            };
            Ok(self.shelf().things.iter().filter_map(marked).collect())
        }
        .boxed()
    }
}

/// A person who agrees or not, and remembers what was asked and reported.
pub(super) struct Person {
    pub(super) world: World,
    pub(super) agrees: bool,
    pub(super) heard: Mutex<Vec<String>>,
}

impl Person {
    pub(super) fn new(world: &World, agrees: bool) -> Self {
        Self { world: world.clone(), agrees, heard: Mutex::default() }
    }

    fn hear(&self, text: impl Into<String>) {
        self.heard.lock().unwrap().push(text.into());
    }
}

impl Ui for Person {
    fn plan(&self, _: &Review) {
        self.hear("plan");
    }

    fn agrees(&self, question: Question<'_>) -> miette::Result<bool> {
        self.hear(format!("{question:?}"));
        Ok(self.agrees)
    }

    fn notice(&self, notice: Notice<'_>) {
        self.hear(format!("{notice:?}"));
    }

    fn progress(&self, _: &Plan, mut events: UnboundedReceiver<Event>) -> BoxFuture<'static, ()> {
        async move { while events.recv().await.is_some() {} }.boxed()
    }

    fn writes(&self, interrupt: CancellationToken) -> Box<dyn Send> {
        self.world.shelf().interrupt = Some(interrupt);
        Box::new(())
    }

    fn ended(&self, _: Figures) {}
}
