//! Fleets: the stack's template for a stack set, and what a plan of the set does in its targets.
//!
//! A fleet's stack declares one resource, the stack set. Plan, lock, record, history and teardown are those of every stack;
//! CloudFormation does the work in the accounts. See `docs/decisions/fleets-are-stack-sets.md`.

mod expand;
mod status;

use miette::miette;
use sha2::{Digest as _, Sha256};

use super::error::Refused;
use super::session::scope;
use crate::cloudformation::{Template, portable, synth_target};
use crate::graph::Graph;
use crate::model::{INLINE_TEMPLATE, Scope};
use crate::stack;
use crate::stack::config::{Fleet, FleetTarget, StackFile};
use crate::stack::domain::Zone;
use crate::stack::handlers::PackageDigests;
use crate::stack::names;

pub(super) use expand::{expand, refuses};
pub use status::{FleetStatus, status};

/// What a stack file declares with these deployment packages: a stack, or the stack set of a fleet.
///
/// # Errors
/// When the declarations refer to each other in a circle, or no template is right for all targets of the fleet.
pub(super) fn graph_of(
    file: &StackFile,
    code: &PackageDigests,
    zone: Option<&Zone>,
) -> miette::Result<Graph> {
    let Some(fleet) = &file.fleet else { return Ok(Graph::new(stack::declare(file, code, zone))?) };
    let template = template(file, fleet, code)?;
    Ok(Graph::new(stack::fleet::declare(file, fleet, &template.body))?)
}

/// The template that every target of a fleet gets.
///
/// # Errors
/// When no template is right for all targets.
pub(super) fn template(file: &StackFile, fleet: &Fleet, code: &PackageDigests) -> miette::Result<Template> {
    let target = |sample: StackFile| {
        let scope = scope(&sample);
        let graph = Graph::new(stack::declare(&sample, code, None))?;
        // Lambda takes code from a bucket of its region, in the account of the stack set.
        let packages = Scope { account: file.account.to_string(), ..scope.clone() };
        let templates = synth_target(&scope, &graph, &packages.bundle_bucket())?;
        Ok::<_, miette::Report>((scope, templates))
    };
    let targets: Vec<_> = fleet.samples(file).into_iter().map(target).collect::<Result<_, _>>()?;
    Ok(portable(targets)?)
}

/// The template of a fleet's stack set and its SHA-256, if no call takes it as text. The adapter names it by its URL.
pub(super) fn long_template(graph: &Graph) -> Option<(String, &str)> {
    let set = graph.get(&names::FLEET.address())?;
    let text = set.properties["TemplateBody"].as_str().filter(|text| text.len() > INLINE_TEMPLATE)?;
    Some((hex::encode(Sha256::digest(text)), text))
}

/// Passes unless the stack is a fleet: the command has no meaning for one, or for one of its targets.
pub(super) fn is_no_fleet(file: &StackFile, command: &str) -> Result<(), Refused> {
    if file.fleet.is_none() {
        return Ok(());
    }
    let message = format!("`{command}` works with one stack, and {} is a fleet", file.stack);
    Err(Refused::new(message, "CloudFormation has the stacks of a fleet: `provision status` shows them"))
}

/// The stack file of a command that works with one stack: the file itself, or that of the target of its fleet.
pub(super) fn one_stack(
    file: &StackFile,
    target: Option<&FleetTarget>,
    command: &str,
) -> miette::Result<StackFile> {
    let (fleet, target) = match (&file.fleet, target) {
        (None, None) => return Ok(file.clone()),
        (None, Some(_)) => {
            return Err(miette!(
                help = "leave out `--target`",
                "the stack file has no `fleet`, so it has no targets"
            ));
        }
        (Some(_), None) => {
            let message = format!("`{command}` works with one stack, and {} is a fleet", file.stack);
            let help =
                "name one of its targets, `--target ACCOUNT/REGION`, and use credentials of that account";
            return Err(Refused::new(message, help).into());
        }
        (Some(fleet), Some(target)) => (fleet, target),
    };
    let FleetTarget { account, region } = target;
    fleet.target(file, account, *region).ok_or_else(|| {
        miette!(
            help = "`fleet` in the stack file lists its accounts and regions",
            "fleet {} is not in {account}/{region}",
            file.stack
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::model::Contents;
    use crate::ops::offline::Comparison;
    use crate::review::{Action, Against, Review, TargetAction};
    use crate::stack::config;

    fn fleet(regions: &str, more: &str) -> StackFile {
        let text = format!(
            "stack: vod\naccount: '111122223333'\nregion: eu-west-1\nengine: cloudformation\nfleet: {{ accounts: ['222233334444'], \
             regions: {regions} }}\n{more}\n"
        );
        config::parse("fleet.yaml", &text).unwrap()
    }

    fn body(file: &StackFile) -> Value {
        template(file, file.fleet.as_ref().unwrap(), &PackageDigests::default()).unwrap().body
    }

    fn review(before: &StackFile, after: &StackFile) -> Review {
        let graph = |file: &StackFile| graph_of(file, &PackageDigests::default(), None).unwrap();
        let (base, head) = (graph(before), graph(after));
        let scope = scope(after);
        Comparison { scope: &scope, head: &head, base: &base, guarded: Contents::Nothing }
            .review(Against::Account)
    }

    #[test]
    fn a_template_names_no_target() {
        let all = "roles: { permissions_boundary: 'arn:aws:iam::111122223333:policy/limits', path: /service/ }\n\
                   transcode: { thumbnails: { every: 10s } }\nnotify: { queue: true, topic: true, bus: media }\n\
                   delivery: { allow_countries: [KR], player_origins: ['https://a.example.com'] }";
        for regions in ["[eu-west-1]", "[us-east-1, eu-west-1, ap-northeast-2]", "[us-west-2, us-west-1]"] {
            let text = body(&fleet(regions, all)).to_string();
            for named in ["000000000000", "000000000001", "eu-west-1", "ap-northeast-2", "us-west-2"] {
                assert!(!text.contains(named), "{regions}: {named}");
            }
            // The bundles are the stack set's account's.
            assert!(text.contains("bundles-111122223333-${AWS::Region}-vod"), "{text}");
            assert!(text.contains("arn:aws:iam::${AWS::AccountId}:policy/limits"), "{text}");
        }
        let only_there = "alerts: { email: a@example.com }\ndelivery: { access_logs: true }";
        assert!(body(&fleet("[us-east-1]", only_there)).to_string().contains("AWS::CloudWatch::Alarm"));
    }

    #[test]
    fn a_region_that_is_added_changes_no_template() {
        assert_eq!(body(&fleet("[eu-west-1]", "")), body(&fleet("[eu-west-1, ap-northeast-2]", "")));
    }

    #[test]
    fn a_plan_shows_the_targets_and_what_changes_in_each() {
        let one = fleet("[eu-west-1, us-west-2]", "");
        let other = fleet("[eu-west-1, ap-northeast-2]", "handlers: { submit: { memory: 1GiB } }");
        let found = review(&one, &other);
        let targets: Vec<(&str, TargetAction)> =
            found.targets.iter().map(|target| (target.region.as_str(), target.action)).collect();
        let wanted = [
            ("us-west-2", TargetAction::Remove),
            ("eu-west-1", TargetAction::Update),
            ("ap-northeast-2", TargetAction::Deploy),
        ];
        assert_eq!(targets, wanted);
        let changed: Vec<(&str, Action)> =
            found.changes.iter().map(|change| (change.address.as_str(), change.action)).collect();
        assert_eq!(changed, [("fleet/set", Action::Update), ("handlers/submit", Action::Update)]);
        assert!(found.changes[0].properties.is_empty(), "the template is shown as resources: {found:?}");
        assert!(review(&one, &one).is_empty());
    }

    /// Who may do more in every target is asked for, as for a stack.
    #[test]
    fn what_grants_more_in_the_targets_is_found() {
        let (one, other) =
            (fleet("[eu-west-1]", "notify: { bus: media }"), fleet("[eu-west-1]", "notify: { bus: other }"));
        assert!(!review(&one, &other).security.is_empty());
        let sooner =
            |keep: &str| fleet("[eu-west-1]", &format!("source: {{ expire_noncurrent_after: {keep} }}"));
        assert!(review(&sooner("30d"), &sooner("5d")).losses().count() > 0);
    }
}
