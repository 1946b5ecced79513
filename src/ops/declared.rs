//! What a stack declares with the code of its handlers, and the plan of that.
//!
//! The same sources give another package with another compiler. A function whose code was built from these sources keeps
//! it, so that a plan does not depend on who has which compiler, and no compiler is needed where nothing is new
//! (`docs/decisions/same-sources-are-no-change.md`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::bundle::{CodeAtHand, HandlerCode, StackHandlers, digests};
use super::fleet;
use super::key;
use super::session::Session;
use super::state::ObservedState;
use super::ui::Notice;
use crate::graph::Graph;
use crate::home::Record;
use crate::model::CodeOrigin;
use crate::plan::{self, Plan, StepAction};
use crate::resource::s3;
use crate::saved::Package;
use crate::stack::config::StackFile;
use crate::stack::domain::Zone;
use crate::stack::{key_policy, names, originals};

/// A stack's declarations, and the code that they deploy.
#[derive(Debug)]
pub(super) struct DeclaredStack {
    pub(super) graph: Graph,
    pub(super) code: Vec<HandlerCode>,
}

/// What a stack declares but for its code.
struct Declaring {
    file: StackFile,
    zone: Option<Zone>,
}

impl Declaring {
    fn with(&self, code: Vec<HandlerCode>) -> miette::Result<DeclaredStack> {
        let graph = fleet::graph_of(&self.file, &digests(&code)?, self.zone.as_ref())?;
        Ok(DeclaredStack { graph, code })
    }
}

impl Session {
    /// The stack with its handlers, built where they are stale, and the plan that makes the account so.
    ///
    /// # Errors
    /// When a handler cannot be built, the account does not let the stack have its domain, or it cannot be read completely.
    pub(super) async fn planned(&self) -> miette::Result<(DeclaredStack, Plan, ObservedState)> {
        let handlers = StackHandlers::of(&self.file)?;
        let (zone, concurrency, encryption) =
            tokio::try_join!(self.zone(), self.concurrency(), key::resolved(self))?;
        let mut file = self.file.clone();
        file.handlers.reserved_concurrency = concurrency;
        file.encryption = encryption;
        let declaring = Declaring { file, zone };
        match handlers.at_hand()? {
            CodeAtHand::Ready(code) => {
                let (stack, plan, state) = self.plan_with(&declaring, code).await?;
                if let Some(kept) = self.kept_by_fleet(&declaring, &stack, &plan, &state)? {
                    let (stack, plan) = kept;
                    return Ok((stack, plan, state));
                }
                match kept(state.record.as_ref(), &stack.code, &plan) {
                    Some(code) => {
                        self.say_kept(&code);
                        self.plan_again(&declaring, code, state)
                    }
                    None => Ok((stack, plan, state)),
                }
            }
            CodeAtHand::Stale(sources) => {
                let record = self.account.store.record().await?;
                let Some(code) = record.as_ref().and_then(|record| recorded(record, &sources)) else {
                    let code = handlers.build(self.ui.as_ref()).await?;
                    return self.plan_with(&declaring, code).await;
                };
                let (stack, plan, state) = self.plan_with(&declaring, code).await?;
                // A stack set sends all code with each change.
                let sends = self.file.fleet.is_some() && !plan.is_empty();
                if !sends && !HANDLERS.iter().any(|(_, address)| sends_code(&plan, address.as_str())) {
                    self.say_kept(&stack.code);
                    return Ok((stack, plan, state));
                }
                let code = handlers.build(self.ui.as_ref()).await?;
                self.plan_again(&declaring, code, state)
            }
        }
    }

    /// The fleet with the code that the record says was built from the same sources, if then nothing is to be done.
    fn kept_by_fleet(
        &self,
        declaring: &Declaring,
        stack: &DeclaredStack,
        plan: &Plan,
        state: &ObservedState,
    ) -> miette::Result<Option<(DeclaredStack, Plan)>> {
        let Some(record) = state.record.as_ref().filter(|_| self.file.fleet.is_some() && !plan.is_empty())
        else {
            return Ok(None);
        };
        let sources =
            stack.code.iter().find_map(|code| code.package.origin.as_ref()).map(|origin| &origin.sources);
        let Some(code) = sources.and_then(|sources| recorded(record, sources)) else { return Ok(None) };
        let (stack, plan) = self.plan_of(declaring, code, state)?;
        if !plan.is_empty() {
            return Ok(None);
        }
        self.say_kept(&stack.code);
        Ok(Some((stack, plan)))
    }

    /// If the stack uses a bucket that exists, it must have what the stack needs.
    pub(super) async fn originals(&self, graph: &Graph) -> miette::Result<()> {
        let Some(name) = &self.file.source.bucket else { return Ok(()) };
        let found = s3::existing(&self.account.regions.home(), name).await?;
        let key = key_policy::declared_key(graph);
        originals::usable(name, self.account.scope(), key.as_deref(), found.as_ref())
            .map_err(|unusable| self.at(&["source", "bucket"], unusable.label(), unusable))
    }

    /// Says which functions keep their code unseen: what the record says of it was not compared with a build.
    fn say_kept(&self, code: &[HandlerCode]) {
        for HandlerCode { package, .. } in code.iter().filter(|code| code.file.is_none()) {
            let toolchain = package.origin.as_ref().map_or("", |origin| origin.toolchain.as_str());
            self.ui.notice(Notice::KeepsCode { handler: &package.handler, toolchain });
        }
    }

    async fn plan_with(
        &self,
        declaring: &Declaring,
        code: Vec<HandlerCode>,
    ) -> miette::Result<(DeclaredStack, Plan, ObservedState)> {
        let stack = declaring.with(code)?;
        self.counts(stack.graph.len());
        let (fit, planned) = tokio::join!(self.originals(&stack.graph), self.account.plan(&stack.graph));
        fit?;
        let (plan, state) = planned?;
        Ok((stack, plan, state))
    }

    /// The plan with other code, from what was observed already: what is read does not depend on the code.
    fn plan_again(
        &self,
        declaring: &Declaring,
        code: Vec<HandlerCode>,
        state: ObservedState,
    ) -> miette::Result<(DeclaredStack, Plan, ObservedState)> {
        let (stack, plan) = self.plan_of(declaring, code, &state)?;
        Ok((stack, plan, state))
    }

    fn plan_of(
        &self,
        declaring: &Declaring,
        code: Vec<HandlerCode>,
        state: &ObservedState,
    ) -> miette::Result<(DeclaredStack, Plan)> {
        let stack = declaring.with(code)?;
        let account = &self.account;
        let plan = plan::plan(account.scope(), &stack.graph, &state.snapshot, &|kind| account.rules(kind));
        Ok((stack, plan))
    }
}

/// The functions, by the name of their handler.
const HANDLERS: [(&str, names::StackAddress); 2] = [("submit", names::SUBMIT), ("publish", names::PUBLISH)];

/// The code with what the functions keep of it, if they keep any: code that the record says was built from the same
/// sources, and that is live. A function that is created gets the code at hand, which is there to be uploaded.
fn kept(record: Option<&Record>, code: &[HandlerCode], plan: &Plan) -> Option<Vec<HandlerCode>> {
    let record = record?;
    let keeps = |code: &HandlerCode| {
        let origin = code.package.origin.as_ref()?;
        let former = of_sources(record, &code.package.handler, &origin.sources)?;
        // The same compiler gives the same package. So this is other code, whatever the record says.
        if former.package.origin.as_ref()?.toolchain == origin.toolchain {
            return None;
        }
        let (_, address) = HANDLERS.iter().find(|(handler, _)| *handler == code.package.handler)?;
        (live_code(plan, address.as_str())? == former.package.sha256).then_some(former)
    };
    let kept: Vec<Option<HandlerCode>> = code.iter().map(keeps).collect();
    if kept.iter().all(Option::is_none) {
        return None;
    }
    Some(kept.into_iter().zip(code).map(|(kept, code)| kept.unwrap_or_else(|| code.clone())).collect())
}

/// The code of all handlers that the record says was built from these sources.
fn recorded(record: &Record, sources: &str) -> Option<Vec<HandlerCode>> {
    HANDLERS.iter().map(|(handler, _)| of_sources(record, handler, sources)).collect()
}

/// A handler's code in the last run, if it was built from these sources.
fn of_sources(record: &Record, handler: &str, sources: &str) -> Option<HandlerCode> {
    let origin = record.run.origins.get(handler).filter(|origin| origin.sources == sources)?;
    let sha256 = record.run.bundles.get(handler)?.clone();
    let package = Package { handler: handler.to_owned(), sha256, origin: Some(origin.clone()) };
    Some(HandlerCode { package, file: None })
}

/// The code that a function runs, if the plan changes it to other code in place.
fn live_code<'a>(plan: &'a Plan, address: &str) -> Option<&'a str> {
    let digest = |properties: &'a Value| properties["Code"]["Sha256"].as_str();
    plan.steps.iter().filter(|step| step.address.as_str() == address).find_map(|step| match &step.action {
        StepAction::Update { seen, desired, .. } => {
            let live = digest(&seen.properties)?;
            (Some(live) != desired["Code"]["Sha256"].as_str()).then_some(live)
        }
        _ => None,
    })
}

/// Whether a plan gives a function code: it creates the function, or changes its code.
fn sends_code(plan: &Plan, address: &str) -> bool {
    let mut steps = plan.steps.iter().filter(|step| step.address.as_str() == address);
    steps.any(|step| matches!(step.action, StepAction::Create { .. })) || live_code(plan, address).is_some()
}

/// What was built from what, as a run records it.
pub(super) fn origins(packages: &[Package]) -> BTreeMap<String, CodeOrigin> {
    let origin = |package: &Package| Some((package.handler.clone(), package.origin.clone()?));
    packages.iter().filter_map(origin).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::home::Run;
    use crate::model::{
        Contents, Declaration, Guard, Kind, Live, Mark, Outputs, Ownership, Readiness, Scope, Snapshot,
    };

    const THIS: &str = "rustc 1.95.0";
    const OTHER: &str = "rustc 1.96.0";

    fn code(handler: &str, sha256: &str, toolchain: &str) -> HandlerCode {
        let origin = CodeOrigin { sources: "these".into(), toolchain: toolchain.into() };
        let package = Package { handler: handler.into(), sha256: sha256.into(), origin: Some(origin) };
        HandlerCode { package, file: Some(format!("{sha256}.zip").into()) }
    }

    /// What a run recorded that deployed this code.
    fn record(deployed: &[HandlerCode]) -> Record {
        let packages: Vec<Package> = deployed.iter().map(|code| code.package.clone()).collect();
        let bundles = packages.iter().map(|package| (package.handler.clone(), package.sha256.clone()));
        let mut run = Run::begin("apply", None, bundles.collect());
        run.origins = origins(&packages);
        Record::new("vod", "me", true, Vec::new(), run, Vec::new())
    }

    /// The plan for a stack that declares this code where the functions run `live`.
    fn plan_of(declared: &[HandlerCode], live: &[&str; 2]) -> Plan {
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        let function = |sha256: &str| json!({ "Code": { "Sha256": sha256 } });
        let declaration = |(code, (_, address)): (&HandlerCode, &(&str, names::StackAddress))| Declaration {
            address: address.address(),
            kind: Kind::new("AWS::Lambda::Function"),
            region: "eu-west-1".into(),
            properties: function(&code.package.sha256),
            predicted: Outputs::new(),
            after: BTreeSet::new(),
            guard: Guard::None,
        };
        let graph = Graph::new(declared.iter().zip(&HANDLERS).map(declaration)).unwrap();
        let seen = |(sha256, (_, address)): (&&str, &(&str, names::StackAddress))| {
            let address = address.address();
            let live = Live {
                id: address.to_string(),
                properties: function(sha256),
                outputs: Outputs::new(),
                ownership: Ownership::Marked(Mark { stack: "vod".into(), address: address.clone() }),
                readiness: Readiness::Ready,
                contents: Contents::Nothing,
            };
            (!sha256.is_empty()).then_some((address, live))
        };
        let live = live.iter().zip(&HANDLERS).filter_map(seen).collect();
        let rules = |kind: &Kind| super::super::session::rules(crate::resource::registry(), kind);
        plan::plan(&scope, &graph, &Snapshot { live, orphans: Vec::new() }, &rules)
    }

    fn digests_of(code: &[HandlerCode]) -> Vec<(&str, bool)> {
        code.iter().map(|code| (code.package.sha256.as_str(), code.file.is_some())).collect()
    }

    #[test]
    fn code_of_the_same_sources_and_another_compiler_is_kept() {
        let here = [code("submit", "s1", THIS), code("publish", "p1", THIS)];
        let deployed = record(&[code("submit", "s0", OTHER), code("publish", "p0", OTHER)]);
        let kept = |live| kept(Some(&deployed), &here, &plan_of(&here, live));
        assert_eq!(digests_of(&kept(&["s0", "p0"]).unwrap()), [("s0", false), ("p0", false)]);
        assert_eq!(digests_of(&kept(&["s0", "p1"]).unwrap()), [("s0", false), ("p1", true)]);
        assert_eq!(kept(&["s1", "p1"]), None, "it is the same code");
        assert_eq!(kept(&["s9", "p9"]), None, "somebody changed it by hand");
        assert_eq!(kept(&["", ""]), None, "it is created, from what can be uploaded");
    }

    #[test]
    fn other_sources_and_the_same_compiler_are_a_change() {
        let here = [code("submit", "s1", THIS), code("publish", "p1", THIS)];
        let plan = plan_of(&here, &["s0", "p0"]);
        assert_eq!(kept(None, &here, &plan), None, "nobody recorded anything");
        let same = record(&[code("submit", "s0", THIS), code("publish", "p0", THIS)]);
        assert_eq!(kept(Some(&same), &here, &plan), None, "this compiler makes other code of it");
        let mut old = record(&[code("submit", "s0", OTHER), code("publish", "p0", OTHER)]);
        for origin in old.run.origins.values_mut() {
            origin.sources = "others".into();
        }
        assert_eq!(kept(Some(&old), &here, &plan), None, "other sources");
        old.run.origins.clear();
        assert_eq!(kept(Some(&old), &here, &plan), None, "a record of an older version");
    }

    #[test]
    fn nothing_is_built_where_the_functions_run_what_was_recorded() {
        let deployed = record(&[code("submit", "s0", OTHER), code("publish", "p0", OTHER)]);
        let code = recorded(&deployed, "these").unwrap();
        assert_eq!(digests_of(&code), [("s0", false), ("p0", false)]);
        let sends = |live| {
            let plan = plan_of(&code, live);
            HANDLERS.iter().any(|(_, address)| sends_code(&plan, address.as_str()))
        };
        assert!(!sends(&["s0", "p0"]));
        assert!(sends(&["s0", "p9"]), "somebody changed it by hand");
        assert!(sends(&["", "p0"]), "it is created");
        assert_eq!(recorded(&deployed, "others"), None);
    }
}
