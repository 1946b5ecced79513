//! The CloudFormation stacks of a stack, as they are.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;

use crate::aws::{Context, Regions, Result};
use crate::cloudformation::{Outside, logical_id, stack_names};
use crate::deploy::{self, Member, Phase, StackSeen};
use crate::model::{Address, Snapshot};
use crate::resource::acm;

/// The CloudFormation stacks of one stack, in the order in which they are deployed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::ops) struct Stacks {
    all: Vec<HeldStack>,
    /// Whether CloudFormation worked on one of them when they were looked at. What was read beside it is out of date.
    pub(in crate::ops) waited: bool,
}

/// A CloudFormation stack and its resources.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ops) struct HeldStack {
    /// The stack.
    pub(in crate::ops) seen: StackSeen,
    /// Its resources that exist, by logical id.
    pub(in crate::ops) members: BTreeMap<String, Member>,
    /// The names of its change sets, if it was never created.
    pub(in crate::ops) in_review: Vec<String>,
}

impl HeldStack {
    /// One that nothing works on.
    pub(super) fn new(seen: StackSeen, members: BTreeMap<String, Member>, in_review: Vec<String>) -> Self {
        Self { seen, members, in_review }
    }

    /// Whether it has the resource of an address.
    pub(in crate::ops) fn has(&self, address: &Address) -> bool {
        self.members.contains_key(&logical_id(address))
    }

    /// What its status means.
    pub(in crate::ops) fn phase(&self) -> Phase {
        self.seen.status.phase()
    }
}

impl Stacks {
    /// Looks at all of them. `waits` hears of one that CloudFormation works on: its end is waited for.
    pub(in crate::ops) async fn look(
        regions: &Regions,
        waits: &(dyn Fn(&StackSeen) + Send + Sync),
    ) -> Result<Self> {
        let names = stack_names(regions.scope(), acm::REGION);
        let looks = names.into_iter().map(|(name, region)| async move {
            let cx = regions.context(&region);
            let (seen, members) = tokio::join!(deploy::look(&cx, &name), deploy::members(&cx, &name));
            let seen = match seen {
                // Nothing of the stack can be in a region that the organization closes.
                Err(error) if region != regions.scope().region && error.is_denied_by_organization() => None,
                seen => seen?,
            };
            match seen {
                Some(seen) if seen.status.phase() == Phase::Working => {
                    waits(&seen);
                    let Some(seen) = deploy::steady(&cx, &name).await? else { return Ok((true, None)) };
                    let members = deploy::members(&cx, &seen.id).await?;
                    Ok((true, Some(held(&cx, seen, members).await?)))
                }
                Some(seen) => Ok((false, Some(held(&cx, seen, members?).await?))),
                None => Ok((false, None)),
            }
        });
        let looked = try_join_all(looks).await?;
        let waited = looked.iter().any(|(waited, _)| *waited);
        Ok(Self { all: looked.into_iter().filter_map(|(_, held)| held).collect(), waited })
    }

    /// Each of them, in the order of deployment.
    pub(in crate::ops) fn iter(&self) -> impl DoubleEndedIterator<Item = &HeldStack> {
        self.all.iter()
    }

    /// The one with this name.
    pub(in crate::ops) fn get(&self, name: &str) -> Option<&HeldStack> {
        self.iter().find(|held| held.seen.name == name)
    }

    /// The one that has the resource of an address.
    pub(in crate::ops) fn holder(&self, address: &Address) -> Option<&HeldStack> {
        self.iter().find(|held| held.has(address))
    }

    /// Whether any of them was ever created.
    pub(in crate::ops) fn any(&self) -> bool {
        self.iter().any(|held| held.phase() != Phase::Review)
    }

    /// What is live and in none of them, with its outputs.
    pub(in crate::ops) fn outside(&self, snapshot: &Snapshot) -> Outside {
        let live = snapshot.live.iter().filter(|(address, _)| self.holder(address).is_none());
        live.map(|(address, live)| (address.clone(), live.outputs.clone())).collect()
    }

    /// The names of those that no template is for any more.
    pub(in crate::ops) fn not_in<'a>(
        &'a self,
        templates: &BTreeSet<&str>,
    ) -> impl DoubleEndedIterator<Item = &'a HeldStack> {
        self.iter().filter(move |held| !templates.contains(held.seen.name.as_str()))
    }
}

#[cfg(test)]
impl From<Vec<HeldStack>> for Stacks {
    fn from(all: Vec<HeldStack>) -> Self {
        Self { all, waited: false }
    }
}

async fn held(cx: &Context, seen: StackSeen, members: Vec<Member>) -> Result<HeldStack> {
    if seen.status.phase() == Phase::Review {
        let in_review = deploy::change_sets(cx, &seen.name).await?;
        return Ok(HeldStack::new(seen, BTreeMap::new(), in_review));
    }
    let members = members.into_iter().filter(Member::is_there);
    let members = members.map(|member| (member.logical_id.clone(), member)).collect();
    Ok(HeldStack::new(seen, members, Vec::new()))
}
